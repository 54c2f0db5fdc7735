"""Pages of the ledger. The same address answers a browser with the page and HTMX with the table alone."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from wufei.apps.ledger import listing, selectors
from wufei.apps.ledger.balance_page import balance_page
from wufei.apps.ledger.files import post_file
from wufei.apps.ledger.models import HolderRecord
from wufei.apps.registry.listing import page_of
from wufei.apps.registry.models import User
from wufei.apps.spreadsheets import XLSX, write_sheet
from wufei.apps.web import uploaded_bytes
from wufei.core.findings import Refused
from wufei.core.ledger_file import columns
from wufei.core.ledger_rules import day_date, field_names, kinds

EXPORT_MOST = 100_000  # rows of one workbook


def _is_partial(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Holders in sight."""
    page = page_of(selectors.visible_holders(request.user), listing.HOLDERS, request.GET.dict(), request.path)
    context = {"page": page, "tab": "holders", "may_post": selectors.may_post(request.user)}
    return render(request, "ledger/_list.html" if _is_partial(request) else "ledger/list.html", context)


@login_required
@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    """Balances of all accounts in sight that hold something."""
    rows = selectors.visible_accounts(request.user).exclude(balance_g=0)
    page = page_of(rows, listing.ACCOUNTS, request.GET.dict(), request.path)
    context = {"page": page, "tab": "accounts", "may_post": selectors.may_post(request.user)}
    return render(request, "ledger/_list.html" if _is_partial(request) else "ledger/list.html", context)


@login_required
@require_safe
def holder(request: HttpRequest, key: str) -> HttpResponse:
    """One holder: what it holds and its last movements."""
    found = get_object_or_404(selectors.visible_holders(request.user), key=key)
    context = {
        "holder": found,
        "closed": day_date(found.closed_through) if found.closed_through else None,
        "category": listing.category_names().get(found.category, found.category),
        "balances": [(row, listing.tonnes(row.balance_g)) for row in selectors.balances(holder=key)],
        "list": listing.movement_page(_only(request, key), request.GET.dict(), request.path),
        "kinds": kinds().values(),
        "asked": request.GET,
        "export_url": f"{listing.movements_export_url()}?{urlencode({'holder': key})}",
    }
    return render(request, "ledger/_movements.html" if _is_partial(request) else "ledger/holder.html", context)


def _only(request: HttpRequest, key: str) -> QuerySet[HolderRecord]:
    """The holders in sight, or the one that is asked for: 404 where it is not among them."""
    visible = selectors.visible_holders(request.user)
    if not key:
        return visible
    get_object_or_404(visible, key=key)
    return visible.filter(key=key)


@login_required
@require_safe
def movements(request: HttpRequest) -> HttpResponse:
    """Movements from or to the holders in sight."""
    holders = _only(request, request.GET.get("holder", ""))
    context = {
        "list": listing.movement_page(holders, request.GET.dict(), request.path),
        "kinds": kinds().values(),
        "asked": request.GET,
        "tab": "movements",
        "may_post": selectors.may_post(request.user),
        "export_url": f"{listing.movements_export_url()}?{request.GET.urlencode()}",
    }
    return render(request, "ledger/_movements.html" if _is_partial(request) else "ledger/movements.html", context)


@login_required
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The movements of the list, with its filters, as an Excel workbook."""
    asked = {name: value for name, value in request.GET.dict().items() if name != "after"}
    lines = listing.movements(_only(request, asked.get("holder", "")), listing.Wanted.of(asked))
    name = "记账明细.xlsx"

    def rows() -> Iterator[tuple[str | int | None, ...]]:
        nonlocal name
        yield from (listing.export_row(line) for line in islice(lines, EXPORT_MOST))
        if next(lines, None) is not None:
            name = f"记账明细（前{EXPORT_MOST}笔）.xlsx"
            yield (f"只导出了前 {EXPORT_MOST} 笔，后面还有：请用日期等条件筛选，分几次导出。",)

    answer = HttpResponse(write_sheet("记账明细", listing.EXPORT_HEADER, rows()), content_type=XLSX)
    answer.headers["Content-Disposition"] = content_disposition_header(True, name) or ""
    return answer


@login_required
@require_safe
def mass_balance(request: HttpRequest) -> HttpResponse:
    """The balance identity of a place in sight."""
    page = balance_page(request.user, request.GET.dict(), today=timezone.localdate())
    if page is None:
        raise Http404
    return render(
        request,
        "ledger/mass_balance.html",
        {"page": page, "tab": "balance", "may_post": selectors.may_post(request.user)},
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Hand in a ledger file: all of it is booked, or nothing, with everything that is wrong."""
    user = request.user
    if not isinstance(user, User) or not selectors.may_post(user):
        raise Http404
    context: dict[str, object] = {"columns": columns(), "tab": "upload", "may_post": True}
    status = 200
    if request.method == "POST":
        given = request.FILES.get("file")
        if given is None:
            return render(request, "ledger/upload.html", {**context, "missing": True}, status=422)
        context["file_name"] = given.name
        own = set(selectors.visible_holders(user).values_list("key", flat=True))
        try:
            context["receipt"] = post_file(
                given.name or "",
                uploaded_bytes(given),
                actor=user.get_username(),
                recorded_at=timezone.now(),
                own=own,
            )
        except Refused as refused:
            names = field_names()
            context["findings"] = [replace(f, field=names.get(f.field, f.field)) for f in refused.findings]
            status = 422
    return render(request, "ledger/upload.html", context, status=status)
