"""Figures as an Excel workbook that can be filled in and handed back: the upload reads the same headers."""

import io
from collections.abc import Iterable
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.styles import Font

from wufei.apps.assessment.figures import FigureRow

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
WIDTHS = [28, 30, 14, 10, 16, 10, 18, 10, 34, 34, 14, 14]


def workbook_bytes(place: str, rows: Iterable[FigureRow]) -> bytes:
    """An ``.xlsx`` file of figures; numbers as numbers, all else as text that is never a formula."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = f"{place}数据"[:31]
    sheet.append(HEADER)
    for row in rows:
        value = Decimal(row.value) if row.value else row.shown
        texts = [row.element, row.name, row.scope, row.period, value, row.unit, row.shown, row.status]
        sheet.append([*texts, row.source, row.note, row.reporter, row.approver])
    for cells in sheet.iter_rows():
        for cell in cells:
            if cell.data_type == "f":
                cell.data_type = "s"
    for cell, width in zip(sheet[1], WIDTHS, strict=True):
        cell.font = Font(bold=True)
        sheet.column_dimensions[cell.column_letter].width = width
    sheet.freeze_panes = "A2"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
