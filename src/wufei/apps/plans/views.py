"""Pages of the four lists. The same address answers a browser with the page and HTMX with the part that changes."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from wufei.apps.plans import labels, selectors
from wufei.apps.plans.details import row_detail
from wufei.apps.plans.lists import Filters, filtered_pack, list_page
from wufei.apps.plans.spreadsheet import workbook_bytes
from wufei.apps.web import address, is_partial, workbook_answer


def _known(name: str) -> str:
    if name not in labels.PAGES:
        raise Http404
    return name


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
    template = "plans/_list.html" if is_partial(request) else "plans/list.html"
    here = reverse("plans:list", args=[division, name])
    chosen = filters.chosen()
    context = {
        "page": page,
        "first_url": address(here, chosen),
        "next_url": address(here, {**chosen, "after": page.next_after}),
        "export_url": address(reverse("plans:export", args=[division, name]), chosen),
    }
    return render(request, template, context)


@login_required
@require_safe
def export(request: HttpRequest, division: str, name: str) -> HttpResponse:
    """The chosen rows of one list as an Excel file."""
    pack = filtered_pack(request.user, division, _known(name), Filters.of(request.GET.dict()))
    if pack is None:
        raise Http404
    return workbook_answer(workbook_bytes(pack, [name]), f"{pack.place}{labels.PAGES[name]}.xlsx")


@login_required
@require_safe
def row(request: HttpRequest, division: str, name: str, key: str) -> HttpResponse:
    """One row with its place in the source document."""
    detail = row_detail(request.user, division, _known(name), key) if "\0" not in division + key else None
    if detail is None:
        raise Http404
    return render(request, "plans/_row.html" if is_partial(request) else "plans/row.html", {"row": detail})
