"""The life of a trip, what keeps it from ending, and how a weighed total is shared out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core.manifest import RuleError
from wufei.core.manifest_profiles import manifest_profiles
from wufei.core.trip import (
    SERIES,
    StopState,
    TripEvent,
    TripStatus,
    cancelling_findings,
    ending_findings,
    next_trip_status,
    share_out,
    trip_events,
)


def test_a_round_of_ten_small_generators_shares_its_weighed_total_by_largest_remainder():
    # By hand: 1,000 g over 3 : 3 : 1 is 428 4/7, 428 4/7, 142 6/7; two grams are left for the largest remainders:
    # 6/7, then the first 4/7.
    assert share_out(1000, [3, 3, 1]) == [429, 428, 143]
    assert share_out(10, [0, 0, 0]) == [4, 3, 3]  # nothing known to be sent: shared alike


@given(st.integers(1, 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=50))
def test_what_is_shared_out_is_the_total_to_the_gram(total_g, sent_g):
    parts = share_out(total_g, sent_g)
    assert sum(parts) == total_g
    assert all(part >= 0 for part in parts)
    if sum(sent_g):
        assert all(abs(p - total_g * s / sum(sent_g)) < 1.001 for p, s in zip(parts, sent_g, strict=True))


@pytest.mark.parametrize(
    ("status", "event", "target"),
    [
        ("planned", "start", "running"), ("planned", "cancel", "cancelled"), ("running", "visit", "running"),
        ("running", "arrive", "running"), ("running", "finish", "finished"), ("finished", "confirm", "finished"),
    ],
)  # fmt: skip
def test_the_life_of_a_trip(status, event, target):
    assert next_trip_status("SY1", TripStatus(status), TripEvent(event)) == target


@given(st.lists(st.sampled_from(TripEvent), max_size=12))
def test_no_run_of_events_leaves_the_table(events):
    status = TripStatus.PLANNED
    for event in events:
        if event in trip_events(status):
            status = next_trip_status("SY1", status, event)
        else:
            with pytest.raises(RuleError) as caught:
                next_trip_status("SY1", status, event)
            assert caught.value.code == "illegal_transition"
            assert caught.value.remedy
    if status in (TripStatus.CANCELLED, TripStatus.FINISHED):
        assert set(trip_events(status)) <= {TripEvent.CONFIRM}


def test_a_trip_ends_when_every_stop_is_done_and_every_load_has_arrived():
    open_stops = [StopState(1, True, "in_transit"), StopState(2, False), StopState(3, True)]
    assert [f.code for f in ending_findings(open_stops)] == ["stops_left", "loads_under_way"]
    assert ending_findings([StopState(1, True, "delivered"), StopState(2, True)]) == []
    assert [f.code for f in cancelling_findings(open_stops)] == ["stops_collected"]
    assert cancelling_findings([StopState(1, False), StopState(2, True, "void")]) == []


def test_the_letters_of_trips_are_no_profiles():
    assert SERIES not in {profile.series for profile in manifest_profiles().values()}
