"""Files of figures: all encodings, all faults at once in Chinese, all or nothing, every row shown back."""

import io
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook

from wufei.apps.assessment import services
from wufei.apps.assessment.models import ElementValue, ValueStatus
from wufei.apps.registry.models import Role
from wufei.core.findings import Refused
from wufei.core.values import State

pytestmark = pytest.mark.django_db

GOOD = (
    "数据元,范围,时期,数值,单位,出处,备注\n农膜使用量,,2022,0.044,万吨,统计表,\n生活垃圾产生量,urban,2022-03,/,,,\n"
)


@pytest.fixture
def send(client, make_user):
    client.force_login(make_user())

    def post(raw, name="figures.csv"):
        return client.post("/assessment/330523/upload/", {"file": SimpleUploadedFile(name, raw)}, follow=True)

    return post


def excel(rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_good_file_is_submitted_whatever_its_encoding(send, encoding):
    response = send(GOOD.encode(encoding))
    assert "已报送 2 个数" in response.content.decode()
    film, msw = ElementValue.objects.order_by("pk")
    assert (film.value, film.unit, film.printed, film.status) == (440, "万吨", "0.044万吨", ValueStatus.SUBMITTED)
    assert (msw.scope, msw.period, msw.state, msw.value) == ("urban", "2022-03", "slash", None)


def test_an_excel_file_is_read_with_exact_figures(send):
    rows = [
        ["数据元", "时期", "数值", "单位"],
        ["畜禽粪污产生量", 2022, 156998.58, "吨"],
        ["规模养殖场数", 2022, 23, "家"],
    ]
    send(excel(rows), "figures.xlsx")
    assert [str(v.value.normalize()) for v in ElementValue.objects.order_by("pk")] == ["156998.58", "23"]


def test_every_fault_comes_back_with_its_row_and_nothing_is_kept(send):
    bad = GOOD + "没有的数据元,,2022,1,t,,\n农膜回收量,,2022,-3,t,,\n秸秆收集量,,二〇二二,1,亩,,抄来的备注\n"
    response = send(bad.encode("gb18030"))
    body = response.content.decode()
    assert response.status_code == 422
    assert ElementValue.objects.count() == 0
    for text in (
        "没有名为“没有的数据元”的数据元",
        "不能是负数",
        "不是年份或月份",
        "不能换算成",
        "抄来的备注",
        "有 4 处问题",
    ):
        assert text in body


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("figures.csv", b""),
        ("figures.csv", "数据元,时期\n".encode()),
        ("figures.csv", "一,二\n1,2\n".encode()),
        ("figures.csv", b"\x00\xff\xfe\x00" * 40),
        ("figures.xlsx", b"no excel at all"),
        ("figures.pdf", b"%PDF-1.4"),
    ],
)
def test_what_is_no_table_of_figures_is_refused_in_chinese(send, name, raw):
    response = send(raw, name)
    assert response.status_code == 422
    assert any(word in response.content.decode() for word in ("请", "表头", "另存为", "第一行", "空"))
    assert ElementValue.objects.count() == 0


@pytest.mark.parametrize(
    "row",
    [
        r'{"数据元": "农膜使用量", "时期": "2022", "数值": "1", "备注": "a\u0000b"}',
        '{"数据元": "农膜使用量", "时期": "2022", "数值": "%s1"}' % ("0" * 200),
        '{"数据元": "农膜使用量", "时期": "2022", "数值": "1", "单位": "%s"}' % ("t" * 30),
        '{"数据元": "农膜使用量", "时期": "2022", "数值": "1", "备注": "%s"}' % ("长" * 600),
        '{"数据元": "农膜使用量", "时期": "2022", "数值": "0.1234567890123"}',
        '{"数据元": "农膜使用量", "时期": "2022", "数值": "44713", "单位": "2022-06-01"}',
    ],
)
def test_what_the_database_could_not_hold_is_refused_before_it(send, row):
    response = send((row + "\n").encode(), "a" * 240 + ".jsonl")
    assert response.status_code == 422
    assert ElementValue.objects.count() == 0


def test_a_long_file_name_is_no_hindrance(send):
    assert "已报送" in send(GOOD.encode(), "数" * 70 + ".csv").content.decode()


def test_a_restatement_needs_a_reason(send, approved, make_value):
    approved(make_value("film_used", "450"))
    assert send(GOOD.encode()).status_code == 422
    assert ElementValue.objects.count() == 1
    send(GOOD.replace("统计表,", "统计表,原数多报").encode())
    assert ElementValue.objects.filter(status=ValueStatus.SUBMITTED).count() == 2
    assert ElementValue.objects.get(status=ValueStatus.APPROVED).value == 450


def test_the_export_can_be_handed_back_as_it_is(client, send, make_division):
    make_division("330523")
    services.load_packs()
    raw = client.get("/assessment/330523/export.xlsx").content
    assert load_workbook(io.BytesIO(raw)).active.max_row == 239
    response = send(raw, "back.xlsx")
    assert "238 个与已审核的相同" in response.content.decode()
    assert ElementValue.objects.count() == 238


def test_the_four_states_survive_export_and_upload(client, send, approved, make_value):
    states = [State.SLASH, State.BLANK, State.NOT_APPLICABLE, State.NUMBER]
    approved(*[make_value("film_used", "0", str(2018 + n), state=state) for n, state in enumerate(states)])
    response = send(client.get("/assessment/330523/export.xlsx").content, "back.xlsx")
    assert "4 个与已审核的相同" in response.content.decode()


def test_a_cell_that_looks_like_a_formula_stays_text_in_the_export(client, approved, make_value, send):
    approved(make_value(note="=1+1"))
    book = load_workbook(io.BytesIO(client.get("/assessment/330523/export.xlsx").content))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value == "=1+1"]
    assert [cell.data_type for cell in cells] == ["s"]


@pytest.mark.parametrize("role", [Role.LEADER, Role.TOWNSHIP, Role.GENERATOR, Role.CITIZEN])
def test_who_may_not_report_finds_no_page(client, make_user, role):
    client.force_login(make_user(role, "330523103" if role == Role.TOWNSHIP else "330523"))
    file = SimpleUploadedFile("a.csv", GOOD.encode())
    assert client.post("/assessment/330523/upload/", {"file": file}).status_code == 404
    assert client.get("/assessment/330523/upload/").status_code == 404
    assert ElementValue.objects.count() == 0


def test_the_same_file_twice_waits_for_approval_once(send):
    send(GOOD.encode())
    again = send(GOOD.encode()).content.decode()
    assert "另有 2 个此前已报送、尚待审核，没有重复记入" in again
    assert ElementValue.objects.count() == 2
    send(GOOD.replace("0.044", "0.045").encode())
    assert [str(v.value.normalize()) for v in ElementValue.objects.filter(element="film_used")] == [
        "4.4E+2",
        "4.5E+2",
    ]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("农膜使用量,,2022,5%,万吨,,", "数值“5%”带百分号，与单位“万吨”不一致"),
        ("农膜使用量,,2022,5％,,,", "数值“5％”带百分号，与单位“t”不一致"),
        ("农膜使用量,mars,2022,5,t,,", "范围“mars”不认识"),
        ("农膜使用量,火星,2022,5,t,,", "全域请留空"),
        ("农膜使用量,,44713,5,t,,", "时期“44713”不是年份或月份"),
        ("农膜使用量,,2022,1e400,t,,", "科学记数"),
        ("农膜使用量,,2022,NaN,t,,", "“NaN” 不是数字"),
        ("农膜使用量,,2022,Infinity,t,,", "“Infinity” 不是数字"),
        ('农膜使用量,,2022,"12,5",t,,', "逗号不是千分位"),
        ("农膜使用量,,2022,1" + "0" * 30 + ",t,,", "大得不合理"),
        ("农膜使用量,,2022,5,亩,,", "单位“亩”不能换算成“t”"),
        ("<script>alert(1)</script>,,2022,5,t,,", "没有名为“&lt;script&gt;alert(1)&lt;/script&gt;”的数据元"),
    ],
)
def test_each_slip_of_a_clerk_gets_its_message_and_keeps_nothing(send, row, says):
    response = send(f"数据元,范围,时期,数值,单位,出处,备注\n{row}\n".encode("gb18030"))
    assert response.status_code == 422
    assert says in response.content.decode()
    assert ElementValue.objects.count() == 0


def test_the_chinese_name_of_a_part_is_understood(send):
    send("数据元,范围,时期,数值\n农膜使用量,城镇,2022,5\n".encode())
    assert ElementValue.objects.get().scope == "urban"


def test_a_missing_column_is_told_once_and_not_for_each_row(send):
    response = send(("数据元,数值\n" + "农膜使用量,5\n" * 50).encode())
    assert response.status_code == 422
    assert response.content.decode().count("没有“时期”一栏") in {1, 2}  # in the list, and beside the row


def test_two_people_who_approve_one_figure_are_told_that_one_was_first(client, send):
    send(GOOD.encode())
    pk = ElementValue.objects.first().pk
    first, second = (
        client.post(f"/assessment/figure/{pk}/review/", {"decision": "approve"}, follow=True) for _ in range(2)
    )
    assert "已处理。" in first.content.decode()
    assert "这个数是“已审核”，不能审核。" in second.content.decode()
    assert ElementValue.objects.get(pk=pk).status == ValueStatus.APPROVED
    with pytest.raises(Refused, match="不能审核"):
        services.return_value(pk, actor="other", at=datetime(2026, 11, 22, tzinfo=UTC), reason="晚了")
