"""Division codes: the prefix begins everything below, and nothing else."""

import pytest

from wufei.core.divisions import common_division, is_division_code, level_of, parent_code, place_of, prefix_of
from wufei.core.reference import read_table

ROWS = [*read_table("registry/divisions.csv"), *read_table("registry/villages.csv")]


def test_prefix_level_place_and_parent_by_hand():
    assert [prefix_of(c) for c in ("330000", "330600", "330523", "330523001", "330523001002")] == [
        "33", "3306", "330523", "330523001", "330523001002",
    ]  # fmt: skip
    assert [level_of(c) for c in ("330000", "330600", "330523", "330523001", "330523001002")] == [1, 2, 3, 4, 5]
    assert place_of("330523001002") == "330523"
    assert parent_code("330523001") == "330523"
    assert parent_code("330523") == "330500"
    assert parent_code("330600") == "330000"
    assert parent_code("330000") is None


def test_published_table_agrees_on_parents_and_levels():
    for row in ROWS:
        assert parent_code(row["code"]) == (row["parent"] or None), row
        assert level_of(row["code"]) == int(row.get("level", 5)), row
        if row["parent"]:
            assert prefix_of(row["code"]).startswith(prefix_of(row["parent"])), row


def test_what_is_no_code():
    assert not any(is_division_code(text) for text in ("", "3305", "33052300", "安吉县", "330523-1", "33052３"))


@pytest.mark.parametrize(("codes", "common"), [
    (["330523101", "330523102", "330523"], "330523"),
    (["330523101", "330523101"], "330523101"),
    (["330523", "330500"], "330500"),
    (["330523", "330825"], "330000"),
    (["330523", "371525"], ""),  # Zhejiang and Shandong share the digit 3 and no division
    ([], ""),
])  # fmt: skip
def test_the_common_division_is_the_smallest_that_holds_all(codes, common):
    assert common_division(codes) == common
