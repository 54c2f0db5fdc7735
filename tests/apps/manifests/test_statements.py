"""How many SQL statements a manifest costs: the bounds hold for every reader, however many manifests there are.

What opens and closes the transaction is not counted: in production that is BEGIN and COMMIT, once.
"""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from wufei.apps.manifests import selectors
from wufei.apps.manifests.models import Manifest
from wufei.apps.manifests.selectors import ManifestFilter
from wufei.apps.manifests.services import advance, create_manifest
from wufei.apps.registry.models import Department, User
from wufei.apps.rest.services import create_token
from wufei.core.manifest import Event

RECEIPT = {
    "receipt": {"has_major_difference": False, "lines": [{"accepted_g": 1_800_000}, {"accepted_g": 640_000}]},
    "receiver": {"handler": "赵六"},
}
LIFE = (
    ("maker", "submit", {}),
    ("carrier", "depart", {}),
    ("second", "hand_over", {}),
    ("second", "arrive", {}),
    ("plant", "confirm", RECEIPT),
)
READERS = ("maker", "carrier", "plant", "office", "duties", "all_duties", "township")
CREATE, DETAIL, LIST = 12, 8, 6


def statements(captured):
    """The statements that are not about the transaction itself."""
    told = [query["sql"] for query in captured.captured_queries]
    return [sql for sql in told if not sql.startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]


@pytest.fixture
def readers(world):
    """One reader of each kind that sees manifests."""
    two, _ = Department.objects.get_or_create(name="卫生健康局", division_id="330523")
    whole, _ = Department.objects.get_or_create(name="生态环境分局", division_id="330523")
    several, _ = Department.objects.get_or_create(name="农业农村局卫生健康商务局自然资源局", division_id="330523")
    for name, role, division, department in (
        ("duties", "department", "330523", two),
        ("several", "department", "330523", several),
        ("all_duties", "department", "330523", whole),
        ("township", "township", "330523001", None),
    ):
        User.objects.create(username=name, role=role, division_id=division, department=department)
    return {user.username: user for user in User.objects.all()}


def headers_of(user):
    _, token = create_token(
        username=user.username, scopes_wanted=["*:read", "*:write"], days=1, name="", actor="c", at=timezone.now()
    )
    return {"Authorization": f"Bearer {token}"}


def many(world, document, count):
    for number in range(count):
        manifest = create_manifest(document, act=world.act("maker", hours=number % 5))
        advance(manifest.number, Event.SUBMIT, {}, act=world.act("maker", hours=number % 5))


def test_drawing_up_takes_twelve_statements_at_most(world, document, client):
    with CaptureQueriesContext(connection) as captured:
        create_manifest(document, act=world.act("maker"))
    assert len(statements(captured)) == 9
    headers = headers_of(world.people["maker"])
    client.get("/api/v1/me/", headers=headers)  # notes the day a token was used, once a day
    for key, count in ({}, 10), ({"Idempotency-Key": "one"}, 12):
        with CaptureQueriesContext(connection) as captured:
            answer = client.post(
                "/api/v1/manifests/", json.dumps(document), content_type="application/json", headers=headers | key
            )
        assert answer.status_code == 201
        assert len(answer.json()["history"]) == 1
        assert len(statements(captured)) == count <= CREATE


def test_a_whole_life_is_read_in_eight_statements_at_most_by_everyone(world, document, readers, client):
    manifest = create_manifest(document, act=world.act("maker"))
    for hours, (who, event, payload) in enumerate(LIFE, 1):
        advance(manifest.number, Event(event), payload, act=world.act(who, hours=hours))
    for name in READERS:
        client.force_login(readers[name])
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(f"/manifests/{manifest.number}/")
        assert answer.status_code == 200, name
        assert "签名不成立" not in answer.content.decode()
        assert len(statements(captured)) <= DETAIL, (name, statements(captured))
        client.logout()
        headers = headers_of(readers[name])
        client.get("/api/v1/me/", headers=headers)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(f"/api/v1/manifests/{manifest.number}/", headers=headers)
        assert [row["event"] for row in answer.json()["history"]] == ["create", *(event for _, event, _ in LIFE)]
        assert len(statements(captured)) <= DETAIL, (name, statements(captured))


def test_a_list_takes_six_statements_at_most_and_no_more_with_more_rows(world, document, readers, client):
    addresses = (
        "/manifests/",
        "/manifests/?view=all",
        "/manifests/?view=all&profile=hazardous",
        "/manifests/?view=all&status=refused",
        "/manifests/?view=all&plate=浙E00002&code=900-214-08",
        "/manifests/?q=2026",
    )
    counts = {}
    for rows in (1, 51):
        many(world, document, rows)
        for name in (*READERS, "several"):
            client.force_login(readers[name])
            for address in addresses:
                with CaptureQueriesContext(connection) as captured:
                    assert client.get(address).status_code == 200
                counts.setdefault((name, address), []).append(len(statements(captured)))
            client.logout()
            headers = headers_of(readers[name])
            client.get("/api/v1/me/", headers=headers)
            with CaptureQueriesContext(connection) as captured:
                answer = client.get("/api/v1/manifests/?updated_since=2026-01-01T00:00:00Z", headers=headers)
            assert len(answer.json()["items"]) == min(Manifest.objects.count(), 50), name
            counts.setdefault((name, "api"), []).append(len(statements(captured)))
    assert [(what, pair) for what, pair in counts.items() if pair[0] != pair[1]] == []
    assert max(max(pair) for pair in counts.values()) <= LIST


def test_pages_of_changes_hold_everything_once_in_order(world, document, readers, client):
    many(world, document, 23)
    for name in ("maker", "office", "several"):
        headers, cursor, found = headers_of(readers[name]), "", []
        while cursor is not None:
            page = client.get("/api/v1/manifests/", {"limit": 7, "cursor": cursor}, headers=headers).json()
            found += [(row["updated_at"], row["number"]) for row in page["items"]]
            cursor = page["next"]
        assert found == sorted(found), name
        assert {number for _, number in found} == set(Manifest.objects.values_list("number", flat=True)), name
        assert len(found) == 23


def test_a_filter_finds_the_same_by_either_way(world, document, readers, monkeypatch):
    many(world, document, 6)
    other = document | {
        "profile": "hazardous",
        "wastes": document["wastes"][:1],
        "carriers": document["carriers"][:1],
    }
    voided = create_manifest(other, act=world.act("maker"))
    advance(voided.number, Event.SUBMIT, {}, act=world.act("maker"))
    advance(voided.number, Event.VOID, {}, act=world.act("maker", hours=1))
    chosen = {
        "all": (ManifestFilter(), 7),
        "rare": (ManifestFilter(status="void"), 1),
        "common": (ManifestFilter(status="submitted"), 6),
        "code": (ManifestFilter(code="900-252-12"), 6),
        "plate": (ManifestFilter(plate="浙E00003"), 6),
        "both": (ManifestFilter(plate="浙E00002", code="900-214-08"), 7),
        "number": (ManifestFilter(q=voided.number), 1),
        "beginning": (ManifestFilter(q=voided.number[:8]), 7),
        "profile": (ManifestFilter(profile="hazardous"), 7),
        "nothing": (ManifestFilter(profile="medical", q="2"), 0),
    }
    for much in (selectors.MUCH, 1):
        monkeypatch.setattr(selectors, "MUCH", much)
        for name in ("maker", "office", "several"):
            for what, (asked, count) in chosen.items():
                rows, more = selectors.manifest_rows(readers[name], asked)
                assert (len(rows), more) == (count, None), (much, name, what)
                assert rows == sorted(rows, key=lambda row: -row.pk)
                first, key = selectors.manifest_rows(readers[name], asked, limit=2)
                if key:
                    second, _ = selectors.manifest_rows(readers[name], asked, before=key, limit=100)
                    assert first + second == rows, (much, name, what)
            assert not selectors.manifest_rows(readers["longyou"], ManifestFilter(q="2"))[0]
