"""Reads of the four lists, and the one place that decides which plans and rows a person may see."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from wufei.apps.plans import models
from wufei.apps.registry.models import User
from wufei.apps.registry.selectors import scope
from wufei.core import plan as core

RowModel = TypeVar("RowModel", bound=models.Row)


def visible_plans(user: User | AnonymousUser) -> QuerySet[models.Plan]:
    """Plans of the person's place and of the places below it; a firm sees none."""
    return models.Plan.objects.filter(division_id__startswith=scope(user).place_prefix)


def _visible(model: type[RowModel], user: User | AnonymousUser) -> QuerySet[RowModel]:
    return model._default_manager.filter(plan__division_id__startswith=scope(user).place_prefix)


def visible_targets(user: User | AnonymousUser) -> QuerySet[models.Target]:
    """Targets of the plans that the person sees."""
    return _visible(models.Target, user)


def visible_tasks(user: User | AnonymousUser) -> QuerySet[models.Task]:
    """Tasks of the plans that the person sees."""
    return _visible(models.Task, user)


def visible_projects(user: User | AnonymousUser) -> QuerySet[models.Project]:
    """Projects of the plans that the person sees."""
    return _visible(models.Project, user)


def visible_responsibilities(user: User | AnonymousUser) -> QuerySet[models.Responsibility]:
    """Responsibilities of the plans that the person sees."""
    return _visible(models.Responsibility, user)


def places(plans: QuerySet[models.Plan] | None = None) -> list[tuple[str, str, str]]:
    """Division code, place name and title of each plan, by code."""
    rows = models.Plan.objects.all() if plans is None else plans
    return [(plan.division_id, plan.place, plan.title) for plan in rows.order_by("division_id")]


def find_division(text: str) -> str | None:
    """The division code of the plan that ``text`` names: its code, 龙游县 or 龙游. ``None`` where no plan has it."""
    wanted = text.strip()
    for division, place, _ in places():
        if wanted in {division, place} or (len(wanted) > 1 and wanted == place[:-1]):
            return division
    return None


def pack(division: str) -> core.Pack:
    """A place's plan as one value, as the tables hold it; six queries. The plan must exist."""
    plan = models.Plan.objects.get(division_id=division)
    return core.Pack(
        division=plan.division_id,
        place=plan.place,
        title=plan.title,
        years=tuple(plan.years),
        baseline_year=plan.baseline_year,
        legend={sign: core.Mark(mark) for sign, mark in plan.legend.items()},
        rule_set=plan.rule_set,
        notes=tuple(plan.notes),
        targets=tuple(target_value(row) for row in models.Target.objects.filter(plan=plan)),
        tasks=tuple(task_value(row) for row in models.Task.objects.filter(plan=plan)),
        projects=tuple(project_value(row) for row in models.Project.objects.filter(plan=plan)),
        responsibilities=tuple(responsibility_value(row) for row in models.Responsibility.objects.filter(plan=plan)),
    )


def _values(texts: Mapping[str, str]) -> dict[int, core.TargetValue]:
    return {int(year): core.parse_target_value(text) for year, text in texts.items()}


def _part(part: Mapping[str, Any]) -> core.TargetPart:
    return core.TargetPart(
        part=part["part"],
        baseline=part["baseline"],
        targets=_values(part["targets"]),
        departments=tuple(part["departments"]),
        source=part["source"],
        indicator=part["indicator"],
        scope=part["scope"],
        note=part["note"],
    )


def target_value(row: models.Target) -> core.Target:
    """A target's row as a value."""
    return core.Target(
        key=row.key,
        no=row.no,
        group=row.group,
        name=row.name,
        mark=core.Mark(row.mark),
        indicator=row.indicator,
        scope=row.scope,
        unit=row.unit,
        baseline_year=row.baseline_year,
        baseline=row.baseline,
        targets=_values(row.targets),
        departments=tuple(row.departments),
        source=row.source,
        note=row.note,
        parts=tuple(_part(part) for part in row.parts),
    )


def task_value(row: models.Task) -> core.Task:
    """A task's row as a value."""
    return core.Task(
        key=row.key,
        no=row.no,
        group=row.group,
        title=row.title,
        lead=tuple(row.lead),
        cooperating=tuple(row.cooperating),
        deadline=row.deadline,
        source=row.source,
        note=row.note,
    )


def project_value(row: models.Project) -> core.Project:
    """A project's row as a value."""
    return core.Project(
        key=row.key,
        no=row.no,
        type=row.type,
        name=row.name,
        content=row.content,
        builder=row.builder,
        investment_wan_yuan=row.investment_wan_yuan,
        completion=row.completion,
        source=row.source,
        note=row.note,
    )


def responsibility_value(row: models.Responsibility) -> core.Responsibility:
    """A responsibility's row as a value."""
    return core.Responsibility(
        key=row.key,
        no=row.no,
        group=row.group,
        title=row.title,
        lead=tuple(row.lead),
        participating=tuple(row.participating),
        source=row.source,
        note=row.note,
    )
