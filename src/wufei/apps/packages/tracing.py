"""Reads what a trace needs, level by level: one query a level, bounded in depth and width.

Invariant: a trace costs a query for each level, one for the packages and one for how they ended, whatever there is.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import connection

from wufei.apps.packages.models import Package, PackageStep
from wufei.apps.packages.selectors import Person, visible_packages
from wufei.apps.registry.models import Division
from wufei.core.catalogue import methods
from wufei.core.package import Box, Status, rules, status_names, total_g
from wufei.core.trace import Edge, Trace, trace


class Way(StrEnum):
    """Which way to look."""

    DOWN = "down"  # 去向
    UP = "up"  # 来源


def trace_package(package: Package, way: Way) -> Trace:
    """Trace the mass of a package with all that lies inside it."""
    limits = rules()
    masses, edges = _content(package, limits.trace_nodes_max)
    seen, cut = set(masses), set()
    row: Collection[int] = list(masses)
    for level in range(limits.trace_levels_max + 1):
        room = limits.trace_nodes_max - len(seen)
        found, unsure = _edges(row, way, limits.trace_nodes_max * 4)
        if level == limits.trace_levels_max or (found and room <= 0):
            cut |= {edge.source for edge in found} | unsure
            break
        fresh: dict[int, None] = {}
        kept = []
        for edge in found:
            if edge.target in seen or edge.target in fresh or len(fresh) < room:
                fresh.setdefault(edge.target)
                kept.append(edge)
            else:
                cut.add(edge.source)
        cut |= unsure
        edges += kept
        row = [key for key in fresh if key not in seen]
        seen |= set(row)
        if not row:
            break
    masses |= _masses(seen - set(masses))
    return trace(package.id, masses, edges, cut=cut)


def _content(package: Package, most: int) -> tuple[dict[int, int], list[Edge]]:
    """Masses of a package and of what lies inside it, and the edges into that; one query."""
    rows = [Box(package.id, None, package.mass_g)]
    tree = (
        Package.objects.filter(top=package.top or package.id).order_by("id").values_list("id", "parent_id", "mass_g")
    )
    below: dict[int | None, list[Box]] = defaultdict(list)
    for key, parent, mass_g in tree:
        below[parent].append(Box(key, parent, mass_g))
    waiting = [package.id]
    while waiting:
        inner = below.get(waiting.pop(), [])
        rows += inner
        waiting += [box.key for box in inner]
    if len(rows) == 1:
        return {package.id: package.mass_g or 0}, []
    totals = {box.key: total_g(rows, box.key) or 0 for box in rows} if len(rows) <= most else {}
    if not totals:  # a very full box: its content is traced as one
        return {package.id: total_g(rows, package.id) or 0}, []
    nest = [
        Edge(box.parent, box.key, totals[box.key], "nest") for box in rows if box.parent and box.key != package.id
    ]
    return totals, nest


_SQL = {
    Way.DOWN: "SELECT source_id, target_id, mass_g, kind FROM package_edge WHERE source_id {within} "
    "ORDER BY source_id, target_id LIMIT %s",
    Way.UP: "SELECT target_id, source_id, mass_g, kind FROM package_edge WHERE target_id {within} "
    "ORDER BY target_id, source_id LIMIT %s",
}


def _edges(keys: Collection[int], way: Way, most: int) -> tuple[list[Edge], set[int]]:
    """The edges that lead on from ``keys``, turned so that they lead away; and the keys of which some are missing."""
    if connection.vendor == "sqlite":
        sql = _SQL[way].format(within=f"IN ({', '.join(['%s'] * len(keys))})")
        values: list[Any] = [*keys, most + 1]
    else:
        sql, values = _SQL[way].format(within="= ANY(%s)"), [list(keys), most + 1]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows = cursor.fetchall()
    edges = [Edge(*row) for row in rows[:most]]
    return edges, {key for key in keys if key >= rows[most][0]} if len(rows) > most else set()


def _masses(keys: Iterable[int]) -> dict[int, int]:
    wanted = list(keys)
    if not wanted:
        return {}
    if connection.vendor == "sqlite":
        values: list[Any] = wanted
        sql = f"id IN ({', '.join(['%s'] * len(wanted))})"
    else:
        sql, values = "id = ANY(%s)", [wanted]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, mass_g FROM package WHERE {sql}", values)  # noqa: S608 - own words only
        return {key: mass_g or 0 for key, mass_g in cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One package of a trace; ``code`` is empty where it is out of the reader's sight."""

    key: int
    code: str
    waste_code: str
    waste_name: str
    domain: str
    status: str
    status_name: str
    division: str
    level: int
    mass_g: int
    stays_g: int
    share_ppm: int
    ended: str
    has_more: bool
    is_root: bool


@dataclass(frozen=True, slots=True)
class TracePage:
    """A trace for people: rows by steps, edges between them, and whether a bound cut it."""

    way: Way
    rows: tuple[TraceRow, ...]
    edges: tuple[Edge, ...]
    total_g: int
    has_more: bool


def trace_page(package: Package, way: Way, user: Person) -> TracePage:
    """Trace a package that is in sight, and name those of its kin that are in sight too."""
    found = trace_package(package, way)
    keys = [share.key for share in found.shares]
    packages = Package.objects.in_bulk(keys)
    visible = set(visible_packages(user).filter(id__in=keys).values_list("id", flat=True)) | {package.id}
    names = dict(
        Division.objects.filter(code__in={p.holder_division for p in packages.values()}).values_list("code", "name")
    )
    how = _endings(keys)
    total = next(share.mass_g for share in found.shares if share.key == package.id)
    rows = []
    for share in found.shares:
        row = packages[share.key]
        rows.append(
            TraceRow(
                key=share.key,
                code=row.code if share.key in visible else "",
                waste_code=row.waste_code,
                waste_name=row.waste_name,
                domain=row.domain,
                status=row.status,
                status_name=status_names()[row.status],
                division=names.get(row.holder_division, row.holder_division),
                level=share.level,
                mass_g=share.mass_g,
                stays_g=share.stays_g,
                share_ppm=round(share.mass_g * 1_000_000 / total) if total else 0,
                ended=_ended(row, share.stays_g, how, way),
                has_more=share.has_more,
                is_root=share.key == package.id,
            )
        )
    return TracePage(way, tuple(rows), found.edges, total, found.has_more)


def _endings(keys: Collection[int]) -> dict[int, str]:
    """The method by which packages ended, where they did."""
    ended = PackageStep.objects.filter(package__in=keys, kind__in=("retire", "merge")).exclude(action__method="")
    return dict(ended.values_list("package_id", "action__method"))


def _ended(row: Package, stays_g: int, how: dict[int, str], way: Way) -> str:
    if not stays_g:
        return ""
    if way is Way.UP:
        return "在此产生"
    if row.status in {Status.RETIRED, Status.MERGED} and row.id in how:
        return f"{how[row.id]} {methods()[how[row.id]].name}"
    return status_names()[row.status]
