"""Pages of the management plans: list, filling in, filing, changing, returning, receipt, workbook."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wufei.apps import data_forms as forms
from wufei.apps.declarations import lists, plan_forms, plans, selectors, workbooks
from wufei.apps.declarations.models import ManagementPlan
from wufei.apps.registry.listing import Filter, page_of, searched, shown_time, with_filters
from wufei.apps.registry.models import Site, User
from wufei.apps.spreadsheets import write_sheet
from wufei.apps.web import is_partial, workbook_answer
from wufei.core.catalogue import methods, waste_codes
from wufei.core.findings import Finding, Refused
from wufei.core.form_fields import shown_value, tonnes_text
from wufei.core.ledger import local_day
from wufei.core.management_plan import STATUS_NAMES, Table, explain, grade_names, plan_due, tables_of

BLANK_ROWS = 2


def actor_of(request: HttpRequest) -> str:
    """The name under which a fact is recorded."""
    assert isinstance(request.user, User)
    return request.user.username


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The first list."""
    return redirect("declarations:plans")


def _filtered(request: HttpRequest, filters: tuple[Filter, ...]) -> Any:
    rows = selectors.visible_plans(request.user)
    for one in filters:
        if one.value in {value for value, _ in one.options}:
            rows = rows.filter(**{one.name: one.value})
    return rows


@login_required
@require_safe
def plan_list(request: HttpRequest) -> HttpResponse:
    """Management plans in sight."""
    today = local_day(timezone.now())
    filters = lists.plan_filters(request.GET.dict(), range(today.year + 1, today.year - 4, -1))
    page = page_of(_filtered(request, filters), lists.PLANS, request.GET.dict(), request.path)
    context = {
        "page": with_filters(page, filters),
        "filters": filters,
        "tab": "plans",
        "export": "declarations:plans-export",
        "may_begin": selectors.own_sites(request.user).exists(),
    }
    template = "inc/_filtered_list.html" if is_partial(request) else "declarations/plans.html"
    return render(request, template, context)


@login_required
@require_safe
def plans_export(request: HttpRequest) -> HttpResponse:
    """All plans in sight, filtered and searched as the list, as a workbook."""
    today = local_day(timezone.now())
    filters = lists.plan_filters(request.GET.dict(), range(today.year + 1, today.year - 4, -1))
    rows = searched(_filtered(request, filters), lists.PLANS, request.GET.get("q", ""))
    found = rows.select_related("site", "site__organisation").order_by("pk").iterator(chunk_size=2000)
    book = write_sheet("管理计划", lists.PLAN_HEADER, (lists.plan_export(row) for row in found))
    return workbook_answer(book, "管理计划.xlsx")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def plan_new(request: HttpRequest) -> HttpResponse:
    """Begin a plan: choose one of the own sites and the year."""
    own = selectors.own_sites(request.user).order_by("name")
    if not own.exists():
        raise Http404
    today = local_day(timezone.now())
    context: dict[str, object] = {"sites": list(own[:500]), "years": selectors.plan_years(today), "tab": "plans"}
    if request.method == "POST":
        site: Site = get_object_or_404(own, pk=number_of(request.POST.get("site", "")))
        year = number_of(request.POST.get("year", ""))
        try:
            plan = plans.start_plan(site=site, year=year, actor=actor_of(request), at=timezone.now())
        except Refused as error:
            context["findings"] = error.findings
            return render(request, "declarations/plan_new.html", context, status=422)
        return redirect("declarations:plan", plan.pk)
    return render(request, "declarations/plan_new.html", context)


def number_of(text: str) -> int:
    """A whole number of an address or form; 0 where it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 15 else 0


@dataclass(frozen=True, slots=True)
class TableView:
    """One table of a plan as its page shows it."""

    table: Table
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def table_views(plan: ManagementPlan) -> list[TableView]:
    """The tables that the plan's grade fills, in words."""
    return [
        TableView(
            table,
            tuple(one.label for one in table.fields),
            tuple(
                tuple(shown_value(one, row.get(one.name)) for one in table.fields)
                for row in plan.content.get(table.table, [])
            ),
        )
        for table in tables_of(plan.grade)
    ]


@login_required
@require_safe
def plan_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One version of a plan."""
    plan = get_object_or_404(
        selectors.visible_plans(request.user).select_related("site", "site__organisation"), pk=pk
    )
    return render(request, "declarations/plan.html", _plan_context(request, plan))


def _plan_context(request: HttpRequest, plan: ManagementPlan) -> dict[str, Any]:
    may_write = selectors.may_write(request.user, plan.site)
    return {
        "plan": plan,
        "tab": "plans",
        "status": STATUS_NAMES[plan.status],
        "grade": grade_names()[plan.grade],
        "explained": explain(plans.basis(plan), plan.grade, on=date(plan.year, 1, 1)),
        "due": plan_due(plan.year),
        "filed_at": shown_time(plan.filed_at),
        "tables": table_views(plan),
        "transfers": [
            (row, tonnes_text(row.planned_g), tonnes_text(row.used_g), tonnes_text(row.remaining_g))
            for row in selectors.transfers_of_plan(plan)
        ],
        "may_edit": may_write and plan.status == "draft",
        "may_change": may_write and plan.status in {"filed", "returned"},
        "may_return": plan.status == "filed" and selectors.reviews(request.user, "hazardous"),
        "open": plans.findings_of(plan) if may_write and plan.status == "draft" else [],
        "versions": [(row, STATUS_NAMES[row.status]) for row in selectors.versions_of(request.user, plan)],
    }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def plan_edit(request: HttpRequest, pk: int, table: str) -> HttpResponse:
    """Fill in one table of a draft."""
    plan = get_object_or_404(selectors.own_plans(request.user).select_related("site"), pk=pk, status="draft")
    asked = tables_of(plan.grade)
    chosen = next((one for one in asked if one.table == table), None)
    if chosen is None:
        raise Http404
    rows: list[Any] = plan.content.get(table, [])
    findings: list[Finding] = []
    if request.method == "POST":
        rows = forms.posted_rows(chosen.fields, request.POST)
        try:
            plan = plans.save_plan(
                selectors.own_plans(request.user), pk=pk, rows={table: rows}, actor=actor_of(request),
                at=timezone.now(),
            )  # fmt: skip
        except Refused as error:
            findings = error.findings
        else:
            names = [one.table for one in tables_of(plan.grade)]
            if "more" in request.POST or table not in names:
                return redirect("declarations:plan-edit", pk, table if table in names else "basis")
            after = names[names.index(table) + 1 :]
            messages.success(request, f"已保存“{chosen.name}”。")
            return redirect("declarations:plan-edit", pk, after[0]) if after else redirect("declarations:plan", pk)
    blank = BLANK_ROWS if chosen.repeats else int(not rows)
    context = {
        "plan": plan,
        "table": chosen,
        "tables": asked,
        "rows": forms.input_rows(chosen.fields, rows, blank),
        "findings": findings,
        "waste_codes": hazardous_codes(),
        "methods": list(methods().values()),
        "tab": "plans",
    }
    return render(request, "declarations/plan_edit.html", context, status=422 if findings else 200)


def hazardous_codes() -> list[Any]:
    """The codes that a plan may name."""
    return [row for row in waste_codes().values() if row.domain == "hazardous"]


@login_required
@require_POST
def plan_file(request: HttpRequest, pk: int) -> HttpResponse:
    """File a draft."""
    try:
        plan = plans.file_plan(selectors.own_plans(request.user), pk=pk, actor=actor_of(request), at=timezone.now())
    except Refused as error:
        found = get_object_or_404(
            selectors.own_plans(request.user).select_related("site", "site__organisation"), pk=pk
        )
        context = _plan_context(request, found) | {"findings": error.findings}
        return render(request, "declarations/plan.html", context, status=422)
    messages.success(request, f"已备案，备案号 {plan.number}。")
    return redirect("declarations:plan-receipt", pk)


@login_required
@require_POST
def plan_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a new version."""
    own = selectors.own_plans(request.user)
    try:
        draft = plans.change_plan(
            own, pk=pk, reason=request.POST.get("reason", ""), actor=actor_of(request), at=timezone.now()
        )
    except Refused as error:
        return _refused(request, pk, error)
    messages.success(request, "已建立变更草稿；备案前原版本继续有效。")
    return redirect("declarations:plan", draft.pk)


@login_required
@require_POST
def plan_return(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a filed plan back."""
    rows = selectors.reviewable_plans(request.user)
    try:
        plans.return_plan(
            rows, pk=pk, reason=request.POST.get("reason", ""), actor=actor_of(request), at=timezone.now()
        )
    except Refused as error:
        return _refused(request, pk, error)
    messages.success(request, "已退回，单位可以看到原因。")
    return redirect("declarations:plan", pk)


def _refused(request: HttpRequest, pk: int, error: Refused) -> HttpResponse:
    found = get_object_or_404(
        selectors.visible_plans(request.user).select_related("site", "site__organisation"), pk=pk
    )
    context = _plan_context(request, found) | {"findings": error.findings}
    return render(request, "declarations/plan.html", context, status=422)


@login_required
@require_safe
def plan_receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """The receipt of a filed version."""
    plan = get_object_or_404(
        selectors.visible_plans(request.user).exclude(number="").select_related("site", "site__organisation"), pk=pk
    )
    context = {
        "plan": plan,
        "grade": grade_names()[plan.grade],
        "status": STATUS_NAMES[plan.status],
        "filed_at": shown_time(plan.filed_at),
        "due": plan_due(plan.year),
        "tab": "plans",
    }
    return render(request, "declarations/plan_receipt.html", context)


@login_required
@require_safe
def plan_export(request: HttpRequest, pk: int) -> HttpResponse:
    """The tables of one version as a workbook; personal data are in it for the site's own people alone."""
    plan, unmask = _plan_to_take(request, pk)
    return workbook_answer(workbooks.plan_workbook(plan, unmask=unmask), _plan_file(plan, "xlsx"))


@login_required
@require_safe
def plan_print(request: HttpRequest, pk: int) -> HttpResponse:
    """The same as PDF, to sign and to file."""
    plan, unmask = _plan_to_take(request, pk)
    printed_at = f"{timezone.localtime(timezone.now()):%Y-%m-%d %H:%M}"
    content = plan_forms.plan_pdf(plan, unmask=unmask, printed_at=printed_at)
    disposition = content_disposition_header(as_attachment=False, filename=_plan_file(plan, "pdf")) or ""
    return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": disposition})


def _plan_to_take(request: HttpRequest, pk: int) -> tuple[ManagementPlan, bool]:
    """The plan in sight, and whether the reader is told personal data in full."""
    rows = selectors.visible_plans(request.user).select_related("site", "site__organisation")
    plan = get_object_or_404(rows, pk=pk)
    return plan, selectors.may_write(request.user, plan.site)


def _plan_file(plan: ManagementPlan, ending: str) -> str:
    return f"管理计划-{plan.site.name}-{plan.year}-第{plan.version}版.{ending}"
