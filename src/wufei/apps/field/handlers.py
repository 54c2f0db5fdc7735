"""What each kind of field event does to manifests: one function a kind, in one table.

A handler runs in the transaction that marks the event as applied. It raises ``Refused`` where a rule stands against
it and ``NotYet`` where an earlier step has not arrived: phones sync in any order.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.http import Http404

from wufei.apps.amendments.services import NewAmendment, request_amendment
from wufei.apps.field.codes import use_code
from wufei.apps.field.documents import pickup_document
from wufei.apps.field.models import FieldEvent, FieldOutcome, State
from wufei.apps.field.photos import content_type, photo_file
from wufei.apps.manifests.models import Manifest, TripStop
from wufei.apps.manifests.selectors import manifest_of
from wufei.apps.manifests.services import Act, advance, create_manifest
from wufei.apps.manifests.trips import record_visit
from wufei.apps.packages.transport import package_masses
from wufei.apps.registry.models import Site, User
from wufei.apps.signatures.services import Evidence
from wufei.core import amendment
from wufei.core.amendment import Change
from wufei.core.field_events import PARTS_OF_RECEIPT, EventType, check_payload
from wufei.core.findings import Finding, Level, Refused
from wufei.core.manifest import CLOSED, Event, Status
from wufei.core.manifest_document import get
from wufei.core.pointers import ABSENT

CLOCK_AHEAD = timedelta(minutes=10)  # a phone that is further ahead is not believed
CLOCK_BEHIND = timedelta(days=60)  # nor one that claims to have waited this long


class NotYet(Exception):  # noqa: N818 - no error: the event waits
    """An earlier step has not arrived; ``what`` says which."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@dataclass(frozen=True, slots=True)
class Job:
    """One event to apply. ``new_number``: given by a person in place of the number that the phone had taken."""

    event: FieldEvent
    person: User
    payload: Mapping[str, Any]
    at: datetime
    new_number: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an event: the manifest it made or moved, what is worth knowing, and another that it settled."""

    number: str = ""
    findings: list[Finding] = field(default_factory=list)
    settled: FieldOutcome | None = None


def act_of(job: Job, step: str, **more: Any) -> tuple[Act, list[Finding]]:
    """Who did it when: the phone's clock is believed unless it is plainly wrong."""
    said, got = job.event.device_at, job.event.received_at
    found = []
    claimed = said
    if said > got + CLOCK_AHEAD or said < got - CLOCK_BEHIND:
        claimed = got
        what = "手机时钟与收到的时间相差太多，以收到的时间为准。"
        found.append(Finding(None, "at", what, "请校准手机时钟。", "device_clock", Level.WARN))
    act = Act(
        person=job.person,
        claimed_at=min(claimed, job.at),
        server_at=job.at,
        device_at=said,
        key=f"{job.event.key}:{step}",
        **more,
    )
    return act, found


def _pickup(job: Job) -> Done:
    """Loaded: the manifest that is there departs, or one is made with the phone's number, submitted and departs."""
    payload, strange = _known_packages(job.payload)
    job = replace(job, payload=payload)
    number = str(payload.get("manifest") or "")
    stop = _stop(job)
    if number:
        manifest = manifest_of(job.person, number)
        if manifest is None:
            raise NotYet(f"联单 {number} 还没有提交。")
        found: list[Finding] = []
    else:
        manifest, found = _new_manifest(job, stop)
    act, clock = act_of(job, "depart")
    patch = {"wastes": _masses(payload), "carriers": _carrier(manifest, payload)}
    if manifest.status == Status.DRAFT and number:
        raise NotYet(f"联单 {number} 还没有由移出单位提交。")
    manifest = advance(manifest.number, Event.DEPART, {k: v for k, v in patch.items() if v}, act=act)
    if stop is not None:
        record_visit(stop, act=act, manifest=manifest)
    return Done(manifest.number, found + clock + strange)


def _known_packages(payload: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
    """The payload with the packages that have a code here; what else was scanned stays in the event, and is told."""
    codes = [code for row in payload["wastes"] for code in row.get("packages") or []]
    known = package_masses(codes) if codes else {}
    wastes = [
        {**row, "packages": [code for code in dict.fromkeys(row.get("packages") or []) if code in known]}
        for row in payload["wastes"]
    ]
    strange = [code for code in dict.fromkeys(codes) if code not in known]
    if not strange:
        return {**payload, "wastes": wastes}, []
    what = f"扫到 {len(strange)} 个没有赋码记录的编码：{'、'.join(strange[:5])}。联单上没有写它们。"
    remedy = "请产废单位补赋码，或核对是不是别的系统的码。"
    found = [Finding(None, "wastes", what, remedy, "unknown_package", Level.WARN)]
    return {**payload, "wastes": wastes}, found


def _stop(job: Job) -> TripStop | None:
    """The stop of a trip of the person's own firm that the event names."""
    trip, position = job.payload.get("trip"), job.payload.get("stop")
    if not trip or position is None:
        return None
    found = (
        TripStop.objects.filter(trip__number=trip, position=position, trip__carrier=job.person.organisation_id)
        .select_related("trip__receiver", "trip__carrier", "site__organisation", "manifest")
        .first()
    )
    if found is None:
        what = f"没有车次 {trip} 的第 {position} 站，或它不是您单位的。"
        raise Refused([Finding(None, "trip", what, "请核对车次后重新处理，或搁置这条记录。", "unknown_stop")])
    return found


def _new_manifest(job: Job, stop: TripStop | None) -> tuple[Manifest, list[Finding]]:
    payload = job.payload
    site = Site.objects.filter(code=str(payload["site"])).select_related("organisation").first()
    if site is None:
        what = f"没有编号为“{payload['site']}”的场所。"
        raise Refused([Finding(None, "site", what, "请先登记该场所，再重新处理。", "unknown_site")])
    if stop is not None and stop.manifest_id is not None:
        what = f"第 {stop.position} 站已有联单 {stop.manifest.number if stop.manifest else ''}。"
        raise Refused([Finding(None, "stop", what, "同一站收了两次的，请另开一站后处理。", "stop_taken")])
    external, found = _handler(job, site)
    document, unknown = pickup_document(payload, site=site, stop=stop, person=job.person)
    if unknown:
        raise Refused(unknown)
    claimed = str(payload.get("number") or "")
    act, _ = act_of(job, "create")
    manifest = create_manifest(
        document,
        act=act,
        number=job.new_number or claimed or None,
        trip=(stop.trip_id, stop.position) if stop else None,
    )
    own = job.person.organisation_id == site.organisation_id
    act, _ = act_of(job, "submit", slot="generator", external={} if own else external)
    return advance(manifest.number, Event.SUBMIT, {}, act=act), found


def _handler(job: Job, site: Site) -> tuple[dict[str, Any], list[Finding]]:
    """Who signed for the generator, with the evidence; a drawing alone is taken on rounds, and said to be one."""
    handler = job.payload["handler"]
    evidence = {"name": str(handler["name"])[:60], "field_event": job.event.digest}
    code = str(handler.get("code") or "")
    if code:
        row, finding = use_code(site.organisation, code, event=job.event, at=job.at)
        if finding is not None:
            raise Refused([finding])
        assert row is not None
        return evidence | {"method": "handler_code", "code": row.pk, "issued_to": row.name}, []
    what = "移出方在手机上手写签名，没有用验证码。"
    remedy = "如需核实，请移出单位在联单上补签。"
    note = Finding(None, "handler", what, remedy, "drawn_signature", Level.INFO)
    return evidence | {"method": "drawing", "drawing": str(handler.get("drawing") or "")}, [note]


def _masses(payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was weighed at pick-up, in the order of the manifest's wastes."""
    return [
        {"mass_g": row["mass_g"], "basis": row.get("basis") or "weighed"}
        | ({"packages": row["packages"]} if row.get("packages") else {})
        for row in payload["wastes"]
    ]


def _carrier(manifest: Manifest, payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What changed of the first carrier since the manifest was drawn up: another vehicle or driver on the day."""
    told = payload.get("carrier")
    if not isinstance(told, dict) or not manifest.document.get("carriers"):
        return []
    names = ("vehicle", "driver", "driver_licence")
    return [{name: told[name] for name in names if isinstance(told.get(name), str) and told[name]}]


def _nothing(job: Job) -> Done:
    stop = _stop(job)
    if stop is not None and stop.manifest_id is None:
        act, _ = act_of(job, "visit")
        record_visit(stop, act=act, reason=str(job.payload["reason"]))
    return Done()


def _in_sight(job: Job) -> Manifest:
    number = str(job.payload["number"])
    manifest = manifest_of(job.person, number)
    if manifest is None:
        raise NotYet(f"还没有联单 {number} 的收运记录。")
    return manifest


def _arrive(job: Job) -> Done:
    manifest = _in_sight(job)
    if manifest.status in (Status.DRAFT, Status.SUBMITTED):
        raise NotYet(f"联单 {manifest.number} 还没有起运记录。")
    act, found = act_of(job, "arrive")
    return Done(advance(manifest.number, Event.ARRIVE, {}, act=act).number, found)


def _receive(job: Job) -> Done:
    manifest = _in_sight(job)
    payload = job.payload
    if Status(manifest.status) not in CLOSED | {Status.DELIVERED}:
        raise NotYet(f"联单 {manifest.number} 还没有到达记录。")
    lines = [{name: row[name] for name in ("accepted_g", "refused_g", "lost_g")} for row in payload["wastes"]]
    patch: dict[str, Any] = {
        "receiver": {"handler": str(payload.get("handler") or job.person)[:40]},
        "receipt": {"lines": lines, "opinion": str(payload.get("reason") or "")[:200] or None},
    }
    event = Event.REFUSE if payload["decision"] == "refuse" else Event.CONFIRM
    act, found = act_of(job, event.value)
    return Done(advance(manifest.number, event, patch, act=act).number, found)


def _correct(job: Job) -> Done:
    """Weighed or typed wrong: what was refused is done anew with these masses, else an amendment is asked for."""
    rows = FieldOutcome.objects.select_for_update(of=("self",)).select_related("event")
    target = rows.filter(event__device=job.event.device, event__digest=job.payload["of"]).first()
    if target is None or target.event.type not in (EventType.PICKUP, EventType.RECEIVE):
        what = "要更正的不是这部手机上的收运或接收记录。"
        raise Refused([Finding(None, "of", what, "请在联单上申请更正，并搁置这条记录。", "unknown_event")])
    if target.state == State.SET_ASIDE:
        what = "要更正的记录已经搁置。"
        raise Refused([Finding(None, "of", what, "请一并搁置这条更正。", "set_aside")])
    if target.state == State.REFUSED:
        return _anew(job, target)
    if target.state != State.APPLIED:
        raise NotYet(f"要更正的记录（第 {target.event.seq} 条）还没有入账。")
    return _ask_to_amend(job, target)


def _anew(job: Job, target: FieldOutcome) -> Done:
    payload = corrected(json.loads(target.event.body)["payload"], job.payload)
    if found := check_payload(target.event.type, payload):
        raise Refused(found)
    done = HANDLERS[EventType(target.event.type)](replace(job, event=target.event, payload=payload))
    what = f"按第 {job.event.seq} 条记录更正后的重量入账。"
    note = Finding(None, "wastes", what, "原来的内容照样保存。", "corrected", Level.INFO)
    return replace(done, findings=[*done.findings, note], settled=target)


def corrected(payload: Mapping[str, Any], correction: Mapping[str, Any]) -> dict[str, Any]:
    """What an event says with the masses of its correction, place by place."""
    names = ("mass_g", *PARTS_OF_RECEIPT)
    old, told = payload.get("wastes"), correction["wastes"]
    if not isinstance(old, list) or len(old) != len(told):
        what = f"更正写了 {len(told)} 种废物，原记录有 {len(old) if isinstance(old, list) else 0} 种。"
        raise Refused([Finding(None, "wastes", what, "请按原记录逐种填写。", "lines_missing")])
    return {
        **payload,
        "wastes": [
            {**(before if isinstance(before, dict) else {}), **{name: row[name] for name in names if name in row}}
            for before, row in zip(old, told, strict=True)
        ],
    }


def _ask_to_amend(job: Job, target: FieldOutcome) -> Done:
    manifest = manifest_of(job.person, target.number)
    if manifest is None:
        raise NotYet(f"联单 {target.number} 还不在您单位的范围内。")
    document = manifest.document
    at = "/wastes/{}" if target.event.type == EventType.PICKUP else "/receipt/lines/{}"
    changes = []
    for place, row in enumerate(job.payload["wastes"]):
        for name in ("mass_g",) if target.event.type == EventType.PICKUP else PARTS_OF_RECEIPT:
            pointer = f"{at.format(place)}/{name}"
            stands = get(document, pointer)
            if name in row and row[name] != (stands or 0):
                changes.append(Change(pointer, ABSENT if stands is None else stands, row[name]))
    if not changes:
        what = f"联单 {manifest.number} 上已经是这些重量。"
        return Done(manifest.number, [Finding(None, "wastes", what, "不用再改。", "no_change", Level.INFO)])
    asked = NewAmendment(f"manifest:{manifest.number}", changes, reason=job.payload["reason"], evidence=_picture(job))
    made = request_amendment(asked, user=job.person, at=job.at)
    what = f"已对联单 {manifest.number} 申请更正：{amendment.STATE_NAMES[amendment.State(made.status)]}。"
    note = Finding(None, "wastes", what, "各方的答复在联单的“更正”中看。", "amendment_asked", Level.INFO)
    return Done(manifest.number, [note])


def _picture(job: Job) -> Evidence:
    """The picture that goes with a correction; it may come after the event that names it."""
    digest = job.payload["photos"][0]
    path = photo_file(digest)
    if not path.exists():
        raise NotYet("更正的照片还没有传到。")
    kind = content_type(digest).partition("/")[2]
    return Evidence(f"更正照片.{'jpg' if kind == 'jpeg' else kind}", path.read_bytes())


def _numbers_only(job: Job) -> Done:
    """Spoiled and returned numbers: the use was recorded when the event came in."""
    return Done()


HANDLERS: Mapping[EventType, Callable[[Job], Done]] = {
    EventType.PICKUP: _pickup,
    EventType.NOTHING: _nothing,
    EventType.ARRIVE: _arrive,
    EventType.RECEIVE: _receive,
    EventType.SPOIL: _numbers_only,
    EventType.RETURN: _numbers_only,
    EventType.CORRECT: _correct,
}


def handle(job: Job) -> Done:
    """Do what the event says. Raises ``Refused`` or ``NotYet``; nothing is kept then."""
    device = job.event.device
    if job.person.organisation_id != device.organisation_id:  # what was done for one firm is not done by another
        what = f"记录这件事的人（{job.person}）已不是“{device.organisation.name}”的人员。"
        raise Refused([Finding(None, "", what, "请由该单位的人员在网页上补办，并搁置这条记录。", "person_left")])
    try:
        return HANDLERS[EventType(job.event.type)](job)
    except Http404 as error:
        raise NotYet("联单还不在您单位的范围内。") from error
