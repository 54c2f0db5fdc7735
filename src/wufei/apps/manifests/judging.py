"""What is handed in for a manifest, judged before anything is written: read, merged, held against seals and slots.

Each function either returns what may be written or raises ``Refused`` with everything that stands against it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from wufei.apps.manifests.acts import Act
from wufei.apps.manifests.files import strange_files
from wufei.apps.manifests.models import Manifest
from wufei.apps.manifests.parties import Parties, ends_of, may_write, named, resolve, resolve_many
from wufei.apps.manifests.regions import with_compensation
from wufei.apps.manifests.signing import OWN_FAULT, own_slots, why_not
from wufei.apps.registry.models import User
from wufei.core.findings import Finding, Refused
from wufei.core.ledger import local_day
from wufei.core.manifest import EVENT_NAMES, REACHED, Event, Status, acting_slot
from wufei.core.manifest_document import (
    OF_CATALOGUE,
    Document,
    merge,
    profile_findings,
    read_document,
    with_defaults,
    without_blank_places,
)
from wufei.core.manifest_lacking import lacking
from wufei.core.manifest_profiles import manifest_profiles
from wufei.core.manifest_receipt import outcome_findings, unsigned_witnesses
from wufei.core.manifest_slots import foreign_changes, sealed_changes


def read_new(raw: object, act: Act, stage: str = "draft") -> tuple[Document, Parties]:
    """The document of a new manifest, by whoever may draw it up; ``stage`` is how far it is to go at once."""
    [read] = read_many([raw], act, stage)
    if isinstance(read, list):
        raise Refused(read)
    return read


def read_many(
    raws: Sequence[object], act: Act, stage: str = "draft"
) -> list[tuple[Document, Parties] | list[Finding]]:
    """The document and parties of each new manifest, or what stands against it; two queries, however many."""
    read = [read_document(raw) for raw in raws]
    sound = [(at, with_defaults(document)) for at, (document, found) in enumerate(read) if not found]
    answers: list[tuple[Document, Parties] | list[Finding]] = [
        found + _blank_too(document, found, stage) if found else [] for document, found in read
    ]
    resolved = resolve_many([document for _, document in sound])
    for (at, document), (parties, unknown) in zip(sound, resolved, strict=True):
        answers[at] = _against(document, parties, unknown, act, stage) or (document, parties)
    return answers


def _blank_too(document: Document, found: Sequence[Finding], stage: str) -> list[Finding]:
    """What is blank in a document of which some values cannot be read: told together with those."""
    if "profile" not in document:
        return []
    told = {finding.field for finding in found}
    told |= {at.removesuffix("code") + name for at in told if at.endswith("/code") for name in OF_CATALOGUE}
    blank = _lacking_new(with_defaults(document), stage)
    return [f for f in blank if not any(at == f.field or at.startswith(f"{f.field}/") for at in told)]


def _lacking_new(document: Document, stage: str) -> list[Finding]:
    return lacking(document, stage, leg=None if stage == "draft" else 1)


def _against(document: Document, parties: Parties, unknown: list[Finding], act: Act, stage: str) -> list[Finding]:
    found = _lacking_new(document, stage) + profile_findings(document) + unknown
    found += strange_files({}, document, [act.person.organisation_id])
    if not unknown:
        found += _not_the_writer(document, parties, act.person)
        is_round = manifest_profiles()[document["profile"]].is_round
        blank = {"profile": document["profile"]}
        found += foreign_changes(blank, document, _writing(act.person, parties), Status.DRAFT, is_round=is_round)
    return found


def _writing(person: User, parties: Parties) -> frozenset[str]:
    """The slots of a draft's writer; that one without standing may not write is told once, not field by field."""
    return own_slots(person, parties) or frozenset({"generator"})


def _not_the_writer(document: Document, parties: Parties, person: User) -> list[Finding]:
    """Why a person may not draw up this manifest: their firm is not the sender, nor the collector of a round."""
    slots = own_slots(person, parties)
    may = may_write(parties, document["profile"], person.organisation_id)
    is_collector = manifest_profiles()[document["profile"]].is_round and any(s.startswith("carrier") for s in slots)
    if may and ("generator" in slots or is_collector):
        return []
    what = "联单由移出单位开具（集中收运的也可由承运单位开具），您的账号不属于这些单位，或只办运输。"
    return [Finding(None, "/generator/site", what, "请用移出单位的账号开具。", "not_authorised")]


def changed(
    manifest: Manifest,
    patch: Mapping[str, Any],
    slots: Collection[str],
    held: Parties,
    event: Event | None = None,
    person: User | None = None,
) -> tuple[Document, Parties]:
    """The document with a patch applied in ``slots``, judged against seals and slots, and its parties.

    ``held`` are the parties of the document as it is; they are asked for anew only where the patch names others.
    ``person`` writes it in; ``None`` where it is only looked at: then its files are not asked for.
    """
    document, found = read_document(merge(manifest.document, patch))
    if found:
        raise Refused(found)
    if manifest.status == Status.DRAFT:
        document = without_blank_places(document)
    document = with_defaults(document, manifest.document)
    if found := other_profile(manifest, document):
        raise Refused(found)
    status = Status(manifest.status)
    found = sealed_changes(manifest.document, document, REACHED[status], leg=manifest.leg)
    is_round = manifest_profiles()[manifest.profile].is_round
    told = {f.field for f in found}
    foreign = foreign_changes(manifest.document, document, slots, status, event=event, is_round=is_round)
    found += [f for f in foreign if f.field not in told]
    found += lacking(document, "draft") + profile_findings(document)
    if person is not None:
        found += strange_files(manifest.document, document, [person.organisation_id])
    is_same = named(document) == named(manifest.document)
    parties, unknown = (held, []) if is_same else resolve(document, ends_of(manifest))
    found += unknown
    if found:
        raise Refused(found)
    return document, parties


def updated(manifest: Manifest, patch: Mapping[str, Any], act: Act) -> tuple[Document, Parties]:
    """What a change between the steps makes of the document; a draft stays one that its writer may write."""
    held, _ = resolve(manifest.document, ends_of(manifest))
    slots = own_slots(act.person, held)
    if not slots:
        what = "只有联单上的单位可以修改。"
        raise Refused([Finding(None, "", what, "请用联单上单位的账号。", "not_authorised")])
    document, parties = changed(manifest, patch, slots, held, person=act.person)
    if manifest.status == Status.DRAFT and (found := _not_the_writer(document, parties, act.person)):
        raise Refused([replace(f, field="") for f in found])
    if manifest.status == Status.SUBMITTED and not manifest.returns_id:  # reckoned anew where the mass changes
        document = with_compensation(manifest, document, parties, local_day(act.claimed_at))
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
        slots = acting_slot(event, manifest.leg, profile.signs, is_own_draft=is_round_draft(manifest))
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


def is_round_draft(manifest: Manifest) -> bool:
    """Whether the manifest is an unsigned one of a round: of the carriers only who drew it up sees it."""
    return manifest.status == Status.DRAFT and manifest_profiles()[manifest.profile].is_round


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


def prepared(
    manifest: Manifest,
    event: Event,
    payload: Mapping[str, Any],
    slots: Collection[str],
    held: Parties,
    at: datetime,
    person: User | None = None,
) -> tuple[Document, Parties]:
    """The document with what an event fills in: by whoever acts in ``slots``, and by reckoning."""
    document, parties = changed(manifest, payload, slots, held, event, person)
    if event in (Event.SUBMIT, Event.DEPART) and not manifest.returns_id:
        document = with_compensation(manifest, document, parties, local_day(at))
    return document, parties


def preview(manifest: Manifest, event: Event, payload: Mapping[str, Any], slot: str, at: datetime) -> Document:
    """The document as it would stand after an event; raises ``Refused`` as the event itself would. Keeps nothing."""
    held, _ = resolve(manifest.document, ends_of(manifest))
    document, _ = prepared(manifest, event, payload, {slot}, held, at)
    if found := lacking_for(manifest, event, document):
        raise Refused(found)
    return document
