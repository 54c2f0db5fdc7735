"""Many threads, one writer: each posting stands or falls alone and is durable when its thread goes on."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from tests.apps.ledger.conftest import HOLDERS, NOW, SOURCE, STORE, TRUCK, move

from wufei.apps.ledger import services
from wufei.apps.ledger.models import AccountRecord, BatchRecord, MovementRecord
from wufei.apps.ledger.queue import PostingQueue
from wufei.apps.ledger.verification import verify
from wufei.core.findings import Refused


@pytest.mark.django_db(transaction=True)
def test_postings_of_many_threads_are_all_booked_in_fewer_batches():
    services.register_holders(HOLDERS)
    connection.close()
    with PostingQueue(lambda: NOW) as queue, ThreadPoolExecutor(8) as pool:
        futures = [queue.submit([move(SOURCE, STORE, 5, "generate", f"k{n}")], actor="scale") for n in range(200)]
        receipts = list(pool.map(lambda future: future.result(), futures))
        again = queue.post([move(SOURCE, STORE, 5, "generate", "k7")], actor="scale")
    assert sum(receipt.booked for receipt in receipts) == 200
    assert (again.booked, again.already) == (0, 1)
    assert MovementRecord.objects.count() == 200
    assert BatchRecord.objects.count() < 200
    assert AccountRecord.objects.get(name="site:A|900-001-S17|stored|").balance_g == 1000
    assert verify().holds


def test_a_closed_queue_takes_nothing_instead_of_letting_it_wait_for_ever():
    queue = PostingQueue(lambda: NOW)
    with queue:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        queue.submit([move(SOURCE, STORE, 5, "generate", "late")], actor="scale")


@pytest.mark.django_db(transaction=True)
def test_a_refused_posting_takes_no_other_down_with_it():
    services.register_holders(HOLDERS)
    connection.close()
    with PostingQueue(lambda: NOW) as queue:
        good = [queue.submit([move(SOURCE, STORE, 5, "generate", f"k{n}")], actor="scale") for n in range(20)]
        bad = queue.submit([move(STORE, TRUCK, 500, "load", "bad")], actor="scale")
        more = [queue.submit([move(SOURCE, STORE, 5, "generate", f"m{n}")], actor="scale") for n in range(20)]
        assert all(future.result().booked == 1 for future in good + more)
        with pytest.raises(Refused) as caught:
            bad.result()
    assert [f.code for f in caught.value.findings] == ["overdrawn"]
    assert MovementRecord.objects.count() == 40
    assert verify().holds
