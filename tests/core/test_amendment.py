"""Changing what was signed: rules by place, answers in any order, silence only when it is due, applied as a whole."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core import amendment as core
from wufei.core.amendment import Change, Choice, ClosedAmendment, State
from wufei.core.findings import Refused
from wufei.core.ledger import SHANGHAI
from wufei.core.pointers import ABSENT, value_at
from wufei.core.reference import read_table
from wufei.core.regulations import clauses
from wufei.core.working_days import Calendar

AT = datetime(2026, 11, 25, 9, tzinfo=SHANGHAI)  # a Wednesday
TABLE = "manifests/amendments.csv"
RULES = core.rules_of(TABLE)
PARTIES = {"generator": 1, "carrier:1": 2, "carrier:2": 3, "receiver": 4}
DOCUMENT = {
    "generator": {"site": "S1", "note": "", "handler_phone": "1"},
    "wastes": [{"code": "900-214-08", "mass_g": 1000}, {"code": "900-249-08", "mass_g": 2000}],
    "carriers": [{"driver": "王", "waybill": "W1"}, {"driver": "李", "waybill": "W2"}],
    "receiver": {"site": "S4"},
    "receipt": {"opinion": ""},
}


def ask(*changes, slot="generator", **more):
    values = {"profile": "hazardous", "parties": PARTIES, "rules": RULES, "at": AT, "calendar": Calendar()}
    values |= {"reason": "笔误", "has_evidence": True} | more
    return core.open_amendment(DOCUMENT, changes, slot=slot, **values)


def change(pointer, after):
    return Change(pointer, value_at(DOCUMENT, pointer), after)


MASS = change("/wastes/0/mass_g", 1100)
NOTE = change("/generator/note", "见附件")
DRIVER = change("/carriers/1/driver", "赵")


def codes(refused):
    return {finding.code for finding in refused.value.findings}


# --- Rules


def test_every_row_of_the_table_can_be_used():
    assert len({(rule.pattern, rule.profile) for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.clause == core.OWN or rule.clause in clauses()
        assert rule.note
    rows = [row["pattern"] for row in read_table(TABLE)]
    assert rows == sorted(rows)


@pytest.mark.parametrize(("pointer", "pattern"), [
    ("/wastes/0/mass_g", "/wastes/*/mass_g"), ("/wastes/0/name", ""), ("/carriers/0/waybill", "/carriers/*/waybill"),
    ("/carriers/0/driver", "/carriers/*/**"), ("/receipt/lines/0/accepted_g", "/receipt/**"),
    ("/receipt/opinion", "/receipt/opinion"), ("/livestock/heads", ""),
])  # fmt: skip
def test_the_most_specific_rule_wins(pointer, pattern):
    assert core.rule_for(pointer, "hazardous", RULES).pattern == core.segments(pattern)


def test_a_rule_for_the_profile_goes_before_one_for_all():
    own = replace(core.rule_for("/wastes/0/mass_g", "x", RULES), profile="sludge")
    assert core.rule_for("/wastes/0/mass_g", "sludge", [*RULES, own]) is own
    assert core.rule_for("/wastes/0/mass_g", "hazardous", [*RULES, own]) is not own


def test_a_rule_of_the_law_takes_its_period_from_the_clause():
    # transfer-2021/confirm: 5 working days. Wednesday 25 November + 5 = Wednesday 2 December, until midnight.
    rule = replace(RULES[0], clause="transfer-2021/confirm", within=99)
    assert rule.due(AT, Calendar()) == datetime(2026, 12, 3, tzinfo=SHANGHAI)


def test_who_must_agree_is_named_by_the_rule_and_is_another_organisation():
    assert ask(MASS).must_agree == {"receiver"}
    assert ask(DRIVER).must_agree == {"carrier:2"}
    assert ask(DRIVER, slot="carrier:2").must_agree == {"generator"}
    assert ask(change("/wastes/0/name", "x")).must_agree == {"carrier:1", "carrier:2", "receiver"}
    assert ask(MASS, parties={**PARTIES, "receiver": 1}).state is State.AGREED  # generator and receiver are one firm


def test_the_office_agrees_where_the_rule_says_so():
    assert ask(change("/wastes/0/code", "900-249-08")).must_agree == {"receiver", "office"}


def test_several_changes_take_the_strictest_of_each_rule():
    made = ask(MASS, NOTE, DRIVER)
    assert made.must_agree == {"receiver", "carrier:2"}
    assert made.on_silence is core.Silence.REJECT  # the driver's rule; the mass would be escalated
    assert made.due_at == datetime(2026, 12, 3, tzinfo=SHANGHAI)  # five working days of the mass


def test_who_changes_a_whole_changes_every_part():
    made = ask(change("/wastes", [{"code": "900-214-08", "mass_g": 1}]))
    assert made.must_agree == {"receiver", "office", "carrier:1", "carrier:2"}
    with pytest.raises(Refused) as caught:
        ask(change("/receipt", {"opinion": "好"}))
    assert codes(caught) == {"may_not_ask"}


# --- Asking


def test_everything_that_is_wrong_is_said_at_once():
    with pytest.raises(Refused) as caught:
        ask(replace(MASS, before=999), change("/wastes/1/mass_g", 2000), reason=" ", has_evidence=False)
    assert codes(caught) == {"stale_before", "no_change", "no_reason", "no_evidence"}


@pytest.mark.parametrize(("changes", "slot", "code"), [
    ([change("/wastes/0/code", "900-249-08")], "carrier:1", "may_not_ask"), ([DRIVER], "carrier:1", "may_not_ask"),
    ([], "generator", "number_of_changes"),
    ([MASS, MASS], "generator", "place_twice"),
    ([change("/wastes/0/new/deep", 1)], "generator", "no_place"),
])  # fmt: skip
def test_what_may_not_be_asked_is_refused(changes, slot, code):
    with pytest.raises(Refused) as caught:
        ask(*changes, slot=slot)
    assert code in codes(caught)


def test_what_nobody_must_agree_to_is_agreed_at_once():
    assert ask(NOTE).state is State.AGREED


# --- Answers


def test_all_must_agree_and_one_rejection_ends_it():
    made = ask(MASS, DRIVER)
    half = core.answer(made, "receiver", Choice.AGREE, at=AT)
    assert (half.state, half.waiting_for) == (State.OPEN, {"carrier:2"})
    assert core.answer(half, "carrier:2", Choice.AGREE, at=AT).state is State.AGREED
    ended = core.answer(half, "carrier:2", Choice.REJECT, at=AT)
    assert (ended.state, ended.waiting_for) == (State.REJECTED, frozenset())


def test_one_answer_a_slot_and_none_when_it_is_closed():
    made = core.answer(ask(MASS, DRIVER), "receiver", Choice.AGREE, at=AT)
    for slot in ("receiver", "generator", "carrier:1"):
        with pytest.raises(ClosedAmendment):
            core.answer(made, slot, Choice.REJECT, at=AT)
    with pytest.raises(ClosedAmendment, match="已同意"):
        core.answer(core.answer(made, "carrier:2", Choice.AGREE, at=AT), "carrier:2", Choice.REJECT, at=AT)
    with pytest.raises(ClosedAmendment, match="逾期"):
        core.answer(made, "carrier:2", Choice.AGREE, at=made.due_at)


def test_whoever_asked_may_withdraw_while_nothing_is_decided():
    made = ask(MASS)
    assert core.withdraw(made, "generator").state is State.WITHDRAWN
    assert core.withdraw(core.expire(made, at=made.due_at), "generator").state is State.WITHDRAWN
    with pytest.raises(ClosedAmendment, match="只有申请的一方"):
        core.withdraw(made, "receiver")
    with pytest.raises(ClosedAmendment):
        core.withdraw(core.answer(made, "receiver", Choice.AGREE, at=AT), "generator")


@pytest.mark.parametrize(("asked", "slot", "state"), [
    (MASS, "generator", State.ESCALATED), (change("/carriers/0/waybill", "W9"), "carrier:1", State.TACITLY_AGREED),
    (DRIVER, "generator", State.TACITLY_REJECTED),
])  # fmt: skip
def test_silence_means_what_the_rule_says(asked, slot, state):
    made = ask(asked, slot=slot)
    assert core.expire(made, at=made.due_at - timedelta(seconds=1)) == made
    assert core.expire(made, at=made.due_at).state is state


def test_the_office_decides_what_was_handed_to_it_alone():
    made = ask(MASS)
    with pytest.raises(ClosedAmendment):
        core.decide(made, Choice.AGREE)
    escalated = core.expire(made, at=made.due_at)
    assert core.decide(escalated, Choice.AGREE).state is State.AGREED
    assert core.decide(escalated, Choice.REJECT).state is State.REJECTED


moves = st.lists(
    st.tuples(
        st.sampled_from(["receiver", "carrier:1", "carrier:2", "generator"]), st.sampled_from(Choice),
        st.integers(0, 15 * 24),
    ),
    max_size=8,
)  # fmt: skip
kinds = st.sampled_from([(MASS,), (DRIVER,), (MASS, DRIVER), (change("/wastes/0/name", "x"),)])


@given(kinds, moves)
def test_no_run_of_answers_gives_a_silent_outcome_before_it_is_due_or_a_second_answer(asked, run):
    made = ask(*asked)
    for slot, choice, hours in sorted(run, key=lambda move: move[2]):
        at = AT + timedelta(hours=hours)
        before = made
        try:
            made = core.answer(made, slot, choice, at=at)
        except ClosedAmendment:
            made = core.expire(made, at=at)
        if made.state in {State.TACITLY_AGREED, State.TACITLY_REJECTED, State.ESCALATED}:
            assert at >= made.due_at
        if before.state is not State.OPEN:
            assert made == before
        assert all(made.answers[slot] is before.answers[slot] for slot in before.answers)


@given(
    st.permutations(["carrier:1", "carrier:2", "receiver"]), st.lists(st.sampled_from(Choice), min_size=3, max_size=3)
)
def test_the_order_of_the_answers_does_not_matter(order, choices):
    given_choices = dict(zip(["carrier:1", "carrier:2", "receiver"], choices, strict=True))
    made = ask(change("/wastes/0/name", "x"))
    for slot in order:
        if made.state is State.OPEN:
            made = core.answer(made, slot, given_choices[slot], at=AT)
    assert made.state is (State.REJECTED if Choice.REJECT in choices else State.AGREED)


# --- Applying


def test_changes_are_applied_as_a_whole_to_a_new_document():
    before = json.dumps(DOCUMENT)
    changes = [
        MASS,
        Change("/carriers/0", DOCUMENT["carriers"][0], ABSENT),
        Change("/wastes/-", ABSENT, {"code": "x"}),
    ]
    after = core.apply_changes(DOCUMENT, changes)
    assert [waste.get("mass_g") for waste in after["wastes"]] == [1100, 2000, None]
    assert after["carriers"] == [{"driver": "李", "waybill": "W2"}]
    assert json.dumps(DOCUMENT) == before


def test_places_taken_out_of_a_list_mean_what_they_meant_before():
    taken = [Change(f"/wastes/{n}", DOCUMENT["wastes"][n], ABSENT) for n in (0, 1)]
    assert core.apply_changes(DOCUMENT, taken)["wastes"] == []


def test_changes_are_applied_once():
    after = core.apply_changes(DOCUMENT, [MASS])
    with pytest.raises(Refused) as caught:
        core.apply_changes(after, [MASS])
    assert codes(caught) == {"stale_before"}


def test_one_and_true_are_different():
    with pytest.raises(Refused):
        core.apply_changes({"a": True}, [Change("/a", 1, 2)])


def test_a_change_goes_through_plain_values_and_back():
    for made in (MASS, Change("/a", ABSENT, None), Change("/a", None, ABSENT)):
        assert core.change_of(json.loads(json.dumps(made.as_dict()))) == made


texts = st.dictionaries(st.sampled_from("abcd"), st.one_of(st.none(), st.integers(0, 3), st.text("xy", max_size=2)))


@given(texts, texts)
def test_changes_from_one_document_to_another_lead_there_and_back(one, other):
    there = [
        Change(f"/{name}", one.get(name, ABSENT), other.get(name, ABSENT))
        for name in sorted({*one, *other})
        if not core.is_same(one.get(name, ABSENT), other.get(name, ABSENT))
    ]
    back = [Change(c.pointer, c.after, c.before) for c in there]
    assert core.apply_changes(one, there) == other
    assert core.apply_changes(other, back) == one
