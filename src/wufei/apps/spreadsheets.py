"""Excel files in and out, for every app: rows as ``core.intake`` gives them, and one plain sheet of values."""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from wufei.apps.workbook_reader import Sheets, UnreadableWorkbook, read_sheets
from wufei.apps.workbooks import BROKEN, TOO_LARGE, bad_workbook, check_workbook
from wufei.core.findings import Finding
from wufei.core.intake import BadFile, read_cells, read_rows, rows_of_cells

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEET_SUFFIXES = (".xlsx", ".xlsm")
OTHER_SHEETS = (".xls", ".xlsb", ".ods", ".et", ".numbers")  # their errors and their size cannot be seen beforehand
_UNREADABLE = {"password": ("工作簿有密码。", "请去掉密码后再试。"), "broken": BROKEN, "too_large": TOO_LARGE}
Cell = str | int | Decimal | date | None


def read_upload(name: str, raw: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, row) of an uploaded table of any accepted kind; see ``core.intake.read_rows`` for the errors."""
    if name.lower().endswith(SHEET_SUFFIXES):
        return rows_of_cells(_sheet_cells(raw))
    _refuse_other_sheets(name)
    return read_rows(name, raw)


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet as it stands: (line, cells) of its rows, and the cells whose value is missing."""

    name: str
    rows: list[tuple[int, list[str]]]
    faults: list[Finding]


def read_tables(name: str, raw: bytes) -> list[Table]:
    """All sheets in sight of a workbook, or the one table of a CSV file, without looking for heads.

    Raises:
        BadFile: the file cannot be read.
    """
    _refuse_other_sheets(name)
    if not name.lower().endswith(SHEET_SUFFIXES):
        return [Table("", read_cells(name, raw), [])]
    faults = check_workbook(raw)
    return [Table(title, list(enumerate(rows, start=1)), faults.get(title, [])) for title, rows in _sheets(raw)]


def _refuse_other_sheets(name: str) -> None:
    if name.lower().endswith(OTHER_SHEETS):
        suffix = name[name.rfind(".") :].lower()
        raise bad_workbook(f"不能读 {suffix} 文件。", "请在 Excel 或 WPS 中打开后另存为 .xlsx。", "old_workbook")


def _sheets(raw: bytes) -> Sheets:
    """The sheets in sight; there is at least one."""
    try:
        sheets = read_sheets(raw)
    except UnreadableWorkbook as error:
        raise bad_workbook(*_UNREADABLE[str(error)], code=f"{error}_workbook") from None
    if not sheets:
        raise bad_workbook("工作簿里没有可见的工作表。", "请选择有内容的文件。", "empty_file")
    return sheets


def _sheet_cells(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    """The rows, with their line numbers, of the first sheet in sight that holds something."""
    faults = check_workbook(raw)
    sheets = _sheets(raw)
    filled = [(name, rows) for name, rows in sheets if _heads(rows)]
    chosen, rows = filled[0] if filled else sheets[0]
    heads = _heads(rows)
    twins = [name for name, others in filled if len(heads & _heads(others)) * 2 > len(heads)]
    if len(twins) > 1:
        raise bad_workbook(
            f"工作簿里有 {len(twins)} 张同样表头的工作表：{'、'.join(twins)[:80]}。一个文件只读一张。",
            "请合并到一张工作表，或分别另存后各上传一次。",
            "several_sheets",
        )
    if faults.get(chosen):
        raise BadFile(faults[chosen])
    yield from enumerate(rows, start=1)


def _heads(rows: list[list[str]]) -> set[str]:
    """The texts of the first row that is not blank."""
    texts = ({cell.strip() for cell in row if cell.strip()} for row in rows)
    return next((heads for heads in texts if heads), set())


def write_sheet(title: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a workbook of one sheet. Text stays text: what begins with ``=`` never becomes a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    for index, name in enumerate(header, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = max(12, 2 * len(name) + 4)
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
