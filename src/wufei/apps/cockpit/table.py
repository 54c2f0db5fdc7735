"""The table of indicators: filtered, sorted and grouped as the address asks. Pure: rows in, a table out."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wufei.apps.cockpit.labels import STATUS_ORDER, STATUSES
from wufei.apps.cockpit.query import Query
from wufei.apps.cockpit.rows import Choice, IndicatorRow

HEADINGS = [  # (sort key, label, css, help)
    ("no", "序号", "", "文件中的序号"),
    ("name", "指标", "", "点开看公式、数据和出处"),
    ("value", "现状", "number", "按公式算出或直接采用公布的数值；缺数据时为空，不是 0"),
    ("target", "目标", "number", "这一年要达到的值；没有这一年的，取其后最近一年的"),
    ("gap", "差距", "number", "现状比目标高多少、低多少；绿色为已达到，红色为未达到"),
    ("points", "得分", "number", "按评分细则得分；尚未评分的不按 0 分计"),
    ("status", "状态", "", "能否评分及原因"),
    ("", "走势", "", "已有数据的年份"),
]


@dataclass(frozen=True, slots=True)
class Column:
    """One column heading, with the address that sorts by it."""

    label: str
    css: str
    help: str
    url: str
    aria: str
    direction: str


@dataclass(frozen=True, slots=True)
class Filter:
    """One selector above the table."""

    name: str
    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under one heading."""

    name: str
    rows: tuple[IndicatorRow, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """All that the partial of the table shows."""

    title: str
    url: str
    shown: int
    all: int
    has_points: bool
    is_filtered: bool
    is_simulated: bool
    reset_url: str
    q: str
    kept: tuple[tuple[str, str], ...]
    filters: tuple[Filter, ...]
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    empty_title: str
    empty_advice: str


def _matches(row: IndicatorRow, query: Query) -> bool:
    words = query.q.casefold()
    return (
        (not query.section or row.section == query.section)
        and (not query.status or row.status_key == query.status)
        and (not query.department or query.department in row.departments)
        and (not words or words in f"{row.no} {row.name} {'、'.join(row.departments)}".casefold())
    )


def _sorted(rows: list[IndicatorRow], sort: str) -> list[IndicatorRow]:
    """Rows by a column; those without a figure there stay last, whichever way round."""
    key = sort.removeprefix("-")
    if key == "no":
        return rows[::-1] if sort.startswith("-") else rows
    known = [row for row in rows if row.sort.get(key) is not None]
    unknown = [row for row in rows if row.sort.get(key) is None]
    return sorted(known, key=lambda row: row.sort[key], reverse=sort.startswith("-")) + unknown  # type: ignore[arg-type,return-value]


def _choices(
    counts: Iterable[tuple[str, int]], active: str, labels: dict[str, str] | None = None
) -> tuple[Choice, ...]:
    return tuple(
        Choice(key, (labels or {}).get(key, key), "", key == active, count=number) for key, number in counts if key
    )


def _columns(query: Query, path: str, *, has_points: bool) -> tuple[Column, ...]:
    columns = []
    for key, label, css, text in HEADINGS:
        if key == "points" and not has_points:
            continue
        active = query.sort.removeprefix("-") == key
        descending = query.sort.startswith("-")
        columns.append(
            Column(
                label,
                css,
                text,
                query.url(path, sort=f"-{key}" if active and not descending else key) if key else "",
                ("descending" if descending else "ascending") if active else "",
                ("desc" if descending else "asc") if active else "",
            )
        )
    return tuple(columns)


def build_table(rows: Sequence[IndicatorRow], query: Query, path: str, *, title: str, advice: str) -> Table:
    """The rows that the address asks for: by section in the document's order, or flat when sorted otherwise."""
    shown = _sorted([row for row in rows if _matches(row, query)], query.sort)
    if query.sort == "no":
        names = dict.fromkeys(row.section for row in shown)
        groups = [Group(name, tuple(row for row in shown if row.section == name)) for name in names]
    else:
        groups = [Group("", tuple(shown))] if shown else []
    has_points = any(row.max_points for row in rows)
    states = Counter(row.status_key for row in rows)
    departments = Counter(name for row in rows for name in row.departments)
    filtered = bool(query.section or query.status or query.department or query.q)
    return Table(
        title=title,
        url=path,
        shown=len(shown),
        all=len(rows),
        has_points=has_points,
        is_filtered=filtered,
        is_simulated=any(row.is_simulated for row in rows),
        reset_url=query.url(path, section="", status="", department="", q=""),
        q=query.q,
        kept=query.kept("section", "status", "department", "q"),
        filters=(
            Filter("section", "部分", _choices(Counter(row.section for row in rows).items(), query.section)),
            Filter(
                "status",
                "状态",
                _choices(
                    [(s, states[s]) for s in STATUS_ORDER if states[s]],
                    query.status,
                    {key: label.text for key, label in STATUSES.items()},
                ),
            ),
            Filter("department", "责任单位", _choices(departments.most_common(), query.department)),
        ),
        columns=_columns(query, path, has_points=has_points),
        groups=tuple(groups),
        empty_title="没有符合条件的指标" if filtered else "还没有指标",
        empty_advice="换一个筛选条件，或点“清除”看全部。" if filtered else advice,
    )
