"""Data elements read from flows: exact sums, reversals taken back, the unknown left unknown."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core.indicators import element as data_element
from wufei.core.ledger import Bucket, FlowRow
from wufei.core.ledger_elements import (
    Giver,
    Measure,
    about,
    by_waste,
    folded,
    giver_categories,
    ledger_elements,
    measured,
)

BY_NAME = {(row.element, row.scope): row for row in ledger_elements()}


def flow(code: str, source: Bucket, target: Bucket, mass_g: int, **other) -> FlowRow:
    given = {
        "waste_code": code, "domain": "industrial", "source_bucket": source, "target_bucket": target,
        "source_category": "industrial_enterprise", "target_category": "industrial_enterprise",
        "source_division": "330523111", "target_division": "330523111", "method": "", "kind": "generate",
        "mass_g": mass_g, "count": 0, "movements": 1,
    }  # fmt: skip
    return FlowRow(**{**given, **other})


def value(element: str, rows: list[FlowRow], givers=(), division: str = "330523") -> Decimal | None:
    return measured(BY_NAME[element, ""], division, rows, givers)


MADE = flow("900-009-S17", Bucket.GENERATED, Bucket.STORED, 2_500_001)


def test_a_mass_is_the_exact_sum_in_tonnes():
    assert value("giw_generated", [MADE, MADE]) == Decimal("5.000002")


def test_a_reversal_takes_back_what_it_reverses():
    back = flow("900-009-S17", Bucket.STORED, Bucket.GENERATED, 500_001, kind="reverse")
    assert value("giw_generated", [MADE, back]) == Decimal("2")


def test_nothing_used_is_zero_where_the_waste_is_known_and_unknown_where_it_is_not():
    assert value("giw_utilised", [MADE]) == 0
    assert value("cdw_utilised", [MADE]) is None


def test_what_holders_of_another_region_gave_is_theirs():
    theirs = flow("900-009-S17", Bucket.GENERATED, Bucket.STORED, 9, source_division="330522100")
    assert value("giw_generated", [MADE, theirs]) == Decimal("2.500001")


def test_medical_waste_is_not_industrial_hazardous_waste():
    medical = flow("841-001-01", Bucket.GENERATED, Bucket.STORED, 10**6, domain="hazardous", source_category="clinic")
    paint = flow("900-252-12", Bucket.GENERATED, Bucket.STORED, 3 * 10**6, domain="hazardous")
    assert value("ihw_generated", [medical, paint]) == 3
    assert value("med_waste_generated", [medical, paint]) == 1


def test_heads_are_counted_and_not_weighed():
    pigs = flow("030-002-S82", Bucket.STORED, Bucket.DISPOSED, 90_000, domain="agricultural", kind="dispose", count=3)
    assert value("dead_livestock_centralised", [pigs]) == 3


def test_a_holder_is_counted_once_however_often_it_gave():
    medical = flow("841-001-01", Bucket.GENERATED, Bucket.STORED, 1, domain="hazardous", source_category="hospital")
    gave = [
        Giver(holder, "hospital", code, "hazardous", Bucket.STORED, Bucket.IN_TRANSIT)
        for holder, code in [("site:A", "841-001-01"), ("site:A", "841-002-01"), ("site:B", "841-001-01")]
    ]
    gave.append(Giver("site:C", "hospital", "841-001-01", "hazardous", Bucket.GENERATED, Bucket.STORED))
    assert value("med_institutions_covered", [medical], gave) == 2


@pytest.mark.parametrize("row", ledger_elements(), ids=lambda row: f"{row.element}[{row.scope}]")
def test_every_definition_is_of_a_known_element_of_a_fitting_unit(row):
    unit = data_element(row.element).unit
    fitting = {Measure.MASS: {"t"}, Measure.COUNT: {"头(羽)"}, Measure.HOLDERS: {"家"}}
    assert unit in fitting[row.measure]


def test_no_element_is_defined_twice():
    assert len(BY_NAME) == len(ledger_elements())


BUCKETS = st.sampled_from([Bucket.GENERATED, Bucket.STORED, Bucket.IN_TRANSIT, Bucket.UTILISED, Bucket.DISPOSED])
FLOWS = st.builds(
    flow,
    st.sampled_from(["900-009-S17", "841-001-01", "030-002-S82"]),
    BUCKETS,
    BUCKETS,
    st.integers(1, 10**12),
    source_category=st.sampled_from(["industrial_enterprise", "clinic"]),
    source_division=st.sampled_from(["330523111", "330523112", "330522100"]),
    method=st.sampled_from(["", "R4"]),
    kind=st.sampled_from(["generate", "reverse", "unload"]),
    count=st.integers(0, 9),
)


@given(st.lists(FLOWS, max_size=30))
def test_folding_and_choosing_the_flows_changes_no_measure(rows):
    kept = folded("330523", rows)
    for element in ledger_elements():
        own = about(element, by_waste(kept))
        assert measured(element, "330523", own) == measured(element, "330523", rows), element.element


def test_only_holders_of_these_categories_are_counted():
    # the institutions that hand over medical waste, and the veterinary units
    assert giver_categories() == {"hospital", "clinic", "vet_unit"}
