"""Masses as people type them: kilograms on a page or in a sheet, grams in the document (重量，千克填写、克记录).

Invariant: what is no mass comes back as it was typed, so that a form shows it again and says so in kilograms.
"""

from decimal import Decimal

from wufei.core.intake import BadValue, parse_decimal
from wufei.core.ledger_rules import limits
from wufei.core.numbers import grouped_text


class Kilograms(str):
    """Text that somebody typed for kilograms and that is no mass."""

    __slots__ = ()


def grams_typed(text: str) -> int | Kilograms | None:
    """The grams of a mass typed in kilograms, ``None`` where it is blank, the text itself where it is no mass.

    Full-width digits and thousands separators are read; refused are words, units, exponents, signs, parts of a gram
    and what is more than the ledger books at once.
    """
    if not text.strip():
        return None
    try:
        numerator, denominator = parse_decimal(text.replace("，", ",")).as_integer_ratio()
    except BadValue:
        return Kilograms(text)
    grams, rest = divmod(numerator * 1000, denominator)
    return grams if not rest and 0 <= grams <= limits().movement_max_g else Kilograms(text)


def no_mass(text: str) -> tuple[str, str]:
    """What is wrong with a text typed for kilograms, and what to do."""
    most = kilograms_text(limits().movement_max_g)
    return f"“{text.strip()[:20]}”不是千克数。", f"请填写 0 到 {most}、最多三位小数的千克数，如 12.5，不写单位。"


def kilograms_text(mass_g: int) -> str:
    """Grams as kilograms for people, exact: ``1_234_500`` is ``1,234.5``."""
    return grouped_text(Decimal(mass_g) / 1000)
