"""Writes of the ledger."""

from collections.abc import Sequence
from datetime import date, datetime

from wufei.core.ledger import Holder, Movement, Receipt


def register_holders(holders: Sequence[Holder]) -> None:
    """Enter holders, or bring those that are known to what is given."""
    raise NotImplementedError


def post(movements: Sequence[Movement], *, actor: str, recorded_at: datetime) -> Receipt:
    """Book a batch, all or nothing, idempotent by ``key``; raises ``Refused`` with all findings."""
    raise NotImplementedError


def close_period(holder: str, *, through: date, actor: str, at: datetime) -> None:
    """Close a holder's books through a day; what comes later for it is booked on the day after."""
    raise NotImplementedError
