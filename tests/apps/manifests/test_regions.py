"""Across the border: what a manifest is held against, what it uses up, and the compensation due."""

from datetime import date

import pytest
from tests.apps.manifests.conftest import NOW, OIL
from tests.apps.manifests.test_life import held

from wufei.apps.declarations.models import Contract, HandlingPlan
from wufei.apps.manifests.services import advance, create_manifest, update_manifest
from wufei.apps.packages.actions import Act as PackageAct
from wufei.apps.packages.making import What
from wufei.apps.packages.models import Package
from wufei.apps.packages.services import assign_packages
from wufei.apps.registry.models import CompensationRate, RegionTransfer, RegionTransferLine, Site
from wufei.core.findings import Refused
from wufei.core.manifest import Event
from wufei.core.manifest_profiles import manifest_profiles


@pytest.fixture
def approval(world):
    """Makes a granted approval of the maker's site for oil."""

    def make(*, direction="out", site="maker", granted_g=10_000_000, other="广德某利用公司", number="皖1号", **more):
        values = {"kind": "approval", "status": "granted", "valid_from": date(2026, 1, 1),
                  "valid_until": date(2026, 12, 31)} | more  # fmt: skip
        transfer = RegionTransfer.objects.create(
            direction=direction, domain="hazardous", site=world.sites[site], other_name=other, number=number,
            other_division="340000", asked_from=date(2026, 1, 1), asked_until=date(2026, 12, 31), created_at=NOW,
            updated_at=NOW, created_by="x", **values,
        )  # fmt: skip
        return RegionTransferLine.objects.create(
            transfer=transfer, waste_code=OIL, method="R9", asked_g=granted_g, granted_g=granted_g
        )

    return make


def leaving(document, **region):
    """The document with one waste, one carrier, going to 广德."""
    region = {"kind": "out", "division": "安徽省宣城市广德市", "approval": "皖1号"} | region
    return document | {
        "wastes": document["wastes"][:1], "carriers": document["carriers"][:1], "region": region,
        "receiver": {"outside": "广德某利用公司"},
    }  # fmt: skip


def submitted(world, document, who="maker"):
    """Submit a manifest; returns it with the codes that were found for the region."""
    manifest = create_manifest(document, act=world.act(who))
    manifest = advance(manifest.number, Event.SUBMIT, {}, act=world.act(who, hours=1))
    return manifest, found(manifest, "submit")


def found(manifest, event, start="region"):
    row = manifest.history.get(event=event)
    return [f["code"] for f in row.findings if f["code"].startswith(start)]


def test_out_of_the_province_under_its_approval_uses_it_up(world, document, approval):
    line = approval()
    manifest, codes = submitted(world, leaving(document))
    assert codes == []
    manifest = advance(manifest.number, Event.DEPART, {}, act=world.act("carrier", hours=2))
    line.refresh_from_db()
    assert line.used_g == 1_800_000
    advance(manifest.number, Event.ARRIVE, {}, act=world.act("carrier", hours=3))
    receipt = {"receipt": {"has_major_difference": False, "lines": [{"accepted_g": 1_800_000}]},
               "receiver": {"handler": "赵六"}}  # fmt: skip
    advance(manifest.number, Event.CONFIRM, receipt, act=world.act("maker", hours=4))
    assert held()[f"boundary:330523|{OIL}|outside|"] == 1_800_000
    line.refresh_from_db()
    assert line.used_g == 1_800_000


@pytest.mark.parametrize(("made", "region", "expected"), [
    (None, {}, ["region_missing"]),
    ({}, {"approval": "皖2号"}, ["region_missing"]),
    ({}, {"approval": None}, []),  # found by the other end's name
    ({"valid_until": date(2026, 11, 1)}, {}, ["region_expired"]),
    ({"other": "别的公司"}, {}, ["region_scope"]),
    ({"kind": "filing"}, {}, ["region_missing"]),  # hazardous waste needs an approval
    ({"status": "revoked"}, {}, ["region_missing"]),
    ({"granted_g": 1_799_999}, {}, ["region_remaining"]),
    ({}, {"division": "浙江省湖州市长兴县", "approval": None}, []),  # the same province: nothing is needed
    ({}, {"division": None, "kind": None, "approval": None}, []),  # known from the approval for that party
    (None, {"division": None, "kind": None, "approval": None}, ["region_unstated"]),
    (None, {"division": None, "approval": None}, ["region_missing", "region_unstated"]),
])  # fmt: skip
def test_what_lacks_is_alerted(world, document, approval, made, region, expected):
    if made is not None:
        approval(**made)
    _, codes = submitted(world, leaving(document, **region))
    assert sorted(codes) == expected


def test_two_approvals_are_used_in_turn_and_the_last_bears_the_overrun(world, document, approval):
    first = approval(granted_g=1_000_000, number="皖1号", valid_until=date(2026, 11, 30))
    second = approval(granted_g=500_000, number="皖2号")
    manifest, codes = submitted(world, leaving(document, approval=None))
    assert codes == ["region_remaining"]
    advance(manifest.number, Event.DEPART, {}, act=world.act("carrier", hours=2))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.used_g, second.used_g) == (1_000_000, 800_000)


def test_what_is_refused_is_given_back(world, document, approval):
    line = approval()
    manifest, _ = submitted(world, leaving(document))
    advance(manifest.number, Event.DEPART, {}, act=world.act("carrier", hours=2))
    advance(manifest.number, Event.ARRIVE, {}, act=world.act("carrier", hours=3))
    lines = [{"accepted_g": 1_300_000, "refused_g": 500_000}]
    receipt = {"receipt": {"has_major_difference": False, "lines": lines}, "receiver": {"handler": "赵六"}}
    advance(manifest.number, Event.CONFIRM, receipt, act=world.act("maker", hours=4))
    line.refresh_from_db()
    assert line.used_g == 1_300_000


def test_into_the_region_the_receiver_holds_the_approval(world, document, approval):
    document |= {
        "wastes": document["wastes"][:1], "carriers": document["carriers"][:1],
        "generator": {"outside": "广德某产废公司", "handler": "外人", "emergency_phone": "0563-6000000"},
        "region": {"kind": "in", "division": "安徽省宣城市广德市", "approval": "皖移入3号"},
    }  # fmt: skip
    manifest, codes = submitted(world, document, "plant")
    assert codes == ["region_missing"]
    line = approval(direction="in", site="plant", other="广德某产废公司", number="皖移入3号")
    advance(manifest.number, Event.DEPART, {}, act=world.act("carrier", hours=2))
    line.refresh_from_db()
    assert line.used_g == 1_800_000


@pytest.fixture
def shaoxing(world):
    """The maker lies in 嵊州, the plant in 上虞, both of 绍兴."""
    for name, division in (("maker", "330683"), ("plant", "330604")):
        Site.objects.filter(pk=world.sites[name].pk).update(division_id=division)


def test_compensation_is_reckoned_where_the_place_has_set_a_rate(world, document, shaoxing):
    document["wastes"] = document["wastes"][:1]
    manifest, _ = submitted(world, document)
    assert "compensation_yuan" not in (manifest.document.get("region") or {})
    assert found(manifest, "submit", "compensation") == ["compensation_unset"]
    CompensationRate.objects.create(
        division_id="330600", domain="hazardous", yuan_per_t="80", valid_from=date(2026, 1, 1), source="x",
        entered_at=NOW, entered_by="office",
    )  # fmt: skip
    # 1.8 t at 80 yuan a tonne.
    manifest, _ = submitted(world, document)
    assert manifest.document["region"]["compensation_yuan"] == "144.00"
    # It was loaded heavier than announced: 2 t, 160 yuan.
    manifest = create_manifest(document, act=world.act("maker"))
    advance(manifest.number, Event.SUBMIT, {}, act=world.act("maker", hours=1))
    update_manifest(manifest.number, {"wastes": [{"mass_g": 2_000_000}]}, act=world.act("maker", hours=1))
    manifest = advance(manifest.number, Event.DEPART, {}, act=world.act("carrier", hours=2))
    assert manifest.document["region"]["compensation_yuan"] == "160.00"
    assert found(manifest, "depart", "compensation") == []
    # Another amount stays as it was written, and is told.
    manifest, _ = submitted(world, document | {"region": {"compensation_yuan": "1"}})
    assert manifest.document["region"]["compensation_yuan"] == "1"
    assert found(manifest, "submit", "compensation") == ["compensation_differs"]


def test_contracts_are_looked_at(world, document):
    document["wastes"] = document["wastes"][:1]
    contract = Contract.objects.create(
        generator=world.firms["maker"], receiver=world.firms["plant"], receiver_name="x", number="HT1",
        valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31), items=[{"waste_code": OIL}], created_at=NOW,
        created_by="maker",
    )  # fmt: skip
    assert found(submitted(world, document)[0], "submit", "contract") == []
    contract.ended_on = date(2026, 11, 1)
    contract.save()
    assert found(submitted(world, document)[0], "submit", "contract") == ["contract_expired"]
    Contract.objects.update(ended_on=None, items=[{"waste_code": "900-041-49"}])
    assert found(submitted(world, document)[0], "submit", "contract") == ["contract_code"]
    Contract.objects.all().delete()
    assert found(submitted(world, document)[0], "submit", "contract") == ["contract_missing"]


def test_a_building_site_needs_its_handling_plan(world):
    Site.objects.filter(code="S-maker").update(category="construction_site", domain="construction")
    document = {
        "profile": "construction", "generator": {"site": "S-maker", "handler": "张三"},
        "wastes": [{"code": "900-001-S70", "mass_g": 20_000_000}],
        "carriers": [{"organisation": world.code("carrier"), "vehicle": "浙E00002", "driver": "李四"}],
        "receiver": {"site": "S-plant"},
    }  # fmt: skip

    def codes():
        return found(submitted(world, document)[0], "submit", "handling")

    assert codes() == ["handling_plan_missing"]
    plan = HandlingPlan.objects.create(
        site=world.sites["maker"], version=1, number="JZFA-1", status="submitted", project="x",
        begins_on=date(2026, 1, 1), ends_on=date(2026, 12, 31), submitted_at=NOW, submitted_by="maker",
    )  # fmt: skip
    assert codes() == ["handling_plan_unapproved"]
    plan.status = "approved"
    plan.save()
    assert codes() == []
    HandlingPlan.objects.update(ends_on=date(2026, 11, 1))
    assert codes() == ["handling_plan_expired"]


def make_packages(world, firm, count=1):
    act = PackageAct(key=firm, at=NOW, recorded_at=NOW, actor=firm, firm_id=world.firms[firm].pk)
    what = What(waste_code=OIL, generated_on=NOW.date(), form="L", container="drum")
    return assign_packages(
        site=world.sites[firm], act=act, count=count, what=what, masses_g=[900_000] * count, book=True
    )


def test_packages_that_stand_at_another_site_are_told(world, document):
    codes = make_packages(world, "maker")
    document["wastes"] = [document["wastes"][0] | {"packages": codes, "package_count": 1, "mass_g": 900_000}]
    assert found(submitted(world, document)[0], "submit", "package") == []
    Package.objects.update(open_manifest="")
    Site.objects.create(
        code="S-second", name="二厂", organisation=world.firms["maker"], division_id="330523001",
        category="industrial_enterprise", domain="hazardous",
    )  # fmt: skip
    document["generator"]["site"] = "S-second"
    assert found(submitted(world, document)[0], "submit", "package") == ["package_elsewhere"]


def test_nobody_ships_the_packages_of_another_firm(world, document):
    codes = make_packages(world, "other")
    document["wastes"] = [document["wastes"][0] | {"packages": codes, "package_count": 1}]
    manifest = create_manifest(document, act=world.act("maker"))
    with pytest.raises(Refused) as caught:
        advance(manifest.number, Event.SUBMIT, {}, act=world.act("maker", hours=1))
    assert [(f.field, f.code) for f in caught.value.findings] == [("/wastes/0/packages/0", "package_unknown")]
    # Nor are they slipped in at departure.
    del document["wastes"][0]["packages"]
    manifest, _ = submitted(world, document)
    slipped = {"wastes": [{"packages": codes}]}
    with pytest.raises(Refused):
        advance(manifest.number, Event.DEPART, slipped, act=world.act("carrier", hours=2))
    assert set(Package.objects.values_list("status", "open_manifest")) == {("assigned", "")}


def test_no_code_no_receipt_is_an_alert_and_where_the_profile_says_so_a_refusal(drive, world, document, monkeypatch):
    document["wastes"] = document["wastes"][:1]
    steps = (("maker", "submit", {}), ("carrier", "depart", {}), ("carrier", "arrive", {}))
    receipt = {"receipt": {"has_major_difference": False, "lines": [{"accepted_g": 1_800_000}]},
               "receiver": {"handler": "赵六"}}  # fmt: skip
    manifest = drive(document, *steps, ("plant", "confirm", receipt))
    assert "package_missing" in found(manifest, "confirm", "package")
    profile = manifest_profiles()["hazardous"]
    object.__setattr__(profile, "blocks", profile.blocks | {"package_missing"})
    try:
        manifest = drive(document, *steps)
        with pytest.raises(Refused) as caught:
            advance(manifest.number, Event.CONFIRM, receipt, act=world.act("plant", hours=5))
    finally:
        object.__setattr__(profile, "blocks", profile.blocks - {"package_missing"})
    assert [(f.field, f.code) for f in caught.value.findings] == [("/wastes/0/packages", "package_missing")]
