"""The pages of amendments and correction requests."""

import io
import re
from datetime import datetime, timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from wufei.apps.amendments import selectors, services
from wufei.apps.amendments.models import AmendmentRecord, CorrectionRequest
from wufei.core.amendment import State
from wufei.core.ledger import SHANGHAI

from .conftest import SUBJECT

pytestmark = pytest.mark.django_db
ASK = f"?subject={SUBJECT}&pointer=/wastes/0/mass_g&pointer=/generator/note"


@pytest.fixture
def page(client):
    def open_as(user, name, *values, query="", **posted):
        client.force_login(user)
        address = reverse(f"amendments:{name}", args=values) + query
        answer = client.post(address, posted) if posted else client.get(address)
        return answer, answer.content.decode(errors="replace")

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
        people["generator"], "ask", query=ASK, reason="笔误", **{"/wastes/0/mass_g": "1100"},
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
    assert "没有等您答复的更正申请" in shown
    _, shown = page(people["receiver"], "index", query="?show=all")
    assert "已同意" in shown


def test_what_is_wrong_stands_on_the_form_with_what_was_typed(memos, people, page):
    answer, shown = page(people["generator"], "ask", query=ASK, preview="1", **{"/wastes/0/mass_g": "很多"})
    assert (answer.status_code, "应为整数" in shown, 'value="很多"' in shown) == (422, True, True)
    answer, shown = page(people["generator"], "ask", query=ASK, reason="", **{"/wastes/0/mass_g": "7"})
    for told in ("没有写更正原因", "要附凭证"):
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
    assert "同意更正" not in page(people["receiver"], "detail", row.pk)[1]
    page(people["receiver"], "detail", row.pk, action="agree")
    assert AmendmentRecord.objects.get().status == State.ESCALATED
    assert "决定：同意更正" in page(people["office"], "detail", row.pk)[1]
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
    page(people["generator"], "correction", row.pk, action="answer", answer="已申请更正")
    page(people["office"], "correction", row.pk, action="done")
    assert CorrectionRequest.objects.get().status == "done"
    for who in ("receiver", "stranger"):
        assert page(people[who], "correction", row.pk)[0].status_code == 404


def pks(shown, name):
    """The keys of the rows of a list, in their order."""
    return [int(pk) for pk in re.findall(rf'href="{reverse("amendments:index")}{name}([0-9]+)/"', shown)]


def make(memos, people, count, at=None):
    made = []
    for _ in range(count):
        made.append(ask(memos, people["generator"], at=at).pk)
        AmendmentRecord.objects.filter(pk=made[-1]).update(subject=f"memo:x{made[-1]}")
    return made


def corrections(people, count, **more):
    at = timezone.now()
    values = {
        "subject": SUBJECT, "title": "备忘 1", "division": "330523001", "requested_by": people["office"],
        "organisation": people["generator"].organisation, "items": [{"pointer": "", "comment": "x"}],
        "created_at": at, "due_at": at + timedelta(days=3),
    }  # fmt: skip
    return [CorrectionRequest.objects.create(**values | more).pk for _ in range(count)]


@pytest.mark.parametrize(
    ("name", "who", "query", "way"),
    [
        ("index", "receiver", "", ""),
        ("index", "receiver", "?show=all", ""),
        ("index", "office", "?show=all", ""),
        ("corrections", "generator", "", "corrections/"),
        ("corrections", "office", "", "corrections/"),
    ],
)
def test_lists_cost_the_same_with_many_rows_and_go_by_key(memos, people, page, name, who, query, way):
    def cost(link):
        with CaptureQueriesContext(connection) as captured:
            shown = page(people[who], name, query=link)[1]
        return shown, len(captured)

    fill = corrections if name == "corrections" else lambda _, count: make(memos, people, count)
    made = fill(people, 1)
    cost(query)
    _, few = cost(query)
    made += fill(people, 61)
    first, many = cost(query)
    assert many == few
    (following,) = re.findall(r'<a href="[^?"]*([^"]*after=[0-9]+[^"]*)"[^>]*>下一页', first)
    second, _ = cost(unescape(following))
    assert pks(first, way) + pks(second, way) == made[::-1]
    assert len(pks(first, way)) == 50


def test_a_search_finds_document_and_firms_and_a_filter_the_state(memos, people, page):
    mine, other, old = make(memos, people, 3)
    AmendmentRecord.objects.filter(pk=other).update(title="联单 20263305000007", subject="memo:20263305000007")
    AmendmentRecord.objects.filter(pk=old).update(status=State.AGREED, closed_at=timezone.now(), applied_version=2)

    def found(**query):
        return pks(page(people["office"], "index", query=f"?show=all&{urlencode(query)}")[1], "")

    assert found(q="20263305000007") == [other]
    assert found(q="000007", sort="title") == [other]
    assert found(q="单位receiver") == [old, other, mine]  # who is asked
    assert found(q="单位stranger") == []
    assert found(status="agreed") == [old]
    assert found(status="open") == [other, mine]
    assert found(status="nonsense") == [old, other, mine]
    assert found(sort="created_at") == [mine, other, old]
    _, shown = page(people["office"], "index", query="?show=all&q=zzz")
    assert "没有符合条件的记录" in shown
    assert "show=all" in page(people["office"], "index", query="?show=all&status=open")[1]


def test_corrections_are_found_by_the_state_that_they_show(memos, people, page):
    at = timezone.now()
    (open_one,) = corrections(people, 1)
    (late,) = corrections(people, 1, due_at=at - timedelta(days=1))
    (done,) = corrections(people, 1, status="done", closed_at=at, title="联单 20263305000008")

    def found(**query):
        return pks(page(people["office"], "corrections", query="?" + urlencode(query))[1], "corrections/")

    assert found() == [done, late, open_one]
    assert found(status="open") == [open_one]
    assert found(status="overdue") == [late]
    assert found(status="done") == [done]
    assert found(q="000008") == [done]
    assert found(q="单位generator", sort="-due_at") == sorted([done, open_one], reverse=True) + [late]
    assert found(q="单位receiver") == []


def test_a_list_tells_what_became_of_a_due_date(memos, people, page):
    at = timezone.now()
    escalated, agreed = make(memos, people, 2, at=at - timedelta(days=30))
    due = selectors.due_text(AmendmentRecord.objects.get(pk=escalated).due_at)
    AmendmentRecord.objects.filter(pk=escalated).update(status=State.ESCALATED)
    closed = {"status": State.TACITLY_AGREED, "closed_at": datetime(2026, 11, 20, 10, tzinfo=SHANGHAI)}
    AmendmentRecord.objects.filter(pk=agreed).update(**closed)
    _, shown = page(people["receiver"], "index", query="?show=all")
    assert due not in shown
    assert "答复期限已过，等主管部门决定" in shown
    assert "2026-11-20 10:00 办结" in shown
    corrections(people, 1, status="done", closed_at=datetime(2026, 11, 21, 9, tzinfo=SHANGHAI))
    _, shown = page(people["generator"], "corrections")
    assert "2026-11-21 09:00 办结" in shown


def test_the_whole_filtered_list_is_taken_away(memos, people, page):
    made = make(memos, people, 55)
    AmendmentRecord.objects.filter(pk=made[0]).update(status=State.WITHDRAWN, closed_at=timezone.now())

    def rows(name, query):
        answer, _ = page(people["office"], name, query=query)
        return list(load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True))

    head, *lines = rows("export", "?show=all&status=open")
    assert head[:3] == ("编号", "文件", "申请方席位")
    assert [line[0] for line in lines] == made[1:]
    assert lines[0][1:6] == ("备忘 1", "移出人", "单位generator", "/wastes/0/mass_g", "笔误")
    corrections(people, 52)
    head, *lines = rows("corrections-export", "?q=单位generator")
    assert (head[2], len(lines), lines[0][2], lines[0][7]) == ("由谁更正", 52, "单位generator", "等待更正")


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
