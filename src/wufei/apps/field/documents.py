"""Draws up the manifest of a pick-up: what the phone said, the trip, and what the last manifest of this sender tells.

A driver taps six times; what a form asks beside that (packing, form, way of treatment, emergency phone) is taken from
the sender's last manifest of the same kind, where the table of fields says that a copy takes it over.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Max

from wufei.apps.manifests.models import Manifest, TripStop
from wufei.apps.registry.models import Site, User
from wufei.core.findings import Finding
from wufei.core.manifest import Status
from wufei.core.manifest_profiles import fields, profiles_for

_COPIED = {f.pointer for f in fields() if f.is_copied}


def last_manifests(site_ids: Iterable[int], profiles: Iterable[str]) -> dict[tuple[int, str], Mapping[str, Any]]:
    """The document of the last manifest of each sender and profile; two queries."""
    sent = Manifest.objects.filter(generator_site_id__in=set(site_ids), profile__in=set(profiles), returns=None)
    newest = (
        sent.exclude(status__in=[Status.DRAFT, Status.VOID])
        .values("generator_site_id", "profile")
        .annotate(newest=Max("id"))
        .values_list("newest", flat=True)
    )
    rows = Manifest.objects.filter(pk__in=list(newest)).values_list("generator_site_id", "profile", "document")
    return {(site, profile): document for site, profile, document in rows if site is not None}


def copied_waste(document: Mapping[str, Any], code: str) -> dict[str, Any]:
    """What a copy takes over of the waste with this code."""
    for waste in document.get("wastes") or []:
        if waste.get("code") == code:
            return {name: value for name, value in waste.items() if f"/wastes/*/{name}" in _COPIED}
    return {}


def pickup_document(
    payload: Mapping[str, Any], *, site: Site, stop: TripStop | None, person: User
) -> tuple[dict[str, Any], list[Finding]]:
    """The document of a new manifest, or what it cannot be drawn up without."""
    told = payload.get("carrier")
    carrier = dict(told) if isinstance(told, dict) else {}
    codes = [str(row["code"]) for row in payload["wastes"]]
    profile = stop.trip.profile if stop else str(payload.get("profile") or next(iter(profiles_for(codes[0])), ""))
    receiver = stop.trip.receiver.code if stop else str(payload.get("receiver") or "")
    if not profile:
        what = f"废物代码“{codes[0]}”没有适用的联单类型。"
        return {}, [Finding(None, "wastes/0/code", what, "请核对代码后重新处理。", "unknown_profile")]
    last = last_manifests([site.pk], [profile]).get((site.pk, profile), {})
    sender = {
        name: value
        for name, value in (last.get("generator") or {}).items()
        if f"/generator/{name}" in _COPIED and name not in {"site", "outside"}
    }
    handler = payload["handler"]
    wastes = [
        copied_waste(last, str(row["code"]))
        | {"code": row["code"], "mass_g": row["mass_g"], "basis": row.get("basis") or "weighed"}
        | ({"name": row["name"]} if row.get("name") else {})
        | ({"packages": row["packages"]} if row.get("packages") else {})
        | ({"package_count": _count(row)} if _count(row) else {})
        for row in payload["wastes"]
    ]
    trip = stop.trip if stop else None
    leg = {
        "organisation": trip.carrier.credit_code if trip else carrier.get("organisation"),
        "vehicle": carrier.get("vehicle") or (trip.vehicle if trip else ""),
        "driver": carrier.get("driver") or (trip.driver if trip else "") or str(person),
        "driver_licence": carrier.get("driver_licence") or (trip.driver_licence if trip else ""),
    }
    document = {
        "profile": profile,
        "generator": {**sender, "site": site.code, "handler": str(handler["name"])[:40]},
        "wastes": wastes,
        "carriers": [{name: value for name, value in leg.items() if value}],
        "receiver": {"site": receiver} if receiver else last.get("receiver") or {},
    }
    return document, []


def _count(row: Mapping[str, Any]) -> int:
    """How many packages: said, or those that were scanned."""
    said = row.get("package_count")
    if isinstance(said, int) and not isinstance(said, bool) and said > 0:
        return said
    return len(row.get("packages") or [])
