"""Blocks of manifest numbers that a phone takes along (号段): what became of each number, and the proof of it.

A block is ``first``..``last`` of one series, given to one device and signed by the server. Each number ends in
exactly one way: used by an event, spoiled, returned or declared lost with a reason. Invariant: used + spoiled +
returned + lost + open = the whole block, and a block closes only when nothing is open and nothing was used twice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from wufei.core.findings import Finding
from wufei.core.signature import Algorithm, content_hash, holds

LARGEST = 1000  # numbers of one block
PROOF_FORMAT = "wufei-number-block-1"


class Fate(StrEnum):
    """What became of a number."""

    USED = "used"  # 已用
    SPOILED = "spoiled"  # 作废
    RETURNED = "returned"  # 退回
    LOST = "lost"  # 报失：设备丢失，号码不再可用


FATE_NAMES: Mapping[Fate, str] = {
    Fate.USED: "已用",
    Fate.SPOILED: "作废",
    Fate.RETURNED: "退回",
    Fate.LOST: "报失",
}


@dataclass(frozen=True, slots=True)
class Block:
    """Numbers ``first``..``last`` (serials, both included) of the series ``key``, for one device.

    A number is the key and the serial in ``digits`` digits. Times are ISO 8601 texts as signed.
    """

    key: str
    digits: int
    first: int
    last: int
    device: str
    issued_at: str
    expires_at: str

    def __post_init__(self) -> None:
        assert 1 <= self.first <= self.last < min(self.first + LARGEST, 10**self.digits), self

    def serials(self) -> range:
        """All serials of the block."""
        return range(self.first, self.last + 1)

    def number(self, serial: int) -> str:
        """The manifest number of a serial."""
        return f"{self.key}{serial:0{self.digits}}"

    def serial_of(self, number: str) -> int | None:
        """The serial of a number of this block; ``None`` where it is of another series or outside."""
        digits = number.removeprefix(self.key)
        if len(number) != len(self.key) + self.digits or len(digits) != self.digits or not digits.isdecimal():
            return None
        serial = int(digits)
        return serial if self.first <= serial <= self.last and self.number(serial) == number else None

    def statement(self) -> bytes:
        """The bytes that the server signs when it issues the block."""
        lines = (self.key, self.digits, self.first, self.last, self.device, self.issued_at, self.expires_at)
        return ("wufei-number-block-1\n" + "".join(f"{line}\n" for line in lines)).encode()


@dataclass(frozen=True, slots=True)
class Use:
    """One report about a number. ``evidence`` names what tells of it: the digest of a phone's event, or a fact."""

    serial: int
    fate: Fate
    evidence: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """What became of a block so far.

    Attributes:
        ends: serial -> the one report that counts (the first by arrival).
        open: serials that nothing is known of.
        gaps: those of ``open`` below the highest number with a report: phones use numbers in order.
        twice: serial -> all reports, where there is more than one with other evidence.
        outside: reports about numbers that are not of this block.
    """

    ends: Mapping[int, Use]
    open: tuple[int, ...]
    gaps: tuple[int, ...]
    twice: Mapping[int, tuple[Use, ...]]
    outside: tuple[Use, ...]

    def count(self, fate: Fate) -> int:
        """How many numbers ended so."""
        return sum(use.fate is fate for use in self.ends.values())

    @property
    def can_close(self) -> bool:
        """Whether each number ended, and ended once."""
        return not self.open and not self.twice


def account(block: Block, uses: Iterable[Use]) -> Account:
    """What became of each number of ``block``; ``uses`` in the order in which they arrived.

    The same report twice (same evidence) is one report.
    """
    reports: dict[int, list[Use]] = {}
    outside: list[Use] = []
    for use in uses:
        if not block.first <= use.serial <= block.last:
            if use not in outside:
                outside.append(use)
            continue
        held = reports.setdefault(use.serial, [])
        if use.evidence not in {other.evidence for other in held}:
            held.append(use)
    still_open = tuple(serial for serial in block.serials() if serial not in reports)
    highest = max(reports, default=0)
    return Account(
        ends={serial: held[0] for serial, held in sorted(reports.items())},
        open=still_open,
        gaps=tuple(serial for serial in still_open if serial < highest),
        twice={serial: tuple(held) for serial, held in sorted(reports.items()) if len(held) > 1},
        outside=tuple(outside),
    )


def _spans(serials: Iterable[int]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for serial in sorted(serials):
        if spans and spans[-1][1] == serial - 1:
            spans[-1] = (spans[-1][0], serial)
        else:
            spans.append((serial, serial))
    return spans


def numbers_text(block: Block, serials: Iterable[int]) -> str:
    """Serials as numbers for people, runs joined: ``…001 至 …005、…009``."""
    return "、".join(
        block.number(low) if low == high else f"{block.number(low)} 至 {block.number(high)}"
        for low, high in _spans(serials)
    )


def closing_problems(block: Block, state: Account) -> list[Finding]:
    """Why a block cannot be closed, all reasons at once; empty where it can."""
    problems = []
    if state.open:
        names = numbers_text(block, state.open)
        what = f"号段中还有 {len(state.open)} 个号码没有去向：{names}。每个号码都应已用、作废或退回。"
        remedy = "请让该手机联网同步，或在手机上退回余号；手机已丢失的，写明理由后报失。"
        problems.append(Finding(None, "number", what, remedy, "number_open"))
    for serial, uses in state.twice.items():
        what = f"号码 {block.number(serial)} 被用了 {len(uses)} 次，只能用一次。"
        problems.append(Finding(None, "number", what, "请在“待处理”中给后到的一次换发新号码。", "number_used_twice"))
    return problems


# --- The proof ----------------------------------------------------------------------------------------------------


class BadProof(ValueError):
    """A proof about a block does not hold; the text says at which step."""


def make_proof(block: Block, state: Account, *, signature: bytes, public_key: bytes) -> dict[str, object]:
    """The proof of a block as JSON: what was issued, and how each number ended; ``hash`` is over all of it.

    It needs no database: ``check_proof`` walks the numbers again.
    """
    content: dict[str, object] = {
        "format": PROOF_FORMAT,
        "block": {
            "key": block.key,
            "digits": block.digits,
            "first": block.first,
            "last": block.last,
            "device": block.device,
            "issued_at": block.issued_at,
            "expires_at": block.expires_at,
        },
        "signature": signature.hex(),
        "public_key": public_key.hex(),
        "numbers": [
            {"number": block.number(s), "fate": use.fate.value, "evidence": use.evidence, "reason": use.reason}
            for s, use in state.ends.items()
        ],
        "open": [block.number(serial) for serial in state.open],
    }
    return content | {"hash": content_hash(content)}


def check_proof(proof: Mapping[str, object], *, public_key: bytes) -> Block:
    """Check a proof from itself alone: issued by the key's owner, each number once, none missing, none foreign.

    Raises:
        BadProof: a step fails.
    """
    try:
        return _check_steps(proof, public_key)
    except (KeyError, TypeError, AttributeError, AssertionError) as error:
        raise BadProof(f"The proof lacks a part or has one of a wrong form: {error!r}.") from error
    except ValueError as error:
        raise error if isinstance(error, BadProof) else BadProof(f"A part cannot be read: {error}.") from error


def _check_steps(proof: Mapping[str, object], public_key: bytes) -> Block:
    if proof["format"] != PROOF_FORMAT:
        raise BadProof(f"The proof has the format {proof['format']!r}; known is {PROOF_FORMAT}.")
    if content_hash({name: value for name, value in proof.items() if name != "hash"}) != proof["hash"]:
        raise BadProof("The hash of the proof is another.")
    block = Block(**proof["block"])  # type: ignore[arg-type]
    if bytes.fromhex(str(proof["public_key"])) != public_key:
        raise BadProof("The proof names another public key than the one given.")
    signature = bytes.fromhex(str(proof["signature"]))
    if not holds(block.statement(), signature, algorithm=Algorithm.ED25519, public_key=public_key):
        raise BadProof("The signature of the block is not that of the given key.")
    numbers: list[dict[str, str]] = proof["numbers"]  # type: ignore[assignment]
    if any(Fate(row["fate"]) and not row["evidence"] for row in numbers):
        raise BadProof("A number has no evidence.")
    told = [row["number"] for row in numbers]
    still_open: list[str] = proof["open"]  # type: ignore[assignment]
    if sorted([*told, *still_open]) != [block.number(serial) for serial in block.serials()]:
        raise BadProof("The numbers are not those of the block, each once.")
    if still_open:
        raise BadProof(f"{len(still_open)} numbers have no end yet, the first is {still_open[0]}.")
    evidence = [row["evidence"] for row in numbers if row["fate"] == Fate.USED]
    if len(set(evidence)) != len(evidence):
        raise BadProof("One event stands for two numbers.")
    return block
