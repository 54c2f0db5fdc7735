"""Figures as an Excel workbook that can be filled in and handed back: the upload reads the same headers."""

from collections.abc import Iterable
from decimal import Decimal

from wufei.apps.assessment.figures import FigureRow
from wufei.apps.spreadsheets import Cell, write_sheet

HEADER = [
    "element",
    "名称",
    "scope",
    "period",
    "value",
    "unit",
    "原文写法",
    "状态",
    "source",
    "note",
    "报送人",
    "审核人",
]


def workbook_bytes(place: str, rows: Iterable[FigureRow]) -> bytes:
    """An ``.xlsx`` file of figures; numbers as numbers, all else as text."""
    return write_sheet(f"{place}数据", HEADER, (_cells(row) for row in rows))


def _cells(row: FigureRow) -> list[Cell]:
    value = Decimal(row.value) if row.value else _STATES.get(row.state, "")
    names: list[Cell] = [row.element, row.name, row.scope, row.period]
    return [*names, value, row.unit, row.shown, row.status, row.source, row.note, row.reporter, row.approver]


_STATES = {"slash": "/", "not_applicable": "不适用"}
