"""What an amendment would do: it is applied for trial, measured, and taken back, so that nothing is foretold twice.

Invariant: a trial leaves nothing behind; what it tells is what applying it at that moment would have done.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from wufei.apps.amendments.subjects import AmendableKind, Applied, Weighed
from wufei.core.amendment import OFFICE


@dataclass(frozen=True, slots=True)
class EffectRow:
    """A quantity before and after."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Effects:
    """What an amendment does beside the document, as far as a reader may know it."""

    rows: tuple[EffectRow, ...] = ()
    findings: tuple[Mapping[str, Any], ...] = ()


class _Undo(Exception):
    """Takes the trial back."""

    def __init__(self, weighed: Weighed) -> None:
        self.weighed = weighed


def try_out(kind: AmendableKind, applied: Applied) -> dict[str, Any]:
    """What applying would do, as plain values to be kept; empty where nothing is measured.

    Raises:
        Refused: it cannot be applied; nothing was kept.
    """
    if kind.weigh is None:
        return {}
    before = kind.weigh(applied.subject)
    try:
        with transaction.atomic():
            kind.apply(applied)
            raise _Undo(kind.weigh(applied.subject))
    except _Undo as undo:
        after = undo.weighed
    old = {m.label: m for m in before.measures}
    new = {m.label: m for m in after.measures}
    rows = [
        {
            "label": label,
            "before": old[label].text if label in old else "—",
            "after": new[label].text if label in new else "—",
            "slots": list((new.get(label) or old[label]).slots),
        }
        for label in [*old, *(label for label in new if label not in old)]
    ]
    return {
        "rows": [row for row in rows if row["before"] != row["after"]],
        "findings": [dict(finding) for finding in after.findings],
    }


def effects_for(slots: Collection[str], kept: Mapping[str, Any]) -> Effects:
    """What of the kept effects a reader in these slots may know; the office knows all of it."""

    def knows(entry: Mapping[str, Any]) -> bool:
        return OFFICE in slots or not entry["slots"] or bool(set(entry["slots"]) & set(slots))

    return Effects(
        tuple(EffectRow(r["label"], r["before"], r["after"]) for r in kept.get("rows", ()) if knows(r)),
        tuple(finding for finding in kept.get("findings", ()) if knows(finding)),
    )
