"""What a manifest books in the ledger: pure, from the manifest's values to movements.

Invariant: per waste and per package, what is loaded = accepted + refused + lost + missing; refused mass stays on the
vehicle until its return shipment unloads it. Whatever stock lacks, or arrives on top, is booked against
``unexplained``; so is what the books held for a package beyond what the line says it weighed when it left.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from wufei.core.ledger import Account, Bucket, Movement
from wufei.core.manifest import Outcome
from wufei.core.trace import apportion


@dataclass(frozen=True, slots=True)
class Load:
    """One waste of a manifest, as the ledger needs it.

    Attributes:
        position: of the line, from 1.
        mass_g: grams that move, > 0.
        packages: (code, grams) of its packages, ``None`` where not weighed; empty where it is loose.
        booked: code -> grams that the source's store holds under it.
        count: packages or pieces; ``None`` where not counted.
    """

    position: int
    waste_code: str
    mass_g: int
    packages: tuple[tuple[str, int | None], ...] = ()
    booked: Mapping[str, int] = field(default_factory=dict)
    count: int | None = None
    basis: str = "weighed"
    basis_ref: str = ""


@dataclass(frozen=True, slots=True)
class Ends:
    """The holders of a manifest: ``source`` and ``target`` are sites, or boundaries where outside the region."""

    source: str
    target: str
    from_stock: bool = True  # else the waste arises on the vehicle (household, spoil, manure)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What all movements of one event share."""

    number: str
    sequence: int  # of the event, from 1
    occurred_at: datetime
    reason: str = ""

    @property
    def document(self) -> str:
        """The document as the ledger names it."""
        return f"manifest:{self.number}"

    def key(self, what: str, position: int, part: str = "") -> str:
        """The key of a movement: unique in the ledger and the same when the event is sent again."""
        return f"manifest:{self.number}:{self.sequence}:{position}:{what}" + (f":{part}" if part else "")


def is_outside(holder: str) -> bool:
    """Whether the holder is the edge of the region."""
    return holder.startswith("boundary:")


def stock_account(ends: Ends, waste_code: str) -> Account | None:
    """The account from which a waste is loaded, where it can be empty; else ``None``."""
    if is_outside(ends.source) or not ends.from_stock:
        return None
    return Account(ends.source, waste_code, Bucket.STORED)


def _movement(
    source: Account, target: Account, mass_g: int, kind: str, key: str, stamp: Stamp, load: Load, package: str = ""
) -> Movement:
    return Movement(
        source=source,
        target=target,
        mass_g=mass_g,
        occurred_at=stamp.occurred_at,
        kind=kind,
        document=stamp.document,
        key=key,
        count=None if package else load.count,
        package=package,
        basis=load.basis,
        basis_ref=load.basis_ref,
        reason=stamp.reason,
    )


LOOSE = ""  # the code under which stands what no package holds


def aboard(load: Load) -> dict[str, int]:
    """The grams of a line by package as it travels; what no package holds comes last, under ``LOOSE``.

    Where the line is lighter than its packages each bears its share; where it is heavier, those that were not weighed
    share the rest evenly.
    """
    parts = {code: grams or 0 for code, grams in load.packages}
    total = sum(parts.values())
    if total > load.mass_g:
        return _share(load.mass_g, parts)
    rest = load.mass_g - total
    if unweighed := [code for code, grams in load.packages if grams is None]:
        return parts | _share(rest, dict.fromkeys(unweighed, 0))
    return parts | ({LOOSE: rest} if rest else {})


def _share(mass_g: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Share grams out in proportion, evenly where nothing weighs anything; under ``LOOSE`` where there is nobody."""
    if not weights:
        return {LOOSE: mass_g} if mass_g else {}
    parts = apportion(mass_g, list(weights.values()) if any(weights.values()) else [1] * len(weights))
    return dict(zip(weights, parts, strict=True))


@dataclass(frozen=True, slots=True)
class Shares:
    """What became of one line by package, in grams: what was aboard, accepted, goes back, was lost."""

    aboard: Mapping[str, int]
    accepted: Mapping[str, int]
    refused: Mapping[str, int]
    lost: Mapping[str, int]


def share_out(load: Load, outcome: Outcome, refused: Collection[str] = ()) -> Shares:
    """Share what a receipt says of a line out over its packages.

    What was accepted lies in the packages that were not refused, in proportion to what each weighed; what was
    refused, in those that were. A receiver who has weighed each writes a line for each.
    """
    loaded = aboard(load)
    # As weighed, not as aboard: an amended mass of the line leaves what was received as it was, to the gram.
    weights = loaded | {code: grams for code, grams in load.packages if grams is not None}
    back = {code: grams for code, grams in weights.items() if code in refused}
    stays = {code: grams for code, grams in weights.items() if code not in refused}
    if not outcome.accepted_g and outcome.refused_g:  # all of it goes back, what lies loose too
        back, stays = weights, {}
    return Shares(
        aboard=loaded,
        accepted=_share(outcome.accepted_g, stays),
        refused=_share(outcome.refused_g, back),
        lost=_share(outcome.lost_g, stays or back),
    )


def _adjust(
    holder: str, code: str, bucket: Bucket, gap_g: int, key: str, stamp: Stamp, load: Load, package: str = LOOSE
) -> Movement:
    """Book a gap of a holder against ``unexplained``: > 0 takes what is missing away, < 0 brings what was found."""
    held, open_gap = Account(holder, code, bucket), Account(holder, code, Bucket.UNEXPLAINED)
    plain = Load(load.position, load.waste_code, abs(gap_g), basis=load.basis, basis_ref=load.basis_ref)
    source, target = (held, open_gap) if gap_g > 0 else (open_gap, held)
    return _movement(source, target, abs(gap_g), "adjust", key, stamp, plain, package)


def depart(
    ends: Ends, vehicle: str, loads: Sequence[Load], stock_g: Mapping[str, int], stamp: Stamp
) -> list[Movement]:
    """Movements of a departure onto ``vehicle``; ``stock_g`` is what the source's store holds by waste code."""
    found: list[Movement] = []
    left = dict(stock_g)
    for load in loads:
        truck = Account(vehicle, load.waste_code, Bucket.IN_TRANSIT)
        shares, beyond = aboard(load), dict[str, int]()
        if is_outside(ends.source):
            source, kind = Account(ends.source, load.waste_code, Bucket.OUTSIDE), "receive"
        elif not ends.from_stock:
            source, kind = Account(ends.source, load.waste_code, Bucket.GENERATED), "generate"
        else:
            source, kind = Account(ends.source, load.waste_code, Bucket.STORED), "load"
            beyond = {code: over for code, held in load.booked.items() if (over := held - shares.get(code, 0)) > 0}
            short = load.mass_g + sum(beyond.values()) - left.get(load.waste_code, 0)
            if short > 0:  # stock that was never declared: a fact, booked as what it is
                key = stamp.key("undeclared", load.position)
                found.append(_adjust(ends.source, load.waste_code, Bucket.STORED, -short, key, stamp, load))
            left[load.waste_code] = max(0, -short)
        for code, grams in shares.items():
            if grams:
                key = stamp.key("load", load.position, code)
                found.append(_movement(source, truck, grams, kind, key, stamp, load, code))
        for code, over in beyond.items():  # the package leaves, and with it all that the books held for it
            key = stamp.key("surplus", load.position, code)
            found.append(_adjust(ends.source, load.waste_code, Bucket.STORED, over, key, stamp, load, code))
    return found


def hand_over(giver: str, taker: str, loads: Sequence[Load], stamp: Stamp, *, leg: int) -> list[Movement]:
    """Movements of a hand-over from the vehicle of ``leg`` to the next; nothing where both are the same vehicle."""
    if giver == taker:
        return []
    return [
        _movement(
            Account(giver, load.waste_code, Bucket.IN_TRANSIT),
            Account(taker, load.waste_code, Bucket.IN_TRANSIT),
            grams,
            "reload",
            stamp.key(f"reload{leg}", load.position, code),
            stamp,
            load,
            code,
        )
        for load in loads
        for code, grams in aboard(load).items()
        if grams
    ]


def receive(
    ends: Ends,
    vehicle: str,
    loads: Sequence[Load],
    outcomes: Sequence[Outcome],
    stamp: Stamp,
    refused: Collection[str] = (),
) -> list[Movement]:
    """Movements of a receipt.

    Args:
        loads: what was sent; ``outcomes`` in the same order what became of it.
        refused: codes of the packages that go back.
    """
    found: list[Movement] = []
    for load, outcome in zip(loads, outcomes, strict=True):
        assert load.mass_g == outcome.sent_g, (load, outcome)
        code, position, shares = load.waste_code, load.position, share_out(load, outcome, refused)
        truck = Account(vehicle, code, Bucket.IN_TRANSIT)
        for package in dict.fromkeys((*shares.aboard, *shares.accepted, *shares.refused, *shares.lost)):
            lost_g = shares.lost.get(package, 0)
            gone_g = shares.accepted.get(package, 0) + shares.refused.get(package, 0) + lost_g
            for what, gap_g in (("difference", shares.aboard.get(package, 0) - gone_g), ("lost", lost_g)):
                if gap_g:
                    key = stamp.key(what, position, package)
                    found.append(_adjust(vehicle, code, Bucket.IN_TRANSIT, gap_g, key, stamp, load, package))
        if is_outside(ends.target):
            target, kind = Account(ends.target, code, Bucket.OUTSIDE), "send"
        else:
            target, kind = Account(ends.target, code, Bucket.STORED), "unload"
        for package, grams in shares.accepted.items():
            if grams:
                key = stamp.key("unload", position, package)
                found.append(_movement(truck, target, grams, kind, key, stamp, load, package))
    return found


def undo(movements: Sequence[Movement], stamp: Stamp) -> list[Movement]:
    """Reversals of movements that stand in the books, under the stamp of the amendment that asks for them."""
    return [
        Movement(
            source=m.target,
            target=m.source,
            mass_g=m.mass_g,
            occurred_at=m.occurred_at,
            kind="reverse",
            document=stamp.document,
            key=f"{m.key}:undo{stamp.sequence}",
            count=m.count,
            package=m.package,
            basis=m.basis,
            basis_ref=m.basis_ref,
            reverses=m.key,
            reason=stamp.reason,
        )
        for m in movements
    ]
