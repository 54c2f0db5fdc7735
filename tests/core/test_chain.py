"""Digests, chains, Merkle paths, signatures and proofs; expected values by hand from hashlib."""

import copy
import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core.chain import (
    BATCH_FIELDS,
    FIELDS,
    NO_CHECKPOINT,
    BadProof,
    Checkpoint,
    batch_tail,
    check_proof,
    climb,
    digest_fields,
    digest_rows,
    first_head,
    is_signed,
    leaf,
    link_digest,
    merkle_path,
    merkle_root,
    next_head,
    public_key_of,
    sign,
)

PRIVATE = bytes(range(32))
ROW = (
    16777216,
    1,
    2,
    1500,
    1646092800000000,
    20220301,
    "generate",
    "weighing:7",
    "k1",
    None,
    "",
    "weighed",
    "",
    2000,
)
ROW += ("", "")
NAMES = {1: "site:A|900-001-S17|generated|", 2: "site:A|900-001-S17|stored|"}


def test_the_digest_is_sha256_over_the_fields_joined_by_unit_separators():
    text = (
        "16777216\x1fsite:A|900-001-S17|generated|\x1fsite:A|900-001-S17|stored|\x1f1500\x1f1646092800000000\x1f20220301"
        "\x1fgenerate\x1fweighing:7\x1fk1\x1fNone\x1f\x1fweighed\x1f\x1f2000\x1f\x1f\x1f1646100000000000\x1f张三"
    )
    assert digest_rows([ROW], NAMES, batch_tail(1646100000000000, "张三")) == [sha256(text.encode()).digest()]


@given(st.integers(0, 15), st.integers(1, 10**6))
def test_any_other_value_in_any_field_gives_another_digest(place, change):
    tail = batch_tail(1, "a")
    other = list(ROW)
    value = other[place]
    if place in (1, 2):
        names = NAMES | {1: NAMES[1] + "x"} if place == 1 else NAMES | {2: NAMES[2] + "x"}
        assert digest_rows([ROW], names, tail) != digest_rows([ROW], NAMES, tail)
        return
    other[place] = change if value is None else value + change if isinstance(value, int) else value + "x"
    assert digest_rows([tuple(other)], NAMES, tail) != digest_rows([ROW], NAMES, tail)


def test_a_field_cannot_lend_its_end_to_the_next():
    shifted = list(ROW)
    shifted[7], shifted[8] = "weighing:7k", "1"
    assert digest_rows([tuple(shifted)], NAMES, "t") != digest_rows([ROW], NAMES, "t")


def test_the_root_of_three_leaves_by_hand():
    a, b, c = (sha256(x).digest() for x in (b"a", b"b", b"c"))
    ab = sha256(b"\x01" + a + b).digest()
    assert merkle_root([a, b, c]) == sha256(b"\x01" + ab + c).digest()
    assert merkle_root([a]) == a


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40), st.data())
def test_every_path_leads_to_the_root_and_only_from_its_own_leaf(leaves, data):
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = merkle_path(leaves, index)
    assert climb(leaves[index], path) == merkle_root(leaves)
    assert climb(sha256(leaves[index]).digest(), path) != merkle_root(leaves)


def make_proof() -> dict[str, object]:
    """A proof made step by step, as an independent writer would."""
    values = dict(zip(FIELDS, ROW, strict=True)) | {"source": NAMES[1], "target": NAMES[2]}
    movement = values | dict(zip(BATCH_FIELDS, (1646100000000000, "张三"), strict=True))
    others = [sha256(b"before").digest(), sha256(b"after").digest()]
    digests = [others[0], digest_fields(movement), others[1]]
    later = sha256(b"a later link").digest()
    head = next_head(next_head(first_head("site:A"), link_digest(digests)), later)
    leaves = [leaf("boundary:1", 9, bytes(32)), leaf("site:A", 2, head), leaf("site:B", 1, bytes(32))]
    checkpoint = Checkpoint(1, "2022-04-01T00:00:00+08:00", 12, 3, merkle_root(leaves), NO_CHECKPOINT)
    return {
        "format": "wufei-proof-1",
        "movement": movement,
        "chain": {
            "holder": "site:A",
            "links": 2,
            "head_before": first_head("site:A").hex(),
            "position": 1,
            "link_digests": [d.hex() for d in digests],
            "links_after": [later.hex()],
        },
        "path": [[side, partner.hex()] for side, partner in merkle_path(leaves, 1)],
        "checkpoint": {
            "number": 1,
            "at": checkpoint.at,
            "upto_batch": 12,
            "holders": 3,
            "root": checkpoint.root.hex(),
            "previous": NO_CHECKPOINT.hex(),
            "signature": sign(checkpoint, PRIVATE).hex(),
            "public_key": public_key_of(PRIVATE).hex(),
        },
    }


def test_a_proof_holds_without_a_database_and_survives_json():
    check_proof(json.loads(json.dumps(make_proof())), public_key=public_key_of(PRIVATE))


def test_a_proof_signed_by_another_key_does_not_hold():
    with pytest.raises(BadProof, match="another public key"):
        check_proof(make_proof(), public_key=public_key_of(bytes(32)))
    proof = make_proof()
    proof["checkpoint"]["public_key"] = public_key_of(bytes(32)).hex()
    with pytest.raises(BadProof, match="signature"):
        check_proof(proof, public_key=public_key_of(bytes(32)))


@pytest.mark.parametrize("field", [*FIELDS, *BATCH_FIELDS])
def test_a_proof_with_one_field_changed_does_not_hold(field):
    proof = make_proof()
    proof["movement"][field] = f"{proof['movement'][field]}0"
    with pytest.raises(BadProof, match="fields of the movement"):
        check_proof(proof, public_key=public_key_of(PRIVATE))


@pytest.mark.parametrize(
    "change",
    [
        lambda proof: proof.update(format="wufei-proof-2"),
        lambda proof: proof["chain"].update(position=-2),  # the same digest, counted from the end
        lambda proof: proof["chain"].update(position="1"),
        lambda proof: proof["chain"].update(links=2.0),
        lambda proof: proof["checkpoint"].update(number="1"),
        lambda proof: proof["movement"].update(mass_g=str(proof["movement"]["mass_g"])),  # texts with the same digest
        lambda proof: proof["movement"].update({name: "None" for name, v in proof["movement"].items() if v is None}),
        lambda proof: proof["movement"].update(note="genuine"),
        lambda proof: proof.update(path=[[side.replace("right", "up"), p] for side, p in proof["path"]]),
    ],
)
def test_a_proof_that_is_merely_written_otherwise_does_not_hold(change):
    proof = make_proof()
    change(proof)
    assert json.dumps(proof) != json.dumps(make_proof())
    with pytest.raises(BadProof):
        check_proof(proof, public_key=public_key_of(PRIVATE))


@pytest.mark.parametrize("part", ["movement", "chain", "path", "checkpoint", "format"])
def test_a_proof_without_a_part_is_refused_with_its_own_error(part):
    proof = make_proof()
    del proof[part]
    with pytest.raises(BadProof):
        check_proof(proof, public_key=public_key_of(PRIVATE))


@given(st.data())
def test_a_proof_with_any_changed_leaf_does_not_hold(data):
    proof = copy.deepcopy(make_proof())
    part = data.draw(st.sampled_from(["chain", "checkpoint"]))
    name = data.draw(st.sampled_from(sorted(proof[part])))
    value = proof[part][name]
    if isinstance(value, int):
        proof[part][name] = value + data.draw(st.integers(1, 3))
    elif isinstance(value, list):
        proof[part][name] = value[:-1]
    else:
        place = data.draw(st.integers(0, len(value) - 1))
        other = data.draw(st.sampled_from("0123456789abcdefXY").filter(lambda c: c != value[place]))
        proof[part][name] = value[:place] + other + value[place + 1 :]
    with pytest.raises(BadProof):
        check_proof(proof, public_key=public_key_of(PRIVATE))


def test_a_signature_covers_every_line_of_a_checkpoint():
    checkpoint = Checkpoint(1, "2022-04-01T00:00:00+08:00", 12, 3, bytes(32), NO_CHECKPOINT)
    signature = sign(checkpoint, PRIVATE)
    public_key = public_key_of(PRIVATE)
    assert is_signed(checkpoint, signature, public_key)
    for other in (
        Checkpoint(2, checkpoint.at, 12, 3, bytes(32), NO_CHECKPOINT),
        Checkpoint(1, "2022-04-02T00:00:00+08:00", 12, 3, bytes(32), NO_CHECKPOINT),
        Checkpoint(1, checkpoint.at, 13, 3, bytes(32), NO_CHECKPOINT),
        Checkpoint(1, checkpoint.at, 12, 4, bytes(32), NO_CHECKPOINT),
        Checkpoint(1, checkpoint.at, 12, 3, b"\x01" + bytes(31), NO_CHECKPOINT),
        Checkpoint(1, checkpoint.at, 12, 3, bytes(32), b"\x01" + bytes(31)),
    ):
        assert not is_signed(other, signature, public_key)
    assert not is_signed(checkpoint, bytes(64), public_key)
