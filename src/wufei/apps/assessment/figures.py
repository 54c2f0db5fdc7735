"""The list of a place's figures and the story of one: rows made for the templates.

Invariant: a page costs the same number of queries however many figures the place has.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.urls import reverse

from wufei.apps.assessment import selectors
from wufei.apps.assessment.models import ElementValue, ValueStatus
from wufei.apps.assessment.services import SYSTEM
from wufei.apps.registry.models import Division, User
from wufei.apps.registry.selectors import scope
from wufei.apps.web import AddressFilters
from wufei.core import indicators
from wufei.core.numbers import decimal_text
from wufei.core.units import unit_name
from wufei.core.values import PUBLISHED, State

PAGE_SIZE = 50
DOMAINS = {
    "industrial": "工业",
    "hazardous": "危险废物",
    "medical": "医疗",
    "household": "生活",
    "construction": "建筑",
    "agricultural": "农业",
    "recyclables": "再生资源",
    "sludge": "污泥",
    "economy": "经济社会",
    "governance": "保障",
}
STATES = {State.BLANK: "（空）", State.SLASH: "/", State.NOT_APPLICABLE: "不适用"}


@dataclass(frozen=True, slots=True)
class Filters(AddressFilters):
    """What the reader of the figures chose."""

    year: str = ""
    domain: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure for the list and the export."""

    pk: int
    url: str
    name: str
    element: str
    scope: str
    period: str
    shown: str
    value: str
    state: str
    unit: str
    status: str
    is_current: bool
    is_simulated: bool
    source: str
    note: str
    reporter: str
    approver: str
    reported_at: str


@dataclass(frozen=True, slots=True)
class FigurePage:
    """All that the list shows."""

    division: str
    place: str
    rows: tuple[FigureRow, ...]
    years: tuple[str, ...]
    domains: Mapping[str, str]
    statuses: tuple[tuple[str, str], ...]
    filters: Filters
    next_after: str
    may_report: bool


@dataclass(frozen=True, slots=True)
class FigureStory:
    """One figure with all that was ever reported in its place."""

    current: FigureRow
    evidence: str
    formula_of: tuple[str, ...]
    history: tuple[FigureRow, ...]
    is_reviewer: bool
    may_review: bool


def find_division(user: User, code: str) -> Division | None:
    """The division, where the person sees figures of it."""
    if "\0" in code or len(code) > 12:
        return None
    return Division.objects.filter(pk=code, code__startswith=scope(user).prefix).first()


def places(user: User) -> list[tuple[str, str]]:
    """The places that have figures the person sees: (code, name); one query."""
    rows = selectors.visible_values(user).order_by("division_id")
    return list(rows.values_list("division_id", "division__name").distinct())


def figure_page(user: User, division: Division, filters: Filters) -> FigurePage:
    """One page of the figures of a place; three queries."""
    rows = matching(user, division.code, filters)
    if filters.after.isascii() and filters.after.isdigit():
        rows = rows.filter(pk__gt=int(filters.after[:18]))
    found = list(rows[: PAGE_SIZE + 1])
    periods = selectors.visible_values(user).filter(division=division).order_by().values_list("period", flat=True)
    years = sorted({period[:4] for period in periods.distinct()}, reverse=True)
    return FigurePage(
        division=division.code,
        place=division.name,
        rows=tuple(_row(row) for row in found[:PAGE_SIZE]),
        years=tuple(years),
        domains=DOMAINS,
        statuses=tuple(ValueStatus.choices),
        filters=filters,
        next_after=str(found[PAGE_SIZE - 1].pk) if len(found) > PAGE_SIZE else "",
        may_report=selectors.may_report(user, division.code),
    )


def matching(user: User, division: str, filters: Filters) -> QuerySet[ElementValue]:
    """The figures of a place that the reader asked for, in their order; history is left out."""
    rows = selectors.visible_values(user).filter(division_id=division, superseded_by=None).order_by("pk")
    if filters.year:
        rows = rows.filter(period__startswith=filters.year)
    if filters.status:
        rows = rows.filter(status=filters.status)
    if filters.domain:
        rows = rows.filter(element__in=_elements_of(filters.domain))
    if filters.q:
        text = filters.q
        rows = rows.filter(
            Q(element__in=_named(text))
            | Q(element__icontains=text)
            | Q(printed__icontains=text)
            | Q(source__icontains=text)
            | Q(note__icontains=text)
        )
    return rows


def _elements_of(domain: str) -> list[str]:
    own = {key for key, row in indicators.elements().items() if row.domain == domain}
    rates = [
        PUBLISHED + key for key, row in indicators.indicators().items() if row.elements and row.elements[0] in own
    ]
    return [*own, *rates]


def _named(text: str) -> list[str]:
    found = [key for key, row in indicators.elements().items() if text in row.name]
    return found + [PUBLISHED + key for key, row in indicators.indicators().items() if text in row.name]


def all_rows(user: User, division: str, filters: Filters) -> list[FigureRow]:
    """Every figure that the filters let through, for the export; one query."""
    return [_row(row) for row in matching(user, division, filters)]


def story(user: User, pk: int) -> FigureStory | None:
    """One figure and its history, the latest first; ``None`` where the person may not see it."""
    row = selectors.visible_values(user).filter(pk=pk).first()
    if row is None:
        return None
    history = selectors.visible_values(user).filter(
        division_id=row.division_id, element=row.element, scope=row.scope, period=row.period
    )
    used = [r.name for key, r in indicators.indicators().items() if row.element in {*r.elements, PUBLISHED + key}]
    is_reviewer = not row.from_pack and selectors.may_approve(user, row.division_id)
    return FigureStory(
        current=_row(row),
        evidence=row.evidence,
        formula_of=tuple(used),
        history=tuple(_row(other) for other in history.order_by("-pk")),
        is_reviewer=is_reviewer,
        may_review=is_reviewer and row.status == ValueStatus.SUBMITTED,
    )


def _person(name: str) -> str:
    return "方案原文" if name == SYSTEM else name


def _row(row: ElementValue) -> FigureRow:
    name = indicators.name_of(row.element)
    number = decimal_text(row.value) or ""
    own_unit = unit_name(indicators.unit_of(row.element))
    return FigureRow(
        pk=row.pk,
        url=reverse("assessment:figure", args=[row.pk]),
        name=f"{name}（{indicators.scope_name(row.scope)}）" if row.scope else name,
        element=row.element,
        scope=row.scope,
        period=row.period,
        shown=row.printed or (f"{number}{own_unit}" if number else STATES[State(row.state)]),
        value=number,
        state=row.state,
        unit=own_unit,
        status=ValueStatus(row.status).label,
        is_current=row.status == ValueStatus.APPROVED and row.superseded_by_id is None,
        is_simulated=row.is_simulated,
        source=row.source,
        note=row.note,
        reporter=_person(row.reporter),
        approver=_person(row.approver),
        reported_at=row.reported_at.strftime("%Y-%m-%d"),
    )
