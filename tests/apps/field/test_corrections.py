"""A wrong mass after signing: done anew where the server refused it, else an amendment; with a picture, once."""

from datetime import timedelta
from hashlib import sha256

import pytest
from tests.apps.manifests.test_life import held

from wufei.apps.amendments.models import AmendmentRecord
from wufei.apps.amendments.services import answer_amendment
from wufei.apps.field import services
from wufei.apps.field.models import FieldOutcome, State
from wufei.apps.ledger.verification import verify
from wufei.apps.manifests.models import Manifest
from wufei.core.amendment import Choice

from .conftest import FOOD, NOW, numbers_of


@pytest.fixture
def picture():
    """What begins as a picture does: its bytes and digest."""
    raw = b"\x89PNG\r\n\x1a\n" + b"scale"
    return raw, sha256(raw).hexdigest()


def send_picture(phone, picture, *, minutes=61):
    raw, digest = picture
    at = NOW + timedelta(minutes=minutes)
    return services.take_photo(phone.known(), digest, offset=0, content=raw, is_last=True, at=at)


def correction(of, picture, *wastes, number="", reason="看错一位"):
    return {"of": of, "number": number, "wastes": list(wastes), "reason": reason, "photos": [picture[1]]}


def told(phone):
    rows = FieldOutcome.objects.filter(event__device=phone.device).order_by("event__seq")
    return [(row.state, [f["code"] for f in row.findings]) for row in rows]


def test_a_pickup_that_is_in_the_books_is_amended_when_both_agree(world, picture):
    phone = world.phone()
    number = numbers_of(world.day(phone))[0]
    of = phone.record("pickup", world.pickup(1, number, mass_g=860_000))
    phone.record("correct", correction(of, picture, {"mass_g": 86_000}, number=number), minutes=5)
    phone.sync()
    assert told(phone) == [("applied", ["drawn_signature"]), ("waiting", ["not_yet"])]  # the picture is not here
    assert AmendmentRecord.objects.count() == 0
    send_picture(phone, picture)
    assert told(phone)[1] == ("applied", ["amendment_asked"])
    asked = AmendmentRecord.objects.get()
    assert (asked.status, asked.slot, asked.reason, asked.evidence.content) == (
        "open", "carrier:1", "看错一位", picture[0],
    )  # fmt: skip
    assert asked.changes == [{"pointer": "/wastes/0/mass_g", "before": 860_000, "after": 86_000}]
    assert Manifest.objects.get().mass_g == 860_000
    for who in ("canteen", "plant"):
        answer_amendment(asked.pk, choice=Choice.AGREE, user=world.people[who], at=NOW + timedelta(hours=3))
    assert Manifest.objects.get().mass_g == 86_000
    assert verify().holds
    # Sent again, nothing happens twice.
    phone.sync(minutes=200)
    assert AmendmentRecord.objects.count() == 1


def test_what_was_refused_for_its_mass_is_done_anew_with_the_number_of_the_phone(world, picture):
    phone = world.phone()
    number = numbers_of(world.day(phone))[0]
    of = phone.record("pickup", world.pickup(1, number, mass_g=860_000_000), minutes=1)
    phone.sync()
    assert told(phone) == [("refused", ["bad_mass"])]
    phone.record("correct", correction(of, picture, {"mass_g": 860_000}), minutes=5)
    phone.record("arrive", {"number": number}, minutes=30)
    phone.sync()
    assert told(phone) == [
        ("applied", ["drawn_signature", "corrected"]), ("applied", ["drawn_signature", "corrected"]), ("applied", []),
    ]  # fmt: skip
    manifest = Manifest.objects.get()
    assert (manifest.number, manifest.status, manifest.mass_g) == (number, "delivered", 860_000)
    assert manifest.history.get(event="depart").claimed_at == NOW + timedelta(minutes=1)
    assert held()[f"vehicle:浙E00001|{FOOD}|in_transit|"] == 860_000
    first = FieldOutcome.objects.get(event__digest=of)
    assert (first.settled_by, '"mass_g": 860000000' in first.event.body) == ("driver", True)


def test_a_correction_that_makes_no_sense_either_leaves_both_to_a_person(world, picture):
    phone = world.phone()
    of = phone.record("pickup", world.pickup(1, None, mass_g=860_000_000))
    phone.record("correct", correction(of, picture, {"mass_g": 1}, {"mass_g": 2}))
    phone.record("correct", correction("f" * 64, picture, {"mass_g": 1}))
    phone.record("correct", correction(of, picture, {"mass_g": 0}, reason="") | {"photos": []})
    phone.sync()
    assert told(phone)[1:] == [
        ("refused", ["lines_missing"]), ("refused", ["unknown_event"]),
        ("refused", ["bad_mass", "missing", "missing"]),
    ]  # fmt: skip
    assert told(phone)[0][0] == "refused"
    assert Manifest.objects.count() == 0


def test_a_correction_of_what_was_set_aside_or_waits(world, picture):
    phone = world.phone()
    of = phone.record("pickup", world.pickup(1, None, mass_g=860_000_000))
    phone.sync()
    outcome = FieldOutcome.objects.get()
    services.set_aside(outcome, reason="没有这回事", by=world.people["driver"], at=NOW + timedelta(hours=1))
    phone.record("correct", correction(of, picture, {"mass_g": 5}))
    waiting = phone.record("receive", {
        "number": "CC20263305230000020", "decision": "accept", "reason": "", "photos": [],
        "wastes": [{"accepted_g": 5, "refused_g": 0, "lost_g": 0}],
    })  # fmt: skip
    phone.record("correct", correction(waiting, picture, {"accepted_g": 4, "refused_g": 0, "lost_g": 1}))
    phone.sync(minutes=90)
    assert [row[1] for row in told(phone)[1:]] == [["set_aside"], ["not_yet"], ["not_yet"]]
    assert Manifest.objects.count() == 0


def test_another_phones_record_is_not_corrected(world, picture):
    driver, plant = world.phone(), world.phone("plant")
    of = driver.record("pickup", world.pickup(1, None))
    driver.sync()
    plant.record("correct", correction(of, picture, {"mass_g": 5}))
    plant.sync()
    assert told(plant) == [("refused", ["unknown_event"])]


def test_a_receipt_with_what_was_lost_on_the_way_and_its_correction(world, picture):
    """By hand: 86 kg were sent; 80 accepted and 6 lost. The scale said 81: then 5 are lost."""
    driver, plant = world.phone(), world.phone("plant")
    number = numbers_of(world.day(driver))[0]
    driver.record("pickup", world.pickup(1, number), minutes=1)
    driver.record("arrive", {"number": number}, minutes=30)
    driver.sync()
    row = {"accepted_g": 80_000, "refused_g": 0, "lost_g": 6_000, "received_g": 86_000}
    of = plant.record("receive", {
        "number": number, "decision": "accept", "wastes": [row], "reason": "桶漏", "photos": [],
    }, minutes=35)  # fmt: skip
    plant.sync()
    manifest = Manifest.objects.get()
    assert manifest.status == "confirmed"
    assert manifest.document["receipt"]["lines"] == [{"accepted_g": 80_000, "refused_g": 0, "lost_g": 6_000}]
    assert held()[f"site:S-plant|{FOOD}|stored|"] == 80_000
    rows = [row | {"accepted_g": 81_000, "lost_g": 5_000, "code": FOOD}]
    plant.record("correct", correction(of, picture, *rows, number=number), minutes=40)
    plant.sync(minutes=70)
    send_picture(plant, picture, minutes=71)
    asked = AmendmentRecord.objects.get()
    assert [(c["pointer"], c["after"]) for c in asked.changes] == [
        ("/receipt/lines/0/accepted_g", 81_000), ("/receipt/lines/0/lost_g", 5_000),
    ]  # fmt: skip
    answer_amendment(asked.pk, choice=Choice.AGREE, user=world.people["canteen"], at=NOW + timedelta(hours=3))
    assert Manifest.objects.get().document["receipt"]["lines"][0]["lost_g"] == 5_000
    assert verify().holds


def test_a_correction_to_what_stands_there_changes_nothing(world, picture):
    phone = world.phone()
    of = phone.record("pickup", world.pickup(1, None))
    phone.record("correct", correction(of, picture, {"mass_g": 86_000}))
    phone.sync()
    assert told(phone)[1] == ("applied", ["no_change"])
    assert FieldOutcome.objects.filter(state=State.APPLIED).count() == 2
