"""Writes of the field; the pages and the command line call these."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from wufei.apps.field.applying import apply_event, apply_events, apply_waiting
from wufei.apps.field.blocks import close_block, declare_lost, issue_block, proof_of
from wufei.apps.field.codes import make_codes
from wufei.apps.field.cures import give_new_number, set_aside, try_again
from wufei.apps.field.day import day_of
from wufei.apps.field.devices import register_device, revoke_device
from wufei.apps.field.models import FieldDevice, FieldOutcome, State
from wufei.apps.field.photos import add_part, received_bytes, wanted_photos
from wufei.apps.field.receiving import receive_events

__all__ = [
    "add_part",
    "apply_event",
    "apply_events",
    "apply_waiting",
    "close_block",
    "day_of",
    "declare_lost",
    "give_new_number",
    "issue_block",
    "make_codes",
    "proof_of",
    "receive_events",
    "received_bytes",
    "register_device",
    "revoke_device",
    "set_aside",
    "sync_phone",
    "take_photo",
    "try_again",
]


def take_photo(device: FieldDevice, digest: str, *, offset: int, content: bytes, is_last: bool, at: datetime) -> int:
    """Take a part of a picture; what waited for the whole of it is tried again. Returns how many bytes are here."""
    received = add_part(device, digest, offset=offset, content=content, is_last=is_last, at=at)
    if is_last:
        waiting = FieldOutcome.objects.filter(state=State.WAITING, event__device=device, event__photos__digest=digest)
        for event_id in waiting.order_by("event_id").values_list("event_id", flat=True):
            apply_event(event_id, at=at)
    return received


def sync_phone(device: FieldDevice, sent: object, ask: Sequence[str], *, at: datetime) -> dict[str, Any]:
    """Take in events, apply them, and answer what is stored and what became of the events that are asked about."""
    receipt = receive_events(device, sent, at=at)
    apply_events(device, at=at)
    outcomes = FieldOutcome.objects.filter(event__device=device, event__digest__in=ask).select_related("event")
    return {
        "server_time": at.isoformat(),
        "acked": receipt.seq,
        "stored": receipt.stored,
        "again": receipt.again,
        "forked": receipt.forked,
        "problem": receipt.problem,
        "problem_code": receipt.problem_code,
        "events": [
            {
                "digest": row.event.digest,
                "state": row.state,
                "state_name": row.get_state_display(),
                "number": row.number,
                "claimed_number": row.claimed_number,
                "findings": row.findings,
            }
            for row in outcomes.order_by("event_id")
        ],
        "photos": wanted_photos(device),
    }
