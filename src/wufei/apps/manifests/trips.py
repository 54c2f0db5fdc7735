"""Writes of trips: plan a round, start it, collect at stops, arrive, confirm, finish. The rules are ``core.trip``.

Invariant: each act is one transaction with everything it does to manifests; sent again under the same key it changes
nothing; a stop makes at most one manifest. What happens to a load stands in its manifest, never here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Max
from django.http import Http404

from wufei.apps.facts.services import record_fact
from wufei.apps.manifests.acts import Act
from wufei.apps.manifests.models import Manifest, Trip, TripRecord, TripSight, TripStop
from wufei.apps.manifests.selectors import visible_manifests
from wufei.apps.manifests.services import advance, create_manifest, update_manifest
from wufei.apps.manifests.trip_documents import last_document, proposed_document, stop_document
from wufei.apps.manifests.trip_selectors import delivered_of, stop_states, stops_of, visible_trips
from wufei.apps.registry.models import Organisation
from wufei.apps.signatures.services import sign_many
from wufei.apps.transactions import in_transaction
from wufei.core.findings import Finding, Refused
from wufei.core.manifest import Event, RuleError, Status
from wufei.core.manifest_document import read_document, with_defaults
from wufei.core.manifest_lacking import lacking
from wufei.core.manifest_profiles import manifest_profiles
from wufei.core.trip import (
    OPEN_TRIPS,
    TripEvent,
    TripStatus,
    cancelling_findings,
    ending_findings,
    next_trip_status,
    share_out,
)

VERBS = {
    TripEvent.START: "start_trip",
    TripEvent.VISIT: "visit_stop",
    TripEvent.SKIP: "skip_stop",
    TripEvent.ARRIVE: "arrive_trip",
    TripEvent.CONFIRM: "confirm_trip",
    TripEvent.FINISH: "finish_trip",
    TripEvent.CANCEL: "cancel_trip",
}


def refusal(pointer: str, what: str, remedy: str, code: str) -> Refused:
    """A refusal of one fault."""
    return Refused([Finding(None, pointer, what, remedy, code)])


# --- What all acts share --------------------------------------------------------------------------------------------


def _act_on(number: str, event: TripEvent, act: Act, work: Callable[[Trip], None], **told: Any) -> Trip:
    """Do one act on a locked trip: repeated by key it is done once, out of turn it is refused."""

    def whole() -> Trip:
        trip = _locked(act, number)
        if _is_repeat(trip, event, act):
            return trip
        if event is not TripEvent.CONFIRM and act.person.organisation_id != trip.carrier_id:
            what = f"车次由承运单位“{trip.carrier.name}”办理，您的账号不属于该单位。"
            raise refusal("", what, "请用承运单位的账号办理。", "not_authorised")
        try:
            if event in (TripEvent.VISIT, TripEvent.SKIP):
                _start(trip, act)
            target = next_trip_status(trip.number, TripStatus(trip.status), event)
        except RuleError as error:
            raise refusal(error.pointer, error.what, error.remedy, error.code) from error
        work(trip)
        _move(trip, target, event, act, **told)
        return trip

    return in_transaction(whole)


def _locked(act: Act, number: str) -> Trip:
    """The trip in sight with this number, locked until the transaction ends; else 404."""
    joined = visible_trips(act.person).select_related("carrier", "receiver__organisation")
    found = joined.filter(number=number).select_for_update(of=("self",)).first()
    if found is None:
        raise Http404(f"没有车次 {number[:40]}。")
    return found


def _is_repeat(trip: Trip, event: TripEvent, act: Act) -> bool:
    if not act.key:
        return False
    done = trip.history.filter(key=act.key).values_list("event", flat=True).first()
    if done is not None and done != event.value:
        raise refusal("/key", f"这个键已经用于“{done}”。", "每次操作请用新的键。", "key_used_otherwise")
    return done is not None


def _move(
    trip: Trip, status: TripStatus, event: TripEvent, act: Act, *, stop: int | None = None, payload: Any = None
) -> None:
    """Bring the trip to a status and keep what happened."""
    before = trip.status
    trip.status, trip.updated_at = status.value, act.server_at
    trip.save(update_fields=["status", "updated_at"])
    if (status in OPEN_TRIPS) != (TripStatus(before) in OPEN_TRIPS):
        TripSight.objects.filter(trip=trip).update(is_open=status in OPEN_TRIPS)
    _keep(trip, event.value, act, stop=stop, payload=payload or {})
    _tell(trip, VERBS[event], act, before=before, stop=stop)


def _keep(trip: Trip, event: str, act: Act, *, stop: int | None, payload: Any) -> None:
    last = trip.history.aggregate(last=Max("sequence"))["last"] or 0
    TripRecord.objects.create(
        trip=trip,
        sequence=last + 1,
        event=event,
        stop=stop,
        actor=act.actor,
        claimed_at=act.claimed_at,
        device_at=act.device_at,
        server_at=act.server_at,
        key=act.key,
        payload=payload,
    )


def _tell(trip: Trip, verb: str, act: Act, *, before: str | None, stop: int | None = None) -> None:
    record_fact(
        at=act.server_at,
        actor=act.actor,
        verb=verb,
        subject=f"trip:{trip.number}",
        division=trip.receiver.division_id,
        document=f"trip:{trip.number}",
        before={"status": before} if before else None,
        after={"status": trip.status} | ({"stop": stop} if stop else {}),
    )


def _start(trip: Trip, act: Act) -> None:
    """A visit of a planned trip starts it: the driver is on the way."""
    if trip.status == TripStatus.PLANNED:
        _move(trip, TripStatus.RUNNING, TripEvent.START, replace(act, key=""))


# --- Acts of the carrier --------------------------------------------------------------------------------------------


def start_trip(number: str, *, act: Act) -> Trip:
    """The vehicle sets out."""
    return _act_on(number, TripEvent.START, act, lambda trip: None)


def finish_trip(number: str, *, act: Act) -> Trip:
    """The round is over: every stop was dealt with, every load has arrived."""

    def work(trip: Trip) -> None:
        if found := ending_findings(stop_states(stops_of(trip))):
            raise Refused(found)

    return _act_on(number, TripEvent.FINISH, act, work)


def cancel_trip(number: str, *, act: Act, reason: str) -> Trip:
    """The round does not take place; what it has collected already stands against it."""
    said = _reason(reason)

    def work(trip: Trip) -> None:
        if found := cancelling_findings(stop_states(stops_of(trip))):
            raise Refused(found)

    return _act_on(number, TripEvent.CANCEL, act, work, payload={"reason": said})


def _reason(text: object) -> str:
    said = str(text or "").replace("\0", "").strip()[:200]
    if not said:
        raise refusal("/reason", "没有写原因。", "请写明原因，如店铺歇业、没有废物。", "reason_missing")
    return said


def skip_stop(number: str, position: int, *, act: Act, reason: str) -> Trip:
    """Nothing was collected at a stop, and why; a draft that nobody has signed is voided with it."""
    said = _reason(reason)

    def work(trip: Trip) -> None:
        stop = _stop(trip, position)
        if stop.manifest is not None and stop.manifest.status == Status.DRAFT:
            advance(stop.manifest.number, Event.VOID, {}, act=replace(act, key="", slot=""))
        elif stop.manifest is not None and stop.manifest.status != Status.VOID:
            what = f"第 {position} 站已有联单 {stop.manifest.number}，移出单位已签字。"
            raise refusal("/stop", what, "不收了的，请移出单位先作废该联单。", "stop_taken")
        if stop.visited_at is not None:
            raise refusal("/stop", f"第 {position} 站已经办过。", "不必再办。", "stop_done")
        stop.note, stop.visited_at = said, act.claimed_at
        stop.save(update_fields=["note", "visited_at"])

    return _act_on(number, TripEvent.SKIP, act, work, stop=position, payload={"reason": said})


def _stop(trip: Trip, position: int) -> TripStop:
    joined = trip.stops.select_related("site", "manifest").filter(position=position)
    stop = joined.first() if 0 < position <= 10**6 else None
    if stop is None:
        raise Http404(f"车次 {trip.number} 没有第 {position} 站。")
    return stop


def visit_stop(
    number: str,
    position: int,
    told: Mapping[str, Any],
    *,
    act: Act,
    waits_for_signature: bool = False,
    manifest: str = "",
) -> Trip:
    """Collect at a stop: its manifest is drawn up, submitted and departs, all in one transaction.

    Who signs for the sender follows from the profile's ``signs``: the person by their own account or a delegation;
    where ``submit`` names ``carrier`` too, the collecting carrier, with the handler's name sealed in the document.
    Where neither may, or ``waits_for_signature``, the draft waits for the sender's account or one-time code; a
    second visit then departs. Nothing is drawn up that could not be signed: all that is missing is told at once.

    Args:
        told: what was said at the stop, as a patch of the manifest's document: handler, wastes with masses.
        manifest: number of a manifest that the sender has submitted itself, in place of a new one.
    """

    def work(trip: Trip) -> None:
        stop = _stop(trip, position)
        if manifest:
            _take_submitted(trip, stop, manifest, act)
        found = stop.manifest
        inner = replace(act, key="", slot="")
        payload: Mapping[str, Any] = {}
        stage = (Event.SUBMIT if waits_for_signature else Event.DEPART).value
        if found is None:
            document = stop_document(proposed_document(trip, stop, last_document(stop.site_id, trip.profile)), told)
            found = _drawn_up(document, stage, act=inner, trip=(trip.pk, position))
            stop.manifest = found
            stop.save(update_fields=["manifest"])
        elif found.status == Status.DRAFT:
            found = update_manifest(found.number, told, act=inner) if told else found
            _refuse_what_lacks(found.document, stage)
        elif found.status == Status.SUBMITTED:
            payload = told
        elif found.status != Status.DRAFT:
            what = f"第 {position} 站已有联单 {found.number}。"
            raise refusal("/stop", what, "同一站再收一次的，请加一站。", "stop_taken")
        if found.status == Status.DRAFT and not waits_for_signature:
            found = advance(found.number, Event.SUBMIT, {}, act=inner)
        if found.status == Status.SUBMITTED:
            advance(found.number, Event.DEPART, payload, act=replace(inner, slot="carrier:1"))
            stop.visited_at, stop.note = act.claimed_at, ""
            stop.save(update_fields=["visited_at", "note"])

    made = {"manifest": manifest} if manifest else {}
    return _act_on(number, TripEvent.VISIT, act, work, stop=position, payload=made)


def _drawn_up(document: Any, stage: str, *, act: Act, trip: tuple[int, int]) -> Manifest:
    """Draw up the manifest of a stop; raises ``Refused`` with all that is wrong and all that ``stage`` asks for."""
    try:
        made = create_manifest(document, act=act, trip=trip)
    except Refused as refused:
        read, _ = read_document(document)
        told = {finding.field for finding in refused.findings}
        lacks = lacking(with_defaults(read), stage, leg=1) if "profile" in read else []
        raise Refused([*refused.findings, *(f for f in lacks if f.field not in told)]) from refused
    _refuse_what_lacks(made.document, stage)
    return made


def _refuse_what_lacks(document: Mapping[str, Any], stage: str) -> None:
    if found := lacking(document, stage, leg=1):
        raise Refused(found)


def signers_at_stop(trip: Trip) -> tuple[str, ...]:
    """Which slots may sign for the sender at a stop, as the profile of the trip says."""
    return manifest_profiles()[trip.profile].signs[Event.SUBMIT.value]


def _take_submitted(trip: Trip, stop: TripStop, number: str, act: Act) -> None:
    """Put a manifest that the sender has submitted beforehand on the stop."""
    if stop.manifest is not None:
        if stop.manifest.number != number:
            what = f"第 {stop.position} 站已有联单 {stop.manifest.number}。"
            raise refusal("/manifest", what, "请直接办理该联单。", "stop_taken")
        return
    seen = visible_manifests(act.person).filter(number=number).select_for_update(of=("self",)).first()
    if seen is None:
        raise refusal("/manifest", f"没有联单 {number[:40]}。", "请核对编号。", "unknown_manifest")
    first = (seen.document.get("carriers") or [{}])[0].get("organisation")
    if seen.generator_site_id != stop.site_id or seen.receiver_site_id != trip.receiver_id:
        what = f"联单 {number} 的移出或接受场所与本站不同。"
        raise refusal("/manifest", what, "请选本站移出、送往同一接受场所的联单。", "other_places")
    if seen.status != Status.SUBMITTED or seen.trip_id or first != trip.carrier.credit_code:
        what = f"联单 {number} 不是已提交、由本单位承运且未排入车次的联单。"
        raise refusal("/manifest", what, "请核对编号，或在本站新开联单。", "not_collectable")
    seen.trip, seen.stop = trip, stop.position
    seen.save(update_fields=["trip", "stop"])
    stop.manifest = seen
    stop.save(update_fields=["manifest"])


def record_visit(stop: TripStop, *, act: Act, manifest: Manifest | None = None, reason: str = "") -> None:
    """What a phone did at a stop by itself, without signal: collected under ``manifest``, or nothing, and why."""
    trip = Trip.objects.select_related("carrier", "receiver").select_for_update(of=("self",)).get(pk=stop.trip_id)
    event = TripEvent.VISIT if manifest else TripEvent.SKIP
    if trip.history.filter(stop=stop.position, event=event.value).exists():
        return
    plain = replace(act, key="")
    _start(trip, plain)
    changed: dict[str, Any] = {"visited_at": act.claimed_at}
    changed |= {"manifest": manifest} if manifest else {"note": reason[:200]}
    TripStop.objects.filter(pk=stop.pk).update(**changed)
    # A trip that was ended on a screen meanwhile stays so: what the phone did is a fact all the same.
    _move(trip, TripStatus(trip.status), event, plain, stop=stop.position)


# --- At the receiver ------------------------------------------------------------------------------------------------


def _all_of(
    chosen: Sequence[tuple[Manifest, Event, Mapping[str, Any]]], act: Act, organisation: Organisation
) -> None:
    """Drive several manifests in one act: all refusals at once, one signature over all of them."""
    inner = replace(act, key="", slot="", to_sign=[])
    found: list[Finding] = []
    for manifest, event, payload in chosen:
        try:
            advance(manifest.number, event, payload, act=inner)
        except Refused as refused:
            found += [replace(f, field=f"/manifests/{manifest.number}{f.field}") for f in refused.findings]
    if found:
        raise Refused(found)
    if inner.to_sign:
        sign_many(
            parts=inner.to_sign,
            person=act.person,
            organisation=organisation,
            claimed_at=act.claimed_at,
            device_at=act.device_at,
            device_signature=act.device_signature,
            server_at=act.server_at,
        )


def arrive_trip(number: str, *, act: Act) -> Trip:
    """One act of the driver, signed once, brings all loads of the round to the receiver."""

    def work(trip: Trip) -> None:
        loads = Manifest.objects.filter(trip=trip, status=Status.IN_TRANSIT, leg=1).order_by("stop")
        chosen: list[tuple[Manifest, Event, Mapping[str, Any]]] = [(load, Event.ARRIVE, {}) for load in loads]
        if not chosen:
            raise refusal("/stops", "车上没有在途的联单。", "请先在停靠点收运。", "nothing_loaded")
        _all_of(chosen, act, trip.carrier)

    return _act_on(number, TripEvent.ARRIVE, act, work)


def confirm_trip(
    number: str,
    *,
    act: Act,
    weighed_g: int | None = None,
    lines: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    receipt: Mapping[str, Any] | None = None,
    handler: str = "",
) -> Trip:
    """The receiver takes what a round brought: one weighed total shared out, or each manifest by its lines.

    Args:
        weighed_g: grams weighed for the whole round, shared over all wastes by what was sent, exactly.
        lines: number of a manifest -> a line for each of its wastes (accepted_g, refused_g, lost_g).
        receipt: what is said of all of them: opinion, has_major_difference, difference_note.
        handler: who received.
    """

    def work(trip: Trip) -> None:
        waiting = delivered_of(trip)
        if not waiting:
            raise refusal("/manifests", "没有等待确认的联单。", "请等司机办理到达。", "nothing_delivered")
        shared = _shared(waiting, weighed_g) if weighed_g is not None else _named(waiting, lines or {})
        chosen = []
        for manifest, rows in shared:
            is_refusal = not any(row.get("accepted_g") for row in rows) and any(row.get("refused_g") for row in rows)
            payload = {
                "receiver": {"handler": handler} if handler else {},
                "receipt": {**(receipt or {}), "lines": [{"accepted_g": 0, **row} for row in rows]},
            }
            chosen.append((manifest, Event.REFUSE if is_refusal else Event.CONFIRM, payload))
        _all_of(chosen, act, trip.receiver.organisation)

    told = {"weighed_g": weighed_g} if weighed_g is not None else {"manifests": sorted(lines or {})}
    return _act_on(number, TripEvent.CONFIRM, act, work, payload=told)


Lines = list[tuple[Manifest, Sequence[Mapping[str, Any]]]]


def _shared(waiting: Sequence[Manifest], weighed_g: int) -> Lines:
    if weighed_g <= 0:
        raise refusal("/weighed_g", "总重不大于 0。", "请填写过磅净重；全部不收的请逐份拒收。", "no_mass")
    sent = [int(waste.get("mass_g") or 0) for manifest in waiting for waste in manifest.document["wastes"]]
    parts = iter(share_out(weighed_g, sent))
    return [(m, [{"accepted_g": next(parts)} for _ in m.document["wastes"]]) for m in waiting]


def _named(waiting: Sequence[Manifest], lines: Mapping[str, Sequence[Mapping[str, Any]]]) -> Lines:
    known = {manifest.number: manifest for manifest in waiting}
    found = [
        Finding(None, f"/lines/{n[:40]}", f"联单 {n[:40]} 不在等待确认的联单里。", "请核对编号。", "unknown_manifest")
        for n in lines
        if n not in known
    ]
    if not lines:
        found.append(Finding(None, "/lines", "没有写重量。", "请填总重，或逐份填写接受量。", "no_mass"))
    if found:
        raise Refused(found)
    return [(known[number], rows) for number, rows in lines.items()]


__all__ = [
    "arrive_trip",
    "cancel_trip",
    "confirm_trip",
    "finish_trip",
    "record_visit",
    "signers_at_stop",
    "skip_stop",
    "start_trip",
    "visit_stop",
]
