"""What every write of packages shares: doing a thing once, taking packages by code, writing steps and the fact."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from wufei.apps.facts.services import record_fact
from wufei.apps.packages.models import Package, PackageAction, PackageStep
from wufei.apps.packages.rows import insert_rows
from wufei.apps.transactions import in_transaction
from wufei.core.findings import Finding, Refused
from wufei.core.package import TRANSITIONS, Event, Status, event_names, rules, status_names
from wufei.core.package_code import check_code
from wufei.core.units import narrow

STEP_COLUMNS = (
    "package_id", "action_id", "kind", "is_result", "mass_g", "site_id", "division", "plate", "top", "is_booked",
)  # fmt: skip
_SHOWN = 100  # codes that a fact lists; the steps have them all
VERBS = {
    Event.ASSIGN: "assign_packages",
    Event.WEIGH: "weigh_packages",
    Event.STORE: "store_packages",
    Event.NEST: "nest_packages",
    Event.UNNEST: "unnest_packages",
    Event.RESERVE: "reserve_packages",
    Event.LOAD: "load_packages",
    Event.UNLOAD: "unload_packages",
    Event.RELEASE: "release_packages",
    Event.REFUSE: "refuse_packages",
    Event.SEND_BACK: "send_back_packages",
    Event.CORRECT: "correct_packages",
    Event.SPLIT: "split_package",
    Event.MERGE: "merge_packages",
    Event.RETIRE: "retire_packages",
    Event.VOID: "void_packages",
}
PRODUCING = frozenset({Event.ASSIGN, Event.SPLIT, Event.MERGE, Event.RETIRE})


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something, when, and under which key it is done once.

    Attributes:
        key: idempotency key, unique among all actions on packages.
        at: when it happened, as claimed; ``recorded_at`` when it reached us.
        firm_id: the organisation that must hold the packages; ``None`` where the caller has checked that.
    """

    key: str
    at: datetime
    recorded_at: datetime
    actor: str
    firm_id: int | None = None
    document: str = ""
    manifest: str = ""
    reason: str = ""


def perform(
    act: Act, event: Event, asked: Mapping[str, Any], work: Callable[[PackageAction], list[str]], *, method: str = ""
) -> list[str]:
    """Do ``work`` in one transaction, or return what came of it when it was done before under the same key.

    Raises:
        Refused: the key was used for something else, or whatever ``work`` finds.
    """
    digest = hashlib.sha256(
        json.dumps([event, asked, act.document, act.manifest], default=str, ensure_ascii=False).encode()
    ).hexdigest()

    def attempt() -> list[str]:
        action = _begin(act, event, digest, method)
        return _results(act, event, digest) if action is None else work(action)

    if not act.key or len(act.key) > 200:
        what = f"编号有 {len(act.key)} 个字，应为 1—200 个。"
        raise Refused([Finding(None, "key", what, "请给这次操作一个不重复的编号。", "missing_key")])
    return in_transaction(attempt)


def _begin(act: Act, event: Event, digest: str, method: str) -> PackageAction | None:
    """Enter the action; ``None`` where its key is taken. Whoever comes second waits for the first."""
    adapt = connection.ops.adapt_datetimefield_value
    columns = "key, kind, digest, at, recorded_at, actor, manifest, document, method, reason"
    values = [
        act.key, event.value, digest, adapt(act.at), adapt(act.recorded_at), act.actor[:150], act.manifest,
        act.document, method, act.reason,
    ]  # fmt: skip
    marks = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO package_action ({columns}) VALUES ({marks}) ON CONFLICT (key) DO NOTHING RETURNING id",  # noqa: S608
            values,
        )
        row = cursor.fetchone()
    if row is None:
        return None
    return PackageAction(
        id=row[0], key=act.key, kind=event.value, digest=digest, at=act.at, recorded_at=act.recorded_at,
        actor=act.actor, manifest=act.manifest, document=act.document, method=method, reason=act.reason,
    )  # fmt: skip


def _results(act: Act, event: Event, digest: str) -> list[str]:
    done = PackageAction.objects.get(key=act.key)
    if done.digest != digest:
        what = f"编号“{act.key[:60]}”已用于另一次操作（{event_names()[done.kind]}）。"
        raise Refused([Finding(None, "key", what, "内容不同的操作请换一个编号。", "key_with_other_content")])
    steps = PackageStep.objects.filter(action=done, is_result=event in PRODUCING).order_by("id")
    return list(steps.values_list("package__code", flat=True))


# --- Taking packages ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Taken:
    """Packages by code, locked, with those that lie inside them.

    Attributes:
        named: the packages named, each once, in the order of the codes.
        inside: outermost package's id -> those inside it, however deep.
        findings: what is wrong with codes, all of them.
    """

    named: list[Package] = field(default_factory=list)
    inside: dict[int, list[Package]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    place: dict[int, int] = field(default_factory=dict)

    def all(self) -> list[Package]:
        """Those named and all inside them, each once."""
        every = {package.id: package for package in self.named}
        for package in self.named:
            every |= {inner.id: inner for inner in self.inside.get(package.id, ())}
        return list(every.values())

    def wrong(self, package: Package | None, what: str, remedy: str, code: str) -> None:
        """Note what is wrong with a package."""
        at = self.place.get(package.id) if package is not None else None
        self.findings.append(
            Finding(None if at is None else at + 1, "/codes" if at is None else f"/codes/{at}", what, remedy, code)
        )

    def refuse(self) -> None:
        """Raise ``Refused`` where anything is wrong."""
        if self.findings:
            raise Refused(self.findings)


def plain_code(text: str) -> str:
    """A code as the table has it, where it is one of ours; else the text, which may be an external code."""
    read = check_code(text)[0]
    return read.code if read else narrow(text)


def take(
    codes: Sequence[str], event: Event, act: Act, *, inner: bool = False, open_on: Iterable[str] = ("",)
) -> Taken:
    """Lock the packages of ``codes`` and note all that forbids ``event`` to them, at most three statements.

    Args:
        inner: packages that lie in a box may be named themselves.
        open_on: the manifests on which they may stand; the empty text is none.
    """
    taken = Taken()
    limit = rules().codes_max
    wanted = {plain_code(text): i for i, text in reversed(list(enumerate(codes)))}
    if not wanted or len(wanted) > limit:
        what = f"给了 {len(wanted)} 个包装编码，一次应为 1—{limit} 个。"
        taken.wrong(None, what, "请分几次办理。" if wanted else "请至少给出一个编码。", "number_of_codes")
        taken.refuse()
    keys = [key for key in wanted if key.isprintable() and len(key) <= 80]
    rows = Package.objects.select_for_update().filter(Q(code__in=keys) | Q(external_code__in=keys)).order_by("id")
    found = {key: row for row in rows for key in (row.code, row.external_code) if key in wanted}
    for text, i in sorted(wanted.items(), key=lambda item: item[1]):
        row = found.get(text)
        if row is None or (act.firm_id is not None and row.holder_id != act.firm_id):
            what = f"没有编码为“{text[:60]}”的包装，或它不在本单位手中。"
            remedy = "请对照标签核对编码；已转出的包装由现持有单位办理。"
            taken.findings.append(Finding(i + 1, f"/codes/{i}", what, remedy, "unknown_package"))
        elif row.id not in taken.place:
            taken.place[row.id] = i
            taken.named.append(row)
    tops = {row.id for row in taken.named if row.top is None}
    if tops:
        for child in Package.objects.select_for_update().filter(top__in=tops).order_by("id"):
            taken.inside.setdefault(child.top or 0, []).append(child)
            taken.place.setdefault(child.id, taken.place[child.top or 0])
    named = {row.id for row in taken.named}
    if not inner:
        boxed = [row for row in taken.named if row.top is not None and row.top not in named]
        for row in boxed:
            remedy = "请改为扫外箱的编码，或先把它出箱。"
            taken.wrong(row, f"包装 {row.code} 装在别的包装里。", remedy, "inside_a_box")
        taken.named = [row for row in taken.named if row.top is None]
    if len(taken.all()) > limit:
        taken.wrong(
            None, f"连同箱内共 {len(taken.all())} 个包装，一次最多 {limit} 个。", "请分几次办理。", "number_of_codes"
        )
    _check_states(taken, event, set(open_on))
    return taken


def _check_states(taken: Taken, event: Event, open_on: set[str]) -> None:
    allowed = TRANSITIONS[event]
    names, word = status_names(), event_names()[event]
    may = "、".join(names[status] for status in allowed)
    for row in taken.all():
        if Status(row.status) not in allowed:
            what = f"包装 {row.code} {names[row.status]}，不能{word}（须为：{may}）。"
            remedy = (
                "请核对编码，或先办理前一环节。"
                if Status(row.status) not in _GONE
                else "请核对编码，换用现有的包装。"
            )
            taken.wrong(row, what, remedy, "status_forbids")
        elif row.open_manifest not in open_on:
            what = f"包装 {row.code} 已在联单 {row.open_manifest} 上。"
            taken.wrong(row, what, "请先办结或作废该联单，或改用其他包装。", "on_other_manifest")


_GONE = {Status.RETIRED, Status.SPLIT, Status.MERGED, Status.VOID}


# --- Writing ------------------------------------------------------------------------------------------------------


def write_steps(
    action: PackageAction,
    packages: Iterable[Package],
    *,
    is_result: bool = False,
    kind: str = "",
    site_id: int | None = None,
) -> None:
    """One step for each package, where it stands after the action, or at ``site_id``; one statement."""
    insert_rows(
        PackageStep,
        STEP_COLUMNS,
        [
            (
                p.id,
                action.id,
                kind or action.kind,
                is_result,
                p.mass_g,
                site_id or p.site_id,
                p.holder_division,
                p.plate,
                p.top,
                p.is_booked,
            )
            for p in packages
        ],
    )


def write_fact(action: PackageAction, codes: Sequence[str], division: str, **after: object) -> None:
    """The one fact of an action."""
    told: dict[str, object] = {"count": len(codes), "codes": list(codes[:_SHOWN]), "key": action.key, **after}
    if action.manifest:
        told["manifest"] = action.manifest
    record_fact(
        at=action.recorded_at,
        actor=action.actor,
        verb=VERBS[Event(action.kind)],
        subject=f"package:{codes[0]}" if len(codes) == 1 else f"packages:{action.id}",
        division=division,
        document=action.document,
        after=told,
    )


def change(packages: Iterable[Package], **values: Any) -> None:
    """Set the same values on all of ``packages``, in the table and in hand; one statement."""
    rows = list(packages)
    Package.objects.filter(id__in=[row.id for row in rows]).update(**values)
    for row in rows:
        for name, value in values.items():
            setattr(row, name, value)
