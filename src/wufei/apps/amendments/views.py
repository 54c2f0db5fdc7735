"""Pages of amendments and correction requests. A page first lets silence take effect on what is due."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from wufei.apps.amendments import asking, listing, selectors, services
from wufei.apps.amendments import corrections as requests
from wufei.apps.amendments.models import RequestStatus
from wufei.apps.registry.listing import page_of, with_filters
from wufei.apps.registry.models import User
from wufei.apps.signatures.services import Evidence
from wufei.apps.spreadsheets import write_sheet
from wufei.apps.web import is_partial, uploaded_bytes, workbook_answer
from wufei.core.amendment import Choice
from wufei.core.findings import Refused

BIGGEST_ID = 2**63
MOST_POINTERS = 50


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # login_required stands before
    return request.user


def _known(pk: int) -> int:
    if pk >= BIGGEST_ID:
        raise Http404
    return pk


def _tell(request: HttpRequest, refused: Refused) -> None:
    for finding in refused.findings:
        messages.error(request, finding.what + finding.remedy)


def _posted(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\0", "")


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Amendments that wait for my answer, or all in sight (``?show=all``); HTMX asks for the table alone."""
    asked = request.GET.dict()
    filters = listing.amendment_filters(asked)
    show_all = asked.get("show") == "all"
    shown = listing.amendments(timezone.now(), only_waiting=not show_all)
    page = page_of(listing.chosen_amendments(_user(request), asked), shown, asked, request.path)
    context = {
        "page": with_filters(page, filters),
        "filters": filters,
        "export": "amendments:export",
        "searches": _("文件编号、单位"),
        "cards": True,
        "tab": "all" if show_all else "waiting",
    }
    return render(request, "inc/_filtered_list.html" if is_partial(request) else "amendments/index.html", context)


@login_required
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The chosen amendments as a workbook."""
    rows = listing.chosen_amendments(_user(request), request.GET.dict())
    found = rows.select_related("organisation", "requested_by").order_by("pk").iterator(chunk_size=2000)
    cells = (listing.amendment_export(row) for row in found)
    return workbook_answer(write_sheet("更正申请", listing.AMENDMENT_HEADER, cells), "更正申请.xlsx")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One amendment: what is to change, who has answered; answer, withdraw, decide."""
    user, at = _user(request), timezone.now()
    row = get_object_or_404(selectors.visible_amendments(user), pk=_known(pk))
    if request.method == "POST":
        services.settle_due(at, subject=row.subject)
        try:
            _act(request, pk)
            messages.success(request, _("已办理。"))
        except Refused as refused:
            _tell(request, refused)
        return redirect("amendments:detail", pk)
    return render(request, "amendments/detail.html", {"row": selectors.amendment_detail(user, pk, at=at)})


def _act(request: HttpRequest, pk: int) -> None:
    user, at = _user(request), timezone.now()
    comment = _posted(request, "comment")
    action = request.POST.get("action", "")
    if action in {"agree", "reject"}:
        services.answer_amendment(pk, user=user, choice=Choice(action), at=at, comment=comment)
    elif action in {"decide_agree", "decide_reject"}:
        choice = Choice(action.removeprefix("decide_"))
        services.decide_amendment(pk, user=user, choice=choice, at=at, comment=comment)
    elif action == "withdraw":
        services.withdraw_amendment(pk, user=user, at=at)
    else:
        raise Http404


@login_required
@require_safe
def evidence(request: HttpRequest, pk: int) -> HttpResponse:
    """The file that came with an amendment."""
    rows = selectors.visible_amendments(request.user).select_related("evidence")
    file = get_object_or_404(rows, pk=_known(pk)).evidence
    if file is None:
        raise Http404
    headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=file.name) or ""}
    return HttpResponse(bytes(file.content), content_type=file.content_type, headers=headers)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Ask to change places of a document: ``?subject=…&pointer=…`` (several)."""
    user = _user(request)
    subject = request.GET.get("subject", "")[:120]
    pointers, typed = request.GET.getlist("pointer")[:MOST_POINTERS], asking.typed_of(request.POST)
    page = asking.ask_page(user, subject, pointers, typed)
    if page is None:
        raise Http404
    context: dict[str, Any] = {"page": page, "slot": _posted(request, "slot"), "reason": _posted(request, "reason")}
    if request.method != "POST" or "edit" in request.POST:
        return render(request, "amendments/ask.html", context)
    if "preview" in request.POST:
        return _preview(request, context, pointers, typed)
    try:
        file = request.FILES.get("evidence")
        new = services.NewAmendment(
            subject=subject,
            changes=asking.changes_of(user, subject, typed),
            slot=_posted(request, "slot"),
            reason=context["reason"],
            evidence=Evidence(file.name or "", uploaded_bytes(file)) if file else None,
        )
        row = services.request_amendment(new, user=user, at=timezone.now())
    except Refused as refused:
        context |= {"findings": refused.findings}
        return _preview(request, context, pointers, typed)
    messages.success(request, _("更正申请已提交。"))
    return redirect("amendments:detail", row.pk)


def _preview(
    request: HttpRequest, context: dict[str, Any], pointers: list[str], typed: dict[str, str]
) -> HttpResponse:
    """What is about to be signed; the form again where what was typed cannot be asked for at all."""
    user, subject = _user(request), request.GET.get("subject", "")[:120]
    status = 422 if context.get("findings") else 200
    try:
        context["preview"] = asking.preview_page(user, subject, typed, context["slot"], timezone.now())
    except Refused as refused:
        page = asking.ask_page(user, subject, pointers, typed, refused.findings)
        context |= {"findings": refused.findings, "page": page}
        return render(request, "amendments/ask.html", context, status=422)
    return render(request, "amendments/preview.html", context, status=status)


# --- Correction requests ------------------------------------------------------------------------------------------


@login_required
@require_safe
def corrections(request: HttpRequest) -> HttpResponse:
    """Correction requests to my firm, or of my place; HTMX asks for the table alone."""
    asked, at = request.GET.dict(), timezone.now()
    filters = listing.correction_filters(asked)
    rows = listing.chosen_corrections(_user(request), asked, at=at)
    context = {
        "page": with_filters(page_of(rows, listing.corrections(at), asked, request.path), filters),
        "filters": filters,
        "export": "amendments:corrections-export",
        "searches": _("文件编号、单位"),
        "cards": True,
    }
    return render(
        request, "inc/_filtered_list.html" if is_partial(request) else "amendments/corrections.html", context
    )


@login_required
@require_safe
def corrections_export(request: HttpRequest) -> HttpResponse:
    """The chosen correction requests as a workbook."""
    at = timezone.now()
    rows = listing.chosen_corrections(_user(request), request.GET.dict(), at=at)
    found = rows.select_related("organisation", "department", "requested_by").order_by("pk").iterator(chunk_size=2000)
    cells = (listing.correction_export(row, at) for row in found)
    return workbook_answer(write_sheet("更正要求", listing.CORRECTION_HEADER, cells), "更正要求.xlsx")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask_correction(request: HttpRequest) -> HttpResponse:
    """The office asks a firm to correct a document: ``?subject=…``."""
    user = _user(request)
    subject = request.GET.get("subject", "")[:120]
    page = asking.correction_form(user, subject, request.POST)
    if page is None:
        raise Http404
    context: dict[str, Any] = {"page": page, "due": timezone.localdate() + timedelta(days=7)}
    if "more" in request.POST:
        context |= {"due": _posted(request, "due"), "typed": request.POST}
    if request.method != "POST" or "more" in request.POST:
        return render(request, "amendments/ask_correction.html", context)
    try:
        row = requests.request_correction(
            subject=subject,
            slot=_posted(request, "slot"),
            items=asking.items_of(request.POST),
            due_at=asking.due_of(_posted(request, "due")),
            user=user,
            at=timezone.now(),
        )
    except Refused as refused:
        context |= {"findings": refused.findings, "due": _posted(request, "due"), "typed": request.POST}
        return render(request, "amendments/ask_correction.html", context, status=422)
    messages.success(request, _("更正要求已发出。"))
    return redirect("amendments:correction", row.pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def correction(request: HttpRequest, pk: int) -> HttpResponse:
    """One correction request: answer it, or close it."""
    user, at = _user(request), timezone.now()
    shown = selectors.correction_detail(user, _known(pk), at=at)
    if shown is None:
        raise Http404
    if request.method != "POST":
        return render(request, "amendments/correction.html", {"row": shown})
    closing = {"done": RequestStatus.DONE, "reopen": RequestStatus.OPEN, "withdraw": RequestStatus.WITHDRAWN}
    action = request.POST.get("action", "")
    try:
        if action == "answer":
            requests.answer_correction(pk, user=user, text=_posted(request, "answer"), at=at)
        elif action in closing:
            requests.close_correction(pk, user=user, status=closing[action], at=at)
        else:
            raise Http404
        messages.success(request, _("已办理。"))
    except Refused as refused:
        _tell(request, refused)
    return redirect("amendments:correction", pk)
