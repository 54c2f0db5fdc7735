"""The chain of a phone: whatever arrives how often, what is stored is a beginning of it."""

import json
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core.field_sync import (
    BadEvent,
    Place,
    event_digest,
    first_break,
    first_previous,
    known_nothing,
    place_events,
    read_event,
    request_statement,
)

DEVICE = "D7K2"


def body(seq, previous, *, device=DEVICE, mark=0, **changed):
    event = {
        "device": device, "seq": seq, "key": str(UUID(int=seq * 1000 + mark)), "type": "nothing",
        "at": "2026-11-25T09:30:00.000+08:00", "payload": {"mark": mark}, "previous": previous,
    }  # fmt: skip
    return json.dumps(event | changed, ensure_ascii=False)


def line(length, *, after=None, mark=0):
    """Bodies of a chain; ``after`` = (seq, digest) to go on from."""
    seq, previous = after or (0, first_previous(DEVICE))
    made = []
    for number in range(seq + 1, seq + length + 1):
        made.append(body(number, previous, mark=mark))
        previous = event_digest(made[-1])
    return made


def test_digest_and_start_are_plain_sha256():
    # By hand: sha256sum over the two lines of text.
    assert first_previous("D1") == sha256(b"wufei-field-device-1\nD1").hexdigest()
    assert event_digest("{}") == sha256(b"wufei-field-event-1\n{}").hexdigest()


def test_a_request_is_signed_over_its_way_address_clock_and_content():
    statement = request_statement("POST", "/field/api/sync/", "2026-11-25T01:00:00.000Z", b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert statement == (
        f"wufei-field-request-1\nPOST\n/field/api/sync/\n2026-11-25T01:00:00.000Z\n{empty}\n".encode()
    )


def test_an_event_is_read_with_its_zone():
    event = read_event(body(1, first_previous(DEVICE)))
    assert (event.device, event.seq, event.type, event.at.isoformat()) == (
        DEVICE, 1, "nothing", "2026-11-25T09:30:00+08:00",
    )  # fmt: skip


GOOD = json.loads(body(1, "p"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "不是 JSON"),
        ("[" * 100_000, "字节"),
        ("[" * 5_000, "不是 JSON"),
        ("[]", "字段不对（全部）"),
        (json.dumps(GOOD | {"more": 1}), "字段不对（more）"),
        (json.dumps({k: v for k, v in GOOD.items() if k != "seq"}), "字段不对（seq）"),
        (json.dumps(GOOD | {"seq": 0}), "序号是 0"),
        (json.dumps(GOOD | {"seq": True}), "序号是 True"),
        (json.dumps(GOOD | {"seq": 1.0}), "序号是 1.0"),
        (json.dumps(GOOD | {"key": "x"}), "不是 UUID"),
        (json.dumps(GOOD | {"type": ""}), "1 至 64 个字"),
        (json.dumps(GOOD | {"previous": None}), "1 至 64 个字"),
        (json.dumps(GOOD | {"at": "2026-11-25T09:30:00"}), "带时区"),
        (json.dumps(GOOD | {"at": 5}), "带时区"),
        (json.dumps(GOOD | {"payload": []}), "一组字段"),
        (json.dumps(GOOD | {"payload": {"a": "\ud800"}}), "不能保存的字符"),
        (json.dumps(GOOD | {"payload": {"a": "\0"}}), "不能保存的字符"),
        (json.dumps(GOOD | {"payload": {"a": float("nan")}}), "NaN，不是数"),
        ('{"seq": 1, "seq": 2}', "重复的字段名"),
        (json.dumps(GOOD | {"payload": {"a": "长" * 30_000}}), "最多 65536 字节"),
    ],
)
def test_what_cannot_be_understood_says_why(text, said):
    with pytest.raises(BadEvent, match=said):
        read_event(text)


@given(st.text(max_size=200) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_reading_raises_only_its_own_error(text):
    try:
        read_event(text)
    except BadEvent:
        pass


def receive(known, stored, bodies):
    """What the server does: place a batch, keep the next ones."""
    after, placed = place_events(known, [read_event(b) for b in bodies])
    stored += [event.body for event, place in placed if place is Place.NEXT]
    return after, placed


@given(st.integers(1, 12), st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=8))
def test_any_slices_of_a_queue_leave_a_beginning_of_it_and_the_whole_completes_it(length, slices):
    chain = line(length)
    known, stored = known_nothing(DEVICE), []
    for start, end in slices:
        known, _ = receive(known, stored, chain[start:end])
        assert stored == chain[: len(stored)]
        assert known.seq == len(stored)
    known, placed = receive(known, stored, chain)
    assert stored == chain
    assert {place for _, place in placed} <= {Place.NEXT, Place.AGAIN}
    assert first_break(DEVICE, enumerate(stored, 1)) is None


def test_the_same_queue_sent_twice_changes_nothing():
    chain = [read_event(b) for b in line(5)]
    known, _ = place_events(known_nothing(DEVICE), chain)
    again, placed = place_events(known, chain)
    assert again == known
    assert [place for _, place in placed] == [Place.AGAIN] * 5


def test_an_event_whose_forerunner_is_missing_waits_behind_the_gap():
    chain = [read_event(b) for b in line(4)]
    known, placed = place_events(known_nothing(DEVICE), [chain[0], chain[2], chain[3]])
    assert [place for _, place in placed] == [Place.NEXT, Place.GAP, Place.GAP]
    assert known.seq == 1


@given(st.integers(0, 4), st.integers(1, 4), st.integers(1, 4), st.booleans())
def test_two_phones_with_one_key_are_told_apart_and_nothing_of_either_is_lost(common, mine, theirs, first):
    shared = line(common)
    after = (common, event_digest(shared[-1])) if shared else None
    a, b = line(mine, after=after, mark=1), line(theirs, after=after, mark=2)
    if not first:
        a, b = b, a
    known, _ = place_events(known_nothing(DEVICE), [read_event(x) for x in shared + a])
    known, placed = place_events(known, [read_event(x) for x in shared + b])
    assert [place for _, place in placed] == [Place.AGAIN] * common + [Place.FORK] * len(b)
    assert known.seq == common + len(a)
    assert set(known.digests) == {event_digest(x) for x in shared + a + b}
    # The second phone sends again: known by now.
    _, placed = place_events(known, [read_event(x) for x in b])
    assert {place for _, place in placed} == {Place.AGAIN}


@pytest.mark.parametrize("change", [{"seq": 3}, {"previous": "f" * 64}, {"device": "D8"}, {"payload": {"x": 1}}])
def test_a_stored_line_that_was_changed_is_found_where_it_breaks(change):
    chain = line(4)
    tampered = json.dumps(json.loads(chain[1]) | change)
    # A changed payload keeps event 2 itself readable: the next one names another digest.
    expected = 3 if "payload" in change else 2
    assert first_break(DEVICE, enumerate([chain[0], tampered, *chain[2:]], 1)) == expected
    assert first_break(DEVICE, [(1, chain[0]), (3, chain[2])]) == 2
    assert first_break(DEVICE, [(1, "x")]) == 1
