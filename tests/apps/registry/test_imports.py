"""Import of organisations: every bad input gets one clear message, and nothing is kept then."""

import io
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook

from wufei.apps.facts.models import Fact
from wufei.apps.registry.imports import Upload, bring, check
from wufei.apps.registry.models import Organisation, Permit, Site
from wufei.core.findings import Refused

pytestmark = pytest.mark.django_db
TENCENT, HUAWEI = "91440300708461136T", "914403001922038216"  # printed codes, see tests/core/test_credit_code.py
HEAD = "单位名称,统一社会信用代码,行政区划,类型"
FULL = HEAD + ",场所名称,场所类别,领域,许可证号,许可类别,经营规模,经营方式,有效期至"
PERMIT = f'甲公司,{TENCENT},递铺街道,利用处置单位,,,,浙1号,HW02-HW04、HW08,"1,234.5",收集,'


def csv_of(*lines, encoding="utf-8"):
    return Upload("单位.csv", "\n".join(lines).encode(encoding))


def refusal(upload, user):
    with pytest.raises(Refused) as caught:
        bring(upload, user)
    assert not Organisation.objects.exists()
    assert not Permit.objects.exists()
    assert not Fact.objects.exists()
    return [(f.line, f.field, f.code) for f in caught.value.findings], caught.value.findings


def test_a_file_is_brought_with_site_permit_and_facts(make_user):
    site = f"乙公司,{HUAWEI},330523105,产废单位,乙厂,工业企业,一般工业固废,,,,,"
    assert bring(csv_of(FULL, PERMIT + "2026年12月12日", site), make_user()) == 2
    permit = Permit.objects.get(number="浙1号")
    assert permit.categories == ["HW02", "HW03", "HW04", "HW08"]
    assert (permit.capacity_t_per_year, permit.valid_until) == (Decimal("1234.5"), date(2026, 12, 12))
    held = Site.objects.get()
    assert (held.name, held.division_id, held.category, held.domain) == (
        "乙厂", "330523105", "industrial_enterprise", "industrial",
    )  # fmt: skip
    assert list(Fact.objects.values_list("verb", "actor")) == [("register_organisation", "office")] * 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_file_loads_in_every_common_encoding(make_user, encoding):
    name = "安吉鄣吴㙦镇纸业有限公司"  # 㙦 is outside GB2312 and GBK's common part
    assert bring(csv_of(HEAD, f"{name},{TENCENT},递铺街道,产废单位", encoding=encoding), make_user()) == 1
    assert Organisation.objects.get().name == name


@pytest.mark.parametrize(("row", "field", "code", "says"), [
    (f"甲,{TENCENT[:-1]}0,递铺街道,产废单位", "统一社会信用代码", "credit_code_check", "按前 17 位应为“T”"),
    ("甲,9144,递铺街道,产废单位", "统一社会信用代码", "credit_code_length", "应为 18 位"),
    (f"甲,{TENCENT},火星镇,产废单位", "行政区划", "unknown_division", "“火星镇”不存在"),
    (f"甲,{TENCENT},330825,产废单位", "行政区划", "unknown_division", "不在您的管辖范围内"),
    (f"甲,{TENCENT},,产废单位", "行政区划", "blank_division", "没有写行政区划"),
    (f"甲,{TENCENT},递铺街道,工厂", "类型", "unknown_kind", "“工厂”不在可选项中"),
    (f",{TENCENT},递铺街道,产废单位", "单位名称", "blank_name", "没有写单位名称"),
    (f"{'长' * 121},{TENCENT},递铺街道,产废单位", "单位名称", "text_too_long", "最多 120 个"),
    (f"甲,{TENCENT},递铺街道", "", "ragged_row", "有 3 格，表头有 4 列"),
])  # fmt: skip
def test_bad_rows_name_line_column_and_cure(make_user, row, field, code, says):
    where, findings = refusal(csv_of(HEAD, row), make_user())
    assert where == [(2, field, code)]
    assert says in findings[0].what
    assert findings[0].remedy


@pytest.mark.parametrize(("tail", "field", "code"), [
    ("浙1号,HW41,500,收集,2026-01-01", "许可类别", "unknown_category"),
    ("浙1号,HW08,-500,收集,2026-01-01", "经营规模", "negative_mass"),
    ("浙1号,HW08,500升,收集,2026-01-01", "经营规模", "unknown_unit"),
    ("浙1号,HW08,99999999999,收集,2026-01-01", "经营规模", "mass_too_large"),
    ("浙1号,HW08,500,收集,2026-02-30", "有效期至", "no_such_instant"),
    ("浙1号,HW08,500,收集,03/01/2026", "有效期至", "bad_instant"),
    ("浙1号,HW08,500,收集,", "有效期至", "incomplete_permit"),
    (",HW08,,,", "许可证号", "incomplete_permit"),
])  # fmt: skip
def test_bad_permits_name_the_column(make_user, tail, field, code):
    where, _ = refusal(csv_of(FULL, f"甲,{TENCENT},递铺街道,利用处置单位,,,,{tail}"), make_user())
    assert where == [(2, field, code)]


def test_all_faults_of_a_file_come_at_once_in_the_order_of_lines(make_user):
    rows = [f"甲,{TENCENT},火星镇,工厂", f"乙,{HUAWEI},递铺街道,产废单位", f"丙,{HUAWEI},递铺街道,产废单位", "丁,1"]
    where, findings = refusal(csv_of(HEAD, *rows), make_user())
    assert where == [
        (2, "行政区划", "unknown_division"),
        (2, "类型", "unknown_kind"),
        (4, "统一社会信用代码", "duplicate_in_file"),
        (5, "", "ragged_row"),
    ]
    assert "与第 3 行重复" in findings[2].what


def test_what_is_registered_already_is_refused_and_nothing_else_kept(make_user):
    user = make_user()
    bring(csv_of(HEAD, f"甲,{TENCENT},递铺街道,产废单位"), user)
    with pytest.raises(Refused) as caught:
        bring(csv_of(HEAD, f"乙,{HUAWEI},递铺街道,产废单位", f"甲,{TENCENT},递铺街道,产废单位"), user)
    assert [(f.line, f.code) for f in caught.value.findings] == [(3, "already_registered")]
    assert list(Organisation.objects.values_list("credit_code", flat=True)) == [TENCENT]


def test_columns_that_lack_or_that_nobody_knows_are_named(make_user):
    where, _ = refusal(csv_of("单位名称,税号,类型", "甲,1,产废单位"), make_user())
    assert where == [
        (1, "税号", "unknown_column"),
        (1, "统一社会信用代码", "missing_column"),
        (1, "行政区划", "missing_column"),
    ]


@pytest.mark.parametrize(("name", "raw", "code"), [
    ("a.csv", b"", "empty_file"), ("a.docx", b"PK\x03\x04", "unknown_format"),
    ("a.csv", b"PK\x03\x04xx", "binary_file"), ("a.csv", HEAD.encode() + b"\n\xff\xfe", "broken_text"),
    ("a.xlsx", b"not a workbook", "broken_workbook"), ("a.xlsx", b"PK\x03\x04broken", "broken_workbook"),
    ("a.csv", HEAD.encode() + b"\n\x00", "nul_byte"), ("a.csv", HEAD.encode(), "no_rows"),
])  # fmt: skip
def test_files_that_cannot_be_read_say_so(make_user, name, raw, code):
    where, _ = refusal(Upload(name, raw), make_user())
    assert [c for _, _, c in where] == [code]


def workbook(rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return Upload("单位.xlsx", buffer.getvalue())


@pytest.mark.parametrize("until", [date(2026, 12, 12), 46368, "46368", "2026年12月12日", "20261212"])
def test_a_workbook_with_an_excel_date_loads(make_user, until):
    # 46368 is the Excel day number of 2026-12-12: 44621 is 2022-03-01, 1747 days earlier
    row = ["甲公司", TENCENT, "递铺街道", "利用处置单位", None, None, None, "浙1号", "HW08", 500.1, "收集", until]
    bring(workbook([FULL.split(","), row]), make_user())
    permit = Permit.objects.get()
    assert (permit.valid_until, permit.capacity_t_per_year) == (date(2026, 12, 12), Decimal("500.1"))


def test_a_check_writes_nothing(make_user):
    assert len(check(csv_of(HEAD, f"甲,{TENCENT},递铺街道,产废单位"), make_user())) == 1
    assert not Organisation.objects.exists()
    assert not Fact.objects.exists()


def test_the_page_lists_findings_in_chinese_and_keeps_nothing(client, make_user):
    client.force_login(make_user())
    bad = SimpleUploadedFile("坏.csv", f"{HEAD}\n甲,{TENCENT[:-1]}0,递铺街道,产废单位".encode("gb18030"))
    answer = client.post(reverse("registry:import"), {"file": bad})
    assert answer.status_code == 422
    assert "没有导入任何一行" in answer.content.decode()
    assert "按前 17 位应为“T”" in answer.content.decode()
    assert not Organisation.objects.exists()


def test_the_page_checks_first_and_brings_then(client, make_user):
    client.force_login(make_user())
    good = f"{HEAD}\n甲公司,{TENCENT},递铺街道,产废单位".encode()
    seen = client.post(reverse("registry:import"), {"file": SimpleUploadedFile("好.csv", good), "check": "1"})
    assert "检查通过，共 1 家单位" in seen.content.decode()
    assert not Organisation.objects.exists()
    answer = client.post(reverse("registry:import"), {"file": SimpleUploadedFile("好.csv", good)}, follow=True)
    assert "已导入 1 家单位" in answer.content.decode()
    assert Organisation.objects.get().credit_code == TENCENT


def test_the_page_without_a_file_says_so(client, make_user):
    client.force_login(make_user())
    answer = client.post(reverse("registry:import"))
    assert answer.status_code == 422
    assert "没有选择文件" in answer.content.decode()


def test_who_may_not_import_finds_no_page_and_changes_nothing(client, make_user):
    for number, (role, department) in enumerate([("township", ""), ("leader", ""), ("department", "农业农村局")]):
        client.force_login(make_user(f"u{number}", role, "330523", department))
        good = SimpleUploadedFile("好.csv", f"{HEAD}\n甲公司,{TENCENT},递铺街道,产废单位".encode())
        assert client.get(reverse("registry:import")).status_code == 404
        assert client.post(reverse("registry:import"), {"file": good}).status_code == 404
    assert not Organisation.objects.exists()
