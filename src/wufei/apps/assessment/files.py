"""Uploaded files of figures as rows: CSV, TSV, JSON lines and Excel."""

import io
from collections.abc import Iterator
from datetime import date, datetime

from python_calamine import CalamineError, CalamineWorkbook

from wufei.core.findings import Finding
from wufei.core.intake import BadFile, read_rows, rows_of_cells

EXCEL = (".xlsx", ".xls", ".xlsm", ".ods")
MOST_ROWS = 20_000


def file_rows(name: str, raw: bytes) -> list[tuple[int, dict[str, str]]]:
    """All rows of a file with their lines.

    Raises:
        BadFile: the file, or some of its lines, cannot be read; all reasons at once.
    """
    reader = _excel_rows(raw) if name.lower().endswith(EXCEL) else read_rows(name, raw)
    rows = []
    for row in reader:
        rows.append(row)
        if len(rows) > MOST_ROWS:
            what = f"超过 {MOST_ROWS} 行。"
            raise BadFile([Finding(None, "", what, "分成几个文件上传。", "too_many_rows")])
    if not rows:
        raise BadFile([Finding(None, "", "文件里没有数据行。", "第一行写表头，第二行起写数据。", "no_rows")])
    return rows


def _excel_rows(raw: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0)
        cells = sheet.to_python(skip_empty_area=False)
    except (CalamineError, ValueError, OSError) as error:
        finding = Finding(None, "", "打不开这个 Excel 文件。", "用 Excel 另存为 .xlsx 后再上传。", "bad_excel")
        raise BadFile([finding]) from error
    yield from rows_of_cells((number, [_text(cell) for cell in row]) for number, row in enumerate(cells, 1))


def _text(cell: object) -> str:
    """A cell as it would be typed: 7539.0 is 7539, a date is its ISO form."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, (datetime, date)):
        return cell.isoformat()
    return "" if cell is None else str(cell)
