"""Signs the state of all chains at intervals (检查点), and makes proofs that stand without the database (证明)."""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection, transaction

from wufei.apps.facts.services import record_fact
from wufei.apps.ledger.engines import engine
from wufei.apps.ledger.engines.base import MEMBERS_BITS
from wufei.apps.ledger.models import (
    AccountRecord,
    BatchRecord,
    CheckpointRecord,
    HolderRecord,
    LinkRecord,
    MovementRecord,
)
from wufei.apps.ledger.posting import unpack_members
from wufei.core.chain import (
    BATCH_FIELDS,
    FIELDS,
    NO_CHECKPOINT,
    PROOF_FORMAT,
    BadProof,
    Checkpoint,
    check_proof,
    first_head,
    leaf,
    merkle_path,
    merkle_root,
    public_key_of,
    sign,
)
from wufei.core.ledger import SHANGHAI
from wufei.core.proof import MOST_PROOFS


class NoProof(ValueError):
    """There is nothing to prove, or no checkpoint covers it yet; the text says what to do (Chinese)."""


def _key_file() -> Path:
    return Path(settings.HOME) / "ledger-key"


def signing_key() -> bytes:
    """The raw private key in ``WUFEI_HOME/ledger-key`` (hex, readable by its owner only), made on first use."""
    path = _key_file()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = Ed25519PrivateKey.generate().private_bytes_raw()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(made.hex() + "\n")
    return bytes.fromhex(path.read_text().strip())


def trusted_key() -> bytes | None:
    """The public key of this installation, or ``None`` where it has no signing key."""
    return public_key_of(signing_key()) if _key_file().exists() else None


@transaction.atomic
def take_checkpoint(*, actor: str, at: datetime) -> Checkpoint:
    """Sign the Merkle root over the heads of all holders as they are now."""
    upto = engine().lock_checkpoint()
    private = signing_key()
    heads = _heads_now()
    last = CheckpointRecord.objects.order_by("-id").first()
    checkpoint = Checkpoint(
        number=last.id + 1 if last else 1,
        at=at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        upto_batch=upto,
        holders=len(heads),
        root=merkle_root([leaf(*head) for head in heads]),
        previous=checkpoint_of(last).digest(bytes(last.signature)) if last else NO_CHECKPOINT,
    )
    CheckpointRecord.objects.create(
        id=checkpoint.number,
        at=checkpoint.at,
        upto_batch=upto,
        holders=checkpoint.holders,
        root=checkpoint.root,
        previous=checkpoint.previous,
        signature=sign(checkpoint, private),
        public_key=public_key_of(private),
    )
    record_fact(at=at, actor=actor, verb="take_checkpoint", subject=f"ledger_checkpoint:{checkpoint.number}")
    return checkpoint


def _heads_now() -> list[tuple[str, int, bytes]]:
    """Key, number of links and head of each holder that has a chain, by key."""
    rows = HolderRecord.objects.filter(links__gt=0).values_list("key", "links", "head")
    return sorted((key, links, bytes(head)) for key, links, head in rows if head is not None)


def checkpoint_of(record: CheckpointRecord) -> Checkpoint:
    """The stored row as the value that was signed."""
    return Checkpoint(
        record.id, record.at, record.upto_batch, record.holders, bytes(record.root), bytes(record.previous)
    )


def prove(code: str) -> list[dict[str, Any]]:
    """Proofs of the movement with this key, or of all movements of a package or of a manifest.

    Args:
        code: a movement's key, a package's code, or a manifest's number.

    Raises:
        NoProof: none exists, there are too many, or the newest is not covered by a checkpoint.
    """
    movements = _movements_of(code)
    if not movements:
        raise NoProof(f"没有编号、包装编码或联单编号为“{code}”的记录。请核对。")
    if len(movements) > MOST_PROOFS:
        raise NoProof(f"“{code}”有超过 {MOST_PROOFS} 条记录。请按记录编号逐条取证明。")
    heads: dict[int, list[tuple[str, int, bytes]]] = {}
    return [_prove(movement, heads) for movement in movements]


def _movements_of(code: str) -> list[MovementRecord]:
    """By key, by package, by manifest, whichever has any first; each by an index, one more than may be proven."""
    rows = MovementRecord.objects.order_by("id")
    for found in (rows.filter(key=code), rows.filter(package=code).exclude(package=""), rows.filter(**_below(code))):
        if movements := list(found[: MOST_PROOFS + 1]):
            return movements
    return []


def _below(number: str) -> dict[str, str]:
    """Movements whose key begins with ``manifest:<number>:``, in the words that make each database use its index.

    PostgreSQL has an index of patterns on the key beside the unique one; SQLite compares keys byte by byte, and
    ``;`` is the character after ``:``.
    """
    prefix = f"manifest:{number}"
    if connection.vendor == "postgresql":
        return {"key__startswith": f"{prefix}:"}
    return {"key__gte": f"{prefix}:", "key__lt": f"{prefix};"}


def _prove(movement: MovementRecord, known: dict[int, list[tuple[str, int, bytes]]]) -> dict[str, Any]:
    batch = BatchRecord.objects.get(id=movement.id >> MEMBERS_BITS)
    seal = CheckpointRecord.objects.filter(upto_batch__gte=batch.id).order_by("id").first()
    if seal is None:
        raise NoProof(f"“{movement.key}”还没有被检查点覆盖。请先运行 wufei ledger checkpoint。")
    if seal.id not in known:
        known[seal.id] = _heads_at(seal.upto_batch)
    names = _account_names(movement)
    fields = {name: getattr(movement, name) for name in FIELDS if name not in {"source", "target"}} | names
    fields |= {name: getattr(batch, name) for name in BATCH_FIELDS}
    holder = HolderRecord.objects.get(key=names["source"].split("|", 1)[0])
    heads = known[seal.id]
    leaves = [leaf(*head) for head in heads]
    place = [key for key, _, _ in heads].index(holder.key)
    proof = {
        "format": PROOF_FORMAT,
        "movement": {name: fields[name] for name in (*FIELDS, *BATCH_FIELDS)},
        "chain": _chain_part(movement, holder, seal.upto_batch),
        "path": [[side, partner.hex()] for side, partner in merkle_path(leaves, place)],
        "checkpoint": {
            "number": seal.id,
            "at": seal.at,
            "upto_batch": seal.upto_batch,
            "holders": seal.holders,
            "root": bytes(seal.root).hex(),
            "previous": bytes(seal.previous).hex(),
            "signature": bytes(seal.signature).hex(),
            "public_key": bytes(seal.public_key).hex(),
        },
    }
    try:
        check_proof(proof, public_key=bytes(seal.public_key))
    except BadProof as error:
        raise NoProof(f"“{movement.key}”的记录与链不符（{error}）。请运行 wufei ledger verify 查明。") from None
    return proof


def _account_names(movement: MovementRecord) -> dict[str, str]:
    names = dict(
        AccountRecord.objects.filter(id__in=[movement.source_id, movement.target_id]).values_list("id", "name")
    )
    return {"source": names[movement.source_id], "target": names[movement.target_id]}


def _chain_part(movement: MovementRecord, holder: HolderRecord, upto: int) -> dict[str, Any]:
    """The link that holds the movement, the head before it and the links after it up to the checkpoint."""
    number = movement.id >> MEMBERS_BITS
    links = LinkRecord.objects.filter(holder_id=holder.id)
    own = links.get(batch_id=number)
    before = links.filter(batch_id__lt=number).order_by("-batch_id").first()
    after = list(
        links.filter(batch_id__gt=number, batch_id__lte=upto).order_by("batch_id").values_list("digest", flat=True)
    )
    places = unpack_members(bytes(own.members))
    first = number << MEMBERS_BITS
    digests = dict(
        MovementRecord.objects.filter(id__gte=first, id__lt=first + (1 << MEMBERS_BITS)).values_list("id", "digest")
    )
    return {
        "holder": holder.key,
        "links": own.seq + len(after),
        "head_before": (bytes(before.head) if before else first_head(holder.key)).hex(),
        "position": places.index(movement.id - first),
        "link_digests": [bytes(digests[first + place]).hex() for place in places],
        "links_after": [bytes(digest).hex() for digest in after],
    }


def _heads_at(upto: int) -> list[tuple[str, int, bytes]]:
    """Key, number of links and head of each holder as they were after a batch, by key: one seek a holder."""
    sql = (
        "SELECT h.key, l.seq, l.head FROM ledger_holder h JOIN ledger_link l ON l.holder_id = h.id AND l.batch_id = "
        "(SELECT MAX(b.batch_id) FROM ledger_link b WHERE b.holder_id = h.id AND b.batch_id <= %s)"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [upto])
        return sorted((key, seq, bytes(head)) for key, seq, head in cursor.fetchall())
