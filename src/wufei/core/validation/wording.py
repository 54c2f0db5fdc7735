"""How figures stand in the sentences of findings."""

from fractions import Fraction

from wufei.core import indicators
from wufei.core.values import Value, printed_number


def plain(number: Fraction, places: int = 2) -> str:
    """A number with at most ``places`` decimals, without trailing zeros: 157008.58, 0.0093 keeps two digits."""
    while places < 8 and number and abs(number) < Fraction(10) ** (1 - places):
        places += 1
    scaled = round(number * 10**places)
    sign, digits = "-" if scaled < 0 else "", str(abs(scaled)).rjust(places + 1, "0")
    whole, decimals = digits[: len(digits) - places], digits[len(digits) - places :].rstrip("0")
    return sign + whole + ("." + decimals if decimals else "")


def in_unit_of(value: Value, number: Fraction) -> str:
    """``number`` (in the element's unit) in the unit and to the decimals in which ``value`` is printed."""
    printed = printed_number(value.printed) if value.printed else None
    if printed is None or not printed or not value.value:
        return plain(number, 4) + (value.unit or indicators.unit_of(value.element))
    ratio = Fraction(printed) / Fraction(value.value)
    places = max(2, -int(printed.as_tuple().exponent))
    return plain(number * ratio, places) + (value.unit or indicators.unit_of(value.element))
