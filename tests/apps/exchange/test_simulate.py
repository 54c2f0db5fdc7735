"""``wufei simulate``: everything simulated says so, and the same call twice changes nothing."""

import json
from datetime import UTC, date, datetime

import pytest
from click.testing import CliRunner

from wufei.apps.exchange import commands
from wufei.apps.exchange import simulate as service
from wufei.apps.exchange.simulate import OtherSimulation, simulate
from wufei.apps.facts.models import Fact
from wufei.apps.ledger.models import HolderRecord, MovementRecord
from wufei.apps.registry import selectors
from wufei.apps.registry.models import (
    CarrierLicence,
    Facility,
    Organisation,
    Permit,
    Site,
    TransportPerson,
    Vehicle,
)
from wufei.apps.registry.services import load_reference
from wufei.core import checks
from wufei.core.simulation import load_scenario, thinned

AT = datetime(2026, 11, 22, tzinfo=UTC)
SMALL = thinned(load_scenario("330523", 2022), 60)


@pytest.fixture(autouse=True)
def _registry(db):
    load_reference()


def run(seed: int = 1, scale: int = 1):
    return simulate(SMALL, seed=seed, scale=scale, actor="test", at=AT)


def everything() -> dict[str, int]:
    models = (Organisation, Site, Facility, Vehicle, HolderRecord, MovementRecord, Fact)
    return {model.__name__: model.objects.count() for model in models}


def test_all_that_it_brings_is_marked_as_simulated():
    before = everything()
    done = run()
    simulated = {
        "Organisation": Organisation.objects.filter(is_simulated=True, name__startswith="模拟·").count(),
        "Site": Site.objects.filter(is_simulated=True, code__startswith="SIM-").count(),
        "Vehicle": Vehicle.objects.filter(is_simulated=True, plate__startswith="模拟").count(),
        "MovementRecord": MovementRecord.objects.filter(document__startswith="sim:").count(),
    }
    assert simulated == {name: everything()[name] - before[name] for name in simulated}
    assert simulated["MovementRecord"] == done.booked
    assert list(HolderRecord.objects.filter(is_simulated=False).values_list("key", flat=True)) == ["boundary:330523"]
    plants = Facility.objects.filter(site__is_simulated=True)
    assert set(plants.values_list("source", flat=True)) == {"模拟，不代表真实设施"}


def test_every_site_and_vehicle_holds_accounts_under_its_own_name():
    run()
    sites = {f"site:{code}" for code in Site.objects.filter(is_simulated=True).values_list("code", flat=True)}
    vehicles = {f"vehicle:{plate}" for plate in Vehicle.objects.values_list("plate", flat=True)}
    assert sites | vehicles | {"boundary:330523"} == set(HolderRecord.objects.values_list("key", flat=True))


def test_the_same_call_again_changes_nothing_and_says_so():
    first = run()
    before = everything()
    again = run()
    assert everything() == before
    assert (again.booked, again.already) == (0, first.booked)
    assert again.is_unchanged


@pytest.mark.parametrize(("seed", "scale"), [(2, 1), (1, 2)])
def test_another_seed_or_scale_is_refused_with_what_to_do_and_changes_nothing(seed, scale):
    run()
    before = everything()
    with pytest.raises(OtherSimulation, match=r"已有模拟数据（种子 1，倍数 1）.*请换一个空的数据库"):
        run(seed, scale)
    assert everything() == before


def test_an_interrupted_simulation_is_completed_by_the_same_call(monkeypatch):
    posted, real_post = [], service.post

    def post_once(batch, **given):
        if posted:
            raise KeyboardInterrupt
        posted.append(len(batch))
        return real_post(batch, **given)

    monkeypatch.setattr(service, "BATCH", 500)
    monkeypatch.setattr(service, "post", post_once)
    with pytest.raises(KeyboardInterrupt):
        run()
    assert MovementRecord.objects.count() == 500
    with pytest.raises(OtherSimulation):
        run(seed=2)
    monkeypatch.setattr(service, "post", real_post)
    done = run()
    assert done.already == 500
    assert MovementRecord.objects.count() == done.booked + 500


def test_progress_is_told_up_to_the_end():
    told = []
    done = simulate(SMALL, seed=1, scale=1, actor="test", at=AT, progress=lambda *step: told.append(step))
    assert told[-1] == (done.booked, done.booked)


def test_registering_costs_few_queries_whatever_the_number_of_sites(django_assert_max_num_queries):
    with django_assert_max_num_queries(90):
        run()


@pytest.fixture
def _small_scenario(monkeypatch):
    monkeypatch.setattr(commands, "load_scenario", lambda place, year: thinned(load_scenario(place, year), 60))


@pytest.mark.usefixtures("_small_scenario")
def test_the_command_prints_each_published_total_beside_the_ledger_as_json():
    result = CliRunner().invoke(commands.simulate, ["330523", "--year", "2022", "--seed", "1", "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["place"], told["year"], told["seed"], told["scale"], told["is_simulated"]) == (
        "330523", 2022, 1, 1, True,
    )  # fmt: skip
    assert {row["agrees"] for row in told["totals"]} == {True}
    (industrial,) = [row for row in told["totals"] if row["element"] == "giw_generated"]
    assert (industrial["printed"], industrial["ledger"]) == ("18.215万吨", "182150")


@pytest.mark.usefixtures("_small_scenario")
def test_the_command_takes_a_name_and_says_when_nothing_changed():
    arguments = ["安吉县", "--year", "2022"]
    assert "本次记账" in CliRunner().invoke(commands.simulate, arguments).output
    again = CliRunner().invoke(commands.simulate, arguments)
    assert again.exit_code == 0
    assert "没有改变任何内容" in again.output
    other = CliRunner().invoke(commands.simulate, [*arguments, "--seed", "9"])
    assert other.exit_code == 1
    assert "账本只能追加" in other.output


@pytest.mark.parametrize(("place", "year"), [("330825", "2022"), ("330523", "2021"), ("无此地", "2022")])
def test_a_place_or_year_without_a_scenario_ends_with_2_and_names_those_that_exist(place, year):
    before = everything()
    result = CliRunner().invoke(commands.simulate, [place, "--year", year])
    assert result.exit_code == 2
    assert "现有：330523 的 2022 年" in result.output
    assert everything() == before


def test_the_papers_of_the_simulated_fleet_and_plants_pass_the_checks_of_transport_and_permit():
    run()
    vehicle = next(row for row in Vehicle.objects.order_by("plate") if "6.1" in row.hazard_classes)
    plant = Facility.objects.get(code="SIM-330523-PHZ001")
    number = vehicle.plate.removeprefix("模拟")
    crew = {kind: TransportPerson.objects.get(kind=kind, name__endswith=number) for kind in ("driver", "escort")}
    carrier, day = str(vehicle.organisation_id), date(2026, 11, 25)
    document = {
        "wastes": [{"code": "900-249-08", "hazards": ["T", "I"], "form": "L", "mass_g": 5_000_000, "method": "R9"}],
        "carriers": [{
            "organisation": carrier, "vehicle": vehicle.plate, "waybill": "1",
            "driver": crew["driver"].name, "driver_licence": crew["driver"].certificate,
            "escort": crew["escort"].name, "escort_licence": crew["escort"].certificate,
        }],
        "receiver": {"site": plant.code},
    }  # fmt: skip
    firm = plant.site.organisation_id
    found = checks.check(checks.Dossier(
        document, "hazardous", "hazardous", day,
        permits=selectors.permits_of([firm], year=2026)[firm],
        vehicles=selectors.vehicles_by_plate([vehicle.plate]),
        persons=selectors.persons_by_certificate([row.certificate for row in crew.values()]),
        licences={carrier: selectors.licences_of([vehicle.organisation_id])[vehicle.organisation_id]},
    ))  # fmt: skip
    assert [f.code for f in found] == ["package_missing"]


def test_the_papers_say_that_they_are_simulated():
    run()
    marked = {"is_simulated": True, "name__startswith": "模拟", "certificate__startswith": "模拟"}
    assert TransportPerson.objects.filter(**marked).count() == TransportPerson.objects.count() > 0
    assert not Vehicle.objects.exclude(transport_permit__startswith="模拟")
    assert not CarrierLicence.objects.exclude(number__startswith="模拟", scope__contains="模拟")
    plants = Permit.objects.filter(organisation__is_simulated=True)
    assert plants.exists()
    assert not plants.exclude(number__startswith="模拟")
