"""The Python client against a real server: pages, problems with all faults, and writes that are done once."""

import json
import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from django.test import Client as DjangoClient
from django.utils import timezone
from tests.apps.registry.conftest import anji, make_user  # noqa: F401 - fixtures

from wufei.apps.facts.models import Fact
from wufei.apps.rest import services
from wufei.client import ApiProblem, Client, ConnectionFailed
from wufei.client.resources import Resource

THING = {"name": "一", "at": "2026-11-25T08:00:00+08:00"}
AT = datetime(2026, 11, 25, 8, tzinfo=UTC)


@pytest.fixture
def server(live_server, settings, make_user):  # noqa: F811
    settings.ROOT_URLCONF = "tests.apps.rest.sample_site"
    _, secret = services.create_token(
        username=make_user().username, scopes_wanted=["*:read", "*:write"], days=9, name="", actor="console",
        at=timezone.now(),
    )  # fmt: skip
    return live_server.url, secret


def things():
    return Fact.objects.filter(verb="load_plan").count()


@pytest.mark.django_db(transaction=True)
def test_lists_run_over_all_pages_and_from_an_instant(server):
    rows = [
        Fact(recorded_at=AT + timedelta(minutes=n), actor="a", verb="load_plan", subject=f"{n:02}") for n in range(25)
    ]
    Fact.objects.bulk_create(rows)
    with Client(*server) as client:
        things = client.resource("things")
        assert [row["name"] for row in things.list(limit=4)] == [f"{n:02}" for n in range(25)]
        since = AT + timedelta(minutes=20)
        assert [row["name"] for row in things.list(updated_since=since)] == ["20", "21", "22", "23", "24"]


@pytest.mark.django_db(transaction=True)
def test_create_get_dry_run_and_me(server):
    with Client(*server) as client:
        assert client.me()["username"] == "office"
        things_of = client.resource("things")
        assert things_of.create(THING, dry_run=True)["name"] == "一"
        assert things() == 0
        made = things_of.create(THING)
        assert things_of.get(made["id"]) == made
        assert things() == 1


@pytest.mark.django_db(transaction=True)
def test_a_refusal_raises_a_problem_with_every_fault(server):
    with Client(*server) as client:
        with pytest.raises(ApiProblem) as caught:
            client.resource("things").create({"name": 5})
        assert (caught.value.status, caught.value.code) == (422, "invalid")
        assert {fault["pointer"] for fault in caught.value.errors} == {"/name", "/at"}
        with pytest.raises(ApiProblem) as caught:
            client.resource("things").get(10**9)
        assert caught.value.code == "not_found"


@pytest.mark.django_db(transaction=True)
def test_many_go_in_lines(server):
    with Client(*server) as client:
        answers = client.resource("things").create_many([THING, THING | {"name": "拒"}])
        assert [answer["status"] for answer in answers] == [201, 422]
        with pytest.raises(ApiProblem) as caught:
            client.resource("things").create_many([THING, THING | {"name": "拒"}], all_or_nothing=True)
        assert [fault["line"] for fault in caught.value.errors] == [2]
        assert things() == 1


@pytest.mark.django_db(transaction=True)
def test_all_of_many_go_in_lines_or_none(server):
    with Client(*server) as client:
        whole = client.resource("things/whole")
        assert whole.create_all([THING, THING], dry_run=True) == {"created": 2}
        with pytest.raises(ApiProblem) as caught:
            whole.create_all([THING, {"name": 5}])
        assert [(f["line"], f["pointer"]) for f in caught.value.errors] == [(2, "/name"), (2, "/at")]
        assert things() == 0
        assert whole.create_all([THING, THING], key="k") == whole.create_all([THING, THING], key="k")
        assert things() == 2


class Lossy(httpx.HTTPTransport):
    """Delivers a request, but loses the first answers on the way back."""

    def __init__(self, lost):
        super().__init__()
        self.lost, self.keys = lost, []

    def handle_request(self, request):
        self.keys.append(request.headers.get("Idempotency-Key"))
        answer = super().handle_request(request)
        if self.lost:
            self.lost -= 1
            answer.close()
            raise httpx.ReadError("lost on the way back")
        return answer


@pytest.mark.django_db(transaction=True)
def test_a_write_whose_answer_was_lost_is_sent_again_with_its_key_and_done_once(server):
    waited, transport = [], Lossy(lost=2)
    with Client(*server, transport=transport, sleep=waited.append) as client:
        assert client.resource("things").create(THING)["name"] == "一"
    assert things() == 1
    assert len(transport.keys) == 3
    assert len(set(transport.keys)) == 1
    assert waited == [1.0, 2.0]


@pytest.mark.django_db(transaction=True)
def test_a_server_that_cannot_be_reached_is_told_with_the_key(server):
    with Client(*server, transport=Lossy(lost=9), attempts=3, sleep=lambda s: None) as client:
        with pytest.raises(ConnectionFailed) as caught:
            client.resource("things").create(THING, key="k1")
    assert caught.value.key == "k1"
    assert things() == 1


def test_a_busy_server_is_asked_again_after_the_time_it_names():
    answers = [httpx.Response(503, headers={"Retry-After": "7"}), httpx.Response(409, headers={"Retry-After": "3"})]
    answers.append(httpx.Response(201, json={"id": 1}))
    waited = []
    transport = httpx.MockTransport(lambda request: answers.pop(0))
    with Client("http://x", "wf_", transport=transport, sleep=waited.append) as client:
        assert client.weighings.create({}) == {"id": 1}
    assert waited == [7.0, 3.0]


def every_call(client):
    """Each method of each noun, once."""
    for noun in vars(client).values():
        if isinstance(noun, Resource):
            list(noun.list(limit=1))
            noun.get(1)
            noun.create({})
            noun.create_many([{}])
    client.me()
    client.manifests.event("20263305230001", "submit")
    client.manifests.event("20263305230001", "amend")
    client.manifests.check({})
    client.manifests.update("20263305230001", {})
    client.manifests.fields("medical")
    client.manifests.keep_file("a.pdf", b"%PDF-1.7")
    client.manifests.versions("20263305230001")
    client.manifests.version("20263305230001", 2)
    client.packages.trace("a/b")
    client.packages.trace("c", way="up")
    for action in ("nest", "unnest", "weigh", "store", "split", "merge", "retire", "void"):
        client.packages.act("c", action, {})
    client.amendments.answer(7, "agree")
    client.amendments.withdraw(7)
    client.amendments.decide(7, "reject", comment="x")
    client.corrections.answer(8, "x")
    client.corrections.close(8, "done")
    client.declarations.confirm(9)
    client.declarations.correct(9, "x")
    client.book.tables()
    client.book.reverse(3, "x")
    client.plans.update(2, {})
    client.plans.file(2)
    client.contracts.end(4, on=date(2026, 11, 25), reason="x")
    client.handling_plans.decide(5, "approve")
    client.signatures.issue_code("manifest:1", "receiver", "confirm")
    client.signatures.code(6)
    list(client.signatures.delegations())
    client.trips.event("T1", "arrive")
    client.trips.visit("T1", 2, {})
    client.trips.skip("T1", 3, "歇业")
    client.webhooks.replay(1, after=0)
    client.webhooks.delete(1)
    client.transfers.event(5, "accept")
    client.transfers.decide(5, {"decision": "refuse", "note": "x"})
    client.manifest_templates.update(4, {"name": "每月"})
    client.manifest_templates.manifest(4, {"wastes": [{"mass_g": 5}]}, submit=True)
    client.manifest_templates.delete(4)


def test_every_operation_of_the_interface_has_a_method_with_a_noun():
    asked, bodies = set(), []

    def answer(request):
        path = request.url.raw_path.decode().partition("?")[0]
        asked.add((request.method, path))
        if request.headers.get("Content-Type") == "application/json" and request.content not in (b"", b"{}"):
            bodies.append((request.method, path, json.loads(request.content)))
        return httpx.Response(200, json={"items": [], "next": None})

    with Client("http://x", "wf_", transport=httpx.MockTransport(answer)) as client:
        every_call(client)
    told = DjangoClient(headers={"Host": "localhost"}).get("/api/v1/openapi.json").json()
    operations = {
        (method.upper(), path): one for path, methods in told["paths"].items() for method, one in methods.items()
    }

    def is_of(operation, method, address):
        return operation[0] == method and re.fullmatch(re.sub(r"{[^}]+}", "[^/]+", operation[1]), address)

    without = {" ".join(operation) for operation in operations if not any(is_of(operation, *used) for used in asked)}
    assert without == {"GET /api/v1/", "GET /api/v1/problems/", "GET /api/v1/problems/{code}"}
    assert ("GET", "/api/v1/packages/a%2Fb/trace/") in asked
    for method, address, body in bodies:
        content = next(
            one["requestBody"]["content"] for key, one in operations.items() if is_of(key, method, address)
        )
        given = content["application/json"]["schema"]
        schema = told["components"]["schemas"][given["$ref"].rpartition("/")[2]] if "$ref" in given else given
        allowed = set(schema.get("properties", body))
        assert set(schema.get("required", [])) <= set(body) <= allowed, address
    assert len(bodies) > 15


def test_the_client_needs_nothing_of_the_server():
    code = "import sys, wufei.client; print(sorted(n for n in sys.modules if n.startswith(('django', 'wufei.'))))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "['wufei.client', 'wufei.client.connection', 'wufei.client.resources']"
