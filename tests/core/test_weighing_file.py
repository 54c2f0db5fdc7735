"""Ticket sheets with the quirks of real printouts."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core.findings import Level
from wufei.core.ledger import SHANGHAI
from wufei.core.weighing_file import Defaults, day_totals, read_ticket, read_tickets, without_repeats

DEFAULTS = Defaults(site="F1", device="1号磅", direction="in", source="孝丰镇")
HEAD = ["磅单号", "车号", "货名", "毛重(kg)", "皮重(kg)", "净重(kg)", "过磅时间"]
ROW = ["0001", "浙E12345", "餐厨垃圾", "15000", "8000", "7000", "2026-03-05 14:20"]


def read(*sheets, defaults=DEFAULTS):
    """What sheets of rows hold; lines count from 1."""
    return read_tickets([(f"表{n}", list(enumerate(rows, 1))) for n, rows in enumerate(sheets, 1)], defaults)


def codes(result, level=Level.ERROR):
    return [(finding.line, finding.code) for finding in result.findings if finding.level is level]


def only(result):
    assert codes(result) == []
    (ticket,) = result.tickets
    return ticket.weighing


def test_a_plain_sheet():
    ticket = only(read([HEAD, ROW]))
    assert (ticket.ticket, ticket.plate, ticket.waste_code, ticket.device) == (
        "0001",
        "浙E12345",
        "900-002-S61",
        "1号磅",
    )
    assert (ticket.gross_g, ticket.tare_g, ticket.net_g) == (15_000_000, 8_000_000, 7_000_000)
    assert ticket.weighed_at == datetime(2026, 3, 5, 14, 20, tzinfo=SHANGHAI)
    assert (ticket.direction, ticket.source) == ("in", "孝丰镇")


def test_a_head_over_two_rows_takes_its_unit_from_the_group():
    upper = ["序号", "磅单号", "车号", "货名", "重量（吨）", "", "", "过磅时间", ""]
    lower = ["", "", "", "", "毛重", "皮重", "净重", "日期", "时间"]
    row = ["1", "0001", "浙E12345", "餐厨垃圾", "15", "8", "7", "2026年3月5日", "14:20:05"]
    result = read([["某县餐厨垃圾处理厂过磅日报表"], [], upper, lower, row, ["", "", ""]])
    ticket = only(result)
    assert (ticket.gross_g, ticket.tare_g, ticket.net_g) == (15_000_000, 8_000_000, 7_000_000)
    assert ticket.weighed_at == datetime(2026, 3, 5, 14, 20, 5, tzinfo=SHANGHAI)
    assert result.passed == {"title": 1, "blank": 2, "head": 1}


@pytest.mark.parametrize(
    ("written", "mass_g"),
    [("7,000 ", 7_000_000), ("７０００", 7_000_000), ("7t", 7_000_000), ("7.0吨", 7_000_000), (" 7000.5", 7_000_500)],
)
def test_masses_as_people_write_them(written, mass_g):
    assert only(read([HEAD, [*ROW[:3], "", "", written, ROW[6]]])).net_g == mass_g


@pytest.mark.parametrize(
    "written", ["2026/3/5 14:20", "2026年3月5日 14:20", "2026-03-05T14:20", "46086.5972222222", "2026.3.5 14时20分"]
)  # 46086: days from 1899-12-30 to 2026-03-05; 14:20 is 0.59722 of a day
def test_dates_as_printers_write_them(written):
    assert only(read([HEAD, [*ROW[:6], written]])).weighed_at == datetime(2026, 3, 5, 14, 20, tzinfo=SHANGHAI)


@pytest.mark.parametrize("clock", ["14:20", "14:20:00", "0.597222222222222", "14时20分", "2026-03-05 14:20:00"])
def test_date_and_time_in_columns_of_their_own(clock):
    head = [*HEAD[:6], "日期", "时间"]
    assert only(read([head, [*ROW[:6], "2026/3/5", clock]])).weighed_at == datetime(
        2026, 3, 5, 14, 20, tzinfo=SHANGHAI
    )


def test_a_clock_alone_takes_the_day_of_the_title_and_masses_its_unit():
    title = ["某填埋场日报", "单位：吨", "日期：2026年3月5日"]
    head = ["磅单号", "车号", "货名", "净重", "时间"]
    result = read([title, head, ["1", "浙E12345", "生活垃圾", "7", "14:20"]])
    assert codes(result) == [(2, "missing_column")]  # there is no column that could hold a day
    head[4] = "过磅时间"
    ticket = only(read([title, head, ["1", "浙E12345", "生活垃圾", "7", "14:20"]]))
    assert (ticket.net_g, ticket.weighed_at) == (7_000_000, datetime(2026, 3, 5, 14, 20, tzinfo=SHANGHAI))


def test_the_later_of_two_passages_is_the_time_of_the_ticket():
    head = [*HEAD[:6], "毛重时间", "皮重时间"]
    row = [*ROW[:6], "2026-03-05 14:20", "2026-03-05 14:41"]
    assert only(read([head, row])).weighed_at == datetime(2026, 3, 5, 14, 41, tzinfo=SHANGHAI)


def test_heads_totals_and_footers_of_each_printed_page_are_passed_and_counted():
    second = ["0002", *ROW[1:]]
    result = read(
        [
            HEAD, ROW, ["小 计", "", "", "", "", "7000", ""], [],
            HEAD, second, ["小计", "", "", "", "", "7,000", ""], ["合计：", "2车", "", "", "", "14000", ""],
            ["制表人：张三", "", "", "审核：李四"], ["第 1 页 / 共 1 页"],
        ]
    )  # fmt: skip
    assert [ticket.weighing.ticket for ticket in result.tickets] == ["0001", "0002"]
    assert result.findings == []
    assert result.passed == {"head": 2, "total": 3, "blank": 1, "footer": 2}


def test_a_total_that_is_not_the_sum_is_told():
    result = read([HEAD, ROW, ["合计", "", "", "", "", "7,100", ""]])
    assert codes(result, Level.WARN) == [(3, "total_differs")]
    assert "7100 千克" in result.findings[0].what
    assert "7000 千克" in result.findings[0].what


def test_every_fault_of_every_row_is_listed_with_line_column_and_remedy():
    result = read([HEAD, ["0001", "", "火星土", "1万5", "8000", "", "昨天"], ROW, ["0003", *ROW[1:5], "七吨", ""]])
    found = [(f.line, f.field, f.code) for f in result.findings]
    assert found == [
        (2, "毛重", "unknown_unit"),
        (2, "净重", "blank_number"),
        (2, "过磅时间", "bad_instant"),
        (2, "货名", "unknown_waste_code"),
        (4, "净重", "not_a_number"),
        (4, "过磅时间", "blank_instant"),
    ]
    assert all(f.what.endswith("。") and f.remedy.endswith("。") for f in result.findings)
    assert len(result.tickets) == 1


def test_a_mass_without_any_unit_is_refused_and_the_page_may_give_it():
    head = [text.replace("(kg)", "") for text in HEAD]
    assert [code for _, code in codes(read([head, ROW]))] == ["unknown_unit"] * 3
    assert only(read([head, ROW], defaults=Defaults("F1", "1", "in", unit="kg"))).net_g == 7_000_000


def test_net_is_gross_less_tare_where_it_is_not_printed():
    assert only(read([HEAD[:5] + HEAD[6:], ROW[:5] + ROW[6:]])).net_g == 7_000_000


def test_missing_and_double_columns_are_named():
    result = read([["车号", "净重(kg)", "净重(t)", "毛重(kg)"], ["浙E12345", "1", "1", "2"]])
    assert [f.code for f in result.findings[:4]] == ["duplicate_column"] + ["missing_column"] * 3
    assert [f.field for f in result.findings[1:4]] == ["磅单号", "货名", "过磅时间"]


def test_all_sheets_with_tickets_are_read_and_others_are_told():
    result = read([["填写说明"]], [HEAD, ROW], [HEAD, ["0002", *ROW[1:6], "坏"]])
    assert [ticket.sheet for ticket in result.tickets] == ["表2"]
    assert codes(result) == [(2, "bad_instant")]
    assert result.findings[0].what.startswith("工作表“表3”：")
    assert codes(result, Level.INFO) == [(None, "sheet_passed")]


def test_a_file_without_tickets_says_so():
    assert codes(read([["姓名", "电话"], ["张三", "1"]])) == [(None, "no_header")]
    assert codes(read([HEAD])) == [(None, "no_rows")]


def test_a_row_that_is_no_ticket_is_not_dropped_in_silence():
    result = read([HEAD, ROW, ["", "浙E99999", "", "", "", "", "2026-03-05"]])
    assert codes(result, Level.INFO) == [(3, "row_passed")]
    assert "浙E99999" in result.findings[0].what


def test_repeats_are_kept_once_and_contradictions_are_faults():
    twice = read([HEAD, ROW, ROW, ["0002", *ROW[1:]], ["0002", *ROW[1:3], "15000", "7000", "8000", ROW[6]]])
    kept, findings = without_repeats(twice.tickets)
    assert [ticket.weighing.ticket for ticket in kept] == ["0001", "0002"]
    assert [(f.line, f.code, f.level) for f in findings] == [
        (3, "repeated_ticket", Level.WARN),
        (5, "duplicate_ticket", Level.ERROR),
    ]


def test_totals_by_code_and_day():
    next_day = ["0002", *ROW[1:6], "2026-03-06 08:00"]
    assert day_totals(read([HEAD, ROW, next_day]).tickets) == {
        ("900-002-S61", date(2026, 3, 5)): (1, 7_000_000),
        ("900-002-S61", date(2026, 3, 6)): (1, 7_000_000),
    }


def test_a_name_that_means_several_codes_must_be_told_apart():
    result = read([HEAD, [*ROW[:2], "建筑垃圾", *ROW[3:]]])
    assert codes(result) == [(2, "unknown_waste_code")]


cells = st.text(max_size=12) | st.sampled_from(
    [*HEAD, *ROW, "小计", "制表人", "12,5", "1e9", "2026-02-30", "25:61", "0.5"]
)


@given(st.lists(st.lists(cells, max_size=9), max_size=12))
def test_nonsense_below_a_head_never_crashes_and_no_row_is_lost(rows):
    result = read([HEAD, *rows])
    told = {f.line for f in result.findings} | {ticket.line for ticket in result.tickets}
    assert len(told - {None, 1}) + sum(result.passed.values()) >= len(rows)


def test_one_ticket_typed_by_hand_is_read_as_a_row_is():
    cells = {"ticket": "7", "weighed_at": "2026-03-05T14:20", "waste": "餐厨垃圾", "gross": "15,000", "tare": "8吨"}
    weighing, findings = read_ticket(cells, Defaults("F1", "1号磅", "in", unit="kg"))
    assert findings == []
    # 15000 kg − 8 t
    assert (weighing.ticket, weighing.gross_g, weighing.tare_g, weighing.net_g) == (
        "7",
        15_000_000,
        8_000_000,
        7_000_000,
    )
    assert (weighing.site, weighing.device, weighing.direction, weighing.waste_code) == (
        "F1",
        "1号磅",
        "in",
        "900-002-S61",
    )


def test_what_cannot_be_read_of_a_typed_ticket_is_told_by_column_and_the_rest_is_kept():
    cells = {
        "ticket": "7",
        "weighed_at": "昨天",
        "waste": "？",
        "gross": "x",
        "tare": "8000",
        "net": "",
        "count": "1.5",
    }
    weighing, findings = read_ticket(cells, Defaults("F1", "1号磅", "in", unit="kg"))
    assert {(found.line, found.field) for found in findings} == {
        (None, name) for name in ("weighed_at", "waste", "gross", "count")
    }
    assert (weighing.ticket, weighing.site) == ("7", "F1")
