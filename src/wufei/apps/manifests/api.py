"""The manifests of the interface: lists, one, drawing up, changing, and each step of the life."""

from dataclasses import asdict, replace
from typing import Annotated, Any, Literal

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Body, Path, Query, Router
from ninja import Status as Answer
from pydantic import Field, WithJsonSchema

from wufei.apps.amendments.api import AmendIn, AmendmentOut, ask
from wufei.apps.manifests import batches, selectors, services, versions
from wufei.apps.manifests.effects import check_new
from wufei.apps.manifests.files import keep_file
from wufei.apps.manifests.models import Manifest, ManifestEvent
from wufei.apps.manifests.pages import asked_by
from wufei.apps.manifests.telling import document_for, findings_for, version_for
from wufei.apps.registry.models import User
from wufei.apps.rest.attachments import FileIn, bytes_of
from wufei.apps.rest.bulk import read_lines, whole_extra
from wufei.apps.rest.paging import Page, PageQuery, page_of
from wufei.apps.rest.schemas import LARGEST, In, Instant, Out, Text
from wufei.apps.rest.security import Bearer
from wufei.apps.rest.writing import writes
from wufei.core.findings import Finding
from wufei.core.manifest import Event, Status
from wufei.core.manifest_profiles import fields_of, manifest_profiles
from wufei.core.manifest_schema import document_schema

router = Router(tags=["manifests"])
StatusName = Literal[
    "draft", "submitted", "in_transit", "delivered", "confirmed", "partly_accepted", "refused", "void"
]
EventName = Literal["submit", "depart", "hand_over", "arrive", "confirm", "refuse", "void", "witness"]
assert {s.value for s in Status} == set(StatusName.__args__)  # type: ignore[attr-defined]
assert {e.value for e in Event} - {"amend"} == set(EventName.__args__)  # type: ignore[attr-defined]
# Any value passes here: the table of fields judges it and tells every fault at once. The schema is for readers.
DocumentIn = Annotated[Any, WithJsonSchema(document_schema())]
AnythingIn = Annotated[
    Any, WithJsonSchema({"description": "联单内容，同 POST /manifests/；不合要求的也收，问题在 findings 中说明。"})
]
PatchIn = Annotated[Any, WithJsonSchema(document_schema(patch=True))]


class ManifestQuery(PageQuery):
    """What a reader asks of the list of manifests."""

    status: StatusName | None = Field(None, description="阶段。")
    profile: Text | None = Field(None, description="联单类型。")


class FindingOut(Out):
    """An alert that a check raised: the fact is recorded all the same."""

    field: str
    code: str
    what: str
    remedy: str
    level: str
    stage: str = ""
    curer: str = ""


class CheckOut(Out):
    """What stands against a draft that is not stored."""

    is_checked: bool = Field(description="false：连草稿都开不成，findings 说明原因，其他检查没有做。")
    may_submit: bool = Field(description="没有会被拒绝的问题。")
    findings: list[FindingOut]


class EventOut(Out):
    """One thing that happened to a manifest. Three times are kept apart: claimed, the device's, the server's."""

    sequence: int
    event: str
    slot: str
    status: StatusName
    actor: str
    claimed_at: Instant
    device_at: Instant | None
    server_at: Instant
    content_hash: str
    previous_hash: str
    findings: list[FindingOut]
    asked_by: str = Field("", description="更正是谁申请的；其他事项为空。")


class ChangeOut(Out):
    """One place that a version changed; a side that is missing had nothing there."""

    pointer: str
    label: str
    before: str
    after: str


class VersionOut(EventOut):
    """One version: the event that made it, the document as it stood, and what differs from the one before."""

    document: dict[str, Any]
    changes: list[ChangeOut] = Field(description="字段、更正前和更正后，用页面上的说法。")


class ManifestOut(Out):
    """A manifest with its document; masses are grams."""

    number: str
    profile: str
    domain: str
    status: StatusName
    leg: int = Field(description="第几家承运单位正在运输；0 为未起运。")
    document: dict[str, Any]
    content_hash: str
    returns: str | None = Field(description="这是哪份联单的退运。")
    trip: str | None
    due_on: str | None = Field(description="应在这一天以前确认。")
    alerts: int
    has_difference: bool
    is_simulated: bool
    created_at: Instant
    updated_at: Instant


class ManifestDetailOut(ManifestOut):
    """A manifest with its history and what may happen next."""

    history: list[EventOut]
    next_events: list[str]
    returned_by: list[str]


class MadeLineOut(Out):
    """The manifest that a line made."""

    line: int = Field(description="第几行，从 1 起。")
    number: str
    status: StatusName
    content_hash: str
    alerts: int = Field(description="提交时的预警数，内容见该联单的经过。")


class ManyOut(Out):
    """The manifests that the lines of a request made."""

    created: int
    items: list[MadeLineOut]


class FieldOut(Out):
    """One row of the table of fields."""

    pointer: str
    label: str
    part: int
    type: str
    filled_by: str
    required_from: str
    sealed_from: str
    help: str


class ManifestFileOut(Out):
    """A file that was kept: write ``digest`` into the field of the document."""

    digest: str = Field(description="SHA-256，填到联单的文件字段，如 /soil/source/file。")
    name: str
    size: int


class EventIn(In):
    """One step of the life, and what is filled in with it."""

    payload: PatchIn = Field(default_factory=dict, description="随这一步填写的内容，按字段表合并到联单。")
    claimed_at: Instant | None = Field(None, description="发生的时间；不写为现在。")
    device_at: Instant | None = Field(None, description="设备时钟的时间。")
    slot: Text = Field("", description="以哪一方的身份；只有一种可能时不必写。")


def act_of(request: HttpRequest, given: EventIn | None = None) -> services.Act:
    """Who asks, and when."""
    assert isinstance(request.user, User)
    now = timezone.now()
    return services.Act(
        request.user,
        claimed_at=(given.claimed_at if given else None) or now,
        server_at=now,
        device_at=given.device_at if given else None,
        slot=given.slot if given else "",
    )


def manifest_out(m: Manifest, user: User | AnonymousUser) -> dict[str, object]:
    """A manifest as the interface answers it to somebody."""
    return {
        "number": m.number,
        "profile": m.profile,
        "domain": m.domain,
        "status": str(m.status),
        "leg": m.leg,
        "document": document_for(user, m),
        "content_hash": m.content_hash,
        "returns": m.returns.number if m.returns else None,
        "trip": m.trip.number if m.trip else None,
        "due_on": m.due_on.isoformat() if m.due_on else None,
        "alerts": m.alerts,
        "has_difference": m.has_difference,
        "is_simulated": m.is_simulated,
        "created_at": m.created_at,
        "updated_at": m.updated_at,
    }


def event_out(row: ManifestEvent) -> dict[str, object]:
    """One event as the interface answers it."""
    names = ("sequence", "event", "slot", "status", "actor", "claimed_at", "device_at", "server_at", "findings")
    told = {name: getattr(row, name) for name in (*names, "content_hash", "previous_hash")}
    return told | {"asked_by": asked_by(row)}


def detail_of(request: HttpRequest, m: Manifest) -> dict[str, object]:
    """A manifest with its history as the interface answers it to whoever asks."""
    return manifest_out(m, request.user) | {
        "history": [
            event_out(row) | {"findings": findings_for(request.user, m, row.findings)}
            for row in selectors.history_of(m)
        ],
        "next_events": [event.value for event in selectors.next_events(m)],
        "returned_by": selectors.returns_of(m),
    }


def found_manifest(request: HttpRequest, number: str) -> Manifest:
    """The manifest in sight of whoever asks, else 404."""
    manifest = selectors.manifest_of(request.user, number)
    if manifest is None:
        raise Http404(f"没有联单 {number[:40]}。")
    return manifest


@router.get("/", auth=Bearer("manifests:read"), response=Page[ManifestOut], summary="联单列表")
def list_manifests(request: HttpRequest, asked: Query[ManifestQuery]) -> dict[str, object]:
    """按最近变动的先后列出可见的联单。"""
    narrow = {name: value for name in ("status", "profile") if (value := getattr(asked, name))}
    rows, keys = selectors.changed_manifests(request.user, narrow)
    return page_of(rows, asked, lambda m: manifest_out(m, request.user), by="updated_at", keys=keys)


@router.post("/", auth=Bearer("manifests:write"), response={201: ManifestDetailOut}, summary="开具联单")
@writes
def create_manifest(request: HttpRequest, body: Body[DocumentIn], submit: bool = False) -> Answer[dict[str, object]]:
    """开具一份草稿；submit=true 时同时提交（签字）。所有问题一次说明，位置用 JSON Pointer。"""
    write = services.create_and_submit if submit else services.create_manifest
    return Answer(201, detail_of(request, write(body, act=act_of(request))))


@router.post(
    "/lines/",
    auth=Bearer("manifests:write"),
    response={201: ManyOut},
    summary="按行开具多份联单",
    openapi_extra=whole_extra(document_schema(), batches.MOST),
)
@writes
def create_manifests(request: HttpRequest, submit: bool = False) -> Answer[dict[str, object]]:
    """每行一份联单：全部开具，或一份也不开并说明每一行的全部问题；submit=true 时同时提交，合签一次，
    一次最多 200 份。"""
    lines = read_lines(request, lambda value: value, most=batches.most_of(submits=submit))

    def place(at: int, finding: Finding) -> Finding:
        return replace(finding, line=lines[at][0])

    made = batches.create_manifests([value for _, value in lines], act=act_of(request), place=place, submits=submit)
    names = ("number", "status", "content_hash", "alerts")
    return Answer(
        201,
        {
            "created": len(made),
            "items": [
                {"line": line, **{name: getattr(m, name) for name in names}}
                for (line, _), m in zip(lines, made, strict=True)
            ],
        },
    )


@router.post("/check/", auth=Bearer("manifests:write"), response=CheckOut, summary="检查还没有开具的联单")
def check_manifest(request: HttpRequest, body: Body[AnythingIn]) -> dict[str, object]:
    """按提交、起运、到达、确认各环节检查一份联单，什么也不保存：位置（JSON Pointer）、环节、由谁改正，一次说明。"""
    is_checked, found = check_new(body, act_of(request))
    told = [
        {"stage": "submit" if is_checked else "draft", "curer": "generator"} | finding.as_dict() for finding in found
    ]
    refused = any(row["level"] == "error" and row["stage"] in {"draft", "submit"} for row in told)
    return {"is_checked": is_checked, "may_submit": not refused, "findings": told}


@router.post("/files/", auth=Bearer("manifests:write"), response={201: ManifestFileOut}, summary="上传联单的文件")
@writes
def keep_manifest_file(request: HttpRequest, body: FileIn) -> Answer[dict[str, object]]:
    """上传监测报告等文件（PDF、JPG、PNG），答复它的 SHA-256；大于 5 MB 的请在页面上传。"""
    made = keep_file(body.name, bytes_of(body, ""), act=act_of(request), field="/content")
    return Answer(201, {name: getattr(made, name) for name in ManifestFileOut.model_fields})


@router.get("/fields/{profile}/", auth=Bearer("manifests:read"), response=list[FieldOut], summary="字段表")
def list_manifest_fields(request: HttpRequest, profile: str) -> list[dict[str, object]]:
    """一种联单的字段：谁填、从哪一步起必填、从哪一步起封存。"""
    if profile not in manifest_profiles():
        raise Http404(f"没有联单类型 {profile[:40]}。")
    return [{name: getattr(field, name) for name in FieldOut.model_fields} for field in fields_of(profile)]


@router.get("/{number}/", auth=Bearer("manifests:read"), response=ManifestDetailOut, summary="一份联单")
def get_manifest(request: HttpRequest, number: str) -> dict[str, object]:
    """联单的内容、经过和接下来可办的事项。"""
    return detail_of(request, found_manifest(request, number))


@router.get("/{number}/versions/", auth=Bearer("manifests:read"), response=list[EventOut], summary="联单的各版本")
def list_manifest_versions(request: HttpRequest, number: str) -> list[dict[str, object]]:
    """每办一步或改一次就是一版，最早的在前；内容见各版。"""
    manifest = found_manifest(request, number)
    return [
        event_out(row) | {"findings": findings_for(request.user, manifest, row.findings)}
        for row in selectors.history_of(manifest)
    ]


@router.get(
    "/{number}/versions/{int:sequence}/",
    auth=Bearer("manifests:read"),
    response=VersionOut,
    summary="联单的一个版本",
)
def get_manifest_version(
    request: HttpRequest, number: str, sequence: Annotated[int, Path(ge=1, le=LARGEST)]
) -> dict[str, object]:
    """那一版的全部内容，和它与上一版不同的地方。"""
    manifest = found_manifest(request, number)
    pair = versions.pair_of(manifest, sequence) if sequence <= manifest.events else None
    if pair is None:
        raise Http404(f"联单 {number[:40]} 没有第 {sequence} 版。")
    row, user = pair[0], request.user
    assert isinstance(user, User)
    return event_out(row) | {
        "findings": findings_for(user, manifest, row.findings),
        "document": version_for(user, row.document),
        "changes": [asdict(change) for change in versions.changes_of(user, *pair)],
    }


@router.patch("/{number}/", auth=Bearer("manifests:write"), response=ManifestDetailOut, summary="修改联单")
@writes
def update_manifest(request: HttpRequest, number: str, body: Body[PatchIn]) -> dict[str, object]:
    """修改还没有被签字封存的内容；列表按位置合并，null 表示清空。"""
    return detail_of(request, services.update_manifest(number, body, act=act_of(request)))


@router.post("/{number}/amend/", auth=Bearer("manifests:write"), response={201: AmendmentOut}, summary="申请更正")
@writes
def amend_manifest(request: HttpRequest, number: str, body: AmendIn) -> Answer[dict[str, object]]:
    """申请更正已签的联单；须各方同意的等各方答复（/amendments/），都同意后成为新的一版。"""
    return ask(request, f"manifest:{found_manifest(request, number).number}", body)


@router.post("/{number}/{event}/", auth=Bearer("manifests:write"), response=ManifestDetailOut, summary="办理一步")
@writes
def advance_manifest(request: HttpRequest, number: str, event: EventName, body: EventIn) -> dict[str, object]:
    """办理联单的一步并签字。预警写在经过里，不阻止；拒绝时说明全部原因。"""
    return detail_of(request, services.advance(number, Event(event), body.payload, act=act_of(request, body)))
