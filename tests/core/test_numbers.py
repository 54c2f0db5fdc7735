"""Exact numbers as text: no trailing zeros, no exponent, thousands by comma where a person reads."""

from decimal import Decimal
from fractions import Fraction

import pytest

from wufei.core.numbers import decimal_text, fraction_text, grouped_text


@pytest.mark.parametrize(
    ("value", "shown"),
    [("182150.00", "182,150"), ("0.10", "0.1"), ("-4.8", "-4.8"), ("1E+3", "1,000"), ("0.000", "0"), ("100", "100")],
)
def test_a_decimal_is_shown_without_trailing_zeros_and_with_thousands(value, shown):
    assert grouped_text(Decimal(value)) == shown
    assert decimal_text(Decimal(value)) == shown.replace(",", "")


def test_a_fraction_that_ends_is_exact_and_one_that_does_not_is_rounded():
    assert fraction_text(Fraction(1, 8)) == "0.125"
    assert fraction_text(Fraction(-2, 3)) == "-0.666667"
    assert fraction_text(Fraction(-1, 10**9)) == "0"
