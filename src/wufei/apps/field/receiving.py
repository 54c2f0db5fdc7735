"""Takes in what phones send: stores each event once, in the order of the phone, before anything is made of it.

Invariant: the answer names only what is committed. The same events again change nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wufei.apps.facts.services import record_fact
from wufei.apps.field.blocks import claim_numbers
from wufei.apps.field.devices import is_revoked, unbase64
from wufei.apps.field.models import FieldDevice, FieldEvent, FieldOutcome, FieldPhoto, State
from wufei.apps.transactions import in_transaction
from wufei.core.field_events import check_payload, photos_of
from wufei.core.field_sync import BadEvent, Event, Known, Place, place_events, read_event, signed_bytes
from wufei.core.findings import Finding
from wufei.core.signature import Algorithm, holds

LARGEST_BATCH = 200


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was stored: the end of the line, how many are new, and why the first that was not taken was not."""

    seq: int
    stored: int
    again: int
    forked: int
    problem: str = ""
    problem_code: str = ""


def receive_events(device: FieldDevice, sent: object, *, at: datetime) -> Receipt:
    """Store a batch of events (``[{"body", "signature"}, …]``) as far as it is understood and continues the line."""
    readable, problem = _read(device, sent)

    def work() -> Receipt:
        return _store(device, readable, at, problem)

    return in_transaction(work)


def _read(device: FieldDevice, sent: object) -> tuple[list[tuple[Event, bytes]], str]:
    """The events up to the first that cannot be understood, and why that is so."""
    readable: list[tuple[Event, bytes]] = []
    if not isinstance(sent, list) or len(sent) > LARGEST_BATCH:
        return [], f"一次应送来最多 {LARGEST_BATCH} 条记录。"
    for item in sent:
        body = item.get("body") if isinstance(item, dict) else None
        signature = unbase64(item.get("signature")) if isinstance(item, dict) else b""
        if not isinstance(body, str):
            return readable, "记录应有正文和签名。"
        try:
            event = read_event(body)
        except BadEvent as error:
            return readable, str(error)
        if event.device != device.code:
            return readable, f"第 {event.seq} 条记录属于另一部手机（{event.device}）。"
        key = device.key
        if not holds(
            signed_bytes(body), signature, algorithm=Algorithm(key.algorithm), public_key=bytes(key.public_key)
        ):
            return readable, f"第 {event.seq} 条记录的签名不符。"
        readable.append((event, signature))
    return readable, ""


def _store(device: FieldDevice, readable: Sequence[tuple[Event, bytes]], at: datetime, problem: str) -> Receipt:
    locked = FieldDevice.objects.select_for_update(of=("self",)).get(pk=device.pk)
    named = {d for event, _ in readable for d in (event.digest, event.previous)}
    stored = dict(FieldEvent.objects.filter(device=locked, digest__in=named).values_list("digest", "seq"))
    known = Known(locked.code, locked.seq, locked.head, stored)
    after, placed = place_events(known, [event for event, _ in readable])
    signatures = {event.digest: signature for event, signature in readable}
    counts = dict.fromkeys(Place, 0)
    code = "unreadable" if problem else ""
    for event, place in placed:
        if place is Place.GAP:
            problem = problem or f"第 {event.seq} 条记录之前有缺：服务器收到了第 {after.seq} 条为止。"
            code = code or "gap"
            break
        counts[place] += 1
        if place is not Place.AGAIN:
            _keep(device, event, signatures[event.digest], place, at)
    locked.seq, locked.head = after.seq, after.head
    locked.is_forked = locked.is_forked or bool(counts[Place.FORK])
    locked.seen_at = at
    locked.save(update_fields=["seq", "head", "is_forked", "seen_at"])
    if counts[Place.NEXT] or counts[Place.FORK]:
        told = {"seq": after.seq, "events": counts[Place.NEXT], "fork": counts[Place.FORK]}
        _tell(device, "receive_field_events", at, told)
    return Receipt(after.seq, counts[Place.NEXT], counts[Place.AGAIN], counts[Place.FORK], problem, code)


def _keep(device: FieldDevice, event: Event, signature: bytes, place: Place, at: datetime) -> None:
    """Store one event with what is to be said of it at once: a number used twice, a second line, no sense in it."""
    row = FieldEvent.objects.create(
        device=device,
        seq=event.seq,
        digest=event.digest,
        previous=event.previous,
        key=event.key,
        type=event.type,
        device_at=event.at,
        body=event.body,
        signature=signature.hex(),
        received_at=at,
        is_fork=place is Place.FORK,
    )
    found = check_payload(event.type, event.payload)
    state = State.REFUSED if found else State.RECEIVED
    if is_revoked(device):
        what = "这部手机已经停用，停用之后才收到这条记录。"
        found.append(Finding(None, "", what, "请核对是谁、何时记录的，再决定处理或搁置。", "device_revoked"))
        state = State.REFUSED
    conflicts = _number_conflicts(row, event.payload)
    if place is Place.FORK:
        what = f"同一部手机的第 {event.seq} 条记录来了两种：手机被复制，或从备份恢复过。两种都已保存。"
        remedy = "请核对两条记录；都属实的，给这一条换发新号码后处理，并为这部手机重新登记。"
        conflicts.insert(0, Finding(None, "seq", what, remedy, "device_forked"))
    if conflicts:
        state = State.CONFLICT
        _tell(device, "field_conflict", at, {"digest": event.digest, "findings": [f.what for f in conflicts]})
    found += conflicts
    FieldOutcome.objects.create(
        event=row, state=state, findings=[f.as_dict() for f in found], number=_number(event.payload),
        judged_at=at if found else None,
    )  # fmt: skip
    FieldPhoto.objects.bulk_create(
        FieldPhoto(event=row, digest=digest) for digest in dict.fromkeys(photos_of(event.payload))
    )


def _number_conflicts(row: FieldEvent, payload: Mapping[str, Any]) -> list[Finding]:
    return [claim.finding for claim in claim_numbers(row, payload) if claim.finding is not None]


def _number(payload: Mapping[str, Any]) -> str:
    """The manifest that an event speaks of, so far as it says one."""
    for name in ("manifest", "number"):
        value = payload.get(name)
        if isinstance(value, str) and value:
            return value[:24]
    return ""


def _tell(device: FieldDevice, verb: str, at: datetime, after: object) -> None:
    record_fact(
        at=at,
        actor=device.user.username,
        verb=verb,
        subject=f"field_device:{device.code}",
        division=device.organisation.division_id,
        after=after,
    )
