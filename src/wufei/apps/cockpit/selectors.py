"""What the page of a place shows, gathered once: rows made for the templates, so that none can start a query."""

from dataclasses import dataclass
from datetime import date

from django.urls import reverse

from wufei.apps.cockpit import flows as flow_selectors
from wufei.apps.cockpit import standing
from wufei.apps.cockpit.flows import Material, TownMap
from wufei.apps.cockpit.labels import PARTIAL_STEPS, VALUES
from wufei.apps.cockpit.lists import Lists, build_lists
from wufei.apps.cockpit.places import Place, place_codes
from wufei.apps.cockpit.query import Query
from wufei.apps.cockpit.rows import Choice, FindingGroup, Section
from wufei.apps.cockpit.standing import Card
from wufei.apps.cockpit.table import Table, build_table
from wufei.apps.registry.models import Role, User

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


def _full_lists_url(division: str, name: str) -> str:
    """The address of the whole list, where the app of the plans has one."""
    return reverse("plans:list", args=[division, name])


def _indicators(user: User, place: Place, query: Query, base: str) -> Table | None:
    if not place.sees_figures:
        return None
    stand = standing.stand(user, place, query, base)
    title = "指标与得分" if place.has_rules else "指标与目标"
    advice = "导入方案包之后，这里列出每一项指标。"
    return build_table(stand.rows, query, base, title=title, advice=advice)


def _lists(user: User, place: Place, query: Query, base: str, today: date) -> Lists:
    full = _full_lists_url(place.division, query.list)
    return build_lists(user, place.division, query, base, today=today, full_url=full)


def _ledger_place(user: User, place: Place, division: str) -> str:
    """The name of the division whose mass is shown: the place, or a township's person's own."""
    return place.name if division == place.division else str(user.division)


def part(user: User, place: Place, query: Query, base: str, *, name: str, today: date) -> object | None:
    """One part of the page, for HTMX; ``None`` where the person may not see it."""
    if name == "table":
        return _indicators(user, place, query, base)
    if name == "lists":
        return _lists(user, place, query, base, today)
    own = flow_selectors.ledger_division(user, place.division)
    if own is None:
        return None
    flows = flow_selectors.year_flows(own, query.year)
    return flow_selectors.build_material(own, _ledger_place(user, place, own), query, base, flows=flows)


def place_page(user: User, place: Place, query: Query, base: str, *, today: date) -> PlacePage:
    """The whole page. The figures are assessed once for all its parts."""
    own = flow_selectors.ledger_division(user, place.division)
    flows = flow_selectors.year_flows(own, query.year) if own else []
    material = (
        flow_selectors.build_material(own, _ledger_place(user, place, own), query, base, flows=flows) if own else None
    )
    stand = standing.stand(user, place, query, base) if place.sees_figures else None
    findings = standing.findings(user, place, query) if place.sees_figures else None
    from_ledger = bool(stand and any(row.is_simulated for row in stand.rows))
    is_simulated = from_ledger or bool(material and material.is_simulated and material.rows)
    title = "指标与得分" if place.has_rules else "指标与目标"
    return PlacePage(
        place=place.name,
        year=query.year,
        plan_title=place.title,
        url=base,
        places=tuple(
            Choice(code, name, reverse("cockpit:place", args=[code]), code == place.division, help=text)
            for code, name, text in place_codes(user)
        ),
        years=tuple(Choice(str(y), f"{y} 年", "", y == query.year) for y in sorted(place.years, reverse=True)),
        values_choices=tuple(
            Choice(key, label.text, "", key == query.values, help=label.help) for key, label in VALUES.items()
        )
        if place.sees_figures
        else (),
        step_choices=tuple(
            Choice(key, label.text, "", key == query.step, help=label.help) for key, label in PARTIAL_STEPS.items()
        )
        if place.sees_figures and place.has_rules
        else (),
        is_simulated=is_simulated,
        simulated_note=SIMULATED_NOTE,
        role_note=ROLE_NOTES.get(Role(user.role), ""),
        summary=stand.cards(findings or ()) if stand else (),
        sections=stand.sections if stand else (),
        indicators=build_table(stand.rows, query, base, title=title, advice="导入方案包之后，这里列出每一项指标。")
        if stand
        else None,
        lists=_lists(user, place, query, base, today),
        material=material,
        map=flow_selectors.build_map(
            user, place.division, query, base, flows=flows, is_simulated=bool(material and material.is_simulated)
        ),
        findings=findings,
    )
