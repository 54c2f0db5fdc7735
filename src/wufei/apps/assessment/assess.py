"""Assesses a place: its figures by its rule set, or beside its targets where it has none.

Invariant: reading only. What is assessed are the figures handed in; where they come from is the caller's choice.
"""

from typing import Any

from wufei.apps.plans import selectors as plans
from wufei.core import scoring
from wufei.core.plan import Pack
from wufei.core.values import PUBLISHED, Origin, ValueSet


def assess(
    division: str, year: int, *, values: ValueSet, partial_step: scoring.PartialStep | None = None
) -> scoring.Assessment | None:
    """Score a place by its rule set; ``None`` where it has none.

    A rate that the place printed counts before one recomputed from its rounded parts; with figures of the ledger the
    recomputed one counts.
    """
    rule_set = scoring.read_rule_set(division)
    if rule_set is None:
        return None
    return scoring.assess(
        rule_set, values, year, partial_step=partial_step, prefer_published=not has_ledger_figures(values, year)
    )


def compare(pack: Pack, year: int, *, values: ValueSet) -> list[scoring.TargetScore]:
    """Set each target of a place's plan beside its figure, without points."""
    return scoring.compare_targets(pack, values, year, prefer_published=not has_ledger_figures(values, year))


def assess_as_dict(
    division: str, year: int, *, values: ValueSet, partial_step: scoring.PartialStep | None = None
) -> dict[str, Any]:
    """Either of the two as plain values, in one shape (``wufei assess --json``)."""
    pack = plans.pack(division)
    assessment = assess(division, year, values=values, partial_step=partial_step)
    if assessment is not None:
        return scoring.assessment_as_dict(assessment, pack.place)
    return scoring.targets_as_dict(pack, year, compare(pack, year, values=values), partial_step)


def has_ledger_figures(values: ValueSet, year: int) -> bool:
    """Whether figures of the year are derived from the ledger."""
    return any(value.origin == Origin.LEDGER for value in values.elements(str(year)))


def with_ledger(reported: ValueSet, ledger: ValueSet, year: int) -> ValueSet:
    """Reported data elements with those of the ledger in their place, and no published rate of the year.

    So every rate of ``year`` is computed, from the ledger wherever the ledger knows the figure.
    """
    kept = [v for v in reported if not (v.element.startswith(PUBLISHED) and v.period == str(year))]
    return ValueSet.of(reported.division, [*kept, *ledger])
