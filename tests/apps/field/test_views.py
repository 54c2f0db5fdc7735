"""What phones and the office ask for: who is let in, what is answered, what is shown."""

import json
from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from wufei.apps.field.models import FieldDevice, FieldEvent, FieldOutcome, FieldPhoto, HandlerCode
from wufei.apps.field.views import FILES, version
from wufei.apps.manifests.models import Manifest, TripStop
from wufei.apps.registry.models import Site
from wufei.core.field_sync import event_digest
from wufei.core.ledger import SHANGHAI

from .conftest import numbers_of, text64

SYNC, DAY = "/field/api/sync/", "/field/api/day/"
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 800


@pytest.fixture
def today(world):
    """The trip is of the day on which the test runs: the addresses read the clock."""
    world.trip.on = datetime.now(tz=SHANGHAI).date()
    world.trip.save()
    return world


def send(client, phone, events=None):
    body = json.dumps({"events": phone.events if events is None else events, "ask": digests(phone)}).encode()
    return client.post(SYNC, body, content_type="application/json", headers=phone.headers("POST", SYNC, body))


def digests(phone):
    return [event_digest(event["body"]) for event in phone.events]


# --- The page itself ------------------------------------------------------------------------------------------------


def test_the_page_holds_nothing_of_anyone_and_may_run_webassembly(client, world):
    anonymous = client.get("/field/")
    client.force_login(world.people["driver"])
    known = client.get("/field/")
    assert anonymous.content == known.content
    policy = known.headers["Content-Security-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "unsafe-inline" not in policy
    assert "wasm-unsafe-eval" not in client.get("/field/office/cures/").headers["Content-Security-Policy"]


def test_the_worker_keeps_every_file_that_the_page_needs(client, db):
    answer = client.get("/field/sw.js")
    head, _, rest = answer.content.decode().partition(";\n")
    kept = json.loads(head.removeprefix("const KEPT = "))
    assert (kept["home"], kept["version"]) == ("/field/", version())
    assert kept["files"] == [f"/static/{name}" for name in FILES]
    assert "addEventListener" in rest
    assert all(finders.find(name) for name in FILES)
    assert answer.headers["Content-Type"].startswith("text/javascript")


def test_every_module_that_a_module_imports_is_kept(settings):
    import re
    from pathlib import Path

    folder = Path(settings.PACKAGE_DIR) / "apps/static/js/field"
    named = {m for path in folder.glob("*.js") for m in re.findall(r'from "\./([\w.]+)"', path.read_text())}
    assert {f"js/field/{name}" for name in named} | {"js/field/app.js"} == {
        name for name in FILES if name.startswith("js/field/")
    }


# --- Making a phone known -------------------------------------------------------------------------------------------


def test_a_phone_is_made_known_once_by_whoever_has_its_key(client, world):
    phone = world.phone()
    FieldDevice.objects.all().delete()
    public = text64(phone.private.public_key().public_bytes_raw())
    sent = {"name": "新手机", "algorithm": "ed25519", "public_key": public}
    sent["signature"] = text64(phone.private.sign(f"wufei-field-register-1\n新手机\n{public}\n".encode()))
    client.force_login(world.people["driver"])
    answers = [client.post("/field/api/register/", sent, content_type="application/json") for _ in range(2)]
    assert [a.status_code for a in answers] == [201, 201]
    assert answers[0].json()["device"] == answers[1].json()["device"] == FieldDevice.objects.get().code


@pytest.mark.parametrize(
    "change",
    [{"signature": ""}, {"public_key": "x"}, {"name": ""}, {"algorithm": "rsa"}, {"name": "另名"}, {"name": 5}],
)
def test_a_phone_that_does_not_show_its_key_is_refused(client, world, change):
    phone = world.phone()
    FieldDevice.objects.all().delete()
    public = text64(phone.private.public_key().public_bytes_raw())
    signature = text64(phone.private.sign(f"wufei-field-register-1\n新手机\n{public}\n".encode()))
    sent = {"name": "新手机", "algorithm": "ed25519", "public_key": public, "signature": signature} | change
    client.force_login(world.people["driver"])
    answer = client.post("/field/api/register/", sent, content_type="application/json")
    assert answer.status_code == 422
    assert all(finding["remedy"] for finding in answer.json()["findings"])
    assert FieldDevice.objects.count() == 0


# --- Who signs a request --------------------------------------------------------------------------------------------


def test_a_request_is_answered_to_the_phone_that_signed_it(client, today):
    phone = today.phone()
    answer = client.get(DAY, headers=phone.headers("GET", DAY))
    assert answer.status_code == 200
    assert [trip["number"] for trip in answer.json()["trips"]] == ["T20261125001"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Field-Device": "D0"}, "unknown_device"),
        ({"Field-Device": ""}, "unknown_device"),
        ({"Field-Signature": "x"}, "bad_signature"),
        ({"Field-Time": "2026"}, "bad_signature"),
    ],
)
def test_whoever_has_not_signed_is_told_why_and_nothing_else(client, today, change, code):
    phone = today.phone()
    for path, method in ((DAY, "GET"), (SYNC, "POST"), (f"/field/api/photos/{'a' * 64}/", "GET")):
        headers = phone.headers(method, path) | change
        answer = client.generic(method, path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert set(answer.json()) == {"code", "what", "server_time"}


def test_a_signature_for_another_address_or_content_does_not_count(client, today):
    phone = today.phone()
    assert client.get(DAY, headers=phone.headers("GET", SYNC)).status_code == 401
    answer = client.post(SYNC, b"{}", content_type="application/json", headers=phone.headers("POST", SYNC, b"[]"))
    assert answer.status_code == 401
    assert FieldEvent.objects.count() == 0


def test_a_phone_with_a_wrong_clock_is_told_the_time(client, today):
    phone = today.phone()
    late = datetime.now(tz=SHANGHAI) - timedelta(hours=3)
    answer = client.get(DAY, headers=phone.headers("GET", DAY, at=late))
    assert (answer.status_code, answer.json()["code"]) == (401, "clock")
    assert datetime.fromisoformat(answer.json()["server_time"]).tzinfo is not None


def test_a_phone_that_was_stopped_gets_no_day_but_hands_in(client, today):
    from wufei.apps.field import services

    phone = today.phone()
    services.revoke_device(phone.known(), by=today.people["carrier"], reason="丢失", at=datetime.now(tz=SHANGHAI))
    assert client.get(DAY, headers=phone.headers("GET", DAY)).json()["code"] == "revoked"
    phone.record("arrive", {"number": "1"})
    assert send(client, phone).json()["acked"] == 1


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b'{"events": 1, "ask": 2}', b'{"ask": ["' + b"x" * 999 + b'"]}'])
def test_nonsense_is_answered(client, today, body):
    phone = today.phone()
    answer = client.post(SYNC, body, content_type="application/json", headers=phone.headers("POST", SYNC, body))
    assert answer.status_code == 200
    assert FieldEvent.objects.count() == 0


def test_what_the_day_costs_does_not_grow_with_the_stops(client, today):
    phone = today.phone()

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(DAY, headers=phone.headers("GET", DAY)).status_code == 200
        return len(captured)

    queries()  # the first gives out the block
    few = queries()
    firm = today.firms["school"]
    for number in range(30):
        site = Site.objects.create(
            code=f"S{number}", name=f"{number}", organisation=firm, division_id="330523001", category="canteen",
            domain="household",
        )  # fmt: skip
        TripStop.objects.create(trip=today.trip, position=number + 3, site=site)
    assert queries() == few


# --- Pictures -------------------------------------------------------------------------------------------------------


def upload(client, phone, digest, offset, content, *, last=False):
    path = f"/field/api/photos/{digest}/?offset={offset}" + ("&last=1" if last else "")
    headers = phone.headers("POST", path, content)
    return client.post(path, content, content_type="application/octet-stream", headers=headers)


@pytest.fixture
def pictured(client, today):
    """A phone whose pick-up names a picture."""
    phone = today.phone()
    digest = sha256(JPEG).hexdigest()
    phone.record("pickup", today.pickup(1, None, photos=[digest]))
    assert digest in send(client, phone).json()["photos"]
    return phone, digest


def test_a_picture_goes_on_where_it_stopped(client, pictured, today):
    phone, digest = pictured
    assert upload(client, phone, digest, 0, JPEG[:1000]).json() == {"received": 1000}
    assert upload(client, phone, digest, 5000, JPEG[5000:6000]).json() == {"received": 1000}  # a part is missing
    path = f"/field/api/photos/{digest}/"
    assert client.get(path, headers=phone.headers("GET", path)).json() == {"received": 1000}
    assert upload(client, phone, digest, 1000, JPEG[1000:], last=True).json() == {"received": len(JPEG)}
    # Sent again: the answer had been lost.
    assert upload(client, phone, digest, 1000, JPEG[1000:], last=True).json() == {"received": len(JPEG)}
    assert digest not in send(client, phone).json()["photos"]
    client.force_login(today.people["carrier"])
    shown = client.get(f"/field/office/events/{FieldEvent.objects.get().pk}/{digest}")
    assert (b"".join(shown.streaming_content), shown.headers["Content-Type"]) == (JPEG, "image/jpeg")
    client.force_login(today.people["stranger"])
    assert client.get(f"/field/office/events/{FieldEvent.objects.get().pk}/{digest}").status_code == 404


@pytest.mark.parametrize("content", [JPEG[:-1], b"<script>", b""])
def test_a_picture_of_another_content_is_not_kept(client, pictured, content):
    phone, digest = pictured
    answer = upload(client, phone, digest, 0, content, last=True)
    assert (answer.status_code, answer.json()["findings"][0]["code"]) == (422, "photo_differs")
    assert FieldPhoto.objects.filter(digest=digest, completed_at=None).exists()


def test_a_picture_that_no_event_names_is_not_taken(client, pictured, today):
    phone, digest = pictured
    assert upload(client, phone, "b" * 64, 0, JPEG).status_code == 422
    assert upload(client, today.phone("plant"), digest, 0, JPEG).status_code == 422
    assert upload(client, phone, digest, 10**8, JPEG).json()["findings"][0]["code"] == "photo_too_large"


# --- The office -----------------------------------------------------------------------------------------------------


@pytest.fixture
def conflict(world):
    phone = world.phone()
    number = numbers_of(world.day(phone))[0]
    twin = phone.copy(mark=1)
    phone.record("pickup", world.pickup(1, number))
    twin.record("pickup", world.pickup(2, number, mass_g=40_000))
    phone.sync()
    twin.sync()
    return FieldOutcome.objects.get(state="conflict")


def test_the_office_sees_both_sides_of_a_conflict_and_gives_a_new_number(client, world, conflict):
    client.force_login(world.people["office"])
    assert conflict.number in client.get("/field/office/cures/").content.decode()
    url = reverse("field:event", args=[conflict.pk])
    page = client.get(url).content.decode()
    assert "40 千克" in page
    assert "86 千克" in page
    assert "已有去向（已用），这是第二次使用" in page
    answer = client.post(url, {"action": "number"}, follow=True)
    assert "已处理，联单号 CC20263305230000021。" in answer.content.decode()
    assert Manifest.objects.count() == 2
    assert "没有要处理的记录" in client.get("/field/office/cures/").content.decode()


def test_what_cannot_be_settled_says_why(client, world, conflict):
    client.force_login(world.people["carrier"])
    url = reverse("field:event", args=[conflict.pk])
    answer = client.post(url, {"action": "again"})
    assert answer.status_code == 422
    assert "已属于另一条记录" in answer.content.decode()
    assert client.post(url, {"action": "aside", "reason": ""}).status_code == 422
    assert client.post(url, {"action": "burn"}).status_code == 404
    assert client.post(url, {"action": "aside", "reason": "重复"}).status_code == 302


@pytest.mark.parametrize("who", ["stranger", "canteen", "longyou", "citizen"])
def test_others_find_nothing(client, world, conflict, who):
    client.force_login(world.people[who])
    url = reverse("field:event", args=[conflict.pk])
    assert client.get(url).status_code == 404
    assert client.post(url, {"action": "number"}).status_code == 404
    assert conflict.number not in client.get("/field/office/cures/").content.decode()
    assert Manifest.objects.count() == 1


def test_a_block_is_shown_number_by_number_closed_and_its_phone_stopped(client, world, conflict):
    client.force_login(world.people["carrier"])
    block = conflict.event.device.blocks.get()
    url = reverse("field:block", args=[block.pk])
    page = client.get(url).content.decode()
    assert "重号" in page
    assert client.post(url, {"action": "close"}).status_code == 422
    assert client.post(url, {"action": "lose", "reason": ""}).status_code == 422
    client.post(reverse("field:event", args=[conflict.pk]), {"action": "number"})
    assert client.post(url, {"action": "lose", "reason": "手机丢失"}).status_code == 302
    assert client.post(url, {"action": "close"}).status_code == 302
    proof = client.get(reverse("field:block-proof", args=[block.pk])).json()
    assert (len(proof["numbers"]), proof["open"]) == (20, [])
    url = reverse("field:device", args=[block.device_id])
    assert "有另一部手机用同一密钥" in client.get(url).content.decode()
    assert client.post(url, {"reason": ""}).status_code == 422
    assert client.post(url, {"reason": "重复"}).status_code == 302
    assert "已停用" in client.get(url).content.decode()


def test_a_generator_gives_codes_to_its_handlers(client, world):
    client.force_login(world.people["canteen"])
    answer = client.post("/field/office/handler-codes/", {"name": "王五", "count": "2"})
    assert answer.content.decode().count("前有效") == 2
    assert HandlerCode.objects.count() == 2
    assert client.post("/field/office/handler-codes/", {"name": "王五", "count": "many"}).status_code == 422


@pytest.mark.parametrize("name", ["cures", "events", "blocks", "devices"])
def test_lists_cost_the_same_with_many_rows_and_go_to_excel(client, world, conflict, name):
    client.force_login(world.people["office"])

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/field/office/{name}/").status_code == 200
        return len(captured)

    few = queries()
    for _ in range(12):
        phone = world.phone()
        world.day(phone)
        phone.record("arrive", {"number": "1"})
        phone.sync()
    assert queries() == few
    assert client.get(f"/field/office/{name}.xlsx").content[:2] == b"PK"
