"""``/api/v1/packages/`` and ``/api/v1/scans/``: the same services as the pages."""

from dataclasses import asdict, replace
from datetime import date
from typing import Annotated, Any
from uuid import uuid4

from django.db.models import Q
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Query, Router
from ninja import Status as Answer
from pydantic import Field

from wufei.apps.packages import scans as scanning
from wufei.apps.packages import selectors, services, treating
from wufei.apps.packages.actions import Act, plain_code
from wufei.apps.packages.making import What
from wufei.apps.packages.models import Package
from wufei.apps.packages.tracing import TracePage, Way, trace_page
from wufei.apps.packages.transport import package_masses
from wufei.apps.registry.models import User
from wufei.apps.rest.bulk import BulkQuery, answer_lines, bulk_extra
from wufei.apps.rest.paging import Page, PageQuery, take
from wufei.apps.rest.schemas import In, Instant, LongText, MassG, Out, Text
from wufei.apps.rest.security import Bearer
from wufei.apps.rest.writing import writes
from wufei.core.findings import Finding, Refused
from wufei.core.package import Status, rules

router = Router(tags=["packages"])
scans = Router(tags=["packages"])
READ, WRITE = Bearer("packages:read"), Bearer("packages:write")
Codes = Annotated[list[Text], Field(min_length=1, max_length=rules().codes_max)]


class WhatIn(In):
    """What is in a package, as its label shows it; the catalogue gives name and hazards where they are left out."""

    waste_code: Text = Field(description="废物代码，如 900-214-08。")
    generated_on: date | None = Field(None, description="产生日期；不写为今天。")
    waste_name: Annotated[str, Field(max_length=120)] = ""
    form: Text = Field("", description="形态：S、SS、L、G。")
    hazards: Text = Field("", description="危险特性，如 T,I。")
    main_components: Text = ""
    harmful_components: Text = ""
    precautions: Text = ""
    container: Text = Field("", description="容器，如 drum、bag；见 data/packages/containers.csv。")
    remark: Text = ""
    contact: Text = ""
    phone: Text = ""

    def what(self) -> What:
        """As the services take it."""
        given = {name: getattr(self, name) for name in What.__dataclass_fields__}
        return What(**given | {"generated_on": self.generated_on or timezone.localdate()})


class AssignIn(WhatIn):
    """Codes for packages at a site."""

    site: Text = Field(description="场所编码。")
    count: int = Field(1, ge=1, le=rules().assign_max, description="个数。")
    masses_g: list[MassG | None] = Field([], max_length=rules().assign_max, description="各自净重，整克；可不写。")
    external_codes: list[Text] = Field([], max_length=rules().assign_max, description="各自的外部编码；可不写。")
    book: bool = Field(False, description="把产生记入产废一本账（入库）；台账已登记这批废物的不要写。")
    at: Instant | None = Field(None, description="发生时间；不写为现在。")
    document: Text = ""


class ActIn(In):
    """What every action may say."""

    at: Instant | None = Field(None, description="发生时间；不写为现在。")
    document: Text = Field("", description="所依据的单据。")


class CodesOut(Out):
    """The codes that came of it."""

    codes: list[str]


class NestIn(ActIn):
    """Packages that go into the box of the address."""

    codes: Codes


class SplitIn(ActIn):
    """Grams of each part; they sum to the package's own."""

    parts_g: Annotated[list[MassG], Field(min_length=2, max_length=rules().parts_max)]


class MergeIn(ActIn):
    """Packages that are merged with the one of the address."""

    codes: Codes
    into: WhatIn | None = Field(None, description="合并后是什么；代码不同时必填，此时合并属于处理。")
    method: Text = Field("", description="代码不同时的处理方式。")


class ResidueIn(WhatIn):
    """One package of what came out of the treatment."""

    mass_g: MassG


class RetireIn(ActIn):
    """The final treatment of the package of the address, and of more with it."""

    method: Text = Field(description="利用处置方式，如 D10、R9。")
    codes: Annotated[list[Text], Field(max_length=rules().codes_max)] = Field([], description="同时销码的其他包装。")
    outputs: Annotated[list[ResidueIn], Field(max_length=rules().parts_max)] = []


class WeighIn(ActIn):
    """The net mass of the package's own content."""

    mass_g: MassG


class VoidIn(ActIn):
    """Why the code is taken back."""

    reason: Annotated[str, Field(min_length=1, max_length=200)]


class PackageOut(Out):
    """One package; ``total_g`` is its mass with all that lies inside it."""

    code: str
    external_code: str | None
    series: str
    domain: str
    waste_code: str
    waste_name: str
    form: str
    hazards: str
    container: str
    generated_on: date
    organisation: str
    site: str | None
    plate: str
    status: Status
    mass_g: int | None
    total_g: int
    box: str | None
    open_manifest: str
    is_simulated: bool
    updated_at: Instant


class StepOut(Out):
    """One step of a package's life."""

    at: Instant
    kind: str
    place: str
    division: str
    mass_g: int | None
    manifest: str
    document: str


class PackageDetailOut(PackageOut):
    """One package with its steps."""

    main_components: str
    harmful_components: str
    precautions: str
    remark: str
    steps: list[StepOut]
    inside: list[str]


class TraceNodeOut(Out):
    """One package of a trace; ``code`` is null where it is out of sight."""

    code: str | None
    waste_code: str
    waste_name: str
    status: Status
    division: str
    level: int
    mass_g: int
    stays_g: int
    ended: str
    has_more: bool


class TraceEdgeOut(Out):
    """Grams of the mass asked for that went from one node to another, by their places in ``nodes``."""

    source: int
    target: int
    mass_g: int
    kind: str


class TraceOut(Out):
    """Where the mass of a package went, or came from."""

    way: Way
    total_g: int
    has_more: bool
    nodes: list[TraceNodeOut]
    edges: list[TraceEdgeOut]


class ScanIn(In):
    """One reading of a label."""

    text: LongText = Field(description="扫到的内容，原样。")
    key: Text = Field("", description="这次扫码的编号，重发时相同；不写则每次算一次。")
    at: Instant | None = None
    place: Annotated[str, Field(max_length=120)] = ""
    device: Annotated[str, Field(max_length=80)] = ""
    manifest: Annotated[str, Field(max_length=40)] = ""


class ScanOut(Out):
    """What became of a scan."""

    key: str
    code: str
    is_known: bool
    is_new: bool
    advice: str


class PackageQuery(PageQuery):
    """What a reader asks of the list."""

    site: Text = ""
    status: Status | None = None
    waste_code: Text = ""
    manifest: Text = ""


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _act(request: HttpRequest, asked: ActIn | AssignIn, *, reason: str = "") -> Act:
    now, user = timezone.now(), _user(request)
    return Act(
        key=f"api:{uuid4()}", at=asked.at or now, recorded_at=now, actor=user.get_username(),
        firm_id=selectors.acting_firm(user) or 0, document=asked.document, reason=reason,
    )  # fmt: skip


def _package(request: HttpRequest, code: str) -> Package:
    key = plain_code(code)
    if not key.isprintable() or len(key) > 80:
        raise Http404
    found = (
        selectors.visible_packages(request.user)
        .filter(Q(code=key) | Q(external_code=key))
        .select_related("organisation", "site", "parent")
        .first()
    )
    if found is None:
        raise Http404
    return found


def _out(package: Package, total_g: int) -> dict[str, Any]:
    names = ("code", "external_code", "series", "domain", "waste_code", "waste_name", "form", "hazards", "container",
             "generated_on", "plate", "status", "mass_g", "open_manifest", "is_simulated", "updated_at")  # fmt: skip
    return {name: getattr(package, name) for name in names} | {
        "organisation": package.organisation.name,
        "site": package.site.code if package.site else None,
        "box": package.parent.code if package.parent else None,
        "total_g": total_g,
    }


@router.post("/", auth=WRITE, response={201: CodesOut}, summary="赋码")
@writes
def assign_packages(request: HttpRequest, asked: AssignIn) -> Any:
    """Give packages at a site of one's own firm their codes; as many statements for a thousand as for one."""
    site = selectors.own_sites(request.user).filter(code=asked.site).first()
    if site is None:
        what = f"没有编码为“{asked.site[:40]}”的本单位场所。"
        raise Refused([Finding(None, "/site", what, "请核对场所编码；只能在本单位场所赋码。", "unknown_site")])
    codes = services.assign_packages(
        site=site, what=asked.what(), act=_act(request, asked), count=asked.count, masses_g=asked.masses_g,
        external_codes=asked.external_codes, book=asked.book,
    )  # fmt: skip
    return Answer(201, {"codes": codes})


@router.get("/", auth=READ, response=Page[PackageOut], summary="包装列表")
def list_packages(request: HttpRequest, asked: Query[PackageQuery]) -> Any:
    """Packages in sight, in the order of their last change."""
    rows = selectors.visible_packages(request.user).select_related("organisation", "site", "parent")
    wanted = {"site__code": asked.site, "waste_code": asked.waste_code, "open_manifest": asked.manifest}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    if asked.status:
        rows = rows.filter(status=asked.status)
    taken = take(rows, asked)
    masses = package_masses([row.code for row in taken.rows])
    return {"items": [_out(row, masses[row.code]) for row in taken.rows], "next": taken.next}


@router.get("/{code}/", auth=READ, response=PackageDetailOut, summary="一个包装及其流转")
def get_package(request: HttpRequest, code: str) -> Any:
    """One package with its steps; the code may be ours, as printed or bare, or the external one."""
    package = _package(request, code)
    more = ("main_components", "harmful_components", "precautions", "remark")
    return (
        _out(package, package_masses([package.code])[package.code])
        | {name: getattr(package, name) for name in more}
        | {
            "steps": selectors.steps_of(package),
            "inside": [child.code for child in selectors.children_of(package)],
        }
    )


@router.get("/{code}/trace/", auth=READ, response=TraceOut, summary="追溯")
def get_package_trace(request: HttpRequest, code: str, way: Way = Way.DOWN) -> Any:
    """Where the mass of a package went (``down``) or came from (``up``), with shares that sum to the gram."""
    return _trace_out(trace_page(_package(request, code), way, request.user))


def _trace_out(page: TracePage) -> dict[str, Any]:
    places = {row.key: place for place, row in enumerate(page.rows)}
    names = ("waste_code", "waste_name", "status", "division", "level", "mass_g", "stays_g", "ended", "has_more")
    return {
        "way": page.way,
        "total_g": page.total_g,
        "has_more": page.has_more,
        "nodes": [{name: getattr(row, name) for name in names} | {"code": row.code or None} for row in page.rows],
        "edges": [
            {"source": places[e.source], "target": places[e.target], "mass_g": e.mass_g, "kind": e.kind}
            for e in page.edges
        ],
    }


@router.post("/{code}/nest/", auth=WRITE, response=CodesOut, summary="小箱进大箱")
@writes
def nest_packages(request: HttpRequest, code: str, asked: NestIn) -> Any:
    """Put packages into the box of the address."""
    return {"codes": services.nest(box=_package(request, code).code, codes=asked.codes, act=_act(request, asked))}


@router.post("/{code}/unnest/", auth=WRITE, response=CodesOut, summary="出箱")
@writes
def unnest_package(request: HttpRequest, code: str, asked: ActIn) -> Any:
    """Take a package out of the box it lies in."""
    return {"codes": services.unnest(codes=[_package(request, code).code], act=_act(request, asked))}


@router.post("/{code}/weigh/", auth=WRITE, response=CodesOut, summary="称重")
@writes
def weigh_package(request: HttpRequest, code: str, asked: WeighIn) -> Any:
    """Say what a package weighs, net."""
    masses = {_package(request, code).code: asked.mass_g}
    return {"codes": services.weigh(masses_g=masses, act=_act(request, asked))}


@router.post("/{code}/store/", auth=WRITE, response=CodesOut, summary="入库")
@writes
def store_package(request: HttpRequest, code: str, asked: ActIn) -> Any:
    """Note that a package went into the store."""
    return {"codes": services.store(codes=[_package(request, code).code], act=_act(request, asked))}


@router.post("/{code}/split/", auth=WRITE, response=CodesOut, summary="拆分")
@writes
def split_package(request: HttpRequest, code: str, asked: SplitIn) -> Any:
    """Split a package into parts; answers their codes."""
    package = _package(request, code)
    return {"codes": treating.split(code=package.code, parts_g=asked.parts_g, act=_act(request, asked))}


@router.post("/{code}/merge/", auth=WRITE, response=CodesOut, summary="合并")
@writes
def merge_packages(request: HttpRequest, code: str, asked: MergeIn) -> Any:
    """Merge packages into one new one; answers its code."""
    codes = [_package(request, code).code, *asked.codes]
    into = asked.into.what() if asked.into else None
    return {"codes": treating.merge(codes=codes, act=_act(request, asked), into=into, method=asked.method)}


@router.post("/{code}/retire/", auth=WRITE, response=CodesOut, summary="处置销码")
@writes
def retire_packages(request: HttpRequest, code: str, asked: RetireIn) -> Any:
    """Retire packages at their final treatment; answers the codes of the residues."""
    codes = [_package(request, code).code, *asked.codes]
    outputs = [treating.Residue(row.what(), row.mass_g) for row in asked.outputs]
    return {"codes": treating.retire(codes=codes, method=asked.method, act=_act(request, asked), outputs=outputs)}


@router.post("/{code}/void/", auth=WRITE, response=CodesOut, summary="作废")
@writes
def void_package(request: HttpRequest, code: str, asked: VoidIn) -> Any:
    """Take back a code that was given by mistake."""
    act = _act(request, asked, reason=asked.reason)
    return {"codes": services.void(codes=[_package(request, code).code], act=act)}


@scans.post("/", auth=WRITE, response={201: ScanOut}, summary="扫码")
@writes
def record_scan(request: HttpRequest, asked: ScanIn) -> Any:
    """Keep a scan, whatever was read; says whether there is such a package."""
    return Answer(201, keep_scan(request, asked))


@scans.post(
    "/lines/",
    auth=WRITE,
    response={200: ScanOut},
    summary="扫码（按行的 JSON）",
    openapi_extra=bulk_extra(ScanIn, ScanOut),
)
def record_scan_lines(request: HttpRequest, asked: Query[BulkQuery]) -> Any:
    """Keep many scans, one a line: what a device has gathered without a signal. Each line is answered by one."""
    return answer_lines(request, asked, ScanIn, lambda row: asdict(keep_scan(request, row)))


def keep_scan(request: HttpRequest, asked: ScanIn) -> scanning.ScanResult:
    """Keep one scan of the person who calls."""
    user, now = _user(request), timezone.now()
    key = f"{user.pk}:{asked.key}" if asked.key else f"api:{uuid4()}"
    given = scanning.Scan(key[:200], asked.text, asked.at or now, asked.place, asked.device, asked.manifest)
    (result,) = scanning.record_scans(
        [given], actor=user.get_username(), recorded_at=now, division=user.division_id or ""
    )
    return replace(result, key=asked.key)
