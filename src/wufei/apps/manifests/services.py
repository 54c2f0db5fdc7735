"""Writes of manifests: draw up, change, and drive through its life. The rules are ``core.manifest*``.

Invariant: each write is one transaction that appends an event with the whole document and its hash, books the ledger,
writes the fact and brings the list columns up to date; sent again under the same key it changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.http import Http404

from wufei.apps.facts.models import Fact
from wufei.apps.facts.services import record_facts
from wufei.apps.manifests import booking
from wufei.apps.manifests.acts import Act
from wufei.apps.manifests.effects import (
    EFFECTS,
    contents_of,
    follow_packages,
    own_codes,
    refused_packages,
    take_back,
)
from wufei.apps.manifests.judging import lacking_for, prepared, preview, read_new, slot_for, slot_name, updated
from wufei.apps.manifests.keeping import keep, move_document, see, write_parts
from wufei.apps.manifests.models import Manifest, ManifestEvent, ManifestLeg, ManifestWaste
from wufei.apps.manifests.numbers import claim_number, take_numbers
from wufei.apps.manifests.parties import Parties, draft_scopes, ends_of, resolve, scopes
from wufei.apps.manifests.selectors import visible_manifests
from wufei.apps.manifests.signing import own_slots
from wufei.apps.registry.models import User
from wufei.apps.transactions import in_transaction
from wufei.core.catalogue import domain_of
from wufei.core.findings import Finding, Refused
from wufei.core.ledger import local_day
from wufei.core.manifest import (
    Event,
    Outcome,
    RuleError,
    Status,
    is_major_difference,
    next_status,
    outcome_status,
    summary_of,
)
from wufei.core.manifest_booking import Stamp
from wufei.core.manifest_document import Document
from wufei.core.manifest_number import serial_key
from wufei.core.manifest_profiles import manifest_profiles
from wufei.core.manifest_receipt import major_differences, outcomes_of, unconfirmed
from wufei.core.manifest_slots import order_findings, restated_masses, time_findings
from wufei.core.signature import content_hash
from wufei.core.working_days import last_day, package_calendar


def create_manifest(
    raw: object, *, act: Act, number: str | None = None, trip: tuple[int, int] | None = None
) -> Manifest:
    """Draw up a manifest as a draft; at most a dozen statements. Raises ``Refused`` with everything that is wrong.

    The same person's same document under the same key is drawn up once; another document under it is refused.

    Args:
        number: one of a block issued before (field work without signal); else the next of its series is taken.
        trip: id of the trip and position of the stop that it is made at.
    """

    def work() -> Manifest:
        document, parties = read_new(raw, act)
        made = _made_before(document, act)
        return made or _insert(document, parties, act=act, number=number, trip=trip)

    return in_transaction(work)


def create_and_submit(raw: object, *, act: Act) -> Manifest:
    """Draw up and submit in one: what stands against either is told, and then nothing is kept."""

    def work() -> Manifest:
        document, parties = read_new(raw, act, "submit")
        made = _made_before(document, act, submitted=True)
        if made is not None:
            return made
        manifest = _insert(document, parties, act=act, number=None)
        return advance_locked(manifest, Event.SUBMIT, {}, replace(act, key=""))

    return in_transaction(work)


def _made_before(document: Document, act: Act, *, submitted: bool = False) -> Manifest | None:
    """The manifest that the person drew up of this document under this key; two statements, none without a key."""
    if not act.key:
        return None
    # Two requests with one key come in turn: the second finds what the first has made.
    User.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=act.person.pk)
    made = (
        ManifestEvent.objects.filter(actor=act.actor, key=act.key, event="create").select_related("manifest").first()
    )
    if made is None:
        return None
    is_same = made.content_hash == content_hash(document)
    if is_same and not (submitted and made.manifest.status == Status.DRAFT):
        return made.manifest
    what = f"这个键已经用于联单 {made.manifest.number}。"
    raise Refused([Finding(None, "/key", what, "内容不同的联单请用新的键。", "key_used_otherwise")])


def _insert(
    document: Document,
    parties: Parties,
    *,
    act: Act,
    number: str | None,
    trip: tuple[int, int] | None = None,
    returns: Manifest | None = None,
) -> Manifest:
    if number is None:
        number = numbers_for([(document, parties)], act)[0]
    elif found := claim_number(number):
        raise Refused(found)
    manifest = _row(number, document, parties, act)
    if trip:
        manifest.trip_id, manifest.stop = trip
    if returns:
        manifest.status, manifest.leg, manifest.returns = Status.IN_TRANSIT, 1, returns
    insert([(manifest, parties)], act)
    return manifest


def numbers_for(drafts: Sequence[tuple[Document, Parties]], act: Act) -> list[str]:
    """The next number for each draft, in order; a statement for each series and place, in one order of locks."""
    year = local_day(act.server_at).year
    wanted: dict[str, tuple[str, str, list[int]]] = {}
    for at, (document, parties) in enumerate(drafts):
        series, division = manifest_profiles()[document["profile"]].series, parties.inner().division_id
        wanted.setdefault(serial_key(series, year, division), (series, division, []))[2].append(at)
    numbers = [""] * len(drafts)
    for _, (series, division, places) in sorted(wanted.items()):
        for at, number in zip(places, take_numbers(series, year, division, len(places)), strict=True):
            numbers[at] = number
    return numbers


def draft_rows(drafts: Sequence[tuple[Document, Parties]], act: Act) -> list[tuple[Manifest, Parties]]:
    """The rows of new drafts with their numbers taken, not yet kept: ``insert`` keeps them."""
    numbers = numbers_for(drafts, act)
    return [
        (_row(n, document, parties, act), parties) for n, (document, parties) in zip(numbers, drafts, strict=True)
    ]


def _row(number: str, document: Document, parties: Parties, act: Act) -> Manifest:
    """The row of a new draft, not yet kept."""
    profile = manifest_profiles()[document["profile"]]
    wastes_text, mass_g = summary_of(document)
    sender, taker = parties.names(document)
    return Manifest(
        number=number,
        profile=profile.id,
        domain=domain_of(document["wastes"][0]["code"]),
        status=Status.DRAFT,
        leg=0,
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
        rules_on=local_day(act.server_at),
        is_simulated=parties.inner().is_simulated,
        created_at=act.server_at,
        updated_at=act.server_at,
        created_by=act.actor,
    )


def insert(rows: Sequence[tuple[Manifest, Parties]], act: Act) -> None:
    """Keep new manifests with their parts, sights, first events and facts; six statements, however many there are."""
    Manifest.objects.bulk_create([manifest for manifest, _ in rows])
    write_parts(*rows)
    firm = act.person.organisation_id
    see(*((m, scopes(p, m.domain) if m.returns_id else draft_scopes(p, firm)) for m, p in rows))
    events = [
        event_of(m, "create", "", act, payload={"returns": m.returns.number} if m.returns else {}) for m, _ in rows
    ]
    ManifestEvent.objects.bulk_create(events)
    for event in events:
        event.manifest.written.append(event)
    record_facts(_fact(m, "create_manifest", act, before=None) for m, _ in rows)


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
    """Keep a version of the manifest."""
    row = event_of(manifest, event, slot, act, payload=payload, previous=previous, bookings=bookings)
    row.findings = [finding.as_dict() for finding in findings]
    return _append(row, manifest)


def _append(row: ManifestEvent, manifest: Manifest) -> ManifestEvent:
    row.save(force_insert=True)
    manifest.written.append(row)
    return row


def event_of(
    manifest: Manifest,
    event: str,
    slot: str,
    act: Act,
    *,
    payload: Mapping[str, Any],
    previous: str = "",
    bookings: Sequence[str] = (),
) -> ManifestEvent:
    """A version of the manifest as it stands, not yet kept."""
    return ManifestEvent(
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
        bookings=list(bookings),
    )


def tell(manifest: Manifest, verb: str, act: Act, *, before: str | None) -> None:
    """Write what happened to a manifest to the fact log."""
    record_facts([_fact(manifest, verb, act, before=before)])


def _fact(manifest: Manifest, verb: str, act: Act, *, before: str | None) -> Fact:
    return Fact(
        recorded_at=act.server_at,
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
    rows = visible_manifests(person).filter(number=number).select_for_update(of=("self",))
    found = rows.select_related("generator_site__organisation", "receiver_site__organisation").first()
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
        before, previous, old = manifest.status, manifest.content_hash, manifest.document
        document, parties = updated(manifest, patch, act)
        move_document(manifest, document, parties, Status(manifest.status), act)
        if before == Status.SUBMITTED:
            follow_packages(manifest, old, act)
        keep(manifest)
        append_event(manifest, "update", "", act, payload=dict(patch), previous=previous)
        tell(manifest, "update_manifest", act, before=before)
        return manifest

    return in_transaction(work)


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
        return advance_locked(manifest, event, payload, act)

    return in_transaction(work)


def advance_locked(manifest: Manifest, event: Event, payload: Mapping[str, Any], act: Act) -> Manifest:
    """Drive one step of a manifest that this transaction has locked or made; raises ``Refused`` like ``advance``."""
    try:
        return _step(manifest, event, payload, act)
    except RuleError as error:
        finding = Finding(None, error.pointer, error.what, error.remedy, error.code)
        raise Refused([finding]) from error


def _step(manifest: Manifest, event: Event, payload: Mapping[str, Any], act: Act) -> Manifest:
    before, previous = Status(manifest.status), manifest.content_hash
    target = next_status(manifest.number, before, event)
    held, _ = resolve(manifest.document, ends_of(manifest))
    slot, found = slot_for(manifest, event, held, act)
    found += time_findings(act.claimed_at, act.server_at)
    if found:
        raise Refused(found)
    slots = {slot} if act.external else {slot, *own_slots(act.person, held)}
    document, parties = prepared(manifest, event, payload, slots, held, act.claimed_at, act.person)
    if parties is not held:  # a draft may name others with its submission: whoever acts must act for those
        slot, found = slot_for(manifest, event, parties, act)
    outcomes = outcomes_of(document) if event in (Event.CONFIRM, Event.REFUSE) else []
    differences = major_differences(document) if outcomes else []
    found += lacking_for(manifest, event, document) + unconfirmed(differences, act.differences)
    if found:
        raise Refused(found)
    odd = order_findings(act.claimed_at, _previous_claim(manifest)) + differences
    if event is Event.DEPART and "generator" not in slots and not manifest_profiles()[manifest.profile].is_round:
        odd += restated_masses(manifest.document, document)
    if outcomes:
        target = outcome_status(outcomes)
    old_leg, old = manifest.leg, manifest.document
    move_document(manifest, document, parties, target, act)
    if before is Status.SUBMITTED:
        follow_packages(manifest, old, act)
    stamp = Stamp(manifest.number, manifest.events, act.claimed_at)
    bookings, alerts = _book(manifest, event, parties, outcomes, stamp, act)
    if event in (Event.DEPART, Event.HAND_OVER):
        manifest.leg = old_leg + 1
    _after(manifest, event, parties, outcomes, act)
    row = event_of(manifest, event.value, slot, act, payload=payload, previous=previous, bookings=bookings)
    alerts += odd
    for effect in EFFECTS:
        alerts += effect(manifest, row, parties, act)
    row.findings = [f.as_dict() for f in alerts]
    _append(row, manifest)
    manifest.alerts += len(alerts)
    keep(manifest)
    tell(manifest, f"{event.value}_manifest", act, before=before.value)
    if any(o.refused_g for o in outcomes):
        _send_back(manifest, outcomes, act)
    return manifest


def _previous_claim(manifest: Manifest) -> datetime | None:
    """When the step before is said to have happened."""
    return manifest.history.order_by("-sequence").values_list("claimed_at", flat=True).first()


def _book(
    manifest: Manifest, event: Event, parties: Parties, outcomes: Sequence[Outcome], stamp: Stamp, act: Act
) -> tuple[list[str], list[Finding]]:
    """Book what an event moves; returns the keys, and alerts of what the books found odd."""
    if event not in (Event.DEPART, Event.HAND_OVER, Event.CONFIRM, Event.REFUSE):
        return [], []
    actor, at = act.actor, act.server_at
    contents = contents_of(manifest.document)
    loads = booking.loads_of(manifest.document, contents)
    if event is Event.DEPART:
        keys, undeclared = booking.book_departure(manifest, parties, loads, stamp, actor=actor, recorded_at=at)
        what = "移出量超过台账库存，差额已记入“差异”。"
        alert = Finding(None, "/wastes", what, "请补记产生或入库台账。", "undeclared_stock")
        return keys, [alert] if undeclared else []
    if event is Event.HAND_OVER:
        return booking.book_hand_over(manifest, parties, loads, stamp, actor=actor, recorded_at=at), []
    refused = own_codes(refused_packages(manifest.document), contents)
    keys = booking.book_receipt(
        manifest, parties, loads, outcomes, stamp, refused=refused, actor=actor, recorded_at=at
    )
    return keys, []


def _after(manifest: Manifest, event: Event, parties: Parties, outcomes: Sequence[Outcome], act: Act) -> None:
    """What an event changes beside the document: sights, legs, outcome columns, the day to confirm by."""
    profile = manifest_profiles()[manifest.profile]
    if event is Event.SUBMIT:
        see((manifest, scopes(parties, manifest.domain)))
    elif event in (Event.DEPART, Event.HAND_OVER):
        ManifestLeg.objects.filter(manifest=manifest, position=manifest.leg).update(departed_at=act.claimed_at)
    elif event is Event.ARRIVE:
        ManifestLeg.objects.filter(manifest=manifest, position=manifest.leg).update(arrived_at=act.claimed_at)
        number, unit, _ = profile.confirm_within
        manifest.due_on = last_day(local_day(act.claimed_at), number, unit, package_calendar())
    if outcomes:
        record_outcomes(manifest, outcomes)


def record_outcomes(manifest: Manifest, outcomes: Sequence[Outcome]) -> None:
    """Bring the rows of the wastes, and the mark of a major difference, to what a receipt says."""
    profile = manifest_profiles()[manifest.profile]
    for i, outcome in enumerate(outcomes, 1):
        ManifestWaste.objects.filter(manifest=manifest, position=i).update(
            accepted_g=outcome.accepted_g, refused_g=outcome.refused_g, lost_g=outcome.lost_g
        )
    limits = {"tolerance_ppm": profile.tolerance_ppm, "least_g": profile.tolerance_least_g}
    manifest.has_difference = any(is_major_difference(o, **limits) for o in outcomes)


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


__all__ = [
    "Act",
    "advance",
    "create_and_submit",
    "create_manifest",
    "locked",
    "move_document",
    "preview",
    "slot_name",
    "update_manifest",
]
