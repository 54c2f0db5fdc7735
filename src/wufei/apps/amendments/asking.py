"""The forms by which a change or a correction is asked for: fields of the document, and what was typed into them."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from wufei.apps.amendments.corrections import MOST_ITEMS, Item
from wufei.apps.amendments.selectors import SILENCE, ChangeRow, change_rows, due_text
from wufei.apps.amendments.services import NewAmendment, is_office_of, preview_amendment, slots_of
from wufei.apps.amendments.subjects import AmendableKind, Current, kind_of
from wufei.apps.amendments.trial import Effects
from wufei.apps.registry.models import Organisation, User
from wufei.apps.signatures.reference import slot_name
from wufei.core.amendment import Change, is_same, may_ask, rule_for, rules_of
from wufei.core.findings import Finding, Refused
from wufei.core.pointers import ABSENT, put, value_at
from wufei.core.working_days import end_of

BLANK_LINES, BLANK_LINES_MORE = 5, 5
PLAIN = "amendments/_fields.html"


@dataclass(frozen=True, slots=True)
class Field:
    """One place of a document that has no form of its own; ``kind``: text, number, bool, json."""

    name: str
    label: str
    kind: str
    text: str
    shown: str
    help: str
    error: str


@dataclass(frozen=True, slots=True)
class AskPage:
    """The form of an amendment: the inputs of the document's own form, or plain fields."""

    subject: str
    title: str
    address: str
    template: str
    groups: Sequence[Any]
    context: Mapping[str, Any]
    slots: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """What is about to be signed: what changes, what that does, who must agree."""

    changes: tuple[ChangeRow, ...]
    effects: Effects
    must_agree: tuple[str, ...]
    due: str
    silence: str
    needs_reason: bool
    needs_evidence: bool
    typed: tuple[tuple[str, str], ...]  # what was changed, to be sent again


def _found(user: User, subject: str) -> tuple[AmendableKind, Current] | None:
    kind = kind_of(subject)
    current = kind.current(subject, False) if kind and kind.sees(user, subject) else None
    return (kind, current) if kind and current else None


def leaves(value: Any, place: str = "") -> list[str]:
    """Pointers of everything in a document that is no list or object, in its order."""
    if isinstance(value, dict):
        return [leaf for name, part in value.items() for leaf in leaves(part, f"{place}/{_escaped(name)}")]
    if isinstance(value, list) and any(isinstance(part, dict | list) for part in value):
        return [leaf for number, part in enumerate(value) for leaf in leaves(part, f"{place}/{number}")]
    return [place]


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def ask_page(
    user: User,
    subject: str,
    pointers: Sequence[str],
    typed: Mapping[str, str] | None = None,
    findings: Sequence[Finding] = (),
) -> AskPage | None:
    """The form for these places (for all that one may ask for where none is given), with what was typed.

    ``None`` where the document, or a place of it, is not for them.
    """
    found = _found(user, subject)
    own = slots_of(user, found[1]) if found else []
    if found is None or not own:
        return None
    kind, current = found
    wanted = _wanted(kind, current, own, pointers)
    if kind.form is not None:
        template, groups = kind.form.template, kind.form.groups(current, wanted, typed, findings)
    else:
        template, groups = PLAIN, _plain_fields(kind, current, wanted, typed or {}, findings)
    if not groups:
        return None
    return AskPage(
        subject,
        current.title,
        kind.address(subject),
        template,
        groups,
        kind.form.context(user) if kind.form else {},
        tuple((slot, slot_name(slot)) for slot in own),
    )


def _wanted(
    kind: AmendableKind, current: Current, slots: Sequence[str], pointers: Sequence[str]
) -> Callable[[str], str | None]:
    """Tells the note of the rule for a place that was asked for and that one of the slots may ask to change."""
    rules, named = rules_of(kind.rules), frozenset(pointers)

    def note(pointer: str) -> str | None:
        rule = rule_for(pointer, current.profile, rules)
        may = any(may_ask(slot, pointer, rule) for slot in slots)
        return rule.note if may and (not named or pointer in named) else None

    return note


def _plain_fields(
    kind: AmendableKind,
    current: Current,
    wanted: Callable[[str], str | None],
    typed: Mapping[str, str],
    findings: Sequence[Finding],
) -> list[Field]:
    errors = {finding.field: finding.what + finding.remedy for finding in findings}
    fields = []
    for pointer in leaves(current.document):
        note = wanted(pointer)
        if note is None:
            continue
        value = value_at(current.document, pointer)
        fields.append(
            Field(
                pointer,
                kind.label(pointer),
                _plain_kind(value),
                typed.get(pointer, _typed(value)),
                kind.words(pointer, value),
                note,
                errors.get(pointer, ""),
            )
        )
    return fields


def _plain_kind(value: Any) -> str:
    if isinstance(value, list | dict):
        return "json"
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, int) else "text"


def _typed(value: Any) -> str:
    if value is ABSENT or value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def typed_of(posted: Mapping[str, str]) -> dict[str, str]:
    """What was typed, by pointer."""
    return {name: posted[name].replace("\0", "") for name in posted if name.startswith("/") and len(name) <= 80}


def changes_of(user: User, subject: str, typed: Mapping[str, str]) -> list[Change]:
    """The changes that were typed: what differs from what stands there. Raises ``Refused``."""
    found = _found(user, subject)
    if found is None:
        return []
    kind, current = found
    after = kind.form.read(current, typed) if kind.form else _read_plain(kind, current, typed)
    return list(_differences(current.document, after, ""))


def _differences(before: Any, after: Any, at: str) -> Iterator[Change]:
    """A change for each value that differs, in the order of the document; what is new follows."""
    if isinstance(before, dict) or isinstance(after, dict):
        old = before if isinstance(before, dict) else {}
        new = after if isinstance(after, dict) else {}
        for name in [*old, *(name for name in new if name not in old)]:
            yield from _differences(old.get(name, ABSENT), new.get(name, ABSENT), f"{at}/{_escaped(name)}")
    elif _has_parts(before) and _has_parts(after) and len(before) == len(after):
        for place, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences(old, new, f"{at}/{place}")
    elif not is_same(before, after):
        yield Change(at, before, after)


def _has_parts(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(part, dict) for part in value)


def _read_plain(kind: AmendableKind, current: Current, typed: Mapping[str, str]) -> Any:
    document, findings = json.loads(json.dumps(current.document)), []
    for pointer, raw in typed.items():
        text, value = raw.strip(), value_at(current.document, pointer)
        if value is ABSENT or text == _typed(value).strip():
            continue
        try:
            put(document, pointer, _plain_value(_plain_kind(value), text))
        except ValueError:
            what = f"“{kind.label(pointer)}”写的是“{text[:40]}”，应为整数。"
            if _plain_kind(value) != "number":
                what = f"“{kind.label(pointer)}”写的不是合规的 JSON。"
            findings.append(Finding(None, pointer, what, "请改正后再提交。", "unreadable_value"))
    if findings:
        raise Refused(findings)
    return document


def _plain_value(kind: str, text: str) -> Any:
    if kind == "text":
        return text
    value = json.loads(text) if text else None
    if isinstance(value, float) or (kind == "number" and type(value) is not int and value is not None):
        raise ValueError(text)
    return value


def preview_page(user: User, subject: str, typed: Mapping[str, str], slot: str, at: datetime) -> PreviewPage:
    """What the typed changes would do; nothing is kept. Raises ``Refused`` with all that stands against them."""
    changes = changes_of(user, subject, typed)
    told = preview_amendment(NewAmendment(subject, changes, slot), user=user, at=at)
    terms, places = told.terms, {change.pointer for change in changes}
    return PreviewPage(
        changes=change_rows(subject, [change.as_dict() for change in changes]),
        effects=told.effects,
        must_agree=tuple(slot_name(slot) for slot in sorted(terms.must_agree)),
        due=due_text(terms.due_at),
        silence=SILENCE[terms.on_silence],
        needs_reason=terms.needs_reason,
        needs_evidence=terms.needs_evidence,
        typed=tuple((name, text) for name, text in typed.items() if name in places),
    )


# --- Corrections --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CorrectionForm:
    """The form of a correction request: the parties that may be asked, the places that may be named."""

    subject: str
    title: str
    address: str
    slots: tuple[tuple[str, str], ...]
    places: tuple[tuple[str, str], ...]
    lines: tuple[Item, ...]


def correction_form(user: User, subject: str, posted: Any = None) -> CorrectionForm | None:
    """The form for this document, with what was typed; ``None`` where the person is not of its office."""
    found = _found(user, subject)
    if found is None or not is_office_of(user, found[1].division):
        return None
    kind, current = found
    names = dict(Organisation.objects.filter(pk__in=current.parties.values()).values_list("pk", "name"))
    slots = tuple((slot, f"{slot_name(slot)} {names.get(owner, '')}") for slot, owner in current.parties.items())
    places = tuple((pointer, kind.label(pointer)) for pointer in leaves(current.document))
    typed = items_of(posted) if posted else []
    empty = max(BLANK_LINES - len(typed), BLANK_LINES_MORE if "more" in (posted or {}) else 1)
    lines = (*typed, *[Item("", "")] * min(empty, MOST_ITEMS - len(typed)))
    return CorrectionForm(subject, current.title, kind.address(subject), slots, places, lines)


def items_of(posted: Any) -> list[Item]:
    """The places and comments that were typed, without the lines left empty."""
    pairs = zip(posted.getlist("pointer"), posted.getlist("comment"), strict=False)
    items = [Item(pointer.replace("\0", ""), comment.replace("\0", "")) for pointer, comment in pairs]
    return [item for item in items if item.comment.strip()][: MOST_ITEMS + 1]


def due_of(text: str) -> datetime:
    """The end of the day that was typed. Raises ``Refused``."""
    try:
        return end_of(date.fromisoformat(text))
    except (ValueError, OverflowError):
        finding = Finding(None, "due", f"期限“{text[:20]}”不是日期。", "请按 2026-12-01 的样子填写。", "bad_date")
        raise Refused([finding]) from None
