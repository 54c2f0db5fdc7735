"""What arrived is not what was sent: an alert that says by how much, and a second look before it is signed."""

import io
import re

import pytest
from openpyxl import load_workbook

from wufei.apps.manifests.models import Manifest

UNDER_WAY = (("maker", "submit", {}), ("carrier", "depart", {}), ("carrier", "arrive", {}))


@pytest.fixture
def delivered(drive, document):
    document["wastes"] = document["wastes"][:1]
    document["wastes"][0]["mass_g"] = 365_000
    return drive(document, *UNDER_WAY)


def receipt(kg, **more):
    lines = {"/receipt/lines/0/accepted_g": kg, "/receipt/lines/0/refused_g": "0", "/receipt/lines/0/lost_g": "0"}
    return {"/receiver/handler": "赵六", **lines, **more}


def test_a_major_difference_is_signed_at_the_second_look_and_leaves_an_alert(client, world, delivered):
    client.force_login(world.people["plant"])
    at = f"/manifests/{delivered.number}/confirm/"
    asked = client.post(at, receipt("2000"))
    page = asked.content.decode()
    # 2000 − 365 = 1635; 1635 / 365 = 4.47945…
    words = "移出 365 千克，到达 2,000 千克（接受 2,000、拒收 0、损耗 0），多 1,635 千克（447.95%）。"
    assert asked.status_code == 422
    assert words in page
    assert Manifest.objects.get().status == "delivered"
    mark = re.search(r'name="difference" value="([0-9a-f]{16})"', page)[1]
    other = client.post(at, receipt("2100", difference=mark))  # another difference than the one that was shown
    assert other.status_code == 422
    lacks = client.post(at, receipt("2000", difference=mark) | {"/receiver/handler": ""}).content.decode()
    assert f'value="{mark}" checked' in lacks
    assert client.post(at, receipt("2000", difference=mark)).status_code == 302
    done = Manifest.objects.get()
    assert (done.status, done.alerts >= 1, done.has_difference) == ("confirmed", True, True)
    [found] = [f for f in done.history.get(event="confirm").findings if f["code"] == "major_difference"]
    assert (found["stage"], found["pointer"], found["curer"], found["level"]) == (
        "confirm", "/receipt/lines/0/accepted_g", "receiver", "warn",
    )  # fmt: skip
    assert words in found["what"]
    assert words in client.get(f"/manifests/{done.number}/").content.decode()
    assert words in client.get(f"/manifests/{done.number}/checks/").content.decode()


def test_a_small_difference_is_shown_and_asks_for_nothing(client, world, drive, document):
    document["wastes"] = document["wastes"][:1]
    document["wastes"][0]["mass_g"] = 200_000
    made = drive(document, *UNDER_WAY)
    client.force_login(world.people["plant"])
    assert client.post(f"/manifests/{made.number}/confirm/", receipt("185")).status_code == 302
    assert not Manifest.objects.get().has_difference  # 15 kg are no more than 20
    assert "少 15 千克（7.5%）" in client.get(f"/manifests/{made.number}/").content.decode()
    book = load_workbook(io.BytesIO(client.get("/manifests/export.xlsx?view=all").content)).active
    rows = [[cell.value for cell in row] for row in book.rows]
    head = next(row for row in rows if "差异（千克）" in row)
    row = next(dict(zip(head, r, strict=True)) for r in rows if made.number in r)
    columns = [row[f"{name}（千克）"] for name in ("移出量", "接受量", "拒收量", "损耗量")]
    assert columns == [200, 185, 0, 0]
    assert (row["差异（千克）"], row["重大差异"] or "") == (-15, "")


def test_a_refusal_of_less_than_was_sent_leaves_an_alert_too(drive, document):
    document["wastes"] = document["wastes"][:1]
    lines = [{"accepted_g": 0, "refused_g": 1_000_000}]
    told = {"receipt": {"lines": lines}, "receiver": {"handler": "赵六"}}
    made = drive(document, *UNDER_WAY, ("plant", "refuse", told))
    [found] = [f for f in made.history.get(event="refuse").findings if f["code"] == "major_difference"]
    assert "少 800 千克（44.44%）" in found["what"]  # 0.8 of 1.8 t
