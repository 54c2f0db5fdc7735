"""Brings a simulated year into the registry and the ledger.

Invariant: one simulation a place and year. The ledger is append only, so another seed or scale on top of one that is
there is refused; the same call again completes what was interrupted and changes nothing that is there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db import transaction

from wufei.apps.exchange.simulated_papers import register_papers
from wufei.apps.facts.models import Fact
from wufei.apps.facts.services import record_fact
from wufei.apps.ledger.services import post, register_holders
from wufei.apps.registry.models import Facility, Organisation, Site
from wufei.core.ledger import Holder, Movement
from wufei.core.simulation import Cast, Scenario, emit, make_cast, make_lots, movement_count

BATCH = 8000  # movements a transaction: large enough to be fast, small enough to show progress
STARTED, FINISHED = "simulation_started", "simulation_finished"

Progress = Callable[[int, int], None]  # movements done, movements in all


class OtherSimulation(ValueError):
    """The place and year hold a simulation of another seed or scale."""

    def __init__(self, scenario: Scenario, seed: int, scale: int) -> None:
        self.seed, self.scale = seed, scale
        super().__init__(
            f"{scenario.place_name} {scenario.year} 年已有模拟数据（种子 {seed}，倍数 {scale}）。"
            "账本只能追加，不能替换，什么也没有改变。"
            "要用别的种子或倍数，请换一个空的数据库：设 WUFEI_HOME 为新的目录（或 DATABASE_URL 为新的库）后再运行。"
        )


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a call did: ``booked`` by this call, ``already`` booked before."""

    organisations: int
    sites: int
    vehicles: int
    booked: int
    already: int

    @property
    def is_unchanged(self) -> bool:
        """Whether everything had been there."""
        return not self.booked


def simulate(
    scenario: Scenario, *, seed: int, scale: int, actor: str, at: datetime, progress: Progress | None = None
) -> Simulated:
    """Register everyone and book every movement of the scenario, in batches, in the order of time.

    Raises:
        OtherSimulation: another seed or scale has been simulated for this place and year; nothing is changed.
    """
    subject = f"simulation:{scenario.place}:{scenario.year}"
    chosen = {"seed": seed, "scale": scale}
    cast = make_cast(scenario, seed)
    with transaction.atomic():
        started = Fact.objects.filter(verb=STARTED, subject=subject).order_by("id").first()
        if started is None:
            record_fact(at=at, actor=actor, verb=STARTED, subject=subject, division=scenario.place, after=chosen)
            register_cast(scenario, cast)
        elif started.after != chosen:
            held = dict(started.after or {})
            raise OtherSimulation(scenario, held["seed"], held["scale"])
    finished = Fact.objects.filter(verb=FINISHED, subject=subject).first()
    lots = make_lots(scenario, cast, seed, scale)
    total = movement_count(lots)
    booked = already = 0
    if finished is not None:
        already = total
    else:
        for batch in _batches(emit(scenario, lots, seed, scale)):
            receipt = post(batch, actor=actor, recorded_at=at)
            booked, already = booked + receipt.booked, already + receipt.already
            if progress:
                progress(booked + already, total)
        with transaction.atomic():
            counts = {**chosen, "movements": total}
            record_fact(at=at, actor=actor, verb=FINISHED, subject=subject, division=scenario.place, after=counts)
    return Simulated(
        organisations=len(cast.organisations),
        sites=sum(len(sites) for sites in cast.sites.values()),
        vehicles=sum(len(fleet) for fleet in cast.vehicles.values()),
        booked=booked,
        already=already,
    )


def _batches(movements: Iterator[Movement]) -> Iterator[list[Movement]]:
    while batch := list(islice(movements, BATCH)):
        yield batch


def register_cast(scenario: Scenario, cast: Cast) -> None:
    """Enter organisations, sites, plants, vehicles and their holders; all of them marked as simulated."""
    Organisation.objects.bulk_create(
        [
            Organisation(
                credit_code=row.credit_code,
                name=row.name,
                division_id=row.division,
                kind=row.kind,
                source=scenario.notice,
                is_simulated=True,
            )
            for row in cast.organisations
        ],
        batch_size=500,
    )
    owners = dict(
        Organisation.objects.filter(credit_code__in=[row.credit_code for row in cast.organisations]).values_list(
            "credit_code", "id"
        )
    )
    every_site = [site for sites in cast.sites.values() for site in sites]
    Site.objects.bulk_create(
        [
            Site(
                code=row.code,
                name=row.name,
                organisation_id=owners[row.credit_code],
                division_id=row.division,
                category=row.category,
                domain=row.domain,
                longitude=row.longitude,
                latitude=row.latitude,
                is_simulated=True,
            )
            for row in every_site
        ],
        batch_size=500,
    )
    _register_plants(cast)
    every_vehicle = [vehicle for fleet in cast.vehicles.values() for vehicle in fleet]
    register_papers(scenario, cast, owners)
    holders = [Holder(site.holder, site.division, site.category, site.name, True) for site in every_site]
    holders += [Holder(v.holder, v.division, "vehicle", f"模拟·车辆{v.plate}", True) for v in every_vehicle]
    # The edge of the region is no invention: real movements will cross it too.
    holders.append(
        Holder(f"boundary:{scenario.place}", scenario.place, "boundary", f"{scenario.place_name}区域外", False)
    )
    register_holders(holders)


def _register_plants(cast: Cast) -> None:
    methods = {plant.site.code: list(plant.methods) for plant in cast.plants}
    Facility.objects.bulk_create(
        [
            Facility(
                code=site.code, name=site.name, site=site, methods=methods[site.code], source="模拟，不代表真实设施"
            )
            for site in Site.objects.filter(code__in=methods).order_by("code")
        ],
        batch_size=500,
    )
