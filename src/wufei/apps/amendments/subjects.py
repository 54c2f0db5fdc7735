"""Documents that can be amended: one entry a prefix of the subject, filled by the app that owns the document."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wufei.apps.registry.models import User
from wufei.core.findings import Finding
from wufei.core.pointers import ABSENT

NOTHING = "空"


@dataclass(frozen=True, slots=True)
class Current:
    """A document as it is now.

    Attributes:
        document: plain values; what the pointers lead into. version: 1, 2, 3 …
        profile: selects rules. parties: slot -> id of the organisation that plays it (only those that are there).
        division: the smallest that holds all parties. title: how lists call it.
    """

    document: Any
    version: int
    profile: str
    parties: Mapping[str, int]
    division: str
    title: str


@dataclass(frozen=True, slots=True)
class Applied:
    """What is to be applied: the document with the changes made, and where it came from."""

    subject: str
    version: int  # of the document to which the changes were made
    before: Any
    after: Any
    changes: tuple[dict[str, Any], ...]
    amendment: int
    actor: str  # whose answer made it agreed
    at: datetime
    asked_by: str = ""


def _code(pointer: str) -> str:
    return pointer


def _no_address(subject: str) -> str:
    return ""


def plain_words(pointer: str, value: Any) -> str:
    """A value in words where its document's app has none of its own."""
    if value is ABSENT or value in ("", None):
        return NOTHING
    if isinstance(value, bool):
        return "是" if value else "否"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity that an amendment may move, in words. ``slots`` may know it, all where none is named."""

    label: str
    text: str
    slots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Weighed:
    """What is measured of a document as it stands, and what the newest version was found to have wrong."""

    measures: tuple[Measure, ...]
    findings: tuple[Mapping[str, Any], ...] = ()  # each with ``slots`` as a measure has


@dataclass(frozen=True, slots=True)
class DocumentForm:
    """The document's own form, in which a change is asked for.

    Attributes:
        template: shows the ``groups`` of its inputs, which are named by pointers.
        groups: the inputs at all pointers that are ``wanted`` (it gives the note of the rule, else ``None``), with
            what was typed and what is wrong with it.
        read: the document with what was typed (pointer -> text); raises ``Refused`` with all that is no value.
        context: what the template needs for this person beside the inputs.
    """

    template: str
    groups: Callable[
        [Current, Callable[[str], str | None], Mapping[str, str] | None, Sequence[Finding]], Sequence[Any]
    ]
    read: Callable[[Current, Mapping[str, str]], Any]
    context: Callable[[User], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class AmendableKind:
    """What the owner of a kind of document tells the amendments.

    Attributes:
        current: the document, or ``None`` where there is none; where the second argument is true, with its row
            locked (``select_for_update``) until the transaction ends.
        apply: keeps a new version and whatever follows (reversal movements); gives its number; may raise ``Refused``.
        sees: whether a person sees the document at all.
        rules: table of ``core.amendment`` rules below ``data/``.
        label: what a person calls a place: ``/wastes/0/mass_g`` is 废物 1 移出量.
        address: of the document's page.
        words: a value as the document's own page says it: 200 千克.
        form: the document's own form; without one, places are asked for as plain text.
        weigh: what is measured before and after an amendment is tried out; without one, nothing is tried.
    """

    current: Callable[[str, bool], Current | None]
    apply: Callable[[Applied], int]
    sees: Callable[[User, str], bool]
    rules: str
    label: Callable[[str], str] = _code
    address: Callable[[str], str] = _no_address
    words: Callable[[str, Any], str] = plain_words
    form: DocumentForm | None = None
    weigh: Callable[[str], Weighed] | None = None


_KINDS: dict[str, AmendableKind] = {}


def register_amendable(prefix: str, kind: AmendableKind) -> None:
    """Make documents with this prefix amendable. Once a prefix."""
    assert prefix not in _KINDS, f"The prefix {prefix} is registered already."
    _KINDS[prefix] = kind


def unregister_amendable(prefix: str) -> None:
    """Take an entry away again: for tests with a kind of their own."""
    _KINDS.pop(prefix, None)


def kind_of(subject: str) -> AmendableKind | None:
    """The entry for this subject's prefix, or ``None``."""
    return _KINDS.get(subject.partition(":")[0])
