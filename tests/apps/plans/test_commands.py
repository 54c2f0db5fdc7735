"""``wufei plan``: the JSON that other programs rely on, the text for people, the Excel file."""

import json

import pytest
from click.testing import CliRunner
from python_calamine import CalamineWorkbook

from wufei.apps.plans.commands import plan

pytestmark = pytest.mark.django_db


def run(*words: str):
    return CliRunner().invoke(plan, list(words))


def test_show_json_gives_the_four_lists(longyou):
    result = run("show", "龙游", "--json")
    assert result.exit_code == 0
    plain = json.loads(result.stdout)
    assert [len(plain[name]) for name in ("targets", "tasks", "projects", "responsibilities")] == [33, 85, 16, 44]
    assert plain["targets"][21]["no"] is None
    assert plain["tasks"][1] == {
        "key": "1-2",
        "no": "2",
        "group": "一、工业固废",
        "title": "深化推进工业园区循环化改造",
        "lead": ["经济开发区"],
        "cooperating": ["县发改局", "县生态环境局"],
        "deadline": "2021-06",
        "source": "附件2 一、工业固废 序号2（原文第361行）",
        "note": "",
    }


def test_show_text_is_readable(longyou):
    result = run("show", "330825")
    assert result.exit_code == 0
    assert "目标 33、任务 85、项目 16（合计 516917.73 万元）、责任 44" in result.stdout
    assert "6. [必选] 一般工业固体废物综合利用率（%） 基准 99.5 2021年 97" in result.stdout


def test_an_unknown_place_names_the_places_there_are(longyou):
    result = run("show", "杭州")
    assert result.exit_code == 2
    assert "没有“杭州”的方案。现有：龙游县（330825）。" in result.stderr
    assert result.stdout == ""


def test_list_names_the_places(longyou):
    assert run("list").stdout.startswith("330825  龙游县  龙游县“无废城市”")
    assert json.loads(run("list", "--json").stdout)[0]["place"] == "330825"


def test_export_writes_what_a_spreadsheet_reads_back(longyou, tmp_path):
    target = tmp_path / "清单.xlsx"
    assert run("export", "龙游县", str(target)).exit_code == 0
    book = CalamineWorkbook.from_path(target)
    assert book.sheet_names == ["目标清单", "任务清单", "项目清单", "责任清单"]
    projects = book.get_sheet_by_name("项目清单").to_python()
    assert len(projects) == 17
    # The sum of the column, in hundredths so that no float rounding enters.
    assert sum(round(row[5] * 100) for row in projects[1:]) == 51691773


@pytest.mark.parametrize("name", ["清单.csv", "nowhere/清单.xlsx"])
def test_export_to_an_impossible_file_is_refused_and_writes_nothing(longyou, tmp_path, name):
    target = tmp_path / name
    assert run("export", "龙游", str(target)).exit_code == 2
    assert not target.exists()
