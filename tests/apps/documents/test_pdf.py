"""The way to PDF: typed text stays text, and a machine without the font package is told what to do."""

import logging

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from wufei.apps.documents import pdf
from wufei.apps.documents.table_form import Column, Field, Section, TableForm, render_table_form

HOSTILE = '#panic("x") #read("/etc/passwd") *bold* _it_ `code` $x^2$ \\ @label <b> // gone /* gone */ = head'


def form(*cells, **changes):
    section = Section([Column("名称", 2), Column("重量（吨）", 1, "right")], [[*cells]])
    return TableForm(**({"title": "管理台账", "sections": [section]} | changes))


def test_typed_text_is_never_source(pages):
    raw = render_table_form(form(HOSTILE, HOSTILE, title="台账 #pagebreak()", fields=[Field(HOSTILE, HOSTILE)]))
    (page,) = pages(raw, scale=2)
    assert page.text.replace(" ", "").count(HOSTILE.replace(" ", "")) == 4
    assert "台账 #pagebreak()" in page.text


@settings(max_examples=40)
@given(st.text(max_size=60))
def test_whatever_a_person_types_makes_a_pdf(text):
    assert render_table_form(form(text, text, note=text)).startswith(b"%PDF-")


def test_the_template_sees_no_disk_and_no_network(monkeypatch):
    for source in ('#read("/etc/hostname")', '#read("../pdf.py")', '#import "@preview/cetz:0.3.0": canvas'):
        monkeypatch.setattr(pdf, "_sources", lambda source=source: {"bad.typ": source.encode()})
        with pytest.raises(typst.TypstError):
            pdf.render_pdf("bad", {})


def test_a_long_code_breaks_inside_its_cell_and_is_read_back_whole(pages):
    code = "91330523MA2XXXXXXX9002140820261122001"
    (page,) = pages(render_table_form(form("废机油", code)), scale=5)
    assert code in page.text
    right_edge = page.size_mm[0] - 15
    text = page.page.get_textpage()
    assert max(text.get_charbox(at)[2] for at in range(text.count_chars())) / 72 * 25.4 < right_edge


def test_the_head_of_a_table_stands_on_every_page_with_its_number(pages):
    rows = [[f"鄣吴镇 {number}", "1.234"] for number in range(1, 101)]
    section = Section([Column("废物名称"), Column("重量（吨）", 1, "right")], rows)
    made = pages(render_table_form(form("", "", sections=[section], number="HWCS20261125001")), scale=1)
    assert len(made) > 1
    for number, page in enumerate(made, 1):
        assert "废物名称" in page.text
        assert f"第 {number} 页，共 {len(made)} 页" in page.text
        assert "HWCS20261125001" in page.text
    assert "".join(page.text for page in made).count("鄣吴镇") == 100


def test_paper_landscape_empty_tables_and_the_mark_of_simulated_data(pages):
    empty = Section([Column("名称")], [], title="二、自行利用处置")
    raw = render_table_form(
        form("", "", sections=[empty], is_landscape=True, is_simulated=True, signatures=[("填表人", "")])
    )
    (page,) = pages(raw, scale=2)
    assert page.size_mm == pytest.approx((297, 210), abs=0.1)
    for shown in ("模拟数据", "本期无记录", "填表人："):
        assert shown in page.text
    (plain,) = pages(render_table_form(form("甲", "1")), scale=2)
    assert plain.size_mm == pytest.approx((210, 297), abs=0.1)
    assert "模拟数据" not in plain.text


def test_the_same_data_give_the_same_bytes():
    assert render_table_form(form("甲", "1")) == render_table_form(form("甲", "1"))


def test_without_the_font_package_the_systems_font_serves_and_the_log_says_so(monkeypatch, caplog):
    monkeypatch.setattr(pdf, "_font_folder", lambda: None)
    monkeypatch.setattr(pdf.typst, "Fonts", lambda **asked: FakeFonts([pdf.FONT_FAMILY], asked))
    with caplog.at_level(logging.WARNING):
        found = pdf.fonts.__wrapped__()
    assert found.asked["include_system_fonts"] is True
    assert "make setup" in caplog.text


def test_without_any_chinese_font_the_refusal_says_what_to_install(monkeypatch):
    monkeypatch.setattr(pdf, "_font_folder", lambda: None)
    monkeypatch.setattr(pdf.typst, "Fonts", lambda **asked: FakeFonts(["DejaVu Sans"], asked))
    with pytest.raises(pdf.NoFont, match="fonts-noto-cjk"):
        pdf.fonts.__wrapped__()


class FakeFonts:
    """A machine with the given families."""

    def __init__(self, families, asked):
        self._families, self.asked = families, asked

    def families(self):
        return self._families


def test_a_process_that_fails_says_why():
    with pytest.raises(pdf.FailedChild, match="nothing.typ"):
        pdf.render_apart("nothing", {})
