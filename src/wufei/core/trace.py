"""Trace of a package's mass both ways (双向追溯), through boxes, splitting, mixing and treatment.

What lies in a package is taken as well mixed: a share of it goes each way in proportion to the mass that goes there.
Grams are whole and nothing is lost in rounding: at each package what comes in is shared out by largest remainder, so
Σ ``stays_g`` over all packages = the mass of the package asked for, and at each package in = stays + out.

Down, ``stays_g`` is what still lies in a package or ended with it; up, what arose in it. Both ways weigh an edge
against the mass of the package, so the share of A in B is the same from either end, but for the rounding of a gram
an edge.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edge:
    """Grams that went from one package into another; ``kind``: split, merge, treat, or nest (lies inside)."""

    source: int
    target: int
    mass_g: int
    kind: str


@dataclass(frozen=True, slots=True)
class Share:
    """What of the mass asked for is in one package.

    Attributes:
        level: steps from the package asked for, along the longest way.
        mass_g: grams of it that this package holds or held.
        stays_g: of these, grams that go no further (down: still here or ended here; up: arose here).
        has_more: the trace was not followed behind this package (bound of depth or width).
    """

    key: int
    level: int
    mass_g: int
    stays_g: int
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """The answer: the packages in the order of steps, and the grams along each edge between them."""

    root: int
    shares: tuple[Share, ...]
    edges: tuple[Edge, ...]

    @property
    def has_more(self) -> bool:
        """Whether a bound cut the trace somewhere."""
        return any(share.has_more for share in self.shares)


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Share ``total`` out by whole numbers in proportion to ``weights`` (largest remainder; ties to the first).

    No part is further than 1 from its exact share, and one with weight 0 gets 0.
    """
    whole = sum(weights)
    assert whole > 0, weights
    parts = [total * weight // whole for weight in weights]
    left = total - sum(parts)
    by_remainder = sorted(range(len(weights)), key=lambda i: -(total * weights[i] % whole))
    for i in by_remainder[:left]:
        parts[i] += 1
    return parts


def allocate(sources: Sequence[int], outputs: Sequence[int]) -> list[list[int]]:
    """Grams from each source into each output of one treatment: ``[source][output]``.

    Row ``i`` sums to at most ``sources[i]``; column ``j`` sums to ``outputs[j]``, or where more came out than went in
    (water, lime, air were added) to its share of what went in.
    """
    went_in, came_out = sum(sources), sum(outputs)
    if not came_out or not went_in:
        return [[0] * len(outputs) for _ in sources]
    left = apportion(went_in, outputs) if came_out > went_in else [*outputs, went_in - came_out]
    rows = []
    for mass_g in sources:
        # Sharing by what is left keeps every column: no part exceeds it, and the last row takes the rest.
        row = apportion(mass_g, left) if mass_g else [0] * len(left)
        left = [have - part for have, part in zip(left, row, strict=True)]
        rows.append(row[: len(outputs)])
    return rows


def trace(
    root: int, masses: Mapping[int, int], edges: Iterable[Edge], *, cut: Collection[int] = frozenset()
) -> Trace:
    """Follow the mass of ``root`` along ``edges``, which all lead away from it.

    Args:
        masses: grams of each package: own mass, or with all inside for one that ``nest`` edges lead away from.
        edges: without cycles; to trace upwards, turn each edge round.
        cut: packages behind which nobody looked further.
    """
    ahead: dict[int, list[Edge]] = defaultdict(list)
    waiting: dict[int, int] = defaultdict(int)
    for edge in edges:
        ahead[edge.source].append(edge)
        waiting[edge.target] += 1
    grams, level = defaultdict(int, {root: masses[root]}), defaultdict(int, {root: 0})
    shares, walked, ready = [], [], [root]
    while ready:
        key = ready.pop(0)
        ways = ahead.get(key, [])
        here = masses[key] - sum(edge.mass_g for edge in ways)
        assert here >= 0, f"More leaves package {key} than is in it."
        weights = [*(edge.mass_g for edge in ways), here]
        parts = apportion(grams[key], weights) if sum(weights) else [*(0 for _ in ways), grams[key]]
        for edge, part in zip(ways, parts, strict=False):
            grams[edge.target] += part
            level[edge.target] = max(level[edge.target], level[key] + 1)
            walked.append(Edge(edge.source, edge.target, part, edge.kind))
            waiting[edge.target] -= 1
            if not waiting[edge.target]:
                ready.append(edge.target)
        shares.append(Share(key, level[key], grams[key], parts[-1], key in cut))
    assert not any(waiting.values()), "The edges turn in a circle, or do not all lead away from the root."
    return Trace(root, tuple(sorted(shares, key=lambda share: (share.level, share.key))), tuple(walked))
