"""Whole days of each domain through ``/api/v1/`` with the Python client: no gram may be left unaccounted for."""

import base64
import json
from datetime import datetime, timedelta
from itertools import count

import httpx
import pytest
from click.testing import CliRunner
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.utils import timezone
from tests.apps.manifests.days import DAYS
from tests.apps.manifests.special_days import SPECIAL
from tests.apps.manifests.test_life import held

from wufei.apps.ledger.commands import mass_balance as balance_command
from wufei.apps.ledger.selectors import mass_balance
from wufei.apps.ledger.verification import verify
from wufei.apps.manifests.models import Manifest
from wufei.apps.registry.models import Organisation, Site
from wufei.apps.rest.services import create_token
from wufei.apps.signatures.models import Signature
from wufei.apps.signatures.verification import check_row
from wufei.client import Client
from wufei.core.credit_code import make_credit_code
from wufei.core.ledger import SHANGHAI

MORNING = datetime(2026, 11, 20, 8, 0, tzinfo=SHANGHAI)
SCOPES = [f"{noun}:{way}" for noun in ("manifests", "packages", "weighings", "declarations")
          for way in ("read", "write")]  # fmt: skip


class Run:
    """A day on its way: who speaks with which token, what time it is, what has been kept under a name."""

    def __init__(self, world):
        self.world, self.kept = world, {"credit": {name: firm.credit_code for name, firm in world.firms.items()}}
        self.minutes, self.clients = count(5, 5), {}

    def now(self):
        """Five minutes after the step before."""
        return (MORNING + timedelta(minutes=next(self.minutes))).isoformat()

    def client(self, who):
        """The client of a person, with a token of their own, through the whole stack of the server."""
        if who not in self.clients:
            at = timezone.now()
            _, secret = create_token(username=who, scopes_wanted=SCOPES, days=1, name="t", actor="t", at=at)
            transport = httpx.WSGITransport(get_wsgi_application())
            self.clients[who] = Client("http://testserver", secret, transport=transport)
        return self.clients[who]

    def value(self, raw):
        """What a step says, with what earlier steps have kept under a name."""
        if isinstance(raw, dict):
            return {name: self.value(part) for name, part in raw.items()}
        if isinstance(raw, list):
            return [self.value(part) for part in raw]
        return self.known(raw[1:]) if isinstance(raw, str) and raw.startswith("$") else raw

    def known(self, name):
        """What is kept under ``oil``, ``oil.0``."""
        found = self.kept
        for part in name.split("."):
            found = found[int(part)] if isinstance(found, list) else found[part]
        return found

    def step(self, who, what, *said):
        """One step; keeps what it answers under the name that stands last."""
        verb = VERBS.get(what, event)
        given = [self.value(part) for part in said]
        name = given.pop() if len(given) > verb.__code__.co_argcount - 3 else ""
        answer = verb(self, self.client(who), what, *given)
        if name:
            self.kept[name] = answer


def book(run, client, what, table, values):
    """An entry of the record book of the speaker's site."""
    site = {"maker": "S-maker", "plant": "S-plant"}[client.me()["username"]]
    cells = {"occurred_at": run.now(), "basis": "weighed", "handler": "张三", **values}
    return client.resource("declarations/book").create({"site": site, "table": table, "values": cells})["batch_no"]


def assign(run, client, what, body):
    """Codes for packages."""
    return client.packages.create({"generated_on": "2026-11-20", "at": run.now(), **body})["codes"]


def nest(run, client, what, box, codes):
    """Small boxes into the big one."""
    return client.packages.act(box, "nest", {"codes": codes, "at": run.now()})["codes"]


def retire(run, client, what, codes, body):
    """The final treatment of packages; answers the codes of the residues."""
    outputs = [{"generated_on": "2026-11-20", **one} for one in body["outputs"]]
    first, *more = codes
    told = {**body, "outputs": outputs, "codes": more, "at": run.now()}
    return client.packages.act(first, "retire", told)["codes"]


def weigh(run, client, what, body):
    """A ticket."""
    answer = client.weighings.create({**body, "weighed_at": run.now()})["weighing"]
    assert answer["outcome"] == "attached"
    return answer["id"]


def create(run, client, what, document):
    """A draft."""
    return client.manifests.create(document)["number"]


def event(run, client, what, number, payload=None):
    """A step of a manifest."""
    return client.manifests.event(number, what, {"payload": payload or {}, "claimed_at": run.now()})["status"]


def return_of(run, client, what, number):
    """The number of the shipment that brings back what was refused."""
    (back,) = client.manifests.get(number)["returned_by"]
    return back


def plan_trip(run, client, what, body):
    """A round."""
    return client.trips.create(body)["number"]


def visit(run, client, what, number, position, payload):
    """Collect at a stop: its manifest is drawn up, submitted and departs."""
    told = client.trips.visit(number, position, {"payload": payload, "claimed_at": run.now()})
    stop = told["stops"][position - 1]
    assert (stop["state"], stop["manifest_status"]) == ("collected", "in_transit")
    return stop["manifest"]


def trip(run, client, what, number, event, body):
    """A step of the whole round."""
    return client.trips.event(number, event, {**body, "claimed_at": run.now()})["status"]


def amend(run, client, what, number, changes, reason):
    """Ask to change what was signed, with a file as evidence."""
    evidence = {"name": "磅单.pdf", "content": base64.b64encode(b"%PDF-1.7 a ticket").decode()}
    told = client.manifests.event(number, "amend", {"changes": changes, "reason": reason, "evidence": evidence})
    assert (told["status"], told["applied_version"]) == ("open", None)
    return told["id"]


def agree(run, client, what, key):
    """The other party agrees."""
    assert key in [row["id"] for row in client.amendments.list(waiting="true")]
    told = client.amendments.answer(key, "agree")
    assert told["status"] == "agreed"
    return told["applied_version"]


VERBS = {
    "amend": amend, "agree": agree, "book": book, "assign": assign, "nest": nest, "retire": retire, "weigh": weigh,
    "create": create, "plan_trip": plan_trip, "visit": visit, "trip": trip,
    "return_of": return_of,
}  # fmt: skip


@pytest.fixture
def run(world):
    run = Run(world)
    # As Django's own test client does: the requests live in the transaction of the test.
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield run
    for signal in signals:
        signal.connect(close_old_connections)
    for client in run.clients.values():
        client.close()


@pytest.mark.parametrize("name", [*DAYS, *SPECIAL])
def test_a_day_leaves_no_gram_unaccounted_for(name, run, world):
    day = (DAYS | SPECIAL)[name]
    for number, (site, category) in enumerate(day.sites.items(), 100):
        if site not in world.sites:
            world.sites[site] = Site(
                code=f"S-{site}", name=site, division_id="330523001", organisation=Organisation.objects.create(
                    credit_code=make_credit_code("330523", number), name=site, division_id="330523001",
                    kind="generator"),
            )  # fmt: skip
        world.sites[site].category = category
        world.sites[site].save()
    for step in day.steps:
        run.step(*step)

    assert held() == day.held
    balance = mass_balance("330523", 2026)
    told = {
        line.waste_code: {
            name: grams for name in FIELDS if (grams := getattr(line, name))
        }
        for line in balance.codes
    }  # fmt: skip
    assert told == day.terms
    assert [line.residual_g for line in (*balance.codes, balance.total)] == [0] * (len(balance.codes) + 1)
    assert verify().holds
    for manifest, slots in day.signed.items():
        rows = list(Signature.objects.filter(subject=f"manifest:{run.known(manifest)}").order_by("sequence"))
        assert [row.slot for row in rows] == slots
        for row in rows:
            check_row(row)  # raises where a signature does not hold
    for (package, way), expected in day.traces.items():
        told = run.client("plant").packages.trace(run.known(package), way=way)
        assert {node["code"]: node["mass_g"] for node in told["nodes"]} == {
            run.known(code): grams for code, grams in expected.items()
        }
    printed = CliRunner().invoke(balance_command, ["--place", "330523", "--year", "2026", "--json"])
    assert (printed.exit_code, json.loads(printed.stdout)["total"]["residual_g"]) == (0, 0)
    assert not Manifest.objects.exclude(status__in=("confirmed", "partly_accepted", "refused")).exists()


FIELDS = (
    "opening_g", "generated_g", "received_g", "utilised_g", "disposed_g", "dumped_g", "sent_g", "closing_g",
    "unexplained_g",
)  # fmt: skip
