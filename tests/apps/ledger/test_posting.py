"""Booking on the database in use: all or nothing, once, and the same as the plain functions."""

from datetime import date

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError, OperationalError
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.apps.ledger.conftest import (
    BURNT,
    HOLDERS,
    LOST,
    NOW,
    OUTSIDE,
    PLANT,
    SOURCE,
    STEEL,
    STORE,
    TRUCK,
    USED,
    move,
    trip,
)

from wufei.apps.facts.models import Fact
from wufei.apps.ledger import posting, services, verification
from wufei.apps.ledger.guards import GUARDS
from wufei.apps.ledger.models import AccountRecord, BatchRecord, FlowRecord, LinkRecord, MovementRecord
from wufei.core import ledger
from wufei.core.findings import Refused
from wufei.core.ledger import Account, Bucket
from wufei.core.ledger_rules import account_name


def state():
    """Everything that a posting may change."""
    return (
        sorted(AccountRecord.objects.values_list("name", "balance_g")),
        sorted(FlowRecord.objects.values_list("day", "kind", "mass_g", "movements")),
        MovementRecord.objects.count(),
        LinkRecord.objects.count(),
        BatchRecord.objects.count(),
        Fact.objects.count(),
    )


def refused(post, *movements):
    """The codes of the findings, having seen that nothing changed."""
    before = state()
    with pytest.raises(Refused) as caught:
        post(*movements)
    assert state() == before
    return [(finding.line, finding.code) for finding in caught.value.findings]


def balances():
    return dict(AccountRecord.objects.exclude(balance_g=0).values_list("name", "balance_g"))


def test_a_batch_moves_mass_and_keeps_balances_flows_chain_and_fact(post):
    receipt = post(*trip(mass_g=1000))
    assert (receipt.booked, receipt.already, receipt.mass_g) == (4, 0, 4000)
    assert balances() == {account_name(SOURCE): -1000, account_name(USED): 1000}
    assert set(FlowRecord.objects.values_list("day", "kind", "mass_g", "count", "movements")) == {
        (20220301, kind, 1000, 0, 1) for kind in ("generate", "load", "unload", "utilise")
    }
    assert LinkRecord.objects.count() == 3  # site:A, vehicle:V, site:B
    assert Fact.objects.get().after == {"movements": 4, "mass_g": 4000, "late": 0}
    assert verification.verify().holds


def test_the_fact_of_a_batch_names_the_smallest_division_that_holds_all_it_touches(post):
    post(move(SOURCE, STORE, 10, "generate", "a"))
    post(move(STORE, TRUCK, 10, "load", "b"))
    # site:A lies in the township 330523101, the truck belongs to the county.
    assert list(Fact.objects.order_by("id").values_list("division", flat=True)) == ["330523101", "330523"]


def test_the_same_batch_again_is_counted_as_already_booked_even_when_its_stock_is_gone(post):
    post(*trip())
    before = state()
    assert post(*trip()).already == 4
    assert state() == before
    receipt = post(*trip(), *trip("u", 7))
    assert (receipt.booked, receipt.already, receipt.mass_g) == (4, 4, 28)
    # The load by itself would overdraw: its stock went with the first delivery.
    assert post(trip()[1]).already == 1


def test_the_same_key_with_other_content_is_refused(post):
    post(*trip())
    assert refused(post, move(SOURCE, STORE, 999, "generate", "t1")) == [(1, "key_with_other_content")]
    assert refused(post, *trip("x"), move(SOURCE, STORE, 1000, "generate", "t1", package="p")) == [
        (5, "key_with_other_content")
    ]


def test_an_overdrawn_batch_is_refused_whole(post):
    post(move(SOURCE, STORE, 10, "generate", "a"))
    too_much = [move(STORE, TRUCK, 7, "load", "b"), move(STORE, TRUCK, 7, "load", "c", days=1)]
    assert refused(post, *too_much, move(SOURCE, STORE, 1, "generate", "d", days=2)) == [(2, "overdrawn")]


def test_unknown_holders_and_codes_are_told_on_every_line(post):
    nobody = Account("site:Z", "900-001-S17", Bucket.STORED)
    no_code = Account("site:A", "900-999-S99", Bucket.STORED)
    no_source = Account("site:A", "900-999-S99", Bucket.GENERATED)
    assert refused(
        post,
        move(TRUCK, nobody, 1, "unload", "a"),
        move(no_source, no_code, 1, "generate", "b"),
        move(nobody, USED, 1, "utilise", "c"),
    ) == [(1, "unknown_holder"), (2, "unknown_waste_code"), (3, "unknown_holder")]


def test_unknown_methods_are_told_and_strange_names_reach_no_database(post):
    burnt = Account("site:B", STEEL, Bucket.DISPOSED, "D10|x")
    strange = Account("site:A\x00", STEEL, Bucket.STORED)
    assert refused(post, move(OUTSIDE, PLANT, 5, "receive", "a"), move(PLANT, burnt, 5, "dispose", "b")) == [
        (2, "unknown_method")
    ]
    assert refused(post, move(OUTSIDE, strange, 5, "receive", "a")) == [(1, "unknown_holder")]
    known = Account("site:B", STEEL, Bucket.DISPOSED, "D10")
    assert post(move(OUTSIDE, PLANT, 5, "receive", "a"), move(PLANT, known, 5, "dispose", "b")).booked == 2


def test_a_balance_that_would_leave_64_bits_is_refused(post):
    post(move(SOURCE, STORE, 7, "generate", "a"))
    # 2**63 - 1 = 9,223,372,036,854,775,807 is the most that a database keeps as a whole number.
    AccountRecord.objects.filter(name=account_name(STORE)).update(balance_g=2**63 - 8)
    assert refused(post, move(SOURCE, STORE, 8, "generate", "b")) == [(None, "balance_too_large")]
    assert post(move(SOURCE, STORE, 7, "generate", "c")).booked == 1
    assert balances()[account_name(STORE)] == 2**63 - 1


class _Deadlock(Exception):
    sqlstate = "40P01"


@pytest.mark.django_db(transaction=True)
def test_a_posting_that_the_server_ended_to_undo_a_deadlock_is_booked_after_all(monkeypatch):
    services.register_holders(HOLDERS)
    tries = []

    def book(*given, **named):
        receipt = posting.book(*given, **named)
        tries.append(receipt)
        if len(tries) < 3:
            raise OperationalError("deadlock detected") from _Deadlock()
        return receipt

    monkeypatch.setattr(services, "book", book)
    assert services.post(trip(), actor="tester", recorded_at=NOW).booked == 4
    assert len(tries) == 3
    assert MovementRecord.objects.count() == 4
    monkeypatch.setattr(services, "book", lambda *_, **__: (_ for _ in ()).throw(OperationalError("disk is full")))
    with pytest.raises(OperationalError, match="full"):
        services.post(trip("u"), actor="tester", recorded_at=NOW)


def test_a_reversal_restores_the_balances_once(post):
    post(*trip())
    before = balances()
    post(move(SOURCE, STORE, 50, "generate", "g"))
    undo = move(STORE, SOURCE, 50, "reverse", "r", reverses="g", days=3)
    post(undo)
    assert balances() == before
    assert refused(post, move(STORE, SOURCE, 50, "reverse", "r2", reverses="g")) == [
        (1, "reversed_twice"),
        (1, "overdrawn"),
    ]
    assert post(undo).already == 1
    assert verification.verify().holds


@pytest.mark.parametrize(
    ("movement", "code"),
    [
        (move(STORE, SOURCE, 49, "reverse", "r", reverses="t1"), "reversal_differs"),
        (move(SOURCE, STORE, 50, "reverse", "r", reverses="t1"), "reversal_differs"),
        (move(STORE, SOURCE, 50, "reverse", "r", reverses="nothing"), "reversal_of_nothing"),
        (move(SOURCE, STORE, 50, "reverse", "r", reverses="undone"), "reversal_of_reversal"),
    ],
)
def test_a_reversal_must_undo_exactly_one_movement(post, movement, code):
    post(
        move(SOURCE, STORE, 50, "generate", "t1"),
        move(SOURCE, STORE, 50, "generate", "t2"),
        move(STORE, SOURCE, 50, "reverse", "undone", reverses="t2"),
    )
    assert refused(post, movement) == [(1, code)]


def test_a_batch_may_reverse_what_it_books_itself_but_only_once(post):
    book = move(SOURCE, STORE, 5, "generate", "a")
    undo = [move(STORE, SOURCE, 5, "reverse", f"r{n}", reverses="a") for n in (1, 2)]
    assert (3, "reversed_twice") in refused(post, book, *undo)
    post(book, undo[0])
    assert balances() == {}


def test_what_comes_late_for_a_closed_period_goes_to_the_open_one_with_its_reason(post):
    post(*trip())
    services.close_period("site:A", through=date(2022, 3, 31), actor="tester", at=NOW)
    receipt = post(
        move(SOURCE, STORE, 5, "generate", "late"),
        move(SOURCE, STORE, 6, "generate", "told", reason="磅单丢失后补"),
        move(SOURCE, STORE, 7, "generate", "fresh", days=40),
    )
    assert receipt.late == 2
    late, told, fresh = (MovementRecord.objects.get(key=key) for key in ("late", "told", "fresh"))
    assert (late.day, told.day, fresh.day) == (20220401, 20220401, 20220410)
    assert late.occurred_us == MovementRecord.objects.get(key="t1").occurred_us  # the claimed instant is kept
    assert (late.reason, told.reason, fresh.reason) == ("所属期间已结账至 2022-03-31", "磅单丢失后补", "")
    assert post(move(SOURCE, STORE, 5, "generate", "late")).already == 1
    assert verification.verify().holds


def test_a_period_closes_forward_only_and_never_the_future(post):
    services.close_period("site:A", through=date(2022, 3, 31), actor="tester", at=NOW)
    for through, code in ((date(2022, 3, 31), "already_closed"), (date(2023, 1, 1), "close_in_future")):
        with pytest.raises(Refused) as caught:
            services.close_period("site:A", through=through, actor="tester", at=NOW)
        assert [f.code for f in caught.value.findings] == [code]


@pytest.mark.parametrize("table", GUARDS.tables)
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET id = id + 1"])
def test_the_database_itself_refuses_to_change_what_is_booked(post, table, statement):
    post(*trip())
    GUARDS.install(connection)
    if table == "ledger_checkpoint":
        from wufei.apps.ledger.checkpoints import take_checkpoint

        take_checkpoint(actor="tester", at=NOW)
    if table == "ledger_period_close":
        services.close_period("site:A", through=date(2022, 1, 31), actor="tester", at=NOW)
    if table == "ledger_link":
        statement = statement.replace("id = id", "seq = seq")
    before = state()
    with pytest.raises(DatabaseError, match="append only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))
    assert state() == before


# --- The same as the plain functions ------------------------------------------------------------------------------

WAYS = [
    (SOURCE, STORE, "generate"),
    (STORE, TRUCK, "load"),
    (TRUCK, PLANT, "unload"),
    (PLANT, USED, "utilise"),
    (PLANT, BURNT, "dispose"),
    (OUTSIDE, STORE, "opening"),
    (PLANT, OUTSIDE, "send"),
    (TRUCK, LOST, "adjust"),
    (LOST, PLANT, "adjust"),
]
steps = st.lists(
    st.lists(st.tuples(st.sampled_from(WAYS), st.integers(1, 40), st.integers(0, 3)), min_size=1, max_size=8),
    max_size=5,
)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None)
@given(steps)
def test_the_database_accepts_refuses_and_balances_as_the_plain_functions_do(batches):
    with transaction.atomic():
        services.register_holders(HOLDERS)
        expected: dict[Account, int] = {}
        for number, batch in enumerate(batches):
            movements = [
                move(*way[:2], mass_g, way[2], f"{number}-{i}", days=days)
                for i, (way, mass_g, days) in enumerate(batch)
            ]
            try:
                services.post(movements, actor="tester", recorded_at=NOW)
                is_booked = True
            except Refused:
                is_booked = False
            try:
                expected = ledger.post(expected, movements)
                assert is_booked
            except ledger.Overdrawn:
                assert not is_booked
        assert balances() == {account_name(a): held_g for a, held_g in expected.items() if held_g}
        assert verification.verify().problems == []
        transaction.set_rollback(True)


@pytest.mark.django_db
@settings(max_examples=15, deadline=None)
@given(st.permutations(range(8)), st.sets(st.integers(1, 7)))
def test_any_order_and_any_cut_into_batches_that_is_booked_gives_the_same_balances(order, cuts):
    movements = [move(SOURCE, STORE, 10, "generate", f"g{n}") for n in range(4)]
    movements += [move(STORE, TRUCK, 3, "load", f"l{n}") for n in range(4)]
    with transaction.atomic():
        services.register_holders(HOLDERS)
        services.post([move(OUTSIDE, STORE, 12, "opening", "o")], actor="tester", recorded_at=NOW)
        shuffled = [movements[i] for i in order]
        edges = [0, *sorted(cuts), 8]
        for start, end in zip(edges, edges[1:], strict=False):
            services.post(shuffled[start:end], actor="tester", recorded_at=NOW)
        # 12 + 4 * 10 - 4 * 3 = 40 in the store, 12 on the truck
        assert balances() == {
            account_name(SOURCE): -40,
            account_name(OUTSIDE): -12,
            account_name(STORE): 40,
            account_name(TRUCK): 12,
        }
        transaction.set_rollback(True)
