"""The interface of amendments (ask, answer, withdraw, decide) and of the corrections that an office asks for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Path, Query, Router
from ninja import Status as Answer
from pydantic import Field

from wufei.apps.amendments import corrections as requests
from wufei.apps.amendments import selectors, services
from wufei.apps.amendments.models import AmendmentRecord, CorrectionRequest, RequestStatus
from wufei.apps.amendments.subjects import kind_of
from wufei.apps.amendments.trial import effects_for
from wufei.apps.registry.models import User
from wufei.apps.rest.attachments import FileIn, bytes_of
from wufei.apps.rest.paging import Page, PageQuery, page_of
from wufei.apps.rest.schemas import LARGEST, In, Instant, Out, Text
from wufei.apps.rest.security import Bearer
from wufei.apps.rest.writing import writes
from wufei.apps.signatures.services import Evidence
from wufei.core.amendment import LONGEST_REASON, OFFICE, Change, Choice, State
from wufei.core.findings import Refused
from wufei.core.pointers import ABSENT, NoSuchPlace, value_at

router = Router(tags=["amendments"])
corrections = Router(tags=["corrections"])
READ, WRITE = Bearer("manifests:read"), Bearer("manifests:write")
Key = Annotated[int, Path(ge=1, le=LARGEST)]
StateName = Literal[
    "open", "agreed", "rejected", "tacitly_agreed", "tacitly_rejected", "escalated", "withdrawn", "lapsed"
]
RequestName = Literal["open", "answered", "done", "overdue", "withdrawn"]
assert {state.value for state in State} == set(StateName.__args__)  # type: ignore[attr-defined]
assert set(RequestStatus.values) == set(RequestName.__args__)  # type: ignore[attr-defined]


Words = Annotated[str, Field(max_length=LONGEST_REASON)]


class ChangeIn(In):
    """One place and what shall stand there; ``after`` left out takes away what stands there."""

    pointer: Text = Field(description="JSON Pointer，如 /wastes/0/mass_g。")
    before: Any = Field(None, description="现在的值；写了而与文件上的不同，则不能更正。不写为文件上的值。")
    after: Any = Field(None, description="改成的值；不写为删去。")


class AmendIn(In):
    """What is to be changed in a document, and why."""

    changes: list[ChangeIn] = Field(min_length=1, max_length=50)
    reason: Words = ""
    slot: Text = Field(
        "", description="以哪一方的身份（generator、carrier:1、receiver、office）；只有一种可能时不必写。"
    )
    evidence: FileIn | None = Field(None, description="凭证：PDF、JPG 或 PNG。")


class AmendmentIn(AmendIn):
    """The same with the document that it is about."""

    subject: Text = Field(description="文件，如 manifest:联单编号。")


class AnswerIn(In):
    """An answer for a slot that was asked, or for all of one's own."""

    choice: Literal["agree", "reject"]
    slot: Text = ""
    comment: Words = ""


class DecisionIn(In):
    """What the office decides where nobody answered."""

    choice: Literal["agree", "reject"]
    comment: Words = ""


class PartyOut(Out):
    """A slot of the document: whether it was asked, and what it answered."""

    slot: str
    organisation: str
    must_agree: bool
    answer: str
    comment: str
    answered_at: Instant | None


class EffectOut(Out):
    """A quantity before and after, in words."""

    label: str
    before: str
    after: str


class EffectFindingOut(Out):
    """What the checks found in the changed document."""

    field: str
    code: str
    what: str
    remedy: str
    level: str


class EffectsOut(Out):
    """What an amendment does, tried by the books when it was asked, as far as the reader may know it."""

    rows: list[EffectOut]
    findings: list[EffectFindingOut]


class AmendmentOut(Out):
    """One request to change a document."""

    id: int
    subject: str
    title: str
    status: StateName
    version: int = Field(description="申请时文件的版本。")
    slot: str
    organisation: str
    changes: list[dict[str, Any]] = Field(description="pointer、before、after；没有内容的一端不出现。")
    reason: str
    evidence: str = Field(description="凭证文件名；没有凭证为空。")
    on_silence: Literal["agree", "reject", "escalate"]
    created_at: Instant
    due_at: Instant
    closed_at: Instant | None
    applied_version: int | None
    effects: EffectsOut
    parties: list[PartyOut]


class AmendmentQuery(PageQuery):
    """What a reader asks of the list of amendments."""

    waiting: bool = Field(False, description="true：只要等本人所在单位（或主管部门）答复的。")
    status: StateName | None = None
    subject: Text = ""


class ItemIn(In):
    """A place of the document and what is wrong there."""

    pointer: Text = Field("", description="内容里的位置；空为整份文件。")
    comment: Words


class CorrectionIn(In):
    """What a firm shall correct, until when."""

    subject: Text
    slot: Text = Field(description="由哪一方更正。")
    items: list[ItemIn] = Field(min_length=1, max_length=requests.MOST_ITEMS)
    due_at: Instant


class CorrectionAnswerIn(In):
    """What the firm has done."""

    answer: Words


class CorrectionCloseIn(In):
    """How the office goes on with it: done, open again, withdrawn."""

    status: Literal["done", "open", "withdrawn"]


class CorrectionOut(Out):
    """One correction request."""

    id: int
    subject: str
    title: str
    organisation: str
    status: RequestName
    items: list[dict[str, str]]
    created_at: Instant
    due_at: Instant
    answer: str
    answered_at: Instant | None
    closed_at: Instant | None


class CorrectionQuery(PageQuery):
    """What a reader asks of the list of correction requests."""

    status: RequestName | None = None


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@contextmanager
def _pointing(listed: str) -> Iterator[None]:
    """Let a finding of the third change say that it stands in ``/changes/2``."""
    try:
        yield
    except Refused as error:
        found = []
        for f in error.findings:
            cell = f.field if f.field in ItemIn.model_fields else ""
            place = f"/{listed}/{f.line - 1}" + (f"/{cell}" if cell else "") if f.line else f.field
            found.append(replace(f, field=place, line=None))
        raise Refused(found) from None


def ask(request: HttpRequest, subject: str, asked: AmendIn) -> Answer[dict[str, object]]:
    """Ask for the changes of a document; what nobody must agree to is applied at once."""
    user, kind = _user(request), kind_of(subject)
    current = kind.current(subject, True) if kind and kind.sees(user, subject) else None
    file = asked.evidence
    new = services.NewAmendment(
        subject=subject,
        changes=[_change(one, current.document if current else None) for one in asked.changes],
        slot=asked.slot,
        reason=asked.reason,
        evidence=Evidence(file.name, bytes_of(file, "/evidence")) if file else None,
    )
    with _pointing("changes"):
        row = services.request_amendment(new, user=user, at=timezone.now())
    return Answer(201, amendment_out(row, user))


def _change(given: ChangeIn, document: Any) -> Change:
    before = given.before
    if "before" not in given.model_fields_set:
        try:
            before = value_at(document, given.pointer)
        except NoSuchPlace:  # the service tells it
            before = ABSENT
    return Change(given.pointer, before, given.after if "after" in given.model_fields_set else ABSENT)


def amendment_out(row: AmendmentRecord, user: User) -> dict[str, object]:
    """An amendment as the interface answers it to somebody."""
    effects = effects_for(selectors.slots_on(user, row.parties.all()), row.effects)
    names = (
        "id", "subject", "title", "status", "version", "slot", "changes", "reason", "on_silence", "created_at",
        "due_at", "closed_at", "applied_version",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names} | {
        "organisation": row.organisation.name if row.organisation else OFFICE,
        "evidence": row.evidence.name if row.evidence else "",
        "effects": {
            "rows": [asdict(effect) for effect in effects.rows],
            "findings": [
                {name: finding[name] for name in EffectFindingOut.model_fields} for finding in effects.findings
            ],
        },
        "parties": [
            {name: getattr(party, name) for name in ("slot", "must_agree", "answer", "comment", "answered_at")}
            | {"organisation": party.organisation.name if party.organisation else OFFICE}
            for party in row.parties.all()
        ],
    }


def correction_out(row: CorrectionRequest) -> dict[str, object]:
    """A correction request as the interface answers it."""
    names = (
        "id", "subject", "title", "status", "items", "created_at", "due_at", "answer", "answered_at", "closed_at",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names} | {"organisation": row.organisation.name}


def _joined(request: HttpRequest) -> Any:
    rows = selectors.visible_amendments(request.user).select_related("organisation", "evidence")
    return rows.defer("evidence__content").prefetch_related("parties__organisation")


def _shown(request: HttpRequest, pk: int) -> dict[str, object]:
    return amendment_out(get_object_or_404(_joined(request), pk=pk), _user(request))


def _settled(request: HttpRequest, pk: int) -> None:
    """Let silence take effect first; 404 where it is not in sight."""
    row = get_object_or_404(selectors.visible_amendments(request.user), pk=pk)
    services.settle_due(timezone.now(), subject=row.subject)


# --- Amendments ---------------------------------------------------------------------------------------------------


@router.get("/", auth=READ, response=Page[AmendmentOut], summary="更正申请列表")
def list_amendments(request: HttpRequest, asked: Query[AmendmentQuery]) -> dict[str, object]:
    """可见的更正申请，按申请的先后；waiting=true 只要等本方答复的。"""
    rows, user = _joined(request), _user(request)
    if asked.waiting:
        rows = rows.filter(pk__in=selectors.waiting_for(request.user).values("pk"))
    if asked.status:
        rows = rows.filter(status=asked.status)
    if asked.subject:
        rows = rows.filter(subject=asked.subject)
    return page_of(rows, asked, lambda row: amendment_out(row, user), by="created_at")


@router.post("/", auth=WRITE, response={201: AmendmentOut}, summary="申请更正")
@writes
def request_amendment(request: HttpRequest, body: AmendmentIn) -> Answer[dict[str, object]]:
    """申请更正已签字的文件；谁必须同意、到什么时候、逾期怎样，由规则表决定。不需别人同意的立即生效。"""
    return ask(request, body.subject, body)


@router.get("/{int:pk}/", auth=READ, response=AmendmentOut, summary="一份更正申请")
def get_amendment(request: HttpRequest, pk: Key) -> dict[str, object]:
    """更正的内容、各方的答复和结果。"""
    return _shown(request, pk)


@router.post("/{int:pk}/answer/", auth=WRITE, response=AmendmentOut, summary="答复更正申请")
@writes
def answer_amendment(request: HttpRequest, pk: Key, body: AnswerIn) -> dict[str, object]:
    """同意或不同意，并签字；不写 slot 则答复本方全部待答的席位。"""
    _settled(request, pk)
    services.answer_amendment(
        pk, user=_user(request), choice=Choice(body.choice), at=timezone.now(), slot=body.slot, comment=body.comment
    )
    return _shown(request, pk)


@router.post("/{int:pk}/withdraw/", auth=WRITE, response=AmendmentOut, summary="撤回更正申请")
@writes
def withdraw_amendment(request: HttpRequest, pk: Key) -> dict[str, object]:
    """由申请的一方撤回。"""
    _settled(request, pk)
    services.withdraw_amendment(pk, user=_user(request), at=timezone.now())
    return _shown(request, pk)


@router.post("/{int:pk}/decide/", auth=WRITE, response=AmendmentOut, summary="决定更正申请")
@writes
def decide_amendment(request: HttpRequest, pk: Key, body: DecisionIn) -> dict[str, object]:
    """无人答复、交主管部门决定的，由主管部门决定。"""
    _settled(request, pk)
    services.decide_amendment(
        pk, user=_user(request), choice=Choice(body.choice), at=timezone.now(), comment=body.comment
    )
    return _shown(request, pk)


# --- Correction requests ------------------------------------------------------------------------------------------


def _correction(request: HttpRequest, pk: int) -> CorrectionRequest:
    return get_object_or_404(selectors.visible_corrections(request.user).select_related("organisation"), pk=pk)


@corrections.get("/", auth=READ, response=Page[CorrectionOut], summary="更正要求列表")
def list_corrections(request: HttpRequest, asked: Query[CorrectionQuery]) -> dict[str, object]:
    """给本单位的，或本区划的更正要求，按发出的先后。"""
    rows = selectors.visible_corrections(request.user).select_related("organisation")
    if asked.status:
        rows = rows.filter(status=asked.status)
    return page_of(rows, asked, correction_out, by="created_at")


@corrections.post("/", auth=WRITE, response={201: CorrectionOut}, summary="要求更正")
@writes
def create_correction(request: HttpRequest, body: CorrectionIn) -> Answer[dict[str, object]]:
    """主管部门要求文件上的一方在期限前更正。"""
    items = [requests.Item(item.pointer, item.comment) for item in body.items]
    with _pointing("items"):
        row = requests.request_correction(
            subject=body.subject, slot=body.slot, items=items, due_at=body.due_at, user=_user(request),
            at=timezone.now(),
        )  # fmt: skip
    return Answer(201, correction_out(row))


@corrections.get("/{int:pk}/", auth=READ, response=CorrectionOut, summary="一份更正要求")
def get_correction(request: HttpRequest, pk: Key) -> dict[str, object]:
    """要更正的地方、期限和答复。"""
    return correction_out(_correction(request, pk))


@corrections.post("/{int:pk}/answer/", auth=WRITE, response=CorrectionOut, summary="答复更正要求")
@writes
def answer_correction(request: HttpRequest, pk: Key, body: CorrectionAnswerIn) -> dict[str, object]:
    """被要求的单位说明已怎样更正，或为什么不用更正。"""
    _correction(request, pk)
    requests.answer_correction(pk, user=_user(request), text=body.answer, at=timezone.now())
    return correction_out(_correction(request, pk))


@corrections.post("/{int:pk}/close/", auth=WRITE, response=CorrectionOut, summary="办结更正要求")
@writes
def close_correction(request: HttpRequest, pk: Key, body: CorrectionCloseIn) -> dict[str, object]:
    """主管部门办结、退回重办或撤回。"""
    _correction(request, pk)
    requests.close_correction(pk, user=_user(request), status=RequestStatus(body.status), at=timezone.now())
    return correction_out(_correction(request, pk))
