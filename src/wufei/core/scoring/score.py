"""Scores a place's figures by a rule set, item by item, with the reasons.

Invariants: nothing unknown counts 0 — an item without figure, target or judgement has no points and is outside the
full marks that were scored; what is scored lies between 0 and the item's full marks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from wufei.core.indicators import Status
from wufei.core.numbers import fraction_text
from wufei.core.plan import readable, with_comparator
from wufei.core.scoring.readings import Found, Missing, Source
from wufei.core.scoring.rules import Input, Item, Part, Rule, RuleSet
from wufei.core.scoring.shapes import (
    Case,
    Events,
    Excess,
    Judged,
    OutOfRange,
    PartialStep,
    PassFail,
    RankGain,
    RankSteps,
    Shortfall,
    comparator_of,
    roll_up,
)
from wufei.core.scoring.words import item_text, part_text
from wufei.core.units import unit_name
from wufei.core.values import Value, ValueSet

ZERO = Fraction(0)
JUDGEMENT = "judgement:"  # the element that holds the points a person gave an item or part; its note is the reason


class ItemStatus(StrEnum):
    """Where an item stands."""

    SCORED = "scored"
    PENDING = "pending"  # the year's target is not set yet
    NOT_APPLICABLE = "not_applicable"  # nothing to be measured: a denominator is 0
    JUDGED = "judged"  # a person has to decide, and has not
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class PartScore:
    """What one part (or the single rule) of an item came to. ``points`` is ``None`` unless it is scored.

    ``comparator`` says on which side of the target full marks lie; empty where the rule has no target.
    """

    id: str
    name: str
    status: ItemStatus
    points: Fraction | None
    max_points: Fraction
    value: Fraction | None
    value_text: str
    target: Fraction | None
    target_text: str
    comparator: str
    unit: str
    rule: str
    reason: str
    partial_step: PartialStep | None
    found: Found
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class ItemScore:
    """What one item came to. ``points`` is ``None`` unless the item is scored.

    ``known_points`` of ``known_max_points`` are what its scored parts give, also where another part is unknown.
    """

    item: Item
    status: ItemStatus
    points: Fraction | None
    scored_max_points: Fraction
    known_points: Fraction
    known_max_points: Fraction
    rule: str
    reason: str
    parts: tuple[PartScore, ...]
    rolled_up: Fraction | None

    @property
    def missing(self) -> tuple[Missing, ...]:
        """Everything that lacks, of all parts, each once."""
        return tuple(dict.fromkeys(m for part in self.parts for m in part.missing))

    @property
    def inputs(self) -> tuple[Value, ...]:
        """The figures used, of all parts, each once."""
        return tuple(dict.fromkeys(v for part in self.parts for v in part.found.inputs))


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums in points. ``scored_max_points`` are the full marks of what was scored, ``max_points`` of the table."""

    points: Fraction
    max_points: Fraction
    scored_max_points: Fraction
    known_points: Fraction
    known_max_points: Fraction


@dataclass(frozen=True, slots=True)
class Assessment:
    """A rule set applied to the figures of one year."""

    rule_set: RuleSet
    year: int
    partial_step: PartialStep
    items: tuple[ItemScore, ...]
    adjustments: tuple[ItemScore, ...]

    @property
    def final_points(self) -> Fraction:
        """The items' points with what bonus and deduction items that are known add and take; not below 0."""
        added = sum((a.points for a in self.adjustments if a.points is not None), ZERO)
        return max(ZERO, self.totals_of().points + added)

    def totals_of(self, section: str | None = None) -> Totals:
        """The sums of one section, or of the whole table."""
        items = [i for i in self.items if section is None or i.item.section == section]
        return Totals(
            points=sum((i.points for i in items if i.points is not None), ZERO),
            max_points=sum((i.item.max_points for i in items), ZERO),
            scored_max_points=sum((i.scored_max_points for i in items), ZERO),
            known_points=sum((i.known_points for i in items), ZERO),
            known_max_points=sum((i.known_max_points for i in items), ZERO),
        )


def assess(
    rule_set: RuleSet,
    values: ValueSet,
    year: int,
    *,
    partial_step: PartialStep | None = None,
    prefer_published: bool = True,
) -> Assessment:
    """Score all items of ``rule_set`` by the figures of ``year``.

    Args:
        partial_step: what a begun step counts where the rule does not say; default: the rule set's own choice.
        prefer_published: whether a rate that the place printed counts before one recomputed from its parts.
    """
    step = partial_step or rule_set.default_step
    source = Source(values, year, prefer_published, rule_set.inputs)
    scorer = _Scorer(source, step)
    return Assessment(
        rule_set,
        year,
        step,
        items=tuple(scorer.item(item) for item in rule_set.items),
        adjustments=tuple(scorer.item(item) for item in rule_set.adjustments),
    )


def _joined(names: Iterable[str]) -> str:
    return "、".join(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class _Goal:
    """A rule's target: a number, the words for it, and what lacks where it is not set yet."""

    number: Fraction | None
    text: str
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True)
class _Scorer:
    source: Source
    step: PartialStep

    def item(self, item: Item) -> ItemScore:
        parts = tuple(self.part(part, item) for part in item.parts)
        scored = [part for part in parts if part.status is ItemStatus.SCORED]
        applicable = [part for part in parts if part.status is not ItemStatus.NOT_APPLICABLE]
        known = min(item.max_points, sum((p.points for p in scored if p.points is not None), ZERO))
        if item.max_points:  # only an item that does nothing but deduct goes below 0
            known = max(ZERO, known)
        known_most = min(item.max_points, sum((p.max_points for p in scored), ZERO))
        status = _status_of(parts, applicable)
        is_scored = status is ItemStatus.SCORED
        return ItemScore(
            item=item,
            status=status,
            points=known if is_scored else None,
            scored_max_points=known_most if is_scored else ZERO,
            known_points=known,
            known_max_points=known_most,
            rule=item_text(item, self.step),
            reason="".join(f"{part.name}：{part.reason}" if part.name else part.reason for part in parts),
            parts=parts,
            rolled_up=roll_up(known, item.roll_up) if is_scored and item.roll_up is not None else None,
        )

    def part(self, part: Part, item: Item) -> PartScore:
        rule = part.rule
        found = self.source.find(rule.input)
        goal = self.goal(rule, part.unit)
        status, points, reason, missing = self.outcome(part, item, found, goal)
        return PartScore(
            id=part.id,
            name=part.name,
            status=status,
            points=points,
            max_points=part.max_points,
            value=found.value,
            value_text=found.text,
            target=goal.number,
            target_text=goal.text,
            comparator=comparator_of(rule.shape),
            unit=part.unit,
            rule=part_text(part, self.step),
            reason=reason,
            partial_step=(rule.shape.step or self.step) if isinstance(rule.shape, Shortfall | Excess) else None,
            found=found,
            missing=missing,
        )

    def goal(self, rule: Rule, unit: str) -> _Goal:
        """The target's number, from the rule or from the element that holds the year's own."""
        if rule.target is not None:
            return _Goal(rule.target, rule.target_words or fraction_text(rule.target))
        if not rule.target_element:
            return _Goal(None, "")
        held = self.source.find(Input(element=rule.target_element))
        if held.value is None:
            return _Goal(None, rule.target_words, held.missing)
        return _Goal(held.value, held.text)

    def outcome(
        self, part: Part, item: Item, found: Found, goal: _Goal
    ) -> tuple[ItemStatus, Fraction | None, str, tuple[Missing, ...]]:
        """Status, points, the reason in a Chinese sentence, and what lacks."""
        rule, most = part.rule, part.max_points
        if goal.missing:
            words = f"目标是“{goal.text}”，{self.source.year}年的数值尚未下达或录入（{_names(goal.missing)}）。"
            return ItemStatus.PENDING, None, words, (*goal.missing, *found.missing)
        if isinstance(rule.shape, RankSteps) and rule.shape.steps is None:
            return self.judged(part, "评分办法没有写明名次档差，需由评估机构给出得分")
        if isinstance(rule.shape, Judged):
            return self.judged(part, f"需要人工评定：{rule.shape.question}")
        if found.status is Status.NOT_APPLICABLE:
            return self.not_applicable(item, most)
        if found.status is Status.NO_DATA:
            return ItemStatus.NO_DATA, None, f"缺少数据：{_names(found.missing)}。", found.missing
        return self.scored(part, found, goal)

    def scored(
        self, part: Part, found: Found, goal: _Goal
    ) -> tuple[ItemStatus, Fraction | None, str, tuple[Missing, ...]]:
        rule, most = part.rule, part.max_points
        assert found.value is not None
        last = None
        if isinstance(rule.shape, RankGain):
            before = self.source.find(rule.input, year=self.source.year - 1)
            if before.value is None:
                return ItemStatus.NO_DATA, None, f"缺少数据：{_names(before.missing)}。", before.missing
            last = before.value
        try:
            points = rule.shape.points(Case(found.value, most, goal.number, last, self.step))
        except OutOfRange as error:
            return ItemStatus.NO_DATA, None, f"数据“{found.text}”不能用：{error}", ()
        if isinstance(rule.shape, PassFail) and rule.shape.else_judged and points == 0:
            return self.judged(part, f"实际 {found.text}，目标 {goal.text}，未达到，需要人工评定给分多少")
        return ItemStatus.SCORED, points, self.why(part, found, goal, points), ()

    def not_applicable(
        self, item: Item, most: Fraction
    ) -> tuple[ItemStatus, Fraction | None, str, tuple[Missing, ...]]:
        if item.zero_denominator == "full":
            return ItemStatus.SCORED, most, "分母为0，本项不适用，按规则集的约定给满分。", ()
        return ItemStatus.NOT_APPLICABLE, None, "分母为0，本项不适用；按规则集的约定不计分，也不计入满分。", ()

    def judged(self, part: Part, question: str) -> tuple[ItemStatus, Fraction | None, str, tuple[Missing, ...]]:
        """The points that a person gave with a reason; without either, what is to be judged."""
        given = self.source.values.get(JUDGEMENT + part.id, str(self.source.year))
        if given is None or given.value is None:
            return ItemStatus.JUDGED, None, f"{question}。", ()
        if not given.note:
            return ItemStatus.JUDGED, None, f"{question}；已给 {given.value:f} 分，但没有写理由，不能采用。", ()
        try:
            points = Judged(question).points(Case(Fraction(given.value), part.max_points))
        except OutOfRange as error:
            return ItemStatus.JUDGED, None, f"{question}；所给 {given.value:f} 分不能用：{error}", ()
        return ItemStatus.SCORED, points, f"人工评定 {fraction_text(points)} 分：{given.note}", ()

    def why(self, part: Part, found: Found, goal: _Goal, points: Fraction) -> str:
        """How the points came, for a figure that was scored."""
        rule, unit = part.rule, unit_name(part.unit)
        assert found.value is not None
        shown = f"实际 {found.text}{unit}"
        if goal.number is not None:
            shown += f"，目标 {readable(with_comparator(goal.text, comparator_of(rule.shape)), unit)}"
        if isinstance(rule.shape, Shortfall | Excess) and goal.number is not None:
            low = isinstance(rule.shape, Shortfall)
            off = max(ZERO, goal.number - found.value if low else found.value - goal.number)
            if off:
                kind = "低" if low else "超"
                measure = "个百分点" if unit == "%" else unit
                shown += f"，{kind} {fraction_text(off)}{measure}"
        if isinstance(rule.shape, Events) and rule.shape.base == 0:
            return f"{shown}，扣 {fraction_text(-points)} 分。"
        return f"{shown}，得 {fraction_text(points)} 分（满分 {fraction_text(part.max_points)}）。"


def _names(missing: Iterable[Missing]) -> str:
    return _joined(f"{m.name}（{m.element}，{m.year}年）" for m in missing)


def _status_of(parts: tuple[PartScore, ...], applicable: list[PartScore]) -> ItemStatus:
    """Scored when every part that applies is; else the gravest of what stands in the way."""
    if not applicable:
        return ItemStatus.NOT_APPLICABLE
    found = {part.status for part in applicable}
    for status in (ItemStatus.NO_DATA, ItemStatus.PENDING, ItemStatus.JUDGED):
        if status in found:
            return status
    return ItemStatus.SCORED
