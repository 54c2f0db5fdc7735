"""The life of a package and nesting: the table is whole, a box weighs what lies in it."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core import package
from wufei.core.catalogue import DOMAINS
from wufei.core.package import ENDED, TRANSITIONS, Box, Event, Status


def test_every_word_has_a_chinese_name():
    assert set(package.status_names()) == set(Status)
    assert set(package.event_names()) == set(Event)
    assert set(package.rules().merge_of_codes) == set(DOMAINS)


@pytest.mark.parametrize(("event", "status"), list(product(Event, sorted(ENDED))))
def test_what_has_ended_never_changes(event, status):
    after = TRANSITIONS.get(event, {}).get(status, status)
    assert after is status


@st.composite
def forests(draw):
    """Boxes 0 … n-1; each lies in an earlier one or in none, so there are no cycles."""
    count = draw(st.integers(1, 12))
    return [
        Box(key, draw(st.sampled_from([None, *range(key)])), draw(st.none() | st.integers(0, 10**9)))
        for key in range(count)
    ]


@given(forests())
def test_the_outermost_boxes_weigh_what_all_packages_weigh(boxes):
    outer = [package.total_g(boxes, box.key) or 0 for box in boxes if box.parent is None]
    assert sum(outer) == sum(box.mass_g or 0 for box in boxes)


@given(forests())
def test_no_package_lies_deeper_than_its_outermost_box_is_high(boxes):
    highest = max(package.height(boxes, box.key) for box in boxes if box.parent is None)
    assert max(package.depth(boxes, box.key) for box in boxes) == highest


def test_a_box_weighs_its_own_content_and_what_lies_inside():
    boxes = [Box(1, None, 500), Box(2, 1, 300), Box(3, 2, 40), Box(4, None, 9)]
    assert package.total_g(boxes, 1) == 840  # 500 + 300 + 40
    assert package.total_g(boxes, 3) == 40
    assert package.height(boxes, 1) == 3
    assert package.depth(boxes, 3) == 3
    assert package.total_g([Box(1, None, None)], 1) is None
