"""Killed between any two statements: sent again, the queue leaves exactly what an undisturbed one leaves."""

import pytest
from django.db import connection, transaction

from wufei.apps.field import services
from wufei.apps.field.models import FieldEvent, FieldOutcome, NumberUse
from wufei.apps.ledger.models import AccountRecord, MovementRecord
from wufei.apps.manifests.models import Manifest, ManifestEvent

from .conftest import NOW, numbers_of


class Killed(BaseException):
    """The process ends here: nothing catches this."""


class KillAt:
    """Lets ``left`` statements pass, then ends the process."""

    def __init__(self, left):
        self.left = left
        self.seen = 0

    def __call__(self, execute, sql, params, many, context):
        self.seen += 1
        if self.left is not None and self.seen > self.left:
            raise Killed
        return execute(sql, params, many, context)


def left_behind():
    return {
        "events": list(FieldEvent.objects.order_by("seq").values_list("seq", "digest")),
        "states": list(FieldOutcome.objects.order_by("event__seq").values_list("state", "number")),
        "uses": list(NumberUse.objects.order_by("serial").values_list("serial", "fate", "counts")),
        "manifests": list(Manifest.objects.order_by("number").values_list("number", "status", "mass_g", "events")),
        "history": ManifestEvent.objects.count(),
        "movements": list(MovementRecord.objects.order_by("key").values_list("key", "mass_g")),
        "balances": list(AccountRecord.objects.order_by("name").values_list("name", "balance_g")),
    }


def sync(phone, kill=None):
    """Sync as a process of its own: what was not committed when it ended is gone."""
    try:
        with connection.execute_wrapper(kill or KillAt(None)):
            phone.sync()
    except Killed:
        return False
    return True


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_killed_between_any_two_statements_and_sent_again_nothing_differs(world):
    phone = world.phone()
    numbers = numbers_of(world.day(phone))
    phone.record("pickup", world.pickup(1, numbers[0]), minutes=1)
    phone.record("arrive", {"number": numbers[0]}, minutes=2)
    # Undisturbed, in a transaction that is taken back.
    counting = KillAt(None)
    with transaction.atomic():
        assert sync(phone, counting)
        expected = left_behind()
        transaction.set_rollback(True)
    assert expected["states"] == [("applied", numbers[0])] * 2
    assert FieldEvent.objects.count() == 0
    killed = 0
    for left in range(0, counting.seen, 3):
        if sync(phone, KillAt(left)):
            break
        killed += 1
        now = left_behind()
        # Whatever is there is whole: an event with its outcome, a manifest with its movements, grams that balance.
        assert len(now["events"]) == len(now["states"])
        assert sum(balance for _, balance in now["balances"]) == 0
    assert killed > 10
    assert sync(phone)
    assert left_behind() == expected
    assert services.apply_events(phone.known(), at=NOW) == 0
