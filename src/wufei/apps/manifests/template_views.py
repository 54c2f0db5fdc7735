"""Pages of the templates of a firm: save, list, delete; what is new begins from them."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from wufei.apps.manifests import selectors, templating, trip_selectors
from wufei.apps.manifests.acts import Act
from wufei.apps.manifests.models import Manifest, ManifestTemplate, Trip
from wufei.apps.registry.actors import actor_names
from wufei.apps.registry.models import User
from wufei.apps.registry.selectors import FIRM_ROLES
from wufei.core.findings import Refused
from wufei.core.manifest_profiles import manifest_profiles


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """One template for the list."""

    template: ManifestTemplate
    kind: str
    profile: str
    url: str
    by: str


def _row(template: ManifestTemplate, by: str) -> TemplateRow:
    profile = str(template.document["profile"])
    if template.kind == "trip":
        url = reverse("manifests:trip-new")
    else:
        url = reverse("manifests:new", args=[profile])
    known = manifest_profiles().get(profile)
    return TemplateRow(
        template, template.get_kind_display(), known.name if known else profile, f"{url}?template={template.pk}", by
    )


def _member(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User) or user.role not in FIRM_ROLES:
        raise Http404
    return user


def _act(request: HttpRequest) -> Act:
    now = timezone.now()
    return Act(_member(request), claimed_at=now, server_at=now)


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The templates of the own firm."""
    found = templating.templates_of(_member(request))
    names = actor_names(request.user, (template.created_by for template in found))
    rows = [_row(template, names[template.created_by]) for template in found]
    return render(request, "manifests/templates.html", {"rows": rows})


@login_required
@require_POST
def save(request: HttpRequest, kind: str, number: str) -> HttpResponse:
    """Keep a manifest or a round in sight as a template of the own firm."""
    user = _member(request)
    source: Manifest | Trip | None = None
    if kind == "manifest":
        source = selectors.manifest_of(user, number)
    elif kind == "trip":
        source = trip_selectors.trip_of(user, number)
    if source is None:
        raise Http404
    try:
        made = templating.save_template(request.POST.get("name", ""), source, act=_act(request))
        messages.success(request, f"已存为模板“{made.name}”。")
        return redirect("manifests:templates")
    except Refused as error:
        messages.error(request, "".join(f.what + f.remedy for f in error.findings))
        return redirect("manifests:detail" if kind == "manifest" else "manifests:trip", number)


@login_required
@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a template away."""
    templating.delete_template(pk, act=_act(request))
    messages.success(request, "模板已删除。")
    return redirect("manifests:templates")
