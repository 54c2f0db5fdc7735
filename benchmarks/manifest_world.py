"""A county's manifests in bulk, for measuring: firms of uneven size, all domains and stages, written as raw rows.

The same firms stand behind a thousand manifests and behind a million: only the number of manifests differs.
"""

import io
import json
import random
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from django.db import connection

from wufei.apps.manifests.models import (
    Manifest,
    ManifestEvent,
    ManifestLeg,
    ManifestSight,
    ManifestWaste,
)
from wufei.apps.manifests.parties import Parties, scopes
from wufei.apps.registry.models import CarrierLicence, Department, Division, Organisation, Site, User, Vehicle
from wufei.core.credit_code import make_credit_code

GENERATORS, PLANTS, CARRIERS, FEW = 1_500, 60, 40, 20
PART = 2_000
BEGIN = datetime(2020, 12, 1, 8, tzinfo=UTC)
# profile, domain, share in a thousand, series, waste codes
KINDS = (
    ("hazardous", "hazardous", 400, "", ("900-214-08", "900-252-12", "900-041-49", "336-064-17")),
    ("industrial", "industrial", 270, "GY", ("900-001-S17", "900-003-S17")),
    ("kitchen", "household", 150, "CC", ("900-002-S61",)),
    ("construction", "construction", 100, "JZ", ("900-001-S70",)),
    ("agricultural", "agricultural", 50, "NY", ("030-001-S82",)),
    ("recyclables", "recyclables", 28, "ZS", ("900-001-S17",)),
    ("livestock", "agricultural", 2, "WH", ("030-002-S82",)),
)
ENDS = (("confirmed", 935), ("partly_accepted", 20), ("void", 20), ("refused", 5))
OPEN = ("draft", "submitted", "in_transit", "delivered")
RARE_PLATE, RARE_CODE = "浙E99999", "900-999-49"


@dataclass(frozen=True)
class Firms:
    """The sites and firms that the manifests name."""

    generators: list[Site]
    plants: list[Site]
    carriers: list[Organisation]


def make_firms() -> Firms:
    """Firms, sites and people; ids are the same in every database that begins empty."""
    towns = list(
        Division.objects.filter(level=4, code__regex="^33(05|06|08)").order_by("code").values_list("code", flat=True)
    )
    county = [code for code in towns if code.startswith("330523")]
    chosen = random.Random(7)

    def division(number: int) -> str:
        return chosen.choice(county) if number % 2 == 0 else chosen.choice(towns)

    firms, sites = [], []
    for number in range(GENERATORS + PLANTS + CARRIERS):
        kind = "generator" if number < GENERATORS else "facility" if number < GENERATORS + PLANTS else "carrier"
        place = county[0] if number in (0, 1, GENERATORS) else division(number)
        firms.append(
            Organisation(
                credit_code=make_credit_code("330523", number),
                name=f"测{number:04}号公司",
                division_id=place,
                kind=kind,
            )
        )
    firms = Organisation.objects.bulk_create(firms)
    for number, firm in enumerate(firms[: GENERATORS + PLANTS]):
        category = "industrial_enterprise" if number < GENERATORS else "treatment_plant"
        sites.append(
            Site(
                code=f"BENCH-{number:04}", name=f"测{number:04}号厂区", organisation=firm,
                division_id=firm.division_id, category=category, domain="hazardous",
            )
        )  # fmt: skip
    sites = Site.objects.bulk_create(sites)
    carriers = firms[GENERATORS + PLANTS :]
    Vehicle.objects.bulk_create(Vehicle(plate=plate_of(n), organisation=firm) for n, firm in enumerate(carriers))
    CarrierLicence.objects.bulk_create(
        CarrierLicence(organisation=firm, kind="dangerous_transport", number=f"BENCH-L{n}")
        for n, firm in enumerate(carriers)
    )
    make_people(firms)
    return Firms(sites[:GENERATORS], sites[GENERATORS:], carriers)


def plate_of(number: int) -> str:
    """The plate of a carrier's vehicle."""
    return f"浙E{number:05}"


def make_people(firms: Sequence[Organisation]) -> None:
    """One person of each kind of reader, named by it."""
    county = "330523"
    duties, _ = Department.objects.get_or_create(name="农业农村局", division_id=county)
    town = firms[0].division_id

    def person(name: str, role: str, division: str | None, **more: Any) -> None:
        User.objects.create(username=name, role=role, division_id=division, **more)

    person("firm_few", "generator", county, organisation=firms[1])
    person("firm_many", "generator", county, organisation=firms[0])
    person("plant_many", "facility", county, organisation=firms[GENERATORS])
    person("carrier", "carrier", county, organisation=firms[GENERATORS + PLANTS])
    person("office", "programme_office", county)
    person("city", "programme_office", "330500")
    person("department", "department", county, department=duties)
    person("township", "township", town)


COLUMNS = {
    Manifest: (
        "id number profile domain status leg events document content_hash generator_site_id receiver_site_id "
        "generator_name receiver_name division wastes_text mass_g rules_on alerts has_difference is_simulated "
        "created_at updated_at created_by"
    ).split(),
    ManifestWaste: "manifest_id position waste_code sent_g accepted_g".split(),
    ManifestLeg: "manifest_id position organisation_id vehicle".split(),
    ManifestSight: "scope manifest_id profile unless_confirmed is_open updated_at".split(),
    ManifestEvent: (
        "manifest_id sequence event slot status actor claimed_at server_at key payload document content_hash "
        "previous_hash findings bookings"
    ).split(),
}


class Writer:
    """Rows into the tables, as fast as the database takes them."""

    def __init__(self) -> None:
        connection.ensure_connection()
        self.raw = connection.connection
        self.is_sqlite = connection.vendor == "sqlite"
        if self.is_sqlite:
            self.raw.execute("PRAGMA synchronous=OFF")
            self.raw.execute("PRAGMA cache_size=-400000")

    def write(self, rows: dict[Any, list[tuple[Any, ...]]]) -> None:
        """One part, in one transaction."""
        if self.is_sqlite:
            self._insert(self.raw, rows)
            return
        with self.raw.transaction():
            for model, given in rows.items():
                names = ", ".join(f'"{name}"' for name in COLUMNS[model])
                lines = io.StringIO()
                for row in given:
                    lines.write("\t".join(_text(value) for value in row) + "\n")
                with psycopg.Cursor(self.raw).copy(f"COPY {model._meta.db_table} ({names}) FROM STDIN") as copy:
                    copy.write(lines.getvalue())

    @staticmethod
    def _insert(raw: sqlite3.Connection, rows: dict[Any, list[tuple[Any, ...]]]) -> None:
        raw.execute("BEGIN IMMEDIATE")
        for model, given in rows.items():
            names = ", ".join(f'"{name}"' for name in COLUMNS[model])
            marks = ", ".join("?" * len(COLUMNS[model]))
            raw.executemany(f"INSERT INTO {model._meta.db_table} ({names}) VALUES ({marks})", given)  # noqa: S608
        raw.execute("COMMIT")

    def finish(self) -> None:
        """Let the planner and the sequences know."""
        with connection.cursor() as cursor:
            # What PostgreSQL does by itself in a quiet minute; without it index scans would look at every row again.
            cursor.execute("ANALYZE" if self.is_sqlite else "VACUUM ANALYZE")
            if not self.is_sqlite:
                serial = "pg_get_serial_sequence('manifests_manifest', 'id')"
                cursor.execute(f"SELECT setval({serial}, max(id)) FROM manifests_manifest")  # noqa: S608
        connection.close()


def _text(value: object) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value).replace("\\", "\\\\")


class World:
    """Makes the rows of manifests one after the other."""

    def __init__(self, firms: Firms, count: int, seed: int) -> None:
        self.firms, self.count, self.random = firms, count, random.Random(seed)
        self.serials: dict[str, int] = {}
        self.seen: dict[tuple[int, int, str], set[str]] = {}
        self.step = timedelta(days=5 * 365) / count
        every = max(count // FEW, 1)
        self.few = {n * every + every // 2 for n in range(FEW)}

    def parts(self) -> Iterator[dict[Any, list[tuple[Any, ...]]]]:
        """All rows, part by part."""
        for start in range(0, self.count, PART):
            rows: dict[Any, list[tuple[Any, ...]]] = {model: [] for model in COLUMNS}
            for number in range(start, min(start + PART, self.count)):
                self._one(number, rows)
            yield rows

    def _number(self, series: str, year: int, division: str) -> str:
        key = f"{series}{year}{division[:6] if series else division[:4]}"
        self.serials[key] = self.serials.get(key, 0) + 1
        return f"{key}{self.serials[key]:0{7 if series else 6}}"

    def _one(self, number: int, rows: dict[Any, list[tuple[Any, ...]]]) -> None:
        chosen, key = self.random, number + 1
        profile, domain, _, series, codes = chosen.choices(KINDS, [kind[2] for kind in KINDS])[0]
        generator = self.firms.generators[
            1 if number in self.few else 0 if chosen.random() < 0.1 else chosen.randrange(2, GENERATORS)
        ]
        plant = self.firms.plants[0 if chosen.random() < 0.1 else chosen.randrange(1, PLANTS)]
        carrier = chosen.randrange(CARRIERS)
        is_rare = number - 1 in self.few
        plate = RARE_PLATE if is_rare else plate_of(carrier)
        created = BEGIN + self.step * number
        is_open = number % 50 == 0 or number >= self.count - 60
        status = OPEN[number // 50 % 4] if is_open else chosen.choices([e[0] for e in ENDS], [e[1] for e in ENDS])[0]
        updated = created + timedelta(hours=chosen.randrange(1, 200))
        wastes = [
            (RARE_CODE if is_rare and place == 0 else chosen.choice(codes), chosen.randrange(10_000, 5_000_000))
            for place in range(1 + (number % 3 == 0))
        ]
        document = json.dumps(
            {
                "profile": profile,
                "generator": {"site": generator.code, "handler": "张三", "handler_phone": "13800000000",
                              "emergency_phone": "0572-5000000"},
                "wastes": [{"code": code, "mass_g": mass_g, "form": "L", "packing": "drum", "package_count": 4,
                            "method": "R9"} for code, mass_g in wastes],
                "carriers": [{"organisation": self.firms.carriers[carrier].credit_code, "vehicle": plate,
                              "driver": "李四", "driver_licence": f"3305{carrier:05}"}],
                "receiver": {"site": plant.code},
            },
            ensure_ascii=False,
        )  # fmt: skip
        digest = f"{key:064x}"
        rows[Manifest].append(
            (
                key, self._number(series, created.year, generator.division_id), profile, domain, status,
                int(status not in ("draft", "submitted", "void")), 2, document, digest, generator.pk, plant.pk,
                generator.name, plant.name, generator.division_id, "、".join(code for code, _ in wastes),
                sum(mass_g for _, mass_g in wastes), created.date().isoformat(), 0, False, True,
                _time(created), _time(updated), "bench",
            )
        )  # fmt: skip
        for place, (code, mass_g) in enumerate(wastes, 1):
            rows[ManifestWaste].append((key, place, code, mass_g, mass_g if status == "confirmed" else None))
        rows[ManifestLeg].append((key, 1, self.firms.carriers[carrier].pk, plate))
        for scope in sorted(self._scopes(generator, plant, carrier, domain)):
            unless_confirmed = status if status != "confirmed" else None
            rows[ManifestSight].append((scope, key, profile, unless_confirmed, is_open, _time(updated)))
        for sequence, (event, stage, at) in enumerate((("create", "draft", created), ("submit", status, updated)), 1):
            rows[ManifestEvent].append(
                (key, sequence, event, "generator" if sequence > 1 else "", stage, "bench", _time(at), _time(at), "",
                 "{}", document, digest, digest if sequence > 1 else "", "[]", "[]")
            )  # fmt: skip

    def _scopes(self, generator: Site, plant: Site, carrier: int, domain: str) -> set[str]:
        key = (generator.pk, plant.pk, domain)
        if key not in self.seen:
            self.seen[key] = scopes(Parties(generator, plant, ()), domain)
        return self.seen[key] | {f"org:{self.firms.carriers[carrier].pk}"}


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}" if connection.vendor == "sqlite" else at.isoformat()


def build(count: int, seed: int = 1) -> None:
    """Fill an empty, ready database."""
    world, writer = World(make_firms(), count, seed), Writer()
    for rows in world.parts():
        writer.write(rows)
    writer.finish()
