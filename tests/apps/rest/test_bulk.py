"""Lines of JSON: each answered, refused lines leave the others, or all or nothing; a broken request is sent again."""

import json

import pytest
from tests.apps.rest.test_tokens import told

from wufei.apps.facts.models import Fact

pytestmark = pytest.mark.django_db


def thing(name):
    return json.dumps({"name": name, "at": "2026-11-25T08:00:00+08:00"})


def send(caller, lines, query="", **headers):
    raw = "\n".join(lines).encode()
    answer = caller("post", f"things/lines/{query}", raw=raw, content_type="application/x-ndjson", **headers)
    return answer, [json.loads(line) for line in answer.getvalue().splitlines()] if answer.status_code == 200 else []


def names():
    return list(Fact.objects.filter(verb="load_plan").order_by("pk").values_list("subject", flat=True))


def test_a_refused_line_leaves_the_others(caller):
    given = [thing("一"), "{", "", '{"name": 5}', thing("拒"), thing("坏"), thing("二")]
    answer, lines = send(caller, given)
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert [(line["line"], line["status"]) for line in lines] == [
        (1, 201), (2, 400), (4, 422), (5, 422), (6, 500), (7, 201)
    ]  # fmt: skip
    assert {fault["pointer"] for fault in lines[2]["problem"]["errors"]} == {"/name", "/at"}
    assert lines[3]["problem"]["errors"][0]["remedy"] == "请换一个。"
    assert names() == ["一", "二"]


def test_all_or_nothing_tells_the_faults_of_every_line_and_keeps_nothing(caller):
    answer, _ = send(caller, [thing("一"), "{", thing("拒"), thing("二")], "?all_or_nothing=true")
    assert (answer.status_code, told(answer)) == (422, "refused")
    assert [(fault["line"], fault["code"]) for fault in answer.json()["errors"]] == [(2, "bad_json"), (3, "bad_name")]
    assert names() == []
    _, lines = send(caller, [thing("一"), thing("二")], "?all_or_nothing=true")
    assert [line["status"] for line in lines] == [201, 201]
    assert names() == ["一", "二"]


def many(count):
    """A thing with ``count`` names that no table knows, besides the two that it needs."""
    return json.dumps({"name": "多", "at": "2026-11-25T08:00:00+08:00"} | {f"k{n}": 1 for n in range(count)})


def test_all_or_nothing_stops_where_it_has_a_thousand_faults_to_tell(caller):
    answer, _ = send(caller, [many(300)] * 6, "?all_or_nothing=true")
    assert told(answer) == "refused"
    faults = answer.json()["errors"]
    assert (len(faults), {fault["line"] for fault in faults}) == (1000, {1, 2, 3, 4})


def test_one_line_is_no_bigger_than_a_body_and_leaves_the_others(caller):
    _, lines = send(caller, [thing("一"), many(450_000), thing("二")])
    assert [(line["status"], line.get("problem", {}).get("code")) for line in lines] == [
        (201, None), (413, "too_large"), (201, None)
    ]  # fmt: skip
    assert names() == ["一", "二"]


def test_what_is_sent_again_with_its_key_is_done_once(caller):
    first = [thing(str(n)) for n in range(120)]
    send(caller, first[:70], **{"Idempotency-Key": "day"})
    _, lines = send(caller, first, **{"Idempotency-Key": "day"})
    assert [line.get("replayed", False) for line in lines] == [True] * 70 + [False] * 50
    assert names() == [str(n) for n in range(120)]


def test_a_dry_run_leaves_nothing(caller):
    answer, lines = send(caller, [thing("一"), thing("拒")], "?dry_run=true")
    assert answer.headers["Dry-Run"] == "true"
    assert [line["status"] for line in lines] == [201, 422]
    assert names() == []


def test_what_is_no_lines_or_too_many_is_a_problem(caller, monkeypatch):
    assert told(caller("post", "things/lines/", raw=b"{}")) == "unsupported_type"
    from dataclasses import replace

    from wufei.apps.rest import bulk

    few = replace(bulk.limits(), bulk_lines=2)
    monkeypatch.setattr(bulk, "limits", lambda: few)
    assert told(send(caller, [thing("一")] * 3)[0]) == "too_large"
    few = replace(few, bulk_bytes=10)
    assert told(send(caller, [thing("一")])[0]) == "too_large"
    assert names() == []
