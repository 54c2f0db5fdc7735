"""A simulated year of a county (模拟数据): who is there, and every movement of waste from its source to its end.

Pure: a scenario (data) and a seed go in, values come out; the same call gives the same values. Invariants: the sums
of each stream are those of the scenario to the gram, whatever the seed and the scale; in the order emitted no account
that can hold mass ever falls below zero; and everything says of itself that it is simulated.
"""

from wufei.core.simulation.cast import Cast, Organisation, Plant, Site, Vehicle, make_cast
from wufei.core.simulation.lots import Lot, make_lots
from wufei.core.simulation.movements import digest_of, emit, movement_count
from wufei.core.simulation.reading import UnknownScenario, available, load_scenario
from wufei.core.simulation.scenario import Fate, PublishedTotal, Scenario, Stream, thinned

__all__ = [
    "Cast",
    "Fate",
    "Lot",
    "Organisation",
    "Plant",
    "PublishedTotal",
    "Scenario",
    "Site",
    "Stream",
    "UnknownScenario",
    "Vehicle",
    "available",
    "digest_of",
    "emit",
    "load_scenario",
    "make_cast",
    "make_lots",
    "movement_count",
    "thinned",
]
