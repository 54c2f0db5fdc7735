"""Rows of a file of figures into values: every fault of every row at once, nothing guessed, nothing rounded.

Invariant: blank, ``/``, 0 and 不适用 come out as four different states; a figure comes out exactly, in its element's
own unit, or with a finding.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from functools import cache

from wufei.core import indicators
from wufei.core.findings import Finding
from wufei.core.intake import BadValue, parse_decimal
from wufei.core.reference import read_table
from wufei.core.values import PUBLISHED, State, Value

Fault = Callable[[str, str, str, str], None]  # field, what, remedy, code

LABELS = {"element": "数据元", "scope": "范围", "period": "时期", "value": "数值", "unit": "单位"}
NEEDED = ("element", "period", "value")
LARGEST = Decimal(10) ** 12  # in the element's own unit; the whole of China stays below it
MOST_DIGITS = 15  # significant digits that every supported database keeps exactly
MOST_PLACES = 9
LONGEST = {"value": 60, "scope": 60, "unit": 20, "source": 300, "note": 400, "evidence": 2000}
_STATES = {
    "": State.BLANK,
    "/": State.SLASH,
    "／": State.SLASH,
    "不适用": State.NOT_APPLICABLE,
    "n/a": State.NOT_APPLICABLE,
}
_PERIOD = re.compile(r"(20\d\d)年?(?:[-./年]?(0?[1-9]|1[0-2])月?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One row of the file: its cells as typed, the value where all is well, and what is wrong otherwise."""

    line: int
    cells: Mapping[str, str]
    value: Value | None
    evidence: str
    findings: tuple[Finding, ...]


def fields_of(row: Mapping[str, str]) -> dict[str, str]:
    """The cells by field name, whatever the header calls them; columns nobody knows are left out."""
    fields: dict[str, str] = {}
    for header, cell in row.items():
        field = _columns().get(header.strip().lower())
        if field and not fields.get(field):
            fields[field] = cell.strip()
    return fields


@cache
def _columns() -> Mapping[str, str]:
    return {row["header"]: row["field"] for row in read_table("indicators/upload_columns.csv")}


@cache
def _units() -> Mapping[str, Mapping[str, str]]:
    return {row["unit"]: row for row in read_table("indicators/units.csv")}


@cache
def _by_name() -> Mapping[str, str]:
    named = {row.name: key for key, row in indicators.elements().items()}
    for key, row in indicators.indicators().items():
        named.setdefault(row.name, PUBLISHED + key)
    return named


def read_values(rows: Iterable[tuple[int, Mapping[str, str]]]) -> list[ReadRow]:
    """Read all rows; a row that says again what an earlier one said of the same figure is a fault too."""
    read, seen = [], dict[tuple[str, str, str], int]()
    incomplete = set[tuple[str, ...]]()
    for line, cells in rows:
        lacking = [field for field in NEEDED if field not in fields_of(cells)]
        if lacking:  # told once for the whole file, not for each of its rows
            told = () if tuple(cells) in incomplete else tuple(_lacking(line, field) for field in lacking)
            incomplete.add(tuple(cells))
            read.append(ReadRow(line, cells, None, "", told))
            continue
        row = _read(line, cells)
        if row.value is not None:
            first = seen.setdefault(row.value.key, line)
            if first != line:
                what = f"与第 {first} 行是同一个数据元、时期和范围。"
                finding = Finding(line, "数据元", what, "删去其中一行。", "duplicate_row")
                row = ReadRow(line, cells, None, row.evidence, (finding,))
        read.append(row)
    return read


def _lacking(line: int, field: str) -> Finding:
    label = LABELS[field]
    return Finding(line, label, f"没有“{label}”一栏。", f"表头写“{label}”。", "missing_column")


def _read(line: int, cells: Mapping[str, str]) -> ReadRow:
    fields = fields_of(cells)
    found: list[Finding] = []

    def fault(field: str, what: str, remedy: str, code: str) -> None:
        found.append(Finding(line, LABELS.get(field, field), what, remedy, code))

    for field in [name for name, cell in fields.items() if "\0" in cell]:
        fault(field, "有不可见的空字符。", "删去后重新键入。", "null_character")
    for field, limit in LONGEST.items():
        if len(fields.get(field, "")) > limit:
            fault(
                field,
                f"有 {len(fields[field])} 个字，至多 {limit} 个。",
                "写短一些，细节放到依据材料里。",
                "too_long",
            )
    element = _element(fields.get("element", ""), fault)
    period = _period(fields.get("period", ""), fault)
    scope = _scope(fields.get("scope", ""), fault)
    state, number = _number(fields.get("value", ""), fault)
    unit = fields.get("unit", "")
    if element and number is not None and fields["value"].endswith(("%", "％")):
        _must_be_per_cent(fields["value"], unit or indicators.unit_of(element), fault)
    if element and number is not None:
        number = _checked(element, number, unit, fault)
    if found or not element or not period:
        return ReadRow(line, cells, None, fields.get("evidence", ""), tuple(found))
    value = Value(
        element=element,
        scope=scope,
        period=period,
        value=number,
        state=state,
        unit=unit or indicators.unit_of(element),
        printed=fields["value"] + (unit if state is State.NUMBER else ""),
        source=fields.get("source", ""),
        note=fields.get("note", ""),
    )
    return ReadRow(line, cells, value, fields.get("evidence", ""), ())


def _element(text: str, fault: Fault) -> str:
    if text in indicators.elements():
        return text
    if text.startswith(PUBLISHED) and text.removeprefix(PUBLISHED) in indicators.indicators():
        return text
    if text in _by_name():
        return _by_name()[text]
    what = f"没有名为“{text[:40]}”的数据元。" if text else "没有写数据元。"
    near = get_close_matches(text[:40], _by_name(), n=3, cutoff=0.5)
    hint = f"，如 {'、'.join(near)}" if near else ""
    fault("element", what, f"写数据元的名称或编号{hint}。", "unknown_element")
    return ""


def _period(text: str, fault: Fault) -> str:
    match = _PERIOD.fullmatch(text)
    if match is None:
        fault("period", f"时期“{text[:20]}”不是年份或月份。", "写 2022 或 2022-03。", "bad_period")
        return ""
    return f"{match[1]}-{int(match[2]):02d}" if match[2] else match[1]


def _scope(text: str, fault: Fault) -> str:
    scope = indicators.find_scope(text) if text else ""
    if scope is None:
        known = [word for pair in indicators.scope_names().items() for word in pair]
        near = get_close_matches(text[:40], known, n=3, cutoff=0.5) or ["城镇", "农村"]
        remedy = f"全域请留空；部分请写名称或代号，如 {'、'.join(near)}。"
        fault("scope", f"范围“{text[:20]}”不认识。", remedy, "unknown_scope")
    return scope or ""


def _must_be_per_cent(text: str, unit: str, fault: Fault) -> None:
    if unit not in {"%", "％"}:
        what = f"数值“{text[:20]}”带百分号，与单位“{unit}”不一致。"
        fault("unit", what, "核对单位，或删去百分号。", "unit_conflict")


def _number(text: str, fault: Fault) -> tuple[State, Decimal | None]:
    if text.lower() in _STATES:
        return _STATES[text.lower()], None
    try:
        return State.NUMBER, parse_decimal(text.removesuffix("%").removesuffix("％"))
    except BadValue as error:
        fault("value", error.what, error.remedy, error.code)
        return State.BLANK, None


def _checked(element: str, number: Decimal, unit: str, fault: Fault) -> Decimal:
    """The number in the element's own unit, with a fault where it cannot be so or is out of bounds."""
    own = indicators.unit_of(element)
    converted = convert(number, unit, own) if unit else number
    if converted is None:
        fault("unit", f"单位“{unit}”不能换算成“{own}”。", f"改用 {'、'.join(accepted_units(own))}。", "wrong_unit")
        return number
    if converted < 0 and not _may_be_negative(element):
        fault("value", f"{indicators.name_of(element)}为 {number}，不能是负数。", "核对后改为正数。", "negative")
    if abs(converted) >= LARGEST:
        fault(
            "value",
            f"{indicators.name_of(element)}为 {number}{unit}，大得不合理。",
            "核对单位和小数点。",
            "too_large",
        )
    if indicators.is_count(element) and converted != converted.to_integral_value():
        fault("value", f"{indicators.name_of(element)}为 {number}，应为整数。", "核对后写整数。", "not_whole")
    _, digits, exponent = converted.normalize().as_tuple()
    if len(digits) > MOST_DIGITS or -int(exponent) > MOST_PLACES:
        fault(
            "value",
            f"{number} 的有效数字太多。",
            f"至多 {MOST_DIGITS} 位有效数字、{MOST_PLACES} 位小数。",
            "too_precise",
        )
    return converted


def _may_be_negative(element: str) -> bool:
    return element.endswith(("_growth", "_drop", "_change"))


def convert(number: Decimal, unit: str, own: str) -> Decimal | None:
    """``number`` in the unit ``own``, exactly; ``None`` where the units are of different kinds."""
    if unit == own:
        return number
    given, wanted = _units().get(unit), _units().get(own)
    if given is None or wanted is None or given["kind"] != wanted["kind"]:
        return None
    exact = Fraction(number) * Fraction(given["factor"]) / Fraction(wanted["factor"])
    return Decimal(exact.numerator) / Decimal(exact.denominator)


def accepted_units(own: str) -> tuple[str, ...]:
    """The units in which a figure kept in ``own`` may be handed in."""
    kind = _units().get(own, {}).get("kind")
    return tuple(unit for unit, row in _units().items() if kind and row["kind"] == kind) or (own,)
