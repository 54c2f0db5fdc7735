"""Many manifests in one act: all of them or none, with every fault of every one; from JSON lines and from Excel.

Invariant: nothing is kept unless all are sound; a batch of drafts costs the same statements as one.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from django.db import transaction

from wufei.apps.manifests.acts import Act
from wufei.apps.manifests.judging import read_many
from wufei.apps.manifests.models import Manifest
from wufei.apps.manifests.parties import Parties
from wufei.apps.manifests.services import advance_locked, draft_rows, insert
from wufei.apps.registry.models import Organisation
from wufei.apps.signatures.reference import limits
from wufei.apps.signatures.services import Part, sign_many
from wufei.apps.transactions import in_transaction
from wufei.core.findings import Finding, Refused
from wufei.core.manifest import Event

MOST_TOLD = 1_000
MOST = 1_000
MOST_SUBMITTED = 200  # each is checked and its packages reserved by itself: more would hold others up too long
Place = Callable[[int, Finding], Finding]


def most_of(*, submits: bool) -> int:
    """How many manifests one act may make."""
    return MOST_SUBMITTED if submits else MOST


def create_manifests(raws: Sequence[object], *, act: Act, place: Place, submits: bool = False) -> list[Manifest]:
    """Draw up a manifest of each document, and with ``submits`` submit all of them, signed once over all.

    Args:
        place: says of a finding where it stands: the index of its document, from 0, and the finding -> the finding.

    Raises:
        Refused: what stands against any of them, the first ``MOST_TOLD``; then nothing is kept.
    """
    plain = replace(act, key="")

    def work() -> list[Manifest]:
        found: list[Finding] = []
        drafts, places = [], []
        for at, read in enumerate(read_many(raws, plain, "submit" if submits else "draft")):
            if isinstance(read, list):
                found += [place(at, finding) for finding in read]
            else:
                drafts.append(read)
                places.append(at)
        if found and not (submits and drafts):
            raise Refused(found[:MOST_TOLD])
        rows = draft_rows(drafts, plain)
        insert(rows, plain)
        if submits:
            found += _submit(rows, plain, lambda index, finding: place(places[index], finding))
        if found:
            raise Refused(found[:MOST_TOLD])
        return [manifest for manifest, _ in rows]

    return in_transaction(work)


def _submit(rows: Sequence[tuple[Manifest, Parties]], act: Act, place: Place) -> list[Finding]:
    found: list[Finding] = []
    signed: dict[int, tuple[Organisation | None, list[Part]]] = {}
    for index, (manifest, parties) in enumerate(rows):
        parts: list[Part] = []
        try:
            with transaction.atomic():  # what is refused leaves nothing that the next would be held against
                advance_locked(manifest, Event.SUBMIT, {}, replace(act, to_sign=parts))
        except Refused as refused:
            found += [place(index, finding) for finding in refused.findings]
        for part in parts:
            firm = parties.organisation_for(part.slot, act.person.organisation_id)
            signed.setdefault(firm.pk if firm else 0, (firm, []))[1].append(part)
    if found:
        return found
    most = limits()["round_documents"]
    for firm, parts in signed.values():
        for begin in range(0, len(parts), most):
            sign_many(
                parts=parts[begin : begin + most],
                person=act.person,
                organisation=firm,
                claimed_at=act.claimed_at,
                server_at=act.server_at,
            )
    return []
