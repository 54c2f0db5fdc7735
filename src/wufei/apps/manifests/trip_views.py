"""Pages of the trips: the list, a new one, one with its stops, collecting at a stop, and each step of the life."""

from dataclasses import replace

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header, urlencode
from django.views.decorators.http import require_http_methods, require_safe

from wufei.apps.manifests import forms, pages, trip_pages, trips
from wufei.apps.manifests import trip_selectors as selectors
from wufei.apps.manifests.acts import Act
from wufei.apps.manifests.models import Trip, TripStop
from wufei.apps.manifests.templating import template_of, templates_of
from wufei.apps.manifests.trip_planning import TripPlan, plan_again, plan_of_template, plan_trip
from wufei.apps.registry.models import User
from wufei.apps.registry.selectors import FIRM_ROLES
from wufei.apps.web import is_partial, workbook_answer
from wufei.core.findings import Finding, Refused
from wufei.core.kilograms import grams_typed, no_mass
from wufei.core.ledger import local_day
from wufei.core.manifest import Status
from wufei.core.trip import TRIP_EVENT_NAMES, TripEvent

Person = User | AnonymousUser
SIMPLE = {TripEvent.START, TripEvent.ARRIVE, TripEvent.FINISH, TripEvent.CANCEL}


def _act(request: HttpRequest) -> Act:
    assert isinstance(request.user, User)
    now = timezone.now()
    return Act(request.user, claimed_at=now, server_at=now, key=request.POST.get("key", "")[:80])


def _may_plan(user: Person) -> bool:
    return isinstance(user, User) and user.role in FIRM_ROLES


def _found(user: Person, number: str) -> tuple[User, Trip]:
    trip = selectors.trip_of(user, number)
    if trip is None or not isinstance(user, User):
        raise Http404
    return user, trip


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The list: today, not yet ended, or all; HTMX asks for the table alone."""
    assert isinstance(request.user, User)
    page = trip_pages.trip_list(request.user, request.GET, request.path, today=local_day(timezone.now()))
    context = {"page": page, "may_plan": _may_plan(request.user)}
    name = "manifests/trips/_list.html" if is_partial(request) else "manifests/trips/index.html"
    return render(request, name, context)


@login_required
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The chosen trips as an Excel workbook."""
    assert isinstance(request.user, User)
    content = trip_pages.workbook(request.user, request.GET, today=local_day(timezone.now()))
    return workbook_answer(content, "收运车次.xlsx")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form of a new trip: blank, the round of an earlier one (``?copy=``), or of a template (``?template=``)."""
    user = request.user
    if not _may_plan(user):
        raise Http404
    assert isinstance(user, User)
    findings: list[Finding] = []
    proposed = _proposed(request, user)  # 404 where what the address names is another's
    if request.method == "POST":
        values = request.POST.dict()
        plan, findings = trip_pages.plan_typed(values)
        try:
            if findings:
                raise Refused(findings)
            trip = plan_trip(plan, act=_act(request))
            messages.success(request, f"车次 {trip.number} 已排班。")
            return redirect("manifests:trip", trip.number)
        except Refused as error:
            findings = error.findings
    else:
        values = trip_pages.typed(proposed)
    context = {
        "form": trip_pages.trip_form(user, values, findings),
        "findings": [f for f in findings if not f.field],
        "count": len(findings),
        "templates": templates_of(user, "trip"),
    }
    return render(request, "manifests/trips/new.html", context, status=422 if findings else 200)


def _proposed(request: HttpRequest, user: User) -> TripPlan:
    today = local_day(timezone.now())
    if number := request.GET.get("copy", ""):
        return plan_again(_found(user, number)[1], today)
    if key := request.GET.get("template", ""):
        return plan_of_template(template_of(user, key, "trip").document, today)
    return TripPlan(on=today)


@login_required
@require_safe
def detail(request: HttpRequest, number: str) -> HttpResponse:
    """One trip with its stops."""
    user, trip = _found(request.user, number)
    return render(request, "manifests/trips/detail.html", {"page": trip_pages.trip_page(user, trip)})


@login_required
@require_safe
def sheet(request: HttpRequest, number: str) -> HttpResponse:
    """The trip sheet as PDF, to take along or to hang up."""
    _, trip = _found(request.user, number)
    url = request.build_absolute_uri(reverse("manifests:trip", args=[number]))
    content = trip_pages.sheet_pdf(trip, url=url, printed_at=timezone.now())
    disposition = content_disposition_header(as_attachment=False, filename=f"车次{number}.pdf") or ""
    return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": disposition})


def _stop(user: User, trip: Trip, position: int) -> TripStop:
    stop = next((s for s in selectors.stops_of(trip) if s.position == position), None)
    if stop is None or not trip_pages.trip_page(user, trip).may_collect:
        raise Http404
    return stop


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def visit(request: HttpRequest, number: str, position: int) -> HttpResponse:
    """Collect at a stop: who hands over, what, how much; or why nothing."""
    user, trip = _found(request.user, number)
    stop = _stop(user, trip, position)
    row = selectors.stop_row(stop)
    if row.state in ("collected", "skipped"):
        raise Http404
    findings: list[Finding] = []
    raw = None
    if request.method == "POST":
        raw = request.POST.dict()
        try:
            return _visited(request, trip, position, raw)
        except Refused as error:
            findings = error.findings
    shown = [] if row.state == "void" else trip_pages.stop_groups(trip, stop, findings, raw)
    context = pages.form_context(user, trip.profile, shown, findings) | {
        "trip": trip,
        "stop": row,
        "wants_signature": "carrier" not in trips.signers_at_stop(trip),
    }
    return render(request, "manifests/trips/visit.html", context, status=422 if findings else 200)


def _visited(request: HttpRequest, trip: Trip, position: int, raw: dict[str, str]) -> HttpResponse:
    if "skip" in request.POST:
        trips.skip_stop(trip.number, position, act=_act(request), reason=raw.get("reason", ""))
        messages.success(request, f"第 {position} 站已跳过。")
        return redirect("manifests:trip", trip.number)
    waits = "code" in request.POST or "wait" in request.POST
    made = next((s.manifest for s in selectors.stops_of(trip) if s.position == position), None)
    told = forms.patch_of(raw, made.document if made else None)
    trips.visit_stop(trip.number, position, told, act=_act(request), waits_for_signature=waits)
    stop = next(s for s in selectors.stops_of(trip) if s.position == position)
    assert stop.manifest is not None
    if stop.manifest.status == Status.DRAFT:
        if "code" in request.POST:
            asked = {"subject": f"manifest:{stop.manifest.number}", "slot": "generator", "event": "submit"}
            return redirect(f"{reverse('signatures:issue-code')}?{urlencode(asked)}")
        messages.info(request, f"联单 {stop.manifest.number} 已备好，等移出单位用账号签字后再装车。")
    else:
        messages.success(request, f"第 {position} 站已收运，联单 {stop.manifest.number}。")
    return redirect("manifests:trip", trip.number)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, number: str, event: str) -> HttpResponse:
    """One step of the carrier: set out, arrive, finish, cancel."""
    user, trip = _found(request.user, number)
    page = trip_pages.trip_page(user, trip)
    if event not in dict(page.acts):
        raise Http404
    chosen = TripEvent(event)
    findings: list[Finding] = []
    if request.method == "POST":
        doing = _act(request)
        try:
            if chosen is TripEvent.CANCEL:
                trips.cancel_trip(number, act=doing, reason=request.POST.get("reason", ""))
            else:
                step = {TripEvent.START: trips.start_trip, TripEvent.ARRIVE: trips.arrive_trip}
                step.get(chosen, trips.finish_trip)(number, act=doing)
            messages.success(request, f"车次 {number}：{TRIP_EVENT_NAMES[chosen]}已办理。")
            return redirect("manifests:trip", number)
        except Refused as error:
            findings = error.findings
    context = {"page": page, "event": event, "name": TRIP_EVENT_NAMES[chosen], "findings": findings,
               "count": len(findings), "reason": request.POST.get("reason", "")}  # fmt: skip
    return render(request, "manifests/trips/act.html", context, status=422 if findings else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, number: str) -> HttpResponse:
    """The receiver takes the round: one weighed total, or each manifest by its lines."""
    user, trip = _found(request.user, number)
    page = trip_pages.trip_page(user, trip)
    if not page.may_confirm:
        raise Http404
    rows = trip_pages.confirm_rows(trip)
    findings: list[Finding] = []
    if request.method == "POST":
        try:
            weighed, lines = _weights(request, [[name for name, _, _ in wastes] for _, wastes in rows])
            told = {"opinion": text} if (text := request.POST.get("opinion", "").strip()) else {}
            handler = request.POST.get("handler", "").strip()
            trips.confirm_trip(
                number, act=_act(request), weighed_g=weighed, lines=lines, receipt=told, handler=handler
            )
            messages.success(request, f"车次 {number} 的联单已确认。")
            return redirect("manifests:trip", number)
        except Refused as error:
            findings = [replace(f, field="") for f in error.findings]
    context = {
        "page": page,
        "rows": [
            (m, [(name, words, selectors.kilograms(g), request.POST.get(name, ""), request.POST.get(f"{name}/r", ""))
                 for name, words, g in wastes])
            for m, wastes in rows
        ],
        "findings": findings,
        "count": len(findings),
        "typed": request.POST,
        "person": str(user),
    }  # fmt: skip
    return render(request, "manifests/trips/confirm.html", context, status=422 if findings else 200)


def _weights(request: HttpRequest, names: list[list[str]]) -> tuple[int | None, dict[str, list[dict[str, int]]]]:
    """The weighed total in grams, or the lines of the manifests of which something was typed."""
    found: list[Finding] = []
    if total := request.POST.get("weighed_kg", "").strip():
        grams = _grams(total, "总重", found)
        if found:
            raise Refused(found)
        return grams, {}
    lines: dict[str, list[dict[str, int]]] = {}
    for wastes in names:
        cells = [(request.POST.get(n, "").strip(), request.POST.get(f"{n}/r", "").strip()) for n in wastes]
        if any(a or r for a, r in cells):
            number = wastes[0].partition("/")[0]
            lines[number] = [
                {"accepted_g": _grams(a or "0", number, found), "refused_g": _grams(r or "0", number, found)}
                for a, r in cells
            ]
    if found:
        raise Refused(found)
    return None, lines


def _grams(text: str, thing: str, found: list[Finding]) -> int:
    grams = grams_typed(text)
    if isinstance(grams, int):
        return grams
    what, remedy = no_mass(text)
    found.append(Finding(None, "", f"{thing}：{what}", remedy, "bad_mass"))
    return 0
