"""A personal signature (签名): the canonical bytes of what is signed, the statement, and its check.

The content of a document becomes canonical JSON (RFC 8785, restricted to our values), its SHA-256 is the content
hash. What is signed is a statement of ten lines that names the document, the part that is played, the event, the
content hash, who signs for whom, and the times that person and device claim. Invariant: the same statement is built
from the stored fields alone, so a change to any of them breaks the signature.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from unicodedata import normalize

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from wufei.core.chain import climb, merkle_path, merkle_root

LARGEST = 2**53 - 1  # RFC 8785 writes numbers as JavaScript does: above, two integers may look the same
HEAD = "wufei-signature-1"
ROUND = "round"  # the subject, slot and event of a statement that covers several documents


class Algorithm(StrEnum):
    """How a key signs. The names are those of WebCrypto in small letters."""

    ED25519 = "ed25519"
    ECDSA_P256 = "ecdsa-p256"  # with SHA-256; the signature is r and s of 32 bytes each, as WebCrypto writes it


class NotCanonical(ValueError):
    """A value that has no canonical form; the text says where."""


class BadSignature(ValueError):
    """A signature does not hold; the text says why."""


# --- Canonical content --------------------------------------------------------------------------------------------

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _quoted(text: str, where: str) -> str:
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise NotCanonical(f"The text at {where or '/'} holds half a character (a lone surrogate). Type it anew.")
    return '"' + "".join(_ESCAPES.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in text) + '"'


def _written(value: object, where: str) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise NotCanonical(f"The number {value} at {where or '/'} is beyond {LARGEST}. Write it as text.")
        return str(value)
    if isinstance(value, str):
        return _quoted(normalize("NFC", value), where)
    if isinstance(value, Mapping):
        if wrong := [name for name in value if not isinstance(name, str)]:
            raise NotCanonical(f"The name {wrong[0]!r} at {where or '/'} is no text.")
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        pairs = (f"{_quoted(name, where)}:{_written(value[name], f'{where}/{name}')}" for name in names)
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_written(item, f"{where}/{n}") for n, item in enumerate(value)) + "]"
    raise NotCanonical(
        f"{value!r} at {where or '/'} is of the type {type(value).__name__}. Allowed are text, whole numbers, true, "
        "false, null, lists and objects; write a measured figure as a whole number of a small unit or as text."
    )


def canonical_json(value: object) -> bytes:
    """The canonical bytes (UTF-8) of a value: names in order of UTF-16, no spaces, no fractions.

    Text is brought to NFC, so that what looks the same has one hash; names are our own and stay as they are.

    Raises:
        NotCanonical: a float or another type, an integer beyond 2^53 - 1, half a character.
    """
    return _written(value, "").encode()


def content_hash(value: object) -> str:
    """SHA-256 over the canonical bytes, as 64 hex digits."""
    return sha256(canonical_json(value)).hexdigest()


# --- The statement ------------------------------------------------------------------------------------------------


def instant_text(at: datetime | None) -> str:
    """An instant as JavaScript's ``toISOString`` writes it, in UTC with milliseconds; empty for none."""
    if at is None:
        return ""
    assert at.tzinfo is not None, at
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def whole_milliseconds(at: datetime) -> datetime:
    """The instant without what the statement does not say: microseconds."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def key_id(public_key: bytes) -> str:
    """The name of a key: the first 32 hex digits of the SHA-256 of its public bytes."""
    return sha256(public_key).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Statement:
    """What is signed.

    Attributes:
        subject: the document, ``manifest:20263305000017``; slot: the part that is played, ``carrier:1``.
        event: what happens by the signature, ``depart``.
        content_hash: of the content as the person saw it.
        person: who signs: a user name, or ``name:…`` for someone without account.
        organisation: for whom: credit code or ``organisation:<id>``; empty for nobody.
        claimed_at: when the person says it happened; device_at: what the device's clock said, or ``None``.
        key: see ``key_id``.
    """

    subject: str
    slot: str
    event: str
    content_hash: str
    person: str
    organisation: str
    claimed_at: datetime
    device_at: datetime | None
    key: str

    def as_bytes(self) -> bytes:
        """The bytes that are signed: a head and one line a field."""
        lines = (
            HEAD,
            self.subject,
            self.slot,
            self.event,
            self.content_hash,
            normalize("NFC", self.person),
            self.organisation,
            instant_text(self.claimed_at),
            instant_text(self.device_at),
            self.key,
        )
        assert not any("\n" in line for line in lines), lines
        return "".join(f"{line}\n" for line in lines).encode()


# --- Several documents in one act ---------------------------------------------------------------------------------


def round_leaf(subject: str, slot: str, event: str, hashed: str) -> bytes:
    """The leaf of one document in a round's tree."""
    return sha256(b"\x00" + "\x1f".join((subject, slot, event, hashed)).encode()).digest()


def round_root(leaves: Sequence[bytes]) -> str:
    """What a round signs in place of a content hash, as 64 hex digits."""
    assert leaves
    return merkle_root(leaves).hex()


Path = tuple[tuple[str, str], ...]  # the partners on the way to the root: side and hex digits


def round_path(leaves: Sequence[bytes], index: int) -> Path:
    """The way from one document to the root, kept with its signature."""
    return tuple((side, partner.hex()) for side, partner in merkle_path(leaves, index))


# --- Signing and checking -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement about one document with its signature; ``path`` where it was signed in a round (``is_round``)."""

    statement: Statement
    algorithm: Algorithm
    public_key: bytes
    signature: bytes
    is_round: bool = False
    path: Path = field(default=())

    def signed_bytes(self) -> bytes:
        """The bytes under the signature: the statement, or that of the round to which the document belongs."""
        if not self.is_round:
            return self.statement.as_bytes()
        return round_statement(self.statement, self._root()).as_bytes()

    def _root(self) -> str:
        own = self.statement
        leaf = round_leaf(own.subject, own.slot, own.event, own.content_hash)
        if not {side for side, _ in self.path} <= {"left", "right"}:
            raise BadSignature("A partner on the path stands neither left nor right.")
        try:
            return climb(leaf, [(side, bytes.fromhex(partner)) for side, partner in self.path]).hex()
        except ValueError as error:
            raise BadSignature(f"The path of the round cannot be read: {error}.") from error


def round_statement(statement: Statement, root: str) -> Statement:
    """The statement of a round: that of a document, with the round in place of the document."""
    return Statement(
        ROUND,
        ROUND,
        ROUND,
        root,
        statement.person,
        statement.organisation,
        statement.claimed_at,
        statement.device_at,
        statement.key,
    )


def sign_bytes(message: bytes, private_key: bytes) -> bytes:
    """Ed25519 signature (64 bytes) by a raw private key (32 bytes), as the server signs."""
    return Ed25519PrivateKey.from_private_bytes(private_key).sign(message)


def is_public_key(algorithm: Algorithm, public_key: bytes) -> bool:
    """Whether the bytes are a public key: 32 bytes, or an uncompressed point of P-256 in 65 bytes."""
    try:
        if algorithm is Algorithm.ED25519:
            Ed25519PublicKey.from_public_bytes(public_key)
            return True
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
    except ValueError:
        return False
    return len(public_key) == 65


def holds(message: bytes, signature: bytes, *, algorithm: Algorithm, public_key: bytes) -> bool:
    """Whether ``signature`` over ``message`` was made by the owner of the key."""
    if len(signature) != 64 or not is_public_key(algorithm, public_key):
        return False
    try:
        if algorithm is Algorithm.ED25519:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
            return True
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        point.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def check_signature(signed: Signed, *, content: object = None) -> None:
    """Check one signature from its own fields, and against ``content`` where that is given.

    Raises:
        BadSignature: the content has another hash, the key another name, or the signature does not hold.
    """
    statement = signed.statement
    if content is not None and content_hash(content) != statement.content_hash:
        raise BadSignature(f"The content of {statement.subject} is not what was signed: its hash is another.")
    if key_id(signed.public_key) != statement.key:
        raise BadSignature(f"The statement about {statement.subject} names another key than the one kept with it.")
    whole = signed.signed_bytes()
    if not holds(whole, signed.signature, algorithm=signed.algorithm, public_key=signed.public_key):
        raise BadSignature(
            f"The signature of {statement.person} on {statement.subject} ({statement.slot}, {statement.event}) "
            "does not fit what is stated."
        )
