"""Pages of the registry. The same address answers a browser with the page and HTMX with the table alone."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from wufei.apps.registry import details, imports, selectors
from wufei.apps.registry.listing import page_of
from wufei.apps.registry.lists import LISTS, RegistryList
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
        "tabs": [(key, entry.listing.title) for key, entry in LISTS.items() if entry.is_for(request.user)],
        "may_import": selectors.may_import(request.user),
    }
    return render(request, "registry/_list.html" if is_partial(request) else "registry/list.html", context)


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
@require_http_methods(["GET", "HEAD", "POST"])
def import_page(request: HttpRequest) -> HttpResponse:
    """Import of organisations from a file: check it, or bring it; what is wrong is listed and nothing is kept."""
    user = request.user
    if not isinstance(user, User) or not selectors.may_import(user):
        raise Http404
    context: dict[str, object] = {"columns": imports.columns()}
    status = 200
    if request.method == "POST":
        upload = request.FILES.get("file")
        if upload is None:
            context["missing"] = True
            return render(request, "registry/import.html", context, status=422)
        name = upload.name or ""
        try:
            batch = imports.Upload(name, uploaded_bytes(upload))
            if "check" in request.POST:
                context["preview"] = imports.preview(imports.check(batch, user))
            else:
                count = imports.bring(batch, user)
                messages.success(request, f"已导入 {count} 家单位。")
                return redirect("registry:list", "organisations")
        except Refused as error:
            context["findings"] = error.findings[: imports.FINDINGS_SHOWN]
            context["more"] = max(0, len(error.findings) - imports.FINDINGS_SHOWN)
            context["file_name"] = name
            status = 422
    return render(request, "registry/import.html", context, status=status)


@login_required
@require_safe
def import_template(request: HttpRequest) -> HttpResponse:
    """An empty workbook with the headings of the import."""
    if not selectors.may_import(request.user):
        raise Http404
    return workbook_answer(
        write_sheet("单位", [column.heading for column in imports.columns()], []), "单位导入模板.xlsx"
    )
