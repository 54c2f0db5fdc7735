"""What a phone sends: a chain of signed events, and where each of them belongs (手机同步).

Every act on a phone is an event with the device, a number ``seq`` without gaps from 1, and the digest of the event
before. The phone writes the event as one JSON text; digest and signature are over exactly these bytes, so nobody has
to agree on a form of JSON. Invariant: whatever part of a queue arrives, in whatever repetition, the stored line is a
beginning of the phone's chain, and what does not continue it is told apart: known already, a second line (fork), or
with a gap before it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

HEAD = b"wufei-field-event-1\n"
REQUEST_HEAD = "wufei-field-request-1"
LARGEST_BODY = 64 * 1024  # bytes; photos travel on their own
LARGEST_SEQ = 2**31 - 1
MEMBERS = frozenset({"device", "seq", "key", "type", "at", "payload", "previous"})


class BadEvent(ValueError):
    """An event that cannot be understood; ``what`` says why in Chinese."""


@dataclass(frozen=True, slots=True)
class Event:
    """One act on a phone. ``previous`` and ``digest`` are 64 hex digits; ``at`` is what the phone's clock said."""

    device: str
    seq: int
    key: str
    type: str
    at: datetime
    payload: Mapping[str, Any]
    previous: str
    digest: str
    body: str


def signed_bytes(body: str) -> bytes:
    """The bytes over which a phone signs an event, and of which the digest is taken."""
    return HEAD + body.encode("utf-8", "surrogatepass")


def event_digest(body: str) -> str:
    """The digest by which the next event names this one."""
    return sha256(signed_bytes(body)).hexdigest()


def first_previous(device: str) -> str:
    """What stands as ``previous`` in the first event of a device."""
    return sha256(f"wufei-field-device-1\n{device}".encode()).hexdigest()


def request_statement(method: str, path: str, at: str, body: bytes) -> bytes:
    """The bytes that a phone signs to say who asks: method, address, its clock, the digest of what it sends."""
    return "\n".join((REQUEST_HEAD, method, path, at, sha256(body).hexdigest(), "")).encode()


def _no_constant(text: str) -> None:
    raise BadEvent(f"记录中有 {text}，不是数。请更新手机上的页面后重试。")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadEvent("记录中有重复的字段名。请更新手机上的页面后重试。")
    return found


def _instant(text: object) -> datetime:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        at = datetime.min  # noqa: DTZ901 - without zone on purpose: it is refused below
    if at.tzinfo is None or not 2000 <= at.year < 2100:
        raise BadEvent(f"记录的时间“{str(text)[:40]}”读不懂，应为带时区的时间。请检查手机时钟。")
    return at


def read_event(body: str) -> Event:
    """The event that ``body`` is.

    Raises:
        BadEvent: it is too long, no JSON object, or a member is missing, foreign or of a wrong form.
    """
    if "\0" in body or "\\u0000" in body or any("\ud800" <= c <= "\udfff" for c in body):
        raise BadEvent("记录中有不能保存的字符。请更新手机上的页面后重试。")
    if len(body.encode()) > LARGEST_BODY:
        raise BadEvent(f"记录有 {len(body.encode())} 字节，最多 {LARGEST_BODY} 字节。照片应单独上传。")
    try:
        found = json.loads(body, object_pairs_hook=_unique, parse_constant=_no_constant)
    except BadEvent:
        raise
    except (ValueError, RecursionError):
        raise BadEvent("记录不是 JSON。请更新手机上的页面后重试。") from None
    if not isinstance(found, dict) or set(found) != MEMBERS:
        names = "、".join(sorted(set(found) ^ MEMBERS)) if isinstance(found, dict) else "全部"
        raise BadEvent(f"记录的字段不对（{names[:200]}）。请更新手机上的页面后重试。")
    seq, payload = found["seq"], found["payload"]
    if type(seq) is not int or not 1 <= seq <= LARGEST_SEQ:
        raise BadEvent(f"记录的序号是 {str(seq)[:40]}，应为 1 起的整数。")
    texts = {name: found[name] for name in ("device", "key", "type", "previous")}
    if any(not isinstance(text, str) or not 0 < len(text) <= 64 for text in texts.values()):
        raise BadEvent("记录的设备、标识、类型或前一条摘要不是 1 至 64 个字的文字。请更新手机上的页面后重试。")
    try:
        key = str(UUID(found["key"]))
    except ValueError:
        raise BadEvent(f"记录的标识“{found['key']}”不是 UUID。请更新手机上的页面后重试。") from None
    if not isinstance(payload, dict):
        raise BadEvent("记录的内容应是一组字段。请更新手机上的页面后重试。")
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a character, written as an escape
        raise BadEvent("记录中有不能保存的字符。请更新手机上的页面后重试。") from None
    return Event(
        device=found["device"],
        seq=seq,
        key=key,
        type=found["type"],
        at=_instant(found["at"]),
        payload=payload,
        previous=found["previous"],
        digest=event_digest(body),
        body=body,
    )


# --- Where an event belongs ---------------------------------------------------------------------------------------


class Place(StrEnum):
    """Where an event belongs among those that are stored."""

    NEXT = "next"  # continues the line of the device
    AGAIN = "again"  # stored already
    FORK = "fork"  # follows a stored event beside another: two phones with one key, or a restored backup
    GAP = "gap"  # what it follows has not arrived


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of a device: the end of its line, and digest -> seq of all that may be named.

    ``digests`` has at least the stored ones among the digests and previous digests of the batch.
    """

    device: str
    seq: int
    head: str
    digests: Mapping[str, int]


def known_nothing(device: str) -> Known:
    """The state of a device that has sent nothing."""
    return Known(device, 0, first_previous(device), {})


def place_events(known: Known, events: Iterable[Event]) -> tuple[Known, list[tuple[Event, Place]]]:
    """Where each event of a batch belongs; those before it in the batch count as stored. Nothing is changed.

    Returns:
        The state after the batch, and each event with its place.
    """
    digests = dict(known.digests)
    seq, head = known.seq, known.head
    start = first_previous(known.device)
    placed = []
    for event in events:
        assert event.device == known.device, event
        if event.digest in digests:
            place = Place.AGAIN
        elif event.seq == seq + 1 and event.previous == head:
            place = Place.NEXT
            seq, head = event.seq, event.digest
        elif digests.get(event.previous) == event.seq - 1 or (event.seq == 1 and event.previous == start):
            place = Place.FORK
        else:
            place = Place.GAP
        if place in (Place.NEXT, Place.FORK):
            digests[event.digest] = event.seq
        placed.append((event, place))
    return Known(known.device, seq, head, digests), placed


def first_break(device: str, line: Iterable[tuple[int, str]]) -> int | None:
    """The seq at which a stored line (seq and body, in order) breaks, or ``None``: the proof of completeness."""
    previous, expected = first_previous(device), 1
    for seq, body in line:
        try:
            event = read_event(body)
        except BadEvent:
            return expected
        if (seq, event.seq, event.previous, event.device) != (expected, expected, previous, device):
            return expected
        previous, expected = event.digest, expected + 1
    return None
