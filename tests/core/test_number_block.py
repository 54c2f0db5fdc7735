"""Blocks of numbers: each number ends once, and the proof shows it without a database."""

from copy import deepcopy
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from wufei.core.number_block import (
    BadProof,
    Block,
    Fate,
    Use,
    account,
    check_proof,
    closing_problems,
    make_proof,
    numbers_text,
)

# The series of 绍兴 in the national form: year 2026, province 33, city 06 (部令 23 号: 14 digits).
BLOCK = Block("20263306", 6, 121, 125, "D1", "2026-11-25T08:00:00+08:00", "2026-12-31T23:59:59+08:00")
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = PRIVATE.public_key().public_bytes_raw()

uses = st.lists(
    st.builds(Use, st.integers(119, 127), st.sampled_from(Fate), st.sampled_from([f"e{n}" for n in range(9)])),
    max_size=15,
)


def used(*serials):
    return [Use(serial, Fate.USED, f"event-{serial}") for serial in serials]


def proof_of(reports):
    return make_proof(BLOCK, account(BLOCK, reports), signature=PRIVATE.sign(BLOCK.statement()), public_key=PUBLIC)


def test_numbers_have_the_fourteen_digits_of_the_transfer_rules():
    assert BLOCK.number(123) == "20263306000123"
    assert BLOCK.serial_of("20263306000123") == 123


@pytest.mark.parametrize(
    "number", ["20263306000120", "20263306000126", "20263305000123", "2026330600123", "2026330600０123", "", "x"]
)
def test_a_number_of_another_block_is_not_of_this_one(number):
    assert BLOCK.serial_of(number) is None


@given(uses)
def test_each_number_of_the_block_ended_or_is_open_and_never_both(reports):
    state = account(BLOCK, reports)
    assert sorted([*state.ends, *state.open]) == [121, 122, 123, 124, 125]
    assert sum(state.count(fate) for fate in Fate) + len(state.open) == 5
    assert set(state.gaps) <= set(state.open)
    assert set(state.twice) <= set(state.ends)
    assert state.can_close == (not closing_problems(BLOCK, state))
    assert {use.serial for use in state.outside} <= {119, 120, 126, 127}


@given(uses)
def test_reporting_everything_again_changes_nothing(reports):
    assert account(BLOCK, [*reports, *reports]) == account(BLOCK, reports)


@given(uses)
def test_what_counts_for_a_number_never_changes_by_later_reports(reports):
    for length in range(len(reports)):
        earlier, later = account(BLOCK, reports[:length]), account(BLOCK, reports)
        assert all(later.ends[serial] == use for serial, use in earlier.ends.items())
        assert set(earlier.twice) <= set(later.twice)


def test_a_number_skipped_is_a_gap_and_the_rest_is_open():
    state = account(BLOCK, used(121, 123))
    assert (state.gaps, state.open) == ((122,), (122, 124, 125))
    problems = closing_problems(BLOCK, state)
    assert [p.code for p in problems] == ["number_open"]
    assert "20263306000122、20263306000124 至 20263306000125" in problems[0].what


def test_a_number_used_by_two_events_is_named_and_keeps_both():
    first, second = Use(121, Fate.USED, "a"), Use(121, Fate.USED, "b")
    state = account(BLOCK, [first, second, first, *used(122, 123, 124, 125)])
    assert state.twice == {121: (first, second)}
    assert state.ends[121] == first
    assert [p.code for p in closing_problems(BLOCK, state)] == ["number_used_twice"]
    assert not state.can_close


def test_used_spoiled_returned_and_lost_close_a_block():
    reports = [
        *used(121, 122), Use(123, Fate.SPOILED, "c", "写错"), Use(124, Fate.RETURNED, "d"), Use(125, Fate.LOST, "f"),
    ]  # fmt: skip
    state = account(BLOCK, reports)
    assert [state.count(fate) for fate in Fate] == [2, 1, 1, 1]
    assert state.can_close
    assert check_proof(proof_of(reports), public_key=PUBLIC) == BLOCK


def test_a_proof_with_an_open_number_does_not_hold():
    with pytest.raises(BadProof, match="1 numbers have no end yet, the first is 20263306000124"):
        check_proof(proof_of(used(121, 122, 123, 125)), public_key=PUBLIC)


def rehash(proof):
    from wufei.core.signature import content_hash

    return proof | {"hash": content_hash({name: value for name, value in proof.items() if name != "hash"})}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p: p["numbers"].pop(2), "not those of the block"),
        (lambda p: p["numbers"].append(dict(p["numbers"][0])), "not those of the block"),
        (lambda p: p["numbers"][0].update(number="20263306000126"), "not those of the block"),
        (lambda p: p["numbers"][0].update(evidence="event-122"), "One event stands for two numbers"),
        (lambda p: p["numbers"][0].update(evidence=""), "no evidence"),
        (lambda p: p["numbers"][0].update(fate="burnt"), "cannot be read"),
        (lambda p: p["block"].update(last=124), "signature of the block"),
        (lambda p: p["block"].update(device="D2"), "signature of the block"),
        (lambda p: p["block"].pop("device"), "lacks a part"),
        (lambda p: p.update(signature="00" * 64), "signature of the block"),
        (lambda p: p.update(format="x"), "format"),
    ],
)
def test_a_proof_that_was_tampered_with_does_not_hold(change, said):
    proof = deepcopy(proof_of(used(121, 122, 123, 124, 125)))
    assert check_proof(proof, public_key=PUBLIC) == BLOCK
    change(proof)
    with pytest.raises(BadProof, match="hash" if said != "format" else "format"):
        check_proof(proof, public_key=PUBLIC)
    with pytest.raises(BadProof, match=said):
        check_proof(rehash(proof), public_key=PUBLIC)


def test_a_proof_by_another_key_does_not_hold():
    with pytest.raises(BadProof, match="another public key"):
        check_proof(proof_of(used(121)), public_key=bytes(32))


def test_the_statement_changes_with_every_field():
    changed = [
        replace(BLOCK, key="20263305"), replace(BLOCK, digits=7), replace(BLOCK, first=120), replace(BLOCK, last=126),
        replace(BLOCK, device="D2"), replace(BLOCK, issued_at="x"), replace(BLOCK, expires_at="x"),
    ]  # fmt: skip
    assert len({block.statement() for block in [BLOCK, *changed]}) == 8


def test_runs_of_numbers_are_joined_for_people():
    assert numbers_text(BLOCK, [121, 122, 123, 125]) == "20263306000121 至 20263306000123、20263306000125"
