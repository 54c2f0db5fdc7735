"""Where a place stands: each item with value, target, gap, points and reason; sections; the findings of the checks.

A place with a rule set is scored by it; of any other the targets of its plan are set beside the figures, unscored.
Invariant: what is unknown is counted as unknown, never as 0 points.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from wufei.apps.assessment import selectors as assessment
from wufei.apps.assessment.assess import assess, compare
from wufei.apps.cockpit.figures import Spark, decimal_text, spark
from wufei.apps.cockpit.labels import LEVELS, MARKS, STATUS_ORDER, STATUSES
from wufei.apps.cockpit.places import Place
from wufei.apps.cockpit.query import Query
from wufei.apps.cockpit.rows import Count, FindingGroup, FindingRow, IndicatorRow, Section
from wufei.apps.cockpit.words import target_text, unit_beside, without_ids
from wufei.apps.plans import conversion
from wufei.apps.plans import selectors as plans
from wufei.apps.registry.models import User
from wufei.core import indicators
from wufei.core import plan as core
from wufei.core.indicators import Outcome
from wufei.core.scoring import Assessment, Compared, ItemScore, ItemStatus, PartialStep, TargetScore
from wufei.core.values import ValueSet


@dataclass(frozen=True, slots=True)
class Card:
    """One large figure at the head of the page."""

    label: str
    value: str
    unit: str
    note: str
    help: str


@dataclass(frozen=True, slots=True)
class Stand:
    """The rows of the table and the sections, from one assessment."""

    rows: tuple[IndicatorRow, ...]
    sections: tuple[Section, ...]
    total: Section | None

    def cards(self, findings: Iterable[FindingGroup]) -> tuple[Card, ...]:
        """The large figures: points of what could be scored, how many items have which status, findings."""
        states = Counter(row.status_key for row in self.rows)
        cards = []
        if self.total:
            cards.append(
                Card(
                    "得分",
                    self.total.points,
                    f"/ {self.total.scored_max} 分",
                    f"满分 {self.total.max_points} 分，其余尚未评分",
                    "只在已能评分的项目中计算；尚未评分的不按 0 分计。",
                )
            )
        for status in STATUS_ORDER:
            if states[status]:
                label = STATUSES[status]
                cards.append(Card(label.text, str(states[status]), "项", f"共 {len(self.rows)} 项", label.help))
        number = sum(len(group.rows) for group in findings)
        cards.append(Card("核对问题", str(number), "条", "见本页“数据核对发现的问题”", "数据之间对不上的地方。"))
        return tuple(cards)


def years_with_values(division: str) -> tuple[int, ...]:
    """Years of which the place has figures, the latest first."""
    return assessment.years(division)


def figures(place: Place, query: Query) -> ValueSet:
    """The figures of a place, reported or from the ledger, as the address asks."""
    return assessment.value_set(place.division, year=query.year, origin=query.values)


def scored(place: Place, query: Query, values: ValueSet) -> Assessment | None:
    """The place's figures under its rule set, or ``None`` where it has none."""
    return assess(place.division, query.year, values=values, partial_step=PartialStep(query.step))


def compared(place: Place, query: Query, values: ValueSet) -> list[TargetScore]:
    """The place's targets beside its figures, for a place without a rule set."""
    return compare(place.division, query.year, values=values)


def item_url(base: str, query: Query, item: str) -> str:
    """The address of an item's panel; it carries only what changes the figure."""
    return Query(year=query.year, values=query.values, step=query.step).url(f"{base}items/{item}/")


def value_series(
    indicator: str, scope: str, values: ValueSet, years: Iterable[int]
) -> list[tuple[int, Fraction, Outcome]]:
    """What the indicator was in each of ``years`` that has a value: as published, else as computed."""
    found = []
    for year in sorted(years):
        outcome = indicators.evaluate(indicator, values, year, scope=scope)
        published = outcome.published.value if outcome.published else None
        value = Fraction(published) if published is not None else outcome.value
        if value is not None:
            found.append((year, value, outcome))
    return found


def target_series(target: core.Target | None) -> list[tuple[int, Fraction]]:
    """The target years that name a number."""
    if target is None:
        return []
    bounds = {year: value.bound for year, value in sorted(target.targets.items())}
    return [(year, Fraction(bound[1])) for year, bound in bounds.items() if bound]


def _spark(
    target: core.Target | None, indicator: str, values: ValueSet, years: Iterable[int], unit: str
) -> Spark | None:
    if not indicator:
        return None
    scope = target.scope if target else ""
    series = [(year, value) for year, value, _ in value_series(indicator, scope, values, years)]
    return spark(series, unit, target_series(target))


def _own(user: User) -> str:
    return user.department.name if user.department_id and user.department else ""


def _mark(target: core.Target | None) -> str:
    return str(target.mark) if target else ""


def _item_row(
    score: ItemScore, target: core.Target | None, name: str, own: str, url: str, line: Spark | None
) -> IndicatorRow:
    """The row of a scored item."""
    single = score.parts[0] if not score.item.is_sum else None
    gap = single.value - single.target if single and single.value is not None and single.target is not None else None
    departments = target.all_departments if target else ()
    known = sum(part.status is ItemStatus.SCORED for part in score.parts)
    is_scored = score.points is not None
    mark = _mark(target)
    if single:
        value, unit = (single.value_text, single.unit) if single.value is not None else ("", "")
    else:
        value, unit = (f"{known} / {len(score.parts)}", " 分项") if known else ("", "")
    share = (
        float(score.points / score.item.max_points) if score.points is not None and score.item.max_points else None
    )
    goal = single.target_text if single else "见各分项"
    return IndicatorRow(
        id=score.item.id,
        no=score.item.id,
        name=score.item.name,
        section=name,
        mark=MARKS.get(mark),
        mark_key=mark,
        value=decimal_text(value) if value and single else value,
        unit=unit,
        target=target_text(goal) if goal else "—",
        target_unit=unit_beside(single.unit, goal) if single else "",
        gap=("+" if gap > 0 else "") + decimal_text(gap) if gap is not None else "—",
        gap_is_good=score.points == score.item.max_points if gap is not None and is_scored else None,
        points=decimal_text(score.points) if is_scored else "—",
        max_points=decimal_text(score.item.max_points),
        points_share=share,
        status=STATUSES[score.status],
        status_key=str(score.status),
        reason="" if score.status is ItemStatus.SCORED else _short(score.reason),
        departments=departments,
        spark=line,
        url=url,
        is_own=bool(own) and own in departments,
        is_simulated=any(value.is_simulated for value in score.inputs),
        sort={
            "name": score.item.name,
            "value": single.value if single else None,
            "target": single.target if single else None,
            "gap": gap,
            "points": share,
            "status": STATUS_ORDER.index(score.status),
        },
    )


def _short(reason: str) -> str:
    """The reason for a table cell; the whole one stands in the panel."""
    plain = without_ids(reason)
    return plain if len(plain) <= 60 else plain[:58] + "……"


def _section(name: str, scores: Sequence[ItemScore]) -> Section:
    most = sum((s.item.max_points for s in scores), Fraction(0))
    points = sum((s.points for s in scores if s.points is not None), Fraction(0))
    reached = sum((s.scored_max_points for s in scores), Fraction(0))
    states = Counter(str(s.status) for s in scores)
    return Section(
        name=name,
        points=decimal_text(points) if reached else "—",
        scored_max=decimal_text(reached),
        max_points=decimal_text(most),
        won_width=f"{float(100 * points / most):.2f}" if most else "0",
        lost_width=f"{float(100 * (reached - points) / most):.2f}" if most else "0",
        counts=_counts(states),
        number=len(scores),
        has_points=True,
        has_scored=bool(reached),
        is_part=False,
    )


def _counts(states: Counter[str]) -> tuple[Count, ...]:
    return tuple(Count(s, STATUSES[s], states[s]) for s in STATUS_ORDER if states[s])


def _section_names(result: Assessment) -> dict[str, str]:
    """Item → the heading under which the table shows it: its group, or the section where that has one group only."""
    titles = {section.id: section.name for section in result.rule_set.sections}
    fine = {section.id for section in result.rule_set.sections if not _groups(result, section.id)}
    return {s.item.id: titles[s.item.section] if s.item.section in fine else s.item.group for s in result.items}


def _groups(result: Assessment, section: str) -> list[str]:
    """The groups of a section worth a line of their own: of several, with three items or more on average."""
    groups = [score.item.group for score in result.items if score.item.section == section]
    names = list(dict.fromkeys(groups))
    return names if 1 < len(names) <= len(groups) / 3 else []


def _sections(result: Assessment) -> tuple[Section, ...]:
    found = []
    for section in result.rule_set.sections:
        scores = [score for score in result.items if score.item.section == section.id]
        found.append(_section(section.name, scores))
        for group in _groups(result, section.id):
            found.append(_as_part(_section(group, [s for s in scores if s.item.group == group])))
    return tuple(found)


def _as_part(section: Section) -> Section:
    return Section(**{name: getattr(section, name) for name in Section.__slots__} | {"is_part": True})


def _from_rules(
    user: User,
    place: Place,
    query: Query,
    base: str,
    result: Assessment,
    values: ValueSet,
    targets: Sequence[core.Target],
) -> Stand:
    by_no = {target.no: target for target in targets if target.no}
    names = _section_names(result)
    years = sorted({*years_with_values(place.division), query.year})
    own = _own(user)
    rows = []
    for score in result.items:
        target = by_no.get(score.item.id)
        line = _spark(target, score.item.indicator, values, years, score.item.unit)
        url = item_url(base, query, score.item.id)
        rows.append(_item_row(score, target, names[score.item.id], own, url, line))
    return Stand(tuple(rows), _sections(result), _section("合计", result.items))


def status_of(score: TargetScore) -> str:
    """The status of an unscored target: met or missed in place of "scored"."""
    return str(score.status) if score.is_met is None else "met" if score.is_met else "missed"


def compared_value(compared: Compared) -> str:
    """The figure of one comparison as it is shown; empty where there is none."""
    return decimal_text(compared.found.text) if compared.found.value is not None else ""


def _target_row(
    score: TargetScore, values: ValueSet, years: Iterable[int], own: str, query: Query, base: str
) -> IndicatorRow:
    """The row of a target of a plan that has no rule set."""
    target = score.target
    one = score.compared[0] if len(score.compared) == 1 else None
    shown = compared_value(one) if one else _parts_text([(c.name, compared_value(c)) for c in score.compared])
    goals = [(c.name, target_text(c.target.text) if c.target else "") for c in score.compared]
    goal = goals[0][1] if len({text for _, text in goals}) == 1 else _parts_text(goals)
    goal_year = score.compared[0].target_year
    gap = one.gap if one else None
    bound = one.target.bound if one and one.target else None
    status = status_of(score)
    return IndicatorRow(
        id=target.key,
        no=target.no or "—",
        name=target.name,
        section=target.group,
        mark=MARKS.get(str(target.mark)),
        mark_key=str(target.mark),
        value=shown,
        unit=target.unit if shown else "",
        target=goal or "—",
        target_unit=unit_beside(target.unit, goal)
        + (f"（{goal_year} 年）" if goal and goal_year != query.year else ""),
        gap=("+" if gap > 0 else "") + decimal_text(gap) if gap is not None else "—",
        gap_is_good=score.is_met if gap is not None else None,
        points="",
        max_points="",
        points_share=None,
        status=STATUSES[status],
        status_key=status,
        reason="" if score.is_met is not None else _short("".join(c.reason for c in score.compared)),
        departments=target.all_departments,
        spark=_spark(target, target.indicator, values, years, target.unit),
        url=item_url(base, query, target.key),
        is_own=bool(own) and own in target.all_departments,
        is_simulated=any(v.is_simulated for c in score.compared for v in c.found.inputs),
        sort={
            "name": target.name,
            "value": one.found.value if one else None,
            "target": Fraction(bound[1]) if bound else None,
            "gap": gap,
            "status": STATUS_ORDER.index(status),
        },
    )


def _parts_text(parts: Iterable[tuple[str, str]]) -> str:
    return "；".join(f"{name} {text}" for name, text in parts if text)


def _from_targets(user: User, place: Place, query: Query, base: str, values: ValueSet) -> Stand:
    years = sorted({*years_with_values(place.division), query.year})
    own = _own(user)
    scores = compared(place, query, values)
    rows = tuple(_target_row(score, values, years, own, query, base) for score in scores)
    sections = []
    for name in dict.fromkeys(row.section for row in rows):
        states = Counter(row.status_key for row in rows if row.section == name)
        number = sum(states.values())
        met, missed = (f"{100 * states[key] / number:.2f}" for key in ("met", "missed"))
        sections.append(
            Section(name or "全部", "", "", "", met, missed, _counts(states), number, False, False, False)
        )
    return Stand(rows, tuple(sections), None)


def place_targets(user: User, place: Place) -> list[core.Target]:
    """The targets of a place as values; one query."""
    rows = plans.visible_targets(user).filter(plan__division_id=place.division)
    return [conversion.target_value(row) for row in rows]


def stand(user: User, place: Place, query: Query, base: str) -> Stand:
    """All items of a place in a year."""
    values = figures(place, query)
    result = scored(place, query, values) if place.has_rules else None
    if result is not None:
        return _from_rules(user, place, query, base, result, values, place_targets(user, place))
    return _from_targets(user, place, query, base, values)


def findings(user: User, place: Place, query: Query) -> tuple[FindingGroup, ...]:
    """What the checks found in the figures of a place and year, the gravest first."""
    found = assessment.check(place.division, query.year)
    groups = []
    for level, label in LEVELS.items():
        rows = tuple(
            FindingRow(f.rule, f.subject, f.message, f.proposal, f.source, f"finding-{number}")
            for number, f in enumerate(found, 1)
            if f.level == level
        )
        if rows:
            groups.append(FindingGroup(label, rows))
    return tuple(groups)
