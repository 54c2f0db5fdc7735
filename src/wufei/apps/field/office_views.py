"""Pages of the office about the field: what is to be cured, events, number blocks, phones, handler codes."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from wufei.apps.field import selectors, services
from wufei.apps.field.listing import LISTS
from wufei.apps.field.models import FieldOutcome
from wufei.apps.field.photos import content_type, photo_file
from wufei.apps.registry.listing import page_of
from wufei.apps.registry.models import User
from wufei.apps.registry.selectors import FIRM_ROLES
from wufei.apps.spreadsheets import write_sheet
from wufei.apps.web import is_partial, workbook_answer
from wufei.core.findings import Refused


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """The first list."""
    return redirect("field:list", "cures")


@require_safe
@login_required
def rows(request: HttpRequest, name: str) -> HttpResponse:
    """One page of one list."""
    if name not in LISTS:
        raise Http404
    chosen = LISTS[name]
    page = page_of(chosen.visible(request.user), chosen.listing, request.GET.dict(), request.path)
    tabs = [(key, entry.listing.title) for key, entry in LISTS.items()]
    context = {"page": page, "name": name, "tabs": tabs, "gives_codes": _gives_codes(request)}
    return render(request, "field/_list.html" if is_partial(request) else "field/list.html", context)


def _gives_codes(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.role in FIRM_ROLES


@require_safe
@login_required
def export(request: HttpRequest, name: str) -> HttpResponse:
    """All rows in sight as an Excel workbook."""
    if name not in LISTS:
        raise Http404
    chosen = LISTS[name]
    found = chosen.visible(request.user).select_related(*chosen.listing.joins).order_by("pk")
    header = [column.label for column in chosen.listing.columns]
    cells = (chosen.export_row(row) for row in found.iterator(chunk_size=2000))
    return workbook_answer(write_sheet(chosen.listing.title, header, cells), f"外业{chosen.listing.title}.xlsx")


def _settle(request: HttpRequest, outcome: FieldOutcome, user: User) -> str:
    """Do what the form asks; returns what to say."""
    at = timezone.now()
    deeds: dict[str, Callable[[], str]] = {
        "again": lambda: services.try_again(outcome, by=user, at=at),
        "number": lambda: services.give_new_number(outcome, by=user, at=at),
    }
    action = request.POST.get("action", "")
    if action == "aside":
        services.set_aside(outcome, reason=request.POST.get("reason", ""), by=user, at=at)
        return "已搁置，理由已记下。"
    if action not in deeds:
        raise Http404
    number = deeds[action]()
    return f"已处理，联单号 {number}。" if number != "-" else "已处理。"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def event(request: HttpRequest, pk: int) -> HttpResponse:
    """One event with its rivals; with POST it is settled."""
    found = selectors.event_view(request.user, pk)
    if found is None:
        raise Http404
    device = found.outcome.event.device
    may = selectors.may_settle(request.user, device)
    context: dict[str, object] = {"view": found, "may_settle": may and found.outcome.state != "applied"}
    status = 200
    if request.method == "POST":
        if not may or not isinstance(request.user, User):
            raise Http404
        try:
            messages.success(request, _settle(request, found.outcome, request.user))
            return redirect("field:event", pk)
        except Refused as error:
            context["findings"] = error.findings
            status = 422
    return render(request, "field/event.html", context, status=status)


@require_safe
@login_required
def picture(request: HttpRequest, pk: str, digest: str) -> HttpResponse | FileResponse:
    """A picture of an event in sight."""
    if not selectors.photo_in_sight(request.user, int(pk), digest):
        raise Http404
    return FileResponse(photo_file(digest).open("rb"), content_type=content_type(digest))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def block(request: HttpRequest, pk: int) -> HttpResponse:
    """One number block, number by number; with POST it is closed, or its open numbers are declared lost."""
    found = get_object_or_404(selectors.visible_blocks(request.user).select_related("device__organisation"), pk=pk)
    may = selectors.may_settle(request.user, found.device)
    context: dict[str, object] = {}
    status = 200
    if request.method == "POST":
        if not may or not isinstance(request.user, User):
            raise Http404
        at, actor = timezone.now(), request.user.username
        try:
            if request.POST.get("action") == "lose":
                lost = services.declare_lost(found, reason=request.POST.get("reason", ""), actor=actor, at=at)
                messages.success(request, f"已报失 {lost} 个号码。")
            else:
                services.close_block(found, actor=actor, at=at)
                messages.success(request, "号段已结清，证明已保存。")
            return redirect("field:block", pk)
        except Refused as error:
            context["findings"] = error.findings
            status = 422
    row = selectors.block_rows(selectors.visible_blocks(request.user).filter(pk=pk))[0]
    context |= {"row": row, "numbers": selectors.number_rows(found), "may_settle": may and not found.closed_at}
    return render(request, "field/block.html", context, status=status)


@require_safe
@login_required
def block_proof(request: HttpRequest, pk: int) -> HttpResponse:
    """The proof of a block: what was issued, and how each number ended. It is checked without the database."""
    found = get_object_or_404(selectors.visible_blocks(request.user).select_related("device"), pk=pk)
    return JsonResponse(services.proof_of(found), json_dumps_params={"ensure_ascii": False, "indent": 1})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def device(request: HttpRequest, pk: int) -> HttpResponse:
    """One phone: its person, whether its line is whole, its blocks; with POST its key is taken away."""
    joins = ("organisation", "user", "key")
    found = get_object_or_404(selectors.visible_devices(request.user).select_related(*joins), pk=pk)
    may = selectors.may_settle(request.user, found)
    context: dict[str, object] = {}
    status = 200
    if request.method == "POST":
        if not may or not isinstance(request.user, User):
            raise Http404
        try:
            services.revoke_device(found, by=request.user, reason=request.POST.get("reason", ""), at=timezone.now())
            messages.success(request, "这部手机已停用。")
            return redirect("field:device", pk)
        except Refused as error:
            context["findings"] = error.findings
            status = 422
    context |= {
        "device": found,
        "broken_at": selectors.line_break(found),
        "states": selectors.state_counts(found),
        "blocks": selectors.block_rows(selectors.visible_blocks(request.user).filter(device=found)),
        "may_settle": may and found.key.revoked_at is None,
    }
    return render(request, "field/device.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def codes(request: HttpRequest) -> HttpResponse:
    """Handler codes of the person's own firm; with POST new ones are made and shown once."""
    if not _gives_codes(request) or not isinstance(request.user, User):
        raise Http404
    context: dict[str, object] = {}
    status = 200
    if request.method == "POST":
        count = request.POST.get("count", "")
        try:
            context["made"] = services.make_codes(
                user=request.user,
                name=request.POST.get("name", "").replace("\0", ""),
                count=int(count) if count.isdecimal() and len(count) < 6 else 0,
                at=timezone.now(),
            )
        except Refused as error:
            context["findings"] = error.findings
            status = 422
    context["rows"] = selectors.visible_codes(request.user).select_related("used_by")[:100]
    return render(request, "field/codes.html", context, status=status)
