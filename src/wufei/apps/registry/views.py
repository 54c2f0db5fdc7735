"""Pages of the registry. The same address answers a browser with the page and HTMX with the table alone."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wufei.apps.registry import details, imports, selectors, services
from wufei.apps.registry.import_file import Import
from wufei.apps.registry.listing import page_of
from wufei.apps.registry.lists import LISTS, RegistryList, tabs_of
from wufei.apps.registry.models import User
from wufei.apps.spreadsheets import write_sheet
from wufei.apps.web import is_partial, uploaded_bytes, workbook_answer
from wufei.core.findings import Refused

Person = User | AnonymousUser


def _list(name: str, user: Person) -> RegistryList:
    if name not in LISTS or not LISTS[name].is_for(user):
        raise Http404
    return LISTS[name]


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The first list."""
    return redirect("registry:list", "organisations")


@login_required
@require_safe
def rows(request: HttpRequest, name: str) -> HttpResponse:
    """One page of one list."""
    chosen = _list(name, request.user)
    page = page_of(chosen.visible(request.user), chosen.listing, request.GET.dict(), request.path)
    context = {
        "page": page,
        "name": name,
        "tabs": tabs_of(request.user),
        "import_name": _import_of(name, request.user),
    }
    return render(request, "registry/_list.html" if is_partial(request) else "registry/list.html", context)


def _import_of(name: str, user: Person) -> str:
    """The import that fills a list, if the person may bring it."""
    wanted = name if name in imports.IMPORTS else "organisations"
    return wanted if imports.IMPORTS[wanted].is_for(user) else ""


@login_required
@require_safe
def export(request: HttpRequest, name: str) -> HttpResponse:
    """All rows in sight as an Excel workbook."""
    chosen = _list(name, request.user)
    found = chosen.visible(request.user).select_related(*chosen.listing.joins).order_by("pk")
    cells = (chosen.export_row(row) for row in found.iterator(chunk_size=2000))
    return workbook_answer(
        write_sheet(chosen.listing.title, chosen.export_header, cells), f"{chosen.listing.title}.xlsx"
    )


@login_required
@require_safe
def organisation(request: HttpRequest, pk: int) -> HttpResponse:
    """One organisation with what of it is in sight."""
    found = get_object_or_404(selectors.visible_organisations(request.user).select_related("division"), pk=pk)
    return render(request, "registry/detail.html", {"detail": details.organisation_detail(found, request.user)})


@login_required
@require_safe
def site(request: HttpRequest, pk: int) -> HttpResponse:
    """One site with its facility."""
    visible = selectors.visible_sites(request.user).select_related("division", "organisation", "facility")
    return render(request, "registry/detail.html", {"detail": details.site_detail(get_object_or_404(visible, pk=pk))})


@login_required
@require_safe
def vehicle(request: HttpRequest, pk: int) -> HttpResponse:
    """One vehicle, its plate masked."""
    found = get_object_or_404(selectors.visible_vehicles(request.user).select_related("organisation"), pk=pk)
    return render(request, "registry/detail.html", {"detail": details.vehicle_detail(found)})


@login_required
@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One driver, escort or loading manager, the certificate masked."""
    found = get_object_or_404(selectors.visible_persons(request.user).select_related("organisation"), pk=pk)
    return render(request, "registry/detail.html", {"detail": details.person_detail(found)})


@login_required
@require_POST
def reveal(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """The same in full; that it was read is a fact."""
    user, at = request.user, timezone.now()
    if not isinstance(user, User) or kind not in {"vehicles", "persons"}:
        raise Http404
    if kind == "vehicles":
        held = get_object_or_404(selectors.visible_vehicles(user).select_related("organisation"), pk=pk)
        detail = details.vehicle_detail(held, plate=services.reveal(row=held, user=user, at=at))
    else:
        one = get_object_or_404(selectors.visible_persons(user).select_related("organisation"), pk=pk)
        detail = details.person_detail(one, certificate=services.reveal(row=one, user=user, at=at))
    answer = render(request, "registry/detail.html", {"detail": detail})
    answer["Cache-Control"] = "no-store"
    return answer


def _import(name: str, user: Person) -> Import:
    if name not in imports.IMPORTS or not imports.IMPORTS[name].is_for(user):
        raise Http404
    return imports.IMPORTS[name]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_page(request: HttpRequest, name: str = "organisations") -> HttpResponse:
    """Import from a file: check it, or bring it; what is wrong is listed and nothing is kept."""
    user, kind = request.user, _import(name, request.user)
    assert isinstance(user, User)
    context: dict[str, object] = {
        "columns": imports.columns(name),
        "name": name,
        "title": LISTS[kind.list_name].listing.title,
        "list_name": kind.list_name,
    }
    status = 200
    if request.method == "POST":
        upload = request.FILES.get("file")
        if upload is None:
            context["missing"] = True
            return render(request, "registry/import.html", context, status=422)
        file_name = upload.name or ""
        try:
            batch = imports.Upload(file_name, uploaded_bytes(upload))
            if "check" in request.POST:
                context["preview"] = imports.preview(imports.check(batch, user, name), name)
            else:
                count = imports.bring(batch, user, name)
                messages.success(request, f"已导入 {count} {kind.unit}。")
                return redirect("registry:list", kind.list_name)
        except Refused as error:
            context["findings"] = error.findings[: imports.FINDINGS_SHOWN]
            context["more"] = max(0, len(error.findings) - imports.FINDINGS_SHOWN)
            context["file_name"] = file_name
            status = 422
    return render(request, "registry/import.html", context, status=status)


@login_required
@require_safe
def import_template(request: HttpRequest, name: str = "organisations") -> HttpResponse:
    """An empty workbook with the headings of the import."""
    title = LISTS[_import(name, request.user).list_name].listing.title
    headings = [column.heading for column in imports.columns(name)]
    return workbook_answer(write_sheet(title, headings, []), f"{title}导入模板.xlsx")
