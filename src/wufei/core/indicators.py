"""Indicators (指标): formulas over data elements, versioned, with the readings that places differ in.

Invariant: an outcome is a value, "no data" with the names of what lacks, or "not applicable"; the unknown is never 0.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from functools import cache

from wufei.core import formula as language
from wufei.core.formula import Formula, Reference, ZeroDenominator
from wufei.core.interval import Interval, decimal_slip
from wufei.core.reference import exists, folders, read_document, read_table
from wufei.core.values import PUBLISHED, State, Value, ValueSet, interval_of

STANDARD = "standard"  # the reading of indicators.csv itself


class UnknownIndicator(ValueError):
    """No indicator has this id."""


class UnknownElement(ValueError):
    """No data element has this id."""


class Status(StrEnum):
    """Whether an outcome has a value."""

    VALUE = "value"
    NO_DATA = "no_data"
    NOT_APPLICABLE = "not_applicable"


class Basis(StrEnum):
    """How a value came about."""

    PUBLISHED = "published"
    COMPUTED = "computed"


@dataclass(frozen=True, slots=True)
class Element:
    """One row of ``data_elements.csv``. ``table`` says whether it came with the facts or was added (own)."""

    id: str
    name: str
    name_en: str
    unit: str
    domain: str
    source: str
    period: str
    notes: str
    table: str
    is_count: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to compute an indicator: the standard one, or another denominator that a place or text uses."""

    indicator: str
    name: str
    formula: str
    confidence: str
    note: str


@dataclass(frozen=True, slots=True)
class Indicator:
    """One row of ``indicators.csv``.

    ``direction`` says whether higher, lower or none is better; ``versions`` are the systems it belongs to.
    """

    id: str
    name: str
    name_en: str
    unit: str
    direction: str
    formula: str
    elements: tuple[str, ...]
    departments: tuple[str, ...]
    level1: str
    level2: str
    national_ref: str
    status: str
    versions: tuple[str, ...]
    variant_of: str
    confidence: str
    formula_note: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an indicator is in a year, and all that it rests on.

    ``value`` is unrounded, in the indicator's unit. ``inputs`` are the figures used, ``missing`` the references that
    nothing was found for (``element@year``). ``published`` is the value that the place itself printed, where it did:
    with basis ``computed`` both are known and V07 compares them. ``version`` is ``<system>/<reading>``.
    ``slip`` is k where the computed value is the published one times 10^-k: an input is in the wrong unit (V05), and
    the published value stands until somebody has mended it.
    """

    indicator: str
    status: Status
    value: Fraction | None
    basis: Basis
    inputs: tuple[Value, ...]
    missing: tuple[str, ...]
    formula: str
    version: str
    published: Value | None = None
    bounds: Interval | None = None
    slip: int = 0


def _rule_inputs(counts: set[str]) -> dict[str, Element]:
    """What only a place's scoring rules ask for: ranks, counts of awards, yearly targets, judgements."""
    paths = [f"plans/{division}/scoring.json" for division in folders("plans")]
    rows = [row for path in paths if exists(path) for row in read_document(path)["inputs"]]
    return {
        row["id"]: Element(
            id=row["id"],
            name=row["name"],
            name_en="",
            unit=row["unit"],
            domain="governance",
            source="reported",
            period="year",
            notes="",
            table="rules",
            is_count=row["unit"] in counts,
        )
        for row in rows
    }


@cache
def elements() -> Mapping[str, Element]:
    """All data elements by id: those of the common table, and the inputs of the rule sets."""
    counts = {row["unit"] for row in read_table("indicators/units.csv") if row["kind"] == "count"}
    return _rule_inputs(counts) | {
        row["id"]: Element(
            id=row["id"],
            name=row["name_zh"],
            name_en=row["name_en"],
            unit=row["unit"],
            domain=row["waste_domain"],
            source=row["source"],
            period=row["reporting_period"],
            notes=row["notes"],
            table=row["origin"],
            is_count=row["unit"] in counts,
        )
        for row in read_table("indicators/data_elements.csv")
    }


@cache
def indicators() -> Mapping[str, Indicator]:
    """All indicators by id."""
    return {
        row["id"]: Indicator(
            id=row["id"],
            name=row["name_zh"],
            name_en=row["name_en"],
            unit=row["unit"],
            direction=row["direction"],
            formula=row["formula"],
            elements=tuple(row["data_elements"].split()),
            departments=tuple(row["departments"].split(";")),
            level1=row["level1"],
            level2=row["level2"],
            national_ref=row["national_ref"],
            status=row["status"],
            versions=tuple(row["versions"].split(";")),
            variant_of=row["variant_of"],
            confidence=row["confidence"],
            formula_note=row["formula_note"],
        )
        for row in read_table("indicators/indicators.csv")
    }


@cache
def _readings() -> Mapping[tuple[str, str], Reading]:
    rows = read_table("indicators/readings.csv")
    return {
        (row["indicator"], row["reading"]): Reading(
            row["indicator"], row["reading"], row["formula"], row["confidence"], row["note"]
        )
        for row in rows
    }


@cache
def _place_readings() -> Mapping[tuple[str, str], Mapping[str, str]]:
    return {(row["division"], row["indicator"]): row for row in read_table("indicators/place_readings.csv")}


def indicator(indicator_id: str) -> Indicator:
    """The indicator of this id, or ``UnknownIndicator``."""
    if indicator_id not in indicators():
        raise UnknownIndicator(f"没有编号为 {indicator_id} 的指标。")
    return indicators()[indicator_id]


def element(element_id: str) -> Element:
    """The data element of this id, or ``UnknownElement``."""
    if element_id not in elements():
        raise UnknownElement(f"没有编号为 {element_id} 的数据元。")
    return elements()[element_id]


def name_of(element_id: str) -> str:
    """The Chinese name of an element, or of the indicator that an ``indicator:<id>`` element publishes."""
    if element_id.startswith(PUBLISHED):
        return indicator(element_id.removeprefix(PUBLISHED)).name
    return element(element_id).name


@cache
def _scopes() -> Mapping[str, str]:
    return {row["scope"]: row["name_zh"] for row in read_table("indicators/scopes.csv")}


def scope_name(scope: str) -> str:
    """The Chinese name of a part of a place or element; the slug itself where the table has none."""
    return _scopes().get(scope, scope)


def find_scope(text: str) -> str | None:
    """The part of a place or element that a slug or its one Chinese name means; ``None`` where there is none."""
    if text in _scopes():
        return text
    named = [scope for scope, name in _scopes().items() if name == text]
    return named[0] if len(named) == 1 else None


def scope_names() -> Mapping[str, str]:
    """Chinese names of the parts by slug."""
    return _scopes()


def unit_of(element_id: str) -> str:
    """The unit in which figures of this element are kept."""
    if element_id.startswith(PUBLISHED):
        return indicator(element_id.removeprefix(PUBLISHED)).unit
    return element(element_id).unit


def is_count(element_id: str) -> bool:
    """Whether figures of this element are whole numbers that nobody rounds (家, 个, 头 …)."""
    return not element_id.startswith(PUBLISHED) and element(element_id).is_count


def reading_of(indicator_id: str, division: str = "") -> Reading:
    """How ``division`` computes the indicator: its own reading where it has one, else the standard one."""
    row = indicator(indicator_id)
    name = _place_readings().get((division, indicator_id), {}).get("reading", STANDARD)
    standard = Reading(indicator_id, STANDARD, row.formula, row.confidence, row.formula_note)
    return standard if name == STANDARD else _readings()[indicator_id, name]


def reading_source(indicator_id: str, division: str) -> str:
    """Where a place's document shows the reading it uses; empty where it uses the standard one."""
    return _place_readings().get((division, indicator_id), {}).get("source", "")


def spelled(formula: str) -> str:
    """A formula for people: elements by their Chinese names, ``×`` and ``÷`` for the signs."""
    words = {"prev": "上年", "base": "参照年", "at": "指定年"}

    def word(match: re.Match[str]) -> str:
        name, scope = match.group("name"), match.group("scope")
        chinese = words.get(name) or (name_of(name) if name.removeprefix(PUBLISHED) in _known() else name)
        return f"{chinese}（{scope_name(scope)}）" if scope else chinese

    text = re.sub(r"(?P<name>(?:indicator:)?[A-Za-z_]\w*)(?:\[(?P<scope>\w+)\])?", word, formula)
    return text.replace("*", "×").replace("/", "÷")


def _known() -> set[str]:
    return {*elements(), *indicators()}


def alternatives(indicator_id: str) -> tuple[Reading, ...]:
    """The other readings known of an indicator."""
    return tuple(reading for (of, _), reading in _readings().items() if of == indicator_id)


@cache
def parsed(text: str) -> Formula:
    """The parsed formula of ``text``; the tables hold each but once, so it is read but once."""
    return language.parse(text)


def evaluate(
    indicator_id: str,
    values: ValueSet,
    year: int,
    *,
    base_year: int | None = None,
    reading: Reading | None = None,
    scope: str = "",
) -> Outcome:
    """What the indicator is in ``year``: computed from elements, else as published, else no data.

    Args:
        base_year: the reference year of ``base(…)``; the year before where none is given.
        reading: another way to compute it; default: the place's own, else the standard one.
        scope: a part (``urban``); a formula's own scopes stand, names without one take this.

    Raises:
        UnknownIndicator: no indicator has this id.
    """
    row = indicator(indicator_id)
    reading = reading or reading_of(indicator_id, values.division)
    published = values.published(indicator_id, str(year), scope)
    version = f"{row.versions[0]}/{reading.name}"
    shell = Outcome(
        indicator_id, Status.NO_DATA, None, Basis.COMPUTED, (), (), reading.formula, version, published=published
    )
    if not reading.formula:
        return _as_published(shell, published, (f"{PUBLISHED}{indicator_id}@{year}",))
    return _computed(shell, parsed(reading.formula), values, year, base_year, scope)


def find(values: ValueSet, reference: Reference, scope: str = "") -> Value | None:
    """The figure that a reference asks for; ``scope`` stands in where the reference names none."""
    return values.get(reference.element, str(reference.year), reference.scope or scope)


def _computed(
    shell: Outcome, formula: Formula, values: ValueSet, year: int, base_year: int | None, scope: str
) -> Outcome:
    found: dict[Reference, Value] = {}
    missing: list[str] = []
    for reference in formula.references(year, base_year):
        value = find(values, reference, scope)
        if value is not None and value.state == State.NOT_APPLICABLE:
            return replace(shell, status=Status.NOT_APPLICABLE, inputs=(value,))
        if value is None or value.value is None:
            missing.append(reference.label)
        else:
            found[reference] = value
    if missing:
        return _as_published(replace(shell, inputs=tuple(found.values())), shell.published, tuple(missing))
    try:
        exact = formula.evaluate_exact(lambda reference: _number(found[reference]), year, base_year)
    except ZeroDenominator:
        return replace(shell, status=Status.NOT_APPLICABLE, inputs=tuple(found.values()))
    bounds = bounds_of(formula, found, year, base_year)
    published = shell.published
    if bounds is not None and published is not None and published.value:
        slip = decimal_slip(bounds, interval_of(published, is_count=False))
        if slip:
            return replace(_as_published(shell, published, ()), slip=slip)
    return replace(shell, status=Status.VALUE, value=exact, inputs=tuple(found.values()), bounds=bounds)


def _number(value: Value) -> Fraction:
    assert value.value is not None
    return Fraction(value.value)


def bounds_of(
    formula: Formula, found: Mapping[Reference, Value], year: int, base_year: int | None = None
) -> Interval | None:
    """Where the result may lie, given that the printed figures are rounded; ``None`` where it is unbounded."""
    intervals = {ref: interval_of(value, is_count=is_count(ref.element)) for ref, value in found.items()}
    try:
        return formula.evaluate(
            lambda reference: intervals[reference], lambda number: Interval(number, number), year, base_year
        )
    except ArithmeticError:
        return None


def _as_published(shell: Outcome, published: Value | None, missing: tuple[str, ...]) -> Outcome:
    if published is None or published.state in {State.BLANK, State.SLASH}:
        return replace(shell, missing=missing)
    if published.state == State.NOT_APPLICABLE:
        return replace(shell, status=Status.NOT_APPLICABLE, basis=Basis.PUBLISHED, inputs=(published,))
    return replace(
        shell,
        status=Status.VALUE,
        value=_number(published),
        basis=Basis.PUBLISHED,
        inputs=(published,),
        missing=missing,
        bounds=interval_of(published, is_count=False),
    )
