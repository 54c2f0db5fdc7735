"""What waits: amendments to be answered and corrections to be done, the earliest due first, for lists and notices."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.urls import reverse

from wufei.apps.amendments.models import AmendmentRecord, CorrectionRequest, RequestStatus
from wufei.apps.amendments.selectors import due_text, left_text, visible_amendments, visible_corrections, waiting_for
from wufei.apps.registry.models import User
from wufei.core.amendment import State

MOST = 10
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
    """What waits for the person: answers to amendments, and corrections to do or to check; two queries."""
    status = TO_DO if user.organisation_id else (RequestStatus.ANSWERED,)
    return _told(waiting_for(user), visible_corrections(user).filter(status__in=status), at)


def open_on(user: User, subject: str, at: datetime) -> list[Waiting]:
    """The amendments and corrections of a document that are open and in sight; two queries."""
    amendments = visible_amendments(user).filter(subject=subject, status__in=[State.OPEN, State.ESCALATED])
    is_open = Q(subject=subject, status__in=[*TO_DO, RequestStatus.ANSWERED])
    return _told(amendments, visible_corrections(user).filter(is_open), at)


def _told(
    amendments: QuerySet[AmendmentRecord], corrections: QuerySet[CorrectionRequest], at: datetime
) -> list[Waiting]:
    found: list[tuple[str, str, AmendmentRecord | CorrectionRequest]] = []
    found += [("更正申请", "amendments:detail", row) for row in amendments.order_by("due_at", "pk")[:MOST]]
    found += [("更正要求", "amendments:correction", row) for row in corrections.order_by("due_at", "pk")[:MOST]]
    return [
        Waiting(what, row.title, reverse(name, args=[row.pk]), due_text(row.due_at), left_text(at, row.due_at))
        for what, name, row in sorted(found, key=lambda entry: (entry[2].due_at, entry[0], entry[2].pk))
    ]
