"""The scenario of one place and year: what is simulated, in which amounts, and which of them are published.

Invariant, checked when a file is read: the fates of a stream add up to the stream, and the streams of a published
total to a figure that is printed as the document prints it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

GRAMS_PER_TONNE = 1_000_000


@dataclass(frozen=True, slots=True)
class Township:
    """A township with its weights by theme; ``longitude`` and ``latitude`` in degrees, rough."""

    code: str
    name: str
    longitude: Decimal
    latitude: Decimal
    weights: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Fleet:
    """The carriers of one kind of waste, and how many vehicles they have together.

    ``hazard_classes`` are the classes of dangerous goods that they may carry, ``licence`` the kind of their licence;
    ``load_t`` is what one vehicle may carry.
    """

    id: str
    label: str
    carriers: int
    vehicles: int
    township: str
    hazard_classes: tuple[str, ...] = ()
    licence: str = ""
    load_t: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Sites of one kind. Producers are spread by ``weights`` (a theme of the townships), plants are in ``township``.

    ``spread`` is the sigma of the lognormal sizes. ``methods`` are codes of the treatment methods; only plants.
    """

    id: str
    label: str
    prefix: str
    category: str
    domain: str
    count: int
    weights: str
    spread: float
    township: str
    methods: tuple[str, ...]
    is_plant: bool


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a part of a stream.

    Attributes:
        do: a key of ``movements.CHAINS``: utilise, dispose, send, send_on, keep, hold, use_on_site.
        to: id of the plants it goes to; empty where it goes to none.
        mass_g: what ends there, grams.
        unexplained_g: what is loaded on top and missing at arrival, grams.
        lots: number of lots at scale 1.
    """

    do: str
    to: str
    method: str
    mass_g: int
    unexplained_g: int
    lots: int


@dataclass(frozen=True, slots=True)
class Stream:
    """One waste code from one kind of source, over a year.

    Attributes:
        group: which published total it belongs to.
        origin: generate, opening (stock of earlier years) or receive (from outside).
        output: whether it comes out of treatment (ash); its document is then that of the treatment of its day.
        basis: published, derived or assumed: where ``total_g`` comes from.
        wait: least and most days between generation and loading.
        count: heads; 0 where not counted. ``unit_g`` is then the assumed mass of one, grams.
        mass_basis: how the mass is known: weighed, estimated, converted.
    """

    id: str
    group: str
    title: str
    code: str
    sources: tuple[str, ...]
    origin: str
    output: bool
    total_g: int
    basis: str
    season: str
    days: str
    fleet: str
    wait: tuple[int, int]
    fates: tuple[Fate, ...]
    count: int
    unit_g: int
    factor: str
    mass_basis: str
    uncertainty_ppm: int | None


@dataclass(frozen=True, slots=True)
class PublishedTotal:
    """A figure that the document prints, and the exact amount inside its rounding that the simulation takes.

    ``exact``, ``printed_value`` and ``half_step`` are in the element's unit: t, or heads where ``over`` is count.
    """

    element: str
    groups: tuple[str, ...]
    over: tuple[str, ...]
    exact: Decimal
    printed: str
    printed_value: Decimal
    half_step: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """All that a simulated year is made of."""

    place: str
    place_name: str
    year: int
    notice: str
    holidays: frozenset[date]
    townships: tuple[Township, ...]
    seasons: Mapping[str, tuple[int, ...]]
    fleets: tuple[Fleet, ...]
    groups: tuple[Group, ...]
    streams: tuple[Stream, ...]
    totals: tuple[PublishedTotal, ...]

    def amount(self, total: PublishedTotal) -> Decimal:
        """What the streams of ``total`` add up to, in tonnes (or heads)."""
        streams = [stream for stream in self.streams if stream.group in total.groups]
        if total.over == ("count",):
            return Decimal(sum(stream.count for stream in streams))
        if total.over == ("total",):
            return Decimal(sum(stream.total_g for stream in streams)) / GRAMS_PER_TONNE
        fates = [fate for stream in streams for fate in stream.fates if fate.do in total.over]
        return Decimal(sum(fate.mass_g for fate in fates)) / GRAMS_PER_TONNE


def check(scenario: Scenario) -> None:
    """Stop at a scenario file that contradicts itself: our own data, so a fault in it is a programming error."""
    known = {group.id for group in scenario.groups}
    plants = {group.id for group in scenario.groups if group.is_plant}
    for stream in scenario.streams:
        spent = sum(fate.mass_g + fate.unexplained_g for fate in stream.fates)
        assert spent == stream.total_g, f"{stream.id}: fates hold {spent} g of {stream.total_g} g."
        assert known.issuperset(stream.sources), stream.id
        assert all(fate.to in plants for fate in stream.fates if fate.to), stream.id
        assert not stream.count or (len(stream.fates) == 1 and stream.count * stream.unit_g == stream.total_g), (
            stream.id
        )
    for total in scenario.totals:
        assert scenario.amount(total) == total.exact, f"{total.element}: {scenario.amount(total)}, not {total.exact}."
        assert abs(total.exact - total.printed_value) <= total.half_step, f"{total.element} is not printed so."


def thinned(scenario: Scenario, by: int) -> Scenario:
    """The same masses in about ``by`` times fewer lots: a small variant, for tests and previews."""

    def fewer(stream: Stream) -> Stream:
        return replace(stream, fates=tuple(replace(fate, lots=max(1, fate.lots // by)) for fate in stream.fates))

    return replace(scenario, streams=tuple(fewer(stream) for stream in scenario.streams))
