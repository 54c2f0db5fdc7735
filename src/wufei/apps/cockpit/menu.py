"""The menu of the site: which sections a role sees. A section without an address yet is left out."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

# (label, URL name), in the order of the menu
SECTIONS = [
    ("总览", "cockpit:home"),
    ("四张清单", "plans:index"),
    ("数据填报", "assessment:index"),
    ("台账", "ledger:index"),
    ("登记", "registry:index"),
]


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One section of the menu."""

    label: str
    url: str
    active: bool


def menu(request: HttpRequest) -> dict[str, object]:
    """Context processor: ``menu`` for people who are logged in, and ``demo_mode``."""
    if not (hasattr(request, "user") and request.user.is_authenticated):
        return {"menu": [], "demo_mode": settings.DEMO}
    items = []
    for label, name in SECTIONS:
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        active = request.path.startswith("/places/") if url == "/" else request.path.startswith(url)
        items.append(MenuItem(label, url, active or request.path == url))
    return {"menu": items, "demo_mode": settings.DEMO}
