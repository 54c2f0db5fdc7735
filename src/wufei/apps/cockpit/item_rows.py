"""The rows of the table of indicators: one for a scored item, one for a target of a plan without scoring rules."""

from collections.abc import Iterable
from fractions import Fraction

from wufei.apps.cockpit.figures import NOTHING, Spark, decimal_text, spark
from wufei.apps.cockpit.labels import MARKS, STATUS_ORDER, STATUSES
from wufei.apps.cockpit.place_year import PlaceYear
from wufei.apps.cockpit.rows import IndicatorRow
from wufei.apps.cockpit.words import exact_text, figure_text, gap_text, goal_text, without_ids
from wufei.core import indicators
from wufei.core import plan as core
from wufei.core.scoring import Compared, ItemScore, ItemStatus, PartScore, TargetScore
from wufei.core.scoring import goal_text as plain_goal
from wufei.core.units import unit_name
from wufei.core.values import PUBLISHED, Value, ValueSet


def value_series(
    indicator: str, scope: str, values: ValueSet, years: Iterable[int]
) -> list[tuple[int, Fraction, Value | None]]:
    """What the indicator was in each of ``years`` that has a value, with a figure that names its source.

    As published, else as computed.
    """
    found: list[tuple[int, Fraction, Value | None]] = []
    for year in sorted(years):
        published = values.get(PUBLISHED + indicator, str(year), scope)
        if published is not None and published.value is not None:
            found.append((year, Fraction(published.value), published))
            continue
        outcome = indicators.evaluate(indicator, values, year, scope=scope)
        if outcome.value is not None:
            found.append((year, outcome.value, next(iter(outcome.inputs), None)))
    return found


def _target_series(target: core.Target | None) -> list[tuple[int, Fraction]]:
    """The target years that name a number."""
    if target is None:
        return []
    bounds = {year: value.bound for year, value in sorted(target.targets.items())}
    return [(year, Fraction(bound[1])) for year, bound in bounds.items() if bound]


def _spark(asked: PlaceYear, target: core.Target | None, indicator: str, unit: str) -> Spark | None:
    if not indicator:
        return None
    series = value_series(indicator, target.scope if target else "", asked.values, asked.series_years)
    return spark([(year, value) for year, value, _ in series], unit_name(unit), _target_series(target))


def _short(reason: str) -> str:
    """The reason for a table cell; the whole one stands in the panel."""
    plain = without_ids(reason)
    return plain if len(plain) <= 60 else plain[:58] + "……"


def part_gap(part: PartScore) -> Fraction | None:
    """Figure minus target of one part of an item."""
    return part.value - part.target if part.value is not None and part.target is not None else None


def part_goal(part: PartScore) -> str:
    """The target of one part of an item, with its comparator and unit."""
    return goal_text(part.target_text, part.unit, part.comparator)


def compared_goal(score: Compared, target: core.Target) -> str:
    """The target of one comparison, with its comparator and unit; empty where there is none."""
    if score.target is None:
        return ""
    return goal_text(plain_goal(score.target, score.indicator), target.unit)


def item_row(asked: PlaceYear, score: ItemScore, section: str) -> IndicatorRow:
    """The row of a scored item; one that is a sum of parts shows how many of them are known."""
    item, target = score.item, asked.targets.get(score.item.id)
    single = None if item.is_sum else score.parts[0]
    gap = part_gap(single) if single else None
    departments = target.all_departments if target else ()
    known = sum(part.status is ItemStatus.SCORED for part in score.parts)
    share = float(score.points / item.max_points) if score.points is not None and item.max_points else None
    mark = str(target.mark) if target else ""
    parts = f"{known} / {len(score.parts)}" if known else ""
    return IndicatorRow(
        id=item.id,
        no=item.id,
        name=item.name,
        section=section,
        mark=MARKS.get(mark),
        mark_key=mark,
        value=figure_text(single.found) if single else parts,
        exact=exact_text(single.found) if single else parts,
        unit=unit_name(single.unit) if single else "分项",
        target=part_goal(single) or NOTHING if single else "见各分项",
        target_year="",
        gap=gap_text(gap, single.unit) if single else NOTHING,
        gap_is_good=score.points == item.max_points if gap is not None and score.points is not None else None,
        points=decimal_text(score.points),
        max_points=decimal_text(item.max_points),
        points_share=share,
        status=STATUSES[score.status],
        status_key=str(score.status),
        reason="" if score.status is ItemStatus.SCORED else _short(score.reason),
        departments=departments,
        spark=_spark(asked, target, item.indicator, item.unit),
        url=asked.item_url(item.id),
        is_own=bool(asked.department) and asked.department in departments,
        is_simulated=any(value.is_simulated for value in score.inputs),
        sort={
            "name": item.name,
            "value": single.value if single else None,
            "target": single.target if single else None,
            "gap": gap,
            "points": share,
            "status": STATUS_ORDER.index(score.status),
        },
    )


def status_of(score: TargetScore) -> str:
    """The status of an unscored target: met or missed in place of "scored"."""
    return str(score.status) if score.is_met is None else "met" if score.is_met else "missed"


def _named(parts: Iterable[tuple[str, str]]) -> str:
    """One text where all parts agree, else each part's with its name; empty ones are left out."""
    listed = list(parts)
    texts = {text for _, text in listed}
    return texts.pop() if len(texts) == 1 else "；".join(f"{name} {text}" for name, text in listed if text)


def target_row(asked: PlaceYear, score: TargetScore) -> IndicatorRow:
    """The row of a target of a plan that has no rule set."""
    target, status = score.target, status_of(score)
    one = score.compared[0] if len(score.compared) == 1 else None
    value = _named((c.name, figure_text(c.found)) for c in score.compared)
    goal = _named((c.name, compared_goal(c, target)) for c in score.compared)
    goal_year = score.compared[0].target_year
    gap = one.gap if one else None
    bound = one.target.bound if one and one.target else None
    return IndicatorRow(
        id=target.key,
        no=target.no or NOTHING,
        name=target.name,
        section=target.group,
        mark=MARKS.get(str(target.mark)),
        mark_key=str(target.mark),
        value=value,
        exact=_named((c.name, exact_text(c.found)) for c in score.compared),
        unit=unit_name(target.unit),
        target=goal or NOTHING,
        target_year=f"{goal_year} 年" if goal and goal_year != asked.year else "",
        gap=gap_text(gap, target.unit),
        gap_is_good=score.is_met if gap is not None else None,
        points="",
        max_points="",
        points_share=None,
        status=STATUSES[status],
        status_key=status,
        reason="" if score.is_met is not None else _short("".join(c.reason for c in score.compared)),
        departments=target.all_departments,
        spark=_spark(asked, target, target.indicator, target.unit),
        url=asked.item_url(target.key),
        is_own=bool(asked.department) and asked.department in target.all_departments,
        is_simulated=any(v.is_simulated for c in score.compared for v in c.found.inputs),
        sort={
            "name": target.name,
            "value": one.found.value if one else None,
            "target": Fraction(bound[1]) if bound else None,
            "gap": gap,
            "status": STATUS_ORDER.index(status),
        },
    )
