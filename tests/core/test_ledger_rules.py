"""The rules over a batch in columns agree with the plain functions, and each tells line, field and what to do."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core.ledger import SHANGHAI, Account, Bucket, Movement, fold, local_day, overdrawn
from wufei.core.ledger_rules import (
    Batch,
    bases,
    bucket_names,
    check,
    day_date,
    day_number,
    days_of,
    fold_flows,
    from_us,
    kinds,
    net_changes,
    next_day,
    overdrawn_findings,
    to_us,
)

STEEL, TINNED = "900-001-S17", "900-002-S17"
AT = datetime(2022, 3, 1, 8, tzinfo=SHANGHAI)
NOW = datetime(2022, 4, 1, tzinfo=UTC)
SOURCE = Account("site:A", STEEL, Bucket.GENERATED)
STORE = Account("site:A", STEEL, Bucket.STORED)
TRUCK = Account("vehicle:V", STEEL, Bucket.IN_TRANSIT)


def make(**changes: object) -> Batch:
    """One good movement, changed in the columns given."""
    batch = Batch.of([Movement(SOURCE, STORE, 1500, AT, "generate", "weighing:1", "k1")], lines=[7])
    for name, value in changes.items():
        setattr(batch, name, [value])
    return batch


def codes(batch: Batch) -> list[tuple[int | None, str, str]]:
    return [(f.line, f.field, f.code) for f in check(batch, now_us=to_us(NOW))]


def test_a_good_batch_has_no_finding():
    assert codes(make()) == []


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"mass_g": 0}, "mass", "mass_not_positive"),
        ({"mass_g": -5}, "mass", "mass_not_positive"),
        ({"mass_g": 10**12 + 1}, "mass", "mass_too_large"),  # the limit is 1e6 t = 1e12 g
        ({"occurred_us": to_us(NOW + timedelta(minutes=6))}, "occurred_at", "time_in_future"),
        ({"occurred_us": to_us(datetime(1999, 12, 31, tzinfo=UTC))}, "occurred_at", "time_too_early"),
        ({"document": "a\nb"}, "document", "control_character"),
        ({"package": "\x1f"}, "package", "control_character"),
        ({"basis_ref": "\ud800"}, "basis_ref", "control_character"),
        ({"key": "k\u200b1"}, "key", "control_character"),  # a zero-width space: looks like k1
        ({"document": "\u202e1"}, "document", "control_character"),  # writes from right to left
        ({"key": "cafe\u0301"}, "key", "not_normalised"),  # e and an accent: looks like café
        ({"key": "x" * 201}, "key", "text_too_long"),
        ({"key": ""}, "key", "missing_key"),
        ({"kind": "teleport"}, "kind", "unknown_kind"),
        ({"kind": "load"}, "kind", "kind_and_buckets"),
        ({"basis": "guessed"}, "basis", "unknown_basis"),
        ({"count": -1}, "count", "count_out_of_range"),
        ({"uncertainty_ppm": 10**9 + 1}, "uncertainty_ppm", "count_out_of_range"),
        ({"kind": "reverse"}, "reverses", "reversal_incomplete"),
        ({"reverses": "k0"}, "reverses", "reversal_incomplete"),
        ({"target": 0}, "kind", "same_account"),
    ],
)
def test_each_fault_is_told_with_its_line_and_field(changes, field, code):
    assert (7, field, code) in codes(make(**changes))


def test_at_the_limits_nothing_is_wrong():
    assert codes(make(mass_g=10**12)) == []
    assert codes(make(occurred_us=to_us(NOW + timedelta(minutes=5)))) == []
    assert codes(make(key="x" * 200)) == []
    assert codes(make(document="磅单　№ 7 é（甲）")) == []


def test_two_waste_codes_in_one_movement_are_refused():
    batch = make()
    batch.accounts[1] = Account("site:A", TINNED, Bucket.STORED)
    assert codes(batch) == [(7, "kind", "two_codes")]


def test_a_key_twice_is_told_at_its_second_line_with_the_first():
    movement = Movement(SOURCE, STORE, 1, AT, "generate", "", "k")
    findings = check(Batch.of([movement, movement], lines=[2, 9]), now_us=to_us(NOW))
    assert [(f.line, f.code) for f in findings] == [(9, "duplicate_key")]
    assert "第 2 行" in findings[0].what


def test_all_faults_are_told_at_once():
    assert len(codes(make(mass_g=0, kind="?", basis="?", key="", count=-1))) == 5


accounts = st.sampled_from([SOURCE, STORE, TRUCK])
movements = st.lists(
    st.builds(
        lambda ends, mass_g, hours: Movement(*ends, mass_g, AT + timedelta(hours=hours), "reverse", "", "k"),
        st.tuples(accounts, accounts).filter(lambda ends: ends[0] != ends[1]),
        st.integers(1, 10**12),
        st.integers(-48, 48),
    ),
    max_size=25,
)


@given(movements)
def test_the_columns_fold_to_what_the_plain_function_folds_to(batch):
    columns = Batch.of(batch)
    net = net_changes(fold_flows(columns, days_of(columns.occurred_us)))
    assert {columns.accounts[i]: change for i, change in net.items()} == fold(batch)


@given(movements)
def test_the_columns_find_the_same_lines_overdrawn_as_the_plain_function(batch):
    columns = Batch.of(batch)
    net = net_changes(fold_flows(columns, days_of(columns.occurred_us)))
    found = overdrawn_findings(columns, [0] * len(columns.accounts), net)
    assert [f.line for f in found] == [i + 1 for i in overdrawn({}, batch)]


@given(st.integers(to_us(datetime(2000, 1, 2, tzinfo=UTC)), to_us(datetime(2100, 1, 1, tzinfo=UTC))).map(from_us))
def test_instants_keep_every_microsecond_and_days_are_those_of_china(at):
    assert from_us(to_us(at)) == at
    assert days_of([to_us(at)]) == [day_number(local_day(at))]
    assert day_date(next_day(day_number(at.date()))) == at.date() + timedelta(days=1)


def test_the_data_name_every_bucket_and_every_kind_runs_between_known_ones():
    assert set(bucket_names()) == {bucket.value for bucket in Bucket}
    # The kinds agreed with the other parts.
    agreed = "generate load unload utilise dispose utilise_from_stock dispose_from_stock dump send receive opening"
    assert set(kinds()) == {*agreed.split(), "adjust", "reverse", "reload"}
    assert set(bases()) == {"weighed", "converted", "estimated", "declared"}
