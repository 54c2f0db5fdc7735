"""Numbers of manifests (联单编号): 14 digits for hazardous waste, an own series with two letters in front elsewhere.

National: year 4, province 2, city 2, serial 6, counted by city and year. Source: transfer-2021/manifest-number.
Own: letters 2, year 4, county 6, serial 7. The two cannot be taken for each other.
"""

import re
from dataclasses import dataclass

NATIONAL = re.compile(r"(20[0-9]{2})([0-9]{4})([0-9]{6})")
OWN = re.compile(r"([A-Z]{2})(20[0-9]{2})([0-9]{6})([0-9]{7})")
NATIONAL_SERIES = "national"


class NumbersUsedUp(ValueError):
    """The series has no number left in this year."""


@dataclass(frozen=True, slots=True)
class Number:
    """A manifest number in its parts. ``series`` is ``national`` or two letters; ``place`` 4 digits or 6."""

    series: str
    year: int
    place: str
    serial: int


def serial_key(series: str, year: int, division: str) -> str:
    """What a running number is counted by: all but the serial itself."""
    if series == NATIONAL_SERIES:
        return f"{year:04}{division[:4].ljust(4, '0')}"
    return f"{series}{year:04}{division[:6].ljust(6, '0')}"


def serial_digits(series: str) -> int:
    """How many digits the serial of a series has."""
    return 6 if series == NATIONAL_SERIES else 7


def format_number(key: str, serial: int) -> str:
    """The number of a ``serial_key`` and a serial (≥ 1).

    Raises:
        NumbersUsedUp: the serial needs more digits than the series has.
    """
    digits = 7 if key[:1].isalpha() else 6
    if serial >= 10**digits:
        raise NumbersUsedUp(f"{key}: {serial}")
    return f"{key}{serial:0{digits}}"


def parse_number(text: str) -> Number | None:
    """The parts of a number, or ``None`` where it has the form of none."""
    if match := NATIONAL.fullmatch(text):
        return Number(NATIONAL_SERIES, int(match[1]), match[2], int(match[3]))
    if match := OWN.fullmatch(text):
        return Number(match[1], int(match[2]), match[3], int(match[4]))
    return None
