"""What a person does on the page of a place, in a real browser, from login to the source of a number."""

import re

import pytest
from tests.e2e.conftest import log_in, new_page

pytestmark = pytest.mark.e2e

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


@pytest.fixture
def office(browser, site, office_session):
    page = new_page(browser, storage_state=office_session)
    page.goto(f"{site}/places/330523/")
    yield page
    page.context.close()


def drawn_pixels(page, selector: str) -> int:
    """How many pixels of a canvas are not transparent."""
    return page.eval_on_selector(
        selector,
        """canvas => {
            const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            let drawn = 0;
            for (let i = 3; i < data.length; i += 4) if (data[i]) drawn++;
            return drawn;
        }""",
    )


def test_a_number_opens_down_to_its_place_in_the_document(office):
    office.get_by_role("link", name="工业危险废物综合利用率 64%").click()
    panel = office.locator("#panel")
    panel.get_by_text("附件1 序号1.2.2（原文第").wait_for()
    assert "评分规则" in panel.inner_text()
    office.locator("#panel:focus, #panel :focus").first.wait_for(state="attached")
    office.locator("#panel").get_by_role("link").last.focus()
    office.keyboard.press("Tab")  # past the end of the panel
    office.keyboard.press("Escape")
    panel.wait_for(state="hidden")
    office.locator("a:focus[href*='/items/1.2.2/']").wait_for()


def test_the_flow_picture_and_the_map_are_drawn_and_nothing_breaks_the_policy(office):
    office.locator("[data-chart][data-drawn]").wait_for(state="attached")
    assert drawn_pixels(office, "[data-chart] canvas") > 20_000
    office.locator("[data-map][data-drawn]").wait_for(state="attached")
    assert office.locator("path.map-township").count() >= 5
    assert office.locator("path.map-facility").count() >= 5
    assert office.complaints == []


def test_another_domain_is_drawn_in_place(office):
    office.locator("#material").get_by_role("link", name="危险废物", exact=True).click()
    office.locator("#material .nav-link.active", has_text="危险废物").wait_for()
    office.locator("#material [data-drawn]").wait_for(state="attached")
    assert drawn_pixels(office, "#material canvas") > 5_000
    assert "domain=hazardous" in office.url


def test_indicators_are_filtered_and_sorted_in_place(office):
    office.get_by_label("状态").select_option("scored")
    office.wait_for_url(re.compile("status=scored"))
    rows = office.locator("#indicators tbody tr:not(.group-row)")
    assert 0 < rows.count() < 63
    assert set(office.locator("#indicators td[data-label=状态] .badge").all_inner_texts()) == {"已评分"}
    office.get_by_role("link", name="得分").click()
    office.wait_for_url(re.compile("sort=points"))
    assert rows.first.locator("td[data-label=得分]").inner_text().startswith("0")


def test_the_keyboard_skips_the_menu(office):
    office.keyboard.press("Tab")
    assert office.locator(":focus").inner_text() == "跳到正文"
    office.keyboard.press("Enter")
    office.locator("main:focus").wait_for()


def test_the_lists_change_tab_in_place(office):
    office.locator("#lists").get_by_role("link", name=re.compile("项目清单")).click()
    office.locator("#lists table caption", has_text="项目清单").wait_for(state="attached")
    assert office.locator("#lists tbody tr").count() == 13


def test_no_page_scrolls_sideways_on_a_phone(browser, site, office_session):
    page = new_page(browser, storage_state=office_session, **PHONE)
    for path in (
        "places/330523/",
        "places/330523/items/1.2.2/",
        "places/330523/mass/generated/",
        "plans/",
        "ledger/",
    ):
        page.goto(f"{site}/{path}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    page.context.close()


def test_the_page_works_without_scripts(browser, site):
    page = log_in(browser, site, "office", java_script_enabled=False)
    page.goto(f"{site}/places/330523/")
    assert not page.locator("[data-chart]").is_visible()
    page.locator("#material summary").click()
    assert page.locator("#material table tbody tr").count() > 10
    page.locator("#indicators select[name=status]").select_option("no_data")
    page.locator("#indicators").get_by_role("button", name="筛选").click()
    assert "缺数据" in page.locator("#indicators").inner_text()
    page.get_by_role("link", name="绿色矿山建成率").click()
    assert "缺少的数据" in page.locator("main").inner_text()
    page.context.close()


def test_on_paper_there_are_figures_but_no_controls(office):
    office.emulate_media(media="print")
    assert not office.locator("header.navbar").is_visible()
    assert not office.get_by_role("button", name="筛选").first.is_visible()
    assert office.locator("#indicators table").is_visible()
    assert office.get_by_text("模拟数据").first.is_visible()
    office.locator("#material img.chart-paper").wait_for()
    assert office.locator("#material img.chart-paper").evaluate("picture => picture.naturalWidth") == 1360
    assert not office.locator("#material canvas").first.is_visible()
    assert office.pdf(format="A4", prefer_css_page_size=True).startswith(b"%PDF")


def test_a_bad_ledger_file_in_gb18030_comes_back_with_everything_that_is_wrong(office, site):
    rows = [
        "编号,发生时间,类型,废物代码,质量,单位,转出方,转入方",
        "e2e-1,2022-03-01,产生,999-999-99,-5,斤斤,site:无此场所,site:无此场所",
        "e2e-2,不是日期,产生,900-041-49,abc,t,site:无此场所,site:无此场所",
    ]
    office.goto(f"{site}/ledger/upload/")
    raw = "\n".join(rows).encode("gb18030")
    office.set_input_files("input[type=file]", {"name": "台账.csv", "mimeType": "text/csv", "buffer": raw})
    office.get_by_role("button", name="入账").click()
    office.get_by_text("没有入账任何一笔").wait_for()
    said = office.locator("section[role=alert]").inner_text()
    assert "�" not in said
    lines = set(office.locator("section[role=alert] tbody tr td:first-child").all_inner_texts())
    assert {"2", "3"} <= lines
    for part in ("999-999-99", "不是日期", "abc"):
        assert part in said, part


def test_a_firm_lands_on_its_own_page(browser, site):
    page = log_in(browser, site, "firm")
    assert page.url == f"{site}/own/"
    assert "模拟数据" in page.locator("main").inner_text()
    page.context.close()


def test_a_wrong_password_is_refused_in_chinese(browser, site):
    page = browser.new_context(locale="en-US").new_page()
    page.goto(f"{site}/accounts/login/")
    page.get_by_label("用户名").fill("office")
    page.get_by_label("密码").fill("wrong-password")
    page.get_by_role("button", name="登录").click()
    said = page.locator(".alert-danger").inner_text()
    assert re.search("[一-鿿]", said)
    assert not re.search("[A-Za-z]{4,}", said)
    page.context.close()
