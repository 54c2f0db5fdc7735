"""The page of a firm (本单位): what its own sites and vehicles hold, and what passed through them."""

from collections import defaultdict
from dataclasses import dataclass

from django.urls import reverse

from wufei.apps.cockpit.figures import tonnes
from wufei.apps.ledger import selectors as ledger
from wufei.apps.ledger.selectors import BalanceRow
from wufei.apps.manifests.selectors import ManifestFilter, ManifestRow, manifest_rows
from wufei.apps.registry import selectors as registry
from wufei.apps.registry.models import User
from wufei.core import catalogue
from wufei.core.catalogue import DOMAIN_NAMES
from wufei.core.ledger import HELD, Bucket
from wufei.core.numbers import grouped_text

OPEN_SHOWN = 5  # manifests under way; the list has them all


@dataclass(frozen=True, slots=True)
class OwnRow:
    """What one account of the firm holds, or what has passed through it."""

    waste: str
    code: str
    domain: str
    state: str
    mass: str
    is_held: bool


@dataclass(frozen=True, slots=True)
class OwnHolder:
    """A site or vehicle of the firm with its accounts."""

    name: str
    place: str
    url: str
    is_simulated: bool
    rows: tuple[OwnRow, ...]


@dataclass(frozen=True, slots=True)
class OwnPage:
    """All that the firm's page shows."""

    name: str
    is_simulated: bool
    holders: tuple[OwnHolder, ...]
    manifests: tuple[ManifestRow, ...]


def _row(account: BalanceRow) -> OwnRow:
    known = catalogue.methods().get(account.method)
    bucket = Bucket(account.bucket)
    # A source gives: its balance is the negative of what has been generated.
    mass_g = -account.balance_g if bucket is Bucket.GENERATED else account.balance_g
    return OwnRow(
        waste=account.waste_name,
        code=account.waste_code,
        domain=DOMAIN_NAMES.get(account.domain, ""),
        state=account.bucket_name + (f"：{known.name}" if known else ""),
        mass=grouped_text(tonnes(mass_g)),
        is_held=bucket in HELD,
    )


def own_page(user: User) -> OwnPage:
    """The firm's sites and vehicles with what they hold; a fixed number of queries, however many there are."""
    sites = list(registry.visible_sites(user).select_related("division").order_by("code"))
    vehicles = list(registry.visible_vehicles(user).order_by("plate"))
    keys = [*(f"site:{site.code}" for site in sites), *(f"vehicle:{vehicle.plate}" for vehicle in vehicles)]
    accounts: dict[str, list[OwnRow]] = defaultdict(list)
    for account in ledger.balances_of(keys):
        accounts[account.holder].append(_row(account))
    holders = [
        OwnHolder(
            site.name,
            site.division.name,
            reverse("registry:site", args=[site.pk]),
            site.is_simulated,
            _ordered(accounts[f"site:{site.code}"]),
        )
        for site in sites
    ]
    holders += [
        OwnHolder(vehicle.plate, "运输车辆", "", vehicle.is_simulated, _ordered(accounts[f"vehicle:{vehicle.plate}"]))
        for vehicle in vehicles
    ]
    return OwnPage(
        name=str(user.organisation) if user.organisation_id else "本单位",
        is_simulated=any(holder.is_simulated for holder in holders),
        holders=tuple(holders),
        manifests=tuple(manifest_rows(user, ManifestFilter(open_only=True), limit=OPEN_SHOWN)[0]),
    )


def _ordered(rows: list[OwnRow]) -> tuple[OwnRow, ...]:
    """What is held now first."""
    return tuple(sorted(rows, key=lambda row: (not row.is_held, row.domain, row.code)))
