"""Contracts with their files, handling plans with their approval."""

import hashlib
import io
from datetime import date, datetime

import pytest
from django.http import Http404
from django.urls import reverse

from wufei.apps.declarations import selectors, services
from wufei.apps.declarations.agreements import file_path
from wufei.apps.declarations.models import Contract, HandlingPlan
from wufei.core.findings import Refused
from wufei.core.ledger import SHANGHAI

from .conftest import AT, OIL

pytestmark = pytest.mark.django_db
HEAD = {
    "project": "某工程", "builder": "甲", "contractor": "乙", "begins_on": "2026-03-10", "ends_on": "2026-12-31",
    "manager": "王小明", "phone": "13812345678", "measures": "分类堆放",
}  # fmt: skip
TABLES = {
    "wastes": [{"waste_code": "900-001-S70", "planned_g": "100"}],
    "carriers": [{"name": "丙运输"}],
    "receivers": [{"name": "丁消纳场", "kind": "landfill", "planned_g": "100"}],
}


def codes(error):
    return [finding.code for finding in error.value.findings]


def contract(site, receiver, number="HT-1", file=None, **more):
    head = {
        "number": number, "receiver": receiver.organisation.name, "receiver_code": receiver.organisation.credit_code,
        "valid_from": "2026-01-01", "valid_to": "2026-12-31", **more,
    }  # fmt: skip
    items = [{"waste_code": OIL, "method": "R9", "mass_g": "5"}]
    return services.record_contract(
        generator=site.organisation, head=head, items=items, actor="firm", at=AT, file=file
    )


def covering(site, receiver, code=OIL, on=date(2026, 6, 1)):
    return selectors.contract_covering(site.organisation_id, receiver.organisation_id, code, on)


def test_a_contract_covers_its_wastes_and_days(site, receiver, owner):
    made = contract(site, receiver)
    assert covering(site, receiver) == made
    assert covering(site, receiver, on=date(2027, 1, 1)) is None
    assert covering(site, receiver, code="900-039-49") is None
    assert covering(receiver, site) is None
    own = selectors.own_contracts(owner)
    services.end_contract(own, pk=made.pk, on=date(2026, 5, 31), reason="换厂", actor="firm", at=AT)
    assert covering(site, receiver) is None
    assert covering(site, receiver, on=date(2026, 5, 31)) == made
    with pytest.raises(Refused) as error:
        services.end_contract(own, pk=made.pk, on=date(2026, 5, 31), reason="再", actor="firm", at=AT)
    assert codes(error) == ["already_ended"]


def test_a_number_is_recorded_once_a_generator(site, receiver):
    contract(site, receiver)
    with pytest.raises(Refused) as error:
        contract(site, receiver)
    assert codes(error) == ["contract_exists"]


def test_the_file_is_kept_by_its_digest(site, receiver, settings):
    raw = b"%PDF-1.7 contract"
    made = contract(site, receiver, file=("合同.pdf", raw))
    assert made.file_sha256 == hashlib.sha256(raw).hexdigest()
    assert file_path(made.file_sha256).read_bytes() == raw
    with pytest.raises(Refused) as error:
        contract(site, receiver, number="HT-2", file=("a.exe", raw))
    assert codes(error) == ["wrong_file_kind"]
    assert not Contract.objects.filter(number="HT-2").exists()


def test_a_contract_through_the_pages_is_seen_by_both_parties(client, site, receiver, owner, make_user):
    client.force_login(owner)
    file = io.BytesIO(b"%PDF-1.7 x")
    file.name = "合同.pdf"
    sent = {
        "number": "HT-9", "receiver": receiver.organisation.name, "valid_from": "2026-01-01",
        "valid_to": "2026-12-31",
        "r1-waste_code": OIL, "r1-method": "R9", "r1-mass_g": "5",
    }  # fmt: skip
    assert client.post(reverse("declarations:contract-new"), {**sent, "valid_to": ""}).status_code == 422
    assert (
        "r7-waste_code"
        not in client.post(reverse("declarations:contract-new"), {**sent, "more": "1"}).content.decode()
    )
    answer = client.post(reverse("declarations:contract-new"), {**sent, "file": file})
    assert answer.status_code == 302, answer.content.decode()
    made = Contract.objects.get()
    taker = make_user("plant", "facility", organisation=receiver.organisation)
    stranger = make_user("other", "generator")
    for user, status in ((owner, 200), (taker, 200), (stranger, 404)):
        client.force_login(user)
        assert client.get(answer.url).status_code == status
        kept = client.get(reverse("declarations:contract-file", args=[made.pk]))
        assert kept.status_code == status
    client.force_login(taker)
    end = reverse("declarations:contract-end", args=[made.pk])
    assert client.post(end, {"on": "2026-06-01", "reason": "x"}).status_code == 404
    client.force_login(owner)
    assert client.post(end, {"on": "六月", "reason": "x"}).status_code == 422
    assert client.post(end, {"on": "2026-06-01", "reason": "换厂"}).status_code == 302
    assert "HT-9" in client.get(reverse("declarations:contracts")).content.decode()


# --- Handling plans -----------------------------------------------------------------------------------------------


@pytest.fixture
def works(make_site):
    return make_site(3, domain="construction", category="construction_site")


@pytest.fixture
def builder(works, make_user):
    return make_user("builder", "generator", organisation=works.organisation)


def submit(works, at=AT, reason="", **head):
    return services.submit_handling_plan(
        site=works, head={**HEAD, **head}, tables=TABLES, actor="builder", at=at, reason=reason
    )


def decide(user, plan, approve=True, reason=""):
    rows = selectors.decidable_handling_plans(user)
    return services.decide_handling_plan(rows, pk=plan.pk, approve=approve, reason=reason, actor="x", at=AT)


def test_filed_before_works_begin_and_approved_by_the_department_of_construction(works, make_user):
    plan = submit(works)
    assert (plan.number, plan.status, plan.is_late) == ("JZFA-330523-2026-000001", "submitted", False)
    assert selectors.handling_plan_of(works.pk, date(2026, 4, 1)).status == "submitted"
    farm = make_user("nyj", "department", department="农业农村局")
    with pytest.raises(Http404):
        decide(farm, plan)
    decide(make_user("zf", "enforcement", department="综合执法局"), plan)
    found = selectors.handling_plan_of(works.pk, date(2026, 4, 1))
    assert (found.status, found.content["wastes"][0]["planned_g"]) == ("approved", 100_000_000)
    assert selectors.handling_plan_of(works.pk, date(2027, 4, 1)) is None


def test_late_is_kept_and_flagged(works):
    assert submit(works, at=datetime(2026, 3, 10, 1, tzinfo=SHANGHAI)).is_late


def test_an_approved_plan_holds_until_its_change_is_approved(works, make_user):
    office = make_user()
    first = decide(office, submit(works))
    with pytest.raises(Refused) as error:
        submit(works)
    assert codes(error) == ["missing_reason"]
    second = submit(works, reason="增加土方")
    assert selectors.handling_plan_of(works.pk, date(2026, 4, 1)) == first
    with pytest.raises(Refused) as error:
        decide(office, second, approve=False)
    assert codes(error) == ["missing_reason"]
    decide(office, second, approve=False, reason="去处不明")
    third = decide(office, submit(works, reason="已改"))
    assert [p.status for p in HandlingPlan.objects.order_by("version")] == ["superseded", "superseded", "approved"]
    assert selectors.handling_plan_of(works.pk, date(2026, 4, 1)) == third
    with pytest.raises(Refused) as error:
        decide(office, third)
    assert codes(error) == ["wrong_status"]


def test_a_handling_plan_through_the_pages(client, works, builder, make_user):
    client.force_login(builder)
    url = reverse("declarations:handling-new", args=[works.code])
    assert works.name in client.get(reverse("declarations:handling-plans")).content.decode()
    sent = dict(HEAD)
    for table, rows in TABLES.items():
        sent |= {f"{table}.{i}-{name}": value for i, row in enumerate(rows, 1) for name, value in row.items()}
    answer = client.post(url, {**sent, "receivers.1-planned_g": "90"})
    assert answer.status_code == 422
    assert "相差 10 吨" in answer.content.decode()
    answer = client.post(url, sent)
    plan = HandlingPlan.objects.get()
    assert answer.url == reverse("declarations:handling-plan", args=[plan.pk])
    page = client.get(answer.url).content.decode()
    assert "138****5678" in page
    assert "13812345678" not in page
    decide_url = reverse("declarations:handling-decide", args=[plan.pk])
    assert client.post(decide_url, {"decision": "approve"}).status_code == 404
    client.force_login(make_user())
    assert client.post(decide_url, {"decision": "return"}).status_code == 422
    assert client.post(decide_url, {"decision": "approve"}).status_code == 302
    assert "已批准" in client.get(reverse("declarations:handling-plans"), {"status": "approved"}).content.decode()
    client.force_login(builder)
    assert "某工程" in client.get(url).content.decode()  # a change begins with the version before
