"""All that the checks need to know of one manifest on the day of travel, read in a bounded number of queries."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from wufei.apps.declarations.models import Contract
from wufei.apps.declarations.selectors import (
    contract_lines_of,
    contracts_between,
    handling_plan_of,
    newest_handling_plan,
    plan_in_force,
    plan_transfers_of,
)
from wufei.apps.ledger.services import held_accounts
from wufei.apps.manifests.models import Manifest, ManifestWaste
from wufei.apps.manifests.parties import Parties
from wufei.apps.manifests.regions import crossing_of
from wufei.apps.packages.models import Package
from wufei.apps.packages.transport import contents, packages_by_code
from wufei.apps.registry.selectors import licences_of, permits_of, persons_by_certificate, vehicles_by_plate
from wufei.core.agreements import ContractLine
from wufei.core.checks import ContractRecord, Dossier, HandlingPlan, PackageRecord, PlannedTransfer, VehicleRecord
from wufei.core.ledger import Account, Bucket
from wufei.core.manifest import Status
from wufei.core.manifest_profiles import manifest_profiles
from wufei.core.package import ENDED
from wufei.core.package import Status as PackageStatus

BUILDING_SITE = "construction_site"  # data/registry/site_categories.csv
CONTRACTED = frozenset({"hazardous", "industrial"})
SOME_OTHER = "（其他单位的联单）"


def dossier_of(manifest: Manifest, parties: Parties, *, day: date) -> Dossier:
    """The dossier of a manifest for a day of travel; at most fourteen queries, whatever it carries."""
    document, profile = manifest.document, manifest_profiles()[manifest.profile]
    generator, receiver = parties.generator, parties.receiver
    is_hazardous = profile.domain == "hazardous"
    permits = permits_of([receiver.organisation_id], year=day.year) if receiver and is_hazardous else {}
    filed, transfers = _plan(parties, day) if generator and is_hazardous else (None, ())
    stock = _stock(parties, document) if generator and profile.from_stock else None
    plates = [plate for c in document.get("carriers") or [] if (plate := c.get("vehicle"))]
    licences = licences_of(firm.pk for firm in parties.carriers)
    crossing = crossing_of(document, parties)
    is_building_site = generator is not None and generator.category == BUILDING_SITE
    return Dossier(
        document=document,
        profile=manifest.profile,
        domain=profile.domain,
        day=day,
        created_on=manifest.rules_on,
        number=manifest.number,
        permits=permits.get(receiver.organisation_id, ()) if receiver else (),
        permit_needed=receiver is not None,
        plan_filed=filed,
        plan_transfers=transfers,
        stock_g=stock,
        vehicles=_vehicles(plates, manifest),
        persons=persons_by_certificate(_certificates(document)),
        licences={str(firm.credit_code): licences.get(firm.pk, ()) for firm in parties.carriers},
        packages=_packages(document, parties.inner().organisation_id, manifest.number),
        contracts=contracts_of(parties, manifest.receiver_name) if profile.domain in CONTRACTED else None,
        leaves_province=crossing.crosses,
        region_unstated=crossing.is_unstated,
        approvals=tuple(line.approval for line in crossing.lines),
        is_building_site=is_building_site,
        handling_plan=_handling_plan(parties, day) if is_building_site else None,
    )


def _plan(parties: Parties, day: date) -> tuple[bool, tuple[PlannedTransfer, ...]]:
    assert parties.generator is not None
    if plan_in_force(parties.generator.pk, day) is None:
        return False, ()
    receiver = parties.receiver
    found = []
    for row in plan_transfers_of(parties.generator.pk, day):
        is_this = receiver is not None and row.receiver_id == receiver.organisation_id
        code = receiver.code if is_this and receiver else (row.receiver_name or f"organisation:{row.receiver_id}")
        found.append(PlannedTransfer(row.waste_code, code, row.remaining_g, row.method))
    return True, tuple(found)


def _stock(parties: Parties, document: dict[str, Any]) -> dict[str, int]:
    assert parties.generator is not None
    holder = f"site:{parties.generator.code}"
    accounts = {w["code"]: Account(holder, w["code"], Bucket.STORED) for w in document.get("wastes") or []}
    held = held_accounts(accounts.values())
    return {code: held[account] for code, account in accounts.items()}


def _vehicles(plates: Iterable[str], manifest: Manifest) -> dict[str, VehicleRecord]:
    """The vehicles with what other manifests under way have on them."""
    wanted = list(plates)
    if not wanted:
        return {}
    aboard: dict[str, set[str]] = {}
    others = ManifestWaste.objects.filter(
        manifest__status__in=(Status.IN_TRANSIT, Status.DELIVERED), manifest__legs__vehicle__in=wanted
    ).exclude(manifest=manifest)
    for plate, code in others.values_list("manifest__legs__vehicle", "waste_code").distinct()[:200]:
        aboard.setdefault(plate, set()).add(code)
    return {
        plate: replace(record, aboard=tuple(sorted(aboard.get(plate, ()))))
        for plate, record in vehicles_by_plate(wanted).items()
    }


def _certificates(document: dict[str, Any]) -> list[str]:
    carriers = document.get("carriers") or []
    return [number for c in carriers for key in ("driver_licence", "escort_licence") if (number := c.get(key))]


def contracts_of(parties: Parties, receiver_name: str) -> tuple[ContractRecord, ...] | None:
    """The contracts between both ends; not looked at where the sender is outside, or is the receiver itself."""
    generator, receiver = parties.generator, parties.receiver
    if generator is None or (receiver is not None and receiver.organisation_id == generator.organisation_id):
        return None
    rows = contracts_between(generator.organisation_id, receiver.organisation_id if receiver else None, receiver_name)
    return tuple(_contract(row, contract_lines_of(row)) for row in rows)


def _contract(row: Contract, lines: Iterable[ContractLine]) -> ContractRecord:
    left = {line.waste_code: line.remaining_g for line in lines}
    until = min(row.valid_to, row.ended_on or row.valid_to)
    limits = {code: left_g for code, left_g in left.items() if left_g is not None}
    return ContractRecord(row.number, frozenset(left), row.valid_from, until, limits, row.pk)


def _handling_plan(parties: Parties, day: date) -> HandlingPlan | None:
    """The handling plan for the day, else the newest one, so that it can be said what is wrong with it."""
    assert parties.generator is not None
    row = handling_plan_of(parties.generator.pk, day) or newest_handling_plan(parties.generator)
    if row is None:
        return None
    return HandlingPlan(row.number, row.status == "approved", row.begins_on, row.ends_on)


def _packages(document: dict[str, Any], sender_id: int | None, number: str) -> dict[str, PackageRecord]:
    """The packages that it names. Of another firm's package it is not told on which manifest it is."""
    codes = [code for w in document.get("wastes") or [] for code in w.get("packages") or []]
    if not codes:
        return {}
    rows, known = packages_by_code(codes), contents(codes)
    return {
        text: PackageRecord(
            code=row.code,
            waste_code=row.waste_code,
            is_retired=row.status in ENDED,
            open_manifest=row.open_manifest if _may_tell(row, sender_id, number) else SOME_OTHER,
            site=row.site.code if row.site else "",
            is_held=row.holder_id == sender_id,
            is_aboard=row.status == PackageStatus.IN_TRANSIT,
            box=row.parent.code if row.parent else "",
            mass_g=known[text].mass_g,
            is_unweighed=known[text].mass_g is None,
        )
        for text, row in rows.items()
    }


def _may_tell(row: Package, sender_id: int | None, number: str) -> bool:
    return row.open_manifest in ("", number) or sender_id in (row.organisation_id, row.holder_id)
