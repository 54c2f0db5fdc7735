"""The list of manifests for page and export, and what a form proposes from what is registered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils.timezone import localtime

from wufei.apps.manifests import selectors
from wufei.apps.manifests.selectors import ManifestFilter, ManifestRow
from wufei.apps.registry.models import Organisation, Site, User, Vehicle
from wufei.apps.spreadsheets import write_sheet
from wufei.apps.web import address
from wufei.core.catalogue import hazard_names, waste_codes
from wufei.core.manifest import STATUS_NAMES, Status
from wufei.core.manifest_profiles import manifest_profiles

KEPT = ("q", "status", "profile", "plate", "code")
VIEWS = (("open", "在办"), ("all", "全部"))
HEADER = (
    "联单编号", "类型", "阶段", "移出单位", "接受单位", "废物", "移出量（千克）",
    "接受量（千克）", "拒收量（千克）", "损耗量（千克）", "差异（千克）",
    "重大差异", "开具时间", "最近变动", "确认期限",
    "预警", "模拟",
)  # fmt: skip
PLANTS = ("treatment_plant", "incinerator", "landfill", "collection_point")
MOST_EXPORTED = 20_000
PROPOSED = 200


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of the list with its filters."""

    rows: list[ManifestRow]
    view: str
    chosen: ManifestFilter
    statuses: list[tuple[str, str]]
    profiles: list[tuple[str, str]]
    next_url: str
    first_url: str
    export_url: str
    views: list[tuple[str, str, str]]
    is_filtered: bool


def _filter(query: Mapping[str, str]) -> tuple[str, ManifestFilter]:
    text = {name: query.get(name, "").replace("\0", "").strip()[:40] for name in KEPT}
    view = query.get("view", "")
    view = view if view in {"open", "all"} else "all" if text["status"] else "open"
    statuses, profiles = {s.value for s in Status}, manifest_profiles()
    return view, ManifestFilter(
        status=text["status"] if text["status"] in statuses else "",
        profile=text["profile"] if text["profile"] in profiles else "",
        q=text["q"],
        plate=text["plate"].upper().replace(" ", ""),
        code=text["code"],
        open_only=view == "open" and not text["q"],
    )


def _before(query: Mapping[str, str]) -> int | None:
    text = query.get("before", "")
    return int(text) if text.isdecimal() and len(text) <= 18 else None


def list_page(user: User | AnonymousUser, query: Mapping[str, str], path: str) -> ListPage:
    """One page as the address asks for it; one query."""
    view, chosen = _filter(query)
    before = _before(query)
    rows, more = selectors.manifest_rows(user, chosen, before=before)
    kept = {name: value for name in KEPT if (value := getattr(chosen, name))}
    here = {"view": view, **kept}
    return ListPage(
        rows=rows,
        view=view,
        chosen=chosen,
        statuses=[(s.value, STATUS_NAMES[s]) for s in Status],
        profiles=[(p.id, p.name) for p in manifest_profiles().values()],
        next_url=address(path, {**here, "before": str(more)}) if more else "",
        first_url=address(path, here) if before else "",
        export_url=address(f"{path}export.xlsx", here),
        views=[(key, label, address(path, {**kept, "view": key})) for key, label in VIEWS],
        is_filtered=bool(kept),
    )


def workbook(user: User | AnonymousUser, query: Mapping[str, str]) -> bytes:
    """The chosen manifests as a workbook, newest first; says where it is cut."""
    _, chosen = _filter(query)
    rows, more = selectors.manifest_rows(user, chosen, limit=MOST_EXPORTED)
    became = selectors.outcomes_by_manifest([r.pk for r in rows])
    cells: list[tuple[Any, ...]] = [
        (
            r.number,
            r.profile_name,
            r.status_name,
            r.generator,
            r.receiver,
            r.wastes,
            _kilograms(r.mass_g),
            *_became(r, became.get(r.pk)),
            f"{localtime(r.created_at):%Y-%m-%d %H:%M}",
            f"{localtime(r.updated_at):%Y-%m-%d %H:%M}",
            r.due_on.isoformat() if r.due_on else "",
            r.alerts,
            "模拟" if r.is_simulated else "",
        )
        for r in rows
    ]
    if more:
        cells.append((f"只导出最近 {MOST_EXPORTED} 份，请加筛选条件分次导出。", *[""] * (len(HEADER) - 1)))
    return write_sheet("转移联单", HEADER, cells)


def codes_of(profile: str) -> list[tuple[str, str]]:
    """The wastes that a kind of manifest is for, to choose from: code and name."""
    chosen = manifest_profiles()[profile]
    return [(waste.code, waste.name) for waste in waste_codes().values() if chosen.covers(waste)]


def _kilograms(mass_g: int) -> int | float:
    return mass_g / 1000 if mass_g % 1000 else mass_g // 1000


def _became(row: ManifestRow, sums: tuple[int, int, int] | None) -> tuple[Any, ...]:
    """Accepted, refused, lost, what more (below 0: less) arrived than was sent, and whether that is a major one."""
    if sums is None:
        return ("",) * 5
    difference = _kilograms(sum(sums) - row.mass_g)
    return (*map(_kilograms, sums), difference, "是" if row.has_difference else "")


def own_defaults(user: User) -> dict[str, Any]:
    """What a new manifest begins with: the firm's own site, where it has one."""
    site = Site.objects.filter(organisation=user.organisation).order_by("code").first()
    return {"generator": {"site": site.code}} if site else {}


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What the inputs of a form propose: (value, words)."""

    sites: list[tuple[str, str]]
    carriers: list[tuple[str, str]]
    vehicles: list[tuple[str, str]]
    hazards: list[tuple[str, str]]

    def names(self, codes: Sequence[tuple[str, str]] = ()) -> dict[str, str]:
        """What the codes that may be chosen are called."""
        return dict(self.sites) | dict(self.carriers) | dict(codes)


def suggestions(user: User) -> Suggestions:
    """Own sites and plants of the county, carriers and the own vehicles; three queries, bounded."""
    county = (user.division_id or "")[:6]
    own = Site.objects.filter(organisation=user.organisation).order_by("code")[:PROPOSED]
    plants = Site.objects.filter(
        division__code__startswith=county,
        category__in=PLANTS,
    ).order_by("code")[:PROPOSED]
    sites = {site.code: site.name for site in [*own, *plants]}
    carriers = Organisation.objects.filter(kind="carrier", credit_code__isnull=False)
    near = carriers.filter(division__code__startswith=county)
    vehicles = Vehicle.objects.filter(organisation=user.organisation).order_by("plate")[:PROPOSED]
    return Suggestions(
        list(sites.items()),
        [(str(c.credit_code), c.name) for c in near.order_by("name")[:PROPOSED]],
        [(v.plate, v.plate) for v in vehicles],
        list(hazard_names().items()),
    )
