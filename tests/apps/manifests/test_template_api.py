"""Templates of a firm through the interface: kept without what must not be copied, and manifests drawn up of them."""

import json

import pytest
from django.utils import timezone
from tests.apps.manifests.conftest import OIL, PAINT, SOIL

from wufei.apps.facts.models import Fact
from wufei.apps.manifests.models import Manifest, ManifestTemplate
from wufei.apps.manifests.services import create_manifest
from wufei.apps.rest.services import create_token

FILLED = {
    "wastes": [{"mass_g": 1_800_000, "package_count": 10}, {"mass_g": 640_000, "package_count": 4}],
    "carriers": [
        {"vehicle": "浙E00002", "driver": "李四", "driver_licence": "330500001"},
        {"vehicle": "浙E00003", "driver": "王五", "driver_licence": "330500002"},
    ],
}


@pytest.fixture
def api(client, world):
    """Ask the interface as somebody; returns (status, body)."""

    def ask(who, method, path="", body=None, **headers):
        _, secret = create_token(
            username=who, scopes_wanted=["manifests:read", "manifests:write"], days=1, name="t", actor="t",
            at=timezone.now(),
        )  # fmt: skip
        answer = client.generic(
            method, f"/api/v1/manifest-templates/{path}", json.dumps(body) if body is not None else b"",
            content_type="application/json", headers={"Authorization": f"Bearer {secret}", **headers},
        )  # fmt: skip
        return answer.status_code, answer.json() if answer.content else None

    return ask


@pytest.fixture
def kept(api, document):
    """A template of the maker's, by its key."""
    status, made = api("maker", "POST", body={"name": " 每月  废油 ", "document": document})
    assert status == 201, made
    return made["id"]


def faults(told):
    return {(e["pointer"], e["code"]) for e in told["errors"]}


def test_a_document_is_kept_without_masses_plates_and_counts(api, kept, document):
    status, told = api("maker", "GET", f"{kept}/")
    assert (status, told["name"], told["profile"]) == (200, "每月 废油", "hazardous")
    assert [set(w) for w in told["document"]["wastes"]] == [
        {"code", "name", "hazards", "form", "packing", "method"}
    ] * 2
    assert [w["code"] for w in told["document"]["wastes"]] == [OIL, PAINT]
    assert all("vehicle" not in carrier for carrier in told["document"]["carriers"])
    assert told["document"]["generator"]["handler"] == "张三"
    assert Fact.objects.filter(verb="save_manifest_template").count() == 1


def test_a_manifest_in_sight_becomes_a_template_and_nobody_elses_does(api, world, document):
    number = create_manifest(document, act=world.act("maker")).number
    assert api("stranger", "POST", body={"name": "x", "manifest": number})[0] == 404
    status, told = api("maker", "POST", body={"name": "照旧", "manifest": number})
    assert status == 201
    assert told["document"]["receiver"] == {"site": "S-plant"}
    for body in ({"name": "x"}, {"name": "x", "manifest": number, "document": document}):
        assert faults(api("maker", "POST", body=body)[1]) == {("/document", "one_source")}
    assert ManifestTemplate.objects.count() == 1


def test_every_fault_of_a_template_is_told_and_nothing_is_kept(api):
    body = {"name": " ", "document": {"profile": "hazardous", "wastes": [{"code": "x"}], "colour": 1}}
    status, told = api("maker", "POST", body=body)
    assert status == 422
    assert faults(told) == {
        ("/name", "required"), ("/document/wastes/0/code", "bad_waste_code"), ("/document/colour", "unknown_field"),
    }  # fmt: skip
    soil = {"name": "土", "document": {"profile": "hazardous", "wastes": [{"code": SOIL}]}}
    assert faults(api("maker", "POST", body=soil)[1]) == {("/document/wastes/0/code", "wrong_profile")}
    assert faults(api("office", "POST", body=soil)[1]) == {("", "not_authorised")}
    assert ManifestTemplate.objects.count() == 0


def test_a_name_is_kept_once_a_firm(api, kept, document):
    assert faults(api("maker", "POST", body={"name": "每月 废油", "document": document})[1]) == {
        ("/name", "name_taken")
    }
    status, other = api("maker", "POST", body={"name": "另一个", "document": document})
    assert status == 201
    assert faults(api("maker", "PATCH", f"{other['id']}/", {"name": "每月 废油"})[1]) == {("/name", "name_taken")}
    assert api("stranger", "POST", body={"name": "每月 废油", "document": {"profile": "medical"}})[0] == 201


def test_a_manifest_is_drawn_up_of_a_template_and_what_is_said(api, world, document, kept):
    assert api("maker", "POST", f"{kept}/manifest/", {})[1]["document"]["wastes"][0].get("mass_g") is None
    status, made = api("maker", "POST", f"{kept}/manifest/?submit=true", FILLED)
    assert (status, made["status"], made["number"]) == (201, "submitted", "20263305000002")
    by_hand = create_manifest(document, act=world.act("maker"))
    assert made["document"] == by_hand.document
    assert made["content_hash"] == by_hand.content_hash


def test_what_stands_against_the_manifest_is_told_and_the_kind_stays(api, kept):
    status, told = api("maker", "POST", f"{kept}/manifest/?submit=true", {"wastes": [{"mass_g": 5}]})
    assert status == 422
    assert ("/wastes/1/mass_g", "required") in faults(told)
    assert faults(api("maker", "POST", f"{kept}/manifest/", {"profile": "medical"})[1]) == {
        ("/profile", "profile_fixed")
    }
    assert faults(api("maker", "POST", f"{kept}/manifest/", [1])[1]) == {("", "not_an_object")}
    assert Manifest.objects.count() == 0


def test_the_same_key_draws_up_once_and_a_dry_run_nothing(api, kept):
    assert api("maker", "POST", f"{kept}/manifest/?dry_run=true&submit=true", FILLED)[1]["status"] == "submitted"
    assert Manifest.objects.count() == 0
    first = api("maker", "POST", f"{kept}/manifest/", FILLED, **{"Idempotency-Key": "k"})
    assert api("maker", "POST", f"{kept}/manifest/", FILLED, **{"Idempotency-Key": "k"}) == first
    assert Manifest.objects.count() == 1


def test_a_change_is_laid_over_and_leaves_what_was_drawn_up(api, kept):
    made = api("maker", "POST", f"{kept}/manifest/", FILLED)[1]
    before = api("maker", "GET", f"{kept}/")[1]
    patch = {
        "name": "每周",
        "document": {"generator": {"handler": "钱七"}, "wastes": [{"mass_g": 3}, {"method": "R4"}]},
    }
    status, told = api("maker", "PATCH", f"{kept}/", patch)
    assert (status, told["name"], told["document"]["generator"]["handler"]) == (200, "每周", "钱七")
    assert [w["method"] for w in told["document"]["wastes"]] == ["R9", "R4"]
    assert "mass_g" not in told["document"]["wastes"][0]
    assert told["updated_at"] > before["updated_at"] == before["created_at"]
    other = {"name": "", "document": {"profile": "medical"}}
    assert faults(api("maker", "PATCH", f"{kept}/", other)[1]) == {
        ("/document/profile", "profile_fixed"), ("/name", "required"),
    }  # fmt: skip
    assert api("maker", "GET", f"{kept}/")[1] == told
    assert Manifest.objects.get(number=made["number"]).document["generator"]["handler"] == "张三"


def test_nobody_else_sees_changes_or_takes_away_a_template(api, kept, document, world):
    for who in ("stranger", "office", "plant"):
        assert api(who, "GET")[1]["items"] == []
        for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "manifest/")):
            assert api(who, method, f"{kept}/{path}", {})[0] == 404, (who, method)
    assert api("maker", "GET", "?profile=medical")[1]["items"] == []
    assert [t["id"] for t in api("maker", "GET", "?profile=hazardous")[1]["items"]] == [kept]
    assert api("maker", "DELETE", f"{kept}/") == (204, None)
    assert api("maker", "GET", f"{kept}/")[0] == 404
    assert not ManifestTemplate.objects.exists()


def test_the_page_and_the_interface_keep_the_same(api, client, world, document):
    number = create_manifest(document, act=world.act("maker")).number
    client.force_login(world.people["maker"])
    client.post(f"/manifests/templates/save/manifest/{number}/", {"name": "页面"})
    api("maker", "POST", body={"name": "接口", "manifest": number})
    api("maker", "POST", body={"name": "内容", "document": document})
    one, *others = ManifestTemplate.objects.values_list("document", flat=True)
    assert [other == one for other in others] == [True, True]
