"""The scenario of 安吉 2022 against the figures that its plan prints."""

from dataclasses import replace
from decimal import Decimal

import pytest

from wufei.core.simulation import UnknownScenario, available, load_scenario, thinned
from wufei.core.simulation.scenario import check

ANJI = load_scenario("330523", 2022)

# Read off the document by hand: element -> (printed in its own unit as tonnes or heads, half of the last place).
PRINTED = {
    "giw_generated": ("182150", "5"),  # 18.215万吨, line 161
    "ihw_generated": ("23100", "50"),  # 2.31万吨, line 251
    "ihw_utilised": ("14770", "5"),  # 1.477万吨, line 251
    "med_waste_generated": ("950", "5"),  # 0.095万吨, line 301
    "med_recyclables_generated": ("110", "5"),  # 0.011万吨, line 301
    "msw_generated": ("186200", "50"),  # 18.62万吨, line 167
    "msw_generated_urban": ("76400", "50"),  # 7.64万吨, line 207
    "msw_recyclables": ("28100", "50"),  # 2.81万吨, line 207
    "msw_food_waste": ("17000", "500"),  # 1.7万吨, line 207
    "cdw_generated": ("601700", "50"),  # 60.17万吨, line 212
    "cdw_utilised": ("453700", "50"),  # 45.37万吨, line 212
    "straw_collected": ("70465.52", "0.005"),  # line 221
    "straw_utilised": ("68848.76", "0.005"),  # line 221
    "manure_generated": ("156998.58", "0.005"),  # line 227
    "manure_utilised": ("156117.15", "0.005"),  # line 227
    "film_used": ("440", "5"),  # 0.044万吨, line 233
    "film_recovered": ("410", "5"),  # 0.041 printed with 吨, meant 万吨, line 233
    "pesticide_pkg_generated": ("44", "0.5"),  # line 238
    "dead_livestock_total": ("146956", "0"),  # line 245
}


@pytest.mark.parametrize("element", PRINTED)
def test_each_total_is_printed_as_the_document_prints_it(element):
    (total,) = (total for total in ANJI.totals if total.element == element)
    printed, half_step = (Decimal(text) for text in PRINTED[element])
    assert abs(ANJI.amount(total) - printed) <= half_step


def test_the_heads_of_dead_livestock_are_those_of_the_document():
    heads = {stream.factor: stream.count for stream in ANJI.streams if stream.count}
    assert heads == {"pig": 34429, "sheep": 282, "poultry": 106028, "pet": 6217}


def test_every_stream_says_whether_its_total_is_published_derived_or_assumed():
    assert {stream.basis for stream in ANJI.streams} == {"published", "derived", "assumed"}
    # Sludge and the market's recyclables are not in the document, so nothing of them may pass as published.
    unpublished = [s for s in ANJI.streams if s.group in {"sewage", "recyclables", "recyclables_in", "social", "vet"}]
    assert {stream.basis for stream in unpublished} == {"assumed"}


def test_all_fifteen_townships_take_part():
    assert len({town.code for town in ANJI.townships}) == 15


def test_an_unknown_place_or_year_is_refused_with_those_that_exist():
    with pytest.raises(
        UnknownScenario, match=r"没有 330825 2022 年的模拟方案，现有：330523 的 2022 年。请"
    ) as caught:
        load_scenario("330825", 2022)
    assert caught.value.known == available() == (("330523", 2022),)
    with pytest.raises(UnknownScenario, match="没有 330523 2021 年"):
        load_scenario("330523", 2021)


def test_a_scenario_whose_fates_do_not_add_up_is_a_programming_error():
    first = ANJI.streams[0]
    broken = replace(ANJI, streams=(replace(first, total_g=first.total_g + 1), *ANJI.streams[1:]))
    with pytest.raises(AssertionError, match=f"{first.id}: fates hold"):
        check(broken)


def test_a_total_outside_its_printed_rounding_is_a_programming_error():
    first = ANJI.totals[0]
    with pytest.raises(AssertionError, match="giw_generated is not printed so"):
        check(replace(ANJI, totals=(replace(first, printed_value=Decimal("182160")), *ANJI.totals[1:])))


def test_thinning_keeps_the_masses():
    assert [ANJI.amount(total) for total in ANJI.totals] == [thinned(ANJI, 50).amount(t) for t in ANJI.totals]
