"""The lists of transport: vehicles, drivers and escorts, carriers' licences. Plates and certificates are masked."""

from collections.abc import Iterable
from datetime import date

from django.urls import reverse
from django.utils.timezone import localdate

from wufei.apps.registry.listing import Cell, Column, Listing
from wufei.apps.registry.models import CarrierLicence, PersonKind, TransportPerson, Vehicle
from wufei.core.checks.table import licence_names
from wufei.core.numbers import grouped_text

EXPIRED, SIMULATED = "已过期", "模拟"


def organisation_url(pk: int) -> str:
    """Address of an organisation's page."""
    return reverse("registry:organisation", args=[pk])


def masked_plate(plate: str) -> str:
    """A plate as pages show it: the place's letters and the last two characters (personal data are masked)."""
    return plate[:2] + "*" * max(0, len(plate) - 4) + plate[-2:] if len(plate) > 4 else "*" * len(plate)


def masked_number(number: str) -> str:
    """A certificate number as pages show it: its last four characters."""
    return "*" * (len(number) - 4) + number[-4:] if len(number) > 4 else "*" * len(number)


def until(day: date | None) -> Cell:
    """The last day of something, marked when it is past."""
    if day is None:
        return Cell("—")
    return Cell(day.isoformat(), css="nowrap", badge=EXPIRED if day < localdate() else "")


def day_text(day: date | None) -> str:
    """A day for an export."""
    return day.isoformat() if day else ""


def classes(values: Iterable[str]) -> str:
    """Hazard classes for people."""
    return "、".join(values) or "—"


def _badge(is_simulated: bool) -> str:
    return SIMULATED if is_simulated else ""


def _load(row: Vehicle) -> str:
    return "" if row.load_limit_t is None else grouped_text(row.load_limit_t)


def _vehicle(row: Vehicle) -> tuple[Cell, ...]:
    url = reverse("registry:vehicle", args=[row.pk])
    return (
        Cell(masked_plate(row.plate), url, "nowrap", _badge(row.is_simulated)),
        Cell(row.organisation.name, organisation_url(row.organisation_id)),
        Cell(_load(row) or "—", css="number"),
        Cell(row.transport_permit or "—", css="nowrap"),
        until(row.valid_until),
        Cell(classes(row.hazard_classes)),
    )


VEHICLES: Listing[Vehicle] = Listing(
    "车辆",
    ("organisation",),
    (
        Column("车牌号", "plate"),
        Column("单位", "organisation__name"),
        Column("核定载重（吨）", css="number"),
        Column("道路运输证号", "transport_permit"),
        Column("有效期至"),
        Column("类别项别"),
    ),
    ("plate", "transport_permit", "organisation__name"),
    _vehicle,
    "还没有车辆。可由运输单位、无废办或生态环境部门导入车辆名录。",
)


def vehicle_cells(row: Vehicle) -> tuple[str, ...]:
    """A row of the export."""
    return (
        masked_plate(row.plate),
        row.organisation.name,
        _load(row),
        row.transport_permit,
        day_text(row.valid_until),
        "、".join(row.hazard_classes),
        _badge(row.is_simulated),
    )


def _person(row: TransportPerson) -> tuple[Cell, ...]:
    return (
        Cell(row.name, reverse("registry:person", args=[row.pk]), badge=_badge(row.is_simulated)),
        Cell(PersonKind(row.kind).label),
        Cell(row.organisation.name, organisation_url(row.organisation_id)),
        Cell(masked_number(row.certificate), css="nowrap"),
        until(row.valid_until),
        Cell(classes(row.hazard_classes)),
    )


PERSONS: Listing[TransportPerson] = Listing(
    "驾押人员",
    ("organisation",),
    (
        Column("姓名", "name"),
        Column("类型", "kind"),
        Column("单位", "organisation__name"),
        Column("从业资格证号"),
        Column("有效期至"),
        Column("类别项别"),
    ),
    ("name", "organisation__name"),
    _person,
    "还没有驾驶员、押运员。可由运输单位、无废办或生态环境部门导入。",
)


def person_cells(row: TransportPerson) -> tuple[str, ...]:
    """A row of the export: the certificate stays masked."""
    return (
        row.name,
        PersonKind(row.kind).label,
        row.organisation.name,
        masked_number(row.certificate),
        day_text(row.valid_until),
        "、".join(row.hazard_classes),
        _badge(row.is_simulated),
    )


def _licence(row: CarrierLicence) -> tuple[Cell, ...]:
    firm = row.organisation
    return (
        Cell(row.number, css="nowrap", badge=_badge(firm.is_simulated)),
        Cell(licence_names().get(row.kind, row.kind)),
        Cell(firm.name, organisation_url(firm.pk)),
        Cell(row.scope or "—"),
        Cell(day_text(row.valid_from) or "—", css="nowrap"),
        until(row.valid_until),
    )


LICENCES: Listing[CarrierLicence] = Listing(
    "承运资质",
    ("organisation",),
    (
        Column("证号", "number"),
        Column("类型", "kind"),
        Column("单位", "organisation__name"),
        Column("范围"),
        Column("有效期自"),
        Column("有效期至"),
    ),
    ("number", "organisation__name", "scope"),
    _licence,
    "还没有承运资质。可由运输单位、无废办或生态环境部门导入。",
)


def licence_cells(row: CarrierLicence) -> tuple[str, ...]:
    """A row of the export."""
    return (
        row.number,
        licence_names().get(row.kind, row.kind),
        row.organisation.name,
        row.scope,
        day_text(row.valid_from),
        day_text(row.valid_until),
        _badge(row.organisation.is_simulated),
    )
