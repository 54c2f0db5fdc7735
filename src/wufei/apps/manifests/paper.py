"""The manifest as PDF, in the layout of its three parts, with QR, signatures and versions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from wufei.apps.documents.manifest import Leg, ManifestPaper, Party, SignatureLine, VersionLine, render_manifest
from wufei.apps.manifests.amending_form import words
from wufei.apps.manifests.forms import is_masked, mask
from wufei.apps.manifests.models import Manifest, ManifestEvent, ManifestLeg
from wufei.apps.manifests.parties import resolve
from wufei.apps.manifests.selectors import history_of
from wufei.apps.registry.models import Organisation, Permit, Site
from wufei.apps.registry.selectors import licences_of, place_names
from wufei.apps.signatures.models import Signature
from wufei.apps.signatures.reference import slot_name
from wufei.core.checks import LicenceRecord
from wufei.core.manifest import EVENT_NAMES, STATUS_NAMES, Event, Status
from wufei.core.manifest_document import place_name

EVENT_WORDS = {"create": "开具", "update": "修改"} | {event.value: name for event, name in EVENT_NAMES.items()}


def manifest_pdf(
    manifest: Manifest, *, url: str, printed_at: datetime, document: Mapping[str, Any] | None = None
) -> bytes:
    """The paper of a manifest; eight queries. Its QR leads to ``url``; the reader may see ``document``."""
    parties, _ = resolve(manifest.document)
    history = history_of(manifest)
    times = {row.event: row.claimed_at for row in history}
    legs = {leg.position: leg for leg in ManifestLeg.objects.filter(manifest=manifest)}
    ends = [end for end in (parties.generator, parties.receiver) if end]
    places = place_names([*(end.division_id for end in ends), *(firm.division_id for firm in parties.carriers)])
    licences = licences_of(firm.pk for firm in parties.carriers)
    signatures = Signature.objects.filter(subject=f"manifest:{manifest.number}").select_related("organisation")
    return render_manifest(
        ManifestPaper(
            number=manifest.number,
            profile=manifest.profile,
            stage=STATUS_NAMES[Status(manifest.status)],
            document=document or manifest.document,
            qr_url=url,
            printed_at=printed_at,
            generator=_site(parties.generator, manifest.generator_name, places),
            legs=[
                Leg(_carrier(firm, places, licences), legs[i].departed_at, legs[i].arrived_at)
                for i, firm in enumerate(parties.carriers, 1)
                if i in legs
            ],
            receiver=_site(parties.receiver, manifest.receiver_name, places, with_permit=True),
            handed_over_at=times.get(Event.DEPART.value),
            received_at=times.get(Event.CONFIRM.value) or times.get(Event.REFUSE.value),
            signatures=[
                SignatureLine(
                    f"{slot_name(s.slot)} {EVENT_WORDS.get(s.event, s.event)}",
                    s.person_name,
                    s.organisation.name if s.organisation else "",
                    s.server_at,
                    s.content_hash,
                )
                for s in signatures.order_by("sequence")
            ],
            versions=[
                VersionLine(row.sequence, row.server_at, row.actor, _what(row, masks=document != manifest.document))
                for row in history
            ],
            is_simulated=manifest.is_simulated,
        )
    )


def _what(row: ManifestEvent, *, masks: bool) -> str:
    """What made a version; of an amendment what it changed, in the words of the pages."""
    word = EVENT_WORDS[row.event]
    changes = row.payload.get("changes") if row.event == Event.AMEND else None
    if not changes:
        return word

    def told(change: Mapping[str, Any], end: str) -> str:
        value, at = change.get(end), change["pointer"]
        return mask(value) if masks and isinstance(value, str) and is_masked(at) else words(at, value)

    named = (f"{place_name(c['pointer'])} {told(c, 'before')} → {told(c, 'after')}" for c in changes)
    return f"{word}：{'；'.join(named)}"


def _carrier(firm: Organisation, places: Mapping[str, str], licences: Mapping[int, Sequence[LicenceRecord]]) -> Party:
    numbers = [licence.number for licence in licences.get(firm.pk, ())]
    return Party(name=firm.name, address=places.get(firm.division_id, ""), permit="、".join(numbers[:3]))


def _site(site: Site | None, outside: str, places: Mapping[str, str], *, with_permit: bool = False) -> Party:
    if site is None:
        return Party(name=outside)
    permit = _permit(site.organisation) if with_permit else ""
    firm = site.organisation.name
    return Party(
        name=firm if firm == site.name else f"{firm}（{site.name}）",
        address=places.get(site.division_id, ""),
        permit=permit,
    )


def _permit(firm: Organisation) -> str:
    return "、".join(Permit.objects.filter(organisation=firm).order_by("number").values_list("number", flat=True)[:3])
