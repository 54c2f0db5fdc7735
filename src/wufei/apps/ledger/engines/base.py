"""What a posting engine does, and the rows that it takes and gives."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

MOVEMENT_COLUMNS = (
    "id, source_id, target_id, mass_g, occurred_us, day, kind, document, key, count, package, basis, basis_ref, "
    "uncertainty_ppm, reverses, reason, digest"
)
BOOKED = (
    "SELECT m.id, s.name, t.name, mass_g, occurred_us, day, kind, document, m.key, count, package, basis, basis_ref, "
    "uncertainty_ppm, reverses, reason FROM ledger_movement m JOIN ledger_account s ON s.id = m.source_id "
    "JOIN ledger_account t ON t.id = m.target_id WHERE m.key {given}"
)
REVERSED_BY = "SELECT reverses, key FROM ledger_movement WHERE reverses {given} AND NOT (reverses = '')"
MEMBERS_BITS = 24  # a batch has at most 2**24 movements; movement id = batch << 24 | place in the batch


class HolderRow(NamedTuple):
    """A holder as the books know it; ``head`` is ``None`` before its first movement."""

    id: int
    key: str
    head: bytes | None
    links: int
    closed_through: int | None
    division: str


class AccountRow(NamedTuple):
    """An account and what it holds, grams."""

    id: int
    name: str
    balance_g: int


@dataclass(slots=True)
class Written:
    """All rows of one batch but its movements."""

    batch: tuple[int, int, str, int]  # id, recorded_us, actor, movements
    links: Sequence[tuple[int, int, int, bytes, bytes, bytes]]  # batch, holder, seq, digest, head, members
    heads: Sequence[tuple[bytes, int, int]]  # head, links, holder
    balances: Sequence[tuple[int, int]]  # change_g, account
    years: Sequence[tuple[int, int, int]]  # year, account, change_g
    flows: Sequence[tuple[int, int, int, str, int, int, int]]  # day, source, target, kind, mass_g, count, movements


class Engine(Protocol):
    """Runs inside a transaction that the caller opened."""

    def lock_holders(self, keys: Sequence[str]) -> list[HolderRow]:
        """Read the holders that exist and lock them until the transaction ends, in the order of their ids."""

    def read_accounts(self, names: Sequence[str]) -> list[AccountRow]:
        """Read the accounts that exist."""

    def create_accounts(self, rows: Sequence[tuple[int, str, str, str, str]]) -> None:
        """Create accounts: holder id, waste code, bucket, method, name."""

    def next_batch(self) -> int:
        """A batch number above that of every batch that a locked holder has a link of."""

    def write_movements(self, parts: Iterable[Iterable[tuple[Any, ...]]]) -> None:
        """Write rows of ``MOVEMENT_COLUMNS``, part by part as they are made, so that a server works beside us.

        Raises Django's ``IntegrityError`` when a key is booked already.
        """

    def write(self, rows: Written) -> None:
        """Write the other rows of a batch."""

    def booked(self, keys: Sequence[str]) -> list[tuple[Any, ...]]:
        """The movements of these keys, as ``MOVEMENT_COLUMNS`` with the names of their accounts for the ids."""

    def reversed_by(self, keys: Sequence[str]) -> dict[str, str]:
        """Of these keys, those that are reversed, with the key of the movement that does it."""

    def lock_checkpoint(self) -> int:
        """Keep every writer out until the transaction ends; the number of the last batch (0 for none)."""
