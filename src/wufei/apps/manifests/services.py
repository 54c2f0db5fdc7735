"""Writes of manifests: draw up, change, and drive through its life. The rules are ``core.manifest*``.

Invariant: each write is one transaction that appends an event with the whole document and its hash, books the ledger,
writes the fact and brings the list columns up to date; sent again under the same key it changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.http import Http404

from wufei.apps.facts.services import record_fact
from wufei.apps.manifests import booking
from wufei.apps.manifests.acts import Act
from wufei.apps.manifests.effects import EFFECTS, masses_of_packages, refused_packages, take_back
from wufei.apps.manifests.models import Manifest, ManifestEvent, ManifestLeg, ManifestSight, ManifestWaste
from wufei.apps.manifests.numbers import take_numbers
from wufei.apps.manifests.parties import Parties, draft_scopes, may_write, resolve, scopes
from wufei.apps.manifests.regions import with_compensation
from wufei.apps.manifests.selectors import visible_manifests
from wufei.apps.manifests.signing import OWN_FAULT, why_not
from wufei.apps.registry.models import User
from wufei.apps.transactions import in_transaction
from wufei.core.catalogue import domain_of
from wufei.core.findings import Finding, Refused
from wufei.core.ledger import local_day
from wufei.core.manifest import (
    CLOSED,
    EVENT_NAMES,
    REACHED,
    Event,
    Outcome,
    RuleError,
    Status,
    acting_slot,
    is_major_difference,
    next_status,
    outcome_status,
    summary_of,
)
from wufei.core.manifest_booking import Stamp
from wufei.core.manifest_document import (
    Document,
    lacking,
    merge,
    outcome_findings,
    outcomes_of,
    profile_findings,
    read_document,
    sealed_changes,
    unsigned_witnesses,
    with_defaults,
)
from wufei.core.manifest_profiles import manifest_profiles
from wufei.core.signature import content_hash
from wufei.core.working_days import last_day, package_calendar


def create_manifest(
    raw: object, *, act: Act, number: str | None = None, trip: tuple[int, int] | None = None
) -> Manifest:
    """Draw up a manifest as a draft; at most a dozen statements. Raises ``Refused`` with everything that is wrong.

    Args:
        number: one of a block issued before (field work without signal); else the next of its series is taken.
        trip: id of the trip and position of the stop that it is made at.
    """

    def work() -> Manifest:
        document, parties = _read(raw, act)
        return _insert(document, parties, act=act, number=number, trip=trip)

    return in_transaction(work)


def create_and_submit(raw: object, *, act: Act) -> Manifest:
    """Draw up and submit in one: what stands against either is told, and then nothing is kept."""

    def work() -> Manifest:
        manifest = create_manifest(raw, act=replace(act, key=""))
        return advance(manifest.number, Event.SUBMIT, {}, act=act)

    return in_transaction(work)


def _read(raw: object, act: Act) -> tuple[Document, Parties]:
    document, found = read_document(raw)
    if found:
        raise Refused(found)
    document = with_defaults(document)
    found = lacking(document, "draft") + profile_findings(document)
    parties, unknown = resolve(document)
    found += unknown
    if not unknown and not may_write(parties, document["profile"], act.person.organisation_id):
        what = "联单由移出单位开具（集中收运的也可由承运单位开具），您的账号不属于这些单位。"
        found.append(Finding(None, "/generator/site", what, "请用移出单位的账号开具。", "not_authorised"))
    if found:
        raise Refused(found)
    return document, parties


def _insert(
    document: Document,
    parties: Parties,
    *,
    act: Act,
    number: str | None,
    trip: tuple[int, int] | None = None,
    returns: Manifest | None = None,
) -> Manifest:
    profile = manifest_profiles()[document["profile"]]
    day = local_day(act.server_at)
    if number is None:
        number = take_numbers(profile.series, day.year, parties.inner().division_id)[0]
    elif Manifest.objects.filter(number=number).exists():
        what = f"编号 {number} 已有联单。"
        raise Refused([Finding(None, "/number", what, "请换一个未用的编号。", "number_used")])
    wastes_text, mass_g = summary_of(document)
    sender, taker = parties.names(document)
    manifest = Manifest.objects.create(
        number=number,
        profile=profile.id,
        domain=domain_of(document["wastes"][0]["code"]),
        status=Status.IN_TRANSIT if returns else Status.DRAFT,
        leg=1 if returns else 0,
        events=1,
        document=document,
        content_hash=content_hash(document),
        generator_site=parties.generator,
        receiver_site=parties.receiver,
        generator_name=sender,
        receiver_name=taker,
        division=parties.inner().division_id,
        wastes_text=wastes_text[:200],
        mass_g=mass_g,
        rules_on=day,
        returns=returns,
        trip_id=trip[0] if trip else None,
        stop=trip[1] if trip else None,
        is_simulated=parties.inner().is_simulated,
        created_at=act.server_at,
        updated_at=act.server_at,
        created_by=act.actor,
    )
    _write_parts(manifest, parties)
    seen = scopes(parties, manifest.domain) if returns else draft_scopes(parties, act.person.organisation_id)
    _see(manifest, seen)
    append_event(manifest, "create", "", act, payload={"returns": returns.number} if returns else {})
    tell(manifest, "create_manifest", act, before=None)
    return manifest


def _write_parts(manifest: Manifest, parties: Parties) -> None:
    """The wastes and carriers of a new manifest, as rows; two statements."""
    document = manifest.document
    ManifestWaste.objects.bulk_create(
        ManifestWaste(manifest=manifest, position=i, waste_code=w["code"], sent_g=w.get("mass_g") or 0)
        for i, w in enumerate(document["wastes"], 1)
    )
    legs = zip(document.get("carriers") or [], parties.carriers, strict=False)
    ManifestLeg.objects.bulk_create(
        ManifestLeg(manifest=manifest, position=i, organisation=firm, vehicle=carrier.get("vehicle") or "")
        for i, (carrier, firm) in enumerate(legs, 1)
    )


def _see(manifest: Manifest, seen: set[str]) -> None:
    is_open = Status(manifest.status) not in CLOSED
    ManifestSight.objects.bulk_create(
        [ManifestSight(scope=scope, manifest=manifest, is_open=is_open) for scope in sorted(seen)],
        ignore_conflicts=True,
    )


def append_event(
    manifest: Manifest,
    event: str,
    slot: str,
    act: Act,
    *,
    payload: Mapping[str, Any],
    previous: str = "",
    bookings: Sequence[str] = (),
    findings: Sequence[Finding] = (),
) -> ManifestEvent:
    return ManifestEvent.objects.create(
        manifest=manifest,
        sequence=manifest.events,
        event=event,
        slot=slot,
        status=manifest.status,
        actor=act.actor,
        claimed_at=act.claimed_at,
        device_at=act.device_at,
        server_at=act.server_at,
        key=act.key,
        payload=dict(payload),
        document=manifest.document,
        content_hash=manifest.content_hash,
        previous_hash=previous,
        findings=[f.as_dict() for f in findings],
        bookings=list(bookings),
    )


def tell(manifest: Manifest, verb: str, act: Act, *, before: str | None) -> None:
    record_fact(
        at=act.server_at,
        actor=act.actor,
        verb=verb,
        subject=f"manifest:{manifest.number}",
        division=manifest.division,
        document=f"manifest:{manifest.number}",
        before={"status": before} if before else None,
        after={"status": manifest.status, "sequence": manifest.events, "content_hash": manifest.content_hash},
    )


def locked(person: User, number: str) -> Manifest:
    """The manifest in sight with this number, locked until the transaction ends; else 404."""
    found = visible_manifests(person).filter(number=number).select_for_update(of=("self",)).first()
    if found is None:
        raise Http404(f"没有联单 {number}。")
    return found


def _is_repeat(manifest: Manifest, event: str, act: Act) -> bool:
    """Whether this act was done before under the same key; the same key for another event is refused."""
    if not act.key:
        return False
    done = ManifestEvent.objects.filter(manifest=manifest, key=act.key).values_list("event", flat=True).first()
    if done is not None and done != event:
        what = f"这个键已经用于“{done}”。"
        raise Refused([Finding(None, "/key", what, "每次操作请用新的键。", "key_used_otherwise")])
    return done is not None


def update_manifest(number: str, patch: Mapping[str, Any], *, act: Act) -> Manifest:
    """Change what no signature has sealed yet; lists are merged place by place."""

    def work() -> Manifest:
        manifest = locked(act.person, number)
        if _is_repeat(manifest, "update", act):
            return manifest
        document, parties = _changed(manifest, patch)
        if manifest.status == Status.SUBMITTED and not manifest.returns_id:  # reckoned anew where the mass changes
            document = with_compensation(manifest, document, parties, local_day(act.claimed_at))
        if act.person.organisation_id not in parties.organisations():
            what = "只有联单上的单位可以修改。"
            raise Refused([Finding(None, "", what, "请用联单上单位的账号。", "not_authorised")])
        before = manifest.status
        move_document(manifest, document, parties, Status(manifest.status), act)
        append_event(manifest, "update", "", act, payload=dict(patch), previous=before)
        tell(manifest, "update_manifest", act, before=before)
        return manifest

    return in_transaction(work)


def _changed(manifest: Manifest, patch: Mapping[str, Any]) -> tuple[Document, Parties]:
    """The document with a patch applied, judged against the seals, and its parties."""
    document, found = read_document(merge(manifest.document, patch))
    if found:
        raise Refused(found)
    document = with_defaults(document)
    found = sealed_changes(manifest.document, document, REACHED[Status(manifest.status)])
    found += lacking(document, "draft") + profile_findings(document)
    parties, unknown = resolve(document)
    found += unknown
    if found:
        raise Refused(found)
    return document, parties


def move_document(manifest: Manifest, document: Document, parties: Parties, status: Status, act: Act) -> None:
    """Bring the row and its parts to a new document and status."""
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
        if _parts(document) != _parts(old):
            ManifestWaste.objects.filter(manifest=manifest).delete()
            ManifestLeg.objects.filter(manifest=manifest).delete()
            _write_parts(manifest, parties)
    manifest.save()


def _parts(document: Mapping[str, Any]) -> tuple[Any, ...]:
    """What the rows beside a document show of it."""
    wastes = [(w.get("code"), w.get("mass_g")) for w in document.get("wastes") or []]
    legs = [(c.get("organisation"), c.get("vehicle")) for c in document.get("carriers") or []]
    return wastes, legs


def advance(number: str, event: Event, payload: Mapping[str, Any], *, act: Act) -> Manifest:
    """Drive a manifest one step. ``payload`` fills fields that are open until this step.

    Raises:
        Refused: everything that stands against it, at once; nothing was kept.
        Http404: the manifest is not in the person's sight.
    """

    def work() -> Manifest:
        manifest = locked(act.person, number)
        if _is_repeat(manifest, event.value, act):
            return manifest
        try:
            return _step(manifest, event, payload, act)
        except RuleError as error:
            finding = Finding(None, error.pointer, error.what, error.remedy, error.code)
            raise Refused([finding]) from error

    return in_transaction(work)


def _step(manifest: Manifest, event: Event, payload: Mapping[str, Any], act: Act) -> Manifest:
    before, previous = Status(manifest.status), manifest.content_hash
    target = next_status(manifest.number, before, event)
    document, parties = _prepared(manifest, event, payload, act.claimed_at)
    slot, found = _slot(manifest, event, parties, act)
    found += _lacking(manifest, event, document)
    if found:
        raise Refused(found)
    outcomes = outcomes_of(document) if event in (Event.CONFIRM, Event.REFUSE) else []
    if outcomes:
        target = outcome_status(outcomes)
    old_leg = manifest.leg
    move_document(manifest, document, parties, target, act)
    stamp = Stamp(manifest.number, manifest.events, act.claimed_at)
    bookings, alerts = _book(manifest, event, parties, outcomes, stamp, act)
    if event in (Event.DEPART, Event.HAND_OVER):
        manifest.leg = old_leg + 1
    _after(manifest, event, parties, outcomes, act)
    row = append_event(manifest, event.value, slot, act, payload=payload, previous=previous, bookings=bookings)
    for effect in EFFECTS:
        alerts += effect(manifest, row, parties, act)
    if alerts:
        row.findings = [f.as_dict() for f in alerts]
        row.save(update_fields=["findings"])
        manifest.alerts += len(alerts)
    manifest.save()
    tell(manifest, f"{event.value}_manifest", act, before=before.value)
    if any(o.refused_g for o in outcomes):
        _send_back(manifest, outcomes, act)
    return manifest


def _slot(manifest: Manifest, event: Event, parties: Parties, act: Act) -> tuple[str, list[Finding]]:
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


def _lacking(manifest: Manifest, event: Event, document: Document) -> list[Finding]:
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


def _book(
    manifest: Manifest, event: Event, parties: Parties, outcomes: Sequence[Outcome], stamp: Stamp, act: Act
) -> tuple[list[str], list[Finding]]:
    """Book what an event moves; returns the keys, and alerts of what the books found odd."""
    if event not in (Event.DEPART, Event.HAND_OVER, Event.CONFIRM, Event.REFUSE):
        return [], []
    actor, at = act.actor, act.server_at
    loads = booking.loads_of(manifest.document, masses_of_packages(manifest.document))
    if event is Event.DEPART:
        keys, undeclared = booking.book_departure(manifest, parties, loads, stamp, actor=actor, recorded_at=at)
        what = "移出量超过台账库存，差额已记入“差异”。"
        alert = Finding(None, "/wastes", what, "请补记产生或入库台账。", "undeclared_stock")
        return keys, [alert] if undeclared else []
    if event is Event.HAND_OVER:
        return booking.book_hand_over(manifest, parties, loads, stamp, actor=actor, recorded_at=at), []
    refused = refused_packages(manifest.document)
    keys = booking.book_receipt(
        manifest, parties, loads, outcomes, stamp, refused=refused, actor=actor, recorded_at=at
    )
    return keys, []


def _after(manifest: Manifest, event: Event, parties: Parties, outcomes: Sequence[Outcome], act: Act) -> None:
    """What an event changes beside the document: sights, legs, outcome columns, the day to confirm by."""
    profile = manifest_profiles()[manifest.profile]
    if event is Event.SUBMIT:
        _see(manifest, scopes(parties, manifest.domain))
    elif event in (Event.DEPART, Event.HAND_OVER):
        ManifestLeg.objects.filter(manifest=manifest, position=manifest.leg).update(departed_at=act.claimed_at)
    elif event is Event.ARRIVE:
        ManifestLeg.objects.filter(manifest=manifest, position=manifest.leg).update(arrived_at=act.claimed_at)
        number, unit, _ = profile.confirm_within
        manifest.due_on = last_day(local_day(act.claimed_at), number, unit, package_calendar())
    if outcomes:
        record_outcomes(manifest, outcomes)
    if Status(manifest.status) in CLOSED:
        ManifestSight.objects.filter(manifest=manifest).update(is_open=False)


def record_outcomes(manifest: Manifest, outcomes: Sequence[Outcome]) -> None:
    """Bring the rows of the wastes, and the mark of a major difference, to what a receipt says."""
    profile = manifest_profiles()[manifest.profile]
    for i, outcome in enumerate(outcomes, 1):
        ManifestWaste.objects.filter(manifest=manifest, position=i).update(
            accepted_g=outcome.accepted_g, refused_g=outcome.refused_g, lost_g=outcome.lost_g
        )
    limits = {"tolerance_ppm": profile.tolerance_ppm, "least_g": profile.tolerance_least_g}
    manifest.has_difference = any(is_major_difference(o, **limits) for o in outcomes)


def _prepared(manifest: Manifest, event: Event, payload: Mapping[str, Any], at: datetime) -> tuple[Document, Parties]:
    """The document with what an event fills in: by whoever acts, and by reckoning."""
    document, parties = _changed(manifest, payload)
    if event in (Event.SUBMIT, Event.DEPART) and not manifest.returns_id:
        document = with_compensation(manifest, document, parties, local_day(at))
    return document, parties


def preview(manifest: Manifest, event: Event, payload: Mapping[str, Any], at: datetime) -> Document:
    """The document as it would stand after an event; raises ``Refused`` as the event itself would. Keeps nothing."""
    document, _ = _prepared(manifest, event, payload, at)
    if found := _lacking(manifest, event, document):
        raise Refused(found)
    return document


def _send_back(manifest: Manifest, outcomes: Sequence[Outcome], act: Act) -> Manifest:
    """The return shipment of what was refused: it is on the vehicle already, the sender confirms its return."""
    document = manifest.document
    refused = refused_packages(document)
    wastes = []
    for waste, outcome in zip(document["wastes"], outcomes, strict=True):
        if outcome.refused_g:
            packages = [code for code in waste.get("packages") or [] if code in refused]
            bare = {key: value for key, value in waste.items() if key not in {"packages", "package_count"}}
            told = {"packages": packages, "package_count": len(packages)} if packages else {}
            wastes.append({**bare, **told, "mass_g": outcome.refused_g})
    back: Document = {
        **{key: document[key] for key in document if key in {"profile", "region", "livestock", "soil", "exemption"}},
        "generator": {
            **{k: v for k, v in document["receiver"].items() if k in {"site", "outside", "handler", "handler_phone"}},
            **{k: v for k, v in document["generator"].items() if k in {"emergency_phone", "measures"}},
        },
        "receiver": {k: v for k, v in document["generator"].items() if k in {"site", "outside"}},
        "wastes": wastes,
        "carriers": [document["carriers"][manifest.leg - 1]],
    }
    parties, found = resolve(back)
    assert not found, found
    plain = Act(act.person, act.claimed_at, act.server_at)
    returning = _insert(back, parties, act=plain, number=None, returns=manifest)
    take_back(returning, manifest.number, act)
    return returning


__all__ = ["Act", "advance", "create_and_submit", "create_manifest", "locked", "slot_name", "update_manifest"]
