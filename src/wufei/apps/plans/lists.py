"""One page of one of the four lists: filtered, searched, sorted and paged by key; rows made for the template.

Invariant: a page costs the same number of queries however many rows the list has.
"""

import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse

from wufei.apps.plans import labels, selectors
from wufei.apps.plans.conversion import VALUE_OF, target_value
from wufei.apps.registry.models import User
from wufei.apps.web import AddressFilters
from wufei.core import plan as core
from wufei.core.numbers import decimal_text
from wufei.core.plan import readable
from wufei.core.units import unit_name

PAGE_SIZE = 30
VISIBLE = {
    "targets": selectors.visible_targets,
    "tasks": selectors.visible_tasks,
    "projects": selectors.visible_projects,
    "responsibilities": selectors.visible_responsibilities,
    "text_targets": selectors.visible_text_targets,
}
HAVE_MARKS = {"targets", "text_targets"}
TITLE = dict.fromkeys(labels.PAGES, "title") | dict.fromkeys(["targets", "text_targets", "projects"], "name")
GROUP = dict.fromkeys(labels.PAGES, "group") | {"projects": "type"}
NEVER = date(9999, 12, 31)
BY_DUE = Coalesce(F("due"), Value(NEVER))
BY_MARK = Case(
    *[When(mark=str(mark), then=Value(rank)) for rank, mark in enumerate(core.Mark)], output_field=IntegerField()
)


def _amount(text: str) -> Decimal:
    """A key of the order by investment; raises ``ValueError`` for what no investment can be."""
    if not re.fullmatch(r"-?\d{1,9}(?:\.\d{1,6})?", text, re.ASCII):
        raise ValueError(text)
    return Decimal(text)


# list -> name of the order -> (what it says, expression, largest first, how a value in the address is read)
ORDERS: dict[str, dict[str, tuple[str, Any, bool, Any]]] = {
    "targets": {"mark": ("按类型", BY_MARK, False, int)},
    "text_targets": {},
    "tasks": {"due": ("按时限", BY_DUE, False, date.fromisoformat)},
    "projects": {
        "money": ("按投资", Coalesce(F("investment_wan_yuan"), Value(Decimal(-1))), True, _amount),
        "due": ("按完成年限", BY_DUE, False, date.fromisoformat),
    },
    "responsibilities": {},
}
DOCUMENT_ORDER = ("按原文顺序", F("position"), False, int)


@dataclass(frozen=True, slots=True)
class Filters(AddressFilters):
    """What the reader of one of the four lists chose."""

    department: str = ""
    group: str = ""
    mark: str = ""
    sort: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a select box."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class ListRow:
    """One row of the page: ``cells`` (text and CSS class) in the order of the page's columns."""

    url: str
    no: str
    title: str
    group: str
    cells: tuple[tuple[str, str], ...]
    is_past_due: bool


@dataclass(frozen=True, slots=True)
class ListPage:
    """All that the template shows."""

    division: str
    place: str
    document: str
    name: str
    label: str
    columns: tuple[str, ...]
    rows: tuple[ListRow, ...]
    total: int
    matching: int
    departments: tuple[Choice, ...]
    groups: tuple[Choice, ...]
    marks: tuple[Choice, ...]
    orders: tuple[Choice, ...]
    filters: Filters
    next_after: str
    investment: str
    tabs: tuple[Choice, ...]


COLUMNS = {
    "targets": ("类型", "基准值", "目标值", "责任单位"),
    "text_targets": ("类型", "基准值", "目标值", "责任单位"),
    "tasks": ("牵头单位", "配合单位", "完成时限"),
    "projects": ("建设（责任）单位", "投资（万元）", "完成年限"),
    "responsibilities": ("牵头部门", "参与部门"),
}


LONGEST_UNBROKEN = 10


def _cells(name: str, row: Any) -> tuple[str, ...]:
    if name in HAVE_MARKS:
        value = target_value(row)
        shown = value.shown_targets()
        years = "；".join(f"{year}年 {readable(text, unit_name(row.unit))}" for year, text in sorted(shown.items()))
        baseline = readable(value.shown_baseline(), unit_name(row.unit))
        return labels.MARKS[value.mark], baseline, years, "、".join(value.all_departments)
    if name == "tasks":
        return "、".join(row.lead), "、".join(row.cooperating), row.deadline
    if name == "projects":
        return row.builder, decimal_text(row.investment_wan_yuan) or "", row.completion
    return "、".join(row.lead), "、".join(row.participating)


def _filtered(rows: QuerySet[Any], name: str, filters: Filters) -> QuerySet[Any]:
    if filters.department:
        rows = rows.filter(departments_index__contains=f"|{filters.department}|")
    if filters.group:
        rows = rows.filter(**{GROUP[name]: filters.group})
    if filters.mark and name in HAVE_MARKS:
        rows = rows.filter(mark=filters.mark)
    if filters.q:
        found = Q(**{f"{TITLE[name]}__icontains": filters.q}) | Q(note__icontains=filters.q)
        rows = rows.filter(found | Q(departments_index__icontains=filters.q) | Q(source__icontains=filters.q))
    return rows


def _cut(rows: QuerySet[Any], order: tuple[str, Any, bool, Any], after: str) -> QuerySet[Any]:
    """The rows after the key ``value~position``; a key that cannot be read starts at the beginning."""
    value_text, separator, position_text = after.rpartition("~")
    if not separator:
        return rows
    try:
        value, position = order[3](value_text), int(position_text)
    except ValueError:
        return rows
    beyond = Q(order_value__lt=value) if order[2] else Q(order_value__gt=value)
    return rows.filter(beyond | Q(order_value=value, position__gt=position))


def list_page(
    user: User | AnonymousUser, division: str, name: str, filters: Filters, *, today: date
) -> ListPage | None:
    """One page of a list, or ``None`` where the person sees no plan of this place. Six or seven queries."""
    plan = selectors.visible_plans(user).filter(division_id=division).first()
    if plan is None:
        return None
    rows = VISIBLE[name](user).filter(plan=plan)
    order = ORDERS[name].get(filters.sort, DOCUMENT_ORDER)
    matching = _filtered(rows, name, filters).annotate(order_value=order[1])
    ordered = matching.order_by(F("order_value").desc() if order[2] else F("order_value").asc(), "position")
    page = list(_cut(ordered, order, filters.after)[: PAGE_SIZE + 1])
    last = page[PAGE_SIZE - 1] if len(page) > PAGE_SIZE else None
    about = list(rows.values_list("departments_index", GROUP[name]))
    departments = Counter(part for index, _ in about for part in index.strip("|").split("|") if part)
    groups = Counter(group for _, group in about if group)
    has_text_targets = selectors.visible_text_targets(user).filter(plan=plan).exists()
    total = selectors.known_investment(user, plan) if name == "projects" else None
    return ListPage(
        division=division,
        place=plan.place,
        document=plan.title,
        name=name,
        label=labels.PAGES[name],
        columns=COLUMNS[name],
        rows=tuple(_row(division, name, row, today) for row in page[:PAGE_SIZE]),
        total=len(about),
        matching=matching.count(),
        departments=tuple(
            Choice(part, f"{part}（{number}）", part == filters.department)
            for part, number in sorted(departments.items(), key=lambda item: (-item[1], item[0]))
        ),
        groups=tuple(Choice(group, f"{group}（{n}）", group == filters.group) for group, n in groups.items()),
        marks=tuple(
            Choice(mark, label, mark == filters.mark) for mark, label in labels.MARKS.items() if name in HAVE_MARKS
        ),
        orders=tuple(
            Choice(key, label, key == filters.sort)
            for key, label in [("", DOCUMENT_ORDER[0]), *((key, order[0]) for key, order in ORDERS[name].items())]
        ),
        filters=filters,
        next_after=f"{last.order_value}~{last.position}" if last else "",
        tabs=tuple(
            Choice(key, label, key == name)
            for key, label in (labels.PAGES if name == "text_targets" or has_text_targets else labels.LISTS).items()
        ),
        investment=decimal_text(total or None) or "",
    )


def _row(division: str, name: str, row: Any, today: date) -> ListRow:
    due = getattr(row, "due", None)
    return ListRow(
        url=reverse("plans:row", args=[division, name, row.key]),
        no=row.no or "",
        title=getattr(row, TITLE[name]),
        group=getattr(row, GROUP[name]),
        cells=tuple((text, "nowrap" if len(text) <= LONGEST_UNBROKEN else "") for text in _cells(name, row)),
        is_past_due=due is not None and due < today,
    )


def filtered_pack(user: User | AnonymousUser, division: str, name: str, filters: Filters) -> core.Pack | None:
    """The chosen rows of one list as a pack without the other lists, for the export; ``None`` where unseen."""
    plan = selectors.visible_plans(user).filter(division_id=division).first()
    if plan is None:
        return None
    rows = _filtered(VISIBLE[name](user).filter(plan=plan), name, filters)
    lists: dict[str, Any] = {name: tuple(VALUE_OF[name](row) for row in rows)}
    return replace(selectors.pack_head(plan), **lists)
