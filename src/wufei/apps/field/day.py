"""What a phone takes along for the day: its person's trips with their stops, what is on the way, its numbers.

Only today's trips of the person: a driver does not see every document of the firm. The number of queries does not
depend on how many stops there are.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, Q

from wufei.apps.field.blocks import top_up
from wufei.apps.field.documents import copied_waste, last_manifests
from wufei.apps.field.models import FieldDevice, NumberBlock, NumberUse, block_of
from wufei.apps.manifests.models import Manifest, Trip, TripStop
from wufei.apps.manifests.selectors import visible_manifests
from wufei.apps.registry.models import User
from wufei.core.catalogue import waste_codes
from wufei.core.ledger import local_day
from wufei.core.manifest import STATUS_NAMES, Status
from wufei.core.manifest_number import serial_key
from wufei.core.manifest_profiles import manifest_profiles

MOST_ON_THE_WAY = 100
MOST_CHOICES = 200


def trips_of(user: User, at: datetime) -> list[Trip]:
    """Today's trips of the person: those named as theirs, and those of their firm that name nobody; three queries."""
    mine = Q(driver_user=user) | Q(driver_user=None, carrier=user.organisation_id)
    stops = TripStop.objects.select_related("site", "manifest").order_by("position")
    return list(
        Trip.objects.filter(mine, on=local_day(at), carrier=user.organisation_id)
        .exclude(status__in=["cancelled"])
        .select_related("receiver", "carrier")
        .prefetch_related(Prefetch("stops", queryset=stops))
        .order_by("id")
    )


def _wastes(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The wastes of a manifest as the phone shows them."""
    names = ("code", "name", "mass_g", "packages", "package_count")
    return [{n: w[n] for n in names if w.get(n) is not None} for w in document.get("wastes") or []]


def _usual(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The wastes that a sender gave last time, without the mass: that is weighed anew."""
    found = []
    for waste in document.get("wastes") or []:
        kept = copied_waste(document, str(waste.get("code")))
        found.append({n: kept[n] for n in ("code", "name") if kept.get(n)})
    return found


def _choice(profile: str) -> list[dict[str, str]]:
    """The wastes that a profile is for, to choose from where a sender has no manifest yet."""
    covered = [waste for waste in waste_codes().values() if manifest_profiles()[profile].covers(waste)]
    return [{"code": waste.code, "name": waste.name} for waste in covered[:MOST_CHOICES]]


def _stop(stop: TripStop, trip: Trip, last: Mapping[tuple[int, str], Mapping[str, Any]], year: int) -> dict[str, Any]:
    manifest = stop.manifest
    usual = last.get((stop.site_id, trip.profile), {})
    document = manifest.document if manifest else usual
    departed = manifest is not None and manifest.status not in (Status.DRAFT, Status.SUBMITTED)
    return {
        "position": stop.position,
        "site": stop.site.code,
        "site_name": stop.site.name,
        "planned_at": stop.planned_at.isoformat() if stop.planned_at else None,
        "manifest": manifest.number if manifest else None,
        "done": departed or stop.visited_at is not None,
        "note": stop.note,
        "handler": (document.get("generator") or {}).get("handler", ""),
        "wastes": _wastes(document) if manifest else _usual(usual),
        "series_key": serial_key(manifest_profiles()[trip.profile].series, year, stop.site.division_id),
    }


def _load(manifest: Manifest) -> dict[str, Any]:
    return {
        "number": manifest.number,
        "status": manifest.status,
        "status_name": STATUS_NAMES[Status(manifest.status)],
        "generator": manifest.generator_name,
        "receiver": manifest.receiver_name,
        "vehicle": (manifest.document.get("carriers") or [{}])[max(manifest.leg, 1) - 1].get("vehicle", ""),
        "wastes": _wastes(manifest.document),
    }


def loads_of(user: User) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What the person's firm carries, and what is on the way to it; one query each."""
    seen = visible_manifests(user).order_by("-id")
    carried = seen.filter(
        status=Status.IN_TRANSIT, legs__organisation=user.organisation_id, legs__departed_at__isnull=False
    ).distinct()
    coming = seen.filter(
        status__in=[Status.IN_TRANSIT, Status.DELIVERED], receiver_site__organisation=user.organisation_id
    )
    return [_load(m) for m in carried[:MOST_ON_THE_WAY]], [_load(m) for m in coming[:MOST_ON_THE_WAY]]


def _blocks(held: Sequence[NumberBlock]) -> list[dict[str, Any]]:
    told: dict[int, list[int]] = {}
    for block_id, serial in NumberUse.objects.filter(block__in=held).values_list("block_id", "serial"):
        told.setdefault(block_id, []).append(serial)
    return [
        {
            "key": block.key,
            "digits": block.digits,
            "first": block.first,
            "last": block.last,
            "expires_at": block.expires_at,
            "signature": record.signature,
            "told": sorted(set(told.get(record.pk, []))),
        }
        for record in held
        for block in [block_of(record)]
    ]


def day_of(device: FieldDevice, *, at: datetime) -> dict[str, Any]:
    """Everything that the phone needs for today without signal; gives it more numbers where few are left."""
    user = device.user
    trips = trips_of(user, at)
    year = local_day(at).year
    stops = [(stop, trip) for trip in trips for stop in trip.stops.all()]
    last = last_manifests((stop.site_id for stop, _ in stops), (trip.profile for trip in trips))
    wanted = [
        (manifest_profiles()[trip.profile].series, stop.site.division_id)
        for stop, trip in stops
        if stop.manifest_id is None
    ]
    held = top_up(device, wanted, at=at)
    carried, coming = loads_of(user)
    return {
        "on": local_day(at).isoformat(),
        "server_time": at.isoformat(),
        "device": {"code": device.code, "name": device.name, "seq": device.seq, "head": device.head},
        "person": {"name": str(user), "organisation": user.organisation.name if user.organisation else ""},
        "trips": [
            {
                "number": trip.number,
                "profile": trip.profile,
                "profile_name": manifest_profiles()[trip.profile].name,
                "vehicle": trip.vehicle,
                "driver": trip.driver,
                "receiver": trip.receiver.name,
                "wastes": _choice(trip.profile),
                "stops": [_stop(stop, trip, last, year) for stop in trip.stops.all()],
            }
            for trip in trips
        ],
        "carried": carried,
        "coming": coming,
        "blocks": _blocks(held),
    }
