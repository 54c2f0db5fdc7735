"""Workbooks as careless and hostile people make them: one clear message each, never a fallen process, nothing lost.

What each app says of its own columns is tested with that app; here is what is common to all uploads.
"""

import io
import zipfile
from datetime import datetime

import pytest
from openpyxl import Workbook

from wufei.apps.spreadsheets import read_upload
from wufei.apps.workbook_reader import UnreadableWorkbook, read_sheets
from wufei.core.intake import BadFile

HEAD, ROW = ["编号", "重量"], ["k1", 1.5]
READ = [(2, {"编号": "k1", "重量": "1.5"})]


def workbook(*sheets, hidden=()):
    """Bytes of a workbook; a sheet is a list of rows, or a function that fills one."""
    book = Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"表{number}")
        for row in rows:
            sheet.append(row)
        if number in hidden:
            sheet.sheet_state = "hidden"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def tampered(raw, old, new, part="xl/worksheets/sheet1.xml"):
    """The workbook with some bytes of one of its parts replaced."""
    source, buffer = zipfile.ZipFile(io.BytesIO(raw)), io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            content = source.read(entry)
            target.writestr(entry.filename, content.replace(old, new) if entry.filename == part else content)
    return buffer.getvalue()


def refusal(raw, name="a.xlsx"):
    with pytest.raises(BadFile) as caught:
        list(read_upload(name, raw))
    assert all(finding.what.endswith("。") and finding.remedy.endswith("。") for finding in caught.value.findings)
    return [(finding.line, finding.code) for finding in caught.value.findings], caught.value


def rows_of(raw):
    return list(read_upload("a.xlsx", raw))


def test_a_cell_in_the_last_corner_does_not_take_all_memory():
    raw = tampered(workbook([HEAD, ROW]), b'r="B2"', b'r="XFD1048576"')
    assert len(raw) < 10_000
    where, error = refusal(raw)
    assert where == [(None, "too_large_workbook")]
    assert "第 1048576 行、第 16384 列" in error.what


def test_a_formatted_but_empty_corner_is_no_hindrance():
    raw = tampered(workbook([HEAD, ROW]), b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"/></row></sheetData>')
    assert rows_of(raw) == READ


def test_a_small_file_that_unpacks_to_a_mountain_is_refused_without_unpacking_it():
    buffer = io.BytesIO(workbook([HEAD, ROW]))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/more.xml", "w") as entry:
        for _ in range(257):
            entry.write(bytes(1024 * 1024))
    assert len(buffer.getvalue()) < 400_000
    assert refusal(buffer.getvalue())[0] == [(None, "too_large_workbook")]


def test_what_ends_the_reader_ends_no_other_process():
    # Past every check: the reader alone is asked for a table of 16,384 times 1,048,576 cells.
    raw = tampered(workbook([HEAD, ROW]), b'r="B2"', b'r="XFD1048576"')
    with pytest.raises(UnreadableWorkbook, match="too_large"):
        read_sheets(raw)


@pytest.mark.parametrize(("cell", "kind"), [("#DIV/0!", "error_cell"), ("#REF!", "error_cell")])
def test_an_error_of_excel_is_named_and_not_taken_for_a_blank(cell, kind):
    where, error = refusal(workbook([HEAD, ROW, ["k2", cell]]))
    assert where == [(3, kind)]
    assert error.what == f"单元格 B3 是错误值 {cell}。"


def test_a_formula_that_was_never_computed_is_named():
    assert refusal(workbook([HEAD, ["k1", "=1+1"]]))[0] == [(2, "formula_without_value")]


def test_a_computed_formula_is_read_as_its_value():
    raw = tampered(workbook([HEAD, ["k1", "=1+0.5"]]), b"<v />", b"<v>1.5</v>")
    assert rows_of(raw) == READ


def test_errors_on_a_sheet_that_is_not_read_do_not_matter():
    assert rows_of(workbook([HEAD, ROW], [["说明", "#REF!"]])) == READ


def test_hidden_and_blank_sheets_are_passed_over():
    assert rows_of(workbook([["内部"], ["1"]], [], [HEAD, ROW], hidden=[0])) == READ


def test_a_second_sheet_with_the_same_heads_is_not_dropped_in_silence():
    where, error = refusal(workbook([HEAD, ROW], [["填写说明"]], [HEAD, ["k2", 2]]))
    assert where == [(None, "several_sheets")]
    assert "表0、表2" in error.what


def test_a_title_above_the_heads_gets_one_message():
    where, error = refusal(workbook([["某县台账"], HEAD, ROW, ROW]))
    assert where == [(None, "title_above_header")]
    assert "某县台账" in error.what


def test_heads_that_come_again_get_one_message():
    assert refusal("编号,重量\nk1,1\n编号,重量\nk2,1\n".encode(), "a.csv")[0] == [(3, "header_again")]


@pytest.mark.parametrize(
    ("name", "raw", "code"),
    [
        ("a.xls", b"\xd0\xcf\x11\xe0" + bytes(600), "old_workbook"),
        ("a.xls", b"<html><table></table></html>", "old_workbook"),
        ("a.ods", workbook([HEAD, ROW]), "old_workbook"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0" + bytes(600), "old_workbook"),
        ("a.xlsx", b"", "broken_workbook"),
        ("a.xlsx", "编号,重量\nk1,1\n".encode(), "broken_workbook"),
        ("a.xlsx", workbook([HEAD, ROW])[:-400], "broken_workbook"),
        ("a.xlsx", tampered(workbook([HEAD, ROW]), b"</sheetData>", b""), "broken_workbook"),
        ("a.xlsx", tampered(workbook([HEAD]), b"<", b"", "xl/workbook.xml"), "broken_workbook"),
        ("a.csv", workbook([HEAD, ROW]), "binary_file"),
        ("a.csv", b"%PDF-1.7\n", "binary_file"),
    ],
)
def test_what_is_no_workbook_says_so(name, raw, code):
    assert refusal(raw, name)[0] == [(None, code)]


def test_one_long_text_in_very_many_cells_is_too_large_to_be_a_table():
    raw = workbook([HEAD, *[["k", "长" * 32_000]] * 2_100])  # 67 million characters, in a file of 200 kB
    assert len(raw) < 1_000_000
    assert refusal(raw, "a.xlsx")[0] == [(None, "too_large_workbook")]


def test_macro_workbooks_and_real_dates_are_read_as_values():
    raw = workbook([["日期"], [datetime(2022, 3, 1, 8, 30)], [44621]])  # noqa: DTZ001 - a cell has no zone
    assert [row["日期"] for _, row in read_upload("a.xlsm", raw)] == ["2022-03-01 08:30:00", "44621"]
