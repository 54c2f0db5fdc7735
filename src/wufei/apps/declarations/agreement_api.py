"""The interface of what is agreed before waste moves: contracts, and handling plans of building sites."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router
from ninja import Status as Answer
from pydantic import Field

from wufei.apps.declarations import agreements, selectors
from wufei.apps.declarations.api import READ, WRITE, Key, ReasonIn
from wufei.apps.declarations.models import Contract, HandlingPlan
from wufei.apps.registry.models import User
from wufei.apps.rest.attachments import FileIn, bytes_of
from wufei.apps.rest.cells import cells_of, plain, tables_of
from wufei.apps.rest.paging import Page, PageQuery, page_of
from wufei.apps.rest.schemas import In, Instant, Out, Text
from wufei.apps.rest.writing import writes
from wufei.core.agreements import contract_items, handling_fields, handling_sections
from wufei.core.findings import Finding, Refused

contracts = Router(tags=["contracts"])
handling_plans = Router(tags=["handling plans"])
StatusName = Literal["submitted", "approved", "returned", "superseded"]
if TYPE_CHECKING:  # they are made from the tables of fields
    from wufei.apps.rest.cells import Cells as ContractItem
    from wufei.apps.rest.cells import Cells as HandlingHead
    from wufei.apps.rest.cells import Tables as HandlingTables
else:
    ContractItem = cells_of("ContractItem", contract_items())
    HandlingHead = cells_of("HandlingHead", handling_fields())
    HandlingTables = tables_of(
        "HandlingTables",
        {
            one.table: (one.name, cells_of(f"Handling{one.table.capitalize()}Row", one.fields))
            for one in handling_sections()
        },
    )
PERSONAL = frozenset({"person", "phone"})


class ContractIn(In):
    """A contract between the caller's firm and whoever takes its waste."""

    number: Text
    receiver: Text = Field(description="接收单位名称。")
    receiver_code: Text = Field("", description="接收单位统一社会信用代码。")
    valid_from: date
    valid_to: date
    items: list[ContractItem] = Field(max_length=100, description="各废物：waste_code、method、mass_g（整克）。")
    file: FileIn | None = Field(None, description="合同文件；大于 5 MB 的请在页面上传。")


class EndIn(ReasonIn):
    """The last day a contract covers, and why it ends early."""

    on: date


class ContractLineOut(Out):
    """One waste of a contract with what the manifests under it have carried away, in grams."""

    waste_code: str
    agreed_g: int | None = Field(description="约定数量；没有约定为 null。")
    used_g: int = Field(description="按合同起运的量，减去被拒收退回的。")
    remaining_g: int | None = Field(description="余量；小于 0 为超出，没有约定数量为 null。")


class ContractOut(Out):
    """One contract."""

    id: int
    generator: str
    receiver: str
    number: str
    valid_from: date
    valid_to: date
    items: list[dict[str, Any]]
    lines: list[ContractLineOut] = Field(description="各废物的约定数量、已转移量和余量。")
    file: str = Field(description="文件名；没有文件为空。")
    ended_on: date | None
    end_reason: str
    created_at: Instant


class HandlingIn(In):
    """The handling plan of a building site, or a new version of it with the reason."""

    site: Text = Field(description="场所编号。")
    head: HandlingHead = Field(description="工程的各栏。")
    tables: HandlingTables = Field(description="wastes、carriers、receivers；重量一律为整克的整数。")
    reason: Text = Field("", description="变更的原因；第一版不写。")


class HandlingDecisionIn(In):
    """The office's decision; a return needs its reason."""

    decision: Literal["approve", "return"]
    reason: Text = ""


class HandlingOut(Out):
    """One version of a handling plan; personal data are left out."""

    id: int
    site: str
    version: int
    number: str
    status: StatusName
    project: str
    begins_on: date
    ends_on: date
    head: dict[str, Any]
    tables: dict[str, list[dict[str, Any]]]
    reason: str
    is_late: bool
    submitted_at: Instant
    decided_at: Instant | None
    decision_reason: str


def _actor(request: HttpRequest) -> str:
    assert isinstance(request.user, User)
    return request.user.username


@contextmanager
def _pointing(place: Callable[[Finding], str]) -> Iterator[None]:
    """Let a finding say where in the request its cell stands."""
    try:
        yield
    except Refused as error:
        raise Refused([replace(f, field=place(f), line=None) for f in error.findings]) from None


def _cell(start: str, finding: Finding) -> str:
    """``A.b`` of line 2 is ``/A/1/b`` below ``start``."""
    table, _, cell = finding.field.partition(".")
    return f"{start}/{table}" + (f"/{(finding.line or 1) - 1}/{cell}" if cell else "")


def contract_out(row: Contract) -> dict[str, object]:
    """A contract as the interface answers it."""
    names = ("id", "number", "valid_from", "valid_to", "items", "ended_on", "end_reason", "created_at")
    return {name: getattr(row, name) for name in names} | {
        "generator": row.generator.name,
        "receiver": row.receiver_name,
        "file": row.file_name,
        "lines": [
            {name: getattr(line, name) for name in ContractLineOut.model_fields}
            for line in selectors.contract_lines_of(row)
        ],
    }


def handling_out(row: HandlingPlan) -> dict[str, object]:
    """A version of a handling plan as the interface answers it."""
    names = (
        "id", "version", "number", "status", "project", "begins_on", "ends_on", "reason", "is_late", "submitted_at",
        "decided_at", "decision_reason",
    )  # fmt: skip
    content: Mapping[str, Any] = row.content
    shown = {one.name for one in handling_fields() if one.type not in PERSONAL}
    return {name: getattr(row, name) for name in names} | {
        "site": row.site.code,
        "head": {name: value for name, value in content.get("head", {}).items() if name in shown},
        "tables": {section.table: content.get(section.table, []) for section in handling_sections()},
    }


# --- Contracts ----------------------------------------------------------------------------------------------------


@contracts.get("/", auth=READ, response=Page[ContractOut], summary="委托合同列表")
def list_contracts(request: HttpRequest, asked: Query[PageQuery]) -> dict[str, object]:
    """可见的委托合同，按登记的先后。"""
    rows = selectors.visible_contracts(request.user).select_related("generator").prefetch_related("uses")
    return page_of(rows, asked, contract_out, by="created_at")


@contracts.post("/", auth=WRITE, response={201: ContractOut}, summary="登记委托合同")
@writes
def create_contract(request: HttpRequest, body: ContractIn) -> Answer[dict[str, object]]:
    """登记本单位委托他人利用处置的合同。"""
    firm = selectors.own_organisation(request.user)
    if firm is None:
        what = "您的账号不属于产生废物的单位，不能登记合同。"
        raise Refused([Finding(None, "", what, "请由签合同的单位登记。", "no_firm")])
    file = (body.file.name, bytes_of(body.file, "/file")) if body.file else None
    head = body.model_dump(mode="json", exclude={"items", "file"})
    with _pointing(lambda finding: _cell("", finding)):
        row = agreements.record_contract(
            generator=firm, head=head, items=plain(body.items), file=file, actor=_actor(request), at=timezone.now()
        )
    return Answer(201, contract_out(row))


@contracts.get("/{int:pk}/", auth=READ, response=ContractOut, summary="一份委托合同")
def get_contract(request: HttpRequest, pk: Key) -> dict[str, object]:
    """一份合同和它覆盖的废物。"""
    rows = selectors.visible_contracts(request.user).select_related("generator")
    return contract_out(get_object_or_404(rows, pk=pk))


@contracts.post("/{int:pk}/end/", auth=WRITE, response=ContractOut, summary="终止委托合同")
@writes
def end_contract(request: HttpRequest, pk: Key, body: EndIn) -> dict[str, object]:
    """提前终止本单位的合同，写明原因。"""
    own = selectors.own_contracts(request.user)
    row = agreements.end_contract(
        own, pk=pk, on=body.on, reason=body.reason, actor=_actor(request), at=timezone.now()
    )
    return contract_out(row)


# --- Handling plans -----------------------------------------------------------------------------------------------


@handling_plans.get("/", auth=READ, response=Page[HandlingOut], summary="建筑垃圾处理方案列表")
def list_handling_plans(request: HttpRequest, asked: Query[PageQuery]) -> dict[str, object]:
    """可见的建筑垃圾处理方案，按报送的先后。"""
    rows = selectors.visible_handling_plans(request.user).select_related("site")
    return page_of(rows, asked, handling_out, by="submitted_at")


@handling_plans.post("/", auth=WRITE, response={201: HandlingOut}, summary="报送建筑垃圾处理方案")
@writes
def create_handling_plan(request: HttpRequest, body: HandlingIn) -> Answer[dict[str, object]]:
    """为本单位一个工地报送处理方案；已有方案的是新版本，写明变更的原因。"""
    site = selectors.own_sites(request.user).filter(code=body.site).first()
    if site is None:
        raise Http404

    def place(finding: Finding) -> str:
        if finding.field == "reason":
            return "/reason"
        return _cell("/head" if finding.field in heads else "/tables", finding)

    head = body.head.values()
    heads = {one.name for one in handling_fields()} | set(head)
    with _pointing(place):
        row = agreements.submit_handling_plan(
            site=site,
            head=head,
            tables=body.tables.rows(),
            reason=body.reason,
            actor=_actor(request),
            at=timezone.now(),
        )
    return Answer(201, handling_out(row))


@handling_plans.get("/{int:pk}/", auth=READ, response=HandlingOut, summary="一份建筑垃圾处理方案")
def get_handling_plan(request: HttpRequest, pk: Key) -> dict[str, object]:
    """一个版本：工程、预计产生量和去向、审批。"""
    return handling_out(
        get_object_or_404(selectors.visible_handling_plans(request.user).select_related("site"), pk=pk)
    )


@handling_plans.post("/{int:pk}/decide/", auth=WRITE, response=HandlingOut, summary="审批建筑垃圾处理方案")
@writes
def decide_handling_plan(request: HttpRequest, pk: Key, body: HandlingDecisionIn) -> dict[str, object]:
    """主管部门批准，或写明原因退回。"""
    rows = selectors.decidable_handling_plans(request.user)
    approve = body.decision == "approve"
    return handling_out(
        agreements.decide_handling_plan(
            rows, pk=pk, approve=approve, reason=body.reason, actor=_actor(request), at=timezone.now()
        )
    )
