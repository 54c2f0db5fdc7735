"""How the registry imports a file: read rows, say everything that is wrong at once, keep all rows or none.

What is imported is an ``Import``: its columns (``data/registry/import_<name>.json``), how a row is read, and how rows
are kept. ``imports.IMPORTS`` lists them.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from wufei.apps.registry.models import User
from wufei.apps.spreadsheets import read_upload
from wufei.core.findings import Finding, Refused
from wufei.core.intake import BadFile, BadValue, parse_date
from wufei.core.reference import read_document

FINDINGS_SHOWN = 500
PREVIEW_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was handed in."""

    name: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class ImportColumn:
    """One column of the file."""

    field: str
    heading: str
    aliases: tuple[str, ...]
    is_required: bool
    help: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would bring."""

    count: int
    unit: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Import:
    """One kind of file.

    Attributes:
        name: organisations, vehicles …; ``title`` and ``unit`` ("家单位") in Chinese.
        list_name: the list that shows what was brought.
        lookup: what one or two queries find for the whole file, handed to ``read``.
        read: one row from its cells, or ``None``, with all that is wrong with it.
        clashes: what the file says twice, or what contradicts the registry.
        keep: write the rows; called in a transaction.
        cells: a row for the preview, under ``headings``.
        is_for: who may bring such a file.
    """

    name: str
    title: str
    unit: str
    list_name: str
    lookup: Callable[[User], Any]
    read: Callable[[int, Mapping[str, str], Any], tuple[Any, list[Finding]]]
    clashes: Callable[[list[Any]], list[Finding]]
    keep: Callable[[list[Any], str, User], None]
    headings: tuple[str, ...]
    cells: Callable[[Any], tuple[str, ...]]
    is_for: Callable[[User | AnonymousUser], bool]


@cache
def columns_of(name: str) -> tuple[ImportColumn, ...]:
    """The columns of ``data/registry/import_<name>.json``."""
    return tuple(
        ImportColumn(raw["field"], raw["heading"], tuple(raw["aliases"]), raw["required"], raw["help"])
        for raw in read_document(f"registry/import_{name}.json")["columns"]
    )


class CellReader:
    """Reads the cells of one row and gathers its findings. ``kind`` is the import whose columns they are."""

    kind = ""
    nameless = ("没有写名称。", "请填写名称。")  # what is said of a blank ``name``

    def __init__(self, line: int, cells: Mapping[str, str]) -> None:
        self.line, self.cells = line, cells
        self.findings: list[Finding] = []

    def heading(self, field: str) -> str:
        return next(column.heading for column in columns_of(self.kind) if column.field == field)

    def add(self, field: str, what: str, remedy: str, code: str) -> None:
        self.findings.append(Finding(self.line, self.heading(field), what, remedy, code))

    def text(self, field: str, longest: int = 120) -> str:
        found = " ".join(self.cells.get(field, "").split())
        if not found and field == "name":
            self.add(field, *self.nameless, "blank_name")
        if len(found) > longest:
            what = f"{self.heading(field)}有 {len(found)} 个字，最多 {longest} 个。"
            self.add(field, what, "请填写简短一些的名称。", "text_too_long")
        return found

    def needed(self, field: str, longest: int) -> str:
        """A text that must be there."""
        found = self.text(field, longest)
        if not found:
            self.add(field, f"没有写{self.heading(field)}。", f"请填写{self.heading(field)}。", f"blank_{field}")
        return found

    def choice_of(self, field: str, choices: Mapping[str, str], *, needed: bool) -> str:
        """A code by what a person may write for it."""
        wanted = self.cells.get(field, "").strip()
        spelled_out = wanted.replace("固废", "固体废物")  # everybody writes the short form
        for written in (wanted, spelled_out):
            if written in choices:
                return choices[written]
        names = "、".join(name for name, value in choices.items() if name != value)
        if wanted:
            what = f"{self.heading(field)}“{wanted[:40]}”不在可选项中。"
            self.add(field, what, f"可选：{names}。", f"unknown_{field}")
        elif needed:
            self.add(field, f"没有写{self.heading(field)}。", f"可选：{names}。", f"blank_{field}")
        return ""

    def day(self, field: str) -> date | None:
        """A date, or ``None`` where none is written."""
        text = self.cells.get(field, "")
        if not text.strip():
            return None
        try:
            return parse_date(text)
        except BadValue as error:
            self.add(field, error.what, error.remedy, error.code)
            return None


def check_file(kind: Import, upload: Upload, user: User) -> list[Any]:
    """The rows of a file, proven. Raises ``Refused`` with all findings; writes nothing."""
    findings: list[Finding] = []
    rows: list[Any] = []
    fields: dict[str, str] | None = None
    lookup = kind.lookup(user)
    try:
        for line, cells in read_upload(upload.name, upload.raw):
            if fields is None:
                fields = _fields_of(kind, list(cells))
            known = {fields[name]: cell for name, cell in cells.items() if name in fields}
            row, wrong = kind.read(line, known, lookup)
            findings += wrong
            if row is not None:
                rows.append(row)
    except BadFile as error:
        findings += error.findings
    if fields is None and not findings:
        findings.append(Finding(None, "", "文件里只有表头，没有数据行。", "请填写后再导入。", "no_rows"))
    findings += kind.clashes(rows)
    if findings:
        raise Refused(sorted(findings, key=lambda finding: finding.line or 0))
    return rows


def _fields_of(kind: Import, headings: list[str]) -> dict[str, str]:
    """Field by the heading of the file. Raises ``Refused`` for columns that lack or that nobody knows."""
    columns = columns_of(kind.name)
    known = {name: column.field for column in columns for name in (column.heading, *column.aliases)}
    ignored = read_document(f"registry/import_{kind.name}.json")["ignored"]
    allowed = "、".join(column.heading for column in columns)
    findings = [
        Finding(1, name, f"不认识列“{name[:40]}”。", f"可用的列：{allowed}。不需要的列请删去。", "unknown_column")
        for name in headings
        if name not in known and name not in ignored
    ]
    found = Counter(known[name] for name in headings if name in known)
    for column in columns:
        if column.is_required and not found[column.field]:
            what = f"缺少列“{column.heading}”。"
            findings.append(Finding(1, column.heading, what, "请补上这一列，可下载模板对照。", "missing_column"))
        if found[column.field] > 1:
            what = f"有两列都表示“{column.heading}”。"
            findings.append(Finding(1, column.heading, what, "请只留一列。", "duplicate_column"))
    if findings:
        raise Refused(findings)
    return {name: known[name] for name in headings if name in known}


def bring_file(kind: Import, upload: Upload, user: User) -> int:
    """Keep all rows of a file, each with its fact; return how many. Raises ``Refused``: then nothing is kept."""
    rows = check_file(kind, upload, user)
    try:
        with transaction.atomic():
            kind.keep(rows, f"导入：{upload.name}"[:200], user)
    except IntegrityError:
        what = f"导入时有另一人登记了同一{kind.title}。"
        raise Refused(
            [Finding(None, "", what, "没有导入任何一行，请重新检查后再导入。", "already_registered")]
        ) from None
    return len(rows)


def preview_of(kind: Import, rows: list[Any]) -> Preview:
    """The first rows as they would be kept."""
    return Preview(len(rows), kind.unit, kind.headings, tuple(kind.cells(row) for row in rows[:PREVIEW_SHOWN]))
