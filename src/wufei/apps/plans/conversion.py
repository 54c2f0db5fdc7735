"""Rows of the tables as values of the core and back, without loss.

Columns and fields have the same names, so a field that is added here and there needs no line in this file. JSON lists
are tuples in the core, target values are texts in the tables.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from wufei.apps.plans import models
from wufei.core import plan as core

Value = TypeVar("Value", core.Target, core.TargetPart, core.Task, core.Project, core.Responsibility)


def _value(kind: type[Value], given: Mapping[str, Any], **other: Any) -> Value:
    """A value of ``kind`` from what the tables hold, but for the fields that have a form of their own there."""
    kept: dict[str, Any] = {field.name: given[field.name] for field in fields(kind) if field.name not in other}
    lists = {name: tuple(cell) for name, cell in kept.items() if isinstance(cell, list)}
    return kind(**{**kept, **lists, **other})


def _columns(value: core.Target | core.TargetPart | core.Task | core.Project | core.Responsibility) -> dict[str, Any]:
    """What the tables hold of a value, by column."""
    kept = {field.name: getattr(value, field.name) for field in fields(value)}
    return {name: list(cell) if isinstance(cell, tuple) else cell for name, cell in kept.items()}


def _values(texts: Mapping[str, str]) -> dict[int, core.TargetValue]:
    return {int(year): core.parse_target_value(text) for year, text in texts.items()}


def _texts(values: Mapping[int, core.TargetValue]) -> dict[str, str]:
    return {str(year): value.text for year, value in sorted(values.items())}


def target_value(row: models.Target) -> core.Target:
    """A target's row as a value."""
    parts = tuple(_value(core.TargetPart, part, targets=_values(part["targets"])) for part in row.parts)
    return _value(core.Target, vars(row), mark=core.Mark(row.mark), targets=_values(row.targets), parts=parts)


def task_value(row: models.Task) -> core.Task:
    """A task's row as a value."""
    return _value(core.Task, vars(row))


def project_value(row: models.Project) -> core.Project:
    """A project's row as a value."""
    return _value(core.Project, vars(row))


def responsibility_value(row: models.Responsibility) -> core.Responsibility:
    """A responsibility's row as a value."""
    return _value(core.Responsibility, vars(row))


VALUE_OF: Mapping[str, Callable[[Any], Any]] = {
    "targets": target_value,
    "tasks": task_value,
    "projects": project_value,
    "responsibilities": responsibility_value,
    "text_targets": target_value,
}


def target_columns(value: core.Target) -> dict[str, Any]:
    """The columns of a target's row."""
    parts = [{**_columns(part), "targets": _texts(part.targets)} for part in value.parts]
    own = {"mark": str(value.mark), "targets": _texts(value.targets), "parts": parts}
    return {**_columns(value), **own, "departments_index": _index(value.all_departments)}


def task_columns(value: core.Task) -> dict[str, Any]:
    """The columns of a task's row."""
    index = _index((*value.lead, *value.cooperating))
    return {**_columns(value), "due": core.due_date(value.deadline), "departments_index": index}


def project_columns(value: core.Project) -> dict[str, Any]:
    """The columns of a project's row."""
    index = _index(core.split_names(value.builder))
    return {**_columns(value), "due": core.due_date(value.completion), "departments_index": index}


def responsibility_columns(value: core.Responsibility) -> dict[str, Any]:
    """The columns of a responsibility's row."""
    return {**_columns(value), "departments_index": _index((*value.lead, *value.participating))}


def _index(names: tuple[str, ...]) -> str:
    """``|name|name|``, each name once."""
    joined = "|".join(dict.fromkeys(names))
    return f"|{joined}|" if joined else ""
