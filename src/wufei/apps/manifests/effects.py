"""What an event of a manifest does elsewhere, in its transaction: checks, signature, packages, plan and permit.

Each effect is a function (manifest, event row, parties, act) -> findings that are recorded with the event; it refuses
by raising ``Refused``. ``EFFECTS`` says their order.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from wufei.apps.manifests.acts import Act
from wufei.apps.manifests.booking import loads_of
from wufei.apps.manifests.dossier import dossier_of
from wufei.apps.manifests.judging import read_new
from wufei.apps.manifests.models import Manifest, ManifestEvent
from wufei.apps.manifests.parties import Parties
from wufei.apps.manifests.regions import judge_compensation
from wufei.apps.manifests.telling import OF_THE_SENDER
from wufei.apps.manifests.uses import Counting, count_departure, count_receipt
from wufei.apps.packages import transport
from wufei.apps.packages.actions import Act as PackageAct
from wufei.apps.registry.models import User
from wufei.apps.signatures.reference import slot_of
from wufei.apps.signatures.services import Part, sign_many
from wufei.core import checks
from wufei.core.catalogue import domain_of
from wufei.core.checks.packages import AT_RECEIPT
from wufei.core.findings import Finding, Level, Refused
from wufei.core.ledger import local_day
from wufei.core.manifest import Event, Status
from wufei.core.manifest_booking import share_out
from wufei.core.manifest_lacking import lacking
from wufei.core.manifest_profiles import manifest_profiles
from wufei.core.manifest_receipt import outcomes_of

Effect = Callable[[Manifest, ManifestEvent, Parties, Act], Sequence[Finding]]
JUDGED = {Event.SUBMIT: "submit", Event.DEPART: "depart", Event.CONFIRM: "confirm"}


def check_new(raw: object, act: Act) -> tuple[bool, list[Finding]]:
    """What stands against a manifest that is not drawn up: whether it could be read and checked, and all findings.

    Nothing is kept. What cannot be drawn up at all is told alone; else what lacks at its submission and all checks.
    """
    try:
        document, parties = read_new(raw, act)
    except Refused as error:
        return False, error.findings
    profile, day = manifest_profiles()[document["profile"]], local_day(act.claimed_at)
    sender, taker = parties.names(document)
    # The key 0 is no manifest's: queries may leave it out as they leave out a manifest itself.
    unkept = Manifest(
        pk=0,
        profile=profile.id,
        domain=domain_of(document["wastes"][0]["code"]),
        document=document,
        generator_site=parties.generator,
        receiver_site=parties.receiver,
        generator_name=sender,
        receiver_name=taker,
        rules_on=local_day(act.server_at),
    )
    found: list[Finding] = list(lacking(document, "submit", leg=1))
    hits = checks.check(dossier_of(unkept, parties, day=day), blocks=profile.blocks)
    found += [replace(finding, field=finding.pointer) for finding in hits]
    is_sender = parties.generator is not None and parties.generator.organisation_id == act.person.organisation_id
    return True, [f for f in found if is_sender or f.code not in OF_THE_SENDER]


def judge(manifest: Manifest, row: ManifestEvent, parties: Parties, act: Act) -> Sequence[Finding]:
    """The checks that bind at this event: those that block refuse, all together; the others are recorded."""
    stage = JUDGED.get(Event(row.event))
    if stage is None or (manifest.returns_id and stage != "confirm"):
        return []
    profile = manifest_profiles()[manifest.profile]
    dossier = dossier_of(manifest, parties, day=local_day(act.claimed_at))
    found = [
        replace(finding, field=finding.pointer)
        for finding in checks.judged_at(checks.check(dossier, blocks=profile.blocks, up_to=stage), stage)
        if not manifest.returns_id or finding.code in AT_RECEIPT
    ]
    refused = [finding for finding in found if finding.is_block]
    if refused:
        raise Refused([*refused])
    return found


def sign_event(manifest: Manifest, row: ManifestEvent, parties: Parties, act: Act) -> Sequence[Finding]:
    """The personal signature of whoever acts, over the document as it stands after the event."""
    if act.external or not row.slot:
        return []  # signed by a one-time code before, or nothing to sign
    part = Part(f"manifest:{manifest.number}", row.slot, row.event, manifest.document, manifest.domain)
    if act.to_sign is not None:
        act.to_sign.append(part)
        return []
    sign_many(
        parts=[part],
        person=act.person,
        organisation=parties.organisation_for(row.slot, act.person.organisation_id),
        claimed_at=act.claimed_at,
        device_at=act.device_at,
        device_signature=act.device_signature,
        server_at=act.server_at,
    )
    return []


def doubt_code(manifest: Manifest, row: ManifestEvent, parties: Parties, act: Act) -> Sequence[Finding]:
    """An alert where an end signed by a code on another's screen though its people have accounts: let them look.

    A driver signs so every day. That the sender sent or the receiver received is another matter: whoever shows the
    code could have typed it, too.
    """
    if "signature" not in act.external or row.slot.startswith("carrier"):
        return []
    firm = parties.organisation_for(row.slot, None)
    has_account = User.objects.filter(organisation=firm, is_active=True, role__in=slot_of(row.slot).roles).exists()
    if firm is None or firm.pk == act.person.organisation_id or not has_account:
        return []
    host = act.person.organisation or act.person
    what = f"“{firm.name}”有账号，这一步却由“{act.external['name']}”凭“{host}”出示的一次性签名码签字。"
    remedy = f"请“{firm.name}”核对；不是本单位人员签的，请申请更正并告知主管部门。"
    return [Finding(None, "/slot", what, remedy, "code_despite_account", Level.WARN)]


def move_packages(manifest: Manifest, row: ManifestEvent, parties: Parties, act: Act) -> Sequence[Finding]:
    """Reserve, load, hand over, unload and release the packages that the manifest names."""
    event, document = Event(row.event), manifest.document
    codes = codes_of(document)
    if not codes:
        return []
    doing = _doing(manifest, row.sequence, act)
    if event in (Event.SUBMIT, Event.DEPART):  # only what the sender holds: nobody ships another firm's packages
        doing = replace(doing, firm_id=parties.inner().organisation_id)
    if event is Event.SUBMIT:
        with _in_document(document):
            transport.reserve(codes=codes, act=doing)
    elif event in (Event.DEPART, Event.HAND_OVER):
        plate = document["carriers"][manifest.leg - 1]["vehicle"]
        with _in_document(document):
            transport.load(codes=codes, plate=plate, act=doing)
    elif event is Event.VOID:
        transport.release(act=doing)
    elif event in (Event.CONFIRM, Event.REFUSE):
        _receive_packages(manifest, parties, codes, doing)
    return []


def _receive_packages(manifest: Manifest, parties: Parties, codes: Sequence[str], doing: PackageAct) -> None:
    """Unload what was accepted and note what was refused, each at the mass that the ledger holds for it."""
    document = manifest.document
    refused = refused_packages(document)
    accepted, back = [c for c in codes if c not in refused], [c for c in codes if c in refused]
    taken_g, refused_g = received_masses(document, contents_of(document))
    if accepted and parties.receiver is not None:
        act = replace(doing, key=f"{doing.key}:unload")
        transport.unload(site=parties.receiver, codes=accepted, masses_g=taken_g, act=act)
    elif accepted:
        transport.leave(codes=accepted, act=replace(doing, key=f"{doing.key}:leave"))
    if accepted:
        transport.release(codes=accepted, act=replace(doing, key=f"{doing.key}:release"))
    if back:  # the return shipment takes them over
        act = replace(doing, key=f"{doing.key}:refuse")
        transport.refuse(site=parties.receiver, codes=back, masses_g=refused_g, act=act)


def received_masses(
    document: Mapping[str, Any], contents: Mapping[str, transport.Content]
) -> tuple[dict[str, int], dict[str, int]]:
    """What a receipt says of each package, by our codes: grams accepted, and grams refused."""
    refused = own_codes(refused_packages(document), contents)
    accepted_g: dict[str, int] = {}
    refused_g: dict[str, int] = {}
    for load, outcome in zip(loads_of(document, contents), outcomes_of(document), strict=True):
        shares = share_out(load, outcome, refused)
        for code, _ in load.packages:
            if code in refused:
                refused_g[code] = shares.refused.get(code, 0)
            else:
                accepted_g[code] = shares.accepted.get(code, 0)
    return accepted_g, refused_g


def own_codes(codes: Iterable[str], contents: Mapping[str, transport.Content]) -> set[str]:
    """Our codes of packages that a document may name by external ones."""
    return {contents[code].code if code in contents else code for code in codes}


@contextmanager
def _in_document(document: Mapping[str, Any]) -> Iterator[None]:
    """Let a refusal of the document's packages point to their places in it."""
    try:
        yield
    except Refused as error:
        places = [
            f"/wastes/{i}/packages/{place}"
            for i, waste in enumerate(document["wastes"])
            for place in range(len(waste.get("packages") or []))
        ]
        told = []
        for finding in error.findings:
            head, _, place = finding.field.removeprefix("/").partition("/")
            at = places[int(place)] if place else "/wastes"
            told.append(replace(finding, line=None, field=at) if head == "codes" else finding)
        raise Refused(told) from None


def follow_packages(manifest: Manifest, old: Mapping[str, Any], act: Act) -> None:
    """Reserve what a change puts on a submitted manifest, and let go what it takes off."""
    before, after = codes_of(old), codes_of(manifest.document)
    if set(before) == set(after):
        return
    doing = _doing(manifest, manifest.events, act)
    if before:
        transport.release(act=replace(doing, key=f"{doing.key}:let_go"))
    if after:
        inner = manifest.generator_site or manifest.receiver_site
        firm = inner.organisation_id if inner else None
        with _in_document(manifest.document):
            transport.reserve(codes=after, act=replace(doing, key=f"{doing.key}:reserve", firm_id=firm))


def move_amended(manifest: Manifest, old: Mapping[str, Any], act: Act) -> None:
    """What an amendment does to packages: others are reserved before departure, the plate changes after it."""
    if manifest.status == Status.SUBMITTED:
        follow_packages(manifest, old, act)
    elif manifest.status in (Status.IN_TRANSIT, Status.DELIVERED) and (codes := codes_of(manifest.document)):
        before, now = (d["carriers"][manifest.leg - 1]["vehicle"] for d in (old, manifest.document))
        if before != now:
            transport.load(codes=codes, plate=now, act=_doing(manifest, manifest.events, act))


def codes_of(document: Mapping[str, Any]) -> list[str]:
    """The packages that a document names, in its order."""
    return [code for waste in document["wastes"] for code in waste.get("packages") or []]


def _doing(manifest: Manifest, sequence: int, act: Act) -> PackageAct:
    return PackageAct(
        key=f"manifest:{manifest.number}:{sequence}",
        at=act.claimed_at,
        recorded_at=act.server_at,
        actor=act.actor,
        document=f"manifest:{manifest.number}",
        manifest=manifest.number,
    )


def take_back(returning: Manifest, original: str, act: Act) -> None:
    """Put the refused packages, which are still on the vehicle, on the return shipment."""
    if codes := codes_of(returning.document):
        transport.send_back(codes=codes, refused_on=original, act=_doing(returning, 1, act))


def contents_of(document: Mapping[str, Any]) -> dict[str, transport.Content]:
    """What lies in the packages that a document names, with all inside."""
    codes = codes_of(document)
    return transport.contents(codes) if codes else {}


def contents_loaded(document: Mapping[str, Any], number: str) -> dict[str, transport.Content]:
    """What lay in the packages that a document names when they were loaded under it."""
    codes = codes_of(document)
    return transport.contents_loaded(codes, number) if codes else {}


def corrected_masses(number: str, old: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, int]:
    """What an amended receipt says otherwise of packages that were accepted, by our codes."""
    contents = contents_loaded(document, number)
    before, after = (received_masses(d, contents)[0] for d in (old, document))
    return {code: grams for code, grams in after.items() if before.get(code) != grams}


def correct_packages(manifest: Manifest, old: Mapping[str, Any], act: Act) -> None:
    """Let what was accepted weigh what an amended receipt says."""
    if masses_g := corrected_masses(manifest.number, old, manifest.document):
        transport.correct(masses_g=masses_g, act=_doing(manifest, manifest.events, act))


def refused_packages(document: Mapping[str, Any]) -> set[str]:
    """The packages that a receipt sends back, by name; all of a waste of which nothing was accepted."""
    lines = (document.get("receipt") or {}).get("lines") or []
    found: set[str] = set()
    for waste, line in zip(document["wastes"], lines, strict=False):
        found |= set(line.get("refused_packages") or ())
        if not line.get("accepted_g") and line.get("refused_g"):
            found |= set(waste.get("packages") or ())
    return found


def use_up(manifest: Manifest, row: ManifestEvent, parties: Parties, act: Act) -> Sequence[Finding]:
    """Count what departs against the sender's plan and what is accepted against the receiver's permit."""
    counting = Counting(local_day(act.claimed_at), act.actor, act.server_at)
    if row.event == Event.DEPART:
        count_departure(manifest, parties, counting)
    elif row.event in (Event.CONFIRM, Event.REFUSE):
        count_receipt(manifest, parties, counting)
    return []


EFFECTS: Sequence[Effect] = (judge, judge_compensation, sign_event, doubt_code, move_packages, use_up)
