"""Rules over time: jumps, slips against last year, sums of months, values that never move (V05, V06, V14, V15)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction

from wufei.core import indicators
from wufei.core.interval import Interval
from wufei.core.validation.case import Case, Issue, figure_name, joined_sources
from wufei.core.validation.registry import issue, rule
from wufei.core.validation.relations import magnitude
from wufei.core.validation.wording import in_unit_of, plain
from wufei.core.values import PUBLISHED, Value


def _previous(case: Case, value: Value) -> Value | None:
    before = case.values.get(value.element, str(int(value.period) - 1), value.scope)
    return before if before is not None and before.value else None


def _pairs(case: Case) -> Iterator[tuple[Value, Value]]:
    """Each element's figure of the year with the one of the year before, where both are numbers other than 0."""
    for value in case.values.elements(str(case.year)):
        if value.value and not value.element.startswith(PUBLISHED):
            before = _previous(case, value)
            if before is not None:
                yield value, before


@rule("V05")
def no_figure_slips_against_last_year(case: Case) -> Iterator[Issue]:
    """A figure is not a power of ten of last year's."""
    for value, before in _pairs(case):
        k = magnitude(_exact(value), _exact(before), case.thresholds["slip_margin"])
        if k:
            yield issue(
                "V05",
                figure_name(value),
                f"{figure_name(value)} {value.shown} 与上年 {before.shown} 相差约 10 的 {abs(k)} 次方倍。",
                f"单位可能写错：应为 {in_unit_of(value, _exact(value) * Fraction(10) ** k)}？请核对后改正。",
                joined_sources([value, before]),
                elements=[value.element],
                period=case.year,
            )


@rule("V06")
def jumps_are_explained(case: Case) -> Iterator[Issue]:
    """A mass or count that moves by more than the limit in a year needs a reason."""
    limit = case.thresholds["year_on_year"]
    for value, before in _pairs(case):
        change = _exact(value) / _exact(before) - 1
        is_slip = magnitude(_exact(value), _exact(before), case.thresholds["slip_margin"])
        if abs(change) > limit and not is_slip and indicators.element(value.element).domain != "economy":
            yield _jump(case, value, plain(change * 100), f"上年 {before.shown}，本年 {value.shown}")
    for value in case.values.elements(str(case.year)):
        grown = _grown(value)
        if grown and indicators.element(grown).domain != "economy" and abs(_exact(value)) > limit * 100:
            yield _jump(case, value, plain(_exact(value)), f"公布增速 {value.shown}")


@rule("V06")
def outliers_among_peers_are_explained(case: Case) -> Iterator[Issue]:
    """A published rate far from what other places publish for the year needs a reason.

    Far is more than so many median absolute deviations from the median of at least four other places.
    """
    for value in case.values.elements(str(case.year)):
        others = sorted(case.peers.get(value.element, ()))
        if value.value is None or value.scope or len(others) < case.thresholds["outlier_min_peers"]:
            continue
        middle = _median(others)
        spread = _median(sorted(abs(other - middle) for other in others))
        if spread and abs(_exact(value) - middle) > case.thresholds["outlier_mads"] * spread:
            yield issue(
                "V06",
                figure_name(value),
                f"{figure_name(value)} {value.shown}，与另外 {len(others)} 个地方的中位数 {plain(middle)} 相差悬殊。",
                "说明原因或口径差别，没有原因的请核对。",
                value.source,
                elements=[value.element],
                period=case.year,
            )


def _median(numbers: Sequence[Fraction]) -> Fraction:
    half = len(numbers) // 2
    return numbers[half] if len(numbers) % 2 else (numbers[half - 1] + numbers[half]) / 2


def _grown(value: Value) -> str:
    """The element whose growth a figure states; empty where the figure is no growth of an element."""
    element = value.element.removesuffix("_growth")
    is_growth = element != value.element and element in indicators.elements() and value.value is not None
    return element if is_growth else ""


@rule("V08")
def growth_of_amounts_is_in_per_cent(case: Case) -> Iterator[Issue]:
    """Percentage points are for shares; an amount or a head count grows by per cent."""
    for value in case.values.elements(str(case.year)):
        grown = _grown(value)
        if grown and "百分点" in value.unit and indicators.unit_of(grown) != "%":
            name = indicators.name_of(grown)
            yield issue(
                "V08",
                figure_name(value),
                f"{name}的增幅写作 {value.shown}；{name}不是比率，增幅应以 % 计。",
                f"改为 {plain(_exact(value))}%，或写明是哪一个比率提高了 {value.shown}。",
                value.source,
                elements=[value.element],
                period=case.year,
            )


def _jump(case: Case, value: Value, percent: str, figures: str) -> Issue:
    name = indicators.name_of(_grown(value)) if _grown(value) else figure_name(value)
    return issue(
        "V06",
        name,
        f"{name}同比变化 {percent}%，超过 {plain(case.thresholds['year_on_year'] * 100)}%（{figures}）。",
        "说明变化的原因（口径调整、企业增减、专项行动），没有原因的请核对两年的数。",
        value.source,
        elements=[value.element],
        period=case.year,
    )


@rule("V14")
def months_make_the_year(case: Case) -> Iterator[Issue]:
    """The months of a year sum to its figure; fewer months do not exceed it."""
    months: dict[tuple[str, str], list[Value]] = defaultdict(list)
    for value in case.values:
        if value.period.startswith(f"{case.year}-") and value.value is not None:
            months[value.element, value.scope].append(value)
    for (element, scope), values in sorted(months.items()):
        total = case.values.get(element, str(case.year), scope)
        if total is None or total.value is None:
            continue
        summed, bounds = sum(map(_exact, values), Fraction(0)), _sum(case, values)
        agrees = bounds.meets(case.interval(total)) if len(values) == 12 else bounds.low <= case.interval(total).high
        if not agrees:
            yield issue(
                "V14",
                figure_name(total),
                f"{len(values)} 个月合计 {in_unit_of(total, summed)}，与全年 {total.shown} 不符。",
                "核对各月与全年的数；事后更正的月份写明原因。",
                joined_sources([total, *values]),
                elements=[element],
                period=case.year,
            )


def _sum(case: Case, values: list[Value]) -> Interval:
    result = Interval(Fraction(0), Fraction(0))
    for value in values:
        result = result + case.interval(value)
    return result


@rule("V15")
def values_that_never_move_need_evidence(case: Case) -> Iterator[Issue]:
    """A mass that is the same to the last digit for several years in a row was perhaps copied."""
    periods = int(case.thresholds["same_value_periods"])
    for value in case.values.elements(str(case.year)):
        if not value.value or value.element.startswith(PUBLISHED) or indicators.is_count(value.element):
            continue
        if indicators.unit_of(value.element) == "%" or indicators.element(value.element).period == "static":
            continue
        earlier = [case.values.get(value.element, str(case.year - back), value.scope) for back in range(1, periods)]
        if all(other is not None and other.value == value.value for other in earlier):
            yield issue(
                "V15",
                figure_name(value),
                f"{figure_name(value)}连续 {periods} 年都是 {value.shown}。",
                "确认每年都重新统计过，附上依据。",
                value.source,
                elements=[value.element],
                period=case.year,
            )


def _exact(value: Value) -> Fraction:
    assert value.value is not None
    return Fraction(value.value)
