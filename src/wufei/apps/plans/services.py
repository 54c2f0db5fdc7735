"""Writes of the four lists: bringing the tables to what the plan packs say."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from django.db import transaction
from django.utils import timezone

from wufei.apps.facts.services import record_fact
from wufei.apps.plans import models
from wufei.apps.registry.models import Division
from wufei.core import plan as core
from wufei.core.findings import Finding, Refused

ACTOR = "system"


def load_packs() -> None:
    """Bring the tables to what ``data/plans`` says. A pack that is loaded already is left alone."""
    for division in core.pack_divisions():
        load_pack(core.read_pack(division))


@transaction.atomic
def load_pack(pack: core.Pack, *, actor: str = ACTOR) -> models.Plan:
    """Replace the rows of a place's plan by those of ``pack``; nothing is written where nothing differs.

    Raises ``Refused`` where the registry does not know the place.
    """
    if not Division.objects.filter(pk=pack.division).exists():
        what = f"方案“{pack.title}”的行政区划代码 {pack.division} 不在登记的行政区划中。"
        finding = Finding(None, "division", what, "先登记这个行政区划，或改正代码。", "unknown_division")
        raise Refused([finding])
    digest = pack_digest(pack)
    held = models.Plan.objects.select_for_update().filter(division_id=pack.division).first()
    if held and held.digest == digest:
        return held
    before = {"digest": held.digest, **_counts(held)} if held else None
    plan, _ = models.Plan.objects.update_or_create(
        division_id=pack.division,
        defaults={
            "place": pack.place,
            "title": pack.title,
            "years": list(pack.years),
            "baseline_year": pack.baseline_year,
            "legend": {sign: str(mark) for sign, mark in pack.legend.items()},
            "rule_set": pack.rule_set,
            "notes": list(pack.notes),
            "digest": digest,
        },
    )
    for model, rows in _rows(plan, pack):
        model._default_manager.filter(plan=plan).delete()
        model._default_manager.bulk_create(rows)
    record_fact(
        at=timezone.now(),
        actor=actor,
        verb="load_plan",
        subject=f"plan:{pack.division}",
        division=pack.division,
        document=pack.title,
        before=before,
        after={"digest": digest, **_counts(plan)},
    )
    return plan


def pack_digest(pack: core.Pack) -> str:
    """SHA-256 over all that a pack says, as hex."""
    text = json.dumps(asdict(pack), ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _counts(plan: models.Plan) -> dict[str, int]:
    lists = {
        "targets": models.Target,
        "tasks": models.Task,
        "projects": models.Project,
        "responsibilities": models.Responsibility,
    }
    return {name: model._default_manager.filter(plan=plan).count() for name, model in lists.items()}


def _index(names: Iterable[str]) -> str:
    """``|name|name|``, each name once."""
    joined = "|".join(dict.fromkeys(names))
    return f"|{joined}|" if joined else ""


def _texts(values: Mapping[int, core.TargetValue]) -> dict[str, str]:
    return {str(year): value.text for year, value in sorted(values.items())}


def _part(part: core.TargetPart) -> dict[str, object]:
    return {
        "part": part.part,
        "baseline": part.baseline,
        "targets": _texts(part.targets),
        "departments": list(part.departments),
        "source": part.source,
        "indicator": part.indicator,
        "scope": part.scope,
        "note": part.note,
    }


def _rows(plan: models.Plan, pack: core.Pack) -> list[tuple[type[models.Row], list[models.Row]]]:
    """The rows of the four lists, ready to be written."""

    def common(position: int, row: core.Target | core.Task | core.Project | core.Responsibility) -> dict[str, object]:
        kept = {"key": row.key, "no": row.no, "source": row.source, "note": row.note}
        return {"plan": plan, "position": position, **kept}

    targets = [
        models.Target(
            **common(position, row),
            in_text=position > len(pack.targets),
            group=row.group,
            name=row.name,
            mark=str(row.mark),
            indicator=row.indicator,
            scope=row.scope,
            unit=row.unit,
            baseline_year=row.baseline_year,
            baseline=row.baseline,
            targets=_texts(row.targets),
            departments=list(row.departments),
            parts=[_part(part) for part in row.parts],
            departments_index=_index(row.all_departments),
        )
        for position, row in enumerate([*pack.targets, *pack.text_targets], 1)
    ]
    tasks = [
        models.Task(
            **common(position, row),
            group=row.group,
            title=row.title,
            lead=list(row.lead),
            cooperating=list(row.cooperating),
            deadline=row.deadline,
            due=core.due_date(row.deadline),
            departments_index=_index([*row.lead, *row.cooperating]),
        )
        for position, row in enumerate(pack.tasks, 1)
    ]
    projects = [
        models.Project(
            **common(position, row),
            type=row.type,
            name=row.name,
            content=row.content,
            builder=row.builder,
            investment_wan_yuan=row.investment_wan_yuan,
            completion=row.completion,
            due=core.due_date(row.completion),
            departments_index=_index(core.split_names(row.builder)),
        )
        for position, row in enumerate(pack.projects, 1)
    ]
    responsibilities = [
        models.Responsibility(
            **common(position, row),
            group=row.group,
            title=row.title,
            lead=list(row.lead),
            participating=list(row.participating),
            departments_index=_index([*row.lead, *row.participating]),
        )
        for position, row in enumerate(pack.responsibilities, 1)
    ]
    return [
        (models.Target, list(targets)),
        (models.Task, list(tasks)),
        (models.Project, list(projects)),
        (models.Responsibility, list(responsibilities)),
    ]
