"""Periodic declarations (月、季、年申报): what a site's books say of a period, a line a waste code.

Invariant: opening + generated + received = own utilised + own disposed + outsourced + dumped + closing + adjusted, or
a finding tells by how much not. Forms and their due days are data: ``declarations/forms.json``; source:
hj1259-2022/monthly-due, hj1259-2022/quarterly-due, hj1259-2022/annual-due.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType

from wufei.core.catalogue import UnknownWasteCode, domain_of, waste_code
from wufei.core.findings import Finding, Level
from wufei.core.form_fields import tonnes_text
from wufei.core.ledger import HELD, Bucket
from wufei.core.reference import read_document
from wufei.core.regulations import clause_value

KINDS: Mapping[str, str] = MappingProxyType({"month": "月", "quarter": "季", "year": "年"})
_PERIOD = re.compile(r"(20[0-9]{2})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])))?")


@dataclass(frozen=True, slots=True)
class Period:
    """A month ``2026-10``, a quarter ``2026-Q3`` or a year ``2026``."""

    text: str
    kind: str
    first: date
    last: date

    @property
    def name(self) -> str:
        """As people write it."""
        year = f"{self.first.year} 年"
        if self.kind == "month":
            return f"{year} {self.first.month} 月"
        return f"{year}第 {self.text[-1]} 季度" if self.kind == "quarter" else year


def parse_period(text: str) -> Period | None:
    """The period that ``text`` names, else ``None``."""
    match = _PERIOD.fullmatch(text)
    if match is None:
        return None
    year, month, quarter = int(match[1]), match[2], match[3]
    first_month, months = (int(month), 1) if month else (3 * int(quarter) - 2, 3) if quarter else (1, 12)
    kind = "month" if month else "quarter" if quarter else "year"
    return Period(text, kind, date(year, first_month, 1), _first_of(year, first_month + months) - timedelta(days=1))


def _first_of(year: int, month: int) -> date:
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class Form:
    """One form: which wastes stand in it, with which book it is compared, titles and due clauses by period."""

    form: str
    name: str
    domains: tuple[str, ...]
    categories: tuple[str, ...]
    book: str
    plan: bool
    titles: Mapping[str, str]
    due: Mapping[str, str]

    def takes(self, code: str) -> bool:
        """Whether a waste code stands in the form."""
        try:
            return domain_of(code) in self.domains and (
                not self.categories or waste_code(code).category in self.categories
            )
        except UnknownWasteCode:
            return False

    def due_on(self, period: Period) -> date | None:
        """The last day on which the period is declared in time; ``None`` where no clause sets one."""
        key = self.due.get(period.kind)
        if not key:
            return None
        value = clause_value(key, period.last)
        if period.kind == "year":
            month, day = value.split("-")
            return date(period.last.year + 1, int(month), int(day))
        return (period.last + timedelta(days=1)).replace(day=int(value))


@cache
def forms() -> Mapping[str, Form]:
    """All forms by id."""
    return MappingProxyType(
        {
            row["form"]: Form(
                row["form"],
                row["name"],
                tuple(row["domains"]),
                tuple(row["categories"]),
                row["book"],
                row["plan"],
                row["titles"],
                row["due"],
            )
            for row in read_document("declarations/forms.json")["forms"]
        }
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One waste code of a declaration, in grams."""

    waste_code: str
    opening_g: int = 0
    generated_g: int = 0
    received_g: int = 0
    utilised_g: int = 0
    disposed_g: int = 0
    outsourced_g: int = 0
    dumped_g: int = 0
    adjusted_g: int = 0
    closing_g: int = 0

    @property
    def residual_g(self) -> int:
        """What the identity leaves over; anything but 0 needs an explanation."""
        income = self.opening_g + self.generated_g + self.received_g
        outcome = self.utilised_g + self.disposed_g + self.outsourced_g + self.dumped_g
        return income - outcome - self.closing_g - self.adjusted_g


TERMS = tuple(one.name for one in fields(Line) if one.name != "waste_code")
TERM_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "opening_g": "期初贮存", "generated_g": "产生", "received_g": "接收", "utilised_g": "自行利用",
        "disposed_g": "自行处置", "outsourced_g": "委外", "dumped_g": "倾倒丢弃", "adjusted_g": "盘点差异",
        "closing_g": "期末贮存",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SiteFlow:
    """What moved between two accounts, one of them the site's; ``is_after`` where it was after the period."""

    waste_code: str
    source_here: bool
    source: Bucket
    target_here: bool
    target: Bucket
    kind: str
    mass_g: int
    is_after: bool


_OUT_OF_STORE = {
    Bucket.UTILISED: "utilised_g",
    Bucket.DISPOSED: "disposed_g",
    Bucket.DUMPED: "dumped_g",
    Bucket.UNEXPLAINED: "adjusted_g",
}


def lines_of(flows: Iterable[SiteFlow], held_g: Mapping[str, int]) -> list[Line]:
    """The lines of a period from the site's flows since its first day, and what is held of each code now.

    The closing is what is held less what came after; the opening that less what the period changed. What a reversal
    takes back counts against the term it undoes.
    """
    terms: dict[str, dict[str, int]] = {code: {} for code, mass_g in held_g.items() if mass_g}

    def add(code: str, term: str, mass_g: int) -> None:
        line = terms.setdefault(code, {})
        line[term] = line.get(term, 0) + mass_g

    for code, mass_g in held_g.items():
        if mass_g:
            add(code, "opening_g", mass_g)
            add(code, "closing_g", mass_g)
    for flow in flows:
        into = flow.target_here and flow.target in HELD
        out = flow.source_here and flow.source in HELD
        change = (int(into) - int(out)) * flow.mass_g
        add(flow.waste_code, "opening_g", -change)
        if flow.is_after:
            add(flow.waste_code, "closing_g", -change)
            continue
        for term, mass_g in _terms_of(flow):
            add(flow.waste_code, term, mass_g)
    lines = [Line(code, **line) for code, line in sorted(terms.items())]
    return [line for line in lines if any(getattr(line, term) for term in TERMS)]


def _terms_of(flow: SiteFlow) -> list[tuple[str, int]]:
    source, target, sign = (flow.source_here, flow.source), (flow.target_here, flow.target), 1
    if flow.kind == "reverse":
        source, target, sign = target, source, -1
    found: list[tuple[str, int]] = []
    if source == (True, Bucket.GENERATED):
        found.append(("generated_g", 1))
    elif source == (True, Bucket.UNEXPLAINED):
        found.append(("adjusted_g", -1))
    elif not source[0]:
        found.append(("opening_g" if flow.kind == "opening" else "received_g", 1))
    if not target[0]:
        found.append(("outsourced_g", 1))
    elif target[1] in _OUT_OF_STORE:
        found.append((_OUT_OF_STORE[target[1]], 1))
    return [(term, sign * factor * flow.mass_g) for term, factor in found]


# Which entries of the record book stand behind a term of the declaration.
_ROLES = {"generated_g": ("generate", "collect"), "own_g": ("own",), "outsourced_g": ("outsource",)}
_WORDS = {"generated_g": "产生", "own_g": "自行利用处置", "outsourced_g": "委外"}


def check_lines(
    lines: Sequence[Line], booked_g: Mapping[tuple[str, str], int], planned: Collection[str] | None
) -> list[Finding]:
    """What has to be explained before a declaration is confirmed; none of it forbids that.

    Args:
        booked_g: grams of the record book by (waste code, role).
        planned: the codes of the management plan; ``None`` where the form knows no plan.
    """
    found: list[Finding] = []

    def tell(code: str, what: str, remedy: str, kind: str, level: Level = Level.WARN) -> None:
        found.append(Finding(None, code, what, remedy, kind, level))

    by_code = {line.waste_code: line for line in lines}
    for code in sorted({*by_code, *(code for code, _ in booked_g)}):
        line = by_code.get(code, Line(code))
        if line.residual_g:
            what = f"{code} 期初＋产生＋接收与自行＋委外＋期末相差 {tonnes_text(line.residual_g)} 吨。"
            tell(code, what, "请核对台账，补记或冲销后重新生成。", "not_balanced", Level.ERROR)
        own = {"own_g": line.utilised_g + line.disposed_g}
        for term, roles in _ROLES.items():
            ledger_g = own.get(term) if term in own else getattr(line, term)
            book_g = sum(booked_g.get((code, role), 0) for role in roles)
            if ledger_g != book_g:
                what = (
                    f"{code} {_WORDS[term]}：账本 {tonnes_text(ledger_g or 0)} 吨，台账 {tonnes_text(book_g)} 吨，"
                    f"相差 {tonnes_text((ledger_g or 0) - book_g)} 吨。"
                )
                remedy = (
                    "账本多的，来自包装、联单、称重等其他单据，请点“补入台账”：只关联，不再记一次；"
                    "同一批已手工登记的，请先冲销那一条。台账多的，请核对联单是否已起运，有误的冲销。"
                )
                tell(code, what, remedy, "book_differs")
        if line.dumped_g:
            tell(code, f"{code} 倾倒丢弃 {tonnes_text(line.dumped_g)} 吨。", "请说明情况并报告主管部门。", "dumped")
        if line.adjusted_g:
            what = f"{code} 盘点差异 {tonnes_text(line.adjusted_g)} 吨。"
            tell(code, what, "请在确认时说明差异的原因。", "adjusted", Level.INFO)
        if planned is not None and code not in planned:
            tell(code, f"{code} 没有列入当年已备案的管理计划。", "请变更管理计划。", "not_planned")
    return found


def as_rows(lines: Sequence[Line]) -> list[dict[str, object]]:
    """The lines as plain values."""
    return [asdict(line) for line in lines]


def from_rows(rows: Sequence[Mapping[str, object]]) -> list[Line]:
    """The inverse of ``as_rows``."""
    return [Line(str(row["waste_code"]), **{term: int(str(row[term])) for term in TERMS}) for row in rows]


def total_of(lines: Sequence[Line]) -> Line:
    """The sums of all lines."""
    return Line("", **{term: sum(getattr(line, term) for line in lines) for term in TERMS})
