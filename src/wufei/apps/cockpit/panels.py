"""The panels that open a number: formula and version, inputs, who reported or which movements, its source."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.timezone import localtime

from wufei.apps.assessment import selectors as assessment
from wufei.apps.cockpit.figures import NOTHING, decimal_text
from wufei.apps.cockpit.item_rows import compared_goal, part_gap, part_goal, status_of, value_series
from wufei.apps.cockpit.labels import LEVELS, MARKS, STATUSES, Label
from wufei.apps.cockpit.place_year import PlaceYear
from wufei.apps.cockpit.words import exact_text, gap_text, goal_text, version_text, without_ids
from wufei.core import indicators
from wufei.core import plan as core
from wufei.core.numbers import PLACES
from wufei.core.scoring import Assessment, Found, ItemScore, Missing, TargetScore, goal_texts
from wufei.core.units import unit_name
from wufei.core.values import PUBLISHED, Origin, Value

Fact = tuple[str, str, str]  # term, figure, what it means
BASES = {
    "published": "公布的数值",
    "reported": "填报的数值",
    "baseline": "方案所列的基准值",
    "computed": "由填报的数据按公式算出",
    "ledger": "由台账记录汇总算出",
}


@dataclass(frozen=True, slots=True)
class InputRow:
    """One figure that a number rests on."""

    name: str
    period: str
    value: str
    printed: str
    origin: str
    source: str
    note: str
    is_simulated: bool
    url: str


@dataclass(frozen=True, slots=True)
class MissingRow:
    """One figure that lacks, and who reports it."""

    name: str
    unit: str
    departments: str


@dataclass(frozen=True, slots=True)
class RelatedFinding:
    """A finding of the checks about this item or one of its inputs."""

    level: Label
    message: str
    proposal: str


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


def _element_name(element: str, names: dict[str, str]) -> str:
    if element in names:
        return names[element]
    try:
        name = indicators.name_of(element)
    except ValueError:
        return element
    return f"{name}（公布的指标值）" if element.startswith(PUBLISHED) else name


def _unit(element: str) -> str:
    try:
        return unit_name(indicators.unit_of(element))
    except ValueError:
        return ""


def formula_in_words(formula: str, names: dict[str, str]) -> str:
    """A formula with the Chinese names of its elements in place of their ids."""
    words = formula
    elements = {reference.element for reference in indicators.parsed(formula).references(2000)} if formula else set()
    for element in sorted(elements, key=len, reverse=True):
        words = _replace_word(words, element, f"〔{_element_name(element, names)}〕")
    return words.replace("*", "×").replace(" / ", " ÷ ").replace("prev(", "上年(").replace("base(", "基准年(")


def _replace_word(text: str, word: str, by: str) -> str:
    parts: list[str] = []
    token = ""
    for sign in [*text, ""]:
        if sign and (sign.isalnum() or sign == "_") and sign.isascii():
            token += sign
            continue
        parts.append(by if token == word else token)
        parts.append(sign)
        token = ""
    return "".join(parts)


Reports = dict[tuple[str, str, str], str]  # element, period, scope -> who reported and approved it, and when


def _reports(division: str, values: Iterable[Value]) -> Reports:
    """Who reported each figure; one query."""
    rows = assessment.current_values(division).filter(element__in={value.element for value in values})
    found: Reports = {}
    for row in rows:
        approved = f"，{row.approver} 审核" if row.approver and row.approver != row.reporter else ""
        who = "公布的文件，随方案装入" if row.from_pack else f"{row.reporter} 填报{approved}"
        found[row.element, row.period, row.scope] = f"{who}（{localtime(row.reported_at):%Y-%m-%d}）"
    return found


def _input_row(value: Value, names: dict[str, str], base: str, reports: Reports) -> InputRow:
    from_ledger = value.origin == Origin.LEDGER
    unit = _unit(value.element) or unit_name(value.unit)
    shown = f"{decimal_text(value.value)} {unit}".strip() if value.value is not None else value.shown
    year = value.period[:4]
    url = f"{base}elements/{value.element}/?{urlencode({'year': year, 'scope': value.scope})}" if from_ledger else ""
    return InputRow(
        name=_element_name(value.element, names)
        + (f"（{indicators.scope_name(value.scope)}）" if value.scope else ""),
        period=value.period,
        value=shown,
        printed=value.printed if value.printed and value.printed != shown.replace(" ", "") else "",
        origin="产废一本账汇总" if from_ledger else reports.get(value.key, "方案文件所列"),
        source=value.source,
        note=value.note,
        is_simulated=value.is_simulated,
        url=url,
    )


def _missing_rows(missing: Sequence[Missing], departments: str) -> tuple[MissingRow, ...]:
    return tuple(
        MissingRow(f"{m.name}（{m.year} 年）", _unit(m.element.partition("[")[0]), departments) for m in missing
    )


def _related(asked: PlaceYear, keys: set[str]) -> tuple[RelatedFinding, ...]:
    keys = keys - {""}
    return tuple(
        RelatedFinding(LEVELS[f.level], f.message, f.proposal)
        for f in asked.issues
        if keys & {*f.elements, f.subject}
    )


def _series(asked: PlaceYear, indicator: str, scope: str, unit: str) -> tuple[tuple[str, str, str], ...]:
    if not indicator:
        return ()
    rows = value_series(indicator, scope, asked.values, asked.series_years)
    return tuple(
        (f"{year} 年", f"{decimal_text(value, PLACES)} {unit_name(unit)}", source.source if source else "")
        for year, value, source in rows
    )


def _target_rows(target: core.Target | None) -> tuple[tuple[str, str], ...]:
    if target is None:
        return ()
    return tuple((f"{year} 年", goal_text(text, target.unit)) for year, text in goal_texts(target).items())


def _figure_facts(head: str, found: Found, unit: str) -> list[Fact]:
    """The figure with what it rests on, and beside a published rate the one recomputed from its parts."""
    unit = unit_name(unit)
    if found.value is None:
        facts = [(f"{head}现状", NOTHING, "还没有数值")]
    else:
        basis = BASES.get(found.basis, "")
        facts = [(f"{head}现状", f"{exact_text(found)} {unit}（{basis}）", "所用的数值")]
    if found.computed is not None and found.basis == "published":
        facts.append((f"{head}按公式复算", f"{decimal_text(found.computed, PLACES)} {unit}", "由各数据元重新计算"))
    return facts


def _head(name: str) -> str:
    return f"{name}：" if name else ""


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
        head = _head(part.name)
        facts += _figure_facts(head, part.found, part.unit)
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
        findings=_related(asked, {item.id, item.indicator, item.name, *(v.element for v in score.inputs)}),
    )


def _target_facts(score: TargetScore) -> list[Fact]:
    target = score.target
    facts: list[Fact] = []
    baseline = target.shown_baseline()
    if baseline:
        year = f"{target.baseline_year} 年：" if target.baseline_year else ""
        facts.append(("基准", f"{year}{goal_text(baseline, target.unit)}", "文件中的现状值"))
    for one in score.compared:
        head = _head(one.name)
        facts += _figure_facts(head, one.found, target.unit)
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
        reason="".join(_head(one.name) + one.reason for one in score.compared),
        rule="",
        rule_set="",
        founds=[one.found for one in score.compared],
        missing=[lack for one in score.compared for lack in one.missing],
        names={},
        source=target.source,
        findings=_related(asked, {target.key, target.indicator, target.name}),
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
    reports = _reports(asked.division, inputs)
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
        inputs=tuple(_input_row(value, names, asked.base, reports) for value in inputs),
        missing=_missing_rows(tuple(dict.fromkeys(missing)), departments),
        series=_series(asked, indicator, target.scope if target else "", unit),
        targets=_target_rows(target),
        plan_title=asked.place.title,
        source=source,
        departments=departments,
        findings=findings,
        url=asked.item_url(key),
        back_url=asked.query.url(asked.base),
    )
