"""Packages of waste (包装、容器): what one is, what may happen to it, and what its label shows.

A package's own mass (``mass_g``) is the net mass of what lies in it directly. A box (大箱) with packages inside
weighs ``mass_g`` plus the masses of all packages inside, however deep: ``total_g``. Invariant: splitting and merging
neither make nor lose a gram, and what has ended (split, merged, retired, void) never moves again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from wufei.core.reference import read_document, read_table


@dataclass(frozen=True, slots=True)
class Label:
    """What the label of a package shows (HJ 1276 for hazardous waste, the same fields elsewhere).

    Attributes:
        code: 37 characters for hazardous waste, the own series elsewhere.
        category: HW08, SW17 … with its name.
        form: Chinese word: 固态, 半固态, 液态, 气态.
        hazards: letters of ``data/catalogue/hazards.csv``: T, C, I, R, In; they choose the warning pictures.
        mass_g: net mass, box with everything inside; ``None`` where it has not been weighed (left open for a pen).
        qr_url: what the QR code holds, ``https://host/q/<code>``.
        domain: one of ``core.catalogue.DOMAINS``. is_simulated: the label says so across itself.
    """

    code: str
    waste_name: str
    category: str
    waste_code: str
    form: str
    hazards: tuple[str, ...]
    main_components: str
    harmful_components: str
    precautions: str
    organisation: str
    contact: str
    phone: str
    generated_on: date
    mass_g: int | None
    remark: str
    qr_url: str
    domain: str
    is_simulated: bool = False


class Status(StrEnum):
    """Where a package stands in its life; Chinese words in ``data/packages/statuses.csv``."""

    ASSIGNED = "assigned"
    STORED = "stored"
    IN_TRANSIT = "in_transit"
    RECEIVED = "received"
    RETIRED = "retired"
    SPLIT = "split"
    MERGED = "merged"
    VOID = "void"


class Event(StrEnum):
    """What may happen to a package; Chinese words in ``data/packages/events.csv``."""

    ASSIGN = "assign"
    WEIGH = "weigh"
    STORE = "store"
    NEST = "nest"
    UNNEST = "unnest"
    RESERVE = "reserve"
    LOAD = "load"
    UNLOAD = "unload"
    RELEASE = "release"
    REFUSE = "refuse"
    SEND_BACK = "send_back"
    CORRECT = "correct"
    SPLIT = "split"
    MERGE = "merge"
    RETIRE = "retire"
    VOID = "void"


ENDED = frozenset({Status.RETIRED, Status.SPLIT, Status.MERGED, Status.VOID})
AT_SITE = frozenset({Status.ASSIGNED, Status.STORED, Status.RECEIVED})

# The whole life in one table: event -> status before -> status after. What is not here is refused.
TRANSITIONS: Mapping[Event, Mapping[Status, Status]] = MappingProxyType(
    {
        Event.WEIGH: {status: status for status in AT_SITE},
        Event.STORE: {Status.ASSIGNED: Status.STORED, Status.RECEIVED: Status.STORED},
        Event.NEST: {status: status for status in AT_SITE},
        Event.UNNEST: {status: status for status in AT_SITE},
        Event.RESERVE: {status: status for status in AT_SITE},
        # From one vehicle to the next (several carriers in turn) it stays in transit.
        Event.LOAD: dict.fromkeys((*AT_SITE, Status.IN_TRANSIT), Status.IN_TRANSIT),
        Event.UNLOAD: {Status.IN_TRANSIT: Status.RECEIVED},
        # What the receiver does not take stays on the vehicle, and goes back under another manifest.
        Event.REFUSE: {Status.IN_TRANSIT: Status.IN_TRANSIT},
        Event.SEND_BACK: {Status.IN_TRANSIT: Status.IN_TRANSIT},
        # The receipt by which it came is amended: it weighs what the books hold.
        Event.CORRECT: {status: status for status in AT_SITE},
        Event.RELEASE: {status: status for status in (*AT_SITE, *ENDED)},
        Event.SPLIT: dict.fromkeys(AT_SITE, Status.SPLIT),
        Event.MERGE: dict.fromkeys(AT_SITE, Status.MERGED),
        Event.RETIRE: dict.fromkeys(AT_SITE, Status.RETIRED),
        Event.VOID: {Status.ASSIGNED: Status.VOID, Status.STORED: Status.VOID},
    }
)


@cache
def status_names() -> Mapping[str, str]:
    """Chinese names of the statuses."""
    return MappingProxyType({row["status"]: row["name"] for row in read_table("packages/statuses.csv")})


@cache
def event_names() -> Mapping[str, str]:
    """Chinese names of the events."""
    return MappingProxyType({row["event"]: row["name"] for row in read_table("packages/events.csv")})


@cache
def form_names() -> Mapping[str, str]:
    """Chinese names of the forms of waste (形态) by code: S, SS, L, G."""
    return MappingProxyType({row["form"]: row["name"] for row in read_table("packages/forms.csv")})


@cache
def container_names() -> Mapping[str, str]:
    """Chinese names of the kinds of containers (包装、容器)."""
    return MappingProxyType({row["container"]: row["name"] for row in read_table("packages/containers.csv")})


@dataclass(frozen=True, slots=True)
class Rules:
    """What bounds packages, by data (``data/packages/rules.json``).

    Attributes:
        assign_max: codes given at once.
        codes_max: packages that one action may name, with those inside them.
        depth_max: how deep boxes may nest; 1 is a package in no box.
        merge_of_codes: domain -> whether several waste codes may be merged, which then counts as treatment.
    """

    assign_max: int
    codes_max: int
    depth_max: int
    parts_max: int
    trace_levels_max: int
    trace_nodes_max: int
    merge_of_codes: Mapping[str, bool]


@cache
def rules() -> Rules:
    """The bounds of the package's data."""
    return Rules(**read_document("packages/rules.json"))


@dataclass(frozen=True, slots=True)
class Box:
    """A package as nesting sees it: its key, the box it lies in (``None``: in none), its own mass if known."""

    key: int
    parent: int | None
    mass_g: int | None = 0


def total_g(boxes: Sequence[Box], key: int) -> int | None:
    """Mass of a package with all that lies inside; ``None`` where a mass inside is not known and none is."""
    inside: dict[int | None, list[Box]] = {}
    for box in boxes:
        inside.setdefault(box.parent, []).append(box)
    own = {box.key: box.mass_g for box in boxes}
    masses, waiting = [own[key]], [key]
    while waiting:
        for box in inside.get(waiting.pop(), ()):
            masses.append(box.mass_g)
            waiting.append(box.key)
    known = [mass_g for mass_g in masses if mass_g is not None]
    return sum(known) if known else None


def depth(boxes: Sequence[Box], key: int) -> int:
    """How many packages lie one in another from ``key`` to the outermost, both counted."""
    parent = {box.key: box.parent for box in boxes}
    levels, at = 0, key
    while True:
        levels += 1
        above = parent.get(at)
        if above is None:
            return levels
        at = above


def height(boxes: Sequence[Box], key: int) -> int:
    """How many packages lie one in another from ``key`` to the innermost inside it, both counted."""
    inside: dict[int | None, list[int]] = {}
    for box in boxes:
        inside.setdefault(box.parent, []).append(box.key)
    levels, row = 0, [key]
    while row:
        levels += 1
        row = [child for at in row for child in inside.get(at, ())]
    return levels
