"""Writes of the ledger: holders, batches of movements, period closes, checkpoints."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from django.db import transaction

from wufei.apps.facts.services import record_fact
from wufei.apps.ledger.engines import engine
from wufei.apps.ledger.holders import register_holders, register_unknown_vehicle
from wufei.apps.ledger.models import HolderRecord, PeriodCloseRecord
from wufei.apps.ledger.posting import book
from wufei.apps.transactions import in_transaction
from wufei.core.findings import Finding, Refused
from wufei.core.ledger import Account, Movement, Receipt, local_day
from wufei.core.ledger_rules import Batch, account_name, day_date, day_number, from_us, named_account, to_us

__all__ = [
    "booked_movements",
    "close_period",
    "held_accounts",
    "hold_accounts",
    "post",
    "post_batch",
    "record_posting",
    "register_holders",
    "register_unknown_vehicle",
]


def hold_accounts(accounts: Collection[Account]) -> dict[Account, int]:
    """Grams that accounts hold, their holders locked until the caller's transaction ends; two queries."""
    if accounts:
        engine().lock_holders(sorted({account.holder for account in accounts}))
    return held_accounts(accounts)


def held_accounts(accounts: Collection[Account]) -> dict[Account, int]:
    """Grams that accounts hold at this moment; one query."""
    if not accounts:
        return {}
    books = engine()
    held = {row.name: row.balance_g for row in books.read_accounts([account_name(a) for a in accounts])}
    return {account: held.get(account_name(account), 0) for account in accounts}


def booked_movements(keys: Sequence[str]) -> list[Movement]:
    """The movements of these keys as they stand in the books, in the order in which they were booked; one query."""
    if not keys:
        return []
    found = []
    for row in sorted(engine().booked(keys), key=lambda row: row[0]):
        _, source, target, mass_g, us, _, kind, document, key, count, package, basis, ref, ppm, reverses, reason = row
        found.append(
            Movement(
                named_account(source), named_account(target), mass_g, from_us(us), kind, document, key, count,
                package, basis, ref, ppm, reverses, reason,
            )
        )  # fmt: skip
    return found


def post(movements: Sequence[Movement], *, actor: str, recorded_at: datetime) -> Receipt:
    """Book a batch, all or nothing, idempotent by ``key``; raises ``Refused`` with all findings."""
    return post_batch(Batch.of(movements), actor=actor, recorded_at=recorded_at)


def post_batch(batch: Batch, *, actor: str, recorded_at: datetime) -> Receipt:
    """The same for a batch in columns, which spares making a ``Movement`` of each."""

    def work() -> Receipt:
        receipt = book(batch, actor=actor, recorded_us=to_us(recorded_at))
        record_posting(receipt, actor=actor, at=recorded_at)
        return receipt

    return in_transaction(work)


def record_posting(receipt: Receipt, *, actor: str, at: datetime) -> None:
    """Append the fact of a posting, in its transaction; nothing was done when all had been booked before."""
    if receipt.batch is not None:
        record_fact(
            at=at,
            actor=actor,
            verb="post_movements",
            subject=f"ledger_batch:{receipt.batch}",
            division=receipt.division,
            after={"movements": receipt.booked, "mass_g": receipt.mass_g, "late": receipt.late},
        )


@transaction.atomic
def close_period(holder: str, *, through: date, actor: str, at: datetime) -> None:
    """Close a holder's books through a day; what comes later for that time is booked on the day after."""
    record = HolderRecord.objects.select_for_update().filter(key=holder).first()
    if record is None:
        raise Refused([Finding(None, "holder", f"没有登记“{holder}”。", "请核对编号。", "unknown_holder")])
    if through >= local_day(at):
        what = f"结账日 {through} 不早于今天 {local_day(at)}。"
        raise Refused([Finding(None, "through", what, "只能结已经过去的日子。", "close_in_future")])
    day = day_number(through)
    if record.closed_through and day <= record.closed_through:
        what = f"“{record.name}”已结账至 {day_date(record.closed_through)}。"
        raise Refused([Finding(None, "through", what, "结账日只能往后。", "already_closed")])
    before = record.closed_through
    record.closed_through = day
    record.save(update_fields=["closed_through"])
    PeriodCloseRecord.objects.create(holder=record, through=day, closed_at=at, actor=actor)
    record_fact(
        at=at,
        actor=actor,
        verb="close_period",
        subject=f"holder:{holder}",
        division=record.division,
        before={"closed_through": before},
        after={"closed_through": day},
    )
