"""The page of a place: where it stands, from its figures to their sources."""

import re

import pytest
from django.urls import reverse
from tests.apps.cockpit.conftest import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_county")]

PLACE = "/places/330523/"
PAGES = [
    PLACE,
    f"{PLACE}?values=ledger&step=linear",
    f"{PLACE}?list=projects&sort=-points",
    "/places/330523/items/1.2.2/",
    "/places/330523/mass/generated/?domain=hazardous",
    "/places/330523/mass/closing/",
    "/places/330523/elements/giw_generated/?year=2022",
]


@pytest.fixture
def office():
    return client_of("office")


def text_of(response) -> str:
    body = re.sub(r"(?s)<(script|style|svg)\b.*?</\1>|<head>.*?</head>", " ", response.content.decode())
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def row_of(response, no: str) -> str:
    """The text of the row of one indicator."""
    found = re.search(rf"<tr[^>]*>\s*<td[^>]*>{re.escape(no)}</td>.*?</tr>", response.content.decode(), re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found.group()))


def test_the_first_page_after_login_is_the_persons_place(office):
    assert office.get("/").url == PLACE


def test_the_page_opens_at_the_year_of_the_published_figures(office):
    page = text_of(office.get(PLACE))
    assert "安吉县 2022 年" in page
    assert "安吉县全域“无废城市”建设实施方案（2023—2025年）" in page


def test_all_63_items_are_shown_with_value_target_gap_points_and_unit(office):
    response = office.get(PLACE)
    assert "63 / 63 项" in text_of(response)
    # Annex 1, 1.2.2: target 80 %, 4 points, minus 0.5 for each 1 % short; 3.5.1 prints 64 %: 16 steps, so 0 points.
    row = row_of(response, "1.2.2")
    for part in (
        "工业危险废物综合利用率",
        "必选",
        "生态环境分局",
        "64 %",
        "≥80 %",
        "低 16 个百分点",
        "0 / 4 分",
        "已评分",
    ):
        assert part in row, part


@pytest.mark.parametrize(("item", "target"), [("1.1.1", "≤0 %"), ("1.3.1", "≤5 %"), ("1.2.1", "≥98 %")])
def test_a_target_says_on_which_side_it_is_met_in_the_table_and_in_the_panel(office, item, target):
    # Annex 1: 负增长或零增长; 填埋 at most 5 %; 综合利用率 to reach 98 %
    assert target in row_of(office.get(PLACE), item)
    assert f"目标 {target}" in text_of(office.get(f"{PLACE}items/{item}/"))


def test_a_figure_of_the_ledger_is_rounded_in_the_table_and_exact_in_its_tooltip_and_panel(office):
    body = office.get(PLACE, {"values": "ledger"}).content.decode()
    rounded = re.search(r'items/([\d.]+)/\?[^>]*title="精确值 ([\d.]+) %">([\d.]+)<', body)
    item, exact, shown = rounded.groups()
    assert re.fullmatch(r"\d+\.\d{1,2}|\d+", shown)
    assert abs(float(exact) - float(shown)) <= 0.005
    assert f"{exact} %" in text_of(office.get(f"{PLACE}items/{item}/", {"values": "ledger"}))


def test_what_is_unknown_is_named_and_never_zero_points(office):
    row = row_of(office.get(PLACE), "1.1.6")
    assert "缺数据" in row
    assert "— / 2 分" in row
    assert "0 / 2 分" not in row
    assert "mines_green" not in row


def test_sections_show_points_of_what_could_be_scored_and_count_the_rest(office):
    # The four sections of annex 1 have 85, 20, 25 and 15 (20 less 5 of bonus) points.
    body = text_of(office.get(PLACE))
    for name, most in (("指标体系", 85), ("工作体系", 20), ("政策体系", 25), ("评价体系", 15)):
        assert re.search(rf"{name} [\d.—]+(?: 分)? \d+ 分 {most} 分", body), name


def test_simulated_data_are_marked_wherever_they_are_shown(office):
    for address in (
        PLACE,
        f"{PLACE}?values=ledger",
        "/places/330523/mass/generated/",
        "/places/330523/elements/giw_generated/",
    ):
        assert "模拟数据" in text_of(office.get(address)), address
    assert "模拟数据" not in text_of(office.get("/places/330523/items/1.2.2/"))
    assert "模拟数据" in text_of(office.get("/places/330523/items/1.2.2/?values=ledger"))


def test_a_filter_answers_htmx_with_the_table_alone(office):
    response = office.get(PLACE, {"status": "no_data"}, headers={"HX-Request": "true", "HX-Target": "indicators"})
    body = response.content.decode()
    assert body.lstrip().startswith('<section class="card mb-3" id="indicators"')
    assert "<html" not in body
    assert row_of(response, "1.1.6")
    assert "工业危险废物综合利用率" not in body


def test_a_search_that_finds_nothing_says_what_to_do(office):
    assert "没有符合条件的指标" in text_of(office.get(PLACE, {"q": "不存在的指标"}))


def test_items_sort_by_points_and_what_has_none_stays_last(office):
    body = office.get(PLACE, {"sort": "points"}).content.decode()
    order = re.findall(r'<td class="nowrap" data-label="序号">([\d.]+)</td>', body.split('id="lists"')[0])
    assert len(order) == 63
    assert order.index("1.2.2") < order.index("1.1.1") < order.index("1.1.6")  # 0 points, all points, unknown


def test_the_panel_opens_a_figure_down_to_its_place_in_the_document(office):
    page = text_of(office.get("/places/330523/items/1.2.2/"))
    for part in (
        "公布的数值",
        "附件1 序号1.2.2（原文第",
        "3.5",
        "公式",
        "工业危险废物",
        "生态环境分局",
        "随方案装入",
    ):
        assert part in page, part


def test_the_panel_of_an_unknown_figure_names_what_lacks_and_who_reports_it(office):
    page = text_of(office.get("/places/330523/items/1.1.6/"))
    assert "缺少的数据" in page
    assert "由 资源规划局 填报" in page


def test_a_figure_of_the_ledger_leads_to_its_movements_page_by_page(office):
    panel = office.get("/places/330523/items/1.2.2/?values=ledger").content.decode()
    (address,) = set(re.findall(r'href="(/places/330523/elements/ihw_generated/[^"]*)"', panel))
    first = office.get(address.replace("&amp;", "&"))
    rows = re.findall(r'<td class="nowrap">(\d{4}-\d\d-\d\d \d\d:\d\d)</td>', first.content.decode())
    assert len(rows) == 20
    (following,) = set(re.findall(r'href="([^"]*after=\d+)"', first.content.decode()))
    second = office.get(following.replace("&amp;", "&"))
    assert second.status_code == 200
    assert first.content != second.content


def test_the_flow_picture_keeps_mass_and_has_a_table_beside_it(office):
    answer = office.get("/places/330523/flows.json").json()
    (series,) = answer["option"]["series"]
    assert answer["unit"] == "吨"
    for node in {link["source"] for link in series["links"]} & {link["target"] for link in series["links"]}:
        entering = sum(link["value"] for link in series["links"] if link["target"] == node)
        leaving = sum(link["value"] for link in series["links"] if link["source"] == node)
        assert entering == pytest.approx(leaving, abs=1e-5), node
    body = office.get(PLACE).content.decode()
    table = body.split('id="material"')[1].split("</section>")[0]
    assert table.count("<tr>") == len(series["links"]) + 1


@pytest.mark.parametrize(
    "domain", ["industrial", "hazardous", "household", "construction", "agricultural", "recyclables"]
)
def test_each_domain_has_its_flow_picture(office, domain):
    answer = office.get("/places/330523/flows.json", {"domain": domain}).json()
    assert answer["option"]["series"][0]["links"]


def test_the_map_holds_every_township_with_a_position_and_the_page_lists_the_others(office):
    points = office.get("/places/330523/map.json").json()["points"]
    towns = {point["label"] for point in points if point["kind"] == "township"}
    body = text_of(office.get(PLACE))
    missing = re.search(r"没有位置的： ?([^。]*)。", body)
    others = set(missing.group(1).split("、")) if missing else set()
    assert "孝丰镇" in towns | others
    assert not towns & others
    assert len(towns | others) == 15  # 安吉 has 8 towns, 3 townships and 4 subdistricts (2.1 of the plan)


def test_a_place_without_scoring_rules_shows_its_targets_met_or_missed():
    response = client_of("zhejiang").get("/places/330825/")
    body = text_of(response)
    assert "33 / 33 项" in body
    assert "指标与目标" in body
    assert "不足一档怎么算" not in body
    assert "已达到" in body


def test_every_page_is_chinese_and_carries_no_inline_script_or_style(office):
    allowed = {"Apache", "office", "VOCs", "make", "setup"}
    for address in PAGES:
        response = office.get(address)
        assert response.status_code == 200, address
        body = response.content.decode()
        assert not re.search(r"\sstyle=|<style|<script(?![^>]*\ssrc=)|\son\w+=\"", body), address
        words = set(re.findall(r"[A-Za-z]{3,}", re.sub(r"sim:\S+", "", text_of(response))))
        assert words - allowed == set(), address


def test_every_answer_carries_a_strict_content_security_policy(office):
    policy = office.get(PLACE).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("address", PAGES)
def test_nonsense_in_the_address_is_answered_not_crashed(office, address):
    joiner = "&" if "?" in address else "?"
    wild = f"{address}{joiner}year=99999&after=-1&sort=password&list=x&domain=%00&q=%27%22%3C"
    assert office.get(wild).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/places/999999/",
        "/places/330523/items/9.9.9/",
        "/places/330523/mass/nothing/",
        "/places/330523/elements/nothing/",
    ],
)
def test_what_is_not_there_answers_404_in_chinese(office, address):
    response = office.get(address)
    assert response.status_code == 404
    assert "没有这一页" in text_of(response)


def test_every_address_of_the_cockpit_wants_a_login(client):
    for name, arguments in [
        ("home", []), ("own", []), ("place", ["330523"]), ("flows", ["330523"]), ("map", ["330523"]),
        ("item", ["330523", "1.2.2"]), ("element", ["330523", "giw_generated"]), ("mass", ["330523", "generated"]),
    ]:  # fmt: skip
        response = client.get(reverse(f"cockpit:{name}", args=arguments))
        assert response.status_code == 302, name
        assert response.url.startswith("/accounts/login/"), name
