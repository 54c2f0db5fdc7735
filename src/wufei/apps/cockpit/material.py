"""The year's mass as a flow picture (物质流向图): where it came from, what it is, where it went.

Invariant: the picture is the balance identity drawn — what flows into a group equals what flows out of it, because
stock at the beginning and at the end are drawn too. Transfers inside the place meet in the middle and cancel out.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from wufei.core.ledger import BalanceLine

SOURCES = ("opening", "generated", "received")
SHOWN_METHODS = 7
REST = "*"
SINKS = ("utilised", "disposed", "dumped", "sent", "closing")


@dataclass(frozen=True, slots=True)
class Treated:
    """Mass of one waste code that one method utilised or disposed of."""

    waste_code: str
    domain: str
    bucket: str
    method: str
    mass_g: int


@dataclass(frozen=True, slots=True)
class Link:
    """One stream: ``stage`` of ``group`` (a domain or waste code; empty where it joins all), by ``method`` or ""."""

    source: str
    target: str
    mass_g: int
    stage: str
    group: str = ""
    method: str = ""


def links(codes: Iterable[BalanceLine], treated: Iterable[Treated], *, by_code: bool) -> list[Link]:
    """The streams of a place: source stage → group → sink stage → method. Zero streams are left out.

    A negative ``unexplained`` (more was found than the books knew) enters on the left.
    """
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for code in codes:
        group = code.waste_code if by_code else code.domain
        for stage in (*SOURCES, *SINKS, "unexplained"):
            sums[stage, group] += getattr(code, f"{stage}_g")
    found = [Link(stage, f"group:{g}", sums[stage, g], stage, g) for stage, g in sums if stage in SOURCES]
    found += [Link(f"group:{g}", stage, sums[stage, g], stage, g) for stage, g in sums if stage in SINKS]
    for (stage, g), mass in sums.items():
        if stage == "unexplained" and mass > 0:
            found.append(Link(f"group:{g}", stage, mass, stage, g))
        elif stage == "unexplained" and mass < 0:
            found.append(Link("unexplained:found", f"group:{g}", -mass, stage, g))
    found += _method_links(treated)
    return sorted((link for link in found if link.mass_g > 0), key=lambda link: -link.mass_g)


def _method_links(treated: Iterable[Treated]) -> list[Link]:
    """From each kind of treatment to its methods: the largest ones, the rest as one (``method:utilised:*``)."""
    methods: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in treated:
        methods[row.bucket][row.method] += row.mass_g
    found = []
    for bucket, masses in methods.items():
        ordered = sorted(masses, key=lambda method: -masses[method])
        keep = ordered if len(ordered) <= SHOWN_METHODS + 1 else ordered[:SHOWN_METHODS]
        found += [Link(bucket, f"method:{bucket}:{m}", masses[m], bucket, "", m) for m in keep]
        rest = sum(masses[method] for method in ordered if method not in keep)
        found.append(Link(bucket, f"method:{bucket}:{REST}", rest, bucket))
    return found


def fold_small(codes: list[BalanceLine], *, keep: int) -> tuple[list[BalanceLine], list[BalanceLine]]:
    """The ``keep`` codes with the largest throughput, and the rest (that the picture shows as one)."""
    ordered = sorted(codes, key=lambda c: -(c.opening_g + c.generated_g + c.received_g))
    return ordered[:keep], ordered[keep:]
