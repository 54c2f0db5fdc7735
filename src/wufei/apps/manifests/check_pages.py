"""The page of the findings of a manifest: each step as it was judged, the newest first.

What refuses a step is told when it is tried and kept nowhere: this page shows what was recorded with the steps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wufei.apps.manifests import forms, selectors
from wufei.apps.manifests.effects import JUDGED
from wufei.apps.manifests.models import Manifest, ManifestEvent
from wufei.apps.manifests.pages import COLOURS, event_name
from wufei.apps.manifests.services import slot_name
from wufei.apps.manifests.telling import findings_for, hears_all
from wufei.apps.registry.models import User
from wufei.core.checks.table import CURERS, STAGES, rules
from wufei.core.findings import Level
from wufei.core.manifest import STATUS_NAMES, Status
from wufei.core.manifest_document import pattern_of, place_name
from wufei.core.manifest_profiles import fields

LEVELS = {
    Level.ERROR: ("不予办理", "bg-red-lt"),
    Level.WARN: ("预警", "bg-orange-lt"),
    Level.INFO: ("提示", "bg-azure-lt"),
}
# Findings that no check of the table makes: what they are called, and whom but the one who acted they concern.
NAMES = {
    "major_difference": "重大差异",
    "undeclared_stock": "账上库存",
    "compensation_unset": "生态补偿",
    "code_despite_account": "签名码",
}
CURED_BY = {"compensation_unset": "office", "undeclared_stock": "generator"}


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding for the page; ``anchor`` is where its field stands on the manifest's page, empty where nowhere."""

    name: str
    level: str
    css: str
    stage: str
    what: str
    remedy: str
    curer: str
    place: str
    anchor: str


@dataclass(frozen=True, slots=True)
class JudgedStep:
    """One step with what was found at it."""

    sequence: int
    name: str
    at: datetime
    rows: Sequence[FindingRow]


@dataclass(frozen=True, slots=True)
class ChecksPage:
    """All findings of a manifest that concern the reader."""

    number: str
    status_name: str
    colour: str
    steps: Sequence[JudgedStep]
    count: int
    tells_all: bool


def checks_page(user: User, manifest: Manifest) -> ChecksPage:
    """The findings of each step that was judged, the newest first; one query besides the manifest itself."""
    anchors = _anchors(manifest)
    steps = [
        JudgedStep(
            row.sequence,
            event_name(row.event),
            row.claimed_at,
            [_row(finding, row, anchors) for finding in findings_for(user, manifest, row.findings)],
        )
        for row in reversed(selectors.history_of(manifest))
        if row.findings or (row.event in JUDGED and not manifest.returns_id)
    ]
    status = Status(manifest.status)
    return ChecksPage(
        manifest.number,
        STATUS_NAMES[status],
        COLOURS[status],
        steps,
        sum(len(step.rows) for step in steps),
        hears_all(user, manifest),
    )


def _row(finding: Mapping[str, Any], row: ManifestEvent, anchors: Mapping[str, str]) -> FindingRow:
    rule = rules().get(finding["code"])
    level, css = LEVELS[Level(finding["level"])]
    at = finding["field"]
    return FindingRow(
        rule.name if rule else NAMES.get(finding["code"], ""),
        level,
        css,
        STAGES[finding["stage"]] if finding.get("stage") else event_name(row.event),
        finding["what"],
        finding["remedy"],
        _curer(finding, row),
        place_name(at),
        anchors.get(at) or anchors.get(at.rpartition("/")[0]) or anchors.get(f"{at}/0") or "",
    )


def _curer(finding: Mapping[str, Any], row: ManifestEvent) -> str:
    """Who can put it right: as the check says, else who fills the field, else who took the step."""
    filled_by = {field.pointer: field.filled_by for field in fields()}
    curer = finding.get("curer") or CURED_BY.get(finding["code"]) or filled_by.get(pattern_of(finding["field"]), "")
    return CURERS.get(curer) or (slot_name(row.slot) if row.slot else "")


def _anchors(manifest: Manifest) -> dict[str, str]:
    """Pointer of each field and card that the manifest's page shows -> its id there."""
    found: dict[str, str] = {}
    for group in forms.groups(manifest.document, lambda field, pointer: True):
        shown = [i for i in group.inputs if i.shown]
        if shown:
            found |= {shown[0].name.rpartition("/")[0]: group.id, **{i.name: i.id for i in shown}}
    return found
