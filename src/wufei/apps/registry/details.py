"""What the page of one organisation or one site shows."""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser

from wufei.apps.registry import selectors
from wufei.apps.registry.listing import Cell
from wufei.apps.registry.lists import LISTS, SIMULATED, organisation_url, site_category_names, tonnes
from wufei.apps.registry.models import Kind, Organisation, Site, User
from wufei.core.catalogue import DOMAIN_NAMES, methods

SHOWN = 200  # rows of a part; the lists show the rest


@dataclass(frozen=True, slots=True)
class Part:
    """One table on the page."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Detail:
    """One record: its fields, and the tables of what hangs on it."""

    title: str
    badge: str
    list_name: str
    list_title: str
    fields: tuple[tuple[str, Cell], ...]
    parts: tuple[Part, ...]


def organisation_detail(row: Organisation, user: User | AnonymousUser) -> Detail:
    """An organisation with those of its sites, permits and vehicles that ``user`` may see; four queries."""
    sites = selectors.visible_sites(user).filter(organisation=row).select_related("division", "organisation")[:SHOWN]
    permits = selectors.visible_permits(user).filter(organisation=row).select_related("organisation")[:SHOWN]
    vehicles = selectors.visible_vehicles(user).filter(organisation=row)[:SHOWN]
    site_list, permit_list = LISTS["sites"].listing, LISTS["permits"].listing
    return Detail(
        row.name,
        SIMULATED if row.is_simulated else "",
        "organisations",
        LISTS["organisations"].listing.title,
        (
            ("统一社会信用代码", Cell(row.credit_code or "来源文件没有印出")),
            ("行政区划", Cell(row.division.name)),
            ("类型", Cell(Kind(row.kind).label)),
            ("出处", Cell(row.source or "—")),
        ),
        (
            Part("场所", tuple(c.label for c in site_list.columns), tuple(site_list.cells(site) for site in sites)),
            Part(
                "许可证",
                tuple(c.label for c in permit_list.columns),
                tuple(permit_list.cells(row) for row in permits),
            ),
            Part(
                "车辆",
                ("车牌", "核定载重（吨）"),
                tuple((Cell(masked_plate(v.plate)), Cell(tonnes(v.load_limit_t), css="number")) for v in vehicles),
            ),
        ),
    )


def masked_plate(plate: str) -> str:
    """A plate as pages show it: the place's letters and the last two characters (personal data are masked)."""
    return plate[:2] + "*" * max(0, len(plate) - 4) + plate[-2:] if len(plate) > 4 else "*" * len(plate)


def site_detail(row: Site) -> Detail:
    """A site with its facility."""
    facility = getattr(row, "facility", None)
    fields: list[tuple[str, Cell]] = [
        ("编号", Cell(row.code)),
        ("单位", Cell(row.organisation.name, organisation_url(row.organisation_id))),
        ("行政区划", Cell(row.division.name)),
        ("类别", Cell(site_category_names().get(row.category, row.category))),
        ("领域", Cell(DOMAIN_NAMES.get(row.domain, row.domain))),
        ("位置", Cell(f"{row.longitude}，{row.latitude}" if row.longitude is not None else "—")),
    ]
    if facility is not None:
        ways = "、".join(methods()[code].name if code in methods() else code for code in facility.methods)
        fields += [
            ("设施", Cell(f"{facility.name}（{facility.code}）")),
            ("能力（吨/年）", Cell(tonnes(facility.capacity_t_per_year))),
            ("利用处置方式", Cell(ways or "来源文件没有印出")),
            ("设施出处", Cell(facility.source or "—")),
        ]
    title = LISTS["sites"].listing.title
    return Detail(row.name, SIMULATED if row.is_simulated else "", "sites", title, tuple(fields), ())
