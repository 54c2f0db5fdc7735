"""The pages of a manifest and the form of a new one, as the browser sends it."""

import re
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest

from wufei.apps.manifests.services import advance, create_manifest
from wufei.apps.registry.models import User
from wufei.core.manifest import Event

SUBMIT, DEPART = ("maker", "submit", {}), ("carrier", "depart", {})


def test_a_second_click_on_add_keeps_the_blank_card_of_the_first(client, world):
    client.force_login(world.people["maker"])
    path = "/manifests/new/hazardous/"
    first = client.post(path, {"add": "wastes", "/wastes/0/code": "", "/carriers/0/vehicle": ""})
    assert b'name="/wastes/1/code"' in first.content
    two = {"/wastes/0/code": "", "/wastes/1/code": "", "/carriers/0/vehicle": ""}
    second = client.post(path, {"add": "carriers", **two})
    assert b'name="/wastes/1/code"' in second.content
    assert b'name="/carriers/1/vehicle"' in second.content
    many = client.post(path, {"add": "wastes", "/wastes/999/code": ""})
    assert b'name="/wastes/20/code"' in many.content
    assert b'name="/wastes/21/code"' not in many.content


def ticket_link(client, number):
    """Where the button 登记磅单 of a manifest's page leads; empty where there is none."""
    found = re.search(r'href="([^"]+)">登记磅单<', client.get(f"/manifests/{number}/").content.decode())
    return unescape(found[1]) if found else ""


@pytest.mark.parametrize(
    ("who", "filled"),
    [
        ("maker", {"direction": "out", "site": "S-maker"}),
        ("plant", {"direction": "in", "site": "S-plant"}),
        ("office", {}),
    ],
)
def test_a_ticket_is_begun_from_the_manifest_with_what_it_says(client, world, document, drive, who, filled):
    manifest = drive(document, SUBMIT, DEPART)
    client.force_login(world.people[who])
    link = ticket_link(client, manifest.number)
    asked = dict(parse_qsl(urlsplit(link).query))
    assert urlsplit(link).path == "/weighings/new/"
    assert asked == {"manifest": manifest.number, "plate": "浙E00002"} | filled  # two wastes: none is chosen
    form = client.get(link).content.decode()
    assert re.search(rf'name="manifest"[^>]*value="{manifest.number}"', form)
    assert re.search(r'name="plate"[^>]*value="浙E00002"', form)
    for value in filled.values():
        assert f'<option value="{value}" selected>' in form


def test_who_records_no_tickets_is_offered_none(client, world, document, drive):
    manifest = drive(document, SUBMIT)
    leader = User.objects.create(username="leader", role="leader", division_id="330523")
    for user in (world.people["carrier"], leader):  # a firm without a site, and a role that records nothing
        client.force_login(user)
        assert ticket_link(client, manifest.number) == "", user
    client.force_login(world.people["maker"])
    assert ticket_link(client, drive(document).number) == ""  # a draft
    assert ticket_link(client, drive(document, ("maker", "void", {})).number) == ""


def history(client, number):
    """(event, who) of the table 经过, as its reader sees it."""
    table = client.get(f"/manifests/{number}/").content.decode().partition(">经过<")[2]
    rows = re.findall(r'<th scope="row"[^>]*>([^<]*)</th><td[^>]*data-label="办理"[^>]*>([^<]*)', table)
    return [(event, unescape(who)) for event, who in rows]


def test_the_history_names_people_and_no_accounts(client, world, document, drive):
    for name, shown in (("maker", "张三"), ("carrier", "李四")):
        User.objects.filter(username=name).update(display_name=shown)
        world.people[name].refresh_from_db()
    clerk = User.objects.create(
        username="clerk7", role="generator", organisation=world.firms["maker"], division_id="330523",
        display_name="内勤赵",
    )  # fmt: skip
    world.people["clerk"] = clerk
    manifest = create_manifest(document, act=world.act("clerk"))
    for who, event, hours in (("maker", Event.SUBMIT, 1), ("carrier", Event.DEPART, 2)):
        advance(manifest.number, event, {}, act=world.act(who, hours=hours))
    signed = [("提交", "张三（maker 公司）"), ("起运", "李四（carrier 公司）")]  # as the signatures tell everyone
    for reader, draws in (
        ("maker", "内勤赵（maker 公司）"),
        ("office", "内勤赵（maker 公司）"),
        ("plant", "maker 公司"),
    ):
        client.force_login(world.people[reader])
        assert history(client, manifest.number) == [("开具", draws), *signed], reader
        assert "clerk7" not in client.get(f"/manifests/{manifest.number}/").content.decode(), reader


def folded(page):
    """(the form without what is folded within its cards, the folded part)."""
    inside = re.findall(r'<details class="col-12">.*?</details>', page, re.DOTALL)
    return re.sub(r'<details class="col-12">.*?</details>', "", page, flags=re.DOTALL), "".join(inside)


def test_optional_fields_are_folded_unless_filled_or_wrong(client, world):
    client.force_login(world.people["maker"])
    path = "/manifests/new/hazardous/"
    shown, inside = folded(client.get(path).content.decode())
    # fields.csv: no stage requires measures or the escort; the plate is required at departure; packages are required
    # at none, but expected of hazardous waste
    for name in ("/generator/measures", "/generator/handler_phone", "/carriers/0/escort", "/wastes/0/components"):
        assert f'name="{name}"' in inside, name
        assert f'name="{name}"' not in shown, name
    for name in ("/generator/handler", "/wastes/0/mass_g", "/carriers/0/vehicle", "/wastes/0/packages"):
        assert f'name="{name}"' in shown, name
        assert f'name="{name}"' not in inside, name
    assert "可不填：" in inside
    typed = {"/generator/site": "S-maker", "/generator/measures": "备沙箱", "/generator/handler_phone": "abc"}
    answer = client.post(path, typed)
    assert answer.status_code == 422
    shown, inside = folded(answer.content.decode())
    for name in ("/generator/measures", "/generator/handler_phone"):
        assert f'name="{name}"' in shown, name
    assert "is-invalid" in shown
    assert "is-invalid" not in inside


def test_names_stand_beside_codes(client, world):
    client.force_login(world.people["maker"])
    path = "/manifests/new/hazardous/"
    page = client.get(path).content.decode()
    assert 'data-named-for="f-generator-site">maker 厂区</div>' in page
    assert '<option value="900-214-08">' in page  # 废矿物油, of the list of hazardous wastes
    assert '<option value="T">毒性</option>' in page
    typed = {
        "/wastes/0/code": "900-252-12", "/wastes/0/hazards": "T,I", "/receiver/site": "S-nowhere",
        "/carriers/0/organisation": world.code("carrier"), "add": "wastes",
    }  # fmt: skip
    named = dict(re.findall(r'data-named-for="f([^"]+)">([^<]*)<', client.post(path, typed).content.decode()))
    assert named["-wastes-0-code"].startswith("喷漆上漆废物")  # hazardous_waste_codes.csv
    assert named["-wastes-0-hazards"] == "毒性、易燃性"
    assert named["-carriers-0-organisation"] == "carrier 公司"
    assert named["-receiver-site"] == ""
