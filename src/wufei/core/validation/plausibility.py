"""Rules of plausibility: ranges, areas, double counts, and what the ledger says (V12, V13, V16, V17)."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from wufei.core import indicators
from wufei.core.formula import Reference
from wufei.core.interval import Interval
from wufei.core.reference import read_document, read_table
from wufei.core.validation.case import Case, Issue, figure_name, joined_sources
from wufei.core.validation.registry import issue, rule
from wufei.core.validation.wording import in_unit_of, plain
from wufei.core.values import State, Value, printed_number


def _bounds(case: Case, text: str) -> tuple[Fraction, Interval, tuple[Value, ...]] | None:
    """Exact value, interval and inputs of an expression; ``None`` where a figure lacks or a divisor is 0."""
    formula = indicators.parsed(text)
    references = formula.references(case.year)
    found: dict[Reference, Value] = {ref: v for ref in references if (v := case.find(ref)) is not None}
    if len(found) < len(references):
        return None
    try:
        exact = formula.evaluate_exact(lambda ref: Fraction(found[ref].value or 0), case.year)
        bounds = formula.evaluate(
            lambda ref: case.interval(found[ref]), lambda number: Interval(number, number), case.year
        )
    except ArithmeticError:
        return None
    return exact, bounds, tuple(found.values())


@rule("V13")
def figures_are_plausible(case: Case) -> Iterator[Issue]:
    """Ratios of figures stay in the ranges of ``plausibility.json``."""
    rows: list[dict[str, Any]] = read_document("validation/plausibility.json")
    for row in rows:
        found, low, high = (_bounds(case, row[side]) for side in ("expression", "low", "high"))
        if found is None or low is None or high is None:
            continue
        exact, bounds, inputs = found
        if bounds.high >= low[1].low and bounds.low <= high[1].high:
            continue
        figures = "、".join(f"{figure_name(v)} {v.shown}" for v in inputs + high[2])
        also = _bounds(case, row["also"]) if row["also"] else None
        extra = f"{row['also_what']}：{plain(also[0], 3)}。" if also else ""
        yield issue(
            "V13",
            row["what"],
            f"{row['what']}为 {_readable(exact, row['unit'])}，合理范围是 {_readable(low[0], row['unit'])} 至 "
            f"{_readable(high[0], row['unit'])}（{figures}）。",
            row["proposal"] + extra,
            joined_sources(inputs + high[2]),
            elements=[v.element for v in inputs],
            period=case.year,
        )


def _readable(number: Fraction, unit: str) -> str:
    return plain(number / 10000, 1) + "万" + unit if unit == "亩" and number >= 10000 else plain(number) + unit


@rule("V16")
def absence_is_said_in_one_way(case: Case) -> Iterator[Issue]:
    """Blank, slash, zero and "not applicable" are not taken for one another."""
    for value in case.values:
        printed = value.printed.strip()
        wrong = ""
        if value.state == State.NUMBER and printed in {"/", "-", "—", "不适用"}:
            wrong = f"印作“{printed}”，却按数 {value.value} 录入"
        elif (
            value.state == State.NUMBER and value.value == 0 and printed and printed_number(printed) not in {0, None}
        ):
            wrong = f"印作“{printed}”，却按 0 录入"
        elif value.state == State.BLANK and printed == "/":
            wrong = "印作“/”，却按空白录入"
        if wrong:
            yield issue(
                "V16",
                figure_name(value),
                f"{figure_name(value)}{wrong}。",
                "空白（未报）、斜杠、0 和不适用是四回事：按原文改正状态。",
                value.source,
                elements=[value.element],
                period=value.period,
            )


@rule("V17")
def nothing_is_counted_twice(case: Case) -> Iterator[Issue]:
    """Two classes of waste that overlap in practice do not carry the very same mass."""
    for row in read_table("validation/double_counts.csv"):
        part, whole = (case.values.get(row[side], str(case.year)) for side in ("part", "whole"))
        if part is None or whole is None or not part.value or part.value != whole.value:
            continue
        yield issue(
            "V17",
            row["what"],
            f"{figure_name(part)} {part.shown} 与 {figure_name(whole)} {whole.shown} 是同一个数，"
            "可能把同一批废物算了两次。",
            "核对两类的范围，同一批废物只报一处。",
            joined_sources([part, whole]),
            elements=[part.element, whole.element],
            period=case.year,
        )


@rule("V12")
def reported_figures_agree_with_the_ledger(case: Case) -> Iterator[Issue]:
    """Where the ledger has an element too, it gives the reported figure."""
    for booked in case.ledger or ():
        stated = case.values.get(*booked.key)
        if stated is None or stated.value is None or booked.value is None:
            continue
        if case.interval(booked).meets(case.interval(stated)):
            continue
        yield issue(
            "V12",
            figure_name(stated),
            f"{figure_name(stated)}上报 {stated.shown}，"
            f"台账（联单）合计 {in_unit_of(stated, Fraction(booked.value))}"
            f"{'（模拟数据）' if booked.is_simulated else ''}。",
            "核对漏记、重记的联单或上报口径，二者改到一致。",
            stated.source,
            elements=[stated.element],
            period=stated.period,
        )
