"""Transfers across the province through the pages: applied for, advanced, decided, listed, taken away."""

import io
import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from wufei.apps.manifests.services import advance, create_manifest
from wufei.apps.registry.models import CompensationRate, RegionTransfer, Site, User
from wufei.core.manifest import Event

from .conftest import OIL, PAINT
from .test_statements import DETAIL, statements

LIST = "/registry/transfers/"
TODAY = timezone.localdate


def form(**more):
    """The application that the maker hands in: two wastes to 广德."""
    return {
        "site": "S-maker", "direction": "out", "other_name": "广德某利用公司", "other_place": "安徽省宣城市广德市",
        "asked_from": TODAY().isoformat(), "asked_until": (TODAY() + timedelta(days=200)).isoformat(),
        "r1-waste_code": OIL, "r1-method": "R9", "r1-mass_g": "100",
        "r2-waste_code": PAINT, "r2-method": "R1", "r2-mass_g": "7.5",
    } | more  # fmt: skip


@pytest.fixture
def as_(world, client):
    def log_in(name):
        client.force_login(world.people[name])
        return client

    return log_in


@pytest.fixture
def applied(as_):
    answer = as_("maker").post(f"{LIST}new/", form())
    assert answer.status_code == 302, answer.content.decode()
    return RegionTransfer.objects.get()


def text_of(answer):
    return answer.content.decode()


def step(client, transfer, event, **more):
    return client.post(f"{LIST}{transfer.pk}/step/", {"event": event, "on": TODAY().isoformat()} | more)


def granted(as_, transfer, **more):
    """Bring an application to its decision and grant it."""
    office = as_("office")
    for event in ("accept", "first_review", "reply"):
        assert step(office, transfer, event).status_code == 302
    answer = office.post(f"{LIST}{transfer.pk}/decide/", {"decision": "grant", "number": "皖环转8号"} | more)
    assert answer.status_code == 302, text_of(answer)
    transfer.refresh_from_db()
    return transfer


def test_all_that_is_wrong_with_an_application_is_told_and_nothing_is_lost(as_):
    answer = as_("maker").post(
        f"{LIST}new/", form(site="", other_place="安吉县", asked_until="", note="路线备注", **{"r2-mass_g": "many"})
    )
    shown = text_of(answer)
    assert answer.status_code == 422
    assert "有 4 处问题" in shown
    for kept in ("广德某利用公司", 'value="many"', "路线备注", f'value="{OIL}"'):
        assert kept in shown
    assert not RegionTransfer.objects.exists()
    more = text_of(as_("maker").post(f"{LIST}new/", form(more="1")))
    assert "r7-waste_code" in more
    assert 'value="7.5"' in more


def test_an_application_goes_its_way_and_says_who_is_due(as_, applied):
    shown = text_of(as_("maker").get(f"{LIST}{applied.pk}/"))
    assert "移出地主管部门应在" in shown
    assert 'value="withdraw"' in shown
    assert 'value="accept"' not in shown
    assert "作出决定" not in shown
    office = as_("office")
    answer = step(office, applied, "request_completion", note="")
    assert answer.status_code == 422
    assert "没有写原因" in text_of(answer)
    assert step(office, applied, "request_completion", note="缺合同").status_code == 302
    assert step(as_("maker"), applied, "complete", note="已补").status_code == 302
    assert step(as_("maker"), applied, "accept").status_code == 422  # it is the office's
    assert step(as_("office"), applied, "grant").status_code == 422  # no number, no days: it has a form of its own
    row = granted(as_, applied)
    assert (row.status, row.due_on) == ("granted", None)
    assert [line.granted_g for line in row.lines.all()] == [100_000_000, 7_500_000]
    shown = text_of(as_("maker").get(f"{LIST}{applied.pk}/"))
    assert "皖环转8号" in shown
    assert "缺合同" in shown


def test_a_decision_shows_every_fault_and_keeps_what_was_typed(as_, applied):
    office, url = as_("office"), f"{LIST}{applied.pk}/decide/"
    assert office.get(url).status_code == 404  # nothing to decide yet
    step(office, applied, "accept")
    assert "现在只能不予批准" in text_of(office.get(url))
    for event in ("first_review", "reply"):
        step(office, applied, event)
    oil, paint = applied.lines.all()
    assert f'name="granted-{oil.pk}" value="100"' in text_of(office.get(url))
    wrong = {"decision": "grant", "number": "", "valid_until": "2099-01-01", f"granted-{oil.pk}": "100.5"}
    answer = office.post(url, wrong)
    assert answer.status_code == 422
    assert "有 3 处问题" in text_of(answer)
    assert 'value="100.5"' in text_of(answer)
    assert office.post(url, {"note": "x"}).status_code == 422  # neither button
    assert office.post(url, {"decision": "refuse"}).status_code == 422
    part = {"decision": "grant", "number": "皖9号", f"granted-{oil.pk}": "60", f"granted-{paint.pk}": "0"}
    assert office.post(url, part).status_code == 302
    assert [line.granted_g for line in applied.lines.all()] == [60_000_000, 0]
    assert office.post(url, part).status_code == 404
    assert step(office, applied, "revoke").status_code == 422
    assert step(office, applied, "revoke", note="许可证被吊销").status_code == 302


@pytest.mark.parametrize(
    ("more", "grant", "refuse"),
    [
        ({}, "批准", "不予批准"),
        ({"r1-waste_code": "900-001-S17", "r2-waste_code": "", "r2-method": "", "r2-mass_g": ""}, "备案", "不予备案"),
    ],
)
def test_a_decision_is_called_by_what_is_asked_for(as_, more, grant, refuse):
    as_("maker").post(f"{LIST}new/", form(**more))
    applied = RegionTransfer.objects.get()
    office = as_("office")
    step(office, applied, "accept")
    if applied.kind == "approval":
        step(office, applied, "first_review")
        step(office, applied, "reply")
    url = f"{LIST}{applied.pk}/decide/"
    shown = text_of(office.get(url))
    assert re.findall(r'name="decision"[^>]*>([^<]+)<', shown) == [grant, refuse]
    assert f"说明（{refuse}须写明理由）" in shown
    assert f"{grant}编号" in shown
    assert f"没有选择{grant}还是{refuse}。" in text_of(office.post(url, {"note": "x"}))
    assert f"“{refuse}”没有写原因" in text_of(office.post(url, {"decision": "refuse"}))
    told = text_of(office.post(url, {"decision": "refuse", "note": "材料不实"}, follow=True))
    assert f"已登记决定：{refuse}。" in told
    assert f'bg-red-lt">{refuse}</span>' in told
    assert refuse in text_of(office.get(LIST))
    assert "（备案）" not in told


def key_of(answer):
    return re.search(r'name="key" value="([^"]+)"', text_of(answer))[1]


def test_a_form_that_is_sent_twice_makes_one_application(as_):
    maker, url = as_("maker"), f"{LIST}new/"
    key = key_of(maker.get(url))
    first = maker.post(url, form(key=key))
    again = maker.post(url, form(key=key))  # a second click, or back and once more
    made = RegionTransfer.objects.get()
    assert first.url == again.url == f"{LIST}{made.pk}/"
    assert made.history.count() == 1
    changed = maker.post(url, form(key=key, other_name="另一家公司"))
    assert changed.status_code == 422
    assert f"已经提出过申请 {made.pk}" in text_of(changed)
    assert "另一家公司" in text_of(changed)
    assert RegionTransfer.objects.count() == 1
    meant = maker.post(url, form(key=key_of(changed), other_name="另一家公司"))
    assert meant.status_code == 302
    assert RegionTransfer.objects.count() == 2
    assert key_of(maker.get(url)) != key


def test_a_form_that_comes_back_with_faults_keeps_its_key(as_):
    maker, url = as_("maker"), f"{LIST}new/"
    key = key_of(maker.get(url))
    assert key_of(maker.post(url, form(key=key, other_name=""))) == key
    assert key_of(maker.post(url, form(key=key, more="1"))) == key


def test_only_the_own_firm_and_the_office_in_charge_find_it(as_, applied, world):
    for name, status in (("maker", 200), ("office", 200), ("stranger", 404), ("plant", 404), ("longyou", 404)):
        assert as_(name).get(f"{LIST}{applied.pk}/").status_code == status, name
        assert ("广德某利用公司" in text_of(as_(name).get(LIST))) is (status == 200), name
    assert step(as_("stranger"), applied, "withdraw").status_code == 404
    User.objects.filter(username="office").update(role="leader")
    world.people["office"].refresh_from_db()
    assert as_("office").get(f"{LIST}{applied.pk}/").status_code == 200
    assert step(as_("office"), applied, "accept").status_code == 404
    assert as_("office").get(f"{LIST}new/").status_code == 404
    applied.refresh_from_db()
    assert applied.status == "applied"


@pytest.mark.parametrize(("asked", "found"), [
    ("", True), ("q=广德", True), ("q=nothing", False), ("direction=out", True), ("direction=in", False),
    ("kind=approval", True), ("kind=filing", False), ("status=applied", True), ("status=granted", False),
    ("due=open", True), ("due=late", False), ("due=week", True), ("due=ending", False), ("code=900-252", True),
    ("code=900-001-S17", False), ("status=nonsense&due=nonsense", True), ("sort=-site__name", True),
])  # fmt: skip
def test_the_list_and_its_export_follow_search_and_filters(as_, applied, asked, found):
    RegionTransfer.objects.update(due_on=TODAY() + timedelta(days=5))
    client = as_("office")
    assert (f"申请 {applied.pk}" in text_of(client.get(f"{LIST}?{asked}"))) is found
    rows = list(load_workbook(io.BytesIO(client.get(f"{LIST}export.xlsx?{asked}").content)).active.values)
    assert len(rows) == 1 + 2 * found
    if found:
        assert [row[8:11] for row in rows[1:]] == [(OIL, "R9", 100), (PAINT, "R1", 7.5)]


def test_what_is_late_is_marked(as_, applied):
    RegionTransfer.objects.update(due_on=date(2026, 1, 5))
    shown = text_of(as_("office").get(f"{LIST}?due=late"))
    assert "2026-01-05" in shown
    assert "逾期" in shown


def test_a_manifest_leads_to_its_approval_and_back(as_, applied, world, document):
    granted(as_, applied)
    RegionTransfer.objects.update(valid_from=date(2026, 1, 1), decided_on=date(2026, 1, 1))
    leaving = document | {
        "wastes": document["wastes"][:1], "carriers": document["carriers"][:1],
        "receiver": {"outside": "广德某利用公司"},
        "region": {"kind": "out", "division": "安徽省宣城市广德市", "approval": "皖环转8号"},
    }  # fmt: skip
    number = create_manifest(leaving, act=world.act("maker")).number
    advance(number, Event.SUBMIT, {}, act=world.act("maker", hours=1))
    here, there = f"/manifests/{number}/", f"{LIST}{applied.pk}/"
    assert there in text_of(as_("maker").get(here))
    advance(number, Event.DEPART, {}, act=world.act("carrier", hours=2))
    for name in ("maker", "office"):
        client = as_(name)
        with CaptureQueriesContext(connection) as captured:
            assert there in text_of(client.get(here))
        assert len(statements(captured)) <= DETAIL
        shown = text_of(as_(name).get(there))
        assert here in shown
        assert "98.2" in shown  # 100 t granted, 1.8 t gone
    assert there not in text_of(as_("carrier").get(here))  # the application is the maker's


def test_a_page_costs_the_same_with_more_applications(as_, applied):
    counts = []
    for _ in range(2):
        client = as_("office")
        for url in (LIST, f"{LIST}{applied.pk}/"):
            with CaptureQueriesContext(connection) as captured:
                assert client.get(url).status_code == 200
            counts.append(len(statements(captured)))
        for _ in range(30):
            as_("maker").post(f"{LIST}new/", form())
    assert counts[:2] == counts[2:]
    assert max(counts) <= 8


@pytest.fixture
def shaoxing(world):
    """The maker lies in 嵊州 of 绍兴, whose office enters rates."""
    Site.objects.filter(pk=world.sites["maker"].pk).update(division_id="330683")
    User.objects.filter(username="office").update(division_id="330600")
    world.people["office"].refresh_from_db()


def test_a_rate_is_entered_with_its_source_and_tells_what_is_due(as_, world, shaoxing):
    as_("maker").post(f"{LIST}new/", form())
    transfer = RegionTransfer.objects.get()
    transfer.lines.filter(waste_code=OIL).update(used_g=2_500_000)
    office, here = as_("office"), f"{LIST}{transfer.pk}/"
    assert "未定" in text_of(office.get(here))
    rate = {"place": "330600", "domain": "hazardous", "yuan_per_t": "80.50", "valid_from": "2026-01-01"}
    answer = office.post(f"{LIST}rates/", rate | {"yuan_per_t": "-1"})
    assert answer.status_code == 422
    assert "有 2 处问题" in text_of(answer)
    assert office.post(f"{LIST}rates/", rate | {"domain": "kitchen", "source": "x"}).status_code == 422
    assert office.post(f"{LIST}rates/", rate | {"place": "330523", "source": "x"}).status_code == 404
    assert not CompensationRate.objects.exists()
    assert office.post(f"{LIST}rates/", rate | {"source": "绍环发〔2026〕1号"}).status_code == 302
    assert "绍环发〔2026〕1号" in text_of(office.get(f"{LIST}rates/"))
    assert "201.25 元" in text_of(office.get(here))  # 2.5 t at 80.50 yuan
    assert as_("maker").get(f"{LIST}rates/").status_code == 404
    assert as_("longyou").get(f"{LIST}rates/").status_code == 404
