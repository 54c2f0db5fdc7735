"""One writer for many threads: postings wait in a queue and are booked together, one commit for many (组提交).

Invariant: ``post`` returns only after its movements are durable, and a refused posting takes no other down with it.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from queue import SimpleQueue
from types import TracebackType

from django.db import connection, transaction

from wufei.apps.ledger.posting import book
from wufei.apps.ledger.services import record_posting
from wufei.apps.transactions import in_transaction
from wufei.core.findings import Refused
from wufei.core.ledger import Movement, Receipt
from wufei.core.ledger_rules import Batch, to_us


@dataclass(slots=True)
class _Posting:
    movements: Sequence[Movement]
    actor: str
    done: "Future[Receipt]" = field(default_factory=Future)


class PostingQueue:
    """Books what many threads hand in, in one thread of its own. Use it as a context manager.

    Args:
        clock: gives the instant of recording; what is booked together was recorded together.
        most: postings that share one commit.
    """

    def __init__(self, clock: Callable[[], datetime], most: int = 200) -> None:
        self._clock, self._most = clock, most
        self._waiting: SimpleQueue[_Posting | None] = SimpleQueue()
        self._worker = threading.Thread(target=self._run, name="ledger-queue", daemon=True)
        self._closing = threading.Lock()
        self._is_closed = False

    def __enter__(self) -> "PostingQueue":
        self._worker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._closing:  # what is handed in before stands before the end, so it is booked
            self._is_closed = True
            self._waiting.put(None)
        self._worker.join()

    def post(self, movements: Sequence[Movement], *, actor: str) -> Receipt:
        """Book a batch and return when it is durable; raises ``Refused`` with all findings."""
        return self.submit(movements, actor=actor).result()

    def submit(self, movements: Sequence[Movement], *, actor: str) -> "Future[Receipt]":
        """Hand a batch in and go on; the future is done when it is durable or refused."""
        posting = _Posting(movements, actor)
        with self._closing:
            if self._is_closed:
                raise RuntimeError("The queue is closed: hand in before its context ends.")
            self._waiting.put(posting)
        return posting.done

    def _run(self) -> None:
        try:
            while postings := self._take():
                try:
                    self._book(postings)
                except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
                    for posting in postings:
                        if not posting.done.done():
                            posting.done.set_exception(error)
        finally:
            connection.close()

    def _take(self) -> list[_Posting]:
        """Wait for one posting and take those that stand behind it; empty when the queue is closed."""
        first = self._waiting.get()
        taken = [] if first is None else [first]
        while taken and len(taken) < self._most and not self._waiting.empty():
            posting = self._waiting.get()
            if posting is None:
                self._waiting.put(None)
                break
            taken.append(posting)
        return taken

    def _book(self, postings: list[_Posting]) -> None:
        now = self._clock()

        def work() -> list[tuple[_Posting, Receipt | Refused]]:
            groups = groupby(sorted(postings, key=lambda p: p.actor), key=lambda p: p.actor)
            return [result for actor, group in groups for result in _book_together(list(group), actor, now)]

        for posting, result in in_transaction(work):  # after the commit: nobody is told of what could still be lost
            if isinstance(result, Refused):
                posting.done.set_exception(result)
            else:
                posting.done.set_result(result)


def _book_together(group: list[_Posting], actor: str, now: datetime) -> list[tuple[_Posting, Receipt | Refused]]:
    """Book the postings of one actor as one batch; where that is not plain, each by itself."""
    if len(group) > 1:
        try:
            with transaction.atomic():
                receipt = _book_one([movement for posting in group for movement in posting.movements], actor, now)
                if receipt.already or receipt.late:
                    raise _NotPlain  # the sum does not tell whose they were
        except (Refused, _NotPlain):
            return [result for posting in group for result in _book_together([posting], actor, now)]
        return [
            (p, Receipt(receipt.batch, len(p.movements), 0, 0, sum(m.mass_g for m in p.movements))) for p in group
        ]
    try:
        with transaction.atomic():
            return [(group[0], _book_one(group[0].movements, actor, now))]
    except Refused as refused:
        return [(group[0], refused)]


class _NotPlain(Exception):  # noqa: N818 - not an error: it undoes the savepoint
    """Some movements of a group were booked before, or moved to an open period."""


def _book_one(movements: Sequence[Movement], actor: str, now: datetime) -> Receipt:
    receipt = book(Batch.of(movements), actor=actor, recorded_us=to_us(now))
    record_posting(receipt, actor=actor, at=now)
    return receipt
