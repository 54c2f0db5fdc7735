"""The lists of the office: what is to be cured, all events, number blocks, phones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.timezone import localtime

from wufei.apps.field import selectors
from wufei.apps.field.models import FieldDevice, FieldOutcome, NumberBlock, State, block_of
from wufei.apps.registry.listing import Cell, Column, Listing
from wufei.apps.registry.models import User
from wufei.apps.spreadsheets import Cell as SheetCell


def _minute(at: Any) -> str:
    return localtime(at).strftime("%Y-%m-%d %H:%M") if at else "—"


def _why(outcome: FieldOutcome) -> str:
    return " ".join(str(finding.get("what", "")) for finding in outcome.findings)


def _outcome(row: FieldOutcome) -> tuple[Cell, ...]:
    event = row.event
    return (
        Cell(_minute(event.device_at), reverse("field:event", args=[row.pk]), css="nowrap"),
        Cell(event.type_name),
        Cell(State(row.state).label),
        Cell(row.number or "—", css="nowrap"),
        Cell(event.device.name, reverse("field:device", args=[event.device_id])),
        Cell(_why(row)[:160] or "—"),
    )


def _block(row: NumberBlock) -> tuple[Cell, ...]:
    block = block_of(row)
    return (
        Cell(block.number(block.first), reverse("field:block", args=[row.pk]), css="nowrap"),
        Cell(block.number(block.last), css="nowrap"),
        Cell(row.device.name, reverse("field:device", args=[row.device_id])),
        Cell(_minute(row.issued_at), css="nowrap"),
        Cell(_minute(row.expires_at), css="nowrap"),
        Cell("已结清" if row.closed_at else "未结清"),
    )


def _device(row: FieldDevice) -> tuple[Cell, ...]:
    return (
        Cell(row.name, reverse("field:device", args=[row.pk])),
        Cell(row.code, css="nowrap"),
        Cell(str(row.user)),
        Cell(row.organisation.name),
        Cell(_minute(row.seen_at), css="nowrap"),
        Cell("已停用" if row.key.revoked_at else "重复" if row.is_forked else "在用"),
    )


@dataclass(frozen=True, slots=True)
class FieldList:
    """One list of the office."""

    visible: Callable[[User | AnonymousUser], QuerySet[Any]]
    listing: Listing[Any]

    def export_row(self, row: Any) -> tuple[SheetCell, ...]:
        """The row for a workbook."""
        return tuple(cell.text for cell in self.listing.cells(row))


_EVENT_COLUMNS = (
    Column("时间", "event__device_at"),
    Column("做了什么", "event__type"),
    Column("状态", "state"),
    Column("联单号", "number"),
    Column("手机", "event__device__name"),
    Column("原因"),
)
_EVENT_SEARCH = ("number", "claimed_number", "event__device__name", "event__device__code", "event__digest")

LISTS: Mapping[str, FieldList] = {
    "cures": FieldList(
        selectors.cures,
        Listing(
            "待处理", ("event__device",), _EVENT_COLUMNS, _EVENT_SEARCH, _outcome,
            "没有要处理的记录。手机送来的记录都已入账。", default_sort="event__device_at",
        ),
    ),
    "events": FieldList(
        selectors.visible_outcomes,
        Listing(
            "全部记录", ("event__device",), _EVENT_COLUMNS, _EVENT_SEARCH, _outcome,
            "还没有手机送来记录。司机在手机上打开本站的 /field/，登录一次并登记手机，就可以收运。",
            default_sort="-event__device_at",
        ),
    ),
    "blocks": FieldList(
        selectors.visible_blocks,
        Listing(
            "号段", ("device",),
            (
                Column("首号", "first"), Column("末号", "last"), Column("手机", "device__name"),
                Column("发放时间", "issued_at"), Column("有效期至", "expires_at"), Column("状态"),
            ),
            ("key", "device__name", "device__code"), _block,
            "还没有发放号段。手机取今天的车次时自动发放。", default_sort="-issued_at",
        ),
    ),
    "devices": FieldList(
        selectors.visible_devices,
        Listing(
            "手机", ("user", "organisation", "key"),
            (
                Column("名称", "name"), Column("编号", "code"), Column("使用人", "user__username"),
                Column("单位", "organisation__name"), Column("上次同步", "seen_at"), Column("状态"),
            ),
            ("name", "code", "user__username", "organisation__name"), _device,
            "还没有登记手机。司机在手机上打开本站的 /field/，登录一次即可登记。", default_sort="-seen_at",
        ),
    ),
}  # fmt: skip
