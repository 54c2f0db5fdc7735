"""Keeps a document: the row of its manifest, the rows of its wastes and carriers, and whom it concerns."""

from collections.abc import Mapping
from typing import Any

from wufei.apps.manifests.acts import Act
from wufei.apps.manifests.models import Manifest, ManifestLeg, ManifestSight, ManifestWaste
from wufei.apps.manifests.parties import Parties, draft_scopes, scopes
from wufei.core.catalogue import domain_of
from wufei.core.manifest import CLOSED, Status, summary_of
from wufei.core.manifest_document import Document
from wufei.core.signature import content_hash


def write_parts(*kept: tuple[Manifest, Parties]) -> None:
    """The wastes and carriers as rows; what became of them, in the other columns, stays. Two statements."""
    ManifestWaste.objects.bulk_create(
        [
            ManifestWaste(manifest=manifest, position=i, waste_code=w["code"], sent_g=w.get("mass_g") or 0)
            for manifest, _ in kept
            for i, w in enumerate(manifest.document["wastes"], 1)
        ],
        update_fields=["waste_code", "sent_g"],
        update_conflicts=True,
        unique_fields=["manifest", "position"],
    )
    ManifestLeg.objects.bulk_create(
        [
            ManifestLeg(manifest=manifest, position=i, organisation=firm, vehicle=carrier.get("vehicle") or "")
            for manifest, parties in kept
            for i, (carrier, firm) in enumerate(
                zip(manifest.document.get("carriers") or [], parties.carriers, strict=False), 1
            )
        ],
        update_fields=["organisation", "vehicle"],
        update_conflicts=True,
        unique_fields=["manifest", "position"],
    )


def see(*seen: tuple[Manifest, set[str]]) -> None:
    """Let those whom it concerns see each manifest; who saw it before still does. One statement."""
    ManifestSight.objects.bulk_create(
        [
            ManifestSight(
                scope=scope,
                manifest=manifest,
                profile=manifest.profile,
                unless_confirmed=_unless_confirmed(manifest),
                is_open=Status(manifest.status) not in CLOSED,
                updated_at=manifest.updated_at,
            )
            for manifest, scopes_of_it in seen
            for scope in sorted(scopes_of_it)
        ],
        ignore_conflicts=True,
    )


def move_document(manifest: Manifest, document: Document, parties: Parties, status: Status, act: Act) -> None:
    """Bring the row and its parts to a new document and status; ``keep`` writes the row."""
    old = manifest.document
    manifest.document, manifest.content_hash = document, content_hash(document)
    manifest.status = status
    manifest.events += 1
    manifest.updated_at = act.server_at
    if document != old:
        text, manifest.mass_g = summary_of(document)
        manifest.wastes_text = text[:200]
        manifest.generator_site, manifest.receiver_site = parties.generator, parties.receiver
        manifest.generator_name, manifest.receiver_name = parties.names(document)
        manifest.division, manifest.domain = parties.inner().division_id, domain_of(document["wastes"][0]["code"])
        if _parts(document) != _parts(old):
            write_parts((manifest, parties))
            ManifestWaste.objects.filter(manifest=manifest, position__gt=len(document["wastes"])).delete()
            ManifestLeg.objects.filter(manifest=manifest, position__gt=len(parties.carriers)).delete()
        if _named(document) != _named(old):
            is_draft = status is Status.DRAFT
            see((manifest, draft_scopes(parties, None) if is_draft else scopes(parties, manifest.domain)))


def keep(manifest: Manifest) -> None:
    """Write the row, and bring what its readers find it by to its time and stage."""
    manifest.save()
    ManifestSight.objects.filter(manifest=manifest).update(
        updated_at=manifest.updated_at,
        unless_confirmed=_unless_confirmed(manifest),
        is_open=Status(manifest.status) not in CLOSED,
    )


def _unless_confirmed(manifest: Manifest) -> str | None:
    return manifest.status if manifest.status != Status.CONFIRMED else None


def _parts(document: Mapping[str, Any]) -> tuple[Any, ...]:
    """What the rows beside a document show of it."""
    wastes = [(w.get("code"), w.get("mass_g")) for w in document.get("wastes") or []]
    legs = [(c.get("organisation"), c.get("vehicle")) for c in document.get("carriers") or []]
    return wastes, legs


def _named(document: Mapping[str, Any]) -> tuple[Any, ...]:
    """The parties that a document names."""
    ends = [(document.get(end) or {}).get("site") for end in ("generator", "receiver")]
    firms = [c.get("organisation") for c in document.get("carriers") or []]
    return ends, firms, (document.get("livestock") or {}).get("insurer")
