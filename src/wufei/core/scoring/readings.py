"""Finds what a rule asks for in a place's figures: indicator, element or formula, with all that it rests on.

Invariant: a reading is a value, "no data" with the names of what lacks, or "not applicable"; the unknown is never 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from wufei.core import indicators
from wufei.core.formula import ZeroDenominator
from wufei.core.indicators import Basis, Status
from wufei.core.numbers import fraction_text
from wufei.core.scoring.rules import Input, OwnInput
from wufei.core.values import Origin, Value, ValueSet, printed_number


@dataclass(frozen=True, slots=True)
class Missing:
    """A figure that lacks: its id, Chinese name and year."""

    element: str
    name: str
    year: int


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for an input.

    ``value`` is exact; ``text`` is how it is shown, as printed where it was published. ``basis`` is ``published``,
    ``reported``, ``computed`` or ``ledger``; ``computed`` is the recomputed value beside a published one.
    """

    status: Status
    value: Fraction | None = None
    text: str = ""
    basis: str = ""
    inputs: tuple[Value, ...] = ()
    missing: tuple[Missing, ...] = ()
    computed: Fraction | None = None
    formula: str = ""
    version: str = ""


@dataclass(frozen=True)
class Source:
    """The figures of one place and year, and which of a published and a recomputed rate counts.

    ``prefer_published``: the rate that the place printed counts, and the recomputed one stands beside it. The parts
    are printed rounded, so recomputing from them is less exact; whether the two agree is for the checks (V07).
    """

    values: ValueSet
    year: int
    prefer_published: bool
    own: Mapping[str, OwnInput]

    def find(self, wanted: Input, *, year: int | None = None) -> Found:
        """What ``wanted`` is, in ``year`` or the year of this source."""
        at = self.year if year is None else year
        if wanted.indicator:
            return self._indicator(wanted, at)
        if wanted.formula:
            return self._formula(wanted.formula, at)
        return self._element(wanted, at)

    def name_of(self, element: str) -> str:
        """The Chinese name of an element, of this rule set's own or of the common table."""
        return self.own[element].name if element in self.own else indicators.name_of(element)

    def _missing(self, label: str) -> Missing:
        """``element[scope]@2022`` with its name."""
        element, _, year = label.partition("@")
        plain, _, scope = element.partition("[")
        return Missing(element, self.name_of(plain) + (f"（{scope[:-1]}）" if scope else ""), int(year or self.year))

    def _element(self, wanted: Input, year: int) -> Found:
        value = self.values.get(wanted.element, str(year), wanted.scope)
        if value is not None and value.state == "not_applicable":
            return Found(Status.NOT_APPLICABLE, inputs=(value,))
        if value is None or value.value is None:
            label = f"{wanted.element}[{wanted.scope}]" if wanted.scope else wanted.element
            return Found(Status.NO_DATA, missing=(self._missing(f"{label}@{year}"),))
        basis = "ledger" if value.origin == Origin.LEDGER else "reported"
        return Found(Status.VALUE, Fraction(value.value), figure_text(value), basis, (value,))

    def _formula(self, text: str, year: int) -> Found:
        formula = indicators.parsed(text)
        found: list[Value] = []
        missing: list[Missing] = []
        for reference in formula.references(year):
            value = indicators.find(self.values, reference)
            if value is not None and value.state == "not_applicable":
                return Found(Status.NOT_APPLICABLE, inputs=(value,), formula=text)
            if value is None or value.value is None:
                missing.append(self._missing(reference.label))
            else:
                found.append(value)
        if missing:
            return Found(Status.NO_DATA, inputs=tuple(found), missing=tuple(missing), formula=text)
        numbers = {(v.element, v.scope, v.period): Fraction(v.value) for v in found if v.value is not None}
        try:
            exact = formula.evaluate_exact(lambda r: numbers[r.element, r.scope, str(r.year)], year)
        except ZeroDenominator:
            return Found(Status.NOT_APPLICABLE, inputs=tuple(found), formula=text)
        return Found(Status.VALUE, exact, fraction_text(exact), _basis(found), tuple(found), formula=text)

    def _indicator(self, wanted: Input, year: int) -> Found:
        outcome = indicators.evaluate(wanted.indicator, self.values, year, scope=wanted.scope)
        shell = Found(outcome.status, formula=outcome.formula, version=outcome.version)
        printed = outcome.published
        recomputed = outcome.value if outcome.basis is Basis.COMPUTED else None
        if printed is not None and printed.value is not None and (self.prefer_published or recomputed is None):
            inputs = (printed, *(v for v in outcome.inputs if v is not printed))
            return replace(
                shell,
                status=Status.VALUE,
                value=Fraction(printed.value),
                text=figure_text(printed),
                basis="published",
                inputs=inputs,
                computed=recomputed,
            )
        if outcome.status is not Status.VALUE:
            missing = tuple(self._missing(label) for label in outcome.missing)
            return replace(shell, inputs=outcome.inputs, missing=missing)
        assert outcome.value is not None
        text, basis = fraction_text(outcome.value), _basis(outcome.inputs)
        return replace(
            shell, value=outcome.value, text=text, basis=basis, inputs=outcome.inputs, computed=outcome.value
        )


def figure_text(value: Value) -> str:
    """The number with the decimals that were printed (75.40), where it is the printed number."""
    assert value.value is not None, value
    printed = printed_number(value.printed)
    return f"{printed if printed == value.value else value.value:f}"


def _basis(values: tuple[Value, ...] | list[Value]) -> str:
    """``ledger`` as soon as one input is derived from the ledger."""
    return "ledger" if any(value.origin == Origin.LEDGER for value in values) else "computed"
