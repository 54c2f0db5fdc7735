"""Units of mass (重量单位): what a file may write, in exact integer grams. The table is ``data/units/mass.csv``."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from wufei.core.reference import read_document, read_table

# Full-width forms that Chinese input methods type for ASCII. Not NFKC: that would turn 10² into 102.
_ASCII_OF = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20, 0x2212: 0x2D}
_INVISIBLE = " \t\r\n\v\f\u00a0\u3000\ufeff\u200b"


def narrow(text: str) -> str:
    """Return ``text`` with full-width letters, digits and signs as ASCII, and without blanks around it."""
    return text.translate(_ASCII_OF).strip(_INVISIBLE)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of what one line of a file can sensibly say (``data/units/limits.json``)."""

    mass_g_max: int
    year_min: int
    year_max: int
    number_length_max: int
    serial_min: int
    serial_max: int


@cache
def limits() -> Limits:
    """Return the bounds of the package's data."""
    raw = read_document("units/limits.json")
    return Limits(
        mass_g_max=int(raw["mass_g_max"]),
        year_min=raw["year_min"],
        year_max=raw["year_max"],
        number_length_max=raw["number_length_max"],
        serial_min=raw["serial_min"],
        serial_max=raw["serial_max"],
    )


@cache
def mass_units() -> Mapping[str, int]:
    """Return grams of one unit by every accepted spelling, in lower case: ``{"t": 1000000, "吨": 1000000, …}``."""
    table: dict[str, int] = {}
    for row in read_table("units/mass.csv"):
        for spelling in [row["unit"], row["name"], *row["aliases"].split(";")]:
            grams = int(row["grams"])
            assert table.setdefault(spelling.lower(), grams) == grams, f"{spelling} means two units"
    return MappingProxyType(table)


@cache
def allowed_mass_units() -> str:
    """Return the names that a message lists, largest unit first: ``万吨、吨、千克、斤、克``."""
    rows = sorted(read_table("units/mass.csv"), key=lambda row: -int(row["grams"]))
    return "、".join(row["name"] for row in rows)


def grams_of(unit: str) -> int | None:
    """Return the grams of one ``unit``, or ``None`` when it is no unit of mass that we know."""
    return mass_units().get(narrow(unit).lower())


@cache
def _names() -> Mapping[str, str]:
    return {row["unit"]: row["name"] for row in read_table("units/names.csv")}


def unit_name(unit: str) -> str:
    """A unit as a Chinese reader sees it: ``t/万元`` is 吨/万元, ``万t`` is 万吨; what has no other name stays."""
    return "/".join(_names().get(part, part) for part in unit.split("/"))
