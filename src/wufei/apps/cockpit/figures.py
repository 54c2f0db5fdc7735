"""How figures are written on a page: exact, with thousands separated and the unit beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

GRAMS_PER_TONNE = 1_000_000
NOTHING = "—"


def trimmed(value: Decimal) -> str:
    """``12345.600`` → ``12,345.6``: no trailing zeros, no exponent, thousands by comma."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def decimal_text(value: Decimal | Fraction | str | None, places: int = 4) -> str:
    """An exact figure as it is shown; a fraction is rounded half up to ``places``; ``None`` is a dash, never 0."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, str):
        try:
            value = Decimal(value)
        except ArithmeticError:
            return value  # the document's own words
    if isinstance(value, Fraction):
        scale = 10**places
        scaled = abs(value) * scale
        whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)  # half away from zero
        value = Decimal(-whole if value < 0 else whole).scaleb(-places)
    return trimmed(value)


def tonnes(mass_g: int) -> Decimal:
    """Grams as exact tonnes."""
    return Decimal(mass_g).scaleb(-6)


def tonnes_text(mass_g: int | None) -> str:
    """Grams as tonnes on the page: at most three decimals below 1,000,000 t … exact to the gram is in the panel."""
    if mass_g is None:
        return NOTHING
    exact = tonnes(mass_g)
    shown = round(exact, 3)
    if shown == 0 and mass_g:
        shown = exact
    return trimmed(shown)


@dataclass(frozen=True, slots=True)
class Spark:
    """A small line of the periods that have a value: points for an SVG of 96 × 24, and the same in words."""

    points: str
    last_x: str
    last_y: str
    text: str
    is_single: bool


def spark(series: Sequence[tuple[str, Decimal | Fraction]], unit: str) -> Spark | None:
    """``series`` is (period, value), oldest first; ``None`` when there is none."""
    if not series:
        return None
    values = [Fraction(value) for _, value in series]
    low, high = min(values), max(values)
    span = high - low
    step = 88 / max(len(values) - 1, 1)
    coordinates = [
        (4 + step * i, 12.0 if not span else float(21 - 18 * (value - low) / span)) for i, value in enumerate(values)
    ]
    if len(coordinates) == 1:
        coordinates = [(48.0, 12.0)]
    words = "；".join(f"{period} 年 {decimal_text(value)}{unit}" if len(period) == 4 else f"{period} {decimal_text(value)}{unit}" for period, value in series)  # fmt: skip
    last = coordinates[-1]
    return Spark(
        points=" ".join(f"{x:.1f},{y:.1f}" for x, y in coordinates),
        last_x=f"{last[0]:.1f}",
        last_y=f"{last[1]:.1f}",
        text=words,
        is_single=len(coordinates) == 1,
    )
