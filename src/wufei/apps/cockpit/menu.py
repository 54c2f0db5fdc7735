"""The menu of the site: which sections a role sees. A section without an address yet is left out."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from wufei.apps.registry.models import Role, User
from wufei.apps.registry.selectors import FIRM_ROLES

OFFICES = frozenset({
    Role.PROGRAMME_OFFICE, Role.DEPARTMENT, Role.ENFORCEMENT, Role.LEADER, Role.PARENT_REGION,
})  # fmt: skip
TOWNSHIPS = frozenset({Role.TOWNSHIP, Role.GRID_OFFICER})
# (label, URL name, roles that find something there), in the order of the menu
SECTIONS: list[tuple[str, str, frozenset[str]]] = [
    ("总览", "cockpit:home", frozenset(Role)),
    ("四张清单", "plans:index", OFFICES | TOWNSHIPS),
    ("数据填报", "assessment:index", OFFICES),
    ("联单", "manifests:index", OFFICES | TOWNSHIPS | FIRM_ROLES),
    ("包装", "packages:list", OFFICES | TOWNSHIPS | FIRM_ROLES),
    ("称重", "weighings:tickets", OFFICES | TOWNSHIPS | FIRM_ROLES),
    ("外业", "field:index", OFFICES | FIRM_ROLES),
    ("更正", "amendments:index", OFFICES | TOWNSHIPS | FIRM_ROLES),
    ("申报", "declarations:index", OFFICES | TOWNSHIPS | FIRM_ROLES),
    ("台账", "ledger:index", OFFICES | TOWNSHIPS | FIRM_ROLES),
    ("登记", "registry:index", OFFICES | TOWNSHIPS | FIRM_ROLES),
]


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One section of the menu."""

    label: str
    url: str
    active: bool


def menu(request: HttpRequest) -> dict[str, object]:
    """Context processor: ``menu`` for people who are logged in, and ``demo_mode``."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"menu": [], "demo_mode": settings.DEMO}
    items = []
    for label, name, roles in SECTIONS:
        if user.role not in roles:
            continue
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        active = request.path.startswith(("/places/", "/own/")) if url == "/" else request.path.startswith(url)
        items.append(MenuItem(label, url, active or request.path == url))
    return {"menu": items, "demo_mode": settings.DEMO}
