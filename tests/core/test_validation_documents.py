"""The checks on the real documents: what they got wrong is found, what agrees raises nothing.

Each expected finding was read in the document by hand; the figures stand in the test.
"""

from functools import cache

import pytest

from wufei.core import validation
from wufei.core.plan import read_pack
from wufei.core.published import pack_values
from wufei.core.reference import exists
from wufei.core.values import ValueSet


@cache
def found(division, year):
    values = pack_values(division) if exists(f"plans/{division}/values.csv") else []
    case = validation.Case(
        division=division,
        year=year,
        values=ValueSet.of(division, values),
        relations=validation.place_relations(division),
        targets=validation.target_rows(read_pack(division)),
        statements=validation.place_statements(division),
    )
    return validation.run(case)


def one(division, year, rule, *words):
    matching = [i for i in found(division, year) if i.rule == rule and all(w in i.subject + i.message for w in words)]
    assert len(matching) == 1, [i.message for i in found(division, year) if i.rule == rule]
    return matching[0]


ANJI = [
    # (rule, words of subject and message, words of the proposal)
    ("V05", ("农膜", "0.041吨", "0.044万吨", "93.18%"), "0.041万吨"),
    ("V05", ("无害化处理量（吨）", "2018年 20.45吨", "2022年 18.62吨"), "18.62万吨"),
    ("V04", ("105756.16", "51252.42", "157008.58", "156998.58"), "总数可信"),
    ("V04", ("6.02", "4.63", "1.08", "0.31", "7.04"), "7.04万吨"),
    ("V03", ("70465.52", "6.02"), "不能大于整体"),
    ("V04", ("215个", "168个", "19个", "30个", "217"), "217"),
    ("V04", ("11000", "500", "600", "10000", "11100"), "11100"),
    ("V12", ("60.17", "55万吨"), "能力"),
    ("V13", ("432吨", "0.098", "440.8万亩", "1886"), "1.946"),
    ("V18", ("54.3%", "19家", "35家"), "质量"),
    ("V09", ("1.2.9", "负增长或零增长"), "正负号"),
    ("V10", ("1.1.14", "80", "90"), "90"),
    ("V10", ("1.2.5", "96", "98.8"), "98.8"),
    ("V10", ("1.2.14", "100", "80"), "100"),
    ("V10", ("2.5", "重叠"), "第6名"),
    ("V10", ("1.2.6", "99.44", "92"), "99.44"),
    ("V08", ("户籍人口", "不是比率", "0.3个百分点"), "0.3%"),
    ("V08", ("人均生产总值增速", "2.5%", "0.9%"), "口径"),
    ("V06", ("工业危险废物产生量", "-36.31%"), "原因"),
]


@pytest.mark.parametrize(("rule", "words", "proposal"), ANJI)
def test_anji_each_known_fault_is_found_once_with_a_proposal_and_its_place(rule, words, proposal):
    issue = one("330523", 2022, rule, *words)
    assert proposal in issue.proposal
    assert "原文第" in issue.source


# Figures that agree, by hand: they may stand in a finding of level info at most.
AGREEING = [
    "-4.13",  # 18.62 / 19.42 is -4.12 %, and -4.17 … -4.07 within the rounding
    "-1.48",  # 20.15 / 20.45: -1.47, same
    "-0.80%",  # 19.42 / 19.58: -0.82, printed with 19.58 ± 0.005
    "64.0",  # 1.477 / 2.31 = 63.94, up to 64.10
    "75.40",
    "43.39",
    "22.56",  # 1.7 / 7.64 = 22.25, up to 22.9
    "24.43",
    "582.37",  # 30.04 + 272.47 + 279.86
    "46.8%",  # 5.2 + 46.8 + 48.1 = 100.1
    "146956",  # 34429 + 282 + 106028 + 6217
    "7539",  # 142 + 201 + 7196
    "201个",  # 70 + 112 + 7 + 12
    "122526",
    "18217",
    "84000",  # 80000 + 4000
    "89.6",  # 327 / 365
    "23家",  # 11 + 8 + 4
    "425.23",  # 10.05 + 415.18
    "46.5%",  # 193.10 / 415.18
    "30%",  # 73.26 / 244.27
]


@pytest.mark.parametrize("printed", AGREEING)
def test_anji_figures_that_agree_raise_no_alarm(printed):
    import re

    pattern = re.compile(rf"(?<![\d.]){re.escape(printed)}(?![\d])")
    alarms = [
        i
        for i in found("330523", 2022)
        if i.level != "info" and i.rule != "V10" and i.rule != "V06" and pattern.search(i.message)
        and "超过 30%" not in i.message
    ]  # fmt: skip
    assert alarms == []


def test_anji_finds_no_more_than_was_read_by_hand():
    # A new finding on unchanged figures is a false alarm until somebody has read it in the document.
    counts = {level: sum(i.level == level for i in found("330523", 2022)) for level in ("error", "warn", "info")}
    assert counts == {"error": 6, "warn": 22, "info": 15}


def test_longyou_has_six_targets_weaker_than_their_baseline():
    weaker = [i.subject.split()[0] for i in found("330825", 2021) if "目标低于基线" in i.message]
    assert sorted(weaker, key=int) == ["6", "8", "10", "11", "12", "17"]
    assert "85.3" in one("330825", 2021, "V10", "上网率").message


def test_longyou_targets_that_the_text_states_otherwise():
    assert ">=98%" in one("330825", 2021, "V10", "畜禽粪污", "两处不一").message
    assert "1~2个" in one("330825", 2021, "V10", "骨干企业").message
    assert "2020年" in one("330825", 2021, "V10", "废旧农膜", "年限不同").message


def test_longyou_raises_no_error():
    assert [i for i in found("330825", 2021) if i.level == "error"] == []


def test_guanxian_cells_do_not_add_up_and_waste_is_planned_to_rise():
    assert "25" in one("371525", 2025, "V04", "36 ", "31").message
    assert "上升" in one("371525", 2025, "V10", "生活垃圾清运量").proposal


@pytest.mark.parametrize("division", ["330600", "330800", "330523", "330825", "371525"])
def test_every_place_can_be_checked_and_no_rule_breaks(division):
    assert [i for i in found(division, 2022) if i.subject == "检查程序"] == []


@pytest.mark.parametrize(("division", "year"), [("330523", 2022), ("330825", 2021), ("371525", 2025)])
def test_every_finding_is_a_chinese_sentence_with_a_proposal(division, year):
    for issue in found(division, year):
        assert issue.message.endswith("。"), issue
        assert issue.proposal.rstrip("0123456789.）").endswith("。") or issue.proposal.endswith("。"), issue
        assert issue.level in {"error", "warn", "info"}
        assert issue.subject
        assert issue.source
