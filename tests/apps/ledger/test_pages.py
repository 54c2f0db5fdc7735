"""Pages of the ledger: what each role sees, what it does not (404), and files that come back with their findings."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook
from tests.apps.ledger.conftest import STORE, TRUCK, move, trip

from wufei.apps.ledger.models import MovementRecord
from wufei.apps.registry.models import Department, Division, Organisation, Role, Site, User, Vehicle

HEAD = "编号,发生日期,业务类型,废物代码,重量,单位,转出方,转入方\n"


@pytest.fixture
def people(post):
    """One person of each kind that matters, 甲厂 with site A, and a carrier with the truck."""
    parent = None
    for code, prefix, name, level in (
        ("330000", "33", "浙江省", 1),
        ("330500", "3305", "湖州市", 2),
        ("330523", "330523", "安吉县", 3),
        ("330523101", "330523101", "梅溪镇", 4),
        ("330523102", "330523102", "天子湖镇", 4),
    ):
        parent, _ = Division.objects.get_or_create(
            code=code,
            defaults={"prefix": prefix, "name": name, "level": level, "parent": parent if level < 5 else None},
        )
    firm = Organisation.objects.create(
        credit_code="91330523MA00000001", name="甲厂", division_id="330523101", kind="generator"
    )
    carrier = Organisation.objects.create(
        credit_code="91330523MA00000002", name="车队", division_id="330523", kind="carrier"
    )
    Site.objects.create(
        code="A",
        name="甲厂",
        organisation=firm,
        division_id="330523101",
        category="industrial_enterprise",
        domain="industrial",
    )
    Vehicle.objects.create(plate="V", organisation=carrier)
    department = Department.objects.create(division_id="330523", name="县卫生健康局")

    def person(role, division, **more):
        return User.objects.create_user(f"{role}-{division}", password="x", role=role, division_id=division, **more)

    return {
        "office": person(Role.PROGRAMME_OFFICE, "330523"),
        "town_a": person(Role.TOWNSHIP, "330523101"),
        "town_b": person(Role.TOWNSHIP, "330523102"),
        "firm": person(Role.GENERATOR, "330523101", organisation=firm),
        "carrier": person(Role.CARRIER, "330523", organisation=carrier),
        "health": person(Role.DEPARTMENT, "330523", department=department),
        "citizen": person(Role.CITIZEN, "330523"),
    }


@pytest.fixture
def as_(client, people):
    def enter(name):
        client.force_login(people[name])
        return client

    return enter


SEES = {
    "office": {"site:A", "site:B", "vehicle:V", "boundary:330523"},
    "town_a": {"site:A"},
    "town_b": {"site:B"},
    "firm": {"site:A"},
    "carrier": {"vehicle:V"},
    "health": set(),  # its duty is hazardous waste; the factory's site is industrial
    "citizen": set(),
}


@pytest.mark.parametrize("name", SEES)
def test_a_person_sees_the_holders_in_sight_and_404_for_the_others(post, as_, name):
    post(*trip())
    client = as_(name)
    listed = client.get("/ledger/").content.decode()
    for key in SEES["office"]:
        seen = key in SEES[name]
        assert (f">{key}<" in listed) is seen
        for address in (
            f"/ledger/holders/{key}/",
            f"/ledger/movements/?holder={key}",
            f"/ledger/movements.xlsx?holder={key}",
        ):
            assert client.get(address).status_code == (200 if seen else 404), address
            partial = client.get(address, headers={"HX-Request": "true"})
            assert partial.status_code == (200 if seen else 404), address


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("office", {"t1", "t2", "t3", "t4"}),
        ("town_a", {"t1", "t2"}),
        ("town_b", {"t3", "t4"}),
        ("firm", {"t1", "t2"}),
        ("carrier", {"t2", "t3"}),
        ("citizen", set()),
    ],
)
def test_the_list_and_the_export_hold_the_movements_in_sight_and_no_other(post, as_, name, keys):
    post(*trip(mass_g=1234567))
    client = as_(name)
    page = client.get("/ledger/movements/").content.decode()
    sheet = load_workbook(io.BytesIO(client.get("/ledger/movements.xlsx").content), read_only=True).worksheets[0]
    exported = {row[0] for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert exported == keys
    assert {key for key in ("t1", "t2", "t3", "t4") if f">{key}<" in page} == keys
    assert ("1.234567" in page) is bool(keys)


def test_an_export_that_is_cut_says_so_in_the_file_and_in_its_name(post, as_, monkeypatch):
    post(*trip())
    client = as_("office")
    for most, rows in ((4, 4), (3, 4)):
        monkeypatch.setattr("wufei.apps.ledger.views.EXPORT_MOST", most)
        answer = client.get("/ledger/movements.xlsx")
        sheet = load_workbook(io.BytesIO(answer.content), read_only=True).worksheets[0]
        first = [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)]
        assert len(first) == rows
        assert ("只导出了前 3 笔" in first[-1]) is (most == 3)
        assert ("%E5%89%8D3%E7%AC%94" in answer.headers["Content-Disposition"]) is (most == 3)  # 前3笔


def test_pages_need_a_login(client, db):
    for address in ("", "accounts/", "movements/", "movements.xlsx", "mass-balance/", "upload/", "holders/site:A/"):
        assert client.get(f"/ledger/{address}").status_code == 302


def test_movements_are_paged_by_key_sorted_and_filtered(post, as_):
    for n in range(30):
        post(*trip(f"p{n:02}-", days=n))
    client = as_("office")
    seen, address = [], "/ledger/movements/"
    while address:
        page = client.get(address).context["list"]
        seen += [row.key for row in page.rows]
        address = page.next_url
    assert seen == [f"p{n:02}-{k}" for n in reversed(range(30)) for k in (4, 3, 2, 1)]
    oldest = client.get("/ledger/movements/?sort=oldest&kind=load&from=2022-03-03&to=2022-03-04").context["list"]
    assert [row.key for row in oldest.rows] == ["p02-2", "p03-2"]
    assert client.get("/ledger/movements/?code=900-002-S17&after=x&from=y").context["list"].rows == ()


def test_the_cost_of_a_page_does_not_grow_with_rows(post, as_):
    def queries(address):
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        return len(captured)

    addresses = (
        "/ledger/",
        "/ledger/accounts/",
        "/ledger/movements/",
        "/ledger/holders/site:A/",
        "/ledger/mass-balance/",
    )
    client = as_("office")
    post(*trip("a"))
    few = [queries(address) for address in addresses]
    post(*[movement for n in range(11) for movement in trip(f"b{n}", days=n)])
    assert [queries(address) for address in addresses] == few


def test_the_mass_balance_of_a_place_in_sight(post, as_):
    post(*trip(mass_g=2_500_000))
    page = as_("office").get("/ledger/mass-balance/?year=2022")
    assert page.context["page"].holds
    # opening, generated, received, utilised, disposed, dumped, sent, closing, unexplained, residual
    assert page.context["page"].total == ("0", "2.5", "0", "2.5", "0", "0", "0", "0", "0", "0")
    assert as_("town_a").get("/ledger/mass-balance/?place=330523102").status_code == 404
    assert as_("town_a").get("/ledger/mass-balance/?place=330523").status_code == 404
    for name in ("firm", "carrier", "citizen"):
        assert as_(name).get("/ledger/mass-balance/").status_code == 404


def upload(client, text, name="台账.csv", encoding="utf-8"):
    return client.post("/ledger/upload/", {"file": SimpleUploadedFile(name, text.encode(encoding))})


def test_a_file_is_booked_on_the_page_or_comes_back_with_every_finding(post, as_):
    client = as_("office")
    good = HEAD + "k1,2022-03-01,产生,900-001-S17,1.5,吨,site:A,site:A\n"
    page = upload(client, good, encoding="gb18030").content.decode()
    assert "已入账 1 笔" in page
    assert upload(client, "").status_code == 422
    assert client.post("/ledger/upload/").status_code == 422
    bad = (
        HEAD
        + "k2,2022-03-01,产生,900-001-S17,1,磅,site:A,site:A\nk3,2022-13-01,产生,900-001-S17,-1,吨,site:A,site:A\n"
    )
    refused = upload(client, bad)
    assert refused.status_code == 422
    text = refused.content.decode()
    for words in ("不是重量单位", "负数", "不存在", "没有入账任何一笔", "3 处问题"):
        assert words in text
    assert MovementRecord.objects.count() == 1


def test_a_firm_may_move_what_it_holds_and_nobody_elses(post, as_):
    post(*trip("x", 5_000_000)[:1])
    own = HEAD + "k1,2022-03-02,装车转出,900-001-S17,1,吨,site:A,vehicle:V\n"
    assert upload(as_("firm"), own).status_code == 200
    foreign = HEAD + "k2,2022-03-02,产生,900-001-S17,1,吨,site:B,site:B\n"
    assert "不在您可以记账的范围内" in upload(as_("firm"), foreign).content.decode()
    assert MovementRecord.objects.count() == 2
    for name in ("town_a", "health", "citizen"):
        assert as_(name).get("/ledger/upload/").status_code == 404
        assert upload(as_(name), own.replace("k1", "k9")).status_code == 404
    assert MovementRecord.objects.count() == 2


def test_an_excel_file_is_booked_too(post, as_):
    from wufei.apps.spreadsheets import write_sheet

    rows = [["k1", 44621, "产生", "900-001-S17", 2, "吨", "site:A", "site:A"]]
    raw = write_sheet("台账", HEAD.strip().split(","), rows)
    given = {"file": SimpleUploadedFile("台账.xlsx", raw)}
    assert "已入账 1 笔" in as_("office").post("/ledger/upload/", given).content.decode()
    assert MovementRecord.objects.get().day == 20220301  # Excel's day 44621


def test_late_and_reversed_movements_are_told_as_such(post, as_):
    post(*trip()[:1], move(STORE, TRUCK, 1000, "load", "l", reason="磅单丢失后补"))
    assert "磅单丢失后补" in as_("office").get("/ledger/movements/").content.decode()


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        ("k,2022-03-01,偷倒,900-001-S17,1,吨,site:A,site:A", "业务类型", "业务类型“偷倒”不是已知的取值。"),
        ("k,2022-03-01,,900-001-S17,1,吨,site:A,site:A", "业务类型", "没有写业务类型。"),
        ("k,2022-03-01,产生,900-001-S17,1,吨,site:没有,site:A", "转出方", "没有登记“site:没有”。"),
        ("k,2022-03-01,产生,900-001-S99,1,吨,site:A,site:A", "废物代码", "“900-001-S99”不在名录中。"),
        ("k,2022-03-01,产生,900-001-S17,1,斗,site:A,site:A", "单位", "单位 “斗” 不是重量单位。"),
        ("k,2022-03-01,产生,900-001-S17,1e400,吨,site:A,site:A", "重量", "科学记数"),
        ("k,2022-03-01,产生,900-001-S17,1" + "0" * 30 + ",吨,site:A,site:A", "重量", "过大，一行最多"),
        ("k,2022-03-01,产生,900-001-S17,NaN,吨,site:A,site:A", "重量", "“NaN” 不是数字。"),
        ("k,03/01/2022,产生,900-001-S17,1,吨,site:A,site:A", "发生时间", "“03/01/2022” 不是能确定的日期。"),
        ("k,2022-02-30,产生,900-001-S17,1,吨,site:A,site:A", "发生时间", "不存在"),
        (",2022-03-01,产生,900-001-S17,1,吨,site:A,site:A", "编号", "没有编号。"),
        ('"k\nx",2022-03-01,产生,900-001-S17,1,吨,site:A,site:A', "编号", "“编号”含有不可见字符"),
        ("k,2022-03-01,<b>x</b>,900-001-S17,1,吨,site:A,site:A", "业务类型", "“&lt;b&gt;x&lt;/b&gt;”"),
    ],
)
def test_one_slip_gets_one_message_that_names_the_column_in_chinese(post, as_, row, column, says):
    answer = upload(as_("office"), HEAD + row + "\n", encoding="gb18030")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "有 1 处问题，没有入账任何一笔" in text
    assert f'<td class="nowrap">{column}</td>' in text
    assert says in text
    assert MovementRecord.objects.count() == 0


def test_a_file_that_is_too_large_is_refused_before_it_is_read(post, as_, monkeypatch):
    monkeypatch.setattr("wufei.apps.web.LARGEST_UPLOAD", 1024 * 1024)
    answer = upload(as_("office"), HEAD + "x" * (2 * 1024 * 1024))
    assert answer.status_code == 422
    assert "文件有 2 MB，最多 1 MB。" in answer.content.decode()
