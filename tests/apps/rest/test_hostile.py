"""Attacks on keys and kept answers: nobody is answered what their token does not let in."""

import json

import pytest
from tests.apps.rest.test_tokens import told

from wufei.apps.facts.models import Fact

pytestmark = pytest.mark.django_db
BODY = json.dumps({"name": "一", "at": "2026-11-25T08:00:00+08:00"})


def send(client, secret, key="k"):
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": key}
    return client.post("/api/v1/things/", BODY, content_type="application/json", headers=headers)


def test_a_kept_answer_is_not_shown_to_a_token_without_the_scope_a_revoked_one_or_another_person(
    client, site, make_token, make_user
):
    writer = make_user("writer")
    made, secret = make_token("manifests:write", user=writer)
    _, reading = make_token("manifests:read", user=writer)
    _, stranger = make_token("manifests:write", user=make_user("stranger"))
    assert send(client, secret).status_code == 201
    assert "Idempotent-Replayed" in send(client, secret)
    assert told(send(client, reading)) == "missing_scope"
    answer = send(client, stranger)
    assert (answer.status_code, "Idempotent-Replayed" in answer) == (201, False)
    made.revoked_at = made.created_at
    made.save()
    assert told(send(client, secret)) == "token_invalid"
    writer.is_active = False
    writer.save()
    assert told(send(client, reading)) == "token_invalid"
    assert Fact.objects.filter(verb="load_plan").count() == 2


def test_a_body_of_faults_is_told_the_first_thousand_and_how_many_there_are(caller):
    thing = {"name": "多", "at": "2026-11-25T08:00:00+08:00"}
    answer = caller("post", "things/", thing | {f"k{n}": 1 for n in range(3000)})
    assert (answer.status_code, told(answer)) == (422, "invalid")
    assert len(answer.json()["errors"]) == 1000
    assert "（另有 2999 处问题）" in answer.json()["detail"]


def test_a_body_of_more_values_than_anything_needs_is_refused_before_it_is_judged(caller):
    thing = {"name": "多", "at": "2026-11-25T08:00:00+08:00"}
    answer = caller("post", "things/", thing | {f"k{n}": 1 for n in range(50_000)})
    assert (answer.status_code, told(answer)) == (413, "too_large")
    assert "50000 个" in answer.json()["detail"]
    assert not Fact.objects.filter(verb="load_plan").exists()
