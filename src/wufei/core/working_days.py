"""Working days (工作日): weekends and what the yearly notice moves, as data in ``data/calendar``.

A period of n days begins on the day after the event and ends with its last day, at midnight in China's time.
Invariant: more days never end earlier, and a period of working days never ends on a day off.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

from wufei.core.ledger import SHANGHAI
from wufei.core.reference import names, read_table

UNITS = ("working_day", "day")
OFF, ON = "holiday", "workday"


class BadCalendar(ValueError):
    """A row of a calendar cannot be read; the text says which."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days differ from the week: ``holidays`` are weekdays off, ``workdays`` weekends that are worked."""

    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        """Whether ``day`` is a working day."""
        return day in self.workdays or (day.weekday() < 5 and day not in self.holidays)


def read_calendar(rows: Iterable[Mapping[str, str]]) -> Calendar:
    """A calendar of rows with ``day`` (ISO) and ``kind`` (holiday or workday). Raises ``BadCalendar``."""
    found: dict[str, set[date]] = {OFF: set(), ON: set()}
    for row in rows:
        try:
            found[row["kind"]].add(date.fromisoformat(row["day"]))
        except (KeyError, ValueError) as error:
            raise BadCalendar(
                f"{dict(row)} is no day of a calendar; write day (ISO) and kind ({OFF}, {ON})."
            ) from error
    return Calendar(frozenset(found[OFF]), frozenset(found[ON]))


@cache
def package_rows() -> tuple[Mapping[str, str], ...]:
    """The rows of all ``data/calendar/holidays-<year>.csv``."""
    files = [name for name in names("calendar", ".csv") if name.startswith("holidays-")]
    return tuple(row for name in files for row in read_table(f"calendar/{name}.csv"))


@cache
def package_calendar() -> Calendar:
    """The calendar that the package brings."""
    return read_calendar(package_rows())


def last_day(day: date, number: int, unit: str, calendar: Calendar) -> date:
    """The last day of a period of ``number`` days or working days that begins the day after ``day``."""
    assert number >= 0, number
    if unit == "day":
        return day + timedelta(days=number)
    assert unit == "working_day", unit
    while number:
        day += timedelta(days=1)
        number -= calendar.is_working(day)
    return day


def end_of(day: date) -> datetime:
    """The instant at which ``day`` is over."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=SHANGHAI)


def due_at(at: datetime, number: int, unit: str, calendar: Calendar) -> datetime:
    """The instant at which a period that begins with what happened at ``at`` is over; until then nothing is late."""
    return end_of(last_day(at.astimezone(SHANGHAI).date(), number, unit, calendar))


def days_left(at: datetime, due: datetime) -> int:
    """Whole days that are left, today among them; 0 or less when it is over."""
    if at >= due:
        return 0
    return (due.astimezone(SHANGHAI).date() - at.astimezone(SHANGHAI).date()).days
