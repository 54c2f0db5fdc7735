"""The four lists on the place's page: one at a time, by department and deadline."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from wufei.apps.cockpit.figures import NOTHING, decimal_text
from wufei.apps.cockpit.query import Query
from wufei.apps.cockpit.rows import Choice, ListRow
from wufei.apps.cockpit.words import target_text, unit_beside
from wufei.apps.plans import conversion
from wufei.apps.plans import selectors as plans
from wufei.apps.registry.models import User
from wufei.core import plan as core

LABELS = {"targets": "目标清单", "tasks": "任务清单", "projects": "项目清单", "responsibilities": "责任清单"}
# list -> headings of: title, lead, joining, amount, deadline ("" leaves the column out)
HEADINGS = {
    "targets": ("目标", "责任单位", "", "目标值", "年份"),
    "tasks": ("任务", "牵头单位", "配合单位", "", "期限"),
    "projects": ("项目", "建设单位", "", "投资（万元）", "完成时间"),
    "responsibilities": ("责任", "牵头单位", "参与单位", "", ""),
}


@dataclass(frozen=True, slots=True)
class Lists:
    """All that the partial of the four lists shows."""

    url: str
    full_url: str
    label: str
    title_label: str
    lead_label: str
    joining_label: str
    amount_label: str
    deadline_label: str
    tabs: tuple[Choice, ...]
    departments: tuple[Choice, ...]
    kept: tuple[tuple[str, str], ...]
    rows: tuple[ListRow, ...]
    empty_title: str
    empty_advice: str


def is_past(deadline: str, today: date) -> bool:
    """Whether the last day that a deadline allows is over."""
    due = core.due_date(deadline)
    return due is not None and due < today


def _target(row: core.Target, own: str, today: date) -> ListRow:
    shown = row.shown_targets()
    texts = dict.fromkeys(shown.values())
    years = "、".join(f"{year} 年" for year in shown)
    one = len(texts) == 1
    amount = next(iter(texts)) if one else "；".join(f"{year} 年 {text}" for year, text in shown.items())
    return ListRow(
        no=row.no or "",
        title=row.name,
        group=row.group,
        lead=row.all_departments,
        joining=(),
        deadline=years,
        amount=target_text(amount) + (unit_beside(row.unit, amount) if one else "") if texts else NOTHING,
        is_overdue=False,
        is_own=own in row.all_departments,
        source=row.source,
        url="",
    )


def _task(row: core.Task, own: str, today: date) -> ListRow:
    return ListRow(
        no=row.no or "",
        title=row.title,
        group=row.group,
        lead=row.lead,
        joining=row.cooperating,
        deadline=row.deadline,
        amount="",
        is_overdue=is_past(row.deadline, today),
        is_own=bool(own) and own in (*row.lead, *row.cooperating),
        source=row.source,
        url="",
    )


def _project(row: core.Project, own: str, today: date) -> ListRow:
    return ListRow(
        no=row.no or "",
        title=row.name,
        group=row.type,
        lead=(row.builder,) if row.builder else (),
        joining=(),
        deadline=row.completion,
        amount=decimal_text(row.investment_wan_yuan),
        is_overdue=is_past(row.completion, today),
        is_own=bool(own) and own == row.builder,
        source=row.source,
        url="",
    )


def _responsibility(row: core.Responsibility, own: str, today: date) -> ListRow:
    return ListRow(
        no=row.no or "",
        title=row.title,
        group=row.group,
        lead=row.lead,
        joining=row.participating,
        deadline="",
        amount="",
        is_overdue=False,
        is_own=bool(own) and own in (*row.lead, *row.participating),
        source=row.source,
        url="",
    )


# list -> who may see its rows, a row as a value, a value as a row of the page
READERS: dict[str, tuple[Callable[..., Any], Callable[..., Any], Callable[..., ListRow]]] = {
    "targets": (plans.visible_targets, conversion.target_value, _target),
    "tasks": (plans.visible_tasks, conversion.task_value, _task),
    "projects": (plans.visible_projects, conversion.project_value, _project),
    "responsibilities": (plans.visible_responsibilities, conversion.responsibility_value, _responsibility),
}


def build_lists(user: User, division: str, query: Query, path: str, *, today: date, full_url: str) -> Lists:
    """The list that the address asks for, and how many rows each list has; four queries."""
    own = user.department.name if user.department_id and user.department else ""
    every = {
        name: [make(value(row), own, today) for row in visible(user).filter(plan__division_id=division)]
        for name, (visible, value, make) in READERS.items()
    }
    chosen = every[query.list]
    shown = [row for row in chosen if not query.lead or query.lead in row.lead or query.lead in row.joining]
    title, lead, joining, amount, deadline = HEADINGS[query.list]
    departments = Counter(name for row in chosen for name in dict.fromkeys((*row.lead, *row.joining)))
    return Lists(
        url=path,
        full_url=full_url,
        label=LABELS[query.list],
        title_label=title,
        lead_label=lead,
        joining_label=joining,
        amount_label=amount,
        deadline_label=deadline,
        tabs=tuple(
            Choice(
                name,
                LABELS[name],
                query.url(path, "#lists", list=name, lead=""),
                name == query.list,
                count=len(rows),
                overdue=sum(row.is_overdue for row in rows),
            )
            for name, rows in every.items()
        ),
        departments=tuple(
            Choice(name, name, "", name == query.lead, count=number) for name, number in departments.most_common()
        ),
        kept=query.kept("lead"),
        rows=tuple(sorted(shown, key=lambda row: not row.is_own)),
        empty_title="这个部门在这张清单里没有事项" if query.lead else f"{LABELS[query.list]}是空的",
        empty_advice="换一个部门，或选“全部部门”。" if query.lead else "导入方案包之后，这里列出文件中的每一项。",
    )
