"""Problems: one shape for everything that is refused, all faults at once, and bad input is never a 500."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.apps.rest.test_tokens import told

from wufei.apps.facts.models import Fact

pytestmark = pytest.mark.django_db
THING = {"name": "一", "at": "2026-11-25T08:00:00+08:00"}


def test_every_fault_of_the_shape_is_told_with_its_place_value_and_remedy(caller):
    answer = caller(
        "post",
        "things/?dry_run=vielleicht",
        {"name": 7, "parts": [{"mass_g": "12"}, {"name": "b", "mass_g": 0, "x": 1}]},
    )
    assert answer.status_code == 422
    assert told(answer) == "invalid"
    faults = {(f["pointer"] or f["parameter"], f["code"]): f for f in answer.json()["errors"]}
    assert set(faults) == {
        ("dry_run", "bool_parsing"),
        ("/name", "string_type"),
        ("/at", "missing"),
        ("/parts/0/name", "missing"),
        ("/parts/0/mass_g", "int_type"),
        ("/parts/1/mass_g", "greater_than"),
        ("/parts/1/x", "extra_forbidden"),
    }
    assert faults["/parts/1/mass_g", "greater_than"]["detail"] == "现值 0，应大于 0。"
    assert faults["/name", "string_type"]["remedy"] == "请写成带引号的文本。"
    assert not Fact.objects.filter(verb="load_plan").exists()


def test_findings_of_a_refusal_become_faults_and_nothing_is_kept(caller):
    answer = caller("post", "things/", THING | {"name": "拒"})
    assert answer.status_code == 422
    assert told(answer) == "refused"
    assert answer.json()["errors"] == [
        {"pointer": "/parts/0/mass_g", "code": "too_heavy", "detail": "质量 9 克，最多 5 克。", "remedy": "请核对。"},
        {"pointer": "/a~1b", "code": "missing_name", "detail": "没有写。", "remedy": "请补上。", "line": 3},
    ]
    assert not Fact.objects.filter(verb="load_plan").exists()


@pytest.mark.parametrize(
    ("raw", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "bad_json"),
        (b"\xff\xfe{}", "application/json", 400, "bad_json"),
        (b'{"name": NaN}', "application/json", 400, "bad_json"),
        (b'{"name": 1e999}', "application/json", 400, "bad_json"),
        (b'{"name": ' + b"9" * 5000 + b"}", "application/json", 400, "bad_json"),
        (b'{"name": 9223372036854775808}', "application/json", 400, "bad_json"),
        (b'{"name": "a", "name": "b"}', "application/json", 400, "bad_json"),
        (b'{"name": "a\\u0000"}', "application/json", 400, "bad_json"),
        (b'{"a\\u0000": 1}', "application/json", 400, "bad_json"),
        (b'{"name": "\\ud800"}', "application/json", 400, "bad_json"),
        (b"[" * 100_000, "application/json", 400, "bad_json"),
        (b"[" * 60 + b"]" * 60, "application/json", 400, "bad_json"),
        (b'"' + b"a" * 5_300_000 + b'"', "application/json", 413, "too_large"),
        (b"a,b\n1,2\n", "text/csv", 415, "unsupported_type"),
        (b"[1]", "application/json", 422, "invalid"),
        (b"null", "application/json", 422, "invalid"),
    ],
)
def test_a_body_that_is_no_such_json_is_a_problem(caller, raw, content_type, status, code):
    answer = caller("post", "things/", raw=raw, content_type=content_type)
    assert (answer.status_code, told(answer)) == (status, code)
    assert answer.json()["detail"]
    assert not Fact.objects.filter(verb="load_plan").exists()


def test_an_empty_body_is_a_problem(caller):
    assert told(caller("post", "things/", raw=b"")) == "invalid"


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("get", "things/99999999/", 404),
        ("get", "things/99999999999999999999999999/", 404),
        ("get", "things/abc/", 422),
        ("get", "nothing/here/", 404),
        ("get", "things/%00/", 404),
        ("get", "things/?limit=0", 422),
        ("get", "things/?limit=201", 422),
        ("get", "things/?limit=1e999", 422),
        ("get", "things/?updated_since=2026-01-01", 422),
        ("get", "things/?updated_since=2026-01-01T00:00:00", 422),
        ("get", "things/?cursor=abc", 422),
        ("delete", "things/", 405),
        ("patch", "things/1/", 405),
        ("trace", "things/1/", 405),
    ],
)
def test_an_address_that_is_asked_wrongly_is_a_problem(caller, method, address, status):
    answer = caller(method, address)
    assert answer.status_code == status
    told(answer)
    if status == 405:
        assert answer.headers["Allow"]
        assert answer.headers["Allow"] in answer.json()["detail"]


def test_a_mistake_of_ours_is_told_logged_and_undone(caller, caplog):
    answer = caller("post", "things/", THING | {"name": "坏"})
    assert (answer.status_code, told(answer)) == (500, "server_error")
    assert "ZeroDivisionError" in caplog.text
    assert not Fact.objects.filter(verb="load_plan").exists()


def test_a_database_that_is_busy_is_503_with_the_time_to_wait(caller, monkeypatch):
    from django.db import OperationalError

    from wufei.apps.rest import writing

    def locked(work, *, whole):
        raise OperationalError("database is locked")

    monkeypatch.setattr(writing, "in_transaction", locked)
    answer = caller("post", "things/", THING)
    assert (answer.status_code, told(answer)) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "5"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["2026-11-25T08:00:00Z"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "at", "parts", "x"]), inner),
    max_leaves=8,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.fixed_dictionaries({}, optional={"name": values, "at": values, "parts": values}) | values)
def test_no_body_at_all_is_a_500(caller, data):
    answer = caller("post", "things/?dry_run=true", raw=json.dumps(data).encode())
    assert answer.status_code in {201, 400, 422}


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=40))
def test_no_bytes_at_all_are_a_500(caller, raw):
    assert caller("post", "things/", raw=raw).status_code in {400, 422}
