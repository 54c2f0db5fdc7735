"""Reads of reported figures, and what the checks find in them."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from wufei.apps.assessment.assess import with_ledger
from wufei.apps.assessment.ledger_values import ledger_value_set
from wufei.apps.assessment.models import ElementValue, ValueStatus
from wufei.apps.plans import selectors as plans
from wufei.apps.registry.models import Role, User
from wufei.apps.registry.selectors import scope
from wufei.core import validation
from wufei.core.ledger import FlowRow
from wufei.core.plan import Pack
from wufei.core.validation import Issue
from wufei.core.values import PUBLISHED, Origin, Value, ValueSet

WRITERS = frozenset({Role.PROGRAMME_OFFICE, Role.DEPARTMENT})
APPROVERS = frozenset({Role.PROGRAMME_OFFICE})
_FIELDS = (
    "element",
    "scope",
    "period",
    "value",
    "state",
    "unit",
    "printed",
    "source",
    "origin",
    "note",
    "is_simulated",
)


def visible_values(user: User | AnonymousUser) -> QuerySet[ElementValue]:
    """The figures of the places below the person's division; a firm and a township see none of the county's."""
    return ElementValue.objects.filter(division__code__startswith=scope(user).figures_prefix)


def may_report(user: User | AnonymousUser, division: str) -> bool:
    """Whether the person may hand in figures of the place."""
    return isinstance(user, User) and user.role in WRITERS and scope(user).covers(division)


def may_approve(user: User | AnonymousUser, division: str) -> bool:
    """Whether the person may approve figures of the place or send them back."""
    return isinstance(user, User) and user.role in APPROVERS and scope(user).covers(division)


def current_values(division: str) -> QuerySet[ElementValue]:
    """The approved figures that stand."""
    return ElementValue.objects.filter(division_id=division, status=ValueStatus.APPROVED, superseded_by=None)


def value_set(division: str, year: int, *, origin: str = Origin.REPORTED) -> ValueSet:
    """All current figures of a place, of every period (formulas look back); one query.

    With ``origin="ledger"`` the elements that the ledger knows for ``year`` stand in place of the reported ones.
    """
    rows = current_values(division).order_by("id").values_list(*_FIELDS)
    reported = ValueSet.of(division, (_value(row) for row in rows))
    return from_ledger(reported, year) if origin == Origin.LEDGER else reported


def from_ledger(reported: ValueSet, year: int, *, flows: Sequence[FlowRow] | None = None) -> ValueSet:
    """``reported`` with what the ledger knows for ``year``; ``flows`` where the caller has read them already."""
    ledger = ledger_value_set(reported.division, year, flows=flows)
    return with_ledger(reported, ledger, year) if len(ledger) else reported


def _value(row: tuple[Any, ...]) -> Value:
    fields = dict(zip(_FIELDS, row, strict=True))
    if fields["value"] is not None:
        fields["value"] = trimmed(fields["value"])
    return Value(**fields)


def trimmed(number: Decimal) -> Decimal:
    """A decimal without the zeros that the column's fixed places add: 1862.000000000 is 1862."""
    whole = number.to_integral_value()
    return whole if number == whole else number.normalize()


def years(division: str) -> tuple[int, ...]:
    """The years of which the place has figures, the latest first; one query."""
    periods = current_values(division).order_by().values_list("period", flat=True).distinct()
    return tuple(sorted({int(period[:4]) for period in periods}, reverse=True))


def check(
    division: str, year: int, *, ledger: bool = False, values: ValueSet | None = None, pack: Pack | None = None
) -> list[Issue]:
    """What the rules V01 … V18 find in the figures and printed targets of a place, the gravest first.

    ``values`` are its reported figures and ``pack`` its plan, where the caller has read them already.
    """
    pack = pack or plans.pack(division)
    case = validation.Case(
        division=division,
        year=year,
        values=value_set(division, year) if values is None else values,
        relations=validation.place_relations(division),
        targets=validation.target_rows(pack),
        statements=validation.place_statements(division),
        ledger=ledger_value_set(division, year) if ledger else None,
        peers=_peers(division, year),
    )
    return validation.run(case)


def _peers(division: str, year: int) -> dict[str, tuple[Fraction, ...]]:
    """The rates that other places published for a year; one query."""
    rows = ElementValue.objects.filter(
        element__startswith=PUBLISHED,
        period=str(year),
        scope="",
        status=ValueStatus.APPROVED,
        superseded_by=None,
        value__isnull=False,
    )
    found: dict[str, tuple[Fraction, ...]] = {}
    for element, number in rows.exclude(division_id=division).values_list("element", "value"):
        found[element] = (*found.get(element, ()), Fraction(number or 0))
    return found
