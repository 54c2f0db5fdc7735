"""The lists of the registry: searched, sorted, paged by key, exported; each shows what the person may see."""

import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import CalamineWorkbook

from wufei.apps.registry import listing
from wufei.apps.registry.lists import LISTS
from wufei.apps.registry.lists_transport import masked_plate

pytestmark = pytest.mark.django_db


def text(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def test_paging_by_key_shows_every_row_once(client, make_user, make_firm, monkeypatch):
    monkeypatch.setattr(listing, "PAGE_SIZE", 7)
    names = {make_firm(n, name=f"单位{n % 5}").pk for n in range(30)}  # equal names: the key decides
    for sort in ("name", "-name", "division_id"):
        seen, after = [], ""
        while True:
            page = listing.page_of(
                LISTS["organisations"].visible(make_user(f"u{sort}{len(seen)}")),
                LISTS["organisations"].listing,
                {"sort": sort, "after": after},
                "/x/",
            )
            seen += [row[0].url for row in page.rows]
            if not page.next_url:
                break
            after = page.next_url.rpartition("after=")[2]
        assert len(seen) == len(set(seen)) == len(names)


def test_list_is_sorted_and_searched(client, make_user, make_firm):
    client.force_login(make_user())
    for number, name in enumerate(["丙厂", "甲厂", "乙厂"]):
        make_firm(number, name=name)
    url = reverse("registry:list", args=["organisations"])
    assert "甲厂" in text(client.get(url, {"q": "甲"}))
    assert "乙厂" not in text(client.get(url, {"q": "甲"}))
    down = text(client.get(url, {"sort": "-name"}))
    up = text(client.get(url, {"sort": "name"}))
    assert (down.index("乙厂") < down.index("丙厂")) != (up.index("乙厂") < up.index("丙厂"))
    assert 'aria-sort="descending"' in down


@pytest.mark.parametrize("query", [
    {"q": "\0"}, {"q": "%' OR 1=1 --"}, {"sort": "password"}, {"sort": "organisation__users__password"},
    {"after": "9" * 40}, {"after": "-1"}, {"after": "²"}, {"after": "x"}, {"q": "长" * 5000},
])  # fmt: skip
def test_nonsense_in_the_address_is_left_out_of_account(client, make_user, make_firm, query):
    client.force_login(make_user())
    make_firm(1, name="甲厂")
    answer = client.get(reverse("registry:list", args=["organisations"]), query)
    assert answer.status_code == 200


@pytest.mark.parametrize("name", list(LISTS))
def test_empty_lists_say_what_to_do(client, make_user, name):
    client.force_login(make_user())
    assert LISTS[name].listing.empty in text(client.get(reverse("registry:list", args=[name])))


def test_htmx_gets_the_table_alone(client, make_user, make_firm):
    client.force_login(make_user())
    make_firm(1, name="甲厂")
    part = text(client.get(reverse("registry:list", args=["organisations"]), headers={"HX-Request": "true"}))
    assert "甲厂" in part
    assert "<html" not in part


@pytest.mark.parametrize("name", list(LISTS))
def test_query_count_does_not_grow_with_rows(client, make_user, make_firm, name):
    client.force_login(make_user())

    def count():
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("registry:list", args=[name]))
        return len(captured)

    make_firm(1)
    few = count()
    for number in range(2, 32):
        make_firm(number)
    assert count() == few


def test_export_holds_what_the_person_sees_and_no_formula(client, make_user, make_firm):
    client.force_login(make_user("dipu", "township", "330523001"))
    make_firm(1, "330523001", name="=HYPERLINK(1)")
    make_firm(2, "330523105", name="孝丰厂")
    answer = client.get(reverse("registry:export", args=["organisations"]))
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert [row[0] for row in sheet] == ["单位名称", "=HYPERLINK(1)"]


def test_a_township_sees_its_own_and_guessing_gives_404(client, make_user, make_firm):
    own, other = make_firm(1, "330523001", name="递铺厂"), make_firm(2, "330523105", name="孝丰厂")
    client.force_login(make_user("dipu", "township", "330523001"))
    assert "孝丰厂" not in text(client.get(reverse("registry:list", args=["sites"])))
    assert text(client.get(reverse("registry:organisation", args=[own.pk])))
    for url in [
        reverse("registry:organisation", args=[other.pk]),
        reverse("registry:site", args=[other.sites.get().pk]),
        reverse("registry:organisation", args=[10**30]),
        reverse("registry:list", args=["users"]),
        reverse("registry:export", args=["users"]),
    ]:
        assert client.get(url).status_code == 404


def test_a_department_sees_the_domains_of_its_duty(client, make_user, make_firm):
    farm, works = make_firm(1, name="养殖场", domain="agricultural"), make_firm(2, name="铸造厂")
    client.force_login(make_user("nyj", "department", "330523", "农业农村局"))
    seen = text(client.get(reverse("registry:list", args=["organisations"])))
    assert farm.name in seen
    assert works.name not in seen
    assert client.get(reverse("registry:organisation", args=[works.pk])).status_code == 404


def test_a_firm_sees_itself(client, make_user, make_firm):
    own, other = make_firm(1, name="甲厂"), make_firm(2, name="乙厂")
    client.force_login(make_user("jia", "generator", organisation=own))
    seen = text(client.get(reverse("registry:list", args=["organisations"])))
    assert own.name in seen
    assert other.name not in seen


def test_plates_are_masked():
    assert masked_plate("浙E12345") == "浙E***45"
    assert masked_plate("浙E1") == "***"
