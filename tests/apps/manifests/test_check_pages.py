"""The page of the findings of a manifest: what is shown, to whom, and at what cost."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from wufei.core.manifest_document import place_name

SUBMIT, DEPART = ("maker", "submit", {}), ("carrier", "depart", {})


@pytest.fixture
def page(client, world):
    def get(who, number):
        client.force_login(world.people[who])
        return client.get(f"/manifests/{number}/checks/")

    return get


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.mark.parametrize(
    ("pointer", "words"),
    [
        ("/wastes/0/mass_g", "废物 1 移出量"),
        ("/wastes/1/packages/2", "废物 2 包装码 3"),
        ("/carriers/1/driver", "承运单位 2 驾驶员"),
        ("/wastes", "废物"),
        ("/wastes/1", "废物 2"),
        ("/receiver/site", "接受场所"),
        ("/region/compensation_yuan", "应缴生态补偿（元）"),
        ("/claimed_at", "发生时间"),
        ("/nothing", "/nothing"),
        ("", ""),
    ],
)
def test_a_place_is_named_in_words(pointer, words):
    assert place_name(pointer) == words


def test_findings_stand_under_their_steps_the_newest_first(page, world, document, drive):
    manifest = drive(document, SUBMIT, DEPART)
    shown = text(page("maker", manifest.number))
    assert re.findall(r" ([0-9]) (提交|起运) 2026", shown) == [("3", "起运"), ("2", "提交")]
    # plan_missing and waybill_missing in data/manifests/checks.csv
    plan = "预警 管理计划 移出场所没有 2026 年度已备案的危险废物管理计划。 请先提交管理计划并取得备案号。"
    plan += " 移出场所 提交 移出单位"
    waybill = "承运单位 1 电子运单号 起运 承运单位"
    assert plan in shown.partition(" 2 提交 ")[2]
    assert waybill in shown.partition(" 2 提交 ")[0]
    events = manifest.history.filter(event__in=["submit", "depart"])
    assert f"共 {sum(len(event.findings) for event in events)} 处" in shown


def test_a_finding_links_to_its_field_and_the_field_is_there(page, client, world, document, drive):
    manifest = drive(document, SUBMIT, DEPART)
    answer = page("maker", manifest.number).content.decode()
    anchors = re.findall(rf'href="/manifests/{manifest.number}/#([^"]+)"', answer)
    assert "f-receiver-site" in anchors
    detail = client.get(f"/manifests/{manifest.number}/").content.decode()
    assert f'href="/manifests/{manifest.number}/checks/"' in detail
    assert [anchor for anchor in anchors if f'id="{anchor}"' not in detail] == []


def test_what_stands_in_the_senders_books_is_told_to_the_sender_and_the_office_alone(page, world, document, drive):
    manifest = drive(document, SUBMIT, DEPART)
    for who in ("maker", "office"):
        assert "管理计划" in text(page(who, manifest.number)), who
    for who in ("carrier", "plant"):
        shown = text(page(who, manifest.number))
        assert "管理计划" not in shown.partition("共 ")[2].replace("许可、计划", ""), who
        assert "库存" not in shown.partition("共 ")[2], who
        assert "移出单位" in shown, who
    for who in ("stranger", "longyou"):
        assert page(who, manifest.number).status_code == 404, who


def test_a_draft_was_never_checked(page, document, drive):
    manifest = drive(document)
    assert "还没有检查过" in text(page("maker", manifest.number))


def test_another_firm_is_not_told_that_nothing_was_found(page, world, drive):
    rubbish = {
        "profile": "sludge", "generator": {"site": "S-maker", "handler": "张三"}, "receiver": {"site": "S-plant"},
        "wastes": [{"code": "462-001-S90", "mass_g": 1_000, "form": "SS"}],
        "carriers": [{"organisation": world.code("carrier")}],
    }  # fmt: skip
    manifest = drive(rubbish, SUBMIT)
    assert {f["code"] for f in manifest.history.get(event="submit").findings} == {"stock_short"}
    shown = text(page("plant", manifest.number))
    assert "没有需要告诉贵单位的问题。" in shown
    assert "没有发现问题" not in shown


def test_the_page_costs_the_same_whatever_was_found(page, client, document, drive):
    counts = []
    for steps in ((SUBMIT,), (SUBMIT, DEPART)):
        manifest = drive(document, *steps)
        page("maker", manifest.number)
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/manifests/{manifest.number}/checks/")
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 6
