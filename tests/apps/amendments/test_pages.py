"""The pages of amendments and correction requests."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from wufei.apps.amendments import selectors, services
from wufei.apps.amendments.models import AmendmentRecord, CorrectionRequest
from wufei.core.amendment import State

from .conftest import SUBJECT

pytestmark = pytest.mark.django_db
ASK = f"?subject={SUBJECT}&pointer=/wastes/0/mass_g&pointer=/generator/note"


@pytest.fixture
def page(client):
    def open_as(user, name, *values, query="", **posted):
        client.force_login(user)
        address = reverse(f"amendments:{name}", args=values) + query
        answer = client.post(address, posted) if posted else client.get(address)
        return answer, answer.content.decode()

    return open_as


def ask(memos, user, pointer="/wastes/0/mass_g", after=1100, at=None):
    new = services.NewAmendment(
        SUBJECT, [memos.change(pointer, after)], reason="笔误", evidence=services.Evidence("磅单.pdf", b"%PDF-")
    )
    return services.request_amendment(new, user=user, at=at or timezone.now())


def test_a_change_is_asked_answered_and_shown(memos, people, page):
    _, shown = page(people["generator"], "ask", query=ASK)
    assert 'value="1000"' in shown
    answer, _ = page(
        people["generator"], "ask", query=ASK, field0="1100", field1="", reason="笔误",
        evidence=SimpleUploadedFile("磅单.pdf", b"%PDF-1.7"),
    )  # fmt: skip
    row = AmendmentRecord.objects.get()
    assert answer.url == reverse("amendments:detail", args=[row.pk])
    assert row.changes == [{"pointer": "/wastes/0/mass_g", "before": 1000, "after": 1100}]
    _, shown = page(people["receiver"], "index")
    assert "备忘 1" in shown
    assert "还剩" in shown
    _, shown = page(people["receiver"], "detail", row.pk)
    assert "<del>1000</del>" in shown
    assert "<ins>1100</ins>" in shown
    assert page(people["receiver"], "evidence", row.pk)[0].content == b"%PDF-1.7"
    page(people["receiver"], "detail", row.pk, action="agree", comment="属实")
    assert AmendmentRecord.objects.get().status == State.AGREED
    assert memos.document["wastes"][0]["mass_g"] == 1100
    _, shown = page(people["receiver"], "index")
    assert "没有等您答复的修改申请" in shown
    _, shown = page(people["receiver"], "index", query="?show=all")
    assert "已同意" in shown


def test_what_is_wrong_stands_on_the_form_with_what_was_typed(memos, people, page):
    answer, shown = page(people["generator"], "ask", query=ASK, field0="很多", field1="", reason="")
    assert (answer.status_code, "应为整数" in shown, 'value="很多"' in shown) == (422, True, True)
    answer, shown = page(people["generator"], "ask", query=ASK, field0="7", field1="", reason="")
    for told in ("没有写修改原因", "要附凭证"):
        assert told in shown
    assert not AmendmentRecord.objects.exists()


@pytest.mark.parametrize("who", ["stranger"])
def test_who_has_no_part_finds_nothing(memos, people, page, who):
    row = ask(memos, people["generator"])
    for name, values in [("detail", [row.pk]), ("evidence", [row.pk]), ("ask", []), ("ask-correction", [])]:
        assert page(people[who], name, *values, query=f"?subject={SUBJECT}")[0].status_code == 404
    assert page(people[who], "detail", row.pk, action="agree")[0].status_code == 404
    assert "备忘" not in page(people[who], "index", query="?show=all")[1]
    assert AmendmentRecord.objects.get().status == State.OPEN


def test_opening_an_overdue_amendment_to_answer_settles_it_first(memos, people, page):
    row = ask(memos, people["generator"], at=timezone.now() - timedelta(days=30))
    assert "同意修改" not in page(people["receiver"], "detail", row.pk)[1]
    page(people["receiver"], "detail", row.pk, action="agree")
    assert AmendmentRecord.objects.get().status == State.ESCALATED
    assert "决定：同意修改" in page(people["office"], "detail", row.pk)[1]
    assert "备忘 1" in page(people["office"], "index")[1]
    page(people["office"], "detail", row.pk, action="decide_agree")
    assert memos.document["wastes"][0]["mass_g"] == 1100


def test_a_correction_is_asked_answered_and_closed(memos, people, page):
    _, shown = page(people["office"], "ask-correction", query=f"?subject={SUBJECT}")
    assert "移出人 单位generator" in shown
    due = (timezone.localdate() + timedelta(days=3)).isoformat()
    posted = {"slot": "generator", "due": due, "pointer": ["/wastes/0/mass_g", ""], "comment": ["与磅单不符", ""]}
    assert page(people["office"], "ask-correction", query=f"?subject={SUBJECT}", **posted)[0].status_code == 302
    row = CorrectionRequest.objects.get()
    assert row.items == [{"pointer": "/wastes/0/mass_g", "comment": "与磅单不符"}]
    assert "与磅单不符" in page(people["generator"], "correction", row.pk)[1]
    assert "还剩 4 天" in page(people["generator"], "corrections")[1]
    page(people["generator"], "correction", row.pk, action="answer", answer="已申请修改")
    page(people["office"], "correction", row.pk, action="done")
    assert CorrectionRequest.objects.get().status == "done"
    for who in ("receiver", "stranger"):
        assert page(people[who], "correction", row.pk)[0].status_code == 404


def test_lists_cost_one_query_and_go_by_key(memos, people, django_assert_num_queries):
    at = timezone.now()

    def make(count):
        for _ in range(count):
            row = ask(memos, people["generator"])
            AmendmentRecord.objects.filter(pk=row.pk).update(subject=f"memo:x{row.pk}")

    make(2)
    with django_assert_num_queries(1):
        selectors.amendment_page(people["receiver"], only_waiting=True, at=at)
    make(60)
    for only_waiting in (True, False):
        with django_assert_num_queries(1):
            rows, more = selectors.amendment_page(people["receiver"], only_waiting=only_waiting, at=at)
        rest, end = selectors.amendment_page(people["receiver"], only_waiting=only_waiting, at=at, after=more)
        assert (len(rows), len(rest), end) == (50, 12, 0)
    CorrectionRequest.objects.bulk_create(
        CorrectionRequest(
            subject=SUBJECT, title="备忘", division="330523001", organisation=people["generator"].organisation,
            items=[{"pointer": "", "comment": "x"}], requested_by=people["office"], created_at=at, due_at=at,
        )
        for _ in range(60)
    )  # fmt: skip
    for who in ("generator", "office"):
        with django_assert_num_queries(1):
            rows, more = selectors.correction_page(people[who], at=at)
        assert (len(rows), len(selectors.correction_page(people[who], at=at, after=more)[0])) == (50, 10)


def test_what_was_typed_for_a_correction_stays_when_it_is_refused_and_lines_can_be_added(memos, people, page):
    query = f"?subject={SUBJECT}"
    typed = {
        "slot": "carrier:1",
        "due": "",
        "pointer": ["", "/wastes/0/mass_g"],
        "comment": ["整份不清楚", "与磅单不符"],
    }
    answer, shown = page(people["office"], "ask-correction", query=query, **typed)
    assert answer.status_code == 422
    for kept in ('value="整份不清楚"', 'value="与磅单不符"', 'value="/wastes/0/mass_g" selected'):
        assert kept in shown
    answer, shown = page(people["office"], "ask-correction", query=query, more="1", **typed)
    assert (answer.status_code, shown.count('name="comment"')) == (200, 7)
    assert 'value="carrier:1" selected' in shown
    assert not CorrectionRequest.objects.exists()
