"""Who sees what on the pages that join everything: what one may not see answers 404."""

import re

import pytest
from tests.apps.cockpit.conftest import client_of

from wufei.apps.registry.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_county")]

PLACE = "/places/330523/"
FIGURES = ["/places/330523/items/1.2.2/", "/places/330523/elements/giw_generated/"]
MASS = ["/places/330523/flows.json", "/places/330523/mass/generated/"]


@pytest.mark.parametrize(
    "username", ["office", "leader", "huzhou", "zhejiang", "ecology", "agriculture", "enforcement"]
)
def test_the_offices_see_the_place_its_figures_and_its_mass(username):
    client = client_of(username)
    assert [client.get(address).status_code for address in [PLACE, *FIGURES, *MASS]] == [200] * 5


@pytest.mark.parametrize("username", ["dipu", "xiaofeng", "grid"])
def test_a_township_sees_the_published_plan_and_its_own_mass_alone(username):
    client = client_of(username)
    assert [client.get(address).status_code for address in FIGURES] == [404, 404]
    page = client.get(PLACE).content.decode()
    assert 'id="lists"' in page
    assert 'id="indicators"' not in page
    assert 'id="findings"' not in page
    whole = client_of("office").get("/places/330523/mass/generated/").content.decode()
    own = client.get("/places/330523/mass/generated/").content.decode()
    total = re.compile(r"<dd class=\"col-8\">([\d,.]+) 吨</dd>")
    assert (
        0 < float(total.search(own).group(1).replace(",", "")) < float(total.search(whole).group(1).replace(",", ""))
    )


def test_two_townships_see_different_masses():
    pages = [client_of(name).get("/places/330523/flows.json").json() for name in ("dipu", "xiaofeng")]
    assert pages[0] != pages[1]


@pytest.mark.parametrize("username", ["firm", "firm2", "carrier", "facility"])
def test_a_firm_sees_its_own_page_alone(username):
    client = client_of(username)
    assert client.get("/").url == "/own/"
    assert [client.get(address).status_code for address in [PLACE, *FIGURES, *MASS]] == [404] * 5
    user = User.objects.get(username=username)
    assert user.organisation.name in client.get("/own/").content.decode()


def test_one_firm_does_not_see_the_sites_of_another():
    other = User.objects.get(username="firm2").organisation.name
    assert other not in client_of("firm").get("/own/").content.decode()


def test_a_citizen_sees_nothing_here():
    client = client_of("citizen")
    shown = client.get("/").content.decode()
    assert "公众查询" in shown
    assert "没有分配地方" not in shown
    for way in ('action="/q/"', 'name="code"', 'href="/transparency/"'):
        assert way in shown
    assert [client.get(address).status_code for address in [PLACE, "/own/", *FIGURES, *MASS]] == [404] * 6


def test_another_place_is_not_there_for_the_office():
    assert client_of("office").get("/places/330825/").status_code == 404


def test_a_parent_region_chooses_between_the_places_below_it():
    page = client_of("zhejiang").get("/").url
    body = client_of("zhejiang").get(page).content.decode()
    assert set(re.findall(r'href="/places/(\d{6})/"', body)) >= {"330523", "330600", "330800", "330825"}
    assert "/places/371525/" not in body


def test_a_department_finds_its_own_rows_marked():
    body = client_of("ecology").get(PLACE).content.decode()
    marked = re.findall(r'<tr class="own-row">.*?</tr>', body, re.DOTALL)
    assert marked
    assert all("生态环境分局" in row for row in marked)


def test_movements_one_by_one_are_shown_only_in_the_domains_of_duty():
    body = client_of("agriculture").get("/places/330523/mass/generated/?domain=hazardous").content.decode()
    assert "不在您的职责范围内" in body
    assert "由这些废物组成" in body


@pytest.mark.parametrize(
    "username", ["office", "ecology", "dipu", "huzhou", "firm", "carrier", "facility", "citizen"]
)
def test_every_section_of_the_menu_opens_for_whom_it_is_shown(username):
    client = client_of(username)
    menu = client.get("/", follow=True).content.decode().split('id="menu"')[1].split("</nav>")[0]
    sections = re.findall(r'href="([^"]+)"', menu)
    assert sections[0] == "/"
    assert {address: client.get(address, follow=True).status_code for address in sections} == dict.fromkeys(
        sections, 200
    )
