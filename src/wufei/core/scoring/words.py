"""Rules in words: one Chinese sentence a rule, made from its parameters, so that it says what is computed."""

from fractions import Fraction

from wufei.core.numbers import fraction_text
from wufei.core.scoring.rules import Item, Part, Rule
from wufei.core.scoring.shapes import (
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
    Shortfall,
)
from wufei.core.units import unit_name

_COMPARED = {">=": "不低于", ">": "高于", "<=": "不高于", "<": "低于", "=": "等于"}
_STEPS = {
    PartialStep.CEIL: "不足一档按一档计",
    PartialStep.FLOOR: "不足一档不计",
    PartialStep.LINEAR: "不足一档按比例计",
}


def _unit(unit: str) -> str:
    return "个百分点" if unit == "%" else unit


def _target(rule: Rule, unit: str) -> str:
    return rule.target_words if rule.target is None else f"达到{fraction_text(rule.target)}{unit}"


def _per(shape: Shortfall | Excess, unit: str, word: str, default: PartialStep) -> str:
    stated = shape.step or default
    whose = "" if shape.step else "，文件未写明，按参数"
    return (
        f"每{word}{fraction_text(shape.per)}{_unit(unit)}扣{fraction_text(shape.deduct)}分"
        f"（{_STEPS[stated]}{whose}），扣完为止"
    )


def rule_text(rule: Rule, most: Fraction, unit: str, default: PartialStep) -> str:
    """One rule as a sentence: what earns full marks and what is taken off."""
    unit = unit_name(unit)
    points, target = fraction_text(most), _target(rule, unit)
    match rule.shape:
        case PassFail(comparator, else_judged):
            goal = rule.target_words or f"{_COMPARED[comparator]}{fraction_text(rule.target or Fraction(0))}{unit}"
            return f"{goal}得{points}分，否则{'视情况给分' if else_judged else '不得分'}。"
        case Shortfall():
            return f"{target}得{points}分；{_per(rule.shape, unit, '低', default)}。"
        case Excess():
            limit = fraction_text(rule.target or Fraction(0))
            return f"不高于{limit}{unit}得{points}分；{_per(rule.shape, unit, '超', default)}。"
        case Proportional():
            return f"{target}得{points}分，未达到按比例计分。"
        case RankTiers(tiers, places, fractional):
            listed = "，".join(f"第{t.first}—{t.last}名{fraction_text(t.points)}分" for t in tiers)
            mean = "后" if fractional is Fractional.WORSE else "前"
            return f"{places}个市排名：{listed}，其余不得分（名次有小数的按{mean}一名计）。"
        case RankSteps(places, steps):
            how = f"每后一名减{fraction_text(most / steps)}分" if steps else "等差递减，档差未写明"
            return f"{places}个市排名：第1名{points}分，{how}。"
        case RankGain(per_place, _):
            return f"年度排名较上年每上升1名得{fraction_text(per_place)}分，至多{points}分。"
        case Count(each):
            return f"每个得{fraction_text(each)}分，至多{points}分。"
        case Events(each, limit, base):
            start = f"得{fraction_text(base)}分，" if base else ""
            stop = "扣分上限未写明" if limit is None else f"至多扣{fraction_text(limit)}分"
            return f"{start}每发生一次扣{fraction_text(each)}分，{stop}。"
        case Judged(question):
            return f"视情况得0至{points}分：{question}。"


def part_text(part: Part, default: PartialStep) -> str:
    """A part with its name."""
    text = rule_text(part.rule, part.max_points, part.unit, default)
    return f"{part.name}：{text}" if part.name else text


def item_text(item: Item, default: PartialStep) -> str:
    """The whole rule of an item."""
    text = "".join(part_text(part, default) for part in item.parts)
    if item.is_sum and item.max_points:
        text += f"合计至多{fraction_text(item.max_points)}分。"
    if item.roll_up is not None:
        text += f"县得分按{fraction_text(item.roll_up)}倍计入所属设区市。"
    return text
