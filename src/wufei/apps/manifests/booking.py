"""Posts what a manifest does to the ledger; the movements themselves come from ``core.manifest_booking``."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from wufei.apps.ledger.services import hold_accounts, post, register_unknown_vehicle
from wufei.apps.manifests.models import Manifest
from wufei.apps.manifests.parties import Parties
from wufei.apps.packages.transport import Content
from wufei.core.ledger import Movement
from wufei.core.manifest import Outcome
from wufei.core.manifest_booking import Load, Stamp, depart, hand_over, receive, stock_account
from wufei.core.manifest_profiles import manifest_profiles


def loads_of(document: Mapping[str, Any], contents: Mapping[str, Content]) -> list[Load]:
    """The wastes of a document as the ledger needs them; ``contents`` by the codes of the document."""
    return [
        Load(
            position=i,
            waste_code=waste["code"],
            mass_g=waste.get("mass_g") or 0,
            packages=tuple((c.code, c.mass_g) for c in _contents(waste, contents)),
            booked={c.code: c.booked_g for c in _contents(waste, contents)},
            count=waste.get("package_count"),
            basis=waste.get("basis") or "weighed",
            basis_ref=waste.get("basis_ref") or "",
        )
        for i, waste in enumerate(document["wastes"], 1)
    ]


def _contents(waste: Mapping[str, Any], contents: Mapping[str, Content]) -> list[Content]:
    return [contents.get(code) or Content(code) for code in waste.get("packages") or []]


def vehicle_of(document: dict[str, Any], leg: int) -> str:
    """The holder of the vehicle of a carrier (from 1)."""
    return f"vehicle:{document['carriers'][leg - 1]['vehicle']}"


def book_departure(
    manifest: Manifest, parties: Parties, loads: Sequence[Load], stamp: Stamp, *, actor: str, recorded_at: datetime
) -> tuple[list[str], bool]:
    """Book a departure; returns the keys of the movements, and whether stock was booked that was never declared."""
    ends = parties.ends(from_stock=manifest_profiles()[manifest.profile].from_stock)
    vehicle = vehicle_of(manifest.document, 1)
    register_unknown_vehicle(vehicle, parties.inner().division_id)
    accounts = {a for load in loads if (a := stock_account(ends, load.waste_code))}
    stock = hold_accounts(accounts)
    movements = depart(ends, vehicle, loads, {a.waste_code: held for a, held in stock.items()}, stamp)
    return _post(movements, actor, recorded_at), any(m.kind == "adjust" for m in movements)


def book_hand_over(
    manifest: Manifest, parties: Parties, loads: Sequence[Load], stamp: Stamp, *, actor: str, recorded_at: datetime
) -> list[str]:
    """Book the change from the carrier before to the one who takes over."""
    taker = vehicle_of(manifest.document, manifest.leg + 1)
    register_unknown_vehicle(taker, parties.inner().division_id)
    giver = vehicle_of(manifest.document, manifest.leg)
    movements = hand_over(giver, taker, loads, stamp, leg=manifest.leg)
    return _post(movements, actor, recorded_at)


def book_receipt(
    manifest: Manifest,
    parties: Parties,
    loads: Sequence[Load],
    outcomes: Sequence[Outcome],
    stamp: Stamp,
    *,
    refused: Collection[str],
    actor: str,
    recorded_at: datetime,
) -> list[str]:
    """Book what was accepted, lost and missing; what was refused stays on the vehicle."""
    ends = parties.ends(from_stock=True)
    movements = receive(ends, vehicle_of(manifest.document, manifest.leg), loads, outcomes, stamp, refused)
    return _post(movements, actor, recorded_at)


def _post(movements: Sequence[Movement], actor: str, recorded_at: datetime) -> list[str]:
    if movements:
        post(movements, actor=actor, recorded_at=recorded_at)
    return [m.key for m in movements]
