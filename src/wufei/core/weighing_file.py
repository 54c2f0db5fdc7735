"""Sheets of weighbridge tickets (磅单表) as they are printed: titles, merged heads, totals, footers among the rows.

Cells in, tickets and findings out. Invariant: no row is passed over in silence. Each is a ticket, has a finding, or
is counted as a blank, head, total or footer; and a printed total is compared with the sum of the tickets above it.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TypeVar

from wufei.core.findings import Finding, Level
from wufei.core.intake import BadValue, parse_date, parse_instant
from wufei.core.intake.files import narrow_edges
from wufei.core.ledger import local_day
from wufei.core.units import grams_of, narrow
from wufei.core.weighing import Weighing, kilograms, normal
from wufei.core.weighing_cells import (
    CLOCK,
    FRACTION,
    read_basis,
    read_clock,
    read_count,
    read_direction,
    read_mass,
    read_waste,
    starts,
)
from wufei.core.weighing_heads import Head, check_head, column_names, find_head, known_heads

T = TypeVar("T")
Rows = Sequence[tuple[int, list[str]]]  # (line from 1, cells)
SURE_DIGITS = 15  # Excel keeps so many of a number
_DAY_IN_TEXT = re.compile(r"[0-9]{4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}")
_UNIT_IN_TEXT = re.compile(r"单位[:：]?\s*([^\s,，;；、)）]+)")
_PAGE = re.compile(r"第?\s*[0-9]+\s*(?:页|/\s*[0-9]+)")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for a sheet where it does not say it itself.

    Attributes:
        site: code of the site of the scale; ``device`` the scale's name.
        direction: in or out.
        unit: of masses; empty where the sheet must name it.
        source: text of the source, as a cell would name it.
    """

    site: str
    device: str
    direction: str
    unit: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One row that could be read; ``weighing.source`` is still the text of the sheet."""

    sheet: str
    line: int
    weighing: Weighing


@dataclass(slots=True)
class SheetTickets:
    """What sheets held, and what is wrong with them; ``passed`` counts the rows that are no tickets, by kind."""

    tickets: list[Ticket] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    passed: dict[str, int] = field(default_factory=dict)
    sheets: list[str] = field(default_factory=list)


def read_tickets(sheets: Iterable[tuple[str, Rows]], defaults: Defaults) -> SheetTickets:
    """Read the tickets of all sheets that have the head of a ticket sheet."""
    held = list(sheets)
    readers = [_SheetReader(name, defaults) for name, _ in held]
    for reader, (_, rows) in zip(readers, held, strict=True):
        reader.read(rows)
    used = [reader for reader in readers if reader.head is not None]
    result = SheetTickets(sheets=[reader.name for reader in used])
    for reader in used:
        result.tickets += reader.tickets
        where = f"工作表“{reader.name[:31]}”：" if len(used) > 1 else ""
        result.findings += [replace(f, what=where + f.what) for f in reader.findings] if where else reader.findings
        for kind, number in reader.passed.items():
            result.passed[kind] = result.passed.get(kind, 0) + number
    if not used:
        what = "没有找到磅单的表头。"
        remedy = "请检查是否上传了正确的文件；表头要有磅单号、货名、净重和过磅时间，可下载模板对照。"
        return SheetTickets(findings=[Finding(None, "", what, remedy, "no_header")])
    if not result.tickets and not any(f.level is Level.ERROR for f in result.findings):
        result.findings.append(Finding(None, "", "文件里没有磅单。", "请检查是否上传了正确的文件。", "no_rows"))
    for reader in readers:
        if reader.head is None and reader.passed.get("title"):
            what = f"工作表“{reader.name[:31]}”没有磅单的表头，没有读。"
            result.findings.append(Finding(None, "", what, "其中没有磅单就不必处理。", "sheet_passed", Level.INFO))
    return result


class _SheetReader:
    """Reads one sheet from top to bottom."""

    def __init__(self, name: str, defaults: Defaults) -> None:
        self.name, self.defaults = name, defaults
        self.tickets: list[Ticket] = []
        self.findings: list[Finding] = []
        self.passed: dict[str, int] = {}
        self.head: Head | None = None
        self.words: frozenset[str] = frozenset(known_heads())
        self.unit, self.day = defaults.unit, ""
        self.sum_g = self.part_g = 0
        self.has_gap = False  # a row since the last total could not be read: totals cannot be compared

    def read(self, rows: Rows) -> None:
        """Read all rows."""
        cleaned = [(line, [narrow_edges(cell) for cell in cells]) for line, cells in rows]
        place = 0
        while place < len(cleaned):
            line, cells = cleaned[place]
            place += 1
            first = next((cell for cell in cells if cell), "")
            if not first:
                self.count("blank")
                continue
            if self.head is None or len(self.words.intersection(cells)) > 2:
                below = cleaned[place][1] if place < len(cleaned) else []
                head = find_head(cells, below)
                if head is not None:
                    self.take_head(head, line)
                    place += head.rows - 1
                    continue
            if self.head is None:
                self.take_title(cells)
            elif starts(first, "total"):
                self.check_total(self.head, line, cells)
            elif starts(first, "footer") or _PAGE.match(narrow(first)):
                self.count("footer")
            elif self.is_ticket(self.head, cells):
                self.read_row(self.head, line, cells)
            else:
                self.take_title(cells)
                what = f"没有磅单号也没有重量：“{' '.join(cell for cell in cells if cell)[:40]}”，没有读。"
                self.add(line, "", what, "是磅单的请补齐；是标题或说明就不必处理。", "row_passed", Level.INFO)

    def count(self, kind: str) -> None:
        self.passed[kind] = self.passed.get(kind, 0) + 1

    def add(self, line: int, name: str, what: str, remedy: str, code: str, level: Level = Level.ERROR) -> None:
        self.findings.append(Finding(line, column_names().get(name, name), what, remedy, code, level))

    def take_head(self, head: Head, line: int) -> None:
        self.count("head")
        if self.head is None or head.texts != self.head.texts:
            self.findings += check_head(head, line)
            if head.unknown:
                what = f"没有读的列：{'、'.join(text[:20] for text in head.unknown)[:120]}。"
                remedy = "不需要的列不必处理；需要的请改成可用的列名。"
                self.add(line, "", what, remedy, "unknown_column", Level.INFO)
        self.head = head
        self.words = frozenset(known_heads()) | head.texts

    def take_title(self, cells: Sequence[str]) -> None:
        """A title may say the unit of all masses and the day of all tickets."""
        text = narrow(" ".join(cell for cell in cells if cell))
        unit, day = _UNIT_IN_TEXT.search(text), _DAY_IN_TEXT.search(text)
        if unit and grams_of(unit[1]) is not None:
            self.unit = unit[1]
        if day:
            self.day = day[0]
        self.count("title")

    def is_ticket(self, head: Head, cells: Sequence[str]) -> bool:
        return any(
            cells[i] for name in ("ticket", "gross", "net") if (i := head.columns.get(name, len(cells))) < len(cells)
        )

    def mass(self, head: Head, name: str, text: str) -> int:
        """The grams of a cell; a unit of its own goes before that of the head, that before the title's."""
        return read_mass(text, head.units.get(name) or self.unit)

    def check_total(self, head: Head, line: int, cells: Sequence[str]) -> None:
        self.count("total")
        index = head.columns.get("net", len(cells))
        text = cells[index] if index < len(cells) else ""
        try:
            printed_g = self.mass(head, "net", text) if text else None
        except BadValue:
            printed_g = None
        if printed_g is not None and not self.has_gap and printed_g not in {self.part_g, self.sum_g}:
            of_g = self.part_g or self.sum_g
            what = f"合计行的净重是 {kilograms(printed_g)} 千克，其上各行相加是 {kilograms(of_g)} 千克。"
            self.add(
                line, "net", what, "请核对是否漏行或重量有误；确认无误可以照常入账。", "total_differs", Level.WARN
            )
        self.part_g = 0

    def read_row(self, head: Head, line: int, cells: list[str]) -> None:
        """Add the ticket of a row, or a finding for each of its cells that cannot be understood."""
        if len(cells) < head.width:
            cells = [*cells, *[""] * (head.width - len(cells))]
        row = {name: cells[index] for name, index in head.columns.items()}
        before = len(self.findings)
        get = row.get
        gross_g, tare_g, net_g = (
            self.read_mass(head, line, name, get(name, "")) for name in ("gross", "tare", "net")
        )
        if net_g is None and gross_g is not None and tare_g is not None and not get("net"):
            net_g = gross_g - tare_g
        elif net_g is None and not get("net"):
            self.add(line, "net", "净重是空的，毛重或皮重也缺。", "请补上净重，或补齐毛重和皮重。", "blank_number")
        at = self.read_time(line, row)
        code = self.read_cell(line, "waste", get("waste", ""), read_waste)
        direction = self.read_cell(line, "direction", get("direction", ""), read_direction)
        count = self.read_cell(line, "count", get("count", ""), read_count)
        basis = self.read_cell(line, "basis", get("basis", ""), read_basis)
        ticket = get("ticket", "")
        if len(ticket) > SURE_DIGITS + 1 and ticket.isdigit() and ticket.endswith("0" * (len(ticket) - SURE_DIGITS)):
            what = f"磅单号 {ticket[:40]} 的末尾像是被 Excel 改成了 0（它只保留 {SURE_DIGITS} 位）。"
            self.add(line, "ticket", what, "请把这一列设为“文本”后重新导出。", "lost_digits", Level.WARN)
        if len(self.findings) > before and any(f.level is Level.ERROR for f in self.findings[before:]):
            self.has_gap = True
            return
        assert net_g is not None
        assert at is not None
        self.sum_g, self.part_g = self.sum_g + net_g, self.part_g + net_g
        weighing = Weighing(
            site=self.defaults.site,
            device=get("device", "") or self.defaults.device,
            ticket=ticket,
            direction=direction or self.defaults.direction,
            waste_code=code or "",
            net_g=net_g,
            weighed_at=at,
            gross_g=gross_g,
            tare_g=tare_g,
            plate=get("plate", ""),
            source=get("source", "") or self.defaults.source,
            manifest=narrow(get("manifest", "")),
            package=narrow(get("package", "")),
            count=count,
            photo_digest=get("photo_digest", ""),
            basis=basis or "weighed",
            note=get("note", ""),
        )
        self.tickets.append(Ticket(self.name, line, normal(weighing)))

    def read_cell(self, line: int, name: str, text: str, read: Callable[[str], T]) -> T | None:
        """What ``read`` makes of a cell, or ``None`` with a finding."""
        try:
            return read(text)
        except BadValue as error:
            self.add(line, name, error.what, error.remedy, error.code)
            return None

    def read_mass(self, head: Head, line: int, name: str, text: str) -> int | None:
        if not text:
            return None
        try:
            return self.mass(head, name, text)
        except BadValue as error:
            remedy = error.remedy
            if error.code == "unknown_unit" and not (head.units.get(name) or self.unit):
                remedy = "请在表头写明，例如“净重(kg)”，或在导入页选择单位。"
            self.add(line, name, f"{column_names()[name]}：{error.what}", remedy, error.code)
            return None

    def read_time(self, line: int, row: Mapping[str, str]) -> datetime | None:
        """The moment of the ticket: its own time, else the later of the two passages, else the day and the clock."""
        try:
            if row.get("weighed_at"):
                return self.whole_time(row["weighed_at"], row.get("time", ""))
            passages = [self.whole_time(row[name], "") for name in ("first_at", "second_at") if row.get(name)]
            if passages:
                return max(passages)
            return self.whole_time(row.get("date", ""), row.get("time", ""))
        except BadValue as error:
            name = next((n for n in ("weighed_at", "date", "first_at", "time") if n in row), "weighed_at")
            remedy = error.remedy
            if error.code == "blank_instant":
                remedy = "请填写；合并的单元格请取消合并后每行填满。"
            self.add(line, name, error.what, remedy, error.code)
            return None

    def whole_time(self, day: str, clock: str) -> datetime:
        """The instant of a day and a clock; either may hold both, and a lone clock takes the day of the title."""
        if clock and (len(clock) > 9 and not FRACTION.fullmatch(clock)):
            return parse_instant(clock)
        plain = narrow(day)
        if plain and (CLOCK.fullmatch(plain) or FRACTION.fullmatch(plain)):
            plain, clock = "", plain
        if not clock:
            return parse_instant(plain)
        hour, minute, second = read_clock(clock)
        on = parse_date(plain or self.day)
        try:
            return parse_instant(f"{on} {hour:02}:{minute:02}:{second:02}")
        except BadValue:
            raise BadValue(f"时间“{clock[:20]}”不存在。", "请写成 14:20 或 14:20:05。", "no_such_instant") from None


# Sound cells in place of those that could not be read, so that the rest of a ticket can still be checked: a waste
# that asks for nothing else, a mass that is allowed, no date that is out of bounds.
_STAND_INS: Mapping[str, str] = {"waste": "900-214-08", "net": "1", "weighed_at": "2026-01-01"}


def read_ticket(cells: Mapping[str, str], defaults: Defaults) -> tuple[Weighing, list[Finding]]:
    """One ticket typed by hand, read as a row of a sheet is.

    Args:
        cells: column (``data/weighings/columns.csv``) -> what was typed; masses in ``defaults.unit``.

    Returns:
        The ticket and all that could not be read, each with its column as ``field``. The ticket stands in for what
        could not be read: its own findings of those columns mean nothing, and it must not be recorded.
    """
    keys = {label: name for name, label in column_names().items()}
    columns = {name: place for place, name in enumerate(cells)}
    head = Head(columns, {}, 1, (), (), frozenset())
    reader = _SheetReader("", defaults)
    reader.read_row(head, 0, [narrow_edges(text) for text in cells.values()])
    findings = [replace(found, line=None, field=keys.get(found.field, found.field)) for found in reader.findings]
    if {"gross", "tare"} & {found.field for found in findings}:  # then the net is not missing
        findings = [found for found in findings if (found.field, found.code) != ("net", "blank_number")]
    wrong = {found.field for found in findings if found.level is Level.ERROR}
    if wrong:
        masses = {"gross", "tare"} if wrong & {"gross", "tare", "net"} else set()
        sound = dict(cells) | {name: _STAND_INS.get(name, "") for name in wrong | masses}
        sound |= {"net": "1"} if masses else {}
        reader = _SheetReader("", defaults)
        reader.read_row(replace(head, columns={name: i for i, name in enumerate(sound)}), 0, [*sound.values()])
    return reader.tickets[0].weighing, findings


def without_repeats(tickets: Sequence[Ticket]) -> tuple[list[Ticket], list[Finding]]:
    """The tickets, each once: printed twice alike is kept once, one number with two contents is a fault."""
    kept: list[Ticket] = []
    findings: list[Finding] = []
    first: dict[str, tuple[Ticket, str]] = {}
    for ticket in tickets:
        key, content = ticket.weighing.key, ticket.weighing.content
        if key not in first:
            first[key] = (ticket, content)
            kept.append(ticket)
            continue
        earlier, known = first[key]
        where = (
            f"工作表“{earlier.sheet[:31]}”第 {earlier.line} 行"
            if earlier.sheet != ticket.sheet
            else f"第 {earlier.line} 行"
        )
        name = column_names()["ticket"]
        if content == known:
            what = f"磅单 {ticket.weighing.ticket[:40]} 与{where}相同，只记一次。"
            findings.append(Finding(ticket.line, name, what, "不必处理。", "repeated_ticket", Level.WARN))
        else:
            what = f"磅单号 {ticket.weighing.ticket[:40]} 与{where}重复，但内容不同。"
            remedy = "请核对：删去其中一行，或改正磅单号。"
            findings.append(Finding(ticket.line, name, what, remedy, "duplicate_ticket"))
    return kept, findings


def day_totals(tickets: Iterable[Ticket]) -> dict[tuple[str, date], tuple[int, int]]:
    """Number of tickets and net grams by waste code and day, in order."""
    sums: dict[tuple[str, date], tuple[int, int]] = {}
    for ticket in tickets:
        place = (ticket.weighing.waste_code, local_day(ticket.weighing.weighed_at))
        number, mass_g = sums.get(place, (0, 0))
        sums[place] = (number + 1, mass_g + ticket.weighing.net_g)
    return dict(sorted(sums.items()))
