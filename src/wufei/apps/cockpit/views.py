"""The pages of a place: parse the address, call one selector, choose a template (whole page or partial)."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from wufei.apps.amendments.waiting import waits_for
from wufei.apps.cockpit import movements, own_page, panels, selectors
from wufei.apps.cockpit.flows import sankey
from wufei.apps.cockpit.labels import STAGES
from wufei.apps.cockpit.place_year import PlaceYear
from wufei.apps.cockpit.places import find_place, home_code, is_firm, place_codes
from wufei.apps.cockpit.query import read_query
from wufei.apps.cockpit.town_map import map_points
from wufei.apps.registry.models import Role, User

# what HTMX asks to replace -> the partial, and the name of its part in the page
PARTIALS = {
    "indicators": ("cockpit/_indicators.html", "table"),
    "lists": ("cockpit/_lists.html", "lists"),
    "material": ("cockpit/_material.html", "material"),
}


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _asked(request: HttpRequest, division: str) -> PlaceYear:
    """What is asked of which place and year; 404 where the person may not see it."""
    place = find_place(_user(request), division, today=timezone.localdate())
    if place is None:
        raise Http404
    query = read_query(request.GET.dict(), years=place.years)
    return PlaceYear(_user(request), place, query, reverse("cockpit:place", args=[division]))


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The first page after login: the person's place, or their firm."""
    user = _user(request)
    if is_firm(user):
        return redirect("cockpit:own")
    code = home_code(user, place_codes(user))
    if code is None:
        return render(request, "cockpit/nothing.html", {"is_citizen": user.role == Role.CITIZEN})
    return redirect("cockpit:place", division=code)


@require_safe
@login_required
def place(request: HttpRequest, division: str) -> HttpResponse:
    """The page of a place; to HTMX one of its partials."""
    asked = _asked(request, division)
    wanted = PARTIALS.get(request.headers.get("HX-Target", "")) if request.headers.get("HX-Request") else None
    today = timezone.localdate()
    if wanted:
        template, name = wanted
        part = selectors.part(asked, name=name, today=today)
        if part is None:
            raise Http404
        return render(request, template, {name: part})
    page = selectors.place_page(asked, today=today)
    waiting = waits_for(_user(request), timezone.now())
    return render(request, "cockpit/place.html", {"page": page, "waiting": waiting})


@require_safe
@login_required
def flows(request: HttpRequest, division: str) -> HttpResponse:
    """The flow picture as JSON for the chart."""
    asked = _asked(request, division)
    if asked.mass_division is None:
        raise Http404
    return JsonResponse(sankey(asked), json_dumps_params={"ensure_ascii": False})


@require_safe
@login_required
def town_map(request: HttpRequest, division: str) -> HttpResponse:
    """The townships and facilities as JSON for the map."""
    return JsonResponse(map_points(_asked(request, division)), json_dumps_params={"ensure_ascii": False})


def _panel(request: HttpRequest, partial: str, panel: object | None) -> HttpResponse:
    """A panel: to HTMX the partial alone, to a browser a page around it."""
    if panel is None:
        raise Http404
    if request.headers.get("HX-Request"):
        return render(request, partial, {"panel": panel})
    return render(request, "cockpit/panel.html", {"panel": panel, "partial": partial})


@require_safe
@login_required
def item(request: HttpRequest, division: str, item: str) -> HttpResponse:
    """Where the figure of one indicator comes from."""
    panel = panels.indicator_panel(_asked(request, division), item)
    return _panel(request, "cockpit/_indicator_panel.html", panel)


@require_safe
@login_required
def mass(request: HttpRequest, division: str, stage: str) -> HttpResponse:
    """Which movements one stream of the flow picture is made of."""
    asked = _asked(request, division)
    if stage not in STAGES:
        raise Http404
    parts = {key: request.GET.get(key, "")[:60] for key in ("code", "method", "after")}
    panel = movements.mass_panel(asked, stage=stage, **parts)
    return _panel(request, "cockpit/_movements_panel.html", panel)


@require_safe
@login_required
def element(request: HttpRequest, division: str, element: str) -> HttpResponse:
    """Which movements a data element derived from the ledger is made of."""
    part, after = request.GET.get("scope", "")[:60], request.GET.get("after", "")
    panel = movements.element_panel(_asked(request, division), element=element, part=part, after=after)
    return _panel(request, "cockpit/_movements_panel.html", panel)


@require_safe
@login_required
def own(request: HttpRequest) -> HttpResponse:
    """The page of a firm: the balances of its own sites and vehicles."""
    user = _user(request)
    if not is_firm(user):
        raise Http404
    waiting = waits_for(user, timezone.now())
    return render(request, "cockpit/own.html", {"page": own_page.own_page(user), "waiting": waiting})
