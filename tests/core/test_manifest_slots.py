"""Who may change what: a party its own part, the sender ahead in a draft, whoever loads what was loaded."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest

from wufei.core.manifest import Event, Status
from wufei.core.manifest_slots import foreign_changes, order_findings, restated_masses, time_findings

DOCUMENT = {
    "profile": "hazardous",
    "generator": {"site": "S1", "note": "a"},
    "wastes": [{"code": "900-214-08", "mass_g": 5}],
    "carriers": [{"organisation": "C1", "vehicle": "浙E1"}, {"organisation": "C2"}],
    "receiver": {"site": "S2"},
}


def changed(**changes):
    """The document with values put at paths written a__b__0__c."""
    document = deepcopy(DOCUMENT)
    for path, value in changes.items():
        *way, last = (int(part) if part.isdecimal() else part for part in path.split("__"))
        node = document
        for name in way:
            node = node.setdefault(name, {}) if isinstance(node, dict) else node[name]
        node[last] = value
    return document


def told(after, slots, status=Status.SUBMITTED, **more):
    return [(f.field, f.code) for f in foreign_changes(DOCUMENT, after, slots, status, **more)]


@pytest.mark.parametrize(("change", "owner"), [
    ({"wastes__0__mass_g": 4}, "generator"), ({"generator__note": "b"}, "generator"),
    ({"region__kind": "out"}, "generator"), ({"carriers__0__vehicle": "浙E2"}, "carrier:1"),
    ({"carriers__1__driver": "x"}, "carrier:2"), ({"receiver__handler": "x"}, "receiver"),
])  # fmt: skip
def test_after_submission_each_changes_its_own_part_alone(change, owner):
    for slot in ("generator", "carrier:1", "carrier:2", "receiver", "insurer"):
        found = told(changed(**change), {slot})
        assert (found == []) is (slot == owner), (slot, found)


def test_in_a_draft_the_sender_writes_the_carriers_ahead_but_not_the_receipt():
    assert told(changed(carriers__0__vehicle="浙E2", carriers__1__driver="x"), {"generator"}, Status.DRAFT) == []
    early = told(changed(receipt={"opinion": "好"}), {"generator"}, Status.DRAFT)
    assert early == [("/receipt/opinion", "not_your_field")]
    assert told(changed(wastes__0__mass_g=1), {"carrier:1"}, Status.DRAFT) == [("/wastes/0/mass_g", "not_your_field")]
    assert told(changed(wastes__0__mass_g=1), {"carrier:1"}, Status.DRAFT, is_round=True) == []
    assert told(changed(wastes__0__mass_g=1), {"carrier:2"}, Status.DRAFT, is_round=True) != []


def test_the_receipt_is_written_when_the_load_is_there():
    receipt = changed(receipt={"opinion": "好"})
    assert told(receipt, {"receiver"}, Status.IN_TRANSIT) == [("/receipt/opinion", "not_your_field")]
    assert told(receipt, {"receiver"}, Status.DELIVERED, event=Event.CONFIRM) == []


def test_whoever_loads_states_the_mass_and_it_is_told():
    after = changed(wastes__0__mass_g=4)
    assert told(after, {"carrier:1"}, event=Event.DEPART) == []
    assert told(changed(generator__note="b"), {"carrier:1"}, event=Event.DEPART) != []
    assert [(f.field, f.code, f.level) for f in restated_masses(DOCUMENT, after)] == [
        ("/wastes/0/mass_g", "mass_restated", "warn")
    ]


def test_the_kind_never_changes_and_lists_do_not_grow_after_submission():
    assert told(changed(profile="medical"), {"generator"}, Status.DRAFT) == [("/profile", "profile_fixed")]
    more = changed()
    more["carriers"].append({"vehicle": "浙E9"})
    found = told(more, {"generator", "carrier:1", "carrier:2", "carrier:3"})
    assert found == [("/carriers", "list_sealed")]


def test_times_ahead_or_of_long_ago_are_refused_and_disorder_is_told():
    now = datetime(2026, 11, 25, tzinfo=UTC)
    for gap, ok in (
        (timedelta(seconds=300), True), (timedelta(seconds=301), False), (-timedelta(days=92), True),
        (-timedelta(days=92, seconds=1), False), (timedelta(days=365 * 7900), False),
    ):  # fmt: skip
        assert (time_findings(now + gap, now) == []) is ok, gap
    assert time_findings(datetime.min.replace(tzinfo=UTC), now)
    assert order_findings(now, now) == []
    assert order_findings(now, None) == []
    assert [f.code for f in order_findings(now, now + timedelta(seconds=1))] == ["claimed_before_previous"]
