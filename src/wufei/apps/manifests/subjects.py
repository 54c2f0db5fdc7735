"""What the signatures are told of manifests: what a party reads before signing, and what was signed."""

from datetime import datetime

from django.utils import timezone

from wufei.apps.manifests.acts import Act
from wufei.apps.manifests.judging import preview
from wufei.apps.manifests.models import Manifest, ManifestEvent
from wufei.apps.manifests.parties import Parties, resolve
from wufei.apps.manifests.selectors import next_events, visible_manifests
from wufei.apps.manifests.services import advance
from wufei.apps.registry.models import Organisation, User
from wufei.apps.signatures.models import Signature
from wufei.apps.signatures.services import Asked, SubjectKind, Summary, register_subject
from wufei.core.findings import Finding, Refused
from wufei.core.kilograms import kilograms_text
from wufei.core.manifest import EVENT_NAMES, STATUS_NAMES, Event, Status, acting_slot
from wufei.core.manifest_document import Document
from wufei.core.manifest_profiles import manifest_profiles


def _manifest(asked: Asked) -> Manifest | None:
    joined = Manifest.objects.select_related("generator_site__organisation", "receiver_site__organisation")
    return joined.filter(number=asked.subject.partition(":")[2]).first()


def _is_due(manifest: Manifest, asked: Asked) -> bool:
    """Whether this slot acts for this event now."""
    if asked.event not in {event.value for event in next_events(manifest)}:
        return False
    event, profile = Event(asked.event), manifest_profiles()[manifest.profile]
    if event is Event.WITNESS:
        return asked.slot in {w.slot for w in profile.witnesses}
    return asked.slot in acting_slot(event, manifest.leg, profile.signs)


def summary(asked: Asked) -> Summary | None:
    """What a person reads before signing."""
    manifest = _manifest(asked)
    if manifest is None or asked.event not in {event.value for event in Event}:
        return None
    carriers = "、".join(
        f"{carrier.get('vehicle') or '车牌未填'} {carrier.get('driver') or ''}".strip()
        for carrier in manifest.document.get("carriers") or []
    )
    return Summary(
        manifest_profiles()[manifest.profile].title,
        (
            ("联单编号", manifest.number),
            ("阶段", STATUS_NAMES[Status(manifest.status)]),
            ("要办的事", EVENT_NAMES[Event(asked.event)]),
            ("移出单位", manifest.generator_name),
            ("接受单位", manifest.receiver_name),
            ("废物", manifest.wastes_text),
            ("移出量", f"{kilograms_text(manifest.mass_g)} 千克" if manifest.mass_g else "没有填写"),
            ("车辆", carriers or "—"),
        ),
    )


def content(asked: Asked) -> Document | None:
    """The document as it would stand after the event; ``None`` where the slot is not due, or something lacks."""
    found = _previewed(asked)
    return None if isinstance(found, list) else found


def why_not(asked: Asked) -> list[Finding]:
    """What stands against the event, where the slot is due."""
    found = _previewed(asked)
    return found if isinstance(found, list) else []


def _previewed(asked: Asked) -> Document | list[Finding]:
    manifest = _manifest(asked)
    if manifest is None or not _is_due(manifest, asked):
        return []
    try:
        return preview(manifest, Event(asked.event), asked.payload, asked.slot, timezone.now())
    except Refused as refused:
        return refused.findings


def signed_content(signature: Signature) -> Document | None:
    """The version that was signed, found by its hash."""
    rows = ManifestEvent.objects.filter(
        manifest__number=signature.subject.partition(":")[2], content_hash=signature.content_hash
    )
    found: Document | None = rows.values_list("document", flat=True).first()
    return found


def _parties(manifest: Manifest) -> Parties:
    return resolve(manifest.document)[0]


def may_host(user: User, asked: Asked) -> bool:
    """Whether a person of another party may have this signed on their screen."""
    manifest = visible_manifests(user).filter(number=asked.subject.partition(":")[2]).first()
    if manifest is None or not _is_due(manifest, asked):
        return False
    return user.organisation_id in _parties(manifest).organisations()


def party(asked: Asked) -> Organisation | None:
    """The firm for which the party signs."""
    manifest = _manifest(asked)
    return _parties(manifest).organisation_for(asked.slot, None) if manifest else None


def on_signed(signature: Signature, asked: Asked, at: datetime) -> None:
    """A signature by one-time code drives the manifest on, hosted by whoever showed the code."""
    host = User.objects.get(username=signature.evidence["host"])
    external = {"signature": signature.pk, "name": signature.person_name}
    act = Act(host, claimed_at=signature.claimed_at, server_at=at, slot=asked.slot, external=external)
    manifest = advance(asked.subject.partition(":")[2], Event(asked.event), asked.payload, act=act)
    if manifest.content_hash != signature.content_hash:  # changed by another between the reading and the lock
        what = "签名的同时，联单内容有了改动，没有签上。"
        raise Refused([Finding(None, "", what, "请对方重新出示签名码，核对内容后再签。", "content_changed")])


def sees(user: User, subject: str) -> bool:
    """Whether a person sees the manifest at all."""
    return visible_manifests(user).filter(number=subject.partition(":")[2]).exists()


def register() -> None:
    """Make manifests signable."""
    register_subject(
        "manifest",
        SubjectKind(
            summary,
            content,
            signed_content,
            may_host=may_host,
            party=party,
            on_signed=on_signed,
            sees=sees,
            why_not=why_not,
        ),
    )
