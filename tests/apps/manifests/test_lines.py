"""Manifests by lines of JSON: all or none, every fault with its line, and a batch that costs no more than one."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.apps.manifests.test_mended import with_packages
from tests.apps.manifests.test_statements import statements

from wufei.apps.facts.models import Fact
from wufei.apps.manifests.models import Manifest, ManifestEvent, ManifestSerial
from wufei.apps.rest.services import create_token
from wufei.apps.signatures.models import Signature


@pytest.fixture
def send(client, world):
    """Send lines as somebody; returns the answer."""

    def ask(lines, query="", who="maker", kind="application/x-ndjson", **headers):
        _, secret = create_token(
            username=who, scopes_wanted=["manifests:write"], days=1, name="t", actor="t", at=timezone.now()
        )
        raw = lines if isinstance(lines, bytes) else "\n".join(json.dumps(line) for line in lines).encode()
        return client.post(
            f"/api/v1/manifests/lines/{query}", raw, content_type=kind,
            headers={"Authorization": f"Bearer {secret}", **headers},
        )  # fmt: skip

    return ask


def places(answer):
    return [(fault.get("line"), fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


def nothing_kept():
    kept = Manifest.objects.count(), ManifestEvent.objects.count(), ManifestSerial.objects.count()
    return (*kept, Fact.objects.filter(verb__contains="manifest").count(), Signature.objects.count()) == (0,) * 5


def test_each_line_makes_a_manifest_in_its_order(send, document, world):
    light = document | {"wastes": [document["wastes"][0] | {"mass_g": 5}]}
    answer = send(json.dumps(document).encode() + b"\n\n" + json.dumps(light).encode() + b"\r\n")
    assert answer.status_code == 201, answer.json()
    told = answer.json()
    assert told["created"] == 2
    assert [(row["line"], row["number"], row["status"]) for row in told["items"]] == [
        (1, "20263305000001", "draft"), (3, "20263305000002", "draft")
    ]  # fmt: skip
    first, second = Manifest.objects.order_by("number")
    assert (first.mass_g, second.mass_g) == (2_440_000, 5)
    assert [row["content_hash"] for row in told["items"]] == [first.content_hash, second.content_hash]
    assert {scope for m in (first, second) for scope in m.sights.values_list("scope", flat=True)} == {
        f"org:{world.firms['maker'].pk}"
    }
    assert Fact.objects.filter(verb="create_manifest").count() == ManifestEvent.objects.count() == 2


def test_all_are_submitted_by_one_signature_over_all(send, document):
    told = send([document] * 3, "?submit=true").json()
    assert [row["status"] for row in told["items"]] == ["submitted"] * 3
    signatures = Signature.objects.filter(event="submit")
    assert signatures.count() == 3
    assert len({bytes(row.signature) for row in signatures}) == 1


def test_every_fault_of_every_line_is_told_and_nothing_is_kept(send, document):
    strange = document | {"receiver": {"site": "S-none"}}
    bad = document | {"wastes": [document["wastes"][0] | {"mass_g": -1, "code": "x"}]}
    foreign = document | {"generator": document["generator"] | {"site": "S-stranger"}}
    for query in ("", "?submit=true"):
        answer = send([document, strange, bad, document, foreign], query)
        assert answer.status_code == 422
        assert places(answer) == [
            (2, "/receiver/site", "unknown_party"),
            (3, "/wastes/0/code", "bad_waste_code"),
            (3, "/wastes/0/mass_g", "bad_mass"),
            (5, "/generator/site", "not_authorised"),
        ]
        assert all(fault["remedy"] for fault in answer.json()["errors"])
        assert nothing_kept()


def test_what_stands_against_submission_is_told_by_line(send, document):
    lacking = document | {"generator": {"site": "S-maker", "handler": "张三"}}
    answer = send([document, lacking, document | {"carriers": []}], "?submit=true")
    assert answer.status_code == 422
    assert {line for line, _, _ in places(answer)} == {2, 3}
    assert nothing_kept()


@pytest.mark.parametrize(
    ("raw", "status", "told"),
    [
        (b"\n", 400, "bad_json"),
        (b"\n \n", 400, "bad_json"),
        (b"\xff\xfe{}", 422, [(1, "", "bad_json")]),
        ('{"profile": "危'.encode()[:-1], 422, [(1, "", "bad_json")]),
        (b"{\n{}", 422, [(1, "", "bad_json")]),
        (b'{"profile": "hazardous", "profile": "medical"}', 422, [(1, "", "bad_json")]),
        (b'{"profile": "a\\u0000"}', 422, [(1, "", "bad_json")]),
        (b'{"profile": "\\ud800"}', 422, [(1, "", "bad_json")]),
        (b'{"profile": NaN}', 422, [(1, "", "bad_json")]),
        (b"[" * 100_000, 422, [(1, "", "bad_json")]),
        (b"[" * 50 + b"]" * 50, 422, [(1, "", "bad_json")]),
        (b'{"a": 1' + b"0" * 30 + b"}", 422, [(1, "", "bad_json")]),
        (b"[]\nnull\n5", 422, [(1, "", "not_an_object"), (2, "", "not_an_object"), (3, "", "not_an_object")]),
        (b"{}\n" * 1_001, 413, "too_large"),
        (b'{"profile": "' + b"x" * 6 * 1024 * 1024 + b'"}', 413, "too_large"),
    ],
    ids=range(15),
)
def test_hostile_lines_are_told_and_nothing_is_kept(send, raw, status, told):
    answer = send(raw)
    assert answer.status_code == status, answer.json()
    if isinstance(told, str):
        assert answer.json()["code"] == told
    else:
        assert places(answer) == told
        assert all(fault["remedy"] for fault in answer.json()["errors"])
    assert nothing_kept()


def test_long_lines_are_judged_and_told_within_bounds(send, document):
    """A line of 1 MB; one with a hundred thousand names, the last there twice; as many; forty thousand faults."""
    long = document | {"generator": document["generator"] | {"handler": "张" * 350_000}}
    answer = send([long])
    assert (answer.status_code, places(answer)) == (422, [(1, "/generator/handler", "bad_person")])
    names = ", ".join(f'"n{n}": 1' for n in range(100_000))
    assert places(send(f'{{{names}, "n99999": 1}}'.encode())) == [(1, "", "bad_json")]
    assert places(send(f"{{{names}}}".encode())) == [(1, "", "too_large")]
    fewer = ", ".join(f'"n{n}": 1' for n in range(40_000))
    told = send(f"{{{fewer}}}".encode())
    assert told.status_code == 422
    assert len(told.json()["errors"]) == 100  # what one document is told at most
    assert nothing_kept()


def test_another_media_type_is_refused(send, document):
    assert send([document], kind="application/json").json()["code"] == "unsupported_type"
    assert nothing_kept()


def test_the_same_key_draws_up_once_and_a_dry_run_nothing(send, document):
    lines = [document, document]
    tried = send(lines, "?submit=true&dry_run=true")
    assert (tried.json()["created"], tried["Dry-Run"]) == (2, "true")
    assert nothing_kept()
    first = send(lines, **{"Idempotency-Key": "k"})
    again = send(lines, **{"Idempotency-Key": "k"})
    assert (first.json(), again["Idempotent-Replayed"]) == (again.json(), "true")
    other = send([document], **{"Idempotency-Key": "k"})
    assert other.json()["code"] == "idempotency_key_reused"
    assert Manifest.objects.count() == 2
    assert send(lines, who="carrier", **{"Idempotency-Key": "k"}).status_code == 422  # another's key is another key


def test_a_package_named_by_two_lines_is_refused_for_the_second(send, document, world):
    [code] = with_packages(world, document, 1_800_000)
    answer = send([document, document], "?submit=true")
    assert code in answer.json()["detail"]
    assert {line for line, _, _ in places(answer)} == {2}


def test_drawing_up_many_takes_the_statements_of_one(send, document):
    """Up to 30 on SQLite, which takes 999 values a statement; however many on PostgreSQL."""
    counts = []
    for count in (1, 30):
        with CaptureQueriesContext(connection) as captured:
            assert send([document] * count).status_code == 201
        counts.append(len(statements(captured)))
    assert counts[0] == counts[1] <= 14
