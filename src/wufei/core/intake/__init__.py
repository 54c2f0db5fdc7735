"""Reading what people hand in (读入): bytes to text, text to rows, cells to exact numbers and instants.

Two errors and no other come out, whatever goes in: ``BadFile`` (the file cannot be read) and ``BadValue`` (a cell
cannot be understood). Both word themselves in Chinese, with what to do. Nothing is guessed: a number that could mean
two things is refused.
"""

from wufei.core.intake.cells import SHANGHAI, parse_date, parse_decimal, parse_instant, parse_mass
from wufei.core.intake.errors import BadFile, BadValue
from wufei.core.intake.files import ROW_FORMATS, decode_text, read_cells, read_rows, rows_of_cells

__all__ = [
    "ROW_FORMATS",
    "SHANGHAI",
    "BadFile",
    "BadValue",
    "decode_text",
    "parse_date",
    "parse_decimal",
    "parse_instant",
    "parse_mass",
    "read_cells",
    "read_rows",
    "rows_of_cells",
]
