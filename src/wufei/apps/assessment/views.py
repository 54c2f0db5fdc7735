"""Pages of the figures of a place: list, export, upload, and one figure with its history."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wufei.apps.assessment import figures, selectors, services
from wufei.apps.assessment.figures import Filters
from wufei.apps.assessment.forms import ReviewForm, UploadForm
from wufei.apps.assessment.spreadsheet import workbook_bytes
from wufei.apps.assessment.upload import upload_values
from wufei.apps.registry.models import Division, User
from wufei.apps.web import address, is_partial, workbook_answer
from wufei.core.findings import Refused


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # login_required stands before
    return request.user


def _division(request: HttpRequest, code: str) -> Division:
    division = figures.find_division(_user(request), code)
    if division is None:
        raise Http404
    return division


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The places whose figures the person sees; where it is but one, its figures."""
    places = figures.places(_user(request))
    if not places:
        raise Http404
    if len(places) == 1:
        return redirect("assessment:figures", places[0][0])
    return render(request, "assessment/index.html", {"places": places})


@login_required
@require_safe
def figure_list(request: HttpRequest, division: str) -> HttpResponse:
    """One page of the figures of a place."""
    filters = Filters.of(request.GET.dict())
    page = figures.figure_page(_user(request), _division(request, division), filters)
    here = reverse("assessment:figures", args=[division])
    chosen = filters.chosen()
    context = {
        "page": page,
        "first_url": address(here, chosen),
        "next_url": address(here, {**chosen, "after": page.next_after}),
        "export_url": address(reverse("assessment:export", args=[division]), chosen),
    }
    template = "assessment/_figures.html" if is_partial(request) else "assessment/figures.html"
    return render(request, template, context)


@login_required
@require_safe
def export(request: HttpRequest, division: str) -> HttpResponse:
    """The chosen figures as an Excel file."""
    place = _division(request, division)
    rows = figures.all_rows(_user(request), division, Filters.of(request.GET.dict()))
    return workbook_answer(workbook_bytes(place.name, rows), f"{place.name}数据.xlsx")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, division: str) -> HttpResponse:
    """Hand in a file of figures; what is wrong comes back all at once, with every row."""
    place = _division(request, division)
    if not selectors.may_report(request.user, division):
        raise Http404
    form = UploadForm(request.POST or None, request.FILES or None)
    context = {"place": place, "form": form, "result": None}
    if request.method != "POST":
        return render(request, "assessment/upload.html", context)
    if not form.is_valid():
        return render(request, "assessment/upload.html", context, status=422)
    file = form.cleaned_data["file"]
    result = upload_values(division, file.name, file.read(), actor=_user(request).username, at=timezone.now())
    if result.receipt is None:
        return render(request, "assessment/upload.html", {**context, "result": result}, status=422)
    counts = {"new": result.receipt.submitted, "same": result.receipt.unchanged}
    told = _("已报送 %(new)s 个数，%(same)s 个与已审核的相同。") % counts
    if result.receipt.pending:
        told += _("另有 %(pending)s 个此前已报送、尚待审核，没有重复记入。") % {"pending": result.receipt.pending}
    messages.success(request, told)
    return HttpResponseRedirect(reverse("assessment:figures", args=[division]))


@login_required
@require_safe
def figure(request: HttpRequest, pk: int) -> HttpResponse:
    """One figure: where it stands, who reported and approved it, and what stood there before."""
    story = figures.story(_user(request), pk) if pk < 2**63 else None
    if story is None:
        raise Http404
    template = "assessment/_figure.html" if is_partial(request) else "assessment/figure.html"
    return render(request, template, {"story": story})


@login_required
@require_POST
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve a submitted figure, or send it back with a reason."""
    story = figures.story(_user(request), pk) if pk < 2**63 else None
    if story is None or not story.is_reviewer:
        raise Http404
    form = ReviewForm(request.POST)
    if form.is_valid():
        actor, at = _user(request).username, timezone.now()
        try:
            if form.cleaned_data["decision"] == "approve":
                services.approve_value(pk, actor=actor, at=at)
            else:
                services.return_value(pk, actor=actor, at=at, reason=form.cleaned_data["reason"])
            messages.success(request, _("已处理。"))
        except Refused as error:
            for finding in error.findings:
                messages.error(request, finding.what + finding.remedy)
    return redirect("assessment:figure", pk)
