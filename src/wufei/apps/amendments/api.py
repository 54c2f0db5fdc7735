"""``/api/v1/amendments/``: ask to change what was signed, answer, take back; the same services as the pages."""

import base64
import binascii
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Path, Query, Router
from ninja import Status as Answer
from pydantic import Field

from wufei.apps.amendments import selectors, services
from wufei.apps.amendments.models import AmendmentRecord
from wufei.apps.registry.models import User
from wufei.apps.rest.paging import Page, PageQuery, page_of
from wufei.apps.rest.schemas import LARGEST, In, Instant, Out, Text
from wufei.apps.rest.security import Bearer
from wufei.apps.rest.writing import writes
from wufei.apps.signatures.services import Evidence
from wufei.core.amendment import Change, Choice
from wufei.core.findings import Finding, Refused
from wufei.core.pointers import ABSENT

router = Router(tags=["amendments"])
READ, WRITE = Bearer("manifests:read"), Bearer("manifests:write")
Key = Annotated[int, Path(ge=1, le=LARGEST)]


class ChangeIn(In):
    """One place of the document; a value that is left out stands for nothing there."""

    pointer: Text = Field(description="JSON Pointer，如 /wastes/0/mass_g。")
    before: Any = Field(None, description="现在的值；与文件上的不同则不能更正。")
    after: Any = Field(None, description="改成的值。")


class EvidenceIn(In):
    """A file that shows why: PDF, JPG or PNG."""

    name: Text
    content: str = Field(max_length=5_000_000, description="文件内容，base64。")


class AmendIn(In):
    """What is asked to be changed, and why."""

    changes: list[ChangeIn] = Field(min_length=1, max_length=50)
    reason: Annotated[str, Field(max_length=500)] = ""
    slot: Text = Field("", description="以哪一方的身份；只有一种可能时不必写。")
    evidence: EvidenceIn | None = Field(None, description="凭证；更正重量、单位、车辆时必须附。")


class AmendmentIn(AmendIn):
    """The same, with the document."""

    subject: Text = Field(description="文件，如 manifest:20263305000001。")


class AnswerIn(In):
    """The answer of a party that was asked."""

    choice: Literal["agree", "reject"]
    slot: Text = Field("", description="以哪一方的身份；不写则答复本单位的全部。")
    comment: Annotated[str, Field(max_length=500)] = ""


class PartyOut(Out):
    """One slot of the document; ``answer`` is empty until it is given."""

    slot: str
    must_agree: bool
    answer: str
    answered_at: Instant | None
    comment: str


class AmendmentOut(Out):
    """One request to change a document. ``applied_version`` is the version of the document that it made."""

    id: int
    subject: str
    version: int
    slot: str
    changes: list[dict[str, Any]]
    reason: str
    status: str
    on_silence: str
    created_at: Instant
    due_at: Instant
    closed_at: Instant | None
    applied_version: int | None
    parties: list[PartyOut]


def amendment_out(row: AmendmentRecord) -> dict[str, object]:
    """An amendment as the interface answers it."""
    names = (
        "id", "subject", "version", "slot", "changes", "reason", "status", "on_silence", "created_at", "due_at",
        "closed_at", "applied_version",
    )  # fmt: skip
    parties = [{name: getattr(p, name) for name in PartyOut.model_fields} for p in row.parties.all()]
    return {name: getattr(row, name) for name in names} | {"parties": parties}


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _found(request: HttpRequest, pk: int) -> AmendmentRecord:
    row = selectors.visible_amendments(_user(request)).filter(pk=pk).first()
    if row is None:
        raise Http404(f"没有修改申请 {pk}。")
    services.settle_due(timezone.now(), subject=row.subject)
    return row


def _again(pk: int) -> dict[str, object]:
    return amendment_out(AmendmentRecord.objects.prefetch_related("parties").get(pk=pk))


def ask(request: HttpRequest, subject: str, asked: AmendIn) -> Answer[dict[str, object]]:
    """Ask for the changes of a document; what nobody must agree to is applied at once."""
    changes = [
        Change(
            one.pointer,
            *(getattr(one, name) if name in one.model_fields_set else ABSENT for name in ("before", "after")),
        )
        for one in asked.changes
    ]
    new = services.NewAmendment(
        subject=subject, changes=changes, slot=asked.slot, reason=asked.reason, evidence=_evidence(asked.evidence)
    )
    row = services.request_amendment(new, user=_user(request), at=timezone.now())
    return Answer(201, _again(row.pk))


def _evidence(given: EvidenceIn | None) -> Evidence | None:
    if given is None:
        return None
    try:
        return Evidence(given.name, base64.b64decode(given.content, validate=True))
    except (binascii.Error, ValueError):
        what = "凭证的内容不是 base64。"
        raise Refused(
            [Finding(None, "/evidence/content", what, "请把文件内容按 base64 编码。", "bad_base64")]
        ) from None


@router.get("/", auth=READ, response=Page[AmendmentOut], summary="修改申请列表")
def list_amendments(request: HttpRequest, asked: Query[PageQuery], waiting: bool = False) -> dict[str, object]:
    """可见的签后修改申请，按提出的先后；waiting=true 只列等本单位答复的。"""
    rows = selectors.waiting_for(_user(request)) if waiting else selectors.visible_amendments(_user(request))
    return page_of(rows.prefetch_related("parties"), asked, amendment_out, by="created_at")


@router.post("/", auth=WRITE, response={201: AmendmentOut}, summary="申请签后修改")
@writes
def request_amendment(request: HttpRequest, body: AmendmentIn) -> Answer[dict[str, object]]:
    """申请修改一份已签的文件；须各方同意的，等各方答复。"""
    return ask(request, body.subject, body)


@router.get("/{int:pk}/", auth=READ, response=AmendmentOut, summary="一份修改申请")
def get_amendment(request: HttpRequest, pk: Key) -> dict[str, object]:
    """修改申请的内容和各方的答复。"""
    return _again(_found(request, pk).pk)


@router.post("/{int:pk}/answer/", auth=WRITE, response=AmendmentOut, summary="答复修改申请")
@writes
def answer_amendment(request: HttpRequest, pk: Key, body: AnswerIn) -> dict[str, object]:
    """同意或不同意；都同意后文件成为新的一版，账上冲销后重记。"""
    row = _found(request, pk)
    services.answer_amendment(
        row.pk, user=_user(request), choice=Choice(body.choice), at=timezone.now(), slot=body.slot,
        comment=body.comment,
    )  # fmt: skip
    return _again(row.pk)


@router.post("/{int:pk}/withdraw/", auth=WRITE, response=AmendmentOut, summary="撤回修改申请")
@writes
def withdraw_amendment(request: HttpRequest, pk: Key) -> dict[str, object]:
    """由申请的一方撤回。"""
    row = _found(request, pk)
    services.withdraw_amendment(row.pk, user=_user(request), at=timezone.now())
    return _again(row.pk)
