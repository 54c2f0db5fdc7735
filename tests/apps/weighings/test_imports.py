"""Sheets of tickets: shown with every problem, booked whole or not at all, undone whole."""

import pytest

from wufei.apps.facts.models import Fact
from wufei.apps.ledger.models import AccountRecord, MovementRecord
from wufei.apps.ledger.verification import verify
from wufei.apps.weighings import imports
from wufei.apps.weighings.models import ImportState, TicketFile, TicketImport, WeighingRecord
from wufei.core.findings import Refused

from .conftest import HEAD, NOW, row, sheet, workbook

KITCHEN, SPOIL = "900-002-S61", "900-001-S70"

# What a weighbridge's program prints: a title, a head over two rows, pages, text numbers, dates in two styles (46086
# is 2026-03-05, .597222 is 14:20), blank rows, subtotals, a total, who made it, and columns without anything.
UPPER = ["序号", "磅单号", "车 号", "货名", "重量（千克）", "", "", "过磅时间", "来源单位", "司磅员", ""]
LOWER = ["", "", "", "", "毛重", "皮重", "净重", "", "", "", ""]
PRINTED = [
    ["安吉县餐厨垃圾处理厂过磅日报表"],
    ["打印范围：2026-03-05 至 2026-03-06", "", "", "", "单位：千克"],
    [],
    UPPER,
    LOWER,
    [1, "0001", "浙 e12345", "餐厨垃圾", "15,000 ", 8000, "7,000 ", "2026/3/5 14:20", "孝丰镇", "张", ""],
    [2, "0002", "浙E·54321", "餐厨垃圾", 14000, 8000, "6t", 46086.5972222222, "第一食堂", "张", ""],
    ["", "", "", "", "", "", "", "", "", "", ""],
    ["小计", "", "2车", "", "", "", "13000", "", "", "", ""],
    UPPER,
    LOWER,
    [3, "0003", "浙ED12345", "工程渣土", 20000, 10000, "１００００", "2026年3月6日 8:05", "330523001", "李", ""],
    [4, "0004", "浙E12345", "餐厨垃圾", 15020, 8000, 7000, "2026-03-06 09:00:00", "孝丰镇", "李", ""],
    ["合 计", "", "4车", "", "", "", "30,000", "", "", "", ""],
    ["制表人：王五", "", "", "审核：", "", "", "", "打印时间：2026-03-07"],
]  # fmt: skip
MERGED = ["A4:A5", "B4:B5", "C4:C5", "D4:D5", "E4:G4", "H4:H5", "I4:I5", "A1:K1"]


def upload(raw, name="磅单.xlsx", **more):
    return imports.Upload(name, raw, **({"site": "F1", "device": "1号磅"} | more))


def check(user, raw, **more):
    return imports.check_tickets(user=user, upload=upload(raw, **more), now=NOW)


def bring(user, raw, **more):
    return imports.import_tickets(user=user, upload=upload(raw, **more), at=NOW)


def balance(name):
    return AccountRecord.objects.get(name=name).balance_g


def counts():
    return [model.objects.count() for model in (WeighingRecord, MovementRecord, TicketImport, TicketFile, Fact)]


def test_a_printed_sheet_with_all_its_quirks_is_read_shown_and_booked(plant):
    raw = workbook(("说明", [["本表由称重系统导出"]], []), ("3月", PRINTED, MERGED))
    checked = check(plant, raw)
    assert checked.findings == ()
    assert [f.code for f in checked.notes] == ["sheet_passed"]
    assert checked.outcomes() == {"generate": 4}
    assert {(code, day.isoformat()): sums for (code, day), sums in checked.totals().items()} == {
        (SPOIL, "2026-03-06"): (1, 10_000_000),
        (KITCHEN, "2026-03-05"): (2, 13_000_000),
        (KITCHEN, "2026-03-06"): (1, 7_000_000),
    }
    assert counts() == [0, 0, 0, 0, 0]

    brought = bring(plant, raw)
    assert (brought.tickets, brought.already, brought.movements, brought.net_g) == (4, 0, 4, 30_000_000)
    assert balance(f"site:F1|{KITCHEN}|stored|") == 20_000_000
    assert balance(f"site:C1|{KITCHEN}|generated|") == -6_000_000
    assert balance(f"boundary:330523001|{SPOIL}|generated|") == -10_000_000
    rows = WeighingRecord.objects.order_by("ticket")
    assert [(r.plate, f"{r.weighed_at.astimezone(NOW.tzinfo):%m-%d %H:%M}") for r in rows] == [
        ("浙E12345", "03-05 14:20"), ("浙E54321", "03-05 14:20"),
        ("浙ED12345", "03-06 08:05"), ("浙E12345", "03-06 09:00"),
    ]  # fmt: skip
    assert verify().holds


def test_the_same_sheet_twice_books_nothing_twice_and_says_so(plant):
    raw = sheet(row(1), row(2))
    bring(plant, raw)
    again = bring(plant, raw)
    assert (again.tickets, again.already, again.movements) == (0, 2, 0)
    more = bring(plant, sheet(row(2), row(3)))
    assert (more.tickets, more.already) == (1, 1)
    assert MovementRecord.objects.count() == 3


def test_one_bad_row_among_many_and_nothing_is_booked(plant):
    bring(plant, sheet(row(1)))
    before = counts()
    raw = sheet(row(1, 7020), row(2), row(3, 来源="火星"), row(4, 货名="建筑垃圾"), row(5), row(5, 6000))
    with pytest.raises(Refused) as caught:
        bring(plant, raw)
    assert [(f.line, f.field, f.code) for f in caught.value.findings] == [
        (2, "磅单号", "ticket_differs"),
        (4, "来源", "unknown_source"),
        (5, "货名", "unknown_waste_code"),
        (7, "磅单号", "duplicate_ticket"),
    ]
    assert all(f.what.endswith("。") and f.remedy.endswith("。") for f in caught.value.findings)
    assert counts() == before


def test_a_checked_file_is_kept_and_accepted_once(plant, other):
    proposed, checked = imports.propose_import(user=plant, upload=upload(sheet(row(1))), now=NOW)
    assert (proposed.state, len(checked.tickets), WeighingRecord.objects.count()) == (ImportState.CHECKED, 1, 0)
    with pytest.raises(TicketImport.DoesNotExist):
        imports.accept_import(user=other, pk=proposed.pk, at=NOW)
    accepted = imports.accept_import(user=plant, pk=proposed.pk, at=NOW)
    assert (accepted.state, accepted.tickets) == (ImportState.BOOKED, 1)
    with pytest.raises(Refused, match="已入账"):
        imports.accept_import(user=plant, pk=proposed.pk, at=NOW)
    assert MovementRecord.objects.count() == 1


def test_a_file_with_faults_is_not_kept(plant):
    raw = sheet(row(1, **{"净重(kg)": "很多"}))
    proposed, checked = imports.propose_import(user=plant, upload=upload(raw), now=NOW)
    assert proposed is None
    assert [f.code for f in checked.findings] == ["not_a_number"]
    assert counts() == [0, 0, 0, 0, 0]


def test_an_import_is_undone_whole_and_may_be_brought_again(plant, other):
    brought = bring(plant, sheet(row(1), row(2)))
    with pytest.raises(TicketImport.DoesNotExist):
        imports.undo_import(user=other, pk=brought.pk, reason="x", at=NOW)
    with pytest.raises(Refused, match="没有写撤销原因"):
        imports.undo_import(user=plant, pk=brought.pk, reason=" ", at=NOW)
    undone = imports.undo_import(user=plant, pk=brought.pk, reason="货名写错", at=NOW)
    assert (undone.state, undone.reason) == (ImportState.UNDONE, "货名写错")
    assert balance(f"site:F1|{KITCHEN}|stored|") == 0
    assert WeighingRecord.objects.filter(is_undone=True).count() == 2
    with pytest.raises(Refused, match="不能撤销"):
        imports.undo_import(user=plant, pk=brought.pk, reason="x", at=NOW)
    again = bring(plant, sheet(row(1, 6900), row(2)))
    assert (again.tickets, balance(f"site:F1|{KITCHEN}|stored|")) == (2, 13_900_000)
    assert verify().holds
    assert [f.verb for f in Fact.objects.filter(subject__startswith="ticket_import")] == [
        "check_tickets", "import_tickets", "undo_import", "check_tickets", "import_tickets",
    ]  # fmt: skip


def test_what_the_sheet_leaves_out_the_page_may_give(plant):
    head = [text.replace("(kg)", "") for text in HEAD[:7]]
    bare = workbook(("磅单", [head, row(1)[:7]], []))
    assert {f.code for f in check(plant, bare).findings} == {"unknown_unit"}
    checked = check(plant, bare, unit="kg", source="孝丰镇", direction="in")
    assert (checked.findings, checked.outcomes()) == ((), {"generate": 1})


def test_a_site_that_is_not_ones_own_is_not_there(other):
    with pytest.raises(Refused, match="没有可以登记磅单的场所"):
        check(other, sheet(row(1)))


@pytest.mark.parametrize(
    ("name", "raw", "code"),
    [
        ("a.xlsx", b"", "broken_workbook"),
        ("a.xlsx", b"PK\x03\x04", "broken_workbook"),
        ("a.csv", b"", "empty_file"),
        ("a.csv", b"%PDF", "binary_file"),
        ("a.xls", b"x", "old_workbook"),
        ("a.jsonl", b"{}", "unknown_format"),
    ],
)
def test_what_is_no_sheet_is_refused_with_a_reason(plant, name, raw, code):
    with pytest.raises(Refused) as caught:
        imports.check_tickets(user=plant, upload=upload(raw, name), now=NOW)
    assert [f.code for f in caught.value.findings] == [code]


def test_a_table_of_something_else_says_what_a_ticket_sheet_needs(plant):
    checked = imports.check_tickets(user=plant, upload=upload(b"a,b\n1,2\n", "a.csv"), now=NOW)
    assert [f.code for f in checked.findings] == ["no_header"]


def test_a_csv_of_a_weighbridge_in_gb18030_with_a_title(plant):
    lines = ["过磅日报表", ",".join(HEAD), ",".join(map(str, row(1)))]
    checked = imports.check_tickets(user=plant, upload=upload("\r\n".join(lines).encode("gb18030"), "a.csv"), now=NOW)
    assert (checked.findings, len(checked.tickets)) == ((), 1)


def test_a_formula_that_was_never_computed_matters_in_a_ticket_and_not_in_a_total(plant):
    total = ["合计", "", "", "", "", "=SUM(F2:F2)", "", ""]
    assert check(plant, sheet(row(1), total)).findings == ()
    (finding,) = check(plant, sheet(row(1, **{"净重(kg)": "=D2-E2"}))).findings
    assert finding.code == "formula_without_value"


def test_sql_of_an_import_is_constant_per_thousand_rows(plant, django_assert_max_num_queries):
    bring(plant, sheet(row(9999)))
    with django_assert_max_num_queries(70):
        bring(plant, sheet(*[row(n) for n in range(1000)]))
