"""Numbers that are given once (编号): of plans, of batches. The series is locked until the transaction ends."""

from django.db import IntegrityError, connection, transaction
from django.db.models import F

from wufei.apps.declarations.models import Counter


def next_number(series: str) -> int:
    """The next number of a series, from 1. A transaction that fails gives its number back: none is missing."""
    assert connection.in_atomic_block, "A number is taken in the transaction that uses it."
    if not Counter.objects.filter(series=series).update(last=F("last") + 1):
        try:
            with transaction.atomic():
                Counter.objects.create(series=series, last=1)
            return 1
        except IntegrityError:  # another one began the series in this moment
            Counter.objects.filter(series=series).update(last=F("last") + 1)
    return int(Counter.objects.values_list("last", flat=True).get(series=series))
