"""The lists of the declarations: what each shows, how it is filtered, how it is exported."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.urls import reverse

from wufei.apps.declarations.models import (
    BookEntry,
    Contract,
    Declaration,
    DeclarationStatus,
    EntryStatus,
    HandlingPlan,
    ManagementPlan,
)
from wufei.apps.registry.listing import Cell, Column, Filter, Listing, shown_time
from wufei.core.agreements import HANDLING_NAMES
from wufei.core.declaration import forms, parse_period
from wufei.core.form_fields import Field, shown_value, tonnes, tonnes_text
from wufei.core.management_plan import STATUS_NAMES, grade_names
from wufei.core.numbers import grouped_text
from wufei.core.record_book import Table, tables


def _plan(row: ManagementPlan) -> tuple[Cell, ...]:
    return (
        Cell(row.site.name, reverse("declarations:plan", args=[row.pk])),
        Cell(row.site.organisation.name),
        Cell(str(row.year), css="nowrap"),
        Cell(grade_names()[row.grade], css="nowrap"),
        Cell(f"第 {row.version} 版", css="nowrap"),
        Cell(STATUS_NAMES[row.status], css="nowrap", badge="逾期备案" if row.is_late else ""),
        Cell(row.number or "—", css="nowrap"),
        Cell(shown_time(row.filed_at), css="nowrap"),
    )


PLANS: Listing[ManagementPlan] = Listing(
    "危险废物管理计划",
    ("site", "site__organisation"),
    (
        Column("场所", "site__name"),
        Column("单位", "site__organisation__name"),
        Column("年度", "year"),
        Column("管理类别", "grade"),
        Column("版本"),
        Column("状态", "status"),
        Column("备案号"),
        Column("备案时间"),
    ),
    ("site__name", "site__organisation__name", "number"),
    _plan,
    "还没有管理计划。产废单位的人员可在这里为本单位的场所建立。",
    default_sort="-year",
)
PLAN_HEADER = ("场所", "单位", "行政区划", "年度", "管理类别", "版本", "状态", "备案号", "备案时间", "逾期")


def plan_export(row: ManagementPlan) -> tuple[str | int, ...]:
    """One plan as a row of the workbook."""
    return (
        row.site.name,
        row.site.organisation.name,
        row.site.division_id,
        row.year,
        grade_names()[row.grade],
        row.version,
        STATUS_NAMES[row.status],
        row.number,
        shown_time(row.filed_at),
        "是" if row.is_late else "",
    )


def plan_filters(asked: Mapping[str, str], years: Sequence[int]) -> tuple[Filter, ...]:
    """The filters of the list of plans."""
    return (
        Filter("year", "年度", asked.get("year", "")[:4], tuple((str(y), str(y)) for y in years)),
        Filter("grade", "管理类别", asked.get("grade", "")[:12], tuple(grade_names().items())),
        Filter("status", "状态", asked.get("status", "")[:12], tuple(STATUS_NAMES.items())),
    )


def _entry(row: BookEntry) -> tuple[Cell, ...]:
    table = tables().get(row.table)
    mark = "" if row.status == EntryStatus.BOOKED else EntryStatus(row.status).label
    return (
        Cell(row.batch_no, reverse("declarations:entry", args=[row.pk]), css="nowrap", badge=mark),
        Cell(shown_time(row.occurred_at), css="nowrap"),
        Cell(table.name if table else row.table),
        Cell(row.site.name),
        Cell(row.waste_code or "—", css="nowrap"),
        Cell(tonnes_text(row.mass_g), css="number"),
        Cell("—" if row.count is None else str(row.count), css="number"),
        Cell(row.manifest_number or "—"),
    )


ENTRIES: Listing[BookEntry] = Listing(
    "管理台账",
    ("site",),
    (
        Column("批次号"),
        Column("时间", "occurred_at"),
        Column("台账表"),
        Column("场所"),
        Column("废物代码"),
        Column("数量（吨）", css="number"),
        Column("件数", css="number"),
        Column("联单"),
    ),
    ("batch_no", "manifest_number"),
    _entry,
    "还没有台账记录。产废单位的人员可在这里登记，或从 Excel 导入。",
    default_sort="-occurred_at",
)
ENTRY_HEADER = ("批次号", "状态", "台账表", "场所", "废物代码", "时间", "数量（吨）", "件数", "联单", "录入", "原因")


def entry_export(row: BookEntry) -> tuple[str | int | Decimal, ...]:
    """One entry as a row of the workbook of all tables; the mass is a number, in tonnes."""
    table = tables().get(row.table)
    return (
        row.batch_no,
        EntryStatus(row.status).label,
        table.name if table else row.table,
        row.site.name,
        row.waste_code,
        shown_time(row.occurred_at),
        tonnes(row.mass_g),
        "" if row.count is None else row.count,
        row.manifest_number,
        row.actor,
        row.reason,
    )


def table_header(table: Table) -> tuple[str, ...]:
    """The columns of one table as its form prints them."""
    return ("批次号", "状态", "场所", *(one.label for one in table.fields))


def table_row(table: Table, row: BookEntry) -> tuple[str | Decimal, ...]:
    """One entry in its table's own columns; masses are numbers, in tonnes; personal data are masked."""
    return (row.batch_no, EntryStatus(row.status).label, row.site.name, *(_cell(f, row) for f in table.fields))


def _cell(what: Field, row: BookEntry) -> str | Decimal:
    value = row.content.get(what.name)
    if what.type == "mass" and isinstance(value, int):
        return tonnes(value)
    shown = shown_value(what, value)
    return shown if shown != "—" else ""


def printed(cells: Sequence[str | int | Decimal]) -> tuple[str | int, ...]:
    """A row of a workbook for paper: numbers in groups of three."""
    return tuple(grouped_text(cell) if isinstance(cell, Decimal) else cell for cell in cells)


def entry_filters(asked: Mapping[str, str]) -> tuple[Filter, ...]:
    """The filters of the record book."""
    named = tuple((table.table, table.name) for table in tables().values() if not table.derived)
    return (
        Filter("table", "台账表", asked.get("table", "")[:40], named),
        Filter("month", "月份", asked.get("month", "")[:7], kind="month"),
        Filter("code", "废物代码", asked.get("code", "")[:20]),
        Filter("site", "场所编号", asked.get("site", "")[:40]),
    )


def period_name(text: str) -> str:
    """A period as people write it."""
    period = parse_period(text)
    return period.name if period else text


def _declaration(row: Declaration) -> tuple[Cell, ...]:
    return (
        Cell(row.site.name, reverse("declarations:declaration", args=[row.pk])),
        Cell(row.site.organisation.name),
        Cell(forms()[row.form].name),
        Cell(period_name(row.period), css="nowrap"),
        Cell(f"第 {row.version} 版", css="nowrap"),
        Cell(DeclarationStatus(row.status).label, badge="逾期" if row.is_late else ""),
        Cell(row.due.isoformat() if row.due else "—", css="nowrap"),
        Cell(shown_time(row.confirmed_at), css="nowrap"),
    )


DECLARATIONS: Listing[Declaration] = Listing(
    "定期申报",
    ("site", "site__organisation"),
    (
        Column("场所", "site__name"),
        Column("单位", "site__organisation__name"),
        Column("申报表", "form"),
        Column("时期", "period"),
        Column("版本"),
        Column("状态", "status"),
        Column("期限"),
        Column("确认时间"),
    ),
    ("site__name", "site__organisation__name"),
    _declaration,
    "还没有申报。产废单位的人员可在这里按台账生成并确认。",
    default_sort="-period",
)
DECLARATION_HEADER = ("场所", "单位", "行政区划", "申报表", "时期", "版本", "状态", "期限", "确认时间", "逾期")


def declaration_export(row: Declaration) -> tuple[str | int, ...]:
    """One declaration as a row of the workbook."""
    return (
        row.site.name,
        row.site.organisation.name,
        row.site.division_id,
        forms()[row.form].name,
        period_name(row.period),
        row.version,
        DeclarationStatus(row.status).label,
        row.due.isoformat() if row.due else "",
        shown_time(row.confirmed_at),
        "是" if row.is_late else "",
    )


def declaration_filters(asked: Mapping[str, str]) -> tuple[Filter, ...]:
    """The filters of the list of declarations."""
    return (
        Filter("form", "申报表", asked.get("form", "")[:40], tuple((f.form, f.name) for f in forms().values())),
        Filter("period", "时期", asked.get("period", "")[:8]),
        Filter("status", "状态", asked.get("status", "")[:12], tuple(DeclarationStatus.choices)),
    )


def _contract(row: Contract) -> tuple[Cell, ...]:
    return (
        Cell(row.number, reverse("declarations:contract", args=[row.pk]), badge="已终止" if row.ended_on else ""),
        Cell(row.generator.name),
        Cell(row.receiver_name),
        Cell("、".join(item["waste_code"] for item in row.items[:5]) + ("…" if len(row.items) > 5 else "")),
        Cell(row.valid_from.isoformat(), css="nowrap"),
        Cell((row.ended_on or row.valid_to).isoformat(), css="nowrap"),
    )


CONTRACTS: Listing[Contract] = Listing(
    "委托合同",
    ("generator",),
    (
        Column("合同编号", "number"),
        Column("产废单位", "generator__name"),
        Column("接收单位", "receiver_name"),
        Column("废物"),
        Column("自", "valid_from"),
        Column("至", "valid_to"),
    ),
    ("number", "generator__name", "receiver_name"),
    _contract,
    "还没有合同。产废单位的人员可在这里登记与接收单位签订的合同。",
    default_sort="-valid_to",
)
CONTRACT_HEADER = (
    "合同编号",
    "产废单位",
    "接收单位",
    "废物代码",
    "利用处置方式",
    "约定数量（吨）",
    "自",
    "至",
    "终止日",
)


def contract_rows(row: Contract) -> list[tuple[str, ...]]:
    """One contract as rows of the workbook, one a waste."""
    return [
        (
            row.number,
            row.generator.name,
            row.receiver_name,
            item["waste_code"],
            item.get("method", ""),
            tonnes_text(item["mass_g"]) if "mass_g" in item else "",
            row.valid_from.isoformat(),
            row.valid_to.isoformat(),
            row.ended_on.isoformat() if row.ended_on else "",
        )
        for item in row.items
    ]


def _handling(row: HandlingPlan) -> tuple[Cell, ...]:
    return (
        Cell(row.project, reverse("declarations:handling-plan", args=[row.pk])),
        Cell(row.site.name),
        Cell(row.number, css="nowrap"),
        Cell(f"第 {row.version} 版", css="nowrap"),
        Cell(row.begins_on.isoformat(), css="nowrap"),
        Cell(HANDLING_NAMES[row.status], css="nowrap", badge="开工后报送" if row.is_late else ""),
        Cell(shown_time(row.submitted_at), css="nowrap"),
    )


HANDLING_PLANS: Listing[HandlingPlan] = Listing(
    "建筑垃圾处理方案",
    ("site",),
    (
        Column("工程", "project"),
        Column("工地", "site__name"),
        Column("编号"),
        Column("版本"),
        Column("开工", "begins_on"),
        Column("状态", "status"),
        Column("报送时间", "submitted_at"),
    ),
    ("project", "site__name", "number"),
    _handling,
    "还没有处理方案。施工单位的人员应在开工前为工地报送。",
    default_sort="-submitted_at",
)
HANDLING_HEADER = ("工程", "工地", "编号", "版本", "开工", "完工", "状态", "报送时间", "开工后报送", "预计产生（吨）")


def handling_export(row: HandlingPlan) -> tuple[str | int | Decimal, ...]:
    """One handling plan as a row of the workbook."""
    return (
        row.project,
        row.site.name,
        row.number,
        row.version,
        row.begins_on.isoformat(),
        row.ends_on.isoformat(),
        HANDLING_NAMES[row.status],
        shown_time(row.submitted_at),
        "是" if row.is_late else "",
        tonnes(sum(waste["planned_g"] for waste in row.content.get("wastes", []))),
    )


def handling_filters(asked: Mapping[str, str]) -> tuple[Filter, ...]:
    """The filters of the list of handling plans."""
    return (Filter("status", "状态", asked.get("status", "")[:12], tuple(HANDLING_NAMES.items())),)
