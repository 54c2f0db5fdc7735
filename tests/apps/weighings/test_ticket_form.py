"""One ticket typed into the page."""

import pytest
from django.urls import reverse

from wufei.apps.ledger.models import MovementRecord
from wufei.apps.weighings.models import WeighingRecord

NEW = "/weighings/new/"
TYPED = {
    "site": "F1", "device": "1号磅", "ticket": "0001", "weighed_at": "2026-03-05T14:20", "direction": "in",
    "gross": "15,000", "tare": "8000", "net": "", "basis": "weighed", "waste": "餐厨垃圾", "source": "孝丰镇",
    "plate": "浙E·12345",
}  # fmt: skip


def errors(page):
    """What stands below the inputs, by input."""
    rest = page.content.decode().split('class="invalid-feedback" id="w-')[1:]
    return {part.split("-error")[0]: part.split(">", 1)[1].split("<")[0] for part in rest}


def test_a_ticket_is_typed_booked_shown_and_undone(client, plant):
    client.force_login(plant)
    assert 'value="F1" selected' in client.get(NEW).content.decode()
    shown = client.post(NEW, TYPED, follow=True).content.decode()
    assert "已登记磅单 0001：入账。" in shown
    row = WeighingRecord.objects.get()
    # 15000 − 8000 kg
    assert (row.net_g, row.gross_g, row.tare_g, row.plate) == (7_000_000, 15_000_000, 8_000_000, "浙E12345")
    assert (row.waste_code, row.source) == ("900-002-S61", "boundary:330523105")
    assert f"{row.weighed_at.astimezone():%Y-%m-%d}" == "2026-03-05"
    assert MovementRecord.objects.get().mass_g == 7_000_000
    assert "/weighings/new/?site=F1&amp;device=" in shown
    client.post(reverse("weighings:undo-ticket", args=[row.pk]), {"reason": "重量写错"})
    assert WeighingRecord.objects.get().is_undone
    client.post(NEW, TYPED | {"gross": "14000"})
    assert WeighingRecord.objects.get(is_undone=False).net_g == 6_000_000


def test_the_same_ticket_typed_twice_is_kept_once(client, plant):
    client.force_login(plant)
    client.post(NEW, TYPED)
    assert "此前已登记，内容相同" in client.post(NEW, TYPED, follow=True).content.decode()
    differs = client.post(NEW, TYPED | {"gross": "14000"})
    assert differs.status_code == 422
    assert "已经登记，但内容与本次不同" in errors(differs)["ticket"]
    assert (WeighingRecord.objects.count(), MovementRecord.objects.count()) == (1, 1)


def test_everything_that_is_wrong_is_told_at_its_input_and_nothing_is_lost(client, plant):
    client.force_login(plant)
    wrong = {"ticket": "", "weighed_at": "昨天", "gross": "一万", "waste": "没有这种", "direction": "",
             "count": "2.5", "source": "无此地", "device": "a/b"}  # fmt: skip
    page = client.post(NEW, TYPED | wrong)
    assert page.status_code == 422
    assert set(errors(page)) == {"ticket", "weighed_at", "gross", "waste", "direction", "count", "source", "device"}
    assert "有 8 处问题，没有登记" in page.content.decode()
    assert 'value="一万"' in page.content.decode()
    assert WeighingRecord.objects.count() == 0


@pytest.mark.parametrize(
    ("typed", "name", "told"),
    [
        # 15000 − 8000 = 7000 kg, a scale of 15 t has intervals of at most 20 kg
        ({"net": "6000"}, "net", "毛重 15000 减皮重 8000 为 7000 千克，净重写的是 6000 千克"),
        ({"gross": "", "tare": ""}, "net", "请补上净重，或补齐毛重和皮重。"),
        ({"gross": "8000", "tare": "15000"}, "net", "应大于零"),
        ({"site": ""}, "site", "没有写过磅的场所。"),
        ({"site": "F2"}, "site", "没有可以登记磅单的场所“F2”。"),
        ({"weighed_at": "2099-01-01T00:00"}, "weighed_at", "在将来"),
        ({"source": ""}, "source", "没有写来源，不能入账。"),
        ({"manifest": "9" * 61}, "manifest", "最多 60 个"),
    ],
)
def test_a_wrong_ticket_is_told_at_its_input(client, plant, typed, name, told):
    client.force_login(plant)
    page = client.post(NEW, TYPED | typed)
    assert page.status_code == 422
    assert list(errors(page)) == [name]
    assert told in errors(page)[name]
    assert WeighingRecord.objects.count() == 0


def test_a_wrong_site_hides_no_other_fault(client, plant):
    client.force_login(plant)
    assert set(errors(client.post(NEW, TYPED | {"site": "", "ticket": "", "net": "1"}))) == {"site", "ticket", "net"}


def test_a_ticket_of_a_manifest_books_nothing_by_itself(client, plant):
    client.force_login(plant)
    begun = client.get(f"{NEW}?manifest=20263305230000017&direction=in&waste=900-214-08").content.decode()
    assert 'value="20263305230000017"' in begun
    shown = client.post(NEW, TYPED | {"manifest": "20263305230000017", "source": ""}, follow=True).content.decode()
    assert "已登记磅单 0001：附于联单。" in shown
    assert MovementRecord.objects.count() == 0


def test_who_records_no_tickets_finds_no_form(client, canteen):
    citizen = type(canteen).objects.create_user("citizen", password="x", role="citizen", division_id="330523")
    client.force_login(citizen)
    assert client.get(NEW).status_code == 404
    client.force_login(canteen)
    assert client.post(NEW, TYPED).status_code == 422  # the scale is another firm's
    assert WeighingRecord.objects.count() == 0
