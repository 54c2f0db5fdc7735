"""What the page of one organisation or one site shows."""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from wufei.apps.registry.listing import Cell
from wufei.apps.registry.lists import LISTS, SIMULATED, site_category_names, tonnes
from wufei.apps.registry.lists_transport import classes, masked_number, masked_plate, organisation_url, until
from wufei.apps.registry.models import Kind, Organisation, PersonKind, Site, TransportPerson, User, Vehicle
from wufei.core.catalogue import DOMAIN_NAMES, methods

PARTS = ("sites", "permits", "vehicles", "persons", "licences")
SHOWN = 200  # rows of a part; the lists show the rest


@dataclass(frozen=True, slots=True)
class Part:
    """One table on the page."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Detail:
    """One record: its fields, and the tables of what hangs on it. ``reveal_url`` shows in full what is masked."""

    title: str
    badge: str
    list_name: str
    list_title: str
    fields: tuple[tuple[str, Cell], ...]
    parts: tuple[Part, ...]
    reveal_url: str = ""


def _part(name: str, row: Organisation, user: User | AnonymousUser) -> Part:
    """What one list has of an organisation."""
    held = LISTS[name]
    rows = held.visible(user).filter(organisation=row).select_related(*held.listing.joins)[:SHOWN]
    headings = tuple(column.label for column in held.listing.columns)
    return Part(held.listing.title, headings, tuple(held.listing.cells(one) for one in rows))


def organisation_detail(row: Organisation, user: User | AnonymousUser) -> Detail:
    """An organisation with those of its sites, permits, vehicles … that ``user`` may see; six queries."""
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
        tuple(_part(name, row, user) for name in PARTS),
    )


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


def vehicle_detail(row: Vehicle, *, plate: str = "") -> Detail:
    """A vehicle; its plate masked unless it is given in full."""
    load = "没有登记" if row.load_limit_t is None else f"{tonnes(row.load_limit_t)} 吨"
    fields = (
        ("车牌号", Cell(plate or masked_plate(row.plate))),
        ("单位", Cell(row.organisation.name, organisation_url(row.organisation_id))),
        ("核定载重", Cell(load)),
        ("道路运输证号", Cell(row.transport_permit or "没有登记")),
        ("有效期至", until(row.valid_until)),
        ("可运的危货类别项别", Cell(classes(row.hazard_classes))),
    )
    url = "" if plate else reverse("registry:reveal", args=["vehicles", row.pk])
    badge, title = SIMULATED if row.is_simulated else "", LISTS["vehicles"].listing.title
    return Detail(plate or masked_plate(row.plate), badge, "vehicles", title, fields, (), url)


def person_detail(row: TransportPerson, *, certificate: str = "") -> Detail:
    """A driver, escort or loading manager; the certificate masked unless it is given in full."""
    fields = (
        ("类型", Cell(PersonKind(row.kind).label)),
        ("单位", Cell(row.organisation.name, organisation_url(row.organisation_id))),
        ("从业资格证号", Cell(certificate or masked_number(row.certificate))),
        ("有效期至", until(row.valid_until)),
        ("可运的危货类别项别", Cell(classes(row.hazard_classes))),
    )
    url = "" if certificate else reverse("registry:reveal", args=["persons", row.pk])
    badge = SIMULATED if row.is_simulated else ""
    return Detail(row.name, badge, "persons", LISTS["persons"].listing.title, fields, (), url)
