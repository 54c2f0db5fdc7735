"""Pages of the manifests: the list, a new one, one manifest, and each step of its life."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Exists, OuterRef
from django.db.models.expressions import Combinable
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from wufei.apps.amendments.waiting import open_asked, open_on
from wufei.apps.manifests import check_pages, forms, listing, pages, selectors, services, versions
from wufei.apps.manifests.files import file_path, files_of, keep_file, suffix_of
from wufei.apps.manifests.models import Manifest
from wufei.apps.manifests.paper import manifest_pdf
from wufei.apps.manifests.telling import document_for
from wufei.apps.manifests.templating import copied, template_of
from wufei.apps.manifests.trip_selectors import visible_trips
from wufei.apps.registry.models import User
from wufei.apps.registry.selectors import FIRM_ROLES
from wufei.apps.signatures.selectors import delegated_by, signature_rows
from wufei.apps.web import is_partial, uploaded_bytes, workbook_answer
from wufei.apps.weighings.selectors import recordable_sites
from wufei.core.findings import Finding, Refused
from wufei.core.ledger import local_day
from wufei.core.manifest import EVENT_NAMES, Event, Status
from wufei.core.manifest_document import get, read_document
from wufei.core.manifest_profiles import manifest_profiles
from wufei.core.manifest_receipt import mark_of

Person = User | AnonymousUser
KEY_USED, UNCONFIRMED = "key_used_otherwise", "difference_unconfirmed"
GROWING = {"wastes": "wastes", "carriers": "carriers", "items": "soil/source/items"}  # lists of a new manifest


def _act(request: HttpRequest) -> services.Act:
    assert isinstance(request.user, User)
    now = timezone.now()
    return services.Act(request.user, claimed_at=now, server_at=now, key=request.POST.get("key", "")[:80])


def _may_draw_up(user: Person) -> bool:
    return isinstance(user, User) and user.role in FIRM_ROLES


def _found(user: Person, number: str) -> tuple[User, Manifest]:
    manifest = selectors.manifest_of(user, number)
    if manifest is None or not isinstance(user, User):
        raise Http404
    return user, manifest


def _shown(user: Person, number: str) -> tuple[User, Manifest, pages.ManifestPage]:
    """A manifest and all its page says; what others let the person sign is asked once."""
    at = timezone.now()
    delegated = delegated_by(user, today=local_day(at))
    if not isinstance(user, User):
        raise Http404
    asked: dict[str, Combinable] = {
        "reader_has_scale": Exists(recordable_sites(user)),
        "reader_sees_trip": Exists(visible_trips(user).filter(pk=OuterRef("trip_id"))),
    }
    asked |= open_asked(user, f"manifest:{number}")
    manifest = selectors.manifest_of(user, number, delegated, **asked)
    if manifest is None:
        raise Http404
    return user, manifest, pages.manifest_page(user, manifest, at=at, delegated=delegated)


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The list: what waits, or all; HTMX asks for the table alone."""
    page = listing.list_page(request.user, request.GET, request.path)
    context = {"page": page, "may_draw_up": _may_draw_up(request.user)}
    return render(request, "manifests/_list.html" if is_partial(request) else "manifests/index.html", context)


@login_required
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The chosen manifests as an Excel workbook."""
    return workbook_answer(listing.workbook(request.user, request.GET), "转移联单.xlsx")


@login_required
@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """The first step of a new manifest: which kind."""
    if not _may_draw_up(request.user):
        raise Http404
    return render(request, "manifests/choose.html", {"profiles": forms.new_profile_choices()})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, profile: str) -> HttpResponse:
    """The form of a new manifest, blank or a copy of one (``?copy=``)."""
    user = request.user
    if not _may_draw_up(user) or profile not in manifest_profiles():
        raise Http404
    assert isinstance(user, User)
    source = _found(user, number)[1] if (number := request.GET.get("copy", "")) else None
    document: dict[str, Any] = {"profile": profile}
    findings: list[Finding] = []
    raw: dict[str, str] | None = None
    if request.method == "POST":
        raw, findings = _typed(request)
        document |= forms.patch_of(raw) | document
        if "add" not in request.POST and not findings:
            try:
                write = services.create_and_submit if "submit" in request.POST else services.create_manifest
                manifest = write(document, act=_act(request))
                messages.success(request, _made(manifest))
                return redirect("manifests:detail", manifest.number)
            except Refused as error:
                findings = [_used_key(f) for f in error.findings]
        document, _ = read_document(document)  # what cannot be read stands in ``raw``
    else:
        document = _begun(request, user, source, document)
    shown = pages.new_groups(document, findings, raw, _more_places(document, request))
    context = pages.form_context(user, profile, shown, findings) | {"profile": manifest_profiles()[profile]}
    is_used = any(finding.code == KEY_USED for finding in findings)
    context["key"] = uuid4() if is_used else request.POST.get("key") or uuid4()
    return render(request, "manifests/new.html", context, status=422 if findings else 200)


def _used_key(finding: Finding) -> Finding:
    """A form that has drawn up a manifest before and comes again with another content: told in its own words."""
    if finding.code != KEY_USED:
        return finding
    what = finding.what.replace("这个键已经用于联单", "这张表单已经开具了联单")
    return replace(finding, field="", what=what, remedy="要改那一份，请打开它；内容不同、要另开一份的，请再点一次。")


def _made(manifest: Manifest) -> str:
    if manifest.status == Status.DRAFT:
        return f"联单 {manifest.number} 已存为草稿，还没有提交。"
    return f"联单 {manifest.number} 已由您签字并提交。"


def _typed(request: HttpRequest) -> tuple[dict[str, str], list[Finding]]:
    """What a form says by pointer: texts, and files by their digests; and what is wrong with its files."""
    raw = {name: str(value) for name, value in request.POST.dict().items()}
    found: list[Finding] = []
    for name, upload in request.FILES.items():
        if name.startswith("/") and isinstance(upload, UploadedFile):
            try:
                raw[name] = keep_file(upload.name or "", uploaded_bytes(upload), act=_act(request), field=name).digest
            except Refused as error:
                found += [replace(finding, field=name) for finding in error.findings]
    return raw, found


def _more_places(document: dict[str, Any], request: HttpRequest) -> dict[str, int]:
    added = request.POST.get("add", "")
    counts = {
        name: max(len(get(document, way) or []), forms.cards_typed(request.POST, f"/{way}"), 1)
        for name, way in GROWING.items()
    }
    return {name: count + (name == added) for name, count in counts.items()}


def _begun(request: HttpRequest, user: User, source: Manifest | None, blank: dict[str, Any]) -> dict[str, Any]:
    """What a new manifest begins with: a copy, a template of the firm (``?template=``), or the firm's own site."""
    if source is not None:
        return copied(source.document)
    if key := request.GET.get("template", ""):
        begun: dict[str, Any] = template_of(user, key, "manifest").document | blank
        return begun
    return blank | listing.own_defaults(user)


@login_required
@require_safe
def detail(request: HttpRequest, number: str) -> HttpResponse:
    """One manifest."""
    user, manifest, page = _shown(request.user, number)
    signatures = signature_rows(f"manifest:{number}", user=user, contents=page.versions)
    context = {
        "page": pages.with_actors(user, page, signatures),
        "may_draw_up": _may_draw_up(user),
        "rows": pages.with_events(signatures),
        "subject": f"manifest:{number}",
        "waiting": open_on(manifest, f"{page.title} {number}", timezone.now()),
        "sees_trip": manifest.reader_sees_trip,
    }
    return render(request, "manifests/detail.html", context)


@login_required
@require_safe
def version(request: HttpRequest, number: str, sequence: int) -> HttpResponse:
    """One version of a manifest, with what it changed."""
    user, manifest = _found(request.user, number)
    page = versions.version_page(user, manifest, sequence) if sequence <= manifest.events else None
    if page is None:
        raise Http404
    return render(request, "manifests/version.html", {"page": page})


@login_required
@require_safe
def checks(request: HttpRequest, number: str) -> HttpResponse:
    """What the checks found at each step of one manifest."""
    user, manifest = _found(request.user, number)
    return render(request, "manifests/checks.html", {"page": check_pages.checks_page(user, manifest)})


@login_required
@require_safe
def paper(request: HttpRequest, number: str) -> HttpResponse:
    """The manifest as PDF in the layout of its three parts."""
    user, manifest = _found(request.user, number)
    url = request.build_absolute_uri(reverse("manifests:detail", args=[number]))
    content = manifest_pdf(manifest, url=url, printed_at=timezone.now(), document=document_for(user, manifest))
    disposition = content_disposition_header(as_attachment=False, filename=f"联单{number}.pdf") or ""
    return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": disposition})


@login_required
@require_safe
def file(request: HttpRequest, number: str, digest: str) -> HttpResponse:
    """A file that a manifest names, to be kept by the browser."""
    _, manifest = _found(request.user, number)
    path = file_path(digest)
    if digest not in files_of(manifest.document).values() or not path.exists():
        raise Http404
    disposition = content_disposition_header(as_attachment=True, filename=f"{number}-{digest[:8]}{suffix_of(path)}")
    headers = {"Content-Disposition": disposition or ""}
    return HttpResponse(path.read_bytes(), content_type="application/octet-stream", headers=headers)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, number: str) -> HttpResponse:
    """Change what no signature has sealed yet."""
    user, manifest, page = _shown(request.user, number)
    if not page.may_edit:
        raise Http404
    findings: list[Finding] = []
    raw: dict[str, str] | None = None
    if request.method == "POST":
        try:
            raw, findings = _typed(request)
            if findings:
                raise Refused(findings)
            services.update_manifest(number, forms.patch_of(raw, manifest.document), act=_act(request))
            messages.success(request, f"联单 {number} 的修改已保存。")
            return redirect("manifests:detail", number)
        except Refused as error:
            findings = error.findings
    shown = pages.edit_groups(user, manifest, findings, raw)
    context = pages.form_context(user, manifest.profile, shown, findings) | {"number": number}
    return render(request, "manifests/edit.html", context, status=422 if findings else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, number: str, event: str) -> HttpResponse:
    """One step of the life: a page that asks for what the step needs, and signs."""
    user, manifest, page = _shown(request.user, number)
    if event not in dict(page.actions):
        raise Http404
    chosen = Event(event)
    findings: list[Finding] = []
    raw: dict[str, str] | None = None
    if request.method == "POST":
        try:
            raw, findings = _typed(request)
            if findings:
                raise Refused(findings)
            filled = forms.patch_of(raw, pages.asked_document(manifest, chosen))
            doing = replace(_act(request), differences=request.POST.get("difference", ""))
            services.advance(number, chosen, filled, act=doing)
            messages.success(request, f"联单 {number}：{EVENT_NAMES[chosen]}已办理。")
            return redirect("manifests:detail", number)
        except Refused as error:
            findings = error.findings
    shown = pages.event_groups(manifest, chosen, findings, raw)
    context = pages.form_context(user, manifest.profile, shown, findings)
    context |= {"page": page, "event": event, "name": EVENT_NAMES[chosen]}
    asked = mark_of([f for f in findings if f.code == UNCONFIRMED])
    context |= {"difference": asked or request.POST.get("difference", ""), "is_confirmed": not asked}
    return render(request, "manifests/act.html", context, status=422 if findings else 200)
