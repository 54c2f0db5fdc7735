"""The trips of the interface: lists, one, planning, its stops, and each step of the life."""

from datetime import date
from typing import Any, Literal

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Query, Router
from ninja import Status as Answer
from pydantic import Field

from wufei.apps.manifests import trip_selectors as selectors
from wufei.apps.manifests import trips
from wufei.apps.manifests.acts import Act
from wufei.apps.manifests.api import PatchIn
from wufei.apps.manifests.models import Trip, TripRecord
from wufei.apps.manifests.trip_planning import StopPlan, TripPlan, plan_again, plan_trip
from wufei.apps.registry.models import User
from wufei.apps.rest.paging import Page, PageQuery, page_of
from wufei.apps.rest.schemas import In, Instant, MassG, MassOrNoneG, Out, Text
from wufei.apps.rest.security import Bearer
from wufei.apps.rest.writing import writes
from wufei.core.trip import MOST_STOPS, TripStatus, trip_events

router = Router(tags=["trips"])
TripStatusName = Literal["planned", "running", "finished", "cancelled"]
TripEventName = Literal["start", "arrive", "confirm", "finish", "cancel"]
assert {s.value for s in TripStatus} == set(TripStatusName.__args__)  # type: ignore[attr-defined]
Position = int


class TripQuery(PageQuery):
    """What a reader asks of the list of trips."""

    on: date | None = Field(None, description="出车日期。")
    status: TripStatusName | None = Field(None, description="阶段。")
    mine: bool = Field(False, description="只要以本人为驾驶员的。")


class StopIn(In):
    """A stop as it is asked for."""

    site: Text = Field(description="移出场所的编号，或全名。")
    planned_at: Instant | None = Field(None, description="计划到达的时间。")


class TripIn(In):
    """A trip as it is asked for. With ``copy_of`` the round of an earlier trip; what else is said comes first."""

    on: date = Field(description="出车日期。")
    copy_of: Text = Field("", description="照哪一趟再排：停靠点、时刻、车辆、驾驶员。")
    profile: Text = Field("", description="联单类型，须可集中收运。")
    vehicle: Text = Field("", description="车牌号。")
    receiver: Text = Field("", description="接受场所的编号，或全名。")
    driver: Text = Field("", description="驾驶员姓名；写了账号可不写。")
    driver_licence: Text = Field("", description="从业资格证号。")
    driver_user: Text = Field("", description="驾驶员的账号（本单位）。")
    stops: list[StopIn] = Field(default_factory=list, max_length=MOST_STOPS)


class TimesIn(In):
    """When it happened."""

    claimed_at: Instant | None = Field(None, description="发生的时间；不写为现在。")
    device_at: Instant | None = Field(None, description="设备时钟的时间。")


class VisitIn(TimesIn):
    """What was said at a stop."""

    payload: PatchIn = Field(
        default_factory=dict, description="经办人、废物和重量等，按联单字段表；其余取自上一份联单。"
    )
    waits_for_signature: bool = Field(False, description="只建草稿，等移出方签字（账号或一次性签名码）后再起运。")
    manifest: Text = Field("", description="移出单位已自行提交的联单编号；不写为新开。")


class SkipIn(TimesIn):
    """Why nothing was collected."""

    reason: Text = Field(description="原因。")


class LineIn(In):
    """What became of one waste, in grams."""

    accepted_g: MassOrNoneG = 0
    refused_g: MassOrNoneG = 0
    lost_g: MassOrNoneG = 0


class ReceiptIn(In):
    """What the lines of one manifest are."""

    manifest: Text
    lines: list[LineIn] = Field(max_length=20)


class TripEventIn(TimesIn):
    """One step of the life; ``confirm`` takes one weighed total or the lines of each manifest."""

    reason: Text = Field("", description="取消的原因。")
    weighed_g: MassG | None = Field(None, description="全车过磅净重，按各联单移出量分摊，克数分毫不差。")
    receipts: list[ReceiptIn] = Field(default_factory=list, max_length=MOST_STOPS, description="逐份确认。")
    handler: Text = Field("", description="接受经办人。")
    opinion: Text = Field("", description="处理意见。")


class StopOut(Out):
    """A stop with what it made."""

    position: int
    site: str
    site_name: str
    planned_at: Instant | None
    visited_at: Instant | None
    manifest: str | None
    manifest_status: str | None
    mass_g: int | None
    note: str
    state: Literal["waiting", "signing", "signed", "collected", "skipped", "void"]


class TripOut(Out):
    """A trip; what it collected stands in its manifests."""

    number: str
    profile: str
    status: TripStatusName
    on: date
    carrier: str = Field(description="承运单位的统一社会信用代码。")
    carrier_name: str
    vehicle: str
    driver: str
    receiver: str
    receiver_name: str
    is_simulated: bool
    created_at: Instant
    updated_at: Instant


class TripRecordOut(Out):
    """One thing that happened to a trip."""

    sequence: int
    event: str
    stop: int | None
    actor: str
    claimed_at: Instant
    server_at: Instant


class TripDetailOut(TripOut):
    """A trip with its stops, its history and what may happen next."""

    stops: list[StopOut]
    history: list[TripRecordOut]
    next_events: list[str]


def _act(request: HttpRequest, given: TimesIn | None = None) -> Act:
    assert isinstance(request.user, User)
    now = timezone.now()
    said = given.claimed_at if given else None
    return Act(request.user, claimed_at=said or now, server_at=now, device_at=given.device_at if given else None)


def trip_out(trip: Trip) -> dict[str, object]:
    """A trip as the interface answers it."""
    names = ("number", "profile", "status", "on", "vehicle", "driver", "is_simulated", "created_at", "updated_at")
    return {name: getattr(trip, name) for name in names} | {
        "status": str(trip.status),
        "carrier": trip.carrier.credit_code or "",
        "carrier_name": trip.carrier.name,
        "receiver": trip.receiver.code,
        "receiver_name": trip.receiver.name,
    }


def _record_out(row: TripRecord) -> dict[str, object]:
    return {name: getattr(row, name) for name in TripRecordOut.model_fields}


def _detail(request: HttpRequest, number: str) -> dict[str, object]:
    trip = selectors.trip_of(request.user, number)
    if trip is None:
        raise Http404(f"没有车次 {number[:40]}。")
    stops = [selectors.stop_row(stop) for stop in selectors.stops_of(trip)]
    return trip_out(trip) | {
        "stops": [
            {name: getattr(stop, name) for name in StopOut.model_fields}
            | {"manifest": stop.manifest or None, "manifest_status": stop.manifest_status or None}
            for stop in stops
        ],
        "history": [_record_out(row) for row in selectors.trip_history(trip)],
        "next_events": [event.value for event in trip_events(TripStatus(trip.status))],
    }


@router.get("/", auth=Bearer("manifests:read"), response=Page[TripOut], summary="车次列表")
def list_trips(request: HttpRequest, asked: Query[TripQuery]) -> dict[str, object]:
    """按最近变动的先后列出可见的车次。"""
    rows = selectors.visible_trips(request.user).select_related("carrier", "receiver")
    if asked.on:
        rows = rows.filter(on=asked.on)
    if asked.status:
        rows = rows.filter(status=asked.status)
    if asked.mine:
        rows = rows.filter(driver_user=request.user.pk)
    return page_of(rows, asked, trip_out, by="updated_at")


@router.post("/", auth=Bearer("manifests:write"), response={201: TripDetailOut}, summary="排一趟车次")
@writes
def plan_a_trip(request: HttpRequest, body: TripIn) -> Answer[dict[str, object]]:
    """排一趟集中收运的车次；copy_of 照以前的一趟再排，另写的优先。所有问题一次说明。"""
    trip = plan_trip(_plan(request, body), act=_act(request))
    return Answer(201, _detail(request, trip.number))


def _plan(request: HttpRequest, body: TripIn) -> TripPlan:
    plan = TripPlan(on=body.on)
    if body.copy_of:
        earlier = selectors.trip_of(request.user, body.copy_of)
        if earlier is None:
            raise Http404(f"没有车次 {body.copy_of[:40]}。")
        plan = plan_again(earlier, body.on)
    names = ("profile", "vehicle", "receiver", "driver", "driver_licence", "driver_user")
    told: dict[str, Any] = {name: getattr(body, name) or getattr(plan, name) for name in names}
    stops = [StopPlan(stop.site, stop.planned_at) for stop in body.stops]
    return TripPlan(**told, on=body.on, stops=stops or plan.stops)


@router.get("/{number}/", auth=Bearer("manifests:read"), response=TripDetailOut, summary="一趟车次")
def get_trip(request: HttpRequest, number: str) -> dict[str, object]:
    """车次的停靠点、联单、经过和接下来可办的事项。"""
    return _detail(request, number)


@router.post(
    "/{number}/stops/{position}/visit/", auth=Bearer("manifests:write"), response=TripDetailOut, summary="停靠点收运"
)
@writes
def visit_trip_stop(request: HttpRequest, number: str, position: Position, body: VisitIn) -> dict[str, object]:
    """在停靠点收运：开具、提交、起运一次办完；移出方要自己签字的，先建草稿，签后再办一次。"""
    trips.visit_stop(
        number,
        position,
        body.payload,
        act=_act(request, body),
        waits_for_signature=body.waits_for_signature,
        manifest=body.manifest,
    )
    return _detail(request, number)


@router.post(
    "/{number}/stops/{position}/skip/", auth=Bearer("manifests:write"), response=TripDetailOut, summary="跳过停靠点"
)
@writes
def skip_trip_stop(request: HttpRequest, number: str, position: Position, body: SkipIn) -> dict[str, object]:
    """这一站没有收，写明原因。"""
    trips.skip_stop(number, position, act=_act(request, body), reason=body.reason)
    return _detail(request, number)


@router.post("/{number}/{event}/", auth=Bearer("manifests:write"), response=TripDetailOut, summary="办理车次的一步")
@writes
def advance_trip(request: HttpRequest, number: str, event: TripEventName, body: TripEventIn) -> dict[str, object]:
    """出车、到达（一次签字，全部联单到达）、确认（总重分摊或逐份）、结束、取消。"""
    act = _act(request, body)
    if event == "start":
        trips.start_trip(number, act=act)
    elif event == "arrive":
        trips.arrive_trip(number, act=act)
    elif event == "finish":
        trips.finish_trip(number, act=act)
    elif event == "cancel":
        trips.cancel_trip(number, act=act, reason=body.reason)
    else:
        trips.confirm_trip(
            number,
            act=act,
            weighed_g=body.weighed_g,
            lines={r.manifest: [line.dict() for line in r.lines] for r in body.receipts},
            receipt={"opinion": body.opinion} if body.opinion else {},
            handler=body.handler,
        )
    return _detail(request, number)
