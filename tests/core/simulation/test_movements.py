"""The movements of a simulated year: they conserve mass, never overdraw, and add up to the scenario to the gram."""

from collections import defaultdict
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wufei.core.ledger import HELD, SHANGHAI, Bucket, Movement, post
from wufei.core.simulation import digest_of, emit, load_scenario, make_cast, make_lots, movement_count, thinned
from wufei.core.simulation.movements import steps_of

ANJI = load_scenario("330523", 2022)
SMALL = thinned(ANJI, 60)
seeds, scales = st.integers(0, 10**9), st.integers(1, 3)
few = settings(max_examples=8, deadline=None)


def simulate(seed: int, scale: int, scenario=SMALL) -> list[Movement]:
    return list(emit(scenario, make_lots(scenario, make_cast(scenario, seed), seed, scale), seed, scale))


@few
@given(seeds, scales)
def test_no_seed_and_scale_creates_mass_or_takes_more_than_an_account_holds_at_that_moment(seed, scale):
    movements = simulate(seed, scale)
    held: dict[object, int] = defaultdict(int)
    for movement in movements:
        held[movement.source] -= movement.mass_g
        held[movement.target] += movement.mass_g
        assert movement.source.bucket not in HELD or held[movement.source] >= 0
    balances = post({}, movements)  # the oracle: the ledger's own rule takes the whole year as one batch
    assert balances == dict(held)
    assert sum(balances.values()) == 0


@few
@given(seeds, scales)
def test_the_streams_add_up_to_the_scenario_to_the_gram_whatever_the_seed_and_scale(seed, scale):
    produced, ended = defaultdict(int), defaultdict(int)
    for movement in simulate(seed, scale):
        code = movement.source.waste_code
        if movement.source.bucket == Bucket.GENERATED:
            produced[code] += movement.mass_g
        if movement.target.bucket in {Bucket.UTILISED, Bucket.DISPOSED}:
            ended[code, movement.target.method] += movement.mass_g
    expected_produced, expected_ended = defaultdict(int), defaultdict(int)
    for stream in ANJI.streams:
        if stream.origin == "generate":
            expected_produced[stream.code] += stream.total_g
        for fate in stream.fates:
            if fate.do in {"utilise", "dispose", "use_on_site"}:
                expected_ended[stream.code, fate.method] += fate.mass_g
    assert produced == expected_produced
    assert ended == expected_ended


@few
@given(seeds, scales)
def test_the_same_seed_and_scale_give_the_same_digest_and_another_seed_another(seed, scale):
    assert digest_of(simulate(seed, scale)) == digest_of(simulate(seed, scale))
    assert digest_of(simulate(seed, scale)) != digest_of(simulate(seed + 1, scale))


@few
@given(seeds)
def test_heads_of_dead_livestock_are_those_published_at_generation_and_at_treatment(seed):
    for kind in ("generate", "dispose"):
        heads = sum(m.count or 0 for m in simulate(seed, 2) if m.kind == kind)
        assert heads == 146956  # 34429 + 282 + 106028 + 6217, line 245


def test_scale_multiplies_the_movements_and_leaves_the_mass():
    once, thrice = simulate(1, 1), simulate(1, 3)
    assert len(thrice) == 3 * len(once)
    for bucket in (Bucket.GENERATED, Bucket.UTILISED, Bucket.DISPOSED):
        sums = [sum(m.mass_g for m in ms if bucket in {m.source.bucket, m.target.bucket}) for ms in (once, thrice)]
        assert sums[0] == sums[1]


def test_the_year_has_tens_of_thousands_of_movements_and_their_number_is_known_beforehand():
    lots = make_lots(ANJI, make_cast(ANJI, 1), 1, 1)
    assert 30_000 <= movement_count(lots) <= 80_000
    assert sum(1 for _ in emit(ANJI, lots, 1, 1)) == movement_count(lots)


def test_movements_come_in_the_order_of_time_and_lie_in_the_year_but_for_the_opening_stock():
    movements = simulate(7, 1)
    times = [movement.occurred_at for movement in movements]
    assert times == sorted(times)
    first, end = datetime(2022, 1, 1, tzinfo=SHANGHAI), datetime(2023, 1, 1, tzinfo=SHANGHAI)
    for movement in movements:
        if movement.kind == "opening":
            assert movement.occurred_at.astimezone(UTC) == datetime(2021, 12, 31, 4, tzinfo=UTC)  # noon in 上海
        else:
            assert first <= movement.occurred_at < end


def test_documents_and_keys_say_that_they_are_simulated_and_keys_are_unique():
    movements = simulate(1, 2)
    assert all(movement.document.startswith("sim:") for movement in movements)
    assert all(movement.key.startswith("sim:330523:2022:1:2:") for movement in movements)
    assert len({movement.key for movement in movements}) == len(movements)


def test_straw_is_collected_after_the_harvests():
    by_month = defaultdict(int)
    for movement in simulate(1, 1, thinned(ANJI, 4)):
        if movement.kind == "generate" and movement.source.waste_code == "010-001-S80":
            by_month[movement.occurred_at.month] += movement.mass_g
    harvests = sum(by_month[month] for month in (5, 6, 10, 11, 12))
    assert harvests > sum(by_month.values()) * 8 // 10


def test_ash_shares_its_document_with_the_incineration_of_its_day():
    movements = simulate(1, 1, ANJI)
    burnt = {m.document for m in movements if m.kind == "dispose" and m.target.method == "O14"}
    ash = [m for m in movements if m.kind == "generate" and m.source.waste_code in {"900-099-S03", "772-002-18"}]
    assert ash
    assert {movement.document for movement in ash} <= burnt


@pytest.mark.parametrize("unexplained", ["giw_wood", "cdw_spoil"])
def test_what_is_missing_at_arrival_is_booked_as_unexplained(unexplained):
    (stream,) = (stream for stream in ANJI.streams if stream.id == unexplained)
    missing = [
        m for m in simulate(1, 1) if m.target.bucket == Bucket.UNEXPLAINED and m.source.waste_code == stream.code
    ]
    assert {movement.kind for movement in missing} == {"adjust"}
    assert sum(movement.mass_g for movement in missing) == sum(fate.unexplained_g for fate in stream.fates) > 0


def test_no_step_of_a_lot_comes_before_the_one_that_brought_it():
    lots = make_lots(SMALL, make_cast(SMALL, 3), 3, 1)
    when = {movement.key: movement.occurred_at for movement in emit(SMALL, lots, 3, 1)}
    for number, lot in enumerate(lots):
        times = [when[f"sim:330523:2022:3:1:{number}:{position}"] for position in range(len(steps_of(lot)))]
        assert times == sorted(times)
