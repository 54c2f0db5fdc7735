"""Asking and answering are signed, each by the person who does it: what is signed, and how it is found again."""

from typing import Any

from wufei.apps.amendments.models import AmendmentParty, AmendmentRecord
from wufei.apps.registry.models import User
from wufei.apps.signatures.models import Signature
from wufei.apps.signatures.subjects import Asked, SubjectKind, Summary, register_subject
from wufei.core.amendment import Choice

PREFIX = "amendment"
REQUEST, ANSWER, DECIDE = "request", "answer", "decide"
CHOICES = {Choice.AGREE: "同意", Choice.REJECT: "不同意"}


def subject_of(record: AmendmentRecord) -> str:
    """``amendment:12``."""
    return f"{PREFIX}:{record.pk}"


def request_content(record: AmendmentRecord) -> dict[str, Any]:
    """What whoever asks signs. A number with a fraction in the document stands as text."""
    return {
        "subject": record.subject,
        "version": record.version,
        "slot": record.slot,
        "changes": _plain(record.changes),
        "reason": record.reason,
        "evidence": record.evidence.digest if record.evidence else "",
    }


def answer_content(record: AmendmentRecord, slot: str, answer: str, comment: str) -> dict[str, Any]:
    """What whoever answers signs."""
    return {"amendment": request_content(record), "slot": slot, "answer": answer, "comment": comment}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value


def _record(subject: str) -> AmendmentRecord | None:
    number = subject.partition(":")[2]
    if not number.isdecimal():
        return None
    return AmendmentRecord.objects.select_related("evidence").defer("evidence__content").filter(pk=number).first()


def _signed_content(signature: Signature) -> Any:
    record = _record(signature.subject)
    if record is None or signature.event == REQUEST:
        return request_content(record) if record else None
    party = AmendmentParty.objects.filter(amendment=record, slot=signature.slot).first()
    return answer_content(record, party.slot, party.answer, party.comment) if party else None


def _summary(asked: Asked) -> Summary | None:
    record = _record(asked.subject)
    return Summary(record.title, (("更正原因", record.reason),)) if record else None


def _content(asked: Asked) -> Any:
    """Nothing here is signed by a one-time code: who answers has an account."""


def _sees(user: User, subject: str) -> bool:
    from wufei.apps.amendments.selectors import visible_amendments  # it reads the services, which sign by this module

    number = subject.partition(":")[2]
    return number.isdecimal() and visible_amendments(user).filter(pk=number).exists()


def register() -> None:
    """Make the signatures of amendments verifiable."""
    register_subject(PREFIX, SubjectKind(_summary, _content, _signed_content, sees=_sees))
