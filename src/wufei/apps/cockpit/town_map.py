"""The townships of a place with what arose in each, and the facilities there: on a map and as a table."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from wufei.apps.cockpit.figures import NOTHING, tonnes, tonnes_text
from wufei.apps.cockpit.place_year import PlaceYear
from wufei.apps.cockpit.rows import TownRow
from wufei.apps.registry import selectors as registry
from wufei.apps.registry.models import Division, Facility
from wufei.core.divisions import prefix_of
from wufei.core.ledger import Bucket, FlowRow

POSITIONS = {"guess": "估计", "": "没有位置"}


@dataclass(frozen=True, slots=True)
class TownMap:
    """All that the partial of the map shows."""

    heading: str
    rows: tuple[TownRow, ...]
    src: str
    missing: str
    is_simulated: bool


def generated_below(rows: Sequence[FlowRow], length: int) -> dict[str, int]:
    """Grams generated below each division whose prefix has ``length`` digits; a reversal takes back."""
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        if row.source_bucket == Bucket.GENERATED:
            sums[row.source_division[:length]] += row.mass_g
        if row.target_bucket == Bucket.GENERATED:
            sums[row.target_division[:length]] -= row.mass_g
    return sums


def is_city(division: str) -> bool:
    """Whether the place is a city, whose parts are counties; a county's are townships."""
    return prefix_of(division) != division


def _townships(asked: PlaceYear) -> list[Division]:
    """The divisions one level below the place: townships of a county, counties of a city."""
    below = registry.visible_divisions(asked.user).filter(code__startswith=prefix_of(asked.division))
    level = 3 if is_city(asked.division) else 4
    return list(below.filter(level=level).order_by("code"))


def _facilities(asked: PlaceYear) -> list[Facility]:
    rows = registry.visible_facilities(asked.user)
    below = rows.filter(site__division__code__startswith=prefix_of(asked.division))
    return list(below.select_related("site", "site__division").order_by("code"))


def _generated(asked: PlaceYear, towns: Sequence[Division]) -> dict[str, int]:
    """Grams generated in each township, by its code."""
    length = max((len(prefix_of(town.code)) for town in towns), default=9)
    sums = generated_below(asked.flows, length)
    return {town.code: sums.get(prefix_of(town.code), 0) for town in towns}


def build_map(asked: PlaceYear, *, is_simulated: bool) -> TownMap:
    """The table of the townships, and where the map's points come from; two queries."""
    towns = _townships(asked)
    masses = _generated(asked, towns)
    names: dict[str, list[str]] = defaultdict(list)
    for facility in _facilities(asked):
        for town in towns:
            if facility.site.division_id.startswith(prefix_of(town.code)):
                names[town.code].append(facility.name)
    rows = tuple(
        TownRow(
            name=town.name,
            mass=tonnes_text(masses[town.code]) if asked.flows else NOTHING,
            facilities=tuple(names[town.code]),
            position="没有位置" if town.longitude is None else POSITIONS.get(town.position_basis, "已定位"),
        )
        for town in towns
    )
    missing = "、".join(town.name for town in towns if town.longitude is None)
    heading = "县（市、区）" if is_city(asked.division) else "乡镇（街道）"
    return TownMap(heading, rows, asked.query.url(f"{asked.base}map.json"), missing, is_simulated)


def _town_point(asked: PlaceYear, town: Division, mass_g: int) -> dict[str, object]:
    guess = town.position_basis == "guess"
    made = f"本年度产生 {tonnes_text(mass_g)} 吨" if asked.flows else "没有台账记录"
    return {
        "kind": "township",
        "label": town.name,
        "longitude": float(town.longitude or 0),
        "latitude": float(town.latitude or 0),
        "mass_t": float(tonnes(mass_g)),  # a circle's size; the exact figure is in the table
        "is_guess": guess,
        "lines": [town.name, made, *(["位置为估计"] if guess else [])],
    }


def _facility_point(facility: Facility) -> dict[str, object]:
    site = facility.site
    return {
        "kind": "facility",
        "label": facility.name,
        "longitude": float(site.longitude or 0),
        "latitude": float(site.latitude or 0),
        "mass_t": 0,
        "is_guess": False,
        "lines": [facility.name, site.division.name, *(["模拟数据"] if site.is_simulated else [])],
    }


def map_points(asked: PlaceYear) -> dict[str, object]:
    """Townships (circles by mass) and facilities with a position, for the map's script."""
    towns = _townships(asked)
    masses = _generated(asked, towns)
    placed = [town for town in towns if town.longitude is not None and town.latitude is not None]
    sited = [f for f in _facilities(asked) if f.site.longitude is not None and f.site.latitude is not None]
    points = [_town_point(asked, town, masses[town.code]) for town in placed]
    points += [_facility_point(facility) for facility in sited]
    return {"points": points, "empty": "乡镇和设施都还没有经纬度。在“登记”里补上后，这里画出它们的位置。"}
