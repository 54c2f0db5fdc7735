"""Plans a round: reads what was handed in, tells every fault at once, and makes the trip with its stops."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from wufei.apps.facts.services import record_fact
from wufei.apps.manifests.acts import Act
from wufei.apps.manifests.models import Trip, TripRecord, TripSight, TripStop
from wufei.apps.manifests.numbers import take_numbers
from wufei.apps.manifests.trip_selectors import stops_of, trip_scopes
from wufei.apps.registry.models import Site, User
from wufei.apps.transactions import in_transaction
from wufei.core.findings import Finding, Refused
from wufei.core.ledger import SHANGHAI, local_day
from wufei.core.manifest_profiles import manifest_profiles
from wufei.core.trip import MOST_STOPS, SERIES


@dataclass(frozen=True, slots=True)
class StopPlan:
    """A stop as it is asked for: the code or full name of a site, and when."""

    site: str
    planned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TripPlan:
    """A trip as it is asked for; blank where nothing was said. ``driver_user`` is a user name."""

    profile: str = ""
    vehicle: str = ""
    on: date | None = None
    receiver: str = ""
    stops: Sequence[StopPlan] = ()
    driver: str = ""
    driver_licence: str = ""
    driver_user: str = ""


def clean(text: object, most: int) -> str:
    """Plain text in one line, cut where it is too long for its column."""
    return " ".join(str(text or "").replace("\0", "").split())[:most]


def plan_trip(plan: TripPlan, *, act: Act) -> Trip:
    """Make a trip of the person's own firm. Raises ``Refused`` with everything that is wrong."""

    def work() -> Trip:
        firm = act.person.organisation
        if firm is None or not firm.credit_code:
            what = "车次由承运单位排班，您的账号不属于有统一社会信用代码的单位。"
            raise Refused([Finding(None, "", what, "请用承运单位的账号排班。", "not_authorised")])
        if act.key and (made := Trip.objects.filter(carrier=firm, key=act.key).first()):
            return made
        sites = _sites([plan.receiver, *(stop.site for stop in plan.stops)])
        driver = _driver(plan, act.person)
        found = _findings(plan, sites, driver, local_day(act.server_at))
        if found:
            raise Refused(found)
        assert plan.on is not None
        receiver = sites[plan.receiver]
        profile = manifest_profiles()[plan.profile]
        trip = Trip.objects.create(
            number=take_numbers(SERIES, plan.on.year, receiver.division_id)[0],
            profile=plan.profile,
            carrier=firm,
            vehicle=_plate(plan.vehicle),
            driver=clean(plan.driver, 40) or (str(driver)[:40] if driver else ""),
            driver_licence=clean(plan.driver_licence, 60),
            driver_user=driver,
            on=plan.on,
            receiver=receiver,
            is_simulated=receiver.is_simulated,
            created_by=act.actor,
            created_at=act.server_at,
            updated_at=act.server_at,
            key=act.key,
        )
        chosen = [sites[stop.site] for stop in plan.stops]
        TripStop.objects.bulk_create(
            TripStop(trip=trip, position=i, site=site, planned_at=stop.planned_at)
            for i, (stop, site) in enumerate(zip(plan.stops, chosen, strict=True), 1)
        )
        TripSight.objects.bulk_create(
            TripSight(scope=scope, trip=trip, on=plan.on)
            for scope in sorted(trip_scopes(firm, receiver, chosen, profile.domain))
        )
        TripRecord.objects.create(
            trip=trip, sequence=1, event="plan", actor=act.actor, claimed_at=act.claimed_at, server_at=act.server_at
        )
        record_fact(
            at=act.server_at,
            actor=act.actor,
            verb="plan_trip",
            subject=f"trip:{trip.number}",
            division=receiver.division_id,
            document=f"trip:{trip.number}",
            after={"status": trip.status, "on": plan.on.isoformat(), "stops": len(chosen)},
        )
        return trip

    return in_transaction(work)


def _plate(text: str) -> str:
    return clean(text, 40).upper().replace(" ", "").replace("·", "")


def _sites(names: Iterable[str]) -> dict[str, Site]:
    """Sites by the code or full name that was asked for; two queries. A name that several have names none."""
    wanted = {name for name in names if name}
    found = {site.code: site for site in Site.objects.filter(code__in=wanted)}
    rest = wanted - found.keys()
    named: dict[str, list[Site]] = {}
    for site in Site.objects.filter(name__in=rest) if rest else ():
        named.setdefault(site.name, []).append(site)
    return found | {name: sites[0] for name, sites in named.items() if len(sites) == 1}


def _driver(plan: TripPlan, person: User) -> User | None:
    if not plan.driver_user:
        return None
    mine = User.objects.filter(organisation=person.organisation_id, is_active=True)
    return mine.filter(username=plan.driver_user).first()


def _findings(plan: TripPlan, sites: Mapping[str, Site], driver: User | None, today: date) -> list[Finding]:
    found = []

    def fault(pointer: str, what: str, remedy: str, code: str) -> None:
        found.append(Finding(None, pointer, what, remedy, code))

    rounds = {p.id: p.name for p in manifest_profiles().values() if p.is_round}
    if plan.profile not in rounds:
        shown = plan.profile[:40] or "空"
        words = "、".join(f"{key}（{name}）" for key, name in rounds.items())
        fault("/profile", f"类型为“{shown}”，不是可以集中收运的。", f"请选：{words}。", "no_round")
    if not 0 < len(_plate(plan.vehicle)) <= 12:
        fault("/vehicle", f"车牌号为“{plan.vehicle[:20] or '空'}”。", "请填写车牌号，最多 12 个字。", "bad_vehicle")
    if plan.on is None:
        fault("/on", "没有写日期。", "请填写出车的日期，如 2026-11-25。", "no_day")
    elif abs((plan.on - today).days) > 366:
        fault("/on", f"日期 {plan.on} 离今天超过一年。", "请核对日期。", "far_day")
    if plan.receiver not in sites:
        what = f"没有登记编号或名称为“{plan.receiver[:40] or '空'}”的接受场所。"
        fault("/receiver", what, "请核对，或先登记该场所。", "unknown_site")
    if plan.driver_user and driver is None:
        what = f"本单位没有账号“{plan.driver_user[:40]}”。"
        fault("/driver_user", what, "请选本单位在用的账号，或只填姓名。", "unknown_driver")
    if not 0 < len(plan.stops) <= MOST_STOPS:
        fault("/stops", f"有 {len(plan.stops)} 个停靠点。", f"请写 1 到 {MOST_STOPS} 个停靠点。", "bad_stops")
    for i, stop in enumerate(plan.stops[:MOST_STOPS]):
        if stop.site not in sites:
            what = f"第 {i + 1} 站：没有登记编号或名称为“{stop.site[:40] or '空'}”的场所，或同名的不止一处。"
            fault(f"/stops/{i}/site", what, "请写场所编号，或先登记该场所。", "unknown_site")
        elif stop.site == plan.receiver:
            fault(f"/stops/{i}/site", f"第 {i + 1} 站就是接受场所。", "停靠点只写移出场所。", "stop_is_receiver")
    return found


def plan_again(trip: Trip, on: date) -> TripPlan:
    """The same round on another day: stops, times of day, vehicle and driver; two queries."""
    driver = trip.driver_user
    return TripPlan(
        profile=trip.profile,
        vehicle=trip.vehicle,
        on=on,
        receiver=trip.receiver.code,
        stops=[StopPlan(stop.site.code, _moved(stop.planned_at, on)) for stop in stops_of(trip)],
        driver=trip.driver,
        driver_licence=trip.driver_licence,
        driver_user=driver.username if driver else "",
    )


def _moved(at: datetime | None, on: date) -> datetime | None:
    return at_time(on, at.astimezone(SHANGHAI).time()) if at else None


def at_time(on: date, clock: time) -> datetime:
    """A time of day on a day, here."""
    return datetime.combine(on, clock.replace(tzinfo=None), tzinfo=SHANGHAI)


def plan_as_template(plan: TripPlan) -> dict[str, Any]:
    """A plan as a template keeps it: no day, times of day alone."""
    stops = [{"site": s.site, "time": f"{s.planned_at.astimezone(SHANGHAI):%H:%M}" if s.planned_at else ""}
             for s in plan.stops]  # fmt: skip
    names = ("profile", "vehicle", "receiver", "driver", "driver_licence", "driver_user")
    return {**{name: getattr(plan, name) for name in names}, "stops": stops}


def plan_of_template(document: Mapping[str, Any], on: date) -> TripPlan:
    """The plan that a template of a round makes for a day."""
    stops = [
        StopPlan(str(stop["site"]), at_time(on, time.fromisoformat(stop["time"])) if stop.get("time") else None)
        for stop in document.get("stops") or []
    ]
    names = ("profile", "vehicle", "receiver", "driver", "driver_licence", "driver_user")
    told: dict[str, Any] = {name: str(document.get(name) or "") for name in names}
    return TripPlan(**told, on=on, stops=stops)
