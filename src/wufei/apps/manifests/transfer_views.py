"""Pages of transfers across the province: list, apply, one application, its steps, its decision, rates."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wufei.apps import data_forms as forms
from wufei.apps.manifests import transfer_pages as pages
from wufei.apps.registry import transfer_reads as reads
from wufei.apps.registry import transfers
from wufei.apps.registry.listing import page_of, searched, with_filters
from wufei.apps.registry.lists import tabs_of
from wufei.apps.registry.models import Division, RegionTransfer, Site, User
from wufei.apps.spreadsheets import write_sheet
from wufei.apps.web import is_partial, workbook_answer
from wufei.core.catalogue import DOMAIN_NAMES, methods, waste_codes
from wufei.core.findings import Finding, Refused
from wufei.core.form_fields import Field, tonnes_text
from wufei.core.ledger import local_day
from wufei.core.region_transfer import compensations
from wufei.core.transfer_life import head_fields, moves, read_application, waste_fields

BLANK_ROWS = 2
BLANK_ROWS_MORE = 5


def _actor(request: HttpRequest) -> str:
    assert isinstance(request.user, User)
    return request.user.username


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Applications in sight; HTMX asks for the table alone."""
    user, today = request.user, timezone.localdate()
    filters = pages.transfer_filters(request.GET.dict())
    rows = pages.chosen_transfers(user, filters, today=today).prefetch_related("lines")
    page = page_of(rows, pages.listing(today), request.GET.dict(), request.path)
    context = {
        "page": with_filters(page, filters),
        "filters": filters,
        "export": "transfers:export",
        "may_apply": bool(reads.applying_sites(user)),
        "may_enter_rates": bool(reads.rate_places(user)),
        "tabs": tabs_of(user),
        "name": "transfers",
    }
    template = "inc/_filtered_list.html" if is_partial(request) else "manifests/transfers/index.html"
    return render(request, template, context)


@login_required
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The chosen applications as a workbook, a row a waste."""
    today = timezone.localdate()
    rows = pages.chosen_transfers(request.user, pages.transfer_filters(request.GET.dict()), today=today)
    found = searched(rows, pages.listing(today), request.GET.get("q", ""))
    found = found.select_related("site__organisation").prefetch_related("lines").order_by("pk")
    cells = (line for row in found.iterator(chunk_size=2000) for line in pages.export_rows(row))
    return workbook_answer(write_sheet("跨省转移", pages.HEADER, cells), "跨省转移.xlsx")


def _site_field(sites: Sequence[Site]) -> Field:
    choices = {site.code: f"{site.name}（{site.code}）" for site in sites}
    return Field("site", "本单位的场所", "choice", True, "移出时为产生或贮存的场所，移入时为接受的场所", choices)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Apply: the head and several wastes; what is wrong is told at once, and all that was typed stays."""
    sites = reads.applying_sites(request.user)
    if not sites:
        raise Http404
    fields = (_site_field(sites), *head_fields())
    head: Mapping[str, Any] = {"site": sites[0].code} if len(sites) == 1 else {}
    key = request.POST.get("key", "").replace("\0", "")[:80] or uuid4().hex
    wastes: Sequence[Mapping[str, Any]] = []
    findings: list[Finding] = []
    more = "more" in request.POST
    if request.method == "POST":
        head = forms.posted(fields, request.POST)
        wastes = forms.posted_rows(waste_fields(), request.POST)
        if not more:
            try:
                made = _apply(request, sites, head, wastes, key)
            except Refused as error:
                findings = error.findings
                if any(finding.code == "key_used_otherwise" for finding in findings):
                    key = uuid4().hex  # told once: who sends it again means another application
            else:
                messages.success(request, "已提出跨省转移申请，等待主管部门受理。")
                return redirect("transfers:detail", made.pk)
    context = {
        "title": "申请跨省转移",
        "back": reverse("transfers:index"),
        "back_label": "跨省转移",
        "submit": "提出申请",
        "key": key,
        "head": forms.inputs(fields, head),
        "sections": [
            ("废物", forms.input_rows(waste_fields(), wastes, BLANK_ROWS_MORE if more else BLANK_ROWS)),
        ],
        "findings": findings,
        "waste_codes": list(waste_codes().values()),
        "methods": list(methods().values()),
    }
    return render(request, "declarations/agreement_new.html", context, status=422 if findings else 200)


def _apply(
    request: HttpRequest,
    sites: Sequence[Site],
    typed: Mapping[str, Any],
    wastes: Sequence[Mapping[str, Any]],
    key: str,
) -> RegionTransfer:
    head = {name: value for name, value in typed.items() if name != "site"}
    at = timezone.now()
    site = next((one for one in sites if one.code == typed.get("site")), None)
    if site is None:
        _, found = read_application(head, wastes, own_division=sites[0].division_id, day=local_day(at))
        what = "没有选择本单位的场所。"
        raise Refused([Finding(None, "site", what, "请从列表中选择。", "missing_field"), *found])
    return transfers.apply_transfer(site=site, head=head, wastes=wastes, actor=_actor(request), at=at, key=key)


def _found(request: HttpRequest, pk: int) -> RegionTransfer:
    rows = reads.visible_transfers(request.user).select_related("site__organisation")
    return get_object_or_404(rows.prefetch_related("lines", "history"), pk=pk)


def _detail(request: HttpRequest, pk: int, **more: Any) -> HttpResponse:
    found = _found(request, pk)
    page = pages.transfer_page(request.user, found, today=timezone.localdate())
    context = {
        "page": page,
        "transfer": found,
        "on": timezone.localdate().isoformat(),
        "may_enter_rates": page.charge is not None and bool(reads.rate_places(request.user)),
        **more,
    }
    return render(request, "manifests/transfers/detail.html", context, status=422 if more.get("findings") else 200)


@login_required
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One application."""
    return _detail(request, pk)


@login_required
@require_POST
def step(request: HttpRequest, pk: int) -> HttpResponse:
    """One step that decides nothing: accept, ask for completion, complete, letter, reply, withdraw, revoke."""
    rows = reads.acted_transfers(request.user)
    get_object_or_404(rows, pk=pk)
    event, on, note = (request.POST.get(name, "") for name in ("event", "on", "note"))
    try:
        transfers.advance_transfer(
            rows,
            pk=pk,
            event=event,
            by=reads.side_of(request.user),
            on=on,
            note=note,
            actor=_actor(request),
            at=timezone.now(),
        )
    except Refused as error:
        return _detail(request, pk, findings=error.findings, on=on, note=note)
    messages.success(request, f"已办理：{moves()[event].name}。")
    return redirect("transfers:detail", pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """The decision: granted line by line with number and validity, or refused with its reason."""
    rows = reads.decidable_transfers(request.user)
    found = get_object_or_404(rows.select_related("site__organisation").prefetch_related("lines", "history"), pk=pk)
    page = pages.transfer_page(request.user, found, today=timezone.localdate())
    if not page.may_decide:
        raise Http404
    lines = list(found.lines.all())
    typed = {name: request.POST.get(name, "") for name in ("number", "decided_on", "valid_until", "note")}
    granted = {line.pk: request.POST.get(f"granted-{line.pk}", "") for line in lines}
    findings: list[Finding] = []
    if request.method == "POST":
        grant = request.POST.get("decision") == "grant"
        try:
            if not grant and request.POST.get("decision") != "refuse":
                what = f"没有选择{page.words.grant}还是{page.words.refuse}。"
                raise Refused([Finding(None, "decision", what, "请点其中一个按钮。", "unknown_choice")])
            transfers.decide_transfer(
                rows, pk=pk, grant=grant, values=typed, granted=granted, actor=_actor(request), at=timezone.now()
            )
        except Refused as error:
            findings = error.findings
        else:
            messages.success(request, f"已登记决定：{page.words.grant if grant else page.words.refuse}。")
            return redirect("transfers:detail", pk)
    else:
        typed["decided_on"] = timezone.localdate().isoformat()
        granted = {line.pk: tonnes_text(line.asked_g).replace(",", "") for line in lines}
    context = {
        "page": page,
        "typed": typed,
        "rows": [(line, row, granted[line.pk]) for line, row in zip(lines, page.lines, strict=True)],
        "may_grant": any(move.event == "grant" for move in page.standing.moves),
        "findings": findings,
    }
    return render(request, "manifests/transfers/decide.html", context, status=422 if findings else 200)


def _rate_fields(places: Sequence[Division]) -> tuple[Field, ...]:
    codes = {place.code: place.name for place in places}
    domains = {name for rule in compensations() if rule.place in codes for name in rule.domains}
    return (
        Field("place", "地方", "choice", True, "", codes),
        Field("domain", "废物类别", "choice", True, "", {name: DOMAIN_NAMES[name] for name in sorted(domains)}),
        Field("yuan_per_t", "标准（元/吨）", "decimal", True, "最多两位小数"),
        Field("valid_from", "自哪一天起", "date", True),
        Field("source", "依据", "text", True, "文件名称和文号"),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def rates(request: HttpRequest) -> HttpResponse:
    """The rates of the ecological compensation that the places below the office have entered, and a form for one."""
    places = reads.rate_places(request.user)
    if not places:
        raise Http404
    fields = _rate_fields(places)
    typed: dict[str, str] = {"place": places[0].code} if len(places) == 1 else {}
    findings: list[Finding] = []
    if request.method == "POST":
        typed = forms.posted(fields, request.POST)
        division = next((place for place in places if place.code == typed.get("place")), None)
        if division is None:
            raise Http404
        given = {name: typed.get(name, "") for name in ("domain", "yuan_per_t", "valid_from", "source")}
        try:
            transfers.enter_rate(division=division, **given, actor=_actor(request), at=timezone.now())
        except Refused as error:
            findings = error.findings
        else:
            messages.success(request, f"已登记 {division.name} 的生态补偿标准。")
            return redirect("transfers:rates")
    context = {
        "head": forms.inputs(fields, typed),
        "rates": pages.rate_rows(request.user, reads.rates_of(places)),
        "findings": findings,
    }
    return render(request, "manifests/transfers/rates.html", context, status=422 if findings else 200)
