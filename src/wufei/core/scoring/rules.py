"""Rule sets (评分细则) as data: items, shapes and parameters, from ``data/plans/<division>/scoring.json``.

Invariant: a rule set that is read has known shapes, exact numbers and points that add up to its sections.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from wufei.core import reference
from wufei.core.scoring.shapes import (
    COMPARATORS,
    Count,
    Events,
    Excess,
    Fractional,
    Judged,
    PartialStep,
    PassFail,
    Proportional,
    RankGain,
    RankSteps,
    RankTiers,
    Shape,
    Shortfall,
    Tier,
)


class BadRuleSet(ValueError):
    """A rule set that cannot be used; the message lists everything that is wrong with it."""


@dataclass(frozen=True, slots=True)
class Input:
    """What a rule asks for: an ``indicator``, an ``element``, or a ``formula`` over elements. Exactly one is set."""

    indicator: str = ""
    element: str = ""
    formula: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One shape with what it is asked about.

    ``target`` is the number to reach; ``target_words`` the document's words where the number comes later (完成年度
    目标), and then ``target_element`` is the element that will hold it.
    """

    shape: Shape
    input: Input
    target: Fraction | None = None
    target_words: str = ""
    target_element: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an item that is a sum of parts. A part that only deducts has ``max_points`` 0."""

    id: str
    name: str
    max_points: Fraction
    rule: Rule
    unit: str


@dataclass(frozen=True, slots=True)
class Item:
    """One scored item. It has one ``rule``, or ``parts`` whose sum, at most ``max_points``, is its score.

    ``zero_denominator``: what "not applicable" does to the score: ``exclude`` (neither points nor full marks count)
    or ``full``. ``roll_up``: the share of the points that the parent city is credited, where the rule says so.
    """

    id: str
    name: str
    section: str
    group: str
    indicator: str
    unit: str
    max_points: Fraction
    source: str
    parts: tuple[Part, ...]
    is_sum: bool
    zero_denominator: str = "exclude"
    roll_up: Fraction | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the table; ``bonus`` of its ``points`` can only be earned by bonus items."""

    id: str
    name: str
    points: Fraction
    bonus: Fraction


@dataclass(frozen=True, slots=True)
class Defect:
    """A fault of the rules as printed, the reading that is taken, and why."""

    id: str
    items: tuple[str, ...]
    what: str
    reading: str
    why: str


@dataclass(frozen=True, slots=True)
class OwnInput:
    """A data element that only this rule set asks for (a rank, a count of awards, a yes or no)."""

    id: str
    name: str
    unit: str


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A whole scoring table of one document and version."""

    id: str
    version: str
    division: str
    title: str
    source: str
    default_step: PartialStep
    default_step_reason: str
    sections: tuple[Section, ...]
    items: tuple[Item, ...]
    adjustments: tuple[Item, ...]
    inputs: Mapping[str, OwnInput]
    defects: tuple[Defect, ...]

    @property
    def max_points(self) -> Fraction:
        """Full marks of the items, without the bonus."""
        return sum((item.max_points for item in self.items), Fraction(0))

    def defects_of(self, item_id: str) -> tuple[Defect, ...]:
        """The faults that concern an item."""
        return tuple(defect for defect in self.defects if item_id in defect.items)


def _number(text: object) -> Fraction:
    if not isinstance(text, str):
        raise BadRuleSet(f'{text!r} 应写成字符串，如 "0.5"，以免失真。')
    return Fraction(text)


def _step(raw: Mapping[str, Any]) -> PartialStep | None:
    return PartialStep(raw["step"]) if raw.get("step") else None


def _shape(raw: Mapping[str, Any], most: Fraction) -> Shape:
    match raw["shape"]:
        case "pass_fail":
            assert raw["comparator"] in COMPARATORS, raw
            return PassFail(raw["comparator"], raw.get("otherwise") == "judged")
        case "shortfall":
            return Shortfall(_number(raw["per"]), _number(raw["deduct"]), _step(raw))
        case "excess":
            return Excess(_number(raw["per"]), _number(raw["deduct"]), _step(raw))
        case "proportional":
            return Proportional()
        case "rank_tiers":
            tiers = tuple(Tier(t["first"], t["last"], _number(t["points"])) for t in raw["tiers"])
            return RankTiers(tiers, raw["places"], Fractional(raw.get("fractional", "worse")))
        case "rank_steps":
            return RankSteps(raw["places"], raw["steps"])
        case "rank_gain":
            return RankGain(_number(raw["per_place"]), raw["places"])
        case "count":
            return Count(_number(raw["each"]))
        case "events":
            limit = None if raw["limit"] is None else _number(raw["limit"])
            return Events(_number(raw["each"]), limit, most)
        case "judged":
            return Judged(raw["question"])
        case other:
            raise BadRuleSet(f"不认识的评分方法“{other}”。")


def _rule(raw: Mapping[str, Any], most: Fraction) -> Rule:
    target = raw.get("target")
    return Rule(
        shape=_shape(raw, most),
        input=Input(**raw["input"]),
        target=None if target is None else _number(target),
        target_words=raw.get("target_words", ""),
        target_element=raw.get("target_element", ""),
    )


def _item(raw: Mapping[str, Any]) -> Item:
    most = _number(raw["max_points"])
    rule = raw["rule"]
    is_sum = rule["shape"] == "sum"
    raw_parts = (
        rule["parts"] if is_sum else [{"id": raw["id"], "name": "", "max_points": raw["max_points"], "rule": rule}]
    )
    return Item(
        id=raw["id"],
        name=raw["name"],
        section=raw["section"],
        group=raw["group"],
        indicator=raw.get("indicator", ""),
        unit=raw.get("unit", ""),
        max_points=most,
        source=raw["source"],
        parts=tuple(
            Part(
                id=p["id"],
                name=p["name"],
                max_points=_number(p["max_points"]),
                rule=_rule(p["rule"], _number(p["max_points"])),
                unit=p.get("unit", raw.get("unit", "")),
            )
            for p in raw_parts
        ),
        is_sum=is_sum,
        zero_denominator=raw.get("zero_denominator", "exclude"),
        roll_up=_number(raw["roll_up"]["share"]) if "roll_up" in raw else None,
        note=raw.get("note", ""),
    )


def parse_rule_set(document: Mapping[str, Any]) -> RuleSet:
    """Read a rule set from plain values. Raises ``BadRuleSet`` with all items that cannot be read."""
    problems: list[str] = []

    def items(field: str) -> tuple[Item, ...]:
        read = []
        for raw in document[field]:
            try:
                read.append(_item(raw))
            except (KeyError, TypeError, ValueError, AssertionError) as error:
                problems.append(f"{raw.get('id', '?')}：{error!r}")
        return tuple(read)

    rule_set = RuleSet(
        id=document["id"],
        version=document["version"],
        division=document["division"],
        title=document["title"],
        source=document["source"],
        default_step=PartialStep(document["default_step"]),
        default_step_reason=document["default_step_reason"],
        sections=tuple(
            Section(s["id"], s["name"], _number(s["points"]), _number(s["bonus"])) for s in document["sections"]
        ),
        items=items("items"),
        adjustments=items("adjustments"),
        inputs={i["id"]: OwnInput(i["id"], i["name"], i["unit"]) for i in document["inputs"]},
        defects=tuple(
            Defect(d["id"], tuple(d["items"]), d["what"], d["reading"], d["why"]) for d in document["defects"]
        ),
    )
    problems += _sums(rule_set)
    if problems:
        raise BadRuleSet("；".join(problems))
    return rule_set


def _sums(rule_set: RuleSet) -> list[str]:
    """What does not add up, or names an item twice."""
    problems = []
    ids = [item.id for item in (*rule_set.items, *rule_set.adjustments)]
    problems += [f"{name} 出现两次" for name in sorted({i for i in ids if ids.count(i) > 1})]
    for section in rule_set.sections:
        points = sum((i.max_points for i in rule_set.items if i.section == section.id), Fraction(0))
        if points != section.points - section.bonus:
            problems.append(f"第{section.id}部分各项合计 {points}，应为 {section.points - section.bonus}")
    return problems


@cache
def read_rule_set(division: str) -> RuleSet | None:
    """The rule set of a place, or ``None`` where the place has none."""
    path = f"plans/{division}/scoring.json"
    return parse_rule_set(reference.read_document(path)) if reference.exists(path) else None
