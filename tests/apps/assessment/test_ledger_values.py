"""Rates derived from the simulated ledger of 安吉 2022 against the rates that its plan prints."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest

from wufei.apps.assessment.assess import with_ledger
from wufei.apps.assessment.ledger_values import ledger_value_set
from wufei.apps.exchange.simulate import simulate
from wufei.apps.ledger import selectors as ledger
from wufei.apps.registry.services import load_reference
from wufei.core.catalogue import DOMAINS
from wufei.core.indicators import Basis, Status, evaluate
from wufei.core.reference import read_table
from wufei.core.simulation import load_scenario, thinned
from wufei.core.values import Origin, State, Value, ValueSet

ANJI = load_scenario("330523", 2022)
AT = datetime(2026, 11, 22, tzinfo=UTC)

# indicator -> the rate as the document prints it, and the line of the converted text
PUBLISHED_RATES = {
    "ihw_utilisation_rate": ("64.0", 251),
    "cdw_utilisation_rate": ("75.40", 212),
    "msw_growth": ("-4.13", 167),
    "msw_harmless_rate": ("100", 167),
    "msw_recycling_rate": ("43.39", 207),
    "msw_recycling_rate_zj": ("43.39", 207),
    "food_waste_share": ("22.56", 207),
    "straw_utilisation_rate": ("97.71", 221),
    "manure_utilisation_rate": ("99.44", 227),
    "manure_use_harmless_rate": ("99.44", 227),
    "film_recovery_rate": ("93.18", 233),
    "pesticide_pkg_recovery": ("100", 238),
    "dead_livestock_rate": ("100", 245),
    "med_safe_disposal_rate": ("100", 301),
    "med_system_coverage": ("100", 301),
    "med_recyclable_rate": ("100", 301),
    "vet_waste_rate": ("54.3", 303),
}


def reported() -> ValueSet:
    """The printed figures of the plan pack."""
    rows = [row for row in read_table("plans/330523/values.csv") if row["value"] not in {"", "/"}]
    return ValueSet.of(
        "330523",
        [
            Value(
                row["element"], row["scope"], row["period"], Decimal(row["value"]), State.NUMBER,
                row["unit"], row["printed"], row["source"],
            )
            for row in rows
        ],
    )  # fmt: skip


def as_printed(value: Fraction, printed: str) -> str:
    """The value rounded half up to the decimals of ``printed``."""
    step = Decimal(1).scaleb(Decimal(printed).as_tuple().exponent)
    return str((Decimal(value.numerator) / Decimal(value.denominator)).quantize(step, ROUND_HALF_UP))


@pytest.fixture
def _registry(db):
    load_reference()


def run(scenario=ANJI, seed: int = 1) -> None:
    simulate(scenario, seed=seed, scale=1, actor="test", at=AT)


@pytest.mark.usefixtures("_registry")
def test_seventeen_rates_from_the_ledger_equal_the_published_ones_to_the_printed_decimals():
    run()
    values = with_ledger(reported(), ledger_value_set("330523", 2022), 2022)
    found = {}
    for indicator, (printed, _) in PUBLISHED_RATES.items():
        outcome = evaluate(indicator, values, 2022)
        assert outcome.status == Status.VALUE, (indicator, outcome.missing)
        assert outcome.basis == Basis.COMPUTED, indicator
        of_year = [value for value in outcome.inputs if value.period == "2022"]
        assert any(value.origin == Origin.LEDGER and value.is_simulated for value in of_year), indicator
        found[indicator] = as_printed(outcome.value, printed)
    assert found == {indicator: printed for indicator, (printed, _) in PUBLISHED_RATES.items()}


@pytest.mark.usefixtures("_registry")
@pytest.mark.parametrize("seed", [3, 20_221_231])
def test_the_balance_of_every_domain_leaves_nothing_over_and_elements_do_not_depend_on_the_seed(seed):
    run(thinned(ANJI, 50), seed)
    for domain in [None, *DOMAINS]:
        balance = ledger.mass_balance("330523", 2022, domain)
        assert balance.is_simulated
        assert {line.residual_g for line in (*balance.codes, balance.total)} == {0}
    values = ledger_value_set("330523", 2022)
    for total in ANJI.totals:
        assert values.get(total.element, "2022").value == total.exact, total.element


@pytest.mark.usefixtures("_registry")
def test_what_the_ledger_cannot_know_is_left_out_and_stays_without_a_rate():
    run(thinned(ANJI, 50))
    ledger_only = ledger_value_set("330523", 2022)
    assert ledger_only.get("industrial_value_added", "2022") is None
    assert ledger_only.get("ihw_landfilled", "2022") is None  # what left the region may have been landfilled
    outcome = evaluate("giw_intensity_growth", with_ledger(reported(), ledger_only, 2022), 2022)
    assert outcome.status == Status.NO_DATA
    assert "giw_generated@2021" in outcome.missing


@pytest.mark.usefixtures("_registry")
def test_a_township_is_measured_by_what_its_own_holders_gave():
    run(thinned(ANJI, 50))
    county = ledger_value_set("330523", 2022).get("straw_collected", "2022").value
    parts = [ledger_value_set(town.code, 2022).get("straw_collected", "2022") for town in ANJI.townships]
    assert sum(value.value for value in parts if value) == county == Decimal("70465.52")


@pytest.mark.django_db
def test_an_empty_ledger_knows_nothing_and_says_no_zero():
    assert len(ledger_value_set("330523", 2022)) == 0
