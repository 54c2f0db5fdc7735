"""Turns lots into movements of the ledger, in the order of time.

A lot's way is a chain of steps from a table; each step takes what the one before it brought, so no account that can
hold mass ever falls below zero. Steps of one day lie in windows of the day that follow one another.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random

from wufei.core.ledger import SHANGHAI, Account, Bucket, Movement
from wufei.core.simulation.lots import Lot
from wufei.core.simulation.scenario import Scenario

# What happens to a lot after it came to be, by the fate's ``do``.
CHAINS: dict[str, tuple[str, ...]] = {
    "utilise": ("load", "unload", "utilise"),
    "dispose": ("load", "unload", "dispose"),
    "hold": ("load", "unload"),
    "send": ("load", "send"),
    "send_on": ("load", "unload", "send_on"),
    "use_on_site": ("utilise",),
    "keep": (),
}
# A step's day (index into ``Lot.days``) and its first and last minute of the day. The windows of one lot's way follow
# one another, so that steps on one day stay in order. ``output`` is what comes out of treatment, in the evening.
WINDOWS: dict[str, tuple[int, int, int]] = {
    "opening": (0, -720, -720),
    "generate": (0, 360, 599),
    "receive": (0, 360, 599),
    "output": (0, 1275, 1400),
    "load": (1, 600, 839),
    "unload": (1, 860, 939),
    "send": (1, 860, 939),
    "missing": (1, 941, 945),
    "utilise": (2, 960, 1259),
    "dispose": (2, 960, 1259),
    "send_on": (2, 960, 1259),
}
KINDS = {"output": "generate", "missing": "adjust", "send_on": "send"}  # the ledger's kind, where it is not the step
FROM_STOCK = {"utilise": "utilise_from_stock", "dispose": "dispose_from_stock"}
LOT_BITS, STEP_BITS = 32, 3
MINUTES = 1440  # of a day

End = tuple[str, str, Bucket, str]  # holder, waste code, bucket, method


@dataclass(frozen=True, slots=True)
class _Run:
    """What all movements of one call share: their keys begin with ``prefix``."""

    scenario: Scenario
    prefix: str
    midnight: datetime
    boundary: str


def steps_of(lot: Lot) -> tuple[str, ...]:
    """All steps of a lot, the first of which brings it into the books."""
    origin = "output" if lot.stream.output else lot.stream.origin
    chain = CHAINS[lot.fate.do]
    if lot.loss_g:
        after = chain.index("unload") + 1
        chain = (*chain[:after], "missing", *chain[after:])
    return (origin, *chain)


def movement_count(lots: Iterable[Lot]) -> int:
    """How many movements ``emit`` gives for these lots."""
    return sum(len(steps_of(lot)) for lot in lots)


def emit(scenario: Scenario, lots: Sequence[Lot], seed: int, scale: int) -> Iterator[Movement]:
    """The movements of all lots in the order of time, made one by one."""
    run = _Run(
        scenario=scenario,
        prefix=f"sim:{scenario.place}:{scenario.year}:{seed}:{scale}",
        midnight=datetime(scenario.year, 1, 1, tzinfo=SHANGHAI),
        boundary=f"boundary:{scenario.place}",
    )
    rng = Random(f"{run.prefix}-times")  # noqa: S311 - a repeatable simulation, no secret
    # One integer an event (minute, lot, step) sorts fast and costs little memory, whatever the scale.
    events: list[int] = []
    for i, lot in enumerate(lots):
        for position, step in enumerate(steps_of(lot)):
            day, first, last = WINDOWS[step]
            minute = (lot.days[day] + 1) * MINUTES + rng.randint(first, last)  # the opening lies before the year
            events.append(minute << LOT_BITS + STEP_BITS | i << STEP_BITS | position)
    events.sort()
    accounts = _Accounts()
    for event in events:
        minute = (event >> LOT_BITS + STEP_BITS) - MINUTES
        i, position = event >> STEP_BITS & (1 << LOT_BITS) - 1, event & (1 << STEP_BITS) - 1
        lot = lots[i]
        yield _movement(run, lot, i, position, run.midnight + timedelta(minutes=minute), accounts)


class _Accounts(dict[End, Account]):
    """Gives the same object for the same account: the ledger asks for identity before it compares texts."""

    def __missing__(self, end: End) -> Account:
        account = self[end] = Account(*end)
        return account


def _movement(run: _Run, lot: Lot, number: int, position: int, at: datetime, accounts: _Accounts) -> Movement:
    """The movement of one step of the ``number``-th lot."""
    step = steps_of(lot)[position]
    source, target = _ends(run, lot, step)
    if step == "missing":
        mass_g = lot.loss_g
    elif step in {"generate", "output", "opening", "receive", "load"}:
        mass_g = lot.mass_g + lot.loss_g
    else:
        mass_g = lot.mass_g
    stream = lot.stream
    return Movement(
        source=accounts[source],
        target=accounts[target],
        mass_g=mass_g,
        occurred_at=at,
        kind=_kind(stream.origin, step),
        document=_document(run, lot, number, step, at),
        key=f"{run.prefix}:{number}:{position}",
        count=lot.count or None,
        basis=stream.mass_basis,
        basis_ref=f"sim:factor:{stream.factor}:{stream.unit_g}g" if stream.factor else "",
        uncertainty_ppm=stream.uncertainty_ppm,
    )


def _ends(run: _Run, lot: Lot, step: str) -> tuple[End, End]:
    """The two accounts of a step."""
    code, method = lot.stream.code, lot.fate.method
    producer, plant = lot.producer.holder, lot.plant.holder if lot.plant else lot.producer.holder
    vehicle = lot.vehicle.holder if lot.vehicle else ""
    stored, moving = (producer, code, Bucket.STORED, ""), (vehicle, code, Bucket.IN_TRANSIT, "")
    arrived, outside = (plant, code, Bucket.STORED, ""), (run.boundary, code, Bucket.OUTSIDE, "")
    match step:
        case "generate" | "output":
            return (producer, code, Bucket.GENERATED, ""), stored
        case "opening" | "receive":
            return outside, stored
        case "load":
            return stored, moving
        case "unload":
            return moving, arrived
        case "missing":
            return moving, (vehicle, code, Bucket.UNEXPLAINED, "")
        case "send":
            return moving, outside
        case "send_on":
            return arrived, outside
        case "utilise":
            return arrived, (plant, code, Bucket.UTILISED, method)
        case _:
            return arrived, (plant, code, Bucket.DISPOSED, method)


def _kind(origin: str, step: str) -> str:
    """The ledger's kind of a step."""
    if origin == "opening" and step in FROM_STOCK:
        return FROM_STOCK[step]
    return KINDS.get(step, step)


def _document(run: _Run, lot: Lot, number: int, step: str, at: datetime) -> str:
    """The document behind a step. Treatment and what comes out of it share the one of the plant and the day."""
    place = lot.plant or lot.producer
    match step:
        case "opening":
            return f"sim:opening/{run.scenario.place}/{run.scenario.year}"
        case "generate" | "receive":
            return f"sim:record-book/{lot.producer.code}/{at:%Y-%m-%d}"
        case "output":
            return f"sim:treatment/{lot.producer.code}/{at:%Y-%m-%d}"
        case "utilise" | "dispose":
            return f"sim:treatment/{place.code}/{at:%Y-%m-%d}"
        case _:
            return f"sim:manifest/{run.scenario.place}-{run.scenario.year}-{number:07d}"


def digest_of(movements: Iterable[Movement]) -> str:
    """SHA-256 over everything the movements say, as hex: equal digests, equal simulations."""
    digest = sha256()
    for m in movements:
        ends = "|".join(f"{a.holder} {a.waste_code} {a.bucket.value} {a.method}" for a in (m.source, m.target))
        at = m.occurred_at.astimezone(UTC).isoformat()
        line = f"{m.key}|{ends}|{m.mass_g}|{m.count}|{at}|{m.kind}|{m.document}|{m.basis}|{m.basis_ref}"
        digest.update(f"{line}|{m.uncertainty_ppm}\n".encode())
    return digest.hexdigest()
