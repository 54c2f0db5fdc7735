"""Every version of a manifest as a reader may see it: the document as it stood, and what it changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from wufei.apps.amendments.selectors import ChangeRow
from wufei.apps.manifests import forms
from wufei.apps.manifests.amending_form import words
from wufei.apps.manifests.models import Manifest, ManifestEvent
from wufei.apps.manifests.pages import asked_by, event_name
from wufei.apps.manifests.telling import is_party
from wufei.apps.registry.actors import actor_names
from wufei.apps.registry.models import User
from wufei.core.manifest_document import changes, place_name


@dataclass(frozen=True, slots=True)
class VersionPage:
    """One version: what made it, what it changed, and the whole document."""

    number: str
    sequence: int
    newest: int
    name: str
    actor: str
    asked_by: str
    server_at: datetime
    content_hash: str
    amendment: int | None
    changes: Sequence[ChangeRow]
    parts: Sequence[tuple[str, Sequence[forms.Group]]]

    @property
    def before(self) -> int:
        """The number of the version before."""
        return self.sequence - 1

    @property
    def after(self) -> int:
        """The number of the version that follows."""
        return self.sequence + 1


def pair_of(manifest: Manifest, sequence: int) -> tuple[ManifestEvent, ManifestEvent | None] | None:
    """A version and the one before it, or ``None`` where there is no such version; one query."""
    rows = {row.sequence: row for row in manifest.history.filter(sequence__in=[sequence - 1, sequence])}
    return (rows[sequence], rows.get(sequence - 1)) if sequence in rows else None


def changes_of(user: User, row: ManifestEvent, before: ManifestEvent | None) -> list[ChangeRow]:
    """What a version changed, in words; a person's numbers are shortened for who is no party."""
    old: Mapping[str, object] = before.document if before else {"profile": row.document["profile"]}
    return [
        ChangeRow(place_name(at), at, _told(user, at, was), _told(user, at, now))
        for at, was, now in changes(old, row.document)
    ]


def _told(user: User, pointer: str, value: object) -> str:
    if isinstance(value, str) and forms.is_masked(pointer) and not is_party(user):
        return forms.mask(value)
    return words(pointer, value)


def version_page(user: User, manifest: Manifest, sequence: int) -> VersionPage | None:
    """The page of a version; two queries besides the manifest itself."""
    found = pair_of(manifest, sequence)
    if found is None:
        return None
    row, before = found
    asker = asked_by(row)
    names = actor_names(user, {row.actor, asker} - {""})
    groups = forms.groups(row.document, lambda field, pointer: True)
    shown = [group if is_party(user) else forms.masked(group) for group in groups]
    filled = [replace(group, inputs=tuple(i for i in group.inputs if i.shown)) for group in shown]
    return VersionPage(
        manifest.number,
        sequence,
        manifest.events,
        event_name(row.event),
        names[row.actor],
        names.get(asker, ""),
        row.server_at,
        row.content_hash,
        row.payload.get("amendment") or None,
        changes_of(user, row, before),
        [(title, [g for g in filled if g.part == part and g.inputs]) for part, title in forms.PARTS.items()],
    )
