"""Pages of contracts and handling plans: lists, recording, files, ending, approval and return."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wufei.apps import data_forms as forms
from wufei.apps.declarations import agreements, lists, selectors
from wufei.apps.declarations.models import Contract, HandlingPlan
from wufei.apps.declarations.views import actor_of
from wufei.apps.registry.listing import page_of, searched, shown_time, with_filters
from wufei.apps.spreadsheets import write_sheet
from wufei.apps.web import is_partial, uploaded_bytes, workbook_answer
from wufei.core.agreements import (
    HANDLING_NAMES,
    ContractLine,
    contract_fields,
    contract_items,
    handling_fields,
    handling_sections,
)
from wufei.core.catalogue import methods, waste_codes
from wufei.core.findings import Finding, Refused
from wufei.core.form_fields import shown_value, tonnes_text
from wufei.core.intake import BadValue, parse_date

BLANK_ROWS = 2
BLANK_ROWS_MORE = 5


def _datalists(*domains: str) -> dict[str, Any]:
    return {
        "waste_codes": [row for row in waste_codes().values() if not domains or row.domain in domains],
        "methods": list(methods().values()),
    }


# --- Contracts ----------------------------------------------------------------------------------------------------


@login_required
@require_safe
def contract_list(request: HttpRequest) -> HttpResponse:
    """Contracts in sight."""
    rows = selectors.visible_contracts(request.user)
    begin = [(reverse("declarations:contract-new"), "登记合同")] if selectors.own_organisation(request.user) else []
    context = {
        "page": page_of(rows, lists.CONTRACTS, request.GET.dict(), request.path),
        "tab": "contracts",
        "export": "declarations:contracts-export",
        "begin": begin,
    }
    template = "inc/_filtered_list.html" if is_partial(request) else "declarations/agreements.html"
    return render(request, template, context)


@login_required
@require_safe
def contracts_export(request: HttpRequest) -> HttpResponse:
    """Contracts as a workbook, a row a waste."""
    rows = searched(selectors.visible_contracts(request.user), lists.CONTRACTS, request.GET.get("q", ""))
    found = rows.select_related("generator").order_by("pk").iterator(chunk_size=2000)
    cells = (line for row in found for line in lists.contract_rows(row))
    return workbook_answer(write_sheet("委托合同", lists.CONTRACT_HEADER, cells), "委托合同.xlsx")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def contract_new(request: HttpRequest) -> HttpResponse:
    """Record a contract of the own firm."""
    firm = selectors.own_organisation(request.user)
    if firm is None:
        raise Http404
    head: Mapping[str, Any] = {}
    items: Sequence[Mapping[str, Any]] = []
    findings: list[Finding] = []
    more = "more" in request.POST
    if request.method == "POST":
        head = forms.posted(contract_fields(), request.POST)
        items = forms.posted_rows(contract_items(), request.POST)
        upload = request.FILES.get("file")
        if not more:
            try:
                file = (upload.name or "", uploaded_bytes(upload)) if upload else None
                contract = agreements.record_contract(
                    generator=firm, head=head, items=items, actor=actor_of(request), at=timezone.now(), file=file
                )
            except Refused as error:
                findings = error.findings
            else:
                messages.success(request, f"已登记合同 {contract.number}。")
                return redirect("declarations:contract", contract.pk)
    blank = BLANK_ROWS_MORE if more else BLANK_ROWS
    context = {
        "title": "登记委托合同",
        "back": reverse("declarations:contracts"),
        "back_label": "委托合同",
        "submit": "登记",
        "with_file": True,
        "head": forms.inputs(contract_fields(), head),
        "sections": [("废物", forms.input_rows(contract_items(), items, blank))],
        "findings": findings,
        "tab": "contracts",
        **_datalists(),
    }
    return render(request, "declarations/agreement_new.html", context, status=422 if findings else 200)


def _contract(request: HttpRequest, pk: int) -> Contract:
    return get_object_or_404(selectors.visible_contracts(request.user).select_related("generator", "receiver"), pk=pk)


def _use_row(contract: Contract, line: ContractLine) -> dict[str, Any]:
    left = line.remaining_g
    return {
        "code": line.waste_code,
        "agreed": "—" if line.agreed_g is None else tonnes_text(line.agreed_g),
        "used": tonnes_text(line.used_g),
        "left": "—" if left is None else tonnes_text(left),
        "is_over": left is not None and left < 0,
        "url": f"{reverse('manifests:contract', args=[contract.pk])}?code={quote(line.waste_code)}",
    }


def _contract_context(request: HttpRequest, contract: Contract) -> dict[str, Any]:
    firm = selectors.own_organisation(request.user)
    return {
        "contract": contract,
        "heads": [one.label for one in contract_items()],
        "rows": [
            [(one.label, shown_value(one, item.get(one.name))) for one in contract_items()] for item in contract.items
        ],
        "uses": [_use_row(contract, line) for line in selectors.contract_lines_of(contract)],
        "may_end": firm is not None and firm.pk == contract.generator_id and contract.ended_on is None,
        "tab": "contracts",
    }


@login_required
@require_safe
def contract_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One contract."""
    return render(request, "declarations/contract.html", _contract_context(request, _contract(request, pk)))


@login_required
@require_safe
def contract_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The file of a contract, to be kept by the browser."""
    contract = _contract(request, pk)
    path = agreements.file_path(contract.file_sha256) if contract.file_sha256 else None
    if path is None or not path.exists():
        raise Http404
    disposition = content_disposition_header(as_attachment=True, filename=contract.file_name) or ""
    headers = {"Content-Disposition": disposition}
    return HttpResponse(path.read_bytes(), content_type="application/octet-stream", headers=headers)


@login_required
@require_POST
def contract_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a contract of the own firm early."""
    own = selectors.own_contracts(request.user)
    get_object_or_404(own, pk=pk)
    try:
        on = parse_date(request.POST.get("on", ""))
        agreements.end_contract(
            own, pk=pk, on=on, reason=request.POST.get("reason", ""), actor=actor_of(request), at=timezone.now()
        )
    except (Refused, BadValue) as error:
        findings = error.findings if isinstance(error, Refused) else [error.finding(None, "on")]
        context = _contract_context(request, _contract(request, pk)) | {"findings": findings}
        return render(request, "declarations/contract.html", context, status=422)
    messages.success(request, "已终止合同。")
    return redirect("declarations:contract", pk)


# --- Handling plans -----------------------------------------------------------------------------------------------


def _handling_rows(request: HttpRequest) -> Any:
    (status,) = lists.handling_filters(request.GET.dict())
    rows = selectors.visible_handling_plans(request.user)
    return rows.filter(status=status.value) if status.value in HANDLING_NAMES else rows


@login_required
@require_safe
def handling_list(request: HttpRequest) -> HttpResponse:
    """Handling plans in sight."""
    filters = lists.handling_filters(request.GET.dict())
    page = page_of(_handling_rows(request), lists.HANDLING_PLANS, request.GET.dict(), request.path)
    sites = selectors.building_sites(request.user)
    context = {
        "page": with_filters(page, filters),
        "filters": filters,
        "tab": "handling",
        "export": "declarations:handling-export",
        "begin": [(reverse("declarations:handling-new", args=[s.code]), f"报送方案：{s.name}") for s in sites],
    }
    template = "inc/_filtered_list.html" if is_partial(request) else "declarations/agreements.html"
    return render(request, template, context)


@login_required
@require_safe
def handling_export(request: HttpRequest) -> HttpResponse:
    """Handling plans as a workbook."""
    rows = searched(_handling_rows(request), lists.HANDLING_PLANS, request.GET.get("q", ""))
    found = rows.select_related("site").order_by("pk").iterator(chunk_size=2000)
    book = write_sheet("建筑垃圾处理方案", lists.HANDLING_HEADER, (lists.handling_export(row) for row in found))
    return workbook_answer(book, "建筑垃圾处理方案.xlsx")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def handling_new(request: HttpRequest, site: str) -> HttpResponse:
    """File the handling plan of an own site, or a new version that begins with the one before."""
    found = get_object_or_404(selectors.own_sites(request.user), code=site)
    newest = selectors.newest_handling_plan(found)
    before: Mapping[str, Any] = newest.content if newest else {}
    head: Mapping[str, Any] = before.get("head", {})
    tables: dict[str, Any] = {section.table: before.get(section.table, []) for section in handling_sections()}
    findings: list[Finding] = []
    more, reason = "more" in request.POST, request.POST.get("reason", "")
    if request.method == "POST":
        head = forms.posted(handling_fields(), request.POST)
        tables = {
            section.table: forms.posted_rows(section.fields, request.POST, f"{section.table}.")
            for section in handling_sections()
        }
        if not more:
            try:
                plan = agreements.submit_handling_plan(
                    site=found, head=head, tables=tables, reason=reason, actor=actor_of(request), at=timezone.now()
                )
            except Refused as error:
                findings = error.findings
            else:
                messages.success(request, f"已报送处理方案 {plan.number}，等待审批。")
                return redirect("declarations:handling-plan", plan.pk)
    blank = BLANK_ROWS_MORE if more else 1
    context = {
        "title": f"{found.name} 建筑垃圾处理方案",
        "back": reverse("declarations:handling-plans"),
        "back_label": "建筑垃圾处理方案",
        "submit": "报送",
        "ask_reason": newest is not None,
        "reason": reason,
        "head": forms.inputs(handling_fields(), head),
        "sections": [
            (section.name, forms.input_rows(section.fields, tables[section.table], blank, f"{section.table}."))
            for section in handling_sections()
        ],
        "findings": findings,
        "tab": "handling",
        **_datalists("construction"),
    }
    return render(request, "declarations/agreement_new.html", context, status=422 if findings else 200)


def _handling_context(request: HttpRequest, plan: HandlingPlan) -> dict[str, Any]:
    head = plan.content.get("head", {})
    return {
        "plan": plan,
        "status": HANDLING_NAMES[plan.status],
        "submitted_at": shown_time(plan.submitted_at),
        "decided_at": shown_time(plan.decided_at),
        "head": [(one.label, shown_value(one, head.get(one.name))) for one in handling_fields()],
        "sections": [
            (
                section.name,
                [one.label for one in section.fields],
                [
                    [shown_value(one, row.get(one.name)) for one in section.fields]
                    for row in plan.content.get(section.table, [])
                ],
            )
            for section in handling_sections()
        ],
        "may_decide": plan.status == "submitted" and selectors.reviews(request.user, "construction"),
        "may_change": selectors.may_write(request.user, plan.site) and plan.status != "superseded",
        "versions": [(one, HANDLING_NAMES[one.status]) for one in selectors.handling_versions(request.user, plan)],
        "tab": "handling",
    }


@login_required
@require_safe
def handling_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One version of a handling plan."""
    plan = get_object_or_404(selectors.visible_handling_plans(request.user).select_related("site"), pk=pk)
    return render(request, "declarations/handling.html", _handling_context(request, plan))


@login_required
@require_POST
def handling_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve or return a handling plan."""
    rows = selectors.decidable_handling_plans(request.user)
    approve = request.POST.get("decision") == "approve"
    reason = request.POST.get("reason", "")
    try:
        agreements.decide_handling_plan(
            rows, pk=pk, approve=approve, reason=reason, actor=actor_of(request), at=timezone.now()
        )
    except Refused as error:
        plan = get_object_or_404(rows.select_related("site"), pk=pk)
        context = _handling_context(request, plan) | {"findings": error.findings}
        return render(request, "declarations/handling.html", context, status=422)
    messages.success(request, "已批准。" if approve else "已退回。")
    return redirect("declarations:handling-plan", pk)
