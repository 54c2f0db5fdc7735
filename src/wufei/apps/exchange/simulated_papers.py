"""The invented papers of a simulated cast: vehicles' permits, crews, carriers' licences, plants' permits.

They let the checks of a manifest pass in a demonstration; each says of itself that it is simulated.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from wufei.apps.registry.models import CarrierLicence, Permit, PersonKind, Site, TransportPerson, Vehicle
from wufei.core.catalogue import categories
from wufei.core.checks.table import needed_licences
from wufei.core.simulation import Cast, Scenario

VALID_UNTIL = date(2035, 12, 31)
CAPACITY_T = Decimal(100_000)
CREW = {PersonKind.DRIVER: "J", PersonKind.ESCORT: "Y"}


def register_papers(scenario: Scenario, cast: Cast, owners: Mapping[str | None, int]) -> None:
    """Enter vehicles with their permits, crews and licences of the fleets, and permits of the hazardous plants."""
    vehicles = [vehicle for fleet in cast.vehicles.values() for vehicle in fleet]
    Vehicle.objects.bulk_create(
        [
            Vehicle(
                plate=row.plate,
                organisation_id=owners[row.credit_code],
                load_limit_t=Decimal(row.fleet.load_t) if row.fleet.load_t else None,
                transport_permit=f"模拟运证{row.number}",
                valid_until=VALID_UNTIL,
                hazard_classes=list(row.fleet.hazard_classes),
                is_simulated=True,
            )
            for row in vehicles
        ],
        batch_size=500,
    )
    TransportPerson.objects.bulk_create(
        [
            TransportPerson(
                organisation_id=owners[row.credit_code],
                kind=kind,
                name=f"模拟·{kind.label}{row.number}",
                certificate=f"模拟{letter}{row.number}",
                valid_until=VALID_UNTIL,
                hazard_classes=list(row.fleet.hazard_classes),
                is_simulated=True,
            )
            for row in vehicles
            if row.fleet.hazard_classes
            for kind, letter in CREW.items()
        ],
        batch_size=500,
    )
    scopes = {needed.kind: needed.scope for needed in needed_licences()}
    CarrierLicence.objects.bulk_create(
        [
            CarrierLicence(
                organisation_id=owners[credit_code],
                kind=kind,
                number=f"模拟资质{credit_code}",
                scope=f"{scopes.get(kind, '')}（模拟）",
                valid_until=VALID_UNTIL,
            )
            for credit_code, kind in sorted({(row.credit_code, row.fleet.licence) for row in vehicles})
            if kind
        ],
        batch_size=500,
    )
    _register_permits(scenario, cast)


def _register_permits(scenario: Scenario, cast: Cast) -> None:
    """Permits of the plants and stores for hazardous waste: all categories, so that any demonstration passes."""
    methods = {plant.site.code: list(plant.methods) for plant in cast.plants if plant.site.domain == "hazardous"}
    Permit.objects.bulk_create(
        [
            Permit(
                number=f"模拟许可{site.code}",
                organisation_id=site.organisation_id,
                categories=[code for code in categories() if code.startswith("HW")],
                methods=methods[site.code],
                kind="general" if methods[site.code] else "collection",
                capacity_t_per_year=CAPACITY_T,
                mode="收集、贮存、利用、处置" if methods[site.code] else "收集、贮存",
                valid_until=VALID_UNTIL,
                source=scenario.notice,
            )
            for site in Site.objects.filter(code__in=methods).order_by("code")
        ],
        batch_size=500,
    )
