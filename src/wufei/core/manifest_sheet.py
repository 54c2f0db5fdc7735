"""Manifests as rows of a spreadsheet: the columns of a profile, and the documents that rows say.

The columns are the table of fields that a sender or carrier fills, under their Chinese labels; masses are kilograms.
Rows with the same mark in ``同单标记`` are the wastes of one manifest. Invariant: what is wrong with a document is
told at the row and column that said it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from wufei.core.findings import Finding
from wufei.core.kilograms import grams_typed
from wufei.core.manifest_document import Document
from wufei.core.manifest_profiles import Field, choices, fields_of, manifest_profiles

MARK = "同单标记"
HELP_ROW = "（说明）"  # a first cell that begins so says that the row is none
MARK_HELP = f"{HELP_ROW}本行不导入。一行一种废物；同一份联单的几种废物写同样的标记，其余各行留空"
ONLY = {  # groups of fields that belong to one profile alone
    "/soil/": "soil",
    "/livestock/": "livestock",
    "/exemption/": "exempt",
    "/point_to_point/": "point_to_point",
}
BY_ROW = ("/wastes/", "/soil/source/items/")  # the lists of which each row is a place
STAGE_NAMES = {"draft": "必填", "submit": "提交前必填", "depart": "起运前必填"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the pointer that its cells fill (first place of a list), its heading, its help."""

    pointer: str
    heading: str
    help: str
    field: Field

    @property
    def is_of_row(self) -> bool:
        """Whether it speaks of a single waste or measured item, so that it differs between the rows of a manifest."""
        return self.pointer.startswith(BY_ROW)


@cache
def sheet_columns(profile: str) -> tuple[Column, ...]:
    """The columns of a profile, in the order of the paper."""
    found = []
    for field in fields_of(profile):
        only = next((name for group, name in ONLY.items() if field.pointer.startswith(group)), profile)
        if only != profile or field.filled_by not in ("generator", "carrier") or field.type == "file":
            continue
        heading = f"{field.label}（千克）" if field.type == "mass" else field.label
        found.append(Column(field.pointer.replace("/*", "/0"), heading, _help(field), field))
    assert len({c.heading for c in found}) == len(found), profile
    return tuple(found)


def _help(field: Field) -> str:
    kind, _, rest = field.type.partition(":")
    parts = [STAGE_NAMES.get(field.required_from, "可不填")]
    if kind == "choice":
        parts.append("、".join(choices(rest).values()))
    if kind == "bool":
        parts.append("是或否")
    if field.help and kind != "choice":
        parts.append(field.help.replace("；内部以克记", ""))
    return "；".join(parts)


@dataclass(frozen=True, slots=True)
class SheetManifest:
    """One manifest of a file: its document, and the line that says each of its wastes."""

    lines: tuple[int, ...]
    document: Document


@dataclass(frozen=True, slots=True)
class Sheet:
    """The manifests of a file, and what of it cannot be understood."""

    manifests: list[SheetManifest]
    findings: list[Finding]


def read_sheet(profile: str, rows: Sequence[tuple[int, Mapping[str, str]]]) -> Sheet:
    """The manifests that the rows (line, heading -> cell) say. Cells are judged later, with the document."""
    assert profile in manifest_profiles()
    columns = {column.heading: column for column in sheet_columns(profile)}
    found = _heading_findings(columns, rows)
    groups: dict[str, list[tuple[int, Mapping[str, str]]]] = {}
    for line, row in rows:
        mark = row.get(MARK, "").strip()
        if next(iter(row.values()), "").startswith(HELP_ROW):
            continue
        groups.setdefault(f"={mark}" if mark else f"#{line}", []).append((line, row))
    made = [_manifest(profile, columns, group, found) for group in groups.values()]
    if not made and not found:
        found.append(Finding(None, "", "文件里没有联单。", "请从第三行起填写，一行一种废物。", "no_rows"))
    return Sheet(made, found)


def _heading_findings(columns: Mapping[str, Column], rows: Sequence[tuple[int, Mapping[str, str]]]) -> list[Finding]:
    if not rows:
        return []
    names = list(rows[0][1])
    found = [
        Finding(None, name, f"没有叫“{name[:40]}”的列。", "请用下载的模板，列名不要改。", "unknown_column")
        for name in names
        if name not in columns and name != MARK
    ]
    lacking = [c.heading for c in columns.values() if c.field.required_from == "draft" and c.heading not in names]
    # A sender or receiver outside the region is named in another column.
    other = {"移出场所": "区域外移出单位", "接受场所": "区域外接受单位"}
    return found + [
        Finding(None, name, f"缺少列“{name}”。", "请用下载的模板补上。", "missing_column")
        for name in lacking
        if other.get(name) not in names
    ]


def _manifest(
    profile: str,
    columns: Mapping[str, Column],
    group: Sequence[tuple[int, Mapping[str, str]]],
    found: list[Finding],
) -> SheetManifest:
    document: Document = {"profile": profile, "wastes": [{} for _ in group]}
    first = group[0][1]
    for place, (line, row) in enumerate(group):
        for heading, text in row.items():
            column = columns.get(heading)
            if column is None or not text:
                continue
            if not column.is_of_row and place and text != first.get(heading, ""):
                told = first.get(heading, "")[:20] or "空"
                what = f"“{heading}”为“{text[:20]}”，同单的第 {group[0][0]} 行是“{told}”。"
                remedy = "同一份联单的各行要写得一样，或只写在第一行。"
                found.append(Finding(line, heading, what, remedy, "differs_in_manifest"))
                continue
            _put(document, column, place, _value(column.field, text))
    _drop_blank_ends(document)
    return SheetManifest(tuple(line for line, _ in group), document)


def _drop_blank_ends(document: Document) -> None:
    """Rows behind the last waste may go on with measured items alone, and the other way round."""
    lists = [document["wastes"]]
    if "items" in document.get("soil", {}).get("source", {}):
        lists.append(document["soil"]["source"]["items"])
    for rows in lists:
        while len(rows) > 1 and not rows[-1]:
            rows.pop()


def _put(document: Document, column: Column, place: int, value: Any) -> None:
    way = column.pointer.strip("/").split("/")
    node: Any = document
    for name, after in zip(way[:-1], way[1:], strict=True):
        if isinstance(node, list):
            index = place if column.is_of_row else int(name)
            while len(node) <= index:
                node.append({})
            node = node[index]
        else:
            node = node.setdefault(name, [] if after.isdecimal() else {})
    node[way[-1]] = value


def _value(field: Field, text: str) -> Any:
    """A cell as the document has it; what cannot be understood stays text, and the table of fields tells it."""
    if field.type == "mass":
        return grams_typed(text)
    if field.type == "method":
        return text.split()[0] if text.split() else text
    if field.type == "packages":
        return text.replace("、", " ").replace(",", " ").replace("，", " ")
    return text


def at_row(finding: Finding, manifest: SheetManifest, profile: str) -> Finding:
    """A finding of a document, told at the row and column that said it."""
    way = finding.field.split("/")
    at = next((i for i, name in enumerate(way) if "/".join(way[:i]) + "/" in BY_ROW and name.isdecimal()), None)
    place = int(way[at]) if at is not None else 0
    line = manifest.lines[min(place, len(manifest.lines) - 1)]
    pointer = "/".join([*way[:at], "0", *way[at + 1 :]]) if at is not None else finding.field
    heading = next((c.heading for c in sheet_columns(profile) if c.pointer == pointer), "")
    return replace(finding, line=line, field=heading)
