"""Periods of days and working days, counted by hand on a calendar of November and December 2026."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core.ledger import SHANGHAI
from wufei.core.working_days import (
    BadCalendar,
    Calendar,
    days_left,
    due_at,
    last_day,
    package_calendar,
    package_rows,
    read_calendar,
)

WEEK = Calendar()


@pytest.mark.parametrize(("begin", "number", "unit", "end"), [
    # 2026-11-25 is a Wednesday.
    ("2026-11-25", 1, "working_day", "2026-11-26"), ("2026-11-25", 2, "working_day", "2026-11-27"),
    ("2026-11-25", 3, "working_day", "2026-11-30"), ("2026-11-25", 5, "working_day", "2026-12-02"),
    ("2026-11-28", 1, "working_day", "2026-11-30"), ("2026-11-25", 10, "working_day", "2026-12-09"),
    ("2026-11-25", 5, "day", "2026-11-30"), ("2026-11-25", 0, "working_day", "2026-11-25"),
])  # fmt: skip
def test_a_period_begins_the_day_after(begin, number, unit, end):
    assert last_day(date.fromisoformat(begin), number, unit, WEEK) == date.fromisoformat(end)


def test_days_off_and_days_worked_come_from_the_calendar():
    calendar = read_calendar([
        {"day": "2026-11-26", "kind": "holiday"}, {"day": "2026-11-28", "kind": "workday"},
    ])  # fmt: skip
    # Thursday 26 is off, Saturday 28 is worked: Friday 27, Saturday 28, Monday 30.
    assert last_day(date(2026, 11, 25), 3, "working_day", calendar) == date(2026, 11, 30)


def test_a_period_is_over_when_its_last_day_is():
    due = due_at(datetime(2026, 11, 25, 23, 59, tzinfo=SHANGHAI), 2, "working_day", WEEK)
    assert due == datetime(2026, 11, 28, tzinfo=SHANGHAI)
    assert days_left(datetime(2026, 11, 25, 9, tzinfo=SHANGHAI), due) == 3
    assert days_left(datetime(2026, 11, 27, 23, tzinfo=SHANGHAI), due) == 1
    assert days_left(due, due) == 0


def test_a_row_that_is_no_day_is_named():
    for row in ({"day": "2026-13-01", "kind": "holiday"}, {"day": "2026-10-01", "kind": "feast"}, {}):
        with pytest.raises(BadCalendar):
            read_calendar([row])


def test_the_package_says_where_each_of_its_days_comes_from():
    assert package_calendar() == read_calendar(package_rows())
    assert [row for row in package_rows() if not row["source"]] == []


@pytest.mark.parametrize(("begin", "number", "end"), [
    # By the notice: 25 September and 1 to 7 October 2026 are off, Saturday 10 October is worked.
    ("2026-09-24", 3, "2026-09-30"), ("2026-09-24", 5, "2026-10-09"), ("2026-09-24", 6, "2026-10-10"),
    # 15 to 23 February are off, the Saturdays 14 and 28 are worked.
    ("2026-02-13", 2, "2026-02-24"), ("2026-02-26", 2, "2026-02-28"),
    ("2025-12-31", 1, "2026-01-04"),  # 1 to 3 January are off, Sunday 4 is worked
])  # fmt: skip
def test_working_days_of_2026_as_the_notice_prints_them(begin, number, end):
    assert last_day(date.fromisoformat(begin), number, "working_day", package_calendar()) == date.fromisoformat(end)


calendars = st.builds(
    Calendar,
    st.frozensets(st.dates(date(2026, 1, 1), date(2026, 3, 1)), max_size=20),
    st.frozensets(st.dates(date(2026, 1, 1), date(2026, 3, 1)), max_size=20),
)


@given(st.dates(date(2026, 1, 1), date(2026, 2, 1)), st.integers(1, 20), calendars)
def test_a_period_of_working_days_ends_on_one_and_holds_as_many_as_it_says(day, number, calendar):
    end = last_day(day, number, "working_day", calendar)
    between = [day + timedelta(days=n) for n in range(1, (end - day).days + 1)]
    assert calendar.is_working(end)
    assert sum(map(calendar.is_working, between)) == number
