"""What the forms of manifests answer: nothing typed is lost, everything that is wrong is said, in kilograms."""

import re

import pytest
from tests.apps.manifests.conftest import NOW
from tests.apps.manifests.test_trips import plan, shops  # noqa: F401 - a fixture

from wufei.apps.manifests.models import Manifest
from wufei.apps.manifests.services import advance, create_and_submit, create_manifest
from wufei.apps.manifests.trip_planning import plan_trip
from wufei.apps.manifests.trips import skip_stop, visit_stop
from wufei.apps.registry.models import User
from wufei.apps.signatures.codes import issue_one_time_code
from wufei.core.findings import Refused
from wufei.core.form_fields import Field as FormField
from wufei.core.form_fields import read_values
from wufei.core.manifest import Event
from wufei.core.manifest_lacking import how_to_fill, lacking
from wufei.core.manifest_profiles import fields_of, manifest_profiles

NO_MASS = ("abc", "5kg", "NaN", "sNaN", "-inf", "1e400", "1e999999", "1e-400", "-5", "0.0001", "12,5", "9" * 40, "٥x")


def typed(document, **more):
    """A document as the inputs of a form send it; kilograms for grams."""
    found = {}

    def walk(node, at):
        for name, value in node.items() if isinstance(node, dict) else enumerate(node):
            here = f"{at}/{name}"
            if isinstance(value, dict | list):
                walk(value, here)
            elif here != "/profile":
                found[here] = str(value / 1000 if here.endswith("_g") else value)

    walk(document, "")
    return found | more


def error_at(page, pointer):
    """What stands beside an input as its error."""
    name = "f" + pointer.replace("/", "-")
    found = re.search(rf'id="{name}-error">([^<]*)<', page)
    return found[1].strip() if found else ""


@pytest.mark.parametrize("mass", NO_MASS)
@pytest.mark.parametrize("press", [{"save": "1"}, {"submit": "1"}, {"add": "wastes"}], ids=lambda p: next(iter(p)))
def test_what_is_no_mass_is_told_beside_its_field_and_nothing_typed_is_lost(client, world, document, mass, press):
    client.force_login(world.people["maker"])
    answer = client.post("/manifests/new/hazardous/", typed(document, **{"/wastes/0/mass_g": mass}, **press))
    page = answer.content.decode()
    assert answer.status_code == (200 if "add" in press else 422)
    if "add" not in press:
        told = error_at(page, "/wastes/0/mass_g")
        assert "不是千克数。请填写 0 到 1,000,000,000、最多三位小数的千克数" in told
        assert mass[:20] in told
        assert not re.search("(?<!千)克", told)
    assert f'name="/wastes/0/mass_g" value="{mass}"' in page
    assert 'value="张三"' in page
    assert 'value="640.0"' in page
    assert Manifest.objects.count() == 0


def test_full_width_digits_and_groups_of_thousands_are_read(client, world, document):
    client.force_login(world.people["maker"])
    said = {"/wastes/0/mass_g": "１，２５０．５", "/wastes/1/mass_g": "1,250"}
    assert client.post("/manifests/new/hazardous/", typed(document, save="1", **said)).status_code == 302
    assert [w["mass_g"] for w in Manifest.objects.get().document["wastes"]] == [1_250_500, 1_250_000]


@pytest.mark.parametrize(
    "odd",
    [
        {"/wastes": "abc"}, {"/wastes/x/code": "1"}, {"/wastes/0/method/x": "1"}, {"/profile": "none"}, {"/": "1"},
        {"/carriers/0": "x"}, {"/receipt/lines/0/accepted_g": "abc"}, {"/generator": "x"}, {"/wastes/٣/code": "1"},
        {f"/carriers/{n}/vehicle": "x" for n in range(25)},
    ],
    ids=range(10),
)  # fmt: skip
def test_inputs_that_no_form_has_are_told_or_left_out(client, world, document, odd):
    client.force_login(world.people["maker"])
    answer = client.post("/manifests/new/hazardous/", typed(document, save="1") | odd)
    assert answer.status_code in (302, 422)
    assert Manifest.objects.count() == (answer.status_code == 302)
    assert all(m.profile == "hazardous" for m in Manifest.objects.all())


@pytest.mark.parametrize("mass", ["abc", "1e999999", "5kg"])
def test_a_stop_keeps_what_was_typed(client, world, shops, mass):  # noqa: F811
    trip = plan_trip(plan(shops[:2]), act=world.act("carrier"))
    client.force_login(world.people["carrier"])
    said = {"/generator/handler": "老板", "/wastes/0/code": "900-002-S61", "/wastes/0/mass_g": mass}
    answer = client.post(f"/manifests/trips/{trip.number}/stops/2/", said | {"collect": "1"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "不是千克数" in error_at(page, "/wastes/0/mass_g")
    assert f'value="{mass}"' in page
    assert 'value="老板"' in page
    trip.refresh_from_db()
    assert (trip.status, Manifest.objects.count()) == ("planned", 0)


def test_a_carrier_who_fills_in_nothing_is_told_what_is_missing(client, world, document):
    document["carriers"] = [{"organisation": world.code("carrier")}]
    made = create_and_submit(document, act=world.act("maker"))
    client.force_login(world.people["carrier"])
    at = f"/manifests/{made.number}/depart/"
    blank = dict.fromkeys(re.findall(r'name="(/[^"]+)"', client.get(at).content.decode()), "")
    assert "/carriers/0/vehicle" in blank
    blank |= {"/wastes/0/mass_g": "1800", "/wastes/1/mass_g": "640"}
    answer = client.post(at, blank)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "封存" not in page.split("<form")[1].split("btn-primary")[0].replace("签字后这些内容封存", "")
    assert error_at(page, "/carriers/0/vehicle") == "没有填写第 1 项“车牌号”。请填写车牌号，如 浙E12345。"
    assert error_at(page, "/carriers/0/driver") == "没有填写第 1 项“驾驶员”。请填写姓名。"
    said = {"/carriers/0/vehicle": "浙E00002", "/carriers/0/driver": "李四", "/carriers/0/driver_licence": "1"}
    assert client.post(at, blank | said).status_code == 302


def test_a_receiver_who_clears_a_mass_is_told_which(client, world, drive, document):
    made = drive(document, ("maker", "submit", {}), ("carrier", "depart", {}), ("carrier", "arrive", {}))
    client.force_login(world.people["plant"])
    said = {"/receiver/handler": "赵六", "/receipt/lines/0/accepted_g": "", "/receipt/lines/1/accepted_g": ""}
    page = client.post(f"/manifests/{made.number}/confirm/", said).content.decode()
    for place in (0, 1):
        assert error_at(page, f"/receipt/lines/{place}/accepted_g") == "没有填写“接受量”。请填写称得的重量。"


def test_a_card_that_is_emptied_goes_from_a_draft(client, world, document):
    made = create_manifest(document, act=world.act("maker"))
    client.force_login(world.people["maker"])
    at = f"/manifests/{made.number}/edit/"
    said = typed(document)
    said |= {name: "" for name in said if name.startswith(("/wastes/1/", "/carriers/1/"))}
    said |= {"/wastes/1/name": "", "/wastes/1/hazards": ""}
    assert client.post(at, said).status_code == 302
    made.refresh_from_db()
    assert (len(made.document["wastes"]), len(made.document["carriers"])) == (1, 1)
    assert made.wastes.count() == made.legs.count() == 1


def test_what_was_done_is_said(client, world, document):
    client.force_login(world.people["maker"])
    saved = client.post("/manifests/new/hazardous/", typed(document, save="1"), follow=True).content.decode()
    signed = client.post("/manifests/new/hazardous/", typed(document, submit="1"), follow=True).content.decode()
    first, second = Manifest.objects.order_by("pk")
    assert f"联单 {first.number} 已存为草稿，还没有提交。" in saved
    assert f"联单 {second.number} 已由您签字并提交。" in signed


def test_every_remedy_for_a_blank_field_says_what_to_do():
    for profile in manifest_profiles():
        for field in fields_of(profile):
            assert re.fullmatch(r"请(?:填写|选择|上传)[^。]+。", how_to_fill(field)), field
    found = lacking({"profile": "hazardous", "wastes": [{}], "carriers": [{}]}, "confirm")
    assert len(found) > 12
    assert all(f.remedy.startswith(("请", "至少")) and f.remedy.endswith("。") for f in found)
    asked = FormField("count", "包装数量", "count", True, "件")
    [told] = read_values([asked], {})[1]
    assert (told.what, told.remedy) == ("没有填写“包装数量”。", "请填写包装数量（件）。")


def test_a_form_that_is_sent_twice_makes_one_manifest(client, world, document):
    client.force_login(world.people["maker"])
    page = client.get("/manifests/new/hazardous/").content.decode()
    key = re.search(r'name="key" value="([^"]+)"', page)[1]
    for press in ("save", "submit"):
        said = typed(document, key=f"{key}-{press}", **{press: "1"})
        first, again = (client.post("/manifests/new/hazardous/", said) for _ in range(2))
        assert first.status_code == 302
        assert first["Location"] == again["Location"]
    assert Manifest.objects.count() == 2
    other = client.post("/manifests/new/hazardous/", said | {"/generator/handler": "李三"})
    page = other.content.decode()
    assert other.status_code == 422
    assert f"这张表单已经开具了联单 {Manifest.objects.order_by('pk').last().number}。" in page
    assert 'value="李三"' in page
    new = re.search(r'name="key" value="([^"]+)"', page)[1]
    anew = client.post("/manifests/new/hazardous/", said | {"/generator/handler": "李三", "key": new})
    assert anew.status_code == 302
    assert Manifest.objects.count() == 3


def test_a_failed_form_keeps_its_key(client, world, document):
    client.force_login(world.people["maker"])
    said = typed(document, key="k1", save="1", **{"/wastes/0/mass_g": "abc"})
    assert 'name="key" value="k1"' in client.post("/manifests/new/hazardous/", said).content.decode()


@pytest.mark.parametrize("press", ["collect", "code", "wait"])
def test_nothing_is_drawn_up_at_a_stop_before_it_is_whole(client, world, shops, press):  # noqa: F811
    trip = plan_trip(plan(shops[:2]), act=world.act("carrier"))
    client.force_login(world.people["carrier"])
    at = f"/manifests/trips/{trip.number}/stops/1/"
    answer = client.post(at, {"/generator/handler": "", "/wastes/0/code": "", "/wastes/0/mass_g": "", press: "1"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert error_at(page, "/generator/handler") == "没有填写“移出经办人”。请填写姓名。"
    assert "没有写废物。" in page
    half = {"/generator/handler": "", "/wastes/0/code": "900-002-S61", "/wastes/0/mass_g": "", press: "1"}
    page = client.post(at, half).content.decode()
    assert error_at(page, "/generator/handler")
    assert error_at(page, "/wastes/0/mass_g") == "没有填写第 1 项“移出量”。请填写称得的重量。"
    assert 'value="900-002-S61"' in page.split("<datalist")[0]
    none = client.post(at, half | {"/generator/handler": "老板", "/wastes/0/mass_g": "0"}).content.decode()
    assert "“移出量”为 0，应大于 0。请填写称得的重量" in error_at(none, "/wastes/0/mass_g")
    assert Manifest.objects.count() == 0


def test_a_carrier_corrects_and_skips_a_stop_whose_manifest_waits_for_a_signature(client, world, shops):  # noqa: F811
    trip = plan_trip(plan(shops[:1]), act=world.act("carrier"))
    client.force_login(world.people["carrier"])
    at = f"/manifests/trips/{trip.number}/stops/1/"
    said = {"/generator/handler": "老板", "/wastes/0/code": "900-002-S61", "/wastes/0/mass_g": "30"}
    asked = client.post(at, said | {"code": "1"})
    made = Manifest.objects.get()
    assert (made.status, made.mass_g) == ("draft", 30_000)
    assert client.get(asked["Location"]).status_code == 200
    client.post(at, said | {"/wastes/0/mass_g": "31.5", "wait": "1"})
    made.refresh_from_db()
    assert (made.status, made.mass_g) == ("draft", 31_500)
    blank = client.post(at, said | {"/wastes/0/mass_g": "", "wait": "1"})
    assert blank.status_code == 422
    made.refresh_from_db()
    assert made.mass_g == 31_500
    assert 'name="skip"' in client.get(at).content.decode()
    assert client.post(at, {"skip": "1", "reason": "对方不签"}).status_code == 302
    made.refresh_from_db()
    assert made.status == "void"
    page = client.get(f"/manifests/trips/{trip.number}/").content.decode()
    assert "对方不签" in page
    assert "未收" in page
    assert client.post(f"/manifests/trips/{trip.number}/finish/").status_code == 302


def test_a_stop_that_the_sender_has_signed_is_not_skipped(client, world, shops):  # noqa: F811
    trip = plan_trip(plan(shops[:1]), act=world.act("carrier"))
    told = {"generator": {"handler": "老板"}, "wastes": [{"code": "900-002-S61", "mass_g": 5}]}
    visit_stop(trip.number, 1, told, act=world.act("carrier"), waits_for_signature=True)
    owner = User.objects.create(
        username="owner", role="generator", organisation=shops[0].organisation, division_id="330523"
    )
    world.people["owner"] = owner
    advance(Manifest.objects.get().number, Event.SUBMIT, {}, act=world.act("owner"))
    with pytest.raises(Refused, match="移出单位已签字"):
        skip_stop(trip.number, 1, act=world.act("carrier"), reason="歇业")
    with pytest.raises(Refused, match="移出单位办理"):
        advance(Manifest.objects.get().number, Event.VOID, {}, act=world.act("carrier"))
    assert Manifest.objects.get().status == "submitted"


def test_a_code_for_what_is_not_whole_says_what_is_missing(client, world, document):
    del document["generator"]["handler"]
    made = create_manifest(document, act=world.act("maker"))
    with pytest.raises(Refused, match="没有填写“移出经办人”") as caught:
        issue_one_time_code(
            subject=f"manifest:{made.number}", slot="generator", event="submit", host=world.people["maker"], at=NOW
        )
    assert caught.value.findings[0].field == ""


def test_nothing_of_no_mass_is_submitted_or_departs(world, document):
    document["wastes"][1]["mass_g"] = 0
    made = create_manifest(document, act=world.act("maker"))
    with pytest.raises(Refused) as caught:
        advance(made.number, Event.SUBMIT, {}, act=world.act("maker"))
    assert [(f.field, f.code) for f in caught.value.findings] == [("/wastes/1/mass_g", "no_mass")]
    advance(made.number, Event.SUBMIT, {"wastes": [{}, {"mass_g": 1}]}, act=world.act("maker"))
    with pytest.raises(Refused, match="应大于 0"):
        advance(made.number, Event.DEPART, {"wastes": [{}, {"mass_g": 0}]}, act=world.act("carrier"))
    assert advance(made.number, Event.DEPART, {}, act=world.act("carrier")).status == "in_transit"
