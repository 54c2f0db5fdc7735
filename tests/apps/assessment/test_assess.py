"""``wufei assess``: what a place's figures come to, as JSON for programs and as a table for people."""

import json
from decimal import Decimal

import pytest
from click.testing import CliRunner

from wufei.apps.assessment import services as assessment
from wufei.apps.assessment.assess import assess as assess_values
from wufei.apps.assessment.assess import assess_as_dict, with_ledger
from wufei.apps.assessment.commands_assess import assess
from wufei.apps.assessment.text_assess import render
from wufei.apps.plans import services as plans
from wufei.apps.registry.models import Division
from wufei.core import plan
from wufei.core.values import Value, ValueSet

pytestmark = pytest.mark.django_db


PLACES = {"330523": "安吉县", "330800": "衢州市", "330825": "龙游县", "371525": "冠县"}


def load(*codes: str) -> None:
    """Plans and published figures as the package brings them."""
    for code in codes:
        level = 2 if code.endswith("00") else 3
        Division.objects.create(code=code, prefix=code.removesuffix("00"), name=PLACES[code], level=level)
        plans.load_pack(plan.read_pack(code))
    assessment.load_packs()


@pytest.fixture
def anji(db):
    load("330523")


@pytest.fixture
def others(db):
    load(*sorted(set(PLACES) - {"330523"}))


def run(*words: str):
    return CliRunner().invoke(assess, list(words))


def plain(*words: str):
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def value(element, number, period="2022", origin="reported", is_simulated=False):
    return Value(
        element, "", period, Decimal(number), "number", "", "", "测试", origin=origin, is_simulated=is_simulated
    )


def test_anji_2022_scores_what_the_published_figures_allow(anji):
    found = plain("330523", "--year", "2022")
    assert (found["place"], found["year"], found["rule_set"], len(found["items"])) == (
        "330523",
        2022,
        "anji-2023",
        63,
    )
    points = {item["id"]: item["points"] for item in found["items"] if item["status"] == "scored"}
    # By hand from chapters 2 and 3; the reasons stand in tests/core/test_pack_anji.py.
    assert points == {
        "1.1.1": "3", "1.1.2": "4", "1.1.10": "1", "1.1.11": "1", "1.1.12": "1", "1.2.2": "0", "1.2.3": "1",
        "1.2.4": "1", "1.2.5": "2", "1.2.6": "1", "1.2.7": "2", "1.2.8": "1", "1.2.9": "1", "1.2.11": "0",
        "1.2.12": "3", "1.2.14": "2", "1.3.6": "1", "1.3.7": "4", "1.3.9": "0", "1.3.10": "1",
    }  # fmt: skip
    totals = found["totals"]
    assert (totals["points"], totals["max_points"], totals["scored_max_points"]) == ("30", "145", "38")
    values = {item["id"]: item["value"] for item in found["items"]}
    assert {k: values[k] for k in ("1.1.1", "1.1.2", "1.2.2", "1.2.11", "1.2.12", "1.1.10", "1.3.9")} == {
        "1.1.1": "-4.8", "1.1.2": "-35.6", "1.2.2": "64.0", "1.2.11": "75.40", "1.2.12": "43.39", "1.1.10": "22.56",
        "1.3.9": "54.3",
    }  # fmt: skip


def test_every_other_item_says_what_it_lacks_and_none_has_points(anji):
    for item in plain("安吉", "--year", "2022")["items"]:
        if item["status"] != "scored":
            assert item["points"] is None
            assert item["missing"] or "需" in item["reason"], item["id"]


@pytest.mark.parametrize(("step", "points"), [("ceil", "0"), ("floor", "1"), ("linear", "0.08")])
def test_the_partial_step_is_a_parameter_where_the_rule_does_not_say(anji, step, points):
    found = plain("330523", "--year", "2022", "--partial-step", step)
    items = {item["id"]: item for item in found["items"]}
    assert (items["1.2.11"]["points"], items["1.2.11"]["partial_step"]) == (points, step)
    assert items["1.2.2"]["partial_step"] == "ceil"


def test_every_number_opens_to_its_inputs_and_their_place_in_the_document(anji):
    item = next(i for i in plain("330523", "--year", "2022")["items"] if i["id"] == "1.2.11")
    assert item["basis"] == "published"
    assert item["computed"].startswith("75.40302")  # 45.37 / 60.17
    assert {i["element"] for i in item["inputs"]} == {
        "indicator:cdw_utilisation_rate", "cdw_utilised", "cdw_generated",
    }  # fmt: skip
    assert all("原文第212行" in i["source"] for i in item["inputs"])
    assert "原文第675行" in item["source"]


@pytest.mark.parametrize(
    ("place", "year", "met", "scored"),
    [("龙游县", "2019", {"6": True, "2": False}, 20), ("371525", "2020", {"7": False, "17": True}, 20)],
)
def test_a_place_without_rules_shows_each_target_beside_its_figure(others, place, year, met, scored):
    found = plain(place, "--year", year)
    assert (found["rule_set"], found["totals"]["points"]) == (None, None)
    items = {item["id"]: item for item in found["items"]}
    assert {no: items[no]["is_met"] for no in met} == met
    assert sum(item["status"] == "scored" for item in found["items"]) >= scored


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("没有县", "--year", "2022"), "没有“没有县”的方案。现有："),
        (("330523", "--year", "今年"), "“今年”不是年份。请写四位年份"),
        (("330523", "--year", "22"), "“22”不是年份"),
        (("330523", "--year", "-2022"), "不是年份"),
    ],
)
def test_an_unknown_place_or_year_is_told_in_chinese_with_exit_code_2(anji, words, told):
    result = run(*words)
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stdout == ""


def test_a_year_without_figures_is_told_and_scores_nothing(anji):
    result = run("330523", "--year", "2031", "--json")
    assert result.exit_code == 0
    assert "没有2031年的数据" in result.stderr
    assert json.loads(result.stdout)["totals"]["scored_max_points"] == "0"


def test_the_table_says_points_sums_and_that_the_unknown_is_not_zero(anji):
    result = run("330523", "--year", "2022")
    assert result.exit_code == 0
    assert "合计：30 分／已评满分 38 分／全部满分 145 分" in result.stdout
    assert "未评的项目不按 0 分计" in result.stdout
    assert "评分细则 anji-2023" in result.stdout


def test_with_the_ledger_published_rates_of_the_year_give_way_to_computed_ones(anji):
    reported = ValueSet.of(
        "330523",
        [
            value("indicator:cdw_utilisation_rate", "75.40"),
            value("cdw_utilised", 453700),
            value("cdw_generated", 601700),
            value("indicator:giw_intensity_growth", "-4.8"),
            value("indicator:msw_growth", "-0.80", period="2021"),
        ],
    )
    ledger = ValueSet.of("330523", [value("cdw_utilised", 300850, origin="ledger", is_simulated=True)])
    joined = with_ledger(reported, ledger, 2022)
    assert joined.published("msw_growth", "2021") is not None
    whole = assess_as_dict("330523", 2022, values=joined)
    assert "安吉县（330523）2022年（含模拟数据）" in render(whole)
    found = {item["id"]: item for item in whole["items"]}
    # 300850 of 601700 t is one half.
    assert (found["1.2.11"]["value"], found["1.2.11"]["basis"], found["1.2.11"]["is_simulated"]) == (
        "50",
        "ledger",
        True,
    )
    assert found["1.1.1"]["status"] == "no_data"
    before = assess_values("330523", 2022, values=reported)
    assert next(i for i in before.items if i.item.id == "1.2.11").parts[0].value_text == "75.40"


def test_a_plan_without_numbered_targets_says_so(others):
    result = run("衢州市", "--year", "2020")
    assert result.exit_code == 0
    assert "方案没有列出带编号的目标" in result.stdout
