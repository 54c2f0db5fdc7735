"""Validation of reported figures and printed targets (V01 … V18): all findings at once, each with a proposal.

Invariant: figures that agree within the rounding of what is printed raise nothing, and nothing is mended silently.
"""

from wufei.core.validation import plausibility, rates, relations, series, targets
from wufei.core.validation.case import (
    Case,
    Issue,
    Relation,
    Statement,
    TargetRow,
    place_relations,
    place_statements,
    read_relation,
    target_rows,
    thresholds,
)
from wufei.core.validation.registry import RULES, Rule, registered, rule, run

FAMILIES = (relations, rates, series, plausibility, targets)  # importing them registers their rules

__all__ = [
    "FAMILIES",
    "RULES",
    "Case",
    "Issue",
    "Relation",
    "Rule",
    "Statement",
    "TargetRow",
    "place_relations",
    "place_statements",
    "read_relation",
    "registered",
    "rule",
    "run",
    "target_rows",
    "thresholds",
]
