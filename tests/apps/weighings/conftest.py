"""A food-waste plant and a farm in 安吉, the people around them, and sheets as their scale prints them."""

import io
from datetime import datetime

import pytest
from openpyxl import Workbook

from wufei.apps.registry.models import Division, Organisation, Site, User
from wufei.core.ledger import SHANGHAI
from wufei.core.weighing import Weighing

NOW = datetime(2026, 11, 25, 9, tzinfo=SHANGHAI)
AT = datetime(2026, 3, 5, 14, 20, tzinfo=SHANGHAI)
HEAD = ["磅单号", "车号", "货名", "毛重(kg)", "皮重(kg)", "净重(kg)", "过磅时间", "来源"]


def row(number, net_kg=7000, **more):
    """One printed ticket."""
    cells = {
        "磅单号": f"{number:04}", "车号": "浙E12345", "货名": "餐厨垃圾", "毛重(kg)": 8000 + net_kg, "皮重(kg)": 8000,
        "净重(kg)": net_kg, "过磅时间": "2026-03-05 14:20", "来源": "孝丰镇",
    } | more  # fmt: skip
    return [cells[head] for head in HEAD]


def workbook(*sheets):
    """Bytes of a workbook; a sheet is (title, rows, merged ranges)."""
    book = Workbook()
    book.remove(book.active)
    for title, rows, merged in sheets:
        sheet = book.create_sheet(title)
        for cells in rows:
            sheet.append(cells)
        for cells in merged:
            sheet.merge_cells(cells)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def sheet(*rows):
    """A workbook of one plain sheet."""
    return workbook(("磅单", [HEAD, *rows], []))


@pytest.fixture
def places(db):
    """The county, the plant with its scale, a canteen and another firm's plant; returns them by name."""
    rows = [
        ("330000", "33", "浙江省", 1, None),
        ("330500", "3305", "湖州市", 2, "330000"),
        ("330523", "330523", "安吉县", 3, "330500"),
        ("330523001", "330523001", "递铺街道", 4, "330523"),
        ("330523105", "330523105", "孝丰镇", 4, "330523"),
    ]
    for code, prefix, name, level, parent in rows:
        Division.objects.create(code=code, prefix=prefix, name=name, level=level, parent_id=parent)
    made = {}
    for code, name, category, domain in [
        ("F1", "餐厨处理厂", "treatment_plant", "household"),
        ("C1", "第一食堂", "canteen", "household"),
        ("F2", "乙处理厂", "treatment_plant", "construction"),
    ]:
        firm = Organisation.objects.create(name=f"{name}公司", division_id="330523001", kind="facility")
        made[code] = Site.objects.create(
            code=code, name=name, organisation=firm, division_id="330523001", category=category, domain=domain
        )
    return made


@pytest.fixture
def office(places):
    return User.objects.create_user("office", password="x", role="programme_office", division_id="330523")


@pytest.fixture
def plant(places):
    return User.objects.create_user(
        "plant", password="x", role="facility", division_id="330523", organisation=places["F1"].organisation
    )


@pytest.fixture
def canteen(places):
    return User.objects.create_user(
        "canteen", password="x", role="generator", division_id="330523", organisation=places["C1"].organisation
    )


@pytest.fixture
def other(places):
    return User.objects.create_user(
        "other", password="x", role="facility", division_id="330523", organisation=places["F2"].organisation
    )


def ticket(number="0001", **more):
    """A sound ticket of the plant's scale."""
    values = {
        "site": "F1", "device": "1号磅", "ticket": number, "direction": "in", "waste_code": "900-002-S61",
        "net_g": 7_000_000, "weighed_at": AT, "gross_g": 15_000_000, "tare_g": 8_000_000, "plate": "浙E12345",
        "source": "孝丰镇",
    }  # fmt: skip
    return Weighing(**(values | more))
