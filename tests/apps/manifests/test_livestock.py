"""The receipt of dead livestock: keeper, collector and insurer sign, by services, interface, page and a round."""

import json
from datetime import date

import pytest
from django.utils import timezone

from wufei.apps.manifests import trips
from wufei.apps.manifests.models import Manifest
from wufei.apps.manifests.services import advance, create_manifest
from wufei.apps.manifests.trip_planning import StopPlan, TripPlan, plan_trip
from wufei.apps.rest.services import create_token
from wufei.apps.signatures.models import Signature
from wufei.apps.signatures.verification import check_row
from wufei.core.findings import Refused
from wufei.core.manifest import Event

RECEIPT = {"receiver": {"handler": "赵六"}, "receipt": {"lines": [{"accepted_g": 118_000}]}}


@pytest.fixture
def pigs(world):
    """Two dead pigs that are insured; the firm ``other`` is the insurer."""
    return {
        "profile": "livestock",
        "generator": {"site": "S-maker", "handler": "养殖户老陈"},
        "wastes": [{"code": "030-002-S82", "mass_g": 120_000}],
        "carriers": [{"organisation": world.code("carrier"), "vehicle": "浙E00002", "driver": "李四"}],
        "receiver": {"site": "S-plant"},
        "livestock": {
            "species": "猪", "heads": 2, "ear_tags": "133052300000001、133052300000002", "cause": "病死",
            "policy": "PA2026-0001", "insurer": world.code("other"),
        },
    }  # fmt: skip


def refused(call):
    with pytest.raises(Refused) as caught:
        call()
    return [(f.field, f.code) for f in caught.value.findings]


def delivered(world, pigs):
    number = create_manifest(pigs, act=world.act("maker")).number
    for hours, (who, event) in enumerate((("maker", "submit"), ("carrier", "depart"), ("carrier", "arrive")), 1):
        advance(number, Event(event), {}, act=world.act(who, hours=hours))
    return number


def test_three_signatures_and_none_may_be_missing(world, pigs):
    number = delivered(world, pigs)
    early = refused(lambda: advance(number, Event.CONFIRM, RECEIPT, act=world.act("plant", hours=5)))
    assert early == [("/slot", "witness_missing")]
    wrong = refused(lambda: advance(number, Event.WITNESS, {}, act=world.act("carrier", hours=5)))
    assert wrong == [("/slot", "not_authorised")]
    advance(number, Event.WITNESS, {}, act=world.act("other", hours=6))
    done = advance(number, Event.CONFIRM, RECEIPT, act=world.act("plant", hours=7))
    assert done.status == "confirmed"
    rows = list(Signature.objects.filter(subject=f"manifest:{number}").order_by("sequence"))
    assert [(s.slot, s.event, s.person.username) for s in rows] == [
        ("generator", "submit", "maker"), ("carrier:1", "depart", "carrier"), ("carrier:1", "arrive", "carrier"),
        ("insurer", "witness", "other"), ("receiver", "confirm", "plant"),
    ]  # fmt: skip
    for row in rows:
        check_row(row)


def test_livestock_that_is_not_insured_needs_no_insurer_and_an_insured_one_must_name_it(world, pigs):
    del pigs["livestock"]["insurer"]
    number = create_manifest(pigs, act=world.act("maker")).number
    assert refused(lambda: advance(number, Event.SUBMIT, {}, act=world.act("maker"))) == [
        ("/livestock/insurer", "witness_unnamed")
    ]
    del pigs["livestock"]["policy"]
    number = create_manifest(pigs, act=world.act("maker")).number
    assert refused(lambda: advance(number, Event.SUBMIT, {}, act=world.act("maker"))) == [
        ("/livestock/insurer", "witness_unnamed")  # neither insured nor said to be uninsured
    ]
    pigs["livestock"] |= {"uninsured": True, "policy": "PA2026-0001"}
    number = create_manifest(pigs, act=world.act("maker")).number
    assert refused(lambda: advance(number, Event.SUBMIT, {}, act=world.act("maker"))) == [
        ("/livestock/uninsured", "witness_waived")
    ]
    del pigs["livestock"]["policy"]
    number = delivered(world, pigs)
    assert advance(number, Event.CONFIRM, RECEIPT, act=world.act("plant", hours=5)).status == "confirmed"


def test_without_a_policy_number_the_insurer_signs_all_the_same_and_manure_is_no_carcass(world, pigs):
    del pigs["livestock"]["policy"]
    number = delivered(world, pigs)
    early = refused(lambda: advance(number, Event.CONFIRM, RECEIPT, act=world.act("plant", hours=5)))
    assert early == [("/slot", "witness_missing")]
    pigs["wastes"][0]["code"] = "030-001-S82"  # 畜禽粪污
    assert refused(lambda: create_manifest(pigs, act=world.act("maker"))) == [("/wastes/0/code", "wrong_profile")]


def test_the_insurer_signs_on_the_page_and_sees_no_other_step(client, world, pigs):
    number = delivered(world, pigs)
    client.force_login(world.people["other"])
    page = client.get(f"/manifests/{number}/").content.decode()
    assert f"/manifests/{number}/witness/" in page
    assert f"/manifests/{number}/confirm/" not in page
    assert client.get(f"/manifests/{number}/confirm/").status_code == 404
    assert client.get(f"/manifests/{number}/witness/").status_code == 200
    assert client.post(f"/manifests/{number}/witness/").status_code == 302
    assert Signature.objects.filter(slot="insurer", event="witness").count() == 1
    client.force_login(world.people["plant"])
    typed = {"/receiver/handler": "赵六", "/receipt/lines/0/accepted_g": "118"}
    assert client.post(f"/manifests/{number}/confirm/", typed).status_code == 302
    assert Manifest.objects.get(number=number).status == "confirmed"


def test_the_insurer_signs_through_the_interface(client, world, pigs):
    number = delivered(world, pigs)
    _, secret = create_token(
        username="other", scopes_wanted=["manifests:write"], days=1, name="t", actor="t", at=timezone.now()
    )
    answer = client.generic(
        "POST", f"/api/v1/manifests/{number}/witness/", json.dumps({}), content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.content
    assert answer.json()["history"][-1]["slot"] == "insurer"
    assert advance(number, Event.CONFIRM, RECEIPT, act=world.act("plant", hours=9)).status == "confirmed"


def test_on_a_round_the_keeper_signs_and_the_insurer_before_the_whole_is_confirmed(world, pigs):
    stops = [StopPlan("S-maker"), StopPlan("S-stranger")]
    trip = plan_trip(
        TripPlan(profile="livestock", vehicle="浙E00002", on=date(2026, 11, 2), receiver="S-plant", stops=stops,
                 driver="李四"),
        act=world.act("carrier"),
    )  # fmt: skip
    told = {name: pigs[name] for name in ("wastes", "livestock")} | {"generator": {"handler": "老陈"}}
    # The collector may not sign for the keeper, whose receipt it is.
    alone = refused(lambda: trips.visit_stop(trip.number, 1, told, act=world.act("carrier")))
    assert alone == [("/slot", "not_authorised")]
    trips.visit_stop(trip.number, 1, told, act=world.act("carrier"), waits_for_signature=True)
    number = Manifest.objects.get().number
    advance(number, Event.SUBMIT, {}, act=world.act("maker", hours=1))
    trips.visit_stop(trip.number, 1, {}, act=world.act("carrier", hours=2))
    trips.skip_stop(trip.number, 2, act=world.act("carrier", hours=2), reason="已自行处理")
    trips.arrive_trip(trip.number, act=world.act("carrier", hours=3))

    def confirm():
        return trips.confirm_trip(trip.number, act=world.act("plant", hours=5), weighed_g=118_000, handler="赵六")

    assert refused(confirm) == [(f"/manifests/{number}/slot", "witness_missing")]
    advance(number, Event.WITNESS, {}, act=world.act("other", hours=4))
    confirm()
    assert Manifest.objects.get().status == "confirmed"
