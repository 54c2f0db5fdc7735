"""The interface of transfers across the province: lists, one, applying, each step, the decision."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Path, Query, Router
from ninja import Status as Answer
from pydantic import Field

from wufei.apps.manifests.transfer_pages import MOST_MANIFESTS, charge_of, remaining_g, uses_of
from wufei.apps.registry import transfer_reads as reads
from wufei.apps.registry import transfers
from wufei.apps.registry.models import RegionTransfer, User
from wufei.apps.rest.cells import cells_of, plain
from wufei.apps.rest.paging import Page, PageQuery, page_of
from wufei.apps.rest.schemas import LARGEST, In, Instant, LongText, MassOrNoneG, Out, Rate, Text, Whole
from wufei.apps.rest.security import Bearer
from wufei.apps.rest.writing import writes
from wufei.core.findings import Finding, Refused
from wufei.core.transfer_life import DECISIONS, STATES, head_fields, leave_name, moves, waste_fields

router = Router(tags=["transfers"])
READ, WRITE = Bearer("transfers:read"), Bearer("transfers:write")
Key = Annotated[int, Path(ge=1, le=LARGEST)]
if TYPE_CHECKING:  # they are made from the tables of fields
    from wufei.apps.rest.cells import Cells as TransferHead
    from wufei.apps.rest.cells import Cells as TransferWaste
else:
    TransferHead = cells_of("TransferHead", head_fields())
    TransferWaste = cells_of("TransferWaste", waste_fields())
Direction = Literal["out", "in"]
Kind = Literal["approval", "filing"]
StatusName = Literal[
    "applied", "incomplete", "completed", "accepted", "consulting", "replied", "granted", "refused", "withdrawn",
    "revoked",
]  # fmt: skip
EventName = Literal["request_completion", "complete", "accept", "first_review", "reply", "withdraw", "revoke"]
assert set(STATES) == set(StatusName.__args__)  # type: ignore[attr-defined]
assert set(moves()) - DECISIONS == set(EventName.__args__)  # type: ignore[attr-defined]


class TransferQuery(PageQuery):
    """What a reader asks of the list."""

    direction: Direction | None = Field(None, description="out 移出，in 移入。")
    kind: Kind | None = Field(None, description="approval 审批，filing 备案。")
    status: StatusName | None = Field(None, description="状态。")


class ApplyIn(In):
    """An application for one site of the caller's firm."""

    site: Text = Field(description="本单位的场所编号：移出时为产生的场所，移入时为接受的场所。")
    head: TransferHead = Field(
        description="direction（out、in）、other_name、other_code、other_place（从省写起）、other_permit、"
        "other_permit_until、asked_from、asked_until、carrier、route、note。"
    )
    wastes: list[TransferWaste] = Field(
        max_length=100, description="各种废物：waste_code、method（贮存不写）、mass_g（整克）。"
    )


class StepIn(In):
    """One step: when it happened, and what there is to say."""

    on: date | None = Field(None, description="发生的日期；不写为今天。")
    note: LongText = Field("", description="要求补正、撤销须写明；其他可不写。")


class GrantIn(In):
    """What is granted of one waste."""

    id: Whole = Field(description="申请中这种废物的 id。")
    granted_g: MassOrNoneG = Field(description="批准的整克，不超过申请。")


class TransferDecisionIn(In):
    """The decision of the office."""

    decision: Literal["grant", "refuse"]
    number: Text = Field("", description="批准或备案编号；批准时必填。")
    decided_on: date | None = Field(None, description="决定日期；不写为今天。")
    valid_until: date | None = Field(None, description="有效期至；不写为最长。")
    note: LongText = Field("", description="不予批准须写明理由。")
    granted: list[GrantIn] = Field(default_factory=list, max_length=100, description="没有列出的照申请批准。")


class WasteOut(Out):
    """One waste: grams asked for, granted, used by manifests, and left (below 0 where overrun)."""

    id: int
    waste_code: str
    method: str
    asked_g: int
    granted_g: int | None
    used_g: int
    remaining_g: int | None


class DueOut(Out):
    """Who owes what by when."""

    step: str
    name: str
    by: str
    on: date
    is_late: bool


class RegionTransferOut(Out):
    """One application. ``head`` is what was handed in."""

    id: int
    site: str
    direction: Direction
    kind: Kind
    domain: str
    status: StatusName
    other_name: str
    other_division: str = Field(description="对方所在地六位代码；只知道省的为该省。")
    head: dict[str, Any]
    wastes: list[WasteOut]
    asked_from: date
    asked_until: date
    number: str
    decided_on: date | None
    valid_from: date | None
    valid_until: date | None
    due: DueOut | None
    accepted_by_silence: date | None = Field(description="主管部门逾期没有要求补正，从这一天起视为受理。")
    created_at: Instant
    updated_at: Instant


class TransferEventOut(Out):
    """One thing that happened."""

    sequence: int
    event: str
    status: StatusName
    happened_on: date
    note: str
    actor: str
    recorded_at: Instant


class NextOut(Out):
    """What may happen next, and by whom: firm or office."""

    event: str
    name: str
    by: Literal["firm", "office"]


class UseOut(Out):
    """What one manifest used."""

    manifest: str
    waste_code: str
    mass_g: int


class ChargeOut(Out):
    """The ecological compensation for what was used, at today's rate; null while the place has entered none."""

    name: str
    yuan_per_t: Rate | None
    yuan: Rate | None
    source: str


class RegionTransferDetailOut(RegionTransferOut):
    """One application with its history, next steps, use and compensation."""

    leave: str = Field(description="办理的是什么：跨省转移批准、跨省利用备案。")
    history: list[TransferEventOut]
    next_events: list[NextOut]
    manifests: list[UseOut] = Field(description=f"可见的联单，最近的 {MOST_MANIFESTS} 行。")
    compensation: ChargeOut | None = Field(description="不适用生态补偿的为 null。")


def _actor(request: HttpRequest) -> str:
    assert isinstance(request.user, User)
    return request.user.username


@contextmanager
def _pointing(places: Mapping[str, str]) -> Iterator[None]:
    """Let a finding say where in the request it stands: ``places`` by field, else as ``_place`` says."""
    try:
        yield
    except Refused as error:
        found = [replace(f, field=places.get(f.field, _place(f)), line=None) for f in error.findings]
        raise Refused(found) from None


def _place(finding: Finding) -> str:
    table, _, cell = finding.field.partition(".")
    if table == "wastes":
        return f"/wastes/{(finding.line or 1) - 1}/{cell}" if cell else "/wastes"
    return f"/head/{finding.field}"


def transfer_out(row: RegionTransfer) -> dict[str, object]:
    """An application as the interface answers it; its site, lines and history are prefetched."""
    names = (
        "id", "direction", "kind", "domain", "status", "other_name", "other_division", "asked_from", "asked_until",
        "number", "decided_on", "valid_from", "valid_until", "created_at", "updated_at",
    )  # fmt: skip
    line_names = ("id", "waste_code", "method", "asked_g", "granted_g", "used_g")
    standing = reads.standing_of(row, reads.history_of(row), today=timezone.localdate())
    return {name: getattr(row, name) for name in names} | {
        "site": row.site.code,
        "head": row.content,
        "wastes": [
            {name: getattr(line, name) for name in line_names} | {"remaining_g": remaining_g(line)}
            for line in row.lines.all()
        ],
        "due": standing.due,
        "accepted_by_silence": standing.accepted_by_silence,
    }


def _detail(request: HttpRequest, pk: int) -> dict[str, object]:
    rows = reads.visible_transfers(request.user).select_related("site").prefetch_related("lines", "history")
    row = get_object_or_404(rows, pk=pk)
    history = reads.history_of(row)
    events = ("sequence", "event", "status", "happened_on", "note", "actor", "recorded_at")
    charge = charge_of(row, timezone.localdate())
    uses = uses_of(request.user, row).select_related("manifest").order_by("-manifest_id", "position")
    standing = reads.standing_of(row, history, today=timezone.localdate())
    return transfer_out(row) | {
        "leave": leave_name(row.kind),
        "history": [{name: getattr(one, name) for name in events} for one in history],
        "next_events": [{"event": move.event, "name": move.name, "by": move.by} for move in standing.moves],
        "manifests": [
            {"manifest": use.manifest.number, "waste_code": use.waste_code, "mass_g": use.mass_g}
            for use in uses[:MOST_MANIFESTS]
        ],
        "compensation": charge and {"name": charge.name, "yuan_per_t": charge.yuan_per_t, "yuan": charge.yuan,
                                    "source": charge.source},
    }  # fmt: skip


@router.get("/", auth=READ, response=Page[RegionTransferOut], summary="跨省转移列表")
def list_transfers(request: HttpRequest, asked: Query[TransferQuery]) -> dict[str, object]:
    """按最近变动的先后列出可见的跨省转移申请。"""
    narrow = {name: value for name in ("direction", "kind", "status") if (value := getattr(asked, name))}
    rows = reads.visible_transfers(request.user).filter(**narrow)
    return page_of(rows.select_related("site").prefetch_related("lines", "history"), asked, transfer_out)


@router.post("/", auth=WRITE, response={201: RegionTransferDetailOut}, summary="申请跨省转移")
@writes
def apply_for_transfer(request: HttpRequest, body: ApplyIn) -> Answer[dict[str, object]]:
    """为本单位的一个场所申请移出或移入本省；是审批还是备案由废物和方式决定。所有问题一次说明。"""
    site = next((one for one in reads.applying_sites(request.user) if one.code == body.site), None)
    if site is None:
        raise Http404
    with _pointing({}):
        made = transfers.apply_transfer(
            site=site, head=body.head.values(), wastes=plain(body.wastes), actor=_actor(request), at=timezone.now()
        )
    return Answer(201, _detail(request, made.pk))


@router.get("/{int:pk}/", auth=READ, response=RegionTransferDetailOut, summary="一份跨省转移申请")
def get_transfer(request: HttpRequest, pk: Key) -> dict[str, object]:
    """申请的内容、经过、期限、余量，用到的联单和应缴的生态补偿。"""
    return _detail(request, pk)


@router.post("/{int:pk}/decide/", auth=WRITE, response=RegionTransferDetailOut, summary="决定跨省转移申请")
@writes
def decide_on_transfer(request: HttpRequest, pk: Key, body: TransferDecisionIn) -> dict[str, object]:
    """主管部门批准（备案）并写明编号、有效期和各种废物的数量，或写明理由不予批准。"""
    names = ("number", "decided_on", "valid_until", "note")
    values = {name: str(value) for name in names if (value := getattr(body, name))}
    places = {name: f"/{name}" for name in names} | {"on": "/decided_on", "event": "", "granted": "/granted"}
    places |= {f"granted-{row.id}": f"/granted/{i}/granted_g" for i, row in enumerate(body.granted)}
    with _pointing(places):
        transfers.decide_transfer(
            reads.decidable_transfers(request.user),
            pk=pk,
            grant=body.decision == "grant",
            values=values,
            granted={row.id: f"{row.granted_g}g" for row in body.granted},
            actor=_actor(request),
            at=timezone.now(),
        )
    return _detail(request, pk)


@router.post("/{int:pk}/{event}/", auth=WRITE, response=RegionTransferDetailOut, summary="办理跨省转移的一步")
@writes
def advance_region_transfer(request: HttpRequest, pk: Key, event: EventName, body: StepIn) -> dict[str, object]:
    """办理一步：申请单位补正、撤回；主管部门要求补正、受理、发商请函、登记复函、撤销。"""
    with _pointing({"on": "/on", "note": "/note", "event": ""}):
        transfers.advance_transfer(
            reads.acted_transfers(request.user),
            pk=pk,
            event=event,
            by=reads.side_of(request.user),
            on=body.on.isoformat() if body.on else "",
            note=body.note,
            actor=_actor(request),
            at=timezone.now(),
        )
    return _detail(request, pk)
