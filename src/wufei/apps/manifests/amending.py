"""What an agreed amendment does: a new version, and in the ledger reversals of what was booked and the booking anew.

Invariant: after it, the books hold what they would hold had the document said so from the beginning; only how much of
a departure the store did not hold is reckoned by what the store holds now.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from decimal import Decimal
from itertools import chain
from typing import Any

from wufei.apps.amendments.subjects import (
    AmendableKind,
    Applied,
    Current,
    DocumentForm,
    Measure,
    Weighed,
    register_amendable,
)
from wufei.apps.ledger.services import booked_movements, held_accounts, hold_accounts, post, register_unknown_vehicle
from wufei.apps.manifests import amending_form, booking
from wufei.apps.manifests.acts import Act
from wufei.apps.manifests.amending_form import words
from wufei.apps.manifests.dossier import dossier_of
from wufei.apps.manifests.effects import (
    codes_of,
    contents_loaded,
    correct_packages,
    corrected_masses,
    move_amended,
    own_codes,
    refused_packages,
)
from wufei.apps.manifests.files import strange_files
from wufei.apps.manifests.keeping import keep, move_document
from wufei.apps.manifests.models import Manifest, ManifestEvent
from wufei.apps.manifests.parties import Parties, ends_of, resolve
from wufei.apps.manifests.selectors import history_of
from wufei.apps.manifests.services import append_event, record_outcomes, tell
from wufei.apps.manifests.subjects import sees
from wufei.apps.manifests.telling import OF_THE_SENDER
from wufei.apps.manifests.uses import count_anew
from wufei.apps.packages.transport import moved_on
from wufei.apps.registry.models import User
from wufei.apps.registry.selectors import used_of_permit
from wufei.core import checks
from wufei.core.findings import Finding, Level, Refused
from wufei.core.ledger import Account, Bucket, Movement, local_day
from wufei.core.manifest import CLOSED, REACHED, Event, Status, is_far_off, is_major_difference, slot_of_carrier
from wufei.core.manifest_booking import Stamp, depart, hand_over, receive, stock_account, undo
from wufei.core.manifest_document import (
    Document,
    changes,
    pattern_of,
    place_name,
    profile_findings,
    read_document,
    with_defaults,
)
from wufei.core.manifest_lacking import lacking
from wufei.core.manifest_profiles import fields, fields_of, manifest_profiles
from wufei.core.manifest_receipt import outcome_findings, outcomes_of
from wufei.core.numbers import grouped_text

BOOKED = ("/wastes/*/mass_g", "/wastes/*/code", "/carriers/*/vehicle", "/generator/site", "/receiver/site")
MASSES = frozenset(f.pointer for f in fields() if f.type == "mass")
RECEIVED = ("/receipt/lines/*/accepted_g", "/receipt/lines/*/refused_g", "/receipt/lines/*/lost_g")


def _number(subject: str) -> str:
    return subject.partition(":")[2]


def current(subject: str, lock: bool) -> Current | None:
    """The manifest as the amendments know it."""
    rows = Manifest.objects.select_for_update(of=("self",)) if lock else Manifest.objects
    manifest = rows.filter(number=_number(subject)).first()
    if manifest is None or manifest.status in (Status.DRAFT, Status.VOID):
        return None
    parties, _ = resolve(manifest.document)
    slots = ["generator", "receiver", *(slot_of_carrier(i + 1) for i in range(len(parties.carriers)))]
    able = {slot: min(parties.organisations_of(slot)) for slot in slots if parties.organisations_of(slot)}
    title = f"{manifest_profiles()[manifest.profile].title} {manifest.number}"
    document = amendable_part(manifest.document, manifest.profile, is_received=manifest.status in CLOSED)
    return Current(document, manifest.events, manifest.profile, able, manifest.division, title)


def amendable_part(document: Mapping[str, Any], profile: str, *, is_received: bool) -> dict[str, Any]:
    """The document without its profile, which cannot be amended, in the order of the table of fields.

    Parts that nobody has filled stand there empty: a field of theirs is added like one that stands beside others.
    """
    parts = [field.pointer.split("/")[1] for field in fields_of(profile) if "*" not in field.pointer.split("/")[2]]
    blank: dict[str, Any] = {part: {} for part in parts if part != "receipt" or is_received}
    known = {key: part for key, part in document.items() if key != "profile"}
    ordered: dict[str, Any] = _in_order(blank | known, "")
    return ordered


def _in_order(node: Any, at: str) -> Any:
    if isinstance(node, list):
        return [_in_order(item, f"{at}/*") for item in node]
    if not isinstance(node, dict):
        return node
    places = [i for i, f in enumerate(fields()) if f.pointer.startswith(f"{at}/")]
    order = {fields()[i].pointer[len(at) + 1 :].split("/")[0]: i for i in reversed(places)}
    return {
        key: _in_order(node[key], f"{at}/{key}") for key in sorted(node, key=lambda k: order.get(k, len(fields())))
    }


def apply(applied: Applied) -> int:
    """Keep the amended document as a new version and book the difference; the number of the version."""
    manifest = Manifest.objects.select_for_update(of=("self",)).get(number=_number(applied.subject))
    document, found = read_document({**applied.after, "profile": manifest.profile})
    if not found:
        document = with_defaults(document)
        found = findings_of(manifest, document)
    parties, unknown = resolve(document) if not found else (None, [])
    found += unknown
    if parties is not None:
        found += strange_files(manifest.document, document, parties.organisations())
    if found:
        raise Refused(found)
    assert parties is not None
    person = User.objects.filter(username=applied.actor).first() or User(username=applied.actor)
    act = Act(person, claimed_at=applied.at, server_at=applied.at)
    before, previous = manifest.status, manifest.content_hash
    history = list(history_of(manifest))
    checked = _checked(manifest, document, parties, act)
    old, touched = manifest.document, {pattern_of(pointer) for pointer, _, _ in changes(manifest.document, document)}
    is_counted = bool(touched & {*BOOKED, *RECEIVED, "/receiver/outside"})
    move_document(manifest, document, parties, Status(manifest.status), act)
    bookings = _book_anew(manifest, parties, history, act) if is_counted else []
    if manifest.status in CLOSED and touched & {*BOOKED, *RECEIVED}:
        record_outcomes(manifest, outcomes_of(document))
    if bookings:
        count_anew(manifest, parties, history, actor=act.actor, at=act.server_at)
    move_amended(manifest, old, act)
    if bookings and manifest.status in CLOSED and parties.receiver is not None:
        correct_packages(manifest, old, act)
    payload: Mapping[str, Any] = {
        "amendment": applied.amendment,
        "asked_by": applied.asked_by,
        "changes": list(applied.changes),
    }
    checked += _masses_far_off(old, document) + _major_differences(manifest, old)
    append_event(
        manifest, Event.AMEND.value, "", act, payload=payload, previous=previous, bookings=bookings, findings=checked
    )
    manifest.alerts += len(checked)
    keep(manifest)
    tell(manifest, "amend_manifest", act, before=before)
    return manifest.events


CHECKED_UP_TO = {Status.SUBMITTED: "submit", Status.IN_TRANSIT: "depart", Status.DELIVERED: "arrive"}
# Held against what is left of a stock, a plan or an approval; from departure on this load is counted there already,
# and what an amendment makes of it is measured instead.
COUNTED = frozenset({"stock_short", "plan_remaining", "region_remaining"})
COUNTED_AT_RECEIPT = frozenset({"permit_remaining", "permit_over_capacity"})


def _checked(manifest: Manifest, document: Document, parties: Parties, act: Act) -> list[Finding]:
    """What the checks find in the amended document and not in the one it replaces. Raises ``Refused`` by a block."""
    status = Status(manifest.status)
    if manifest.returns_id:
        return []
    settled = COUNTED if status is not Status.SUBMITTED else frozenset[str]()
    settled |= COUNTED_AT_RECEIPT if status in CLOSED else frozenset[str]()
    up_to, held = CHECKED_UP_TO.get(status, "confirm"), resolve(manifest.document, ends_of(manifest))[0]
    before = {(f.code, f.field, f.what) for f in _found_by_checks(manifest, manifest.document, held, up_to, act)}
    found = [
        finding
        for finding in _found_by_checks(manifest, document, parties, up_to, act)
        if finding.code not in settled and (finding.code, finding.field, finding.what) not in before
    ]
    if blocked := [finding for finding in found if finding.level is Level.ERROR]:
        raise Refused(blocked)
    return found


def _found_by_checks(manifest: Manifest, document: Document, parties: Parties, up_to: str, act: Act) -> list[Finding]:
    seen = copy(manifest)
    seen.document = document
    seen.generator_site, seen.receiver_site = parties.generator, parties.receiver
    seen.generator_name, seen.receiver_name = parties.names(document)
    blocks = manifest_profiles()[manifest.profile].blocks
    dossier = dossier_of(seen, parties, day=local_day(act.claimed_at))
    return [replace(f, field=f.pointer) for f in checks.check(dossier, blocks=blocks, up_to=up_to)]


def _masses_far_off(old: Mapping[str, Any], document: Mapping[str, Any]) -> list[Finding]:
    """A finding for each mass that is ten times what it was, or a tenth: mostly a slip in the unit."""
    found = []
    for pointer, before, after in changes(old, document):
        if pattern_of(pointer) in MASSES and is_far_off(before, after):
            what = f"“{place_name(pointer)}”由{words(pointer, before)}改为{words(pointer, after)}，相差 10 倍以上。"
            remedy = "请核对单位和磅单。"
            found.append(Finding(None, pointer, what, remedy, "mass_far_off", Level.WARN))
    return found


def _major_differences(manifest: Manifest, old: Mapping[str, Any]) -> list[Finding]:
    """A finding for each waste whose receipt differs greatly from what was sent, and did not before."""
    if manifest.status not in CLOSED:
        return []
    profile = manifest_profiles()[manifest.profile]
    limits = {"tolerance_ppm": profile.tolerance_ppm, "least_g": profile.tolerance_least_g}
    before = [is_major_difference(outcome, **limits) for outcome in outcomes_of(old)]
    found = []
    for place, outcome in enumerate(outcomes_of(manifest.document)):
        had = place < len(before) and before[place]
        if not had and is_major_difference(outcome, **limits):
            what = (
                f"废物 {place + 1} 移出 {kilograms(outcome.sent_g)}，接受、拒收和损耗合计 "
                f"{kilograms(outcome.sent_g - outcome.missing_g)}，属于重大差异。"
            )
            at = f"/wastes/{place}/mass_g"
            found.append(Finding(None, at, what, "请核对磅单，写明差异原因。", "major_difference", Level.WARN))
    return found


def findings_of(manifest: Manifest, document: Document) -> list[Finding]:
    """What stands against an amended document: what it lacks, a receipt that does not add up, what is settled."""
    status, since = Status(manifest.status), "arrive" if manifest.returns_id else "draft"
    lacks = [lacking(document, REACHED[status], leg=leg, since=since) for leg in range(1, max(manifest.leg, 1) + 1)]
    lacks.append(lacking(document, "draft"))  # a return shipment too has two ends and its wastes
    found = list({(f.field, f.code): f for f in chain(*lacks)}.values()) + profile_findings(document)
    if len(document.get("carriers") or []) < manifest.leg:
        what = f"第 {manifest.leg} 家承运单位已经接运，不能从联单上删去。"
        found.append(Finding(None, "/carriers", what, "请更正这一段，不要删去。", "carrier_has_departed"))
    if status in CLOSED:
        found += outcome_findings(document, Event.REFUSE if status is Status.REFUSED else Event.CONFIRM)
    return found or _settled(manifest, document)


def _settled(manifest: Manifest, document: Document) -> list[Finding]:
    """What an amendment cannot turn back: packages that have moved, and a return shipment that is on its way."""
    old, status = manifest.document, Status(manifest.status)
    pointers = {pointer for pointer, _, _ in changes(old, document)}
    patterns = {pattern_of(pointer) for pointer in pointers}
    found = []

    def settled(pointer: str, what: str, remedy: str, code: str) -> None:
        found.append(Finding(None, pointer, what, remedy, code))

    if status is not Status.SUBMITTED and patterns & {"/wastes/*/packages", "/receipt/lines/*/refused_packages"}:
        remedy = "漏写的包装请另开联单；多写的请在接受时说明差异。"
        settled("/wastes", "包装已随车起运，不能以更正增减。", remedy, "packages_under_way")
    if status in CLOSED and patterns & {"/receiver/site", "/receiver/outside"} and codes_of(old):
        settled("/receiver/site", "包装已在原接受场所卸下。", "请另开联单转运。", "packages_have_arrived")
    if status in CLOSED and patterns & {"/wastes/*/mass_g", *RECEIVED}:
        if gone := moved_on(list(corrected_masses(manifest.number, old, document)), manifest.number):
            what = f"包装 {'、'.join(gone[:3])} 接受后已另行处理，重量不能再更正。"
            settled("/receipt/lines", what, "差额请报平台管理员记盘点调整。", "packages_moved_on")
    is_returned = Manifest.objects.filter(returns=manifest).exists()
    refused = [[outcome.refused_g for outcome in outcomes_of(d)] for d in (old, document)]
    if status in CLOSED and refused[0] != refused[1]:
        if is_returned:
            what, code = "拒收量已开退运联单，不能在原联单上更正。", "return_under_way"
            settled("/receipt/lines", what, "请更正退运联单，或重新协商。", code)
        else:
            what = "已经接受的，不能以更正改为拒收。"
            settled("/receipt/lines", what, "要退回的请另开一份联单。", "refused_afterwards")
    fixed = {"/wastes/*/code", "/generator/site", "/generator/outside", "/receiver/site", "/receiver/outside"}
    if is_returned and (patterns & fixed or f"/carriers/{manifest.leg - 1}/vehicle" in pointers):
        what = "拒收的废物已在退运途中，两端、代码和车辆不能再更正。"
        settled("", what, "请办结退运联单，差错写在备注里。", "return_under_way")
    aboard = {"/wastes/*/code", "/wastes/*/mass_g"}
    if manifest.returns_id and (patterns & aboard or "/carriers/0/vehicle" in pointers):
        what = "退运联单的废物、重量和车辆以原联单的拒收为准。"
        settled("/wastes", what, "到达的重量不同，请在接受时写实收；换车请填下一段承运。", "return_as_refused")
    return found


def _book_anew(manifest: Manifest, parties: Parties, history: Sequence[ManifestEvent], act: Act) -> list[str]:
    """Reverse what stands of the manifest in the books and book its steps by the new document; one batch."""
    keys = [key for row in history for key in row.bookings]
    if not keys:
        return []
    booked = booked_movements(keys)
    undone = {m.reverses for m in booked}
    standing = [m for m in booked if m.kind != "reverse" and m.key not in undone]
    sequence = manifest.events
    reason = f"联单 {manifest.number} 第 {sequence} 版更正"[:200]
    movements = undo(standing, Stamp(manifest.number, sequence, act.claimed_at, reason))
    movements += _steps(manifest, parties, history, standing, sequence, reason)
    post(movements, actor=act.actor, recorded_at=act.server_at)
    return [m.key for m in movements]


def _steps(
    manifest: Manifest,
    parties: Parties,
    history: Sequence[ManifestEvent],
    standing: Sequence[Movement],
    sequence: int,
    reason: str,
) -> list[Movement]:
    """The movements of the steps that have happened, by the document as it is now."""
    document = manifest.document
    ends = parties.ends(from_stock=manifest_profiles()[manifest.profile].from_stock)
    contents = contents_loaded(document, manifest.number)
    loads = booking.loads_of(document, contents)
    found: list[Movement] = []
    leg = 1 if manifest.returns_id else 0
    for row in history:
        stamp = Stamp(manifest.number, sequence, row.claimed_at, reason)
        if row.event == Event.DEPART:
            accounts = {a for load in loads if (a := stock_account(ends, load.waste_code))}
            stock = {a.waste_code: grams for a, grams in hold_accounts(accounts).items()}
            for m in standing:  # what the reversals give back to the store
                if m.source in accounts:
                    stock[m.source.waste_code] += m.mass_g
                if m.target in accounts:
                    stock[m.target.waste_code] -= m.mass_g
            vehicle = booking.vehicle_of(document, 1)
            register_unknown_vehicle(vehicle, parties.inner().division_id)
            found += depart(ends, vehicle, loads, stock, stamp)
            leg = 1
        elif row.event == Event.HAND_OVER:
            giver, taker = booking.vehicle_of(document, leg), booking.vehicle_of(document, leg + 1)
            register_unknown_vehicle(taker, parties.inner().division_id)
            found += hand_over(giver, taker, loads, stamp, leg=leg)
            leg += 1
        elif row.event in (Event.CONFIRM, Event.REFUSE):
            vehicle = booking.vehicle_of(document, leg)
            refused = own_codes(refused_packages(document), contents)
            found += receive(ends, vehicle, loads, outcomes_of(document), stamp, refused)
    return found


def weigh(subject: str) -> Weighed:
    """What is measured of a manifest before and after an amendment: masses, stock, and the counters it stands in."""
    manifest = Manifest.objects.get(number=_number(subject))
    newest = manifest.history.order_by("-sequence").first()
    findings = newest.findings if newest and newest.event == Event.AMEND else []
    told = tuple({**f, "slots": ["generator"] if f["code"] in OF_THE_SENDER else []} for f in findings)
    return Weighed(tuple(_measures(manifest)), told)


def _measures(manifest: Manifest) -> Iterator[Measure]:
    yield Measure("移出量合计", kilograms(manifest.mass_g))
    if outcomes := outcomes_of(manifest.document):
        yield Measure("接受量合计", kilograms(sum(outcome.accepted_g for outcome in outcomes)))
        gap = sum(outcome.missing_g for outcome in outcomes)
        yield Measure("移出与接受（含拒收、损耗）之差", kilograms(gap))
        yield Measure("重大差异", "是" if manifest.has_difference else "否")
    parties, _ = resolve(manifest.document)
    codes = sorted({waste["code"] for waste in manifest.document["wastes"]})
    ends = (("generator", "移出", parties.generator), ("receiver", "接受", parties.receiver))
    for slot, word, site in ends:
        for bucket, what in ((Bucket.STORED, "库存"), (Bucket.UNEXPLAINED, "账面差异")):
            accounts = [Account(f"site:{site.code}", code, bucket) for code in codes] if site else []
            for account, mass_g in held_accounts(accounts).items():
                yield Measure(f"{word}场所{what} {account.waste_code}", kilograms(mass_g), (slot,))
    yield from _counters(manifest)


def _counters(manifest: Manifest) -> Iterator[Measure]:
    uses = manifest.uses.select_related("plan", "permit", "approval__transfer").order_by("pk")
    for use in uses:
        if use.plan is not None:
            name = f"管理计划 {use.year} 年 {use.waste_code} 已转移"
            yield Measure(name, kilograms(use.plan.used_g), ("generator",))
        elif use.permit is not None:
            name = f"许可证 {use.permit.number} {use.year} 年 {use.waste_code} 已接受"
            yield Measure(name, kilograms(used_of_permit(use.permit, use.year, use.waste_code)), ("receiver",))
        elif use.approval is not None:
            name = f"跨省转移 {use.approval.transfer} {use.waste_code} 已用"
            yield Measure(name, kilograms(use.approval.used_g), ("generator",))


def kilograms(mass_g: int) -> str:
    """Grams as pages say them."""
    return f"{grouped_text(Decimal(mass_g) / 1000)} 千克"


def label(pointer: str) -> str:
    """A place of the document in words: 废物 1 移出量."""
    return place_name(pointer)


def address(subject: str) -> str:
    """The page of the manifest."""
    from django.urls import reverse

    return reverse("manifests:detail", args=[_number(subject)])


FORM = DocumentForm("manifests/_inputs.html", amending_form.groups, amending_form.read, amending_form.context)


def register() -> None:
    """Make manifests amendable."""
    register_amendable(
        "manifest",
        AmendableKind(
            current,
            apply,
            sees,
            rules="manifests/amendments.csv",
            label=label,
            address=address,
            words=words,
            form=FORM,
            weigh=weigh,
        ),
    )
