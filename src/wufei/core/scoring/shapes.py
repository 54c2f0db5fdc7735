"""The shapes of scoring rules (评分方法): how a figure becomes points, in exact fractions.

Invariant: points lie between 0 and ``most`` (those of a deduction are 0 or less); a better figure never earns less.
Differences of percentages are percentage points: 90 - 75.4 is 14.6. No shape knows of missing data; that is decided
before a shape is asked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor

from wufei.core.numbers import fraction_text

ZERO = Fraction(0)


class PartialStep(StrEnum):
    """What a step that is begun but not whole counts: whole (不足按…计), nothing, or its share."""

    CEIL = "ceil"
    FLOOR = "floor"
    LINEAR = "linear"


class Fractional(StrEnum):
    """Where a mean rank between two whole ones belongs: with the worse or the better of the two."""

    WORSE = "worse"
    BETTER = "better"


class OutOfRange(ValueError):
    """A figure that the shape cannot mean: rank 0, rank 12 of 11, minus two events. The message is Chinese."""


@dataclass(frozen=True, slots=True)
class Case:
    """What one shape is asked to score.

    ``target`` is the number to reach (``None`` for shapes without one); ``last`` is last year's rank (``rank_gain``
    only); ``most`` are the points for full marks.
    """

    value: Fraction
    most: Fraction
    target: Fraction | None = None
    last: Fraction | None = None
    step: PartialStep = PartialStep.CEIL


COMPARATORS: Mapping[str, Callable[[Fraction, Fraction], bool]] = {
    ">=": lambda value, target: value >= target,
    ">": lambda value, target: value > target,
    "<=": lambda value, target: value <= target,
    "<": lambda value, target: value < target,
    "=": lambda value, target: value == target,
}


def steps_of(distance: Fraction, per: Fraction, step: PartialStep) -> Fraction:
    """How many steps of ``per`` a distance >= 0 has: 14.6 by 5 is 3 (ceil), 2 (floor) or 2.92 (linear)."""
    assert distance >= 0, distance
    assert per > 0, per
    exact = distance / per
    match step:
        case PartialStep.CEIL:
            return Fraction(ceil(exact))
        case PartialStep.FLOOR:
            return Fraction(floor(exact))
        case PartialStep.LINEAR:
            return exact


def _target(case: Case) -> Fraction:
    assert case.target is not None, case
    return case.target


@dataclass(frozen=True, slots=True)
class PassFail:
    """Full marks or none (达到得满分). ``else_judged``: below the target a person decides (视情况给分)."""

    comparator: str
    else_judged: bool = False

    def points(self, case: Case) -> Fraction:
        """``most`` or 0."""
        return case.most if COMPARATORS[self.comparator](case.value, _target(case)) else ZERO


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Minus ``deduct`` for each ``per`` below the target (每低…扣…); ``step`` where the rule itself states it."""

    per: Fraction
    deduct: Fraction
    step: PartialStep | None = None

    def points(self, case: Case) -> Fraction:
        """``most - deduct * steps``, not below 0."""
        short = max(ZERO, _target(case) - case.value)
        return max(ZERO, case.most - self.deduct * steps_of(short, self.per, self.step or case.step))


@dataclass(frozen=True, slots=True)
class Excess:
    """Minus ``deduct`` for each ``per`` above the limit (每超过…扣…)."""

    per: Fraction
    deduct: Fraction
    step: PartialStep | None = None

    def points(self, case: Case) -> Fraction:
        """``most - deduct * steps``, not below 0."""
        over = max(ZERO, case.value - _target(case))
        return max(ZERO, case.most - self.deduct * steps_of(over, self.per, self.step or case.step))


@dataclass(frozen=True, slots=True)
class Proportional:
    """The share of the target that is reached, at most all of it (按完成比例计分)."""

    def points(self, case: Case) -> Fraction:
        """``most * value / target`` within 0 … ``most``; the target must be above 0."""
        target = _target(case)
        if target <= 0:
            raise OutOfRange("目标为0，无法按比例计分。")
        return case.most * min(Fraction(1), max(ZERO, case.value / target))


@dataclass(frozen=True, slots=True)
class Tier:
    """Ranks ``first`` to ``last`` earn ``points``."""

    first: int
    last: int
    points: Fraction


def _whole_rank(rank: Fraction, fractional: Fractional, places: int) -> int:
    """A rank as a whole number; mean ranks (3.5) go as ``fractional`` says."""
    whole = ceil(rank) if fractional is Fractional.WORSE else floor(rank)
    if rank < 1 or whole > places:
        raise OutOfRange(f"名次应在 1 到 {places} 之间。")
    return whole


@dataclass(frozen=True, slots=True)
class RankTiers:
    """Points by tiers of rank (1-2名得2分…). Where tiers overlap the one that stands first in the list counts."""

    tiers: tuple[Tier, ...]
    places: int
    fractional: Fractional = Fractional.WORSE

    def points(self, case: Case) -> Fraction:
        """The points of the rank's tier; 0 for a rank that no tier names."""
        rank = _whole_rank(case.value, self.fractional, self.places)
        return next((tier.points for tier in self.tiers if tier.first <= rank <= tier.last), ZERO)


@dataclass(frozen=True, slots=True)
class RankSteps:
    """Equal steps from the first rank down (等差递减赋分). ``steps`` is ``None`` where the rule gives no number."""

    places: int
    steps: int | None

    def points(self, case: Case) -> Fraction:
        """``most * (1 - (rank - 1) / steps)``, not below 0."""
        assert self.steps is not None, "asked only where the rule says how many steps"
        rank = case.value
        if not 1 <= rank <= self.places:
            raise OutOfRange(f"名次应在 1 到 {self.places} 之间。")
        return max(ZERO, case.most * (1 - (rank - 1) / self.steps))


@dataclass(frozen=True, slots=True)
class RankGain:
    """So much for each place gained on last year (较去年上升名次); a loss earns 0."""

    per_place: Fraction
    places: int

    def points(self, case: Case) -> Fraction:
        """``per_place * (last - rank)`` within 0 … ``most``."""
        assert case.last is not None, case
        if not (1 <= case.value <= self.places and 1 <= case.last <= self.places):
            raise OutOfRange(f"名次应在 1 到 {self.places} 之间。")
        return min(case.most, max(ZERO, self.per_place * (case.last - case.value)))


def _count(value: Fraction) -> int:
    if value < 0 or value.denominator != 1:
        raise OutOfRange("次数应为不小于0的整数。")
    return int(value)


@dataclass(frozen=True, slots=True)
class Count:
    """So much for each (每个得…分), at most ``most``."""

    each: Fraction

    def points(self, case: Case) -> Fraction:
        """``each * count``, not above ``most``."""
        return min(case.most, self.each * _count(case.value))


@dataclass(frozen=True, slots=True)
class Events:
    """Minus ``each`` for each event (每次扣…), at most ``limit`` (``None``: the rule states no pool).

    ``base`` are the points without an event: full marks, or 0 where events only take from other parts.
    """

    each: Fraction
    limit: Fraction | None
    base: Fraction

    def points(self, case: Case) -> Fraction:
        """``base - each * count``, not below ``base - limit``."""
        taken = self.each * _count(case.value)
        return self.base - (taken if self.limit is None else min(taken, self.limit))


@dataclass(frozen=True, slots=True)
class Judged:
    """A person gives the points and says why (视情况得分). ``question`` is what is to be judged."""

    question: str

    def points(self, case: Case) -> Fraction:
        """The points given, which must lie in 0 … ``most``."""
        if not 0 <= case.value <= case.most:
            raise OutOfRange(f"评分应在 0 到 {fraction_text(case.most)} 之间。")
        return case.value


Shape = PassFail | Shortfall | Excess | Proportional | RankTiers | RankSteps | RankGain | Count | Events | Judged


def comparator_of(shape: Shape) -> str:
    """How a figure is set beside the target that earns full marks; empty for shapes that have no target."""
    match shape:
        case PassFail(comparator, _):
            return comparator
        case Shortfall() | Proportional():
            return ">="
        case Excess():
            return "<="
        case _:
            return ""


def roll_up(points: Fraction, share: Fraction) -> Fraction:
    """What a county's points give its parent city (所属设区市减半加分)."""
    return points * share
