"""Assessments as plain values, as ``wufei assess --json`` prints them. Numbers are decimal texts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from wufei.core import indicators
from wufei.core.numbers import fraction_text
from wufei.core.plan import Pack
from wufei.core.scoring.readings import Found, Missing
from wufei.core.scoring.rules import OwnInput, RuleSet
from wufei.core.scoring.score import Assessment, ItemScore, ItemStatus, PartScore, Totals
from wufei.core.scoring.shapes import PartialStep
from wufei.core.scoring.targets import Compared, TargetScore
from wufei.core.values import Value

Plain = dict[str, Any]


def _text(number: Fraction | None) -> str | None:
    return None if number is None else fraction_text(number)


def _name_of(element: str, own: Mapping[str, OwnInput]) -> str:
    if element in own:
        return own[element].name
    try:
        return indicators.name_of(element)
    except (indicators.UnknownElement, indicators.UnknownIndicator):
        return element


def _inputs(values: Iterable[Value], own: Mapping[str, OwnInput]) -> list[Plain]:
    return [
        {
            "element": value.element,
            "name": _name_of(value.element, own),
            "scope": value.scope,
            "period": value.period,
            "value": None if value.value is None else f"{value.value:f}",
            "unit": value.unit,
            "printed": value.printed,
            "source": value.source,
            "origin": str(value.origin),
            "note": value.note,
            "is_simulated": value.is_simulated,
        }
        for value in values
    ]


def _missing(missing: Iterable[Missing]) -> list[Plain]:
    return [{"element": m.element, "name": m.name, "period": str(m.year)} for m in missing]


def _figure(found: Found | None) -> Plain:
    """Value and how it came about; all ``None`` for an item of several figures."""
    return {
        "value": (found.text or None) if found else None,
        "basis": (found.basis or None) if found else None,
        "computed": _text(found.computed) if found else None,
        "formula": (found.formula or None) if found else None,
        "version": (found.version or None) if found else None,
    }


def _origin(values: Sequence[Value], missing: Iterable[Missing], own: Mapping[str, OwnInput]) -> Plain:
    return {
        "inputs": _inputs(values, own),
        "missing": _missing(missing),
        "is_simulated": any(value.is_simulated for value in values),
    }


def _goal(part: PartScore | None) -> Plain:
    gap = None
    if part is not None and part.value is not None and part.target is not None:
        gap = part.value - part.target
    step = part.partial_step if part is not None else None
    return {
        "target": (part.target_text or None) if part else None,
        "comparator": (part.comparator or None) if part else None,
        "gap": _text(gap),
        "partial_step": str(step) if step else None,
    }


def _part(part: PartScore, own: Mapping[str, OwnInput]) -> Plain:
    return {
        "id": part.id,
        "name": part.name,
        "status": str(part.status),
        **_figure(part.found),
        **_goal(part),
        "unit": part.unit,
        "points": _text(part.points),
        "max_points": fraction_text(part.max_points),
        "rule": part.rule,
        "reason": part.reason,
        **_origin(part.found.inputs, part.missing, own),
    }


def _item(score: ItemScore, rule_set: RuleSet) -> Plain:
    item, own = score.item, rule_set.inputs
    single = None if item.is_sum else score.parts[0]
    return {
        "id": item.id,
        "name": item.name,
        "status": str(score.status),
        **_figure(single.found if single else None),
        **_goal(single),
        "unit": item.unit,
        "points": _text(score.points),
        "max_points": fraction_text(item.max_points),
        "known_points": fraction_text(score.known_points),
        "known_max_points": fraction_text(score.known_max_points),
        "rule": score.rule,
        "reason": score.reason,
        **_origin(score.inputs, score.missing, own),
        "parts": [_part(part, own) for part in score.parts] if item.is_sum else [],
        "section": item.section,
        "group": item.group,
        "indicator": item.indicator or None,
        "rolled_up": _text(score.rolled_up),
        "defects": [
            {"id": d.id, "what": d.what, "reading": d.reading, "why": d.why} for d in rule_set.defects_of(item.id)
        ],
        "source": item.source,
    }


def _totals(totals: Totals) -> Plain:
    return {
        "points": fraction_text(totals.points),
        "max_points": fraction_text(totals.max_points),
        "scored_max_points": fraction_text(totals.scored_max_points),
        "known_points": fraction_text(totals.known_points),
        "known_max_points": fraction_text(totals.known_max_points),
    }


def _counts(statuses: Iterable[ItemStatus]) -> Plain:
    counted = Counter(statuses)
    return {str(status): counted[status] for status in ItemStatus}


def assessment_as_dict(assessment: Assessment, name: str) -> Plain:
    """A scored place: items, bonus and deduction items beside them, sums of the table and of each section."""
    rule_set = assessment.rule_set
    return {
        "place": rule_set.division,
        "name": name,
        "year": assessment.year,
        "rule_set": rule_set.id,
        "rule_set_version": rule_set.version,
        "partial_step": str(assessment.partial_step),
        "partial_step_reason": rule_set.default_step_reason,
        "is_simulated": any(value.is_simulated for score in assessment.items for value in score.inputs),
        "items": [_item(score, rule_set) for score in assessment.items],
        "adjustments": [_item(score, rule_set) for score in assessment.adjustments],
        "totals": {
            **_totals(assessment.totals_of()),
            "bonus_max_points": fraction_text(sum((s.bonus for s in rule_set.sections), Fraction(0))),
            "final_points": fraction_text(assessment.final_points),
            "counts": _counts(score.status for score in assessment.items),
        },
        "sections": [
            {
                "id": s.id,
                "name": s.name,
                "table_points": fraction_text(s.points),
                **_totals(assessment.totals_of(s.id)),
            }
            for s in rule_set.sections
        ],
    }


def _compared(compared: Compared) -> Plain:
    return {
        "name": compared.name,
        "status": str(compared.status),
        **_figure(compared.found),
        "target": compared.target.text if compared.target else None,
        "target_year": compared.target_year,
        "comparator": compared.comparator or None,
        "gap": _text(compared.gap),
        "is_met": compared.is_met,
        "reason": compared.reason,
        **_origin(compared.found.inputs, compared.missing, {}),
    }


def _target_item(score: TargetScore) -> Plain:
    target = score.target
    single = None if target.parts else score.compared[0]
    inputs = tuple(dict.fromkeys(v for c in score.compared for v in c.found.inputs))
    missing = tuple(dict.fromkeys(m for c in score.compared for m in c.missing))
    reasons = [f"{c.name}：{c.reason}" if c.name else c.reason for c in score.compared]
    return {
        "id": target.no or target.key,
        "key": target.key,
        "name": target.name,
        "mark": str(target.mark),
        "status": str(score.status),
        **_figure(single.found if single else None),
        "target": single.target.text if single and single.target else None,
        "target_year": score.compared[0].target_year,
        "comparator": (single.comparator or None) if single else None,
        "gap": _text(single.gap) if single else None,
        "unit": target.unit,
        "is_met": score.is_met,
        "points": None,
        "max_points": None,
        "rule": "没有评分细则，只看是否达到目标。",
        "reason": "".join(reasons),
        **_origin(inputs, missing, {}),
        "parts": [_compared(c) for c in score.compared] if target.parts else [],
        "group": target.group,
        "indicator": target.indicator or None,
        "departments": list(target.all_departments),
        "source": target.source,
    }


def targets_as_dict(pack: Pack, year: int, scores: Sequence[TargetScore], partial_step: PartialStep | None) -> Plain:
    """A place without scoring rules, in the same shape: no points, ``rule_set`` is ``None``."""
    met = [score.is_met for score in scores]
    return {
        "place": pack.division,
        "name": pack.place,
        "year": year,
        "rule_set": None,
        "partial_step": str(partial_step) if partial_step else None,
        "is_simulated": any(v.is_simulated for score in scores for c in score.compared for v in c.found.inputs),
        "items": [_target_item(score) for score in scores],
        "adjustments": [],
        "totals": {
            "points": None,
            "max_points": None,
            "scored_max_points": None,
            "met": met.count(True),
            "not_met": met.count(False),
            "counts": _counts(score.status for score in scores),
        },
        "sections": [],
    }
