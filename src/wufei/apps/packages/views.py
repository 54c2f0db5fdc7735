"""Pages of packages. The same address answers a browser with the page and HTMX with the table alone."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wufei.apps.documents.labels import label_sides_mm, render_labels
from wufei.apps.packages import selectors, services, treating
from wufei.apps.packages.actions import Act, plain_code
from wufei.apps.packages.forms import FORMS, ActionForm, AssignForm
from wufei.apps.packages.graph import graph
from wufei.apps.packages.listing import EXPORT_HEADER, PackageFilters, export_rows, kilograms, package_page
from wufei.apps.packages.making import What
from wufei.apps.packages.models import Package
from wufei.apps.packages.tracing import Way, trace_page
from wufei.apps.packages.transport import package_masses
from wufei.apps.registry.selectors import visible_sites
from wufei.apps.spreadsheets import write_sheet
from wufei.apps.web import address, is_partial, workbook_answer
from wufei.core.findings import Refused
from wufei.core.package import TRANSITIONS, Event, Status, container_names, event_names, form_names
from wufei.core.package_code import printed

LABELS_MOST = 1000


def _package(request: HttpRequest, code: str) -> Package:
    found = (
        selectors.visible_packages(request.user)
        .filter(code=plain_code(code)[:40])
        .select_related("organisation", "site", "parent", "holder")
        .first()
    )
    if found is None:
        raise Http404
    return found


def _act(request: HttpRequest, **more: str) -> Act:
    now, key = timezone.now(), request.POST.get("key", "")
    return Act(
        key=f"page:{request.user.pk}:{key}"[:200] if key else f"page:{uuid4()}", at=now, recorded_at=now,
        actor=request.user.get_username(), firm_id=selectors.acting_firm(request.user) or 0, **more,
    )  # fmt: skip


@login_required
@require_safe
def rows(request: HttpRequest) -> HttpResponse:
    """Packages in sight."""
    filters = PackageFilters.of(request.GET.dict())
    page = package_page(
        selectors.visible_packages(request.user), filters, request.path, sites=visible_sites(request.user)
    )
    context = {"page": page, "may_assign": selectors.acting_firm(request.user) is not None}
    return render(request, "packages/_list.html" if is_partial(request) else "packages/list.html", context)


@login_required
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The packages of the list, with its filters, as an Excel workbook."""
    found = export_rows(selectors.visible_packages(request.user), PackageFilters.of(request.GET.dict()))
    return workbook_answer(write_sheet("包装", EXPORT_HEADER, found), "包装.xlsx")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def assign(request: HttpRequest) -> HttpResponse:
    """Give new packages of one's own firm their codes."""
    if selectors.acting_firm(request.user) is None:
        raise Http404
    sites = list(selectors.own_sites(request.user).order_by("code")[:500])
    status, findings = 200, []
    if request.method == "POST":
        form = AssignForm(request.POST, sites=sites)
        if form.is_valid():
            site = next(site for site in sites if site.code == form.cleaned_data["site"])
            what = What(**{name: form.cleaned_data[name] for name in What.__dataclass_fields__})
            act = _act(request)
            try:
                codes = services.assign_packages(
                    site=site, what=what, act=act, count=form.cleaned_data["count"], masses_g=form.masses_g(),
                    external_codes=form.cleaned_data["external_codes"], book=form.cleaned_data["book"],
                )  # fmt: skip
            except Refused as refused:
                findings = refused.findings
            else:
                messages.success(request, f"已赋 {len(codes)} 个编码，可下载标签打印。")
                return redirect(address(reverse("packages:list"), {"action": str(selectors.action_of(act.key))}))
        status = 422
    else:
        form = AssignForm(sites=sites, initial={"generated_on": timezone.localdate()})
    context = {"form": form, "findings": findings, "key": request.POST.get("key") or uuid4(), "sites": sites}
    return render(request, "packages/assign.html", context, status=status)


@login_required
@require_safe
def detail(request: HttpRequest, code: str) -> HttpResponse:
    """One package: what it is, where it is, its steps, and what its holder may do."""
    return _detail(request, _package(request, code))


def _detail(
    request: HttpRequest, package: Package, *, open_form: tuple[Event, ActionForm] | None = None,
    findings: list[Any] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    total_g = package_masses([package.code])[package.code]
    inside = selectors.children_of(package)
    known = package.mass_g is not None or total_g > 0
    context = {
        "package": package,
        "shown": printed(package.code),
        "status_name": selectors.status_word(package),
        "place": selectors.place_of(package),
        "category": selectors.category_words(package.waste_code),
        "form_name": form_names().get(package.form, ""),
        "container_name": container_names().get(package.container, ""),
        "own_kg": kilograms(package.mass_g),
        "total_kg": kilograms(total_g) if known else "",
        "inside": [(child, printed(child.code), kilograms(child.mass_g)) for child in inside],
        "steps": [(row, kilograms(row.mass_g)) for row in selectors.steps_of(package)],
        "scans": selectors.scans_of(package),
        "actions": _actions(request, package, bool(inside), open_form),
        "findings": findings or [],
        "sides": label_sides_mm(),
        "key": uuid4(),
        "public_url": reverse("package-public", args=[package.code]),
    }
    return render(request, "packages/detail.html", context, status=status)


def _actions(
    request: HttpRequest, package: Package, is_box: bool, open_form: tuple[Event, ActionForm] | None
) -> list[dict[str, object]]:
    """What the holder may do to the package as it stands, each with its form."""
    firm = selectors.acting_firm(request.user)
    if firm is None or firm != package.holder_id or package.open_manifest:
        return []
    nested = package.parent_id is not None
    hidden = {
        Event.UNNEST: not nested,
        Event.STORE: nested,
        Event.SPLIT: nested or is_box,
        Event.MERGE: nested or is_box,
        Event.RETIRE: nested,
        Event.VOID: nested or is_box,
    }
    return [
        {
            "event": event.value,
            "name": event_names()[event],
            "form": open_form[1]
            if open_form and open_form[0] is event
            else kind(package=package, auto_id=f"{event}-%s"),
            "is_open": bool(open_form and open_form[0] is event),
        }
        for event, kind in FORMS.items()
        if Status(package.status) in TRANSITIONS[event] and not hidden.get(event)
    ]


def _do(event: Event, package: Package, form: ActionForm, act: Callable[..., Act]) -> list[str]:
    """Call the one service of an action with what its form says."""
    given = form.cleaned_data
    one = [package.code]
    if event is Event.WEIGH:
        return services.weigh(masses_g={package.code: given["mass"]}, act=act())
    if event is Event.NEST:
        return services.nest(box=package.code, codes=given["codes"], act=act())
    if event is Event.SPLIT:
        return treating.split(code=package.code, parts_g=given["parts"], act=act())
    if event is Event.MERGE:
        what = What(given["waste_code"], timezone.localdate()) if given["waste_code"] else None
        return treating.merge(codes=one + given["codes"], act=act(), into=what, method=given["method"])
    if event is Event.RETIRE:
        today = timezone.localdate()
        outputs = [treating.Residue(What(code, today), mass_g) for code, mass_g in given["outputs"]]
        return treating.retire(codes=one + given["codes"], method=given["method"], act=act(), outputs=outputs)
    if event is Event.VOID:
        return services.void(codes=one, act=act(reason=given["reason"]))
    return (services.store if event is Event.STORE else services.unnest)(codes=one, act=act())


@login_required
@require_POST
def act(request: HttpRequest, code: str, event: str) -> HttpResponse:
    """Do one thing to a package that one's own firm holds."""
    package = _package(request, code)
    if event not in set(Event) or Event(event) not in FORMS or selectors.acting_firm(request.user) is None:
        raise Http404
    chosen = Event(event)
    form = FORMS[chosen](request.POST, package=package, auto_id=f"{chosen}-%s")
    if not form.is_valid():
        return _detail(request, package, open_form=(chosen, form), status=422)
    try:
        made = _do(chosen, package, form, lambda **more: _act(request, **more))
    except Refused as refused:
        return _detail(request, package, open_form=(chosen, form), findings=refused.findings, status=422)
    told = f"{event_names()[chosen]}已办理。"
    if chosen in {Event.SPLIT, Event.MERGE, Event.RETIRE} and made:
        told += f"新编码：{'、'.join(printed(new) for new in made[:5])}{' 等' if len(made) > 5 else ''}。"
    messages.success(request, told)
    return redirect("packages:detail", package.code)


@login_required
@require_safe
def trace(request: HttpRequest, code: str) -> HttpResponse:
    """Where the mass of a package went, or came from: a graph, and the same as a table."""
    package, way = _package(request, code), _way(request)
    page = trace_page(package, way, request.user)
    context = {
        "package": package,
        "shown": printed(package.code),
        "page": page,
        "rows": [(row, printed(row.code), kilograms(row.mass_g), kilograms(row.stays_g)) for row in page.rows],
        "total_kg": kilograms(page.total_g),
        "way": way,
        "graph_url": address(reverse("packages:trace-graph", args=[package.code]), {"way": way.value}),
    }
    return render(request, "packages/trace.html", context)


def _way(request: HttpRequest) -> Way:
    return Way.UP if request.GET.get("way") == Way.UP else Way.DOWN


@login_required
@require_safe
def trace_graph(request: HttpRequest, code: str) -> HttpResponse:
    """The graph of a trace for ECharts."""
    return JsonResponse(graph(trace_page(_package(request, code), _way(request), request.user)))


@login_required
@require_safe
def labels(request: HttpRequest) -> HttpResponse:
    """Labels as PDF: of the codes in the address, or of all that one action gave."""
    visible = selectors.visible_packages(request.user).select_related("organisation")
    action, codes = request.GET.get("action", ""), request.GET.getlist("code")[:LABELS_MOST]
    if action:
        found = PackageFilters(action=action).apply(visible).order_by("id")[:LABELS_MOST]
    else:
        keys = [plain_code(code)[:80] for code in codes]
        found = visible.filter(Q(code__in=keys) | Q(external_code__in=keys)).order_by("id")
    packages = list(found)
    side = request.GET.get("side", "")
    if not packages or (side and side not in {str(known) for known in label_sides_mm()}):
        raise Http404
    masses = package_masses([package.code for package in packages])
    base = request.build_absolute_uri("/").rstrip("/")
    drawn = [
        selectors.label_of(
            p, mass_g=masses[p.code] if p.mass_g is not None or masses[p.code] else None, base_url=base
        )
        for p in packages
    ]
    sheet = "a4" if request.GET.get("sheet") == "a4" else None
    content = render_labels(drawn, side_mm=int(side) if side else label_sides_mm()[0], sheet=sheet)
    return HttpResponse(
        content, content_type="application/pdf", headers={"Content-Disposition": 'inline; filename="labels.pdf"'}
    )
