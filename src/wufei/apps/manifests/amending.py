"""What an agreed amendment does: a new version, and in the ledger reversals of what was booked and the booking anew.

Invariant: after it, the books hold what they would hold had the document said so from the beginning; only how much of
a departure the store did not hold is reckoned by what the store holds now.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from wufei.apps.amendments.subjects import AmendableKind, Applied, Current, register_amendable
from wufei.apps.ledger.services import booked_movements, hold_accounts, post, register_unknown_vehicle
from wufei.apps.manifests import booking
from wufei.apps.manifests.acts import Act
from wufei.apps.manifests.effects import codes_of, masses_of_packages, move_amended, refused_packages
from wufei.apps.manifests.keeping import keep, move_document
from wufei.apps.manifests.models import Manifest, ManifestEvent
from wufei.apps.manifests.parties import Parties, resolve
from wufei.apps.manifests.selectors import history_of
from wufei.apps.manifests.services import append_event, record_outcomes, tell
from wufei.apps.manifests.subjects import sees
from wufei.apps.manifests.uses import count_anew
from wufei.apps.registry.models import User
from wufei.core.findings import Finding, Refused
from wufei.core.ledger import Movement
from wufei.core.manifest import CLOSED, REACHED, Event, Status, slot_of_carrier
from wufei.core.manifest_booking import Stamp, depart, hand_over, receive, stock_account, undo
from wufei.core.manifest_document import (
    Document,
    changes,
    lacking,
    pattern_of,
    place_name,
    profile_findings,
    read_document,
    with_defaults,
)
from wufei.core.manifest_profiles import fields, manifest_profiles
from wufei.core.manifest_receipt import outcome_findings, outcomes_of

BOOKED = ("/wastes/*/mass_g", "/wastes/*/code", "/carriers/*/vehicle", "/generator/site", "/receiver/site")
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
    return Current(
        amendable_part(manifest.document), manifest.events, manifest.profile, able, manifest.division, title
    )


def amendable_part(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without its profile, which cannot be amended, in the order of the table of fields."""
    ordered: dict[str, Any] = _in_order({key: part for key, part in document.items() if key != "profile"}, "")
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
    if found:
        raise Refused(found)
    assert parties is not None
    person = User.objects.filter(username=applied.actor).first() or User(username=applied.actor)
    act = Act(person, claimed_at=applied.at, server_at=applied.at)
    before, previous = manifest.status, manifest.content_hash
    history = list(history_of(manifest))
    old, touched = manifest.document, {pattern_of(pointer) for pointer, _, _ in changes(manifest.document, document)}
    is_counted = bool(touched & {*BOOKED, *RECEIVED, "/receiver/outside"})
    move_document(manifest, document, parties, Status(manifest.status), act)
    bookings = _book_anew(manifest, parties, history, act) if is_counted else []
    if manifest.status in CLOSED and touched & {*BOOKED, *RECEIVED}:
        record_outcomes(manifest, outcomes_of(document))
    if bookings:
        count_anew(manifest, parties, history, actor=act.actor, at=act.server_at)
    move_amended(manifest, old, act)
    payload: Mapping[str, Any] = {"amendment": applied.amendment, "changes": list(applied.changes)}
    append_event(manifest, Event.AMEND.value, "", act, payload=payload, previous=previous, bookings=bookings)
    keep(manifest)
    tell(manifest, "amend_manifest", act, before=before)
    return manifest.events


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
    loads = booking.loads_of(document, masses_of_packages(document))
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
            vehicle, refused = booking.vehicle_of(document, leg), refused_packages(document)
            found += receive(ends, vehicle, loads, outcomes_of(document), stamp, refused)
    return found


def label(pointer: str) -> str:
    """A place of the document in words, with the unit in which it is kept: 废物 1 移出量（克）."""
    return place_name(pointer, {"mass": "（克）", "decimal": "（元）"})


def address(subject: str) -> str:
    """The page of the manifest."""
    from django.urls import reverse

    return reverse("manifests:detail", args=[_number(subject)])


def register() -> None:
    """Make manifests amendable."""
    register_amendable(
        "manifest",
        AmendableKind(current, apply, sees, rules="manifests/amendments.csv", label=label, address=address),
    )
