"""Files of proofs and the published list, checked by anyone: what holds, and what does not and why."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.test_chain import PRIVATE, make_proof

from wufei.core.chain import NO_CHECKPOINT, BadProof, Checkpoint, public_key_of, sign
from wufei.core.proof import (
    MOST_PROOFS,
    STEPS,
    check_proofs,
    checkpoint_line,
    read_checkpoints,
    read_key,
)

KEY = public_key_of(PRIVATE)
OTHER = bytes(32)


def raw(*proofs):
    return json.dumps(list(proofs)).encode()


def chain_of(count, private=PRIVATE):
    """Lines of checkpoints that follow one another."""
    lines, previous = [], NO_CHECKPOINT
    for number in range(1, count + 1):
        checkpoint = Checkpoint(number, "2026-11-25T00:00:00+08:00", number, 3, bytes([number]) * 32, previous)
        signature = sign(checkpoint, private)
        previous = checkpoint.digest(signature)
        lines.append(json.dumps(checkpoint_line(checkpoint, signature, public_key_of(private))))
    return lines


def published_of(proof):
    """The list that holds the checkpoint of a proof."""
    return [json.dumps({"format": "wufei-checkpoint-1", **proof["checkpoint"]})]


def test_a_file_that_holds_tells_what_it_proves():
    verdict = check_proofs(raw(make_proof(), make_proof()), public_key=KEY)
    assert (verdict.holds, verdict.failed, verdict.reason, verdict.is_key_given) == (True, None, "", True)
    assert verdict.public_key == KEY.hex()
    (first, second) = verdict.movements
    assert first == second
    assert (first.source, first.checkpoint) == (make_proof()["movement"]["source"], 1)
    assert first.mass_g == make_proof()["movement"]["mass_g"]
    assert first.recorded_at.isoformat() == "2022-03-01T02:00:00+00:00"  # 1,646,100,000 s after 1970
    single = check_proofs(json.dumps(make_proof()).encode(), public_key=KEY)
    assert single.movements == (first,)


def test_without_a_key_the_one_inside_is_taken_and_the_verdict_says_so():
    verdict = check_proofs(raw(make_proof()))
    assert (verdict.holds, verdict.is_key_given, verdict.public_key) == (True, False, KEY.hex())


def test_two_keys_in_one_file_do_not_hold():
    alien = make_proof()
    alien["checkpoint"]["public_key"] = public_key_of(OTHER).hex()
    verdict = check_proofs(raw(make_proof(), alien))
    assert (verdict.holds, verdict.failed, verdict.step) == (False, 2, "key")
    assert len(verdict.movements) == 1


@pytest.mark.parametrize(
    ("change", "step"),
    [
        (lambda proof: proof["movement"].update(mass_g=1), "movement"),
        (lambda proof: proof["chain"].update(links_after=[]), "root"),
        (lambda proof: proof["chain"].update(holder="site:Z"), "holder"),
        (lambda proof: proof["checkpoint"].update(public_key=public_key_of(OTHER).hex()), "key"),
        (lambda proof: proof["checkpoint"].update(signature="00" * 64), "signature"),
        (lambda proof: proof.pop("path"), "form"),
    ],
)
def test_the_verdict_names_the_step_that_fails_in_chinese(change, step):
    proof = make_proof()
    change(proof)
    verdict = check_proofs(raw(make_proof(), proof), public_key=KEY)
    assert (verdict.holds, verdict.failed, verdict.step) == (False, 2, step)
    assert verdict.reason == STEPS[step]
    assert verdict.detail


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"[1]",
        b"null",
        b"no JSON",
        b"\xff\xfe",
        b"[" * 100_000,
        b"1" * 5000,
        b'[{"checkpoint": 1}]',
    ],
)
def test_what_is_no_proof_gets_a_verdict_and_no_error(content):
    verdict = check_proofs(content)
    assert (verdict.holds, verdict.step, verdict.movements) == (False, "form", ())


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_get_a_verdict(content):
    assert check_proofs(content).holds is False


def test_too_many_and_too_large_files_are_not_read(monkeypatch):
    assert check_proofs(raw(*[{}] * (MOST_PROOFS + 1)), public_key=KEY).step == "form"
    monkeypatch.setattr("wufei.core.proof.LARGEST", 100)
    assert "at most 100" in check_proofs(raw(make_proof()), public_key=KEY).detail


def test_a_proof_must_rest_on_a_published_checkpoint():
    proof = make_proof()
    listed = read_checkpoints(published_of(proof), public_key=KEY)
    assert check_proofs(raw(proof), public_key=KEY, published=listed).holds
    other = check_proofs(raw(proof), public_key=KEY, published=read_checkpoints(chain_of(3), public_key=KEY))
    assert (other.holds, other.step) == (False, "published")
    assert check_proofs(raw(proof), public_key=KEY, published={}).step == "published"


def test_a_list_holds_in_any_order_and_from_any_number():
    lines = chain_of(4)
    assert sorted(read_checkpoints([*reversed(lines), ""], public_key=KEY)) == [1, 2, 3, 4]
    assert sorted(read_checkpoints(lines[2:])) == [3, 4]


@pytest.mark.parametrize(
    "lines",
    [
        [*chain_of(4)[:1], *chain_of(4)[2:]],  # one is left out
        [*chain_of(2)[:1], *chain_of(2, OTHER)[1:]],  # from another chain
        [chain_of(1)[0].replace('"holders": 3', '"holders": 4')],
        ["{}"],
        ["[1]"],
        ["no JSON"],
    ],
)
def test_a_list_that_does_not_hang_together_is_refused(lines):
    with pytest.raises(BadProof) as caught:
        read_checkpoints(lines)
    assert caught.value.step == "list"


def test_a_list_signed_by_another_key_is_refused():
    with pytest.raises(BadProof):
        read_checkpoints(chain_of(2), public_key=public_key_of(OTHER))


@pytest.mark.parametrize("text", ["", "ab", "zz" * 32, "11" * 33])
def test_a_key_has_64_hexadecimal_characters(text):
    with pytest.raises(ValueError, match="key|hex"):
        read_key(text)
    assert read_key(" " + "1A" * 32 + "\n") == b"\x1a" * 32
