"""Amendments and correction requests through the interface, with tokens."""

import base64
import json

import pytest
from django.utils import timezone

from wufei.apps.amendments.models import AmendmentRecord, CorrectionRequest
from wufei.apps.rest.services import create_token

from .conftest import SUBJECT

pytestmark = pytest.mark.django_db
PDF = {"name": "过磅单.pdf", "content": base64.b64encode(b"%PDF-1.7 ticket").decode()}
MASS = {"pointer": "/wastes/0/mass_g", "after": 1200}


@pytest.fixture
def api(client, memos, people):
    """Ask the interface as somebody; returns (status, body)."""

    def ask(who, method, path, body=None):
        _, secret = create_token(
            username=who, scopes_wanted=["manifests:read", "manifests:write"], days=1, name="t", actor="t",
            at=timezone.now(),
        )  # fmt: skip
        answer = client.generic(
            method, f"/api/v1/{path}", json.dumps(body) if body is not None else b"",
            content_type="application/json", headers={"Authorization": f"Bearer {secret}"},
        )  # fmt: skip
        return answer.status_code, answer.json()

    return ask


def wanted(*changes, **more):
    return {"subject": SUBJECT, "changes": list(changes), "reason": "过磅单为准", "evidence": PDF} | more


def test_a_change_is_asked_seen_answered_and_applied(api, memos):
    status, made = api("generator", "POST", "amendments/", wanted(MASS))
    assert (status, made["status"], made["slot"], made["evidence"]) == (201, "open", "generator", "过磅单.pdf")
    assert made["changes"] == [{"pointer": "/wastes/0/mass_g", "before": 1000, "after": 1200}]
    assert [p["slot"] for p in made["parties"] if p["must_agree"]] == ["receiver"]
    here = f"amendments/{made['id']}/"
    assert [row["id"] for row in api("receiver", "GET", "amendments/?waiting=true")[1]["items"]] == [made["id"]]
    assert api("generator", "GET", "amendments/?waiting=true")[1]["items"] == []
    assert api("stranger", "GET", here)[0] == 404
    assert api("stranger", "POST", f"{here}answer/", {"choice": "agree"})[0] == 404
    status, told = api("carrier", "POST", f"{here}answer/", {"choice": "agree"})
    assert (status, told["errors"][0]["code"]) == (422, "nothing_waits")
    status, told = api("receiver", "POST", f"{here}answer/", {"choice": "agree", "comment": "同意"})
    assert (status, told["status"], told["applied_version"]) == (200, "agreed", 2)
    assert memos.document["wastes"][0]["mass_g"] == 1200
    assert api("generator", "GET", here)[1]["parties"][-1]["comment"] == "同意"
    assert [row["id"] for row in api("office", "GET", "amendments/?status=agreed")[1]["items"]] == [made["id"]]


def test_everything_wrong_is_told_with_its_place_in_the_request_and_nothing_is_kept(api):
    same, nowhere = {"pointer": "/wastes/0/mass_g", "after": 1000}, {"pointer": "wastes", "after": 1}
    status, told = api("generator", "POST", "amendments/", wanted(MASS, nowhere))
    assert (status, [e["pointer"] for e in told["errors"]]) == (422, ["/changes/1"])
    status, told = api("generator", "POST", "amendments/", wanted(same))
    assert [(e["pointer"], e["code"]) for e in told["errors"]] == [("/changes/0", "no_change")]
    status, told = api("generator", "POST", "amendments/", wanted(MASS, evidence={"name": "a.pdf", "content": "%"}))
    assert [(e["pointer"], e["code"]) for e in told["errors"]] == [("/evidence/content", "bad_base64")]
    assert api("stranger", "POST", "amendments/", wanted(MASS))[0] == 422
    assert not AmendmentRecord.objects.exists()


def test_the_asker_takes_it_back_and_a_closed_one_says_what_to_do(api):
    made = api("generator", "POST", "amendments/", wanted(MASS))[1]
    here = f"amendments/{made['id']}/withdraw/"
    assert api("receiver", "POST", here)[1]["errors"][0]["code"] == "not_the_asker"
    assert api("generator", "POST", here)[1]["status"] == "withdrawn"
    status, told = api("generator", "POST", here)
    assert (status, [bool(e["remedy"]) for e in told["errors"]]) == (422, [True])
    assert api("office", "POST", f"amendments/{made['id']}/decide/", {"choice": "agree"})[0] == 422


def test_an_office_asks_for_a_correction_and_closes_it(api):
    body = {
        "subject": SUBJECT, "slot": "receiver", "items": [{"pointer": "/receipt/opinion", "comment": "请补写意见。"}],
        "due_at": "2099-12-01T00:00:00+08:00",
    }  # fmt: skip
    assert api("generator", "POST", "corrections/", body)[0] == 422
    status, made = api("office", "POST", "corrections/", body)
    assert (status, made["status"], made["organisation"]) == (201, "open", "单位receiver")
    here = f"corrections/{made['id']}/"
    assert api("carrier", "GET", here)[0] == 404
    assert [row["id"] for row in api("receiver", "GET", "corrections/?status=open")[1]["items"]] == [made["id"]]
    assert api("receiver", "POST", f"{here}answer/", {"answer": "已补写。"})[1]["status"] == "answered"
    assert api("office", "POST", f"{here}close/", {"status": "done"})[1]["status"] == "done"
    bad = body | {"items": [body["items"][0], {"pointer": "x", "comment": ""}], "slot": "insurer"}
    status, told = api("office", "POST", "corrections/", bad)
    assert {e["pointer"] for e in told["errors"]} == {"/items/1/comment", "/items/1/pointer", "/slot"}
    assert CorrectionRequest.objects.count() == 1


def test_a_page_costs_the_same_for_few_and_many(api, memos, people, django_assert_max_num_queries):
    for value in (1, 2, 3):
        made = api("generator", "POST", "amendments/", wanted(MASS | {"after": value}))[1]
        api("generator", "POST", f"amendments/{made['id']}/withdraw/")
    with django_assert_max_num_queries(16):  # of them eight to make the token and to know who asks
        assert len(api("office", "GET", "amendments/")[1]["items"]) == 3
