"""Whole lives of manifests over HTTP by 50 clients at once: ``python -m benchmarks.lifecycle``.

The real server (``wufei serve``) on a database of its own: SQLite, and PostgreSQL where a server answers. Each client
has its own firms, sites and tokens and begins the next request when the last is answered: codes, draft, submission,
departure, hand-over to the second carrier, arrival, weighing, confirmation, page of the manifest, trace.

JSON lines: ``lives_per_s``, requests and p50/p95/p99 by step, answers by status, processor time of the server; beside
them in the same run the same lives by one thread inside one process without a server, and as many requests for an
address that does nothing. At the end the ledger verifies, its balances sum to 0 g, and the database holds exactly the
lives that were answered for; else, or with any refused answer, the exit code is 1.
"""

import argparse
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, perf_counter, process_time, sleep
from typing import Any
from uuid import uuid4

from benchmarks import scratch_database
from benchmarks.contract_world import ACCEPT, OIL, PAINT

EMPTY = "/api/v1/problems/busy"  # an answer without database
MASSES = {OIL: 1_800_000, PAINT: 640_000}
ROLES = {"maker": "generator", "first": "carrier", "second": "carrier", "plant": "facility"}
Send = Callable[[str, str, str, Any], tuple[int, Any]]  # method, address, token, body -> status, answer


@dataclass
class Client:
    """One client: its tokens and credit codes by role; the codes of its sites follow from its number."""

    number: int
    tokens: dict[str, str] = field(default_factory=dict)
    credit_codes: dict[str, str] = field(default_factory=dict)

    def code(self, role: str) -> str:
        """Code of a site, and name of a person."""
        return f"LIFE-{self.number}-{role}"

    def document(self, codes: Sequence[str]) -> dict[str, Any]:
        """Two wastes, each in a package, and two carriers in turn."""
        waste = {"packing": "drum", "package_count": 1}
        return {
            "profile": "hazardous",
            "generator": {"site": self.code("maker"), "handler": "张三", "emergency_phone": "05725000000"},
            "wastes": [
                waste | {"code": code, "mass_g": MASSES[code], "packages": [package], "form": form, "method": method}
                for (code, form, method), package in zip(((OIL, "L", "R9"), (PAINT, "SS", "D10")), codes, strict=True)
            ],
            "carriers": [
                {"organisation": self.credit_codes[role], "vehicle": plate(self.number, role), "driver": "李四",
                 "driver_licence": "330500001"}
                for role in ("first", "second")
            ],
            "receiver": {"site": self.code("plant")},
        }  # fmt: skip


def plate(number: int, role: str) -> str:
    """The plate of a client's vehicle."""
    return f"浙E{number * 2 + (role == 'second'):05}"


def live(client: Client, send: Send, told: Callable[[str, int, float], None]) -> str:
    """One life from code to trace; returns the number of the manifest. Raises ``RuntimeError`` on any refusal."""

    def step(what: str, role: str, method: str, address: str, body: Any = None) -> Any:
        begin = perf_counter()
        status, answer = send(method, f"/api/v1/{address}", client.tokens[role], body)
        told(what, status, perf_counter() - begin)
        if status >= 400:
            raise RuntimeError(f"{what}: {status} {answer}")
        return answer

    codes = [
        step("packages", "maker", "POST", "packages/",
             {"site": client.code("maker"), "waste_code": code, "count": 1, "masses_g": [mass_g], "book": True},
             )["codes"][0]
        for code, mass_g in MASSES.items()
    ]  # fmt: skip
    number = step("create", "maker", "POST", "manifests/", client.document(codes))["number"]
    for event, role in (("submit", "maker"), ("depart", "first"), ("hand_over", "second"), ("arrive", "second")):
        step(event, role, "POST", f"manifests/{number}/{event}/", {})
    ticket = {
        "site": client.code("plant"),
        "ticket": number,
        "direction": "in",
        "waste_code": OIL,
        "manifest": number,
    }
    step("weigh", "plant", "POST", "weighings/", ticket | {"net_g": MASSES[OIL], "weighed_at": _now()})
    step("confirm", "plant", "POST", f"manifests/{number}/confirm/", {"payload": ACCEPT})
    done = step("detail", "maker", "GET", f"manifests/{number}/")
    assert done["status"] == "confirmed", done["status"]
    assert step("trace", "maker", "GET", f"packages/{codes[0]}/trace/")["total_g"] == MASSES[OIL]
    return str(number)


def _now() -> str:
    from django.utils import timezone

    return timezone.now().isoformat()


def enrol(client: Client) -> None:
    """Firms, sites, vehicles, people and tokens of a client."""
    from django.utils import timezone

    from wufei.apps.registry.models import Organisation, Site, User, Vehicle
    from wufei.apps.rest.services import create_token
    from wufei.core.credit_code import make_credit_code

    for place, (role, kind) in enumerate(ROLES.items()):
        name = client.code(role)
        credit_code = make_credit_code("330523", client.number * len(ROLES) + place)
        client.credit_codes[role] = credit_code
        firm = Organisation.objects.create(
            credit_code=credit_code, name=f"{name} 公司", division_id="330523001", kind=kind
        )
        if kind == "carrier":
            Vehicle.objects.create(plate=plate(client.number, role), organisation=firm)
        else:
            category = "industrial_enterprise" if kind == "generator" else "treatment_plant"
            Site.objects.create(
                code=name, name=f"{name} 厂区", organisation=firm, division_id="330523001", category=category,
                domain="hazardous",
            )  # fmt: skip
        User.objects.create(username=name, role=kind, organisation=firm, division_id="330523")
        _, client.tokens[role] = create_token(
            username=name, scopes_wanted=["*:read", "*:write"], days=1, name="", actor="bench", at=timezone.now()
        )


def make_clients(count: int) -> list[Client]:
    """All clients, written at once."""
    from django.db import transaction

    clients = [Client(number) for number in range(count)]
    with transaction.atomic():
        for client in clients:
            enrol(client)
    return clients


def headers_of(token: str, method: str) -> dict[str, str]:
    """Of a request as a program sends it: every write can be sent again."""
    keyed = {"Idempotency-Key": uuid4().hex} if method == "POST" else {}
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **keyed}


def sender(port: int) -> Send:
    """Requests over one connection that is kept."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def send(method: str, address: str, token: str, body: Any) -> tuple[int, Any]:
        content = None if body is None else json.dumps(body)
        connection.request(method, address, body=content, headers=headers_of(token, method))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    return send


def sender_inside() -> Send:
    """Requests to the application in this process, without a server."""
    from django.test import Client as Inside

    inside = Inside(headers={"Host": "localhost"})

    def send(method: str, address: str, token: str, body: Any) -> tuple[int, Any]:
        content = "" if body is None else json.dumps(body)
        answer = inside.generic(
            method, address, content, content_type="application/json", headers=headers_of(token, method)
        )
        return answer.status_code, answer.json()

    return send


@dataclass
class Tally:
    """What the clients saw, from many threads."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    answers: Counter[int] = field(default_factory=Counter)
    numbers: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def told(self, what: str, status: int, seconds: float) -> None:
        """One answer."""
        with self.lock:
            self.times[what].append(seconds)
            self.answers[status] += 1

    def one(self, client: Client, send: Send) -> None:
        """One life."""
        try:
            self.numbers.append(live(client, send, self.told))
        except (RuntimeError, OSError, http.client.HTTPException) as error:
            self.failures.append(f"{type(error).__name__}: {str(error)[:400]}")

    def figures(self) -> dict[str, object]:
        """All steps, then each."""
        everything = [second for times in self.times.values() for second in times]
        steps = {"all": everything, **self.times}
        return {what: quantiles_ms(times) for what, times in steps.items() if times}


def quantiles_ms(times: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99 and the slowest, in milliseconds."""
    cuts = statistics.quantiles(times, n=100, method="inclusive") if len(times) > 1 else [times[0]] * 99
    named = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "most": max(times)}
    return {name: round(second * 1000, 1) for name, second in named.items()}


def together(clients: Sequence[Client], work: Callable[[Client], None]) -> float:
    """Let every client work in a thread of its own; returns the seconds until the last is done."""
    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    begin = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return perf_counter() - begin


class Server:
    """``wufei serve`` in processes of its own."""

    def __init__(self, workers: int) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [sys.executable, "-m", "wufei.config.cli", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen([*command, "--workers", str(workers)], stdout=subprocess.DEVNULL)
        until = monotonic() + 60
        while not self._answers():
            if monotonic() > until:
                self.stop()
                raise TimeoutError("the server does not answer")
            sleep(0.1)

    def _answers(self) -> bool:
        try:
            return sender(self.port)("GET", EMPTY, "", None)[0] == 200
        except OSError:
            return False

    def cpu_seconds(self) -> float:
        """Processor time of all its processes until here."""
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if self.process.pid in (int(stat.parent.name), int(fields[1])):
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(30)


def measure(count: int, seconds: float, workers: int) -> bool:
    """Everything on the database that the environment names; whether all holds."""
    import django

    django.setup()
    from django.db import connection, connections

    from benchmarks.measure import tell
    from wufei.config.ready import ensure_ready

    ensure_ready()
    clients = make_clients(count)
    warm, alone, tally, empty, send = Tally(), Tally(), Tally(), Tally(), sender_inside()
    warm.one(clients[0], send)
    begin, own = perf_counter(), process_time()
    while perf_counter() - begin < max(seconds / 4, 1):
        alone.one(clients[len(alone.numbers) % count], send)
    took, own = perf_counter() - begin, process_time() - own
    inside_per_s = len(alone.numbers) / took
    tell("lives_inside", lives=len(alone.numbers), lives_per_s=round(inside_per_s, 2),
         cpu_ms_per_life=round(own / max(len(alone.numbers), 1) * 1000, 1), step_ms=alone.figures())  # fmt: skip
    connections.close_all()
    server = Server(workers)
    try:
        senders = {client.number: sender(server.port) for client in clients}
        together(clients, lambda client: warm.one(client, senders[client.number]))
        before, until = server.cpu_seconds(), monotonic() + seconds

        def work(client: Client) -> None:
            while monotonic() < until:
                tally.one(client, senders[client.number])

        took = together(clients, work)
        cpu = server.cpu_seconds() - before
        requests, lives = sum(tally.answers.values()), len(tally.numbers)
        each = -(-requests // count)

        def ask(client: Client) -> None:
            for _ in range(each):
                begun = perf_counter()
                status, _ = senders[client.number]("GET", EMPTY, client.tokens["maker"], None)
                empty.told("empty", status, perf_counter() - begun)

        took_empty = together(clients, ask)
    finally:
        server.stop()
    refused = {status: many for status, many in tally.answers.items() if status >= 400}
    failures = [failure for part in (warm, alone, tally) for failure in part.failures]
    tell("lives_at_once", clients=count, workers=workers, seconds=round(took, 1), lives=lives,
         lives_per_s=round(lives / took, 2), requests_per_s=round(requests / took, 1),
         ceiling_requests_per_s=round(each * count / took_empty, 1),
         to_inside=round(lives / took / inside_per_s, 2),
         server_cpu_ms_per_life=round(cpu / max(lives, 1) * 1000, 1), answers=dict(tally.answers), refused=refused,
         busy=tally.answers[503], failures=failures[:3], failed=len(failures), step_ms=tally.figures(),
         empty_ms=empty.figures()["empty"])  # fmt: skip
    numbers = [number for part in (warm, alone, tally) for number in part.numbers]
    holds = check(numbers, tell)
    connection.close()
    return holds and not failures


def check(numbers: Sequence[str], tell: Callable[..., None]) -> bool:
    """Whether the books hold, and hold exactly the lives that were answered for."""
    from django.db.models import Sum

    from wufei.apps.ledger import verification
    from wufei.apps.ledger.models import AccountRecord
    from wufei.apps.manifests.models import Manifest

    verdict = verification.verify()
    residual_g = AccountRecord.objects.aggregate(sum=Sum("balance_g"))["sum"]
    kept = set(Manifest.objects.filter(status="confirmed").values_list("number", flat=True))
    others = Manifest.objects.exclude(status="confirmed").count()
    holds = verdict.holds and residual_g == 0 and kept == set(numbers) and len(numbers) == len(kept) and not others
    tell("lives_checked", holds=holds, verify_holds=verdict.holds, residual_g=residual_g, answered=len(numbers),
         kept=len(kept), unfinished=others, movements=verdict.movements)  # fmt: skip
    return holds


def main() -> None:
    """Run on SQLite, then on PostgreSQL where a server answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="on each database")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        sys.exit(not measure(options.clients, options.seconds, options.workers))
    arguments = [f"--{name}={getattr(options, name)}" for name in ("seconds", "clients", "workers")]
    holds = True
    with tempfile.TemporaryDirectory(prefix="wufei-bench-") as home, scratch_database("lives") as url:
        urls = {"sqlite": f"sqlite:///{home}/lives.sqlite3", "postgresql": url}
        for vendor, database_url in urls.items():
            if options.only in (None, vendor) and database_url:
                environment = os.environ | {
                    "WUFEI_HOME": home, "DATABASE_URL": database_url, "WUFEI_LOG": "ERROR",
                    "DJANGO_SETTINGS_MODULE": "wufei.config.settings",
                }  # fmt: skip
                command = [sys.executable, "-m", "benchmarks.lifecycle", "--here", *arguments]
                holds &= subprocess.run(command, env=environment, check=False).returncode == 0
    sys.exit(not holds)


if __name__ == "__main__":
    main()
