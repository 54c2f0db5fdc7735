"""Leave to cross the province: what needs which, until when, by which deadlines; no rate is invented."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core import region_transfer as rt
from wufei.core.catalogue import methods
from wufei.core.regulations import clauses
from wufei.core.working_days import Calendar

DAY = date(2026, 11, 25)  # a Wednesday


@pytest.mark.parametrize(("domain", "method", "kind"), [
    ("industrial", "R4", "filing"), ("industrial", "D1", "approval"), ("industrial", "", "approval"),
    ("construction", "O12", "filing"), ("hazardous", "R9", "approval"), ("hazardous", "D10", "approval"),
])  # fmt: skip
def test_disposal_and_storage_need_approval_and_use_of_general_waste_filing(domain, method, kind):
    assert rt.needed_leave(domain, method, DAY).kind == kind


def test_before_the_rows_are_in_force_nothing_is_asked():
    assert rt.needed_leave("industrial", "D1", date(2020, 8, 31)) is None


def test_every_row_names_clauses_that_exist_and_each_domain_and_purpose_has_one_row():
    keys = [(row.domain, row.purpose) for row in rt.leaves()]
    assert len(keys) == len(set(keys))
    assert {s for row in rt.leaves() for s in row.sources} <= set(clauses())
    assert {row.clause for row in rt.steps()} <= set(clauses())
    assert {rt.purpose_of(code) for code in methods()} == {"utilisation", "disposal"}


@pytest.mark.parametrize(("decided", "asked", "permit", "last"), [
    (date(2026, 11, 25), None, None, date(2027, 11, 24)),  # twelve months
    (date(2024, 2, 29), None, None, date(2025, 2, 27)),  # the anniversary is 28 February; the day before is the last
    (date(2026, 11, 25), date(2027, 3, 31), None, date(2027, 3, 31)),
    (date(2026, 11, 25), date(2027, 3, 31), date(2026, 12, 12), date(2026, 12, 12)),
])  # fmt: skip
def test_a_leave_ends_with_its_months_what_was_asked_or_the_permit(decided, asked, permit, last):
    assert rt.last_valid_day(decided, asked, permit) == last


@given(st.dates(date(2022, 1, 1), date(2040, 1, 1)), st.none() | st.dates(), st.none() | st.dates())
def test_a_leave_never_outlives_its_limits(decided, asked, permit):
    last = rt.last_valid_day(decided, asked, permit)
    assert last < decided + timedelta(days=366)
    assert all(last <= day for day in (asked, permit) if day)


def test_deadlines_are_working_days_of_the_measures():
    """5 to tell at once, 5 to review after acceptance, 10 to reply, 5 to decide (standards 3.4); counted by hand."""
    happened = {"applied": DAY, "accepted": date(2026, 11, 27), "first_review": date(2026, 12, 4),
                "reply": date(2026, 12, 18)}  # fmt: skip
    assert rt.due_dates(happened) == {
        "correction": date(2026, 12, 2), "first_review": date(2026, 12, 4), "reply": date(2026, 12, 18),
        "decision": date(2026, 12, 25),
    }  # fmt: skip
    assert rt.due_dates({"applied": DAY}) == {"correction": date(2026, 12, 2)}
    assert rt.due_dates({"applied": DAY}, Calendar(frozenset({date(2026, 11, 26)}))) == {
        "correction": date(2026, 12, 3)
    }


def test_shaoxing_asks_for_compensation_between_counties_and_prints_no_rate():
    """绍兴's plan explores 跨区、县（市）处置生态补偿金; the rate is the place's to enter."""
    rule = rt.compensation_rule("330683001", "330604", "hazardous", DAY)
    assert (rule.place, rule.yuan_per_t, rule.confidence) == ("330600", None, "own")
    assert rt.compensation_due(rule, 12_500_000) is None
    # 12.5 t at 80 yuan a tonne: 1000 yuan. 1 g at 80 yuan: 0.00008 yuan, nothing to the fen.
    assert rt.compensation_due(rule, 12_500_000, Decimal(80)) == Decimal("1000.00")
    assert rt.compensation_due(rule, 1, Decimal(80)) == Decimal("0.00")
    assert rt.compensation_rule("330683001", "330683002", "hazardous", DAY) is None
    assert rt.compensation_rule("330523001", "330604", "hazardous", DAY) is None
    assert rt.compensation_rule("330683001", "330604", "household", DAY) is None
