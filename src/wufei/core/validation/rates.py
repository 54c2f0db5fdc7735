"""Rules over published rates: do they recompute, may they be, what were they computed on (V03, V05, V07, V11 …)."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from wufei.core import indicators
from wufei.core.formula import Name, Number, Operation, Reference
from wufei.core.indicators import Basis, Outcome, Status
from wufei.core.interval import Interval
from wufei.core.reference import read_table
from wufei.core.validation.case import Case, Issue, figure_name, joined_sources
from wufei.core.validation.registry import issue, rule
from wufei.core.validation.wording import in_unit_of, plain
from wufei.core.values import PUBLISHED, Value, interval_of

_HUNDRED = Number(Fraction(100))


def is_share(indicator_id: str) -> bool:
    """Whether an indicator is a part of a whole in per cent, so that 0 … 100 bounds it."""
    row = indicators.indicator(indicator_id)
    if row.unit != "%" or not row.formula:
        return False
    root = indicators.parsed(row.formula).root
    if isinstance(root, Name):  # a survey's own percentage
        return True
    return (
        isinstance(root, Operation)
        and root.sign == "*"
        and root.right == _HUNDRED
        and isinstance(root.left, Operation)
        and root.left.sign == "/"
    )


def _published(case: Case) -> Iterator[tuple[str, Value, int]]:
    for value in case.values:
        if value.element.startswith(PUBLISHED) and value.period.isdigit() and int(value.period) <= case.year:
            yield value.element.removeprefix(PUBLISHED), value, int(value.period)


def _recomputed(case: Case) -> Iterator[tuple[str, Value, Outcome]]:
    for name, value, year in _published(case):
        outcome = indicators.evaluate(name, case.values, year, scope=value.scope)
        if value.value is not None and outcome.status is Status.VALUE:
            yield name, value, outcome


@rule("V03")
def shares_lie_between_0_and_100(case: Case) -> Iterator[Issue]:
    """A share's numerator is not above its denominator, whether printed or recomputed."""
    for name, value, _ in _published(case):
        if value.value is not None and is_share(name) and not 0 <= value.value <= 100:
            message = f"{figure_name(value)} {value.shown} 不在 0—100% 之间。"
            yield _rate_issue("V03", value, message, "核对分子、分母和正负号后改正。", (value.element,))
    for name in indicators.indicators():
        if not is_share(name):
            continue
        outcome = indicators.evaluate(name, case.values, case.year)
        if outcome.basis is Basis.COMPUTED and outcome.bounds is not None and outcome.bounds.low > 100:
            figures = "、".join(f"{figure_name(v)} {v.shown}" for v in outcome.inputs)
            title = indicators.indicator(name).name
            yield issue(
                "V03",
                title,
                f"{title}算得 {plain(outcome.value or Fraction(0))}%，超过 100%：{figures}。",
                "分子大于分母：核对两个数的口径和单位，改正其中一个。",
                joined_sources(outcome.inputs),
                elements=[v.element for v in outcome.inputs],
                period=case.year,
            )


@rule("V05")
def no_input_is_in_the_wrong_unit(case: Case) -> Iterator[Issue]:
    """A rate that recomputes to a power of ten of what is printed has an input in the wrong unit."""
    for name, value, outcome in _recomputed(case):
        if not outcome.slip:
            continue
        formula = indicators.parsed(outcome.formula)
        refs = formula.references(int(value.period))
        found = {ref: v for ref in refs if (v := indicators.find(case.values, ref, value.scope)) is not None}
        wrong, factor = _wrong_input(case, name, value, found)
        figures = "、".join(f"{figure_name(v)} {v.shown}" for v in found.values())
        title = indicators.indicator(name).name
        yield issue(
            "V05",
            figure_name(wrong),
            f"{figures}，按此算得{title}只是公布值 {value.shown} 的 10 的 {-outcome.slip} 次方倍："
            f"{figure_name(wrong)}的单位写错（相差 10 的 {abs(factor)} 次方倍）。",
            f"{figure_name(wrong)}应为 {_mended(wrong, factor, found)}；改后算得的率与公布的 {value.shown} 相符。",
            joined_sources([wrong, value]),
            elements=[v.element for v in found.values()] + [value.element],
            period=value.period,
        )


def _wrong_input(case: Case, name: str, stated: Value, found: dict[Reference, Value]) -> tuple[Value, int]:
    """The input, and its power of ten, that mends the rate; the one that grows is preferred."""
    candidates = []
    for value in found.values():
        assert value.value is not None
        for factor in (1, 2, 3, 4, -1, -2, -3, -4):
            mended = Value(
                value.element,
                value.scope,
                value.period,
                value.value * Decimal(10) ** factor,
                "number",
                "",
                "",
                value.source,
            )
            again = indicators.evaluate(name, case.values.joined([mended]), int(stated.period), scope=stated.scope)
            if again.basis is Basis.COMPUTED and again.value is not None and again.slip == 0:
                rounded = interval_of(stated, is_count=False)
                if again.value in Interval(rounded.low, rounded.high).widened(case.thresholds["rough_share"]):
                    candidates.append((-factor, value))
    best = min(candidates, key=lambda pair: pair[0])
    return best[1], -best[0]


def _mended(wrong: Value, factor: int, found: dict[Reference, Value]) -> str:
    """The mended figure in the unit of a sister input, so that both read alike."""
    sister = next((v for v in found.values() if v is not wrong and v.printed), wrong)
    assert wrong.value is not None
    return in_unit_of(sister, Fraction(wrong.value) * Fraction(10) ** factor)


@rule("V07")
def published_rates_recompute(case: Case) -> Iterator[Issue]:
    """What is printed as a rate is what its printed elements give, within their rounding."""
    for _, value, outcome in _recomputed(case):
        if outcome.basis is not Basis.COMPUTED or outcome.slip or outcome.bounds is None or outcome.value is None:
            continue
        if outcome.bounds.meets(case.interval(value)):
            continue
        figures = "、".join(f"{figure_name(v)} {v.shown}" for v in outcome.inputs)
        message = (
            f"公布的{figure_name(value)} {value.shown} 与由{figures} 算得的 {plain(outcome.value)} 不符"
            f"（考虑四舍五入后应在 {plain(outcome.bounds.low, 3)}—{plain(outcome.bounds.high, 3)} 之间）。"
        )
        proposal = f"改为 {plain(outcome.value)}，或说明所用的口径并改正数据元。"
        yield _rate_issue("V07", value, message, proposal, [value.element, *(v.element for v in outcome.inputs)])


@rule("V18")
def rates_named_by_mass_are_not_shares_of_units(case: Case) -> Iterator[Issue]:
    """A rate whose name speaks of mass equals a share of units, and no mass is reported."""
    for row in read_table("validation/unit_rates.csv"):
        stated = case.values.published(row["indicator"], str(case.year))
        mass = case.values.get(row["mass"], str(case.year))
        if stated is None or stated.value is None or stated.value == 100 or (mass is not None and mass.value):
            continue
        formula = indicators.parsed(row["expression"])
        found = {ref: v for ref in formula.references(case.year) if (v := case.find(ref)) is not None}
        if len(found) < len(formula.references(case.year)):
            continue
        bounds = indicators.bounds_of(formula, found, case.year)
        if bounds is None or not bounds.meets(case.interval(stated)):
            continue
        figures = "、".join(f"{figure_name(v)} {v.shown}" for v in found.values())
        message = f"{figure_name(stated)} {stated.shown} 是{row['what']}的（{figures}），名称却指质量。"
        proposal = f"补报{indicators.name_of(row['mass'])}和处置量，按质量计算；在此之前改称覆盖率。"
        elements = [stated.element, *(v.element for v in found.values())]
        yield _rate_issue("V18", stated, message, proposal, elements)


@rule("V11")
def own_readings_are_told(case: Case) -> Iterator[Issue]:
    """A place that computes an indicator in another way than the standard one says so, every year."""
    for name, row in indicators.indicators().items():
        reading = indicators.reading_of(name, case.division)
        if reading.name == indicators.STANDARD or case.values.published(name, str(case.year)) is None:
            continue
        yield issue(
            "V11",
            row.name,
            f"本地按“{indicators.spelled(reading.formula)}”计算，标准读法是“{indicators.spelled(row.formula)}”。",
            "公布时写明口径，逐年不变；与其他地方比较时用标准读法。",
            indicators.reading_source(name, case.division),
            level="info",
            elements=[name],
            period=case.year,
        )


@rule("V15")
def exact_hundreds_need_evidence(case: Case) -> Iterator[Issue]:
    """Rates of exactly 100 % are listed, in one issue, with the request for evidence."""
    full = [v for name, v, year in _published(case) if year == case.year and v.value == 100 and is_share(name)]
    if full:
        yield issue(
            "V15",
            "恰为 100% 的指标",
            f"{len(full)} 项指标恰为 100%：{'、'.join(dict.fromkeys(figure_name(v) for v in full))}。",
            "附上分子、分母的清单或抽查记录备查。",
            joined_sources(full),
            elements=[v.element for v in full],
            period=case.year,
        )


def _rate_issue(number: str, value: Value, message: str, proposal: str, elements: object) -> Issue:
    assert isinstance(elements, (list, tuple))
    return issue(number, figure_name(value), message, proposal, value.source, elements=elements, period=value.period)
