"""Rows of the tables as values of the core, without loss."""

from collections.abc import Mapping
from typing import Any

from wufei.apps.plans import models
from wufei.core import plan as core


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
