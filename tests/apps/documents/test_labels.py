"""Labels measured on the page against the printed numbers of HJ 1276-2022."""

from decimal import Decimal

import pytest
from tests.apps.documents.conftest import CODE, MM, URL

from wufei.apps.documents.labels import MOST_HERE, kilograms, label_side_mm, render_labels
from wufei.core.package import Label

ORANGE = (255, 150, 0)  # HJ 1276-2022
BLACK = (0, 0, 0)
WHITE = (255, 255, 255)


@pytest.mark.parametrize(
    ("volume_l", "side_mm"),
    [("1", 100), ("50", 100), ("50.1", 150), ("200", 150), ("450", 150), ("450.5", 200), ("1000", 200)],
)
def test_the_volume_of_the_container_decides_the_size(volume_l, side_mm):
    assert label_side_mm(Decimal(volume_l)) == side_mm


@pytest.mark.parametrize(("side_mm", "character_mm"), [(100, 3), (150, 5), (200, 6)])
def test_size_border_colour_and_characters_are_those_of_the_standard(pages, make_label, side_mm, character_mm):
    (page,) = pages(render_labels([make_label()], side_mm=side_mm))
    assert page.size_mm == pytest.approx((side_mm + 6, side_mm + 6), abs=0.1)
    assert page.colour(1.5, side_mm / 2) == WHITE
    middle = 3 + side_mm * 0.09  # inside the title, beside its text
    black = page.runs(middle, BLACK)
    assert black[0] == pytest.approx((3, 4), abs=0.15)
    assert black[-1] == pytest.approx((side_mm + 2, side_mm + 3), abs=0.15)
    assert black[0][1] - black[0][0] >= 0.9
    assert page.colour(5, middle) == ORANGE
    orange = page.runs(middle, ORANGE)
    assert (orange[0][0], orange[-1][1]) == pytest.approx((4, side_mm + 2), abs=0.15)
    text = page.page.get_textpage()
    heights = [
        (box[3] - box[1]) / MM
        for at in range(text.count_chars())
        if (box := text.get_charbox(at)) and text.get_text_range(at, 1) in set("量联重废期产")
    ]
    assert len(heights) >= 10
    assert min(heights) >= character_mm


def test_every_field_can_be_read_back(pages, make_label):
    (page,) = pages(render_labels([make_label()]))
    for shown in (
        "危险废物", "废物名称：废机油", "废物类别：HW08 废矿物油与含矿物油废物", "900-214-08", "废物形态：液态",
        "主要成分：矿物油", "有害成分：多环芳烃", "注意事项：远离火源，防止泄漏", f"数字识别码：{CODE}",
        "产生/收集单位：安吉县鄣吴镇汽车维修有限公司", "联系人和联系方式：张三 13800000000", "产生日期：2026-11-22",
        "废物重量：178.5 kg", "备注：第 3 桶", "危险特性", "毒性", "易燃性",
    ):  # fmt: skip
        assert shown in page.text, shown
    assert "腐蚀性" not in page.text


@pytest.mark.parametrize("side_mm", [100, 150, 200])
def test_the_qr_code_leads_to_the_page_of_the_code(pages, make_label, side_mm):
    (page,) = pages(render_labels([make_label()], side_mm=side_mm))
    assert page.qr_texts() == [URL]


@pytest.mark.parametrize("side_mm", [100, 150, 200])
def test_the_label_of_a_simulated_package_says_so_and_can_still_be_scanned(pages, make_label, side_mm):
    real, made_up = pages(render_labels([make_label(), make_label(is_simulated=True)], side_mm=side_mm))
    assert ("模拟数据" in real.text, "模拟数据" in made_up.text) == (False, True)
    assert made_up.qr_texts() == [URL]


@pytest.mark.parametrize("side_mm", [100, 150, 200])
def test_too_long_texts_end_in_dots_and_leave_the_code_the_mass_and_the_qr_whole(pages, make_label, side_mm):
    long = {
        name: f"{name}鄣吴镇沐尘畲族乡" * 40
        for name, kind in Label.__annotations__.items()
        if kind is str and name not in {"code", "qr_url", "domain", "form"}
    }
    (page,) = pages(render_labels([make_label(**long, hazards=("C", "T", "I", "R", "In"))], side_mm=side_mm))
    assert f"数字识别码：{CODE}" in page.text
    assert "废物重量：178.5 kg" in page.text
    assert page.qr_texts() == [URL]
    assert page.text.count("…") == 9
    for name in ("毒性", "腐蚀性", "易燃性", "反应性", "感染性"):
        assert name in page.text
    for outside in ((1.5, 1.5), (side_mm / 2, 1.5), (side_mm / 2, side_mm + 4.5), (side_mm + 4.5, side_mm / 2)):
        assert page.colour(*outside) == WHITE


def test_the_hazards_choose_the_grounds_of_the_pictograms(pages, make_label):
    grounds = {"T": WHITE, "C": WHITE, "I": (255, 0, 0), "R": (255, 255, 0), "In": WHITE}
    for letter, ground in grounds.items():
        (page,) = pages(render_labels([make_label(hazards=(letter,))]))
        column = [page.colour(3 + 1 + 98 * 0.865, 13 + step / 4) for step in range(140)]
        others = set(grounds.values()) - {ground}
        assert column.count(ground) > 8, letter
        assert not others & set(column), letter


def test_other_domains_have_a_label_of_their_own_in_the_colour_of_the_profile(pages, make_label):
    label = make_label(
        domain="construction", code="WC26112500011ABX", hazards=(), waste_code="502-099-S72", mass_g=None,
        qr_url="https://wufei.example.gov.cn/q/WC26112500011ABX",
    )  # fmt: skip
    (page,) = pages(render_labels([label]))
    assert page.colour(6, 8) == (0xA8, 0x84, 0x2C)  # catalogue/profiles/construction.json
    assert page.colour(100, 45) == WHITE
    assert page.text.startswith("建筑垃圾")
    assert "包装编码：WC26112500011ABX" in page.text
    assert "数字识别码" not in page.text
    assert "危险特性" not in page.text
    assert "废物重量：产" not in page.text
    assert page.qr_texts() == ["https://wufei.example.gov.cn/q/WC26112500011ABX"]


def test_many_labels_make_a_page_each_in_their_order(pages, make_label):
    labels = [make_label(remark=f"第 {number} 桶") for number in range(1, 31)]
    made = pages(render_labels(labels), scale=1)
    assert len(made) == 30
    assert ["第 1 桶" in made[0].text, "第 30 桶" in made[29].text] == [True, True]


def test_a_large_run_is_drawn_in_a_process_of_its_own_and_looks_the_same(make_label, monkeypatch):
    runs = [make_label(remark=f"第 {number} 桶") for number in range(MOST_HERE + 1)]
    apart = render_labels(runs)
    monkeypatch.setattr("wufei.apps.documents.labels.MOST_HERE", 10**6)
    assert apart == render_labels(runs)


def test_four_small_labels_stand_on_a_sheet_and_large_ones_alone(pages, make_label):
    labels = [make_label(remark=f"第 {number} 桶", qr_url=f"{URL}?{number}") for number in range(1, 6)]
    sheets = pages(render_labels(labels, sheet="a4"))
    assert len(sheets) == 2
    assert sheets[0].size_mm == pytest.approx((210, 297), abs=0.1)
    assert sorted(sheets[0].qr_texts()) == [f"{URL}?{number}" for number in range(1, 5)]
    edges = sheets[0].runs(60, ORANGE)
    # 3.5 mm of paper, a label of 100 mm, 3 mm of white, a label of 100 mm; the border is 1 mm.
    assert (edges[0][0], edges[-1][1]) == pytest.approx((4.5, 205.5), abs=0.3)
    assert len(pages(render_labels(labels[:2], side_mm=200, sheet="a4"), scale=1)) == 2


def test_the_same_labels_give_the_same_bytes(make_label):
    assert render_labels([make_label()]) == render_labels([make_label()])


@pytest.mark.parametrize(
    ("mass_g", "shown"),
    [(178_500, "178.5 kg"), (1_000_000, "1,000 kg"), (1, "0.001 kg"), (20, "0.02 kg"), (0, "0 kg")],
)
def test_mass_is_shown_exactly(mass_g, shown):
    assert kilograms(mass_g) == shown
