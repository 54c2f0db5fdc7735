"""The manifest as PDF, in the layout of its three parts, with QR, signatures and versions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from wufei.apps.documents.manifest import Leg, ManifestPaper, Party, SignatureLine, VersionLine, render_manifest
from wufei.apps.manifests.models import Manifest, ManifestLeg
from wufei.apps.manifests.parties import resolve
from wufei.apps.manifests.selectors import history_of
from wufei.apps.registry.models import Organisation, Permit, Site
from wufei.apps.signatures.models import Signature
from wufei.apps.signatures.reference import slot_name
from wufei.core.manifest import EVENT_NAMES, STATUS_NAMES, Event, Status

EVENT_WORDS = {"create": "开具", "update": "修改"} | {event.value: name for event, name in EVENT_NAMES.items()}


def manifest_pdf(
    manifest: Manifest, *, url: str, printed_at: datetime, document: Mapping[str, Any] | None = None
) -> bytes:
    """The paper of a manifest; six queries. ``url`` is what its QR leads to; ``document`` what the reader may see."""
    parties, _ = resolve(manifest.document)
    history = history_of(manifest)
    times = {row.event: row.claimed_at for row in history}
    legs = {leg.position: leg for leg in ManifestLeg.objects.filter(manifest=manifest)}
    signatures = Signature.objects.filter(subject=f"manifest:{manifest.number}").select_related("organisation")
    return render_manifest(
        ManifestPaper(
            number=manifest.number,
            profile=manifest.profile,
            stage=STATUS_NAMES[Status(manifest.status)],
            document=document or manifest.document,
            qr_url=url,
            printed_at=printed_at,
            generator=_site(parties.generator, manifest.generator_name),
            legs=[
                Leg(Party(name=firm.name), legs[i].departed_at, legs[i].arrived_at)
                for i, firm in enumerate(parties.carriers, 1)
                if i in legs
            ],
            receiver=_site(parties.receiver, manifest.receiver_name, with_permit=True),
            handed_over_at=times.get(Event.DEPART.value),
            received_at=times.get(Event.CONFIRM.value) or times.get(Event.REFUSE.value),
            signatures=[
                SignatureLine(
                    slot_name(s.slot),
                    s.person_name,
                    s.organisation.name if s.organisation else "",
                    s.server_at,
                    s.content_hash,
                )
                for s in signatures.order_by("sequence")
            ],
            versions=[VersionLine(r.sequence, r.server_at, r.actor, EVENT_WORDS[r.event]) for r in history],
            is_simulated=manifest.is_simulated,
        )
    )


def _site(site: Site | None, outside: str, *, with_permit: bool = False) -> Party:
    if site is None:
        return Party(name=outside)
    permit = _permit(site.organisation) if with_permit else ""
    firm = site.organisation.name
    return Party(
        name=firm if firm == site.name else f"{firm}（{site.name}）", address=site.division.name, permit=permit
    )


def _permit(firm: Organisation) -> str:
    return "、".join(Permit.objects.filter(organisation=firm).order_by("number").values_list("number", flat=True)[:3])
