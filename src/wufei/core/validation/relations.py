"""Rules over relations: sums, limits, balances, growth and orders of magnitude (V01 … V05, V07, V08, V10 … V12).

A relation holds where the intervals of both sides meet: printed figures are rounded, so what rounding can explain is
no fault. Years of one relation are told in one issue.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from wufei.core import indicators
from wufei.core.formula import Formula, Reference
from wufei.core.interval import Interval, decimal_slip
from wufei.core.validation.case import Case, Issue, Relation, joined_sources
from wufei.core.validation.registry import issue, rule
from wufei.core.validation.wording import in_unit_of, plain
from wufei.core.values import PUBLISHED, Value

_PROPOSALS = {
    "V01": "逐项核对产生、利用、处置、贮存、倾倒和动用往年贮存量，补上漏报的去向。",
    "V02": "核对上年期末与本年期初库存，差额按盘盈盘亏报并写明原因。",
    "V03": "部分不能大于整体：核对两个数的口径和单位，改正其中一个。",
    "V07": "按数据元重算并改正公布值，或改正数据元。",
    "V08": "写明增速的口径（现价或可比价、百分比或百分点、人口用年末数或平均数），再改正不一致的一个。",
    "V10": "两处写法统一为一个数，并注明以哪一处为准。",
    "V11": "写明分母的读法并逐年保持不变；读法改变时连同上年一起重算。",
    "V12": "核对处理量与许可（设计）能力；确实超过时写明外运、暂存或扩建安排。",
}


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a relation in one year: the exact result and what rounding allows."""

    exact: Fraction
    bounds: Interval


@dataclass(frozen=True, slots=True)
class Breach:
    """A relation that does not hold in a year."""

    relation: Relation
    year: int
    left: Side
    right: Side
    left_values: tuple[Value, ...]
    right_values: tuple[Value, ...]


def _side(case: Case, formula: Formula, found: dict[Reference, Value], year: int) -> Side | None:
    try:
        exact = formula.evaluate_exact(lambda ref: Fraction(found[ref].value or 0), year)
        bounds = formula.evaluate(
            lambda ref: case.interval(found[ref]), lambda number: Interval(number, number), year
        )
    except ArithmeticError:
        return None
    return Side(exact, bounds)


def _holds(case: Case, relation: Relation, left: Side, right: Side) -> bool:
    if relation.sign == "<=":
        return left.bounds.low <= right.bounds.high
    if relation.sign == "~":
        return not magnitude(left.exact, right.exact, case.thresholds["slip_margin"])
    margin = Fraction(0)
    if relation.rule == "V01":
        margin = max(case.thresholds["balance_share"] * abs(left.exact), case.thresholds["balance_t"])
    return Interval(left.bounds.low - margin, left.bounds.high + margin).meets(right.bounds)


def magnitude(left: Fraction, right: Fraction, margin: Fraction) -> int:
    """The k (±1 … ±4) for which ``left`` * 10^k is within ``margin`` of ``right``; 0 where there is none."""
    if not left or not right or (left > 0) != (right > 0):
        return 0
    near = Interval(right, right).widened(margin)
    return decimal_slip(Interval(left, left), near)


def breaches(case: Case, relation: Relation) -> Iterator[Breach]:
    """The years in which a relation's figures are all known and do not agree."""
    seen = set()
    for year in case.years:
        references = relation.references(year)
        if references in seen:
            continue
        seen.add(references)
        found = {ref: value for ref in references if (value := case.find(ref)) is not None}
        if len(found) < len(references):
            continue
        left, right = _side(case, relation.left, found, year), _side(case, relation.right, found, year)
        if left is not None and right is not None and not _holds(case, relation, left, right):
            yield Breach(
                relation,
                year,
                left,
                right,
                tuple(found[ref] for ref in relation.left.references(year)),
                tuple(found[ref] for ref in relation.right.references(year)),
            )


def _listed(case: Case, values: Iterable[Value]) -> str:
    return "、".join(f"{case.name(value)} {value.shown}" for value in values)


def _shown(values: tuple[Value, ...], side: Side, like: tuple[Value, ...] = ()) -> str:
    model = values[0] if len(values) == 1 else (like or values or (None,))[0]
    return in_unit_of(model, side.exact) if model is not None else plain(side.exact)


def _message(case: Case, breach: Breach) -> str:
    relation = breach.relation
    left = _shown(breach.left_values, breach.left)
    if len(breach.right_values) == 1 and breach.right_values[0].value == breach.right.exact:
        right = f"{case.name(breach.right_values[0])}为 {breach.right_values[0].shown}"
    else:
        like = breach.left_values or breach.right_values
        computed = _shown((), breach.right, like)
        right = f"由{_listed(case, breach.right_values)} 算得 {computed}" if breach.right_values else computed
    subject = _listed(case, breach.left_values) if breach.left_values else left
    if relation.sign == "<=":
        return f"应有{relation.what}，实际{subject}，{right}，多出 {_difference(breach)}。"
    return f"{relation.what}不一致：{subject}，{right}，相差 {_difference(breach)}。"


def _difference(breach: Breach) -> str:
    like = breach.left_values or breach.right_values
    difference = Side(abs(breach.left.exact - breach.right.exact), breach.left.bounds)
    return _shown((), difference, like)


def _issue(case: Case, breach: Breach, proposal: str) -> Issue:
    relation = breach.relation
    values = breach.left_values + breach.right_values
    return issue(
        relation.rule,
        case.name(breach.left_values[0]) if breach.left_values else relation.what,
        _message(case, breach),
        proposal,
        relation.source or joined_sources(values),
        level=relation.level,
        elements=dict.fromkeys(value.element for value in values),
        period=breach.year,
    )


def _of(case: Case, *numbers: str) -> Iterator[Breach]:
    for relation in case.relations:
        if relation.rule in numbers:
            yield from breaches(case, relation)


@rule("V01", "V02", "V03", "V07", "V08", "V10", "V11", "V12")
def relations_hold(case: Case) -> Iterator[Issue]:
    """Balances, stock rolls, parts within the whole, rates, growth and capacities agree as the tables say."""
    for breach in _of(case, *_PROPOSALS):
        yield _issue(case, breach, _PROPOSALS[breach.relation.rule])


@rule("V04")
def parts_add_up(case: Case) -> Iterator[Issue]:
    """Parts make their total; where a published rate tells which of the two is right, the proposal says so."""
    for breach in _of(case, "V04"):
        yield _issue(case, breach, _sum_proposal(case, breach))


def _sum_proposal(case: Case, breach: Breach) -> str:
    if not breach.left_values:
        return "核对各分项与总数，改正其中一个。"
    total = breach.left_values[0]
    summed = _shown((), breach.right, (total,))
    verdict = _verdict(case, total, breach)
    if verdict:
        return verdict
    return f"若各分项无误，总数应为 {summed}；若总数 {total.shown} 无误，请逐项核对分项，补漏或改正。"


def _verdict(case: Case, total: Value, breach: Breach) -> str:
    """Which of total and sum a published rate agrees with, as a proposal; empty where no rate tells."""
    if total.element not in indicators.elements() or indicators.is_count(total.element):
        return ""
    year = int(total.period)
    replaced = Value(
        total.element, total.scope, total.period, _decimal(breach.right.exact), "number", "", "", total.source
    )
    for published in case.values.elements(total.period):
        if not published.element.startswith(PUBLISHED) or published.value is None:
            continue
        name = published.element.removeprefix(PUBLISHED)
        if total.element not in {ref.element for ref in _formula_references(case, name, year)}:
            continue
        as_is = indicators.evaluate(name, case.values, year)
        other = indicators.evaluate(name, case.values.joined([replaced]), year)
        stated = case.interval(published)
        if as_is.bounds is None or other.bounds is None or as_is.basis != "computed":
            continue
        if as_is.bounds.meets(stated) and not other.bounds.meets(stated):
            return (
                f"公布的{indicators.name_of(published.element)} {published.shown} 与总数 {total.shown} 相符，"
                f"与分项之和 {_shown((), breach.right, (total,))} 不符：总数可信，请改正分项。"
            )
        if other.bounds.meets(stated) and not as_is.bounds.meets(stated):
            return (
                f"公布的{indicators.name_of(published.element)} {published.shown} 与分项之和相符："
                f"建议把总数改为 {_shown((), breach.right, (total,))}。"
            )
    return ""


def _formula_references(case: Case, indicator: str, year: int) -> tuple[Reference, ...]:
    reading = indicators.reading_of(indicator, case.division)
    return indicators.parsed(reading.formula).references(year) if reading.formula else ()


def _decimal(number: Fraction) -> Decimal:
    return Decimal(number.numerator) / Decimal(number.denominator)


@rule("V05")
def columns_have_one_unit(case: Case) -> Iterator[Issue]:
    """Sister figures are of the same order of magnitude; all years of one column are told together."""
    for relation in case.relations:
        found = list(breaches(case, relation)) if relation.rule == "V05" else []
        if not found:
            continue
        margin = case.thresholds["slip_margin"]
        k = magnitude(found[0].left.exact, found[0].right.exact, margin)
        pairs = "；".join(
            f"{b.year}年 {b.left_values[0].shown} 对 {b.right_values[0].shown}" for b in sorted(found, key=_by_year)
        )
        first = found[0]
        mended = in_unit_of(first.right_values[0], first.left.exact * Fraction(10) ** k)
        yield issue(
            "V05",
            case.name(first.left_values[0]),
            f"{relation.what}相差 10 的 {abs(k)} 次方倍：{pairs}。",
            f"单位写错：应乘以 10^{k}，如 {first.year}年写作 {mended}。",
            relation.source,
            level=relation.level,
            elements=dict.fromkeys(v.element for v in first.left_values + first.right_values),
            period=first.year,
        )


def _by_year(breach: Breach) -> int:
    return breach.year
