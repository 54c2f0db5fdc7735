"""A round through the pages and through the interface; templates of a firm."""

import json
from datetime import date

import pytest
from django.utils import timezone
from tests.apps.manifests.test_trips import FOOD, plan, shops, told  # noqa: F401 - a fixture

from wufei.apps.manifests import trips
from wufei.apps.manifests.models import Manifest, ManifestTemplate, Trip
from wufei.apps.manifests.services import create_and_submit
from wufei.apps.manifests.trip_planning import plan_trip
from wufei.apps.registry.models import Vehicle
from wufei.apps.rest.services import create_token


@pytest.fixture
def today():
    return timezone.localdate()


def form(sites, today, **more):
    lines = "\n".join(f"{site.code} 0{8 + i}:30" if i < 2 else site.code for i, site in enumerate(sites))
    return {
        "on": today.isoformat(), "profile": "kitchen", "vehicle": "浙E00002", "driver_user": "carrier",
        "receiver": "plant 厂区", "stops": lines, **more,
    }  # fmt: skip


def stop(mass_kg, **more):
    return {"/generator/handler": "老板", "/wastes/0/code": FOOD, "/wastes/0/mass_g": mass_kg, **more}


def test_a_round_through_the_pages(client, world, shops, today):  # noqa: F811
    client.force_login(world.people["carrier"])
    made = client.post("/manifests/trips/new/", form(shops[:3], today))
    trip = Trip.objects.get()
    assert (made.status_code, made["Location"]) == (302, f"/manifests/trips/{trip.number}/")
    planned = [s.planned_at and f"{timezone.localtime(s.planned_at):%H:%M}" for s in trip.stops.all()]
    assert planned == ["08:30", "09:30", None]
    page = client.get("/manifests/trips/").content.decode()
    assert "我的今日车次" in page
    assert trip.number in page
    at = f"/manifests/trips/{trip.number}/"
    asked = client.get(f"{at}stops/1/").content.decode()
    assert "/wastes/0/mass_g" in asked
    assert f'<option value="{FOOD}">' in asked  # to choose from
    assert "/receiver/site" not in asked  # the trip says it
    assert client.post(f"{at}stops/1/", stop("")).status_code == 422
    for n, kg in ((1, "30.5"), (2, "20")):
        assert client.post(f"{at}stops/{n}/", stop(kg, collect="1")).status_code == 302
        following = client.get(f"{at}stops/{n + 1}/").content.decode()
        assert f'value="{FOOD}"' in following.split("<datalist")[0]  # proposed from the stop before
        assert f'value="{kg}"' not in following  # what was weighed is not
    assert client.post(f"{at}stops/3/", {"skip": "1", "reason": ""}).status_code == 422
    client.post(f"{at}stops/3/", {"skip": "1", "reason": "歇业"})
    assert "歇业" in client.get(at).content.decode()
    assert client.get(f"{at}stops/3/").status_code == 404  # dealt with
    assert client.post(f"{at}arrive/").status_code == 302
    assert client.post(f"{at}finish/").status_code == 302
    assert client.get(f"{at}confirm/").status_code == 404  # not the carrier's to do
    assert client.get(f"{at}sheet.pdf").content.startswith(b"%PDF")
    client.force_login(world.people["plant"])
    assert "50.5" in client.get(at).content.decode()
    assert client.post(f"{at}confirm/", {"weighed_kg": "五十", "handler": "赵六"}).status_code == 422
    assert client.post(f"{at}confirm/", {"weighed_kg": "50.123", "handler": "赵六"}).status_code == 302
    accepted = [m.document["receipt"]["lines"][0]["accepted_g"] for m in Manifest.objects.order_by("stop")]
    # 50,123 × 30.5 / 50.5 = 30,272.3…; 50,123 × 20 / 50.5 = 19,850.6…: the odd gram goes to the second
    assert accepted == [30_272, 19_851]
    assert client.get("/manifests/trips/export.xlsx").content.startswith(b"PK")


def test_lines_typed_by_the_receiver_refuse_a_load(client, world, shops, today):  # noqa: F811
    trip = plan_trip(plan(shops[:2]), act=world.act("carrier"))
    for n in (1, 2):
        trips.visit_stop(trip.number, n, told(10_000), act=world.act("carrier"))
    trips.arrive_trip(trip.number, act=world.act("carrier"))
    first, second = Manifest.objects.order_by("stop")
    client.force_login(world.people["plant"])
    lines = {f"{first.number}/0": "9.5", f"{second.number}/0/r": "10", "handler": "赵六"}
    assert client.post(f"/manifests/trips/{trip.number}/confirm/", lines).status_code == 302
    assert list(Manifest.objects.filter(trip=trip).order_by("stop").values_list("status", flat=True)) == [
        "confirmed", "refused",
    ]  # fmt: skip


def test_a_plan_with_faults_comes_back_with_each_beside_its_field(client, world, shops, today):  # noqa: F811
    client.force_login(world.people["carrier"])
    answer = client.post("/manifests/trips/new/", form(shops[:1], today, vehicle="", receiver="nowhere"))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert page.count("is-invalid") == 2
    assert "nowhere" in page
    wrong = client.post("/manifests/trips/new/", form(shops[:1], today, stops="S-shop1 25:99"))
    assert "25:99" in wrong.content.decode()
    assert Trip.objects.count() == 0


def test_a_medical_stop_asks_the_sender_to_sign_on_the_drivers_screen(client, world, document, today):
    client.force_login(world.people["carrier"])
    client.post("/manifests/trips/new/", form([world.sites["maker"]], today, profile="laboratory"))
    at = f"/manifests/trips/{Trip.objects.get().number}/stops/1/"
    said = {
        "/generator/handler": "张三", "/generator/emergency_phone": "0572-5000000", "/wastes/0/code": "900-047-49",
        "/wastes/0/mass_g": "12", "/wastes/0/package_count": "1", "/wastes/0/form": "L", "/wastes/0/packing": "drum",
        "/wastes/0/method": "D10", "/carriers/0/driver_licence": "330500001",
    }  # fmt: skip
    assert client.post(at, {**said, "collect": "1"}).status_code == 422
    answer = client.post(at, {**said, "code": "1"})
    made = Manifest.objects.get()
    assert answer["Location"].startswith("/signatures/")
    assert f"manifest%3A{made.number}" in answer["Location"]
    assert client.get(answer["Location"]).status_code == 200
    assert made.status == "draft"


def test_templates_of_a_firm_hold_nothing_that_must_not_be_copied(client, world, document, shops):  # noqa: F811
    made = create_and_submit(document, act=world.act("maker"))
    client.force_login(world.people["maker"])
    client.post(f"/manifests/templates/save/manifest/{made.number}/", {"name": " 每月  废油 "})
    template = ManifestTemplate.objects.get()
    assert template.name == "每月 废油"
    assert template.document["wastes"][0] == {
        "code": "900-214-08", "form": "L", "packing": "drum", "method": "R9", "name": document_name("900-214-08"),
        "hazards": template.document["wastes"][0]["hazards"],
    }  # fmt: skip
    assert "vehicle" not in template.document["carriers"][0]
    again = client.post(f"/manifests/templates/save/manifest/{made.number}/", {"name": "每月 废油"}, follow=True)
    assert "已有名为" in again.content.decode()
    page = client.get(f"/manifests/new/hazardous/?template={template.pk}").content.decode()
    assert "张三" in page
    assert "浙E00002" not in page.split("<datalist")[0]
    client.force_login(world.people["stranger"])
    assert client.get(f"/manifests/new/hazardous/?template={template.pk}").status_code == 404
    assert "废油" not in client.get("/manifests/templates/").content.decode()
    assert client.post(f"/manifests/templates/{template.pk}/delete/").status_code == 404
    client.force_login(world.people["maker"])
    assert client.post(f"/manifests/templates/{template.pk}/delete/").status_code == 302
    assert ManifestTemplate.objects.count() == 0


def document_name(code):
    from wufei.core.catalogue import waste_code

    return waste_code(code).name


def test_last_weeks_round_and_a_template_of_it_make_the_next(client, world, shops, today):  # noqa: F811
    client.force_login(world.people["carrier"])
    client.post("/manifests/trips/new/", form(shops[:2], today))
    trip = Trip.objects.get()
    again = client.get(f"/manifests/trips/new/?copy={trip.number}").content.decode()
    assert "S-shop1 08:30\nS-shop2 09:30" in again
    client.post(f"/manifests/templates/save/trip/{trip.number}/", {"name": "周一线"})
    template = ManifestTemplate.objects.get()
    assert template.kind == "trip"
    assert [s["time"] for s in template.document["stops"]] == ["08:30", "09:30"]
    begun = client.get(f"/manifests/trips/new/?template={template.pk}").content.decode()
    assert "S-shop1 08:30\nS-shop2 09:30" in begun
    assert "浙E00002" in begun


@pytest.fixture
def api(client, world):
    def ask(who, method, path, body=None, **headers):
        scopes = ["manifests:read", "manifests:write"]
        _, secret = create_token(username=who, scopes_wanted=scopes, days=1, name="t", actor="t", at=timezone.now())
        answer = client.generic(
            method, f"/api/v1/trips/{path}", json.dumps(body) if body is not None else b"",
            content_type="application/json", headers={"Authorization": f"Bearer {secret}", **headers},
        )  # fmt: skip
        return answer.status_code, answer.json()

    return ask


def test_a_round_through_the_interface(api, world, shops):  # noqa: F811
    body = {
        "on": "2026-11-25", "profile": "kitchen", "vehicle": "浙E00002", "driver": "李四", "receiver": "S-plant",
        "stops": [{"site": s.code} for s in shops[:2]],
    }  # fmt: skip
    status, made = api("carrier", "POST", "", body, **{"Idempotency-Key": "a"})
    assert (status, made["status"], len(made["stops"])) == (201, "planned", 2)
    assert api("carrier", "POST", "", body, **{"Idempotency-Key": "a"})[1]["number"] == made["number"]
    number = made["number"]
    for n in (1, 2):
        status, answer = api("carrier", "POST", f"{number}/stops/{n}/visit/", {"payload": told(10_000)})
        assert status == 200, answer
    assert [s["state"] for s in answer["stops"]] == ["collected", "collected"]
    assert api("carrier", "POST", f"{number}/arrive/", {})[0] == 200
    status, answer = api("plant", "POST", f"{number}/confirm/", {"weighed_g": 19_999, "handler": "赵六"})
    assert status == 200, answer
    assert {s["manifest_status"] for s in answer["stops"]} == {"confirmed"}
    status, answer = api("carrier", "POST", f"{number}/finish/", {})
    assert (answer["status"], answer["next_events"]) == ("finished", ["confirm"])
    assert [r["event"] for r in answer["history"]] == [
        "plan", "start", "visit", "visit", "arrive", "confirm", "finish",
    ]  # fmt: skip
    status, page = api("office", "GET", "?on=2026-11-25")
    assert [t["number"] for t in page["items"]] == [number]
    assert api("longyou", "GET", f"{number}/")[0] == 404
    status, copy = api("carrier", "POST", "?dry_run=true", {"on": "2026-12-02", "copy_of": number})
    assert (status, [s["site"] for s in copy["stops"]]) == (201, ["S-shop1", "S-shop2"])
    status, bad = api("carrier", "POST", "", {"on": "2026-11-25", "profile": "hazardous"})
    assert status == 422
    assert {e["pointer"] for e in bad["errors"]} == {"/profile", "/vehicle", "/receiver", "/stops"}
    assert Trip.objects.count() == 1
    assert date.fromisoformat(page["items"][0]["on"]) == date(2026, 11, 25)
    assert Vehicle.objects.count() == 2
