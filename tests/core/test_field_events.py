"""What a phone reports is understood or every fault of it is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core.field_events import EventType, check_payload, numbers_of, photos_of

PICKUP = {
    "number": "20263306000121", "trip": "T1", "stop": 1, "site": "330523-DEMO-1",
    "wastes": [{"code": "900-214-08", "name": "废机油", "mass_g": 86_000, "packages": ["P1"]}],
    "handler": {"name": "张三", "drawing": "a" * 64}, "photos": ["b" * 64],
}  # fmt: skip
RECEIVE = {
    "number": "20263306000121", "decision": "partly", "reason": "含水",
    "wastes": [{"accepted_g": 80_000, "refused_g": 6_000, "lost_g": 0}], "photos": [],
}  # fmt: skip


CORRECT = {
    "of": "c" * 64, "number": "20263306000121", "wastes": [{"mass_g": 68_000}], "reason": "看错",
    "photos": ["d" * 64],
}  # fmt: skip
LOST = {"accepted_g": 80_000, "refused_g": 5_000, "lost_g": 1_000}


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("correct", CORRECT),
        ("correct", CORRECT | {"wastes": [LOST]}),
        ("receive", RECEIVE | {"wastes": [LOST | {"received_g": 86_000}]}),
        ("pickup", PICKUP),
        ("pickup", PICKUP | {"number": None, "trip": None, "stop": None}),
        ("receive", RECEIVE),
        ("arrive", {"number": "1"}),
        ("nothing", {"trip": "T1", "stop": 2, "reason": "门锁着"}),
        ("spoil", {"number": "1", "reason": "写错"}),
        ("return", {"numbers": ["1", "2"]}),
    ],
)
def test_what_a_phone_sends_is_understood(kind, payload):
    assert check_payload(kind, payload) == []


@pytest.mark.parametrize(
    ("kind", "payload", "fields"),
    [
        ("burn", {}, ["type"]),
        ("pickup", {}, ["site", "wastes", "handler"]),
        ("pickup", PICKUP | {"wastes": [{"code": "", "mass_g": 86.0}]}, ["wastes/0/code", "wastes/0/mass_g"]),
        ("pickup", PICKUP | {"wastes": [{"code": "x", "mass_g": 0}]}, ["wastes/0/mass_g"]),
        ("pickup", PICKUP | {"wastes": [{"code": "x", "mass_g": 200_000_001}]}, ["wastes/0/mass_g"]),
        ("pickup", PICKUP | {"wastes": [{"code": "x", "mass_g": True}]}, ["wastes/0/mass_g"]),
        ("pickup", PICKUP | {"wastes": [1]}, ["wastes"]),
        ("pickup", PICKUP | {"handler": {"name": "张三"}}, ["handler"]),
        ("pickup", PICKUP | {"photos": ["x"]}, ["photos"]),
        ("pickup", PICKUP | {"stop": 0}, ["stop"]),
        ("pickup", PICKUP | {"site": 5}, ["site"]),
        ("receive", RECEIVE | {"decision": "maybe", "reason": 5}, ["decision", "reason"]),
        ("receive", RECEIVE | {"reason": " "}, ["reason"]),
        ("receive", RECEIVE | {"wastes": [{"accepted_g": -1}]},
         ["wastes/0/accepted_g", "wastes/0/refused_g", "wastes/0/lost_g"]),
        ("receive", RECEIVE | {"wastes": [LOST | {"received_g": 85_999}]}, ["wastes/0/received_g"]),
        ("receive", RECEIVE | {"decision": "accept", "wastes": [LOST], "reason": ""}, ["reason"]),
        ("correct", {}, ["of", "wastes", "reason", "photos"]),
        ("correct", CORRECT | {"of": "x", "wastes": [{"mass_g": 0}, {}], "photos": []},
         ["of", "wastes/0/mass_g", "wastes/1/accepted_g", "wastes/1/refused_g", "wastes/1/lost_g", "photos"]),
        ("nothing", {"trip": "T1", "stop": 2}, ["reason"]),
        ("spoil", {"number": "1"}, ["reason"]),
        ("return", {"numbers": "1"}, ["numbers"]),
    ],
)  # fmt: skip
def test_every_fault_is_named_at_once(kind, payload, fields):
    findings = check_payload(kind, payload)
    assert [finding.field for finding in findings] == fields
    assert all(finding.what.endswith("。") and finding.remedy.endswith("。") for finding in findings)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from([kind.value for kind in EventType]), st.sampled_from([PICKUP, RECEIVE, CORRECT]), st.data())
def test_any_payload_is_checked_without_a_crash(kind, base, data):
    name = data.draw(st.sampled_from(sorted(base)))
    payload = base | {name: data.draw(anything)}
    check_payload(kind, payload)
    assert all(isinstance(number, str) for number in numbers_of(kind, payload))
    assert all(len(digest) == 64 for digest in photos_of(payload))


def test_the_numbers_and_pictures_of_an_event():
    assert numbers_of("pickup", PICKUP) == ["20263306000121"]
    assert numbers_of("return", {"numbers": ["2", "1", "2"]}) == ["2", "1"]
    assert numbers_of("arrive", {"number": "1"}) == []  # it names a manifest, it takes no number
    assert photos_of(PICKUP) == ["b" * 64, "a" * 64]
