"""A plan without numbered targets at a glance: tasks by department and deadline, projects by year."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from wufei.apps.cockpit.figures import NOTHING, decimal_text
from wufei.apps.cockpit.place_year import PlaceYear
from wufei.apps.cockpit.rows import Card
from wufei.core import plan as core

NO_YEAR = "没有写明"


@dataclass(frozen=True, slots=True)
class DepartmentRow:
    """The tasks that one department leads; ``due`` is the next deadline that is still to come."""

    name: str
    url: str
    leads: int
    dated: int
    overdue: int
    due: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class YearRow:
    """The projects that end in one year; ``investment`` sums those whose document names it."""

    year: str
    number: int
    named: int
    investment: str
    is_over: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the partial of the overview shows."""

    departments: tuple[DepartmentRow, ...]
    years: tuple[YearRow, ...]
    projects_url: str


def _department_rows(asked: PlaceYear, today: date) -> list[DepartmentRow]:
    by_lead: dict[str, list[core.Task]] = defaultdict(list)
    for task in asked.pack.tasks:
        for name in task.lead:
            by_lead[name].append(task)
    rows = []
    for name, tasks in by_lead.items():
        due = [day for day in (core.due_date(task.deadline) for task in tasks) if day]
        coming = sorted(day for day in due if day >= today)
        rows.append(
            DepartmentRow(
                name=name,
                url=asked.query.url(asked.base, "#lists", list="tasks", lead=name),
                leads=len(tasks),
                dated=len(due),
                overdue=len(due) - len(coming),
                due=coming[0].isoformat() if coming else NOTHING,
                is_own=name == asked.department,
            )
        )
    return sorted(rows, key=lambda row: (not row.is_own, -row.overdue, -row.leads))


def _investment(projects: Iterable[core.Project]) -> Decimal | None:
    """The sum of what the document names, 万元; ``None`` where it names nothing."""
    known = [project.investment_wan_yuan for project in projects if project.investment_wan_yuan is not None]
    return sum(known, Decimal(0)) if known else None


def _year_rows(asked: PlaceYear, today: date) -> list[YearRow]:
    by_year: dict[str, list[core.Project]] = defaultdict(list)
    for project in asked.pack.projects:
        due = core.due_date(project.completion)
        by_year[str(due.year) if due else NO_YEAR].append(project)
    return [
        YearRow(
            year=f"{year} 年" if year != NO_YEAR else year,
            number=len(projects),
            named=sum(project.investment_wan_yuan is not None for project in projects),
            investment=decimal_text(_investment(projects)),
            is_over=year != NO_YEAR and int(year) < today.year,
        )
        for year, projects in sorted(by_year.items())
    ]


def build_overview(asked: PlaceYear, *, today: date) -> Overview | None:
    """The overview, or ``None`` where the plan has numbered targets, which say more."""
    if asked.pack.targets or not (asked.pack.tasks or asked.pack.projects):
        return None
    return Overview(
        departments=tuple(_department_rows(asked, today)),
        years=tuple(_year_rows(asked, today)),
        projects_url=asked.query.url(asked.base, "#lists", list="projects", lead=""),
    )


def plan_cards(asked: PlaceYear, *, today: date) -> tuple[Card, ...]:
    """The large figures of a plan without targets: how many tasks and projects, and how many should be done."""

    def past(deadlines: Iterable[str]) -> str:
        due = [core.due_date(deadline) for deadline in deadlines]
        return f"期限已过 {sum(day is not None and day < today for day in due)} 项"

    tasks, projects = asked.pack.tasks, asked.pack.projects
    sum_wan_yuan = _investment(projects)
    money = f"投资合计 {decimal_text(sum_wan_yuan)} 万元" if sum_wan_yuan is not None else "文件没有列投资"
    return (
        Card("任务", str(len(tasks)), "项", past(task.deadline for task in tasks), "方案任务清单所列。"),
        Card("项目", str(len(projects)), "个", past(p.completion for p in projects), "方案项目清单所列。"),
        Card("投资", decimal_text(sum_wan_yuan), "万元" if sum_wan_yuan is not None else "", money, "项目清单所列。"),
    )
