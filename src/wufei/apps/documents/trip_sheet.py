"""The sheet that a driver takes along on a round (收运单): the stops in their order, with what was taken at each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from wufei.apps.documents.manifest import local_time, tonnes
from wufei.apps.documents.table_form import Column, Field, Section, TableForm, render_table_form

TITLE = "收运车次单"


@dataclass(frozen=True, slots=True)
class StopLine:
    """A stop; what has not happened yet is empty and left for a pen. ``note`` says why nothing was collected."""

    name: str
    address: str = ""
    manifest: str = ""
    wastes: str = ""
    mass_g: int | None = None
    planned_at: datetime | None = None
    visited_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class TripSheet:
    """A trip: one vehicle on one way with its stops."""

    number: str
    on: date
    carrier: str
    vehicle: str
    stops: Sequence[StopLine]
    qr_url: str
    printed_at: datetime
    kind: str = ""  # name of the manifest profile
    driver: str = ""
    driver_licence: str = ""
    receiver: str = ""
    is_simulated: bool = False


def render_trip_sheet(sheet: TripSheet) -> bytes:
    """The trip as PDF, A4 on its side."""
    known = [stop.mass_g for stop in sheet.stops if stop.mass_g is not None]
    rows = [
        (
            str(place),
            stop.name,
            stop.address,
            _clock(stop.planned_at, sheet.on),
            _clock(stop.visited_at, sheet.on),
            stop.manifest,
            stop.wastes,
            tonnes(stop.mass_g),
            stop.note,
        )
        for place, stop in enumerate(sheet.stops, 1)
    ]
    if rows:
        rows.append(("", "合计", "", "", "", "", "", tonnes(sum(known)) if known else "", ""))
    columns = (
        Column("序号", None, "center"),
        Column("产生单位", 4),
        Column("地址", 4),
        Column("计划时间", None, "center"),
        Column("到达时间", None, "center"),
        Column("联单编号", 3, "center"),
        Column("废物", 3),
        Column("重量（吨）", None, "right"),
        Column("备注", 2),
    )
    form = TableForm(
        title=TITLE,
        subtitle=sheet.kind,
        number=sheet.number,
        fields=(
            Field("车次编号", sheet.number),
            Field("日期", sheet.on.isoformat()),
            Field("承运单位", sheet.carrier),
            Field("接受单位", sheet.receiver),
            Field("车牌号", sheet.vehicle),
            Field("驾驶员", " ".join(part for part in (sheet.driver, sheet.driver_licence) if part)),
        ),
        sections=(Section(columns, rows),),
        signatures=(("驾驶员", ""), ("接受人", "")),
        is_landscape=True,
        is_simulated=sheet.is_simulated,
        printed_at=local_time(sheet.printed_at),
        no_rows="本车次没有停靠点",
        qr_url=sheet.qr_url,
    )
    return render_table_form(form)


def _clock(at: datetime | None, on: date) -> str:
    """The time alone on the day of the trip, with its date on another."""
    text = local_time(at)
    return text.removeprefix(f"{on.isoformat()} ")
