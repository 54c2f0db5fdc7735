"""The declarations through the interface, with tokens."""

import json

import pytest
from django.utils import timezone

from wufei.apps.declarations.models import BookEntry, ManagementPlan
from wufei.apps.rest.services import create_token
from wufei.core.ledger import local_day

from .conftest import OIL, TONNE, tables

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(client):
    """Ask the interface as somebody; returns (status, body)."""

    def ask(user, method, path="", body=None, **headers):
        scopes = ["declarations:read", "declarations:write"]
        _, secret = create_token(
            username=user.username, scopes_wanted=scopes, days=1, name="t", actor="t", at=timezone.now()
        )
        answer = client.generic(
            method, f"/api/v1/declarations/{path}", json.dumps(body) if body is not None else b"",
            content_type="application/json", headers={"Authorization": f"Bearer {secret}", **headers},
        )  # fmt: skip
        return answer.status_code, answer.json()

    return ask


def entry(site, **more):
    cells = {"occurred_at": "2026-01-05T08:00:00+08:00", "waste_code": OIL, "mass_g": 1_500_000, "handler": "王小明"}
    return {"site": site.code, "table": "hw-generate", "values": {**cells, **more}}


def test_a_plan_is_made_filled_and_filed(api, site, owner, receiver, make_user):
    year = local_day(timezone.now()).year
    status, plan = api(owner, "POST", "plans/", {"site": site.code, "year": year, "tables": tables(receiver)})
    assert (status, plan["status"], plan["grade"]) == (201, "draft", "registered")
    wrong = {
        "A3": [{"waste_code": OIL, "form": "L", "planned_g": 1}, {"waste_code": "x", "form": "L", "planned_g": 1}]
    }
    status, told = api(owner, "PATCH", f"plans/{plan['id']}/", {"tables": wrong})
    assert (status, [e["pointer"] for e in told["errors"]]) == (422, ["/tables/A3/1/waste_code"])
    office = make_user()
    assert api(office, "GET", f"plans/{plan['id']}/")[0] == 404
    assert api(office, "POST", f"plans/{plan['id']}/file/")[0] == 404
    status, filed = api(owner, "POST", f"plans/{plan['id']}/file/")
    assert (status, filed["number"]) == (200, f"GLJH-330523-{year}-000001")
    assert filed["transfers"][0]["remaining_g"] == 5 * TONNE
    assert [row["id"] for row in api(office, "GET", "plans/")[1]["items"]] == [plan["id"]]


def test_an_entry_is_booked_once_whatever_is_sent_twice(api, site, owner):
    first = api(owner, "POST", "book/", entry(site), **{"Idempotency-Key": "k1"})
    again = api(owner, "POST", "book/", entry(site), **{"Idempotency-Key": "k1"})
    assert first == again
    assert (first[0], first[1]["batch_no"]) == (201, "HWCS20260105001")
    assert api(owner, "POST", "book/?dry_run=true", entry(site))[0] in {200, 201}
    assert BookEntry.objects.count() == 1
    assert "handler" not in json.dumps(api(owner, "GET", "book/")[1])
    one = api(owner, "GET", f"book/{first[1]['id']}/")
    assert one == (200, api(owner, "GET", "book/")[1]["items"][0])
    status, undone = api(owner, "POST", f"book/{first[1]['id']}/reverse/", {"reason": "写错"})
    assert (status, undone["status"], undone["reverses"]) == (201, "reversal", first[1]["id"])


@pytest.mark.parametrize(("cells", "pointer"), [
    ({"mass_g": -1}, "/values/mass_g"), ({"mass_g": 10**17}, "/values/mass_g"),
    ({"waste_code": 5}, "/values/waste_code"), ({"colour": "x"}, "/values/colour"),
    ({"package_codes": ["a" * 90]}, "/values/package_codes"),
    ({"occurred_at": "yesterday"}, "/values/occurred_at"), ({"count": -3}, "/values/count"),
])  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(api, site, owner, cells, pointer):
    status, told = api(owner, "POST", "book/", entry(site, **cells))
    assert status == 422
    assert pointer in [e["pointer"] for e in told["errors"]]
    assert all(e["remedy"] for e in told["errors"])


def test_a_declaration_is_generated_confirmed_and_corrected(api, site, owner, make_user):
    api(owner, "POST", "book/", entry(site))
    status, row = api(owner, "POST", "", {"site": site.code, "period": "2026-01"})
    assert (status, row["status"], row["lines"][0]["generated_g"]) == (201, "generated", 1_500_000)
    assert api(owner, "POST", f"{row['id']}/confirm/", {})[0] == 422  # no plan: to be explained
    status, done = api(owner, "POST", f"{row['id']}/confirm/", {"note": "计划正在补办"})
    assert (status, done["status"], done["is_late"], done["due"]) == (200, "confirmed", True, "2026-02-15")
    assert api(owner, "POST", f"{row['id']}/correct/", {"reason": "漏记"})[1]["version"] == 2
    assert api(make_user(), "GET", f"{row['id']}/")[0] == 200
    assert len(api(owner, "GET")[1]["items"]) == 2


def test_others_and_nonsense_are_refused_without_a_trace(api, site, owner, make_user):
    other = make_user("other", "generator")
    kept = api(owner, "POST", "book/", entry(site))[1]
    assert api(other, "GET", f"book/{kept['id']}/")[0] == 404
    for user in (other, make_user()):
        assert api(user, "POST", "book/", entry(site))[0] == 404
        assert api(user, "POST", "", {"site": site.code, "period": "2026-01"})[0] == 404
        assert api(user, "POST", "plans/", {"site": site.code, "year": 2026})[0] == 404
    assert api(owner, "POST", "", {"site": site.code, "period": "x"})[0] == 422
    assert api(owner, "POST", "book/", {"site": site.code, "table": "x", "values": {}})[0] == 422
    assert api(owner, "GET", f"{10**18}/")[0] == 404
    assert [row.pk for row in BookEntry.objects.all()] == [kept["id"]]
    assert not ManagementPlan.objects.exists()
    assert "hw-generate" in [row["table"] for row in api(owner, "GET", "book/tables/")[1]]


@pytest.mark.parametrize("text", ["1000", "1.5", "500千克", "1000g", True])
def test_a_mass_as_text_is_refused_and_nothing_is_booked(api, site, owner, text):
    status, told = api(owner, "POST", "book/", entry(site, mass_g=text))
    assert (status, [(e["pointer"], e["code"]) for e in told["errors"]]) == (422, [("/values/mass_g", "grams_type")])
    assert "1500000" in told["errors"][0]["remedy"]
    year = local_day(timezone.now()).year
    rows = {"A3": [{"waste_code": OIL, "form": "L", "planned_g": text}]}
    status, told = api(owner, "POST", "plans/", {"site": site.code, "year": year, "tables": rows})
    assert (status, [e["pointer"] for e in told["errors"]]) == (422, ["/tables/A3/0/planned_g"])
    contract = {
        "number": "HT-1", "receiver": "某厂", "valid_from": "2026-01-01", "valid_to": "2026-12-31",
        "items": [{"waste_code": OIL, "method": "R9", "mass_g": text}],
    }  # fmt: skip
    status, told = api(owner, "POST", "contracts/", contract)
    assert (status, [e["pointer"] for e in told["errors"]]) == (422, ["/items/0/mass_g"])
    plan = {"site": site.code, "head": {}, "tables": {"wastes": [{"waste_code": "900-001-S70", "planned_g": text}]}}
    status, told = api(owner, "POST", "handling-plans/", plan)
    assert (status, [e["pointer"] for e in told["errors"]]) == (422, ["/tables/wastes/0/planned_g"])
    assert not BookEntry.objects.exists()
    assert not ManagementPlan.objects.exists()


def test_the_document_says_what_each_cell_takes(client):
    shapes = client.get("/api/v1/openapi.json").json()["components"]["schemas"]
    cells = shapes["BookCells"]
    assert {"type": "integer", "minimum": 0} in cells["properties"]["mass_g"]["anyOf"]
    assert "string" not in str(cells["properties"]["mass_g"]["anyOf"])
    assert cells["additionalProperties"] is False
    assert {"basis", "A1", "A3", "A7"} <= set(shapes["PlanTables"]["properties"])
