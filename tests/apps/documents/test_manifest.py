"""The paper of a manifest: three parts, every field, several legs, many wastes, signatures, versions."""

from datetime import UTC, date, datetime

import pytest

from wufei.apps.documents.manifest import (
    Leg,
    ManifestPaper,
    Party,
    SignatureLine,
    VersionLine,
    render_manifest,
    tonnes,
)
from wufei.apps.documents.trip_sheet import StopLine, TripSheet, render_trip_sheet

AT = datetime(2026, 11, 25, 0, 30, tzinfo=UTC)  # 08:30 in 安吉
URL = "https://wufei.example.gov.cn/q/20263305000017"
DIGEST = "0123456789abcdef" + "f" * 48


def waste(number=1, **changes):
    """Used oil in three drums."""
    return {
        "code": "900-214-08",
        "name": f"废机油第{number}批",
        "hazards": "T,I",
        "form": "L",
        "components": "多环芳烃",
        "packing": "drum",
        "package_count": 3,
        "mass_g": 178_500,
        "method": "R9",
    } | changes


def carrier(**changes):
    return {"organisation": "91330500MA2XXXXXXX", "vehicle": "浙E12345", "driver": "李四"} | changes


@pytest.fixture
def make_paper():
    """A manifest from 鄣吴镇 with one waste and one carrier."""

    def make(**changes):
        document = {
            "generator": {
                "site": "S1",
                "handler": "张三",
                "emergency_phone": "13800000000",
                "measures": "用吸附棉围堵",
            },
            "wastes": [waste()],
            "carriers": [carrier()],
            "receiver": {"site": "R1", "handler": "赵六"},
            "receipt": {
                "has_major_difference": False,
                "opinion": "同意接受",
                "lines": [{"accepted_g": 178_000, "refused_g": 500}],
            },
        } | changes.pop("document", {})
        fields = {
            "number": "20263305000017",
            "profile": "hazardous",
            "stage": "部分接受",
            "document": document,
            "qr_url": URL,
            "printed_at": AT,
            "generator": Party("安吉鄣吴镇汽修厂", "安吉县鄣吴镇"),
            "legs": [Leg(Party("湖州运输公司", permit="浙交运管许可330500000001号"), AT)],
            "receiver": Party("长兴环保公司", "长兴县", permit="浙危废经第3305000001号"),
        }
        return ManifestPaper(**(fields | changes))

    return make


def text_of(made):
    return "".join(page.text for page in made)


def test_the_three_parts_hold_what_the_form_asks_for(pages, make_paper):
    (page,) = pages(render_manifest(make_paper(handed_over_at=AT, received_at=AT)), scale=4)
    assert page.size_mm == pytest.approx((210, 297), abs=0.1)
    text = page.text
    parts = [text.index(f"第{number}部分") for number in "一二三"]
    assert parts == sorted(parts)
    first, second, third = text[: parts[1]], text[parts[1] : parts[2]], text[parts[2] :]
    for shown in ("危险废物转移联单", "20263305000017", "部分接受", "由移出人填写", "安吉鄣吴镇汽修厂", "张三",
                  "13800000000", "2026-11-25 08:30", "废机油第1批", "900-214-08", "T,I", "液态", "多环芳烃",
                  "桶（200 L）", "0.1785", "应急防范措施", "用吸附棉围堵"):  # fmt: skip
        assert shown in first, shown
    for shown in ("由承运人填写", "湖州运输公司", "浙交运管许可330500000001号", "李四", "浙E12345", "实际起运时间"):
        assert shown in second, shown
    for shown in ("由接受人填写", "长兴环保公司", "浙危废经第3305000001号", "赵六", "同意接受", "否", "R9", "0.178",
                  "0.0005"):  # fmt: skip
        assert shown in third, shown
    assert "S1" not in text
    assert page.qr_texts() == [URL]


def test_every_carrier_in_turn_has_a_part_of_its_own(pages, make_paper):
    legs = [Leg(Party(f"第{number}运输公司")) for number in range(1, 4)]
    paper = make_paper(document={"carriers": [carrier(vehicle=f"浙E0000{n}") for n in range(1, 4)]}, legs=legs)
    text = text_of(pages(render_manifest(paper), scale=1))
    for number in range(1, 4):
        part = text[text.index(f"第 {number} 程，共 3 程") :]
        assert part.index(f"第{number}运输公司") < part.index(f"浙E0000{number}") < part.index("第", 200)
    assert "程，共" not in text_of(pages(render_manifest(make_paper()), scale=1))


def test_many_wastes_break_over_pages_under_their_head_and_sum_exactly(pages, make_paper):
    wastes = [waste(number, mass_g=100_000 + number) for number in range(1, 61)]
    made = pages(render_manifest(make_paper(document={"wastes": wastes, "receipt": {}})), scale=1)
    assert len(made) >= 3
    text = text_of(made)
    assert all(f"废机油第{number}批" in text for number in range(1, 61))
    assert "6.00183" in text  # 60 × 0.1 t + (1 + … + 60) g
    for page in made:
        assert "废物名称" not in page.text or "移出量（吨）" in page.text
        assert "20263305000017" in page.text
    assert "废物名称" in made[1].text


def test_signatures_and_versions_follow(pages, make_paper):
    paper = make_paper(
        signatures=[SignatureLine("移出人", "张三", "安吉鄣吴镇汽修厂", AT, DIGEST)],
        versions=[VersionLine(1, AT, "张三", "提交"), VersionLine(2, AT, "张三", "更正：移出量改为 0.1785 吨")],
    )
    text = text_of(pages(render_manifest(paper), scale=1))
    assert "0123456789abcdef" in text
    assert "0123456789abcdeff" not in text
    assert "更正：移出量改为 0.1785 吨" in text
    assert "签名时间" not in text_of(pages(render_manifest(make_paper()), scale=1))


def test_all_package_codes_are_listed(pages, make_paper):
    codes = [f"91330523MA2XXXXXXX9002140820261122{number:03}" for number in range(1, 150)]
    text = text_of(pages(render_manifest(make_paper(document={"wastes": [waste(packages=codes)]})), scale=1))
    assert [code for code in codes if code not in text] == []


@pytest.mark.parametrize(
    ("profile", "title", "role"),
    [
        ("hazardous", "危险废物转移联单", "移出人"),
        ("industrial", "一般工业固体废物转移联单", "移出人"),
        ("construction", "建筑垃圾运输联单", "移出人"),
        ("medical", "医疗废物转移联单", "移出人"),
        ("livestock", "病死畜禽收集凭证", "养殖场（户）"),
    ],
)
def test_the_title_comes_from_the_profile(pages, make_paper, profile, title, role):
    (page,) = pages(render_manifest(make_paper(profile=profile)), scale=1)
    assert title in page.text
    assert f"由{role}填写" in page.text


def test_only_hazardous_waste_keeps_columns_that_nobody_filled_in(pages, make_paper):
    bare = {"code": "900-001-S17", "name": "废钢铁", "mass_g": 1_000_000}
    for profile, is_shown in (("hazardous", True), ("industrial", False)):
        paper = make_paper(profile=profile, document={"wastes": [bare], "receipt": {}})
        text = text_of(pages(render_manifest(paper), scale=1))
        assert ("有害成分名称" in text) is is_shown
        assert "废钢铁" in text


def test_what_one_kind_alone_has_follows_under_its_label(pages, make_paper):
    paper = make_paper(profile="livestock", document={"livestock": {"species": "猪", "heads": 3, "policy": "P2026"}})
    text = text_of(pages(render_manifest(paper), scale=1))
    for shown in ("畜禽种类", "头数", "保险单号", "P2026"):
        assert shown in text
    assert "耳标号" not in text


def test_an_empty_draft_prints_an_empty_form(pages, make_paper):
    paper = ManifestPaper("20263305000017", "hazardous", "草稿", {}, URL, AT)
    text = text_of(pages(render_manifest(paper), scale=1))
    for number in "一二三":
        assert f"第{number}部分" in text


def test_simulated_data_are_marked_on_every_page(pages, make_paper):
    wastes = [waste(number) for number in range(60)]
    made = pages(render_manifest(make_paper(is_simulated=True, document={"wastes": wastes})), scale=1)
    assert len(made) > 1
    assert all("模拟数据" in page.text for page in made)
    assert "模拟数据" not in text_of(pages(render_manifest(make_paper()), scale=1))


def test_typed_text_is_never_source(pages, make_paper):
    hostile = '#panic("x") $x$ *b* @ref <b>'
    paper = make_paper(document={"generator": {"note": hostile}}, generator=Party(hostile, hostile))
    assert text_of(pages(render_manifest(paper), scale=1)).count(hostile) == 3


@pytest.mark.parametrize(
    ("mass_g", "shown"), [(178_500, "0.1785"), (1, "0.000001"), (1_234_000_000, "1,234"), (0, "0"), (None, "")]
)
def test_tonnes_are_exact(mass_g, shown):
    assert tonnes(mass_g) == shown


def test_a_trip_sheet_lists_its_stops_in_order_with_their_sum(pages):
    stops = [
        StopLine("鄣吴镇卫生院", "鄣吴镇", "YF202633050001", "感染性废物", 12_500, AT, AT),
        StopLine("某诊所", planned_at=AT, note="门未开"),
        StopLine("天荒坪镇卫生院", mass_g=7_500, visited_at=AT.replace(day=26)),
    ]
    sheet = TripSheet("XT20261125001", date(2026, 11, 25), "湖州运输公司", "浙E12345", stops, URL, AT, driver="李四")
    (page,) = pages(render_trip_sheet(sheet), scale=4)
    assert page.size_mm == pytest.approx((297, 210), abs=0.1)
    for shown in ("收运车次单", "XT20261125001", "浙E12345", "YF202633050001", "门未开", "0.0125", "0.02", "08:30"):
        assert shown in page.text, shown
    order = [page.text.index(name) for name in ("鄣吴镇卫生院", "某诊所", "天荒坪镇卫生院")]
    assert order == sorted(order)
    assert "2026-11-26" in page.text
    assert page.qr_texts() == [URL]
