"""The panels that open a number: formula and version, inputs, who reported or which movements, its source."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wufei.apps.cockpit.figures import decimal_text
from wufei.apps.cockpit.item_rows import compared_goal, part_gap, part_goal, status_of
from wufei.apps.cockpit.labels import MARKS, STATUSES, Label
from wufei.apps.cockpit.panel_rows import (
    Fact,
    InputRow,
    MissingRow,
    RelatedFinding,
    figure_facts,
    formula_in_words,
    head_of,
    input_row,
    missing_rows,
    related_findings,
    reports_of,
    series_rows,
    target_rows,
)
from wufei.apps.cockpit.place_year import PlaceYear
from wufei.apps.cockpit.words import gap_text, goal_text, version_text, without_ids
from wufei.core import plan as core
from wufei.core.scoring import Assessment, Found, ItemScore, Missing, TargetScore


@dataclass(frozen=True, slots=True)
class IndicatorPanel:
    """All that the panel of an indicator shows."""

    title: str
    place: str
    year: int
    section: str
    mark: Label | None
    is_simulated: bool
    facts: tuple[Fact, ...]
    status: Label
    reason: str
    rule: str
    formula: str
    formula_note: str
    inputs: tuple[InputRow, ...]
    missing: tuple[MissingRow, ...]
    series: tuple[tuple[str, str, str], ...]
    targets: tuple[tuple[str, str], ...]
    plan_title: str
    source: str
    departments: str
    findings: tuple[RelatedFinding, ...]
    url: str
    back_url: str


def indicator_panel(asked: PlaceYear, item: str) -> IndicatorPanel | None:
    """The panel of an item, or ``None`` where there is none or the person may not see the place's figures."""
    if not asked.place.sees_figures:
        return None
    result = asked.scored
    if result is None:
        found = next((score for score in asked.compared if score.target.key == item), None)
        return _target_panel(asked, found) if found else None
    score = next((score for score in result.items if score.item.id == item), None)
    return _scored_panel(asked, result, score) if score else None


def _scored_facts(score: ItemScore) -> list[Fact]:
    facts: list[Fact] = []
    for part in score.parts:
        head = head_of(part.name)
        facts += figure_facts(head, part.found, part.unit)
        if part.target_text:
            facts.append((f"{head}目标", part_goal(part), "这一边的数值得满分"))
        if part_gap(part) is not None:
            facts.append((f"{head}差距", gap_text(part_gap(part), part.unit, exact=True), "现状与目标相比"))
    points = decimal_text(score.points) if score.points is not None else "尚未评分"
    facts.append(("得分", f"{points} / {decimal_text(score.item.max_points)} 分", "尚未评分的不按 0 分计"))
    if score.rolled_up is not None:
        facts.append(("计入上级", f"{decimal_text(score.rolled_up)} 分", "按评分细则折算给上级市的得分"))
    return facts


def _scored_panel(asked: PlaceYear, result: Assessment, score: ItemScore) -> IndicatorPanel:
    item, rule_set, target = score.item, result.rule_set, asked.targets.get(score.item.id)
    defects = "".join(
        f"文件中的疑点：{defect.what}这里按“{defect.reading}”理解，因为{defect.why}"
        for defect in rule_set.defects_of(item.id)
    )
    return _panel(
        asked,
        key=item.id,
        title=f"{item.id} {item.name}",
        section=item.group,
        target=target,
        indicator=item.indicator,
        unit=item.unit,
        facts=_scored_facts(score),
        status=str(score.status),
        reason=score.reason,
        rule=f"{score.rule}{defects}",
        rule_set=f"评分细则：{rule_set.title}（第 {rule_set.version} 版）",
        founds=[part.found for part in score.parts],
        missing=score.missing,
        names={key: own.name for key, own in rule_set.inputs.items()},
        source=item.source,
        findings=related_findings(asked, {item.id, item.indicator, item.name, *(v.element for v in score.inputs)}),
    )


def _target_facts(score: TargetScore) -> list[Fact]:
    target = score.target
    facts: list[Fact] = []
    baseline = target.shown_baseline()
    if baseline:
        year = f"{target.baseline_year} 年：" if target.baseline_year else ""
        facts.append(("基准", f"{year}{goal_text(baseline, target.unit)}", "文件中的现状值"))
    for one in score.compared:
        head = head_of(one.name)
        facts += figure_facts(head, one.found, target.unit)
        if one.target:
            facts.append((f"{head}{one.target_year} 年目标", compared_goal(one, target), "这一边的数值算达到"))
        if one.gap is not None:
            facts.append((f"{head}差距", gap_text(one.gap, target.unit, exact=True), "现状与目标相比"))
    return facts


def _target_panel(asked: PlaceYear, score: TargetScore) -> IndicatorPanel:
    target = score.target
    return _panel(
        asked,
        key=target.key,
        title=f"{target.no or ''} {target.name}".strip(),
        section=target.group,
        target=target,
        indicator=target.indicator,
        unit=target.unit,
        facts=_target_facts(score),
        status=status_of(score),
        reason="".join(head_of(one.name) + one.reason for one in score.compared),
        rule="",
        rule_set="",
        founds=[one.found for one in score.compared],
        missing=[lack for one in score.compared for lack in one.missing],
        names={},
        source=target.source,
        findings=related_findings(asked, {target.key, target.indicator, target.name}),
    )


def _panel(
    asked: PlaceYear,
    *,
    key: str,
    title: str,
    section: str,
    target: core.Target | None,
    indicator: str,
    unit: str,
    facts: Sequence[Fact],
    status: str,
    reason: str,
    rule: str,
    rule_set: str,
    founds: Sequence[Found],
    missing: Iterable[Missing],
    names: dict[str, str],
    source: str,
    findings: tuple[RelatedFinding, ...],
) -> IndicatorPanel:
    """What the panels of scored items and of plain targets have in common."""
    inputs = tuple(dict.fromkeys(value for found in founds for value in found.inputs))
    departments = "、".join(target.all_departments) if target else ""
    reports = reports_of(asked.division, inputs)
    formulas = dict.fromkeys(formula_in_words(found.formula, names) for found in founds if found.formula)
    versions = "、".join(dict.fromkeys(version_text(found.version) for found in founds if found.version))
    notes = [f"公式版本：{versions}" if versions else "", rule_set]
    return IndicatorPanel(
        title=title,
        place=asked.place.name,
        year=asked.year,
        section=section,
        mark=MARKS.get(str(target.mark)) if target else None,
        is_simulated=any(value.is_simulated for value in inputs),
        facts=tuple(facts),
        status=STATUSES[status],
        reason=without_ids(reason),
        rule=rule,
        formula="；".join(formulas),
        formula_note="；".join(note for note in notes if note),
        inputs=tuple(input_row(value, names, asked.base, reports) for value in inputs),
        missing=missing_rows(tuple(dict.fromkeys(missing)), departments),
        series=series_rows(asked, indicator, target.scope if target else "", unit),
        targets=target_rows(target),
        plan_title=asked.place.title,
        source=source,
        departments=departments,
        findings=findings,
        url=asked.item_url(key),
        back_url=asked.query.url(asked.base),
    )
