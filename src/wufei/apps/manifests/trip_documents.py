"""Draws up the manifest of a stop: the trip, what the sender's last manifest tells, and what is said at the stop.

A driver types little: packing, form, way of treatment, emergency phone are taken over from the last manifest of this
sender and kind, where the table of fields says that a copy takes them.
"""

from collections.abc import Mapping
from typing import Any

from wufei.apps.manifests.models import Manifest, Trip, TripStop
from wufei.core.manifest import Status
from wufei.core.manifest_document import Document, merge
from wufei.core.manifest_profiles import fields

_COPIED = frozenset(field.pointer for field in fields() if field.is_copied)
_GROUPS = ("livestock", "region", "exemption", "point_to_point")


def last_document(site_id: int, profile: str) -> Mapping[str, Any]:
    """The document of the sender's last signed manifest of a kind; empty where there is none; one query."""
    rows = Manifest.objects.filter(generator_site_id=site_id, profile=profile, returns=None)
    found = rows.exclude(status__in=[Status.DRAFT, Status.VOID]).order_by("-id").values_list("document", flat=True)
    return found.first() or {}


def last_wastes(trip: Trip) -> list[Document]:
    """The wastes of the stop before on the same round, without what was weighed: a proposal for the next."""
    rows = Manifest.objects.filter(trip=trip).exclude(status=Status.VOID).order_by("-stop")
    document = rows.values_list("document", flat=True).first() or {}
    return [_kept(waste, "/wastes/*") for waste in document.get("wastes") or []]


def _kept(group: Mapping[str, Any] | None, pattern: str) -> Document:
    return {name: value for name, value in (group or {}).items() if f"{pattern}/{name}" in _COPIED}


def proposed_document(trip: Trip, stop: TripStop, last: Mapping[str, Any]) -> Document:
    """What the manifest of a stop begins with, before anything is said at the stop."""
    leg = {
        "organisation": trip.carrier.credit_code,
        "vehicle": trip.vehicle,
        "driver": trip.driver,
        "driver_licence": trip.driver_licence,
    }
    sender = _kept(last.get("generator"), "/generator")
    sender.pop("outside", None)
    groups = {name: kept for name in _GROUPS if (kept := _kept(last.get(name), f"/{name}"))}
    return {
        "profile": trip.profile,
        "generator": {**sender, "site": stop.site.code},
        "wastes": [_kept(waste, "/wastes/*") for waste in last.get("wastes") or []],
        "carriers": [{name: value for name, value in leg.items() if value}],
        "receiver": {"site": trip.receiver.code},
        **groups,
    }


def stop_document(proposed: Document, told: Mapping[str, Any]) -> Document:
    """The proposed document with what was said at the stop; wastes are those said, with what each code had last."""
    if not isinstance(told, Mapping):
        return told
    known = {waste.get("code"): waste for waste in proposed["wastes"]}
    wastes = told.get("wastes")
    if not isinstance(wastes, list) or not wastes:
        return merge(proposed, told)
    said = [
        {**known.get(str(waste.get("code") or ""), {}), **_said(waste)} if isinstance(waste, Mapping) else waste
        for waste in wastes
    ]
    rest = {name: value for name, value in told.items() if name != "wastes"}
    return {**merge(proposed, rest), "wastes": said}


def _said(waste: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in waste.items() if value is not None}
