"""What a hostile insider tries: another's fields, another's role, early receipts, wrong times, huge bodies."""

import json
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from tests.apps.manifests.conftest import NOW
from tests.apps.manifests.test_life import ACCEPT, ALL, refusal

from wufei.apps.manifests.models import Manifest
from wufei.apps.manifests.services import Act, advance, create_manifest, update_manifest
from wufei.apps.rest.services import create_token
from wufei.core.findings import Refused
from wufei.core.ledger import SHANGHAI
from wufei.core.manifest import Event


@pytest.fixture
def draft(world, document):
    return create_manifest(document, act=world.act("maker"))


@pytest.fixture
def submitted(world, draft):
    return advance(draft.number, Event.SUBMIT, {}, act=world.act("maker"))


def patched(world, manifest, who, patch):
    return refusal(lambda: update_manifest(manifest.number, patch, act=world.act(who, hours=1)))


def test_a_party_changes_its_own_part_alone(world, submitted):
    less = {"wastes": [{"mass_g": 1}]}
    assert patched(world, submitted, "carrier", less) == [("/wastes/0/mass_g", "not_your_field")]
    assert patched(world, submitted, "plant", less) == [("/wastes/0/mass_g", "not_your_field")]
    other = {"carriers": [{}, {"vehicle": "浙E99999"}]}
    assert patched(world, submitted, "carrier", other) == [("/carriers/1/vehicle", "not_your_field")]
    assert patched(world, submitted, "maker", {"carriers": [{"vehicle": "浙E99999"}]}) != []
    row = update_manifest(
        submitted.number, {"carriers": [{"vehicle": "浙E11111"}]}, act=world.act("carrier", hours=1)
    )
    assert row.document["carriers"][0]["vehicle"] == "浙E11111"


def test_nobody_assigns_what_is_not_due(world, draft, document):
    for patch, code in (
        ({"profile": "medical"}, "profile_fixed"),
        ({"receipt": {"opinion": "好"}}, "not_your_field"),
        ({"generator": {"site": "S-other"}}, "not_authorised"),
        ({"status": "confirmed"}, "unknown_field"),
    ):
        assert code in {c for _, c in patched(world, draft, "maker", patch)}
    early = document | {"receipt": {"has_major_difference": False}}
    found = refusal(lambda: create_manifest(early, act=world.act("maker")))
    assert found == [("/receipt/has_major_difference", "not_your_field")]


def test_submitting_for_somebody_else_by_the_payload_of_the_step(world, draft):
    with pytest.raises(Refused) as caught:
        advance(draft.number, Event.SUBMIT, {"generator": {"site": "S-other"}}, act=world.act("maker"))
    assert "not_authorised" in {f.code for f in caught.value.findings}


def test_after_submission_no_carrier_is_appended_and_no_list_shrinks(world, submitted):
    more = {"carriers": [{}, {}, {"organisation": world.code("carrier")}]}
    codes = {c for _, c in patched(world, submitted, "maker", more)}
    assert "list_sealed" in codes
    for patch in ({"carriers": []}, {"wastes": []}, {"carriers": None}, {"wastes": None}):
        assert patched(world, submitted, "maker", patch) != []


def test_the_driver_states_what_was_loaded_and_the_sender_is_told(world, submitted):
    payload = {"wastes": [{"mass_g": 1_700_000}]}
    manifest = advance(submitted.number, Event.DEPART, payload, act=world.act("carrier", hours=1))
    codes = [f["code"] for f in manifest.history.get(event="depart").findings]
    assert "mass_restated" in codes
    assert manifest.mass_g == 2_340_000


def test_times_of_long_ago_or_ahead_are_refused_and_disorder_is_alerted(world, submitted):
    def act(at):
        return Act(world.people["carrier"], claimed_at=at, server_at=NOW + timedelta(hours=5))

    for at in (NOW + timedelta(hours=6), NOW - timedelta(days=93), datetime.min.replace(tzinfo=SHANGHAI)):
        found = refusal(lambda at=at: advance(submitted.number, Event.DEPART, {}, act=act(at)))
        assert found == [("/claimed_at", "time_out_of_bounds")]
    manifest = advance(submitted.number, Event.DEPART, {}, act=act(NOW - timedelta(minutes=1)))
    assert "claimed_before_previous" in [f["code"] for f in manifest.history.get(event="depart").findings]


@pytest.fixture
def api(client, world):
    def ask(who, method, path, body):
        _, secret = create_token(
            username=who, scopes_wanted=["manifests:read", "manifests:write"], days=1, name="t", actor="t",
            at=timezone.now(),
        )  # fmt: skip
        return client.generic(
            method, f"/api/v1/manifests/{path}", body, content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )  # fmt: skip

    return ask


@pytest.mark.parametrize("body", [
    "[" * 5000 + "]" * 5000, '{"generator":' * 5000 + "1" + "}" * 5000, '{"wastes": [' + "{}," * 5000 + "{}]}",
    '{"profile": "hazardous", "wastes": [{"code": ' + "9" * 5000 + "}]}", '{"profile": ' + "[]," * 10 + "1}",
    json.dumps({"profile": "hazardous"} | {f"x{i}": 1 for i in range(20_000)}), '{"generator": "\\ud800"}', "NaN",
    '{"profile": {"a": 1}}', '{"wastes": {"0": {"code": "900-214-08"}}}',
])  # fmt: skip
def test_bodies_that_are_huge_or_deep_are_answered_shortly(api, body):
    answer = api("maker", "POST", "", body)
    assert answer.status_code in {400, 422}, answer.content[:200]
    assert len(answer.content) < 100_000
    assert Manifest.objects.count() == 0


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-12:00", "2026-11-02T00:00:00Z"])
def test_times_at_the_edge_of_the_calendar_are_no_fault_of_the_program(api, draft, at):
    answer = api("maker", "POST", f"{draft.number}/submit/", json.dumps({"claimed_at": at}))
    assert answer.status_code in {200, 422}


def test_a_stranger_finds_nothing_and_changes_nothing(world, submitted, client):
    client.force_login(world.people["stranger"])
    number = submitted.number
    for address in (f"{number}/", f"{number}/paper.pdf", f"{number}/edit/", f"{number}/depart/",
                    f"new/hazardous/?copy={number}"):  # fmt: skip
        assert client.get(f"/manifests/{address}").status_code == 404
    for subject in ("amendments/ask/", "signatures/codes/"):
        answer = client.get(f"/{subject}", {"subject": f"manifest:{number}", "slot": "carrier:1", "event": "depart"})
        assert answer.status_code == 404, subject


def test_who_is_no_party_reads_phones_and_licences_masked(world, drive, document, client):
    number = drive(document, *ALL).number
    assert ACCEPT
    for who, whole in (("maker", True), ("plant", True), ("office", False)):
        client.force_login(world.people[who])
        for address in (f"/api/v1/manifests/{number}/", "/api/v1/manifests/", f"/manifests/{number}/"):
            text = client.get(address).content.decode()
            assert ("13800000000" in text) is whole, (who, address)


def test_what_the_checks_find_of_a_firms_own_books_is_told_to_that_firm_and_the_office(
    world, drive, document, client
):
    number = drive(document, *ALL).number
    for who, told in (("maker", True), ("office", True), ("plant", False), ("carrier", False)):
        client.force_login(world.people[who])
        for address in (f"/api/v1/manifests/{number}/", f"/manifests/{number}/"):
            assert ("场所库存" in client.get(address).content.decode()) is told, (who, address)
