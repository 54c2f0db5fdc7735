"""Reads a workbook in a process of its own: bytes of an ``.xlsx`` on stdin, its sheets in sight as JSON on stdout.

A crafted workbook can make the reader ask for more memory than there is, which ends its process at once. Here that
ends this process and no other. Its memory and time are bounded.
"""

import io
import json
import resource
import subprocess  # noqa: S404 - our own module, no shell
import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

MEMORY_MAX = 2 * 1024**3  # bytes
SECONDS_MAX = 60
TEXT_MAX = 64_000_000  # characters of all cells: a text that very many cells share is small in the file only
Sheets = list[tuple[str, list[list[str]]]]


class UnreadableWorkbook(ValueError):
    """Why a workbook could not be read: ``password``, ``broken`` or ``too_large``."""


def read_sheets(raw: bytes) -> Sheets:
    """Name and rows of each sheet in sight, cells as text; raises ``UnreadableWorkbook``."""
    command = [sys.executable, "-m", "wufei.apps.workbook_reader"]
    try:
        done = subprocess.run(command, input=raw, capture_output=True, timeout=2 * SECONDS_MAX, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise UnreadableWorkbook("too_large") from None
    if done.returncode:
        raise UnreadableWorkbook("too_large" if done.returncode < 0 or b"MemoryError" in done.stderr else "broken")
    answer = json.loads(done.stdout)
    if isinstance(answer, str):
        raise UnreadableWorkbook(answer)
    return [(name, rows) for name, rows in answer]


def sheets_of(raw: bytes) -> Sheets | str:
    """What ``read_sheets`` gives, or why not; in this very process."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        names = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
        ]
        tables = [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in names]
    except PasswordError:
        return "password"
    except (CalamineError, ValueError, OSError):
        return "broken"
    left, sheets = TEXT_MAX, []
    for name, table in tables:
        rows = []
        for cells in table:
            rows.append([cell_text(cell) for cell in cells])
            left -= sum(map(len, rows[-1]))
            if left < 0:
                return "too_large"
        sheets.append((name, rows))
    return sheets


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


def main() -> None:
    """Bound this process, read, answer."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_MAX, SECONDS_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.write(json.dumps(sheets_of(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
