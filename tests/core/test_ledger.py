"""The mass ledger as pure functions: what balances, what is refused, and that order does not matter."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core.ledger import (
    BOUNDARY,
    HELD,
    SHANGHAI,
    Account,
    BalanceLine,
    Bucket,
    Movement,
    Overdrawn,
    fold,
    local_day,
    overdrawn,
    post,
)

STEEL = "900-001-S17"
AT = datetime(2022, 3, 1, 8, tzinfo=SHANGHAI)
SOURCE = Account("site:A", STEEL, Bucket.GENERATED)
STORE = Account("site:A", STEEL, Bucket.STORED)
TRUCK = Account("vehicle:V", STEEL, Bucket.IN_TRANSIT)
BURNT = Account("site:B", STEEL, Bucket.DISPOSED, "D10")


def move(source: Account, target: Account, mass_g: int, minutes: int = 0) -> Movement:
    return Movement(source, target, mass_g, AT + timedelta(minutes=minutes), "generate", "weighing:1", "k")


accounts = st.sampled_from([SOURCE, STORE, TRUCK, BURNT])
movements = st.lists(
    st.tuples(accounts, accounts, st.integers(1, 10**9), st.integers(0, 60))
    .filter(lambda t: t[0] != t[1])
    .map(lambda t: move(*t)),
    max_size=30,
)


@given(st.lists(movements, max_size=5))
def test_no_run_of_batches_creates_mass_or_leaves_a_holder_below_zero(batches):
    balances = {}
    for batch in batches:
        try:
            balances = post(balances, batch)
        except Overdrawn:
            continue  # refused batches are part of ordinary life
        assert sum(balances.values()) == 0
        assert all(held_g >= 0 for account, held_g in balances.items() if account.bucket in HELD)


@given(movements, st.randoms())
def test_the_order_of_lines_does_not_change_what_a_batch_does(batch, chance):
    shuffled = list(batch)
    chance.shuffle(shuffled)
    assert fold(batch) == fold(shuffled)
    assert bool(overdrawn({}, batch)) == bool(overdrawn({}, shuffled))


@given(movements)
def test_undoing_every_movement_restores_the_balances(batch):
    before = {STORE: 10**12, TRUCK: 10**12, BURNT: 5, SOURCE: -2 * 10**12 - 5}
    after = post(before, batch)
    assert post(after, [move(m.target, m.source, m.mass_g) for m in reversed(batch)]) == before


def test_an_overdrawn_batch_names_the_lines_that_take_too_much_and_changes_nothing():
    # 10 g are there; in the order of time: take 4 (6 left), take 7 (too much), bring 0, take 6.
    before = {STORE: 10, SOURCE: -10}
    batch = [move(STORE, TRUCK, 7, minutes=2), move(STORE, TRUCK, 4, minutes=1), move(STORE, TRUCK, 6, minutes=3)]
    with pytest.raises(Overdrawn) as caught:
        post(before, batch)
    assert caught.value.lines == [0]
    assert before == {STORE: 10, SOURCE: -10}


def test_a_batch_counts_as_one_moment_so_what_arrives_later_in_it_may_leave_earlier():
    assert post({}, [move(STORE, TRUCK, 5, minutes=0), move(SOURCE, STORE, 5, minutes=9)])[TRUCK] == 5


def test_only_stored_and_in_transit_must_not_go_below_zero():
    assert {Bucket.STORED, Bucket.IN_TRANSIT} == HELD
    assert set(Bucket) == BOUNDARY | HELD


@pytest.mark.parametrize(
    "make",
    [
        lambda: move(SOURCE, STORE, 0),
        lambda: move(SOURCE, STORE, -1),
        lambda: move(STORE, STORE, 1),
        lambda: move(SOURCE, Account("site:A", "900-002-S17", Bucket.STORED), 1),
        lambda: Account("site:A", STEEL, Bucket.STORED, "D10"),
    ],
)
def test_a_movement_that_cannot_balance_cannot_be_built(make):
    with pytest.raises(AssertionError):
        make()


def test_the_ledger_day_begins_at_midnight_in_china():
    # 16:00 UTC is 00:00 of the next day in Asia/Shanghai.
    assert local_day(datetime(2022, 2, 28, 15, 59, tzinfo=UTC)).isoformat() == "2022-02-28"
    assert local_day(datetime(2022, 2, 28, 16, 0, tzinfo=UTC)).isoformat() == "2022-03-01"


def test_the_residual_is_what_the_identity_leaves_over():
    # 10 opening + 100 generated + 5 received = 60 used + 20 disposed + 1 dumped + 4 sent + 29 closing + 1 lost
    line = BalanceLine("c", "n", "d", 10, 100, 5, 60, 20, 1, 4, 29, 1)
    assert line.residual_g == 0
    assert BalanceLine("c", "n", "d", 10, 100, 5, 60, 20, 1, 4, 29, 0).residual_g == 1
