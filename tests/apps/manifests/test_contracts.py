"""What manifests use of a contract: counted at departure, given back by refusal, moved by amendments, alerted."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from tests.apps.manifests.conftest import NOW, OIL, PAINT
from tests.apps.manifests.test_effects import amend
from tests.apps.manifests.test_life import ALL

from wufei.apps.declarations.models import Contract, ContractUse
from wufei.apps.declarations.selectors import contract_lines_of
from wufei.apps.declarations.services import end_contract, record_contract
from wufei.apps.manifests.models import ManifestUse
from wufei.apps.manifests.services import advance, create_manifest
from wufei.core.manifest import Event

SPLIT = {
    "receipt": {"has_major_difference": False, "lines": [{"accepted_g": 1_500_000, "refused_g": 300_000}]},
    "receiver": {"handler": "赵六"},
}


@pytest.fixture
def agree(world):
    """A contract of the maker with the plant: tonnes by code, ``None`` without a limit."""

    def record(number, tonnes, until="2026-12-31", taker="plant"):
        firm = world.firms[taker]
        head = {
            "number": number, "receiver": firm.name, "receiver_code": firm.credit_code, "valid_from": "2026-01-01",
            "valid_to": until,
        }  # fmt: skip
        items = [{"waste_code": code, **({"mass_g": mass} if mass else {})} for code, mass in tonnes.items()]
        return record_contract(generator=world.firms["maker"], head=head, items=items, actor="maker", at=NOW)

    return record


def standing():
    """Grams used by contract number and code, from the counters; they must be those of the manifests' rows."""
    counters = {(u.contract.number, u.waste_code): u.used_g for u in ContractUse.objects.exclude(used_g=0)}
    rows = {}
    for use in ManifestUse.objects.exclude(contract=None).exclude(mass_g=0).select_related("contract__contract"):
        key = (use.contract.contract.number, use.waste_code)
        rows[key] = rows.get(key, 0) + use.mass_g
    assert rows == counters
    return counters


def alerts(manifest):
    return {
        f["code"]: (f["stage"], f["field"], f["curer"], f["level"], f["what"])
        for event in manifest.history.all()
        for f in event.findings
        if f["code"].startswith("contract")
    }


def test_what_departs_is_counted_and_what_is_refused_is_given_back(drive, document, agree):
    """By hand: 1.8 t of oil and 0.64 t of paint leave; of the oil 0.3 t come back, 0.1 t are lost and stay."""
    contract = agree("HT-1", {OIL: "5", PAINT: None})
    drive(document, *ALL[:1])
    assert standing() == {}
    lines = [{"accepted_g": 1_400_000, "refused_g": 300_000, "lost_g": 100_000}, {"accepted_g": 640_000}]
    receipt = {"receipt": {"has_major_difference": False, "lines": lines}, "receiver": {"handler": "赵六"}}
    drive(document, *ALL[:4], ("plant", "confirm", receipt))
    assert standing() == {("HT-1", OIL): 1_500_000, ("HT-1", PAINT): 640_000}
    told = {line.waste_code: (line.agreed_g, line.used_g, line.remaining_g) for line in contract_lines_of(contract)}
    assert told == {OIL: (5_000_000, 1_500_000, 3_500_000), PAINT: (None, 640_000, None)}


def test_more_than_is_left_is_alerted_to_the_sender_and_goes_all_the_same(drive, document, agree):
    document["wastes"] = document["wastes"][:1]
    agree("HT-1", {OIL: "2"})
    first = drive(document, *ALL[:2])
    assert alerts(first) == {}
    second = drive(document, *ALL[:2])
    assert second.status == "in_transit"
    stage, field, curer, level, what = alerts(second)["contract_remaining"]
    assert (stage, field, curer, level) == ("submit", "/wastes/0/mass_g", "generator", "warn")
    assert what == f"{OIL} 本次 1.8 吨，合同余量为 0.2 吨。"
    assert standing() == {("HT-1", OIL): 3_600_000}


def test_an_amendment_counts_anew(drive, document, agree, world):
    document["wastes"] = document["wastes"][:1]
    agree("HT-1", {OIL: "5", "900-249-08": "5"})
    agree("HT-other", {OIL: "5"}, taker="other")
    manifest = drive(document, *ALL[:4], ("plant", "confirm", SPLIT))
    assert standing() == {("HT-1", OIL): 1_500_000}
    amend(manifest, "maker", lambda doc: doc["wastes"][0].update(mass_g=1_790_000))
    assert standing() == {("HT-1", OIL): 1_490_000}
    under_way = drive(document, *ALL[:2])
    assert standing() == {("HT-1", OIL): 3_290_000}
    amend(under_way, "maker", lambda doc: doc["wastes"][0].update(code="900-249-08"))
    assert standing() == {("HT-1", OIL): 1_490_000, ("HT-1", "900-249-08"): 1_800_000}
    amend(under_way, "maker", lambda doc: doc["receiver"].update(site="S-other"))
    assert standing() == {("HT-1", OIL): 1_490_000}
    amend(under_way, "maker", lambda doc: doc["wastes"][0].update(code=OIL))
    assert standing() == {("HT-1", OIL): 1_490_000, ("HT-other", OIL): 1_800_000}


def test_of_several_the_first_to_expire_is_used_up_first_and_the_last_bears_the_rest(drive, document, agree):
    """By hand: 1.8 t, and 1.8 t again: 1 t under the first, 2.6 t under the second, which agreed on 1.5 t."""
    document["wastes"] = document["wastes"][:1]
    agree("HT-late", {OIL: "1.5"}, until="2027-06-30")
    agree("HT-early", {OIL: "1"})
    agree("HT-past", {OIL: "9"}, until="2026-10-31")
    first = drive(document, *ALL[:2])
    assert standing() == {("HT-early", OIL): 1_000_000, ("HT-late", OIL): 800_000}
    assert alerts(first) == {}
    second = drive(document, *ALL[:2])
    assert standing() == {("HT-early", OIL): 1_000_000, ("HT-late", OIL): 2_600_000}
    assert alerts(second)["contract_remaining"][-1] == f"{OIL} 本次 1.8 吨，合同余量为 0.7 吨。"


def test_refusal_gives_back_to_the_one_that_expires_last(drive, document, agree):
    document["wastes"] = document["wastes"][:1]
    agree("HT-late", {OIL: "1.5"}, until="2027-06-30")
    agree("HT-early", {OIL: "1.7"})
    drive(document, *ALL[:4], ("plant", "confirm", SPLIT))  # 1.7 t and 0.1 t left; 0.3 t come back
    assert standing() == {("HT-early", OIL): 1_500_000}


def test_two_lines_of_one_code_share_what_is_left(drive, document, agree):
    document["wastes"][1]["code"] = OIL
    agree("HT-early", {OIL: "2"})
    agree("HT-late", {OIL: None}, until="2027-06-30")
    drive(document, *ALL[:2])  # 1.8 t and 0.64 t
    assert standing() == {("HT-early", OIL): 2_000_000, ("HT-late", OIL): 440_000}


def test_an_ended_contract_and_another_party_count_nothing(drive, document, agree, world):
    ended = agree("HT-1", {OIL: "9", PAINT: "9"})
    mine = Contract.objects.filter(generator=world.firms["maker"])
    end_contract(mine, pk=ended.pk, on=date(2026, 11, 1), reason="换厂", actor="maker", at=NOW)
    agree("HT-other", {OIL: "9"}, taker="other")
    drive(document, *ALL[:2])
    assert standing() == {}


def test_a_row_stands_in_one_counter(drive, document, agree):
    agree("HT-1", {OIL: "9"})
    drive(document, *ALL[:2])
    row = ManifestUse.objects.exclude(contract=None).get()
    row.plan = ManifestUse.objects.exclude(plan=None).first().plan
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_the_page_of_the_contract_opens_down_to_the_manifests(client, drive, document, agree, world):
    contract = agree("HT-1", {OIL: "1", PAINT: None})
    number = drive(document, *ALL[:2]).number
    address = f"/declarations/contracts/{contract.pk}/"
    uses = f"/manifests/contracts/{contract.pk}/"
    for who in ("maker", "plant", "office"):
        client.force_login(world.people[who])
        page = client.get(address).content.decode()
        cells = [text for text in ("1.8", "-0.8", "超出约定", "0.64") if text not in page]
        assert cells == [], who
        assert f"{uses}?code={OIL}" in page
        opened = client.get(uses, {"code": OIL}).content.decode()
        assert number in opened
        assert "1 份，共 1.8 吨" in opened
        assert "1 份，共 2.44 吨" in client.get(uses).content.decode()
        assert "还没有" in client.get(uses, {"code": "x\0"}).content.decode()
    client.force_login(world.people["stranger"])
    assert client.get(uses).status_code == 404


def test_the_interface_tells_what_is_left(client, drive, document, agree, world):
    contract = agree("HT-1", {OIL: "1", PAINT: None})
    drive(document, *ALL[:2])
    client.force_login(world.people["plant"])
    expected = [
        {"waste_code": OIL, "agreed_g": 1_000_000, "used_g": 1_800_000, "remaining_g": -800_000},
        {"waste_code": PAINT, "agreed_g": None, "used_g": 640_000, "remaining_g": None},
    ]
    assert client.get(f"/api/v1/declarations/contracts/{contract.pk}/").json()["lines"] == expected
    assert [row["lines"] for row in client.get("/api/v1/declarations/contracts/").json()["items"]] == [expected]


def test_a_return_shipment_counts_nothing(drive, document, agree, world):
    document["wastes"] = document["wastes"][:1]
    agree("HT-1", {OIL: "5"})
    manifest = drive(document, *ALL[:4], ("plant", "confirm", SPLIT))
    back = manifest.returned_by.get()
    advance(back.number, Event.ARRIVE, {}, act=world.act("second", hours=8))
    assert standing() == {("HT-1", OIL): 1_500_000}
    assert create_manifest(document, act=world.act("maker")).uses.count() == 0
