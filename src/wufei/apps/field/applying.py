"""Makes of stored events what they say: one transaction an event, in the order of the phone.

Invariant: an event is applied once. What a rule refuses stays as it came, with the findings, until a person settles
it; what came before its time waits and is tried again when its manifest moves.
"""

import json
import logging
from datetime import datetime

from wufei.apps.facts.services import record_fact
from wufei.apps.field.handlers import Done, Job, NotYet, handle
from wufei.apps.field.models import FieldDevice, FieldOutcome, State
from wufei.apps.transactions import in_transaction
from wufei.core.findings import Finding, Level, Refused

log = logging.getLogger(__name__)
ROUNDS = 10  # how often what waits is tried anew in one go: a manifest has fewer steps


def apply_events(device: FieldDevice, *, at: datetime) -> int:
    """Apply what the device sent and nobody judged yet, then what waited for it; returns how many were applied."""
    pending = list(
        FieldOutcome.objects.filter(state__in=[State.RECEIVED, State.WAITING], event__device=device)
        .order_by("event_id")
        .values_list("event_id", flat=True)
    )
    moved = {number for pk in pending if (number := apply_event(pk, at=at))}
    return len(moved) + apply_waiting(moved, at=at)


def apply_waiting(numbers: set[str], *, at: datetime) -> int:
    """Try again what waits for one of these manifests, whichever phone it came from."""
    applied = 0
    for _ in range(ROUNDS):
        waiting = FieldOutcome.objects.filter(state=State.WAITING, number__in=numbers).order_by(
            "event__device_at", "event_id"
        )
        done = [pk for pk in waiting.values_list("event_id", flat=True) if numbers and apply_event(pk, at=at)]
        applied += len(done)
        if not done:
            break
    return applied


def apply_event(event_id: int, *, at: datetime, new_number: str = "", by: str = "") -> str:
    """Apply one event unless it was; returns the manifest that it made or moved (``-``: none), empty if not applied.

    Args:
        new_number: taken in place of the number that the phone had given.
        by: who settles it, where a person does.
    """

    def work() -> str:
        outcome = (
            FieldOutcome.objects.select_for_update(of=("self",))
            .select_related("event__device__organisation", "event__device__user__organisation")
            .get(pk=event_id)
        )
        if outcome.state in (State.APPLIED, State.SET_ASIDE):
            return ""
        event = outcome.event
        payload = json.loads(event.body)["payload"]
        done = handle(Job(event, event.device.user, payload, at, new_number))
        if done.settled is not None:
            _mark(
                done.settled, State.APPLIED, done, at, new_number="", claimed="", by=by or event.device.user.username
            )
        claimed = str(payload.get("number") or "")
        _mark(outcome, State.APPLIED, done, at, new_number=new_number, claimed=claimed, by=by)
        return done.number or "-"

    try:
        return in_transaction(work)
    except NotYet as error:
        waits = Finding(None, "", error.what, "收到前一步后会自动处理，不用再录。", "not_yet", Level.WARN)
        _judge(event_id, State.WAITING, [waits], at)
    except Refused as error:
        _judge(event_id, State.REFUSED, error.findings, at)
    except Exception:
        # A mistake of ours in one event must not hold up the others of the phone, nor be taken for a rule.
        log.exception("Field event %s could not be applied.", event_id)
        what = "处理这条记录时程序出错，内容已经保存。"
        finding = Finding(None, "", what, "请联系系统管理员后重新处理。", "program_error")
        _judge(event_id, State.REFUSED, [finding], at)
    return ""


def _mark(
    outcome: FieldOutcome, state: State, done: Done, at: datetime, *, new_number: str, claimed: str, by: str
) -> None:
    outcome.state = state
    outcome.findings = [finding.as_dict() for finding in done.findings]
    outcome.number = done.number or outcome.number
    outcome.claimed_number = claimed if new_number and claimed != new_number else ""
    outcome.judged_at = at
    outcome.settled_by = by
    outcome.save()
    device = outcome.event.device
    record_fact(
        at=at,
        actor=by or device.user.username,
        verb="apply_field_event",
        subject=f"field_event:{outcome.event.digest}",
        division=device.organisation.division_id,
        document=f"manifest:{done.number}" if done.number else "",
        after={"type": outcome.event.type, "claimed_number": outcome.claimed_number or None},
    )


def _judge(event_id: int, state: State, findings: list[Finding], at: datetime) -> None:
    def work() -> None:
        outcome = (
            FieldOutcome.objects.select_for_update(of=("self",))
            .select_related("event__device__organisation")
            .get(pk=event_id)
        )
        told = [finding.as_dict() for finding in findings]
        if outcome.state in (State.APPLIED, State.SET_ASIDE) or (outcome.state, outcome.findings) == (state, told):
            return
        # What the event itself stands in conflict with stays said: settling it is another matter than the rule.
        outcome.state = State.CONFLICT if outcome.state == State.CONFLICT else state
        outcome.findings = told
        outcome.judged_at = at
        outcome.save()
        device = outcome.event.device
        record_fact(
            at=at,
            actor=device.user.username,
            verb="refuse_field_event" if state is State.REFUSED else "hold_field_event",
            subject=f"field_event:{outcome.event.digest}",
            division=device.organisation.division_id,
            after={"findings": [finding.what for finding in findings]},
        )

    in_transaction(work)
