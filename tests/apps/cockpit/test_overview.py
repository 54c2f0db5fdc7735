"""A place whose plan has no numbered targets: tasks by department and deadline, projects by year."""

import re

import pytest
from tests.apps.cockpit.conftest import client_of
from tests.apps.cockpit.test_place import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_county")]


def overview(username: str) -> str:
    page = client_of(username).get("/places/330800/").content.decode()
    return page.split('id="overview"')[1].split("</section>")[0]


def test_the_plan_is_shown_at_a_glance_in_place_of_an_empty_table():
    response = client_of("quzhou").get("/places/330800/")
    page = text_of(response)
    # 衢州's annexes: 117 tasks, of which 24 name a year that is over; 28 projects, of 2020 (20) and 2022 (8).
    assert "任务 117 项 期限已过 24 项" in page
    assert "项目 28 个 期限已过 28 项 投资 — 文件没有列投资" in page
    assert 'id="indicators"' not in response.content.decode()
    years = re.findall(r">(\d{4}) 年</a>.*?<td class=\"number\">(\d+)</td>", overview("quzhou"))
    assert years == [("2020", "20"), ("2022", "8")]


def test_a_department_leads_to_its_tasks():
    address = re.search(r'href="([^"]+)">市经信局</a></th><td class="number">(\d+)<', overview("quzhou"))
    page = client_of("quzhou").get(address[1].replace("&amp;", "&")).content.decode()
    rows = page.split('id="lists"')[1].split("<tbody>")[1].split("</tbody>")[0]
    leads = re.findall(r'data-label="牵头单位">([^<]*)<', rows)
    assert sum("市经信局" in lead for lead in leads) == int(address[2]) > 0


def test_a_year_without_figures_is_not_called_free_of_faults():
    page = text_of(client_of("quzhou").get("/places/330800/"))
    assert "这一年还没有可以核对的数据" in page
    assert "没有发现问题" not in page


def test_a_ledger_without_records_says_how_to_bring_some():
    page = text_of(client_of("quzhou").get("/places/330800/"))
    assert "这一年的台账还没有记录 无废办或企业在“台账”页上传" in page
    assert "县（市、区）与设施" in page


def test_a_plan_with_targets_has_no_overview():
    assert 'id="overview"' not in client_of("office").get("/places/330523/").content.decode()
