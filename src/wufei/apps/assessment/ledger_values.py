"""Data elements of a place and year as its ledger says them: what is weighed need not be reported.

Invariant: every value says that it comes from the ledger, and whether anything in it is simulated.
"""

from collections.abc import Sequence
from datetime import date

from wufei.apps.ledger import selectors as ledger
from wufei.apps.ledger.givers import givers, is_simulated
from wufei.core import indicators
from wufei.core.ledger import FlowRow
from wufei.core.ledger_elements import (
    LedgerElement,
    Measure,
    about,
    by_waste,
    folded,
    giver_categories,
    ledger_elements,
    measured,
)
from wufei.core.values import Origin, State, Value, ValueSet


def ledger_value_set(division: str, year: int, *, flows: Sequence[FlowRow] | None = None) -> ValueSet:
    """The elements that the ledger of a place knows for a year; empty where nothing was booked.

    ``flows`` are the place's ``ledger.year_flows``, where the caller has read them already.

    What a ledger cannot know (value added, units in all, figures of other years) is not in it: join it to the
    reported figures with ``assess.with_ledger``.
    """
    rows = folded(division, ledger.year_flows(division, year) if flows is None else flows)
    if not rows:
        return ValueSet.of(division, [])
    wastes = by_waste(rows)
    gave = givers(division, date(year, 1, 1), date(year, 12, 31), categories=giver_categories())
    simulated = is_simulated(division)
    values = []
    for element in ledger_elements():
        number = measured(element, division, about(element, wastes), gave)
        if number is not None:
            values.append(
                Value(
                    element=element.element,
                    scope=element.scope,
                    period=str(year),
                    value=number,
                    state=State.NUMBER,
                    unit=indicators.unit_of(element.element),
                    printed="",
                    source=_source(element, year, is_simulated=simulated),
                    origin=Origin.LEDGER,
                    note=element.note,
                    is_simulated=simulated,
                )
            )
    return ValueSet.of(division, values)


def _source(element: LedgerElement, year: int, *, is_simulated: bool) -> str:
    what = {Measure.MASS: "重量", Measure.COUNT: "件数", Measure.HOLDERS: "单位数"}[element.measure]
    return f"固废台账{year}年日流量汇总（{what}）" + ("，模拟数据" if is_simulated else "")
