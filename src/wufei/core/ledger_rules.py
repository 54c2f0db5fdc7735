"""The rules of the ledger over a batch in columns: one list a field, so that a rule costs a pass and not a call.

Invariant: a batch that ``check`` finds nothing in can be booked, but for what only the books know (holders, balances,
keys). Each rule looks at whole columns first and for the offending lines only when there are any.
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from unicodedata import is_normalized

from wufei.core.findings import Finding
from wufei.core.ledger import EPOCH, HELD, Account, Bucket, Movement

BALANCE_MAX_G = 2**63 - 1
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
ZONE_US = 8 * 3_600 * SECOND_US  # Asia/Shanghai
# Control characters, and what is not seen: zero-width and bidirectional marks make two equal-looking keys of one.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ud800-\udfff]")
TEXTS = ("kind", "document", "key", "package", "basis", "basis_ref", "reverses", "reason")

Flow = tuple[int, int, int, str]  # day as YYYYMMDD, index of source, index of target, kind
Flows = dict[Flow, tuple[int, int, int]]  # mass_g, count, movements


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of movement and between which buckets it may run; the first of each is meant where none is named."""

    kind: str
    name: str
    also: tuple[str, ...]  # other words for it in files
    sources: tuple[Bucket, ...]
    targets: tuple[Bucket, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken for a slip."""

    movement_max_g: int
    count_max: int
    text_max_chars: int
    future_tolerance_s: int
    earliest_day: date


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("wufei") / "data" / "ledger" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@lru_cache
def kinds() -> dict[str, Kind]:
    """Kinds of movement by name."""

    def buckets(cell: str) -> tuple[Bucket, ...]:
        return tuple(Bucket(b) for b in cell.split(";"))

    return {
        r["kind"]: Kind(
            r["kind"],
            r["name"],
            tuple(filter(None, r["also"].split(";"))),
            buckets(r["sources"]),
            buckets(r["targets"]),
        )
        for r in _rows("kinds.csv")
    }


@lru_cache
def bucket_names() -> dict[str, str]:
    """Chinese names of the buckets."""
    return {r["bucket"]: r["name"] for r in _rows("buckets.csv")}


@lru_cache
def bases() -> dict[str, str]:
    """Ways in which a mass may be known, with their Chinese names."""
    return {r["basis"]: r["name"] for r in _rows("bases.csv")}


@lru_cache
def field_names() -> dict[str, str]:
    """The Chinese name of each field of a movement: its first Chinese head in a file."""
    return {r["field"]: next(h for h in r["heads"].split(";") if not h.isascii()) for r in _rows("columns.csv")}


@lru_cache
def limits() -> Limits:
    """The limits of ``data/ledger/limits.json``."""
    raw = json.loads((files("wufei") / "data" / "ledger" / "limits.json").read_text(encoding="utf-8"))
    return Limits(**{**raw, "earliest_day": date.fromisoformat(raw["earliest_day"])})


def to_us(at: datetime) -> int:
    """Microseconds since 1970-01-01T00:00Z of an aware instant, exact."""
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND_US + since.microseconds


def from_us(us: int) -> datetime:
    """The instant (UTC) of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=us)


def day_number(on: date) -> int:
    """A day as ``YYYYMMDD``."""
    return on.year * 10_000 + on.month * 100 + on.day


def day_date(day: int) -> date:
    """The day of ``YYYYMMDD``."""
    return date(day // 10_000, day // 100 % 100, day % 100)


def next_day(day: int) -> int:
    """The day after, both as ``YYYYMMDD``."""
    return day_number(day_date(day) + timedelta(days=1))


def account_name(account: Account) -> str:
    """The account as one text, unique: ``holder|code|bucket|method``. It stands in the digest of each movement."""
    return f"{account.holder}|{account.waste_code}|{account.bucket.value}|{account.method}"


def named_account(name: str) -> Account:
    """The account of a name; the inverse of ``account_name``."""
    holder, code, bucket, method = name.split("|")
    return Account(holder, code, Bucket(bucket), method)


@dataclass(slots=True)
class Batch:
    """Movements in columns, all of one length n; ``source`` and ``target`` are indexes into ``accounts``."""

    accounts: list[Account]
    source: Sequence[int]
    target: Sequence[int]
    mass_g: Sequence[int]
    occurred_us: Sequence[int]
    kind: Sequence[str]
    document: Sequence[str]
    key: Sequence[str]
    count: Sequence[int | None]
    package: Sequence[str]
    basis: Sequence[str]
    basis_ref: Sequence[str]
    uncertainty_ppm: Sequence[int | None]
    reverses: Sequence[str]
    reason: Sequence[str]
    lines: Sequence[int] | None = None  # line of the file, where the batch comes from one

    def __len__(self) -> int:
        return len(self.key)

    @classmethod
    def of(cls, movements: Sequence[Movement], lines: Sequence[int] | None = None) -> "Batch":
        """The columns of a list of movements."""
        # Callers share Account objects, so the identity is asked first: hashing four texts costs ten times as much.
        by_identity: dict[int, int] = {}
        by_value: dict[Account, int] = {}

        def index(account: Account) -> int:
            found = by_identity.get(id(account))
            if found is None:
                found = by_identity[id(account)] = by_value.setdefault(account, len(by_value))
            return found

        source = [index(m.source) for m in movements]
        target = [index(m.target) for m in movements]
        return cls(
            accounts=list(by_value),
            source=source,
            target=target,
            mass_g=[m.mass_g for m in movements],
            occurred_us=[to_us(m.occurred_at) for m in movements],
            kind=[m.kind for m in movements],
            document=[m.document for m in movements],
            key=[m.key for m in movements],
            count=[m.count for m in movements],
            package=[m.package for m in movements],
            basis=[m.basis for m in movements],
            basis_ref=[m.basis_ref for m in movements],
            uncertainty_ppm=[m.uncertainty_ppm for m in movements],
            reverses=[m.reverses for m in movements],
            reason=[m.reason for m in movements],
            lines=lines,
        )

    def take(self, chosen: Sequence[int]) -> "Batch":
        """The batch of the chosen indexes only."""
        columns = {
            f.name: [getattr(self, f.name)[i] for i in chosen]
            for f in fields(self)
            if f.name not in {"accounts", "lines"}
        }
        lines = None if self.lines is None else [self.lines[i] for i in chosen]
        return Batch(accounts=self.accounts, lines=lines, **columns)

    def line(self, i: int) -> int:
        """The line by which the i-th movement is named to people: that of its file, else counted from 1."""
        return i + 1 if self.lines is None else self.lines[i]

    def content(self, i: int) -> tuple[object, ...]:
        """What the i-th movement claims: equal for a repeated delivery, whatever the books made of it."""
        return (
            account_name(self.accounts[self.source[i]]),
            account_name(self.accounts[self.target[i]]),
            self.mass_g[i],
            self.occurred_us[i],
            self.kind[i],
            self.document[i],
            self.count[i],
            self.package[i],
            self.basis[i],
            self.basis_ref[i],
            self.uncertainty_ppm[i],
            self.reverses[i],
        )


def days_of(occurred_us: Sequence[int]) -> list[int]:
    """Ledger days (``YYYYMMDD``, Asia/Shanghai) of instants."""
    numbers = [(us + ZONE_US) // DAY_US for us in occurred_us]
    names = {n: day_number(EPOCH.date() + timedelta(days=n)) for n in set(numbers)}
    return [names[n] for n in numbers]


def fold_flows(batch: Batch, days: Sequence[int]) -> Flows:
    """Sums per day, source, target and kind."""
    flows: Flows = {}
    get, none = flows.get, (0, 0, 0)
    for flow, mass_g, count in zip(
        zip(days, batch.source, batch.target, batch.kind, strict=True), batch.mass_g, batch.count, strict=True
    ):
        total_g, counted, movements = get(flow, none)
        flows[flow] = (total_g + mass_g, counted + (count or 0), movements + 1)
    return flows


def net_changes(flows: Flows) -> dict[int, int]:
    """Net change per account index, grams; the values sum to 0."""
    net: dict[int, int] = {}
    for (_, source, target, _), (mass_g, _, _) in flows.items():
        net[source] = net.get(source, 0) - mass_g
        net[target] = net.get(target, 0) + mass_g
    return net


def year_changes(batch: Batch, flows: Flows) -> dict[tuple[int, int], int]:
    """Net change per year and index of an account that holds mass, grams; those that are 0 are left out."""
    held = [account.bucket in HELD for account in batch.accounts]
    net: dict[tuple[int, int], int] = {}
    for (day, source, target, _), (mass_g, _, _) in flows.items():
        year = day // 10_000
        if held[source]:
            net[year, source] = net.get((year, source), 0) - mass_g
        if held[target]:
            net[year, target] = net.get((year, target), 0) + mass_g
    return {place: change for place, change in net.items() if change}


def overdrawn_findings(batch: Batch, held_g: Sequence[int], net: dict[int, int]) -> list[Finding]:
    """A finding for each line that takes too much, where the batch would leave an account below zero.

    ``held_g``: grams held before the batch, by account index. The order of evaluation is told in ``core.ledger``.
    """
    short = {a: held_g[a] for a, c in net.items() if held_g[a] + c < 0 and batch.accounts[a].bucket in HELD}
    found = []
    for i in sorted(range(len(batch)), key=batch.occurred_us.__getitem__) if short else ():
        source, target, mass_g = batch.source[i], batch.target[i], batch.mass_g[i]
        if source in short and short[source] < mass_g:
            account = batch.accounts[source]
            found.append(
                Finding(
                    batch.line(i),
                    "mass",
                    f"{account.holder} 的 {account.waste_code}（{bucket_names()[account.bucket]}）此时只有 "
                    f"{short[source]} 克，本笔要转出 {mass_g} 克，超出 {mass_g - short[source]} 克。",
                    "请先补记入账（产生、转入或期初结存），或更正本笔重量。",
                    "overdrawn",
                )
            )
            continue
        if source in short:
            short[source] -= mass_g
        if target in short:
            short[target] += mass_g
    return sorted(found, key=lambda f: f.line or 0)


def overflowing_findings(batch: Batch, held_g: Sequence[int], net: dict[int, int]) -> list[Finding]:
    """A finding for each account whose balance would leave 64 bits; SQLite would keep it as an inexact float."""
    found = []
    for account, change in net.items():
        if abs(held_g[account] + change) > BALANCE_MAX_G:
            name = account_name(batch.accounts[account])
            what = f"账户“{name}”的余额将达到 {held_g[account] + change} 克，超出能记的范围。"
            found.append(Finding(None, "mass", what, "请检查计量单位（吨、千克）是否写错。", "balance_too_large"))
    return found


def check(batch: Batch, *, now_us: int) -> list[Finding]:
    """All that can be known to be wrong with a batch without looking into the books; in the order of lines."""
    found: list[Finding] = []
    for rule in RULES:
        found += rule(batch, now_us)
    return sorted(found, key=lambda f: f.line or 0)


def _lines_where(column: Sequence[object], wrong: Callable[..., bool]) -> Iterable[int]:
    return (i for i, value in enumerate(column) if wrong(value))


def _check_mass(batch: Batch, now_us: int) -> list[Finding]:
    most = limits().movement_max_g
    if not batch.mass_g or (min(batch.mass_g) > 0 and max(batch.mass_g) <= most):
        return []
    found = []
    for i in _lines_where(batch.mass_g, lambda g: g <= 0 or g > most):
        mass_g = batch.mass_g[i]
        if mass_g <= 0:
            what = f"重量为{'零' if mass_g == 0 else f'负数（{mass_g} 克）'}，每笔必须大于零。"
            found.append(Finding(batch.line(i), "mass", what, MASS_REMEDY, "mass_not_positive"))
        else:
            what = f"一笔 {mass_g // 1_000_000} 吨超过单笔上限 {most // 1_000_000} 吨。"
            found.append(
                Finding(batch.line(i), "mass", what, "请检查计量单位（吨、千克）是否写错。", "mass_too_large")
            )
    return found


MASS_REMEDY = "请填写正数；冲销已记的账请用“冲销”类型并写明被冲销编号。"


def _check_time(batch: Batch, now_us: int) -> list[Finding]:
    rule = limits()
    latest = now_us + rule.future_tolerance_s * SECOND_US
    earliest = (rule.earliest_day - EPOCH.date()).days * DAY_US - ZONE_US
    if not batch.key or (max(batch.occurred_us) <= latest and min(batch.occurred_us) >= earliest):
        return []
    found = []
    for i in _lines_where(batch.occurred_us, lambda us: us > latest or us < earliest):
        day = day_date(days_of([batch.occurred_us[i]])[0])
        what, code = (
            (f"发生时间 {day} 在将来。", "time_in_future")
            if batch.occurred_us[i] > latest
            else (f"发生时间 {day} 早于 {rule.earliest_day}。", "time_too_early")
        )
        found.append(Finding(batch.line(i), "occurred_at", what, "请核对年月日后重新填写。", code))
    return found


def _check_texts(batch: Batch, now_us: int) -> list[Finding]:
    most = limits().text_max_chars
    found = []
    for name in TEXTS:
        column: Sequence[str] = getattr(batch, name)
        distinct = set(column)
        joined = "".join(distinct)
        # What is printable has no control character; asking so costs a tenth. (Not all that is unprintable is one.)
        if not joined.isprintable() and CONTROL.search(joined):
            for i in _lines_where(column, lambda text: bool(CONTROL.search(text))):
                what = f"“{field_names()[name]}”含有不可见字符（如换行、制表符、零宽空格）。"
                found.append(Finding(batch.line(i), name, what, "请删除不可见字符。", "control_character"))
        if not is_normalized("NFC", joined):
            for i in _lines_where(column, lambda text: not is_normalized("NFC", text)):
                what = f"“{field_names()[name]}”里同一个字有两种编码，此处不是通用的一种（NFC）。"
                found.append(Finding(batch.line(i), name, what, "请重新键入，或转为 NFC 后提交。", "not_normalised"))
        if distinct and max(map(len, distinct)) > most:
            for i in _lines_where(column, lambda text: len(text) > most):
                what = f"“{field_names()[name]}”有 {len(column[i])} 个字，最多 {most} 个。"
                found.append(Finding(batch.line(i), name, what, "请缩短。", "text_too_long"))
    return found


def _check_keys(batch: Batch, now_us: int) -> list[Finding]:
    found = []
    if len(set(batch.key)) != len(batch):
        first: dict[str, int] = {}
        for i, key in enumerate(batch.key):
            if first.setdefault(key, i) != i:
                what = f"编号“{key}”与第 {batch.line(first[key])} 行重复。"
                found.append(
                    Finding(batch.line(i), "key", what, "请删除重复的行，或给它自己的编号。", "duplicate_key")
                )
    if "" in batch.key:
        for i in _lines_where(batch.key, lambda key: not key):
            found.append(Finding(batch.line(i), "key", "没有编号。", "请给每笔一个不重复的编号。", "missing_key"))
    return found


def _check_words(batch: Batch, now_us: int) -> list[Finding]:
    found = []
    kind_names = {kind: row.name for kind, row in kinds().items()}
    for name, words, code in (("kind", kind_names, "unknown_kind"), ("basis", bases(), "unknown_basis")):
        column: Sequence[str] = getattr(batch, name)
        unknown = set(column) - set(words)
        for i in _lines_where(column, unknown.__contains__) if unknown else ():
            label = field_names()[name]
            what = f"{label}“{column[i][:40]}”不是已知的取值。" if column[i] else f"没有写{label}。"
            remedy = f"请改为下列之一：{'、'.join(words.values())}。"
            found.append(Finding(batch.line(i), name, what, remedy, code))
    return found


def _check_counts(batch: Batch, now_us: int) -> list[Finding]:
    found = []
    for name in ("count", "uncertainty_ppm"):
        column: Sequence[int | None] = getattr(batch, name)
        values = set(column) - {None}
        most = limits().count_max
        wrong = {v for v in values if v is not None and not 0 <= v <= most}
        for i in _lines_where(column, wrong.__contains__) if wrong else ():
            what = f"“{field_names()[name]}”为 {column[i]}，应在 0 到 {most} 之间。"
            found.append(Finding(batch.line(i), name, what, "请更正，或留空表示没有。", "count_out_of_range"))
    return found


def _check_ways(batch: Batch, now_us: int) -> list[Finding]:
    """One waste code, two different accounts, buckets that suit the kind, and a reversal names what it undoes."""
    table = kinds()
    wrong: dict[tuple[int, int, str], tuple[str, str, str]] = {}
    for way in set(zip(batch.source, batch.target, batch.kind, strict=True)):
        source, target, rule = batch.accounts[way[0]], batch.accounts[way[1]], table.get(way[2])
        if source.waste_code != target.waste_code:
            wrong[way] = (
                f"转出代码 {source.waste_code} 与转入代码 {target.waste_code} 不同。",
                "处理产生的新废物请另记一笔“产生”。",
                "two_codes",
            )
        elif way[0] == way[1]:
            wrong[way] = ("转出与转入是同一账户。", "请更正转出方或转入方。", "same_account")
        elif rule and not (source.bucket in rule.sources and target.bucket in rule.targets):
            names = bucket_names()
            what = f"“{rule.name}”不能从“{names[source.bucket]}”记到“{names[target.bucket]}”。"
            wrong[way] = (what, "请更正业务类型或转出、转入账户。", "kind_and_buckets")
    found = []
    if wrong:
        ways = zip(batch.source, batch.target, batch.kind, strict=True)
        found = [Finding(batch.line(i), "kind", *wrong[way]) for i, way in enumerate(ways) if way in wrong]
    if any(batch.reverses) or "reverse" in batch.kind:
        for i, (kind, key) in enumerate(zip(batch.kind, batch.reverses, strict=True)):
            if (kind == "reverse") != bool(key):
                what = "冲销没有写明被冲销编号。" if not key else "写了被冲销编号，但业务类型不是“冲销”。"
                found.append(Finding(batch.line(i), "reverses", what, "两者须同时填写。", "reversal_incomplete"))
    return found


RULES = (_check_mass, _check_time, _check_texts, _check_keys, _check_words, _check_counts, _check_ways)
