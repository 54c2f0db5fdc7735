"""The declarations of the interface: periodic declarations, entries of the record book, management plans."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Path, Query, Router
from ninja import Status as Answer
from pydantic import Field

from wufei.apps.declarations import selectors, services
from wufei.apps.declarations.models import BookEntry, Declaration, ManagementPlan
from wufei.apps.registry.models import Site, User
from wufei.apps.rest.cells import cells_of, tables_of
from wufei.apps.rest.paging import Page, PageQuery, page_of
from wufei.apps.rest.schemas import LARGEST, In, Instant, LongText, Out, Text, Whole
from wufei.apps.rest.security import Bearer
from wufei.apps.rest.writing import writes
from wufei.core.findings import Refused
from wufei.core.management_plan import tables as plan_tables
from wufei.core.record_book import tables as book_tables

router = Router(tags=["declarations"])
READ, WRITE = Bearer("declarations:read"), Bearer("declarations:write")
Key = Annotated[int, Path(ge=1, le=LARGEST)]
if TYPE_CHECKING:  # they are made from the tables of fields
    from wufei.apps.rest.cells import Cells as BookCells
    from wufei.apps.rest.cells import Tables as PlanTables
else:
    BookCells = cells_of(
        "BookCells", (one for table in book_tables().values() if not table.derived for one in table.fields)
    )
    PlanTables = tables_of(
        "PlanTables",
        {
            name: (table.name, cells_of(f"Plan{name.capitalize()}Row", table.fields))
            for name, table in plan_tables().items()
        },
    )


class DeclarationIn(In):
    """What declaration is to be generated from the books."""

    site: Text = Field(description="场所编号。")
    form: Text = Field("hazardous", description="申报表：hazardous、giw_flow、bulk_industrial。")
    period: Text = Field(description="时期：月 2026-10，季 2026-Q3，年 2026。")


class NoteIn(In):
    """What the firm says to the findings."""

    note: LongText = ""


class ReasonIn(In):
    """Why."""

    reason: Text


class LineOut(Out):
    """One waste code of a declaration, in grams."""

    waste_code: str
    opening_g: int
    generated_g: int
    received_g: int
    utilised_g: int
    disposed_g: int
    outsourced_g: int
    dumped_g: int
    adjusted_g: int
    closing_g: int


class NoticeOut(Out):
    """What has to be explained."""

    field: str
    code: str
    what: str
    remedy: str
    level: str


class DeclarationOut(Out):
    """One version of a periodic declaration."""

    id: int
    site: str
    form: str
    period: str
    version: int
    status: str
    due: str | None
    is_late: bool
    lines: list[LineOut]
    findings: list[NoticeOut]
    note: str
    reason: str
    generated_at: Instant
    confirmed_at: Instant | None


class EntryIn(In):
    """One row of a table of a site's record book."""

    site: Text = Field(description="场所编号。")
    table: Text = Field(description="台账表，见 /declarations/book/tables/。")
    values: BookCells = Field(description="各栏按名称；重量一律为整克的整数。")


class EntryAlertOut(Out):
    """What has to be looked at in an entry."""

    code: str
    what: str
    remedy: str


class EntryLinkOut(Out):
    """A movement that another document booked, for which the entry stands."""

    key: str
    document: str
    package: str
    mass_g: int
    is_live: bool


class EntryOut(Out):
    """One row of a record book; personal data are left out."""

    id: int
    batch_no: str
    site: str
    table: str
    occurred_at: Instant
    waste_code: str
    mass_g: int
    count: int | None
    method: str
    manifest_number: str
    package_codes: list[str]
    sources: list[str]
    status: str
    reverses: int | None
    reason: str
    alerts: list[EntryAlertOut]
    links: list[EntryLinkOut]
    recorded_at: Instant


class TableFieldOut(Out):
    """One field of a table."""

    name: str
    label: str
    type: str
    required: bool
    help: str
    choices: dict[str, str]


class TableOut(Out):
    """One table of a record book."""

    table: str
    book: str
    name: str
    role: str
    post: str
    fields: list[TableFieldOut]


class PlanIn(In):
    """The plan of a year, begun with some of its tables."""

    site: Text = Field(description="场所编号。")
    year: Whole
    tables: PlanTables | None = Field(None, description="表名到各行：basis、A1—A7；重量一律为整克。")


class PlanTablesIn(In):
    """Tables of a draft; those that are not named stay."""

    tables: PlanTables


class TransferOut(Out):
    """What may go to whom in the year, in grams."""

    waste_code: str
    receiver_name: str
    method: str
    planned_g: int
    used_g: int
    remaining_g: int


class PlanOut(Out):
    """One version of a management plan."""

    id: int
    site: str
    year: int
    version: int
    status: str
    grade: str
    number: str
    is_late: bool
    reason: str
    return_reason: str
    created_at: Instant
    filed_at: Instant | None


class PlanDetailOut(PlanOut):
    """One version with what the year has used of it."""

    transfers: list[TransferOut]


def _actor(request: HttpRequest) -> str:
    assert isinstance(request.user, User)
    return request.user.username


def _own_site(request: HttpRequest, code: str) -> Site:
    site = selectors.own_sites(request.user).filter(code=code).select_related("organisation", "division").first()
    if site is None:
        raise Http404(f"没有编号为“{code[:40]}”的本单位场所。")
    return site


@contextmanager
def _pointing(start: str, names: set[str]) -> Iterator[None]:
    """Let a finding of a cell say where in the request the cell stands."""
    try:
        yield
    except Refused as error:
        raise Refused(
            [replace(f, field=f"{start}/{f.field}") if f.field in names else f for f in error.findings]
        ) from None


@contextmanager
def _pointing_to_tables() -> Iterator[None]:
    """The same for the tables of a plan: ``A3.waste_code`` of line 2 is ``/tables/A3/1/waste_code``."""
    try:
        yield
    except Refused as error:
        found = []
        for finding in error.findings:
            table, _, cell = finding.field.partition(".")
            place = f"/tables/{table}" + (f"/{(finding.line or 1) - 1}/{cell}" if cell else "")
            found.append(replace(finding, field=place) if table in plan_tables() else finding)
        raise Refused(found) from None


def declaration_out(row: Declaration) -> dict[str, object]:
    """A declaration as the interface answers it."""
    names = ("id", "form", "period", "version", "status", "is_late", "lines", "findings", "note", "reason")
    return {name: getattr(row, name) for name in names} | {
        "site": row.site.code,
        "due": row.due.isoformat() if row.due else None,
        "generated_at": row.generated_at,
        "confirmed_at": row.confirmed_at,
    }


def entry_out(row: BookEntry) -> dict[str, object]:
    """An entry as the interface answers it."""
    names = (
        "id", "batch_no", "table", "occurred_at", "waste_code", "mass_g", "count", "method", "manifest_number",
        "package_codes", "sources", "status", "reason", "alerts", "recorded_at",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names} | {
        "site": row.site.code,
        "reverses": row.reverses_id,
        "links": [{name: getattr(one, name) for name in EntryLinkOut.model_fields} for one in row.links.all()],
    }


def plan_out(row: ManagementPlan) -> dict[str, object]:
    """A plan as the interface answers it."""
    names = (
        "id", "year", "version", "status", "grade", "number", "is_late", "reason", "return_reason", "created_at",
        "filed_at",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names} | {"site": row.site.code}


def _plan_detail(row: ManagementPlan) -> dict[str, object]:
    rows = selectors.transfers_of_plan(row)
    return plan_out(row) | {
        "transfers": [{name: getattr(one, name) for name in TransferOut.model_fields} for one in rows]
    }


# --- Periodic declarations ----------------------------------------------------------------------------------------


@router.get("/", auth=READ, response=Page[DeclarationOut], summary="定期申报列表")
def list_declarations(request: HttpRequest, asked: Query[PageQuery]) -> dict[str, object]:
    """可见的月、季、年申报，按生成的先后。"""
    rows = selectors.visible_declarations(request.user).select_related("site")
    return page_of(rows, asked, declaration_out, by="generated_at")


@router.post("/", auth=WRITE, response={201: DeclarationOut}, summary="生成申报")
@writes
def generate_declaration(request: HttpRequest, body: DeclarationIn) -> Answer[dict[str, object]]:
    """按账本和台账生成本单位一个场所的申报；未确认的重新生成，已确认的原样答复。"""
    site = _own_site(request, body.site)
    row = services.generate(site=site, form=body.form, period=body.period, actor=_actor(request), at=timezone.now())
    return Answer(201, declaration_out(row))


@router.get("/book/", auth=READ, response=Page[EntryOut], summary="台账记录列表")
def list_book_entries(request: HttpRequest, asked: Query[PageQuery]) -> dict[str, object]:
    """可见的台账记录，按登记的先后。"""
    rows = selectors.visible_entries(request.user).select_related("site").prefetch_related("links")
    return page_of(rows, asked, entry_out, by="recorded_at")


@router.post("/book/", auth=WRITE, response={201: EntryOut}, summary="登记台账")
@writes
def create_book_entry(request: HttpRequest, body: EntryIn) -> Answer[dict[str, object]]:
    """登记一条：给出批次号，并记入产废一本账（由联单记账的除外）。"""
    site = _own_site(request, body.site)
    table = book_tables().get(body.table)
    values = body.values.values()
    names = {*values, *(one.name for one in table.fields)} if table else set()
    with _pointing("/values", names):
        entry = services.book(site=site, table=body.table, values=values, actor=_actor(request), at=timezone.now())
    return Answer(201, entry_out(entry))


@router.get("/book/tables/", auth=READ, response=list[TableOut], summary="台账表")
def list_book_tables(request: HttpRequest) -> list[dict[str, object]]:
    """每张台账表的字段。"""
    return [
        {
            "table": table.table,
            "book": table.book,
            "name": table.name,
            "role": table.role,
            "post": table.post,
            "fields": [
                {name: getattr(one, name) for name in ("name", "label", "type", "required", "help")}
                | {"choices": dict(one.choices)}
                for one in table.fields
            ],
        }
        for table in book_tables().values()
        if not table.derived
    ]


@router.get("/book/{int:pk}/", auth=READ, response=EntryOut, summary="一条台账记录")
def get_book_entry(request: HttpRequest, pk: Key) -> dict[str, object]:
    """一条台账记录。"""
    return entry_out(get_object_or_404(selectors.visible_entries(request.user).select_related("site"), pk=pk))


@router.post("/book/{int:pk}/reverse/", auth=WRITE, response={201: EntryOut}, summary="冲销台账记录")
@writes
def reverse_book_entry(request: HttpRequest, pk: Key, body: ReasonIn) -> Answer[dict[str, object]]:
    """冲销一条登记有误的记录，写明原因；然后重新登记。"""
    own = selectors.own_entries(request.user)
    entry = services.reverse_entry(own, pk=pk, reason=body.reason, actor=_actor(request), at=timezone.now())
    return Answer(201, entry_out(entry))


@router.get("/plans/", auth=READ, response=Page[PlanOut], summary="管理计划列表")
def list_management_plans(request: HttpRequest, asked: Query[PageQuery]) -> dict[str, object]:
    """可见的危险废物管理计划，按建立的先后。"""
    rows = selectors.visible_plans(request.user).select_related("site")
    return page_of(rows, asked, plan_out, by="created_at")


@router.post("/plans/", auth=WRITE, response={201: PlanDetailOut}, summary="建立管理计划")
@writes
def create_management_plan(request: HttpRequest, body: PlanIn) -> Answer[dict[str, object]]:
    """为本单位一个场所建立一年的草稿，可同时填写各表。"""
    site = _own_site(request, body.site)
    actor, at = _actor(request), timezone.now()
    plan = services.start_plan(site=site, year=body.year, actor=actor, at=at)
    if rows := body.tables.rows() if body.tables else {}:
        own = selectors.own_plans(request.user)
        with _pointing_to_tables():
            plan = services.save_plan(own, pk=plan.pk, rows=rows, actor=actor, at=at)
    return Answer(201, _plan_detail(plan))


@router.get("/plans/{int:pk}/", auth=READ, response=PlanDetailOut, summary="一份管理计划")
def get_management_plan(request: HttpRequest, pk: Key) -> dict[str, object]:
    """一个版本，以及当年转移计划的使用。"""
    row = selectors.visible_plans(request.user).select_related("site").filter(pk=pk).first()
    if row is None:
        raise Http404
    return _plan_detail(row)


@router.patch("/plans/{int:pk}/", auth=WRITE, response=PlanDetailOut, summary="填写管理计划")
@writes
def update_management_plan(request: HttpRequest, pk: Key, body: PlanTablesIn) -> dict[str, object]:
    """填写草稿的一些表；没有写到的表不变。"""
    own = selectors.own_plans(request.user)
    with _pointing_to_tables():
        plan = services.save_plan(own, pk=pk, rows=body.tables.rows(), actor=_actor(request), at=timezone.now())
    return _plan_detail(plan)


@router.post("/plans/{int:pk}/file/", auth=WRITE, response=PlanDetailOut, summary="管理计划备案")
@writes
def file_management_plan(request: HttpRequest, pk: Key) -> dict[str, object]:
    """备案：给出备案号，替代以前的版本。"""
    own = selectors.own_plans(request.user)
    return _plan_detail(services.file_plan(own, pk=pk, actor=_actor(request), at=timezone.now()))


@router.get("/{int:pk}/", auth=READ, response=DeclarationOut, summary="一份申报")
def get_declaration(request: HttpRequest, pk: Key) -> dict[str, object]:
    """一份申报的一个版本。"""
    row = selectors.visible_declarations(request.user).select_related("site").filter(pk=pk).first()
    if row is None:
        raise Http404
    return declaration_out(row)


@router.post("/{int:pk}/confirm/", auth=WRITE, response=DeclarationOut, summary="确认申报")
@writes
def confirm_declaration(request: HttpRequest, pk: Key, body: NoteIn) -> dict[str, object]:
    """确认报出；有需要说明的，写在 note 里。"""
    own = selectors.own_declarations(request.user)
    row = services.confirm(own, pk=pk, note=body.note, actor=_actor(request), at=timezone.now())
    return declaration_out(row)


@router.post("/{int:pk}/correct/", auth=WRITE, response={201: DeclarationOut}, summary="更正申报")
@writes
def correct_declaration(request: HttpRequest, pk: Key, body: ReasonIn) -> Answer[dict[str, object]]:
    """更正已确认的申报：按现在的账目生成新版本，再确认。"""
    own = selectors.own_declarations(request.user)
    row = services.correct(own, pk=pk, reason=body.reason, actor=_actor(request), at=timezone.now())
    return Answer(201, declaration_out(row))
