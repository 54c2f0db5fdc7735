"""A person settles what came from a phone and stands against a rule: try again, give a new number, or set aside.

Invariant: what was entered stays as it came; settling adds who decided what, and why.
"""

import json
from datetime import datetime

from django.db import transaction

from wufei.apps.facts.services import record_fact
from wufei.apps.field.applying import apply_event, apply_waiting
from wufei.apps.field.blocks import find_block
from wufei.apps.field.models import FieldOutcome, NumberUse, State
from wufei.apps.manifests.numbers import take_numbers
from wufei.apps.registry.models import User
from wufei.core.field_events import EventType
from wufei.core.findings import Finding, Refused
from wufei.core.ledger import local_day
from wufei.core.manifest_number import parse_number

SETTLED = (State.APPLIED, State.SET_ASIDE)


def _open(outcome: FieldOutcome) -> None:
    if outcome.state in SETTLED:
        what = f"这条记录{outcome.get_state_display()}，不用再处理。"
        raise Refused([Finding(None, "", what, "请刷新页面。", "settled_already")])


def _claimed(outcome: FieldOutcome) -> str:
    return str(json.loads(outcome.event.body)["payload"].get("number") or "")


def _told(outcome: FieldOutcome) -> list[Finding]:
    outcome.refresh_from_db()
    names = ("line", "field", "what", "remedy", "code")
    return [Finding(**{name: row[name] for name in names}) for row in outcome.findings]


def _after(outcome: FieldOutcome, number: str, at: datetime) -> str:
    """What follows a try: what waited for the manifest moves too; what still stands against it is told."""
    if not number:
        raise Refused(_told(outcome))
    apply_waiting({number}, at=at)
    return number


def try_again(outcome: FieldOutcome, *, by: User, at: datetime) -> str:
    """Apply the event as it is, after what stood against it was mended; returns the manifest's number.

    Raises:
        Refused: it stands against a rule still, or its number belongs to another use.
    """
    _open(outcome)
    number = _claimed(outcome)
    if outcome.event.type == EventType.PICKUP and number and not _may_keep(outcome, number):
        what = f"号码 {number} 已属于另一条记录。"
        raise Refused([Finding(None, "number", what, "请换发新号码。", "number_used_twice")])
    return _after(outcome, apply_event(outcome.event_id, at=at, by=by.username), at)


def _may_keep(outcome: FieldOutcome, number: str) -> bool:
    """Whether the number counts for this event; takes it where no use counts yet (another phone's, never used)."""
    block, serial = find_block(number)
    if block is None or serial is None:
        return False
    uses = NumberUse.objects.filter(block=block, serial=serial)
    if uses.filter(counts=True).exists():
        return uses.filter(counts=True, evidence=outcome.event.digest).exists()
    return bool(uses.filter(evidence=outcome.event.digest).update(counts=True))


def give_new_number(outcome: FieldOutcome, *, by: User, at: datetime) -> str:
    """Apply a pick-up with a fresh number of the same series; the one that the phone gave stays on record.

    Raises:
        Refused: it is no pick-up, or a rule stands against it; then no number is spent.
    """
    _open(outcome)
    if outcome.event.type != EventType.PICKUP:
        what = "只有收运记录可以换发号码。"
        raise Refused([Finding(None, "", what, "请重新处理或搁置这条记录。", "no_pickup")])
    claimed = _claimed(outcome)
    parsed = parse_number(claimed)
    if parsed is None:
        what = f"原号码“{claimed}”不是联单号，看不出用哪个系列。"
        raise Refused([Finding(None, "number", what, "请按实际情况补开联单，并搁置这条记录。", "number_unreadable")])
    with transaction.atomic():
        number = take_numbers(parsed.series, local_day(at).year, parsed.place)[0]
        done = apply_event(outcome.event_id, at=at, new_number=number, by=by.username)
        _settle_use(outcome, claimed)
        against = [] if done else _told(outcome)
        transaction.set_rollback(not done)  # no number is spent on what does not become a manifest
    if against:
        raise Refused(against)
    return _after(outcome, done, at)


def _settle_use(outcome: FieldOutcome, number: str) -> None:
    """The use of the old number by this event is settled: it counts no more."""
    block, serial = find_block(number)
    if block is not None and serial is not None:
        NumberUse.objects.filter(block=block, serial=serial, evidence=outcome.event.digest, counts=False).update(
            settled=True
        )


@transaction.atomic
def set_aside(outcome: FieldOutcome, *, reason: str, by: User, at: datetime) -> None:
    """Leave an event without effect, with a reason; it stays on record. A second use of a number is settled by it."""
    if not reason.strip():
        raise Refused([Finding(None, "reason", "没有写搁置的理由。", "请写明理由。", "reason_missing")])
    locked = (
        FieldOutcome.objects.select_for_update(of=("self",))
        .select_related("event__device__organisation")
        .get(pk=outcome.pk)
    )
    _open(locked)
    before = locked.state
    locked.state = State.SET_ASIDE
    locked.settled_by = by.username
    locked.reason = reason.strip()[:200]
    locked.judged_at = at
    locked.save()
    NumberUse.objects.filter(evidence=locked.event.digest, counts=False).update(settled=True)
    record_fact(
        at=at,
        actor=by.username,
        verb="set_aside_field_event",
        subject=f"field_event:{locked.event.digest}",
        division=locked.event.device.organisation.division_id,
        before={"state": before},
        after={"reason": locked.reason},
    )
