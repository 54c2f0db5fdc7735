"""The four lists on the place's page: one at a time, by department and deadline."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from wufei.apps.cockpit.figures import NOTHING, decimal_text
from wufei.apps.cockpit.place_year import PlaceYear
from wufei.apps.cockpit.rows import Choice, ListRow
from wufei.apps.cockpit.words import goal_text
from wufei.apps.plans.labels import LISTS as LABELS
from wufei.core import plan as core
from wufei.core.scoring import goal_texts

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
    shown = {year: goal_text(text, row.unit) for year, text in goal_texts(row).items()}
    texts = dict.fromkeys(shown.values())
    amount = next(iter(texts)) if len(texts) == 1 else "；".join(f"{year} 年 {text}" for year, text in shown.items())
    years = "、".join(f"{year} 年" for year in shown)
    lead = row.all_departments
    return ListRow(
        row.no or "", row.name, row.group, row.source, lead, own in lead, deadline=years, amount=amount or NOTHING
    )


def _task(row: core.Task, own: str, today: date) -> ListRow:
    is_own = own in (*row.lead, *row.cooperating)
    head = ListRow(row.no or "", row.title, row.group, row.source, row.lead, is_own)
    return replace(head, joining=row.cooperating, deadline=row.deadline, is_overdue=is_past(row.deadline, today))


def _project(row: core.Project, own: str, today: date) -> ListRow:
    lead = (row.builder,) if row.builder else ()
    head = ListRow(row.no or "", row.name, row.type, row.source, lead, own in lead)
    amount, over = decimal_text(row.investment_wan_yuan), is_past(row.completion, today)
    return replace(head, deadline=row.completion, amount=amount, is_overdue=over)


def _responsibility(row: core.Responsibility, own: str, today: date) -> ListRow:
    is_own = own in (*row.lead, *row.participating)
    head = ListRow(row.no or "", row.title, row.group, row.source, row.lead, is_own)
    return replace(head, joining=row.participating)


MAKERS: dict[str, Callable[..., ListRow]] = {
    "targets": _target,
    "tasks": _task,
    "projects": _project,
    "responsibilities": _responsibility,
}


def build_lists(asked: PlaceYear, *, today: date, full_url: str) -> Lists:
    """The list that the address asks for, and how many rows each list has."""
    own, query, path = asked.department, asked.query, asked.base
    every = {name: [make(row, own, today) for row in getattr(asked.pack, name)] for name, make in MAKERS.items()}
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
