"""Forms as Excel: one sheet a table, under its printed name."""

import io
from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.worksheet.worksheet import Worksheet

from wufei.apps.declarations.models import ManagementPlan
from wufei.core.form_fields import Field, shown_value
from wufei.core.management_plan import grade_names, tables_of

THIN = Side(style="thin", color="808080")
BOX = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)


def _put(sheet: Worksheet, row: int, column: int, value: object, *, bold: bool = False) -> None:
    text = ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value
    cell = sheet.cell(row, column, text)
    if isinstance(text, str):
        cell.data_type = "s"  # what begins with "=" never becomes a formula
    cell.font = Font(bold=bold)
    cell.border = BOX
    cell.alignment = Alignment(wrap_text=True, vertical="center")


def add_table(
    book: Workbook, title: str, lines: Sequence[str], heads: Sequence[str], rows: Sequence[Sequence[object]]
) -> None:
    """One sheet: its title, some lines below it, a table with borders."""
    sheet = book.create_sheet(title.translate({ord(c): " " for c in "[]:*?/\\"})[:31])
    sheet["A1"] = title
    sheet["A1"].font = Font(bold=True, size=14)
    for number, line in enumerate(lines, 2):
        cell = sheet.cell(number, 1, ILLEGAL_CHARACTERS_RE.sub("", line))
        cell.data_type = "s"
    first = len(lines) + 3
    for column, head in enumerate(heads, 1):
        _put(sheet, first, column, head, bold=True)
        sheet.column_dimensions[sheet.cell(first, column).column_letter].width = max(14, 2 * len(head) + 2)
    for number, row in enumerate(rows, first + 1):
        for column, value in enumerate(row, 1):
            _put(sheet, number, column, value)
    sheet.freeze_panes = sheet.cell(first + 1, 1)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def new_book() -> Workbook:
    """A workbook without sheets."""
    book = Workbook()
    book.remove(book.worksheets[0])
    return book


def saved(book: Workbook) -> bytes:
    """The bytes of a workbook."""
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def cell_text(field: Field, value: object, *, unmask: bool) -> str:
    """A value for a cell: blank where there is none."""
    return "" if value in (None, "", []) else shown_value(field, value, unmask=unmask)


def plan_workbook(plan: ManagementPlan, *, unmask: bool) -> bytes:
    """The tables A.1–A.7 that the plan's grade fills, and what the year has used of A.7."""
    book = new_book()
    head = (
        f"{plan.site.organisation.name}　{plan.site.name}　{plan.year} 年　{grade_names()[plan.grade]}",
        f"备案号：{plan.number or '未备案'}　第 {plan.version} 版",
    )
    for table in tables_of(plan.grade):
        rows = [
            [cell_text(one, row.get(one.name), unmask=unmask) for one in table.fields]
            for row in plan.content.get(table.table, [])
        ]
        add_table(book, table.name, head, [one.label for one in table.fields], rows)
    return saved(book)
