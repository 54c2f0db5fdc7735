"""Excel files in and out, for every app: rows as ``core.intake`` gives them, and one plain sheet of values."""

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from wufei.core.findings import Finding
from wufei.core.intake import BadFile, read_rows, rows_of_cells

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEET_SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods")
UNPACKED_MAX = 400 * 1024 * 1024  # bytes; a small file that unpacks to more is an attack or a mistake
Cell = str | int | Decimal | date | None


def read_upload(name: str, raw: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, row) of an uploaded table of any accepted kind; see ``core.intake.read_rows`` for the errors."""
    if name.lower().endswith(SHEET_SUFFIXES):
        return rows_of_cells(_sheet_cells(raw))
    return read_rows(name, raw)


def _bad(what: str, remedy: str, code: str) -> BadFile:
    return BadFile([Finding(None, "", what, remedy, code)])


def _sheet_cells(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    """The first visible sheet's rows with their line numbers."""
    if raw.startswith(b"PK"):
        _refuse_bomb(raw)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        if not book.sheet_names:
            raise _bad("工作簿里没有工作表。", "请选择有内容的文件。", "empty_file")
        sheet = book.get_sheet_by_index(0)
        rows = sheet.to_python(skip_empty_area=False)
    except PasswordError:
        raise _bad("工作簿有密码。", "请去掉密码后再试。", "encrypted_file") from None
    except (CalamineError, ValueError, OSError):
        raise _bad(
            "文件不是能读出的 Excel 工作簿。", "请在 Excel 或 WPS 中打开后另存为 .xlsx。", "broken_workbook"
        ) from None
    for line, row in enumerate(rows, start=1):
        yield line, [cell_text(cell) for cell in row]


def _refuse_bomb(raw: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise _bad(
            "文件不是能读出的 Excel 工作簿。", "请在 Excel 或 WPS 中打开后另存为 .xlsx。", "broken_workbook"
        ) from None
    if size > UNPACKED_MAX:
        raise _bad("工作簿解开后过大。", "请拆成几个文件后再试。", "workbook_too_large")


def cell_text(cell: object) -> str:
    """A cell as text. Excel keeps 15 digits of a number; the binary noise behind them was never typed."""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return format(Decimal(format(cell, ".15g")), "f")
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time | timedelta):
        return str(cell)
    return "" if cell is None else str(cell).replace("\0", "")


def write_sheet(title: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a workbook of one sheet. Text stays text: what begins with ``=`` never becomes a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    for index, name in enumerate(header):
        sheet.column_dimensions[chr(ord("A") + index)].width = max(12, 2 * len(name) + 4)
    sheet.append([_cell(sheet, name, bold=True) for name in header])
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _cell(sheet: object, value: Cell, *, bold: bool = False) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value)
    if isinstance(value, str):
        cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell
