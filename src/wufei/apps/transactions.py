"""The transaction of a write, begun anew where PostgreSQL ended it to undo a deadlock (死锁重试).

Two writers that hand in the same keys in different orders, or a file in parts and another, wait for each other: the
server ends one of them. Nothing of it is kept, so it is simply done again.
"""

import random
import time
from collections.abc import Callable
from threading import local
from typing import TypeVar

from django.db import OperationalError, connection, transaction

T = TypeVar("T")
ATTEMPTS = 8
_ENDED_BY_SERVER = {"40P01", "40001"}  # deadlock_detected, serialization_failure


_open = local()


def in_transaction(work: Callable[[], T], *, whole: bool = False) -> T:
    """Run ``work`` in a transaction, or in the one that is open already; ``work`` may be called several times.

    Args:
        whole: what ``work`` runs in a transaction is one with this one, without a savepoint: what fails there undoes
            all, even where it is caught.
    """
    if connection.in_atomic_block:  # whoever opened it has to begin anew
        with transaction.atomic(savepoint=not getattr(_open, "whole", False)):
            return _marked(work, whole=whole)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return _marked(work, whole=whole)
        except OperationalError as error:
            if attempt == ATTEMPTS or getattr(error.__cause__, "sqlstate", None) not in _ENDED_BY_SERVER:
                raise
            time.sleep(random.random() * 0.05 * attempt)  # noqa: S311 - so that the two do not meet again
    raise AssertionError("unreachable")


def _marked(work: Callable[[], T], *, whole: bool) -> T:
    before, _open.whole = getattr(_open, "whole", False), whole
    try:
        return work()
    finally:
        _open.whole = before
