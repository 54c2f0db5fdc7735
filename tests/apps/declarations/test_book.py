"""The record book: an entry posts, a mistake is reversed, a file is booked whole or not at all."""

import io
from datetime import timedelta

import pytest
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import Workbook
from python_calamine import CalamineWorkbook

from wufei.apps.declarations import selectors, services
from wufei.apps.declarations.models import BookEntry
from wufei.apps.ledger.selectors import balances
from wufei.apps.registry.listing import PAGE_SIZE
from wufei.core.findings import Refused

from .conftest import AT, OIL, TONNE

pytestmark = pytest.mark.django_db
CELLS = {"occurred_at": "2026-03-01 08:00", "waste_code": OIL, "mass_g": "1.5", "handler": "王小明"}


def enter(site, table="hw-generate", at=AT, **more):
    return services.book(site=site, table=table, values={**CELLS, **more}, actor="firm", at=at)


def held(site, code=OIL):
    return {row.bucket: row.balance_g for row in balances(holder=f"site:{site.code}") if row.waste_code == code}


def codes(error):
    return [finding.code for finding in error.value.findings]


def test_an_entry_gets_its_number_and_posts(site):
    first, second = enter(site), enter(site, mass_g=500_000)  # a whole number is grams
    assert [first.batch_no, second.batch_no] == ["HWCS20260301001", "HWCS20260301002"]
    assert held(site) == {"generated": -2 * TONNE, "stored": 2 * TONNE}


def test_the_serial_is_of_the_site_and_the_local_day(site, receiver):
    assert enter(receiver).batch_no == enter(site).batch_no == "HWCS20260301001"
    assert enter(site, occurred_at="2026-02-28T23:30:00+08:00").batch_no == "HWCS20260228001"
    assert enter(site, occurred_at="2026-02-28T16:30:00Z").batch_no == "HWCS20260301002"  # 00:30 on 1 March here


def test_moving_within_the_site_and_what_goes_by_manifest_post_nothing(site):
    made = enter(site)
    stored = enter(site, "hw-in", facility_code="TS001", sources=made.batch_no)
    sent = {"method": "R9", "receiver_kind": "permit", "receiver": "某厂", "manifest_number": "20263305000001"}
    gone = enter(site, "hw-entrust", sources=stored.batch_no, **sent)
    assert gone.batch_no == "HWWWLY20260301001"
    assert (stored.postings, gone.postings) == ([], [])
    assert held(site) == {"generated": -1_500_000, "stored": 1_500_000}


def test_treatment_takes_from_store_and_books_what_comes_out(site):
    enter(site)
    done = enter(
        site, "hw-own", method="D10", facility_code="MF0001", mass_g="1", residue_code="772-003-18", residue_g="0.2"
    )
    assert held(site) == {"generated": -1_500_000, "stored": 500_000, "disposed": TONNE}
    assert held(site, "772-003-18") == {"generated": -200_000, "stored": 200_000}
    assert len(done.postings) == 2


def test_what_goes_beyond_the_store_is_booked_and_told_as_undeclared_stock(site, owner):
    enter(site)
    done = enter(site, "hw-own", method="D10", facility_code="MF0001", mass_g="2")
    assert held(site) == {"generated": -1_500_000, "disposed": 2 * TONNE, "unexplained": -500_000}
    assert [(one["code"], "0.5 吨" in one["what"]) for one in done.alerts] == [("undeclared_stock", True)]
    services.reverse_entry(selectors.own_entries(owner), pk=done.pk, reason="写错", actor="firm", at=AT)
    assert held(site) == {"generated": -1_500_000, "stored": 1_500_000}


def test_rows_of_one_file_count_as_one_moment(site):
    row = CELLS | {"method": "D10", "facility_code": "MF0001", "mass_g": "1"}
    enter(site)
    first, second = services.book_rows(site=site, table="hw-own", rows=[(1, row), (2, row)], actor="firm", at=AT)
    assert (first.alerts, len(second.alerts)) == ([], 1)
    assert held(site)["unexplained"] == -500_000


def test_a_reversal_that_the_store_cannot_bear_is_refused_for_the_whole_request(site, owner):
    made = enter(site)
    enter(site, "hw-own", method="D10", facility_code="MF0001", mass_g="1")
    with pytest.raises(Refused) as error:
        services.reverse_entry(selectors.own_entries(owner), pk=made.pk, reason="错", actor="firm", at=AT)
    assert [(f.code, f.field) for f in error.value.findings] == [("overdrawn", "")]
    made.refresh_from_db()
    assert made.status == "booked"


def test_industrial_waste_goes_to_a_registered_site_or_out_of_the_region(site, receiver):
    steel = {"waste_code": "900-001-S17", "receiver": "某厂", "method": "R4"}
    enter(site, "giw-generate", waste_code="900-001-S17", mass_g="3")
    enter(site, "giw-leave", mass_g="1", receiver_site=receiver.code, **steel)
    enter(site, "giw-leave", mass_g="1", **steel)
    enter(site, "giw-leave", mass_g="1", manifest_number="YB2026000001", **steel)
    assert held(site, "900-001-S17") == {"generated": -3 * TONNE, "stored": TONNE}
    assert held(receiver, "900-001-S17") == {"stored": TONNE}


def test_a_mistake_is_reversed_and_entered_anew(site, owner):
    wrong = enter(site, mass_g="15")
    own = selectors.own_entries(owner)
    undo = services.reverse_entry(own, pk=wrong.pk, reason="少写小数点", actor="firm", at=AT + timedelta(hours=1))
    wrong.refresh_from_db()
    assert (wrong.status, undo.status, undo.batch_no) == ("reversed", "reversal", "HWCS20260301001-CX")
    assert held(site) == {}
    assert enter(site).batch_no == "HWCS20260301002"
    for entry in (wrong, undo):
        with pytest.raises(Refused) as error:
            services.reverse_entry(own, pk=entry.pk, reason="再来", actor="firm", at=AT + timedelta(hours=1))
        assert codes(error) == ["not_booked"]


def test_a_batch_in_use_cannot_be_reversed(site, owner):
    made = enter(site)
    enter(site, "hw-in", facility_code="TS001", sources=made.batch_no)
    with pytest.raises(Refused) as error:
        services.reverse_entry(selectors.own_entries(owner), pk=made.pk, reason="错", actor="firm", at=AT)
    assert codes(error) == ["batch_in_use"]


def test_everything_wrong_is_told_at_once(site, receiver):
    made = enter(site)
    with pytest.raises(Refused) as error:
        enter(site, "hw-in", waste_code="900-039-49", facility_code="", mass_g="x", sources=f"{made.batch_no}、HWCS1")
    assert codes(error) == ["missing_field" if f.field == "facility_code" else f.code for f in error.value.findings]
    assert {"missing_field", "not_a_number", "other_waste", "unknown_batch"} <= set(codes(error))
    with pytest.raises(Refused) as error:
        services.book(site=site, table="none", values={}, actor="firm", at=AT)
    assert codes(error) == ["unknown_table"]
    assert BookEntry.objects.count() == 1


def test_others_cannot_reverse(site, make_user):
    entry = enter(site)
    with pytest.raises(Http404):
        services.reverse_entry(selectors.own_entries(make_user()), pk=entry.pk, reason="x", actor="x", at=AT)


def sheet(rows, heads=("产生时间", "废物代码", "数量（吨）", "产生部门经办人")):
    book = Workbook()
    book.active.append(list(heads))
    for row in rows:
        book.active.append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_a_file_is_booked_whole_or_not_at_all(site):
    good = [("2026-03-01 08:00", "90024908", "1.5", "王小明"), ("2026/3/1", OIL, "500千克", "王小明")]
    more = {"site": site, "table": "hw-generate", "name": "a.xlsx", "at": AT}
    with pytest.raises(Refused) as error:
        services.book_file(raw=sheet([*good, ("2026-03-01", "999", "一吨", "")]), actor="firm", **more)
    assert {(f.line, f.field) for f in error.value.findings} == {(4, "waste_code"), (4, "mass_g"), (4, "handler")}
    assert BookEntry.objects.count() == 0
    assert services.check_file(raw=sheet(good), **more) == 2
    assert services.book_file(raw=sheet(good), actor="firm", **more) == 2
    assert held(site)["stored"] == 2 * TONNE
    with pytest.raises(Refused) as error:
        services.book_file(raw=sheet(good, ("时间", "代码", "重量", "人")), actor="firm", **more)
    assert set(codes(error)) == {"unknown_column"}


# --- Pages --------------------------------------------------------------------------------------------------------


def test_an_entry_is_made_and_reversed_through_the_pages(client, site, owner):
    client.force_login(owner)
    assert "表 B.1" in client.get(reverse("declarations:book-tables", args=[site.code])).content.decode()
    url = reverse("declarations:entry-new", args=[site.code, "hw-generate"])
    assert client.get(url).status_code == 200
    answer = client.post(url, {**CELLS, "mass_g": "一吨"})
    assert answer.status_code == 422
    assert "一吨" in answer.content.decode()
    answer = client.post(url, CELLS)
    entry = BookEntry.objects.get()
    shown = client.get(answer.url).content.decode()
    assert "HWCS20260301001" in shown
    assert "王**" in shown
    assert "王小明" not in shown
    answer = client.post(reverse("declarations:entry-reverse", args=[entry.pk]), {"reason": "写错"})
    assert "写错" in client.get(answer.url).content.decode()
    assert client.post(reverse("declarations:entry-reverse", args=[entry.pk]), {"reason": "x"}).status_code == 422


def test_a_form_sent_twice_is_booked_once(client, site, owner):
    client.force_login(owner)
    url = reverse("declarations:entry-new", args=[site.code, "hw-generate"])
    key = str(client.get(url).context["key"])
    first, second = client.post(url, CELLS | {"key": key}), client.post(url, CELLS | {"key": key})
    assert (first.status_code, first.url) == (302, second.url)
    assert BookEntry.objects.count() == 1
    assert held(site)["stored"] == 1_500_000
    assert client.post(url, CELLS | {"key": key, "mass_g": "2"}).status_code == 422
    assert client.post(url, CELLS | {"key": "other"}).url != first.url
    assert held(site)["stored"] == 3 * TONNE


def test_the_book_is_filtered_searched_printed_and_exported(client, site, owner):
    made = enter(site)
    enter(site, "hw-in", facility_code="TS001", sources=made.batch_no)
    enter(site, occurred_at="2026-02-01 08:00")
    client.force_login(owner)

    def shown(name="book", **query):
        return client.get(reverse(f"declarations:{name}"), query).content.decode()

    assert "HWRK20260301001" not in shown(table="hw-generate")
    assert "HWCS20260201001" in shown(month="2026-02")
    assert "HWCS20260301001" not in shown(month="2026-02")
    assert "HWRK20260301001" in shown(q="HWRK2026")
    assert "没有符合条件的记录" in shown(q="HWRK2026", code="900-039-49")
    assert "贮存设施编码" in shown("book-print", table="hw-in", month="2026-03")
    raw = client.get(reverse("declarations:book-export"), {"table": "hw-in"}).content
    heads, row = CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0).to_python()
    cells = dict(zip(heads, row, strict=True))
    assert cells["贮存部门经办人"] == "王**"
    assert [value for head, value in cells.items() if "量" in head and isinstance(value, float)] == [1.5]  # tonnes
    raw = client.get(reverse("declarations:book-export"), {"month": "2026-02"}).content
    heads, row = CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0).to_python()
    assert dict(zip(heads, row, strict=True))["数量（吨）"] == 1.5


def test_the_list_pages_with_its_filters_and_queries_do_not_grow(client, site, owner):
    client.force_login(owner)

    def count():
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("declarations:book"), {"table": "hw-generate"})
        return len(captured)

    enter(site)
    few = count()
    rows = [(None, CELLS) for _ in range(PAGE_SIZE + 5)]
    services.book_rows(site=site, table="hw-generate", rows=rows, actor="firm", at=AT)
    assert count() == few
    page = client.get(reverse("declarations:book"), {"table": "hw-generate"}).context["page"]
    assert "table=hw-generate" in page.next_url
    assert len(client.get(page.next_url).context["page"].rows) == 6


def test_an_import_is_checked_then_booked(client, site, owner):
    client.force_login(owner)
    url = reverse("declarations:book-import", args=[site.code, "hw-generate"])
    assert client.get(url).status_code == 200
    template = client.get(reverse("declarations:book-template", args=[site.code, "hw-generate"])).content
    heads = CalamineWorkbook.from_filelike(io.BytesIO(template)).get_sheet_by_index(0).to_python()[0]
    assert heads[0] == "产生时间"

    def upload():
        file = io.BytesIO(sheet([("2026-03-01 08:00", OIL, "1.5", "王小明")]))
        file.name = "台账.xlsx"
        return file

    assert "检查通过" in client.post(url, {"file": upload(), "check": "1"}).content.decode()
    assert BookEntry.objects.count() == 0
    assert client.post(url, {"file": upload()}).status_code == 302
    assert BookEntry.objects.count() == 1
    for again in ({"file": upload()}, {"file": upload(), "check": "1"}):
        answer = client.post(url, again)
        assert answer.status_code == 422
        assert "台账.xlsx”导入，共 1 条" in answer.content.decode()
    csv = io.BytesIO(f"产生时间,废物代码,数量（吨）,产生部门经办人\n2026-03-01 08:00,{OIL},1.5,王小明\n".encode())
    csv.name = "另存.csv"
    assert client.post(url, {"file": csv}).status_code == 422
    assert held(site)["stored"] == 1_500_000
    reverse_url = reverse("declarations:entry-reverse", args=[BookEntry.objects.get().pk])
    client.post(reverse_url, {"reason": "导错"})
    assert client.post(url, {"file": upload()}).status_code == 302
    assert held(site)["stored"] == 1_500_000
    assert client.post(url, {}).status_code == 422
