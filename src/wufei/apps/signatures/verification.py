"""Walks the signatures and finds the first that does not hold (核验)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wufei.apps.signatures.models import Signature
from wufei.apps.signatures.subjects import kind_of
from wufei.core.signature import Algorithm, BadSignature, NotCanonical, Signed, Statement, check_signature

CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk found: how many signatures hold, how many had their content at hand, and the first broken one."""

    checked: int
    with_content: int
    broken: str  # empty: none
    why: str


def signed_of(row: Signature) -> Signed:
    """A stored signature as the core checks it, from its own row and that of its key."""
    statement = Statement(
        row.subject,
        row.slot,
        row.event,
        row.content_hash,
        row.person_ref,
        row.organisation_ref,
        row.claimed_at,
        row.device_at,
        row.key.key_id,
    )
    path = tuple((str(side), str(partner)) for side, partner in row.round_path or ())
    return Signed(
        statement,
        Algorithm(row.key.algorithm),
        bytes(row.key.public_key),
        bytes(row.signature),
        is_round=row.round_path is not None,
        path=path,
    )


def check_row(row: Signature, contents: Mapping[str, Any] | None = None) -> bool:
    """Check one stored signature, and its content where its app gives it; return whether it was given.

    ``contents`` are the stored versions by their hash, where they have been read already.

    Raises:
        BadSignature: the signature does not hold, its key was not that person's, or the content is another.
    """
    if row.key.user_id != row.person_id:
        raise BadSignature("The key belongs to someone else.")
    if row.key.revoked_at is not None and row.server_at >= row.key.revoked_at:
        raise BadSignature("The key had been revoked before.")
    if row.person is not None and row.person.username != row.person_ref:
        raise BadSignature(f"The person is kept as {row.person.username} and was signed as {row.person_ref}.")
    kind = kind_of(row.subject)
    if kind is None:
        check_signature(signed_of(row))
        return False
    content = kind.signed_content(row) if contents is None else contents.get(row.content_hash)
    if content is None:
        raise BadSignature("The content that was signed is not found any more.")
    try:
        check_signature(signed_of(row), content=content)
    except NotCanonical as error:
        raise BadSignature(f"The content has no canonical form: {error}") from error
    return True


def _rows(subject: str) -> Iterator[Signature]:
    rows = Signature.objects.select_related("key", "person").order_by("id")
    return (rows.filter(subject=subject) if subject else rows).iterator(chunk_size=CHUNK)


def verify(subject: str = "", *, progress: Callable[[int], None] = lambda done: None) -> Walk:
    """Check every signature (of one subject), in the order in which they were kept; stop at the first broken one.

    The numbers of a subject's signatures must run without a gap: one that is missing was taken out.
    """
    checked = with_content = 0
    last: dict[str, int] = {}
    for row in _rows(subject):
        name = f"signature:{row.pk} {row.subject} {row.slot} {row.event}"
        if row.sequence != last.get(row.subject, 0) + 1:
            why = f"Number {last.get(row.subject, 0) + 1} of the document's signatures is missing."
            return Walk(checked, with_content, name, why)
        last[row.subject] = row.sequence
        try:
            with_content += check_row(row)
        except BadSignature as error:
            return Walk(checked, with_content, name, str(error))
        checked += 1
        if checked % CHUNK == 0:
            progress(checked)
    return Walk(checked, with_content, "", "")
