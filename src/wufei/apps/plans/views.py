"""Pages of the four lists. The same address answers a browser with the page and HTMX with the part that changes."""

from collections.abc import Mapping
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from wufei.apps.plans import labels, selectors
from wufei.apps.plans.details import row_detail
from wufei.apps.plans.lists import Filters, filtered_pack, list_page
from wufei.apps.plans.spreadsheet import workbook_bytes

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _known(name: str) -> str:
    if name not in labels.PAGES:
        raise Http404
    return name


def _address(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _partial(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The plans that the person sees, with their four lists."""
    if not selectors.sees_plans(request.user):
        raise Http404
    return render(request, "plans/index.html", {"plans": selectors.overview(request.user)})


@login_required
@require_safe
def list_rows(request: HttpRequest, division: str, name: str) -> HttpResponse:
    """One page of one list."""
    filters = Filters.of(request.GET.dict())
    page = list_page(request.user, division, _known(name), filters, today=timezone.localdate())
    if page is None:
        raise Http404
    template = "plans/_list.html" if _partial(request) else "plans/list.html"
    here = reverse("plans:list", args=[division, name])
    chosen = {key: value for key, value in filters.chosen().items() if key != "after"}
    context = {
        "page": page,
        "first_url": _address(here, chosen),
        "next_url": _address(here, {**chosen, "after": page.next_after}),
        "export_url": _address(reverse("plans:export", args=[division, name]), chosen),
    }
    return render(request, template, context)


@login_required
@require_safe
def export(request: HttpRequest, division: str, name: str) -> HttpResponse:
    """The chosen rows of one list as an Excel file."""
    pack = filtered_pack(request.user, division, _known(name), Filters.of(request.GET.dict()))
    if pack is None:
        raise Http404
    file_name = f"{pack.place}{labels.PAGES[name]}.xlsx"
    headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=file_name) or ""}
    return HttpResponse(workbook_bytes(pack, [name]), content_type=XLSX, headers=headers)


@login_required
@require_safe
def row(request: HttpRequest, division: str, name: str, key: str) -> HttpResponse:
    """One row with its place in the source document."""
    detail = row_detail(request.user, division, _known(name), key) if "\0" not in division + key else None
    if detail is None:
        raise Http404
    return render(request, "plans/_row.html" if _partial(request) else "plans/row.html", {"row": detail})
