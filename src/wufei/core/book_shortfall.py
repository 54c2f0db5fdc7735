"""Stock that was never declared (未申报的库存): what an entry of the record book takes beyond its store.

Invariant: the fact is booked and told, not refused, as a departure by manifest is: what the store lacks comes from
``unexplained``.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from wufei.core.ledger import Account, Bucket, Movement, fold


@dataclass(frozen=True, slots=True)
class Taking:
    """One entry: its movements, and what packages that it retires take from the store, by account."""

    document: str
    at: datetime
    movements: Sequence[Movement]
    retired_g: Mapping[Account, int]


def stores_of(takings: Sequence[Taking]) -> set[Account]:
    """The stores from which the entries take."""
    found = {m.source for one in takings for m in one.movements if m.source.bucket == Bucket.STORED}
    return found | {account for one in takings for account in one.retired_g}


def shortfalls(takings: Sequence[Taking], held_g: Mapping[Account, int]) -> list[list[Movement]]:
    """What each entry needs beyond its stores, as movements out of ``unexplained``.

    A batch counts as one moment: what is lacking after all of it is borne by the last that take.
    """
    left = dict(held_g)
    for taking in takings:
        for account, change in fold(taking.movements).items():
            if account in left:
                left[account] += change
        for account, mass_g in taking.retired_g.items():
            left[account] -= mass_g
    found: list[list[Movement]] = [[] for _ in takings]
    for i in reversed(range(len(takings))):
        one = takings[i]
        taken: dict[Account, int] = defaultdict(int)
        for m in one.movements:
            if m.source in left:
                taken[m.source] += m.mass_g
        for account, mass_g in one.retired_g.items():
            taken[account] += mass_g
        for number, (account, mass_g) in enumerate(taken.items(), 1):
            part = min(mass_g, max(0, -left[account]))
            if part:
                left[account] += part
                lacking = Account(account.holder, account.waste_code, Bucket.UNEXPLAINED)
                key = f"{one.document}:undeclared:{number}"
                found[i].append(
                    Movement(lacking, account, part, one.at, "adjust", one.document, key, basis="estimated")
                )
    return found
