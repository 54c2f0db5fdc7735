"""Periods, due days and lines of a declaration; expected values by hand."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core.declaration import (
    TERM_NAMES,
    TERMS,
    Line,
    SiteFlow,
    as_rows,
    check_lines,
    forms,
    from_rows,
    lines_of,
    parse_period,
    total_of,
)
from wufei.core.ledger import HELD, Bucket
from wufei.core.record_book import books

OIL = "900-249-08"


@pytest.mark.parametrize(("text", "first", "last", "name"), [
    ("2026-10", date(2026, 10, 1), date(2026, 10, 31), "2026 年 10 月"),
    ("2026-12", date(2026, 12, 1), date(2026, 12, 31), "2026 年 12 月"),
    ("2024-02", date(2024, 2, 1), date(2024, 2, 29), "2024 年 2 月"),
    ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31), "2026 年第 4 季度"),
    ("2026", date(2026, 1, 1), date(2026, 12, 31), "2026 年"),
])  # fmt: skip
def test_periods(text, first, last, name):
    period = parse_period(text)
    assert (period.first, period.last, period.name) == (first, last, name)


@pytest.mark.parametrize("text", ["", "2026-13", "2026-Q5", "26-10", "2026-1", "2026-10-01", "１９99"])
def test_what_is_no_period(text):
    assert parse_period(text) is None


@pytest.mark.parametrize(("text", "due"), [
    ("2026-10", date(2026, 11, 15)), ("2026-12", date(2027, 1, 15)), ("2026-Q3", date(2026, 10, 15)),
    ("2026-Q4", date(2027, 1, 15)), ("2026", date(2027, 3, 31)),
])  # fmt: skip
def test_due_days_of_the_standard(text, due):
    assert forms()["hazardous"].due_on(parse_period(text)) == due
    assert forms()["giw_flow"].due_on(parse_period(text)) is None


def test_every_form_is_whole():
    for form in forms().values():
        assert form.book in books()
        assert set(form.due) <= set(form.titles)
    assert set(TERMS) == set(TERM_NAMES)
    assert forms()["hazardous"].takes(OIL)
    assert not forms()["hazardous"].takes("nonsense")
    assert forms()["bulk_industrial"].takes("900-001-S17") is False


def flow(source_here, source, target_here, target, mass_g, kind="x", is_after=False):
    return SiteFlow(OIL, source_here, source, target_here, target, kind, mass_g, is_after)


def test_a_month_by_hand():
    flows = [
        flow(True, Bucket.GENERATED, True, Bucket.STORED, 100, "generate"),
        flow(False, Bucket.IN_TRANSIT, True, Bucket.STORED, 30, "unload"),
        flow(True, Bucket.STORED, True, Bucket.UTILISED, 20, "utilise"),
        flow(True, Bucket.STORED, True, Bucket.DISPOSED, 10, "dispose"),
        flow(True, Bucket.STORED, False, Bucket.IN_TRANSIT, 50, "load"),
        flow(True, Bucket.STORED, True, Bucket.GENERATED, 7, "reverse"),
        flow(True, Bucket.STORED, True, Bucket.UNEXPLAINED, 3, "adjust"),
        flow(True, Bucket.GENERATED, True, Bucket.STORED, 1000, "generate", is_after=True),
        flow(True, Bucket.GENERATED, False, Bucket.IN_TRANSIT, 5, "generate"),
    ]
    (line,) = lines_of(flows, {OIL: 1080})  # 40 + 100 + 30 - 20 - 10 - 50 - 7 - 3 = 80, then + 1000
    assert line == Line(
        OIL, opening_g=40, generated_g=98, received_g=30, utilised_g=20, disposed_g=10, outsourced_g=55, adjusted_g=3,
        closing_g=80,
    )  # fmt: skip
    assert line.residual_g == 0


def test_an_opening_stock_is_opening_and_not_received():
    (line,) = lines_of([flow(False, Bucket.OUTSIDE, True, Bucket.STORED, 9, "opening")], {OIL: 9})
    assert line == Line(OIL, opening_g=9, closing_g=9)


ENDS = [
    ((True, Bucket.GENERATED), (True, Bucket.STORED)), ((True, Bucket.STORED), (True, Bucket.UTILISED)),
    ((True, Bucket.STORED), (True, Bucket.DISPOSED)), ((True, Bucket.STORED), (False, Bucket.IN_TRANSIT)),
    ((False, Bucket.IN_TRANSIT), (True, Bucket.STORED)), ((True, Bucket.STORED), (True, Bucket.UNEXPLAINED)),
    ((True, Bucket.UNEXPLAINED), (True, Bucket.STORED)), ((False, Bucket.OUTSIDE), (True, Bucket.STORED)),
    ((True, Bucket.STORED), (True, Bucket.DUMPED)), ((True, Bucket.GENERATED), (False, Bucket.IN_TRANSIT)),
    ((True, Bucket.GENERATED), (True, Bucket.DISPOSED)), ((True, Bucket.STORED), (False, Bucket.OUTSIDE)),
]  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from(ENDS), st.integers(1, 10**9), st.booleans(), st.booleans())),
    st.integers(0, 10**10),
)
def test_the_identity_holds_whatever_moved(moves, before):
    flows, held = [], before
    for (source, target), mass_g, is_reversal, is_after in moves:
        ends = (*target, *source) if is_reversal else (*source, *target)
        flows.append(flow(*ends, mass_g, "reverse" if is_reversal else "x", is_after))
        held += mass_g * ((ends[2] and ends[3] in HELD) - (ends[0] and ends[1] in HELD))
    lines = lines_of(flows, {OIL: held})
    assert all(line.residual_g == 0 for line in lines)
    assert sum(line.opening_g for line in lines) == before
    assert from_rows(as_rows(lines)) == lines
    assert total_of(lines).residual_g == 0


def test_what_the_book_and_the_ledger_say_differently_is_told():
    lines = [Line(OIL, generated_g=5_000_000, outsourced_g=2_000_000, closing_g=3_000_000)]
    agreeing = {(OIL, "generate"): 5_000_000, (OIL, "outsource"): 2_000_000}
    assert check_lines(lines, agreeing, {OIL}) == []
    found = check_lines(lines, {(OIL, "generate"): 4_000_000, ("900-039-49", "own"): 1}, set())
    assert [(f.field, f.code) for f in found] == [
        ("900-039-49", "book_differs"), ("900-039-49", "not_planned"), (OIL, "book_differs"), (OIL, "book_differs"),
        (OIL, "not_planned"),
    ]  # fmt: skip
    assert "相差 1 吨" in found[2].what


def test_what_does_not_balance_is_told_with_the_amount():
    (found,) = check_lines([Line(OIL, opening_g=1_500_000)], {}, None)
    assert found.code == "not_balanced"
    assert "1.5 吨" in found.what
