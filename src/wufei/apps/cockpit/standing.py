"""Where a place stands: each item with value, target, gap, points and reason; sections; the findings of the checks.

A place with a rule set is scored by it; of any other the targets of its plan are set beside the figures, unscored.
Invariant: what is unknown is counted as unknown, never as 0 points.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from wufei.apps.cockpit.figures import NOTHING, decimal_text
from wufei.apps.cockpit.item_rows import item_row, target_row
from wufei.apps.cockpit.labels import LEVELS, STATUS_ORDER, STATUSES
from wufei.apps.cockpit.place_year import PlaceYear
from wufei.apps.cockpit.rows import Card, Count, FindingGroup, FindingRow, IndicatorRow, Section
from wufei.core.scoring import Assessment, ItemScore


@dataclass(frozen=True, slots=True)
class Stand:
    """The rows of the table and the sections, from one assessment."""

    rows: tuple[IndicatorRow, ...]
    sections: tuple[Section, ...]
    total: Section | None

    def cards(self) -> tuple[Card, ...]:
        """The large figures: points of what could be scored, how many items have which status."""
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
        return tuple(cards)


def _section(name: str, scores: Sequence[ItemScore]) -> Section:
    most = sum((s.item.max_points for s in scores), Fraction(0))
    points = sum((s.points for s in scores if s.points is not None), Fraction(0))
    reached = sum((s.scored_max_points for s in scores), Fraction(0))
    return Section(
        name=name,
        points=decimal_text(points) if reached else NOTHING,
        scored_max=decimal_text(reached),
        max_points=decimal_text(most),
        won_width=f"{float(100 * points / most):.2f}" if most else "0",
        lost_width=f"{float(100 * (reached - points) / most):.2f}" if most else "0",
        counts=_counts(Counter(str(s.status) for s in scores)),
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
            found.append(replace(_section(group, [s for s in scores if s.item.group == group]), is_part=True))
    return tuple(found)


def _target_section(name: str, rows: Sequence[IndicatorRow]) -> Section:
    """A group of targets: how many of them are met, missed or unknown."""
    states = Counter(row.status_key for row in rows)
    met, missed = (f"{100 * states[key] / len(rows):.2f}" for key in ("met", "missed"))
    return Section(name or "全部", "", "", "", met, missed, _counts(states), len(rows), False, False, False)


def stand(asked: PlaceYear) -> Stand:
    """All items of a place in a year."""
    result = asked.scored
    if result is not None:
        names = _section_names(result)
        rows = tuple(item_row(asked, score, names[score.item.id]) for score in result.items)
        return Stand(rows, _sections(result), _section("合计", result.items))
    rows = tuple(target_row(asked, score) for score in asked.compared)
    groups = dict.fromkeys(row.section for row in rows)
    sections = tuple(_target_section(name, [row for row in rows if row.section == name]) for name in groups)
    return Stand(rows, sections, None)


def findings_card(findings: Sequence[FindingGroup]) -> Card:
    """How much the checks found."""
    number = sum(len(group.rows) for group in findings)
    return Card("核对问题", str(number), "条", "见本页“数据核对发现的问题”", "数据之间对不上的地方。")


def findings(asked: PlaceYear) -> tuple[FindingGroup, ...]:
    """What the checks found in the figures of a place and year, the gravest first."""
    groups = []
    for level, label in LEVELS.items():
        rows = tuple(
            FindingRow(f.rule, f.subject, f.message, f.proposal, f.source, f"finding-{number}")
            for number, f in enumerate(asked.issues, 1)
            if f.level == level
        )
        if rows:
            groups.append(FindingGroup(label, rows))
    return tuple(groups)
