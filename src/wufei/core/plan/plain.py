"""A pack as plain values: the shape of ``wufei plan show --json`` that other programs rely on."""

from collections.abc import Mapping

from wufei.core.numbers import decimal_text
from wufei.core.plan.values import Pack, Project, Responsibility, Target, Task


def pack_as_dict(pack: Pack) -> dict[str, object]:
    """The four lists of a place. Numbers are decimal texts; ``no`` is ``None`` where the document lost it."""
    return {
        "place": pack.division,
        "name": pack.place,
        "title": pack.title,
        "years": list(pack.years),
        "baseline_year": pack.baseline_year,
        "rule_set": pack.rule_set,
        "notes": list(pack.notes),
        "targets": [_target(row) for row in pack.targets],
        "tasks": [_task(row) for row in pack.tasks],
        "projects": [_project(row) for row in pack.projects],
        "responsibilities": [_responsibility(row) for row in pack.responsibilities],
        "investment_wan_yuan": decimal_text(pack.investment_wan_yuan) if pack.has_investments else None,
        "text_targets": [_target(row) for row in pack.text_targets],
    }


def _years(texts: Mapping[int, str]) -> dict[str, str]:
    return {str(year): text for year, text in sorted(texts.items())}


def _target(row: Target) -> dict[str, object]:
    plain: dict[str, object] = {
        "key": row.key,
        "no": row.no,
        "group": row.group,
        "name": row.name,
        "mark": str(row.mark),
        "indicator": row.indicator or None,
        "scope": row.scope or None,
        "unit": row.unit,
        "baseline_year": row.baseline_year,
        "baseline": row.shown_baseline(),
        "targets": _years(row.shown_targets()),
        "departments": list(row.all_departments),
        "source": row.source,
        "note": row.note,
    }
    if row.parts:
        plain["parts"] = [
            {
                "part": part.part,
                "indicator": part.indicator or None,
                "scope": part.scope or None,
                "baseline": part.baseline,
                "targets": _years({year: value.text for year, value in part.targets.items()}),
                "departments": list(part.departments),
                "source": part.source,
                "note": part.note,
            }
            for part in row.parts
        ]
    return plain


def _task(row: Task) -> dict[str, object]:
    return {
        "key": row.key,
        "no": row.no,
        "group": row.group,
        "title": row.title,
        "lead": list(row.lead),
        "cooperating": list(row.cooperating),
        "deadline": row.deadline,
        "source": row.source,
        "note": row.note,
    }


def _project(row: Project) -> dict[str, object]:
    return {
        "key": row.key,
        "no": row.no,
        "type": row.type,
        "name": row.name,
        "content": row.content,
        "builder": row.builder,
        "investment_wan_yuan": decimal_text(row.investment_wan_yuan),
        "completion": row.completion,
        "source": row.source,
        "note": row.note,
    }


def _responsibility(row: Responsibility) -> dict[str, object]:
    return {
        "key": row.key,
        "no": row.no,
        "group": row.group,
        "title": row.title,
        "lead": list(row.lead),
        "participating": list(row.participating),
        "source": row.source,
        "note": row.note,
    }
