"""Amendments as they are kept: asked, answered, silent, decided; applied once and as a whole."""

from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wufei.apps.amendments import corrections, services
from wufei.apps.amendments.calendar import calendar
from wufei.apps.amendments.commands import amendments as command
from wufei.apps.amendments.models import AmendmentParty, AmendmentRecord, CorrectionRequest, RequestStatus
from wufei.apps.facts.models import Fact
from wufei.apps.signatures.models import Signature
from wufei.apps.signatures.services import Evidence
from wufei.apps.signatures.verification import verify
from wufei.core.amendment import Choice, Silence, State
from wufei.core.findings import Refused
from wufei.core.ledger import SHANGHAI

from .conftest import AT, SUBJECT

pytestmark = pytest.mark.django_db
PDF = Evidence("过磅单.pdf", b"%PDF-1.7")
LATE = datetime(2026, 12, 3, tzinfo=SHANGHAI)  # five working days after Wednesday 25 November are over
AGREE, REJECT = Choice.AGREE, Choice.REJECT


def ask(memos, user, *changes, **more):
    values = {"reason": "笔误", "evidence": PDF} | more
    new = services.NewAmendment(SUBJECT, [memos.change(*change) for change in changes], **values)
    return services.request_amendment(new, user=user, at=AT)


def codes(refused):
    return {finding.code for finding in refused.value.findings}


MASS = ("/wastes/0/mass_g", 1100)
NAME = ("/wastes/0/name", "废机油")


def test_a_change_is_applied_when_the_last_one_agrees(memos, people):
    row = ask(memos, people["generator"], MASS)
    assert (row.status, row.due_at, row.version) == (State.OPEN, LATE, 1)
    assert memos.versions[-1]["wastes"][0]["mass_g"] == 1000
    row = services.answer_amendment(row.pk, user=people["receiver"], choice=AGREE, at=AT, comment="属实")
    assert (row.status, row.applied_version, row.closed_at) == (State.AGREED, 2, AT)
    assert memos.document["wastes"][0]["mass_g"] == 1100
    (applied,) = memos.applied
    assert (applied.version, applied.amendment, applied.before["wastes"][0]["mass_g"]) == (1, row.pk, 1000)
    told = Fact.objects.order_by("pk").values_list("verb", flat=True)
    assert [verb for verb in told if "amendment" in verb] == [
        "request_amendment", "answer_amendment", "settle_amendment",
    ]  # fmt: skip


def test_asking_and_answering_are_signed_and_can_be_verified(memos, people):
    row = ask(memos, people["generator"], MASS)
    services.answer_amendment(row.pk, user=people["receiver"], choice=AGREE, at=AT)
    rows = Signature.objects.order_by("pk")
    assert [(s.subject, s.slot, s.event, s.person_ref) for s in rows] == [
        (f"amendment:{row.pk}", "generator", "request", "generator"),
        (f"amendment:{row.pk}", "receiver", "answer", "receiver"),
    ]  # fmt: skip
    assert (verify().broken, verify().with_content) == ("", 2)
    AmendmentParty.objects.filter(slot="receiver").update(comment="改过的说明")
    assert "receiver answer" in verify().broken


def test_what_needs_nobody_is_applied_at_once(memos, people):
    row = ask(memos, people["generator"], ("/generator/note", "见附件"), reason="", evidence=None)
    assert (row.status, row.applied_version) == (State.AGREED, 2)
    assert memos.document["generator"]["note"] == "见附件"


def test_one_rejection_ends_it_and_changes_nothing(memos, people):
    row = ask(memos, people["generator"], NAME)
    assert {p.slot for p in row.parties.all() if p.must_agree} == {"carrier:1", "receiver"}
    row = services.answer_amendment(row.pk, user=people["carrier"], choice=REJECT, at=AT)
    assert (row.status, row.applied_version, memos.applied) == (State.REJECTED, None, [])
    with pytest.raises(Refused):
        services.answer_amendment(row.pk, user=people["receiver"], choice=AGREE, at=AT)


@pytest.mark.parametrize(("who", "codes_of"), [("stranger", {"no_slot"}), ("carrier", {"may_not_ask"})])
def test_who_has_no_part_or_may_not_ask_is_refused_and_nothing_is_kept(memos, people, who, codes_of):
    with pytest.raises(Refused) as caught:
        ask(memos, people[who], ("/generator/site", "S2"))  # for which no carrier may ask
    assert codes(caught) == codes_of
    assert not AmendmentRecord.objects.exists()
    assert not Signature.objects.exists()


def test_a_document_out_of_sight_does_not_exist(memos, people):
    memos.unseen.add("generator")
    with pytest.raises(Refused) as caught:
        ask(memos, people["generator"], MASS)
    assert codes(caught) == {"unknown_subject"}


def test_only_one_open_amendment_a_place(memos, people):
    first = ask(memos, people["generator"], MASS)
    for other in [MASS, ("/wastes/0", {"code": "900-214-08"}), ("/wastes", [])]:
        with pytest.raises(Refused) as caught:
            ask(memos, people["generator"], other)
        assert codes(caught) == {"other_amendment_open"}
    ask(memos, people["generator"], ("/generator/note", "别处"))
    services.withdraw_amendment(first.pk, user=people["generator"], at=AT)
    ask(memos, people["generator"], MASS)


@pytest.mark.parametrize("who", ["generator", "stranger", "carrier", "office"])
def test_only_who_is_asked_answers(memos, people, who):
    row = ask(memos, people["generator"], MASS)
    with pytest.raises(Refused) as caught:
        services.answer_amendment(row.pk, user=people[who], choice=AGREE, at=AT)
    assert codes(caught) == {"nothing_waits"}
    assert AmendmentRecord.objects.get().status == State.OPEN


def test_only_the_asker_withdraws(memos, people):
    row = ask(memos, people["generator"], MASS)
    for who in ("receiver", "office"):
        with pytest.raises(Refused):
            services.withdraw_amendment(row.pk, user=people[who], at=AT)
    assert services.withdraw_amendment(row.pk, user=people["generator"], at=AT).status == State.WITHDRAWN
    assert memos.applied == []


# --- Silence


@pytest.mark.parametrize(("who", "change", "silence", "state"), [
    ("carrier", ("/carriers/0/waybill", "W9"), Silence.AGREE, State.TACITLY_AGREED),
    ("generator", NAME, Silence.REJECT, State.TACITLY_REJECTED),
    ("generator", MASS, Silence.ESCALATE, State.ESCALATED),
])  # fmt: skip
def test_silence_does_what_the_rule_says_when_it_is_due_and_once(memos, people, who, change, silence, state):
    row = ask(memos, people[who], change)
    assert row.on_silence == silence
    assert services.settle_due(row.due_at - timedelta(seconds=1)) == 0
    assert AmendmentRecord.objects.get().status == State.OPEN
    assert services.settle_due(row.due_at) == 1
    assert AmendmentRecord.objects.get().status == state
    assert services.settle_due(row.due_at + timedelta(days=1)) == 0
    assert len(memos.applied) == (1 if state is State.TACITLY_AGREED else 0)


def test_an_answer_after_the_day_is_refused(memos, people):
    row = ask(memos, people["generator"], MASS)
    with pytest.raises(Refused, match="逾期|主管部门"):
        services.answer_amendment(row.pk, user=people["receiver"], choice=AGREE, at=LATE)


@pytest.mark.parametrize(("choice", "state", "count"), [(AGREE, State.AGREED, 1), (REJECT, State.REJECTED, 0)])
def test_the_office_decides_what_nobody_answered(memos, people, choice, state, count):
    row = ask(memos, people["generator"], ("/wastes/0/code", "900-249-08"))
    services.answer_amendment(row.pk, user=people["office"], choice=AGREE, at=AT)  # asked like the others
    services.settle_due(LATE)
    with pytest.raises(Refused):
        services.decide_amendment(row.pk, user=people["receiver"], choice=choice, at=LATE)
    row = services.decide_amendment(row.pk, user=people["office"], choice=choice, at=LATE, comment="查过磅单")
    assert (row.status, len(memos.applied)) == (state, count)
    assert verify().broken == ""
    assert [(p.slot, p.answer) for p in row.parties.filter(must_agree=True)] == [
        ("receiver", ""), ("office", "agree"), ("office:decision", choice),
    ]  # fmt: skip


def test_the_command_settles_and_marks_what_is_overdue(memos, people):
    done = CliRunner().invoke(command, ["settle"])
    assert done.output == "了结更正申请 0 份，标为逾期的更正要求 0 份。\n"
    assert CliRunner().invoke(command, ["settle", "--at", "9999-01-01"]).exit_code == 2
    assert CliRunner().invoke(command, ["settle", "--at", "tomorrow"]).exit_code == 2


# --- A document that moves on


def test_what_no_longer_fits_lapses_and_changes_nothing(memos, people):
    row = ask(memos, people["generator"], MASS)
    memos.versions.append({**memos.document, "wastes": [{"code": "900-214-08", "mass_g": 5}]})
    row = services.answer_amendment(row.pk, user=people["receiver"], choice=AGREE, at=AT)
    assert (row.status, row.applied_version, memos.applied) == (State.LAPSED, None, [])
    assert "现在是 5" in Fact.objects.get(verb="lapse_amendment").after["because"]


def test_what_the_owner_refuses_lapses_or_keeps_nothing(memos, people):
    row = ask(memos, people["generator"], MASS)
    memos.refuse = True
    assert services.answer_amendment(row.pk, user=people["receiver"], choice=AGREE, at=AT).status == State.LAPSED
    with pytest.raises(Refused, match="账期已结"):
        ask(memos, people["generator"], ("/generator/note", "x"))
    assert AmendmentRecord.objects.count() == 1


runs = st.lists(
    st.tuples(
        st.sampled_from(["answer", "settle", "withdraw", "decide"]),
        st.sampled_from(["generator", "carrier", "receiver", "office", "stranger"]),
        st.sampled_from(Choice),
        st.integers(0, 12 * 24),
    ),
    max_size=8,
)


@given(run=runs, change=st.sampled_from([MASS, NAME, ("/wastes/0/code", "900-249-08")]))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_run_applies_twice_answers_twice_or_settles_early(memos, people, run, change):
    memos.applied.clear()
    del memos.versions[1:]
    AmendmentRecord.objects.exclude(status="x").update(
        status=State.WITHDRAWN, closed_at=AT, applied_version=None
    )  # what an earlier example left open
    row = ask(memos, people["generator"], change)
    for what, who, choice, hours in sorted(run, key=lambda step: step[3]):
        at = AT + timedelta(hours=hours)
        before = AmendmentRecord.objects.get(pk=row.pk)
        answers = dict(row.parties.exclude(answer="").values_list("slot", "answer"))
        try:
            if what == "answer":
                services.answer_amendment(row.pk, user=people[who], choice=choice, at=at)
            elif what == "settle":
                services.settle_due(at)
            elif what == "withdraw":
                services.withdraw_amendment(row.pk, user=people[who], at=at)
            else:
                services.decide_amendment(row.pk, user=people[who], choice=choice, at=at)
        except Refused:
            pass
        now = AmendmentRecord.objects.get(pk=row.pk)
        kept = dict(row.parties.exclude(answer="").values_list("slot", "answer"))
        assert answers.items() <= kept.items()
        if before.status not in {State.OPEN, State.ESCALATED}:
            assert now.status == before.status
        if now.status in {State.TACITLY_AGREED, State.TACITLY_REJECTED, State.ESCALATED}:
            assert at >= row.due_at
        applied = now.status in {State.AGREED, State.TACITLY_AGREED}
        assert len(memos.applied) == len(memos.versions) - 1 == int(applied)
    assert verify(f"amendment:{row.pk}").broken == ""


# --- Correction requests


def correct(user, **more):
    values = {
        "slot": "generator",
        "items": [corrections.Item("/wastes/0/mass_g", "与磅单不符")],
        "due_at": LATE,
    } | more
    return corrections.request_correction(subject=SUBJECT, user=user, at=AT, **values)


def test_an_office_asks_a_firm_answers_and_the_office_closes(memos, people):
    row = correct(people["office"])
    assert (row.organisation, row.status) == (people["generator"].organisation, RequestStatus.OPEN)
    row = corrections.answer_correction(row.pk, user=people["generator"], text="已申请更正", at=AT)
    row = corrections.close_correction(row.pk, user=people["office"], status=RequestStatus.OPEN, at=AT)
    row = corrections.answer_correction(row.pk, user=people["generator"], text="已改好", at=AT)
    row = corrections.close_correction(row.pk, user=people["office"], status=RequestStatus.DONE, at=AT)
    assert (row.status, row.closed_at) == (RequestStatus.DONE, AT)
    for act in (
        lambda: corrections.answer_correction(row.pk, user=people["generator"], text="再说", at=AT),
        lambda: corrections.close_correction(row.pk, user=people["office"], status=RequestStatus.WITHDRAWN, at=AT),
    ):
        with pytest.raises(Refused):
            act()


def test_a_request_without_an_answer_is_overdue_and_may_still_be_answered(memos, people):
    row = correct(people["office"])
    assert corrections.mark_overdue(LATE - timedelta(seconds=1)) == 0
    assert corrections.mark_overdue(LATE) == 1
    assert CorrectionRequest.objects.get().status == RequestStatus.OVERDUE
    assert corrections.answer_correction(row.pk, user=people["generator"], text="迟了", at=LATE).status == "answered"


def test_who_is_no_office_or_not_asked_does_nothing(memos, people):
    with pytest.raises(Refused):
        correct(people["receiver"])
    row = correct(people["office"])
    for act in (
        lambda: corrections.answer_correction(row.pk, user=people["receiver"], text="x", at=AT),
        lambda: corrections.close_correction(row.pk, user=people["generator"], status=RequestStatus.WITHDRAWN, at=AT),
    ):
        with pytest.raises(Refused):
            act()
    assert CorrectionRequest.objects.get().status == RequestStatus.OPEN


def test_all_that_is_wrong_with_a_request_is_said_at_once(memos, people):
    with pytest.raises(Refused) as caught:
        correct(people["office"], slot="insurer", due_at=AT, items=[corrections.Item("mass", " ")])
    assert codes(caught) == {"unknown_slot", "due_in_the_past", "bad_comment", "bad_pointer"}
    assert not CorrectionRequest.objects.exists()


# --- The calendar of the installation


def test_the_keeper_adds_days_off(settings, tmp_path):
    settings.HOME = tmp_path
    assert calendar().is_working(datetime(2026, 11, 26).date())  # noqa: DTZ001 - a date is meant
    (tmp_path / "calendar").mkdir()
    (tmp_path / "calendar/own.csv").write_text("day,kind,name,source\n2026-11-26,holiday,厂休,本地\n")
    assert not calendar().is_working(datetime(2026, 11, 26).date())  # noqa: DTZ001 - a date is meant
