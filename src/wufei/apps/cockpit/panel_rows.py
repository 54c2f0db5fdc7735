"""The pieces of an indicator's panel: its facts, the figures used, what lacks, the years, related findings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.timezone import localtime

from wufei.apps.assessment import selectors as assessment
from wufei.apps.cockpit.figures import NOTHING, decimal_text
from wufei.apps.cockpit.item_rows import value_series
from wufei.apps.cockpit.labels import LEVELS, Label
from wufei.apps.cockpit.place_year import PlaceYear
from wufei.apps.cockpit.words import exact_text, goal_text
from wufei.core import indicators
from wufei.core import plan as core
from wufei.core.numbers import PLACES
from wufei.core.scoring import Found, Missing, goal_texts
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


def reports_of(division: str, values: Iterable[Value]) -> Reports:
    """Who reported each figure; one query."""
    rows = assessment.current_values(division).filter(element__in={value.element for value in values})
    found: Reports = {}
    for row in rows:
        approved = f"，{row.approver} 审核" if row.approver and row.approver != row.reporter else ""
        who = "公布的文件，随方案装入" if row.from_pack else f"{row.reporter} 填报{approved}"
        found[row.element, row.period, row.scope] = f"{who}（{localtime(row.reported_at):%Y-%m-%d}）"
    return found


def input_row(value: Value, names: dict[str, str], base: str, reports: Reports) -> InputRow:
    """One figure used, with where it comes from."""
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


def missing_rows(missing: Sequence[Missing], departments: str) -> tuple[MissingRow, ...]:
    """What lacks, and who reports it."""
    return tuple(
        MissingRow(f"{m.name}（{m.year} 年）", _unit(m.element.partition("[")[0]), departments) for m in missing
    )


def related_findings(asked: PlaceYear, keys: set[str]) -> tuple[RelatedFinding, ...]:
    keys = keys - {""}
    return tuple(
        RelatedFinding(LEVELS[f.level], f.message, f.proposal)
        for f in asked.issues
        if keys & {*f.elements, f.subject}
    )


def series_rows(asked: PlaceYear, indicator: str, scope: str, unit: str) -> tuple[tuple[str, str, str], ...]:
    """What the indicator was, year by year."""
    if not indicator:
        return ()
    rows = value_series(indicator, scope, asked.values, asked.series_years)
    return tuple(
        (f"{year} 年", f"{decimal_text(value, PLACES)} {unit_name(unit)}", source.source if source else "")
        for year, value, source in rows
    )


def target_rows(target: core.Target | None) -> tuple[tuple[str, str], ...]:
    """What is to be reached, year by year."""
    if target is None:
        return ()
    return tuple((f"{year} 年", goal_text(text, target.unit)) for year, text in goal_texts(target).items())


def figure_facts(head: str, found: Found, unit: str) -> list[Fact]:
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


def head_of(name: str) -> str:
    """How a line begins that is about one part of several."""
    return f"{name}：" if name else ""
