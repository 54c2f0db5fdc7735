"""Contracts and handling plans as values."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from wufei.core.agreements import contract_lines, is_late, read_contract, read_handling, shares

HEAD = {
    "project": "某工程", "builder": "甲", "contractor": "乙", "begins_on": "2026-12-01", "ends_on": "2027-06-30",
    "manager": "王小明", "phone": "13812345678", "measures": "分类堆放",
}  # fmt: skip


def tables(wastes, receivers):
    return {
        "wastes": [{"waste_code": "900-001-S70", "planned_g": made, "on_site_g": used} for made, used in wastes],
        "carriers": [{"name": "丙运输"}],
        "receivers": [{"name": "丁消纳场", "kind": "landfill", "planned_g": mass_g} for mass_g in receivers],
    }


def codes(read):
    return [finding.code for finding in read[2]]


def test_a_plan_says_where_everything_goes():
    assert codes(read_handling(HEAD, tables([(100, 30)], [50, 20]))) == []
    read = read_handling(HEAD, tables([(100_000_000, 30_000_000)], [50_000_000]))
    assert codes(read) == ["not_balanced"]
    assert "相差 20 吨" in read[2][0].what


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1, max_size=5))
def test_what_is_accepted_balances(wastes):
    sent = sum(made - used for made, used in wastes)
    read = read_handling(HEAD, tables(wastes, [max(0, sent)]))
    assert (codes(read) == []) == all(used <= made for made, used in wastes)


def test_a_plan_is_told_all_that_is_wrong():
    wrong = {**tables([(1, 0)], []), "more": []}
    wrong["wastes"][0]["waste_code"] = "900-249-08"
    read = read_handling({**HEAD, "ends_on": "2026-11-01"}, wrong)
    assert set(codes(read)) == {"ends_before_begin", "table_empty", "unknown_table", "not_construction"}


def test_late_is_from_the_day_on_which_works_begin():
    assert not is_late(date(2026, 11, 30), date(2026, 12, 1))
    assert is_late(date(2026, 12, 1), date(2026, 12, 1))


def test_a_contract_names_waste_and_time():
    head = {"number": "HT-1", "receiver": "某厂", "valid_from": "2026-01-01", "valid_to": "2025-12-31"}
    assert codes(read_contract(head, [])) == ["ends_before_begin", "no_items"]
    values, items, findings = read_contract(
        {**head, "valid_to": "2026-12-31"}, [{"waste_code": "90024908", "mass_g": "5"}]
    )
    assert (values["valid_to"], items, findings) == (
        "2026-12-31",
        [{"waste_code": "900-249-08", "mass_g": 5_000_000}],
        [],
    )


def test_masses_of_one_code_add_up_and_a_row_without_one_lifts_the_limit():
    items = [
        {"waste_code": "900-214-08", "method": "R9", "mass_g": 3},
        {"waste_code": "900-252-12"},
        {"waste_code": "900-214-08", "method": "D10", "mass_g": 4},
        {"waste_code": "900-252-12", "mass_g": 9},
    ]
    told = [
        (line.waste_code, line.agreed_g, line.used_g, line.remaining_g)
        for line in contract_lines(items, {"900-214-08": 8})
    ]
    assert told == [("900-214-08", 7, 8, -1), ("900-252-12", None, 0, None)]


def test_each_takes_what_room_it_has_in_turn():
    assert shares([(1, 5), (2, -3), (3, 4)], 12) == [(1, 5), (3, 7)]
    assert shares([(1, 5), (2, None), (3, 4)], 12) == [(1, 5), (2, 7)]
    assert shares([], 12) == []


@given(st.lists(st.one_of(st.none(), st.integers(-9, 9)), min_size=1, max_size=6), st.integers(0, 60))
def test_what_is_shared_out_is_all_of_it_and_none_but_the_last_bears_more_than_its_room(rooms, mass_g):
    found = shares(list(enumerate(rooms)), mass_g)
    assert sum(share for _, share in found) == mass_g
    assert all(share > 0 for _, share in found)
    assert all(rooms[key] is None or share <= rooms[key] for key, share in found[:-1])
