"""Packages that an entry of the record book names: they must be of its site and waste, and are booked once.

Invariant: what packages booked is linked to the entry and not booked again; an entry that treats packages retires
them, with one event and one movement each.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from wufei.apps.declarations.models import BookEntry, BookLink
from wufei.apps.packages.actions import Act
from wufei.apps.packages.booked import Known, booked_on, known_packages
from wufei.apps.packages.services import generation_key
from wufei.apps.packages.treating import retire
from wufei.apps.registry.models import Site
from wufei.core.findings import Finding
from wufei.core.form_fields import tonnes_text
from wufei.core.ledger import Account, Bucket, Movement, local_day
from wufei.core.package import Status
from wufei.core.record_book import Table

_SHOWN = 10
_ENDED = frozenset({Status.RETIRED, Status.SPLIT, Status.MERGED})


@dataclass(slots=True)
class Named:
    """The packages of one entry: movements to link, and packages to retire."""

    linked: list[Movement] = field(default_factory=list)
    retired: list[Known] = field(default_factory=list)

    @property
    def linked_g(self) -> int:
        """Grams that other documents booked."""
        return sum(one.mass_g for one in self.linked)

    @property
    def retired_g(self) -> int:
        """Grams of the packages that the entry retires."""
        return sum(one.mass_g for one in self.retired)

    @property
    def already_g(self) -> int:
        """Grams that the entry does not book itself."""
        return self.linked_g + self.retired_g

    def takes(self, site: Site) -> dict[Account, int]:
        """What the packages to retire take from the site's store."""
        if not self.retired:
            return {}
        return {Account(f"site:{site.code}", self.retired[0].waste_code, Bucket.STORED): self.retired_g}


Row = tuple[int | None, Mapping[str, Any]]


def named_packages(form: Table, site: Site, rows: Sequence[Row]) -> tuple[list[Named], list[Finding]]:
    """The packages of each row, and all that is wrong with them."""
    known = known_packages({code for _, values in rows for code in values.get("package_codes", ())}, site)
    movements = [m for one in known.values() for m in _booked(form, one)]
    taken = _entries_by_movement(form.role, {m.key for m in movements})
    found: list[Named] = []
    findings: list[Finding] = []
    used: set[str] = set()
    for line, values in rows:
        named, wrong = _of_row(form, values, known, taken, used)
        found.append(named)
        findings += [Finding(line, "package_codes", *told) for told in wrong]
        if (
            form.post == "treat"
            and not wrong
            and named.already_g > values.get("mass_g", 0)
            and not _by_manifest(values)
        ):
            mass, sum_of = tonnes_text(values.get("mass_g", 0)), tonnes_text(named.already_g)
            what = f"数量 {mass} 吨，少于所列包装的合计 {sum_of} 吨。"
            findings.append(Finding(line, "mass_g", what, "请更正数量，或先拆分包装。", "less_than_packages"))
    return found, findings


def _booked(form: Table, one: Known) -> tuple[Movement, ...]:
    return one.generated if form.post == "generate" else one.retired if form.post == "treat" else ()


def _by_manifest(values: Mapping[str, Any]) -> bool:
    return bool(values.get("manifest_number"))


def _entries_by_movement(role: str, keys: Iterable[str]) -> dict[str, str]:
    """Batch numbers of the entries that stand for movements, by key."""
    rows = BookLink.objects.filter(role=role, key__in=list(keys), is_live=True)
    return dict(rows.values_list("key", "entry__batch_no"))


def _of_row(
    form: Table, values: Mapping[str, Any], known: Mapping[str, Known], taken: Mapping[str, str], used: set[str]
) -> tuple[Named, list[tuple[str, str, str]]]:
    named, wrong = Named(), []
    for text in values.get("package_codes", ()):
        one = known.get(text)
        if one is None or not one.was_here:
            remedy = "请对照标签核对编码；没有赋码的请留空。"
            wrong.append((f"没有编码为“{text[:60]}”的包装，或它没有到过本场所。", remedy, "unknown_package"))
            continue
        fault = _fault(form, values, one, taken, used)
        if fault is not None:
            wrong.append(fault)
            continue
        used.add(one.code)
        movements = _booked(form, one)
        named.linked += movements
        if form.post == "treat" and one.status != Status.RETIRED and not _by_manifest(values):
            named.retired.append(one)
    return named, wrong


def _fault(
    form: Table, values: Mapping[str, Any], one: Known, taken: Mapping[str, str], used: set[str]
) -> tuple[str, str, str] | None:
    """What keeps a package from standing in a row."""
    code = values.get("waste_code", "")
    if code and one.waste_code != code:
        what = f"包装 {one.code} 装的是 {one.waste_code}，与本条的 {code} 不同。"
        return what, "请核对包装编码或废物代码。", "other_waste"
    if one.status == Status.VOID:
        return f"包装 {one.code} 已作废。", "请删去它，或换用现有的包装。", "void_package"
    if form.post not in {"generate", "treat"}:
        return None
    batch = next((taken[m.key] for m in _booked(form, one) if m.key in taken), "")
    if batch:
        return f"包装 {one.code} 已记在批次 {batch}。", "一个包装只记一次；有误请先冲销那一条。", "package_in_book"
    if one.code in used:
        return f"包装 {one.code} 写了两次。", "请删去一处。", "package_twice"
    if form.post == "treat":
        return _fault_of_treatment(values, one)
    return None


def _fault_of_treatment(values: Mapping[str, Any], one: Known) -> tuple[str, str, str] | None:
    if one.status in _ENDED:
        way = values.get("method", "")
        if any(m.target.method == way for m in one.retired):
            return None
        what = f"包装 {one.code} 已经销码、拆分或合并，没有以 {way} 方式处理的记录。"
        return what, "请删去它，或改为销码时的方式。", "package_ended"
    if not one.is_here:
        return f"包装 {one.code} 已不在本场所。", "请核对编码；已转出的由现持有单位处理。", "package_elsewhere"
    return None


def retire_named(
    named: Named, *, method: str, site: Site, document: str, actor: str, at: datetime, occurred: datetime
) -> None:
    """Retire the packages of an entry under its document, and note their movements as linked."""
    if not named.retired:
        return
    act = Act(
        key=document, at=occurred, recorded_at=at, actor=actor, firm_id=site.organisation_id, document=document
    )  # fmt: skip
    retire(codes=[one.code for one in named.retired], method=method, act=act)
    again = known_packages([one.code for one in named.retired], site)
    named.linked += [m for one in again.values() for m in one.retired]


def links_of(entry: BookEntry, role: str, movements: Iterable[Movement]) -> list[BookLink]:
    """The links of an entry to movements that it does not book itself."""
    return [
        BookLink(entry=entry, role=role, key=m.key, document=m.document, package=m.package, mass_g=m.mass_g)
        for m in movements
    ]


def alerts_of(
    form: Table, values: Mapping[str, Any], named: Named, site: Site, occurred: datetime
) -> list[dict[str, str]]:
    """What has to be looked at in an entry: it may repeat what packages booked, or say less than they did."""
    if form.post == "generate" and named.linked_g > values["mass_g"]:
        gap = tonnes_text(named.linked_g - values["mass_g"])
        what = f"所列包装已入账 {tonnes_text(named.linked_g)} 吨，比本条多 {gap} 吨。"
        return [_alert("less_than_packages", what, "请核对数量；包装多记的，请作废后重新赋码。")]
    if form.post != "generate" or values.get("package_codes"):
        return []
    rows = booked_on(site, values.get("waste_code", ""), local_day(occurred))
    pairs = dict(rows.order_by("id").values_list("code", "mass_g")[:500])
    taken = _entries_by_movement(form.role, {generation_key(code) for code in pairs})
    free = [code for code in pairs if generation_key(code) not in taken]
    if not free:
        return []
    total = tonnes_text(sum(pairs[code] or 0 for code in free))
    more = f" 等 {len(free)} 个" if len(free) > _SHOWN else ""
    what = (
        f"当天 {values['waste_code']} 的包装 {'、'.join(free[:_SHOWN])}{more}已随赋码入账 {total} 吨，可能记了两次。"
    )
    remedy = "如是同一批废物，请冲销本条，写明包装编码后重新登记；不是同一批的不用改。"
    return [_alert("packages_booked", what, remedy)]


def _alert(code: str, what: str, remedy: str) -> dict[str, str]:
    return {"code": code, "what": what, "remedy": remedy}
