"""The interface of the signatures: those of a document, one-time codes for a party without account, delegations."""

from datetime import date
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from ninja import Path, Query, Router
from ninja import Status as Answer
from pydantic import Field

from wufei.apps.registry.models import User
from wufei.apps.rest.paging import Page, PageQuery, page_of
from wufei.apps.rest.schemas import LARGEST, In, Instant, Out, Text
from wufei.apps.rest.security import Bearer
from wufei.apps.rest.writing import writes
from wufei.apps.signatures import selectors, services
from wufei.apps.signatures.codes import LONGEST_NAME, why_dead
from wufei.apps.signatures.models import Delegation, OneTimeCode
from wufei.apps.signatures.subjects import kind_of

router = Router(tags=["signatures"])
READ, WRITE = Bearer("signatures:read"), Bearer("signatures:write")
Key = Annotated[int, Path(ge=1, le=LARGEST)]
CodeState = Literal["waiting", "used", "dead"]


class SignatureQuery(PageQuery):
    """Whose signatures a reader asks for."""

    subject: str = Field(min_length=3, max_length=120, description="文件，如 manifest:联单编号、amendment:编号。")


class SignatureOut(Out):
    """One signature. Three times are kept apart: claimed, the device's, the server's."""

    id: int
    subject: str
    sequence: int
    slot: str
    event: str
    person: str
    organisation: str
    method: str
    claimed_at: Instant
    device_at: Instant | None
    server_at: Instant
    content_hash: str
    key: str
    on_delegation: bool


class CodeIn(In):
    """What a party without account shall sign with a code on the caller's screen."""

    subject: Text = Field(description="文件，如 manifest:联单编号。")
    slot: str = Field(max_length=40, description="由哪一方签：carrier:1、generator、receiver …")
    event: str = Field(max_length=40, description="随哪一步签：depart、confirm …")
    party_name: str = Field("", max_length=LONGEST_NAME)
    phone: str = Field("", max_length=40, description="只保留首尾几位。")
    payload: dict[str, Any] = Field(default_factory=dict, description="随这一步填写的内容。")


class CodeOut(Out):
    """A one-time code: how it stands. Its link and digits are told once, when it is issued."""

    id: int
    subject: str
    slot: str
    event: str
    content_hash: str
    organisation: str
    party_name: str
    phone: str
    state: CodeState
    issued_at: Instant
    expires_at: Instant
    used_at: Instant | None
    signature: int | None


class NewCodeOut(CodeOut):
    """A new code with its link and digits, which are told once."""

    link: str = Field(description="签名页的网址，给对方打开（或做成二维码）。")
    code: str = Field(description="六位数字，显示在自己的屏幕上。")


class DelegationOut(Out):
    """An organisation lets a person or another organisation sign for it."""

    id: int
    giver: str
    receiver: str
    slots: list[str] = Field(description="席位；空为全部。")
    profiles: list[str] = Field(description="领域；空为全部。")
    valid_from: date
    valid_until: date
    created_at: Instant
    revoked_at: Instant | None


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def signature_out(row: Any) -> dict[str, object]:
    """A signature as the interface answers it; address and device stay on the page of those who may read them."""
    names = ("id", "subject", "sequence", "slot", "event", "method", "claimed_at", "device_at", "server_at")
    return {name: getattr(row, name) for name in (*names, "content_hash")} | {
        "person": row.person_name,
        "organisation": row.organisation.name if row.organisation else "",
        "key": row.key.key_id,
        "on_delegation": row.delegation_id is not None,
    }


def code_out(row: OneTimeCode) -> dict[str, object]:
    """A code as the interface answers it."""
    names = ("id", "subject", "slot", "event", "content_hash", "party_name", "issued_at", "expires_at", "used_at")
    dead = why_dead(row, at=timezone.now()) is not None
    return {name: getattr(row, name) for name in names} | {
        "organisation": row.organisation.name if row.organisation else "",
        "phone": row.phone_masked,
        "state": "used" if row.used_at else "dead" if dead else "waiting",
        "signature": row.signature_id,
    }


def delegation_out(row: Delegation) -> dict[str, object]:
    """A delegation as the interface answers it."""
    names = ("id", "slots", "profiles", "valid_from", "valid_until", "created_at", "revoked_at")
    return {name: getattr(row, name) for name in names} | {
        "giver": row.giver.name,
        "receiver": str(row.receiver_organisation or row.receiver_person),
    }


@router.get("/", auth=READ, response=Page[SignatureOut], summary="一份文件的签名")
def list_signatures(request: HttpRequest, asked: Query[SignatureQuery]) -> dict[str, object]:
    """看得到的一份文件上的全部签名，按签名的先后。"""
    subject = asked.subject
    kind = kind_of(subject)
    if kind is None or not kind.sees(_user(request), subject):
        raise Http404
    return page_of(selectors.signatures_of(subject), asked, signature_out, by="server_at")


@router.post("/codes/", auth=WRITE, response={201: NewCodeOut}, summary="出示一次性签名码")
@writes
def issue_code(request: HttpRequest, body: CodeIn) -> Answer[dict[str, object]]:
    """请没有账号的一方签字：对方打开 link，输入 code 和姓名。几分钟内用一次；文件有改动即作废。"""
    issued = services.issue_one_time_code(
        subject=body.subject, slot=body.slot, event=body.event, host=_user(request), at=timezone.now(),
        party_name=body.party_name, phone=body.phone, payload=body.payload,
    )  # fmt: skip
    link = request.build_absolute_uri(reverse("signing:by-code", args=[issued.token]))
    return Answer(201, code_out(issued.row) | {"link": link, "code": issued.code})


@router.get("/codes/{int:pk}/", auth=READ, response=CodeOut, summary="一次性签名码的现状")
def get_code(request: HttpRequest, pk: Key) -> dict[str, object]:
    """自己出示的签名码是否已签。"""
    return code_out(get_object_or_404(selectors.visible_codes(request.user).select_related("organisation"), pk=pk))


@router.get("/delegations/", auth=READ, response=Page[DelegationOut], summary="委托签名列表")
def list_delegations(request: HttpRequest, asked: Query[PageQuery]) -> dict[str, object]:
    """本单位给出的、得到的和给本人的委托，按登记的先后。"""
    rows = selectors.visible_delegations(request.user)
    joined = rows.select_related("giver", "receiver_person", "receiver_organisation")
    return page_of(joined, asked, delegation_out, by="created_at")
