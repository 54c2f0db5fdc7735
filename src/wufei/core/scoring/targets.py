"""A place without scoring rules: each target against the figure of the year, met or not, without points.

Invariant: as with scores, the unknown is neither met nor missed; it is named.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from wufei.core import indicators
from wufei.core.indicators import Status
from wufei.core.numbers import fraction_text
from wufei.core.plan import Comparator, Pack, Target, TargetPart, TargetValue, readable, with_comparator
from wufei.core.scoring.readings import Found, Missing, Source
from wufei.core.scoring.rules import Input
from wufei.core.scoring.score import ItemStatus
from wufei.core.scoring.shapes import COMPARATORS
from wufei.core.units import unit_name
from wufei.core.values import Value, ValueSet

LATER = ("年度目标", "下达", "任务")  # words of a target whose number is set year by year


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure beside one target. ``is_met`` is ``None`` unless both are numbers.

    ``target_year`` is the year whose target is used: the year asked for, else the next one that has a target, else
    the last one. ``indicator`` is the one that the figure is read from; empty where the plan names none.
    """

    name: str
    indicator: str
    status: ItemStatus
    found: Found
    target: TargetValue | None
    target_year: int | None
    comparator: str
    is_met: bool | None
    reason: str
    missing: tuple[Missing, ...]

    @property
    def gap(self) -> Fraction | None:
        """Figure minus target."""
        if self.found.value is None or self.target is None or self.target.bound is None:
            return None
        return self.found.value - Fraction(self.target.bound[1])


@dataclass(frozen=True, slots=True)
class TargetScore:
    """A target with its one comparison, or with one for each of its parts."""

    target: Target
    status: ItemStatus
    compared: tuple[Compared, ...]

    @property
    def is_met(self) -> bool | None:
        """Met when each part is; ``None`` where one is unknown."""
        if self.status is not ItemStatus.SCORED:
            return None
        return all(part.is_met for part in self.compared)


def compare_targets(pack: Pack, values: ValueSet, year: int, *, prefer_published: bool = True) -> list[TargetScore]:
    """All numbered targets of a plan against the figures of ``year``.

    In the baseline year the baseline that the target list itself prints stands in for a figure that is not recorded.
    """
    source = Source(values, year, prefer_published, {})
    scores = []
    for target in pack.targets:
        rows: tuple[Target | TargetPart, ...] = target.parts or (target,)
        compared = tuple(_compared(source, target, row, prefer_published) for row in rows)
        scores.append(TargetScore(target, _status(compared), compared))
    return scores


def _status(compared: Iterable[Compared]) -> ItemStatus:
    found = {part.status for part in compared}
    order = (ItemStatus.NO_DATA, ItemStatus.PENDING, ItemStatus.JUDGED, ItemStatus.NOT_APPLICABLE)
    return next((status for status in order if status in found), ItemStatus.SCORED)


def target_of(targets: Mapping[int, TargetValue], year: int) -> tuple[int | None, TargetValue | None]:
    """The target of ``year``, else of the next year that has one, else of the last; a slash is none."""
    targets = {y: value for y, value in targets.items() if value.text != "/"}
    later = [y for y in sorted(targets) if y >= year]
    chosen = later[0] if later else max(targets, default=None)
    return chosen, targets[chosen] if chosen is not None else None


def _found(source: Source, target: Target, row: Target | TargetPart, with_baseline: bool) -> Found:
    indicator = row.indicator or target.indicator
    found = Found(Status.NO_DATA)
    if indicator in indicators.indicators():
        found = source.find(Input(indicator=indicator, scope=row.scope))
    if found.status is Status.VALUE or not with_baseline or target.baseline_year != source.year:
        return found
    number = _number(row.baseline)
    if number is None:
        return found
    name = row.part if isinstance(row, TargetPart) else ""
    printed = Value(
        element=f"indicator:{indicator}", scope=row.scope or name, period=str(source.year), value=number,
        state="number", unit=target.unit, printed=row.baseline, source=row.source,
    )  # fmt: skip
    return Found(Status.VALUE, Fraction(number), row.baseline, "baseline", (printed,))


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except ArithmeticError:
        return None
    return number if number.is_finite() else None


def comparator_of_bound(bound: Comparator, indicator: str) -> str:
    """The comparator printed; a bare number means "at least", or "at most" where less is better."""
    if bound is not Comparator.PLAIN:
        return bound.value
    known = indicators.indicators().get(indicator)
    return "<=" if known is not None and known.direction == "lower" else ">="


def goal_text(value: TargetValue, indicator: str) -> str:
    """A target with the comparator by which it is read: ``98`` is ``>=98``; the document's words stay."""
    return with_comparator(value.text, comparator_of_bound(value.comparator, indicator))


def goal_texts(target: Target) -> dict[int, str]:
    """Year to target as it is read; of a row with parts the common one, or each part's with its name."""

    def goals(values: Mapping[int, TargetValue], indicator: str) -> dict[int, TargetValue]:
        return {year: replace(value, text=goal_text(value, indicator)) for year, value in values.items()}

    parts = tuple(
        replace(part, targets=goals(part.targets, part.indicator or target.indicator)) for part in target.parts
    )
    return replace(target, targets=goals(target.targets, target.indicator), parts=parts).shown_targets()


def _compared(source: Source, target: Target, row: Target | TargetPart, with_baseline: bool) -> Compared:
    found = _found(source, target, row, with_baseline)
    year, wanted = target_of(row.targets or target.targets, source.year)
    name = row.part if isinstance(row, TargetPart) else ""
    indicator = row.indicator or target.indicator

    def result(status: ItemStatus, reason: str, comparator: str = "", is_met: bool | None = None) -> Compared:
        missing = found.missing if status is ItemStatus.NO_DATA else ()
        return Compared(name, indicator, status, found, wanted, year, comparator, is_met, reason, missing)

    unit = unit_name(target.unit)
    shown = f"实际 {found.text}{unit}" if found.value is not None else "没有实际值"
    if wanted is None:
        return result(ItemStatus.PENDING, f"{shown}；方案没有给出目标值。")
    if wanted.bound is None:
        if any(word in wanted.text for word in LATER):
            return result(ItemStatus.PENDING, f"{shown}；目标“{wanted.text}”的数值尚未下达或录入。")
        return result(ItemStatus.JUDGED, f"{shown}；目标“{wanted.text}”是文字，需要人工判断是否达到。")
    if found.status is Status.NOT_APPLICABLE:
        return result(ItemStatus.NOT_APPLICABLE, "分母为0，本项不适用。")
    if found.value is None:
        names = "、".join(f"{m.name}（{m.element}，{m.year}年）" for m in found.missing)
        lacks = names or "这一目标没有对应的指标编号，也没有公布的数值"
        return result(ItemStatus.NO_DATA, f"缺少数据：{lacks}。")
    bound, number = wanted.bound
    comparator = comparator_of_bound(bound, indicator)
    is_met = COMPARATORS[comparator](found.value, Fraction(number))
    of = "" if year == source.year else f"（{year}年）"
    goal = readable(goal_text(wanted, indicator), unit)
    words = f"{shown}，目标 {goal}{of}，{'已达到' if is_met else '未达到'}"
    off = abs(found.value - Fraction(number))
    gap = "" if is_met or not off else f"，差 {fraction_text(off)}{'个百分点' if unit == '%' else unit}"
    return result(ItemStatus.SCORED, f"{words}{gap}。", comparator, is_met)
