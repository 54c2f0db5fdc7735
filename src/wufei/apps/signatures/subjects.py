"""What can be signed: one entry a prefix of the subject, filled by the app that owns the document.

``manifest:20263305000017`` has the prefix ``manifest``. An app registers once, when Django is ready; a second entry
of the same prefix is a mistake and stops the start.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wufei.apps.registry.models import Organisation, User
from wufei.apps.signatures.models import Signature
from wufei.core.findings import Finding


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be signed: a document, in a slot, at an event; ``payload`` is the owner's own (kept with a code)."""

    subject: str
    slot: str
    event: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Summary:
    """What the page shows of a document before it is signed: a title, and lines of label and text."""

    title: str
    lines: tuple[tuple[str, str], ...]


def _nothing(signature: Signature, asked: Asked, at: Any) -> None:
    """Nothing follows."""


def _nobody(user: User, asked: Asked) -> bool:
    return False


def _no_reason(asked: Asked) -> list[Finding]:
    return []


def _unseen(user: User, subject: str) -> bool:
    return False


def _no_party(asked: Asked) -> Organisation | None:
    return None


@dataclass(frozen=True, slots=True)
class SubjectKind:
    """What the owner of a kind of document tells the signatures.

    Attributes:
        summary: what a person reads before signing; ``None`` where there is no such document.
        content: the content that would be signed at this moment, or ``None`` where nothing can be signed.
        signed_content: the content that was signed, found again from the stored versions; ``None`` where it is lost.
        may_host: whether ``user`` may have a party without account sign this on their screen.
        party: the organisation that the slot belongs to, where it has one.
        on_signed: what follows a signature by one-time code, in its transaction; may raise ``Refused``.
        sees: whether a person sees the document, and so who has signed it.
        why_not: where there is no content, what stands against signing it.
    """

    summary: Callable[[Asked], Summary | None]
    content: Callable[[Asked], Any]
    signed_content: Callable[[Signature], Any]
    may_host: Callable[[User, Asked], bool] = _nobody
    party: Callable[[Asked], Organisation | None] = _no_party
    on_signed: Callable[[Signature, Asked, Any], None] = _nothing
    sees: Callable[[User, str], bool] = _unseen
    why_not: Callable[[Asked], list[Finding]] = _no_reason


_KINDS: dict[str, SubjectKind] = {}


def register_subject(prefix: str, kind: SubjectKind) -> None:
    """Make known how documents with this prefix are shown and found again. Once a prefix."""
    assert prefix not in _KINDS, f"The prefix {prefix} is registered already."
    _KINDS[prefix] = kind


def unregister_subject(prefix: str) -> None:
    """Take an entry away again: for tests with a kind of their own."""
    _KINDS.pop(prefix, None)


def kind_of(subject: str) -> SubjectKind | None:
    """The entry for this subject's prefix, or ``None``."""
    return _KINDS.get(subject.partition(":")[0])
