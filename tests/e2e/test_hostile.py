"""Names that are written to be run: a browser shows them as text, on the map and in lists."""

import json

import pytest
from tests.e2e.conftest import new_page

pytestmark = pytest.mark.e2e
NAME = "<img src=/nix.png class=injected><a class=injected href=/x>点我</a><script>window.ran = 1</script>"


@pytest.fixture
def office(browser, site, office_session):
    page = new_page(browser, storage_state=office_session)
    yield page
    page.context.close()


def test_names_on_the_map_stay_text(office, site):
    def hostile(route):
        data = route.fetch().json()
        for point in data["points"]:
            point["label"], point["lines"] = NAME, [NAME]
        route.fulfill(body=json.dumps(data), content_type="application/json")

    office.route("**/map.json*", hostile)
    office.goto(f"{site}/places/330523/")
    office.locator("[data-map][data-drawn]").wait_for(state="attached")
    assert office.locator(".leaflet-tooltip").first.inner_text().startswith("<img")
    office.locator("path.map-facility").first.dispatch_event("click")
    office.locator(".leaflet-popup").wait_for(state="attached")
    assert office.locator(".injected").count() == 0
    assert office.evaluate("window.ran") is None


def test_a_name_from_a_file_stays_text_in_lists_and_messages(office, site):
    office.goto(f"{site}/registry/import/")
    rows = f"单位名称,统一社会信用代码,行政区划,类型\n{NAME},91440300708461136T,递铺街道,产废单位\n"
    name = "<img src=x class=injected>.csv"
    office.get_by_label("文件").set_input_files([{"name": name, "mimeType": "text/csv", "buffer": rows.encode()}])
    office.get_by_role("button", name="导入").click()
    office.goto(f"{site}/registry/organisations/?q=injected")
    office.get_by_text("<script>window.ran").wait_for()
    assert office.locator(".injected").count() == 0
    office.goto(f"{site}/registry/facts/")
    assert office.locator(".injected").count() == 0
    assert office.evaluate("window.ran") is None
