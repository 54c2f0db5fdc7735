"""Indicators: computed, published, missing, not applicable; expected figures are those that places printed."""

from decimal import Decimal
from fractions import Fraction

import pytest

from wufei.core import indicators
from wufei.core.indicators import Basis, Status, UnknownIndicator, evaluate
from wufei.core.values import State, Value, ValueSet


def figure(element, number, printed="", period="2022", scope="", state=State.NUMBER):
    value = Decimal(number) if number is not None else None
    return Value(element, scope, period, value, state, "", printed, "测试（原文第1行）")


def place(*values, division=""):
    return ValueSet.of(division, values)


def test_the_national_hazardous_rate_of_2012_comes_out_as_printed():
    # 2702.8 used, 3465.2 generated, 84.5 of it from stock: 2702.8 / 3549.7 = 76.1 %
    values = place(figure("ihw_utilised", "2702.8"), figure("ihw_generated", "3465.2"),
                   figure("ihw_utilised_from_stock", "84.5"))  # fmt: skip
    outcome = evaluate("ihw_utilisation_rate", values, 2022)
    assert (outcome.status, outcome.basis) == (Status.VALUE, Basis.COMPUTED)
    assert round(outcome.value, 1) == Fraction("76.1")


def test_growth_looks_back_a_year():
    values = place(figure("msw_generated", "186200"), figure("msw_generated", "194200", period="2021"))
    assert round(evaluate("msw_growth", values, 2022).value, 2) == Fraction("-4.12")


def test_a_drop_is_against_the_reference_year_given():
    values = place(figure("ihw_landfilled", "60"), figure("ihw_landfilled", "100", period="2020"))
    assert evaluate("ihw_landfill_drop", values, 2022, base_year=2020).value == 40


def test_what_lacks_is_named_and_is_never_0():
    outcome = evaluate("msw_growth", place(figure("msw_generated", "1")), 2022)
    assert (outcome.status, outcome.value, outcome.missing) == (Status.NO_DATA, None, ("msw_generated@2021",))


@pytest.mark.parametrize("state", [State.BLANK, State.SLASH])
def test_blank_and_slash_are_no_data(state):
    values = place(figure("film_used", None, state=state), figure("film_recovered", "1"))
    assert evaluate("film_recovery_rate", values, 2022).status is Status.NO_DATA


def test_a_zero_numerator_is_0_and_a_zero_denominator_is_not_applicable():
    values = place(figure("criminal_cases_filed", "0"), figure("criminal_cases_qualified", "0"))
    assert evaluate("criminal_case_rate", values, 2022).status is Status.NOT_APPLICABLE
    values = place(figure("criminal_cases_filed", "0"), figure("criminal_cases_qualified", "3"))
    assert evaluate("criminal_case_rate", values, 2022).value == 0


def test_not_applicable_inputs_make_it_not_applicable():
    values = place(figure("film_used", None, state=State.NOT_APPLICABLE), figure("film_recovered", "1"))
    assert evaluate("film_recovery_rate", values, 2022).status is Status.NOT_APPLICABLE


def test_a_published_value_stands_in_for_missing_elements():
    values = place(figure("indicator:giw_intensity_growth", "-4.8", "-4.8%"))
    outcome = evaluate("giw_intensity_growth", values, 2022)
    assert (outcome.basis, outcome.value) == (Basis.PUBLISHED, Fraction("-4.8"))
    assert "industrial_value_added@2021" in outcome.missing


def test_both_are_shown_where_both_exist():
    values = place(figure("cdw_generated", "601700", "60.17万吨"), figure("cdw_utilised", "453700", "45.37万吨"),
                   figure("indicator:cdw_utilisation_rate", "75.40", "75.40%"))  # fmt: skip
    outcome = evaluate("cdw_utilisation_rate", values, 2022)
    assert outcome.basis is Basis.COMPUTED
    assert round(outcome.value, 2) == Fraction("75.40")
    assert outcome.published.printed == "75.40%"


def test_a_unit_slip_of_an_input_does_not_stand_for_the_printed_rate():
    values = place(figure("film_used", "440", "0.044万吨"), figure("film_recovered", "0.041", "0.041吨"),
                   figure("indicator:film_recovery_rate", "93.18", "93.18%"))  # fmt: skip
    outcome = evaluate("film_recovery_rate", values, 2022)
    assert (outcome.basis, outcome.value, outcome.slip) == (Basis.PUBLISHED, Fraction("93.18"), 4)


def test_a_place_may_use_its_own_denominator():
    figures = [figure("straw_utilised", "68848.76"), figure("straw_collected", "70465.52"),
               figure("straw_collectable", "60200")]  # fmt: skip
    own = evaluate("straw_utilisation_rate", place(*figures, division="330523"), 2022)
    standard = evaluate("straw_utilisation_rate", place(*figures), 2022)
    assert (round(own.value, 2), own.version) == (Fraction("97.71"), "2021/collected")
    assert (round(standard.value, 2), standard.version) == (Fraction("114.37"), "2021/standard")


def test_the_rate_of_zhejiang_comes_out_of_its_three_printed_figures():
    # 43.39 % from 2.81 recyclables, 22.56 % of 7.64 food waste: (2.81 + 1.723584) / (7.64 + 2.81)
    values = place(figure("msw_recyclables", "28100"), figure("msw_food_waste", "17235.84"),
                   figure("msw_generated_urban", "76400"))  # fmt: skip
    assert round(evaluate("msw_recycling_rate_zj", values, 2022).value, 2) == Fraction("43.38")


def test_an_unknown_id_is_refused():
    with pytest.raises(UnknownIndicator):
        evaluate("no_such_rate", place(), 2022)


def test_the_tables_hold_the_national_system_and_say_how_sure_they_are():
    rows = indicators.indicators().values()
    assert len(rows) == 98
    national = [row for row in rows if row.status in {"required", "optional"}]
    assert len(national) == 58
    assert sum(row.status == "required" for row in national) == 25
    assert {row.confidence for row in rows} == {"sourced", "own_high", "own_medium", "own_low"}
    assert sum(row.table == "facts" for row in indicators.elements().values()) == 166


def test_formulas_are_spelled_in_chinese():
    assert indicators.spelled("film_recovered / prev(film_used) * 100") == "农膜回收量 ÷ 上年(农膜使用量) × 100"
