"""Balances, flows and the balance identity: by hand for a small county, and always 0 for any."""

from datetime import date

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
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
    STORE,
    TRUCK,
    USED,
    move,
    trip,
)
from tests.apps.ledger.test_posting import WAYS

from wufei.apps.ledger import selectors, services
from wufei.apps.ledger.models import AccountRecord, MovementRecord
from wufei.core.findings import Refused
from wufei.core.ledger import BalanceLine

YEAR = (date(2022, 1, 1), date(2022, 12, 31))


@pytest.fixture
def county(post):
    """500 g from before, 1,000 made and loaded, 10 lost on the way, 600 used, 150 burnt, 40 sent off."""
    post(
        move(OUTSIDE, STORE, 500, "opening", "o", days=-90),
        move(SOURCE, STORE, 1000, "generate", "g", count=2),
        move(STORE, TRUCK, 1000, "load", "l"),
        move(TRUCK, LOST, 10, "adjust", "x"),
        move(TRUCK, PLANT, 990, "unload", "u", days=1),
        move(PLANT, USED, 600, "utilise", "s", days=40),
        move(PLANT, BURNT, 150, "dispose", "d", days=41),
        move(PLANT, OUTSIDE, 40, "send", "e", days=42),
        move(OUTSIDE, PLANT, 70, "receive", "r", days=43),
        move(PLANT, OUTSIDE, 70, "reverse", "v", days=44, reverses="r"),
    )


def test_the_identity_of_the_county_by_hand(county):
    balance = selectors.mass_balance("330523", 2022)
    # 500 + 1000 + 0 = 600 + 150 + 0 + 40 + 700 + 10; what was received and reversed did not cross.
    assert balance.codes == (
        BalanceLine("900-001-S17", "废钢铁", "industrial", 500, 1000, 0, 600, 150, 0, 40, 700, 10),
    )
    assert balance.codes[0].residual_g == 0
    assert (balance.total.closing_g, balance.total.residual_g) == (700, 0)


def test_between_two_townships_a_load_is_sent_and_received(county):
    a = selectors.mass_balance("330523101", 2022).codes[0]
    b = selectors.mass_balance("330523102", 2022).codes[0]
    # A: 500 + 1000 = 1000 sent + 500 closing. B: 990 received = 600 + 150 + 40 sent + 200 closing.
    assert (a.opening_g, a.generated_g, a.sent_g, a.closing_g, a.residual_g) == (500, 1000, 1000, 500, 0)
    assert (b.received_g, b.utilised_g, b.disposed_g, b.sent_g, b.closing_g, b.residual_g) == (
        990,
        600,
        150,
        40,
        200,
        0,
    )


def test_the_city_and_the_province_hold_what_the_county_holds(county):
    lines = [selectors.mass_balance(place, 2022).codes for place in ("330523", "330500", "330000")]
    assert lines[0] == lines[1] == lines[2]
    assert selectors.mass_balance("110000", 2022).codes == ()


def test_the_next_year_opens_with_what_the_last_one_closed_with(county):
    line = selectors.mass_balance("330523", 2023).codes[0]
    assert (line.opening_g, line.closing_g, line.generated_g, line.residual_g) == (700, 700, 0, 0)
    assert selectors.mass_balance("330523", 2020).codes == ()


def test_a_domain_chooses_its_codes(county):
    assert len(selectors.mass_balance("330523", 2022, "industrial").codes) == 1
    assert selectors.mass_balance("330523", 2022, "hazardous").codes == ()


def test_a_balance_that_was_tampered_with_leaves_a_residual(county):
    AccountRecord.objects.filter(name__startswith="site:A|900-001-S17|stored").update(balance_g=501)
    assert selectors.mass_balance("330523", 2022).total.residual_g == -1


def test_flows_sum_the_movements_of_the_days(county):
    rows = {row.kind: row for row in selectors.flows("330523", *YEAR)}
    assert set(rows) == {"generate", "load", "unload", "utilise", "dispose", "send", "adjust", "receive", "reverse"}
    made = rows["generate"]
    assert (made.mass_g, made.count, made.movements, made.domain) == (1000, 2, 1, "industrial")
    assert (made.source_category, made.source_division, made.method) == ("industrial_enterprise", "330523101", "")
    assert [row.kind for row in selectors.flows("330523", date(2022, 3, 2), date(2022, 3, 2))] == ["unload"]
    assert sorted((row.month, row.kind) for row in selectors.monthly_flows("330523", *YEAR))[0] == (202203, "adjust")


def test_balances_of_a_holder_and_of_a_place(county):
    assert [(r.bucket_name, r.balance_g) for r in selectors.balances(holder="site:B")] == [
        ("处置", 150),
        ("贮存", 200),
        ("利用", 600),
    ]
    assert {r.holder for r in selectors.balances(division="330523101")} == {"site:A"}


def test_the_cost_of_reading_does_not_grow_with_history(post):
    def statements(read):
        with CaptureQueriesContext(connection) as captured:
            read()
        return len(captured)

    reads = (
        lambda: selectors.mass_balance("330523", 2022),
        lambda: selectors.flows("330523", *YEAR),
        lambda: selectors.balances(division="330523"),
    )
    post(*trip("a"))
    few = [statements(read) for read in reads]
    for n in range(10):
        post(*trip(f"b{n}", days=n))
    assert [statements(read) for read in reads] == few
    assert all("ledger_movement" not in q["sql"] for q in connection.queries)


def naive_stock(place, before):
    """What is held in a region, summed from all movements booked before a day (``YYYYMMDD``)."""
    held_g = 0
    inside = {
        account.id
        for account in AccountRecord.objects.filter(bucket__in=["stored", "in_transit"]).select_related("holder")
        if account.holder.division.startswith(place.rstrip("0") if place.endswith("00") else place)
    }
    for row in MovementRecord.objects.filter(day__lt=before):
        held_g += row.mass_g * ((row.target_id in inside) - (row.source_id in inside))
    return held_g


@pytest.mark.django_db
@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(WAYS), st.integers(1, 40), st.integers(-500, 300)), min_size=1, max_size=25),
    st.sampled_from(["330523", "330523101", "330523102", "330500"]),
)
def test_no_books_leave_a_residual_in_any_region_or_year(steps, place):
    with transaction.atomic():
        services.register_holders(HOLDERS)
        for n, ((source, target, kind), mass_g, days) in enumerate(steps):
            try:
                services.post([move(source, target, mass_g, kind, f"k{n}", days=days)], actor="t", recorded_at=NOW)
            except Refused:
                continue
        for year in (2020, 2021, 2022, 2023):
            balance = selectors.mass_balance(place, year)
            assert all(line.residual_g == 0 for line in balance.codes)
            opening_g, closing_g = naive_stock(place, year * 10_000), naive_stock(place, (year + 1) * 10_000)
            assert (balance.total.opening_g, balance.total.closing_g) == (opening_g, closing_g)
        transaction.set_rollback(True)
