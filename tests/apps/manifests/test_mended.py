"""What once went wrong with manifests: seals, hashes, rows beside the document, packages, returns, amendments."""

from copy import deepcopy
from datetime import timedelta

import pytest
from django.db import transaction
from tests.apps.manifests.conftest import NOW
from tests.apps.manifests.test_life import ALL, OIL, PAINT, held, refusal

from wufei.apps.amendments.subjects import Applied
from wufei.apps.declarations.models import PlanUse
from wufei.apps.ledger.verification import verify
from wufei.apps.manifests import amending
from wufei.apps.manifests.models import Manifest
from wufei.apps.manifests.numbers import take_numbers
from wufei.apps.manifests.selectors import visible_manifests
from wufei.apps.manifests.services import advance, create_and_submit, create_manifest, update_manifest
from wufei.apps.packages.actions import Act as PackageAct
from wufei.apps.packages.making import What
from wufei.apps.packages.models import Package
from wufei.apps.packages.services import assign_packages
from wufei.core.findings import Refused
from wufei.core.manifest import Event

HANDLER = {"receiver": {"handler": "赵六"}}


def step(world, manifest, who, event, payload=None):
    return advance(manifest.number, Event(event), payload or {}, act=world.act(who, hours=6))


def amend(manifest, change):
    """Apply an agreed amendment to the document as it is now."""
    manifest = Manifest.objects.get(pk=manifest.pk)
    after = deepcopy(manifest.document)
    change(after)
    with transaction.atomic():
        return amending.apply(
            Applied(
                subject=f"manifest:{manifest.number}", version=manifest.events, before=manifest.document, after=after,
                changes=(), amendment=1, actor="maker", at=NOW + timedelta(hours=9),
            )
        )  # fmt: skip


def refused_amendment(manifest, change):
    return [code for _, code in refusal(lambda: amend(manifest, change))]


def packages(world, *masses_g):
    act = PackageAct(key=f"p{masses_g}", at=NOW, recorded_at=NOW, actor="maker", firm_id=world.firms["maker"].pk)
    what = What(waste_code=OIL, generated_on=NOW.date(), form="L", container="drum")
    return assign_packages(
        site=world.sites["maker"], act=act, count=len(masses_g), what=what, masses_g=list(masses_g), book=True
    )


def with_packages(world, document, *masses_g):
    """The document with one waste in packages; and their codes."""
    codes = packages(world, *masses_g)
    document["wastes"] = document["wastes"][:1]
    document["wastes"][0] |= {"packages": codes, "package_count": len(codes), "mass_g": sum(masses_g)}
    return codes


def test_each_version_names_the_hash_of_the_one_before(drive, document, world):
    manifest = create_manifest(document, act=world.act("maker"))
    update_manifest(manifest.number, {"wastes": [{"form": "S"}]}, act=world.act("maker"))
    for who, event, payload in ALL:
        step(world, manifest, who, event, payload)
    amend(manifest, lambda doc: doc["receiver"].update(handler="钱七"))
    rows = list(manifest.history.order_by("sequence"))
    assert [row.previous_hash for row in rows] == ["", *(row.content_hash for row in rows[:-1])]


def test_the_kind_of_a_manifest_never_changes(world, document):
    manifest = create_manifest(document, act=world.act("maker"))
    point = {"profile": "point_to_point", "point_to_point": {"approval": "1"}}
    assert refusal(lambda: update_manifest(manifest.number, point, act=world.act("maker"))) == [
        ("/profile", "profile_fixed")
    ]
    submit = {"profile": "exempt"}
    assert refusal(lambda: advance(manifest.number, Event.SUBMIT, submit, act=world.act("maker"))) == [
        ("/profile", "profile_fixed")
    ]
    advance(manifest.number, Event.SUBMIT, {}, act=world.act("maker"))
    amend(manifest, lambda doc: doc.update(profile="exempt"))
    assert Manifest.objects.get().document["profile"] == "hazardous"


def test_a_later_carrier_names_the_vehicle_at_the_hand_over(world, document):
    del document["carriers"][1]["vehicle"]
    manifest = create_manifest(document, act=world.act("maker"))
    step(world, manifest, "maker", "submit")
    step(world, manifest, "carrier", "depart")
    first = {"carriers": [{"vehicle": "浙E77777"}]}
    assert refusal(lambda: step(world, manifest, "second", "hand_over", first)) == [("/carriers/0/vehicle", "sealed")]
    assert refusal(lambda: step(world, manifest, "second", "hand_over")) == [("/carriers/1/vehicle", "required")]
    step(world, manifest, "second", "hand_over", {"carriers": [{}, {"vehicle": "浙E00003"}]})
    assert held()[f"vehicle:浙E00003|{PAINT}|in_transit|"] == 640_000
    later = {"carriers": [{}, {"vehicle": "浙E77777"}]}
    assert refusal(lambda: update_manifest(manifest.number, later, act=world.act("second"))) == [
        ("/carriers/1/vehicle", "sealed")
    ]
    # The row of the first leg keeps when it departed.
    assert [leg.departed_at is not None for leg in manifest.legs.all()] == [True, True]


def test_what_was_lost_whole_can_be_confirmed(drive, document):
    lines = [{"accepted_g": 0, "lost_g": 1_800_000}, {"accepted_g": 0}]
    manifest = drive(document, *ALL[:4], ("plant", "confirm", {"receipt": {"lines": lines}, **HANDLER}))
    assert (manifest.status, manifest.has_difference) == ("confirmed", True)
    assert held()[f"vehicle:浙E00003|{OIL}|unexplained|"] == 1_800_000
    assert held()[f"vehicle:浙E00003|{PAINT}|unexplained|"] == 640_000


def test_an_amendment_keeps_what_the_receipt_said_in_the_rows(drive, document):
    manifest = drive(document, *ALL)
    amend(manifest, lambda doc: doc["wastes"][0].update(mass_g=1_700_000))
    rows = [(w.sent_g, w.accepted_g, w.refused_g, w.lost_g) for w in manifest.wastes.all()]
    assert rows == [(1_700_000, 1_800_000, 0, 0), (640_000, 640_000, 0, 0)]
    assert all(leg.departed_at for leg in manifest.legs.all())


def test_an_amendment_leaves_a_whole_document(drive, document):
    manifest = drive(document, *ALL)
    for change, code in (
        (lambda doc: doc.pop("receipt"), "lines_missing"),
        (lambda doc: doc["receiver"].pop("handler"), "required"),
        (lambda doc: doc["carriers"][0].pop("vehicle"), "required"),
        (lambda doc: doc["carriers"].pop(), "carrier_has_departed"),
        (lambda doc: doc.update(wastes=[]), "required"),
        (lambda doc: doc["receipt"]["lines"][0].update(refused_g=5), "refused_afterwards"),
    ):
        assert code in refused_amendment(manifest, change)


def test_an_amended_plate_need_not_be_registered(drive, document):
    manifest = drive(document, *ALL[:3])
    amend(manifest, lambda doc: doc["carriers"][1].update(vehicle="皖A12345"))
    assert held()[f"vehicle:皖A12345|{OIL}|in_transit|"] == 1_800_000
    assert f"vehicle:浙E00003|{OIL}|in_transit|" not in held()
    assert verify().holds


def test_who_comes_in_by_an_amendment_sees_the_manifest_and_can_act(drive, document, world):
    document["carriers"] = document["carriers"][:1]
    manifest = drive(document, *ALL[:1])
    amend(manifest, lambda doc: doc["carriers"][0].update(organisation=world.code("second")))
    assert visible_manifests(world.people["second"]).count() == 1
    assert step(world, manifest, "second", "depart").status == "in_transit"


def test_what_goes_back_is_fixed_on_both_manifests(drive, document, world):
    lines = [{"accepted_g": 1_000_000, "refused_g": 800_000}, {"accepted_g": 640_000}]
    manifest = drive(document, *ALL[:4], ("plant", "confirm", {"receipt": {"lines": lines}, **HANDLER}))
    back = Manifest.objects.get(returns=manifest)
    assert refused_amendment(manifest, lambda d: d["carriers"][1].update(vehicle="浙E9")) == ["return_under_way"]
    assert refused_amendment(manifest, lambda d: d["generator"].update(site="S-stranger")) == ["return_under_way"]
    assert refused_amendment(back, lambda d: d["carriers"][0].update(vehicle="浙E9")) == ["return_as_refused"]
    assert refused_amendment(back, lambda d: d["wastes"][0].update(mass_g=1)) == ["return_as_refused"]
    amend(manifest, lambda d: d["receipt"]["lines"][0].update(accepted_g=900_000))  # the rest is missing
    step(world, back, "second", "arrive")
    step(world, back, "maker", "confirm", {"receipt": {"lines": [{"accepted_g": 800_000}]}, **HANDLER})
    assert not [name for name in held() if name.endswith("|in_transit|")]
    assert verify().holds


def test_the_plan_counts_what_departed_and_did_not_come_back(drive, document):
    lines = [{"accepted_g": 1_000_000, "refused_g": 800_000}, {"accepted_g": 640_000}]
    manifest = drive(document, *ALL[:4], ("plant", "confirm", {"receipt": {"lines": lines}, **HANDLER}))
    used = dict(PlanUse.objects.values_list("waste_code", "used_g"))
    assert used == {OIL: 1_000_000, PAINT: 640_000}
    amend(manifest, lambda doc: doc["wastes"][1].update(mass_g=600_000))
    assert PlanUse.objects.get(waste_code=PAINT).used_g == 600_000


def test_other_packages_on_a_submitted_manifest_are_reserved_and_the_old_ones_let_go(world, document):
    codes = with_packages(world, document, 1_000_000, 800_000)
    document["wastes"][0]["packages"] = codes[:1]
    manifest = create_manifest(document, act=world.act("maker"))
    step(world, manifest, "maker", "submit")
    update_manifest(manifest.number, {"wastes": [{"packages": codes[1:]}]}, act=world.act("maker"))
    assert list(Package.objects.order_by("code").values_list("open_manifest", flat=True)) == ["", manifest.number]
    amend(manifest, lambda doc: doc["wastes"][0].update(packages=codes[:1]))
    assert list(Package.objects.order_by("code").values_list("open_manifest", flat=True)) == [manifest.number, ""]
    step(world, manifest, "carrier", "depart", {"wastes": [{"packages": codes}]})
    assert set(Package.objects.values_list("status", "open_manifest")) == {("in_transit", manifest.number)}
    assert refused_amendment(manifest, lambda doc: doc["wastes"][0].pop("packages")) == ["packages_under_way"]
    amend(manifest, lambda doc: doc["carriers"][0].update(vehicle="浙E77777"))
    assert set(Package.objects.values_list("plate", flat=True)) == {"浙E77777"}


def test_packages_that_are_voided_with_their_manifest_are_free(world, document):
    codes = with_packages(world, document, 1_000_000, 800_000)
    manifest = create_manifest(document, act=world.act("maker"))
    step(world, manifest, "maker", "submit")
    update_manifest(manifest.number, {"wastes": [{"packages": None}]}, act=world.act("maker"))
    assert set(Package.objects.filter(code__in=codes).values_list("open_manifest", flat=True)) == {""}
    step(world, manifest, "maker", "void")


def test_only_packages_of_the_manifest_can_be_refused(drive, document, world):
    codes = with_packages(world, document, 1_000_000, 800_000)
    manifest = drive(document, *ALL[:4])
    for line, code in (
        ({"accepted_g": 1_000_000, "refused_g": 800_000, "refused_packages": ["P1"]}, "refused_package_unknown"),
        ({"accepted_g": 1_800_000, "refused_packages": codes[:1]}, "refused_package_without_mass"),
    ):
        receipt = {"receipt": {"lines": [line]}, **HANDLER}
        got = refusal(lambda receipt=receipt: step(world, manifest, "plant", "confirm", receipt))
        assert got == [("/receipt/lines/0/refused_packages", code)]


def test_packages_of_a_waste_that_was_lost_do_not_hold_up_the_refusal_of_another(drive, document, world):
    codes = packages(world, 1_800_000)
    document["wastes"][0] |= {"packages": codes, "package_count": 1}
    lines = [{"accepted_g": 0, "lost_g": 1_800_000}, {"accepted_g": 0, "refused_g": 640_000}]
    drive(document, *ALL[:4], ("plant", "refuse", {"receipt": {"lines": lines}, **HANDLER}))
    assert set(Package.objects.values_list("status", "open_manifest")) == {("received", "")}


def test_packages_leave_the_region_and_the_refused_ones_come_back(drive, document, world):
    codes = with_packages(world, document, 1_000_000, 800_000)
    document["receiver"] = {"outside": "安徽某公司"}
    document["region"] = {"kind": "out", "division": "安徽省", "approval": "皖1"}
    line = {"accepted_g": 1_000_000, "refused_g": 800_000, "refused_packages": codes[1:]}
    manifest = drive(document, *ALL[:4], ("maker", "confirm", {"receipt": {"lines": [line]}, **HANDLER}))
    back = Manifest.objects.get(returns=manifest)
    where = {p.code: (p.status, p.open_manifest) for p in Package.objects.all()}
    assert where == {codes[0]: ("retired", ""), codes[1]: ("in_transit", back.number)}


def test_a_number_that_was_never_issued_is_refused(world, document):
    number = take_numbers("national", 2026, "330523")[0]
    for given, code in (("20263305000002", "number_not_issued"), ("so", "number_not_issued")):
        call = lambda given=given: create_manifest(document, act=world.act("maker"), number=given)  # noqa: E731
        assert refusal(call) == [("/number", code)]
    create_manifest(document, act=world.act("maker"), number=number)
    with pytest.raises(Refused):
        create_manifest(document, act=world.act("maker"), number=number)


def test_a_draft_belongs_to_who_may_draw_it_up(world, document):
    manifest = create_manifest(document, act=world.act("maker"))
    other = {"generator": {"site": "S-stranger"}}
    assert refusal(lambda: update_manifest(manifest.number, other, act=world.act("maker"))) == [
        ("", "not_authorised")
    ]


def test_another_code_brings_its_own_name_and_hazards_unless_they_were_written_by_hand(world, document):
    manifest = create_manifest(document, act=world.act("maker"))
    old, other = manifest.document["wastes"]
    patch = {"wastes": [{"code": PAINT}, {}]}
    changed = update_manifest(manifest.number, patch, act=world.act("maker")).document["wastes"][0]
    assert changed["code"] == PAINT
    assert (changed["name"], changed["hazards"]) == (other["name"], other["hazards"])
    assert changed["name"] != old["name"]
    written = {"wastes": [{"name": "本厂漆渣", "hazards": "T"}, {}]}
    update_manifest(manifest.number, written, act=world.act("maker"))
    kept = update_manifest(manifest.number, {"wastes": [{"code": OIL}, {}]}, act=world.act("maker"))
    assert (kept.document["wastes"][0]["name"], kept.document["wastes"][0]["hazards"]) == ("本厂漆渣", "T")


@pytest.mark.parametrize("write", [create_manifest, create_and_submit])
def test_what_is_drawn_up_under_one_key_is_drawn_up_once(world, document, write):
    made = write(document, act=world.act("maker", key="k1"))
    assert write(document, act=world.act("maker", hours=1, key="k1")).number == made.number
    other = document | {"wastes": document["wastes"][:1]}
    with pytest.raises(Refused, match="已经用于联单"):
        write(other, act=world.act("maker", key="k1"))
    assert Manifest.objects.count() == 1
    assert write(other, act=world.act("maker", key="k2")).number != made.number
    assert write(document, act=world.act("maker")).number != made.number


def test_a_key_of_a_draft_is_none_of_a_submission(world, document):
    made = create_manifest(document, act=world.act("maker", key="k1"))
    with pytest.raises(Refused, match="已经用于联单"):
        create_and_submit(document, act=world.act("maker", key="k1"))
    assert Manifest.objects.get().status == "draft"
    step(world, made, "maker", "submit")
    assert create_manifest(document, act=world.act("maker", key="k1")) == made  # a late repeat of the drawing up
