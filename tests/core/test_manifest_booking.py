"""What a manifest books by package: every gram of every package is somewhere, and each says where."""

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from wufei.core.manifest import Outcome
from wufei.core.manifest_booking import Ends, Load, Stamp, aboard, depart, receive, share_out

ENDS = Ends("site:S-maker", "site:S-plant")
TRUCK, OIL = "vehicle:浙E1", "900-214-08"
KG = 1_000


def stamp(sequence):
    return Stamp("20263305000001", sequence, datetime(2026, 11, 2, tzinfo=UTC))


def held(movements):
    """(holder, bucket, package) -> grams."""
    found = Counter()
    for m in movements:
        found[m.source.holder, m.source.bucket.value, m.package] -= m.mass_g
        found[m.target.holder, m.target.bucket.value, m.package] += m.mass_g
    return {place: grams for place, grams in found.items() if grams}


def test_a_line_lighter_than_its_packages_books_the_rest_of_them_as_a_difference_of_the_sender():
    """186 + 187 kg on a line of 200 kg: 200 × 186/373 = 99.7319… kg, 200 × 187/373 = 100.2680… kg."""
    load = Load(1, OIL, 200 * KG, (("A", 186 * KG), ("B", 187 * KG)), {"A": 186 * KG, "B": 187 * KG})
    assert aboard(load) == {"A": 99_732, "B": 100_268}
    found = held(depart(ENDS, TRUCK, [load], {OIL: 373 * KG}, stamp(1)))
    assert found == {
        ("site:S-maker", "stored", "A"): -186 * KG,
        ("site:S-maker", "unexplained", "A"): 86_268,
        (TRUCK, "in_transit", "A"): 99_732,
        ("site:S-maker", "stored", "B"): -187 * KG,
        ("site:S-maker", "unexplained", "B"): 86_732,
        (TRUCK, "in_transit", "B"): 100_268,
    }


def test_a_receipt_lies_in_the_packages_that_it_accepts_and_refuses():
    """150 kg accepted, 30 kg refused in B, 20 kg missing of 200: A 99.732 + 50.268, B 30, 70.268 too many in B."""
    load = Load(1, OIL, 200 * KG, (("A", 186 * KG), ("B", 187 * KG)))
    outcome = Outcome(sent_g=200 * KG, accepted_g=150 * KG, refused_g=30 * KG)
    found = held(receive(ENDS, TRUCK, [load], [outcome], stamp(2), {"B"}))
    assert found == {
        ("site:S-plant", "stored", "A"): 150 * KG,
        (TRUCK, "in_transit", "A"): -99_732,
        (TRUCK, "unexplained", "A"): -50_268,
        (TRUCK, "in_transit", "B"): -70_268,  # of 100.268 kg aboard, 30 kg go back
        (TRUCK, "unexplained", "B"): 70_268,
    }


def test_packages_that_were_not_weighed_share_what_the_others_leave():
    load = Load(1, OIL, 100, (("A", 40), ("B", None), ("C", None)))
    assert aboard(load) == {"A": 40, "B": 30, "C": 30}
    assert aboard(Load(1, OIL, 100, (("A", 40),))) == {"A": 40, "": 60}  # what no package holds lies loose


grams = st.integers(0, 10**7)
masses = st.lists(st.none() | grams, max_size=6)


@given(st.integers(1, 10**7), masses, st.sets(st.integers(0, 5)), grams, grams, grams)
def test_no_gram_of_a_package_is_lost_on_the_way(mass_g, weighed, refused, accepted_g, refused_g, lost_g):
    packages = tuple((f"P{i}", g) for i, g in enumerate(weighed))
    booked = {code: g or 0 for code, g in packages}
    back = {f"P{i}" for i in refused if i < len(packages)} if refused_g else set()
    load, outcome = Load(1, OIL, mass_g, packages, booked), Outcome(mass_g, accepted_g, refused_g, lost_g)
    movements = depart(ENDS, TRUCK, [load], {OIL: sum(booked.values())}, stamp(1))
    movements += receive(ENDS, TRUCK, [load], [outcome], stamp(2), back)
    found, shares = held(movements), share_out(load, outcome, back)
    assert len({m.key for m in movements}) == len(movements)
    for code in ("", *booked):
        # What the receipt says lies in each is what the books hold for it, there and on the way back.
        assert found.get(("site:S-plant", "stored", code), 0) == shares.accepted.get(code, 0)
        assert found.get((TRUCK, "in_transit", code), 0) == shares.refused.get(code, 0)
        assert not (code in back and shares.accepted.get(code))
        # Of what the store held for a package nothing is left behind.
        left = booked.get(code, 0) + found.get(("site:S-maker", "stored", code), 0)
        assert code == "" or left <= 0
    assert sum(shares.aboard.values()) == mass_g
    assert sum(shares.accepted.values()) == accepted_g
    assert sum(shares.refused.values()) == refused_g
    assert sum(found.get((TRUCK, "unexplained", c), 0) for c in ("", *booked)) == mass_g - accepted_g - refused_g
    assert sum(found.values()) == 0
