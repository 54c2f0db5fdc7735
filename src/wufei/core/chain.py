"""The hash chain of the ledger, its signed checkpoints, and proofs that need no database.

Each movement has a digest over all that is stored of it. The digests of a holder's movements in one batch make a
link; links make the holder's chain: ``head' = sha256(head + sha256(digest_1 + digest_2 …))``. A checkpoint signs
(Ed25519) the Merkle root over the heads of all holders. Invariant: no stored field can change, and no movement can
vanish or appear, without a digest, a head or a signature that no longer fits.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

# The fields of a movement in the order in which they are stored and hashed. Text of each, joined by U+001F, which
# no field may contain; a missing number is the word None.
FIELDS = (
    "id",
    "source",
    "target",
    "mass_g",
    "occurred_us",
    "day",
    "kind",
    "document",
    "key",
    "count",
    "package",
    "basis",
    "basis_ref",
    "uncertainty_ppm",
    "reverses",
    "reason",
)
BATCH_FIELDS = ("recorded_us", "actor")
PROOF_FORMAT = "wufei-proof-1"
_OPTIONAL = ("count", "uncertainty_ppm")
_NUMBERS = ("id", "mass_g", "occurred_us", "day", "recorded_us", *_OPTIONAL)
NO_CHECKPOINT = bytes(32)


def batch_tail(recorded_us: int, actor: str) -> str:
    """What all movements of a batch have in common: when it was recorded, and by whom."""
    return f"{recorded_us}\x1f{actor}"


def digest_rows(rows: Iterable[Sequence[object]], names: Mapping[int, str], tail: str) -> list[bytes]:
    """Digests of movements.

    Args:
        rows: values in the order of ``FIELDS``; source and target as account numbers.
        names: account number -> name of the account (``core.ledger_rules.account_name``).
        tail: see ``batch_tail``.
    """
    # One format expression: it is the hot line of booking and of verifying (about 1 µs a movement).
    return [
        sha256(
            f"{n}\x1f{names[s]}\x1f{names[t]}\x1f{g}\x1f{us}\x1f{day}\x1f{kind}\x1f{doc}\x1f{key}\x1f{count}\x1f{package}"  # type: ignore[index]
            f"\x1f{basis}\x1f{ref}\x1f{ppm}\x1f{reverses}\x1f{reason}\x1f{tail}".encode()
        ).digest()
        for n, s, t, g, us, day, kind, doc, key, count, package, basis, ref, ppm, reverses, reason in rows
    ]


def digest_fields(movement: Mapping[str, object]) -> bytes:
    """Digest of one movement given by field name (``FIELDS`` and ``BATCH_FIELDS``), accounts by their names."""
    return sha256("\x1f".join(f"{movement[f]}" for f in (*FIELDS, *BATCH_FIELDS)).encode()).digest()


def first_head(holder: str) -> bytes:
    """The head of a holder that has no movement yet."""
    return sha256(b"wufei-holder-1\x1f" + holder.encode()).digest()


def stated_digest(key: str, division: str, category: str, name: str, *, is_simulated: bool) -> bytes:
    """Digest over what is stated of a holder, so that a change behind the books' back is seen; it is not signed."""
    fields = ("wufei-stated-1", key, division, category, name, str(int(is_simulated)))
    return sha256("\x1f".join(fields).encode()).digest()


def link_digest(digests: Iterable[bytes]) -> bytes:
    """What one batch adds to a holder's chain."""
    return sha256(b"".join(digests)).digest()


def next_head(head: bytes, link: bytes) -> bytes:
    """The head after a link."""
    return sha256(head + link).digest()


# --- Merkle tree over the heads -----------------------------------------------------------------------------------


def leaf(holder: str, links: int, head: bytes) -> bytes:
    """The leaf of a holder: its key, the number of its links, its head. Leaves and nodes differ in the first byte."""
    return sha256(b"\x00" + f"{holder}\x1f{links}\x1f".encode() + head).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Root over leaves in the given order; a node without a partner goes up as it is."""
    level = list(leaves)
    if not level:
        return sha256(b"").digest()
    while len(level) > 1:
        level = [_node(*pair) if len(pair) == 2 else pair[0] for pair in _pairs(level)]
    return level[0]


def _pairs(level: list[bytes]) -> list[list[bytes]]:
    return [level[i : i + 2] for i in range(0, len(level), 2)]


def merkle_path(leaves: Sequence[bytes], index: int) -> list[tuple[str, bytes]]:
    """The partners on the way from a leaf to the root, each with its side (``left`` or ``right``)."""
    path, level = [], list(leaves)
    while len(level) > 1:
        partner = index ^ 1
        if partner < len(level):
            path.append(("left" if partner < index else "right", level[partner]))
        level = [_node(*pair) if len(pair) == 2 else pair[0] for pair in _pairs(level)]
        index //= 2
    return path


def climb(start: bytes, path: Iterable[tuple[str, bytes]]) -> bytes:
    """The root that a leaf and its path lead to."""
    for side, partner in path:
        start = _node(partner, start) if side == "left" else _node(start, partner)
    return start


# --- Checkpoints --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint states: the root over the heads of all holders after the batches up to ``upto_batch``.

    ``holders`` counts those that have a chain. ``previous`` is the digest of the checkpoint before (32 zero bytes for
    the first), so that none can be dropped.
    """

    number: int
    at: str
    upto_batch: int
    holders: int
    root: bytes
    previous: bytes

    def statement(self) -> bytes:
        """The bytes that are signed."""
        lines = (self.number, self.at, self.upto_batch, self.holders, self.root.hex(), self.previous.hex())
        return ("wufei-checkpoint-1\n" + "".join(f"{line}\n" for line in lines)).encode()

    def digest(self, signature: bytes) -> bytes:
        """The digest by which the next checkpoint names this one."""
        return sha256(self.statement() + signature).digest()


def sign(checkpoint: Checkpoint, private_key: bytes) -> bytes:
    """Ed25519 signature (64 bytes) by a raw private key (32 bytes)."""
    return Ed25519PrivateKey.from_private_bytes(private_key).sign(checkpoint.statement())


def public_key_of(private_key: bytes) -> bytes:
    """The raw public key (32 bytes) of a raw private key."""
    return Ed25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def is_signed(checkpoint: Checkpoint, signature: bytes, public_key: bytes) -> bool:
    """Whether the signature is that of the key's owner over this checkpoint."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, checkpoint.statement())
    except (InvalidSignature, ValueError):
        return False
    return True


# --- Proofs -------------------------------------------------------------------------------------------------------


class BadProof(ValueError):
    """A proof does not hold; the text says why, ``step`` where: form, movement, holder, root, key or signature."""

    def __init__(self, text: str, step: str = "form") -> None:
        super().__init__(text)
        self.step = step


def check_proof(proof: Mapping[str, object], *, public_key: bytes) -> None:
    """Check that a movement is among what a checkpoint signed, from the proof alone.

    Steps: the movement's fields give its digest; with the other digests of its link they give the link; the links
    after it lead from the head before to the head at the checkpoint; the Merkle path leads from that head to the
    root; the signature by ``public_key`` (32 bytes, got from a source one trusts) holds over the root.

    Raises:
        BadProof: a step fails, or the proof lacks a part.
    """
    try:
        _check_steps(proof, public_key)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise BadProof(f"The proof lacks a part or has one of a wrong form: {error!r}.") from error
    except ValueError as error:
        raise error if isinstance(error, BadProof) else BadProof(f"A part cannot be read: {error}.") from error


def _whole(value: object) -> int:
    if type(value) is not int or value < 0:
        raise BadProof(f"{value!r} stands where a whole number of 0 or more belongs.")
    return value


def _check_steps(proof: Mapping[str, object], public_key: bytes) -> None:
    if proof["format"] != PROOF_FORMAT:
        raise BadProof(f"The proof has the format {proof['format']!r}; known is {PROOF_FORMAT}.")
    movement: Mapping[str, object] = proof["movement"]  # type: ignore[assignment]
    chain: Mapping[str, object] = proof["chain"]  # type: ignore[assignment]
    signed: Mapping[str, object] = proof["checkpoint"]  # type: ignore[assignment]
    if set(movement) != {*FIELDS, *BATCH_FIELDS}:
        raise BadProof("The movement lacks a field or has one that no movement has.")
    digests = [bytes.fromhex(d) for d in chain["link_digests"]]  # type: ignore[attr-defined]
    if digests[_whole(chain["position"])] != digest_fields(movement):
        raise BadProof("The fields of the movement do not give its digest in the chain.", "movement")
    for name, value in movement.items():  # the digest is over texts: 7 and "7" have the same
        if not isinstance(value, int if name in _NUMBERS else str) and not (value is None and name in _OPTIONAL):
            raise BadProof(f"The movement has {name} = {value!r}, which is of another type.")
    holder = str(chain["holder"])
    if holder not in {str(movement[end]).split("|", 1)[0] for end in ("source", "target")}:
        raise BadProof(f"{holder} is neither source nor target of the movement.", "holder")
    head = next_head(bytes.fromhex(str(chain["head_before"])), link_digest(digests))
    for link in chain["links_after"]:  # type: ignore[attr-defined]
        head = next_head(head, bytes.fromhex(link))
    path = [(side, bytes.fromhex(partner)) for side, partner in proof["path"]]  # type: ignore[attr-defined]
    if not {side for side, _ in path} <= {"left", "right"}:
        raise BadProof("A partner on the path stands neither left nor right.")
    root = climb(leaf(holder, _whole(chain["links"]), head), path)
    checkpoint = Checkpoint(
        number=_whole(signed["number"]),
        at=str(signed["at"]),
        upto_batch=_whole(signed["upto_batch"]),
        holders=_whole(signed["holders"]),
        root=bytes.fromhex(str(signed["root"])),
        previous=bytes.fromhex(str(signed["previous"])),
    )
    if root != checkpoint.root:
        raise BadProof("The chain and the path do not lead to the root of the checkpoint.", "root")
    if bytes.fromhex(str(signed["public_key"])) != public_key:
        raise BadProof("The proof names another public key than the one given.", "key")
    if not is_signed(checkpoint, bytes.fromhex(str(signed["signature"])), public_key):
        raise BadProof("The signature of the checkpoint is not that of the given key.", "signature")
