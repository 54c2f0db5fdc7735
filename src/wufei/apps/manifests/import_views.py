"""Pages of the import: a template for each kind of manifest, a check, and the taking in of a file."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from wufei.apps.manifests import forms, importing
from wufei.apps.manifests.acts import Act
from wufei.apps.manifests.batches import MOST_SUBMITTED
from wufei.apps.manifests.importing import SheetFile
from wufei.apps.registry.models import User
from wufei.apps.registry.selectors import FIRM_ROLES
from wufei.apps.web import uploaded_bytes, workbook_answer
from wufei.core.findings import Finding, Refused
from wufei.core.manifest_profiles import manifest_profiles

MOST_SHOWN = 300


def _member(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User) or user.role not in FIRM_ROLES:
        raise Http404
    return user


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Take in a file, or only check it; and what was taken in before."""
    user = _member(request)
    findings: list[Finding] = []
    checked = None
    profile = request.POST.get("profile", "") or request.GET.get("profile", "")
    if request.method == "POST":
        try:
            file = _file(request, profile)
            now = timezone.now()
            act = Act(user, claimed_at=now, server_at=now)
            if "check" in request.POST:
                checked = importing.check_file(file, act=act)
            else:
                kept = importing.import_file(file, act=act)
                is_new = kept.created_at == now
                words = "已导入" if is_new else "以前已经导入过，没有再次开具"
                messages.success(request, f"{kept.name}：{words}，共 {kept.lines.count()} 份联单。")
                return redirect("manifests:import")
        except Refused as error:
            findings = error.findings
    context = {
        "profiles": forms.new_profile_choices(),
        "profile": profile,
        "findings": findings[:MOST_SHOWN],
        "count": len(findings),
        "more": max(len(findings) - MOST_SHOWN, 0),
        "checked": checked,
        "submits": request.POST.get("mode") == "submit",
        "most_submitted": MOST_SUBMITTED,
        "rows": importing.import_rows(user),
    }
    return render(request, "manifests/import.html", context, status=422 if findings else 200)


def _file(request: HttpRequest, profile: str) -> SheetFile:
    found = []
    if profile not in manifest_profiles():
        found.append(Finding(None, "类型", "没有选联单类型。", "请选与模板相同的类型。", "unknown_profile"))
    upload = request.FILES.get("file")
    if upload is None:
        found.append(Finding(None, "文件", "没有选文件。", "请选填好的 Excel 文件。", "no_file"))
    if found or upload is None:
        raise Refused(found)
    return SheetFile(upload.name or "", uploaded_bytes(upload), profile, request.POST.get("mode") == "submit")


@login_required
@require_safe
def template(request: HttpRequest, profile: str) -> HttpResponse:
    """The blank workbook of a kind of manifest."""
    _member(request)
    if profile not in manifest_profiles():
        raise Http404
    return workbook_answer(importing.template_workbook(profile), f"{manifest_profiles()[profile].name}联单模板.xlsx")
