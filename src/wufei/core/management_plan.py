"""The yearly management plan of a hazardous-waste generator (危险废物管理计划): its grade, its tables, its life.

The grade follows from the annual quantity, own facilities and permit; thresholds are clauses of the register, tables
and what each grade fills are ``data/declarations``. Source: hj1259-2022/key-threshold, hj1259-2022/simple-threshold,
hj1259-2022/grade-facilities, hj1259-2022/annual-quantity. Invariant: the grade is a function of ``Basis`` alone.
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
from wufei.core.regulations import clause_value

GRAMS_PER_TONNE = 1_000_000
ROWS_MAX = 200


class Grade(StrEnum):
    """How closely a generator is watched (管理类别)."""

    KEY = "key"  # 重点监管
    SIMPLE = "simple"  # 简化管理
    REGISTERED = "registered"  # 登记管理


class PlanStatus(StrEnum):
    """Where a version of a plan stands."""

    DRAFT = "draft"
    FILED = "filed"
    SUPERSEDED = "superseded"
    RETURNED = "returned"


STATUS_NAMES: Mapping[str, str] = MappingProxyType(
    {"draft": "草稿", "filed": "已备案", "superseded": "已被新版本替代", "returned": "已退回"}
)

# The whole life in one table: (status, event) -> status.
TRANSITIONS: Mapping[tuple[PlanStatus, str], PlanStatus] = MappingProxyType(
    {
        (PlanStatus.DRAFT, "edit"): PlanStatus.DRAFT,
        (PlanStatus.DRAFT, "file"): PlanStatus.FILED,
        (PlanStatus.FILED, "return"): PlanStatus.RETURNED,
        (PlanStatus.FILED, "supersede"): PlanStatus.SUPERSEDED,
        (PlanStatus.RETURNED, "supersede"): PlanStatus.SUPERSEDED,
    }
)
EVENT_NAMES = {"edit": "修改", "file": "备案", "return": "退回", "supersede": "以新版本替代"}


def advance(status: str, event: str) -> PlanStatus | Finding:
    """The status after ``event``, or why it cannot happen."""
    after = TRANSITIONS.get((PlanStatus(status), event))
    if after is not None:
        return after
    allowed = [EVENT_NAMES[e] for s, e in TRANSITIONS if s == status and e != "supersede"]
    what = f"管理计划{STATUS_NAMES[status]}，不能{EVENT_NAMES[event]}。"
    remedy = f"现在可以：{'、'.join(allowed)}。" if allowed else "请变更为新版本后再办理。"
    return Finding(None, "status", what, remedy, "wrong_status")


@dataclass(frozen=True, slots=True)
class GradeRule:
    """One grade: from which annual quantity it holds (grams), what else puts a generator in it, what it declares."""

    grade: Grade
    name: str
    threshold: str  # clause key; empty for the lowest
    own_facility: bool
    permit: bool
    forms: tuple[str, ...]

    def from_g(self, day: date) -> int:
        """Grams a year from which the grade holds on ``day``."""
        if not self.threshold:
            return 0
        return int(clause_value(self.threshold, day)) * GRAMS_PER_TONNE


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the plan: which grades fill it, whether it has many rows, its fields."""

    table: str
    name: str
    note: str
    grades: frozenset[str]
    repeats: bool
    may_be_empty: bool
    fields: tuple[Field, ...]


@cache
def grade_rules() -> tuple[GradeRule, ...]:
    """The grades, the closest watched first."""
    return tuple(
        GradeRule(
            Grade(row["grade"]),
            row["name"],
            row["threshold"],
            row["own_facility"],
            row["permit"],
            tuple(row["forms"]),
        )
        for row in read_document("declarations/grades.json")["grades"]
    )


@cache
def grade_names() -> Mapping[str, str]:
    """Chinese name of each grade."""
    return MappingProxyType({rule.grade.value: rule.name for rule in grade_rules()})


@cache
def tables() -> Mapping[str, Table]:
    """All tables by id, in the order of the standard."""
    raw = read_document("declarations/plan_tables.json")
    return MappingProxyType(
        {
            row["table"]: Table(
                row["table"],
                row["name"],
                row.get("note", ""),
                frozenset(row["grades"]),
                row["repeats"],
                row.get("may_be_empty", False),
                fields_of(row["fields"], raw["choices"]),
            )
            for row in raw["tables"]
        }
    )


def tables_of(grade: str) -> list[Table]:
    """The tables that a generator of this grade fills."""
    return [table for table in tables().values() if grade in table.grades]


@dataclass(frozen=True, slots=True)
class Basis:
    """What a grade rests on.

    Attributes:
        annual_g: the quantity that decides, grams a year; ``None`` where nothing tells it.
        rule: ``years`` (largest of the last full years), ``period`` (largest since the start) or ``assessed``.
        own_facility: whether the site utilises or disposes of hazardous waste itself.
        has_permit: whether its organisation holds a permit for hazardous waste.
    """

    annual_g: int | None
    rule: str
    own_facility: bool
    has_permit: bool


BASIS_NAMES = {
    "years": "近 3 年最大年产生量",
    "period": "投运以来最大年产生量",
    "assessed": "环评与排污许可核算量的较大者",
}


def annual_quantity(
    *,
    year: int,
    operating_since: date | None,
    generated_g: Mapping[int, int],
    assessed_g: int | None = None,
    permitted_g: int | None = None,
    interval_years: int = 0,
) -> tuple[int | None, str]:
    """The annual quantity (grams) that decides the grade of the plan of ``year``, and the rule by which it was found.

    Three full years of work before the plan's year: the largest of the last three. One but not three: the largest
    since the start. Not at work, less than one year, or a source that gives only every more than three years: the
    larger of the quantities in the assessment and the discharge permit.
    """
    raw = read_document("declarations/grades.json")
    years: int = raw["years_full"]
    # Whole years at work on the first day of the plan's year.
    at_work = 0
    if operating_since is not None:
        at_work = year - operating_since.year - (operating_since > date(operating_since.year, 1, 1))
    if at_work < 1 or interval_years > raw["interval_years"]:
        known = [g for g in (assessed_g, permitted_g) if g is not None]
        return (max(known) if known else None), "assessed"
    span = range(year - min(years, at_work + 1), year)
    seen = [generated_g[y] for y in span if y in generated_g]
    return (max(seen) if seen else None), "years" if at_work >= years else "period"


def grade_of(basis: Basis, *, on: date) -> Grade:
    """The grade of a generator by the thresholds in force on ``on``; an unknown quantity counts as none."""
    annual_g = basis.annual_g or 0
    for rule in grade_rules():
        by_kind = (rule.own_facility and basis.own_facility) or (rule.permit and basis.has_permit)
        if by_kind or annual_g >= rule.from_g(on):
            return rule.grade
    raise AssertionError("the lowest grade has no threshold")


def basis_of(values: Mapping[str, Any], *, year: int, ledger_g: Mapping[int, int]) -> Basis:
    """The basis of a plan from its row ``basis``; a year left blank there is taken from the ledger."""
    stated = {year - n: values[f"generated_{n}_g"] for n in (1, 2, 3) if f"generated_{n}_g" in values}
    annual_g, rule = annual_quantity(
        year=year,
        operating_since=day_of(values, "operating_since"),
        generated_g={**ledger_g, **stated},
        assessed_g=values.get("assessed_g"),
        permitted_g=values.get("permitted_g"),
        interval_years=values.get("interval_years", 0),
    )
    return Basis(annual_g, rule, values.get("own_facility") == "yes", values.get("has_permit") == "yes")


Content = Mapping[str, Sequence[Mapping[str, Any]]]  # table id -> rows


def read_content(raw: Content) -> tuple[dict[str, list[dict[str, Any]]], list[Finding]]:
    """The rows of all tables as they were handed in, with all that is wrong in single cells."""
    content: dict[str, list[dict[str, Any]]] = {}
    findings: list[Finding] = []
    for name, rows in raw.items():
        table = tables().get(name)
        if table is None:
            what = f"管理计划没有表“{name[:20]}”。"
            findings.append(Finding(None, name[:20], what, f"可用的表：{'、'.join(tables())}。", "unknown_table"))
            continue
        if len(rows) > (ROWS_MAX if table.repeats else 1):
            most = ROWS_MAX if table.repeats else 1
            findings.append(
                Finding(None, name, f"{table.name}有 {len(rows)} 行，最多 {most} 行。", "请合并。", "too_many_rows")
            )
            continue
        read = [
            read_values(table.fields, row, line=i if table.repeats else None, at=f"{name}.")
            for i, row in enumerate(rows, 1)
        ]
        content[name] = [values for values, _ in read]
        findings += [finding for _, found in read for finding in found]
    return content, findings


def check_content(content: Content, grade: str) -> list[Finding]:
    """What keeps a plan of this grade from being filed, beside faults of single cells."""
    findings: list[Finding] = []
    for table in tables_of(grade):
        rows = content.get(table.table, [])
        if not rows and not table.may_be_empty:
            what = f"{grade_names()[grade]}单位须填“{table.name}”，现在是空的。"
            findings.append(Finding(None, table.table, what, "请补填后再备案。", "table_empty"))
    made = {row["waste_code"] for row in content.get("A3", []) if "waste_code" in row}
    for name in ("A3", "A4", "A5", "A7"):
        for line, row in enumerate(content.get(name, []), 1):
            code = row.get("waste_code")
            if code is None:
                continue
            if domain_of(code) != "hazardous":
                what = f"{tables()[name].name}第 {line} 行的 {code} 不是危险废物。"
                findings.append(
                    Finding(
                        line, f"{name}.waste_code", what, "管理计划只填危险废物代码，如 900-214-08。", "not_hazardous"
                    )
                )
            elif code not in made:
                what = f"{tables()[name].name}第 {line} 行的 {code} 没有列入表 A.3。"
                findings.append(
                    Finding(
                        line, f"{name}.waste_code", what, "请先在表 A.3 填写它的产生，或删去这一行。", "not_generated"
                    )
                )
    return findings + _doubles(content)


def _doubles(content: Content) -> list[Finding]:
    """A finding for each transfer that names the waste and receiver of an earlier one."""
    findings, seen = [], dict[tuple[str, str], int]()
    for line, row in enumerate(content.get("A7", []), 1):
        key = (row.get("waste_code", ""), row.get("receiver_code") or row.get("receiver", ""))
        first = seen.setdefault(key, line)
        if first != line:
            what = f"表 A.7 第 {line} 行与第 {first} 行是同一代码、同一接收单位。"
            findings.append(Finding(line, "A7.receiver", what, "请合并为一行，数量相加。", "transfer_twice"))
    return findings


def explain(basis: Basis, grade: str, *, on: date) -> str:
    """Why a generator has its grade, in one Chinese sentence."""
    amount = "未知" if basis.annual_g is None else f"{tonnes_text(basis.annual_g)} 吨"
    reasons = [f"{BASIS_NAMES[basis.rule]} {amount}"]
    reasons += ["有自行利用处置设施"] if basis.own_facility else []
    reasons += ["持有经营许可证"] if basis.has_permit else []
    bounds = "，".join(
        f"{rule.name}自 {rule.from_g(on) // GRAMS_PER_TONNE} 吨/年" for rule in grade_rules() if rule.threshold
    )
    return f"{grade_names()[grade]}：{'，'.join(reasons)}（{bounds}）。"


def plan_due(year: int) -> date:
    """The last day on which the plan of ``year`` is filed in time. Source: hj1259-2022/plan-due."""
    month, day = clause_value("hj1259-2022/plan-due", date(year, 1, 1)).split("-")
    return date(year, int(month), int(day))
