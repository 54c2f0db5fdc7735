"""How figures are written on a page: exact, with thousands separated and the unit beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from wufei.core.numbers import grouped_text

MOST_PLACES = 12
NOTHING = "—"


def decimal_text(value: Decimal | Fraction | str | None, places: int = 4) -> str:
    """An exact figure as it is shown; a fraction is rounded half up to ``places``; ``None`` is a dash, never 0."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, str):
        text = value
        try:
            value = Decimal(text)
        except ArithmeticError:
            return text  # the document's own words
    return grouped_text(_rounded(value, places) if isinstance(value, Fraction) else value)


def _rounded(value: Fraction, places: int) -> Decimal:
    """Half away from zero."""
    scaled = abs(value) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(-whole if value < 0 else whole).scaleb(-places)


def rounded_text(value: Fraction) -> str:
    """A computed figure in two decimals, as rates are printed; a small one in more, so that it never becomes 0."""
    places = 2 if abs(value) >= Fraction(1, 10) else 4
    while value and places < MOST_PLACES and not _rounded(value, places):
        places += 2
    return decimal_text(value, places)


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
    return grouped_text(shown)


@dataclass(frozen=True, slots=True)
class Spark:
    """A small picture, 96 × 24: years that have a value as a line, target years as a dashed one; and in words."""

    points: str
    last_x: str
    last_y: str
    target_points: str
    target_x: str
    target_y: str
    text: str


def _drawn(series: Sequence[tuple[int, Fraction]], years: range, low: Fraction, span: Fraction) -> list[str]:
    width = max(len(years) - 1, 1)
    return [
        f"{4 + 88 * (year - years.start) / width if len(years) > 1 else 48:.1f},"
        f"{float(21 - 18 * (value - low) / span) if span else 12:.1f}"
        for year, value in series
    ]


def spark(
    series: Sequence[tuple[int, Fraction]], unit: str, targets: Sequence[tuple[int, Fraction]] = ()
) -> Spark | None:
    """``series`` and ``targets`` are (year, number), oldest first; ``None`` where no year has a value."""
    if not series:
        return None
    every = [value for _, value in (*series, *targets)]
    years = range(min(y for y, _ in (*series, *targets)), max(y for y, _ in (*series, *targets)) + 1)
    low, span = min(every), max(every) - min(every)
    line = _drawn(series, years, low, span)
    later = [(year, value) for year, value in targets if year >= series[-1][0]]
    dashed = [line[-1], *_drawn(later, years, low, span)] if later else []
    words = [f"{year} 年 {decimal_text(value)}{unit}" for year, value in series]
    words += [f"{year} 年目标 {decimal_text(value)}{unit}" for year, value in targets]
    last_x, last_y = line[-1].split(",")
    target_x, target_y = dashed[-1].split(",") if dashed else ("", "")
    return Spark(" ".join(line), last_x, last_y, " ".join(dashed), target_x, target_y, "；".join(words))
