"""Pages of the periodic declarations: list, generating, confirming, correcting, Excel, PDF."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.timezone import localtime
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wufei.apps.declarations import declaration_forms, lists, periodic, selectors, site_books
from wufei.apps.declarations.models import Declaration, DeclarationStatus
from wufei.apps.declarations.views import actor_of, number_of
from wufei.apps.registry.listing import page_of, searched, shown_time, with_filters
from wufei.apps.spreadsheets import write_sheet
from wufei.apps.web import is_partial, workbook_answer
from wufei.core.declaration import as_rows, forms, parse_period
from wufei.core.findings import Refused


def _chosen(request: HttpRequest) -> dict[str, str]:
    return {one.name: one.value for one in lists.declaration_filters(request.GET.dict())}


@login_required
@require_safe
def declaration_list(request: HttpRequest) -> HttpResponse:
    """Periodic declarations in sight."""
    filters = lists.declaration_filters(request.GET.dict())
    rows = selectors.chosen_declarations(request.user, _chosen(request))
    page = page_of(rows, lists.DECLARATIONS, request.GET.dict(), request.path)
    context = {
        "page": with_filters(page, filters),
        "filters": filters,
        "tab": "periods",
        "export": "declarations:declarations-export",
        "may_begin": selectors.own_sites(request.user).exists(),
    }
    template = "inc/_filtered_list.html" if is_partial(request) else "declarations/declarations.html"
    return render(request, template, context)


@login_required
@require_safe
def declarations_export(request: HttpRequest) -> HttpResponse:
    """The chosen declarations as a workbook."""
    rows = selectors.chosen_declarations(request.user, _chosen(request))
    rows = searched(rows, lists.DECLARATIONS, request.GET.get("q", ""))
    found = rows.select_related("site", "site__organisation").order_by("pk").iterator(chunk_size=2000)
    book = write_sheet("定期申报", lists.DECLARATION_HEADER, (lists.declaration_export(row) for row in found))
    return workbook_answer(book, "定期申报.xlsx")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def declaration_new(request: HttpRequest) -> HttpResponse:
    """Generate a declaration of an own site."""
    own = selectors.own_sites(request.user).order_by("name")
    if not own.exists():
        raise Http404
    today = localtime(timezone.now())
    last_month = f"{today.year - (today.month == 1)}-{(today.month - 2) % 12 + 1:02}"
    context: dict[str, object] = {
        "sites": list(own[:500]), "forms": list(forms().values()), "period": last_month, "tab": "periods",
        "asked": request.POST.dict(),
    }  # fmt: skip
    if request.method == "POST":
        site = get_object_or_404(own, pk=number_of(request.POST.get("site", "")))
        form, period = request.POST.get("form", ""), request.POST.get("period", "").strip()
        try:
            row = periodic.generate(site=site, form=form, period=period, actor=actor_of(request), at=timezone.now())
        except Refused as error:
            context["findings"] = error.findings
            return render(request, "declarations/declaration_new.html", context, status=422)
        return redirect("declarations:declaration", row.pk)
    return render(request, "declarations/declaration_new.html", context)


def _row(request: HttpRequest, pk: int) -> Declaration:
    found = selectors.visible_declarations(request.user).select_related("site", "site__organisation")
    return get_object_or_404(found, pk=pk)


@login_required
@require_safe
def declaration_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One version of a declaration."""
    return render(request, "declarations/declaration.html", _context(request, _row(request, pk)))


def _context(request: HttpRequest, row: Declaration) -> dict[str, Any]:
    may_write = selectors.may_write(request.user, row.site)
    period = parse_period(row.period)
    assert period is not None
    confirmed = row.status == DeclarationStatus.CONFIRMED
    changed = (
        may_write and confirmed and as_rows(site_books.period_lines(row.site, forms()[row.form], period)) != row.lines
    )
    return {
        "row": row,
        "tab": "periods",
        "title": declaration_forms.title_of(row),
        "period": period.name,
        "status": DeclarationStatus(row.status).label,
        "confirmed_at": shown_time(row.confirmed_at),
        "heads": declaration_forms.HEADS,
        "lines": declaration_forms.rows_of(row),
        "total": declaration_forms.total_cells(row),
        "may_confirm": may_write and row.status == DeclarationStatus.GENERATED,
        "may_correct": may_write and confirmed,
        "may_adopt": may_write and any(finding["code"] == "book_differs" for finding in row.findings),
        "has_changed": changed,
        "versions": [
            (one, DeclarationStatus(one.status).label) for one in selectors.declaration_versions(request.user, row)
        ],
    }


@login_required
@require_POST
def declaration_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm a declaration."""
    own, note = selectors.own_declarations(request.user), request.POST.get("note", "")
    try:
        periodic.confirm(own, pk=pk, note=note, actor=actor_of(request), at=timezone.now())
    except Refused as error:
        context = _context(request, _row(request, pk)) | {"refused": error.findings, "note": note}
        return render(request, "declarations/declaration.html", context, status=422)
    messages.success(request, "已确认报出。")
    return redirect("declarations:declaration", pk)


@login_required
@require_POST
def declaration_adopt(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter in the book what other documents booked, and generate anew."""
    own = selectors.own_declarations(request.user)
    try:
        row, made = periodic.adopt(own, pk=pk, actor=actor_of(request), at=timezone.now())
    except Refused as error:
        context = _context(request, _row(request, pk)) | {"refused": error.findings}
        return render(request, "declarations/declaration.html", context, status=422)
    messages.success(request, f"已补入台账 {made} 条，并重新生成。")
    return redirect("declarations:declaration", row.pk)


@login_required
@require_POST
def declaration_correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a correction."""
    own, reason = selectors.own_declarations(request.user), request.POST.get("reason", "")
    try:
        row = periodic.correct(own, pk=pk, reason=reason, actor=actor_of(request), at=timezone.now())
    except Refused as error:
        context = _context(request, _row(request, pk)) | {"refused": error.findings}
        return render(request, "declarations/declaration.html", context, status=422)
    messages.success(request, "已按现在的账目生成更正版，请核对后确认。")
    return redirect("declarations:declaration", row.pk)


def _file_name(row: Declaration, suffix: str) -> str:
    return f"{declaration_forms.title_of(row)}-{row.site.name}-{row.period}.{suffix}"


@login_required
@require_safe
def declaration_export(request: HttpRequest, pk: int) -> HttpResponse:
    """The form as Excel."""
    row = _row(request, pk)
    return workbook_answer(declaration_forms.workbook_of(row), _file_name(row, "xlsx"))


@login_required
@require_safe
def declaration_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The form as PDF."""
    row = _row(request, pk)
    content = declaration_forms.pdf_of(row, printed_at=f"{localtime(timezone.now()):%Y-%m-%d %H:%M}")
    disposition = content_disposition_header(as_attachment=False, filename=_file_name(row, "pdf")) or ""
    return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": disposition})
