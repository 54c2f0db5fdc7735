"""What an event does beside the ledger: signatures, alerts, packages, plan and permit; and amendments."""

from copy import deepcopy
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from tests.apps.manifests.conftest import NOW
from tests.apps.manifests.test_life import ACCEPT, ALL, OIL, PAINT, held

from wufei.apps.amendments.subjects import Applied
from wufei.apps.declarations.models import PlanUse
from wufei.apps.ledger.models import AccountRecord
from wufei.apps.ledger.verification import verify
from wufei.apps.manifests import amending
from wufei.apps.manifests.models import Manifest, ManifestUse
from wufei.apps.manifests.paper import manifest_pdf
from wufei.apps.manifests.services import Act, advance, create_manifest, update_manifest
from wufei.apps.packages.actions import Act as PackageAct
from wufei.apps.packages.making import What
from wufei.apps.packages.models import Package
from wufei.apps.packages.services import assign_packages
from wufei.apps.registry.models import Permit, PermitUse
from wufei.apps.signatures import codes
from wufei.apps.signatures import services as signing
from wufei.apps.signatures.models import Signature
from wufei.apps.signatures.signing import keep
from wufei.apps.signatures.verification import check_row
from wufei.core.findings import Refused
from wufei.core.manifest import Event


def test_each_step_is_signed_by_the_person_who_does_it(drive, document):
    manifest = drive(document, *ALL)
    rows = list(Signature.objects.filter(subject=f"manifest:{manifest.number}").order_by("sequence"))
    assert [(s.slot, s.event, s.person.username) for s in rows] == [
        ("generator", "submit", "maker"),
        ("carrier:1", "depart", "carrier"),
        ("carrier:2", "hand_over", "second"),
        ("carrier:2", "arrive", "second"),
        ("receiver", "confirm", "plant"),
    ]
    hashes = [e.content_hash for e in manifest.history.exclude(event="create")]
    assert [s.content_hash for s in rows] == hashes
    for row in rows:
        check_row(row)  # raises where a signature does not hold


def test_what_the_checks_find_is_recorded_and_stops_nothing(drive, document):
    manifest = drive(document, *ALL)
    found = {f["code"]: f["curer"] for e in manifest.history.all() for f in e.findings if "curer" in f}
    # No permit, no plan, no contract, nobody registered: all of it is alerted, and the load arrived all the same.
    assert {"permit_missing", "plan_missing", "stock_short", "driver_unknown", "waybill_missing"} <= set(found)
    assert found["permit_missing"] == "receiver"
    assert manifest.status == "confirmed"
    assert manifest.alerts == sum(len(e.findings) for e in manifest.history.all())


def test_a_check_that_blocks_refuses_and_leaves_nothing(world, document):
    document["receiver"]["site"] = "S-maker"
    manifest = create_manifest(document, act=world.act("maker"))
    with pytest.raises(Refused) as caught:
        advance(manifest.number, Event.SUBMIT, {}, act=world.act("maker"))
    assert [(f.field, f.code) for f in caught.value.findings] == [("/receiver/site", "receiver_is_sender")]
    manifest.refresh_from_db()
    assert (manifest.status, Signature.objects.count()) == ("draft", 0)


def amend(manifest, person, change, *, hours=9):
    """Apply an agreed amendment to the document as it is now."""
    manifest = Manifest.objects.get(pk=manifest.pk)
    after = deepcopy(manifest.document)
    change(after)
    with transaction.atomic():
        return amending.apply(
            Applied(
                subject=f"manifest:{manifest.number}", version=manifest.events, before=manifest.document, after=after,
                changes=(), amendment=1, actor=person, at=NOW + timedelta(hours=hours),
            )
        )  # fmt: skip


def test_an_amended_mass_is_booked_as_if_it_had_been_so_from_the_beginning(drive, document):
    manifest = drive(document, *ALL)

    def change(doc):
        doc["wastes"][0]["mass_g"] = 1_700_000
        doc["receipt"]["lines"][0]["accepted_g"] = 1_650_000

    version = amend(manifest, "maker", change)
    assert version == 7
    assert held() == {
        f"site:S-maker|{OIL}|unexplained|": -1_700_000,
        f"site:S-maker|{PAINT}|unexplained|": -640_000,
        f"site:S-plant|{OIL}|stored|": 1_650_000,
        f"site:S-plant|{PAINT}|stored|": 640_000,
        f"vehicle:浙E00003|{OIL}|unexplained|": 50_000,
    }
    # Amended back: the books come back to what they were.
    amend(manifest, "maker", lambda doc: (doc["wastes"][0].update(mass_g=1_800_000),
                                          doc["receipt"]["lines"][0].update(accepted_g=1_800_000)))  # fmt: skip
    assert held()[f"site:S-plant|{OIL}|stored|"] == 1_800_000
    assert f"vehicle:浙E00003|{OIL}|unexplained|" not in held()
    assert sum(AccountRecord.objects.values_list("balance_g", flat=True)) == 0
    assert verify().holds
    assert manifest.history.count() == 8


def test_a_driver_without_account_departs_by_a_one_time_code(world, document):
    manifest = create_manifest(document, act=world.act("maker"))
    advance(manifest.number, Event.SUBMIT, {}, act=world.act("maker"))
    given = {"subject": f"manifest:{manifest.number}", "slot": "carrier:1", "event": "depart"}
    for stranger in ("stranger", "longyou"):
        with pytest.raises(Refused):
            signing.issue_one_time_code(**given, host=world.people[stranger], at=NOW)
    issued = signing.issue_one_time_code(**given, host=world.people["maker"], at=NOW, party_name="李四")
    signing.redeem_one_time_code(issued.token, issued.code, name="李四", at=NOW + timedelta(minutes=1))
    manifest.refresh_from_db()
    assert (manifest.status, manifest.leg) == ("in_transit", 1)
    signature = Signature.objects.get(subject=given["subject"], slot="carrier:1")
    assert (signature.person_name, signature.method, signature.content_hash) == (
        "李四", "one_time_code", manifest.content_hash,
    )  # fmt: skip
    assert held()[f"vehicle:浙E00002|{OIL}|in_transit|"] == 1_800_000


def receive_by_code(manifest, world):
    """The carrier shows a code, and somebody called 王五 confirms for the receiver by it."""
    given = {"subject": f"manifest:{manifest.number}", "slot": "receiver", "event": "confirm", "payload": ACCEPT}
    issued = signing.issue_one_time_code(**given, host=world.people["second"], at=timezone.now())
    signing.redeem_one_time_code(issued.token, issued.code, name="王五", at=timezone.now())
    return manifest.history.get(event="confirm")


def test_an_end_that_has_accounts_is_told_of_a_code_by_which_another_had_it_signed(world, drive, document):
    confirmed = receive_by_code(drive(document, *ALL[:-1]), world)
    told = [f for f in confirmed.findings if f["code"] == "code_despite_account"]
    assert [(f["field"], f["level"]) for f in told] == [("/slot", "warn")]
    assert all(name in told[0]["what"] for name in ("王五", world.firms["plant"].name, world.firms["second"].name))


def test_an_end_without_accounts_signs_by_code_and_nothing_is_odd(world, drive, document):
    manifest = drive(document, *ALL[:-1])
    world.people["plant"].is_active = False
    world.people["plant"].save()
    confirmed = receive_by_code(manifest, world)
    assert "code_despite_account" not in {f["code"] for f in confirmed.findings}


def test_a_code_signs_nothing_that_another_changes_at_the_same_moment(world, document, monkeypatch):
    manifest = create_manifest(document, act=world.act("maker"))
    advance(manifest.number, Event.SUBMIT, {}, act=world.act("maker"))
    given = {"subject": f"manifest:{manifest.number}", "slot": "carrier:1", "event": "depart"}
    issued = signing.issue_one_time_code(**given, host=world.people["maker"], at=NOW)

    def keep_late(*values):
        update_manifest(manifest.number, {"carriers": [{"driver": "赵六"}]}, act=world.act("carrier"))
        return keep(*values)

    monkeypatch.setattr(codes, "keep", keep_late)
    with pytest.raises(Refused) as caught:
        signing.redeem_one_time_code(issued.token, issued.code, name="李四", at=NOW + timedelta(minutes=1))
    assert [finding.code for finding in caught.value.findings] == ["content_changed"]
    manifest.refresh_from_db()
    assert manifest.status == "submitted"
    assert not Signature.objects.filter(subject=given["subject"], slot="carrier:1").exists()


def test_a_delegate_sees_and_signs_for_the_firm_until_it_is_revoked(world, document, client):
    manifest = create_manifest(document, act=world.act("maker"))
    advance(manifest.number, Event.SUBMIT, {}, act=world.act("maker"))
    page = f"/manifests/{manifest.number}/"
    client.force_login(world.people["stranger"])
    assert client.get(page).status_code == 404
    today = timezone.localdate()
    new = signing.NewDelegation("stranger", ("carrier",), ("hazardous",), today, today + timedelta(days=30))
    given = signing.give_delegation(
        giver=world.firms["carrier"], new=new, evidence=signing.Evidence("委托书.pdf", b"%PDF-1.7"),
        by=world.people["carrier"], at=timezone.now(),
    )  # fmt: skip
    shown = client.get(page).content.decode()
    assert f"{page}depart/" in shown
    assert f"{page}void/" not in shown  # the sender's, who gave no delegation
    act = Act(world.people["stranger"], claimed_at=timezone.now(), server_at=timezone.now())
    advance(manifest.number, Event.DEPART, {}, act=act)
    signature = Signature.objects.get(subject=f"manifest:{manifest.number}", slot="carrier:1")
    assert (signature.organisation, signature.delegation) == (world.firms["carrier"], given)
    signing.revoke_delegation(given, by=world.people["carrier"], at=timezone.now())
    assert client.get(page).status_code == 404


def test_a_submitted_manifest_keeps_its_packages_from_another_until_it_is_void(drive, document, world):
    document["wastes"] = document["wastes"][:1]
    act = PackageAct(key="p", at=NOW, recorded_at=NOW, actor="maker", firm_id=world.firms["maker"].pk)
    codes = assign_packages(
        site=world.sites["maker"], act=act, count=1,
        what=What(waste_code=OIL, generated_on=NOW.date(), form="L", container="drum"),
        masses_g=[1_800_000], book=True,
    )  # fmt: skip
    document["wastes"][0] |= {"packages": codes, "package_count": 1}
    first = drive(document, ALL[0])
    assert Package.objects.get(code=codes[0]).open_manifest == first.number
    second = create_manifest(document, act=world.act("maker", hours=2))
    with pytest.raises(Refused):
        advance(second.number, Event.SUBMIT, {}, act=world.act("maker", hours=2))
    advance(first.number, Event.VOID, {}, act=world.act("maker", hours=3))
    advance(second.number, Event.SUBMIT, {}, act=world.act("maker", hours=4))
    assert Package.objects.get(code=codes[0]).open_manifest == second.number


def test_packages_go_along_and_the_refused_ones_come_back(drive, document, world):
    document["wastes"] = document["wastes"][:1]
    act = PackageAct(key="p", at=NOW, recorded_at=NOW, actor="maker", firm_id=world.firms["maker"].pk)
    codes = assign_packages(
        site=world.sites["maker"], act=act, count=2,
        what=What(waste_code=OIL, generated_on=NOW.date(), form="L", container="drum"),
        masses_g=[1_000_000, 800_000], book=True,
    )  # fmt: skip
    document["wastes"][0] |= {"packages": codes, "package_count": 2}
    receipt = {
        "receipt": {
            "has_major_difference": False,
            "lines": [{"accepted_g": 1_000_000, "refused_g": 800_000, "refused_packages": [codes[1]]}],
        },
        "receiver": {"handler": "赵六"},
    }
    manifest = drive(document, *ALL[:4], ("plant", "confirm", receipt))
    back = Manifest.objects.get(returns=manifest)
    assert back.document["wastes"][0]["packages"] == [codes[1]]
    where = {p.code: (p.status, p.site_id, p.open_manifest) for p in Package.objects.all()}
    assert where[codes[0]] == ("received", world.sites["plant"].pk, "")
    assert where[codes[1]] == ("in_transit", None, back.number)
    # The stock had been booked at generation: nothing is unexplained.
    assert held() == {
        f"site:S-maker|{OIL}|generated|": -1_800_000,
        f"site:S-plant|{OIL}|stored|": 1_000_000,
        f"vehicle:浙E00003|{OIL}|in_transit|": 800_000,
    }
    advance(back.number, Event.ARRIVE, {}, act=world.act("second", hours=6))
    taken = {"receipt": {"lines": [{"accepted_g": 800_000}]}, "receiver": {"handler": "张三"}}
    advance(back.number, Event.CONFIRM, taken, act=world.act("maker", hours=7))
    assert Package.objects.get(code=codes[1]).site_id == world.sites["maker"].pk
    assert held()[f"site:S-maker|{OIL}|stored|"] == 800_000


def test_the_paper_is_a_pdf(drive, document):
    manifest = drive(document, *ALL)
    assert manifest_pdf(manifest, url="https://example.test/q/1", printed_at=NOW).startswith(b"%PDF-")


def test_plan_and_permit_are_counted_refused_mass_is_given_back_and_amendments_count(drive, document, world):
    permit = Permit.objects.create(
        number="P1", organisation=world.firms["plant"], categories=["HW08"], capacity_t_per_year=100, mode="收集",
        valid_until="2027-12-31", source="test",
    )  # fmt: skip
    document["wastes"] = document["wastes"][:1]
    lines = [{"accepted_g": 1_500_000, "refused_g": 300_000}]
    receipt = {"receipt": {"has_major_difference": False, "lines": lines}, "receiver": {"handler": "赵六"}}
    manifest = drive(document, *ALL[:4], ("plant", "confirm", receipt))

    def used():
        plan = PlanUse.objects.filter(site=world.sites["maker"], waste_code=OIL).values_list("used_g", flat=True)
        return list(plan), list(PermitUse.objects.filter(permit=permit).values_list("used_g", flat=True))

    assert used() == ([1_500_000], [1_500_000])  # 1.8 t departed, 0.3 t came back
    amend(manifest, "plant", lambda doc: doc["receipt"]["lines"][0].update(accepted_g=1_480_000))
    assert used() == ([1_500_000], [1_480_000])


def standing(world, permit):
    """What plan and permit stand at, by year and code; and the same from the rows of the manifests."""
    plan = PlanUse.objects.filter(site=world.sites["maker"]).exclude(used_g=0)
    on_permit = PermitUse.objects.filter(permit=permit).exclude(used_g=0)
    counters = (
        {(u.year, u.waste_code): u.used_g for u in plan},
        {(u.year, u.waste_code): u.used_g for u in on_permit},
    )
    rows = ManifestUse.objects.exclude(mass_g=0)
    opened = (
        {(u.year, u.waste_code): u.mass_g for u in rows.exclude(plan=None)},
        {(u.year, u.waste_code): u.mass_g for u in rows.exclude(permit=None)},
    )
    assert counters == opened
    return counters


def test_across_new_year_each_step_counts_in_its_own_year_and_an_amendment_in_the_same(world, document):
    """By hand: 1.8 t leave on 30 December 2026; 1.5 t are accepted and 0.3 t refused on 2 January 2027."""
    permit = Permit.objects.create(
        number="P1", organisation=world.firms["plant"], categories=["HW08"], capacity_t_per_year=100, mode="收集",
        valid_until="2028-12-31", source="test",
    )  # fmt: skip
    document["wastes"] = document["wastes"][:1]
    lines = [{"accepted_g": 1_500_000, "refused_g": 300_000}]
    receipt = {"receipt": {"has_major_difference": False, "lines": lines}, "receiver": {"handler": "赵六"}}
    days = 24 * 58  # 2 November and 58 days: 30 December
    manifest = create_manifest(document, act=world.act("maker", hours=days))
    for hours, who, event, payload in (
        (1, "maker", "submit", {}), (2, "carrier", "depart", {}), (3, "second", "hand_over", {}),
        (72, "second", "arrive", {}), (73, "plant", "confirm", receipt),
    ):  # fmt: skip
        manifest = advance(manifest.number, Event(event), payload, act=world.act(who, hours=days + hours))
    assert standing(world, permit) == ({(2026, OIL): 1_500_000}, {(2027, OIL): 1_500_000})
    amend(manifest, "maker", lambda doc: doc["wastes"][0].update(mass_g=1_790_000), hours=days + 99)
    assert standing(world, permit) == ({(2026, OIL): 1_490_000}, {(2027, OIL): 1_500_000})


def test_an_amended_code_moves_what_was_counted_to_the_other_line(drive, document, world):
    other = "900-249-08"
    permit = Permit.objects.create(
        number="P1", organisation=world.firms["plant"], categories=["HW08"], capacity_t_per_year=100, mode="收集",
        valid_until="2027-12-31", source="test",
    )  # fmt: skip
    document["wastes"] = document["wastes"][:1]
    receipt = {
        "receipt": {"has_major_difference": False, "lines": [{"accepted_g": 1_800_000}]},
        "receiver": {"handler": "赵六"},
    }
    manifest = drive(document, *ALL[:4], ("plant", "confirm", receipt))
    amend(manifest, "plant", lambda doc: doc["wastes"][0].update(code=other))
    assert standing(world, permit) == ({(2026, other): 1_800_000}, {(2026, other): 1_800_000})
