"""Values of data elements (数据元): one figure of one element, scope and period, and sets of them.

Invariants: a figure is an exact decimal in its element's own unit, never a float; blank, ``/``, "not applicable" and
the number 0 are four different things; what was printed is kept, so that its precision can be read back.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from wufei.core.interval import Interval
from wufei.core.units import unit_name

PUBLISHED = "indicator:"  # the prefix of an element that is itself a published indicator value

_NUMBER = re.compile(r"[-−]?\d[\d,，]*(?:\.\d+)?")
_ROUGH = re.compile(r"约|近|余|左右|以上|超过|不足|多")


class State(StrEnum):
    """What stands where a figure is expected: a number (0 is one), nothing, a slash, or "not applicable" (不适用)."""

    NUMBER = "number"
    BLANK = "blank"
    SLASH = "slash"
    NOT_APPLICABLE = "not_applicable"


class Origin(StrEnum):
    """Where a figure comes from: somebody reported it, or it is derived from the ledger."""

    REPORTED = "reported"
    LEDGER = "ledger"


@dataclass(frozen=True, slots=True)
class Value:
    """One figure: ``value`` is in the element's own unit; ``unit`` and ``printed`` are as the source has them.

    ``element`` is an id of ``data_elements.csv`` or ``indicator:<id>``; ``scope`` is empty for the whole place, else
    a slug (``urban``, ``scale_farms``, ``crop_rice``); ``period`` is a year (``2022``) or month (``2022-03``).
    ``value`` is ``None`` exactly when ``state`` is not ``number``. ``source`` says where it stands in the document.
    """

    element: str
    scope: str
    period: str
    value: Decimal | None
    state: str
    unit: str
    printed: str
    source: str
    origin: str = Origin.REPORTED
    note: str = ""
    is_simulated: bool = False

    def __post_init__(self) -> None:
        assert (self.value is not None) == (self.state == State.NUMBER), self

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two values compete for one place: element, period, scope."""
        return self.element, self.period, self.scope

    @property
    def label(self) -> str:
        """The element with its scope, as formulas write it: ``manure_generated[scale_farms]``."""
        return f"{self.element}[{self.scope}]" if self.scope else self.element

    @property
    def shown(self) -> str:
        """The figure as a reader knows it: as printed, else the number with its unit."""
        if self.printed:
            return self.printed
        return f"{self.value:f}{unit_name(self.unit)}" if self.value is not None else _SHOWN_STATES[State(self.state)]

    @property
    def is_rough(self) -> bool:
        """Whether the source itself calls the figure approximate (约, 余, 左右 …)."""
        return bool(_ROUGH.search(self.printed))


_SHOWN_STATES = {State.BLANK: "（空）", State.SLASH: "/", State.NOT_APPLICABLE: "不适用", State.NUMBER: ""}


def printed_number(printed: str) -> Decimal | None:
    """The first number in a printed figure: ``0.041吨`` -> 0.041, ``7,539个`` -> 7539, else ``None``."""
    match = _NUMBER.search(printed)
    if match is None:
        return None
    return Decimal(re.sub("[,，]", "", match.group()).replace("−", "-"))


def rounding_half_step(value: Value, *, is_count: bool) -> Fraction:
    """Half of the last printed decimal place, in the element's own unit: what rounding may have hidden.

    ``18.62万吨`` stands for 186150 … 186250 t: the half step is 50. Counts (家, 个, 头) are exact: 0. Figures of the
    ledger are exact too.
    """
    if value.value is None or is_count or value.origin == Origin.LEDGER:
        return Fraction(0)
    number = printed_number(value.printed)
    if number is None:
        number = value.value
    places = -int(number.as_tuple().exponent)
    ratio = abs(Fraction(value.value) / Fraction(number)) if number and value.value else Fraction(1)
    return ratio * Fraction(1, 2) / Fraction(10) ** places if places >= 0 else ratio * Fraction(10) ** -places / 2


def interval_of(value: Value, *, is_count: bool) -> Interval:
    """All figures that would be printed as this one."""
    assert value.value is not None, value
    half, exact = rounding_half_step(value, is_count=is_count), Fraction(value.value)
    return Interval(exact - half, exact + half)


@dataclass(frozen=True)
class ValueSet:
    """The figures of one place, found by element, period and scope. ``division`` selects the place's own readings."""

    division: str
    _by_key: Mapping[tuple[str, str, str], Value] = field(repr=False)

    @classmethod
    def of(cls, division: str, values: Iterable[Value]) -> "ValueSet":
        """A set of ``values``; of two with the same key the later one stands."""
        return cls(division, {value.key: value for value in values})

    def __iter__(self) -> Iterator[Value]:
        return iter(self._by_key.values())

    def __len__(self) -> int:
        return len(self._by_key)

    def get(self, element: str, period: str, scope: str = "") -> Value | None:
        """The figure of ``element``, or ``None`` where nothing at all is recorded."""
        return self._by_key.get((element, period, scope))

    def published(self, indicator: str, period: str, scope: str = "") -> Value | None:
        """The published value of an indicator itself."""
        return self._by_key.get((PUBLISHED + indicator, period, scope))

    def elements(self, period: str) -> tuple[Value, ...]:
        """All figures of one period, published indicators included, in the order they were given."""
        return tuple(value for value in self if value.period == period)

    def series(self, element: str, scope: str = "") -> tuple[Value, ...]:
        """The figures of one element and scope over time, the oldest first."""
        found = [value for value in self if value.element == element and value.scope == scope]
        return tuple(sorted(found, key=lambda value: value.period))

    def joined(self, others: Iterable[Value]) -> "ValueSet":
        """A new set in which ``others`` stand in place of figures with the same key."""
        return ValueSet.of(self.division, [*self, *others])
