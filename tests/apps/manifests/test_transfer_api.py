"""Transfers across the province through the interface: applied for, read, advanced and decided, with tokens."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from wufei.apps.registry.models import RegionTransfer, Site
from wufei.apps.rest.services import create_token

from .conftest import OIL, PAINT
from .test_statements import statements

TODAY = timezone.localdate


def application(**more):
    return {
        "site": "S-maker",
        "head": {
            "direction": "out", "other_name": "广德某利用公司", "other_place": "安徽省宣城市广德市",
            "asked_from": TODAY().isoformat(), "asked_until": (TODAY() + timedelta(days=200)).isoformat(),
        },
        "wastes": [{"waste_code": OIL, "method": "R9", "mass_g": 100_000_000},
                   {"waste_code": PAINT, "method": "R1", "mass_g": 7_500_000}],
    } | more  # fmt: skip


@pytest.fixture
def api(world, client):
    """Ask as somebody; returns (status, body)."""
    secrets = {}

    def ask(who, method, path="", body=None, scopes=("transfers:read", "transfers:write"), **headers):
        if (who, scopes) not in secrets:
            secrets[who, scopes] = create_token(
                username=who, scopes_wanted=list(scopes), days=1, name="t", actor="t", at=timezone.now()
            )[1]
        answer = client.generic(
            method, f"/api/v1/transfers/{path}", json.dumps(body) if body is not None else b"",
            content_type="application/json", headers={"Authorization": f"Bearer {secrets[who, scopes]}", **headers},
        )  # fmt: skip
        return answer.status_code, answer.json()

    return ask


def test_one_is_applied_for_once_and_read_by_those_it_concerns(api):
    status, tried = api("maker", "POST", "?dry_run=true", application())
    assert (status, tried["status"], RegionTransfer.objects.count()) == (201, "applied", 0)
    key = {"Idempotency-Key": "k1"}
    status, made = api("maker", "POST", "", application(), **key)
    assert (status, made["kind"], made["other_division"]) == (201, "approval", "340000")
    assert [row["asked_g"] for row in made["wastes"]] == [100_000_000, 7_500_000]
    assert made["due"]["step"] == "correction"
    assert {(row["event"], row["by"]) for row in made["next_events"]} == {
        ("accept", "office"), ("request_completion", "office"), ("withdraw", "firm"),
    }  # fmt: skip
    assert api("maker", "POST", "", application(), **key) == (201, made)
    assert RegionTransfer.objects.count() == 1
    for who, found in (("maker", 200), ("office", 200), ("stranger", 404), ("longyou", 404)):
        assert api(who, "GET", f"{made['id']}/")[0] == found, who
        assert len(api(who, "GET")[1]["items"]) == (found == 200)
    assert api("office", "GET", "?direction=in")[1]["items"] == []
    assert api("office", "GET", "?updated_since=2099-01-01T00:00:00Z")[1]["items"] == []
    assert api("office", "POST", "", application())[0] == 404  # the office applies for nobody
    assert api("maker", "POST", "", application(), scopes=("transfers:read",))[0] == 403


def test_every_fault_says_where(api):
    body = application(
        wastes=[{"waste_code": OIL, "method": "R9", "mass_g": 0}, {"waste_code": "x", "colour": "red"}]
    )
    body["head"] |= {"other_place": "安吉县", "asked_until": None, "shape": "round"}
    status, told = api("maker", "POST", "", body)
    assert status == 422
    assert {e["pointer"] for e in told["errors"]} == {
        "/head/other_place", "/head/asked_until", "/head/shape", "/wastes/0/mass_g", "/wastes/1/waste_code",
        "/wastes/1/colour", "/wastes/1/mass_g",
    }  # fmt: skip
    assert all(e["remedy"] for e in told["errors"])
    assert [e["pointer"] for e in api("maker", "POST", "", application(wastes=[]))[1]["errors"]] == ["/wastes"]


def test_an_application_is_advanced_and_decided(api):
    _, made = api("maker", "POST", "", application())
    here, oil = f"{made['id']}/", made["wastes"][0]["id"]
    assert api("maker", "POST", f"{here}accept/", {})[0] == 422
    assert api("stranger", "POST", f"{here}withdraw/", {})[0] == 404
    assert api("office", "POST", f"{here}grant/", {})[0] == 422
    status, told = api("office", "POST", f"{here}request_completion/", {"on": "2020-01-01"})
    assert (status, [e["pointer"] for e in told["errors"]]) == (422, ["/on", "/note"])
    for event in ("accept", "first_review", "reply"):
        status, row = api("office", "POST", f"{here}{event}/", {"note": "同意"})
        assert (status, row["history"][-1]["event"]) == (200, event)
    wrong = {"decision": "grant", "valid_until": "2099-01-01",
             "granted": [{"id": 10**9, "granted_g": 1}, {"id": oil, "granted_g": 100_000_001}]}  # fmt: skip
    status, told = api("office", "POST", f"{here}decide/", wrong)
    assert (status, {e["pointer"] for e in told["errors"]}) == (
        422, {"/number", "/valid_until", "/granted/0/granted_g", "/granted/1/granted_g"},
    )  # fmt: skip
    right = {"decision": "grant", "number": "皖环转8号", "granted": [{"id": oil, "granted_g": 60_000_001}]}
    assert api("maker", "POST", f"{here}decide/", right)[0] == 404
    status, row = api("office", "POST", f"{here}decide/", right)
    assert (status, row["status"], row["number"]) == (200, "granted", "皖环转8号")
    assert [(w["granted_g"], w["remaining_g"]) for w in row["wastes"]] == [(60_000_001,) * 2, (7_500_000,) * 2]
    assert row["due"] is None
    assert api("office", "POST", f"{here}revoke/", {"note": "许可证被吊销"})[1]["status"] == "revoked"


def test_a_refusal_needs_its_reason(api):
    _, made = api("maker", "POST", "", application())
    api("office", "POST", f"{made['id']}/accept/", {})
    status, told = api("office", "POST", f"{made['id']}/decide/", {"decision": "refuse"})
    assert (status, [e["pointer"] for e in told["errors"]]) == (422, ["/note"])
    status, row = api("office", "POST", f"{made['id']}/decide/", {"decision": "refuse", "note": "路线不合适"})
    assert (status, row["status"], row["next_events"]) == (200, "refused", [])


def test_the_compensation_is_null_while_no_rate_is_known(api, world):
    assert api("maker", "POST", "", application())[1]["compensation"] is None
    Site.objects.filter(pk=world.sites["maker"].pk).update(division_id="330683")
    told = api("maker", "POST", "", application())[1]["compensation"]
    assert (told["yuan"], told["yuan_per_t"]) == (None, None)
    assert "生态补偿" in told["name"]


def test_a_list_costs_the_same_with_more_rows(api):
    counts = []
    for _ in range(2):
        for _ in range(5):
            api("maker", "POST", "", application())
        with CaptureQueriesContext(connection) as captured:
            api("office", "GET")
        counts.append(len(statements(captured)))
        api("office", "GET")
    assert len(api("office", "GET")[1]["items"]) == 10
    first = api("office", "GET", "?limit=7")[1]
    assert len(api("office", "GET", f"?limit=7&cursor={first['next']}")[1]["items"]) == 3
    assert counts[1] <= 6
