"""Exact numbers as text. Figures are decimals and fractions; what is shown of them is never a float."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

PLACES = 6  # decimals shown of a number that has no end


def _without_trailing_zeros(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def decimal_text(number: Decimal | None) -> str | None:
    """A decimal without trailing zeros and without an exponent: ``42957.730000`` is ``42957.73``."""
    return None if number is None else _without_trailing_zeros(format(number, "f"))


def grouped_text(number: Decimal) -> str:
    """The same with thousands grouped: ``42957.730000`` is ``42,957.73``."""
    return _without_trailing_zeros(format(number, ",f"))


def fraction_text(number: Fraction, places: int = PLACES) -> str:
    """A fraction as decimal text: exact where it ends within ``places`` decimals, else rounded half to even."""
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(number.numerator) / Decimal(number.denominator)
        text = f"{exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN):f}"
    text = _without_trailing_zeros(text)
    return "0" if text == "-0" else text
