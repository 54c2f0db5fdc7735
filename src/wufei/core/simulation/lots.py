"""Cuts each stream of a scenario into lots: who produced it, when, how much, who carried it, where it went.

Invariant: the masses of a fate's lots add up to the fate, and the counts to the stream's count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from wufei.core.simulation.apportion import apportion
from wufei.core.simulation.cast import Cast, Site, Vehicle
from wufei.core.simulation.scenario import Fate, Scenario, Stream

LOT_SIGMA = 0.35  # spread of the masses of one producer's lots
TREATMENT_WAIT_DAYS = 3  # at most, between arrival and treatment
LATEST_OUTPUT = 3  # what comes out of treatment needs this many days to leave before the year ends


@dataclass(slots=True)
class Lot:
    """One lot. ``days`` counts from 0 = 1 January: generated, loaded, treated (each >= the one before).

    ``loss_g`` is on the vehicle beside ``mass_g`` and missing at arrival. ``count`` is 0 where nothing is counted.
    """

    stream: Stream
    fate: Fate
    producer: Site
    plant: Site | None
    vehicle: Vehicle | None
    mass_g: int
    loss_g: int
    count: int
    days: tuple[int, int, int]


class Calendar:
    """The days of the year on which something of a kind may happen, by month."""

    def __init__(self, scenario: Scenario) -> None:
        first = date(scenario.year, 1, 1)
        length = (date(scenario.year + 1, 1, 1) - first).days
        every = [first + timedelta(days=i) for i in range(length)]
        at_work = [i for i, on in enumerate(every) if on.weekday() < 5 and on not in scenario.holidays]
        self.first = first
        self.allowed = {"all": list(range(length)), "work": at_work}
        self._position = {kind: {day: i for i, day in enumerate(days)} for kind, days in self.allowed.items()}
        self._by_month = {
            kind: [[day for day in days if every[day].month == month] for month in range(1, 13)]
            for kind, days in self.allowed.items()
        }

    def draw(self, kind: str, season: Sequence[int], rng: Random, *, before_end: int = 0) -> int:
        """A day of the kind, its month drawn by the weights of ``season``; not the last ``before_end`` days."""
        month = rng.choices(range(12), weights=season)[0]
        day = rng.choice(self._by_month[kind][month])
        return min(day, self.allowed[kind][-1 - before_end])

    def later(self, kind: str, day: int, wait: tuple[int, int], rng: Random) -> int:
        """An allowed day after ``day`` by least to most allowed days; any that is left where the year ends before."""
        position, left = self._position[kind][day], len(self.allowed[kind]) - 1 - self._position[kind][day]
        by = rng.randint(*wait)
        return self.allowed[kind][position + (by if by <= left else rng.randint(min(wait[0], left), left))]


def make_lots(scenario: Scenario, cast: Cast, seed: int, scale: int) -> list[Lot]:
    """All lots of the year. ``scale`` multiplies their number, not the mass."""
    assert scale >= 1, scale
    calendar = Calendar(scenario)
    lots: list[Lot] = []
    for stream in scenario.streams:
        # Each stream draws from its own source, so that a change to one leaves the others as they were.
        rng = Random(f"{scenario.place}-{scenario.year}-{seed}-{scale}-{stream.id}")  # noqa: S311 - no secret
        for fate in stream.fates:
            lots.extend(_lots(scenario, cast, calendar, stream, fate, scale, rng))
    return lots


def _lots(
    scenario: Scenario, cast: Cast, calendar: Calendar, stream: Stream, fate: Fate, scale: int, rng: Random
) -> list[Lot]:
    number = fate.lots * scale
    if stream.count:
        number = min(number, stream.count)  # a lot holds one head at least
    producers = _producers([site for group in stream.sources for site in cast.sites[group]], number, rng)
    weights = [max(1, round(site.size * rng.lognormvariate(0, LOT_SIGMA))) for site in producers]
    counts = apportion(stream.count, weights, at_least=1) if stream.count else [0] * number
    if stream.count:
        masses = [count * stream.unit_g for count in counts]
    else:
        masses = apportion(fate.mass_g, weights, at_least=1)
    losses = apportion(fate.unexplained_g, weights) if fate.unexplained_g else [0] * number
    plants = cast.sites[fate.to] if fate.to else ()
    plant_sizes = [plant.size for plant in plants]
    fleet = cast.vehicles[stream.fleet]
    travels = bool(fate.to) or fate.do == "send"
    return [
        Lot(
            stream=stream,
            fate=fate,
            producer=producer,
            plant=rng.choices(plants, weights=plant_sizes)[0] if plants else None,
            vehicle=rng.choice(fleet) if travels else None,
            mass_g=mass_g,
            loss_g=loss_g,
            count=count,
            days=_days(scenario, calendar, stream, rng),
        )
        for producer, mass_g, loss_g, count in zip(producers, masses, losses, counts, strict=True)
    ]


def _producers(sites: list[Site], number: int, rng: Random) -> list[Site]:
    """One producer a lot: each site once where there are lots enough, the rest by size."""
    everyone = sites if number >= len(sites) else []
    return everyone + rng.choices(sites, weights=[site.size for site in sites], k=number - len(everyone))


def _days(scenario: Scenario, calendar: Calendar, stream: Stream, rng: Random) -> tuple[int, int, int]:
    before_end = LATEST_OUTPUT if stream.output else 0
    generated = calendar.draw(stream.days, scenario.seasons[stream.season], rng, before_end=before_end)
    if stream.origin == "opening":
        generated = calendar.allowed[stream.days][0]  # it lay there before; loading waits from the first allowed day
    loaded = calendar.later(stream.days, generated, stream.wait, rng)
    treated = calendar.later(stream.days, loaded, (0, TREATMENT_WAIT_DAYS), rng)
    return 0 if stream.origin == "opening" else generated, loaded, treated
