"""A place's plan: the four lists (四张清单) of targets, tasks, projects and responsibilities, with their sources.

Invariant: every row says where it stands in the document it came from, and departments are lists of names.
"""

from wufei.core.plan.plain import pack_as_dict
from wufei.core.plan.reading import check_pack, pack_divisions, parse_pack, read_pack
from wufei.core.plan.values import (
    BadTargetValue,
    Comparator,
    Mark,
    Pack,
    Project,
    Responsibility,
    Target,
    TargetPart,
    TargetValue,
    Task,
    due_date,
    normalise_printed,
    parse_target_value,
    split_names,
)
from wufei.core.plan.wording import readable, with_comparator

__all__ = [
    "BadTargetValue",
    "Comparator",
    "Mark",
    "Pack",
    "Project",
    "Responsibility",
    "Target",
    "TargetPart",
    "TargetValue",
    "Task",
    "check_pack",
    "due_date",
    "normalise_printed",
    "pack_as_dict",
    "pack_divisions",
    "parse_pack",
    "parse_target_value",
    "read_pack",
    "readable",
    "split_names",
    "with_comparator",
]
