"""Rounds: stops make manifests, one signature brings all of them in, one weighing is shared out to the gram."""

from dataclasses import replace
from datetime import date

import pytest
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from tests.apps.manifests.conftest import NOW
from tests.apps.manifests.test_life import held

from wufei.apps.ledger.verification import verify
from wufei.apps.manifests import trip_selectors as selectors
from wufei.apps.manifests import trips
from wufei.apps.manifests.guards import GUARDS
from wufei.apps.manifests.models import Manifest, Trip, TripStop
from wufei.apps.manifests.services import advance, create_and_submit
from wufei.apps.manifests.trip_planning import StopPlan, TripPlan, plan_again, plan_trip
from wufei.apps.registry.models import Organisation, Site, User
from wufei.apps.signatures.models import Signature
from wufei.apps.signatures.verification import check_row
from wufei.core.findings import Refused
from wufei.core.manifest import Event

FOOD = "900-002-S61"


@pytest.fixture
def shops(world):
    """Ten small generators of one firm each, in two townships."""
    made = []
    for n in range(1, 11):
        firm = Organisation.objects.create(name=f"饭店{n}", division_id="330523001", kind="generator")
        made.append(
            Site.objects.create(
                code=f"S-shop{n}", name=f"饭店{n}门店", organisation=firm, category="catering", domain="household",
                division_id="330523001" if n % 2 else "330523105",
            )
        )  # fmt: skip
    return made


def plan(shops, **more):
    stops = [StopPlan(site.code) for site in shops]
    return TripPlan(
        profile="kitchen", vehicle="浙E 00002", on=date(2026, 11, 2), receiver="S-plant", stops=stops, driver="李四",
        **more,
    )  # fmt: skip


def told(mass_g, code=FOOD, handler="老板"):
    return {"generator": {"handler": handler}, "wastes": [{"code": code, "mass_g": mass_g, "package_count": 2}]}


@pytest.fixture
def trip(world, shops):
    return plan_trip(plan(shops), act=world.act("carrier"))


def collect(world, trip, masses_g):
    for position, mass_g in enumerate(masses_g, 1):
        trip = trips.visit_stop(trip.number, position, told(mass_g), act=world.act("carrier", hours=position))
    return trip


def refused(call, *args, **named):
    with pytest.raises(Refused) as caught:
        call(*args, **named)
    return [(f.field, f.code) for f in caught.value.findings]


def test_a_round_of_ten_is_collected_brought_in_and_shared_out_to_the_gram(world, trip):
    masses = [30_000 + 1000 * n for n in range(10)]
    assert (trip.number, trip.status) == ("SY20263305230000001", "planned")
    collect(world, trip, masses)
    trips.arrive_trip(trip.number, act=world.act("carrier", hours=12))
    # Σ sent = 10 × 30 kg + 45 kg = 345 kg; the weighbridge says 341.003 kg.
    trips.confirm_trip(trip.number, act=world.act("plant", hours=13), weighed_g=341_003, handler="赵六")
    trip = trips.finish_trip(trip.number, act=world.act("carrier", hours=14))
    made = list(Manifest.objects.filter(trip=trip).order_by("stop"))
    assert [m.status for m in made] == ["confirmed"] * 10
    accepted = [m.document["receipt"]["lines"][0]["accepted_g"] for m in made]
    assert sum(accepted) == 341_003
    assert accepted[0] == 29_652  # 341,003 × 30 / 345 = 29,652.43…, which is no largest remainder
    assert trip.status == "finished"
    # What the plant has is what it weighed; nothing is left on the vehicle; the rest has a name.
    balances = held()
    assert balances[f"site:S-plant|{FOOD}|stored|"] == 341_003
    assert not [name for name in balances if name.startswith("vehicle:浙E00002") and "unexplained" not in name]
    assert sum(mass_g for name, mass_g in balances.items() if "unexplained" in name) == 345_000 - 341_003
    assert verify().holds


def test_the_database_itself_refuses_to_change_what_happened_to_a_trip(world, trip, refuses_change):
    collect(world, trip, [30_000])
    refuses_change(GUARDS, "manifests_triprecord")


def test_one_signature_of_the_driver_and_one_of_the_receiver_cover_the_round(world, trip):
    collect(world, trip, [30_000, 20_000, 10_000])
    trips.arrive_trip(trip.number, act=world.act("carrier", hours=12))
    trips.confirm_trip(trip.number, act=world.act("plant", hours=13), weighed_g=60_000, handler="赵六")
    for event, slot in (("arrive", "carrier:1"), ("confirm", "receiver")):
        rows = list(Signature.objects.filter(event=event))
        assert [row.slot for row in rows] == [slot] * 3
        assert len({bytes(row.signature) for row in rows}) == 1  # signed once
        assert all(row.round_path for row in rows)
        for row in rows:
            check_row(row)
    # At the stops the carrier signs for itself, and the handler's name stands sealed in what it signed.
    submitted = Signature.objects.filter(event="submit")
    assert {(s.slot, s.person.username) for s in submitted} == {("carrier:1", "carrier")}
    assert {m.document["generator"]["handler"] for m in Manifest.objects.all()} == {"老板"}


def test_everything_again_under_the_same_key_changes_nothing(world, shops):
    act = world.act("carrier", key="k-plan")
    trip = plan_trip(plan(shops), act=act)
    assert plan_trip(plan(shops), act=act) == trip
    visit = world.act("carrier", hours=1, key="k1")
    for _ in range(2):
        trips.visit_stop(trip.number, 1, told(5_000), act=visit)
    for _ in range(2):
        trips.skip_stop(trip.number, 2, act=world.act("carrier", hours=1, key="k2"), reason="歇业")
    for _ in range(2):
        trips.arrive_trip(trip.number, act=world.act("carrier", hours=2, key="k3"))
    for _ in range(2):
        trips.confirm_trip(trip.number, act=world.act("plant", hours=3, key="k4"), weighed_g=5_000, handler="赵六")
    assert [r.event for r in trip.history.all()] == ["plan", "start", "visit", "skip", "arrive", "confirm"]
    assert (Trip.objects.count(), Manifest.objects.count()) == (1, 1)
    assert refused(trips.skip_stop, trip.number, 3, act=visit, reason="x") == [("/key", "key_used_otherwise")]


def test_a_stop_makes_at_most_one_manifest_and_a_refusal_leaves_nothing(world, trip):
    collect(world, trip, [5_000])
    again = refused(trips.visit_stop, trip.number, 1, told(5_000), act=world.act("carrier"))
    assert again == [("/stop", "stop_taken")]
    before = Manifest.objects.count()
    wrong = {"generator": {}, "wastes": [{"code": "010-001-S80", "mass_g": 1}]}
    assert refused(trips.visit_stop, trip.number, 2, wrong, act=world.act("carrier")) == [
        ("/wastes/0/code", "wrong_profile"), ("/generator/handler", "required"),
    ]  # fmt: skip
    assert Manifest.objects.count() == before
    assert TripStop.objects.get(trip=trip, position=2).manifest is None
    # A chain of steps in one transaction: what is refused at the last leaves none of the first.
    unloaded = {"generator": {"handler": "王"}, "wastes": [{"code": FOOD}]}
    assert ("/wastes/0/mass_g", "required") in refused(
        trips.visit_stop, trip.number, 2, unloaded, act=world.act("carrier")
    )
    assert Manifest.objects.count() == before


def test_a_trip_ends_only_when_all_is_dealt_with(world, trip):
    collect(world, trip, [5_000])
    codes = refused(trips.finish_trip, trip.number, act=world.act("carrier"))
    assert codes == [("/stops", "stops_left"), ("/stops", "loads_under_way")]
    assert refused(trips.cancel_trip, trip.number, act=world.act("carrier"), reason="车坏了") == [
        ("/stops", "stops_collected")
    ]
    for position in range(2, 11):
        trips.skip_stop(trip.number, position, act=world.act("carrier", hours=2), reason="没有餐厨垃圾")
    trips.arrive_trip(trip.number, act=world.act("carrier", hours=3))
    assert trips.finish_trip(trip.number, act=world.act("carrier", hours=4)).status == "finished"
    # The receiver confirms after the driver has gone home.
    trips.confirm_trip(trip.number, act=world.act("plant", hours=30), weighed_g=5_000, handler="赵六")
    assert Manifest.objects.get().status == "confirmed"
    assert refused(trips.arrive_trip, trip.number, act=world.act("carrier", hours=31)) == [("", "illegal_transition")]


def test_lines_of_single_manifests_refuse_a_part_which_goes_back(world, trip):
    collect(world, trip, [5_000, 8_000])
    trips.arrive_trip(trip.number, act=world.act("carrier", hours=3))
    first, second = Manifest.objects.order_by("stop")
    lines = {first.number: [{"accepted_g": 4_000, "refused_g": 1_000}], second.number: [{"refused_g": 8_000}]}
    trips.confirm_trip(trip.number, act=world.act("plant", hours=4), lines=lines, handler="赵六")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("partly_accepted", "refused")
    assert sorted(m.mass_g for m in Manifest.objects.filter(status="in_transit", trip=None)) == [1_000, 8_000]


def test_where_the_profile_wants_the_senders_own_signature_the_draft_waits_for_it(world, trip, document):
    sites = [world.sites["maker"]]
    lab = replace(plan(sites), profile="laboratory")
    trip = plan_trip(lab, act=world.act("carrier"))
    said = {
        "generator": {"handler": "张三", "emergency_phone": "0572-5000000"},
        "carriers": [{"driver_licence": "330500001"}],
        "wastes": [
            {"code": "900-047-49", "mass_g": 12_000, "package_count": 1, "form": "L", "packing": "drum",
             "method": "D10", "hazards": "T"}
        ],
    }  # fmt: skip
    codes = refused(trips.visit_stop, trip.number, 1, said, act=world.act("carrier"))
    assert codes == [("/slot", "not_authorised")]
    trips.visit_stop(trip.number, 1, said, act=world.act("carrier"), waits_for_signature=True)
    made = Manifest.objects.get()
    assert (made.status, TripStop.objects.get(trip=trip).visited_at) == ("draft", None)
    assert selectors.stop_row(selectors.stops_of(trip)[0]).state == "signing"
    advance(made.number, Event.SUBMIT, {}, act=world.act("maker", hours=1))
    trips.visit_stop(trip.number, 1, {}, act=world.act("carrier", hours=2))
    made.refresh_from_db()
    assert made.status == "in_transit"
    assert TripStop.objects.get(trip=trip).visited_at == world.act("carrier", hours=2).claimed_at


def test_a_manifest_that_the_sender_has_submitted_itself_is_taken_at_the_stop(world, trip, shops):
    owner = User.objects.create(
        username="shop1", role="generator", organisation=shops[0].organisation, division_id="330523"
    )
    act = replace(world.act("carrier"), person=owner)
    own = {
        "profile": "kitchen", "generator": {"site": "S-shop1", "handler": "老板"},
        "wastes": [{"code": FOOD, "mass_g": 9_000}],
        "carriers": [{"organisation": world.code("carrier")}], "receiver": {"site": "S-plant"},
    }  # fmt: skip
    made = create_and_submit(own, act=act)
    departure = {"carriers": [{"vehicle": "浙E00002", "driver": "李四"}]}
    elsewhere = refused(trips.visit_stop, trip.number, 2, departure, act=world.act("carrier"), manifest=made.number)
    assert elsewhere == [("/manifest", "other_places")]
    trips.visit_stop(trip.number, 1, departure, act=world.act("carrier"), manifest=made.number)
    made.refresh_from_db()
    assert (made.status, made.trip_id, made.stop) == ("in_transit", trip.pk, 1)


def test_what_the_last_manifest_of_a_sender_said_is_proposed_again(world, trip, shops):
    collect(world, trip, [5_000])
    first = Manifest.objects.get()
    assert first.document["wastes"][0]["mass_g"] == 5_000
    again = plan_trip(plan_again(selectors.trip_of(world.people["carrier"], trip.number), date(2026, 11, 9)),
                      act=world.act("carrier", hours=1))  # fmt: skip
    assert [s.site.code for s in selectors.stops_of(again)] == [s.code for s in shops]
    trips.visit_stop(again.number, 1, {"wastes": [{"code": FOOD, "mass_g": 6_000}]}, act=world.act("carrier"))
    second = Manifest.objects.get(trip=again)
    assert second.document["generator"]["handler"] == "老板"  # copied
    assert second.document["wastes"][0].get("package_count") is None  # never copied
    assert second.document["wastes"][0]["mass_g"] == 6_000


def test_a_plan_tells_every_fault_at_once_and_keeps_nothing(world, shops):
    bad = TripPlan(
        profile="hazardous", receiver="nowhere", driver_user="plant", stops=[StopPlan("S-shop1"), StopPlan("x")]
    )
    assert refused(plan_trip, bad, act=world.act("carrier")) == [
        ("/profile", "no_round"), ("/vehicle", "bad_vehicle"), ("/on", "no_day"), ("/receiver", "unknown_site"),
        ("/driver_user", "unknown_driver"), ("/stops/1/site", "unknown_site"),
    ]  # fmt: skip
    assert Trip.objects.count() == 0


def test_who_sees_a_trip(world, trip, shops):
    def sees(who):
        return selectors.visible_trips(who).filter(pk=trip.pk).exists()

    owner = User.objects.create(
        username="shop1", role="generator", organisation=shops[0].organisation, division_id="330523"
    )
    town = User.objects.create(username="town", role="township", division_id="330523105")
    assert sees(world.people["carrier"])
    assert sees(world.people["plant"])
    assert sees(world.people["office"])
    assert not sees(owner)  # its own manifest, not who else was on the round
    assert not sees(world.people["longyou"])
    assert not sees(town)  # half of the stops lie there, the others and the receiver do not
    assert not sees(world.people["second"])
    with pytest.raises(Http404):
        trips.start_trip(trip.number, act=world.act("second"))
    assert refused(trips.start_trip, trip.number, act=world.act("plant")) == [("", "not_authorised")]


def test_a_drivers_list_begins_with_todays_trips_of_his_own(world, shops):
    mine = plan_trip(plan(shops, driver_user="carrier"), act=world.act("carrier"))
    plan_trip(plan(shops), act=world.act("carrier"))
    plan_trip(replace(plan(shops), on=date(2026, 11, 3)), act=world.act("carrier"))
    today = date(2026, 11, 2)
    user = world.people["carrier"]
    assert selectors.is_driver_today(user, today)

    def numbers(view):
        return len(selectors.trip_rows(user, selectors.TripFilter(view, today))[0])

    assert [r.number for r in selectors.trip_rows(user, selectors.TripFilter("mine", today))[0]] == [mine.number]
    assert (numbers("today"), numbers("open"), numbers("all")) == (2, 3, 3)


def statements(call):
    with CaptureQueriesContext(connection) as caught:
        call()
    return len(caught)


def test_statements_of_a_stop_and_of_an_arrival_do_not_grow_with_history(world, shops):
    def day(hours):
        trip = plan_trip(plan(shops), act=world.act("carrier", hours=hours))
        counts = [
            statements(
                lambda n=n: trips.visit_stop(trip.number, n, told(5_000), act=world.act("carrier", hours=hours))
            )
            for n in (1, 2, 3)
        ]
        counts.append(statements(lambda: trips.arrive_trip(trip.number, act=world.act("carrier", hours=hours + 1))))
        return counts

    day(0)
    second, third = day(24), day(48)
    assert second == third
    assert max(third[:3]) <= 90, third
    assert third[3] <= 15 + 3 * 22, third


def test_the_list_does_not_ask_more_for_more_rows(world, shops):
    user = world.people["carrier"]
    chosen = selectors.TripFilter("all", NOW.date())
    plan_trip(plan(shops), act=world.act("carrier"))
    one = statements(lambda: selectors.trip_rows(user, chosen))
    for _ in range(4):
        plan_trip(plan(shops), act=world.act("carrier"))
    assert statements(lambda: selectors.trip_rows(user, chosen)) == one == 3
    rows, more = selectors.trip_rows(user, chosen, limit=2)
    later, end = selectors.trip_rows(user, chosen, before=more, limit=5)
    assert (len(rows), len(later), end) == (2, 3, None)
