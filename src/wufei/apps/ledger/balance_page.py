"""The mass balance as a page shows it: for a place in sight, a line per waste code, in tonnes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import AnonymousUser

from wufei.apps.ledger import selectors
from wufei.apps.ledger.listing import tonnes
from wufei.apps.registry.models import User
from wufei.apps.registry.selectors import scope, visible_divisions
from wufei.core.catalogue import DOMAIN_NAMES
from wufei.core.divisions import is_division_code
from wufei.core.ledger import BalanceLine

TERMS = (  # field, label, sign in the identity
    ("opening_g", "期初", "+"),
    ("generated_g", "产生", "+"),
    ("received_g", "转入", "+"),
    ("utilised_g", "利用", "−"),
    ("disposed_g", "处置", "−"),
    ("dumped_g", "倾倒", "−"),
    ("sent_g", "转出", "−"),
    ("closing_g", "期末", "−"),
    ("unexplained_g", "差异", "−"),
    ("residual_g", "余差", "＝"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One waste code."""

    code: str
    name: str
    domain: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BalancePage:
    """All that the page shows."""

    place: str
    place_name: str
    year: int
    years: tuple[int, ...]
    domain: str
    domains: tuple[tuple[str, str], ...]
    places: tuple[tuple[str, str], ...]
    headings: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    total: tuple[str, ...]
    is_simulated: bool
    holds: bool


def balance_page(user: User | AnonymousUser, asked: Mapping[str, str], *, today: date) -> BalancePage | None:
    """The page as the address asks; ``None`` where the place is not in sight of the person."""
    seen = scope(user)
    if not isinstance(user, User) or user.division is None or seen.organisation_id:
        return None
    place = asked.get("place", "") or user.division.code
    if not is_division_code(place) or not seen.covers(place):
        return None
    names = dict(visible_divisions(user).values_list("code", "name"))
    years = tuple(range(today.year, today.year - 8, -1))
    year = int(asked["year"]) if asked.get("year", "").isdecimal() and len(asked["year"]) == 4 else today.year - 1
    domains = {name: label for name, label in DOMAIN_NAMES.items() if name in seen.domains}
    domain = asked.get("domain", "")
    domain = domain if domain in domains else ""
    balance = selectors.mass_balance(place, year, domain or None)
    shown = [line for line in balance.codes if line.domain in seen.domains]
    total = _sum(shown)
    return BalancePage(
        place=place,
        place_name=names.get(place, place),
        year=year,
        years=years if year in years else (*years, year),
        domain=domain,
        domains=tuple(domains.items()),
        places=tuple(names.items()),
        headings=tuple((label, sign) for _, label, sign in TERMS),
        lines=tuple(
            Line(line.waste_code, line.name, DOMAIN_NAMES.get(line.domain, ""), _cells(line)) for line in shown
        ),
        total=_cells(total),
        is_simulated=balance.is_simulated,
        holds=all(line.residual_g == 0 for line in shown),
    )


def _cells(line: BalanceLine) -> tuple[str, ...]:
    return tuple(tonnes(getattr(line, field)) for field, _, _ in TERMS)


def _sum(lines: list[BalanceLine]) -> BalanceLine:
    sums = {field: sum(getattr(line, field) for line in lines) for field, _, _ in TERMS if field != "residual_g"}
    return BalanceLine("", "", "", **sums)
