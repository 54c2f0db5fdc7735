"""What the pages of manifests show, made from selectors and the table of fields: ready for the templates."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse

from wufei.apps.amendments.services import is_office_of
from wufei.apps.manifests import forms, listing, selectors
from wufei.apps.manifests.judging import is_round_draft
from wufei.apps.manifests.models import Manifest, ManifestEvent
from wufei.apps.manifests.parties import Parties, ends_of, resolve
from wufei.apps.manifests.services import slot_name
from wufei.apps.manifests.signing import may_sign, own_slots
from wufei.apps.manifests.telling import findings_for
from wufei.apps.registry.actors import actor_names
from wufei.apps.registry.models import RegionTransfer, User
from wufei.apps.registry.transfer_reads import visible_transfers
from wufei.apps.signatures.selectors import Delegated, SignatureRow, delegated_by
from wufei.apps.web import address
from wufei.apps.weighings.selectors import may_record, recordable_sites
from wufei.core.checks import CURERS, STAGES
from wufei.core.findings import Finding
from wufei.core.kilograms import kilograms_text
from wufei.core.ledger import local_day
from wufei.core.manifest import EVENT_NAMES, REACHED, STATUS_NAMES, Event, Status, acting_slot
from wufei.core.manifest_document import Document, pattern_of
from wufei.core.manifest_profiles import Field, fields_of, manifest_profiles, stage_index
from wufei.core.manifest_receipt import difference_words, outcomes_of
from wufei.core.manifest_slots import may_fill
from wufei.core.soil import END_NAMES, measured
from wufei.core.soil import Measured as Measured

COLOURS = {
    Status.DRAFT: "secondary",
    Status.SUBMITTED: "azure",
    Status.IN_TRANSIT: "blue",
    Status.DELIVERED: "orange",
    Status.CONFIRMED: "green",
    Status.PARTLY_ACCEPTED: "orange",
    Status.REFUSED: "red",
    Status.VOID: "secondary",
}
# stage that an event signs: what is open until then may be filled with it
SIGNS = {
    Event.SUBMIT: "submit",
    Event.DEPART: "depart",
    Event.HAND_OVER: "depart",
    Event.ARRIVE: "arrive",
    Event.CONFIRM: "confirm",
    Event.REFUSE: "confirm",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One event of the history for the page."""

    sequence: int
    event: str
    name: str
    actor: str
    asked_by: str  # who asked for the amendment that this is
    slot: str
    claimed_at: datetime
    server_at: datetime
    content_hash: str
    findings: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """What became of one waste, in kilograms for the page; ``difference`` in words, empty where all arrived."""

    waste: str
    sent: str
    accepted: str
    refused: str
    lost: str
    difference: str


def _outcomes(document: Document) -> list[OutcomeRow]:
    return [
        OutcomeRow(
            f"{waste.get('name') or ''} {waste['code']}".strip(),
            kilograms_text(o.sent_g),
            kilograms_text(o.accepted_g),
            kilograms_text(o.refused_g),
            kilograms_text(o.lost_g),
            difference_words(o),
        )
        for waste, o in zip(document["wastes"], outcomes_of(document), strict=False)
    ]


@dataclass(frozen=True, slots=True)
class ManifestPage:
    """One manifest: its head, three parts, history, and what the reader may do next."""

    number: str
    profile: str
    title: str
    status: str
    status_name: str
    colour: str
    is_simulated: bool
    is_overdue: bool
    due_on: date | None
    has_difference: bool
    outcomes: Sequence[OutcomeRow]
    content_hash: str
    parts: Sequence[tuple[str, Sequence[forms.Group]]]
    soil: Sequence[tuple[str, Sequence[Measured]]]  # end and what was measured there
    steps: Sequence[Step]
    alerts: Sequence[Mapping[str, Any]]
    actions: Sequence[tuple[str, str]]
    waits_for: str
    hosts: Sequence[tuple[str, str, str]]  # slot, event, words: what another party may sign on this screen
    may_edit: bool
    may_ask_amendment: bool
    may_ask_correction: bool
    versions: Mapping[str, Mapping[str, Any]]  # every document that was ever signed, by its hash
    returns: str
    returned_by: Sequence[str]
    trip: str
    approvals: Sequence[RegionTransfer]  # by which it crosses the province, of those in sight
    ticket_url: str  # the form of a weighing filled from the manifest; empty for who records none


def manifest_page(
    user: User, manifest: Manifest, *, at: datetime, delegated: Delegated | None = None
) -> ManifestPage:
    """Everything of one manifest for its page; four queries at most besides the manifest itself."""
    if delegated is None:
        delegated = delegated_by(user, today=local_day(at))
    parties, _ = resolve(manifest.document, ends_of(manifest))
    history = selectors.history_of(manifest)
    told = [findings_for(user, manifest, row.findings) for row in history]
    is_party = user.organisation_id in parties.organisations()
    filled = forms.groups(manifest.document, lambda field, pointer: "/items/" not in pointer)
    names = parties.names_by_code()
    shown = [_filled(group, names) for group in filled]
    if not is_party:
        shown = [forms.masked(group) for group in shown]
    status = Status(manifest.status)
    givers = frozenset(giver for giver, _ in delegated)
    possible = [e for e in selectors.next_events(manifest) if may_act(user, manifest, parties, e, givers, at=at)]
    possible.sort(key=lambda event: event is Event.VOID)  # what ends it stands last
    return ManifestPage(
        number=manifest.number,
        profile=manifest.profile,
        title=("退运 · " if manifest.returns_id else "") + manifest_profiles()[manifest.profile].title,
        status=manifest.status,
        status_name=STATUS_NAMES[status],
        colour=COLOURS[status],
        is_simulated=manifest.is_simulated,
        is_overdue=bool(manifest.due_on and status is Status.DELIVERED and local_day(at) > manifest.due_on),
        due_on=manifest.due_on if status is Status.DELIVERED else None,
        has_difference=manifest.has_difference,
        outcomes=_outcomes(manifest.document),
        content_hash=manifest.content_hash,
        parts=[(title, [g for g in shown if g.part == part and g.inputs]) for part, title in forms.PARTS.items()],
        soil=[(name, items) for end, name in END_NAMES.items() if (items := measured(manifest.document, end))],
        steps=[_step(row, findings) for row, findings in zip(history, told, strict=True)],
        alerts=[_alert(finding) for findings in told for finding in findings],
        actions=[(e.value, EVENT_NAMES[e]) for e in possible],
        waits_for=_waits_for(manifest),
        hosts=_hosts(manifest, parties, user) if is_party else [],
        may_ask_amendment=is_party and status not in (Status.DRAFT, Status.VOID),
        may_ask_correction=status not in (Status.DRAFT, Status.VOID) and is_office_of(user, manifest.division),
        may_edit=is_party and status is not Status.VOID and bool(_editable(manifest, own_slots(user, parties))),
        versions={row.content_hash: row.document for row in history},
        returns=manifest.returns.number if manifest.returns else "",
        returned_by=selectors.returns_of(manifest),
        trip=manifest.trip.number if manifest.trip else "",
        approvals=_approvals(user, manifest),
        ticket_url=_ticket_url(user, manifest),
    )


def _alert(finding: Mapping[str, Any]) -> Mapping[str, Any]:
    """A finding in words: at which stage it binds, who can cure it, and on which page where there is one."""
    is_of_region = str(finding.get("code", "")).startswith("region_")
    return {
        **finding,
        "stage_name": STAGES.get(str(finding.get("stage")), ""),
        "curer_name": CURERS.get(str(finding.get("curer")), ""),
        "url": reverse("transfers:index") if is_of_region else "",
    }


def _approvals(user: User, manifest: Manifest) -> list[RegionTransfer]:
    """The approvals that a manifest names or has used, of those in sight; no query where both ends lie inside."""
    named = str((manifest.document.get("region") or {}).get("approval") or "")
    if not named and manifest.generator_site_id and manifest.receiver_site_id:
        return []
    wanted = Q(lines__manifests__manifest=manifest)
    if named:
        wanted |= Q(number=named, site__in=[manifest.generator_site_id, manifest.receiver_site_id])
    return list(visible_transfers(user).filter(wanted).distinct().order_by("pk"))


def _ticket_url(user: User, manifest: Manifest) -> str:
    """The form of a ticket with what the manifest says: number, vehicle, its one waste, the firm's own end."""
    if manifest.status in (Status.DRAFT, Status.VOID) or not may_record(user):
        return ""
    ends = (("out", manifest.generator_site), ("in", manifest.receiver_site))
    own = [(way, end.code) for way, end in ends if end and end.organisation_id == user.organisation_id]
    has_scale = manifest.reader_has_scale
    if not own and user.organisation_id and not (recordable_sites(user).exists() if has_scale is None else has_scale):
        return ""
    query = {"manifest": manifest.number}
    if len(own) == 1:
        query |= {"direction": own[0][0], "site": own[0][1]}
    carriers, wastes = manifest.document.get("carriers") or [], manifest.document["wastes"]
    if carriers and (plate := carriers[max(manifest.leg, 1) - 1].get("vehicle")):
        query["plate"] = plate
    if len(wastes) == 1:
        query["waste"] = wastes[0]["code"]
    return address(reverse("weighings:ticket-new"), query)


def _filled(group: forms.Group, names: Mapping[str, str]) -> forms.Group:
    """The group without what is blank; sites and firms with their names beside their codes."""
    inputs = (replace(i, shown=f"{names[i.shown]}（{i.shown}）") if i.shown in names else i for i in group.inputs)
    return replace(group, inputs=tuple(i for i in inputs if i.shown))


def event_name(event: str) -> str:
    """What happened to a manifest, in Chinese."""
    return {"create": "开具", "update": "修改"}.get(event) or EVENT_NAMES[Event(event)]


def asked_by(row: ManifestEvent) -> str:
    """Who asked for the amendment that this event is; empty for every other event."""
    return str(row.payload.get("asked_by") or "") if row.event == Event.AMEND else ""


def _step(row: ManifestEvent, findings: Sequence[Mapping[str, Any]]) -> Step:
    return Step(
        row.sequence,
        row.event,
        event_name(row.event),
        row.actor,
        asked_by(row),
        slot_name(row.slot) if row.slot else "",
        row.claimed_at,
        row.server_at,
        row.content_hash,
        findings,
    )


def with_actors(user: User, page: ManifestPage, signatures: Sequence[SignatureRow]) -> ManifestPage:
    """The page with who did what in words; one query at most, none where all who acted have signed.

    Who signed is told to every reader by the signatures themselves, so the steps name them too. Of a step that a
    party signed by a one-time code that party is named, not whose screen it was.
    """
    told = {
        row.pk: f"{row.person}（{row.organisation}）" if row.organisation != "—" else row.person for row in signatures
    }
    signed = {(row.event, row.content_hash): told[row.pk] for row in signatures}
    signers = {row.username: told[row.pk] for row in signatures if row.username}
    rest = {step.actor for step in page.steps if (step.event, step.content_hash) not in signed} - set(signers)
    rest |= {step.asked_by for step in page.steps if step.asked_by} - set(signers)
    named = {**(actor_names(user, rest) if rest else {}), **signers}
    steps = [
        replace(
            step,
            actor=signed.get((step.event, step.content_hash)) or named[step.actor],
            asked_by=named[step.asked_by] if step.asked_by else "",
        )
        for step in page.steps
    ]
    return replace(page, steps=steps)


def with_events(signatures: Sequence[SignatureRow]) -> list[SignatureRow]:
    """The signatures, each with what was signed beside the slot: a carrier signs departure and arrival."""
    names = {event.value: name for event, name in EVENT_NAMES.items()}
    return [replace(row, slot=f"{row.slot} · {names.get(row.event, row.event)}") for row in signatures]


def may_act(
    user: User, manifest: Manifest, parties: Parties, event: Event, givers: frozenset[int], *, at: datetime
) -> bool:
    """Whether the person's firm holds a slot that acts for the event now, or one of ``givers`` lets them sign."""
    if event is Event.AMEND:
        return False  # asked for on its own page
    profile = manifest_profiles()[manifest.profile]
    slots = (
        [w.slot for w in profile.witnesses]
        if event is Event.WITNESS
        else acting_slot(event, manifest.leg, profile.signs, is_own_draft=is_round_draft(manifest))
    )
    own = frozenset({user.organisation_id})
    able = own if own & parties.organisations() else givers  # the people of a party need no delegation, and no query
    slots = [slot for slot in slots if able & parties.organisations_of(slot)]
    return any(may_sign(user, slot, parties, manifest.domain, at=at) for slot in slots)


def _waits_for(manifest: Manifest) -> str:
    """Who is due next, in words; empty where the manifest is closed."""
    profile = manifest_profiles()[manifest.profile]
    for event in selectors.next_events(manifest):
        if event in SIGNS and event is not Event.HAND_OVER:
            slots = acting_slot(event, manifest.leg, profile.signs)
            return f"等待{'、'.join(slot_name(slot) for slot in slots)}{EVENT_NAMES[event]}"
    return ""


def _hosts(manifest: Manifest, parties: Parties, user: User) -> list[tuple[str, str, str]]:
    """What parties that are due may sign by a one-time code on this person's screen."""
    profile = manifest_profiles()[manifest.profile]
    found = []
    for event in selectors.next_events(manifest):
        if event not in SIGNS and event is not Event.WITNESS:
            continue
        slots = (
            [w.slot for w in profile.witnesses]
            if event is Event.WITNESS
            else acting_slot(event, manifest.leg, profile.signs)
        )
        for slot in slots:
            if user.organisation_id not in parties.organisations_of(slot) and parties.organisations_of(slot):
                found.append((slot, event.value, f"{slot_name(slot)}{EVENT_NAMES[event]}"))
    return found


def open_fields(manifest: Manifest) -> list[Field]:
    """The fields that no signature has sealed yet."""
    reached = stage_index(REACHED[Status(manifest.status)])
    return [f for f in fields_of(manifest.profile) if reached == 0 or stage_index(f.sealed_from) > reached]


def _editable(manifest: Manifest, slots: Collection[str]) -> set[str]:
    """Pointers (``*`` for a place) of what may be changed now by who acts in ``slots``."""
    status, is_round = Status(manifest.status), manifest_profiles()[manifest.profile].is_round
    legs = range(max(1, len(manifest.document.get("carriers") or [])))
    return {
        f.pointer
        for f in open_fields(manifest)
        if not f.pointer.startswith("/receipt")
        and any(may_fill(f.pointer.replace("*", str(leg)), slots, status, is_round=is_round) for leg in legs)
    }


def edit_groups(
    user: User, manifest: Manifest, findings: Sequence[Finding] = (), raw: Mapping[str, str] | None = None
) -> list[forms.Group]:
    """The form of what the person may still change."""
    slots = own_slots(user, resolve(manifest.document, ends_of(manifest))[0])
    editable = _editable(manifest, slots)
    status, is_round = Status(manifest.status), manifest_profiles()[manifest.profile].is_round
    return forms.groups(
        manifest.document,
        lambda field, pointer: field.pointer in editable and may_fill(pointer, slots, status, is_round=is_round),
        findings=findings,
        raw=raw,
        places=({"wastes": 1, "carriers": 1} if manifest.status == Status.DRAFT else {}) | _items(manifest),
    )


def event_groups(
    manifest: Manifest, event: Event, findings: Sequence[Finding] = (), raw: Mapping[str, str] | None = None
) -> list[forms.Group]:
    """The form of what is filled in with an event: what its signature seals and its slot fills, still open."""
    if event not in SIGNS:
        return []
    stage = SIGNS[event]
    open_now = {f.pointer for f in open_fields(manifest) if f.sealed_from == stage}
    due = manifest.leg + 1 if event in (Event.DEPART, Event.HAND_OVER) else manifest.leg

    def wanted(field: Field, pointer: str) -> bool:
        if field.pointer not in open_now or event is Event.SUBMIT:
            return False
        if pattern_of(pointer).startswith("/carriers/*") and not pointer.startswith(f"/carriers/{due - 1}/"):
            return False
        return not (event is Event.HAND_OVER and pointer.startswith("/wastes"))

    document, places = asked_document(manifest, event), _items(manifest)
    return forms.groups(document, wanted, stage=stage, findings=findings, raw=raw, places=places)


def asked_document(manifest: Manifest, event: Event) -> Document:
    """What the form of an event begins with: a receipt proposes that all is accepted, or all refused."""
    document: Document = manifest.document
    if event not in (Event.CONFIRM, Event.REFUSE) or (document.get("receipt") or {}).get("lines"):
        return document
    accepts = event is Event.CONFIRM
    lines = [
        {"accepted_g": w["mass_g"] if accepts else 0, "refused_g": 0 if accepts else w["mass_g"], "lost_g": 0}
        for w in document["wastes"]
    ]
    return {**document, "receipt": {**(document.get("receipt") or {}), "lines": lines}}


def _items(manifest: Manifest) -> dict[str, int]:
    """How many measured items a form has room for: at the receiver's as many as at the sender's, and one more."""
    soil = manifest.document.get("soil") or {}
    most = max((len((soil.get(end) or {}).get("items") or []) for end in END_NAMES), default=0)
    return {"items": most + 1}


def new_groups(
    document: Document,
    findings: Sequence[Finding] = (),
    raw: Mapping[str, str] | None = None,
    places: Mapping[str, int] | None = None,
) -> list[forms.Group]:
    """The form of a new manifest: all that is filled before the first signature."""
    least = {"wastes": 1, "carriers": 1, "items": 1, **(places or {})}
    return forms.groups(
        document,
        lambda field, pointer: (
            field.filled_by in {"generator", "carrier"} and not field.pointer.startswith("/receipt")
        ),
        findings=findings,
        raw=raw,
        places=least,
    )


def loose(findings: Sequence[Finding], shown: Sequence[forms.Group]) -> list[Finding]:
    """The findings that no input of the form shows beside itself."""
    names = {i.name for group in shown for i in group.inputs}
    return [f for f in findings if f.field not in names]


def form_context(
    user: User, profile: str, shown: Sequence[forms.Group], findings: Sequence[Finding]
) -> dict[str, Any]:
    """What every form of a manifest shows: its cards with names beside codes, faults, and what may be chosen."""
    suggestions, codes = listing.suggestions(user), listing.codes_of(profile)
    return {
        "groups": forms.with_names(shown, suggestions.names(codes)),
        "findings": loose(findings, shown),
        "count": len(findings),
        "suggestions": suggestions,
        "codes": codes,
    }
