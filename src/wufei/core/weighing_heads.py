"""The head of a ticket sheet (磅单表头): one row or two, merged or not, with units in it, perhaps again on each page.

``data/weighings/columns.csv`` says which words name which field.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from wufei.core.findings import Finding
from wufei.core.reference import read_table
from wufei.core.units import grams_of, narrow

HEAD_LEAST = 3  # so many known words make a row a head
_TELLING = frozenset({"ticket", "net", "gross", "plate"})  # one of them must be among the words
_MASSES = ("gross", "tare", "net")
_BLANKS = re.compile(r"[\s*＊:：]+")
_UNIT = re.compile(r"^(.*?)[(\[（【/／,，]+(?:单位[:：]?)?([^()\[\]（）【】/／]+)[)\]）】]*$")


@dataclass(frozen=True, slots=True)
class TicketColumn:
    """One column that a sheet may have: ``required`` is yes, one (one of several) or no."""

    field: str
    name: str
    required: str
    heads: tuple[str, ...]


@cache
def ticket_columns() -> tuple[TicketColumn, ...]:
    """The columns of ``data/weighings/columns.csv``; the first is the ticket's number."""
    return tuple(
        TicketColumn(row["field"], row["name"], row["required"], tuple(row["heads"].split(";")))
        for row in read_table("weighings/columns.csv")
    )


@cache
def column_names() -> Mapping[str, str]:
    """The Chinese name of each field."""
    return {column.field: column.name for column in ticket_columns()}


@cache
def known_heads() -> Mapping[str, str]:
    """Field by head, as ``plain_head`` writes it."""
    found: dict[str, str] = {}
    for column in ticket_columns():
        for head in column.heads:
            assert found.setdefault(head.lower(), column.field) == column.field, f"{head} names two fields"
    return found


def plain_head(text: str) -> tuple[str, str]:
    """A head without blanks and marks, and the unit it names: ``净 重（kg）`` is ``("净重", "kg")``."""
    plain = _BLANKS.sub("", narrow(text)).lower()
    if plain in known_heads():
        return plain, ""
    match = _UNIT.fullmatch(plain)
    if match and grams_of(match[2]) is not None:
        return match[1], match[2]
    return (match[1], "") if match and match[1] in known_heads() else (plain, "")


@dataclass(frozen=True, slots=True)
class Head:
    """A head that was found: column index by field, unit by field of a mass, rows it takes, words nobody knows."""

    columns: Mapping[str, int]
    units: Mapping[str, str]
    rows: int
    unknown: tuple[str, ...]
    twice: tuple[str, ...]
    texts: frozenset[str]

    @property
    def width(self) -> int:
        """How many cells a row must have to hold every known column."""
        return max(self.columns.values()) + 1


def find_head(cells: Sequence[str], below: Sequence[str]) -> Head | None:
    """The head that begins with the row ``cells``; ``below`` is the next row, a part of it where cells are merged."""
    alone = _head([("", cell) for cell in cells], 1)
    if any(below) and not any(any(sign.isdigit() for sign in cell) for cell in below) and _are_heads(below):
        two = _head(_merged(cells, below), 2)
        lower = _head([("", cell) for cell in below], 1)
        others = [len(head.columns) for head in (alone, lower) if head]
        if two and len(two.columns) > max(others, default=0):
            return two
    return alone


def _are_heads(cells: Sequence[str]) -> bool:
    texts = [plain_head(cell)[0] for cell in cells if cell]
    return sum(text in known_heads() for text in texts) * 2 >= len(texts)


def _merged(upper: Sequence[str], lower: Sequence[str]) -> list[tuple[str, str]]:
    """(group, head) of each column: the lower cell below a group over several columns, else the upper."""
    width = max(len(upper), len(lower))
    above = [*upper, *[""] * (width - len(upper))]
    below = [*lower, *[""] * (width - len(lower))]
    merged, group = [], ""
    for top, bottom in zip(above, below, strict=True):
        group = top or group
        merged.append((group, bottom) if bottom else ("", top))
        group = group if bottom else ""
    return merged


def _head(cells: Sequence[tuple[str, str]], rows: int) -> Head | None:
    columns: dict[str, int] = {}
    units: dict[str, str] = {}
    unknown: list[str] = []
    twice: list[str] = []
    for index, (group, cell) in enumerate(cells):
        if not cell:
            continue
        text, unit = plain_head(cell)
        field = known_heads().get(text)
        if field is None:
            unknown.append(cell)
        elif field == "ignored":
            continue
        elif field in columns:
            twice.append(cell)
        else:
            columns[field] = index
            if field in _MASSES:
                units[field] = unit or plain_head(group)[1]
    if len(columns) < HEAD_LEAST or not _TELLING & set(columns):
        return None
    texts = frozenset(cell for group, cell in cells if cell)
    return Head(columns, units, rows, tuple(unknown), tuple(twice), texts)


def check_head(head: Head, line: int) -> list[Finding]:
    """What a head lacks, or names twice."""
    found = []
    names = column_names()
    for text in head.twice:
        what = f"表头有两列都表示“{names[known_heads()[plain_head(text)[0]]]}”，后一列叫“{text[:20]}”。"
        found.append(Finding(line, text[:20], what, "请只留一列，另一列删去或改名。", "duplicate_column"))
    has = set(head.columns)
    for column in ticket_columns():
        if column.required == "yes" and column.field not in has and not _is_replaced(column.field, has):
            what = f"表头缺少“{column.name}”列。"
            remedy = f"请补上，可用的列名：{'、'.join(column.heads[:6])}。"
            found.append(Finding(line, column.name, what, remedy, "missing_column"))
    if not has & {column.field for column in ticket_columns() if column.required == "one"}:
        what = "表头没有过磅时间，也没有日期。"
        found.append(Finding(line, names["weighed_at"], what, "请补上“过磅时间”或“日期”列。", "missing_column"))
    return found


def _is_replaced(field: str, has: set[str]) -> bool:
    return field == "net" and {"gross", "tare"} <= has
