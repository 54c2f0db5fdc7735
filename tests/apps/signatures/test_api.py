"""Signatures of a manifest, one-time codes and delegations through the interface."""

import json

import pytest
from django.utils import timezone
from tests.apps.manifests.conftest import document, drive, world  # noqa: F401 - fixtures

from wufei.apps.rest.services import create_token
from wufei.apps.signatures.models import Delegation, EvidenceFile, OneTimeCode

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(client):
    def ask(who, method, path="", body=None):
        _, secret = create_token(
            username=who, scopes_wanted=["signatures:read", "signatures:write"], days=1, name="t", actor="t",
            at=timezone.now(),
        )  # fmt: skip
        answer = client.generic(
            method, f"/api/v1/signatures/{path}", json.dumps(body) if body is not None else b"",
            content_type="application/json", headers={"Authorization": f"Bearer {secret}"},
        )  # fmt: skip
        return answer.status_code, answer.json()

    return ask


def test_who_sees_a_manifest_sees_who_has_signed_it(api, drive, document):  # noqa: F811
    manifest = drive(document, ("maker", "submit", {}), ("carrier", "depart", {}))
    status, page = api("plant", "GET", f"?subject=manifest:{manifest.number}")
    assert status == 200
    assert [(row["slot"], row["event"], row["person"]) for row in page["items"]] == [
        ("generator", "submit", "maker"),
        ("carrier:1", "depart", "carrier"),
    ]
    assert page["items"][-1]["content_hash"] == manifest.content_hash
    for other in (f"manifest:{manifest.number}", "manifest:1", "nothing:1", "amendment:x"):
        assert api("stranger", "GET", f"?subject={other}")[0] == 404
    assert api("plant", "GET")[0] == 422


def test_a_driver_without_account_signs_by_a_code_that_a_program_issued(api, client, drive, document):  # noqa: F811
    manifest = drive(document, ("maker", "submit", {}))
    asked = {"subject": f"manifest:{manifest.number}", "slot": "carrier:1", "event": "depart", "party_name": "李四"}
    assert api("stranger", "POST", "codes/", asked)[0] == 422
    status, issued = api("maker", "POST", "codes/", asked)
    assert (status, issued["state"], len(issued["code"])) == (201, "waiting", 6)
    assert api("plant", "GET", f"codes/{issued['id']}/")[0] == 404
    path = issued["link"].removeprefix("http://testserver")
    answer = client.post(path, {"code": issued["code"], "name": "李四", "agreed": "on"})
    assert answer.status_code == 302
    status, told = api("maker", "GET", f"codes/{issued['id']}/")
    assert (told["state"], told["signature"] is not None, "code" in told, "link" in told) == (
        "used",
        True,
        False,
        False,
    )
    manifest.refresh_from_db()
    assert manifest.status == "in_transit"
    assert OneTimeCode.objects.count() == 1


def test_delegations_are_read_by_giver_and_receiver_alone(api, world):  # noqa: F811
    file = EvidenceFile.objects.create(digest="0" * 64, name="a.pdf", content=b"%PDF", created_at=timezone.now())
    row = Delegation.objects.create(
        giver=world.firms["maker"], receiver_person=world.people["carrier"], valid_from="2026-01-01",
        valid_until="2026-12-31", evidence=file, created_by=world.people["maker"], created_at=timezone.now(),
    )  # fmt: skip
    for who in ("maker", "carrier"):
        assert [one["id"] for one in api(who, "GET", "delegations/")[1]["items"]] == [row.pk]
    assert api("stranger", "GET", "delegations/")[1]["items"] == []
