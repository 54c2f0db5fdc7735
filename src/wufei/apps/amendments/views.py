"""Pages of amendments and correction requests. A page first lets silence take effect on what is due."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from wufei.apps.amendments import asking, selectors, services
from wufei.apps.amendments import corrections as requests
from wufei.apps.amendments.models import RequestStatus
from wufei.apps.registry.models import User
from wufei.apps.signatures.services import Evidence
from wufei.apps.web import address, uploaded_bytes
from wufei.core.amendment import Choice
from wufei.core.findings import Refused

BIGGEST_ID = 2**63


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # login_required stands before
    return request.user


def _known(pk: int) -> int:
    if pk >= BIGGEST_ID:
        raise Http404
    return pk


def _after(request: HttpRequest) -> int:
    text = request.GET.get("after", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _tell(request: HttpRequest, refused: Refused) -> None:
    for finding in refused.findings:
        messages.error(request, finding.what + finding.remedy)


def _posted(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\0", "")


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Amendments that wait for my answer, or all in sight."""
    user, at, behind = _user(request), timezone.now(), _after(request)
    show_all = request.GET.get("show") == "all"
    rows, more = selectors.amendment_page(user, only_waiting=not show_all, at=at, after=behind)
    here, query = reverse("amendments:index"), {"show": "all"} if show_all else {}
    context = {
        "rows": rows,
        "tab": "all" if show_all else "waiting",
        "first_url": address(here, query) if behind else "",
        "next_url": address(here, {**query, "after": str(more)}) if more else "",
    }
    return render(request, "amendments/index.html", context)


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
    page = asking.ask_page(user, subject, request.GET.getlist("pointer"))
    if page is None:
        raise Http404
    context: dict[str, Any] = {"page": page, "reason": _posted(request, "reason")}
    if request.method != "POST":
        return render(request, "amendments/ask.html", context)
    try:
        file = request.FILES.get("evidence")
        new = services.NewAmendment(
            subject=subject,
            changes=asking.changes_of(page, request.POST),
            slot=_posted(request, "slot"),
            reason=context["reason"],
            evidence=Evidence(file.name or "", uploaded_bytes(file)) if file else None,
        )
        row = services.request_amendment(new, user=user, at=timezone.now())
    except Refused as refused:
        context |= {"findings": refused.findings, "page": asking.with_typed(page, request.POST)}
        return render(request, "amendments/ask.html", context, status=422)
    messages.success(request, _("修改申请已提交。"))
    return redirect("amendments:detail", row.pk)


# --- Correction requests ------------------------------------------------------------------------------------------


@login_required
@require_safe
def corrections(request: HttpRequest) -> HttpResponse:
    """Correction requests to my firm, or of my place."""
    behind = _after(request)
    rows, more = selectors.correction_page(_user(request), at=timezone.now(), after=behind)
    here = reverse("amendments:corrections")
    context = {
        "rows": rows,
        "first_url": here if behind else "",
        "next_url": address(here, {"after": str(more)}) if more else "",
    }
    return render(request, "amendments/corrections.html", context)


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
