"""Packages from their code to their end: what each write does, refuses, and does only once."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from tests.apps.packages.conftest import ASH, NOW, OIL, TODAY, act, assign, balance, get, movements, what

from wufei.apps.facts.models import Fact
from wufei.apps.packages import services, transport, treating
from wufei.apps.packages.models import Package, PackageAction, PackageCounter, PackageEdge, PackageScan, PackageStep
from wufei.apps.packages.scans import Scan, record_scans
from wufei.apps.packages.treating import Residue
from wufei.core.findings import Refused
from wufei.core.package_code import parse_code

pytestmark = pytest.mark.django_db


def faults(function, **values):
    """The codes of what is found, and that nothing changed."""
    before = state()
    with pytest.raises(Refused) as caught:
        function(**values)
    assert state() == before
    assert all(finding.remedy for finding in caught.value.findings)
    return [finding.code for finding in caught.value.findings]


def state():
    rows = [tuple(row) for row in Package.objects.order_by("id").values_list()]
    tables = (PackageAction, PackageStep, PackageEdge, PackageCounter, Fact)
    return rows, [table.objects.count() for table in tables]


# --- Codes --------------------------------------------------------------------------------------------------------


def test_hazardous_waste_gets_the_identification_code_of_its_unit_waste_and_day(shop):
    first, second = assign(shop, [1000, None])
    read = parse_code(first)
    assert (read.credit_code, read.waste_code, read.on, read.serial) == (
        shop.organisation.credit_code, OIL, TODAY, 1
    )  # fmt: skip
    assert parse_code(second).serial == 2
    package = get(first)
    assert (package.status, package.mass_g, package.hazards, package.site) == ("assigned", 1000, "T,I", shop)
    assert get(second).mass_g is None


def test_other_waste_gets_a_code_of_the_own_series(shop):
    codes = assign(shop, [5] * 40, "900-001-S17")
    assert [parse_code(code).serial for code in codes] == list(range(1, 41))
    assert {parse_code(code).domain for code in codes} == {"industrial"}
    assert len({code[12:15] for code in codes}) > 20  # the salt: who knows one code does not know the next


def test_a_thousand_codes_take_as_many_statements_as_one(shop):
    def statements(count):
        with CaptureQueriesContext(connection) as captured:
            assign(shop, [1] * count, "900-001-S17")
        return len(captured)

    assert statements(1) == statements(1000) <= 8
    assert Package.objects.count() == 1001


def test_more_than_999_a_day_are_to_be_split(shop):
    assign(shop, [1] * 990)
    assert faults(assign, site=shop, masses_g=[1] * 10) == ["serials_exhausted"]
    assert [parse_code(code).serial for code in assign(shop, [1] * 9)] == list(range(991, 1000))


def test_all_that_is_wrong_with_an_assignment_is_said_at_once(shop):
    shop.organisation.credit_code = None
    found = faults(
        services.assign_packages,
        site=shop,
        what=what(form="X", container="?", hazards="Q"),
        act=act(shop),
        count=1001,
    )
    assert sorted(found) == [
        "no_credit_code",
        "number_of_codes",
        "unknown_container",
        "unknown_form",
        "unknown_hazard",
    ]


def test_an_external_code_belongs_to_one_package(shop):
    give = {"site": shop, "what": what(), "count": 1}
    services.assign_packages(**give, act=act(shop), external_codes=["ZJ-1"])
    assert faults(services.assign_packages, **give, act=act(shop), external_codes=["ZJ-1"]) == ["external_code_taken"]
    assert services.store(codes=["ZJ-1"], act=act(shop)) == [Package.objects.get().code]


def test_the_same_key_gives_the_same_codes_once(shop):
    codes = assign(shop, [1, 2], key="once")
    assert assign(shop, [1, 2], key="once") == codes
    assert Package.objects.count() == 2
    assert faults(assign, site=shop, masses_g=[3], key="once") == ["key_with_other_content"]


@pytest.fixture
def at_once(shop, tmp_path, monkeypatch):
    """Run a function in several threads, each a client of its own; what it returns, or raises, is listed.

    The tests' SQLite lies in memory, where clients do not wait for each other as they do on a file: it gets a copy.
    """
    if connection.vendor == "sqlite":
        copy = sqlite3.connect(tmp_path / "copy.sqlite3")
        connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode=WAL")  # as a file in use has it; turning it on needs everyone to wait
        copy.close()
        monkeypatch.setitem(connections.settings["default"], "NAME", str(tmp_path / "copy.sqlite3"))

    def run(function, clients=4):
        def client(number):
            try:
                return function(number)
            finally:
                connection.close()

        with ThreadPoolExecutor(clients) as pool:
            return [done.result() for done in [pool.submit(client, number) for number in range(clients)]]

    return run


@pytest.mark.django_db(transaction=True)
def test_requests_at_the_same_moment_never_get_the_same_code(shop, at_once):
    done = at_once(lambda number: [assign(shop, [1] * 5, key=f"{number}-{turn}") for turn in range(4)])
    codes = [code for turns in done for turn in turns for code in turn]
    assert sorted(parse_code(code).serial for code in codes) == list(range(1, 81))


@pytest.mark.django_db(transaction=True)
def test_one_key_at_the_same_moment_is_done_once(shop, at_once):
    done = at_once(lambda number: assign(shop, [1] * 3, key="same"))
    assert [parse_code(code).serial for code in done[0]] == [1, 2, 3]
    assert done == [done[0]] * 4


def test_generation_is_booked_with_the_code_where_asked(shop):
    (code,) = assign(shop, [700], book=True)
    assert movements(code) == [("generate", 700)]
    assert balance(shop, "stored") == 700


def test_weighing_fills_in_what_was_left_open(shop):
    (code,) = assign(shop, [None])
    services.weigh(masses_g={code: 321}, act=act(shop))
    assert get(code).mass_g == 321
    (booked,) = assign(shop, [10], book=True)
    assert faults(services.weigh, masses_g={booked: 11}, act=act(shop)) == ["mass_booked"]


# --- Boxes --------------------------------------------------------------------------------------------------------


def test_a_box_goes_with_all_that_lies_inside(shop, plant, truck):
    box, inner, bag, loose = assign(shop, [None, None, 300, 40])
    services.nest(box=inner, codes=[bag], act=act(shop))
    services.nest(box=box, codes=[inner, loose], act=act(shop))
    assert transport.package_masses([box, inner, bag]) == {box: 340, inner: 300, bag: 300}
    assert {get(code).top for code in (inner, bag, loose)} == {get(box).id}

    transport.load(codes=[box], plate=truck.plate, act=act(shop, manifest="M1"))
    assert {p.status for p in Package.objects.all()} == {"in_transit"}
    assert {p.holder for p in Package.objects.all()} == {truck.organisation}
    transport.unload(site=plant, act=act(manifest="M1"))
    assert {(p.status, p.site) for p in Package.objects.all()} == {("received", plant)}


def test_taken_out_of_a_box_the_rest_keeps_together(shop):
    box, inner, bag, loose = assign(shop, [None, None, 300, 40])
    services.nest(box=inner, codes=[bag], act=act(shop))
    services.nest(box=box, codes=[inner, loose], act=act(shop))
    services.unnest(codes=[inner], act=act(shop))
    assert (get(inner).top, get(bag).top, get(loose).top) == (None, get(inner).id, get(box).id)
    assert transport.package_masses([box, inner]) == {box: 40, inner: 300}


def test_a_box_lies_not_in_itself_nor_too_deep_nor_elsewhere(shop, plant):
    codes = assign(shop, [1] * 7)
    for outer, inner in zip(codes[1:6], codes[:5], strict=True):
        services.nest(box=outer, codes=[inner], act=act(shop))  # six, one in another
    assert faults(services.nest, box=codes[6], codes=[codes[5]], act=act(shop)) == ["too_deep"]
    assert faults(services.nest, box=codes[0], codes=[codes[5]], act=act(shop)) == ["box_in_itself"]
    (other,) = assign(plant, [1])
    assert faults(services.nest, box=codes[6], codes=[other], act=act()) == ["other_place"]
    (paper,) = assign(shop, [1], "900-005-S17")
    assert faults(services.nest, box=codes[6], codes=[paper], act=act(shop)) == ["other_domain"]


def test_what_lies_in_a_box_moves_by_the_box_alone(shop, truck):
    box, bag = assign(shop, [None, 300])
    services.nest(box=box, codes=[bag], act=act(shop))
    load = {"plate": truck.plate, "act": act(shop, manifest="M1")}
    assert faults(transport.load, codes=[bag], **load) == ["inside_a_box"]
    assert len(transport.load(codes=[box, bag], **load)) == 2  # both were scanned: fine


# --- Whose it is --------------------------------------------------------------------------------------------------


def test_foreign_unknown_and_ended_packages_are_all_told(shop, plant):
    (own,), (foreign,), (gone,) = assign(shop), assign(plant), assign(shop)
    services.void(codes=[gone], act=act(shop, reason="标签打错"))
    found = faults(services.store, codes=[own, foreign, gone, "nonsense"], act=act(shop))
    assert sorted(found) == ["status_forbids", "unknown_package", "unknown_package"]


# --- Manifests ----------------------------------------------------------------------------------------------------


def test_a_package_stands_on_one_manifest_until_it_is_released(shop, plant, truck):
    (code,) = assign(shop)
    transport.reserve(codes=[code], act=act(shop, manifest="M1"))
    assert faults(transport.reserve, codes=[code], act=act(shop, manifest="M2")) == ["on_other_manifest"]
    transport.load(codes=[code], plate=truck.plate, act=act(shop, manifest="M1"))
    assert faults(transport.release, act=act(manifest="M1")) == ["still_in_transit"]
    transport.unload(codes=[code], site=plant, act=act(manifest="M1"))
    assert faults(treating.retire, codes=[code], method="D10", act=act(plant)) == ["on_other_manifest"]
    assert transport.release(act=act(manifest="M1")) == [code]
    assert get(code).open_manifest == ""


def test_several_carriers_take_a_package_in_turn_and_a_refused_one_goes_back(shop, plant, truck):
    (code,) = assign(shop)
    transport.load(codes=[code], plate=truck.plate, act=act(shop, manifest="M1"))
    transport.load(codes=[code], plate="浙E00001", act=act(manifest="M1"))
    assert (get(code).plate, get(code).holder) == ("浙E00001", None)
    transport.refuse(codes=[code], site=plant, masses_g={}, act=act(manifest="M1"))
    transport.send_back(codes=[code], refused_on="M1", act=act(manifest="M2"))
    assert (get(code).status, get(code).site, get(code).plate) == ("in_transit", None, "浙E00001")
    transport.unload(codes=[code], site=shop, act=act(manifest="M2"))
    transport.release(act=act(manifest="M2"))
    assert (get(code).status, get(code).site, get(code).holder_id) == ("received", shop, shop.organisation_id)
    assert list(get(code).steps.values_list("kind", flat=True)) == [
        "assign", "load", "load", "refuse", "send_back", "unload", "release"
    ]  # fmt: skip


# --- Split, merge, treat ------------------------------------------------------------------------------------------


def test_parts_sum_to_the_gram(shop):
    (code,) = assign(shop, [1000], book=True)
    assert faults(treating.split, code=code, parts_g=[400, 599], act=act(shop)) == ["parts_do_not_sum"]
    parts = treating.split(code=code, parts_g=[400, 600], act=act(shop))
    assert [get(part).mass_g for part in parts] == [400, 600]
    assert get(code).status == "split"
    assert list(PackageEdge.objects.values_list("mass_g", "kind")) == [(400, "split"), (600, "split")]
    assert faults(treating.split, code=code, parts_g=[500, 500], act=act(shop)) == ["status_forbids"]
    assert faults(services.void, codes=[parts[0]], act=act(shop, reason="错")) == ["came_from_others"]
    assert balance(shop, "stored") == 1000  # the stock is what it was


def test_a_merged_package_weighs_what_went_in(shop):
    codes = assign(shop, [300, 700])
    (merged,) = treating.merge(codes=codes, act=act(shop))
    assert (get(merged).mass_g, get(merged).waste_code) == (1000, OIL)
    assert {get(code).status for code in codes} == {"merged"}


def test_hazardous_wastes_of_several_codes_are_not_merged(shop):
    codes = assign(shop, [300]) + assign(shop, [700], "900-249-08")
    assert faults(treating.merge, codes=codes, act=act(shop), into=what(), method="R9") == ["other_waste_code"]


def test_other_wastes_of_several_codes_are_merged_as_treatment(shop):
    codes = assign(shop, [300], "900-001-S17", book=True) + assign(shop, [700], "900-005-S17", book=True)
    assert faults(treating.merge, codes=codes, act=act(shop)) == ["merge_into_what"]
    assert faults(treating.merge, codes=codes, act=act(shop), into=what("900-005-S17")) == ["unknown_method"]
    (merged,) = treating.merge(codes=codes, act=act(shop), into=what("900-005-S17"), method="O10")
    assert movements(codes[0]) == [("generate", 300), ("utilise", 300)]
    assert movements(merged) == [("generate", 1000)]
    assert balance(shop, "stored", "900-001-S17") == 0
    assert balance(shop, "stored", "900-005-S17") == 1000


def test_retired_at_treatment_the_mass_ends_and_residues_arise_under_one_document(plant):
    codes = assign(plant, [300, 700], book=True)
    (ash,) = treating.retire(
        codes=codes, method="D10", act=act(plant, document="burning:1"), outputs=[Residue(what(ASH), 100)]
    )
    assert {get(code).status for code in codes} == {"retired"}
    assert movements(codes[1])[-1] == ("dispose", 700)
    assert (balance(plant, "stored"), balance(plant, "disposed"), balance(plant, "stored", ASH)) == (0, 1000, 100)
    # By hand: 300 and 700 of 1000 g leave 30 and 70 g of the ash.
    assert list(PackageEdge.objects.order_by("source_id").values_list("mass_g", flat=True)) == [30, 70]
    assert (get(ash).status, parse_code(ash).credit_code) == ("stored", plant.organisation.credit_code)


def test_what_is_not_in_stock_cannot_be_retired(plant):
    codes = assign(plant, [300])  # never booked
    assert faults(treating.retire, codes=codes, method="D10", act=act(plant)) == ["overdrawn"]
    assert faults(treating.retire, codes=codes, method="O06", act=act(plant)) == ["unknown_method"]
    assert faults(treating.retire, codes=assign(plant, [None]), method="D10", act=act(plant)) == ["mass_unknown"]


def test_a_box_is_retired_with_all_that_lies_inside(plant):
    box, bag, can = *assign(plant, [None]), *assign(plant, [300, 40], book=True)
    services.nest(box=box, codes=[bag, can], act=act(plant))
    treating.retire(codes=[box], method="D10", act=act(plant))
    assert {get(code).status for code in (box, bag, can)} == {"retired"}
    assert balance(plant, "disposed") == 340
    assert movements(box) == []


def test_retiring_twice_under_one_key_is_retiring_once(plant):
    codes = assign(plant, [300], book=True)
    again = {"codes": codes, "method": "D10", "act": act(plant, key="burn"), "outputs": [Residue(what(ASH), 10)]}
    assert treating.retire(**again) == treating.retire(**again)
    assert balance(plant, "disposed") == 300


def test_a_void_code_takes_its_booked_generation_back(shop):
    (code,) = assign(shop, [700], book=True)
    assert faults(services.void, codes=[code], act=act(shop)) == ["no_reason"]
    services.void(codes=[code], act=act(shop, reason="标签打错"))
    assert movements(code) == [("generate", 700), ("reverse", 700)]
    assert balance(shop, "stored") == 0


def test_each_write_leaves_one_fact_and_a_step_a_package(shop):
    codes = assign(shop, [1, 2, 3])
    services.store(codes=codes, act=act(shop))
    facts = list(Fact.objects.order_by("id").values_list("verb", "after__count"))
    assert facts == [("assign_packages", 3), ("store_packages", 3)]
    assert PackageStep.objects.count() == 6


# --- Scans --------------------------------------------------------------------------------------------------------


def test_every_scan_is_kept_once_whatever_was_read(shop):
    (code,) = assign(shop)
    scans = [
        Scan("1", f"https://x.cn/q/{code.lower()}", NOW, "门岗", "PDA-7"),
        Scan("2", "not a code\0", NOW),
        Scan("3", code[:-3] + "999", NOW),
    ]
    results = record_scans(scans, actor="guard", recorded_at=NOW)
    assert [(r.code, r.is_known, r.is_new) for r in results] == [
        (code, True, True), ("", False, True), (code[:-3] + "999", False, True)
    ]  # fmt: skip
    assert results[1].advice
    assert not any(r.is_new for r in record_scans(scans, actor="guard", recorded_at=NOW))
    assert PackageScan.objects.count() == 3
    assert Fact.objects.filter(verb="record_scans").count() == 1
