"""Until when a delivered manifest must be confirmed: a number of days or of working days after its arrival."""

from datetime import date, timedelta


def due_after(day: date, number: int, unit: str) -> date:
    """The last day of a period of ``number`` days or working days that begins the day after ``day``."""
    if unit == "day":
        return day + timedelta(days=number)
    assert unit == "working_day", unit
    while number:
        day += timedelta(days=1)
        number -= day.weekday() < 5
    return day
