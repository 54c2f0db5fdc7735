"""Exact fractions as decimal text."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

PLACES = 6  # decimals shown of a number that has no end


def decimal_text(number: Fraction, places: int = PLACES) -> str:
    """The number as decimal text: exact where it ends within ``places`` decimals, else rounded half to even."""
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(number.numerator) / Decimal(number.denominator)
        text = f"{exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text
