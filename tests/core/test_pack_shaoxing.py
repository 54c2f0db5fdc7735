"""The plan pack of 绍兴 (330600): expected rows are read off the printed plan by hand."""

import csv
import json
import re
from collections import Counter
from importlib.resources import files

import pytest

from wufei.core import formula, plan
from wufei.core.plan import Mark

FOLDER = files("wufei") / "data" / "plans" / "330600"
NUMERALS = (
    "一 二 三 四 五 六 七 八 九 十 十一 十二 十三 十四 十五 十六 十七 十八 十九 二十 二十一 二十二 二十三 二十四 "
    "二十五 二十六 二十七 二十八 二十九 三十 三十一 三十二 三十三 三十四 三十五 三十六 三十七"
).split()


@pytest.fixture(scope="module")
def pack():
    return plan.read_pack("330600")


def task(pack, key):
    return next(row for row in pack.tasks if row.key == key)


def test_the_pack_has_no_finding():
    assert plan.check_pack("330600") == []


def test_the_59_clauses_stand_under_37_points_in_the_documents_order(pack):
    assert len(pack.tasks) == 59
    assert list(dict.fromkeys(row.no for row in pack.tasks)) == [f"（{numeral}）" for numeral in NUMERALS]
    several = {no: count for no, count in Counter(row.no for row in pack.tasks).items() if count > 1}
    # Counted by hand.
    assert several == {
        "（七）": 2, "（九）": 3, "（十）": 3, "（十六）": 5, "（十七）": 3, "（十八）": 4, "（十九）": 2,
        "（二十三）": 2, "（二十四）": 2, "（二十七）": 2, "（二十九）": 3, "（三十）": 3,
    }  # fmt: skip
    assert all(row.group.startswith(row.no) for row in pack.tasks)


def test_the_first_clause_splits_its_nested_brackets_into_names(pack):
    row = task(pack, "K01")
    assert row.lead == ("绍兴市“无废城市”建设试点领导小组办公室",)
    assert row.cooperating == (
        "绍兴市“无废城市”建设试点领导小组成员单位", "各区", "县（市）政府", "滨海新城管委会",
    )  # fmt: skip
    aliases = json.loads((FOLDER / "pack.json").read_text("utf-8"))["aliases"]
    assert aliases[row.lead[0]] == "市无废办"


@pytest.mark.parametrize(
    ("key", "lead", "cooperating", "deadline", "line"),
    [
        ("K11", ("市税务局",), ("市经信局",), "", 45),  # half-width bracket
        ("K13", ("市生态环境局",), (), "2020-12", 46),
        ("K24", ("市综合执法局", "市发改委"), ("市大数据局",), "2020-12", 64),  # comma for semicolon
        ("K41", ("市教育局", "市市场监管局", "市科技局"), (), "2019-12", 83),
        ("K46", ("市生态环境局",), ("市自然资源和规划局", "市建设局", "市交通运输局"), "", 90),  # ends with 等
        ("K51", ("市建设局",), ("市发改委", "市市场监管局", "市经信局"), "", 95),  # 牵头部门
        ("K59", ("“无废城市”建设试点领导小组",), (), "2021-01", 111),
    ],
)
def test_awkward_clauses_come_out_as_lists(pack, key, lead, cooperating, deadline, line):
    row = task(pack, key)
    assert (row.lead, row.cooperating, row.deadline) == (lead, cooperating, deadline)
    assert row.source.endswith(f"（原文第{line}行）")


def test_a_clause_with_several_dates_has_the_latest_and_tells_the_others(pack):
    row = task(pack, "K16")
    assert row.deadline == "2021-12"
    assert "2020-12" in row.note


def test_every_department_is_one_name_and_every_row_has_its_line(pack):
    for row in pack.tasks:
        assert row.lead
        for name in (*row.lead, *row.cooperating):
            assert not re.search(r"[、，,;；:：\s]", name)
    for row in (*pack.targets, *pack.tasks, *pack.projects):
        line = re.search(r"（原文第(\d+)行）$", row.source)
        assert line
        assert 30 <= int(line[1]) <= 111


def test_dated_figures_of_the_text_are_targets_none_of_them_marked(pack):
    assert {target.mark for target in pack.targets} == {Mark.REFERENCE}
    found = {target.name: (target.unit, target.shown_targets()) for target in pack.targets}
    assert len(found) == len(pack.targets) == 43
    assert found["累计建成绿色矿山"] == ("个", {2020: "29"})
    assert found["秸秆综合利用率"] == ("%", {2020: ">=96"})
    assert found["单位耕地面积化肥使用量"] == ("千克/公顷", {2020: "<=410"})
    assert found["农药使用减少量"] == ("吨", {2020: "140"})
    assert found["装配式占新建民用建筑比例（全市）"] == ("%", {2019: ">=27", 2020: ">=30"})
    assert found["固体废物回收利用处置骨干企业"] == ("家", {2020: "16"})
    assert found["危废经营单位环境污染责任保险"] == ("%", {2020: "全面推行"})


def test_the_one_target_after_the_pilot_period_is_noted(pack):
    late = [target for target in pack.targets if max(target.targets) > 2020]
    assert [(target.name, target.shown_targets()) for target in late] == [
        ("3000头以上规模养猪场密闭式发酵罐", {2021: "全覆盖"})
    ]
    assert "晚于试点时限" in late[0].note


def test_named_projects_have_capacity_and_date_but_no_investment(pack):
    assert len(pack.projects) == 14
    assert all(project.investment_wan_yuan is None for project in pack.projects)
    assert Counter(project.completion for project in pack.projects) == {"": 4, "2019-12": 6, "2020-12": 4}
    found = {project.key: (project.content, project.builder) for project in pack.projects}
    assert found["P01"] == ("82.5万吨/年", "")
    assert found["P10"] == ("5万吨/年", "绍兴光之源环保有限公司")
    assert found["P14"] == ("2万吨/年", "绍兴华鑫环保科技有限公司")


def test_only_the_count_of_special_plans_contradicts_itself(pack):
    numbers = {(t.key, year): v.number for t in pack.targets for year, v in t.targets.items()}

    def number(text):
        asked = re.fullmatch(r"at\((\d{4}), (\w+)\)", text)
        return numbers[asked[2], int(asked[1])] if asked else sum(int(part) for part in text.split("+"))

    failing = []
    for row in csv.DictReader((FOLDER / "relations.csv").read_text("utf-8").splitlines()):
        left, sign, right = re.fullmatch(r"(.+) (>=|=) (.+)", row["expression"]).groups()
        formula.parse(left)
        formula.parse(right)
        holds = number(left) >= number(right) if sign == ">=" else number(left) == number(right)
        if not holds:
            failing.append(row["id"])
    assert failing == ["R03"]  # 1+4+7 against five special plans
