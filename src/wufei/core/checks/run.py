"""Runs all checks over a dossier and words what they found."""

import re
from collections.abc import Iterable, Set
from dataclasses import dataclass, replace

from wufei.core.checks import goods, packages, papers, transport
from wufei.core.checks.case import Case
from wufei.core.checks.registry import Hit, looks
from wufei.core.checks.table import CURERS, STAGES, CheckRule, rules, rules_on
from wufei.core.checks.values import Dossier
from wufei.core.findings import Finding, Level

__all__ = ["CheckFinding", "check", "judged_at"]
_ = (goods, packages, papers, transport)  # importing them fills the table of the registry
_STAGE_ORDER = {stage: place for place, stage in enumerate(STAGES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFinding(Finding):
    """A finding of a check. ``line`` is ``None`` and ``field`` the check's Chinese name.

    Attributes:
        stage: the event from which on it binds; pointer: JSON pointer of the field in the document.
        curer: who can put it right: generator, carrier, receiver or office.
        sources: the clauses behind it.
    """

    stage: str
    pointer: str
    curer: str
    sources: tuple[str, ...] = ()

    @property
    def is_block(self) -> bool:
        """Whether the event is refused; else it is recorded and told."""
        return self.level is Level.ERROR

    @property
    def stage_name(self) -> str:
        """The stage in Chinese."""
        return STAGES[self.stage]

    @property
    def curer_name(self) -> str:
        """Who can put it right, in Chinese."""
        return CURERS[self.curer]


def judged_at(found: Iterable[CheckFinding], stage: str) -> list[CheckFinding]:
    """The findings of the checks that are made at ``stage``: for the first time or again."""
    table = rules()
    return [replace(f, stage=stage) for f in found if stage == f.stage or stage in table[f.code].again]


def check(dossier: Dossier, *, blocks: Set[str] = frozenset(), up_to: str = "confirm") -> list[CheckFinding]:
    """Everything that is wrong with a manifest, by stage, pointer and check.

    Args:
        blocks: checks that refuse for this profile although the table only alerts.
        up_to: only checks that bind at this stage or before it (submit, depart, arrive, confirm).
    """
    case, in_force, last = Case(dossier), rules_on(dossier.rules_day), _STAGE_ORDER[up_to]
    hits = [hit for look in looks() for hit in look(case) if hit.code in in_force]
    found = {_finding(hit, in_force[hit.code], blocks) for hit in hits}
    return sorted((f for f in found if _STAGE_ORDER[f.stage] <= last), key=_order)


def _finding(hit: Hit, rule: CheckRule, blocks: Set[str]) -> CheckFinding:
    assert rule.matches(hit.pointer), (hit, rule.pointer)
    is_block = rule.level == "block" or rule.code in blocks
    return CheckFinding(
        line=None,
        field=rule.name,
        what=rule.what.format_map(hit.facts),
        remedy=rule.remedy.format_map(hit.facts),
        code=rule.code,
        level=Level.ERROR if is_block else Level.WARN,
        stage=rule.stage,
        pointer=hit.pointer,
        curer=rule.curer,
        sources=rule.sources,
    )


def _order(finding: CheckFinding) -> tuple[int, list[tuple[int, str]], str, str]:
    parts = [(int(part), "") if re.fullmatch("[0-9]+", part) else (-1, part) for part in finding.pointer.split("/")]
    return _STAGE_ORDER[finding.stage], parts, finding.code, finding.what
