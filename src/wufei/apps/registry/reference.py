"""Brings the registry to what the package's data say: divisions, departments, the permits printed in plans."""

from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from wufei.apps.facts.services import record_fact
from wufei.apps.registry.models import Department, Division, Facility, Kind, Organisation, Permit, Site
from wufei.core.catalogue import expand_categories
from wufei.core.divisions import level_of, prefix_of
from wufei.core.reference import exists, folders, read_table

ACTOR = "system"
# table of a plan pack -> its columns that hold lists of departments
DEPARTMENT_COLUMNS = {
    "targets.csv": ["departments"],
    "target_parts.csv": ["departments"],
    "text_targets.csv": ["departments"],
    "tasks.csv": ["lead", "cooperating"],
    "responsibilities.csv": ["lead", "participating"],
}


@transaction.atomic
def load_reference() -> None:
    """Bring all of it; idempotent. What the data no longer say stays, because records may hang on it."""
    counts = {
        "divisions": load_divisions(),
        "departments": load_departments(),
        "permits": sum(load_permits(place) for place in folders("registry")),
    }
    if any(counts.values()):
        record_fact(at=timezone.now(), actor=ACTOR, verb="load_reference", subject="registry", after=counts)


def load_divisions() -> int:
    """Bring divisions and villages; return how many differed. Two queries and one write, whatever their number."""
    rows = [*read_table("registry/divisions.csv"), *read_table("registry/villages.csv")]
    wanted = [
        Division(
            code=row["code"],
            prefix=prefix_of(row["code"]),
            name=row["name"],
            level=level_of(row["code"]),
            parent_id=row["parent"] or None,
            longitude=Decimal(row["longitude"]) if row.get("longitude") else None,
            latitude=Decimal(row["latitude"]) if row.get("latitude") else None,
            position_basis=row.get("position_basis", ""),
        )
        for row in rows
    ]
    held = {row.pk: _plain(row) for row in Division.objects.all()}
    changed = [row for row in wanted if held.get(row.pk) != _plain(row)]
    Division.objects.bulk_create(
        changed,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["prefix", "name", "level", "parent", "longitude", "latitude", "position_basis"],
    )
    return len(changed)


def _plain(row: Division) -> tuple[object, ...]:
    return (row.prefix, row.name, row.level, row.parent_id, row.longitude, row.latitude, row.position_basis)


def load_departments() -> int:
    """Bring the departments that the plan packs name, by place; return how many were missing."""
    wanted = {(place, name) for place in folders("plans") for name in departments_of_pack(place)}
    known = set(Division.objects.filter(pk__in={place for place, _ in wanted}).values_list("pk", flat=True))
    missing = sorted(wanted - set(Department.objects.values_list("division_id", "name")))
    rows = [Department(division_id=place, name=name) for place, name in missing if place in known]
    Department.objects.bulk_create(rows, batch_size=500)
    return len(rows)


def departments_of_pack(place: str) -> set[str]:
    """The distinct department names in the plan pack of ``place``."""
    return {
        name.strip()
        for table, columns in DEPARTMENT_COLUMNS.items()
        if exists(f"plans/{place}/{table}")
        for row in read_table(f"plans/{place}/{table}")
        for column in columns
        for name in (row.get(column) or "").split(";")
        if name.strip()
    }


def load_permits(place: str) -> int:
    """Bring the permits that a document of ``place`` prints, with their organisations, sites and facilities.

    The documents print no credit codes: the organisation's stays absent and ``source`` names the document.
    """
    if not exists(f"registry/{place}/permits.csv"):
        return 0
    added = 0
    for row in read_table(f"registry/{place}/permits.csv"):
        if Permit.objects.filter(number=row["number"]).exists():
            continue
        organisation, _ = Organisation.objects.get_or_create(
            name=row["organisation"],
            division_id=row["division"],
            defaults={"kind": Kind.FACILITY, "source": row["source"]},
        )
        site, _ = Site.objects.get_or_create(
            code=row["site_code"],
            defaults={
                "name": row["organisation"],
                "organisation": organisation,
                "division_id": row["division"],
                "category": row["site_category"],
                "domain": "hazardous",
            },
        )
        capacity = Decimal(row["capacity_t_per_year"])
        Facility.objects.get_or_create(
            code=row["site_code"],
            defaults={
                "name": row["organisation"],
                "site": site,
                "capacity_t_per_year": capacity,
                "source": row["source"],
            },
        )
        Permit.objects.create(
            number=row["number"],
            organisation=organisation,
            categories=expand_categories(row["categories"]),
            capacity_t_per_year=capacity,
            mode=row["mode"],
            valid_until=date.fromisoformat(row["valid_until"]),
            source=row["source"],
        )
        added += 1
    return added
