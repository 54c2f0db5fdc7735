"""Looks into an Excel file before it is read: what would exhaust the machine, and what would be lost in silence.

Invariant: nothing is unpacked beyond ``UNPACKED_MAX`` bytes, and no sheet passes whose table is above ``CELLS_MAX``
cells. The reader allocates the whole table at once: one cell in the last corner of a sheet, a file of 5 KB, would ask
for 500 GB. What gets past this check ends only ``apps.workbook_reader``.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from wufei.core.findings import Finding
from wufei.core.intake import BadFile

UNPACKED_MAX = 256 * 1024 * 1024  # bytes
CELLS_MAX = 3_000_000  # rows times columns: 200,000 rows of 15
_FAULTS_SHOWN = 100
BROKEN = ("文件不是能读出的 Excel 工作簿。", "请在 Excel 或 WPS 中打开后另存为 .xlsx。")
TOO_LARGE = ("工作簿解开后过大。", "请拆成几个文件后再试。")
_OLE = b"\xd0\xcf\x11\xe0"  # .xls, and .xlsx behind a password
_SHEET = re.compile(rb"<(?:\w+:)?sheetData\b")
_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s/>])([^>]*?)(/?)>")
_PLACE = re.compile(rb'\br\s*=\s*["\']([A-Za-z]{1,4})([0-9]{1,8})["\']')
_ERROR = re.compile(rb'\bt\s*=\s*["\']e["\']')
_END = re.compile(rb"</(?:\w+:)?c\s*>")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_VALUE = re.compile(rb"<(?:\w+:)?v\s*>([^<]*)<")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def bad_workbook(what: str, remedy: str, code: str) -> BadFile:
    """One fault of the whole workbook."""
    return BadFile([Finding(None, "", what, remedy, code)])


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell that holds something: its place from 1, and its text between the tags."""

    line: int
    column: int
    is_error: bool
    inside: bytes


def check_workbook(raw: bytes) -> dict[str, list[Finding]]:
    """The cells by sheet name whose value is missing: errors such as #DIV/0!, and formulas that were never computed.

    Raises:
        BadFile: it is no ``.xlsx``, or too large to be read.
    """
    if raw.startswith(_OLE):
        raise bad_workbook(
            "文件是旧版 Excel（.xls），或是有密码的工作簿。",
            "请去掉密码，在 Excel 或 WPS 中另存为 .xlsx 后再试。",
            "old_workbook",
        )
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return _check_parts(archive)
    except (zipfile.BadZipFile, zlib.error, ElementTree.ParseError, EOFError, ValueError, KeyError) as error:
        if isinstance(error, BadFile):
            raise
        raise bad_workbook(*BROKEN, code="broken_workbook") from None
    except (OSError, NotImplementedError, RuntimeError):  # cut short, packed in another way, encrypted
        raise bad_workbook(*BROKEN, code="broken_workbook") from None


def _check_parts(archive: zipfile.ZipFile) -> dict[str, list[Finding]]:
    if sum(entry.file_size for entry in archive.infolist()) > UNPACKED_MAX:
        raise bad_workbook(*TOO_LARGE, code="too_large_workbook")
    names = _sheet_names(archive)
    cells_left = CELLS_MAX
    faults: dict[str, list[Finding]] = {}
    for entry in archive.infolist():
        content = archive.read(entry)  # also checks length and checksum: what the directory claims is then true
        if not _SHEET.search(content):
            continue
        rows = columns = 0
        found = faults.setdefault(names.get(entry.filename, ""), [])
        for number, cell in enumerate(_cells(content), start=1):
            rows, columns = max(rows, cell.line), max(columns, cell.column)
            if max(rows * columns, number) > cells_left:
                raise bad_workbook(
                    f"工作表用到第 {rows} 行、第 {columns} 列，超过 {CELLS_MAX} 格。",
                    "请删去表格以外的内容，或拆成几个文件。",
                    "too_large_workbook",
                )
            finding = _fault(cell)
            if finding and len(found) < _FAULTS_SHOWN:
                found.append(finding)
        cells_left -= rows * columns
    return faults


def _sheet_names(archive: zipfile.ZipFile) -> dict[str, str]:
    """Name of the sheet by the part of the archive that holds it."""
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - no entities in expat
    targets = {row.get("Id"): (row.get("Target") or "").lstrip("/") for row in relations}
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - the same
    names = {}
    for sheet in book.iter():
        target = targets.get(sheet.get(_RELATION))
        if target and sheet.tag.endswith("}sheet"):
            names[target if target.startswith("xl/") else f"xl/{target}"] = sheet.get("name") or ""
    return names


def _cells(content: bytes) -> Iterator[_Cell]:
    """The cells that hold something. A cell that does not say where it is stands behind the one before."""
    line = column = 0
    for tag in _CELL.finditer(content):
        place = _PLACE.search(tag[1])
        line, column = (int(place[2]), _column_number(place[1])) if place else (max(line, 1), column + 1)
        if tag[2]:
            continue  # formatted, but empty
        end = _END.search(content, tag.end())
        yield _Cell(line, column, bool(_ERROR.search(tag[1])), content[tag.end() : end.start() if end else tag.end()])


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _fault(cell: _Cell) -> Finding | None:
    value = _VALUE.search(cell.inside)
    where = f"{_column_letters(cell.column)}{cell.line}"
    if cell.is_error:
        shown = value[1].decode("ascii", "replace")[:20] if value else "错误值"
        what = f"单元格 {where} 是错误值 {shown}。"
        return Finding(cell.line, "", what, "请改正公式，或改为数值后再试。", "error_cell")
    if _FORMULA.search(cell.inside) and not (value and value[1]):
        what = f"单元格 {where} 的公式没有计算结果。"
        remedy = "请在 Excel 或 WPS 中打开并保存一次，或粘贴为数值后再试。"
        return Finding(cell.line, "", what, remedy, "formula_without_value")
    return None


def _column_letters(number: int) -> str:
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
