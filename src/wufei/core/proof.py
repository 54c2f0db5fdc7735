"""Files of proofs (证明) and lists of published checkpoints, checked by anyone: no database, no network.

A file holds one proof or a list of them (``core.chain`` says what is in one). Invariant: the verdict depends on the
bytes, on the public key and on the published list alone. A proof shows that a movement is in the books; it cannot
show that there is no other.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from wufei.core.chain import BadProof, Checkpoint, check_proof, is_signed
from wufei.core.ledger_rules import from_us

LARGEST = 8 * 1024 * 1024  # bytes of a file
MOST_PROOFS = 2_000  # of one file
KEY_BYTES = 32
CHECKPOINT_FORMAT = "wufei-checkpoint-1"
STEPS: Mapping[str, str] = {
    "form": "文件缺少部分内容，或某处的格式不对。",
    "movement": "记录的内容与链中的摘要不符：记录被改过，或者证明不是这条记录的。",
    "holder": "证明所走的链不属于这条记录的任何一方。",
    "root": "由记录所在的链和路径，推不出检查点的根。",
    "key": "证明写明的公钥不是所给的公钥。",
    "signature": "检查点的签名不是所给公钥的。",
    "published": "证明所依的检查点与公布的检查点不同，或不在公布的清单里。",
    "list": "公布的检查点清单前后不相衔接，或有一个的签名不成立。",
}


@dataclass(frozen=True, slots=True)
class ProvenMovement:
    """What a proof proves: the movement as booked, and the checkpoint that covers it."""

    key: str
    kind: str
    document: str
    package: str
    source: str
    target: str
    mass_g: int
    occurred_at: datetime
    recorded_at: datetime
    checkpoint: int
    sealed_at: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a file of proofs holds.

    Attributes:
        holds: every proof does.
        movements: what was proven, in the order of the file, up to the first that fails.
        public_key: by which it was checked, hex; empty where the file could not be read.
        is_key_given: whether the key came from outside; else it is the one inside, which proves nothing about whose.
        failed: place of the first proof that fails, from 1; ``None`` where all hold or the file cannot be read.
        step: key of ``STEPS``; ``reason`` its Chinese sentence; ``detail`` for engineers, in English.
    """

    holds: bool
    movements: tuple[ProvenMovement, ...] = ()
    public_key: str = ""
    is_key_given: bool = False
    failed: int | None = None
    step: str = ""
    reason: str = ""
    detail: str = ""


def read_key(text: str) -> bytes:
    """A public key of 64 hexadecimal characters; raises ``ValueError`` where it is none."""
    key = bytes.fromhex(text.strip())
    if len(key) != KEY_BYTES:
        raise ValueError(f"The key has {len(key)} bytes, not {KEY_BYTES}.")
    return key


def read_proofs(raw: bytes) -> list[Mapping[str, object]]:
    """The proofs of a file.

    Raises:
        BadProof: it is too large, no JSON, or holds no proof.
    """
    if len(raw) > LARGEST:
        raise BadProof(f"The file has {len(raw)} bytes; at most {LARGEST} are read.")
    try:
        read = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise BadProof(f"The file is no JSON: {error}.") from None
    proofs = [read] if isinstance(read, dict) else read
    if not isinstance(proofs, list) or not proofs or not all(isinstance(proof, dict) for proof in proofs):
        raise BadProof("The file holds no list of proofs.")
    if len(proofs) > MOST_PROOFS:
        raise BadProof(f"The file holds {len(proofs)} proofs; at most {MOST_PROOFS} are read.")
    return proofs


def check_proofs(
    raw: bytes, *, public_key: bytes | None = None, published: Mapping[int, Checkpoint] | None = None
) -> Verdict:
    """Check every proof of a file.

    Args:
        raw: the file.
        public_key: got from a source one trusts; without it the key that the first proof names is taken.
        published: checkpoints by number (``read_checkpoints``); each proof must rest on one of them.
    """
    try:
        proofs = read_proofs(raw)
        key = public_key or _key_inside(proofs[0])
    except BadProof as error:
        return Verdict(holds=False, step=error.step, reason=STEPS[error.step], detail=str(error))
    proven: list[ProvenMovement] = []
    for place, proof in enumerate(proofs, 1):
        try:
            check_proof(proof, public_key=key)
            if published is not None:
                _is_published(proof, published)
            proven.append(_proven(proof))
        except BadProof as error:
            reason = STEPS[error.step]
            return Verdict(
                False, tuple(proven), key.hex(), public_key is not None, place, error.step, reason, str(error)
            )
    return Verdict(True, tuple(proven), key.hex(), public_key is not None)


def _key_inside(proof: Mapping[str, object]) -> bytes:
    try:
        return read_key(str(proof["checkpoint"]["public_key"]))  # type: ignore[index]
    except (KeyError, TypeError, ValueError) as error:
        raise BadProof(f"The first proof names no public key: {error!r}.") from None


def _is_published(proof: Mapping[str, object], published: Mapping[int, Checkpoint]) -> None:
    signed: Mapping[str, object] = proof["checkpoint"]  # type: ignore[assignment]
    known = published.get(int(str(signed["number"])))
    if known is None or known != _checkpoint(signed):
        raise BadProof(f"Checkpoint {signed['number']} is not among those published, or differs.", "published")


def _proven(proof: Mapping[str, object]) -> ProvenMovement:
    """What was proven; its types are known once ``check_proof`` has passed."""
    movement: Mapping[str, object] = proof["movement"]  # type: ignore[assignment]
    signed: Mapping[str, object] = proof["checkpoint"]  # type: ignore[assignment]
    try:
        occurred_at, recorded_at = (from_us(int(str(movement[n]))) for n in ("occurred_us", "recorded_us"))
    except (ValueError, OverflowError) as error:
        raise BadProof(f"A time of the movement is out of range: {error}.") from None
    texts = {name: str(movement[name]) for name in ("key", "kind", "document", "package", "source", "target")}
    return ProvenMovement(
        **texts,
        mass_g=int(str(movement["mass_g"])),
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        checkpoint=int(str(signed["number"])),
        sealed_at=str(signed["at"]),
    )


# --- The published list -------------------------------------------------------------------------------------------


def checkpoint_line(checkpoint: Checkpoint, signature: bytes, public_key: bytes) -> dict[str, object]:
    """A checkpoint as one line of the published list."""
    return {
        "format": CHECKPOINT_FORMAT,
        "number": checkpoint.number,
        "at": checkpoint.at,
        "upto_batch": checkpoint.upto_batch,
        "holders": checkpoint.holders,
        "root": checkpoint.root.hex(),
        "previous": checkpoint.previous.hex(),
        "signature": signature.hex(),
        "public_key": public_key.hex(),
    }


def _checkpoint(line: Mapping[str, object]) -> Checkpoint:
    return Checkpoint(
        number=int(str(line["number"])),
        at=str(line["at"]),
        upto_batch=int(str(line["upto_batch"])),
        holders=int(str(line["holders"])),
        root=bytes.fromhex(str(line["root"])),
        previous=bytes.fromhex(str(line["previous"])),
    )


def read_checkpoints(lines: Sequence[str], *, public_key: bytes | None = None) -> dict[int, Checkpoint]:
    """The published checkpoints by number, once their signatures hold and each names the one before it.

    Args:
        lines: JSON, one a checkpoint, in any order; the list may begin at any number but may leave none out.
        public_key: by which all must be signed; without it each by the key that it names.

    Raises:
        BadProof: a line cannot be read, is not signed, or does not follow the one before (step ``list``).
    """
    found: dict[int, tuple[Checkpoint, bytes]] = {}
    for place, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            raw = json.loads(line)
            checkpoint, signature = _checkpoint(raw), bytes.fromhex(str(raw["signature"]))
            key = public_key or read_key(str(raw["public_key"]))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise BadProof(f"Line {place} of the list is no checkpoint: {error!r}.", "list") from None
        if not is_signed(checkpoint, signature, key):
            raise BadProof(f"The signature of checkpoint {checkpoint.number} does not hold.", "list")
        found[checkpoint.number] = (checkpoint, signature)
    for number in sorted(found)[1:]:
        before = found.get(number - 1)
        if before is None or found[number][0].previous != before[0].digest(before[1]):
            raise BadProof(f"Checkpoint {number} does not follow {number - 1}.", "list")
    return {number: checkpoint for number, (checkpoint, _) in found.items()}
