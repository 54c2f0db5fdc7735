"""Places without rules: each target beside its figure, met or not, and what is unknown is named."""

import json
from decimal import Decimal

import pytest

from wufei.core import plan, scoring
from wufei.core.scoring import ItemStatus
from wufei.core.scoring.targets import target_of
from wufei.core.values import Value, ValueSet

HEAD = "key,no,group,name,mark,indicator,scope,unit,baseline_year,baseline,targets,departments,source,note"
PARTS = "key,part,baseline,targets,departments,source,indicator,scope,note"


def pack(*rows, parts=()):
    head = {
        "division": "330825", "place": "甲县", "title": "方案", "years": [2021, 2023, 2025], "baseline_year": 2019,
        "legend": {}, "rule_set": None, "notes": [],
    }  # fmt: skip
    texts = {
        "pack.json": json.dumps(head),
        "targets.csv": "\n".join([HEAD, *rows]),
        "target_parts.csv": "\n".join([PARTS, *parts]),
    }
    read, findings = plan.parse_pack(texts)
    assert read is not None, findings
    return read


def row(targets, *, indicator="straw_utilisation_rate", baseline="", unit="%"):
    return f"T1,1,组,甲,required,{indicator},,{unit},2019,{baseline},{targets},甲局,附件（原文第1行）,"


def compared(targets, *figures, year=2021, **columns):
    values = ValueSet.of("330825", figures)
    return scoring.compare_targets(pack(row(targets, **columns)), values, year)[0]


def published(indicator, number, year=2021, scope=""):
    return Value(f"indicator:{indicator}", scope, str(year), Decimal(number), "number", "%", number, "文件")


@pytest.mark.parametrize(
    ("target", "figure", "is_met"),
    [
        (">=95", "95", True), (">=95", "94.99", False), (">95", "95", False), ("95", "95", True),
        ("95", "96", True), ("<=5", "5", True), ("<5", "5", False), ("=5", "5.01", False), ("负增长", "0", False),
        ("负增长", "-0.1", True), ("零增长", "0", True),
    ],
)  # fmt: skip
def test_a_figure_is_held_against_the_comparator_that_the_plan_prints(target, figure, is_met):
    score = compared(f"2021={target}", published("straw_utilisation_rate", figure))
    assert (score.status, score.is_met) == (ItemStatus.SCORED, is_met)


def test_a_bare_number_is_a_ceiling_where_less_is_better():
    figure = published("giw_intensity", "3.1")
    assert compared("2021=3.0", figure, indicator="giw_intensity").is_met is False
    assert compared("2021=3.2", figure, indicator="giw_intensity").is_met is True


@pytest.mark.parametrize(
    ("target", "status", "told"),
    [
        ("完成省下达的年度目标", ItemStatus.PENDING, "尚未下达"),
        ("逐年提高", ItemStatus.JUDGED, "需要人工判断"),
        ("/", ItemStatus.PENDING, "没有给出目标值"),
    ],
)
def test_a_target_in_words_is_neither_met_nor_missed(target, status, told):
    score = compared(f"2021={target}", published("straw_utilisation_rate", "96"))
    assert (score.status, score.is_met) == (status, None)
    assert told in score.compared[0].reason


def test_a_missing_figure_is_named_with_its_elements():
    score = compared("2021=95")
    assert (score.status, score.is_met) == (ItemStatus.NO_DATA, None)
    assert [m.element for m in score.compared[0].missing] == ["straw_utilised", "straw_collectable"]


def test_the_printed_baseline_stands_in_for_the_baseline_year_only():
    of_2019 = compared("2021=95", year=2019, baseline="95.76")
    assert (of_2019.is_met, of_2019.compared[0].found.basis) == (True, "baseline")
    assert compared("2021=95", year=2020, baseline="95.76").status is ItemStatus.NO_DATA
    words = compared("2021=95", year=2019, baseline="未统计")
    assert words.status is ItemStatus.NO_DATA


@pytest.mark.parametrize(("year", "used"), [(2019, 2021), (2021, 2021), (2022, 2025), (2025, 2025), (2030, 2025)])
def test_a_year_without_target_takes_the_next_that_has_one_else_the_last(year, used):
    targets = {y: plan.parse_target_value(t) for y, t in [(2021, "90"), (2023, "/"), (2025, "95")]}
    assert target_of(targets, year)[0] == used


def test_a_target_with_parts_is_met_when_every_part_is():
    parts = [
        "T1,城镇,,2021=60,甲局,附件（原文第2行）,msw_recycling_rate,urban,",
        "T1,农村,,2021=60,甲局,附件（原文第3行）,msw_recycling_rate,rural,",
    ]
    plan_ = pack(row("", indicator="msw_recycling_rate"), parts=parts)

    def met(*figures):
        score = scoring.compare_targets(plan_, ValueSet.of("330825", figures), 2021)[0]
        return score.status, score.is_met

    urban, rural = (published("msw_recycling_rate", "61", scope=s) for s in ("urban", "rural"))
    low = published("msw_recycling_rate", "59", scope="rural")
    assert met(urban, rural) == (ItemStatus.SCORED, True)
    assert met(urban, low) == (ItemStatus.SCORED, False)
    assert met(urban) == (ItemStatus.NO_DATA, None)


def test_a_target_is_read_with_the_comparator_it_is_held_against():
    def read(targets, parts=(), **columns):
        (target,) = pack(row(targets, **columns), parts=parts).targets
        return scoring.goal_texts(target)

    assert read("2021=98|2025=>95") == {2021: ">=98", 2025: ">95"}
    assert read("2021=3.0|2025=负增长", indicator="giw_intensity") == {2021: "<=3.0", 2025: "负增长"}
    parts = ["T1,城镇,,2021=60,甲局,附件（原文第2行）,,,", "T1,农村,,2021=<=5,甲局,附件（原文第3行）,,,"]
    assert read("", parts) == {2021: "城镇 >=60；农村 <=5"}


def test_as_plain_values_there_are_no_points_and_no_rule_set():
    plan_ = pack(row("2021=>=95"))
    values = ValueSet.of("330825", [published("straw_utilisation_rate", "94.5")])
    plain = scoring.targets_as_dict(plan_, 2021, scoring.compare_targets(plan_, values, 2021), None)
    assert (plain["rule_set"], plain["totals"]["points"], plain["totals"]["not_met"]) == (None, None, 1)
    item = plain["items"][0]
    assert {k: item[k] for k in ("id", "status", "value", "target", "gap", "points", "max_points", "is_met")} == {
        "id": "1", "status": "scored", "value": "94.5", "target": ">=95", "gap": "-0.5", "points": None,
        "max_points": None, "is_met": False,
    }  # fmt: skip
    json.dumps(plain, ensure_ascii=False)
