"""What a manifest costs among a thousand and among a million: creation, page, lists, the changes of the interface.

``python -m benchmarks.manifests`` builds both databases (SQLite, and PostgreSQL where a server answers) and measures
them in turn, request by request, in one process: what else the machine does touches both alike. ``ratio`` is the time
among many : among few; goal 1.3. JSON lines. Options: ``--rounds``, ``--large``, ``--urls FEW MANY`` (databases
built before).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter, process_time
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wufei.config.settings")
os.environ.setdefault("WUFEI_LOG", "ERROR")
django.setup()

from django.db import connection, connections  # noqa: E402
from django.db.utils import load_backend  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks import scratch_database  # noqa: E402
from benchmarks.manifest_world import GENERATORS, RARE_CODE, RARE_PLATE, build  # noqa: E402
from wufei.apps.manifests.models import Manifest, ManifestSight  # noqa: E402
from wufei.apps.manifests.selectors import sight_scopes  # noqa: E402
from wufei.apps.manifests.services import Act, create_manifest  # noqa: E402
from wufei.apps.registry.models import User, Vehicle  # noqa: E402
from wufei.apps.rest.services import create_token  # noqa: E402
from wufei.config.ready import ensure_ready  # noqa: E402
from wufei.config.settings import _database  # noqa: E402

READERS = ("firm_few", "firm_many", "office", "city", "department", "township")
LISTS = {
    "first": "view=all",
    "open": "view=open",
    "confirmed": "view=all&status=confirmed",
    "refused": "view=all&status=refused",
    "profile": "view=all&profile=industrial",
    "rare_profile": "view=all&profile=livestock",
    "code": f"view=all&code={RARE_CODE}",
    "common_code": "view=all&code=900-214-08",
    "plate": f"view=all&plate={RARE_PLATE}",
}


def tell(what: str, **figures: object) -> None:
    """Print one measurement."""
    print(json.dumps({"what": what, "database": connection.vendor, **figures}, ensure_ascii=False), flush=True)


class Side:
    """One of the two databases, with everyone logged in."""

    def __init__(self, url: str) -> None:
        settings = connections.settings["default"] | _database(url)
        self.connection = load_backend(str(settings["ENGINE"])).DatabaseWrapper(settings, "default")
        with self.used():
            self.count = Manifest.objects.count()
            self.people = {user.username: user for user in User.objects.select_related("organisation", "department")}
            self.clients, self.tokens = {}, {}
            self.machine = Client(headers={"Host": "localhost"})  # one for all: a new one reads the static files anew
            for name in READERS:
                self.clients[name] = Client(headers={"Host": "localhost"})
                self.clients[name].force_login(self.people[name])
                _, token = create_token(
                    username=name, scopes_wanted=["*:read"], days=1, name="", actor="bench", at=timezone.now()
                )
                self.tokens[name] = {"Authorization": f"Bearer {token}"}
            self.seen = {name: self._keys(name) for name in READERS}
            self.document = self._document()

    def _keys(self, name: str) -> list[tuple[int, str]]:
        """Some manifests in a reader's sight, spread over all of time."""
        rows = ManifestSight.objects.filter(scope__in=sight_scopes(self.people[name]))
        keys = list(rows.order_by("manifest_id").values_list("manifest_id", flat=True)[:: max(rows.count() // 20, 1)])
        return list(Manifest.objects.filter(pk__in=keys[:40]).order_by("pk").values_list("pk", "number"))

    def _document(self) -> dict[str, Any]:
        cars = Vehicle.objects.select_related("organisation").order_by("pk")[:2]
        waste = {"form": "L", "packing": "drum", "package_count": 4, "method": "R9"}
        return {
            "profile": "hazardous",
            "generator": {"site": "BENCH-0000", "handler": "张三", "handler_phone": "13800000000",
                          "emergency_phone": "0572-5000000"},
            "wastes": [{"code": "900-214-08", "mass_g": 1_800_000} | waste,
                       {"code": "900-252-12", "mass_g": 640_000} | waste],
            "carriers": [{"organisation": car.organisation.credit_code, "vehicle": car.plate, "driver": "李四",
                          "driver_licence": "330500001"} for car in cars],
            "receiver": {"site": f"BENCH-{GENERATORS:04}"},
        }  # fmt: skip

    @contextmanager
    def used(self) -> Iterator[None]:
        """Let everything talk to this database."""
        connections["default"] = self.connection
        yield


def compare(
    few: Side, many: Side, what: str, rounds: int, work: Callable[[Side, int], object], **told: object
) -> None:
    """Time ``work`` on both in turn, after one round to warm them."""
    times: dict[int, list[float]] = {0: [], 1: []}
    for turn in range(-1, rounds):
        for place, side in enumerate((few, many) if turn % 2 else (many, few)):
            with side.used():
                begin = perf_counter()
                work(side, turn)
                if turn >= 0:
                    times[side is many].append((perf_counter() - begin) * 1000)
            del place
    own = {}
    for name, taken in (("few", times[0]), ("many", times[1])):
        cuts = statistics.quantiles(taken, n=20)
        own |= {f"{name}_p50_ms": round(cuts[9], 2), f"{name}_p95_ms": round(cuts[18], 2)}
    ratio = round(statistics.median(times[1]) / statistics.median(times[0]), 2)
    tell(what, **told, rounds=rounds, ratio=ratio, **own)


def measure(few: Side, many: Side, rounds: int) -> None:
    """Everything in turn."""

    def create(side: Side, turn: int) -> None:
        now = timezone.now()
        create_manifest(side.document, act=Act(side.people["firm_many"], claimed_at=now, server_at=now))

    compare(few, many, "create", rounds, create)
    for name in READERS:
        pages, machine = Pages(few, many, name, "/manifests/"), Pages(few, many, name, "/api/v1/manifests/")

        def detail(side: Side, turn: int, pages: Pages = pages, name: str = name) -> None:
            pages.get(side, f"{side.seen[name][turn % len(side.seen[name])][1]}/")

        def number(side: Side, turn: int, pages: Pages = pages, name: str = name) -> None:
            pages.get(side, f"?view=all&q={side.seen[name][turn % len(side.seen[name])][1]}")

        compare(few, many, "detail", rounds, detail, reader=name)
        for what, query in LISTS.items():
            pages.compare(f"list {what}", rounds, query, plain="view=all")
        middle = {side: side.seen[name][len(side.seen[name]) // 2][0] for side in (few, many)}
        pages.compare("list deep", rounds, lambda side, at=middle: f"view=all&before={at[side]}", plain="view=all")
        compare(few, many, "list number", rounds, number, reader=name)
        machine.compare("api list", rounds, "", plain="")
        machine.compare("api list updated_since", rounds, "updated_since=2025-12-01T00:00:00Z", plain="")
        machine.compare("api list refused", rounds, "status=refused", plain="")
        machine.compare("api list submitted", rounds, "status=submitted", plain="")
        machine.compare("api list livestock", rounds, "profile=livestock", plain="")


class Pages:
    """The lists that one reader asks both sides for.

    A filter leaves fewer rows of a thousand manifests than fill a page, and a row costs more than finding it. There
    the thousand are asked for the ``plain`` list, if that has more rows; ``rows`` tells what was compared.
    """

    def __init__(self, few: Side, many: Side, name: str, path: str) -> None:
        self.few, self.many, self.name, self.path = few, many, name, path

    def get(self, side: Side, address: str) -> int:
        """Ask; how many rows it has."""
        is_machine = self.path.startswith("/api/")
        client = side.machine if is_machine else side.clients[self.name]
        answer = client.get(self.path + address, headers=side.tokens[self.name] if is_machine else {})
        assert answer.status_code == 200, (address, answer.status_code)
        return len(answer.json()["items"]) if is_machine else answer.content.count(b"<tr")

    def compare(self, what: str, rounds: int, query: str | Callable[[Side], str], *, plain: str) -> None:
        """Compare a list among few and among many, page for page of as many rows as there are."""
        addresses = {side: f"?{query if isinstance(query, str) else query(side)}" for side in (self.few, self.many)}
        rows = {side: self._rows(side, address) for side, address in addresses.items()}
        if rows[self.few] < rows[self.many] and self._rows(self.few, f"?{plain}") >= rows[self.few]:
            addresses[self.few] = f"?{plain}"
            rows[self.few] = self._rows(self.few, addresses[self.few])
        compare(
            self.few, self.many, what, rounds, lambda side, turn: self.get(side, addresses[side]),
            reader=self.name, rows=[rows[self.few], rows[self.many]],
        )  # fmt: skip

    def _rows(self, side: Side, address: str) -> int:
        with side.used():
            return self.get(side, address)


def make(url: str, count: int) -> None:
    """Build a database in a process of its own."""
    environment = os.environ | {"DATABASE_URL": url}
    subprocess.run([sys.executable, "-m", "benchmarks.manifests", "--build", str(count)], env=environment, check=True)


def main() -> None:
    """Build and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--large", type=int, default=1_000_000, help="manifests of the larger database")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument("--urls", nargs=2, metavar=("FEW", "MANY"), help="databases that were built before")
    parser.add_argument("--build", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.build:
        begin, own = perf_counter(), process_time()
        ensure_ready()
        build(options.build)
        tell("manifests built", manifests=options.build, seconds=round(perf_counter() - begin, 1),
             process_seconds=round(process_time() - own, 1))  # fmt: skip
        return
    if options.urls:
        measure(*(Side(url) for url in options.urls), options.rounds)
        return
    if options.only != "postgresql":
        with tempfile.TemporaryDirectory(prefix="wufei-bench-") as home:
            urls = [f"sqlite:///{home}/few.sqlite3", f"sqlite:///{home}/many.sqlite3"]
            for url, count in zip(urls, (1_000, options.large), strict=True):
                make(url, count)
            measure(*(Side(url) for url in urls), options.rounds)
    if options.only != "sqlite":
        with scratch_database("few") as few, scratch_database("many") as many:
            if few and many:
                for url, count in ((few, 1_000), (many, options.large)):
                    make(url, count)
                measure(Side(few), Side(many), options.rounds)


if __name__ == "__main__":
    main()
