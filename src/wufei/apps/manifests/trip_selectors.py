"""Reads of trips, and the one place that decides who sees which.

A trip is seen whole or not at all: by its carrier, its receiver, and the offices where its receiver or all of its
stops lie. A sender sees the manifest of its own stop, never who else was on the round.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum

from wufei.apps.manifests.models import Manifest, Trip, TripRecord, TripSight, TripStop
from wufei.apps.manifests.parties import division_scopes
from wufei.apps.manifests.selectors import PAGE_SIZE, Person, sight_scopes
from wufei.apps.registry.models import Organisation, Site, User
from wufei.core.manifest import STATUS_NAMES, Status
from wufei.core.manifest_profiles import manifest_profiles
from wufei.core.numbers import grouped_text
from wufei.core.trip import TRIP_STATUS_NAMES, StopState, TripStatus

VIEWS = (("today", "今日"), ("open", "未结束"), ("all", "全部"))


def kilograms(mass_g: int) -> str:
    """Grams as a page shows them."""
    return grouped_text(Decimal(mass_g) / 1000)


def trip_scopes(carrier: Organisation, receiver: Site, stops: Sequence[Site], domain: str) -> set[str]:
    """Whom a whole trip concerns, in the words of ``ManifestSight``."""
    of_receiver = division_scopes(receiver.division_id, domain)
    of_stops = [division_scopes(site.division_id, domain) for site in stops]
    around = set.intersection(*of_stops) if of_stops else set()
    return {f"org:{carrier.pk}", f"org:{receiver.organisation_id}"} | of_receiver | around


def visible_trips(user: Person) -> QuerySet[Trip]:
    """The trips that a person may see: their firm's as carrier or receiver, or of their division and duty."""
    sights = TripSight.objects.filter(scope__in=sight_scopes(user))
    return Trip.objects.filter(pk__in=sights.values("trip_id"))


def is_driver_today(user: Person, today: date) -> bool:
    """Whether a trip of the day is given to this very person: then the list begins with theirs alone."""
    return isinstance(user, User) and visible_trips(user).filter(driver_user=user, on=today).exists()


@dataclass(frozen=True, slots=True)
class TripRow:
    """One trip for a list; ``stops`` and ``done`` are counts, ``mass_kg`` what was collected."""

    pk: int
    number: str
    on: date
    profile_name: str
    status: str
    status_name: str
    carrier: str
    vehicle: str
    driver: str
    receiver: str
    stops: int
    done: int
    mass_g: int
    mass_kg: str
    is_simulated: bool


@dataclass(frozen=True, slots=True)
class TripFilter:
    """What a reader chose for a list of trips; ``view`` is mine, today, open or all."""

    view: str
    today: date
    q: str = ""
    profile: str = ""


def trip_rows(
    user: Person, chosen: TripFilter, *, before: int | None = None, limit: int = PAGE_SIZE
) -> tuple[list[TripRow], int | None]:
    """One page of trips, newest first, and the key of the next page (``None`` at the end); three queries."""
    scopes = sight_scopes(user)
    if not scopes:
        return [], None
    walked: dict[str, object] = {"sights__scope__in": scopes}
    if chosen.view == "open":
        walked["sights__is_open"] = True
    if chosen.view in ("today", "mine"):
        walked["sights__on"] = chosen.today
    if before is not None:
        walked["sights__trip_id__lt"] = before
    rows = Trip.objects.filter(**walked)
    if chosen.view == "mine" and isinstance(user, User):
        rows = rows.filter(driver_user=user)
    if chosen.q:
        rows = rows.filter(Q(number__startswith=chosen.q) | Q(vehicle=chosen.q))
    if chosen.profile:
        rows = rows.filter(profile=chosen.profile)
    if len(scopes) > 1:
        rows = rows.distinct()
    found = list(rows.select_related("carrier", "receiver").order_by("-sights__trip_id")[: limit + 1])
    shown = found[:limit]
    keys = [trip.pk for trip in shown]
    counted: dict[int, dict[str, int]] = {
        row["trip_id"]: {"stops": row["stops"], "done": row["done"]}
        for row in TripStop.objects.filter(trip__in=keys)
        .order_by()
        .values("trip_id")
        .annotate(stops=Count("pk"), done=Count("visited_at"))
    }
    masses = dict(
        Manifest.objects.filter(trip__in=keys)
        .exclude(status=Status.VOID)
        .order_by()
        .values_list("trip_id")
        .annotate(Sum("mass_g"))
    )
    made = [_row(trip, counted.get(trip.pk, {}), masses.get(trip.pk) or 0) for trip in shown]
    return made, (shown[-1].pk if len(found) > limit else None)


def _row(trip: Trip, counted: dict[str, int], mass_g: int) -> TripRow:
    return TripRow(
        pk=trip.pk,
        number=trip.number,
        on=trip.on,
        profile_name=manifest_profiles()[trip.profile].name,
        status=trip.status,
        status_name=TRIP_STATUS_NAMES[TripStatus(trip.status)],
        carrier=trip.carrier.name,
        vehicle=trip.vehicle,
        driver=trip.driver,
        receiver=trip.receiver.name,
        stops=counted.get("stops", 0),
        done=counted.get("done", 0),
        mass_g=mass_g,
        mass_kg=kilograms(mass_g),
        is_simulated=trip.is_simulated,
    )


def trip_of(user: Person, number: str) -> Trip | None:
    """One trip with its two firms, or ``None`` where it is not in sight; one query."""
    joined = visible_trips(user).select_related("carrier", "receiver__organisation", "driver_user")
    return joined.filter(number=number).first()


def stops_of(trip: Trip) -> list[TripStop]:
    """The stops in their order with site and manifest; one query."""
    return list(trip.stops.select_related("site__organisation", "site__division", "manifest").order_by("position"))


def stop_states(stops: Sequence[TripStop]) -> list[StopState]:
    """What of the stops decides whether the trip may end."""
    return [StopState(s.position, s.visited_at is not None, s.manifest.status if s.manifest else "") for s in stops]


@dataclass(frozen=True, slots=True)
class StopRow:
    """One stop for a page: ``state`` is waiting, signing, signed, collected or skipped, in words beside it."""

    position: int
    site: str
    site_name: str
    address: str
    planned_at: datetime | None
    visited_at: datetime | None
    manifest: str
    manifest_status: str
    wastes: str
    mass_g: int | None
    mass_kg: str
    note: str
    state: str
    state_name: str
    alerts: int


STATES = {
    "waiting": "待收运",
    "signing": "等移出方签字",
    "signed": "已签字，待装车",
    "skipped": "未收",
    "void": "已作废",
}


def _state(stop: TripStop) -> tuple[str, str]:
    manifest = stop.manifest
    if manifest is None:
        key = "skipped" if stop.visited_at else "waiting"
        return key, STATES[key]
    status = Status(manifest.status)
    if status is Status.VOID and stop.visited_at:
        return "skipped", STATES["skipped"]
    key = {Status.DRAFT: "signing", Status.SUBMITTED: "signed", Status.VOID: "void"}.get(status, "")
    return (key, STATES[key]) if key else ("collected", STATUS_NAMES[status])


def stop_row(stop: TripStop) -> StopRow:
    """A stop as a page shows it."""
    manifest = stop.manifest
    state, words = _state(stop)
    return StopRow(
        position=stop.position,
        site=stop.site.code,
        site_name=stop.site.name,
        address=stop.site.division.name,
        planned_at=stop.planned_at,
        visited_at=stop.visited_at,
        manifest=manifest.number if manifest else "",
        manifest_status=manifest.status if manifest else "",
        wastes=manifest.wastes_text if manifest else "",
        mass_g=manifest.mass_g if manifest else None,
        mass_kg=kilograms(manifest.mass_g) if manifest else "",
        note=stop.note,
        state=state,
        state_name=words,
        alerts=manifest.alerts if manifest else 0,
    )


def trip_history(trip: Trip) -> list[TripRecord]:
    """What happened to a trip, oldest first; one query."""
    return list(trip.history.order_by("sequence"))


def delivered_of(trip: Trip) -> list[Manifest]:
    """The manifests of a trip that wait for the receiver, in the order of the stops; one query."""
    return list(Manifest.objects.filter(trip=trip, status=Status.DELIVERED).order_by("stop"))
