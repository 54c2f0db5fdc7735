"""Reads of the four lists, and the one place that decides which plans and rows a person may see."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from wufei.apps.plans import labels, models
from wufei.apps.plans.conversion import project_value, responsibility_value, target_value, task_value
from wufei.apps.registry.models import User
from wufei.apps.registry.selectors import scope
from wufei.core import plan as core
from wufei.core.numbers import decimal_text

RowModel = TypeVar("RowModel", bound=models.Row)


def visible_plans(user: User | AnonymousUser) -> QuerySet[models.Plan]:
    """Plans of the person's place and of the places below it; a firm sees none."""
    return models.Plan.objects.filter(division__code__startswith=scope(user).place_prefix)


def _visible(model: type[RowModel], user: User | AnonymousUser) -> QuerySet[RowModel]:
    return model._default_manager.filter(plan__division__code__startswith=scope(user).place_prefix)


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


@dataclass(frozen=True, slots=True)
class PlanCard:
    """A plan on the page of plans: ``lists`` are name, label and number of rows."""

    division: str
    place: str
    title: str
    lists: tuple[tuple[str, str, int], ...]
    investment: str
    notes: tuple[str, ...]


def sees_plans(user: User | AnonymousUser) -> bool:
    """Whether plans are shown to the person at all; to firms they are not."""
    return scope(user).sees_place


def overview(user: User | AnonymousUser) -> list[PlanCard]:
    """The plans that the person sees, by code; two queries."""
    counts = {
        "targets": _count(models.Target.objects.filter(in_text=False)),
        "tasks": _count(models.Task.objects.all()),
        "projects": _count(models.Project.objects.all()),
        "responsibilities": _count(models.Responsibility.objects.all()),
    }
    rows = visible_plans(user).annotate(**{f"number_of_{name}": count for name, count in counts.items()})
    totals: dict[int, Decimal] = {}  # summed here: SQLite would sum floats
    for plan_id, amount in visible_projects(user).values_list("plan_id", "investment_wan_yuan"):
        totals[plan_id] = totals.get(plan_id, Decimal(0)) + (amount or 0)
    return [
        PlanCard(
            division=row.division_id,
            place=row.place,
            title=row.title,
            lists=tuple((name, label, getattr(row, f"number_of_{name}")) for name, label in labels.LISTS.items()),
            investment=decimal_text(totals.get(row.pk) or None) or "",
            notes=tuple(row.notes),
        )
        for row in rows.order_by("division_id")
    ]


def _count(rows: QuerySet[Any]) -> Coalesce:
    numbers = rows.filter(plan=OuterRef("pk")).order_by().values("plan").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(numbers), 0)


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


def pack_head(plan: models.Plan) -> core.Pack:
    """What a plan says of itself, with its four lists empty."""
    return core.Pack(
        division=plan.division_id,
        place=plan.place,
        title=plan.title,
        years=tuple(plan.years),
        baseline_year=plan.baseline_year,
        legend={sign: core.Mark(mark) for sign, mark in plan.legend.items()},
        rule_set=plan.rule_set,
        notes=tuple(plan.notes),
        targets=(),
        tasks=(),
        projects=(),
        responsibilities=(),
    )


def pack(division: str) -> core.Pack:
    """A place's plan as one value, as the tables hold it; six queries. The plan must exist."""
    plan = models.Plan.objects.get(division_id=division)
    return replace(
        pack_head(plan),
        targets=tuple(target_value(row) for row in models.Target.objects.filter(plan=plan, in_text=False)),
        tasks=tuple(task_value(row) for row in models.Task.objects.filter(plan=plan)),
        projects=tuple(project_value(row) for row in models.Project.objects.filter(plan=plan)),
        responsibilities=tuple(responsibility_value(row) for row in models.Responsibility.objects.filter(plan=plan)),
        text_targets=tuple(target_value(row) for row in models.Target.objects.filter(plan=plan, in_text=True)),
    )


def known_investment(user: User | AnonymousUser, plan: models.Plan) -> Decimal:
    """The sum of a plan's investments that are known, 万元. Summed here: SQLite would sum floats."""
    amounts = visible_projects(user).filter(plan=plan).values_list("investment_wan_yuan", flat=True)
    return sum((amount for amount in amounts if amount is not None), Decimal(0))
