"""Writes: once by key, all or nothing, and dry runs that leave nothing."""

import threading
from datetime import timedelta

import pytest
from click.testing import CliRunner
from django.db import connection, connections
from django.test import Client
from django.utils import timezone
from tests.apps.rest.test_tokens import bearer, told

from wufei.apps.facts.models import Fact
from wufei.apps.rest.commands import token
from wufei.apps.rest.models import IdempotencyRecord

THING = {"name": "一", "at": "2026-11-25T08:00:00+08:00"}


def things():
    return Fact.objects.filter(verb="load_plan").count()


@pytest.mark.django_db
def test_the_same_request_with_the_same_key_is_done_once_and_answered_alike(caller):
    first = caller("post", "things/", THING, **{"Idempotency-Key": "k1"})
    again = caller("post", "things/", THING, **{"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert things() == 1


@pytest.mark.django_db
def test_the_same_key_for_another_request_is_refused(caller):
    caller("post", "things/", THING, **{"Idempotency-Key": "k1"})
    other = caller("post", "things/", THING | {"name": "二"}, **{"Idempotency-Key": "k1"})
    assert (other.status_code, told(other)) == (422, "idempotency_key_reused")
    assert "换一个新的键" in other.json()["detail"]
    assert things() == 1


@pytest.mark.django_db
def test_a_key_belongs_to_one_person(client, caller, make_token, make_user):
    caller("post", "things/", THING, **{"Idempotency-Key": "k1"})
    _, secret = make_token("manifests:write", user=make_user("other"))
    answer = client.post(
        "/api/v1/things/",
        THING | {"name": "二"},
        content_type="application/json",
        headers=bearer(secret) | {"Idempotency-Key": "k1"},
    )
    assert answer.status_code == 201
    assert things() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "status"), [("拒", 422), ("坏", 500)])
def test_what_is_refused_leaves_its_key_free(caller, name, status):
    assert caller("post", "things/", THING | {"name": name}, **{"Idempotency-Key": "k1"}).status_code == status
    assert not IdempotencyRecord.objects.exists()
    assert caller("post", "things/", THING, **{"Idempotency-Key": "k1"}).status_code == 201


@pytest.mark.django_db
def test_a_dry_run_answers_the_same_and_leaves_nothing(caller):
    dry = caller("post", "things/?dry_run=true", THING, **{"Idempotency-Key": "k1"})
    assert (dry.status_code, dry.json()["name"]) == (201, "一")
    assert dry.headers["Dry-Run"] == "true"
    assert things() == 0
    assert not IdempotencyRecord.objects.exists()
    refused = caller("post", "things/?dry_run=true", THING | {"name": "拒"})
    assert told(refused) == "refused"


@pytest.mark.django_db
def test_a_key_that_is_too_long_is_a_problem(caller):
    answer = caller("post", "things/", THING, **{"Idempotency-Key": "k" * 201})
    assert told(answer) == "invalid"
    assert answer.json()["errors"][0]["parameter"] == "Idempotency-Key"


@pytest.mark.django_db
def test_old_answers_are_forgotten_by_command(caller):
    caller("post", "things/", THING, **{"Idempotency-Key": "old"})
    IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(days=8))
    caller("post", "things/", THING, **{"Idempotency-Key": "new"})
    assert "删去了 1 条" in CliRunner().invoke(token, ["forget-answers"]).stdout
    assert IdempotencyRecord.objects.get().key == "new"
    assert Fact.objects.get(verb="forget_answers").after == {"count": 1}


@pytest.fixture
def connect(tmp_path):
    """A way for a thread to reach the tests' database as processes do: SQLite's from memory is copied to a file."""
    made = type(connections["default"])
    given = connection.settings_dict | {}
    if connection.vendor == "sqlite":
        given = given | {"NAME": str(tmp_path / "copy.sqlite3")}

    def connected():
        connections["default"] = made(given, "default")
        return connections["default"]

    def copy():
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("VACUUM INTO %s", [given["NAME"]])

    return copy, connected


@pytest.mark.django_db(transaction=True)
def test_ten_at_the_same_time_with_one_key_do_the_work_once(site, make_token, connect):
    copy, connected = connect
    _, secret = make_token("manifests:write")
    copy()
    answers, counted = [], []

    def send():
        own = connected()
        try:
            answer = Client().post(
                "/api/v1/things/",
                THING,
                content_type="application/json",
                headers=bearer(secret) | {"Idempotency-Key": "k1"},
            )
            answers.append((answer.status_code, answer.content, answer.headers.get("Idempotent-Replayed")))
            counted.append(things())
        finally:
            own.close()

    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status for status, _, _ in answers} == {201}
    assert counted == [1] * 10
    assert len({content for _, content, _ in answers}) == 1
    assert sorted(replayed or "" for _, _, replayed in answers) == ["", *["true"] * 9]
