"""Pages of the record book: the book, an entry, its form, its reversal, print, workbook, import."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.timezone import localtime
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wufei.apps import data_forms as forms
from wufei.apps.declarations import book, lists, selectors
from wufei.apps.declarations.models import BookEntry, EntryStatus
from wufei.apps.declarations.views import actor_of
from wufei.apps.registry.actors import actor_names
from wufei.apps.registry.listing import page_of, searched, shown_time, with_filters
from wufei.apps.registry.models import Site
from wufei.apps.spreadsheets import write_sheet
from wufei.apps.web import is_partial, uploaded_bytes, workbook_answer
from wufei.core.catalogue import methods, waste_codes
from wufei.core.findings import Finding, Refused
from wufei.core.form_fields import shown_value, tonnes_text
from wufei.core.record_book import ROLES, Table, books_of, tables

PRINTED = 1_000  # rows of one print view


def _chosen(request: HttpRequest) -> dict[str, str]:
    return {one.name: one.value for one in lists.entry_filters(request.GET.dict())}


@login_required
@require_safe
def entry_list(request: HttpRequest) -> HttpResponse:
    """The record books in sight."""
    filters = lists.entry_filters(request.GET.dict())
    rows = selectors.chosen_entries(request.user, _chosen(request))
    page = page_of(rows, lists.ENTRIES, request.GET.dict(), request.path)
    context = {
        "page": with_filters(page, filters),
        "filters": filters,
        "tab": "book",
        "export": "declarations:book-export",
        "print": "declarations:book-print",
        "sites": list(selectors.own_sites(request.user).order_by("name")[:200]),
    }
    template = "inc/_filtered_list.html" if is_partial(request) else "declarations/book.html"
    return render(request, template, context)


def _all_chosen(request: HttpRequest) -> Any:
    rows = selectors.chosen_entries(request.user, _chosen(request))
    return (
        searched(rows, lists.ENTRIES, request.GET.get("q", "")).select_related("site").order_by("occurred_at", "pk")
    )


@login_required
@require_safe
def book_export(request: HttpRequest) -> HttpResponse:
    """The chosen entries as a workbook; of one table in that table's own columns."""
    table = tables().get(request.GET.get("table", ""))
    found = _all_chosen(request).iterator(chunk_size=2000)
    if table is None:
        content = write_sheet("管理台账", lists.ENTRY_HEADER, (lists.entry_export(row) for row in found))
    else:
        cells = (lists.table_row(table, row) for row in found)
        content = write_sheet("管理台账", lists.table_header(table), cells)
    return workbook_answer(content, f"{table.name if table else '管理台账'}.xlsx")


@login_required
@require_safe
def book_print(request: HttpRequest) -> HttpResponse:
    """The chosen entries for paper, in the columns of the chosen table."""
    table = tables().get(request.GET.get("table", ""))
    rows = list(_all_chosen(request)[: PRINTED + 1])
    header = lists.table_header(table) if table else lists.ENTRY_HEADER
    cells = [
        lists.printed(lists.table_row(table, row) if table else lists.entry_export(row)) for row in rows[:PRINTED]
    ]
    context = {
        "title": table.name if table else "管理台账",
        "chosen": _chosen(request),
        "header": header,
        "rows": cells,
        "more": len(rows) > PRINTED,
        "tab": "book",
    }
    return render(request, "declarations/book_print.html", context)


@login_required
@require_safe
def entry_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One entry with what it posted and where it came from."""
    found = selectors.visible_entries(request.user).select_related("site", "reverses", "reversed_by")
    return render(request, "declarations/entry.html", _entry_context(request, get_object_or_404(found, pk=pk)))


def _entry_context(request: HttpRequest, entry: BookEntry) -> dict[str, Any]:
    table = tables().get(entry.table)
    fields = table.fields if table else ()
    may_write = selectors.may_write(request.user, entry.site)
    return {
        "entry": entry,
        "table": table,
        "tab": "book",
        "status": EntryStatus(entry.status).label,
        "fields": [(one.label, shown_value(one, entry.content.get(one.name))) for one in fields],
        "actor": actor_names(request.user, [entry.actor])[entry.actor],
        "recorded_at": shown_time(entry.recorded_at),
        "links": [(one, tonnes_text(one.mass_g)) for one in entry.links.all()],
        "sources": selectors.entries_by_number(entry, request.user),
        "reversed_by": getattr(entry, "reversed_by", None),
        "may_reverse": may_write and entry.status == EntryStatus.BOOKED,
    }


def _own_table(request: HttpRequest, site: str, table: str) -> tuple[Site, Table]:
    """The own site and the table that an address names; 404 where either is not for the person."""
    found = get_object_or_404(selectors.own_sites(request.user), code=site)
    form = tables().get(table)
    if form is None or form.derived:
        raise Http404
    return found, form


@login_required
@require_safe
def book_tables(request: HttpRequest, site: str) -> HttpResponse:
    """Choose the table of an own site to enter in."""
    found = get_object_or_404(selectors.own_sites(request.user), code=site)
    context = {"site": found, "books": books_of(found.category), "tab": "book"}
    return render(request, "declarations/book_tables.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def entry_new(request: HttpRequest, site: str, table: str) -> HttpResponse:
    """Enter one row of a table."""
    found, form = _own_table(request, site, table)
    now = localtime(timezone.now())
    values: dict[str, Any] = {"occurred_at": f"{now:%Y-%m-%dT%H:%M}", "waste_code": form.code}
    findings: list[Finding] = []
    if request.method == "POST":
        values = dict(forms.posted(form.fields, request.POST))
        given = request.POST.get("key", "")[:60]
        try:
            entry = book.book(
                site=found, table=form.table, values=values, actor=actor_of(request), at=timezone.now(),
                key=f"page:{request.user.pk}:{given}" if given else "",
            )  # fmt: skip
        except Refused as error:
            findings = error.findings
        else:
            messages.success(request, f"已登记，批次号 {entry.batch_no}。")
            return redirect("declarations:entry", entry.pk)
    context = {
        "site": found,
        "table": form,
        "role": ROLES[form.role],
        "key": request.POST.get("key") or uuid4(),
        "inputs": forms.inputs(form.fields, values),
        "findings": findings,
        "waste_codes": [row for row in waste_codes().values() if row.domain in form.domains],
        "methods": [row for row in methods().values() if form.bucket in {"", row.bucket}],
        "tab": "book",
    }
    return render(request, "declarations/entry_new.html", context, status=422 if findings else 200)


@login_required
@require_POST
def entry_reverse(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo an entry."""
    own = selectors.own_entries(request.user)
    try:
        reversal = book.reverse_entry(
            own, pk=pk, reason=request.POST.get("reason", ""), actor=actor_of(request), at=timezone.now()
        )
    except Refused as error:
        entry = get_object_or_404(own.select_related("site", "reverses", "reversed_by"), pk=pk)
        context = _entry_context(request, entry) | {"findings": error.findings}
        return render(request, "declarations/entry.html", context, status=422)
    messages.success(
        request, f"已冲销 {reversal.reverses.batch_no if reversal.reverses else ''}，请重新登记正确的记录。"
    )
    return redirect("declarations:entry", reversal.pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def book_import(request: HttpRequest, site: str, table: str) -> HttpResponse:
    """Entries from a file: check it, or book it; what is wrong is listed and nothing is kept."""
    found, form = _own_table(request, site, table)
    context: dict[str, object] = {"site": found, "table": form, "tab": "book"}
    status = 200
    if request.method == "POST":
        upload = request.FILES.get("file")
        if upload is None:
            context["missing"] = True
            return render(request, "declarations/book_import.html", context, status=422)
        name, now = upload.name or "", timezone.now()
        try:
            raw = uploaded_bytes(upload)
            if "check" in request.POST:
                context["checked"] = book.check_file(site=found, table=form.table, name=name, raw=raw, at=now)
            else:
                count = book.book_file(
                    site=found, table=form.table, name=name, raw=raw, actor=actor_of(request), at=now
                )
                messages.success(request, f"已登记 {count} 条记录。")
                return redirect("declarations:book")
        except Refused as error:
            context["findings"], status = error.findings[:500], 422
    return render(request, "declarations/book_import.html", context, status=status)


@login_required
@require_safe
def book_template(request: HttpRequest, site: str, table: str) -> HttpResponse:
    """An empty workbook with the heads of a table."""
    _, form = _own_table(request, site, table)
    return workbook_answer(write_sheet("台账", [one.label for one in form.fields], []), f"{form.name}-模板.xlsx")
