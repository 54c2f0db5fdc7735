"""Reads plan packs: one folder of CSV files a place. All faults of a pack are found at once, none is repaired.

Invariant: a pack that has a fault of level ``error`` is refused whole.
"""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal

from wufei.core.findings import Finding, Level, Refused
from wufei.core.plan.sheet import COLUMNS, DECIMAL, YEAR, Sheet
from wufei.core.plan.values import Mark, Pack, Project, Responsibility, Target, TargetPart, Task
from wufei.core.reference import exists, folders, read_text


def _parts(parts: Sheet, known: set[str], years: tuple[int, ...]) -> dict[str, list[TargetPart]]:
    """The sub rows of the targets, by key of their target."""
    by_key: dict[str, list[TargetPart]] = {}
    for line, row in parts.rows:
        if row["key"] not in known:
            parts.find(line, "key", f"“{row['key']}”不在 targets.csv 中。", "改成那里有的 key。", "unknown_key")
        siblings = by_key.setdefault(row["key"], [])
        if row["part"] in {sibling.part for sibling in siblings}:
            parts.find(line, "part", f"“{row['part']}”写了两次。", "每个分项写一行。", "duplicate_part")
        siblings.append(
            TargetPart(
                part=parts.text(line, row, "part"),
                baseline=parts.baseline(line, row),
                targets=parts.values(line, row, years),
                departments=parts.names(line, row, "departments"),
                source=parts.source(line, row),
                indicator=row.get("indicator", ""),
                scope=row.get("scope", ""),
                note=row.get("note", ""),
            )
        )
    return by_key


def _targets(sheet: Sheet, years: tuple[int, ...], parts: Sheet | None = None) -> tuple[Target, ...]:
    """The targets, with their parts where the pack has a file of them."""
    sheet.keys()
    by_key = _parts(parts, {row["key"] for _, row in sheet.rows}, years) if parts else {}
    targets = []
    for line, row in sheet.rows:
        if row["mark"] not in set(Mark):
            what = f"“{row['mark']}”不是认识的指标类型。"
            sheet.find(line, "mark", what, f"写 {'、'.join(Mark)} 之一。", "unknown_mark")
        if row["baseline_year"] and not YEAR.fullmatch(row["baseline_year"]):
            sheet.find(line, "baseline_year", f"“{row['baseline_year']}”不是年份。", "写四位年份。", "bad_year")
        values = sheet.values(line, row, years)
        if not row["unit"] and any(value.number is not None for value in values.values()):
            sheet.find(line, "unit", "有数值而没有单位。", "写上单位（%、个、吨…）。", "missing_unit", Level.WARN)
        targets.append(
            Target(
                key=row["key"],
                no=row["no"] or None,
                group=row["group"],
                name=sheet.text(line, row, "name", short=True),
                mark=Mark(row["mark"]) if row["mark"] in set(Mark) else Mark.REFERENCE,
                indicator=row["indicator"],
                scope=row["scope"],
                unit=row["unit"],
                baseline_year=int(row["baseline_year"]) if YEAR.fullmatch(row["baseline_year"]) else None,
                baseline=sheet.baseline(line, row),
                targets=values,
                departments=sheet.names(line, row, "departments"),
                source=sheet.source(line, row),
                note=row["note"],
                parts=tuple(by_key.get(row["key"], ())),
            )
        )
    return tuple(targets)


def _tasks(sheet: Sheet) -> tuple[Task, ...]:
    sheet.keys()
    tasks = []
    for line, row in sheet.rows:
        task = Task(
            key=row["key"],
            no=row["no"] or None,
            group=sheet.text(line, row, "group"),
            title=sheet.text(line, row, "title", short=True),
            lead=sheet.names(line, row, "lead"),
            cooperating=sheet.names(line, row, "cooperating"),
            deadline=sheet.when(line, row, "deadline"),
            source=sheet.source(line, row),
            note=row["note"],
        )
        sheet.both(line, task.lead, task.cooperating)
        if not task.lead:
            sheet.find(line, "lead", "没有牵头单位。", "原文没有的，在 note 注明。", "missing_lead", Level.WARN)
        tasks.append(task)
    return tuple(tasks)


def _projects(sheet: Sheet) -> tuple[Project, ...]:
    sheet.keys()
    projects = []
    for line, row in sheet.rows:
        money = row["investment_wan_yuan"]
        if money and not DECIMAL.fullmatch(money):
            what = f"“{money}”不是十进制数。"
            sheet.find(line, "investment_wan_yuan", what, "只写万元的数字，如 42957.73。", "bad_decimal")
        projects.append(
            Project(
                key=row["key"],
                no=row["no"] or None,
                type=row["type"],
                name=sheet.text(line, row, "name", short=True),
                content=row["content"],
                builder=row["builder"],
                investment_wan_yuan=Decimal(money) if DECIMAL.fullmatch(money) else None,
                completion=sheet.when(line, row, "completion"),
                source=sheet.source(line, row),
                note=row["note"],
            )
        )
    return tuple(projects)


def _responsibilities(sheet: Sheet) -> tuple[Responsibility, ...]:
    sheet.keys()
    rows = []
    for line, row in sheet.rows:
        item = Responsibility(
            key=row["key"],
            no=row["no"] or None,
            group=sheet.text(line, row, "group"),
            title=sheet.text(line, row, "title", short=True),
            lead=sheet.names(line, row, "lead"),
            participating=sheet.names(line, row, "participating"),
            source=sheet.source(line, row),
            note=row["note"],
        )
        sheet.both(line, item.lead, item.participating)
        rows.append(item)
    return tuple(rows)


# What pack.json may say under "expected": counts and sums as the document itself (or a hand count) states them.
EXPECTED: dict[str, tuple[str, Callable[[Pack], object]]] = {
    "targets": ("目标数", lambda pack: len(pack.targets)),
    "required": ("必选目标数", lambda pack: sum(t.mark is Mark.REQUIRED for t in pack.targets)),
    "reference": ("参考目标数", lambda pack: sum(t.mark is Mark.REFERENCE for t in pack.targets)),
    "tasks": ("任务数", lambda pack: len(pack.tasks)),
    "task_groups": ("任务组数", lambda pack: len({t.group for t in pack.tasks})),
    "projects": ("项目数", lambda pack: len(pack.projects)),
    "investment_wan_yuan": ("项目投资合计（万元）", lambda pack: str(pack.investment_wan_yuan)),
    "responsibilities": ("责任数", lambda pack: len(pack.responsibilities)),
    "responsibility_groups": ("责任组数", lambda pack: len({r.group for r in pack.responsibilities})),
}


def _head(text: str | None, findings: list[Finding]) -> dict[str, object] | None:
    """``pack.json`` as plain values, or ``None`` where it cannot be used."""

    def find(field: str, what: str) -> None:
        remedy = "按 data/plans/README.md 的样子写 pack.json。"
        findings.append(Finding(None, field, f"pack.json：{what}", remedy, "bad_pack"))

    if text is None:
        find("", "没有这个文件。")
        return None
    try:
        head = json.loads(text)
    except ValueError as error:
        find("", f"不是正确的 JSON（{error}）。")
        return None
    wanted: dict[str, type | tuple[type, ...]] = {
        "division": str, "place": str, "title": str, "years": list,
        "baseline_year": (int, type(None)), "legend": dict, "rule_set": (str, type(None)), "notes": list,
    }  # fmt: skip
    if not isinstance(head, dict):
        find("", "不是对象。")
        return None
    bad = [field for field, kind in wanted.items() if not isinstance(head.get(field, ...), kind)]
    for field in bad:
        find(field, f"“{field}”缺少或类型不对。")
    for sign, mark in () if "legend" in bad else head["legend"].items():
        if mark not in set(Mark):
            find("legend", f"“{sign}”对应的“{mark}”不是认识的指标类型（{'、'.join(Mark)}）。")
            bad.append("legend")
    if "years" not in bad and not all(isinstance(year, int) for year in head["years"]):
        find("years", "“years”里有不是整数的年份。")
        bad.append("years")
    if not isinstance(head.setdefault("expected", {}), dict):
        find("expected", "“expected”不是对象。")
        return None
    for field in head["expected"]:
        if field not in EXPECTED:
            find("expected", f"expected 里的“{field}”不认识，可用：{'、'.join(EXPECTED)}。")
    return None if bad else head


def parse_pack(texts: Mapping[str, str]) -> tuple[Pack | None, list[Finding]]:
    """Read a pack from the texts of its files, by file name. An absent list is an empty one.

    Returns the pack (``None`` where a finding is an error) and all findings, warnings among them.
    """
    findings: list[Finding] = []
    head = _head(texts.get("pack.json"), findings)
    sheets = {name: Sheet(name, texts.get(name, COLUMNS[name]), findings) for name in COLUMNS}
    source = head or {"years": [], "legend": {}, "notes": []}
    years = tuple(year for year in _items(source["years"]) if isinstance(year, int))
    legend = source["legend"]
    assert isinstance(legend, dict)
    baseline_year = source.get("baseline_year")
    rule_set = source.get("rule_set")
    pack = Pack(
        division=str(source.get("division", "")),
        place=str(source.get("place", "")),
        title=str(source.get("title", "")),
        years=years,
        baseline_year=baseline_year if isinstance(baseline_year, int) else None,
        legend={sign: Mark(mark) for sign, mark in legend.items()},
        rule_set=rule_set if isinstance(rule_set, str) else None,
        notes=tuple(str(note) for note in _items(source["notes"])),
        targets=_targets(sheets["targets.csv"], years, sheets["target_parts.csv"]),
        tasks=_tasks(sheets["tasks.csv"]),
        projects=_projects(sheets["projects.csv"]),
        responsibilities=_responsibilities(sheets["responsibilities.csv"]),
        text_targets=_targets(sheets["text_targets.csv"], years),
    )
    expected = source.get("expected", {})
    assert isinstance(expected, dict)
    for field, wanted in expected.items():
        if field in EXPECTED:
            label, count = EXPECTED[field]
            if str(count(pack)) != str(wanted):
                what = f"{label}是 {count(pack)}，应为 {wanted}。"
                findings.append(Finding(None, field, what, "核对原文，补上漏行或删去多行。", "sum_differs"))
    refused = any(finding.level is Level.ERROR for finding in findings)
    return (None if refused else pack), findings


def _items(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


def pack_divisions() -> tuple[str, ...]:
    """The division codes of the packs that the package brings, sorted."""
    return tuple(name for name in folders("plans") if exists(f"plans/{name}/pack.json"))


def _texts(division: str) -> dict[str, str]:
    """The texts of a pack's files, by file name."""
    paths = {name: f"plans/{division}/{name}" for name in ("pack.json", *COLUMNS)}
    return {name: read_text(path) for name, path in paths.items() if exists(path)}


def check_pack(division: str) -> list[Finding]:
    """All findings about one of the package's packs, warnings among them."""
    return parse_pack(_texts(division))[1]


def read_pack(division: str) -> Pack:
    """Read one of the package's packs. Raises ``Refused`` with all errors."""
    pack, findings = parse_pack(_texts(division))
    if pack is None:
        raise Refused([finding for finding in findings if finding.level is Level.ERROR])
    return pack
