"""The rows of the four lists as values, and the reading of their small texts: target values and deadlines.

Invariant: a figure is kept exactly as the document gives it, as a decimal text with its comparator; words stay words.
"""

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Mark(StrEnum):
    """How binding a target is (指标类型)."""

    REQUIRED = "required"  # 必选 ★
    OPTIONAL = "optional"  # 可选 △
    SUBSTITUTE = "substitute"  # 替代
    PROVINCIAL = "provincial"  # 省定
    REFERENCE = "reference"  # 参考 ☆


class Comparator(StrEnum):
    """How a value is to be compared with the target's number."""

    AT_LEAST = ">="
    MORE = ">"
    AT_MOST = "<="
    LESS = "<"
    EQUAL = "="
    PLAIN = ""  # the document prints a bare number


class BadTargetValue(ValueError):
    """A target's text holds a number in a form that cannot be compared (``97%以上`` instead of ``>=97``)."""


NUMBER = re.compile(r"(?P<comparator>>=|<=|>|<|=|)(?P<number>-?\d+(?:\.\d+)?)")
# A number with its unit or its comparator in words: readable for people, but to be written as comparator + decimal.
PRINTED_NUMBER = re.compile(
    r"(?P<before>≥|≤|＞|＜|>=|<=|>|<|=|不低于|不少于|大于|不超过|不高于|小于|)\s*"
    r"(?P<number>-?\d+(?:\.\d+)?)\s*"
    r"(?P<unit>%|％|‰|个|家|吨|座|项|起|部|处|万吨|平方米|万元|吨/万元|)\s*"
    r"(?P<after>及以上|以上|及以下|以下|以内|左右|)"
)
PRINTED_COMPARATORS = {
    "≥": ">=", ">=": ">=", "不低于": ">=", "不少于": ">=", "以上": ">=", "及以上": ">=",
    "≤": "<=", "<=": "<=", "不超过": "<=", "不高于": "<=", "以下": "<=", "及以下": "<=", "以内": "<=",
    "＞": ">", ">": ">", "大于": ">", "＜": "<", "<": "<", "小于": "<", "=": "=", "": "",
}  # fmt: skip
DATES = re.compile(r"(20\d\d)(?:[-年.](1[0-2]|0?[1-9])(?!\d)(?:[-月](3[01]|[12]\d|0?[1-9])(?!\d))?)?")
# Words as exact as a number. Others (逐年提高, 完成年度目标) need last year's figure or a decision from above.
WORDS_AS_BOUNDS = {
    "负增长": (Comparator.LESS, Decimal(0)),
    "零增长": (Comparator.AT_MOST, Decimal(0)),
}


@dataclass(frozen=True, slots=True)
class TargetValue:
    """What is to be reached in a year: a comparator and a number, or the document's words.

    ``text`` is the canonical form (``>=97``, ``100``, ``负增长``); ``number`` is ``None`` where only words are given.
    """

    text: str
    comparator: Comparator
    number: Decimal | None

    @property
    def bound(self) -> tuple[Comparator, Decimal] | None:
        """Comparator and number, also of words that mean one (负增长 is below 0); ``None`` where none is meant."""
        if self.number is not None:
            return self.comparator, self.number
        return WORDS_AS_BOUNDS.get(self.text)


def parse_target_value(text: str) -> TargetValue:
    """Read ``>=97``, ``100`` or words. Raises ``BadTargetValue`` for a number that still carries unit or words."""
    if not text or text != text.strip():
        raise BadTargetValue("值为空或首尾有空格。")
    exact = NUMBER.fullmatch(text)
    if exact:
        return TargetValue(text, Comparator(exact["comparator"]), Decimal(exact["number"]))
    if PRINTED_NUMBER.fullmatch(text):
        raise BadTargetValue(f"“{text}”含单位或比较词，应写成比较符加十进制数（如 >=97），单位写入 unit 列。")
    return TargetValue(text, Comparator.PLAIN, None)


def normalise_printed(text: str) -> tuple[str, str]:
    """The canonical value and the unit of a printed cell: ``97%以上`` is ``(">=97", "%")``; words stay, no unit."""
    compact = text.strip()
    printed = PRINTED_NUMBER.fullmatch(compact)
    if not printed or (printed["before"] and printed["after"]) or printed["after"] == "左右":
        return compact, ""
    comparator = PRINTED_COMPARATORS[printed["before"] or printed["after"]]
    return comparator + printed["number"], printed["unit"].replace("％", "%")


def split_names(text: str) -> tuple[str, ...]:
    """Names that a document lists with 、 or ，; a list in brackets belongs to its name (各县（市、区）政府)."""
    names, depth = [""], 0
    for sign in text:
        depth += (sign in "（(") - (sign in "）)")
        if sign in "、，" and depth <= 0:
            names.append("")
        else:
            names[-1] += sign
    return tuple(name.strip() for name in names if name.strip())


def due_date(deadline: str) -> date | None:
    """The last day that a normalised deadline allows, or ``None`` where none is named (持续推进).

    ``2021-06`` ends on 2021-06-30, ``2023`` on 2023-12-31; of several dates (2020年启动，2023年建成) the latest.
    """
    ends = []
    for year, month, day in DATES.findall(deadline):
        last_month = int(month) if month else 12
        last_day = calendar.monthrange(int(year), last_month)[1]
        ends.append(date(int(year), last_month, min(int(day), last_day) if day else last_day))
    return max(ends, default=None)


@dataclass(frozen=True, slots=True)
class TargetPart:
    """A sub row of a numbered target (城镇 / 农村), with its own figures and, where named, indicator and scope."""

    part: str
    baseline: str
    targets: Mapping[int, TargetValue]
    departments: tuple[str, ...]
    source: str
    indicator: str = ""
    scope: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A numbered target (目标). ``no`` is ``None`` where the document lost it; ``baseline`` is canonical text."""

    key: str
    no: str | None
    group: str
    name: str
    mark: Mark
    indicator: str
    scope: str
    unit: str
    baseline_year: int | None
    baseline: str
    targets: Mapping[int, TargetValue]
    departments: tuple[str, ...]
    source: str
    note: str
    parts: tuple[TargetPart, ...] = ()

    @property
    def all_departments(self) -> tuple[str, ...]:
        """The departments of the row and of its parts, each once, in the document's order."""
        names = [*self.departments, *(name for part in self.parts for name in part.departments)]
        return tuple(dict.fromkeys(names))

    def shown_baseline(self) -> str:
        """The baseline; of a row with parts the common one, or each part's with its name."""
        return self.baseline or _joined({part.part: part.baseline for part in self.parts})

    def shown_targets(self) -> dict[int, str]:
        """Year to target text; of a row with parts the common one, or each part's with its name."""
        if self.targets or not self.parts:
            return {year: value.text for year, value in self.targets.items()}
        years = sorted({year for part in self.parts for year in part.targets})
        return {
            year: _joined({part.part: part.targets[year].text for part in self.parts if year in part.targets})
            for year in years
        }


def _joined(by_part: Mapping[str, str]) -> str:
    """One text where all parts agree, else ``part text；part text``."""
    texts = set(by_part.values())
    if len(texts) == 1:
        return texts.pop()
    return "；".join(f"{part} {text}" for part, text in by_part.items() if text)


@dataclass(frozen=True, slots=True)
class Task:
    """A task (任务) with its lead and cooperating departments; ``deadline`` normalised where clear (2021-06)."""

    key: str
    no: str | None
    group: str
    title: str
    lead: tuple[str, ...]
    cooperating: tuple[str, ...]
    deadline: str
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class Project:
    """A project (项目); ``investment_wan_yuan`` in 万元, ``None`` where the document names none."""

    key: str
    no: str | None
    type: str
    name: str
    content: str
    builder: str
    investment_wan_yuan: Decimal | None
    completion: str
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class Responsibility:
    """A responsibility (责任) with the departments that lead it and those that take part."""

    key: str
    no: str | None
    group: str
    title: str
    lead: tuple[str, ...]
    participating: tuple[str, ...]
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class Pack:
    """One place's plan as one value. ``rule_set`` names its scoring rules, if it has any.

    ``text_targets`` stand only in running text, beside the numbered ``targets`` of an annex, and do not count there.
    """

    division: str
    place: str
    title: str
    years: tuple[int, ...]
    baseline_year: int | None
    legend: Mapping[str, Mark]
    rule_set: str | None
    notes: tuple[str, ...]
    targets: tuple[Target, ...]
    tasks: tuple[Task, ...]
    projects: tuple[Project, ...]
    responsibilities: tuple[Responsibility, ...]
    text_targets: tuple[Target, ...] = ()

    @property
    def has_investments(self) -> bool:
        """Whether the document names the investment of any project."""
        return any(project.investment_wan_yuan is not None for project in self.projects)

    @property
    def investment_wan_yuan(self) -> Decimal:
        """The sum of the projects' investments that are known, 万元."""
        return sum((p.investment_wan_yuan for p in self.projects if p.investment_wan_yuan is not None), Decimal(0))
