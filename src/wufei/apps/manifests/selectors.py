"""Reads of manifests, and the one place that decides who sees which.

``ManifestSight`` was written with each manifest: whom it concerns. What a person may see is what one of their scopes
names; a list walks that index, so a page costs the same among a thousand manifests and among a million.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.utils.timezone import localdate

from wufei.apps.manifests.models import Manifest, ManifestEvent, ManifestSight
from wufei.apps.registry.models import User
from wufei.apps.registry.selectors import NOTHING, scope
from wufei.apps.signatures.selectors import delegated_by
from wufei.core.manifest import CLOSED, STATUS_NAMES, Event, Status, allowed_events
from wufei.core.manifest_profiles import manifest_profiles
from wufei.core.numbers import grouped_text

Person = User | AnonymousUser
PAGE_SIZE = 50


def sight_scopes(user: Person) -> list[str]:
    """The scopes by which a person sees manifests; empty for who sees none."""
    seen = scope(user)
    if seen.organisation_id:
        return [f"org:{seen.organisation_id}"]
    if seen.prefix == NOTHING:
        return []
    if seen.sees_all_domains:
        return [f"div:{seen.prefix}"]
    return [f"div:{seen.prefix}/{domain}" for domain in sorted(seen.domains)]


def visible_manifests(user: Person) -> QuerySet[Manifest]:
    """The manifests that a person may see: those of their firm, or of their division in the domains of their duty.

    Whoever signs by delegation sees the manifests of the firm that gave it, in the domains that it names.
    """
    sights = ManifestSight.objects.filter(scope__in=sight_scopes(user))
    seen = Q(pk__in=sights.values("manifest_id"))
    for giver, domains in delegated_by(user, today=localdate()):
        given = Q(pk__in=ManifestSight.objects.filter(scope=f"org:{giver}").values("manifest_id"))
        seen |= given & Q(domain__in=domains) if domains else given
    return Manifest.objects.filter(seen)


@dataclass(frozen=True, slots=True)
class ManifestFilter:
    """What a reader chose for a list; empty means all. ``before`` is the id of the last row of the page before."""

    status: str = ""
    profile: str = ""
    q: str = ""  # beginning of a number
    plate: str = ""
    code: str = ""
    open_only: bool = False
    updated_since: datetime | None = None
    trip: int | None = None


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One manifest for a list."""

    pk: int
    number: str
    profile: str
    profile_name: str
    status: str
    status_name: str
    generator: str
    receiver: str
    wastes: str
    mass_g: int
    mass_kg: str
    created_at: datetime
    updated_at: datetime
    due_on: date | None
    alerts: int
    has_difference: bool
    is_return: bool
    is_simulated: bool


def row_of(m: Manifest) -> ManifestRow:
    """A manifest as a list shows it."""
    return ManifestRow(
        pk=m.pk,
        number=m.number,
        profile=m.profile,
        profile_name=manifest_profiles()[m.profile].name,
        status=m.status,
        status_name=STATUS_NAMES[Status(m.status)],
        generator=m.generator_name,
        receiver=m.receiver_name,
        wastes=m.wastes_text,
        mass_g=m.mass_g,
        mass_kg=grouped_text(Decimal(m.mass_g) / 1000),
        created_at=m.created_at,
        updated_at=m.updated_at,
        due_on=m.due_on,
        alerts=m.alerts,
        has_difference=m.has_difference,
        is_return=m.returns_id is not None,
        is_simulated=m.is_simulated,
    )


_LIST_COLUMNS = (
    "number profile status generator_name receiver_name wastes_text mass_g created_at updated_at due_on alerts "
    "has_difference returns_id is_simulated"
).split()


def manifest_rows(
    user: Person, chosen: ManifestFilter, *, before: int | None = None, limit: int = PAGE_SIZE
) -> tuple[list[ManifestRow], int | None]:
    """One page of manifests, newest first, and the key of the next page (``None`` at the end); one query."""
    scopes = sight_scopes(user)
    if not scopes:
        return [], None
    # One filter: each filter over a relation to many would be a join of its own.
    walked: dict[str, object] = {"sights__scope__in": scopes}
    if chosen.open_only:
        walked["sights__is_open"] = True
    if before is not None:
        walked["sights__manifest_id__lt"] = before
    rows = _filtered(Manifest.objects.filter(**walked), chosen)
    if len(scopes) > 1:
        rows = rows.distinct()
    found = list(rows.order_by("-sights__manifest_id").only(*_LIST_COLUMNS)[: limit + 1])
    return [row_of(m) for m in found[:limit]], (found[limit - 1].pk if len(found) > limit else None)


def _filtered(rows: QuerySet[Manifest], chosen: ManifestFilter) -> QuerySet[Manifest]:
    if chosen.status:
        rows = rows.filter(status=chosen.status)
    if chosen.profile:
        rows = rows.filter(profile=chosen.profile)
    if chosen.q:
        rows = rows.filter(number__startswith=chosen.q)
    if chosen.plate:
        rows = rows.filter(pk__in=Manifest.objects.filter(legs__vehicle=chosen.plate).values("pk"))
    if chosen.code:
        rows = rows.filter(pk__in=Manifest.objects.filter(wastes__waste_code=chosen.code).values("pk"))
    if chosen.updated_since is not None:
        rows = rows.filter(updated_at__gte=chosen.updated_since)
    if chosen.trip is not None:
        rows = rows.filter(trip_id=chosen.trip)
    return rows


def manifest_of(user: Person, number: str) -> Manifest | None:
    """One manifest with what its page joins, or ``None`` where it is not in sight; one query."""
    return (
        visible_manifests(user)
        .filter(number=number)
        .select_related("generator_site__organisation", "receiver_site__organisation", "returns", "trip")
        .first()
    )


def history_of(manifest: Manifest) -> Sequence[ManifestEvent]:
    """All versions of a manifest, oldest first; one query."""
    return list(ManifestEvent.objects.filter(manifest=manifest).order_by("sequence"))


def returns_of(manifest: Manifest) -> list[str]:
    """The numbers of the return shipments that a refusal made."""
    return list(Manifest.objects.filter(returns=manifest).order_by("pk").values_list("number", flat=True))


def next_events(manifest: Manifest) -> list[Event]:
    """What may happen next to a manifest by its stage and carriers, whoever asks."""
    events = allowed_events(Status(manifest.status))
    if Event.HAND_OVER in events and manifest.leg >= len(manifest.document.get("carriers") or []):
        events.remove(Event.HAND_OVER)
    if Event.WITNESS in events and not manifest_profiles()[manifest.profile].witnesses:
        events.remove(Event.WITNESS)
    return events


def is_closed(status: str) -> bool:
    """Whether nothing but an amendment can happen any more."""
    return Status(status) in CLOSED
