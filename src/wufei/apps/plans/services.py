"""Writes of the four lists: bringing the tables to what the plan packs say."""

import hashlib
import json
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils import timezone

from wufei.apps.facts.services import record_fact
from wufei.apps.plans import conversion, models
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


def _rows(plan: models.Plan, pack: core.Pack) -> list[tuple[type[models.Row], list[models.Row]]]:
    """The rows of the four lists, ready to be written, in the order of the document."""
    targets = [*pack.targets, *pack.text_targets]
    lists: list[tuple[type[models.Row], list[dict[str, Any]]]] = [
        (
            models.Target,
            [
                {**conversion.target_columns(target), "in_text": number >= len(pack.targets)}
                for number, target in enumerate(targets)
            ],
        ),
        (models.Task, [conversion.task_columns(task) for task in pack.tasks]),
        (models.Project, [conversion.project_columns(project) for project in pack.projects]),
        (models.Responsibility, [conversion.responsibility_columns(row) for row in pack.responsibilities]),
    ]
    return [
        (model, [model(plan=plan, position=position, **columns) for position, columns in enumerate(rows, 1)])
        for model, rows in lists
    ]
