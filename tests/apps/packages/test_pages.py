"""Pages of packages: lists, forms, actions, labels, traces, and the page for everyone."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.apps.packages.conftest import ASH, NOW, OIL, act, assign, get, what

from wufei.apps.ledger.checkpoints import take_checkpoint
from wufei.apps.ledger.models import MovementRecord
from wufei.apps.packages import services, transport, treating
from wufei.apps.packages.models import Package
from wufei.apps.packages.treating import Residue

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop_client(client, make_user, shop):
    client.force_login(make_user("shop", "generator", organisation=shop.organisation))
    return client


@pytest.fixture
def plant_client(client, make_user, plant):
    client.force_login(make_user("plant", "facility", organisation=plant.organisation))
    return client


def statements(client, url):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_the_list_costs_the_same_whatever_it_shows(shop_client, shop):
    url = reverse("packages:list")
    assign(shop, [1000])
    few = statements(shop_client, url)
    assign(shop, [1000] * 200)
    assert statements(shop_client, url) == few


def test_the_list_goes_on_by_key_and_finds_by_code(shop_client, shop):
    codes = assign(shop, [1000] * 60)
    page = shop_client.get(reverse("packages:list")).context["page"]
    assert [row.code for row in page.rows] == codes[:9:-1]
    rest = shop_client.get(page.next_url).context["page"]
    assert [row.code for row in rest.rows] == codes[9::-1]
    found = shop_client.get(reverse("packages:list"), {"q": codes[3].lower()}).context["page"]
    assert [row.code for row in found.rows] == [codes[3]]
    assert shop_client.get(reverse("packages:list"), {"status": "retired"}).context["page"].rows == ()


def test_codes_are_given_by_the_form_once_however_often_it_is_sent(shop_client, shop):
    form = {
        "site": shop.code, "waste_code": OIL, "generated_on": "2026-11-25", "count": "3", "mass": "12.5", "key": "k1",
        "book": "on",
    }  # fmt: skip
    for _ in range(2):
        answer = shop_client.post(reverse("packages:assign"), form)
        assert answer.status_code == 302
    assert list(Package.objects.values_list("mass_g", flat=True)) == [12_500] * 3
    listed = shop_client.get(answer.url)
    assert len(listed.context["page"].rows) == 3
    labels = shop_client.get(listed.context["page"].labels_url)
    assert labels["Content-Type"] == "application/pdf"
    assert labels.content.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"mass": "12.5 kg"}, "不是数"),
        ({"mass": "0.0001"}, "最多三位小数"),
        ({"waste_code": "999-999-99"}, "999-999-99"),
        ({"count": "2", "masses": "1\n2\n3"}, "给了 3 个，数量却是 2"),
    ],
)
def test_what_is_wrong_with_the_form_is_said_and_nothing_is_kept(shop_client, shop, change, told):
    form = {"site": shop.code, "waste_code": OIL, "generated_on": "2026-11-25", "count": "1"} | change
    answer = shop_client.post(reverse("packages:assign"), form)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not Package.objects.exists()


def test_the_holder_acts_on_the_page_of_a_package(plant_client, plant):
    box, bag, can = *assign(plant, [None]), *assign(plant, [300_000, 40_000], book=True)

    def do(code, event, **form):
        return plant_client.post(reverse("packages:act", args=[code, event]), form)

    assert do(box, "nest", codes=f"{bag}\n{can.lower()}").status_code == 302
    assert "340" in plant_client.get(reverse("packages:detail", args=[box])).content.decode()
    assert do(can, "unnest").status_code == 302
    assert do(can, "split", parts="15\n25").status_code == 302
    wrong = do(bag, "retire", method="D10")
    assert wrong.status_code == 422
    assert "装在别的包装里" in wrong.content.decode()
    assert do(box, "retire", method="D10", outputs=f"{ASH} 30").status_code == 302
    assert (get(bag).status, get(can).status) == ("retired", "split")
    assert Package.objects.get(waste_code=ASH).mass_g == 30_000


def test_nobody_else_acts_on_a_package(client, make_user, shop):
    (code,) = assign(shop)
    client.force_login(make_user())
    page = client.get(reverse("packages:detail", args=[code]))
    assert page.context["actions"] == []
    assert client.post(reverse("packages:act", args=[code, "store"])).status_code == 404
    assert get(code).status == "assigned"


def test_the_trace_page_says_the_same_as_its_graph(plant_client, plant):
    codes = assign(plant, [300, 700], book=True)
    (ash,) = treating.retire(codes=codes, method="D10", act=act(plant), outputs=[Residue(what(ASH), 100)])
    page = plant_client.get(reverse("packages:trace", args=[codes[0]])).context["page"]
    # By hand: 300 g, of which 30 g are in the ash and 270 g were burnt.
    assert [(row.code, row.mass_g, row.stays_g) for row in page.rows] == [(codes[0], 300, 270), (ash, 30, 30)]
    assert page.rows[0].ended == "D10 焚烧"
    graph = json.loads(plant_client.get(reverse("packages:trace-graph", args=[ash]), {"way": "up"}).content)
    (series,) = graph["option"]["series"]
    assert sorted(node["value"] for node in series["data"]) == [0.03, 0.07, 0.1]


def test_in_a_trace_what_is_out_of_sight_has_no_name(shop_client, shop, plant):
    (code,) = assign(shop, [1000], book=True)
    transport.load(codes=[code], plate="浙E1", act=act(shop, manifest="M1"))
    transport.unload(codes=[code], site=plant, act=act(manifest="M1"))
    transport.release(act=act(manifest="M1"))
    assert get(code).holder_id == plant.organisation_id
    assign(plant, [1000], book=True)  # the plant's stock, as the manifest would have booked it
    (ash,) = treating.retire(codes=[code], method="D10", act=act(plant), outputs=[Residue(what(ASH), 100)])
    answer = shop_client.get(reverse("packages:trace", args=[code]))
    assert [row.code for row in answer.context["page"].rows] == [code, ""]
    assert ash not in answer.content.decode()
    assert shop_client.get(reverse("packages:detail", args=[ash])).status_code == 404


def test_a_trace_costs_a_statement_a_level(plant_client, plant):
    (first,) = assign(plant, [10_000])
    code = first
    url = reverse("packages:trace", args=[first])
    counts = []
    for _ in range(3):
        code = treating.split(code=code, parts_g=[100, get(code).mass_g - 100], act=act(plant))[1]
        counts.append(statements(plant_client, url))
    assert [b - a for a, b in zip(counts, counts[1:], strict=False)] == [1, 1]


def test_a_wide_trace_is_cut_and_says_so(plant, monkeypatch, plant_client):
    (code,) = assign(plant, [100_000])
    parts = treating.split(code=code, parts_g=[1000] * 100, act=act(plant))
    from wufei.core import package

    few = package.Rules(
        **{**{n: getattr(package.rules(), n) for n in package.Rules.__slots__}, "trace_nodes_max": 10}
    )
    monkeypatch.setattr("wufei.apps.packages.tracing.rules", lambda: few)
    page = plant_client.get(reverse("packages:trace", args=[code])).context["page"]
    assert page.has_more
    assert len(page.rows) == 10
    assert sum(row.stays_g for row in page.rows) == 100_000
    assert len(parts) == 100


# --- For everyone -------------------------------------------------------------------------------------------------


def public(client, code):
    return client.get(f"/q/{code}")


@pytest.fixture
def moved(shop, plant, truck):
    """A booked package that went from the shop to the plant."""
    (code,) = assign(shop, [123_457], book=True, contact="张三丰", phone="13900001111", remark="密")
    transport.load(codes=[code], plate=truck.plate, act=act(shop, manifest="M-7788"))
    transport.unload(codes=[code], site=plant, act=act(manifest="M-7788"))
    return code


def test_everyone_sees_what_it_is_and_its_steps_and_no_secret(client, moved, plant, truck):
    answer = public(client, moved)
    text = answer.content.decode()
    assert answer.status_code == 200
    for shown in ("废矿物油", "汽修有限公司", "毒性", "赋码", "装车", "到场卸货", "递铺街道", "孝丰镇"):
        assert shown in text
    for secret in (
        "张三丰",
        "13900001111",
        "密",
        "123",
        "123,457",
        truck.plate,
        "M-7788",
        "处置有限公司",
        "处置厂区",
        "tester",
    ):
        assert secret not in text.replace("12345", "").replace("12369", ""), secret


def test_however_it_is_typed_the_page_has_one_address(client, moved):
    answer = public(client, f" {moved.lower()} ".replace(" ", "%20"))
    assert (answer.status_code, answer["Location"]) == (302, f"/q/{moved}")


def test_a_code_is_typed_by_who_cannot_scan(client, moved):
    assert 'name="code"' in client.get("/q/").content.decode()
    answer = client.get("/q/", {"code": f" {moved[:8].lower()} {moved[8:]} "})
    assert (answer.status_code, answer["Location"]) == (302, f"/q/{moved}")
    wrong = client.get("/q/", {"code": "<b>nonsense</b>"})
    assert wrong.status_code == 404
    assert 'value="&lt;b&gt;nonsense&lt;/b&gt;"' in wrong.content.decode()  # what was typed stays
    assert "这不是包装编码" in wrong.content.decode()


@pytest.mark.parametrize("code", ["nonsense", "W", "9" * 37, "％", "0" * 190])
def test_a_malformed_code_is_told_without_the_database(client, code, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        answer = public(client, code)
    assert answer.status_code == 404
    assert "请" in answer.content.decode()


def test_an_unknown_code_says_what_to_check(client, moved):
    answer = public(client, f"{moved[:-3]}998")
    assert answer.status_code == 404
    assert "请对照标签逐位核对" in answer.content.decode()


def test_the_public_page_says_whether_the_chain_holds(client, moved):
    assert public(client, moved).context["chain"].state == "open"
    take_checkpoint(actor="keeper", at=NOW)
    assert public(client, moved).context["chain"].state == "sealed"
    MovementRecord.objects.filter(package=moved).update(mass_g=1)
    assert public(client, moved).context["chain"].state == "broken"


def test_a_package_in_a_box_is_judged_by_the_bookings_of_the_box_too(client, shop):
    (box,), (bag,) = assign(shop, [500], book=True), assign(shop, [300])
    assert public(client, bag).context["chain"].state == "none"
    services.nest(box=box, codes=[bag], act=act(shop))
    assert public(client, bag).context["chain"].bookings == 1


def test_the_public_page_costs_the_same_however_much_has_happened(client, shop, plant):
    (code,) = assign(shop, [1000], book=True)

    def count():
        return statements(client, f"/q/{code}")

    def there_and_back(turn):
        for site in (plant, shop):
            transport.load(codes=[code], plate="浙E1", act=act(manifest=f"M{turn}{site.code}"))
            transport.unload(codes=[code], site=site, act=act(manifest=f"M{turn}{site.code}"))
            transport.release(act=act(manifest=f"M{turn}{site.code}"))

    there_and_back(0)
    first = count()
    for turn in range(1, 12):
        there_and_back(turn)
    assert count() == first <= 14
