"""Scoring (评分): rule sets as data, the shapes that turn figures into points, and the assessment of a place."""

from wufei.core.numbers import fraction_text
from wufei.core.scoring.readings import Found, Missing, Source
from wufei.core.scoring.report import assessment_as_dict, targets_as_dict
from wufei.core.scoring.rules import BadRuleSet, Item, Part, Rule, RuleSet, parse_rule_set, read_rule_set
from wufei.core.scoring.score import Assessment, ItemScore, ItemStatus, PartScore, Totals, assess
from wufei.core.scoring.shapes import PartialStep
from wufei.core.scoring.targets import Compared, TargetScore, compare_targets, goal_text, goal_texts

__all__ = [
    "Assessment",
    "BadRuleSet",
    "Compared",
    "Found",
    "Item",
    "ItemScore",
    "ItemStatus",
    "Missing",
    "Part",
    "PartScore",
    "PartialStep",
    "Rule",
    "RuleSet",
    "Source",
    "TargetScore",
    "Totals",
    "assess",
    "assessment_as_dict",
    "compare_targets",
    "fraction_text",
    "goal_text",
    "goal_texts",
    "parse_rule_set",
    "read_rule_set",
    "targets_as_dict",
]
