"""What stands against a step of a manifest: seals, lacking fields, unknown parties, who may act."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from wufei.apps.manifests.acts import Act
from wufei.apps.manifests.models import Manifest
from wufei.apps.manifests.parties import Parties, resolve
from wufei.apps.manifests.regions import with_compensation
from wufei.apps.manifests.signing import OWN_FAULT, why_not
from wufei.core.findings import Finding, Refused
from wufei.core.ledger import local_day
from wufei.core.manifest import EVENT_NAMES, REACHED, Event, Status, acting_slot
from wufei.core.manifest_document import (
    Document,
    lacking,
    merge,
    outcome_findings,
    profile_findings,
    read_document,
    sealed_changes,
    unsigned_witnesses,
    with_defaults,
)
from wufei.core.manifest_profiles import manifest_profiles


def changed(manifest: Manifest, patch: Mapping[str, Any]) -> tuple[Document, Parties]:
    """The document with a patch applied, judged against the seals, and its parties. Raises ``Refused``."""
    document, found = read_document(merge(manifest.document, patch))
    if found:
        raise Refused(found)
    document = with_defaults(document)
    found = other_profile(manifest, document)
    if found:
        raise Refused(found)
    found = sealed_changes(manifest.document, document, REACHED[Status(manifest.status)], leg=manifest.leg)
    found += lacking(document, "draft") + profile_findings(document)
    parties, unknown = resolve(document)
    found += unknown
    if found:
        raise Refused(found)
    return document, parties


def other_profile(manifest: Manifest, document: Document) -> list[Finding]:
    """A finding where the kind of manifest would change: its number and its rules hang on it."""
    if document["profile"] == manifest.profile:
        return []
    what = f"联单类型在开具时已定为“{manifest_profiles()[manifest.profile].name}”，不能改。"
    return [Finding(None, "/profile", what, "请作废后按另一种类型另开一份。", "profile_fixed")]


def slot_for(manifest: Manifest, event: Event, parties: Parties, act: Act) -> tuple[str, list[Finding]]:
    """The slot for which the person acts, or a finding that says who may."""
    profile = manifest_profiles()[manifest.profile]
    if event is Event.WITNESS:
        slots = [w.slot for w in profile.witnesses]
    else:
        slots = acting_slot(event, manifest.leg, profile.signs)
    wanted = [s for s in slots if not act.slot or s == act.slot]
    if act.external:  # the party has signed by a one-time code; who may host that was asked when it was issued
        return (wanted or slots)[0], []
    for slot in wanted:
        reason = why_not(act.person, slot, parties, manifest.domain, at=act.server_at)
        if reason is None:
            return slot, []
        if reason.code in OWN_FAULT:
            return "", [reason]
    what = f"“{EVENT_NAMES[event]}”由{'、'.join(slot_name(s) for s in slots) or '无人'}办理，您的账号不属于该单位。"
    return "", [Finding(None, "/slot", what, "请用该单位的账号办理，或由对方凭一次性验证码签字。", "not_authorised")]


def slot_name(slot: str) -> str:
    """A slot in Chinese."""
    name, _, position = slot.partition(":")
    words = {"generator": "移出单位", "receiver": "接受单位", "insurer": "保险机构"}
    return f"第 {position} 承运单位" if name == "carrier" else words.get(name, name)


def lacking_for(manifest: Manifest, event: Event, document: Document) -> list[Finding]:
    """What the document lacks for an event."""
    since = "arrive" if manifest.returns_id else "draft"
    if event is Event.DEPART:
        return lacking(document, "depart", leg=1)
    if event is Event.HAND_OVER:
        if manifest.leg >= len(document.get("carriers") or []):
            what = "联单上没有下一家承运单位。"
            return [Finding(None, "/carriers", what, "请先补填下一家承运单位。", "no_next_carrier")]
        return lacking(document, "depart", leg=manifest.leg + 1)
    if event in (Event.CONFIRM, Event.REFUSE):
        signed = set(manifest.history.filter(event=Event.WITNESS.value).values_list("slot", flat=True))
        found = lacking(document, "confirm", leg=1, since=since) + outcome_findings(document, event)
        return found + unsigned_witnesses(document, event.value, signed)
    if event in (Event.SUBMIT, Event.ARRIVE):
        return lacking(document, event.value, leg=1, since=since)
    return []


def prepared(manifest: Manifest, event: Event, payload: Mapping[str, Any], at: datetime) -> tuple[Document, Parties]:
    """The document with what an event fills in: by whoever acts, and by reckoning."""
    document, parties = changed(manifest, payload)
    if event in (Event.SUBMIT, Event.DEPART) and not manifest.returns_id:
        document = with_compensation(manifest, document, parties, local_day(at))
    return document, parties


def preview(manifest: Manifest, event: Event, payload: Mapping[str, Any], at: datetime) -> Document:
    """The document as it would stand after an event; raises ``Refused`` as the event itself would. Keeps nothing."""
    document, _ = prepared(manifest, event, payload, at)
    if found := lacking_for(manifest, event, document):
        raise Refused(found)
    return document
