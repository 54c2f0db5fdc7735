"""The life of a manifest through the services: what each step books, who may do it, what is refused."""

import pytest
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext

from wufei.apps.ledger.models import AccountRecord
from wufei.apps.ledger.verification import verify
from wufei.apps.manifests.guards import GUARDS
from wufei.apps.manifests.models import Manifest, ManifestEvent
from wufei.apps.manifests.selectors import ManifestFilter, manifest_rows, visible_manifests
from wufei.apps.manifests.services import advance, create_manifest, update_manifest
from wufei.apps.registry.models import Department, User
from wufei.core.findings import Refused
from wufei.core.manifest import Event

OIL, PAINT = "900-214-08", "900-252-12"
ACCEPT = {
    "receipt": {"has_major_difference": False, "lines": [{"accepted_g": 1_800_000}, {"accepted_g": 640_000}]},
    "receiver": {"handler": "赵六"},
}
ALL = (
    ("maker", "submit", {}),
    ("carrier", "depart", {}),
    ("second", "hand_over", {}),
    ("second", "arrive", {}),
    ("plant", "confirm", ACCEPT),
)


def held():
    """Balances by account name, those that are not 0."""
    return {a.name: a.balance_g for a in AccountRecord.objects.exclude(balance_g=0)}


def refusal(call):
    """The (pointer, code) pairs of a refusal; nothing may change in the tables."""
    before = (Manifest.objects.count(), ManifestEvent.objects.count(), held())
    with pytest.raises(Refused) as caught:
        call()
    assert (Manifest.objects.count(), ManifestEvent.objects.count(), held()) == before
    return [(f.field, f.code) for f in caught.value.findings]


def test_a_manifest_moves_its_mass_from_the_store_to_the_plant(drive, document):
    manifest = drive(document, *ALL)
    assert manifest.number == "20263305000001"
    assert manifest.status == "confirmed"
    # Nothing had been declared at the generator: what it shipped is booked as found there.
    assert held() == {
        f"site:S-maker|{OIL}|unexplained|": -1_800_000,
        f"site:S-maker|{PAINT}|unexplained|": -640_000,
        f"site:S-plant|{OIL}|stored|": 1_800_000,
        f"site:S-plant|{PAINT}|stored|": 640_000,
    }
    assert [e.event for e in manifest.history.all()] == [
        "create", "submit", "depart", "hand_over", "arrive", "confirm",
    ]  # fmt: skip
    assert verify().holds


def test_accepted_refused_and_lost_are_what_arrived_and_the_rest_is_named(drive, document, world):
    document["wastes"] = document["wastes"][:1]
    receipt = {
        "receipt": {"has_major_difference": True, "lines": [
            {"accepted_g": 1_500_000, "refused_g": 200_000, "lost_g": 40_000}]},
        "receiver": {"handler": "赵六"},
    }  # fmt: skip
    manifest = drive(document, *ALL[:4], ("plant", "confirm", receipt))
    assert manifest.status == "partly_accepted"
    assert manifest.has_difference  # 60 kg of 1.8 t are missing: 3.33 % against 3 %
    truck = f"vehicle:浙E00003|{OIL}"
    assert held() == {
        f"site:S-maker|{OIL}|unexplained|": -1_800_000,
        f"{truck}|in_transit|": 200_000,  # refused: on its way back
        f"{truck}|unexplained|": 40_000 + 60_000,
        f"site:S-plant|{OIL}|stored|": 1_500_000,
    }
    back = Manifest.objects.get(returns=manifest)
    assert (back.status, back.generator_name, back.receiver_name, back.mass_g) == (
        "in_transit", "plant 厂区", "maker 厂区", 200_000,
    )  # fmt: skip
    advance(back.number, Event.ARRIVE, {}, act=world.act("second", hours=6))
    taken = {"receipt": {"lines": [{"accepted_g": 200_000}]}, "receiver": {"handler": "张三"}}
    advance(back.number, Event.CONFIRM, taken, act=world.act("maker", hours=7))
    assert held()[f"site:S-maker|{OIL}|stored|"] == 200_000
    assert f"{truck}|in_transit|" not in held()
    assert verify().holds


def test_a_refusal_sends_everything_back(drive, document):
    lines = [{"refused_g": 1_800_000, "accepted_g": 0}, {"refused_g": 640_000, "accepted_g": 0}]
    receipt = {"receipt": {"opinion": "与联单不符", "lines": lines}, "receiver": {"handler": "赵六"}}
    manifest = drive(document, *ALL[:4], ("plant", "refuse", receipt))
    assert manifest.status == "refused"
    assert Manifest.objects.get(returns=manifest).mass_g == 2_440_000


def test_everything_wrong_is_told_at_once_and_nothing_is_kept(world):
    bad = {
        "profile": "hazardous",
        "generator": {"site": "S-nobody"},
        "wastes": [{"code": "900-001-S17", "mass_g": -5, "colour": "red"}],
        "carriers": [{"organisation": "123"}],
        "receiver": {"site": "S-plant"},
    }
    assert refusal(lambda: create_manifest(bad, act=world.act("maker"))) == [
        ("/wastes/0/mass_g", "bad_mass"),
        ("/wastes/0/colour", "unknown_field"),
    ]
    del bad["wastes"][0]["colour"]
    bad["wastes"][0]["mass_g"] = 5
    assert refusal(lambda: create_manifest(bad, act=world.act("maker"))) == [
        ("/wastes/0/code", "wrong_profile"),
        ("/generator/site", "unknown_party"),
        ("/carriers/0/organisation", "unknown_party"),
    ]


def test_only_who_is_due_may_act_and_others_do_not_see_it(world, document):
    manifest = create_manifest(document, act=world.act("maker"))
    for who in ("stranger", "plant", "carrier", "longyou", "office"):  # a draft is the generator's own
        with pytest.raises(Http404):
            advance(manifest.number, Event.SUBMIT, {}, act=world.act(who))
    advance(manifest.number, Event.SUBMIT, {}, act=world.act("maker"))
    assert refusal(lambda: advance(manifest.number, Event.DEPART, {}, act=world.act("second"))) == [
        ("/slot", "not_authorised")
    ]
    assert refusal(lambda: advance(manifest.number, Event.CONFIRM, ACCEPT, act=world.act("plant"))) == [
        ("", "illegal_transition")
    ]
    for who, sees in {"office": 1, "plant": 1, "second": 1, "stranger": 0, "longyou": 0}.items():
        assert visible_manifests(world.people[who]).count() == sees, who


def test_what_is_signed_is_sealed(world, document):
    manifest = create_manifest(document, act=world.act("maker"))
    update_manifest(manifest.number, {"wastes": [{"form": "S"}]}, act=world.act("maker"))
    advance(manifest.number, Event.SUBMIT, {}, act=world.act("maker"))
    assert refusal(lambda: update_manifest(manifest.number, {"wastes": [{"form": "L"}]}, act=world.act("maker"))) == [
        ("/wastes/0/form", "sealed")
    ]
    update_manifest(manifest.number, {"carriers": [{"vehicle": "浙E99999"}]}, act=world.act("carrier"))
    moved = advance(manifest.number, Event.DEPART, {}, act=world.act("carrier"))
    assert held()[f"vehicle:浙E99999|{OIL}|in_transit|"] == 1_800_000
    assert moved.document["wastes"][0]["form"] == "S"


def test_the_same_act_twice_is_done_once(world, document):
    manifest = create_manifest(document, act=world.act("maker"))
    for _ in range(2):
        advance(manifest.number, Event.SUBMIT, {}, act=world.act("maker", key="k1"))
    assert manifest.history.count() == 2
    assert refusal(lambda: advance(manifest.number, Event.DEPART, {}, act=world.act("carrier", key="k1"))) == [
        ("/key", "key_used_otherwise")
    ]


def test_creating_takes_at_most_twelve_statements(world, document):
    create_manifest(document, act=world.act("maker"))
    with CaptureQueriesContext(
        connection,
    ) as captured:
        create_manifest(document, act=world.act("maker"))
    assert len(captured) <= 12, [q["sql"][:90] for q in captured]


def test_a_list_page_costs_the_same_however_many_rows(world, document):
    for _ in range(3):
        advance(
            create_manifest(document, act=world.act("maker")).number,
            Event.SUBMIT,
            {},
            act=world.act("maker", hours=1),
        )
    for who in ("maker", "office", "plant"):
        with CaptureQueriesContext(connection) as captured:
            rows, more = manifest_rows(world.people[who], ManifestFilter(), limit=2)
        assert [r.number[-1] for r in rows] == ["3", "2"]
        assert len(captured) == (1 if who == "office" else 2)  # a firm may sign for others too
        rows, more = manifest_rows(world.people[who], ManifestFilter(), before=more, limit=2)
        assert ([r.number[-1] for r in rows], more) == (["1"], None)


def test_the_database_itself_refuses_to_change_what_happened(drive, document, refuses_change):
    drive(document, *ALL)
    refuses_change(GUARDS, "manifests_manifestevent")


def test_a_department_finds_by_kind_and_code_what_stands_in_its_domain(world, drive, document):
    drive(document, ("maker", "submit", {}))
    for name, is_hazardous in (("生态环境分局", True), ("农业农村局", False)):
        duty, _ = Department.objects.get_or_create(name=name, division_id="330523")
        person = User.objects.create(username=name, role="department", division_id="330523", department=duty)
        for profile, code in (("hazardous", ""), ("", OIL), ("soil", ""), ("", "900-001-S17"), ("hazardous", OIL)):
            chosen = ManifestFilter(profile=profile, code=code)
            rows, _ = manifest_rows(person, chosen)
            wanted = is_hazardous and chosen.code in ("", OIL) and chosen.profile in ("", "hazardous")
            assert len(rows) == int(wanted), (name, chosen)
