"""The life of a manifest through the interface, with tokens."""

import json

import pytest
from django.utils import timezone

from wufei.apps.manifests.models import Manifest
from wufei.apps.registry.models import Site, User
from wufei.apps.rest.services import create_token

ACCEPT = {
    "receipt": {"has_major_difference": False, "lines": [{"accepted_g": 1_800_000}, {"accepted_g": 640_000}]},
    "receiver": {"handler": "赵六"},
}


@pytest.fixture
def api(client, world):
    """Ask the interface as somebody; returns (status, body)."""

    def ask(who, method, path, body=None, **headers):
        _, secret = create_token(
            username=who,
            scopes_wanted=["manifests:read", "manifests:write"],
            days=1,
            name="t",
            actor="t",
            at=timezone.now(),
        )
        answer = client.generic(
            method, f"/api/v1/manifests/{path}", json.dumps(body) if body is not None else b"",
            content_type="application/json", headers={"Authorization": f"Bearer {secret}", **headers},
        )  # fmt: skip
        return answer.status_code, answer.json()

    return ask


def test_a_day_of_a_manifest_through_the_interface(api, document):
    status, made = api("maker", "POST", "", document)
    assert (status, made["status"], made["number"]) == (201, "draft", "20263305000001")
    number = made["number"]
    for who, event, payload in (
        ("maker", "submit", {}), ("carrier", "depart", {}), ("second", "hand_over", {}), ("second", "arrive", {}),
        ("plant", "confirm", ACCEPT),
    ):  # fmt: skip
        status, told = api(who, "POST", f"{number}/{event}/", {"payload": payload})
        assert status == 200, told
    assert told["status"] == "confirmed"
    assert [e["event"] for e in told["history"]] == ["create", "submit", "depart", "hand_over", "arrive", "confirm"]
    status, page = api("office", "GET", "?limit=10")
    assert [m["number"] for m in page["items"]] == [number]
    assert api("longyou", "GET", f"{number}/")[0] == 404


def test_every_fault_is_told_with_its_pointer_and_what_to_do(api):
    body = {"profile": "hazardous", "wastes": [{"code": "nonsense", "mass_g": -1}], "generator": {"colour": 1}}
    status, told = api("maker", "POST", "", body)
    assert status == 422
    assert {(e["pointer"], e["code"]) for e in told["errors"]} == {
        ("/wastes/0/code", "bad_waste_code"), ("/wastes/0/mass_g", "bad_mass"),
        ("/generator/colour", "unknown_field"), ("/generator/site", "required"),
    }  # fmt: skip
    assert all(e["remedy"] for e in told["errors"])


def test_what_is_blank_is_told_beside_what_cannot_be_read(api):
    body = {"profile": "hazardous", "wastes": [{"code": "900-214-08", "mass_g": -1}]}
    status, told = api("maker", "POST", "?submit=true", body)
    assert status == 422
    found = {e["pointer"] for e in told["errors"]}
    needed = {"/generator/site", "/generator/handler", "/generator/emergency_phone", "/receiver/site", "/carriers"}
    assert found >= {"/wastes/0/mass_g", "/wastes/0/form", "/wastes/0/method"} | needed
    assert [e["code"] for e in told["errors"] if e["pointer"] == "/wastes/0/mass_g"] == ["bad_mass"]
    assert not Manifest.objects.exists()


def test_the_same_key_draws_up_one_manifest_and_a_dry_run_none(api, document):
    first = api("maker", "POST", "", document, **{"Idempotency-Key": "k1"})
    again = api("maker", "POST", "", document, **{"Idempotency-Key": "k1"})
    assert first == again
    assert api("maker", "POST", "?dry_run=true&submit=true", document)[1]["status"] == "submitted"
    assert Manifest.objects.count() == 1


def test_what_was_signed_is_changed_only_by_an_amendment(api, document):
    number = api("maker", "POST", "", document)[1]["number"]
    body = {"changes": [{"pointer": "/generator/handler_phone", "after": "13900000000"}], "reason": "换号"}
    assert api("maker", "POST", f"{number}/amend/", body)[0] == 422  # a draft is simply changed
    api("maker", "POST", f"{number}/submit/", {})
    assert api("stranger", "POST", f"{number}/amend/", body)[0] == 404
    status, told = api("maker", "POST", f"{number}/amend/", body)
    assert (status, told["status"], told["subject"]) == (201, "agreed", f"manifest:{number}")
    assert api("plant", "GET", f"{number}/")[1]["document"]["generator"]["handler_phone"] == "13900000000"
    carrier = {"changes": [{"pointer": "/carriers/0/waybill", "after": "Y-1"}]}
    assert api("plant", "POST", f"{number}/amend/", carrier)[0] == 422
    assert api("carrier", "POST", f"{number}/amend/", carrier)[1]["status"] == "open"


def test_a_person_acts_for_their_firm_whatever_the_kind_of_its_account(api, world, document):
    """The account of a carrier that has a site of its own hands over from there, and takes in there."""
    site = Site.objects.create(
        code="S-carrier", name="车队场地", organisation=world.firms["carrier"], division_id="330523001",
        category="industrial_enterprise", domain="hazardous",
    )  # fmt: skip
    sent = api("carrier", "POST", "", document | {"generator": document["generator"] | {"site": site.code}})[1]
    assert api("carrier", "POST", f"{sent['number']}/submit/", {})[1]["status"] == "submitted"
    taken = api("maker", "POST", "", document | {"receiver": {"site": site.code}})[1]
    for who, event, payload in (
        ("maker", "submit", {}), ("carrier", "depart", {}), ("second", "hand_over", {}), ("second", "arrive", {}),
        ("carrier", "confirm", ACCEPT),
    ):  # fmt: skip
        status, told = api(who, "POST", f"{taken['number']}/{event}/", {"payload": payload})
        assert status == 200, told
    assert told["status"] == "confirmed"


def test_who_may_not_sign_for_their_firm_is_told_so_before_anything_is_done(api, world, document, client):
    number = api("maker", "POST", "", document)[1]["number"]
    api("maker", "POST", f"{number}/submit/", {})
    world.people["inspector"] = User.objects.create(
        username="inspector", role="programme_office", organisation=world.firms["carrier"], division_id="330523"
    )
    before = Manifest.objects.values().get(number=number)
    for slot in ("", "carrier:1"):
        status, told = api("inspector", "POST", f"{number}/depart/", {"slot": slot})
        assert (status, [(e["pointer"], e["code"]) for e in told["errors"]]) == (422, [("/slot", "wrong_role")])
        assert "角色" in told["errors"][0]["remedy"]
    assert Manifest.objects.values().get(number=number) == before
    address = f"/manifests/{number}/depart/"
    for who, offered in (("inspector", False), ("carrier", True), ("plant", False)):
        client.force_login(world.people[who])
        assert (address in client.get(f"/manifests/{number}/").content.decode()) is offered
