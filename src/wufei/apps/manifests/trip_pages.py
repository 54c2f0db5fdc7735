"""What the pages of trips show: the list by its address, one trip with what its reader may do, the form of a stop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from wufei.apps.documents.trip_sheet import StopLine, TripSheet, render_trip_sheet
from wufei.apps.manifests import forms
from wufei.apps.manifests import trip_selectors as selectors
from wufei.apps.manifests.models import Manifest, Trip, TripStop
from wufei.apps.manifests.trip_documents import last_document, last_wastes, proposed_document, stop_document
from wufei.apps.manifests.trip_planning import StopPlan, TripPlan, at_time, clean
from wufei.apps.manifests.trip_selectors import StopRow, TripFilter, TripRow
from wufei.apps.registry.actors import actor_names
from wufei.apps.registry.models import Site, User, Vehicle
from wufei.apps.registry.selectors import FIRM_ROLES
from wufei.apps.spreadsheets import write_sheet
from wufei.apps.web import address
from wufei.core.findings import Finding
from wufei.core.ledger import SHANGHAI
from wufei.core.manifest import Status
from wufei.core.manifest_document import Document, get, read_document
from wufei.core.manifest_profiles import Field, manifest_profiles, stage_index
from wufei.core.trip import TRIP_EVENT_NAMES, TRIP_STATUS_NAMES, TripEvent, TripStatus, trip_events

COLOURS = {"planned": "azure", "running": "blue", "finished": "green", "cancelled": "secondary"}
HEADER = (
    "车次编号",
    "日期",
    "类型",
    "阶段",
    "承运单位",
    "车牌号",
    "驾驶员",
    "接受场所",
    "停靠点",
    "已办",
    "收运量（千克）",
    "模拟",
)
MOST_EXPORTED = 5_000
PROPOSED = 300


@dataclass(frozen=True, slots=True)
class TripList:
    """One page of the list with its filters."""

    rows: list[TripRow]
    chosen: TripFilter
    views: list[tuple[str, str, str]]
    profiles: list[tuple[str, str]]
    next_url: str
    first_url: str
    export_url: str
    is_filtered: bool


def _chosen(user: User, query: Mapping[str, str], today: date, *, first: str) -> TripFilter:
    view = query.get("view", "")
    text = clean(query.get("q"), 24).upper().replace(" ", "")
    profile = query.get("profile", "")
    known = {"mine", *dict(selectors.VIEWS)}
    return TripFilter(
        view if view in known else first, today, text, profile if profile in manifest_profiles() else ""
    )


def trip_list(user: User, query: Mapping[str, str], path: str, *, today: date) -> TripList:
    """One page as the address asks for it; a driver begins with the own trips of today."""
    is_driver = selectors.is_driver_today(user, today)
    chosen = _chosen(user, query, today, first="mine" if is_driver else "today")
    before = query.get("before", "")
    key = int(before) if before.isdecimal() and len(before) <= 18 else None
    rows, more = selectors.trip_rows(user, chosen, before=key)
    kept = {name: value for name in ("q", "profile") if (value := getattr(chosen, name))}
    here = {"view": chosen.view, **kept}
    views = ((("mine", "我的今日车次"),) if is_driver else ()) + selectors.VIEWS
    return TripList(
        rows=rows,
        chosen=chosen,
        views=[(name, words, address(path, {**kept, "view": name})) for name, words in views],
        profiles=round_profiles(),
        next_url=address(path, {**here, "before": str(more)}) if more else "",
        first_url=address(path, here) if key else "",
        export_url=address(f"{path}export.xlsx", here),
        is_filtered=bool(kept),
    )


def round_profiles() -> list[tuple[str, str]]:
    """The kinds of manifests that are collected on rounds."""
    return [(p.id, p.name) for p in manifest_profiles().values() if p.is_round]


def workbook(user: User, query: Mapping[str, str], *, today: date) -> bytes:
    """The chosen trips as a workbook, newest first; says where it is cut."""
    chosen = _chosen(user, query, today, first="all")
    rows, more = selectors.trip_rows(user, chosen, limit=MOST_EXPORTED)
    cells: list[tuple[str | int | date, ...]] = [
        (r.number, r.on.isoformat(), r.profile_name, r.status_name, r.carrier, r.vehicle, r.driver, r.receiver,
         r.stops, r.done, r.mass_kg.replace(",", ""), "模拟" if r.is_simulated else "")
        for r in rows
    ]  # fmt: skip
    if more:
        cells.append((f"只导出最近 {MOST_EXPORTED} 趟，请加筛选条件分次导出。", *[""] * (len(HEADER) - 1)))
    return write_sheet("收运车次", HEADER, cells)


@dataclass(frozen=True, slots=True)
class TripPage:
    """One trip with its stops and what its reader may do."""

    number: str
    on: date
    status: str
    status_name: str
    colour: str
    profile: str
    profile_name: str
    carrier: str
    vehicle: str
    driver: str
    receiver: str
    is_simulated: bool
    stops: Sequence[StopRow]
    done: int
    collected: int
    on_board: int
    waiting: int
    mass_kg: str
    acts: Sequence[tuple[str, str]]
    may_collect: bool
    may_confirm: bool
    may_copy: bool
    history: Sequence[tuple[str, str, int | None, datetime]]


def trip_page(user: User, trip: Trip) -> TripPage:
    """Everything of one trip for its page; three queries besides the trip itself."""
    stops = [selectors.stop_row(stop) for stop in selectors.stops_of(trip)]
    is_carrier = user.organisation_id == trip.carrier_id and user.role in FIRM_ROLES
    possible = trip_events(TripStatus(trip.status))
    on_board = sum(s.manifest_status == Status.IN_TRANSIT for s in stops)
    waiting = sum(s.manifest_status == Status.DELIVERED for s in stops)
    collected = [s for s in stops if s.state == "collected"]
    shown = {
        TripEvent.START: True,
        TripEvent.ARRIVE: on_board > 0,
        TripEvent.FINISH: all(s.visited_at for s in stops) and not on_board,
        TripEvent.CANCEL: not any(s.manifest and s.state != "void" for s in stops),
    }
    names = {"plan": "排班", **{e.value: n for e, n in TRIP_EVENT_NAMES.items()}}
    records = selectors.trip_history(trip)
    actors = actor_names(user, (record.actor for record in records))
    return TripPage(
        number=trip.number,
        on=trip.on,
        status=trip.status,
        status_name=TRIP_STATUS_NAMES[TripStatus(trip.status)],
        colour=COLOURS[trip.status],
        profile=trip.profile,
        profile_name=manifest_profiles()[trip.profile].name,
        carrier=trip.carrier.name,
        vehicle=trip.vehicle,
        driver=trip.driver,
        receiver=trip.receiver.name,
        is_simulated=trip.is_simulated,
        stops=stops,
        done=sum(s.visited_at is not None for s in stops),
        collected=len(collected),
        on_board=on_board,
        waiting=waiting,
        mass_kg=selectors.kilograms(sum(s.mass_g or 0 for s in collected)),
        acts=[
            (e.value, TRIP_EVENT_NAMES[e]) for e, is_due in shown.items() if is_carrier and e in possible and is_due
        ],
        may_collect=is_carrier and trip.status in ("planned", "running"),
        may_confirm=bool(waiting) and user.organisation_id == trip.receiver.organisation_id,
        may_copy=is_carrier,
        history=[(names[r.event], actors[r.actor], r.stop, r.claimed_at) for r in records],
    )


# --- The form of a new trip -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TripForm:
    """What the form of a new trip shows: what was typed, and what it proposes."""

    values: Mapping[str, str]
    errors: Mapping[str, str]
    profiles: list[tuple[str, str]]
    vehicles: list[str]
    drivers: list[tuple[str, str]]
    receivers: list[tuple[str, str]]
    sites: list[tuple[str, str]]


def typed(plan: TripPlan) -> dict[str, str]:
    """A plan as the form shows it: stops one a line, site and time of day."""
    lines = [f"{s.site} {s.planned_at.astimezone(SHANGHAI):%H:%M}" if s.planned_at else s.site for s in plan.stops]
    names = ("profile", "vehicle", "receiver", "driver", "driver_licence", "driver_user")
    told = {name: str(getattr(plan, name)) for name in names}
    return {**told, "on": plan.on.isoformat() if plan.on else "", "stops": "\n".join(lines)}


def plan_typed(post: Mapping[str, str]) -> tuple[TripPlan, list[Finding]]:
    """The plan that a form says, and what of it cannot be read."""
    found = []
    on: date | None = None
    try:
        on = date.fromisoformat(post.get("on", ""))
    except ValueError:
        pass
    stops = []
    for i, line in enumerate(text for text in post.get("stops", "").replace("\0", "").splitlines() if text.strip()):
        name, clock = _stop_typed(line.strip())
        if clock is None and name != line.strip():
            what = f"第 {i + 1} 站：“{line.strip()[-10:]}”不是时刻。"
            found.append(Finding(None, f"/stops/{i}/planned_at", what, "写成 08:30。", "bad_time"))
        stops.append(StopPlan(name[:120], at_time(on, clock) if on and clock else None))
    names = ("profile", "vehicle", "receiver", "driver", "driver_licence", "driver_user")
    told = {name: clean(post.get(name), 120) for name in names}
    return replace(TripPlan(**told), on=on, stops=stops), found  # type: ignore[arg-type]


def _stop_typed(line: str) -> tuple[str, time | None]:
    """Site and time of a line; a last word with a colon is meant as a time."""
    head, _, last = line.rpartition(" ")
    last = last.replace("：", ":")
    if not head or ":" not in last:
        return line, None
    try:
        return head.strip(), time.fromisoformat(last.zfill(5))
    except ValueError:
        return head.strip(), None


def trip_form(user: User, values: Mapping[str, str], findings: Sequence[Finding] = ()) -> TripForm:
    """The form of a new trip; five queries. It proposes sites that the firm has stopped at before."""
    errors: dict[str, str] = {}
    for finding in findings:
        name = finding.field.strip("/").split("/")[0] or "form"
        errors[name] = errors.get(name, "") + finding.what + finding.remedy
    county = (user.division_id or "")[:6]
    plants = Site.objects.filter(
        division__code__startswith=county,
        category__in=("treatment_plant", "incinerator", "landfill", "collection_point"),
    )
    before = TripStop.objects.filter(trip__carrier=user.organisation_id).values("site_id")
    sites = Site.objects.filter(pk__in=before).order_by("code")[:PROPOSED]
    people = User.objects.filter(organisation=user.organisation_id, is_active=True).order_by("username")[:PROPOSED]
    vehicles = Vehicle.objects.filter(organisation=user.organisation_id).order_by("plate")[:PROPOSED]
    return TripForm(
        values=values,
        errors=errors,
        profiles=round_profiles(),
        vehicles=[vehicle.plate for vehicle in vehicles],
        drivers=[(person.username, str(person)) for person in people],
        receivers=[(site.code, site.name) for site in plants.order_by("code")[:PROPOSED]],
        sites=[(site.code, site.name) for site in sites],
    )


# --- The form of a stop ---------------------------------------------------------------------------------------------

ALWAYS = {"/generator/handler", "/wastes/*/code", "/wastes/*/mass_g", "/wastes/*/package_count", "/wastes/*/packages"}


def stop_groups(
    trip: Trip, stop: TripStop, findings: Sequence[Finding] = (), raw: Mapping[str, str] | None = None
) -> list[forms.Group]:
    """The few fields asked at a stop: who hands over, what, how much, and what the profile needs and nobody said."""
    manifest = stop.manifest
    proposed = proposed_document(trip, stop, {} if manifest else last_document(stop.site_id, trip.profile))
    if not manifest and not proposed["wastes"]:
        proposed = {**proposed, "wastes": last_wastes(trip)[:1]}
    document: Document = manifest.document if manifest else proposed
    if raw is not None:
        told = forms.patch_of(raw, manifest.document if manifest else None)
        document, _ = read_document(stop_document(proposed, told))
    wrong = {finding.field for finding in findings}
    packages = manifest_profiles()[trip.profile].packages

    def wanted(field: Field, pointer: str) -> bool:
        if pointer in wrong:
            return True
        if field.pointer == "/wastes/*/packages":
            return packages != "optional"
        if field.pointer in ALWAYS:
            return True
        if field.pointer.startswith("/livestock/"):
            return True
        if field.filled_by not in ("generator", "carrier") or field.pointer in {"/generator/site", "/receiver/site"}:
            return False
        is_needed = bool(field.required_from) and stage_index(field.required_from) <= stage_index("depart")
        if field.pointer in {"/wastes/*/name", "/wastes/*/hazards"}:
            return False  # the catalogue tells them
        return is_needed and get(proposed, pointer) is None

    return forms.groups(
        document, wanted, stage="depart", findings=findings, raw=raw, places={"wastes": 1, "carriers": 1}
    )


def confirm_rows(trip: Trip) -> list[tuple[Manifest, list[tuple[str, str, int]]]]:
    """The manifests that wait for the receiver, with (input name, waste, grams) of each of their wastes."""
    return [
        (m, [(f"{m.number}/{i}", f"{w.get('name') or ''} {w['code']}".strip(), int(w.get("mass_g") or 0))
             for i, w in enumerate(m.document["wastes"])])
        for m in selectors.delivered_of(trip)
    ]  # fmt: skip


def sheet_pdf(trip: Trip, *, url: str, printed_at: datetime) -> bytes:
    """The trip sheet as PDF."""
    stops = [selectors.stop_row(stop) for stop in selectors.stops_of(trip)]
    return render_trip_sheet(
        TripSheet(
            number=trip.number,
            on=trip.on,
            carrier=trip.carrier.name,
            vehicle=trip.vehicle,
            stops=[
                StopLine(s.site_name, s.address, s.manifest, s.wastes, s.mass_g, s.planned_at, s.visited_at, s.note)
                for s in stops
            ],
            qr_url=url,
            printed_at=printed_at,
            kind=manifest_profiles()[trip.profile].name,
            driver=trip.driver,
            driver_licence=trip.driver_licence,
            receiver=trip.receiver.name,
            is_simulated=trip.is_simulated,
        )
    )
