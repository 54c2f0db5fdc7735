"""Interval arithmetic on fractions: what a printed, rounded figure may have been, carried through a formula.

Invariant: the result contains the exact result for every choice of numbers inside the operands.
"""

from dataclasses import dataclass
from fractions import Fraction


class DivisorMayBeZero(ArithmeticError):
    """The divisor's interval holds 0, so the quotient has no bounds."""


@dataclass(frozen=True, slots=True)
class Interval:
    """All numbers from ``low`` to ``high``, both included."""

    low: Fraction
    high: Fraction

    def __post_init__(self) -> None:
        assert self.low <= self.high, self

    def __add__(self, other: "Interval") -> "Interval":
        return Interval(self.low + other.low, self.high + other.high)

    def __sub__(self, other: "Interval") -> "Interval":
        return Interval(self.low - other.high, self.high - other.low)

    def __neg__(self) -> "Interval":
        return Interval(-self.high, -self.low)

    def __mul__(self, other: "Interval") -> "Interval":
        products = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(products), max(products))

    def __truediv__(self, other: "Interval") -> "Interval":
        if other.low <= 0 <= other.high:
            raise DivisorMayBeZero
        return self * Interval(1 / other.high, 1 / other.low)

    def __contains__(self, number: Fraction) -> bool:
        return self.low <= number <= self.high

    def meets(self, other: "Interval") -> bool:
        """Whether some number lies in both."""
        return self.low <= other.high and other.low <= self.high

    def widened(self, share: Fraction) -> "Interval":
        """The interval with ``share`` of its own size of number added on both sides."""
        margin = share * max(abs(self.low), abs(self.high))
        return Interval(self.low - margin, self.high + margin)


def decimal_slip(found: Interval, wanted: Interval, powers: range = range(1, 5)) -> int:
    """The k for which ``found`` times 10^k meets ``wanted`` though ``found`` itself does not; 0 where there is none.

    Tried are all ``powers`` and their negatives, the smallest first.
    """
    if found.meets(wanted) or found.low <= 0 <= found.high:
        return 0
    for power in powers:
        for k in (power, -power):
            factor = Fraction(10) ** k
            if Interval(found.low * factor, found.high * factor).meets(wanted):
                return k
    return 0
