"""Writes of amendments: ask, answer, withdraw, decide, and what silence does when it is due."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from wufei.apps.amendments.calendar import calendar
from wufei.apps.amendments.models import AmendmentParty, AmendmentRecord
from wufei.apps.amendments.signed import ANSWER, DECIDE, REQUEST, answer_content, request_content, subject_of
from wufei.apps.amendments.subjects import AmendableKind, Applied, Current, kind_of
from wufei.apps.amendments.trial import Effects, effects_for, try_out
from wufei.apps.facts.services import record_fact
from wufei.apps.registry.models import Role, User
from wufei.apps.registry.selectors import scope
from wufei.apps.signatures.services import Evidence, evidence_findings, keep_evidence, sign
from wufei.core import amendment as core
from wufei.core.findings import Finding, Refused
from wufei.core.pointers import NoSuchPlace, segments

OFFICE_ROLES = frozenset({Role.PROGRAMME_OFFICE, Role.DEPARTMENT})
LONGEST_COMMENT = 500
DECISION = "office:decision"  # beside the slot in which the office may have been asked like the others


def _refused(what: str, remedy: str, code: str) -> Refused:
    return Refused([Finding(None, "", what, remedy, code)])


def is_office_of(user: User, division: str) -> bool:
    """Whether ``user`` acts as the office for a document of this division: programme office, or a department."""
    return user.role in OFFICE_ROLES and bool(division) and scope(user).covers(division)


def slots_of(user: User, current: Current) -> list[str]:
    """The slots of a document that ``user`` plays, ``office`` among them."""
    own = [slot for slot, owner in current.parties.items() if user.organisation_id and owner == user.organisation_id]
    return own + ([core.OFFICE] if is_office_of(user, current.division) else [])


def _current(user: User, subject: str) -> tuple[AmendableKind, Current]:
    kind = kind_of(subject)
    current = kind.current(subject, True) if kind and kind.sees(user, subject) else None
    if kind is None or current is None:
        raise _refused(f"没有文件“{subject}”，或您看不到它。", "请核对编号。", "unknown_subject")
    return kind, current


# --- Asking -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewAmendment:
    """What is asked. ``slot`` may be empty: then the asker's slot that may ask for all of it is taken."""

    subject: str
    changes: Sequence[core.Change]
    slot: str = ""
    reason: str = ""
    evidence: Evidence | None = None


@transaction.atomic
def request_amendment(new: NewAmendment, *, user: User, at: datetime) -> AmendmentRecord:
    """Ask for changes; what nobody must agree to is applied at once.

    Raises:
        Refused: with everything that is wrong; nothing is kept.
    """
    settle_due(at, subject=new.subject)
    kind, current = _current(user, new.subject)
    findings = _unreadable(new)
    if findings:
        raise Refused(findings)
    _clash(new)
    opened = _open(new, current, kind, user, at)
    effects = _tried(new.subject, kind, current, opened, user, at)
    record = AmendmentRecord.objects.create(
        subject=new.subject,
        title=current.title,
        profile=current.profile,
        version=current.version,
        division=current.division,
        slot=opened.slot,
        requested_by=user,
        organisation=user.organisation,
        changes=[change.as_dict() for change in opened.changes],
        reason=new.reason.strip(),
        evidence=keep_evidence(new.evidence, at=at) if new.evidence else None,
        effects=effects,
        on_silence=opened.on_silence,
        status=core.State.OPEN,
        created_at=at,
        due_at=opened.due_at,
    )
    parties = {**current.parties, **({core.OFFICE: None} if core.OFFICE in opened.must_agree else {})}
    AmendmentParty.objects.bulk_create(
        AmendmentParty(amendment=record, slot=slot, organisation_id=owner, must_agree=slot in opened.must_agree)
        for slot, owner in parties.items()
    )
    _sign(record, opened.slot, REQUEST, request_content(record), user, at)
    _tell("request_amendment", record, user.username, at)
    if opened.state is not core.State.OPEN:
        _settle(record, opened, actor=user.username, at=at, strict=True)
    return record


def _unreadable(new: NewAmendment) -> list[Finding]:
    findings = evidence_findings(new.evidence) if new.evidence else []
    for number, change in enumerate(new.changes, 1):
        try:
            segments(change.pointer)
        except NoSuchPlace:
            what = f"“{change.pointer}”不是字段的位置。"
            findings.append(
                Finding(number, change.pointer, what, "请以 / 开头，如 /wastes/0/mass_g。", "bad_pointer")
            )
    if "\\u0000" in json.dumps([change.as_dict() for change in new.changes]):
        findings.append(Finding(None, "", "更正内容里有空字符（NUL）。", "请重新输入。", "nul"))
    return findings


def _tried(
    subject: str, kind: AmendableKind, current: Current, opened: core.Amendment, user: User, at: datetime
) -> dict[str, Any]:
    changes = tuple(change.as_dict() for change in opened.changes)
    after = core.apply_changes(current.document, opened.changes)
    return try_out(kind, Applied(subject, current.version, current.document, after, changes, 0, user.username, at))


@dataclass(frozen=True, slots=True)
class Preview:
    """What an amendment would do and need, told before it is signed."""

    slot: str
    changes: tuple[core.Change, ...]
    terms: core.Terms
    effects: Effects


@transaction.atomic
def preview_amendment(new: NewAmendment, *, user: User, at: datetime) -> Preview:
    """What asking would do; nothing is kept. Raises ``Refused`` as asking would, but for reason and evidence."""
    kind, current = _current(user, new.subject)
    if findings := _unreadable(new):
        raise Refused(findings)
    _clash(new)
    whole = replace(new, reason=new.reason or "—", evidence=new.evidence or Evidence("", b""))
    opened = _open(whole, current, kind, user, at)
    terms = core.terms_of(
        opened.changes,
        slot=opened.slot,
        profile=current.profile,
        parties=current.parties,
        rules=core.rules_of(kind.rules),
        at=at,
        calendar=calendar(),
    )
    kept = _tried(new.subject, kind, current, opened, user, at)
    return Preview(opened.slot, opened.changes, terms, effects_for(slots_of(user, current), kept))


def _open(new: NewAmendment, current: Current, kind: AmendableKind, user: User, at: datetime) -> core.Amendment:
    """Open it in the slot that is given, or in the first of the asker's slots that may ask."""
    own = slots_of(user, current)
    tried = [new.slot] if new.slot else own
    if not set(tried) & set(own):
        what = f"您在“{current.title}”上没有可以申请更正的席位。"
        raise _refused(what, "请由文件上的单位申请。", "no_slot")
    refused: Refused | None = None
    for slot in tried:
        try:
            return core.open_amendment(
                current.document,
                tuple(new.changes),
                slot=slot,
                profile=current.profile,
                parties=current.parties,
                rules=core.rules_of(kind.rules),
                at=at,
                calendar=calendar(),
                reason=new.reason,
                has_evidence=new.evidence is not None,
            )
        except Refused as error:
            fewer = refused is None or len(error.findings) < len(refused.findings)
            refused = error if fewer else refused
    assert refused is not None
    raise refused


def _clash(new: NewAmendment) -> None:
    """Refuse what would change a place for which another amendment is still open."""
    open_ones = AmendmentRecord.objects.filter(
        subject=new.subject, status__in=[core.State.OPEN, core.State.ESCALATED]
    )
    taken = [(segments(raw["pointer"]), row.pk) for row in open_ones for raw in row.changes]
    findings = []
    for number, change in enumerate(new.changes, 1):
        place = segments(change.pointer)
        for other, pk in taken:
            short = min(len(place), len(other))
            if place[:short] == other[:short]:
                what = f"“{change.pointer}”已有一份更正申请（编号 {pk}）还没有办完。"
                remedy = "请等它办完，或由申请的一方撤回。"
                findings.append(Finding(number, change.pointer, what, remedy, "other_amendment_open"))
                break
    if findings:
        raise Refused(findings)


# --- Answering ----------------------------------------------------------------------------------------------------


def stored(record: AmendmentRecord, parties: Sequence[AmendmentParty]) -> core.Amendment:
    """A stored amendment as the core knows it."""
    return core.Amendment(
        slot=record.slot,
        changes=tuple(core.change_of(raw) for raw in record.changes),
        must_agree=frozenset(party.slot for party in parties if party.must_agree),
        on_silence=core.Silence(record.on_silence),
        opened_at=record.created_at,
        due_at=record.due_at,
        state=core.State(record.status),
        answers={party.slot: core.Choice(party.answer) for party in parties if party.answer},
    )


def _locked(pk: int) -> tuple[AmendmentRecord, list[AmendmentParty]]:
    """The amendment under lock, the document's row first (``kind.current`` locks it): one order for everyone."""
    subject = AmendmentRecord.objects.values_list("subject", flat=True).get(pk=pk)
    kind = kind_of(subject)
    if kind is not None:
        kind.current(subject, True)
    record = AmendmentRecord.objects.select_for_update(of=("self",)).select_related("evidence").get(pk=pk)
    return record, list(record.parties.order_by("id"))


@transaction.atomic
def answer_amendment(
    pk: int, *, user: User, choice: core.Choice, at: datetime, slot: str = "", comment: str = ""
) -> AmendmentRecord:
    """Answer for a slot (or for all of the person's that are waiting). Pass only what ``user`` may see.

    Raises:
        Refused: nothing waits for this person, it is closed, or the time is over (see ``settle_due``).
    """
    record, parties = _locked(pk)
    made = stored(record, parties)
    waiting = [p for p in parties if p.must_agree and not p.answer and _plays(user, p, record)]
    mine = [party for party in waiting if slot in {"", party.slot}]
    comment = comment.strip()[:LONGEST_COMMENT]
    findings: list[Finding] = []
    if not mine:
        findings.append(
            Finding(None, "", "这份更正申请没有等您答复的。", "请刷新页面，查看现在的状态。", "nothing_waits")
        )
    try:
        for party in mine:
            made = core.answer(made, party.slot, choice, at=at)
            party.answer, party.answered_by, party.answered_at, party.comment = choice, user, at, comment
            if made.state is not core.State.OPEN:
                break
    except core.ClosedAmendment as error:
        findings.append(Finding(None, "", str(error), "请刷新页面，查看现在的状态。", "closed_amendment"))
    if findings:
        raise Refused(findings)
    for party in mine:
        if party.answer:
            party.save()
            content = answer_content(record, party.slot, party.answer, comment)
            _sign(record, party.slot, ANSWER, content, user, at)
    _tell("answer_amendment", record, user.username, at, after={"answer": choice})
    _settle(record, made, actor=user.username, at=at, strict=False)
    return record


def _plays(user: User, party: AmendmentParty, record: AmendmentRecord) -> bool:
    if party.slot == core.OFFICE:
        return is_office_of(user, record.division)
    return user.organisation_id is not None and party.organisation_id == user.organisation_id


@transaction.atomic
def withdraw_amendment(pk: int, *, user: User, at: datetime) -> AmendmentRecord:
    """Whoever's organisation (or office) asked takes it back. Raises ``Refused``."""
    record, parties = _locked(pk)
    if record.organisation_id != user.organisation_id or (
        record.organisation_id is None and not is_office_of(user, record.division)
    ):
        raise _refused("只有申请的一方可以撤回。", "请联系申请的单位。", "not_the_asker")
    try:
        made = core.withdraw(core.expire(stored(record, parties), at=at), record.slot)
    except core.ClosedAmendment as error:
        raise _refused(str(error), "请刷新页面，查看现在的状态。", "closed_amendment") from error
    _tell("withdraw_amendment", record, user.username, at)
    _settle(record, made, actor=user.username, at=at, strict=False)
    return record


@transaction.atomic
def decide_amendment(pk: int, *, user: User, choice: core.Choice, at: datetime, comment: str = "") -> AmendmentRecord:
    """The office decides what nobody answered. Raises ``Refused``."""
    record, parties = _locked(pk)
    if not is_office_of(user, record.division):
        raise _refused("只有主管部门可以决定。", "请由无废办或部门的人员决定。", "not_the_office")
    try:
        made = core.decide(core.expire(stored(record, parties), at=at), choice)
    except core.ClosedAmendment as error:
        raise _refused(str(error), "请刷新页面，查看现在的状态。", "closed_amendment") from error
    comment = comment.strip()[:LONGEST_COMMENT]
    AmendmentParty.objects.create(
        amendment=record,
        slot=DECISION,
        must_agree=True,
        answer=choice,
        answered_by=user,
        answered_at=at,
        comment=comment,
    )
    _sign(record, DECISION, DECIDE, answer_content(record, DECISION, choice, comment), user, at)
    _tell("decide_amendment", record, user.username, at, after={"answer": choice})
    _settle(record, made, actor=user.username, at=at, strict=False)
    return record


# --- Silence ------------------------------------------------------------------------------------------------------


def settle_due(at: datetime, *, subject: str = "") -> int:
    """Let silence take effect on all that is due; each in a transaction of its own. Return how many were settled."""
    rows = AmendmentRecord.objects.filter(status=core.State.OPEN, due_at__lte=at)
    keys = list((rows.filter(subject=subject) if subject else rows).order_by("id").values_list("pk", flat=True))
    return sum(settle_one(pk, at) for pk in keys)


@transaction.atomic
def settle_one(pk: int, at: datetime) -> bool:
    """Let silence take effect on one amendment, where it is due; return whether it did."""
    record, parties = _locked(pk)
    before = stored(record, parties)
    made = core.expire(before, at=at)
    if made.state is before.state:
        return False
    _settle(record, made, actor="silence", at=at, strict=False)
    return True


def _settle(record: AmendmentRecord, made: core.Amendment, *, actor: str, at: datetime, strict: bool) -> None:
    """Keep where an amendment stands, and apply it where it was agreed. A document that moved on lapses it."""
    if made.state is core.State(record.status):
        return
    version: int | None = None
    if made.state in core.APPLIED:
        try:
            with transaction.atomic():
                version = _apply(record, made, actor=actor, at=at)
        except Refused as refused:
            if strict:
                raise
            made = core.lapse(made)
            _tell("lapse_amendment", record, actor, at, after={"because": str(refused)[:300]})
    before = record.status
    record.status, record.applied_version = made.state, version
    record.closed_at = at if made.state in core.CLOSED else None
    record.save(update_fields=["status", "applied_version", "closed_at"])
    _tell("settle_amendment", record, actor, at, before={"status": before}, after={"status": made.state})


def _apply(record: AmendmentRecord, made: core.Amendment, *, actor: str, at: datetime) -> int:
    kind = kind_of(record.subject)
    current = kind.current(record.subject, True) if kind else None
    if kind is None or current is None:
        raise _refused("文件已经不在了。", "请重新申请。", "unknown_subject")
    after = core.apply_changes(current.document, made.changes)
    return kind.apply(
        Applied(
            subject=record.subject,
            version=current.version,
            before=current.document,
            after=after,
            changes=tuple(record.changes),
            amendment=record.pk,
            actor=actor,
            at=at,
            asked_by=record.requested_by.username,
        )
    )


def _sign(record: AmendmentRecord, slot: str, event: str, content: dict[str, Any], user: User, at: datetime) -> None:
    sign(
        subject=subject_of(record),
        slot=slot,
        event=event,
        content=content,
        person=user,
        organisation=user.organisation,
        claimed_at=at,
        server_at=at,
    )


def _tell(
    verb: str, record: AmendmentRecord, actor: str, at: datetime, *, before: object = None, after: object = None
) -> None:
    record_fact(
        at=at,
        actor=actor,
        verb=verb,
        subject=record.subject,
        division=record.division,
        document=f"amendment:{record.pk}",
        before=before,
        after=after,
    )
