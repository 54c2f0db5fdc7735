"""What is agreed before waste moves: contracts (委托合同), handling plans of building sites (建筑垃圾处理方案).

Their fields are data (``declarations/agreements.json``). Invariant: a handling plan says where all goes that it does
not use on the site: planned = used there + received elsewhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from wufei.core.catalogue import domain_of
from wufei.core.findings import Finding
from wufei.core.form_fields import Field, day_of, fields_of, read_values, tonnes_text
from wufei.core.reference import read_document

ROWS_MAX = 100


class HandlingStatus(StrEnum):
    """Where a version of a handling plan stands."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    RETURNED = "returned"
    SUPERSEDED = "superseded"


HANDLING_NAMES: Mapping[str, str] = MappingProxyType(
    {"submitted": "待审批", "approved": "已批准", "returned": "已退回", "superseded": "已被新版本替代"}
)


@dataclass(frozen=True, slots=True)
class Section:
    """One table of a document."""

    table: str
    name: str
    fields: tuple[Field, ...]


@cache
def _raw() -> Mapping[str, Any]:
    document: Mapping[str, Any] = read_document("declarations/agreements.json")
    return document


@cache
def contract_fields() -> tuple[Field, ...]:
    """The head of a contract."""
    return fields_of(_raw()["contract"], _raw()["choices"])


@cache
def contract_items() -> tuple[Field, ...]:
    """One waste of a contract."""
    return fields_of(_raw()["contract_items"], _raw()["choices"])


@dataclass(frozen=True, slots=True)
class ContractLine:
    """A waste of a contract: what is agreed (``None`` = no limit), what manifests have used of it."""

    waste_code: str
    agreed_g: int | None
    used_g: int

    @property
    def remaining_g(self) -> int | None:
        """What may still go; below 0 where more went than was agreed, ``None`` without a limit."""
        return None if self.agreed_g is None else self.agreed_g - self.used_g


def contract_lines(items: Sequence[Mapping[str, Any]], used_g: Mapping[str, int]) -> tuple[ContractLine, ...]:
    """The wastes of a contract in its order: masses of one code add up; one row without a mass lifts its limit."""
    masses: dict[str, list[int | None]] = {}
    for item in items:
        masses.setdefault(item["waste_code"], []).append(item.get("mass_g"))
    return tuple(
        ContractLine(code, None if None in given else sum(g for g in given if g is not None), used_g.get(code, 0))
        for code, given in masses.items()
    )


def shares(rooms: Sequence[tuple[int, int | None]], mass_g: int) -> list[tuple[int, int]]:
    """Grams by key, in turn: each takes what room it has, ``None`` all; the last bears what is left over.

    Args:
        rooms: key and grams of room, in the order in which they are used up.
    """
    found = []
    for place, (key, room_g) in enumerate(rooms, 1):
        is_last = place == len(rooms) or room_g is None
        share_g = mass_g if is_last or room_g is None else min(mass_g, max(room_g, 0))
        if share_g:
            found.append((key, share_g))
        mass_g -= share_g
    return found


@cache
def handling_fields() -> tuple[Field, ...]:
    """The head of a handling plan."""
    return fields_of(_raw()["handling"], _raw()["choices"])


@cache
def handling_sections() -> tuple[Section, ...]:
    """The tables of a handling plan."""
    return tuple(
        Section(row["table"], row["name"], fields_of(row["fields"], _raw()["choices"]))
        for row in _raw()["handling_tables"]
    )


def _rows(
    fields: Sequence[Field], rows: Sequence[Mapping[str, Any]], at: str
) -> tuple[list[dict[str, Any]], list[Finding]]:
    if len(rows) > ROWS_MAX:
        return [], [Finding(None, at, f"有 {len(rows)} 行，最多 {ROWS_MAX} 行。", "请合并。", "too_many_rows")]
    read = [read_values(fields, row, line=line, at=f"{at}.") for line, row in enumerate(rows, 1)]
    return [values for values, _ in read], [finding for _, found in read for finding in found]


def _check_span(values: Mapping[str, Any], first: str, last: str, words: tuple[str, str]) -> list[Finding]:
    begin, end = day_of(values, first), day_of(values, last)
    if begin is None or end is None or begin <= end:
        return []
    what = f"{words[1]} {end} 早于{words[0]} {begin}。"
    return [Finding(None, last, what, "请核对两个日期。", "ends_before_begin")]


def read_contract(
    head: Mapping[str, object], items: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any], list[dict[str, Any]], list[Finding]]:
    """The head and the wastes of a contract, with all that is wrong."""
    values, findings = read_values(contract_fields(), head)
    rows, found = _rows(contract_items(), items, "items")
    findings += found + _check_span(values, "valid_from", "valid_to", ("有效期自", "有效期至"))
    if not items:
        findings.append(Finding(None, "items", "合同没有写明废物。", "请至少填写一种废物代码。", "no_items"))
    return values, rows, findings


def read_handling(
    head: Mapping[str, object], tables: Mapping[str, Sequence[Mapping[str, Any]]]
) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]], list[Finding]]:
    """The head and the tables of a handling plan, with all that is wrong."""
    values, findings = read_values(handling_fields(), head)
    findings += _check_span(values, "begins_on", "ends_on", ("开工日期", "完工日期"))
    content: dict[str, list[dict[str, Any]]] = {}
    for section in handling_sections():
        content[section.table], found = _rows(section.fields, tables.get(section.table, ()), section.table)
        findings += found
        if not tables.get(section.table):
            what = f"“{section.name}”是空的。"
            findings.append(Finding(None, section.table, what, "请至少填写一行。", "table_empty"))
    for name in sorted(set(tables) - {section.table for section in handling_sections()}):
        findings.append(Finding(None, name[:40], f"处理方案没有表“{name[:40]}”。", "请删去。", "unknown_table"))
    for line, row in enumerate(content["wastes"], 1):
        code = row.get("waste_code")
        if code is not None and domain_of(code) != "construction":
            what = f"第 {line} 行的 {code} 不是建筑垃圾。"
            remedy = "建筑垃圾代码以 S70—S74 结尾；危险废物与生活垃圾不得混入。"
            findings.append(Finding(line, "wastes.waste_code", what, remedy, "not_construction"))
        if row.get("on_site_g", 0) > row.get("planned_g", 0):
            what = f"第 {line} 行就地利用多于预计数量。"
            findings.append(Finding(line, "wastes.on_site_g", what, "请核对。", "more_than_planned"))
    if not findings:
        findings += _check_balance(content)
    return values, content, findings


def _check_balance(content: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Finding]:
    made = sum(row["planned_g"] - row.get("on_site_g", 0) for row in content["wastes"])
    taken = sum(row["planned_g"] for row in content["receivers"])
    if made == taken:
        return []
    what = (
        f"外运 {tonnes_text(made)} 吨，各场所计划接收 {tonnes_text(taken)} 吨，相差 {tonnes_text(made - taken)} 吨。"
    )
    return [Finding(None, "receivers", what, "请使两者相等：写明全部外运量的去处。", "not_balanced")]


def is_late(submitted_on: date, begins_on: date) -> bool:
    """Whether a handling plan came when works had begun: it is to be filed before that day."""
    return submitted_on >= begins_on
