"""The form in which a change of a signed manifest is asked for: the manifest's own, with all fields of its table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from wufei.apps.amendments.subjects import NOTHING, Current
from wufei.apps.manifests import forms, listing
from wufei.apps.registry.models import User
from wufei.core.findings import Finding, Refused
from wufei.core.manifest_document import Document, merge, pattern_of, read_document
from wufei.core.manifest_profiles import Field, fields
from wufei.core.pointers import ABSENT


def _whole(current: Current) -> Document:
    return {**current.document, "profile": current.profile}


def groups(
    current: Current,
    wanted: Callable[[str], str | None],
    typed: Mapping[str, str] | None,
    findings: Sequence[Finding],
) -> list[forms.Group]:
    """The cards of the form; beside each input stand what the document says now and the note of the rule."""
    shown = forms.groups(
        _whole(current), lambda field, pointer: wanted(pointer) is not None, findings=findings, raw=typed
    )
    return [replace(group, inputs=tuple(_hinted(i, wanted(i.name) or "") for i in group.inputs)) for group in shown]


def _hinted(item: forms.Input, note: str) -> forms.Input:
    return replace(item, help="；".join(part for part in (f"现在：{item.shown or NOTHING}", note) if part))


def read(current: Current, typed: Mapping[str, str]) -> Document:
    """The document with what was typed. Raises ``Refused`` with every value that a field cannot take."""
    whole = _whole(current)
    texts = {i.name: i.text for group in forms.groups(whole, lambda f, p: True) for i in group.inputs}
    patch = forms.patch_of(texts | {name: text for name, text in typed.items() if name in texts})
    document, found = read_document(merge(whole, patch))
    if found:
        raise Refused(found)
    kept: Document = _with_empty_parts({k: v for k, v in document.items() if k != "profile"}, current.document)
    return kept


def _with_empty_parts(document: Document, before: Mapping[str, Any]) -> Document:
    return {name: document.get(name, {} if isinstance(part, dict) else part) for name, part in before.items()}


def context(user: User) -> Mapping[str, Any]:
    """What the inputs propose."""
    return {"suggestions": listing.suggestions(user)}


def words(pointer: str, value: Any) -> str:
    """A value as the pages of manifests say it: 200 千克, 半固态."""
    if value is ABSENT or value in (None, "", [], {}):
        return NOTHING
    field = _field(pointer)
    if field is not None:
        return forms.shown_value(field, value)
    return str(value) if not isinstance(value, list | dict) else "；".join(_parts(value, pointer)) or NOTHING


def _parts(value: Any, at: str) -> list[str]:
    """A whole part of the document, field by field."""
    named = value.items() if isinstance(value, dict) else enumerate(value)
    told = []
    for name, part in named:
        pointer = f"{at}/{name}"
        field = _field(pointer)
        if field is None and isinstance(part, dict | list):
            told += _parts(part, pointer)
        else:
            told.append(f"{field.label if field else name} {words(pointer, part)}")
    return told


def _field(pointer: str) -> Field | None:
    pattern = pattern_of(pointer)
    return next((field for field in fields() if field.pointer == pattern), None)
