"""The pages of the four lists: filters, paging by key, the panel, the Excel file, and what is not to be seen."""

import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from wufei.apps.plans.lists import PAGE_SIZE
from wufei.apps.plans.services import load_pack
from wufei.apps.registry.models import Role
from wufei.core import plan as core
from wufei.core.plan import readable

pytestmark = pytest.mark.django_db
HTMX = {"headers": {"HX-Request": "true"}}


@pytest.fixture
def office(client, make_user):
    client.force_login(make_user())
    return client


def titles(response) -> list[str]:
    return [row.title for row in response.context["page"].rows]


def test_the_first_page_lists_the_plans_in_sight(office, longyou):
    text = office.get("/plans/").content.decode()
    assert "龙游县" in text
    assert "合计 516917.73 万元" in text


@pytest.mark.parametrize("name", ["targets", "tasks", "projects", "responsibilities"])
def test_each_list_has_a_page_and_a_part(office, longyou, name):
    page = office.get(f"/plans/330825/{name}/").content.decode()
    part = office.get(f"/plans/330825/{name}/", **HTMX).content.decode()
    assert "<html" in page
    assert part.lstrip().startswith("<section")
    assert part.strip() in page


def test_a_department_sees_its_own_rows_wherever_it_stands_in_the_list(office, longyou):
    # 县督考办 is named once in the targets of the gazette: line 338.
    response = office.get("/plans/330825/targets/", {"department": "县督考办"})
    assert titles(response) == ["“无废城市”建设成效纳入政绩考核情况"]
    assert response.context["page"].matching == 1


def test_marks_groups_and_words_narrow_the_list(office, longyou):
    assert office.get("/plans/330825/targets/", {"mark": "reference"}).context["page"].matching == 5
    assert office.get("/plans/330825/tasks/", {"group": "三、建筑垃圾"}).context["page"].matching == 4
    assert titles(office.get("/plans/330825/tasks/", {"q": "限塑令"})) == ["严格落实“限塑令”"]
    nothing = office.get("/plans/330825/tasks/", {"q": "不存在"})
    assert "没有符合条件的事项" in nothing.content.decode()


@pytest.mark.parametrize(
    ("name", "sort"),
    [("tasks", ""), ("tasks", "due"), ("targets", "mark"), ("projects", "money"), ("projects", "due")],
)
def test_walking_the_pages_meets_every_row_once(office, longyou, name, sort, monkeypatch):
    monkeypatch.setattr("wufei.apps.plans.lists.PAGE_SIZE", 7)
    seen, after = [], ""
    while True:
        page = office.get(f"/plans/330825/{name}/", {"sort": sort, "after": after}).context["page"]
        seen += [row.url for row in page.rows]
        after = page.next_after
        if not after:
            break
    assert len(seen) == len(set(seen)) == {"tasks": 85, "targets": 33, "projects": 16}[name]


def test_projects_come_by_investment_largest_first(office, longyou):
    first, second, third, *_ = office.get("/plans/330825/projects/", {"sort": "money"}).context["page"].rows
    assert [row.cells[1][0] for row in (first, second, third)] == ["177835", "150000", "42957.73"]


@pytest.mark.parametrize("after", ["x", "~", "a~b", "2021-06~1", "2021-06-30~x", "NaN~1", "1e999~1"])
def test_a_damaged_key_starts_at_the_beginning(office, longyou, after):
    for name, sort in [("tasks", "due"), ("projects", "money"), ("targets", "mark"), ("tasks", "")]:
        address = f"/plans/330825/{name}/"
        whole = titles(office.get(address, {"sort": sort}))
        assert titles(office.get(address, {"sort": sort, "after": after})) == whole


@pytest.mark.parametrize(
    "word", ["\0", "%", "_", "'", "限\0塑", "a" * 5000, "999999999999999999999~999999999999999999999"]
)
def test_strange_words_in_the_address_are_no_error(office, longyou, word):
    for name in ["q", "department", "group", "mark", "sort", "after"]:
        assert office.get("/plans/330825/tasks/", {name: word}).status_code == 200
    assert office.get(f"/plans/330825/tasks/{word[:50]}%00/").status_code == 404


def test_a_row_opens_down_to_its_place_in_the_document(office, longyou):
    part = office.get("/plans/330825/targets/T15/", **HTMX).content.decode()
    assert "附件1 序号15（原文第323-324行）" in part
    assert "废旧农膜回收处理率" in part
    assert "≥90%" in part
    assert "<html" not in part
    assert "<html" in office.get("/plans/330825/targets/T15/").content.decode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (">=97", "≥97%"),
        ("=5", "5%"),
        ("-22", "-22%"),
        ("负增长", "负增长"),
        ("/", "/"),
        ("", ""),
        ("城镇 <=1；农村 -3.67", "城镇 ≤1%；农村 -3.67%"),
        ("建立考核办法", "建立考核办法"),
    ],
)
def test_a_figure_carries_its_unit_and_words_do_not(text, shown):
    assert readable(text, "%") == shown


def test_the_excel_file_holds_the_chosen_rows(office, longyou):
    response = office.get("/plans/330825/tasks.xlsx", {"group": "三、建筑垃圾"})
    assert "filename*=utf-8''%E9%BE%99%E6%B8%B8%E5%8E%BF" in response["Content-Disposition"]
    rows = CalamineWorkbook.from_filelike(io.BytesIO(response.content)).get_sheet_by_name("任务清单").to_python()
    assert [row[2] for row in rows[1:]] == [
        "建筑垃圾处理设施建设",
        "制定《龙游县建筑垃圾管理办法》",
        "建筑垃圾资源化综合利用产品相关优惠政策",
        "绿色建筑推广工程",
    ]


def test_a_text_that_looks_like_a_formula_stays_a_text(office, make_pack):
    load_pack(make_pack(title="=1+1 "))
    response = office.get("/plans/330825/tasks.xlsx")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(response.content)).get_sheet_by_index(0).to_python()
    assert rows[1][2] == "=1+1 1"


ADDRESSES = [
    "/plans/330825/tasks/",
    "/plans/330825/tasks.xlsx",
    "/plans/330825/tasks/1-1/",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    ("role", "division"), [(Role.PROGRAMME_OFFICE, "330523"), (Role.GENERATOR, "330825"), (Role.CITIZEN, "330825")]
)
def test_what_is_not_in_sight_does_not_exist(client, make_user, longyou, address, role, division):
    client.force_login(make_user(role, division))
    assert client.get(address).status_code == 404
    assert client.get(address, **HTMX).status_code == 404


def test_a_firm_has_no_page_of_plans(client, make_user, longyou):
    client.force_login(make_user(Role.GENERATOR))
    assert client.get("/plans/").status_code == 404


def test_targets_of_the_running_text_have_their_own_tab_where_there_are_any(client, make_user, longyou):
    user = make_user(division="371525")
    pack = core.read_pack("371525")
    load_pack(pack)
    client.force_login(user)
    assert client.get("/plans/371525/targets/").context["page"].total == 48
    page = client.get("/plans/371525/text_targets/").context["page"]
    assert (page.total, page.tabs[-1].label) == (len(pack.text_targets), "正文目标")
    assert client.get(page.rows[0].url).status_code == 200
    assert client.get("/plans/371525/text_targets.xlsx").status_code == 200
    client.force_login(make_user())
    assert len(client.get("/plans/330825/targets/").context["page"].tabs) == 4


@pytest.mark.parametrize("address", ["/plans/", *ADDRESSES])
def test_a_stranger_is_asked_to_log_in(client, longyou, address):
    response = client.get(address)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("address", ["/plans/330825/rows/", "/plans/330825/rows.xlsx", "/plans/330825/tasks/none/"])
def test_an_unknown_list_or_row_is_404(office, longyou, address):
    assert office.get(address).status_code == 404


def test_query_count_does_not_grow_with_rows(office, make_division, make_pack):
    def count_queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert office.get(address).status_code == 200
        return len(captured)

    addresses = ["/plans/", "/plans/330825/tasks/", "/plans/330825/tasks.xlsx"]
    load_pack(make_pack(tasks=1))
    few = [count_queries(address) for address in addresses]
    load_pack(make_pack(tasks=PAGE_SIZE + 31))
    assert [count_queries(address) for address in addresses] == few
