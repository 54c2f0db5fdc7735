"""Contracts and handling plans through the interface, with tokens."""

import base64

import pytest

from wufei.apps.declarations.models import Contract, HandlingPlan

from .conftest import OIL, TONNE
from .test_api import api  # noqa: F401 - fixture

pytestmark = pytest.mark.django_db
PDF = {"name": "合同.pdf", "content": base64.b64encode(b"%PDF-1.7").decode()}
EARTH = "900-001-S70"


def contract(receiver, **more):
    return {
        "number": "HT-1", "receiver": receiver.organisation.name, "valid_from": "2026-01-01",
        "valid_to": "2026-12-31", "items": [{"waste_code": OIL, "method": "R9", "mass_g": 5 * TONNE}],
    } | more  # fmt: skip


def plan(site, **more):
    head = {
        "project": "新建厂房", "builder": "甲", "contractor": "乙", "begins_on": "2027-01-01",
        "ends_on": "2027-12-31", "manager": "王小明", "phone": "13812345678", "measures": "分类堆放",
    }  # fmt: skip
    tables = {
        "wastes": [{"waste_code": EARTH, "planned_g": 10 * TONNE, "on_site_g": 4 * TONNE}],
        "carriers": [{"name": "运输队"}],
        "receivers": [{"name": "消纳场", "kind": "landfill", "planned_g": 6 * TONNE}],
    }
    return {"site": site.code, "head": head, "tables": tables} | more


def test_a_contract_is_recorded_read_by_both_sides_and_ended(api, owner, receiver, make_user):  # noqa: F811
    status, made = api(owner, "POST", "contracts/", contract(receiver, file=PDF))
    assert (status, made["file"], made["items"][0]["mass_g"]) == (201, "合同.pdf", 5 * TONNE)
    taker = make_user("taker", "facility", organisation=receiver.organisation)
    assert [row["id"] for row in api(taker, "GET", "contracts/")[1]["items"]] == [made["id"]]
    assert api(make_user("none", "generator"), "GET", f"contracts/{made['id']}/")[0] == 404
    end = {"on": "2026-06-30", "reason": "停产"}
    assert api(taker, "POST", f"contracts/{made['id']}/end/", end)[0] == 404
    status, told = api(owner, "POST", f"contracts/{made['id']}/end/", end)
    assert (status, told["ended_on"], told["end_reason"]) == (200, "2026-06-30", "停产")
    assert api(owner, "POST", f"contracts/{made['id']}/end/", end)[0] == 422


def test_what_is_wrong_with_a_contract_says_where(api, owner, receiver, make_user):  # noqa: F811
    items = [{"waste_code": OIL}, {"waste_code": "x", "colour": "red"}]
    status, told = api(owner, "POST", "contracts/", contract(receiver, number="", items=items))
    places = {e["pointer"] for e in told["errors"]}
    assert (status, places) == (422, {"/number", "/items/1/waste_code", "/items/1/colour"})
    assert all(e["remedy"] for e in told["errors"])
    assert api(make_user(), "POST", "contracts/", contract(receiver))[0] == 422
    assert not Contract.objects.exists()


def test_a_handling_plan_is_filed_returned_and_approved(api, owner, site, make_user):  # noqa: F811
    status, made = api(owner, "POST", "handling-plans/", plan(site))
    assert (status, made["status"], made["version"]) == (201, "submitted", 1), made
    assert "manager" not in made["head"]
    assert "phone" not in made["head"]
    office, here = make_user(), f"handling-plans/{made['id']}/decide/"
    assert api(owner, "POST", here, {"decision": "approve"})[0] == 404
    status, told = api(office, "POST", here, {"decision": "return"})
    assert (status, bool(told["errors"][0]["remedy"])) == (422, True)
    assert api(office, "POST", here, {"decision": "return", "reason": "去向不明"})[1]["status"] == "returned"
    status, told = api(owner, "POST", "handling-plans/", plan(site))
    assert [e["pointer"] for e in told["errors"]] == ["/reason"]
    again = api(owner, "POST", "handling-plans/", plan(site, reason="补充去向"))[1]
    assert (
        api(office, "POST", f"handling-plans/{again['id']}/decide/", {"decision": "approve"})[1]["status"]
        == "approved"
    )
    assert [row["status"] for row in api(office, "GET", "handling-plans/")[1]["items"]] == ["superseded", "approved"]


def test_what_is_wrong_with_a_handling_plan_says_where(api, owner, site):  # noqa: F811
    body = plan(site)
    body["head"]["begins_on"] = "tomorrow"
    body["tables"] = {"wastes": [{"waste_code": OIL, "planned_g": 1}], "carriers": [{"name": "甲"}], "toys": [{}]}
    status, told = api(owner, "POST", "handling-plans/", body)
    assert (status, {e["pointer"] for e in told["errors"]}) == (
        422,
        {"/head/begins_on", "/tables/wastes/0/waste_code", "/tables/receivers", "/tables/toys"},
    )
    assert not HandlingPlan.objects.exists()
