"""Pages and interface of the weighings."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from wufei.apps.ledger.models import MovementRecord
from wufei.apps.weighings import services
from wufei.apps.weighings.models import TicketImport, WeighingRecord

from .conftest import NOW, row, sheet, ticket

BODY = {
    "site": "F1", "device": "1号磅", "ticket": "0001", "direction": "in", "waste_code": "900-002-S61",
    "net_g": 7_000_000, "weighed_at": "2026-03-05T14:20:00+08:00", "plate": "浙E12345", "source": "孝丰镇",
}  # fmt: skip
API = "/api/v1/weighings/"


def record(user, number):
    tickets = [(n, ticket(f"{n:05}")) for n in range(1, number + 1)]
    return services.record_weighings(user=user, tickets=tickets, at=NOW)


def post(client, raw, **more):
    file = SimpleUploadedFile("过磅.xlsx", raw)
    return client.post(reverse("weighings:import-new"), {"file": file, "site": "F1", "device": "1号磅"} | more)


def test_a_sheet_is_looked_at_accepted_and_undone_on_the_pages(client, plant):
    client.force_login(plant)
    shown = post(client, sheet(row(1), row(2)))
    assert shown.status_code == 200
    assert "检查通过，共 2 张磅单；还没有入账" in shown.content.decode()
    assert WeighingRecord.objects.count() == 0
    (brought,) = TicketImport.objects.all()
    done = client.post(reverse("weighings:accept", args=[brought.pk]), follow=True)
    assert "已登记 2 张磅单，入账 2 笔" in done.content.decode()
    undone = client.post(reverse("weighings:undo", args=[brought.pk]), {"reason": "货名写错"}, follow=True)
    assert "货名写错" in undone.content.decode()
    assert WeighingRecord.objects.filter(is_undone=True).count() == 2


def test_faults_are_listed_and_nothing_can_be_accepted(client, plant):
    client.force_login(plant)
    shown = post(client, sheet(row(1), row(2, 来源="火星")))
    assert shown.status_code == 422
    text = shown.content.decode()
    assert "来源“火星”没有登记。" in text
    assert "确认入账" not in text
    assert TicketImport.objects.count() == 0


def test_filters_find_and_a_wrong_day_finds_nothing(client, plant):
    record(plant, 3)
    client.force_login(plant)
    for query, found in [
        ("plate=浙e·123", 3),
        ("day=2026-03-05", 3),
        ("day=2026-03-06", 0),
        ("day=x", 0),
        ("q=00002", 1),
    ]:
        page = client.get(f"{reverse('weighings:tickets')}?{query}").context["page"]
        assert len(page.rows) == found, query


def test_the_list_pages_by_key_and_its_queries_do_not_grow(client, plant, django_assert_num_queries):
    record(plant, 120)
    client.force_login(plant)
    seen, url = [], reverse("weighings:tickets")
    while True:
        answer = client.get(url)
        seen += [line.ticket for line in answer.context["page"].rows]
        if not answer.context["page"].next_after:
            break
        url = answer.context["next_url"]
    assert seen == [f"{n:05}" for n in range(120, 0, -1)]
    with django_assert_num_queries(5):
        client.get(reverse("weighings:tickets"))


@pytest.fixture
def send(client, plant):
    client.force_login(plant)
    # the session of our own pages may use the interface; the test client brings no token against forgery
    return lambda body, path=API: client.post(
        path, body, content_type="application/x-ndjson" if "/lines/" in path else "application/json"
    )


def test_one_ticket_by_the_interface(send, client):
    answer = send(json.dumps(BODY))
    assert answer.status_code == 201, answer.content.decode()
    told = answer.json()
    assert (told["weighing"]["outcome"], told["already"]) == ("generate", False)
    assert send(json.dumps(BODY)).json()["already"] is True
    assert MovementRecord.objects.count() == 1
    (item,) = client.get(API).json()["items"]
    assert item == client.get(f"{API}{item['id']}/").json()


def test_every_fault_of_every_line_and_nothing_is_kept(send):
    lines = [BODY, {**BODY, "ticket": "2", "net_g": 0}, {**BODY, "ticket": "3", "extra": 1}]
    raw = "\n".join([*map(json.dumps, lines), "{"])
    answer = send(raw, f"{API}lines/")
    assert answer.status_code == 422
    assert [(fault["line"], fault["pointer"]) for fault in answer.json()["errors"]] == [
        (2, "/net_g"), (3, "/extra"), (4, ""),
    ]  # fmt: skip
    assert WeighingRecord.objects.count() == 0
    good = send("\n".join(json.dumps({**BODY, "ticket": str(n)}) for n in range(3)), f"{API}lines/")
    assert good.json()["recorded"] == 3


def test_a_trial_run_keeps_nothing(send):
    assert send(json.dumps(BODY), f"{API}?dry_run=true").status_code == 201
    assert WeighingRecord.objects.count() == 0
