"""The movements of one holder in a span of days, as values: what stands behind a line of its declaration."""

from collections.abc import Iterator
from datetime import date

from wufei.apps.ledger.listing import Wanted, holder_movements
from wufei.apps.ledger.models import HolderRecord, MovementRecord
from wufei.apps.ledger.services import booked_movements
from wufei.core.ledger import Movement
from wufei.core.ledger_rules import day_number


def movements_of(holder: str, first_day: date, last_day: date) -> Iterator[Movement]:
    """What a holder gave or took on some days and nobody reversed, in the order of booking; walks its chain."""
    wanted = Wanted(first_day=day_number(first_day), last_day=day_number(last_day), oldest_first=True)
    for keys in holder_movements(HolderRecord.objects.filter(key=holder), wanted):
        undone = reversed_keys(keys)
        yield from (one for one in booked_movements(keys) if one.key not in undone and not one.reverses)


def reversed_keys(keys: list[str]) -> set[str]:
    """Which movements have been reversed; one query."""
    return set(MovementRecord.objects.filter(reverses__in=keys).values_list("reverses", flat=True)) if keys else set()
