"""What the page of a place shows, gathered once: rows made for the templates, so that none can start a query."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.urls import reverse

from wufei.apps.cockpit import standing
from wufei.apps.cockpit.flows import Material, build_material
from wufei.apps.cockpit.labels import PARTIAL_STEPS, VALUES, Label
from wufei.apps.cockpit.lists import Lists, build_lists
from wufei.apps.cockpit.overview import Overview, build_overview, plan_cards
from wufei.apps.cockpit.place_year import PlaceYear
from wufei.apps.cockpit.places import place_codes
from wufei.apps.cockpit.rows import Card, Choice, FindingGroup, Section
from wufei.apps.cockpit.standing import Stand
from wufei.apps.cockpit.table import Table, build_table
from wufei.apps.cockpit.town_map import TownMap, build_map
from wufei.apps.registry.models import Role

SIMULATED_NOTE = (
    "这一页含有模拟数据：台账记录和由它算出的数字由程序按公布的总量模拟生成，"
    "只用于演示，不是真实记录。标有“模拟数据”的地方都是。"
)
ROLE_NOTES = {
    Role.DEPARTMENT: "本部门负责的事项已标出并排在各清单前面。",
    Role.TOWNSHIP: "这里显示本乡镇（街道）的台账和县里公布的实施方案；全县的数据由县无废办查看。",
    Role.GRID_OFFICER: "这里显示本网格所在乡镇的台账和县里公布的实施方案。",
}


@dataclass(frozen=True, slots=True)
class PlacePage:
    """All that the page of a place shows."""

    place: str
    year: int
    plan_title: str
    url: str
    places: tuple[Choice, ...]
    years: tuple[Choice, ...]
    values_choices: tuple[Choice, ...]
    step_choices: tuple[Choice, ...]
    is_simulated: bool
    simulated_note: str
    role_note: str
    summary: tuple[Card, ...]
    sections: tuple[Section, ...]
    indicators: Table | None
    lists: Lists
    material: Material | None
    map: TownMap
    findings: tuple[FindingGroup, ...] | None
    has_figures: bool
    overview: Overview | None


def _indicators(asked: PlaceYear, stand: Stand) -> Table:
    return build_table(
        stand.rows,
        asked.query,
        asked.base,
        title="指标与得分" if asked.place.has_rules else "指标与目标",
        advice="导入方案包之后，这里列出每一项指标。",
    )


def _lists(asked: PlaceYear, today: date) -> Lists:
    """The four lists, with the address of the whole one in the app of the plans."""
    full = reverse("plans:list", args=[asked.division, asked.query.list])
    return build_lists(asked, today=today, full_url=full)


def part(asked: PlaceYear, *, name: str, today: date) -> object | None:
    """One part of the page, for HTMX; ``None`` where the person may not see it."""
    if name == "table":
        return _indicators(asked, standing.stand(asked)) if asked.place.sees_figures else None
    if name == "lists":
        return _lists(asked, today)
    return build_material(asked) if asked.mass_division else None


def _choices(labels: Mapping[str, Label], active: str) -> tuple[Choice, ...]:
    return tuple(Choice(key, label.text, "", key == active, help=label.help) for key, label in labels.items())


def _places(asked: PlaceYear) -> tuple[Choice, ...]:
    return tuple(
        Choice(code, name, reverse("cockpit:place", args=[code]), code == asked.division, help=text)
        for code, name, text in place_codes(asked.user)
    )


def _summary(
    asked: PlaceYear, stand: Stand | None, findings: tuple[FindingGroup, ...] | None, today: date
) -> tuple[Card, ...]:
    if stand is None or findings is None:
        return ()
    cards = stand.cards() if stand.rows else plan_cards(asked, today=today)
    return (*cards, standing.findings_card(findings))


def place_page(asked: PlaceYear, *, today: date) -> PlacePage:
    """The whole page. The figures are assessed once for all its parts."""
    place, query = asked.place, asked.query
    material = build_material(asked) if asked.mass_division else None
    has_simulated_mass = bool(material and material.is_simulated)
    stand = standing.stand(asked) if place.sees_figures else None
    findings = standing.findings(asked) if place.sees_figures else None
    from_ledger = bool(stand and any(row.is_simulated for row in stand.rows))
    return PlacePage(
        place=place.name,
        year=query.year,
        plan_title=place.title,
        url=asked.base,
        places=_places(asked),
        years=tuple(Choice(str(y), f"{y} 年", "", y == query.year) for y in sorted(place.years, reverse=True)),
        values_choices=_choices(VALUES, query.values) if place.sees_figures else (),
        step_choices=_choices(PARTIAL_STEPS, query.step) if place.sees_figures and place.has_rules else (),
        is_simulated=from_ledger or bool(has_simulated_mass and material and material.rows),
        simulated_note=SIMULATED_NOTE,
        role_note=ROLE_NOTES.get(Role(asked.user.role), ""),
        summary=_summary(asked, stand, findings, today),
        sections=stand.sections if stand else (),
        indicators=_indicators(asked, stand) if stand and stand.rows else None,
        lists=_lists(asked, today),
        material=material,
        map=build_map(asked, is_simulated=has_simulated_mass),
        findings=findings,
        has_figures=query.year in place.figure_years,
        overview=build_overview(asked, today=today),
    )
