"""Tickets to movements of the ledger and back: what a ticket books, and what undoes it."""

from dataclasses import dataclass

from wufei.apps.weighings.models import WeighingRecord
from wufei.core.ledger import Account, Bucket, Movement


@dataclass(frozen=True, slots=True)
class Booked:
    """Which movement a recorded ticket stands behind."""

    site: str
    record: WeighingRecord

    @property
    def document(self) -> str:
        return f"weighing:{self.site}/{self.record.device}/{self.record.ticket}"

    @property
    def key(self) -> str:
        """Named by the ticket, so that the ledger itself refuses to book a number twice."""
        return f"{self.document}#{self.record.revision}" if self.record.revision else self.document


class Accounts:
    """The accounts of a batch, each made once: the ledger recognises the same object at a tenth of the cost."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str, Bucket], Account] = {}

    def get(self, holder: str, code: str, bucket: Bucket) -> Account:
        """The account of a holder."""
        place = (holder, code, bucket)
        found = self._made.get(place)
        if found is None:
            found = self._made[place] = Account(holder, code, bucket)
        return found


def movement_of(booked: Booked, accounts: Accounts) -> Movement:
    """Generated at the source and straight into the store of the site of the scale (产生并入库)."""
    record = booked.record
    return Movement(
        source=accounts.get(record.source, record.waste_code, Bucket.GENERATED),
        target=accounts.get(f"site:{booked.site}", record.waste_code, Bucket.STORED),
        mass_g=record.net_g,
        occurred_at=record.weighed_at,
        kind="generate",
        document=booked.document,
        key=booked.key,
        count=record.count,
        package=record.package,
        basis=record.basis,
        basis_ref=f"scale:{booked.site}/{record.device}",
        uncertainty_ppm=record.uncertainty_ppm,
    )


def reversal_of(booked: Booked, accounts: Accounts, *, reason: str) -> Movement:
    """What takes the movement of a ticket back, on the same day."""
    record = booked.record
    return Movement(
        source=accounts.get(f"site:{booked.site}", record.waste_code, Bucket.STORED),
        target=accounts.get(record.source, record.waste_code, Bucket.GENERATED),
        mass_g=record.net_g,
        occurred_at=record.weighed_at,
        kind="reverse",
        document=booked.document,
        key=f"{booked.key}~undo",
        count=record.count,
        package=record.package,
        basis=record.basis,
        basis_ref=f"scale:{booked.site}/{record.device}",
        uncertainty_ppm=record.uncertainty_ppm,
        reverses=booked.key,
        reason=reason,
    )
