"""Whether the bookings of a package still are what was booked: cheap, bounded, for a page that anyone may open.

For each booking the digest is computed anew and compared with what is stored, with the link of the holder's chain
that has it, and with the newest signed checkpoint. It is not the whole walk: that is ``wufei ledger verify``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from wufei.apps.ledger.engines.base import MEMBERS_BITS
from wufei.apps.ledger.models import AccountRecord, BatchRecord, CheckpointRecord, LinkRecord, MovementRecord
from wufei.apps.ledger.posting import unpack_members
from wufei.core.chain import FIELDS, Checkpoint, batch_tail, digest_rows, is_signed, link_digest

MOST = 20  # bookings that are looked at
_MEMBERS_MOST = 2_000  # digests that are read to prove links; a larger batch is left to ``wufei ledger verify``


@dataclass(frozen=True, slots=True)
class ChainState:
    """What the books say of a package.

    Attributes:
        state: ``none`` nothing is booked yet · ``open`` booked, no checkpoint covers all of it yet · ``sealed`` ·
            ``broken`` a booking is not what was booked.
        checkpoint: number of the newest checkpoint; ``None`` where there is none.
    """

    state: str
    bookings: int
    checkpoint: int | None = None
    checkpoint_at: str = ""


def chain_state(codes: Sequence[str]) -> ChainState:
    """Look at the newest bookings that name one of ``codes``; six queries at most."""
    rows = list(MovementRecord.objects.filter(package__in=list(codes)).order_by("-id")[:MOST])
    if not rows:
        return ChainState("none", 0)
    if not _digests_hold(rows) or not _links_hold(rows):
        return ChainState("broken", len(rows))
    last = CheckpointRecord.objects.order_by("-id").first()
    if last is None:
        return ChainState("open", len(rows))
    stated = Checkpoint(last.id, last.at, last.upto_batch, last.holders, bytes(last.root), bytes(last.previous))
    if not is_signed(stated, bytes(last.signature), bytes(last.public_key)):
        return ChainState("broken", len(rows), last.id, last.at)
    covered = all(row.id >> MEMBERS_BITS <= last.upto_batch for row in rows)
    return ChainState("sealed" if covered else "open", len(rows), last.id, last.at)


def _digests_hold(rows: Sequence[MovementRecord]) -> bool:
    accounts = {row.source_id for row in rows} | {row.target_id for row in rows}
    names = dict(AccountRecord.objects.filter(id__in=accounts).values_list("id", "name"))
    batches = BatchRecord.objects.in_bulk([row.id >> MEMBERS_BITS for row in rows])
    columns = ["id", "source_id", "target_id", *FIELDS[3:]]
    for row in rows:
        batch = batches.get(row.id >> MEMBERS_BITS)
        if batch is None or row.source_id not in names or row.target_id not in names:
            return False
        tail = batch_tail(batch.recorded_us, batch.actor)
        (made,) = digest_rows([[getattr(row, name) for name in columns]], names, tail)
        if made != bytes(row.digest):
            return False
    return True


def _links_hold(rows: Sequence[MovementRecord]) -> bool:
    """Whether the source holder's link of each batch still sums up its movements."""
    holders = dict(
        AccountRecord.objects.filter(id__in={row.source_id for row in rows}).values_list("id", "holder_id")
    )
    wanted = {(row.id >> MEMBERS_BITS, holders[row.source_id]) for row in rows}
    links = LinkRecord.objects.filter(
        batch_id__in={batch for batch, _ in wanted}, holder_id__in={holder for _, holder in wanted}
    )
    by_key = {(link.batch_id, link.holder_id): link for link in links}
    if not wanted <= set(by_key):
        return False
    members: dict[tuple[int, int], list[int]] = {}
    for batch, holder in wanted:
        raw = bytes(by_key[batch, holder].members)
        if len(raw) // 4 + sum(map(len, members.values())) <= _MEMBERS_MOST:
            members[batch, holder] = [(batch << MEMBERS_BITS) + place for place in unpack_members(raw)]
    ids = {number for numbers in members.values() for number in numbers}
    digests = dict(MovementRecord.objects.filter(id__in=ids).values_list("id", "digest"))
    return all(
        all(number in digests for number in numbers)
        and link_digest([bytes(digests[number]) for number in numbers]) == bytes(by_key[key].digest)
        for key, numbers in members.items()
    )
