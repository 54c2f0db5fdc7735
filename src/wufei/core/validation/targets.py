"""Rules over printed targets: direction, weaker than the baseline, other than in the text (V09, V10, V16)."""

import re
from collections.abc import Iterator
from decimal import Decimal

from wufei.core import indicators
from wufei.core.plan import Comparator
from wufei.core.validation.case import Case, Issue, Statement, TargetRow, bound_of
from wufei.core.validation.rates import is_share
from wufei.core.validation.registry import issue, rule

_BOUND = re.compile(r"(>=|<=|>|<|=|)(-?\d+(?:\.\d+)?)(?:~(-?\d+(?:\.\d+)?))?")
_UP = {Comparator.AT_LEAST, Comparator.MORE}
_DOWN = {Comparator.AT_MOST, Comparator.LESS}


def is_change(indicator_id: str) -> bool:
    """Whether an indicator is itself a change (growth, drop): two years of it are no level to compare."""
    return indicator_id.endswith(("_growth", "_drop"))


@rule("V09")
def targets_point_the_right_way(case: Case) -> Iterator[Issue]:
    """A drop is not asked to be negative, a rate to be raised is not capped."""
    for row in case.targets:
        if row.indicator not in indicators.indicators():
            continue
        direction = indicators.indicator(row.indicator).direction
        for year, target in sorted(row.targets.items()):
            bound = bound_of(target)
            against = _DOWN if direction == "higher" else _UP if direction == "lower" else set()
            if bound is None or bound[0] not in against:
                continue
            name = indicators.indicator(row.indicator).name
            better = "越高越好" if direction == "higher" else "越低越好"
            yield issue(
                "V09",
                row.label,
                f"“{row.name}”按定义（{name}）{better}，{year}年目标却写作“{target.text}”：方向相反。",
                "是下降幅度就写“大于等于 0”，是增长率就改名称；评分前先统一正负号。",
                row.source,
                elements=[row.indicator],
                period=year,
            )


@rule("V03")
def shares_are_not_asked_to_exceed_100(case: Case) -> Iterator[Issue]:
    """Nothing is asked to be more than the whole: 100 % is the most a share can be."""
    rows = [
        (row.label, row.indicator, f"{bound[0]}{bound[1]}", row.source)
        for row in case.targets
        for target in row.targets.values()
        if (bound := bound_of(target)) is not None
    ]
    rows += [(s.text, s.indicator, s.value, s.source) for s in case.statements if s.kind in {"target", "rule"}]
    for label, indicator, asked, source in dict.fromkeys(rows):
        match = _BOUND.fullmatch(asked)
        if match is None or indicator not in indicators.indicators() or not is_share(indicator):
            continue
        number = Decimal(match[2])
        if number > 100 or (number == 100 and match[1] in {">", ">="}):
            yield issue(
                "V03",
                label,
                f"{label}的目标写作 {asked}%：比率最多是 100%，“以上”没有意义。",
                "写作“达到 100%”。",
                source,
                level="info" if number == 100 and match[1] == ">=" else "",
                elements=[indicator],
                period=case.year,
            )


def _baseline(case: Case, row: TargetRow) -> Decimal | None:
    if row.baseline_number is not None:
        return row.baseline_number
    if not row.indicator or row.baseline:
        return None
    first = min(row.targets, default=case.year)
    for year in range(first - 1, first - 5, -1):
        value = case.values.published(row.indicator, str(year), row.scope)
        if value is not None and value.value is not None:
            return value.value
    return None


@rule("V10")
def targets_are_not_weaker_than_the_baseline(case: Case) -> Iterator[Issue]:
    """What is to be reached is not less than what has been reached; the last year's target is told."""
    for row in case.targets:
        baseline = _baseline(case, row)
        if baseline is None or row.indicator not in indicators.indicators() or is_change(row.indicator):
            continue
        direction = indicators.indicator(row.indicator).direction
        weaker = [
            (year, target.text)
            for year, target in sorted(row.targets.items())
            if (bound := bound_of(target)) is not None and _is_weaker(direction, bound[1], baseline)
        ]
        if weaker:
            listed = "、".join(f"{year}年 {text}{row.unit}" for year, text in weaker)
            yield issue(
                "V10",
                row.label,
                f"目标低于基线：基线 {baseline}{row.unit}，目标 {listed}。",
                f"目标改为不低于基线（{baseline}{row.unit}），或说明基线的口径为什么不能作比。"
                if direction == "higher"
                else f"目标改为不高于基线（{baseline}{row.unit}），或说明为什么允许上升。",
                row.source,
                elements=[row.indicator],
                period=weaker[0][0],
            )


def _is_weaker(direction: str, target: Decimal, baseline: Decimal) -> bool:
    return (direction == "higher" and target < baseline) or (direction == "lower" and target > baseline)


@rule("V10")
def targets_agree_with_the_text(case: Case) -> Iterator[Issue]:
    """What the text or the scoring rule says of a target is what the list says."""
    for statement in case.statements:
        if statement.kind in {"target", "rule"}:
            for row in case.targets:
                if row.no and (row.no, row.part) == (statement.no, statement.part):
                    yield from _compared(row, statement)
        elif statement.kind == "rule_words":
            yield _stated(case, statement, "info", "统一名称、目标值和评分方法。")


def _compared(row: TargetRow, statement: Statement) -> Iterator[Issue]:
    match = _BOUND.fullmatch(statement.value)
    assert match is not None, statement
    number, comparator = Decimal(match[2]), match[1]
    year = int(statement.period)
    target = row.targets.get(year)
    where = "评分方法" if statement.kind == "rule" else "正文"
    if target is None:
        later = [y for y, t in row.targets.items() if y > year and (b := bound_of(t)) is not None and b[1] == number]
        if later:
            asked = f"{where}“{statement.text}”要求 {year}年 {statement.value}{statement.unit}"
            message = f"{asked}，清单是 {later[0]}年同一数值：年限不同。"
            yield _text_issue(row, statement, message, "两处写成同一年限。", "info")
        return
    bound = bound_of(target)
    if bound is None:
        return
    if bound[1] != number:
        message = (
            f"{year}年目标两处不一：清单 {target.text}{row.unit}，{where}（{statement.text}）"
            f"{statement.value}{statement.unit}。"
        )
        yield _text_issue(
            row, statement, message, f"两处统一为一个数；从严则取 {max(bound[1], number)}{row.unit}。", ""
        )
    elif {str(bound[0]), comparator} in ({"", ">"}, {"", "<"}, {">=", ">"}, {"<=", "<"}):
        asked = f"{year}年目标：清单 {target.text}{row.unit}，{where}（{statement.text}）"
        message = f"{asked}；恰好等于时算不算完成，两处说法不同。"
        yield _text_issue(row, statement, message, "写明是“大于”还是“不小于”。", "info")


def _text_issue(row: TargetRow, statement: Statement, message: str, proposal: str, level: str) -> Issue:
    return issue(
        "V10",
        row.label,
        message,
        proposal,
        "；".join(dict.fromkeys([row.source, statement.source])),
        level=level,
        elements=[row.indicator] if row.indicator else [],
        period=statement.period,
    )


def _stated(case: Case, statement: Statement, level: str, proposal: str) -> Issue:
    row = next((row for row in case.targets if row.no and row.no == statement.no), None)
    return issue(
        "V10",
        row.label if row else statement.no,
        f"{statement.text}。" if statement.kind != "tiers" else f"{statement.text}有重叠：{statement.value}。",
        proposal,
        statement.source,
        level=level,
        elements=[statement.indicator] if statement.indicator else [],
        period=statement.period,
    )


@rule("V10")
def tiers_do_not_overlap(case: Case) -> Iterator[Issue]:
    """A rank lies in one tier only, and every mark is in the legend."""
    for statement in case.statements:
        if statement.kind == "mark":
            yield _stated(case, statement, "info", "在说明中补上这个标记的含义。")
        if statement.kind != "tiers":
            continue
        taken: set[int] = set()
        doubled: set[int] = set()
        for tier in statement.value.split(";"):
            first, _, last = tier.partition("=")[0].partition("-")
            ranks = set(range(int(first), int(last or first) + 1))
            doubled |= ranks & taken
            taken |= ranks
        if doubled:
            ranks_text = "、".join(f"第{rank}名" for rank in sorted(doubled))
            yield _stated(case, statement, "", f"{ranks_text}同时在两档，写明归哪一档。")


@rule("V16")
def absent_targets_are_said_to_be_so(case: Case) -> Iterator[Issue]:
    """Baselines that are a slash or words for "not known", and placeholders in the text, are told."""
    absent = [row for row in case.targets if row.baseline == "/"]
    if absent:
        listed = "、".join(row.label for row in absent)
        yield issue(
            "V16",
            "基线缺失的写法",
            f"{len(absent)} 项基线写作“/”：{listed}；是未统计、不适用还是零，没有说明。",
            "逐项写明：未统计、不适用，或填 0；“/”不作为数参与计算。",
            absent[0].source,
            level="info",
            elements=[row.indicator for row in absent if row.indicator],
            period=case.year,
        )
    for statement in case.statements:
        if statement.kind == "placeholder":
            yield issue(
                "V16",
                statement.text,
                f"{statement.text}仍是占位符“{statement.value}”，没有目标值。",
                "填上数，或删去这一句。",
                statement.source,
                level="warn",
                period=statement.period,
            )
