"""One CSV file of a plan pack: its rows, and what is wrong with their cells.

Invariant: a fault is noted and the reading goes on, so that all faults of a file come out at once.
"""

import csv
import io
import re
from collections.abc import Iterable

from wufei.core.findings import Finding, Level
from wufei.core.plan.values import BadTargetValue, TargetValue, parse_target_value

TARGET_COLUMNS = "key,no,group,name,mark,indicator,scope,unit,baseline_year,baseline,targets,departments,source,note"
COLUMNS = {
    "targets.csv": TARGET_COLUMNS,
    "text_targets.csv": TARGET_COLUMNS,
    "target_parts.csv": "key,part,baseline,targets,departments,source",
    "tasks.csv": "key,no,group,title,lead,cooperating,deadline,source,note",
    "projects.csv": "key,no,type,name,content,builder,investment_wan_yuan,completion,source,note",
    "responsibilities.csv": "key,no,group,title,lead,participating,source,note",
}
OPTIONAL_COLUMNS = {"target_parts.csv": {"indicator", "scope", "note"}}
LONGEST_TITLE = 40
SOURCE = re.compile(r".+[（(]原文第\d+(?:[-–—、]\d+)*行[）)]")
NOT_A_NAME = re.compile(r"[、，,；。:：]|牵头|配合|按职责|分别|统一负责|参与$|等$|\s")
BRACKETED = re.compile(r"（[^（）]*）|\([^()]*\)")  # 各县（市、区）政府 is one name
UNNORMALISED_DATE = re.compile(r"\d{4}\s*[.．/]\s*\d{1,2}|\d{4}\s*年(?:\s*\d{1,2}\s*月)?(?:\s*底前?|\s*底)?")
DECIMAL = re.compile(r"\d+(?:\.\d+)?")
YEAR = re.compile(r"20\d\d")

Row = dict[str, str]


class Sheet:
    """One CSV file of a pack: its rows, and the findings about them."""

    def __init__(self, name: str, text: str, findings: list[Finding]) -> None:
        self.name = name
        self.findings = findings
        self.rows: list[tuple[int, Row]] = []
        required = COLUMNS[name].split(",")
        reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
        try:
            header = next(reader, [])
            missing = [column for column in required if column not in header]
            unknown = [c for c in header if c not in required and c not in OPTIONAL_COLUMNS.get(name, set())]
            if missing:
                self.find(1, "", f"缺少列 {'、'.join(missing)}。", f"表头写成 {COLUMNS[name]}。", "missing_column")
                return
            if unknown:
                self.find(1, "", f"有不认识的列 {'、'.join(unknown)}。", "删去或改名。", "unknown_column")
            for cells in reader:
                line = reader.line_num
                if len(cells) != len(header):
                    what = f"有 {len(cells)} 格，表头有 {len(header)} 格。"
                    self.find(line, "", what, "补齐逗号，含逗号的格加引号。", "cell_count")
                    continue
                self.rows.append((line, dict(zip(header, cells, strict=True))))
        except csv.Error as error:
            self.find(reader.line_num, "", f"不是正确的 CSV：{error}。", "检查引号。", "bad_csv")
        for line, row in self.rows:
            for column, cell in row.items():
                if cell != cell.strip():
                    self.find(line, column, "首尾有空格。", "删去空格。", "outer_space")

    def find(
        self, line: int | None, field: str, what: str, remedy: str, code: str, level: Level = Level.ERROR
    ) -> None:
        """Note one fault."""
        where = f"{self.name} 第{line}行" if line else self.name
        self.findings.append(
            Finding(line, field, f"{where}{'“' + field + '”' if field else ''}：{what}", remedy, code, level)
        )

    def keys(self) -> None:
        """Each row has a key, and no two have the same."""
        seen: dict[str, int] = {}
        for line, row in self.rows:
            key = row["key"]
            if not key:
                self.find(line, "key", "缺少 key。", "每行写一个本表内唯一的 key。", "missing_key")
            elif key in seen:
                self.find(line, "key", f"“{key}”与第{seen[key]}行重复。", "改成唯一的 key。", "duplicate_key")
            seen.setdefault(key, line)

    def text(self, line: int, row: Row, field: str, *, short: bool = False) -> str:
        """A cell that must not be empty; ``short`` ones should be titles, not sentences."""
        if not row[field]:
            self.find(line, field, "为空。", "写上内容。", "missing_text")
        if short and len(row[field]) > LONGEST_TITLE:
            what = f"有 {len(row[field])} 个字，标题不超过 {LONGEST_TITLE} 个字。"
            self.find(line, field, what, "改成简短的标题。", "long_title", Level.WARN)
        return row[field]

    def source(self, line: int, row: Row) -> str:
        """The place in the document, ending with the line of the converted text."""
        source = row["source"]
        if not source:
            self.find(line, "source", "没有出处。", "写上出处，如：附件2 序号9（原文第371行）。", "missing_source")
        elif not SOURCE.fullmatch(source):
            what = f"“{source}”没有以原文行号结尾。"
            self.find(line, "source", what, "写成：附件2 序号9（原文第371行）。", "bad_source")
        return source

    def names(self, line: int, row: Row, field: str) -> tuple[str, ...]:
        """A ``;`` list of departments; each one name, each once."""
        names = row[field].split(";") if row[field] else []
        for name in names:
            if not name:
                self.find(line, field, "有空的部门名。", "删去多余的分号。", "empty_department")
            elif NOT_A_NAME.search(BRACKETED.sub("", name)):
                what = f"“{name}”不是单个部门名。"
                remedy = "用英文分号拆成多个部门名，“牵头”“配合”“等”之类的词不写在名称里。"
                self.find(line, field, what, remedy, "department_not_split")
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.find(line, field, f"“{name}”写了两次。", "只写一次。", "duplicate_department")
        return tuple(names)

    def both(self, line: int, first: Iterable[str], second: Iterable[str]) -> None:
        """Tell when a department leads and cooperates in the same row; the document itself may say so."""
        for name in sorted(set(first) & set(second)):
            what = f"“{name}”既牵头又配合。"
            self.find(line, "", what, "核对原文；原文如此的，在 note 注明。", "department_twice", Level.WARN)

    def values(self, line: int, row: Row, years: tuple[int, ...]) -> dict[int, TargetValue]:
        """``2021=>=90|2025=负增长`` as year to value."""
        values: dict[int, TargetValue] = {}
        for item in row["targets"].split("|") if row["targets"] else []:
            year, separator, text = item.partition("=")
            if not separator or not YEAR.fullmatch(year):
                self.find(line, "targets", f"“{item}”不是“年份=值”。", "写成 2021=>=90|2025=负增长。", "bad_target")
                continue
            if int(year) not in years:
                what = f"{year} 年不在 pack.json 的 years {list(years)} 中。"
                self.find(line, "targets", what, "改正年份，或在 pack.json 加上。", "unknown_year")
            if int(year) in values:
                self.find(line, "targets", f"{year} 年写了两次。", "每年只写一个值。", "duplicate_year")
            try:
                values[int(year)] = parse_target_value(text)
            except BadTargetValue as error:
                self.find(line, "targets", str(error), "改成规范写法。", "bad_target")
        return values

    def baseline(self, line: int, row: Row) -> str:
        """The baseline in canonical form."""
        try:
            if row["baseline"]:
                parse_target_value(row["baseline"])
        except BadTargetValue as error:
            self.find(line, "baseline", str(error), "改成规范写法。", "bad_baseline")
        return row["baseline"]

    def when(self, line: int, row: Row, field: str) -> str:
        """A deadline: ``2021-06``, ``2023``, or words; never 2021.06 or 2021年6月."""
        if UNNORMALISED_DATE.fullmatch(row[field]):
            what = f"“{row[field]}”不是规范的日期。"
            self.find(line, field, what, "写成 2021-06 或 2021。", "bad_date")
        return row[field]
