"""Pages of the weighings: tickets, imports with their preview, and undoing."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wufei.apps.registry.models import User
from wufei.apps.spreadsheets import write_sheet
from wufei.apps.web import address, is_partial, uploaded_bytes, workbook_answer
from wufei.apps.weighings import imports, listing, preview, selectors, services
from wufei.apps.weighings.forms import COLUMNS, ImportForm, ReasonForm, ticket_groups
from wufei.core.catalogue import waste_codes
from wufei.core.findings import Finding, Refused
from wufei.core.weighing import OUTCOME_NAMES

MOST_KEY = 2**63


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # login_required stands before
    return request.user


def _recorder(request: HttpRequest) -> User:
    user = _user(request)
    if not selectors.may_record(user):
        raise Http404
    return user


@login_required
@require_safe
def tickets(request: HttpRequest) -> HttpResponse:
    """One page of the tickets in sight."""
    user, filters = _user(request), listing.Filters.of(request.GET.dict())
    page = listing.ticket_page(selectors.visible_weighings(user), filters)
    here, chosen = reverse("weighings:tickets"), filters.chosen()
    context = {
        "page": page,
        "filters": filters,
        "is_filtered": bool(chosen),
        "sites": listing.visible_site_choices(user),
        "first_url": address(here, chosen),
        "next_url": address(here, {**chosen, "after": page.next_after}),
        "export_url": address(reverse("weighings:export"), chosen),
        "may_record": selectors.may_record(user),
        "tab": "tickets",
    }
    return render(request, "weighings/_tickets.html" if is_partial(request) else "weighings/tickets.html", context)


@login_required
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The chosen tickets as a workbook."""
    rows = listing.export_rows(selectors.visible_weighings(_user(request)), listing.Filters.of(request.GET.dict()))
    return workbook_answer(write_sheet("磅单", listing.EXPORT_HEADER, rows), "磅单.xlsx")


@login_required
@require_safe
def ticket(request: HttpRequest, pk: int) -> HttpResponse:
    """One ticket."""
    user = _user(request)
    visible = selectors.visible_weighings(user)
    may_undo = (
        pk < MOST_KEY and visible.filter(pk=pk, site__in=selectors.recordable_sites(user).values("pk")).exists()
    )
    story = listing.ticket_story(visible, pk, may_undo=may_undo) if pk < MOST_KEY else None
    if story is None:
        raise Http404
    return render(request, "weighings/ticket.html", {"story": story, "may_record": selectors.may_record(user)})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_ticket(request: HttpRequest) -> HttpResponse:
    """One ticket by hand: all that is wrong at its input, or recorded; an address may fill inputs beforehand."""
    user = _recorder(request)
    sites = selectors.site_choices(user, limit=500)
    findings: list[Finding] = []
    if request.method == "POST":
        values = {name: request.POST.get(name, "").replace("\0", "") for name in ("site", *COLUMNS)}
        try:
            return _recorded(request, user, values)
        except Refused as refused:
            findings = refused.findings
    else:
        begun = {
            "site": sites[0][0] if len(sites) == 1 else "", "device": "1号磅", "basis": "weighed",
            "weighed_at": f"{timezone.localtime():%Y-%m-%dT%H:%M}",
        }  # fmt: skip
        values = begun | {name: request.GET[name][:80] for name in ("site", *COLUMNS) if name in request.GET}
    groups = ticket_groups(values, findings, sites)
    shown = {one.name for group in groups for one in group.inputs}
    context = {
        "groups": groups,
        "findings": [found for found in findings if found.field not in shown],
        "count": len(findings),
        "sites": sites,
        "waste_codes": waste_codes().values(),
        "plates": listing.plates_of(user),
        "may_record": True,
        "tab": "ticket",
    }
    return render(request, "weighings/ticket_new.html", context, status=422 if findings else 200)


def _recorded(request: HttpRequest, user: User, values: dict[str, str]) -> HttpResponse:
    kept, row = services.record_typed(user=user, values=values, at=timezone.now())
    if kept.already:
        messages.info(request, _("磅单 %(ticket)s 此前已登记，内容相同，没有重复记。") % {"ticket": row.ticket})
    else:
        messages.success(request, _("已登记磅单 %(ticket)s：%(what)s。") % {
            "ticket": row.ticket, "what": OUTCOME_NAMES[row.outcome]
        })  # fmt: skip
    for note in kept.notes[:20]:
        messages.warning(request, note.what + note.remedy)
    return redirect("weighings:ticket", row.pk)


@login_required
@require_POST
def undo_ticket(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo one ticket with a reason."""
    user, form = _recorder(request), ReasonForm(request.POST)
    try:
        if pk >= MOST_KEY:
            raise Http404
        services.undo_weighing(user=user, pk=pk, reason=form.data.get("reason", ""), at=timezone.now())
        messages.success(request, _("已撤销这张磅单，所记的账已冲回。"))
    except ObjectDoesNotExist:
        raise Http404 from None
    except Refused as refused:
        _tell(request, refused)
    return redirect("weighings:ticket", pk)


def _tell(request: HttpRequest, refused: Refused) -> None:
    for finding in refused.findings[:20]:
        messages.error(request, finding.what + finding.remedy)


@login_required
@require_safe
def import_list(request: HttpRequest) -> HttpResponse:
    """The imports of the person's sites."""
    user = _recorder(request)
    rows, next_after = listing.import_page(selectors.booked_imports(user), request.GET.get("after", ""))
    here = reverse("weighings:imports")
    context = {
        "rows": rows,
        "first_url": here if request.GET.get("after") else "",
        "next_url": address(here, {"after": next_after}) if next_after else "",
        "may_record": True,
        "tab": "imports",
    }
    return render(request, "weighings/imports.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_import(request: HttpRequest) -> HttpResponse:
    """Hand in a sheet: everything that is wrong, or what it would bring, to be accepted."""
    user = _recorder(request)
    sites = selectors.site_choices(user, limit=500)
    initial = {"site": sites[0][0] if len(sites) == 1 else "", "device": "1号磅"}
    form = ImportForm(request.POST or None, request.FILES or None, sites=sites, initial=initial)
    context: dict[str, object] = {
        "form": form,
        "columns": preview.columns(),
        "may_record": True,
        "tab": "new",
        "asked": request.POST or initial,
        "headings": preview.HEADINGS,
    }
    if request.method != "POST":
        return render(request, "weighings/import_new.html", context)
    if not form.is_valid():
        return render(request, "weighings/import_new.html", context, status=422)
    given = form.cleaned_data
    try:
        upload = imports.Upload(
            given["file"].name or "", uploaded_bytes(given["file"]), given["site"], given["device"].strip(),
            given["direction"], given["unit"], given["source"].strip(),
        )  # fmt: skip
        proposed, checked = imports.propose_import(user=user, upload=upload, now=timezone.now())
    except Refused as refused:
        context["shown"] = preview.of_findings(refused.findings, given["file"].name or "")
        return render(request, "weighings/import_new.html", context, status=422)
    context["shown"] = preview.of_checked(checked, upload.name)
    context["proposed"] = proposed
    return render(request, "weighings/import_new.html", context, status=200 if proposed else 422)


@login_required
@require_safe
def template(request: HttpRequest) -> HttpResponse:
    """An empty workbook with the heads."""
    _recorder(request)
    return workbook_answer(write_sheet("磅单", preview.TEMPLATE_HEADER, []), "磅单导入模板.xlsx")


@login_required
@require_safe
def one_import(request: HttpRequest, pk: int) -> HttpResponse:
    """One import: what it brought, its file, and undoing it."""
    user = _recorder(request)
    row = selectors.visible_imports(user).select_related("site").filter(pk=pk).first() if pk < MOST_KEY else None
    if row is None:
        raise Http404
    tickets_of = selectors.visible_weighings(user).filter(ticket_import=row)
    page = listing.ticket_page(tickets_of, listing.Filters.of({"after": request.GET.get("after", "")}))
    here = reverse("weighings:import", args=[pk])
    context = {
        "line": listing.import_line(row),
        "page": page,
        "first_url": here if request.GET.get("after") else "",
        "next_url": address(here, {"after": page.next_after}) if page.next_after else "",
        "may_record": True,
    }
    return render(request, "weighings/import.html", context)


@login_required
@require_safe
def import_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The file as it was handed in."""
    user = _recorder(request)
    row = selectors.visible_imports(user).select_related("file").filter(pk=pk).first() if pk < MOST_KEY else None
    if row is None:
        raise Http404
    disposition = content_disposition_header(as_attachment=True, filename=row.file_name) or ""
    return HttpResponse(
        bytes(row.file.content),
        content_type="application/octet-stream",
        headers={"Content-Disposition": disposition},
    )


@login_required
@require_POST
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Book a file that was looked at."""
    user = _recorder(request)
    if pk >= MOST_KEY:
        raise Http404
    try:
        done = imports.accept_import(user=user, pk=pk, at=timezone.now())
        counts = {"tickets": done.tickets, "already": done.already, "movements": done.movements}
        messages.success(
            request,
            _("已登记 %(tickets)s 张磅单，入账 %(movements)s 笔；此前已登记 %(already)s 张。") % counts,
        )
    except ObjectDoesNotExist:
        raise Http404 from None
    except Refused as refused:
        _tell(request, refused)
    return redirect("weighings:import", pk)


@login_required
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo an import as a whole with a reason."""
    user, form = _recorder(request), ReasonForm(request.POST)
    if pk >= MOST_KEY:
        raise Http404
    try:
        imports.undo_import(user=user, pk=pk, reason=form.data.get("reason", ""), at=timezone.now())
        messages.success(request, _("已撤销整次导入，所记的账已全部冲回。"))
    except ObjectDoesNotExist:
        raise Http404 from None
    except Refused as refused:
        _tell(request, refused)
    return redirect("weighings:import", pk)
