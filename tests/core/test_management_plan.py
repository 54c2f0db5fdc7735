"""Grades and annual quantities of HJ 1259-2022, chapter 4; expected values by hand from the text of the standard."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core.findings import Finding
from wufei.core.form_fields import Field, masked, read_values, shown_value, typed_value
from wufei.core.management_plan import (
    TRANSITIONS,
    Basis,
    Grade,
    PlanStatus,
    advance,
    annual_quantity,
    basis_of,
    check_content,
    grade_of,
    plan_due,
    read_content,
    tables,
    tables_of,
)

ON = date(2026, 1, 1)
TONNE = 1_000_000
ROW = {"waste_code": "900-249-08", "form": "L", "planned_g": TONNE}
WAY = {
    "transfer": "province", "waste_code": "900-249-08", "planned_g": TONNE, "method": "R9", "receiver_kind": "permit",
    "receiver": "某利用厂",
}  # fmt: skip


@pytest.mark.parametrize(("annual_t", "own", "permit", "grade"), [
    (100, False, False, "key"), (99.999999, False, False, "simple"), (10, False, False, "simple"),
    (9.999999, False, False, "registered"), (0, True, False, "key"), (0, False, True, "key"),
    (0, False, False, "registered"),
])  # fmt: skip
def test_grade_by_quantity_facilities_and_permit(annual_t, own, permit, grade):
    assert grade_of(Basis(round(annual_t * TONNE), "years", own, permit), on=ON) == grade


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.booleans(), st.booleans())
def test_more_waste_is_never_watched_less(less_g, more_g, own, permit):
    order = [Grade.REGISTERED, Grade.SIMPLE, Grade.KEY]
    low, high = sorted((less_g, more_g))
    grades = [grade_of(Basis(mass_g, "years", own, permit), on=ON) for mass_g in (low, high)]
    assert order.index(grades[0]) <= order.index(grades[1])


@pytest.mark.parametrize(("since", "interval", "expected"), [
    (date(2020, 5, 1), 0, (30, "years")),  # three full years: the largest of 2023, 2024, 2025
    (date(2023, 1, 1), 0, (30, "years")),
    (date(2024, 6, 1), 0, (30, "period")),  # one full year: since the start, 2024 and 2025
    (date(2025, 6, 1), 0, (80, "assessed")),  # not one year
    (None, 0, (80, "assessed")),
    (date(2020, 5, 1), 4, (80, "assessed")),  # gives waste every four years
    (date(2020, 5, 1), 3, (30, "years")),
])  # fmt: skip
def test_annual_quantity(since, interval, expected):
    found = annual_quantity(
        year=2026, operating_since=since, generated_g={2022: 90, 2023: 10, 2024: 30, 2025: 20}, assessed_g=80,
        permitted_g=70, interval_years=interval,
    )  # fmt: skip
    assert found == expected


def test_what_nobody_knows_is_unknown_and_not_zero():
    assert annual_quantity(year=2026, operating_since=None, generated_g={}) == (None, "assessed")
    assert grade_of(Basis(None, "assessed", False, False), on=ON) is Grade.REGISTERED


def test_a_stated_year_goes_before_the_ledger():
    row = {"operating_since": "2020-01-01", "generated_1_g": 12 * TONNE, "own_facility": "no", "has_permit": "no"}
    found = basis_of(row, year=2026, ledger_g={2025: 200 * TONNE, 2024: 5 * TONNE})
    assert (found.annual_g, found.rule) == (12 * TONNE, "years")


def test_tables_of_each_grade():
    # standards 4.2: A.1, A.3, A.7 all; A.2, A.5 key; A.4, A.6 key and simple.
    assert [t.table for t in tables_of("key")] == ["basis", "A1", "A2", "A3", "A4", "A5", "A6", "A7"]
    assert [t.table for t in tables_of("simple")] == ["basis", "A1", "A3", "A4", "A6", "A7"]
    assert [t.table for t in tables_of("registered")] == ["basis", "A1", "A3", "A7"]


@pytest.mark.parametrize("status", list(PlanStatus))
@pytest.mark.parametrize("event", ["edit", "file", "return", "supersede"])
def test_every_pair_moves_as_the_table_says_or_is_refused(status, event):
    found = advance(status, event)
    assert found == TRANSITIONS[status, event] if (status, event) in TRANSITIONS else isinstance(found, Finding)


def test_a_plan_lists_all_that_is_wrong_at_once():
    content = {
        "A3": [ROW],
        "A7": [
            WAY,
            {**WAY, "method": "R1"},
            {**WAY, "waste_code": "900-001-S17"},
            {**WAY, "waste_code": "900-039-49"},
        ],
    }
    found = {(f.field, f.line, f.code) for f in check_content(content, "registered")}
    assert found == {
        ("basis", None, "table_empty"), ("A1", None, "table_empty"), ("A7.receiver", 2, "transfer_twice"),
        ("A7.waste_code", 3, "not_hazardous"), ("A7.waste_code", 4, "not_generated"),
    }  # fmt: skip


def test_content_is_read_cell_by_cell():
    content, findings = read_content({"A3": [{"waste_code": "90024908", "form": "液态", "planned_g": "1.5"}]})
    assert (content, findings) == ({"A3": [{"waste_code": "900-249-08", "form": "L", "planned_g": 1_500_000}]}, [])
    _, findings = read_content({"A3": [{"waste_code": "x", "form": "y", "planned_g": "-1", "z": "1"}], "B9": []})
    assert [f.field for f in findings] == ["A3.waste_code", "A3.form", "A3.planned_g", "A3.z", "B9"]
    assert all(f.what.endswith("。") and f.remedy.endswith(("。", "D10", "D10。")) for f in findings)


def test_the_plan_is_due_on_31_march():
    assert plan_due(2026) == date(2026, 3, 31)


TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)


@given(st.sampled_from(sorted(tables())), st.data())
def test_whatever_is_typed_is_a_value_or_a_finding_and_reads_the_same_again(table, data):
    fields = tables()[table].fields
    raw = {one.name: data.draw(TEXTS | st.sampled_from(["是", "1.5", "2026-01-01", "900-249-08"])) for one in fields}
    values, findings = read_values(fields, raw)
    assert len(values) + len(findings) <= len(fields)
    again, faults = read_values(
        fields, {one.name: typed_value(one, values.get(one.name)) for one in fields if one.name in values}
    )
    assert again == values
    assert [f for f in faults if f.code != "missing_field"] == []


def test_personal_data_are_masked_unless_asked():
    phone = Field("p", "电话", "phone", False)
    assert masked("phone", "13812345678") == "138****5678"
    assert masked("person", "张三丰") == "张**"
    assert shown_value(phone, "13812345678") == "138****5678"
    assert shown_value(phone, "13812345678", unmask=True) == "13812345678"
