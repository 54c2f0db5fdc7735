"""The interface of the weighings: tickets in, one or many, and tickets out."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Status
from pydantic import Field

from wufei.apps.registry.models import User
from wufei.apps.rest.bulk import read_lines, whole_extra
from wufei.apps.rest.paging import Page, PageQuery, page_of
from wufei.apps.rest.schemas import Count, In, Instant, MassG, MassOrNoneG, Out, Text
from wufei.apps.rest.security import Bearer
from wufei.apps.rest.writing import writes
from wufei.apps.weighings import services
from wufei.apps.weighings.models import WeighingRecord
from wufei.apps.weighings.selectors import visible_weighings
from wufei.core.findings import Finding
from wufei.core.weighing import Weighing

LINES_MOST = 20_000
BYTES_MOST = 20 * 1024**2
router = Router(tags=["weighings"])


class WeighingIn(In):
    """One ticket as a scale hands it in."""

    site: Text = Field(description="衡器所在场所的编号。")
    device: Text = Field("", description="磅号。同一场所、同一磅号的磅单号不重复。")
    ticket: Text = Field(description="磅单号。")
    direction: Literal["in", "out"] = Field(description="in 进，out 出。")
    waste_code: Text = Field(description="废物代码。")
    net_g: MassG = Field(description="净重，整克。")
    gross_g: MassOrNoneG | None = Field(None, description="毛重，整克。")
    tare_g: MassOrNoneG | None = Field(None, description="皮重，整克。")
    weighed_at: Instant
    plate: Text = Field("", description="车牌号。")
    source: Text = Field("", description="来源：site:编号、boundary:行政区划代码，或登记的编号、名称。")
    manifest: Text = Field("", description="联单号。有联单的由联单记账。")
    package: Text = Field("", description="包装码。")
    count: Count | None = Field(None, description="件数。")
    photo_digest: Text = Field("", description="照片的 SHA-256，十六进制。")
    basis: Literal["weighed", "converted", "estimated", "declared"] = "weighed"
    note: Text = ""


class WeighingOut(Out):
    """One ticket as it is kept."""

    id: int
    site: str
    device: str
    ticket: str
    direction: str
    waste_code: str
    net_g: int
    gross_g: int | None
    tare_g: int | None
    weighed_at: Instant
    plate: str
    source: str
    manifest: str
    package: str
    count: int | None
    photo_digest: str
    basis: str
    uncertainty_ppm: int | None = Field(description="净重的相对标准不确定度，百万分之一。")
    note: str
    outcome: str = Field(description="generate 入账，evidence 只作凭证，attached 附于联单。")
    is_undone: bool
    recorded_at: Instant


class NoteOut(Out):
    """What is worth telling about a ticket that was taken."""

    line: int | None
    field: str
    code: str
    what: str
    remedy: str
    level: str


class RecordedOut(Out):
    """What became of one ticket."""

    weighing: WeighingOut
    already: bool = Field(description="这张磅单此前已登记，内容相同，没有重复记。")
    notes: list[NoteOut]


class BulkOut(Out):
    """What became of many tickets."""

    recorded: int
    already: int = Field(description="此前已登记、内容相同的。")
    movements: int = Field(description="入账笔数。")
    net_g: int = Field(description="入账净重合计，整克。")
    notes: list[NoteOut]


class WeighingQuery(PageQuery):
    """Which tickets a reader wants."""

    site: Text = Field("", description="场所编号。")
    manifest: Text = Field("", description="联单号。")
    plate: Text = Field("", description="车牌号，原样。")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _notes(findings: tuple[Finding, ...]) -> list[dict[str, Any]]:
    return [{**asdict(f), "level": f.level.value} for f in findings[:1000]]


def shape(row: WeighingRecord) -> dict[str, Any]:
    """A ticket as the interface answers it; its site must be loaded with it."""
    names = [name for name in WeighingOut.model_fields if name not in {"id", "site"}]
    return {"id": row.pk, "site": row.site.code, **{name: getattr(row, name) for name in names}}


@router.get("/", auth=Bearer("weighings:read"), response=Page[WeighingOut], summary="磅单列表")
def list_weighings(request: HttpRequest, asked: Query[WeighingQuery]) -> Any:
    """Tickets in sight, in the order they were recorded."""
    rows = visible_weighings(request.user).select_related("site")
    if asked.site:
        rows = rows.filter(site__code=asked.site)
    if asked.manifest:
        rows = rows.filter(manifest=asked.manifest)
    if asked.plate:
        rows = rows.filter(plate=asked.plate)
    return page_of(rows, asked, shape, by="recorded_at")


@router.get("/{int:pk}/", auth=Bearer("weighings:read"), response=WeighingOut, summary="一张磅单")
def get_weighing(request: HttpRequest, pk: int) -> Any:
    """One ticket in sight."""
    rows = visible_weighings(request.user).select_related("site")
    return shape(get_object_or_404(rows, pk=pk if pk < 2**63 else 0))


@router.post("/", auth=Bearer("weighings:write"), response={201: RecordedOut}, summary="登记一张磅单")
@writes
def record_weighing(request: HttpRequest, body: WeighingIn) -> Any:
    """Record a ticket, and book what it stands for; the same ticket again books nothing."""
    row, kept = services.record_weighing(user=_user(request), weighing=_weighing(body), at=_now())
    return Status(201, {"weighing": shape(row), "already": bool(kept.already), "notes": _notes(kept.notes)})


@router.post(
    "/lines/",
    auth=Bearer("weighings:write"),
    response={201: BulkOut},
    summary="按行登记多张磅单",
    openapi_extra=whole_extra(WeighingIn, LINES_MOST),
)
@writes
def record_weighings(request: HttpRequest) -> Any:
    """Record a ticket a line: all of them, or none with every fault of every line."""
    tickets = read_lines(
        request,
        lambda value: _weighing(WeighingIn.model_validate(value)),
        most=LINES_MOST,
        most_bytes=BYTES_MOST,
    )
    kept = services.record_weighings(user=_user(request), tickets=tickets, at=_now())
    return Status(
        201,
        {
            "recorded": len(kept.new),
            "already": kept.already,
            "movements": kept.movements,
            "net_g": kept.net_g,
            "notes": _notes(kept.notes),
        },
    )


def _weighing(given: WeighingIn) -> Weighing:
    return Weighing(**{name: getattr(given, name) for name in WeighingIn.model_fields})


def _now() -> datetime:
    return timezone.now()
