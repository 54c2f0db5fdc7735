"""Splitting a whole into integer parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core.simulation.apportion import apportion

weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=60).filter(any)


def test_ten_grams_by_one_one_one_give_the_first_part_the_odd_gram():
    assert apportion(10, [1, 1, 1]) == [4, 3, 3]


def test_the_largest_remainders_get_the_odd_grams():
    # 100 * 1/7 = 14.29, * 2/7 = 28.57, * 4/7 = 57.14: the odd gram goes to the second.
    assert apportion(100, [1, 2, 4]) == [14, 29, 57]


@given(weights, st.integers(0, 10**15))
def test_the_parts_add_up_to_the_whole_and_differ_from_their_share_by_less_than_one(parts, whole):
    shares = apportion(whole, parts)
    assert sum(shares) == whole
    assert all(abs(share * sum(parts) - whole * part) < sum(parts) for share, part in zip(shares, parts, strict=True))


@given(weights, st.integers(0, 10**9))
def test_every_part_gets_its_minimum(parts, beyond):
    shares = apportion(len(parts) * 3 + beyond, parts, at_least=3)
    assert min(shares) >= 3
    assert sum(shares) == len(parts) * 3 + beyond


def test_a_whole_that_cannot_give_the_minimum_is_a_programming_error():
    with pytest.raises(AssertionError, match="cannot give 1"):
        apportion(2, [1, 1, 1], at_least=1)
