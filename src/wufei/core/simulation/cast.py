"""Who takes part in a simulated year: organisations, sites, vehicles. All are invented, and their names say so.

Credit codes are those of ``make_credit_code``; plates begin with 模拟.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from wufei.core.credit_code import make_credit_code
from wufei.core.simulation.apportion import apportion
from wufei.core.simulation.scenario import Fleet, Group, Scenario

MARK = "模拟·"
SCATTER_MICRODEGREES = 18_000  # how far a site is drawn from the middle of its township


@dataclass(frozen=True, slots=True)
class Organisation:
    """An invented organisation. ``kind`` is generator, carrier or facility."""

    credit_code: str
    name: str
    division: str
    kind: str


@dataclass(frozen=True, slots=True)
class Site:
    """An invented site. ``size`` is its relative share of what its group produces or takes in."""

    code: str
    name: str
    credit_code: str
    division: str
    category: str
    domain: str
    longitude: Decimal
    latitude: Decimal
    size: int

    @property
    def holder(self) -> str:
        """Its name as a holder of ledger accounts."""
        return f"site:{self.code}"


@dataclass(frozen=True, slots=True)
class Plant:
    """A site that treats or stores, with the methods it uses."""

    site: Site
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vehicle:
    """An invented vehicle of a carrier."""

    plate: str
    credit_code: str
    division: str
    fleet: Fleet

    @property
    def holder(self) -> str:
        """Its name as a holder of ledger accounts."""
        return f"vehicle:{self.plate}"

    @property
    def number(self) -> str:
        """Its number, on its invented papers and those of its crew."""
        return self.plate.removeprefix("模拟")


@dataclass(frozen=True, slots=True)
class Cast:
    """Everyone: ``sites`` by group id (plants included), ``vehicles`` by fleet id."""

    organisations: tuple[Organisation, ...]
    sites: Mapping[str, tuple[Site, ...]]
    plants: tuple[Plant, ...]
    vehicles: Mapping[str, tuple[Vehicle, ...]]


class _Register:
    """Hands out the running numbers of organisations while a cast is made."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.organisations: list[Organisation] = []

    def enter(self, name: str, division: str, kind: str) -> Organisation:
        code = make_credit_code(self.place, len(self.organisations) + 1)
        self.organisations.append(Organisation(code, MARK + name, division, kind))
        return self.organisations[-1]


def make_cast(scenario: Scenario, seed: int) -> Cast:
    """Everyone of the scenario. Who there is does not depend on ``seed``; sizes and positions do."""
    rng = Random(f"{scenario.place}-{scenario.year}-{seed}-cast")  # noqa: S311 - a repeatable simulation, no secret
    register = _Register(scenario.place)
    sites = {group.id: _sites(scenario, group, register, rng) for group in scenario.groups}
    plants = tuple(
        Plant(site, group.methods) for group in scenario.groups if group.is_plant for site in sites[group.id]
    )
    vehicles: dict[str, tuple[Vehicle, ...]] = {}
    for fleet in scenario.fleets:
        first = sum(len(known) for known in vehicles.values()) + 1
        vehicles[fleet.id] = _vehicles(fleet, first, register)
    return Cast(tuple(register.organisations), sites, plants, vehicles)


def _sites(scenario: Scenario, group: Group, register: _Register, rng: Random) -> tuple[Site, ...]:
    """The sites of a group, spread over the townships."""
    if group.township:
        counts = [group.count if town.code == group.township else 0 for town in scenario.townships]
    else:
        counts = apportion(group.count, [town.weights[group.weights] for town in scenario.townships])
    sites: list[Site] = []
    for town, count in zip(scenario.townships, counts, strict=True):
        for _ in range(count):
            number = len(sites) + 1
            owner = register.enter(
                f"{town.name}{group.label}{number:03d}", town.code, "facility" if group.is_plant else "generator"
            )
            sites.append(
                Site(
                    code=f"SIM-{scenario.place}-{group.prefix}{number:03d}",
                    name=owner.name,
                    credit_code=owner.credit_code,
                    division=town.code,
                    category=group.category,
                    domain=group.domain,
                    longitude=town.longitude + _scatter(rng),
                    latitude=town.latitude + _scatter(rng),
                    size=1 + round(1000 * rng.lognormvariate(0, group.spread)),
                )
            )
    return tuple(sites)


def _scatter(rng: Random) -> Decimal:
    return Decimal(rng.randint(-SCATTER_MICRODEGREES, SCATTER_MICRODEGREES)).scaleb(-6)


def _vehicles(fleet: Fleet, first: int, register: _Register) -> tuple[Vehicle, ...]:
    """The vehicles of a fleet, shared out among its carriers in turn."""
    carriers = [
        register.enter(f"{fleet.label}{number:02d}", fleet.township, "carrier")
        for number in range(1, fleet.carriers + 1)
    ]
    return tuple(
        Vehicle(f"模拟{first + i:04d}", carriers[i % len(carriers)].credit_code, fleet.township, fleet)
        for i in range(fleet.vehicles)
    )
