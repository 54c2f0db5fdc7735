"""What waits: amendments to be answered and corrections to be done, the earliest due first, for lists and notices."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet, Subquery, Value
from django.db.models.expressions import Combinable
from django.urls import reverse

from wufei.apps.amendments.models import AmendmentRecord, CorrectionRequest, RequestStatus
from wufei.apps.amendments.selectors import due_text, left_text, visible_amendments, visible_corrections, waiting_for
from wufei.apps.registry.models import User
from wufei.core.amendment import State

MOST = 20
WORDS = {"amendments:detail": "更正申请", "amendments:correction": "更正要求"}
TO_DO = (RequestStatus.OPEN, RequestStatus.OVERDUE)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits."""

    what: str
    title: str
    url: str
    due: str
    left: str


def waits_for(user: User, at: datetime) -> list[Waiting]:
    """What waits for the person: answers to amendments, and corrections to do or to check; one query."""
    status = TO_DO if user.organisation_id else (RequestStatus.ANSWERED,)
    return _told(waiting_for(user), visible_corrections(user).filter(status__in=status), at)


def open_asked(user: User, subject: str) -> dict[str, Combinable]:
    """What the query of a document asks too, so that its page needs no other: what of each kind is due first."""
    amendments = visible_amendments(user).filter(subject=subject, status__in=[State.OPEN, State.ESCALATED])
    corrections = visible_corrections(user).filter(subject=subject, status__in=[*TO_DO, RequestStatus.ANSWERED])
    first = {"amendment": amendments.order_by("due_at", "pk"), "correction": corrections.order_by("due_at", "pk")}
    return {
        f"open_{name}_{column}": Subquery(rows.values(column)[:1])
        for name, rows in first.items()
        for column in ("pk", "due_at")
    }


def open_on(document: object, title: str, at: datetime) -> list[Waiting]:
    """What is open on a document and in sight, as ``open_asked`` was answered on its row: one of a kind at most."""
    found = []
    for name, address in (("amendment", "amendments:detail"), ("correction", "amendments:correction")):
        pk, due_at = (getattr(document, f"open_{name}_{column}") for column in ("pk", "due_at"))
        if pk is not None:
            url = reverse(address, args=[pk])
            found.append((due_at, Waiting(WORDS[address], title, url, due_text(due_at), left_text(at, due_at))))
    return [waiting for _, waiting in sorted(found, key=lambda pair: pair[0])]


def _told(
    amendments: QuerySet[AmendmentRecord], corrections: QuerySet[CorrectionRequest], at: datetime
) -> list[Waiting]:
    columns = ("name", "pk", "title", "due_at")
    asked = amendments.order_by().annotate(name=Value("amendments:detail")).values_list(*columns)
    wanted = corrections.order_by().annotate(name=Value("amendments:correction")).values_list(*columns)
    return [
        Waiting(WORDS[name], title, reverse(name, args=[pk]), due_text(due_at), left_text(at, due_at))
        for name, pk, title, due_at in asked.union(wanted, all=True).order_by("due_at", "name", "pk")[:MOST]
    ]
