"""The lists of amendments and of correction requests: what each shows, how it is searched, filtered and exported."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.urls import reverse

from wufei.apps.amendments import selectors
from wufei.apps.amendments.models import AmendmentParty, AmendmentRecord, CorrectionRequest, RequestStatus
from wufei.apps.amendments.selectors import CSS, REQUEST_CSS, due_text, left_text, request_status
from wufei.apps.amendments.subjects import kind_of
from wufei.apps.registry.listing import Cell, Column, Filter, Listing, shown_time
from wufei.apps.registry.models import User
from wufei.apps.signatures.reference import slot_name
from wufei.core.amendment import CLOSED, STATE_NAMES, State

Person = User | AnonymousUser
Value = str | int | None
M = TypeVar("M", bound=Model)
LONGEST = 100


def _words(asked: Mapping[str, str]) -> str:
    return asked.get("q", "").replace("\0", "").strip()[:LONGEST]


# --- Amendments -----------------------------------------------------------------------------------------------------


def amendment_filters(asked: Mapping[str, str]) -> tuple[Filter, ...]:
    """The filters above the list of amendments; ``show`` is the tab."""
    return (
        Filter("status", "状态", asked.get("status", "")[:20], tuple((s.value, n) for s, n in STATE_NAMES.items())),
        Filter("show", "", "all" if asked.get("show") == "all" else "", kind="hidden"),
    )


def chosen_amendments(user: Person, asked: Mapping[str, str]) -> QuerySet[AmendmentRecord]:
    """The amendments of a tab that search and filter leave; what is no state is left out of account."""
    status, show = amendment_filters(asked)
    rows = selectors.visible_amendments(user) if show.value else selectors.waiting_for(user)
    if status.value in dict(status.options):
        rows = rows.filter(status=status.value)
    if words := _words(asked):
        parties = AmendmentParty.objects.filter(amendment=OuterRef("pk"), organisation__name__icontains=words)
        rows = rows.filter(_document_has(words) | Q(organisation__name__icontains=words) | Q(Exists(parties)))
    return rows


def _document_has(words: str) -> Q:
    return Q(title__icontains=words) | Q(subject__icontains=words)


def amendments(at: datetime, *, only_waiting: bool) -> Listing[AmendmentRecord]:
    """The list as of an instant: how much time is left is told for what still waits for answers."""

    def cells(row: AmendmentRecord) -> tuple[Cell, ...]:
        state = State(row.status)
        return (
            Cell(row.title, reverse("amendments:detail", args=[row.pk])),
            Cell(_asked_by(row)),
            Cell(shown_time(row.created_at), css="nowrap"),
            _due(row, state, at),
            Cell("", badge=STATE_NAMES[state], badge_css=CSS.get(state, "bg-secondary-lt")),
        )

    return Listing(
        "更正申请",
        ("organisation", "requested_by"),
        (
            Column("文件", "title"),
            Column("申请方"),
            Column("申请时间", "created_at"),
            Column("期限", "due_at"),
            Column("状态", "status"),
        ),
        (),
        cells,
        "没有等您答复的更正申请" if only_waiting else "没有更正申请",
        default_sort="-created_at",
        hint="已签的文件要改，请打开该文件，点“申请更正”。",
    )


def _asked_by(row: AmendmentRecord) -> str:
    return f"{slot_name(row.slot)} {row.organisation or row.requested_by}"


def _due(row: AmendmentRecord, state: State, at: datetime) -> Cell:
    """Until when others may answer; once that is over, what became of it."""
    if state in CLOSED:
        return Cell(f"{shown_time(row.closed_at)} 办结", css="nowrap")
    if state is State.ESCALATED:
        return Cell("答复期限已过，等主管部门决定")
    return Cell(due_text(row.due_at), css="nowrap", badge=left_text(at, row.due_at))


AMENDMENT_HEADER = (
    "编号", "文件", "申请方席位", "申请单位", "要改的地方", "原因", "申请时间", "答复期限", "状态", "办结时间",
    "改后版本",
)  # fmt: skip


def amendment_export(row: AmendmentRecord) -> tuple[Value, ...]:
    """One amendment as a row of the workbook; places are named, values stay on its page."""
    return (
        row.pk,
        row.title,
        slot_name(row.slot),
        str(row.organisation or row.requested_by.get_role_display()),
        _places(row.subject, [change["pointer"] for change in row.changes]),
        row.reason,
        shown_time(row.created_at),
        due_text(row.due_at),
        STATE_NAMES[State(row.status)],
        shown_time(row.closed_at),
        row.applied_version,
    )


def _places(subject: str, pointers: Sequence[str]) -> str:
    kind = kind_of(subject)
    return "；".join((kind.label(place) if kind else place) if place else "整份文件" for place in pointers)


# --- Correction requests --------------------------------------------------------------------------------------------


def correction_filters(asked: Mapping[str, str]) -> tuple[Filter, ...]:
    """The filters above the list of correction requests."""
    return (Filter("status", "状态", asked.get("status", "")[:12], tuple(RequestStatus.choices)),)


def chosen_corrections(user: Person, asked: Mapping[str, str], *, at: datetime) -> QuerySet[CorrectionRequest]:
    """The correction requests that search and filter leave, by their state at ``at``."""
    rows = selectors.visible_corrections(user)
    (status,) = correction_filters(asked)
    is_late = Q(status=RequestStatus.OPEN, due_at__lte=at)
    if status.value == RequestStatus.OVERDUE:
        rows = rows.filter(is_late | Q(status=RequestStatus.OVERDUE))
    elif status.value in RequestStatus:
        rows = rows.filter(status=status.value).exclude(is_late)
    if words := _words(asked):
        rows = rows.filter(_document_has(words) | Q(organisation__name__icontains=words))
    return rows


def corrections(at: datetime) -> Listing[CorrectionRequest]:
    """The list as of an instant."""

    def cells(row: CorrectionRequest) -> tuple[Cell, ...]:
        status = request_status(row, at)
        return (
            Cell(row.title, reverse("amendments:correction", args=[row.pk])),
            Cell(row.organisation.name),
            Cell(_asked_of(row)),
            Cell(shown_time(row.created_at), css="nowrap"),
            _correction_due(row, status, at),
            Cell("", badge=status.label, badge_css=REQUEST_CSS.get(status, "bg-secondary-lt")),
        )

    return Listing(
        "更正要求",
        ("organisation", "department", "requested_by"),
        (
            Column("文件", "title"),
            Column("由谁更正", "organisation__name"),
            Column("要求方"),
            Column("要求时间", "created_at"),
            Column("期限", "due_at"),
            Column("状态", "status"),
        ),
        (),
        cells,
        "没有更正要求",
        default_sort="-created_at",
        hint="主管部门在文件页上点“要求更正”，写明哪里要改和期限。",
    )


def _asked_of(row: CorrectionRequest) -> str:
    return str(row.department or row.requested_by.get_role_display())


def _correction_due(row: CorrectionRequest, status: RequestStatus, at: datetime) -> Cell:
    if row.closed_at is not None:
        return Cell(f"{shown_time(row.closed_at)} 办结", css="nowrap")
    if status is RequestStatus.ANSWERED:
        return Cell(f"{shown_time(row.answered_at)} 答复", css="nowrap")
    return Cell(due_text(row.due_at), css="nowrap", badge=left_text(at, row.due_at))


CORRECTION_HEADER = (
    "编号", "文件", "由谁更正", "要求方", "要更正的地方", "要求时间", "期限", "状态", "答复", "答复时间", "办结时间",
)  # fmt: skip


def correction_export(row: CorrectionRequest, at: datetime) -> tuple[Value, ...]:
    """One correction request as a row of the workbook."""
    return (
        row.pk,
        row.title,
        row.organisation.name,
        _asked_of(row),
        _places(row.subject, [item["pointer"] for item in row.items]),
        shown_time(row.created_at),
        due_text(row.due_at),
        request_status(row, at).label,
        row.answer,
        shown_time(row.answered_at),
        shown_time(row.closed_at),
    )
