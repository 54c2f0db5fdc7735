"""Reads the rows of a ledger file (记账文件) into batches, with a finding for each cell that cannot be understood.

Invariant: every row is either in a batch or has a finding. Heads may be Chinese or English
(``data/ledger/columns.csv``); a bucket left out is the first that ``data/ledger/kinds.csv`` names for the kind.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, time
from functools import lru_cache
from importlib.resources import files
from typing import Any
from unicodedata import normalize

from wufei.core.findings import Finding
from wufei.core.intake import BadFile, BadValue, parse_decimal, parse_instant, parse_mass
from wufei.core.ledger import SHANGHAI, WITH_METHOD, Account, Bucket
from wufei.core.ledger_rules import Batch, bases, bucket_names, kinds, limits, to_us

_SEPARATOR = ";"
_NUMBERS = ("count", "uncertainty_ppm")
_TEXTS = ("document", "key", "package", "basis_ref", "reverses", "reason")


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a ledger file and the heads by which it is known."""

    field: str
    required: bool
    heads: tuple[str, ...]


@lru_cache
def columns() -> tuple[Column, ...]:
    """The fields of a ledger file."""
    text = (files("wufei") / "data" / "ledger" / "columns.csv").read_text(encoding="utf-8")
    return tuple(
        Column(r["field"], r["required"] == "yes", tuple(r["heads"].split(_SEPARATOR)))
        for r in csv.DictReader(text.splitlines())
    )


def plain_head(head: str) -> str:
    """A head as it is compared: without spaces, in small letters, half-width brackets and what stands in them cut."""
    bare = "".join(head.split()).casefold().replace("（", "(")
    return bare.partition("(")[0]


def match_heads(heads: Iterable[str], line: int | None) -> tuple[dict[str, str], list[Finding]]:
    """Which head of a file stands for which field, and a finding for each that is missing or there twice."""
    known = {plain_head(head): column.field for column in columns() for head in column.heads}
    found: dict[str, str] = {}
    findings = []
    for head in heads:
        name = known.get(plain_head(head))
        if name is None:
            continue  # a file may carry columns of its own
        if name in found:
            what = f"“{found[name]}”与“{head}”两列是同一项。"
            findings.append(Finding(line, name, what, "请删去其中一列。", "column_twice"))
        found.setdefault(name, head)
    for column in columns():
        if column.required and column.field not in found:
            what = f"缺少“{next(h for h in column.heads if not h.isascii())}”列。"
            remedy = f"请加上这一列，列名可用：{'、'.join(column.heads)}。"
            findings.append(Finding(line, column.field, what, remedy, "column_missing"))
    return found, findings


@dataclass(slots=True)
class _Filling:
    """A batch that is being filled."""

    accounts: dict[Account, int] = field(default_factory=dict)
    rows: list[tuple[object, ...]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def close(self) -> tuple[Batch, list[Finding]]:
        names = [f.name for f in fields(Batch) if f.name not in {"accounts", "lines"}]
        lists = [list(column) for column in zip(*self.rows, strict=True)] or [[] for _ in names]
        columns: dict[str, Any] = dict(zip(names, lists, strict=True))
        return Batch(accounts=list(self.accounts), lines=self.lines, **columns), self.findings


def read_batches(rows: Iterable[tuple[int, Mapping[str, str]]], size: int) -> Iterator[tuple[Batch, list[Finding]]]:
    """Batches of at most ``size`` movements, each with the findings of its lines.

    A cell with a finding is filled with a harmless value, so that the rules can still tell what else is wrong with
    the line: a batch with findings is never booked. Rows that cannot be read at all have only their finding, with
    the last batch.
    """
    filling, read = _Filling(), 0
    known: dict[tuple[str, ...], tuple[dict[str, str], list[Finding]]] = {}
    try:
        for line, cells in rows:
            heads = tuple(cells)  # the rows of JSON lines may differ in theirs
            if heads not in known:
                known[heads] = match_heads(heads, line if known else None)
                filling.findings += known[heads][1]
            columns, wrong = known[heads]
            read += 1
            if not wrong:
                _read_row(line, {name: cells[head] for name, head in columns.items()}, filling)
            if len(filling.rows) == size:
                yield filling.close()
                filling = _Filling()
    except BadFile as error:
        filling.findings += error.findings
    if not read and not filling.findings:
        filling.findings.append(Finding(None, "", "文件里没有数据行。", "请检查是否上传了正确的文件。", "no_rows"))
    yield filling.close()


def _read_row(line: int, cells: Mapping[str, str], filling: _Filling) -> None:
    """Add the movement of a row, or a finding for each of its cells that cannot be understood."""
    get = cells.get

    def fault(name: str, error: BadValue) -> None:
        filling.findings.append(Finding(line, name, error.what, error.remedy, error.code))

    mass_g, occurred_us = 1, _harmless_us()
    try:
        mass_g = parse_mass(get("mass", ""), get("unit", ""))
    except BadValue as error:
        fault("unit" if error.code in {"unknown_unit", "unit_conflict"} else "mass", error)
    try:
        occurred_us = to_us(parse_instant(get("occurred_at", "")))
    except BadValue as error:
        fault("occurred_at", error)
    numbers: dict[str, int | None] = dict.fromkeys(_NUMBERS)
    for name in _NUMBERS:
        try:
            numbers[name] = _whole(get(name, ""))
        except BadValue as error:
            fault(name, error)
    kind = _kind_names().get(get("kind", ""), get("kind", ""))
    basis = _basis_names().get(get("basis", "") or "weighed", get("basis", ""))
    ends = []
    for end in ("source", "target"):
        try:
            bucket = _bucket(get(f"{end}_bucket", ""), end, kind)
        except BadValue as error:
            fault(f"{end}_bucket", error)
            bucket = _bucket("", end, kind)
        method = get("method", "") if bucket in WITH_METHOD else ""
        ends.append(Account(normalize("NFC", get(f"{end}_holder", "")), get("waste_code", ""), bucket, method))
    source, target = (filling.accounts.setdefault(account, len(filling.accounts)) for account in ends)
    document, key, package, basis_ref, reverses, reason = (normalize("NFC", get(name, "")) for name in _TEXTS)
    filling.lines.append(line)
    filling.rows.append(
        (
            source,
            target,
            mass_g,
            occurred_us,
            kind,
            document,
            key,
            numbers["count"],
            package,
            basis,
            basis_ref,
            numbers["uncertainty_ppm"],
            reverses,
            reason,
        )
    )


def _whole(text: str) -> int | None:
    if not text:
        return None
    number = parse_decimal(text)
    if number != number.to_integral_value():
        raise BadValue(f"“{text}”不是整数。", "请填写整数，或留空。", "not_whole")
    return int(number)


@lru_cache
def _kind_names() -> dict[str, str]:
    return {name: kind for kind, row in kinds().items() for name in (kind, row.name, *row.also)}


@lru_cache
def _basis_names() -> dict[str, str]:
    return {name: basis for basis, chinese in bases().items() for name in (basis, chinese)}


@lru_cache
def _bucket_names() -> dict[str, str]:
    return {name: bucket for bucket, chinese in bucket_names().items() for name in (bucket, chinese)}


def _bucket(given: str, end: str, kind: str) -> Bucket:
    if given:
        bucket = _bucket_names().get(given)
        if bucket is None:
            remedy = f"请改为下列之一：{'、'.join(bucket_names().values())}。"
            raise BadValue(f"“{given}”不是已知的账户类型。", remedy, "unknown_bucket")
        return Bucket(bucket)
    rule = kinds().get(kind)
    if rule is None:  # the rules tell of an unknown kind; the bucket then does not matter
        return Bucket.GENERATED if end == "source" else Bucket.STORED
    return (rule.sources if end == "source" else rule.targets)[0]


@lru_cache
def _harmless_us() -> int:
    return to_us(datetime.combine(limits().earliest_day, time(12), tzinfo=SHANGHAI))
