"""``wufei check``: the shape other programs rely on, and that it reads what the database holds."""

import json

import pytest
from click.testing import CliRunner

from wufei.apps.assessment import services
from wufei.apps.assessment.commands import check
from wufei.apps.assessment.models import ElementValue
from wufei.apps.plans import services as plans
from wufei.apps.registry.models import Division
from wufei.core import plan

pytestmark = pytest.mark.django_db

PLACES = {"330523": "安吉县", "330600": "绍兴市", "330800": "衢州市", "330825": "龙游县", "371525": "冠县"}


@pytest.fixture
def packs():
    for code, name in PLACES.items():
        level = 2 if code.endswith("00") else 3
        Division.objects.create(code=code, prefix=code.removesuffix("00"), name=name, level=level)
        plans.load_pack(plan.read_pack(code))
    services.load_packs()


def run(*words):
    result = CliRunner().invoke(check, list(words))
    return result.exit_code, result.output


def found(place, year):
    code, output = run(place, "--year", str(year), "--json")
    assert code == 0
    return json.loads(output)


def test_json_has_the_agreed_keys(packs):
    issues = found("330523", 2022)
    agreed = {"rule", "level", "subject", "message", "proposal", "source"}
    assert all(agreed <= set(issue) for issue in issues)
    film = [i for i in issues if i["rule"] == "V05" and "农膜" in i["subject"]]
    assert len(film) == 1
    assert "0.041万吨" in film[0]["proposal"]


def test_every_place_is_checked_by_code_and_by_name(packs):
    for code, name in PLACES.items():
        assert found(code, 2022) == found(name, 2022)


def test_mending_the_figure_ends_the_finding(packs):
    row = ElementValue.objects.get(division_id="330523", element="film_recovered")
    row.value, row.unit, row.printed = 410, "万吨", "0.041万吨"
    row.save()
    assert not [i for i in found("330523", 2022) if i["rule"] == "V05" and "农膜" in i["subject"]]


def test_text_output_counts_what_it_lists(packs):
    code, output = run("330825", "--year", "2021")
    assert code == 0
    assert "共 12 条" in output
    assert output.count("建议：") == 12


def test_an_unknown_place_or_year_is_told_in_chinese_and_exits_2(packs):
    assert run("330999", "--year", "2022")[0] == 2
    code, output = run("330523", "--year", "去年")
    assert (code, "不是年份" in output) == (2, True)
