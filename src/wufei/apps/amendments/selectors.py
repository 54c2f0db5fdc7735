"""Reads of the amendments, and the one place that decides which of them a person may see."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.timezone import localtime

from wufei.apps.amendments.models import AmendmentParty, AmendmentRecord, CorrectionRequest, RequestStatus
from wufei.apps.amendments.services import DECISION, OFFICE_ROLES, is_office_of
from wufei.apps.amendments.subjects import kind_of, plain_words
from wufei.apps.amendments.trial import Effects, effects_for
from wufei.apps.registry.models import User
from wufei.apps.registry.selectors import scope, visible_organisations
from wufei.apps.signatures.reference import slot_name
from wufei.core import amendment as core
from wufei.core.pointers import ABSENT
from wufei.core.working_days import days_left

Person = User | AnonymousUser


def visible_amendments(user: Person) -> QuerySet[AmendmentRecord]:
    """Amendments of documents on which one's firm, or a firm in sight, has a part."""
    seen = scope(user)
    parties = AmendmentParty.objects.filter(amendment=OuterRef("pk"))
    if seen.organisation_id:
        return AmendmentRecord.objects.filter(Exists(parties.filter(organisation=seen.organisation_id)))
    rows = AmendmentRecord.objects.filter(division__startswith=seen.prefix)
    if seen.sees_all_domains:
        return rows
    return rows.filter(Exists(parties.filter(organisation__in=visible_organisations(user))))


def waiting_for(user: Person) -> QuerySet[AmendmentRecord]:
    """Those that wait for an answer of one's firm, or for the office's answer or decision."""
    unanswered = AmendmentParty.objects.filter(amendment=OuterRef("pk"), must_agree=True, answer="")
    rows = visible_amendments(user)
    if not isinstance(user, User):
        return rows.none()
    if user.role in OFFICE_ROLES:
        asked = Q(status=core.State.OPEN) & Q(Exists(unanswered.filter(slot=core.OFFICE)))
        return rows.filter(asked | Q(status=core.State.ESCALATED))
    if not user.organisation_id:
        return rows.none()
    return rows.filter(Exists(unanswered.filter(organisation=user.organisation_id)), status=core.State.OPEN)


def visible_corrections(user: Person) -> QuerySet[CorrectionRequest]:
    """Correction requests to one's firm, or to firms in sight."""
    seen = scope(user)
    if seen.organisation_id:
        return CorrectionRequest.objects.filter(organisation=seen.organisation_id)
    rows = CorrectionRequest.objects.filter(division__startswith=seen.prefix)
    return rows if seen.sees_all_domains else rows.filter(organisation__in=visible_organisations(user))


def may_request_correction(user: Person) -> bool:
    """Whether the person is of an office that asks for corrections."""
    return isinstance(user, User) and user.role in OFFICE_ROLES and bool(user.division_id)


# --- Words and colours of a state -------------------------------------------------------------------------------

CSS = {
    core.State.OPEN: "bg-azure-lt",
    core.State.ESCALATED: "bg-orange-lt",
    core.State.AGREED: "bg-green-lt",
    core.State.TACITLY_AGREED: "bg-green-lt",
    core.State.REJECTED: "bg-red-lt",
    core.State.TACITLY_REJECTED: "bg-red-lt",
}


def left_text(at: datetime, due_at: datetime) -> str:
    """How much time is left, for people: 还剩 3 天, 今天到期."""
    days = days_left(at, due_at)
    if days <= 0:
        return "已到期"
    return "今天到期" if days == 1 else f"还剩 {days} 天"


def due_text(due_at: datetime) -> str:
    """When it is due, for people: a midnight is the end of the day before."""
    local = localtime(due_at)
    if (local.hour, local.minute) == (0, 0):
        return f"{local - timedelta(days=1):%Y-%m-%d} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"


# --- One amendment ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change as the page shows it."""

    label: str
    pointer: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class PartyRow:
    """One slot that was asked."""

    slot: str
    organisation: str
    answer: str
    css: str
    by: str
    at: datetime | None
    comment: str


@dataclass(frozen=True, slots=True)
class AmendmentDetail:
    """One amendment with all that its page shows."""

    pk: int
    subject: str
    title: str
    address: str
    state: str
    css: str
    asked_by: str
    person: str
    reason: str
    evidence_name: str
    version: int
    applied_version: int | None
    created_at: datetime
    due: str
    left: str
    silence: str
    changes: tuple[ChangeRow, ...]
    effects: Effects
    parties: tuple[PartyRow, ...]
    may_answer: bool
    may_withdraw: bool
    may_decide: bool


SILENCE = {
    core.Silence.AGREE: "逾期不答复视为同意",
    core.Silence.REJECT: "逾期不答复视为不同意",
    core.Silence.ESCALATE: "逾期不答复交主管部门决定",
}
_ANSWERS = {core.Choice.AGREE: ("同意", "bg-green-lt"), core.Choice.REJECT: ("不同意", "bg-red-lt")}


def change_rows(subject: str, changes: list[dict[str, Any]]) -> tuple[ChangeRow, ...]:
    """Changes with the words of the document's own app."""
    kind = kind_of(subject)
    words = kind.words if kind else plain_words
    return tuple(
        ChangeRow(
            kind.label(raw["pointer"]) if kind else raw["pointer"],
            raw["pointer"],
            words(raw["pointer"], raw.get("before", ABSENT)),
            words(raw["pointer"], raw.get("after", ABSENT)),
        )
        for raw in changes
    )


def amendment_detail(user: User, pk: int, *, at: datetime) -> AmendmentDetail | None:
    """One amendment, or ``None`` where it is not in sight; two queries beside those of sight."""
    joined = visible_amendments(user).select_related("organisation", "requested_by", "evidence")
    row = joined.defer("evidence__content").filter(pk=pk).first()
    if row is None:
        return None
    parties = list(row.parties.select_related("organisation", "answered_by").order_by("id"))
    state = core.State(row.status)
    is_open = state is core.State.OPEN
    office = is_office_of(user, row.division)
    mine = any(_is_mine(user, party, office=office) for party in parties if party.must_agree and not party.answer)
    own = row.organisation_id == user.organisation_id and (row.organisation_id is not None or office)
    kind = kind_of(row.subject)
    return AmendmentDetail(
        pk=row.pk,
        subject=row.subject,
        title=row.title,
        address=kind.address(row.subject) if kind else "",
        state=core.STATE_NAMES[state],
        css=CSS.get(state, "bg-secondary-lt"),
        asked_by=f"{slot_name(row.slot)} {row.organisation or ''}".strip(),
        person=str(row.requested_by),
        reason=row.reason,
        evidence_name=row.evidence.name if row.evidence else "",
        version=row.version,
        applied_version=row.applied_version,
        created_at=row.created_at,
        due=due_text(row.due_at),
        left=left_text(at, row.due_at) if is_open else "",
        silence=SILENCE[core.Silence(row.on_silence)] if is_open else "",
        changes=change_rows(row.subject, row.changes),
        effects=effects_for(slots_on(user, parties), row.effects),
        parties=tuple(_party(party) for party in parties if party.must_agree),
        may_answer=is_open and mine and at < row.due_at,
        may_withdraw=own and state in {core.State.OPEN, core.State.ESCALATED},
        may_decide=office and state is core.State.ESCALATED,
    )


def slots_on(user: Person, parties: Iterable[AmendmentParty]) -> list[str]:
    """The slots in which a person reads an amendment: those of their firm; who has no firm reads by office."""
    firm = scope(user).organisation_id
    own = [party.slot for party in parties if firm and party.organisation_id == firm]
    return own if firm else [core.OFFICE]


def _is_mine(user: User, party: AmendmentParty, *, office: bool) -> bool:
    if party.slot == core.OFFICE:
        return office
    return user.organisation_id is not None and party.organisation_id == user.organisation_id


def _party(party: AmendmentParty) -> PartyRow:
    answer, css = _ANSWERS[core.Choice(party.answer)] if party.answer else ("未答复", "bg-secondary-lt")
    name = "主管部门决定" if party.slot == DECISION else slot_name(party.slot)
    return PartyRow(
        name,
        str(party.organisation or "—"),
        answer,
        css,
        str(party.answered_by or ""),
        party.answered_at,
        party.comment,
    )


# --- Correction requests ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """One correction request for its page."""

    pk: int
    subject: str
    title: str
    address: str
    organisation: str
    asked_by: str
    created_at: datetime
    due: str
    left: str
    state: str
    css: str
    items: tuple[tuple[str, str], ...]
    answer: str
    answered_by: str
    answered_at: datetime | None
    may_answer: bool
    may_close: bool
    may_withdraw: bool


REQUEST_CSS = {
    RequestStatus.OPEN: "bg-azure-lt",
    RequestStatus.ANSWERED: "bg-purple-lt",
    RequestStatus.DONE: "bg-green-lt",
    RequestStatus.OVERDUE: "bg-red-lt",
}


def request_status(row: CorrectionRequest, at: datetime) -> RequestStatus:
    """Where a request stands at ``at``: one that is open and due is overdue, whether or not it was settled."""
    status = RequestStatus(row.status)
    return RequestStatus.OVERDUE if status is RequestStatus.OPEN and at >= row.due_at else status


def correction_detail(user: User, pk: int, *, at: datetime) -> CorrectionRow | None:
    """One correction request, or ``None`` where it is not in sight."""
    row = _joined(visible_corrections(user)).filter(pk=pk).first()
    return _correction(row, user, at) if row else None


def _joined(rows: QuerySet[CorrectionRequest]) -> QuerySet[CorrectionRequest]:
    return rows.select_related("organisation", "department", "requested_by", "answered_by")


def _correction(row: CorrectionRequest, user: User, at: datetime) -> CorrectionRow:
    status = request_status(row, at)
    waits = status in {RequestStatus.OPEN, RequestStatus.OVERDUE}
    office = is_office_of(user, row.division)
    kind = kind_of(row.subject)
    return CorrectionRow(
        pk=row.pk,
        subject=row.subject,
        title=row.title,
        address=kind.address(row.subject) if kind else "",
        organisation=row.organisation.name,
        asked_by=str(row.department or row.requested_by.get_role_display()),
        created_at=row.created_at,
        due=due_text(row.due_at),
        left=left_text(at, row.due_at) if waits else "",
        state=status.label,
        css=REQUEST_CSS.get(status, "bg-secondary-lt"),
        items=tuple(
            (
                kind.label(item["pointer"]) if kind and item["pointer"] else item["pointer"] or "整份文件",
                item["comment"],
            )
            for item in row.items
        ),
        answer=row.answer,
        answered_by=str(row.answered_by or ""),
        answered_at=row.answered_at,
        may_answer=waits and user.organisation_id == row.organisation_id,
        may_close=office and status is RequestStatus.ANSWERED,
        may_withdraw=office and (waits or status is RequestStatus.ANSWERED),
    )
