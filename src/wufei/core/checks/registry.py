"""The check functions by the checks that they speak for: an explicit table, filled by a decorator."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from wufei.core.checks.case import Case
from wufei.core.checks.table import rules


@dataclass(frozen=True, slots=True)
class Hit:
    """Something a check found: its code, the JSON pointer, and the facts for its sentences."""

    code: str
    pointer: str
    facts: Mapping[str, str] = field(default_factory=dict)


Look = Callable[[Case], Iterable[Hit]]
_looks: dict[str, Look] = {}
_spoken_for: dict[str, str] = {}


def look(*codes: str) -> Callable[[Look], Look]:
    """Register a function that looks for these checks. Two for one check fail at start-up."""

    def register(function: Look) -> Look:
        for code in codes:
            assert code in rules(), code
            assert code not in _spoken_for, code
            _spoken_for[code] = function.__name__
        assert function.__name__ not in _looks, function.__name__
        _looks[function.__name__] = function
        return function

    return register


def looks() -> tuple[Look, ...]:
    """All functions."""
    return tuple(_looks.values())


def spoken_for() -> frozenset[str]:
    """The checks that a function looks for."""
    return frozenset(_spoken_for)
