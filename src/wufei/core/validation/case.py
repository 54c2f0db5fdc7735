"""What the validation rules look at: one place and year with its figures, relations, targets and statements.

Invariant: a case is read only. A rule takes it and returns issues; it mends nothing.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from wufei.core import indicators
from wufei.core.findings import Level
from wufei.core.formula import Formula, Reference
from wufei.core.interval import Interval
from wufei.core.plan import Comparator, Pack, TargetValue
from wufei.core.reference import exists, read_document, read_table
from wufei.core.values import Value, ValueSet, interval_of

_SIGN = re.compile(r"<=|>=|=|~")
_WORD_BOUNDS = [("负增长", Comparator.AT_MOST), ("零增长", Comparator.AT_MOST), ("正增长", Comparator.MORE)]


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that does not agree: what and where it is, and what is proposed. Texts are Chinese.

    ``elements`` are the elements and indicators it is about, ``period`` the year, ``place`` the division code.
    """

    rule: str
    level: str
    subject: str
    message: str
    proposal: str
    source: str
    elements: tuple[str, ...] = ()
    period: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """Two formulas that must agree: ``=`` equal, ``<=`` not above, ``~`` of the same order of magnitude."""

    id: str
    rule: str
    level: str
    left: Formula
    sign: str
    right: Formula
    what: str
    source: str

    def references(self, year: int) -> tuple[Reference, ...]:
        """The figures of both sides, each once."""
        return tuple(dict.fromkeys(self.left.references(year) + self.right.references(year)))


@dataclass(frozen=True, slots=True)
class TargetRow:
    """A printed target row, or one part of it."""

    key: str
    no: str
    part: str
    name: str
    indicator: str
    scope: str
    unit: str
    baseline_year: int | None
    baseline: str
    targets: Mapping[int, TargetValue]
    source: str

    @property
    def label(self) -> str:
        """For people: ``1.2.5 秸秆综合利用率`` or ``7 生活垃圾回收利用率（城镇）``."""
        return f"{self.no} {self.name}{f'（{self.part}）' if self.part else ''}".strip()

    @property
    def baseline_number(self) -> Decimal | None:
        """The baseline where it is a plain number."""
        return Decimal(self.baseline) if re.fullmatch(r"-?\d+(\.\d+)?", self.baseline) else None


@dataclass(frozen=True, slots=True)
class Statement:
    """What the running text or a scoring rule says of a target: kind is target, rule, rule_words, tiers, mark …"""

    id: str
    kind: str
    no: str
    part: str
    indicator: str
    period: str
    value: str
    unit: str
    text: str
    source: str


@dataclass(frozen=True)
class Case:
    """All that is checked of one place for one year."""

    division: str
    year: int
    values: ValueSet
    relations: Sequence[Relation] = ()
    targets: Sequence[TargetRow] = ()
    statements: Sequence[Statement] = ()
    ledger: ValueSet | None = None
    peers: Mapping[str, tuple[Fraction, ...]] = field(default_factory=dict)  # rate -> other places' values
    thresholds: Mapping[str, Fraction] = field(default_factory=lambda: thresholds())

    @cached_property
    def years(self) -> tuple[int, ...]:
        """The years up to ``year`` that have figures, the latest first."""
        found = {int(value.period) for value in self.values if value.period.isdigit()}
        return tuple(sorted((y for y in found | {self.year} if y <= self.year), reverse=True))

    @cached_property
    def _target_figures(self) -> Mapping[tuple[str, int], Value]:
        figures = {}
        for row in self.targets:
            for year, target in row.targets.items():
                if target.number is not None and not row.part:
                    figures[row.key, year] = Value(
                        row.key, "", str(year), target.number, "number", row.unit, target.text + row.unit, row.source
                    )
        return figures

    def find(self, reference: Reference) -> Value | None:
        """The figure or target number that a reference asks for, where it is a number."""
        target = self._target_figures.get((reference.element, reference.year))
        value = target or self.values.get(reference.element, str(reference.year), reference.scope)
        return value if value is not None and value.value is not None else None

    def interval(self, value: Value) -> Interval:
        """What a printed figure may stand for; a figure the source calls approximate is taken more widely."""
        if value.element in {key for key, _ in self._target_figures}:
            return Interval(Fraction(value.value or 0), Fraction(value.value or 0))
        exact = interval_of(value, is_count=indicators.is_count(value.element))
        return exact.widened(self.thresholds["rough_share"]) if value.is_rough else exact

    def name(self, value: Value) -> str:
        """The Chinese name of a figure with its scope."""
        for row in self.targets:
            if row.key == value.element:
                return row.label
        return figure_name(value)


def figure_name(value: Value) -> str:
    """The Chinese name of an element with its scope: ``畜禽粪污产生量（规模养殖场）``."""
    name = indicators.name_of(value.element)
    return f"{name}（{indicators.scope_name(value.scope)}）" if value.scope else name


def thresholds() -> dict[str, Fraction]:
    """The thresholds of ``data/validation/thresholds.json``, exact."""
    table: dict[str, str] = read_document("validation/thresholds.json")
    return {name: Fraction(text) for name, text in table.items()}


def read_relation(row: Mapping[str, str]) -> Relation:
    """Read one row of a relations table: ``rule`` may carry a level of its own (``V08:info``)."""
    match = _SIGN.search(row["expression"])
    assert match is not None, row
    rule, _, level = row["rule"].partition(":")
    sides = [row["expression"][: match.start()], row["expression"][match.end() :]]
    left, right = (indicators.parsed(side) for side in (sides[::-1] if match.group() == ">=" else sides))
    return Relation(
        id=row["id"],
        rule=rule,
        level=str(Level(level)) if level else "",
        left=left,
        sign=match.group().replace(">", "<"),
        right=right,
        what=row["what"],
        source=row.get("source", ""),
    )


def place_relations(division: str) -> list[Relation]:
    """The relations that hold everywhere, then those of the place's own document."""
    own = f"plans/{division}/relations.csv"
    rows = read_table("validation/relations.csv") + (read_table(own) if exists(own) else [])
    return [read_relation(row) for row in rows]


def place_statements(division: str) -> list[Statement]:
    """What the running text of the place's document says of its targets."""
    path = f"plans/{division}/statements.csv"
    return [Statement(**row) for row in read_table(path)] if exists(path) else []


def target_rows(pack: Pack) -> list[TargetRow]:
    """All printed target rows of a pack, parts as rows of their own, those of the running text last."""
    rows = []
    for target in [*pack.targets, *pack.text_targets]:
        shell = TargetRow(
            key=target.key,
            no=target.no or "",
            part="",
            name=target.name,
            indicator=target.indicator,
            scope=target.scope,
            unit=target.unit,
            baseline_year=target.baseline_year,
            baseline=target.baseline,
            targets=target.targets,
            source=target.source,
        )
        if target.targets or not target.parts:
            rows.append(shell)
        rows.extend(
            TargetRow(
                key=target.key,
                no=target.no or "",
                part=part.part,
                name=target.name,
                indicator=part.indicator or target.indicator,
                scope=part.scope,
                unit=target.unit,
                baseline_year=target.baseline_year,
                baseline=part.baseline,
                targets=part.targets,
                source=part.source,
            )
            for part in target.parts
        )
    return rows


def bound_of(target: TargetValue) -> tuple[Comparator, Decimal] | None:
    """Comparator and number of a target, also of words that mean one (负增长或零增长)."""
    if target.number is not None:
        return target.comparator, target.number
    for word, comparator in _WORD_BOUNDS:
        if word in target.text:
            return comparator, Decimal(0)
    return None


def joined_sources(values: Iterable[Value]) -> str:
    """The places in the document of several figures, each once."""
    return "；".join(dict.fromkeys(value.source for value in values if value.source))
