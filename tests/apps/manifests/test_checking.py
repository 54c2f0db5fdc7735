"""Checks of a manifest that is not drawn up."""

import json

import pytest
from django.apps import apps
from django.utils import timezone

from wufei.apps.manifests.effects import check_new
from wufei.apps.manifests.services import advance, create_manifest
from wufei.apps.manifests.telling import OF_THE_SENDER
from wufei.apps.rest.services import create_token
from wufei.core.manifest import Event


def rows():
    """How many rows each table has, tokens aside."""
    return {m._meta.label: m._default_manager.count() for m in apps.get_models() if m._meta.app_label != "rest"}


@pytest.fixture
def ask(world, client):
    def send(who, body):
        _, secret = create_token(
            username=who, scopes_wanted=["manifests:write"], days=1, name="t", actor="t", at=timezone.now()
        )
        headers = {"Authorization": f"Bearer {secret}"}
        answer = client.post(
            "/api/v1/manifests/check/", json.dumps(body), content_type="application/json", headers=headers
        )
        return answer.status_code, answer.json()

    return send


def test_a_check_tells_what_a_submission_would_and_keeps_nothing(world, document, ask):
    _, found = check_new(document, world.act("maker"))
    ask("maker", document)
    before = rows()
    status, told = ask("maker", document)
    assert status == 200
    assert (told["is_checked"], told["may_submit"]) == (True, True)
    after = rows()
    assert {name: count for name, count in after.items() if before[name] != count} in (
        {}, {"facts.Fact": before["facts.Fact"] + 1},  # that the token was made
    )  # fmt: skip
    manifest = create_manifest(document, act=world.act("maker"))
    advance(manifest.number, Event.SUBMIT, {}, act=world.act("maker"))
    submitted = manifest.history.get(event="submit").findings
    wanted = sorted((f["code"], f["pointer"], f["curer"]) for f in submitted if f.get("stage") == "submit")
    assert wanted
    assert sorted((f.code, f.pointer, f.curer) for f in found if f.stage == "submit") == wanted
    assert {"submit", "depart"} <= {f["stage"] for f in told["findings"]}
    assert all(f["field"].startswith("/") and f["remedy"] for f in told["findings"])


def test_what_lacks_or_cannot_be_drawn_up_is_told(world, document, ask):
    del document["carriers"]
    status, told = ask("maker", document)
    assert (status, told["may_submit"]) == (200, False)
    assert ("/carriers", "submit", "error") in {(f["field"], f["stage"], f["level"]) for f in told["findings"]}
    status, told = ask("maker", {"profile": "hazardous", "wastes": [{"code": "x"}], "colour": "red"})
    assert (status, told["is_checked"], told["may_submit"]) == (200, False, False)
    assert len(told["findings"]) > 1
    _, told = ask("stranger", document)
    assert [f["code"] for f in told["findings"]] == ["not_authorised"]


def test_the_books_of_the_sender_are_told_to_nobody_else(world, document):
    _, found = check_new(document, world.act("maker"))
    assert {f.code for f in found} & OF_THE_SENDER
    kitchen = {
        "profile": "kitchen", "generator": {"site": "S-maker"}, "wastes": [{"code": "900-002-S61", "mass_g": 1}],
        "carriers": [{"organisation": world.code("carrier")}], "receiver": {"site": "S-plant"},
    }  # fmt: skip
    is_checked, found = check_new(kitchen, world.act("carrier"))
    assert is_checked, found
    assert not {f.code for f in found} & OF_THE_SENDER
