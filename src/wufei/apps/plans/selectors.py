"""Reads of the four lists, and the one place that decides which plans and rows a person may see."""

from typing import TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from wufei.apps.plans import models
from wufei.apps.plans.conversion import (
    project_value as project_value,
)
from wufei.apps.plans.conversion import (
    responsibility_value as responsibility_value,
)
from wufei.apps.plans.conversion import (
    target_value as target_value,
)
from wufei.apps.plans.conversion import (
    task_value as task_value,
)
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
    """Targets of the plans that the person sees, as their documents number them."""
    return _visible(models.Target, user).filter(in_text=False)


def visible_text_targets(user: User | AnonymousUser) -> QuerySet[models.Target]:
    """Dated figures in the running text of the plans that the person sees."""
    return _visible(models.Target, user).filter(in_text=True)


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
        targets=tuple(target_value(row) for row in models.Target.objects.filter(plan=plan, in_text=False)),
        tasks=tuple(task_value(row) for row in models.Task.objects.filter(plan=plan)),
        projects=tuple(project_value(row) for row in models.Project.objects.filter(plan=plan)),
        responsibilities=tuple(responsibility_value(row) for row in models.Responsibility.objects.filter(plan=plan)),
        text_targets=tuple(target_value(row) for row in models.Target.objects.filter(plan=plan, in_text=True)),
    )
