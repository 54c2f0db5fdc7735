"""Traces on random histories of packages: no gram is lost at any package, and both ways tell the same."""

from collections import defaultdict
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core.trace import Edge, allocate, apportion, trace


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), min_size=1).filter(any))
def test_apportioned_parts_sum_to_the_whole_and_miss_no_share_by_a_gram(total, weights):
    parts = apportion(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1
        assert weight or not part


@given(
    st.lists(st.integers(0, 10**7), min_size=1, max_size=8), st.lists(st.integers(0, 10**7), min_size=1, max_size=5)
)
def test_a_treatment_takes_no_more_than_went_in_and_gives_what_came_out(sources, outputs):
    table = allocate(sources, outputs)
    for row, mass_g in zip(table, sources, strict=True):
        assert min(row) >= 0
        assert sum(row) <= mass_g
    columns = [sum(row[j] for row in table) for j in range(len(outputs))]
    if sum(outputs) <= sum(sources):
        assert columns == outputs
    else:  # more came out than went in: all of what went in is in what came out
        assert sum(columns) == sum(sources)


def test_two_drums_burnt_to_one_bag_of_ash_share_it_by_their_mass():
    # By hand: 300 g and 700 g give 100 g of ash; 30 g and 70 g of it. 200 g and 50 g of lime: all 200 g are in it.
    assert allocate([300, 700], [100]) == [[30], [70]]
    assert allocate([200], [250]) == [[200]]


@st.composite
def histories(draw):
    """Packages that arise, are split, merged and treated; own masses and edges."""
    masses, edges, alive = {}, [], []

    def arise(mass_g):
        masses[len(masses)] = mass_g
        alive.append(len(masses) - 1)
        return len(masses) - 1

    for mass_g in draw(st.lists(st.integers(1, 10**6), min_size=1, max_size=4)):
        arise(mass_g)
    for _ in range(draw(st.integers(0, 8))):
        kind = draw(st.sampled_from(["split", "merge", "treat"]))
        taken = draw(st.lists(st.sampled_from(alive), min_size=1, max_size=1 if kind == "split" else 3, unique=True))
        for key in taken:
            alive.remove(key)
        if kind == "split":
            cuts = sorted(draw(st.lists(st.integers(0, masses[taken[0]]), max_size=3)))
            bounds = [0, *cuts, masses[taken[0]]]
            parts = [b - a for a, b in zip(bounds, bounds[1:], strict=False) if b > a]
            edges += [Edge(taken[0], arise(part), part, kind) for part in parts]
        elif kind == "merge":
            target = arise(sum(masses[key] for key in taken))
            edges += [Edge(key, target, masses[key], kind) for key in taken]
        else:
            outputs = draw(st.lists(st.integers(1, 2 * 10**6), min_size=1, max_size=3))
            targets = [arise(mass_g) for mass_g in outputs]
            for key, row in zip(taken, allocate([masses[key] for key in taken], outputs), strict=True):
                edges += [Edge(key, t, part, kind) for t, part in zip(targets, row, strict=True) if part]
    return masses, edges


def reachable(root, edges):
    """The edges that lead away from ``root``."""
    seen, row, found = {root}, [root], []
    while row:
        key = row.pop()
        ways = [edge for edge in edges if edge.source == key]
        found += ways
        for edge in ways:
            if edge.target not in seen:
                seen.add(edge.target)
                row.append(edge.target)
    return found


def turned(edges):
    return [Edge(edge.target, edge.source, edge.mass_g, edge.kind) for edge in edges]


def exact_shares(root, masses, edges):
    """The same by fractions, key by key in the order in which packages arose (or the reverse)."""
    shares = defaultdict(Fraction, {root: Fraction(masses[root])})
    order = sorted({root, *(e.source for e in edges)}, reverse=bool(edges) and edges[0].source > edges[0].target)
    for key in order:
        for edge in edges:
            if edge.source == key:
                shares[edge.target] += shares[key] * edge.mass_g / masses[key]
    return shares


@given(histories(), st.data())
def test_every_trace_conserves_mass_at_every_package(history, data):
    masses, edges = history
    root = data.draw(st.sampled_from(sorted(masses)))
    for away in (reachable(root, edges), reachable(root, turned(edges))):
        found = trace(root, masses, away)
        assert sum(share.stays_g for share in found.shares) == masses[root]
        for share in found.shares:
            came = sum(e.mass_g for e in found.edges if e.target == share.key)
            went = sum(e.mass_g for e in found.edges if e.source == share.key)
            assert share.mass_g == (masses[root] if share.key == root else came)
            assert share.mass_g == share.stays_g + went
            assert share.stays_g >= 0


@given(histories())
def test_from_either_end_the_share_is_the_same(history):
    masses, edges = history
    down = {root: exact_shares(root, masses, reachable(root, edges)) for root in masses}
    up = {root: exact_shares(root, masses, reachable(root, turned(edges))) for root in masses}
    for a in masses:
        for b in masses:
            assert down[a][b] == up[b][a]


@given(histories(), st.data())
def test_whole_grams_stay_within_a_gram_an_edge_of_the_exact_share(history, data):
    masses, edges = history
    root = data.draw(st.sampled_from(sorted(masses)))
    for away in (reachable(root, edges), reachable(root, turned(edges))):
        exact = exact_shares(root, masses, away)
        for share in trace(root, masses, away).shares:
            assert abs(share.mass_g - exact[share.key]) <= len(away)


def test_a_box_is_traced_with_what_lies_inside():
    # A box of 840 g: 500 g of its own, a bag of 300 g and one of 40 g; all burnt, the bag of 300 g leaves 30 g ash.
    masses = {1: 840, 2: 300, 3: 40, 4: 30}
    edges = [Edge(1, 2, 300, "nest"), Edge(1, 3, 40, "nest"), Edge(2, 4, 30, "treat")]
    found = {share.key: (share.mass_g, share.stays_g, share.level) for share in trace(1, masses, edges).shares}
    assert found == {1: (840, 500, 0), 2: (300, 270, 1), 3: (40, 40, 1), 4: (30, 30, 2)}


def test_where_nobody_looked_further_the_trace_says_so():
    found = trace(1, {1: 10, 2: 10}, [Edge(1, 2, 10, "split")], cut={2})
    assert [share.has_more for share in found.shares] == [False, True]
    assert found.has_more


def test_edges_in_a_circle_are_a_fault_of_ours():
    with pytest.raises(AssertionError, match="circle"):
        trace(1, {1: 1, 2: 1, 3: 1}, [Edge(1, 2, 1, "split"), Edge(2, 3, 1, "split"), Edge(3, 2, 0, "split")])
