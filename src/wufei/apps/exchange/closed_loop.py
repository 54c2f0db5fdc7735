"""Invented documents of today for the demo: papers, plan, contract, packages, and manifests in every stage.

Invariant: all of it belongs to simulated firms and is made through the services, in one transaction, once: the fact
``simulation:<place>:closed-loop`` says that it is there.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from wufei.apps.amendments.services import NewAmendment, request_amendment
from wufei.apps.declarations import agreements, plans
from wufei.apps.declarations.book import book
from wufei.apps.declarations.selectors import own_plans
from wufei.apps.exchange.simulate import FINISHED
from wufei.apps.facts.models import Fact
from wufei.apps.facts.services import record_fact
from wufei.apps.manifests.services import Act, advance, create_manifest
from wufei.apps.packages.actions import Act as PackageAct
from wufei.apps.packages.making import What
from wufei.apps.packages.services import assign_packages
from wufei.apps.packages.treating import Residue, retire
from wufei.apps.registry.models import (
    CarrierLicence,
    Permit,
    PersonKind,
    RegionTransfer,
    Site,
    TransportPerson,
    User,
    Vehicle,
)
from wufei.apps.registry.transfers import advance_transfer, apply_transfer, decide_transfer
from wufei.apps.signatures.services import Evidence
from wufei.apps.weighings.services import record_weighing
from wufei.core.amendment import Change
from wufei.core.catalogue import categories, methods
from wufei.core.ledger import local_day
from wufei.core.manifest import Event
from wufei.core.weighing import Weighing

PLACE = "330523"
SUBJECT = f"simulation:{PLACE}:closed-loop"
WOOD, PAINT, ASH = "900-009-S17", "900-252-12", "772-003-18"
LORRY, TANKER = "浙EMN001", "浙EMN002"  # MN 模拟: of the right form, of no real vehicle
NOTE = "模拟，不代表真实单位"
TONNE = 1_000_000
TICKET_PDF = b"%PDF-1.4\n% simulated weighing ticket\n%%EOF\n"
CREW = {
    "driver": "模拟·驾驶员甲",
    "driver_licence": "模拟J-D01",
    "escort": "模拟·押运员甲",
    "escort_licence": "模拟Y-D01",
}


@dataclass(frozen=True, slots=True)
class Cast:
    """The demo firms with their people and sites."""

    people: dict[str, User]
    sites: dict[str, Site]
    now: datetime

    def at(self, hours: float) -> datetime:
        """So many hours ago."""
        return self.now - timedelta(hours=hours)

    def act(self, who: str, hours: float) -> Act:
        """What somebody did so many hours ago."""
        return Act(self.people[who], claimed_at=self.at(hours), server_at=self.at(hours))

    def package_act(self, who: str, key: str, hours: float) -> PackageAct:
        """The same on packages."""
        firm = self.people[who].organisation_id
        return PackageAct(f"demo:{key}", at=self.at(hours), recorded_at=self.at(hours), actor=who, firm_id=firm)


@transaction.atomic
def make_closed_loop(*, now: datetime) -> bool:
    """Make the documents where they are not there yet; says whether it made them. The demo accounts must be there."""
    if Fact.objects.filter(verb=FINISHED, subject=SUBJECT).exists():
        return False
    people = {
        u.username: u
        for u in User.objects.filter(
            username__in=("firm", "firm2", "carrier", "facility"), is_demo=True
        ).select_related("organisation")
    }
    sites = {}
    for name in ("firm", "firm2", "facility"):
        found = Site.objects.filter(organisation=people[name].organisation_id, is_simulated=True)
        sites[name] = found.select_related("organisation", "division").order_by("code")[0]
    cast = Cast(people, sites, now)
    _papers(cast)
    _plan_and_contract(cast)
    drums = _waste(cast)
    _manifests(cast, drums)
    _across_the_province(cast)
    record_fact(at=now, actor="system", verb=FINISHED, subject=SUBJECT, division=PLACE, after={"simulated": True})
    return True


def _papers(cast: Cast) -> None:
    """Vehicles, crew and licences of the carrier, and the plant's permit: all of them invented."""
    carrier, plant = cast.people["carrier"].organisation, cast.sites["facility"].organisation
    assert carrier is not None
    until = date(cast.now.year + 5, 12, 31)
    for plate, permit, classes in ((LORRY, "模拟运证D01", []), (TANKER, "模拟运证D02", ["3", "6.1", "8", "9"])):
        Vehicle.objects.create(
            plate=plate,
            organisation=carrier,
            load_limit_t=Decimal(31),
            transport_permit=permit,
            valid_until=until,
            hazard_classes=classes,
            is_simulated=True,
        )
    for kind, name, certificate in (
        (PersonKind.DRIVER, CREW["driver"], CREW["driver_licence"]),
        (PersonKind.ESCORT, CREW["escort"], CREW["escort_licence"]),
    ):
        TransportPerson.objects.create(
            organisation=carrier,
            kind=kind,
            name=name,
            certificate=certificate,
            valid_until=until,
            hazard_classes=["3", "6.1", "8", "9"],
            is_simulated=True,
        )
    CarrierLicence.objects.create(
        organisation=carrier,
        kind="dangerous_transport",
        number="模拟资质D01",
        scope="危险货物运输（模拟）",
        valid_until=until,
    )
    Permit.objects.create(
        number="模拟许可D01",
        organisation=plant,
        categories=[c for c in categories() if c.startswith("HW")],
        methods=[m.code for m in methods().values() if m.code[0] in "RD"],
        capacity_t_per_year=Decimal(10_000),
        mode="收集、贮存、利用、处置（模拟）",
        valid_until=until,
        source=NOTE,
    )


def _plan_and_contract(cast: Cast) -> None:
    """The first firm's management plan of the year, filed, and its contract with the plant."""
    site, plant, year = cast.sites["firm"], cast.sites["facility"].organisation, local_day(cast.now).year
    firm, user = site.organisation, cast.people["firm"]
    plan = plans.start_plan(site=site, year=year, actor="firm", at=cast.at(200))
    waste = {"waste_code": PAINT, "planned_g": 8 * TONNE}
    tables: dict[str, list[dict[str, Any]]] = {
        "basis": [
            {"operating_since": "2020-01-01", "generated_1_g": 6 * TONNE, "own_facility": "no", "has_permit": "no"}
        ],
        "A1": [
            {
                "name": firm.name,
                "credit_code": firm.credit_code,
                "address": "模拟地址",
                "industry": "家具制造",
                "manager": "模拟负责人",
                "manager_phone": "0572-5000000",
            }
        ],
        "A3": [{**waste, "form": "SS"}],
        "A7": [
            {
                **waste,
                "transfer": "province",
                "method": "R1",
                "receiver_kind": "permit",
                "receiver": plant.name,
                "receiver_code": plant.credit_code,
            }
        ],
    }
    plans.save_plan(own_plans(user), pk=plan.pk, rows=tables, actor="firm", at=cast.at(200))
    plans.file_plan(own_plans(user), pk=plan.pk, actor="firm", at=cast.at(199))
    agreements.record_contract(
        generator=firm,
        head={
            "number": f"模拟合同{year}-01",
            "receiver": plant.name,
            "receiver_code": plant.credit_code,
            "valid_from": f"{year}-01-01",
            "valid_to": f"{year}-12-31",
        },
        items=[
            {"waste_code": PAINT, "mass_g": 8 * TONNE, "method": "R1"},
            {"waste_code": WOOD, "mass_g": 100 * TONNE, "method": "R1"},
        ],
        actor="firm",
        at=cast.at(198),
    )


def _waste(cast: Cast) -> list[str]:
    """What arose at the two firms: wood in the record book, paint residue in eight drums with codes."""
    for name in ("firm", "firm2"):
        values = {
            "occurred_at": cast.at(190).isoformat(),
            "waste_code": WOOD,
            "mass_g": 30 * TONNE,
            "basis": "weighed",
            "handler": "模拟经办人",
        }
        book(site=cast.sites[name], table="giw-generate", values=values, actor=name, at=cast.at(190))
    what = What(
        waste_code=PAINT,
        generated_on=local_day(cast.at(190)),
        form="SS",
        container="drum",
        contact="模拟联系人",
        phone="0572-5000000",
        main_components="漆渣",
        harmful_components="甲苯、二甲苯",
        precautions="远离火源",
    )
    return assign_packages(
        site=cast.sites["firm"],
        what=what,
        act=cast.package_act("firm", "assign", 190),
        count=8,
        masses_g=[180_000 + 1_000 * n for n in range(8)],
        book=True,
    )


def _document(cast: Cast, profile: str, sender: str, waste: dict[str, Any], **parts: Any) -> dict[str, Any]:
    carrier = cast.people["carrier"].organisation
    assert carrier is not None
    hazardous = profile == "hazardous"
    crew = {"driver": CREW["driver"]} if not hazardous else CREW | {"waybill": "模拟运单001"}
    return {
        "profile": profile,
        "generator": {
            "site": cast.sites[sender].code,
            "handler": "模拟经办人",
            "handler_phone": "0572-5000000",
            "emergency_phone": "0572-5000001",
        },
        "wastes": [waste],
        "carriers": [{"organisation": carrier.credit_code, "vehicle": TANKER if hazardous else LORRY, **crew}],
        "receiver": {"site": cast.sites["facility"].code},
        **parts,
    }


def _taken(*, accepted_g: int = 0, refused_g: int = 0, why: str = "") -> dict[str, Any]:
    line = {"accepted_g": accepted_g, "refused_g": refused_g, "lost_g": 0}
    told = {"opinion": why} if why else {}
    return {
        "receipt": {"has_major_difference": False, "lines": [line], **told},
        "receiver": {"handler": "模拟收料员"},
    }


def _drive(cast: Cast, document: dict[str, Any], since: float, *steps: tuple[str, Event, dict[str, Any]]) -> str:
    """Draw up a manifest so many hours ago and take it on, an hour a step; its number."""
    who = "firm" if document["generator"]["site"] == cast.sites["firm"].code else "firm2"
    number = create_manifest(document, act=cast.act(who, since)).number
    for i, (name, event, payload) in enumerate(steps, 1):
        person = who if name == "sender" else name
        advance(number, event, payload, act=cast.act(person, since - 0.5 * i))
    return number


SUBMIT = ("sender", Event.SUBMIT, dict[str, Any]())
DEPART = ("carrier", Event.DEPART, dict[str, Any]())
ARRIVE = ("carrier", Event.ARRIVE, dict[str, Any]())


def _manifests(cast: Cast, drums: list[str]) -> None:
    """One in each stage: done long ago first."""

    def wood(grams: int) -> dict[str, Any]:
        return {"code": WOOD, "mass_g": grams}

    def paint(*numbers: int) -> dict[str, Any]:
        return {
            "code": PAINT,
            "form": "SS",
            "packing": "drum",
            "package_count": len(numbers),
            "method": "R1",
            "mass_g": sum(180_000 + 1_000 * n for n in numbers),
            "packages": [drums[n] for n in numbers],
        }

    # Confirmed, weighed at both ends, and part of it treated.
    done = _drive(
        cast,
        _document(cast, "industrial", "firm", wood(10 * TONNE)),
        160,
        SUBMIT,
        DEPART,
        ARRIVE,
        ("facility", Event.CONFIRM, _taken(accepted_g=9_980_000)),
    )
    for site, ticket, direction, who, net_g, hours in (
        ("firm", "模拟磅单C01", "out", "firm", 10 * TONNE, 159.6),
        ("facility", "模拟磅单J01", "in", "facility", 9_980_000, 158.4),
    ):
        weighing = Weighing(
            site=cast.sites[site].code,
            device="1 号磅",
            ticket=ticket,
            direction=direction,
            waste_code=WOOD,
            net_g=net_g,
            gross_g=net_g + 12 * TONNE,
            tare_g=12 * TONNE,
            weighed_at=cast.at(hours),
            plate=LORRY,
            manifest=done,
            note="模拟",
        )
        record_weighing(user=cast.people[who], weighing=weighing, at=cast.at(hours))
    values = {
        "occurred_at": cast.at(150).isoformat(),
        "waste_code": WOOD,
        "mass_g": 6 * TONNE,
        "method": "R1",
        "basis": "weighed",
        "handler": "模拟经办人",
    }
    book(site=cast.sites["facility"], table="giw-use", values=values, actor="facility", at=cast.at(150))
    # Hazardous waste in drums, confirmed, retired at its treatment; the sender has found a slip and asks to amend it.
    slip = _drive(
        cast,
        _document(cast, "hazardous", "firm", paint(0, 1)),
        140,
        SUBMIT,
        DEPART,
        ARRIVE,
        ("facility", Event.CONFIRM, _taken(accepted_g=361_000)),
    )
    retire(
        codes=[drums[0]],
        method="R1",
        act=cast.package_act("facility", "retire", 120),
        outputs=[
            Residue(What(waste_code=ASH, generated_on=local_day(cast.at(120)), form="S", container="drum"), 9_000)
        ],
    )
    # Refused as a whole; the return is on the road.
    _drive(
        cast,
        _document(cast, "industrial", "firm2", wood(5 * TONNE)),
        30,
        SUBMIT,
        DEPART,
        ARRIVE,
        ("facility", Event.REFUSE, _taken(refused_g=5 * TONNE, why="含水过高，与合同不符（模拟）")),
    )
    # Delivered, to be confirmed; on the road; submitted; a draft.
    _drive(cast, _document(cast, "hazardous", "firm", paint(2, 3)), 8, SUBMIT, DEPART, ARRIVE)
    _drive(cast, _document(cast, "industrial", "firm", wood(8 * TONNE)), 5, SUBMIT, DEPART)
    _drive(cast, _document(cast, "hazardous", "firm", paint(4, 5)), 3, SUBMIT)
    _drive(cast, _document(cast, "industrial", "firm2", wood(4 * TONNE)), 2)
    ask = NewAmendment(
        subject=f"manifest:{slip}",
        changes=[Change("/wastes/0/mass_g", 361_000, 360_000)],
        reason="移出量笔误：磅单为 360 千克（模拟）",
        evidence=Evidence("模拟磅单.pdf", TICKET_PDF),
    )
    request_amendment(ask, user=cast.people["firm"], at=cast.at(1))


def _across_the_province(cast: Cast) -> None:
    """A filing that was granted and a manifest that leaves by it; an approval that the office has under review."""
    plant, number = "模拟·广德利用公司", f"模拟备〔{local_day(cast.now).year}〕1号"
    head = {
        "direction": "out",
        "other_name": plant,
        "other_place": "安徽省宣城市广德市",
        "asked_from": local_day(cast.at(190)).isoformat(),
        "asked_until": (local_day(cast.now) + timedelta(days=180)).isoformat(),
        "note": NOTE,
    }
    every = RegionTransfer.objects.all()
    for sender, code, since in (("firm2", WOOD, 180), ("firm", PAINT, 60)):
        wastes = [{"waste_code": code, "method": "R1", "mass_g": 50 * TONNE}]
        made = apply_transfer(site=cast.sites[sender], head=head, wastes=wastes, actor=sender, at=cast.at(since))
        advance_transfer(
            every, pk=made.pk, event="accept", by="office", on="", note="", actor="office", at=cast.at(since - 24)
        )
        if code == WOOD:
            decide_transfer(
                every,
                pk=made.pk,
                grant=True,
                values={"number": number},
                granted={},
                actor="office",
                at=cast.at(since - 48),
            )
    document = _document(cast, "industrial", "firm2", {"code": WOOD, "mass_g": 3 * TONNE, "method": "R1"}) | {
        "receiver": {"outside": plant},
        "region": {"kind": "out", "division": "安徽省宣城市广德市", "approval": number},
    }
    _drive(cast, document, 20, SUBMIT, DEPART)
