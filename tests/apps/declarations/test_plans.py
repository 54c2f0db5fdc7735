"""The life of a management plan: filed with a number, changed as a version, returned, used."""

import io
from datetime import date, timedelta

import pypdfium2
import pytest
from django.db import connection, transaction
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import CalamineWorkbook

from wufei.apps.declarations import plans, selectors, services
from wufei.apps.declarations.models import ManagementPlan
from wufei.apps.declarations.numbers import next_number
from wufei.apps.facts.models import Fact
from wufei.apps.ledger import services as ledger
from wufei.core.findings import Refused
from wufei.core.ledger import Account, Bucket, Movement

from .conftest import AT, OIL, TONNE, tables

pytestmark = pytest.mark.django_db


def codes(error):
    return [finding.code for finding in error.value.findings]


def test_filing_gives_a_number_and_the_transfers(filed, receiver, site):
    assert (filed.status, filed.number, filed.grade) == ("filed", "GLJH-330523-2026-000001", "registered")
    assert not filed.is_late
    (row,) = selectors.plan_transfers_of(site.pk, on=date(2026, 11, 1))
    assert (row.waste_code, row.receiver_id, row.method) == (OIL, receiver.organisation_id, "R9")
    assert (row.planned_g, row.used_g, row.remaining_g) == (5 * TONNE, 0, 5 * TONNE)
    assert selectors.plan_transfers_of(site.pk, on=date(2025, 11, 1)) == []
    assert Fact.objects.get(verb="file_plan").document == filed.number


def test_an_empty_draft_is_refused_with_everything_that_is_missing(site, owner):
    plan = plans.start_plan(site=site, year=2026, actor="firm", at=AT)
    with pytest.raises(Refused) as error:
        plans.file_plan(selectors.own_plans(owner), pk=plan.pk, actor="firm", at=AT)
    assert {f.field for f in error.value.findings} == {"A1.industry", "A1.manager", "A1.manager_phone", "A3"}
    plan.refresh_from_db()
    assert (plan.status, plan.number) == ("draft", "")


def test_a_late_filing_is_kept_and_flagged(draft, owner):
    plan = plans.file_plan(selectors.own_plans(owner), pk=draft.pk, actor="firm", at=AT + timedelta(days=31))
    assert (plan.status, plan.is_late) == ("filed", True)  # 1 April


def test_a_second_plan_of_the_year_is_refused(draft, site):
    with pytest.raises(Refused) as error:
        plans.start_plan(site=site, year=2026, actor="firm", at=AT)
    assert codes(error) == ["plan_exists"]


def test_a_change_is_a_new_version_and_what_is_used_stays(filed, owner, site, receiver):
    own = selectors.own_plans(owner)
    used = {"site_id": site.pk, "year": 2026, "waste_code": OIL, "receiver_id": receiver.organisation_id}
    services.add_to_plan(services.plan_line(**used), 2 * TONNE)
    second = plans.change_plan(own, pk=filed.pk, reason="产量增加", actor="firm", at=AT)
    plans.save_plan(own, pk=second.pk, rows=tables(receiver, 8 * TONNE), actor="firm", at=AT)
    assert selectors.plan_in_force(site.pk, date(2026, 6, 1)) == filed  # the draft changes nothing yet
    second = plans.file_plan(own, pk=second.pk, actor="firm", at=AT)
    filed.refresh_from_db()
    assert (filed.status, second.version, second.number) == ("superseded", 2, "GLJH-330523-2026-000002")
    (row,) = selectors.plan_transfers_of(site.pk, on=date(2026, 6, 1))
    assert (row.planned_g, row.used_g) == (8 * TONNE, 2 * TONNE)
    with pytest.raises(Refused):
        plans.change_plan(own, pk=filed.pk, reason="再改", actor="firm", at=AT)


def test_use_beyond_the_plan_is_counted_and_told_never_refused(filed, site, receiver):
    used = {"site_id": site.pk, "year": 2026, "waste_code": OIL, "receiver_id": receiver.organisation_id}

    def remaining():
        rows = selectors.plan_transfers_of(site.pk, on=date(2026, 6, 1))
        return [(row.waste_code, row.remaining_g) for row in rows]

    services.add_to_plan(services.plan_line(**used), 6 * TONNE)
    assert remaining() == [(OIL, -TONNE)]
    services.add_to_plan(services.plan_line(**used), -2 * TONNE)  # a manifest was refused
    services.add_to_plan(services.plan_line(**{**used, "waste_code": "900-039-49"}), 7)
    assert remaining() == [(OIL, TONNE), ("900-039-49", -7)]


def test_use_is_undone_with_the_callers_transaction(filed, site, receiver):
    with transaction.atomic():
        line = services.plan_line(site_id=site.pk, year=2026, waste_code=OIL, receiver_id=receiver.organisation_id)
        services.add_to_plan(line, TONNE)
        transaction.set_rollback(True)
    assert selectors.plan_transfers_of(site.pk, on=date(2026, 6, 1))[0].used_g == 0


def test_return_needs_a_reason_and_takes_the_plan_out_of_force(filed, owner, site, make_user):
    office = selectors.reviewable_plans(make_user())
    with pytest.raises(Refused) as error:
        plans.return_plan(office, pk=filed.pk, reason=" ", actor="office", at=AT)
    assert codes(error) == ["missing_reason"]
    plans.return_plan(office, pk=filed.pk, reason="代码有误", actor="office", at=AT)
    assert selectors.plan_transfers_of(site.pk, on=date(2026, 6, 1)) == []
    draft = plans.change_plan(selectors.own_plans(owner), pk=filed.pk, reason="已改", actor="firm", at=AT)
    assert plans.file_plan(selectors.own_plans(owner), pk=draft.pk, actor="firm", at=AT).status == "filed"


def test_the_ledger_tells_a_year_that_was_left_blank(site, owner):
    holder = f"site:{site.code}"
    movement = Movement(
        Account(holder, OIL, Bucket.GENERATED), Account(holder, OIL, Bucket.STORED), 120 * TONNE,
        AT.replace(year=2025), "generate", "weighing:1", "k1",
    )  # fmt: skip
    ledger.post([movement], actor="firm", recorded_at=AT)
    plan = plans.start_plan(site=site, year=2026, actor="firm", at=AT)
    row = {"operating_since": "2020-01-01", "own_facility": "no", "has_permit": "no"}
    plan = plans.save_plan(selectors.own_plans(owner), pk=plan.pk, rows={"basis": [row]}, actor="firm", at=AT)
    assert (plan.grade, plans.basis(plan).annual_g) == ("key", 120 * TONNE)


def test_numbers_are_given_once_and_back_when_the_transaction_fails(db):
    with transaction.atomic():
        assert [next_number("s"), next_number("s"), next_number("other")] == [1, 2, 1]
    with transaction.atomic():
        assert next_number("s") == 3
        transaction.set_rollback(True)
    with transaction.atomic():
        assert next_number("s") == 3


def test_only_the_sites_own_people_write(draft, make_user):
    for user in (make_user(), make_user("other", "generator")):
        with pytest.raises(Http404):
            plans.file_plan(selectors.own_plans(user), pk=draft.pk, actor="x", at=AT)


def test_a_draft_is_seen_by_its_own_people_alone(draft, owner, make_user):
    assert not selectors.visible_plans(make_user()).exists()
    assert selectors.visible_plans(owner).exists()


# --- Pages --------------------------------------------------------------------------------------------------------


def test_a_plan_is_filled_in_and_filed_through_the_pages(client, site, owner, receiver):
    client.force_login(owner)
    answer = client.post(reverse("declarations:plan-new"), {"site": site.pk, "year": 2026})
    plan = ManagementPlan.objects.get()
    assert answer.url == reverse("declarations:plan", args=[plan.pk])
    for table, rows in tables(receiver).items():
        sent = {
            f"r{i}-{name}": str(v / TONNE) if name.endswith("_g") else v
            for i, row in enumerate(rows, 1)
            for name, v in row.items()
        }
        answer = client.post(reverse("declarations:plan-edit", args=[plan.pk, table]), sent)
        assert answer.status_code == 302, answer.content.decode()
    answer = client.post(reverse("declarations:plan-file", args=[plan.pk]))
    assert answer.url == reverse("declarations:plan-receipt", args=[plan.pk])
    assert "GLJH-330523-2026-000001" in client.get(answer.url).content.decode()
    shown = client.get(reverse("declarations:plan", args=[plan.pk])).content.decode()
    assert "138****5678" in shown
    assert "13812345678" not in shown


def test_a_wrong_cell_is_told_and_what_was_typed_stays(client, draft, owner):
    client.force_login(owner)
    url = reverse("declarations:plan-edit", args=[draft.pk, "A3"])
    answer = client.post(url, {"r1-waste_code": "900-999-00", "r1-form": "L", "r1-planned_g": "五吨"})
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "五吨" in shown
    assert "900-999-00" in shown
    draft.refresh_from_db()
    assert draft.content["A3"][0]["waste_code"] == OIL


def test_filing_an_incomplete_draft_lists_what_is_missing(client, site, owner):
    client.force_login(owner)
    plan = plans.start_plan(site=site, year=2026, actor="firm", at=AT)
    answer = client.post(reverse("declarations:plan-file", args=[plan.pk]))
    assert answer.status_code == 422
    assert "表 A.3" in answer.content.decode()


def test_the_workbook_has_the_tables_of_the_grade(client, filed, owner, make_user):
    url = reverse("declarations:plan-export", args=[filed.pk])
    for user, phone in ((owner, "13812345678"), (make_user(), "138****5678")):
        client.force_login(user)
        book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(url).content))
        assert [name[:5] for name in book.sheet_names] == ["分级依据", "表 A.1", "表 A.3", "表 A.7"]
        assert phone in str(book.get_sheet_by_index(1).to_python())


def test_the_plan_prints_with_its_tables_and_masks_phones_of_others(client, filed, owner, make_user):
    url = reverse("declarations:plan-pdf", args=[filed.pk])
    for user, phone in ((owner, "13812345678"), (make_user(), "138****5678")):
        client.force_login(user)
        answer = client.get(url)
        assert answer["Content-Type"] == "application/pdf"
        pages = pypdfium2.PdfDocument(answer.content)
        text = "".join(page.get_textpage().get_text_range() for page in pages)
        assert phone in text
        for words in ("分级依据", "表 A.1", "表 A.3", "表 A.7", filed.number, OIL):
            assert words in text, words


def test_the_list_is_filtered_and_its_queries_do_not_grow(client, make_user, make_site):
    client.force_login(make_user())

    def count():
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("declarations:plans"))
        return len(captured)

    def add(number, status="filed"):
        ManagementPlan.objects.create(
            site=make_site(number), year=2026, version=1, status=status, grade="key", number=f"N{number}",
            created_at=AT, created_by="x", filed_at=AT,
        )  # fmt: skip

    add(1)
    few = count()
    for number in range(2, 32):
        add(number)
    assert count() == few
    add(40, "returned")
    shown = client.get(reverse("declarations:plans"), {"status": "returned", "year": "2026"}).content.decode()
    assert "单位0040" in shown
    assert "单位0002" not in shown
    book = client.get(reverse("declarations:plans-export"), {"status": "returned"}).content
    assert len(CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()) == 2
