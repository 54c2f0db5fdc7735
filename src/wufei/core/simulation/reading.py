"""Reads the scenario files, ``data/simulation/<division>-<year>.json``."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from wufei.core.reference import names, read_document
from wufei.core.simulation.scenario import (
    GRAMS_PER_TONNE,
    Fate,
    Fleet,
    Group,
    PublishedTotal,
    Scenario,
    Stream,
    Township,
    check,
)

Row = Mapping[str, Any]


class UnknownScenario(ValueError):
    """There is no scenario of this place and year; ``known`` lists those that exist, as (division, year)."""

    def __init__(self, place: str, year: int, known: tuple[tuple[str, int], ...]) -> None:
        self.known = known
        have = "、".join(f"{division} 的 {known_year} 年" for division, known_year in known)
        super().__init__(
            f"没有 {place} {year} 年的模拟方案，现有：{have}。请从中选一个，或在 data/simulation/ 增加方案文件。"
        )


def available() -> tuple[tuple[str, int], ...]:
    """The (division, year) of all scenarios, sorted."""
    pairs = [name.partition("-") for name in names("simulation", ".json")]
    return tuple(sorted((division, int(year)) for division, _, year in pairs))


@cache
def load_scenario(place: str, year: int) -> Scenario:
    """The scenario of ``place`` (division code) and ``year``.

    Raises:
        UnknownScenario: there is none; the message says which exist.
    """
    known = available()
    if (place, year) not in known:
        raise UnknownScenario(place, year, known)
    scenario = _scenario(read_document(f"simulation/{place}-{year}.json"))
    check(scenario)
    return scenario


def grams(tonnes: str) -> int:
    """Exact grams of a decimal number of tonnes."""
    exact = Decimal(tonnes) * GRAMS_PER_TONNE
    assert exact == int(exact), f"{tonnes} t is no whole number of grams."
    return int(exact)


def _scenario(raw: Row) -> Scenario:
    return Scenario(
        place=raw["place"],
        place_name=raw["place_name"],
        year=raw["year"],
        notice=raw["notice"],
        holidays=frozenset(date.fromisoformat(day) for day in raw["holidays"]),
        townships=tuple(_township(row) for row in raw["townships"]),
        seasons={name: tuple(weights) for name, weights in raw["seasons"].items()},
        fleets=tuple(
            Fleet(**row | {"hazard_classes": tuple(row.get("hazard_classes", ()))}) for row in raw["fleets"]
        ),
        groups=tuple(_group(row) for row in (*raw["groups"], *raw["plants"])),
        streams=tuple(_stream(row) for row in raw["streams"]),
        totals=tuple(_total(row) for row in raw["totals"]),
    )


def _township(row: Row) -> Township:
    return Township(
        code=row["code"],
        name=row["name"],
        longitude=Decimal(row["longitude"]),
        latitude=Decimal(row["latitude"]),
        weights=row["weights"],
    )


def _group(row: Row) -> Group:
    return Group(
        id=row["id"],
        label=row["label"],
        prefix=row["prefix"],
        category=row["category"],
        domain=row["domain"],
        count=row["count"],
        weights=row.get("weights", ""),
        spread=float(row.get("spread", "0.3")),
        township=row.get("township", ""),
        methods=tuple(row.get("methods", ())),
        is_plant="methods" in row,
    )


def _stream(row: Row) -> Stream:
    least, most = row["wait"]
    return Stream(
        id=row["id"],
        group=row["group"],
        title=row["title"],
        code=row["code"],
        sources=tuple(row["from"]),
        origin=row.get("origin", "generate"),
        output=row.get("output", False),
        total_g=grams(row["total_t"]),
        basis=row["basis"],
        season=row["season"],
        days=row["days"],
        fleet=row["fleet"],
        wait=(least, most),
        fates=tuple(_fate(fate) for fate in row["fates"]),
        count=row.get("count", 0),
        unit_g=row.get("unit_g", 0),
        factor=row.get("factor", ""),
        mass_basis=row.get("mass_basis", "weighed"),
        uncertainty_ppm=row.get("uncertainty_ppm"),
    )


def _fate(row: Row) -> Fate:
    return Fate(
        do=row["do"],
        to=row.get("to", ""),
        method=row.get("method", ""),
        mass_g=grams(row["t"]),
        unexplained_g=grams(row.get("unexplained_t", "0")),
        lots=row["lots"],
    )


def _total(row: Row) -> PublishedTotal:
    return PublishedTotal(
        element=row["element"],
        groups=tuple(row["groups"]),
        over=tuple(row["over"]),
        exact=Decimal(row["exact"]),
        printed=row["printed"],
        printed_value=Decimal(row["printed_value"]),
        half_step=Decimal(row["half_step"]),
        source=row["source"],
    )
