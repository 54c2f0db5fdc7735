"""Traces in a million packages, nested and mixed, six steps deep: p50, p95 and p99 of random ones.

``python -m benchmarks.traces`` on the database that the environment names (an empty one), as JSON lines. The packages
come in groups that split, mix and treat what others of the group hold, so that most traces cross a hundred packages.
"""

import argparse
import json
import os
import random
import statistics
from collections.abc import Iterator
from datetime import UTC, date, datetime
from time import perf_counter
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wufei.config.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from wufei.apps.packages.making import COLUMNS  # noqa: E402
from wufei.apps.packages.models import Package, PackageAction, PackageEdge  # noqa: E402
from wufei.apps.packages.rows import insert_rows  # noqa: E402
from wufei.apps.packages.tracing import Way, trace_package  # noqa: E402
from wufei.apps.registry.models import Division, Organisation, Site  # noqa: E402
from wufei.core.trace import allocate  # noqa: E402

AT = datetime(2026, 11, 25, 8, tzinfo=UTC)
GROUPS_A_PART = 100
EDGE_COLUMNS = ["source_id", "target_id", "action_id", "mass_g", "kind"]


class World:
    """Makes groups of packages with ids of its own."""

    def __init__(self, site: Site, action: int, seed: int) -> None:
        self.site, self.action, self.random, self.last = site, action, random.Random(seed), 0
        self.base = {
            "series": "hj1276", "domain": "hazardous", "waste_code": "900-214-08", "waste_name": "废矿物油",
            "generated_on": date(2026, 11, 25), "organisation_id": site.organisation_id, "division": site.division_id,
            "holder_division": site.division_id, "site_id": site.id, "holder_id": site.organisation_id,
            "is_booked": 0, "is_simulated": 1, "updated_at": AT, "external_code": None, "parent_id": None,
            "top": None,
        }  # fmt: skip
        self.packages: list[list[Any]] = []
        self.edges: list[tuple[Any, ...]] = []

    def make(self, mass_g: int | None, parent: int | None = None, top: int | None = None, ended: bool = True) -> int:
        self.last += 1
        row = self.base | {
            "code": f"BENCH{self.last:032}", "mass_g": mass_g, "parent_id": parent, "top": top,
            "status": "retired" if ended else "stored",
        }  # fmt: skip
        self.packages.append([self.last, *(row.get(name, "") for name in COLUMNS)])
        return self.last

    def link(self, source: int, target: int, mass_g: int, kind: str) -> None:
        if mass_g:
            self.edges.append((source, target, self.action, mass_g, kind))

    def split(self, lot: tuple[int, int], parts: int) -> list[tuple[int, int]]:
        cuts = sorted(self.random.sample(range(1, lot[1]), parts - 1))
        made = []
        for low, high in zip([0, *cuts], [*cuts, lot[1]], strict=True):
            made.append((self.make(high - low), high - low))
            self.link(lot[0], *made[-1], "split")
        return made

    def merge(self, lots: list[tuple[int, int]]) -> tuple[int, int]:
        total = sum(mass_g for _, mass_g in lots)
        key = self.make(total)
        for source, mass_g in lots:
            self.link(source, key, mass_g, "merge")
        return key, total

    def treat(self, lots: list[tuple[int, int]], outputs: int) -> list[tuple[int, int]]:
        total = sum(mass_g for _, mass_g in lots)
        made = [
            (self.make(g), g) for g in (total * self.random.randint(5, 25) // 100 // outputs + outputs,) * outputs
        ]
        table = allocate([mass_g for _, mass_g in lots], [mass_g for _, mass_g in made])
        for (source, _), row in zip(lots, table, strict=True):
            for (target, _), grams in zip(made, row, strict=True):
                self.link(source, target, grams, "treat")
        return made

    def group(self) -> None:
        """Six steps: split, merge, treat, split, merge, treat; some of what begins lies in boxes two deep."""
        start = []
        for number in range(32):
            parent = top = None
            if number % 8 == 0:
                top = self.make(None)
                parent = self.make(None, top, top)
            mass_g = self.random.randint(1_000, 200_000)
            start.append((self.make(mass_g, parent, top), mass_g))
        parts = [part for lot in start[:16] for part in self.split(lot, 3)]
        self.random.shuffle(parts)
        mixed = [self.merge(parts[i : i + 2]) for i in range(0, 48, 2)]
        ash = self.treat([*mixed[:12], *start[16:24]], 4) + self.treat([*mixed[12:], *start[24:]], 4)
        bags = [part for lot in ash for part in self.split(lot, 3)]
        self.random.shuffle(bags)
        bins = [self.merge(bags[i : i + 3]) for i in range(0, 24, 3)]
        self.treat(bins[:4], 2)
        self.treat(bins[4:], 2)

    def parts(self, count: int) -> Iterator[tuple[list[list[Any]], list[tuple[Any, ...]]]]:
        """Packages and edges in parts, until there are ``count`` packages."""
        while self.last < count:
            for _ in range(GROUPS_A_PART):
                self.group()
            yield self.packages, self.edges
            self.packages, self.edges = [], []


def tell(what: str, **figures: object) -> None:
    """Print one measurement."""
    print(json.dumps({"what": what, "database": connection.vendor, **figures}), flush=True)


def build(count: int, seed: int) -> int:
    """Fill the tables; returns how many packages there are."""
    Division.objects.get_or_create(code="330523", defaults={"prefix": "330523", "name": "安吉县", "level": 3})
    firm = Organisation.objects.create(name="bench", division_id="330523", kind="facility", is_simulated=True)
    site = Site.objects.create(
        code="BENCH", name="bench", organisation=firm, division_id="330523", category="other", domain="hazardous"
    )
    action = PackageAction.objects.create(key="bench", kind="retire", digest="", at=AT, recorded_at=AT, actor="bench")
    world = World(site, action.id, seed)
    edges = 0
    begin = perf_counter()
    for packages, links in world.parts(count):
        with transaction.atomic():
            insert_rows(Package, ["id", *COLUMNS], packages)
            insert_rows(PackageEdge, EDGE_COLUMNS, links)
        edges += len(links)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    tell("packages built", packages=world.last, edges=edges, seconds=round(perf_counter() - begin, 1))
    return world.last


def measure(last: int, traces: int, seed: int) -> None:
    """Time random traces, half of them each way."""
    chosen = random.Random(seed + 1)
    times: dict[Way, list[float]] = {Way.DOWN: [], Way.UP: []}
    sizes, depths = [], []
    for number in range(traces):
        way = Way.DOWN if number % 2 else Way.UP
        package = Package.objects.get(pk=chosen.randint(1, last))
        begin = perf_counter()
        found = trace_package(package, way)
        times[way].append((perf_counter() - begin) * 1000)
        sizes.append(len(found.shares))
        depths.append(max(share.level for share in found.shares))
        assert sum(share.stays_g for share in found.shares) == found.shares[0].mass_g
    every = times[Way.DOWN] + times[Way.UP]
    for name, taken in (("all", every), ("down", times[Way.DOWN]), ("up", times[Way.UP])):
        cuts = statistics.quantiles(taken, n=100)
        tell(
            "trace", way=name, traces=len(taken), p50_ms=round(cuts[49], 2), p95_ms=round(cuts[94], 2),
            p99_ms=round(cuts[98], 2), most_ms=round(max(taken), 2), packages_mean=round(statistics.mean(sizes), 1),
            packages_most=max(sizes), depth_most=max(depths),
        )  # fmt: skip


def main() -> None:
    """Build and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=int, default=1_000_000)
    parser.add_argument("--traces", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    last = Package.objects.order_by("-id").values_list("id", flat=True).first() or build(
        options.packages, options.seed
    )
    measure(last, options.traces, options.seed)


if __name__ == "__main__":
    main()
