"""The queue of a phone: cut anywhere, sent twice, forked, refused — nothing is lost and nothing happens twice."""

import json

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from wufei.apps.facts.models import Fact
from wufei.apps.field import services
from wufei.apps.field.guards import GUARDS
from wufei.apps.field.models import FieldEvent, FieldOutcome, NumberUse, State
from wufei.apps.field.selectors import line_break
from wufei.apps.ledger.models import MovementRecord
from wufei.apps.manifests.models import Manifest, ManifestEvent, TripStop

from .conftest import FOOD, NOW, numbers_of

FIRST = "CC20263305230000001"  # 餐厨 has the series CC; 安吉 is 330523; the first of the year


def states(phone):
    rows = FieldOutcome.objects.filter(event__device=phone.device).order_by("event__seq", "event_id")
    return [row.state for row in rows]


def counts():
    models = (FieldEvent, FieldOutcome, NumberUse, Manifest, ManifestEvent, MovementRecord, Fact)
    return {model.__name__: model.objects.count() for model in models}


def codes(event):
    return [finding["code"] for finding in event["findings"]]


def test_a_pickup_without_signal_becomes_a_manifest_with_the_phones_number(world):
    phone = world.phone()
    number = numbers_of(world.day(phone))[0]
    assert number == FIRST
    phone.record("pickup", world.pickup(1, number), minutes=5)
    answer = phone.sync()
    assert (answer["acked"], answer["problem"]) == (1, "")
    assert [(e["state"], e["number"]) for e in answer["events"]] == [("applied", number)]
    manifest = Manifest.objects.get(number=number)
    assert (manifest.status, manifest.mass_g, manifest.generator_name) == ("in_transit", 86_000, "canteen场所")
    stop = TripStop.objects.get(trip=world.trip, position=1)
    assert (stop.manifest, stop.visited_at.isoformat()) == (manifest, "2026-11-25T01:05:00+00:00")
    # Times stand apart: what the phone said, when the server got it.
    event = ManifestEvent.objects.get(manifest=manifest, event="depart")
    assert (event.device_at.isoformat(), event.server_at.isoformat()) == (
        "2026-11-25T01:05:00+00:00", "2026-11-25T02:00:00+00:00",
    )  # fmt: skip
    assert list(MovementRecord.objects.values_list("mass_g", flat=True)) == [86_000]


def test_the_same_queue_sent_twice_changes_nothing(world):
    phone = world.phone()
    numbers = numbers_of(world.day(phone))
    phone.record("pickup", world.pickup(1, numbers[0]))
    phone.record("pickup", world.pickup(2, numbers[1], mass_g=12_500))
    first = phone.sync()
    before = counts()
    again = phone.sync(minutes=61)
    assert counts() == before
    assert (again["again"], again["stored"]) == (2, 0)
    assert again["events"] == first["events"]


@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_signal_lost_in_the_middle_leaves_a_beginning_and_the_rest_follows(world, cut):
    phone = world.phone()
    numbers = numbers_of(world.day(phone))
    phone.record("pickup", world.pickup(1, numbers[0]))
    phone.record("nothing", {"trip": world.trip.number, "stop": 2, "reason": "门锁着"})
    phone.record("spoil", {"number": numbers[1], "reason": "写错"})
    assert phone.sync(0, cut)["acked"] == cut
    assert phone.sync()["acked"] == 3
    assert states(phone) == ["applied"] * 3
    assert line_break(phone.device) is None
    assert Manifest.objects.count() == 1
    assert TripStop.objects.get(trip=world.trip, position=2).note == "门锁着"


def test_what_comes_before_a_gap_is_filled_stays_on_the_phone(world):
    phone = world.phone()
    phone.record("nothing", {"trip": world.trip.number, "stop": 1, "reason": "a"})
    phone.record("nothing", {"trip": world.trip.number, "stop": 2, "reason": "b"})
    answer = phone.sync(1, 2)
    assert (answer["acked"], answer["problem_code"], FieldEvent.objects.count()) == (0, "gap", 0)
    assert phone.sync()["acked"] == 2


def test_a_changed_event_is_not_taken_and_those_before_it_are(world):
    phone = world.phone()
    phone.record("nothing", {"trip": world.trip.number, "stop": 1, "reason": "a"})
    phone.record("nothing", {"trip": world.trip.number, "stop": 2, "reason": "b"})
    phone.events[1]["body"] = phone.events[1]["body"].replace('"b"', '"c"')
    answer = phone.sync()
    assert (answer["acked"], answer["problem_code"]) == (1, "unreadable")
    assert answer["problem"] == "第 2 条记录的签名不符。"


def test_an_event_of_another_phone_is_not_taken(world):
    one, other = world.phone(), world.phone("plant")
    one.record("arrive", {"number": "1"})
    other.events = one.events
    assert other.sync()["problem"].startswith("第 1 条记录属于另一部手机")
    assert FieldEvent.objects.count() == 0


@pytest.mark.parametrize("sent", [None, {}, "x", [1], [{}], [{"body": 1, "signature": 2}], [{"body": "x"}] * 201])
def test_nonsense_is_answered_and_not_kept(world, sent):
    answer = services.sync_phone(world.phone().known(), sent, [], at=NOW)
    assert answer["problem"].endswith("。")
    assert FieldEvent.objects.count() == 0


def test_two_phones_with_one_block_keep_both_pickups(world):
    phone = world.phone()
    number = numbers_of(world.day(phone))[0]
    twin = phone.copy(mark=1)
    phone.record("pickup", world.pickup(1, number, mass_g=86_000))
    twin.record("pickup", world.pickup(2, number, mass_g=40_000))
    phone.sync()
    answer = twin.sync(minutes=61)
    assert answer["forked"] == 1
    # Both are stored word for word; the first counts, the second is kept apart and an alert is on the log.
    assert FieldEvent.objects.filter(body__in=[phone.events[0]["body"], twin.events[0]["body"]]).count() == 2
    assert [(e["state"], codes(e)) for e in answer["events"]] == [
        ("conflict", ["device_forked", "number_used_twice"])
    ]
    assert Manifest.objects.get().mass_g == 86_000
    assert Fact.objects.filter(verb="field_conflict").count() == 1
    phone.device.refresh_from_db()
    assert phone.device.is_forked


def test_a_number_given_to_another_phone_is_a_conflict(world):
    one, other = world.phone(), world.phone()
    number = numbers_of(world.day(one))[0]
    other.record("pickup", world.pickup(1, number))
    assert codes(other.sync()["events"][0]) == ["number_of_other_device"]
    assert Manifest.objects.count() == 0
    # The owner's own use is not harmed by it.
    one.record("pickup", world.pickup(2, number))
    assert one.sync()["events"][0]["state"] == "applied"


def test_a_number_of_no_block_is_a_conflict(world):
    phone = world.phone()
    phone.record("pickup", world.pickup(1, "CC20263305230000999"))
    assert codes(phone.sync()["events"][0]) == ["number_foreign"]


def test_a_pickup_without_a_number_gets_one(world):
    phone = world.phone()
    phone.record("pickup", world.pickup(1, None))
    event = phone.sync()["events"][0]
    assert (event["state"], event["number"]) == ("applied", FIRST)


def test_a_code_that_nobody_gave_out_does_not_hold_up_the_pickup(world):
    phone = world.phone()
    wastes = [{"code": FOOD, "mass_g": 86_000, "packages": ["CC9", "CC9"]}]
    phone.record("pickup", world.pickup(1, None, wastes=wastes))
    event = phone.sync()["events"][0]
    assert (event["state"], codes(event)) == ("applied", ["drawn_signature", "unknown_package"])
    assert Manifest.objects.get().document["wastes"][0].get("packages") is None
    assert json.loads(FieldEvent.objects.get().body)["payload"]["wastes"] == wastes


def test_what_a_rule_refuses_stays_with_its_reasons(world):
    phone = world.phone()
    numbers = numbers_of(world.day(phone))
    wrong = world.pickup(1, numbers[0]) | {"wastes": [{"code": "900-214-08", "mass_g": 5}]}
    phone.record("pickup", wrong)
    phone.record("pickup", world.pickup(2, numbers[1]))
    phone.sync()
    assert states(phone) == ["refused", "applied"]
    outcome = FieldOutcome.objects.get(state=State.REFUSED)
    assert [finding["code"] for finding in outcome.findings] == ["wrong_profile"]
    assert all(finding["remedy"] for finding in outcome.findings)
    assert json.loads(outcome.event.body)["payload"] == wrong
    # The number is used, though no manifest came of it: the account of the block says so.
    assert NumberUse.objects.get(evidence=outcome.event.digest).fate == "used"


def test_a_payload_without_sense_is_stored_and_refused(world):
    phone = world.phone()
    phone.record("pickup", {"wastes": [], "x": None})
    phone.record("dance", {})
    assert phone.sync()["acked"] == 2
    assert states(phone) == ["refused", "refused"]


def received(number, decision="accept", **line):
    rows = [{"accepted_g": 86_000, "refused_g": 0, "lost_g": 0} | line]
    return {"number": number, "decision": decision, "wastes": rows, "reason": "含水" if line else "", "photos": []}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_phones_of_driver_and_receiver_may_sync_in_any_order(world, order):
    driver, plant = world.phone(), world.phone("plant")
    number = numbers_of(world.day(driver))[0]
    driver.record("pickup", world.pickup(1, number), minutes=1)
    driver.record("arrive", {"number": number}, minutes=30)
    plant.record("receive", received(number), minutes=35)
    for which in order:
        (driver, plant)[which].sync()
    assert Manifest.objects.get(number=number).status == "confirmed"
    assert states(driver) + states(plant) == ["applied"] * 3


def test_a_receipt_waits_for_the_arrival(world):
    driver, plant = world.phone(), world.phone("plant")
    number = numbers_of(world.day(driver))[0]
    driver.record("pickup", world.pickup(1, number))
    driver.sync()
    plant.record("receive", received(number, "partly", accepted_g=80_000, refused_g=6_000), minutes=35)
    assert [(e["state"], codes(e)) for e in plant.sync()["events"]] == [("waiting", ["not_yet"])]
    driver.record("arrive", {"number": number}, minutes=30)
    driver.sync(minutes=70)
    manifest = Manifest.objects.get(number=number)
    assert manifest.status == "partly_accepted"
    assert Manifest.objects.get(returns=manifest).mass_g == 6_000


def test_a_stranger_cannot_move_what_is_not_his(world):
    driver, stranger = world.phone(), world.phone("stranger")
    number = numbers_of(world.day(driver))[0]
    driver.record("pickup", world.pickup(1, number))
    driver.sync()
    stranger.record("arrive", {"number": number})
    stranger.record("pickup", world.pickup(2, None))
    assert [e["state"] for e in stranger.sync()["events"]] == ["waiting", "refused"]
    assert Manifest.objects.get().status == "in_transit"


def test_a_phone_whose_clock_is_far_ahead_is_not_believed(world):
    phone = world.phone()
    phone.record("pickup", world.pickup(1, None), minutes=60 * 24 * 30)
    event = phone.sync()["events"][0]
    assert (event["state"], codes(event)) == ("applied", ["drawn_signature", "device_clock"])
    departed = ManifestEvent.objects.get(event="depart")
    assert departed.claimed_at == departed.server_at
    assert departed.device_at > departed.server_at


def test_the_driver_sees_the_trips_of_today_alone(world):
    phone, stranger = world.phone(), world.phone("stranger")
    day = world.day(phone)
    assert [(t["number"], [s["site"] for s in t["stops"]]) for t in day["trips"]] == [
        ("T20261125001", ["S-canteen", "S-school"])
    ]
    assert FOOD in {waste["code"] for waste in day["trips"][0]["wastes"]}
    assert world.day(phone, minutes=60 * 24)["trips"] == []
    assert (world.day(stranger)["trips"], world.day(stranger)["blocks"]) == ([], [])


def test_what_a_phone_sent_cannot_be_changed_or_deleted(world):
    phone = world.phone()
    phone.record("arrive", {"number": "1"})
    phone.sync()
    rows = FieldEvent.objects.all()
    GUARDS.install(connection)
    try:
        for change in (lambda: rows.update(seq=9), lambda: rows._raw_delete(rows.db)):
            with pytest.raises(DatabaseError, match="append only"), transaction.atomic():
                change()
    finally:
        GUARDS.remove(connection)
