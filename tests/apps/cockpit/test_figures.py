"""Figures on a page: exact, grouped, and never 0 for what is unknown."""

from decimal import Decimal
from fractions import Fraction

import pytest

from wufei.apps.cockpit.figures import decimal_text, rounded_text, spark, tonnes_text


@pytest.mark.parametrize(
    ("value", "shown"),
    [("64", "64"), ("75.3999", "75.4"), ("1234.5678", "1,234.57"), ("-0.005", "-0.005"), ("0.0312", "0.0312"),
     ("0.00000004", "0.00000004"), ("0", "0")],
)  # fmt: skip
def test_a_computed_figure_has_two_decimals_and_a_small_one_never_becomes_0(value, shown):
    assert rounded_text(Fraction(value)) == shown


def test_what_is_unknown_is_a_dash_and_zero_is_zero():
    assert decimal_text(None) == "—"
    assert decimal_text("") == "—"
    assert decimal_text(Decimal(0)) == "0"


def test_a_fraction_is_rounded_half_away_from_zero():
    assert decimal_text(Fraction(2, 3)) == "0.6667"
    assert decimal_text(Fraction(-1, 8), places=2) == "-0.13"


def test_words_of_a_document_stay_words():
    assert decimal_text("完成年度目标") == "完成年度目标"


def test_a_mass_below_a_kilogram_does_not_become_zero():
    assert tonnes_text(5) == "0.000005"
    assert tonnes_text(182_150_000_000) == "182,150"
    assert tonnes_text(0) == "0"
    assert tonnes_text(None) == "—"


def test_a_spark_runs_from_the_lowest_to_the_highest():
    drawn = spark([(2021, Fraction(10)), (2022, Fraction(30)), (2023, Fraction(20))], "%")
    assert drawn.points == "4.0,21.0 48.0,3.0 92.0,12.0"
    assert drawn.text == "2021 年 10%；2022 年 30%；2023 年 20%"
    assert spark([], "%") is None


def test_a_spark_shows_the_target_years_after_the_last_value():
    drawn = spark([(2022, Fraction(75))], "%", [(2025, Fraction(80))])
    assert (drawn.points, drawn.target_points) == ("4.0,21.0", "4.0,21.0 92.0,3.0")
    assert drawn.text == "2022 年 75%；2025 年目标 80%"
