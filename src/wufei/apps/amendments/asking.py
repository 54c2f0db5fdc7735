"""The forms by which a change or a correction is asked for: fields of the document, and what was typed into them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from wufei.apps.amendments.corrections import MOST_ITEMS, Item
from wufei.apps.amendments.services import is_office_of, slots_of
from wufei.apps.amendments.subjects import AmendableKind, Current, kind_of
from wufei.apps.registry.models import Organisation, User
from wufei.apps.signatures.reference import slot_name
from wufei.core.amendment import Change, rule_for, rules_of
from wufei.core.findings import Finding, Refused
from wufei.core.pointers import ABSENT, NoSuchPlace, segments, value_at
from wufei.core.working_days import end_of

MOST_FIELDS = 20
BLANK_LINES, BLANK_LINES_MORE = 5, 5


@dataclass(frozen=True, slots=True)
class Field:
    """One place of the document in the form: what stands there, what is typed; ``kind``: text, number, bool, json."""

    name: str
    pointer: str
    label: str
    before: Any
    kind: str
    typed: str
    note: str


@dataclass(frozen=True, slots=True)
class AskPage:
    """The form of an amendment."""

    subject: str
    title: str
    address: str
    fields: tuple[Field, ...]
    slots: tuple[tuple[str, str], ...]


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


def ask_page(user: User, subject: str, pointers: Sequence[str]) -> AskPage | None:
    """The form for these places (for all of the document where none is given); ``None`` where it is not for them."""
    found = _found(user, subject)
    if found is None or not slots_of(user, found[1]):
        return None
    kind, current = found
    wanted = list(dict.fromkeys(pointers))[:MOST_FIELDS] or leaves(current.document)
    try:
        fields = tuple(_field(number, pointer, kind, current) for number, pointer in enumerate(wanted))
    except NoSuchPlace:
        return None
    slots = tuple((slot, slot_name(slot)) for slot in slots_of(user, current))
    return AskPage(subject, current.title, kind.address(subject), fields, slots)


def _field(number: int, pointer: str, kind: AmendableKind, current: Current) -> Field:
    segments(pointer)
    before = value_at(current.document, pointer)
    form = "text"
    if isinstance(before, list | dict):
        form = "json"
    elif isinstance(before, bool | int):
        form = "bool" if isinstance(before, bool) else "number"
    rule = rule_for(pointer, current.profile, rules_of(kind.rules))
    return Field(f"field{number}", pointer, kind.label(pointer), before, form, _typed(before, form), rule.note)


def _typed(value: Any, form: str) -> str:
    if value is ABSENT or value is None:
        return ""
    return value if form == "text" else json.dumps(value, ensure_ascii=False)


def with_typed(page: AskPage, posted: Mapping[str, str]) -> AskPage:
    """The form as it was sent."""
    return replace(page, fields=tuple(replace(f, typed=posted.get(f.name, f.typed)) for f in page.fields))


def changes_of(page: AskPage, posted: Mapping[str, str]) -> list[Change]:
    """The changes that were typed: what differs from what stands there. Raises ``Refused``."""
    changes, findings = [], []
    for field in page.fields:
        typed = posted.get(field.name, field.typed).replace("\0", "").strip()
        if typed == field.typed.strip():
            continue
        after: Any = typed
        if field.kind != "text":
            try:
                after = json.loads(typed) if typed else None
                if isinstance(after, float) or (
                    field.kind == "number" and type(after) is not int and after is not None
                ):
                    raise ValueError(typed)
            except ValueError:
                what = f"“{field.label}”写的是“{typed[:40]}”，应为整数。" if field.kind == "number" else ""
                what = what or f"“{field.label}”写的不是合规的 JSON。"
                findings.append(Finding(None, field.pointer, what, "请改正后再提交。", "unreadable_value"))
                continue
        changes.append(Change(field.pointer, field.before, after))
    if findings:
        raise Refused(findings)
    return changes


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
