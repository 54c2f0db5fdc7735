"""Changing what was signed (更正): one mechanism for every field of every kind of document.

A table of rules says for each JSON pointer who may ask, who must agree, until when, and what silence means. An
amendment is a list of changes against a version; it is applied only as a whole, and only while what it says was there
before is still there. Invariants: no silent outcome before it is due; one answer a slot; the outcome does not depend
on the order of the answers; an amendment that is closed never changes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from wufei.core.findings import Finding, Refused
from wufei.core.ledger import SHANGHAI
from wufei.core.pointers import ABSENT, NoSuchPlace, matches, put, segments, specificity, take, value_at
from wufei.core.reference import read_table
from wufei.core.regulations import clause_on
from wufei.core.working_days import UNITS, Calendar, due_at

OFFICE = "office"
ANY, OTHERS = "any", "others"
OWN = "own"
LONGEST_REASON = 500
MOST_CHANGES = 50


class State(StrEnum):
    """Where an amendment stands."""

    OPEN = "open"
    AGREED = "agreed"
    REJECTED = "rejected"
    TACITLY_AGREED = "tacitly_agreed"
    TACITLY_REJECTED = "tacitly_rejected"
    ESCALATED = "escalated"  # the office decides
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"  # what it would change is no longer what it says was there


STATE_NAMES: Mapping[State, str] = {
    State.OPEN: "等待答复",
    State.AGREED: "已同意",
    State.REJECTED: "已拒绝",
    State.TACITLY_AGREED: "逾期未答复，视为同意",
    State.TACITLY_REJECTED: "逾期未答复，视为不同意",
    State.ESCALATED: "交主管部门决定",
    State.WITHDRAWN: "已撤回",
    State.LAPSED: "已失效",
}
CLOSED = frozenset(State) - {State.OPEN, State.ESCALATED}
APPLIED = frozenset({State.AGREED, State.TACITLY_AGREED})


class Choice(StrEnum):
    """An answer."""

    AGREE = "agree"
    REJECT = "reject"


class Silence(StrEnum):
    """What it means that a slot does not answer; the later one is the stronger where several rules meet."""

    AGREE = "agree"
    ESCALATE = "escalate"
    REJECT = "reject"


# --- Rules --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a table of rules; see ``data/manifests/README.md`` for what its columns may say."""

    pattern: tuple[str, ...]
    profile: str
    may_ask: tuple[str, ...]
    must_agree: tuple[str, ...]
    within: int
    unit: str
    clause: str
    on_silence: Silence
    needs_reason: bool
    needs_evidence: bool
    note: str

    def due(self, at: datetime, calendar: Calendar) -> datetime:
        """Until when the others may answer what is asked at ``at``."""
        clause = None if self.clause == OWN else clause_on(self.clause, at.astimezone(SHANGHAI).date())
        if clause is not None and clause.value is not None:
            return due_at(at, int(clause.value), clause.unit, calendar)
        return due_at(at, self.within, self.unit, calendar)


@cache
def rules_of(table: str) -> tuple[Rule, ...]:
    """The rules in ``data/<table>``; the one with the empty pattern must be among them."""
    rules = tuple(_rule(row) for row in read_table(table))
    assert any(not rule.pattern and rule.profile == "*" for rule in rules), table
    return rules


def _rule(row: Mapping[str, str]) -> Rule:
    yes = {"yes": True, "no": False}
    assert row["unit"] in UNITS, row
    return Rule(
        pattern=segments(row["pattern"]),
        profile=row["profile"],
        may_ask=_slots(row["may_ask"]),
        must_agree=_slots(row["must_agree"]),
        within=int(row["within"]),
        unit=row["unit"],
        clause=row["clause"],
        on_silence=Silence(row["on_silence"]),
        needs_reason=yes[row["needs_reason"]],
        needs_evidence=yes[row["needs_evidence"]],
        note=row["note"],
    )


def _slots(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(";") if part)


def rule_for(pointer: str, profile: str, rules: Sequence[Rule]) -> Rule:
    """The most specific rule for a place in a document; one for the profile before one for all."""
    place = segments(pointer)
    fitting = [r for r in rules if r.profile in {"*", profile} and (not r.pattern or matches(r.pattern, place))]
    return max(fitting, key=lambda rule: (specificity(rule.pattern), rule.profile != "*"))


def rules_for(pointer: str, profile: str, rules: Sequence[Rule]) -> list[Rule]:
    """The rule for a place and those for places inside it: who changes a whole changes every part."""
    place = segments(pointer)
    inside = [
        r
        for r in rules
        if r.profile in {"*", profile} and len(r.pattern) > len(place) and matches(r.pattern[: len(place)], place)
    ]
    chosen = rule_for(pointer, profile, rules)
    return [chosen, *(rule for rule in inside if rule is not chosen)]


def _named(rule: Rule, slots: Sequence[str], pointer: str) -> list[str]:
    """Slots with ``carrier:#`` written out: the place of the first ``*`` in the pointer, counted from 1.

    Where the pointer says no place (the whole list, a new entry), every carrier is meant.
    """
    place = segments(pointer)
    star = rule.pattern.index("*") if "*" in rule.pattern else len(place)
    number = f":{int(place[star]) + 1}" if star < len(place) and place[star].isdecimal() else ""
    return [slot.replace(":#", number) for slot in slots]


Parties = Mapping[str, object]  # slot -> whose it is (the same value: the same organisation)


def _is_one_of(slot: str, named: Sequence[str]) -> bool:
    return ANY in named or slot in named or slot.partition(":")[0] in named


def may_ask(slot: str, pointer: str, rule: Rule) -> bool:
    """Whether whoever plays ``slot`` may ask to change the place."""
    return _is_one_of(slot, _named(rule, rule.may_ask, pointer))


def must_agree(slot: str, pointer: str, rule: Rule, parties: Parties) -> frozenset[str]:
    """The slots that must agree when ``slot`` asks: those that the rule names, are there, and are another's."""
    named = _named(rule, rule.must_agree, pointer)
    own = parties.get(slot)
    there = {**parties, OFFICE: OFFICE} if OFFICE in named else dict(parties)
    return frozenset(
        other
        for other, party in there.items()
        if other != slot and party != own and (OTHERS in named or _is_one_of(other, named))
    )


# --- Changes ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """One place and what stands there before and after; ``ABSENT`` before adds, after removes."""

    pointer: str
    before: Any
    after: Any

    def as_dict(self) -> dict[str, Any]:
        """Plain values; ``before`` or ``after`` is missing where nothing stands there."""
        ends = {"before": self.before, "after": self.after}
        return {"pointer": self.pointer, **{name: value for name, value in ends.items() if value is not ABSENT}}


def change_of(raw: Mapping[str, Any]) -> Change:
    """A change from its plain values."""
    return Change(str(raw["pointer"]), raw.get("before", ABSENT), raw.get("after", ABSENT))


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: 1 and true are not."""
    if one is ABSENT or other is ABSENT:
        return one is other
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def change_findings(document: Any, changes: Sequence[Change]) -> list[Finding]:
    """What keeps the changes from being applied to this document, all of it."""
    found = []
    for number, change in enumerate(changes, 1):
        there = value_at(document, change.pointer)
        if not is_same(there, change.before):
            what = f"“{change.pointer}”现在是 {_shown(there)}，申请里写的更正前是 {_shown(change.before)}。"
            found.append(Finding(number, change.pointer, what, "请刷新文件，按现在的内容重新申请。", "stale_before"))
        elif is_same(change.before, change.after):
            what = f"“{change.pointer}”更正前后相同：{_shown(change.after)}。"
            found.append(Finding(number, change.pointer, what, "请去掉这一项，或写上要改成的值。", "no_change"))
    places = [segments(change.pointer) for change in changes]
    for number, place in enumerate(places, 1):
        if any(n != number and other[: len(place)] == place for n, other in enumerate(places, 1)):
            pointer = changes[number - 1].pointer
            what = f"“{pointer}”或它里面的字段在同一份申请里改了两次。"
            found.append(Finding(number, pointer, what, "请合并成一项。", "place_twice"))
    return found


def _shown(value: Any) -> str:
    text = "空" if value is ABSENT or value in ("", None) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"


def apply_changes(document: Any, changes: Sequence[Change]) -> Any:
    """A new document with the changes; ``document`` is left as it was. All of them or none.

    Places removed from a list are taken from behind, so that each pointer means what it meant in ``document``.

    Raises:
        Refused: something else stands where a change says what was there, or the place cannot be.
    """
    if findings := change_findings(document, changes):
        raise Refused(findings)
    result = json.loads(json.dumps(document))
    for change in [c for c in changes if c.after is not ABSENT]:
        try:
            result = put(result, change.pointer, json.loads(json.dumps(change.after)))
        except NoSuchPlace as error:
            what = f"文件里没有“{change.pointer}”这个位置。"
            raise Refused([Finding(None, change.pointer, what, "请核对字段。", "no_place")]) from error
    removed = [change.pointer for change in changes if change.after is ABSENT]
    for pointer in sorted(
        removed, key=lambda p: [(part.isdecimal(), part.zfill(9)) for part in segments(p)], reverse=True
    ):
        result = take(result, pointer)
    return result


# --- The life of an amendment -------------------------------------------------------------------------------------


class ClosedAmendment(ValueError):
    """An amendment cannot be answered or withdrawn as it stands; the text is Chinese and says what to do."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """What was asked, who must agree, and what was answered (slot -> choice)."""

    slot: str
    changes: tuple[Change, ...]
    must_agree: frozenset[str]
    on_silence: Silence
    opened_at: datetime
    due_at: datetime
    state: State
    answers: Mapping[str, Choice]

    @property
    def waiting_for(self) -> frozenset[str]:
        """The slots whose answer is missing."""
        return self.must_agree - set(self.answers) if self.state is State.OPEN else frozenset()


@dataclass(frozen=True, slots=True)
class Terms:
    """What the rules say about a list of changes together: the strictest of each."""

    must_agree: frozenset[str]
    on_silence: Silence
    due_at: datetime
    needs_reason: bool
    needs_evidence: bool


def terms_of(
    changes: Sequence[Change],
    *,
    slot: str,
    profile: str,
    parties: Parties,
    rules: Sequence[Rule],
    at: datetime,
    calendar: Calendar,
) -> Terms:
    """The terms for these changes: everyone whom any rule names must agree, the longest period, the stronger silence.

    What silence means is asked only of the rules that ask someone to agree.

    Raises:
        Refused: ``slot`` may not ask for one of the changes, or there is none.
    """
    findings = []
    if not changes or len(changes) > MOST_CHANGES:
        what = f"一份申请写了 {len(changes)} 项更正，应为 1 至 {MOST_CHANGES} 项。"
        findings.append(Finding(None, "", what, "请写明要改哪些字段。", "number_of_changes"))
    chosen = [
        (number, change, rule)
        for number, change in enumerate(changes, 1)
        for rule in rules_for(change.pointer, profile, rules)
    ]
    refused = set()
    for number, change, rule in chosen:
        if number not in refused and not may_ask(slot, change.pointer, rule):
            who = "、".join(_named(rule, rule.may_ask, change.pointer)) or "任何一方都不"
            refused.add(number)
            what = f"“{change.pointer}”不能由“{slot}”申请更正，可以申请的是：{who}。"
            findings.append(Finding(number, change.pointer, what, "请由可以申请的一方提出。", "may_not_ask"))
    if findings:
        raise Refused(findings)
    asked = [(rule, must_agree(slot, change.pointer, rule, parties)) for _, change, rule in chosen]
    binding = [rule for rule, slots in asked if slots] or [rule for rule, _ in asked]
    order = list(Silence)
    return Terms(
        must_agree=frozenset[str]().union(*(slots for _, slots in asked)),
        on_silence=max((rule.on_silence for rule in binding), key=order.index),
        due_at=max(rule.due(at, calendar) for rule in binding),
        needs_reason=any(rule.needs_reason for _, _, rule in chosen),
        needs_evidence=any(rule.needs_evidence for _, _, rule in chosen),
    )


def open_amendment(
    document: Any,
    changes: Sequence[Change],
    *,
    slot: str,
    profile: str,
    parties: Parties,
    rules: Sequence[Rule],
    at: datetime,
    calendar: Calendar,
    reason: str = "",
    has_evidence: bool = False,
) -> Amendment:
    """Ask for changes. Where nobody must agree, it is agreed at once.

    Raises:
        Refused: with everything that is wrong.
    """
    terms = terms_of(changes, slot=slot, profile=profile, parties=parties, rules=rules, at=at, calendar=calendar)
    findings = change_findings(document, changes)
    if terms.needs_reason and not reason.strip():
        findings.append(Finding(None, "reason", "没有写更正原因。", "请写明为什么要改。", "no_reason"))
    if len(reason) > LONGEST_REASON:
        what = f"更正原因有 {len(reason)} 个字，最多 {LONGEST_REASON} 个。"
        findings.append(Finding(None, "reason", what, "请写短些。", "reason_too_long"))
    if terms.needs_evidence and not has_evidence:
        what = "这些字段要附凭证才能更正。"
        findings.append(Finding(None, "evidence", what, "请上传过磅单、证件等 PDF、JPG 或 PNG。", "no_evidence"))
    if not findings:
        try:
            apply_changes(document, changes)
        except Refused as refused:
            findings = refused.findings
    if findings:
        raise Refused(findings)
    state = State.OPEN if terms.must_agree else State.AGREED
    return Amendment(
        slot, tuple(changes), terms.must_agree, terms.on_silence, at, terms.due_at, state, dict[str, Choice]()
    )


def _still_open(amendment: Amendment) -> None:
    if amendment.state is not State.OPEN:
        told = f"这份更正申请{STATE_NAMES[amendment.state]}，不能再答复或撤回。需要再改请重新申请。"
        raise ClosedAmendment(told)


def answer(amendment: Amendment, slot: str, choice: Choice, *, at: datetime) -> Amendment:
    """One slot answers. The first rejection closes it, the last missing agreement too.

    Raises:
        ClosedAmendment: it is not open, ``slot`` is not asked or has answered, or the time is over.
    """
    amendment = expire(amendment, at=at)
    _still_open(amendment)
    if slot not in amendment.must_agree:
        raise ClosedAmendment(f"这份更正申请不需要“{slot}”答复。")
    if slot in amendment.answers:
        raise ClosedAmendment(f"“{slot}”已经答复过，答复不能更改。需要再改请重新申请。")
    answers = {**amendment.answers, slot: choice}
    state = State.OPEN
    if choice is Choice.REJECT:
        state = State.REJECTED
    elif set(answers) == amendment.must_agree:
        state = State.AGREED
    return replace(amendment, answers=answers, state=state)


def withdraw(amendment: Amendment, slot: str) -> Amendment:
    """Whoever asked takes it back. Raises ``ClosedAmendment``."""
    if slot != amendment.slot:
        raise ClosedAmendment("只有申请的一方可以撤回。")
    if amendment.state is not State.ESCALATED:
        _still_open(amendment)
    return replace(amendment, state=State.WITHDRAWN)


_SILENT: Mapping[Silence, State] = {
    Silence.AGREE: State.TACITLY_AGREED,
    Silence.REJECT: State.TACITLY_REJECTED,
    Silence.ESCALATE: State.ESCALATED,
}


def expire(amendment: Amendment, *, at: datetime) -> Amendment:
    """What silence has made of it at ``at``; before it is due, nothing."""
    if amendment.state is not State.OPEN or at < amendment.due_at:
        return amendment
    return replace(amendment, state=_SILENT[amendment.on_silence])


def decide(amendment: Amendment, choice: Choice) -> Amendment:
    """The office decides what nobody answered. Raises ``ClosedAmendment`` where it was not handed to the office."""
    if amendment.state is not State.ESCALATED:
        raise ClosedAmendment("只有交主管部门决定的更正申请才由主管部门决定。")
    return replace(amendment, state=State.AGREED if choice is Choice.AGREE else State.REJECTED)


def lapse(amendment: Amendment) -> Amendment:
    """The document has moved on: the amendment fits no more."""
    return replace(amendment, state=State.LAPSED)
