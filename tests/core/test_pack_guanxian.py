"""The plan pack of 冠县 (371525): expected rows are read off the printed plan by hand."""

import csv
import json
import re
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from importlib.resources import files

import pytest

from wufei.core import formula, plan
from wufei.core.plan import Comparator, Mark

FOLDER = files("wufei") / "data" / "plans" / "371525"


@pytest.fixture(scope="module")
def pack():
    return plan.read_pack("371525")


def rows_of(name):
    return list(csv.DictReader((FOLDER / name).read_text("utf-8").splitlines()))


def task(pack, key):
    return next(row for row in pack.tasks if row.key == key)


def test_the_pack_has_no_finding():
    assert plan.check_pack("371525") == []


def test_the_annex_has_48_targets_of_which_25_are_required_and_23_optional(pack):
    # Chapter 二(二): 25 必选, 23 其他, 48 in all.
    assert Counter(target.mark for target in pack.targets) == {Mark.REQUIRED: 25, Mark.OPTIONAL: 23}
    assert [target.no for target in pack.targets] == [str(number) for number in range(1, 49)]


def test_chapters_three_to_five_have_116_clauses_as_tasks(pack):
    # Clauses counted by hand a section; chapter 六 has none.
    counted = {
        "三(一)": 12, "三(二)": 13, "三(三)": 16, "三(四)": 11, "三(五)": 23, "三(六)": 18, "三(七)": 9,
        "四(一)": 1, "四(二)": 6, "四(三)": 1, "五(一)": 3, "五(二)": 1, "五(三)": 2,
    }  # fmt: skip
    assert Counter(row.no[:4] for row in pack.tasks) == counted
    assert sum(counted.values()) == 116
    assert all(row.group.startswith(row.no[:4]) for row in pack.tasks)


@pytest.mark.parametrize(
    ("no", "unit", "year", "baseline", "targets"),
    [
        ("1", "吨/万元", 2020, "3.21", {2023: "/", 2025: "3.00"}),
        ("2", "吨/万元", 2020, "0.039", {2023: "/", 2025: "0.035"}),
        ("3", "%", 2020, "97", {2023: ">97", 2025: ">97"}),
        ("10", "万吨", 2020, "5.27", {2023: "6.5", 2025: "7"}),
        ("12", "%", 2020, "/", {2023: "取得初步成效", 2025: "完成省级下达指标"}),
        ("18", "%", 2021, "91.39", {2023: "91.5", 2025: ">92"}),
        ("25", "%", 2020, "39.07", {2023: "5", 2025: "8"}),
        ("34", "", 2020, "/", {2023: "完成", 2025: "/"}),
        ("36", "个", 2020, "/", {2023: "10", 2025: "31"}),
        ("37", "", 2020, "/", {2025: "/"}),  # the cell of 2023 is blank, which is not "/"
        ("41", "", 2020, "/", {}),
        ("48", "%", 2020, "/", {2023: "70", 2025: "90"}),
    ],
)
def test_baseline_and_targets_are_those_of_the_annex(pack, no, unit, year, baseline, targets):
    row = next(target for target in pack.targets if target.no == no)
    assert (row.unit, row.baseline_year, row.baseline) == (unit, year, baseline)
    assert row.shown_targets() == targets


def test_split_and_broken_department_cells_come_out_as_lists_or_empty_with_a_note(pack):
    departments = {target.no: target.departments for target in pack.targets}
    assert departments["24"] == ("县生态环境分局", "县卫生健康局", "县商务投资促进局", "县市场监管局")
    assert departments["39"] == ("县生态环境分局", "中国人民银行冠县支行", "冠县银保监分局")
    missing = {target.no: target.note for target in pack.targets if not target.departments}
    assert sorted(missing) == ["34", "36", "37", "45"]
    assert all("责任单位" in note for note in missing.values())


def test_a_clause_that_runs_over_two_lines_keeps_its_list_and_both_lines(pack):
    row = task(pack, "K042")
    assert row.lead == ("县住房城乡建设局",)
    assert row.cooperating == ("县发展和改革局", "县工业和信息化局", "各乡镇", "街道")
    assert row.source == "三(四)1(1)（原文第248-250行）"
    assert row.deadline == "2025"


def test_a_clause_with_a_wrong_separator_still_splits_into_lead_and_responsible(pack):
    # 原文第164行 has a colon, 第197行 a comma where the others have a semicolon.
    assert (task(pack, "K025").lead, task(pack, "K025").cooperating) == (
        ("县农业农村局",),
        ("县工业和信息化局", "各乡镇", "街道"),
    )
    assert (task(pack, "K032").lead, task(pack, "K032").cooperating) == (("县综合行政执法局",), ("各乡镇", "街道"))


def test_clauses_without_responsible_units_have_an_empty_list(pack):
    assert [row.key for row in pack.tasks if not row.cooperating] == ["K005", "K086"]
    assert task(pack, "K086").lead == ("中国邮政冠县分公司",)


def test_slips_in_department_names_are_kept_and_explained_by_an_alias(pack):
    aliases = json.loads((FOLDER / "pack.json").read_text("utf-8"))["aliases"]
    printed = {name for row in pack.tasks for name in (*row.lead, *row.cooperating)}
    assert {"县分生态环境局", "市住房城乡建设局", "县自然资源和规划分局"} <= printed & set(aliases)
    assert set(aliases) <= printed
    assert set(aliases.values()) <= printed
    for name in ("县分生态环境局", "市住房城乡建设局", "县自然资源和规划分局"):
        assert all(name in row.note for row in pack.tasks if name in row.lead)


def test_every_department_is_one_name_and_every_row_has_its_line(pack):
    for row in pack.tasks:
        assert row.lead
        for name in (*row.lead, *row.cooperating):
            assert not re.search(r"[、，,;；:：\s]", name)
    for row in (*pack.targets, *pack.text_targets, *pack.tasks, *pack.projects):
        assert re.search(r"（原文第\d+(-\d+)?行）$", row.source)
    lines = [int(re.search(r"第(\d+)", row.source)[1]) for row in pack.tasks]
    assert lines == sorted(lines)  # the clauses stand in the document's order
    assert (lines[0], lines[-1]) == (73, 553)


def test_dated_figures_of_the_running_text_stand_beside_the_48(pack):
    found = {row.key: row for row in pack.text_targets}
    assert len(found) == 47
    film = found["X26"]
    assert film.indicator == "film_recovery_rate"
    assert film.shown_targets() == {2023: ">=91.5", 2025: ">=92"}
    assert film.departments == ("县农业农村局",)
    assert found["X35"].shown_targets() == {2025: "200-300"}  # a range, no bound
    assert found["X40"].shown_targets() == {2024: "全覆盖"}
    assert all(row.no is None and row.mark is Mark.REFERENCE for row in pack.text_targets)


def figures(pack):
    """The number of each target and year, as a relation asks for it."""
    rows = (*pack.targets, *pack.text_targets)
    return {
        (row.key, year): Fraction(value.number)
        for row in rows
        for year, value in row.targets.items()
        if value.number is not None
    }


def compute(text, known):
    """A second, plain reading of the relations' few forms: ``at(2025, X12)``, numbers and ``+``."""
    total = Fraction(0)
    for part in text.split("+"):
        asked = re.fullmatch(r"at\((\d{4}), (\w+)\)", part.strip())
        total += known[asked[2], int(asked[1])] if asked else Fraction(part.strip())
    return total


def test_relations_fail_exactly_where_the_document_contradicts_itself(pack):
    known = figures(pack)
    failing = {}
    for row in rows_of("relations.csv"):
        left, right = row["expression"].split(" = ")
        formula.parse(left)
        formula.parse(right)
        if compute(left, known) != compute(right, known):
            failing[row["id"]] = (compute(left, known), compute(right, known))
    # Zero-waste cells 30 | 31 | 5 + 14 + 6 = 25; green factories 2 | 3; base year 2021 | 2020.
    assert failing == {"R01": (30, 31), "R02": (30, 25), "R03": (31, 25), "R04": (2, 3), "R05": (2021, 2020)}


def test_published_baselines_are_exact_and_in_the_unit_of_their_element():
    values = {(row["element"], row["period"]): row for row in rows_of("values.csv")}
    assert Decimal(values["msw_collected", "2020"]["value"]) == 52700  # 5.27万吨
    assert values["indicator:manure_utilisation_rate", "2020"]["printed"] == "92.50%"
    assert values["indicator:film_recovery_rate", "2021"]["value"] == "91.39"
    # The annex has "/" in 22 of its 48 baseline cells.
    assert len(values) == 48 - 22


def test_targets_below_their_own_baseline_are_kept_as_printed_with_a_note(pack):
    manure = next(target for target in pack.targets if target.no == "17")
    assert manure.targets[2025].comparator is Comparator.MORE
    assert manure.targets[2025].number < Decimal(manure.baseline)
    assert "低于基准值" in manure.note
