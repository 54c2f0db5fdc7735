"""Writes of correction requests (更正要求): an office asks, the firm corrects or explains, the office closes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from wufei.apps.amendments.models import CorrectionRequest, RequestStatus
from wufei.apps.amendments.services import LONGEST_COMMENT, is_office_of
from wufei.apps.amendments.subjects import kind_of
from wufei.apps.facts.services import record_fact
from wufei.apps.registry.models import Organisation, User
from wufei.core.findings import Finding, Refused
from wufei.core.pointers import NoSuchPlace, segments

MOST_ITEMS = 50
WAITING = (RequestStatus.OPEN, RequestStatus.OVERDUE)


@dataclass(frozen=True, slots=True)
class Item:
    """A place of the document and what is wrong with it; an empty pointer is the document as a whole."""

    pointer: str
    comment: str


@transaction.atomic
def request_correction(
    *, subject: str, slot: str, items: Sequence[Item], due_at: datetime, user: User, at: datetime
) -> CorrectionRequest:
    """Ask the organisation in ``slot`` of a document to correct it. Raises ``Refused`` with everything wrong."""
    kind = kind_of(subject)
    current = kind.current(subject, False) if kind and kind.sees(user, subject) else None
    if current is None or not is_office_of(user, current.division):
        what = f"没有文件“{subject}”，或您不是它的主管部门。"
        raise Refused([Finding(None, "subject", what, "请核对编号。", "unknown_subject")])
    findings = _item_findings(items)
    firm = Organisation.objects.filter(pk=current.parties.get(slot, 0)).first()
    if firm is None:
        what = f"“{current.title}”上没有席位“{slot}”。"
        findings.append(Finding(None, "slot", what, "请选择由哪一方更正。", "unknown_slot"))
    if due_at <= at:
        what = f"期限 {due_at:%Y-%m-%d %H:%M} 已经过了。"
        findings.append(Finding(None, "due_at", what, "请给一个以后的日期。", "due_in_the_past"))
    if findings:
        raise Refused(findings)
    assert firm is not None
    row = CorrectionRequest.objects.create(
        subject=subject,
        title=current.title,
        division=current.division,
        organisation=firm,
        items=[{"pointer": item.pointer, "comment": item.comment.strip()} for item in items],
        requested_by=user,
        department=user.department,
        created_at=at,
        due_at=due_at,
    )
    _tell("request_correction", row, user.username, at)
    return row


def _item_findings(items: Sequence[Item]) -> list[Finding]:
    findings = []
    if not 1 <= len(items) <= MOST_ITEMS:
        what = f"写了 {len(items)} 处要更正的地方，应为 1 至 {MOST_ITEMS} 处。"
        findings.append(Finding(None, "items", what, "请写明哪里要更正。", "number_of_items"))
    for number, item in enumerate(items, 1):
        if not 1 <= len(item.comment.strip()) <= LONGEST_COMMENT:
            what = f"第 {number} 处的说明应为 1 至 {LONGEST_COMMENT} 个字。"
            findings.append(Finding(number, "comment", what, "请写明要怎么更正。", "bad_comment"))
        try:
            segments(item.pointer)
        except NoSuchPlace:
            what = f"“{item.pointer}”不是字段的位置。"
            findings.append(
                Finding(number, "pointer", what, "请以 / 开头，如 /wastes/0/mass_g；不写为整份文件。", "bad_pointer")
            )
    return findings


@transaction.atomic
def answer_correction(pk: int, *, user: User, text: str, at: datetime) -> CorrectionRequest:
    """The firm says what it has done; late is better than never. Raises ``Refused``."""
    row = CorrectionRequest.objects.select_for_update().get(pk=pk)
    findings = []
    if user.organisation_id != row.organisation_id:
        findings.append(Finding(None, "", "这份更正要求不是给您单位的。", "请由被要求的单位答复。", "not_asked"))
    if row.status not in WAITING:
        what = f"这份更正要求{RequestStatus(row.status).label}，不能再答复。"
        findings.append(Finding(None, "", what, "如有新情况请联系主管部门。", "not_open"))
    if not 1 <= len(text.strip()) <= LONGEST_COMMENT:
        what = f"答复应为 1 至 {LONGEST_COMMENT} 个字。"
        findings.append(Finding(None, "answer", what, "请写明已怎样更正，或为什么不用更正。", "bad_answer"))
    if findings:
        raise Refused(findings)
    row.answer, row.answered_by, row.answered_at = text.strip(), user, at
    return _move(row, RequestStatus.ANSWERED, user.username, at)


@transaction.atomic
def close_correction(pk: int, *, user: User, status: RequestStatus, at: datetime) -> CorrectionRequest:
    """The office closes it as done, sends it back as open, or withdraws it. Raises ``Refused``."""
    row = CorrectionRequest.objects.select_for_update().get(pk=pk)
    allowed = {
        RequestStatus.DONE: (RequestStatus.ANSWERED,),
        RequestStatus.OPEN: (RequestStatus.ANSWERED,),
        RequestStatus.WITHDRAWN: (*WAITING, RequestStatus.ANSWERED),
    }.get(status, ())
    if not is_office_of(user, row.division) or row.status not in allowed:
        what = f"这份更正要求{RequestStatus(row.status).label}，您不能这样办理。"
        raise Refused([Finding(None, "", what, "请刷新页面，查看现在的状态。", "not_allowed")])
    if status is RequestStatus.OPEN and at >= row.due_at:
        status = RequestStatus.OVERDUE
    return _move(row, status, user.username, at)


@transaction.atomic
def mark_overdue(at: datetime) -> int:
    """Mark what is past its day without an answer; return how many."""
    rows = list(
        CorrectionRequest.objects.select_for_update().filter(status=RequestStatus.OPEN, due_at__lte=at).order_by("id")
    )
    for row in rows:
        _move(row, RequestStatus.OVERDUE, "silence", at)
    return len(rows)


def _move(row: CorrectionRequest, status: RequestStatus, actor: str, at: datetime) -> CorrectionRequest:
    before, row.status = row.status, status
    row.closed_at = at if status in {RequestStatus.DONE, RequestStatus.WITHDRAWN} else None
    row.save()
    _tell("settle_correction", row, actor, at, before={"status": before}, after={"status": status})
    return row


def _tell(
    verb: str, row: CorrectionRequest, actor: str, at: datetime, *, before: object = None, after: object = None
) -> None:
    record_fact(
        at=at,
        actor=actor,
        verb=verb,
        subject=row.subject,
        division=row.division,
        document=f"correction_request:{row.pk}",
        before=before,
        after=after,
    )
