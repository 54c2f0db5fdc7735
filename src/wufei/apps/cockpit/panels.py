"""The panels that open a number: formula and version, inputs, who reported or which movements, its source."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.timezone import localtime

from wufei.apps.assessment import selectors as assessment
from wufei.apps.cockpit import standing
from wufei.apps.cockpit.figures import NOTHING, decimal_text
from wufei.apps.cockpit.labels import LEVELS, MARKS, STATUSES, Label
from wufei.apps.cockpit.places import Place
from wufei.apps.cockpit.query import Query
from wufei.apps.cockpit.words import target_text, unit_beside, unit_text, version_text, without_ids
from wufei.apps.registry.models import User
from wufei.core import indicators
from wufei.core import plan as core
from wufei.core.scoring import Assessment, ItemScore, Missing, TargetScore
from wufei.core.values import PUBLISHED, Origin, Value, ValueSet

BASES = {
    "published": "公布的数值",
    "reported": "填报的数值",
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
    opens_here: bool


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
    facts: tuple[tuple[str, str, str], ...]
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
        return unit_text(indicators.unit_of(element))
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


def _reports(place: Place, values: Iterable[Value]) -> Reports:
    """Who reported each figure; one query."""
    rows = assessment.current_values(place.division).filter(element__in={value.element for value in values})
    found: Reports = {}
    for row in rows:
        approved = f"，{row.approver} 审核" if row.approver and row.approver != row.reporter else ""
        who = "公布的文件，随方案装入" if row.from_pack else f"{row.reporter} 填报{approved}"
        found[row.element, row.period, row.scope] = f"{who}（{localtime(row.reported_at):%Y-%m-%d}）"
    return found


def _input_row(value: Value, names: dict[str, str], base: str, reports: Reports) -> InputRow:
    from_ledger = value.origin == Origin.LEDGER
    unit = _unit(value.element) or value.unit
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
        opens_here=True,
    )


def _missing_rows(missing: Sequence[Missing], departments: str) -> tuple[MissingRow, ...]:
    return tuple(
        MissingRow(f"{m.name}（{m.year} 年）", _unit(m.element.partition("[")[0]), departments) for m in missing
    )


def _related(place: Place, query: Query, keys: set[str]) -> tuple[RelatedFinding, ...]:
    found = assessment.check(place.division, query.year)
    return tuple(
        RelatedFinding(LEVELS[f.level], f.message, f.proposal) for f in found if keys & {*f.elements, f.subject}
    )


def _series(
    indicator: str, scope: str, values: ValueSet, place: Place, query: Query, unit: str
) -> tuple[tuple[str, str, str], ...]:
    if not indicator:
        return ()
    years = {*standing.years_with_values(place.division), query.year}
    rows = standing.value_series(indicator, scope, values, years)
    return tuple(
        (f"{year} 年", f"{decimal_text(value)} {unit}", outcome.inputs[0].source if outcome.inputs else "")
        for year, value, outcome in rows
    )


def _target_rows(target: core.Target | None) -> tuple[tuple[str, str], ...]:
    if target is None:
        return ()
    return tuple(
        (f"{year} 年", f"{target_text(text)} {unit_beside(target.unit, text)}".strip())
        for year, text in target.shown_targets().items()
    )


def indicator_panel(user: User, place: Place, query: Query, base: str, item: str) -> IndicatorPanel | None:
    """The panel of an item, or ``None`` where there is none or the person may not see the place's figures."""
    if not place.sees_figures:
        return None
    values = standing.figures(place, query)
    result = standing.scored(place, query, values) if place.has_rules else None
    if result is None:
        found = next((s for s in standing.compared(place, query, values) if s.target.key == item), None)
        return _target_panel(place, query, base, found, values) if found else None
    score = next((s for s in result.items if s.item.id == item), None)
    target = next((t for t in standing.place_targets(user, place) if t.no == item), None)
    return _scored_panel(place, query, base, result, score, target, values) if score else None


def _scored_panel(
    place: Place,
    query: Query,
    base: str,
    result: Assessment,
    score: ItemScore,
    target: core.Target | None,
    values: ValueSet,
) -> IndicatorPanel:
    names = {key: own.name for key, own in result.rule_set.inputs.items()}
    departments = "、".join(target.all_departments) if target else ""
    facts: list[tuple[str, str, str]] = []
    for part in score.parts:
        head = f"{part.name}：" if part.name else ""
        if part.value is not None:
            basis = BASES.get(part.found.basis, "")
            facts.append((f"{head}现状", f"{decimal_text(part.value_text)} {part.unit}（{basis}）", "所用的数值"))
        else:
            facts.append((f"{head}现状", NOTHING, "还没有数值"))
        if part.found.computed is not None and part.found.basis == "published":
            facts.append(
                (f"{head}按公式复算", f"{decimal_text(part.found.computed)} {part.unit}", "由各数据元重新计算")
            )
        if part.target_text:
            facts.append(
                (f"{head}目标", f"{target_text(part.target_text)} {unit_beside(part.unit, part.target_text)}", "")
            )
    points = decimal_text(score.points) if score.points is not None else "尚未评分"
    facts.append(("得分", f"{points} / {decimal_text(score.item.max_points)} 分", "尚未评分的不按 0 分计"))
    if score.rolled_up is not None:
        facts.append(("计入上级", f"{decimal_text(score.rolled_up)} 分", "按评分细则折算给上级市的得分"))
    formulas = dict.fromkeys(part.found.formula for part in score.parts if part.found.formula)
    versions = dict.fromkeys(part.found.version for part in score.parts if part.found.version)
    rule_set = f"评分细则：{result.rule_set.title}（第 {result.rule_set.version} 版）"
    formula_note = f"公式版本：{'、'.join(map(version_text, versions))}；{rule_set}" if versions else rule_set
    defects = "".join(
        f"文件中的疑点：{defect.what}这里按“{defect.reading}”理解，因为{defect.why}"
        for defect in result.rule_set.defects_of(score.item.id)
    )
    reports = _reports(place, score.inputs)
    keys = {score.item.id, score.item.indicator, score.item.name, *(v.element for v in score.inputs)}
    return IndicatorPanel(
        title=f"{score.item.id} {score.item.name}",
        place=place.name,
        year=query.year,
        section=score.item.group,
        mark=MARKS.get(str(target.mark)) if target else None,
        is_simulated=any(v.is_simulated for v in score.inputs),
        facts=tuple(facts),
        status=STATUSES[score.status],
        reason=without_ids(score.reason),
        rule=f"{score.rule}{defects}",
        formula="；".join(formula_in_words(f, names) for f in formulas),
        formula_note=formula_note,
        inputs=tuple(_input_row(v, names, base, reports) for v in score.inputs),
        missing=_missing_rows(score.missing, departments),
        series=_series(score.item.indicator, target.scope if target else "", values, place, query, score.item.unit),
        targets=_target_rows(target),
        plan_title=place.title,
        source=score.item.source,
        departments=departments,
        findings=_related(place, query, keys - {""}),
        url=standing.item_url(base, query, score.item.id),
        back_url=query.url(base),
    )


def _target_panel(place: Place, query: Query, base: str, score: TargetScore, values: ValueSet) -> IndicatorPanel:
    target = score.target
    facts: list[tuple[str, str, str]] = []
    baseline = target.shown_baseline()
    if baseline:
        year = f"{target.baseline_year} 年：" if target.baseline_year else ""
        facts.append(
            ("基准", f"{year}{decimal_text(baseline)} {unit_beside(target.unit, baseline)}", "文件中的现状值")
        )
    for one in score.compared:
        head = f"{one.name}：" if one.name else ""
        shown = standing.compared_value(one)
        basis = BASES.get(one.found.basis, "")
        facts.append((f"{head}现状", f"{shown} {target.unit}（{basis}）" if shown else NOTHING, "所用的数值"))
        if one.found.computed is not None and one.found.basis == "published":
            facts.append(
                (f"{head}按公式复算", f"{decimal_text(one.found.computed)} {target.unit}", "由各数据元重新计算")
            )
        if one.target:
            text = target_text(one.target.text)
            facts.append((f"{head}{one.target_year} 年目标", f"{text} {unit_beside(target.unit, text)}", ""))
        if one.gap is not None:
            facts.append((f"{head}差距", f"{'+' if one.gap > 0 else ''}{decimal_text(one.gap)} {target.unit}", ""))
    status = standing.status_of(score)
    founds = [one.found for one in score.compared]
    inputs = tuple(dict.fromkeys(value for found in founds for value in found.inputs))
    missing = tuple(dict.fromkeys(lack for one in score.compared for lack in one.missing))
    formulas = dict.fromkeys(found.formula for found in founds if found.formula)
    departments = "、".join(target.all_departments)
    reasons = [f"{one.name}：{one.reason}" if one.name else one.reason for one in score.compared]
    reports = _reports(place, inputs)
    versions = "、".join(dict.fromkeys(version_text(found.version) for found in founds if found.version))
    return IndicatorPanel(
        title=f"{target.no or ''} {target.name}".strip(),
        place=place.name,
        year=query.year,
        section=target.group,
        mark=MARKS.get(str(target.mark)),
        is_simulated=any(value.is_simulated for value in inputs),
        facts=tuple(facts),
        status=STATUSES[status],
        reason=without_ids("".join(reasons)),
        rule="",
        formula="；".join(formula_in_words(formula, {}) for formula in formulas),
        formula_note=f"公式版本：{versions}" if versions else "",
        inputs=tuple(_input_row(value, {}, base, reports) for value in inputs),
        missing=_missing_rows(missing, departments),
        series=_series(target.indicator, target.scope, values, place, query, target.unit),
        targets=_target_rows(target),
        plan_title=place.title,
        source=target.source,
        departments=departments,
        findings=_related(place, query, {target.key, target.indicator, target.name} - {""}),
        url=standing.item_url(base, query, target.key),
        back_url=query.url(base),
    )
