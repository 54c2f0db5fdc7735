"""The record book of waste (管理台账): one engine, its tables are data (``data/declarations/books``).

A table says its fields, the prefix of its batch numbers, the role of its entries in a declaration, and how an entry
posts to the ledger. Source: hj1259-2022/batch-number, giw-ledger-2021/required-tables. Invariant: an entry posts what
is booked by no other document, so that no mass is booked twice: what goes by manifest does not post itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from types import MappingProxyType
from typing import Any

from wufei.core.catalogue import DOMAIN_NAMES, domain_of, methods
from wufei.core.findings import Finding
from wufei.core.form_fields import Field, fields_of
from wufei.core.ledger import Account, Bucket, Movement
from wufei.core.reference import names, read_document

POSTS = frozenset({"none", "generate", "treat", "give"})
ROLES: Mapping[str, str] = MappingProxyType(
    {
        "generate": "产生", "collect": "收集", "store": "贮存", "store_in": "入库", "store_out": "出库",
        "own": "自行利用处置",
        "outsource": "委外", "register": "清单", "summary": "汇总", "product": "产品",
    }
)  # fmt: skip
SERIAL_DIGITS = 3
COLUMNS = ("occurred_at", "waste_code", "mass_g", "count", "method", "manifest_number", "package_codes", "sources")


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a book.

    Attributes:
        prefixes: prefix of the batch number by ``any``, or by the bucket of the method (``utilised``,
            ``disposed``), with ``+abroad`` where the receiver is abroad.
        role: what its entries are in a declaration.
        post: ``generate`` (into store), ``treat`` (own utilisation or disposal by the method, with what comes out),
            ``give`` (out of store to a registered site or out of the region, unless a manifest books it), ``none``.
        bucket: the bucket that the method must lead to; empty where either may be.
        derived: form that replaces the table; such a table takes no entries.
    """

    book: str
    table: str
    name: str
    note: str
    domains: tuple[str, ...]
    prefixes: Mapping[str, str]
    role: str
    post: str
    bucket: str
    code: str
    required: bool
    derived: str
    fields: tuple[Field, ...]

    def has(self, name: str) -> bool:
        """Whether the table has the field."""
        return any(one.name == name for one in self.fields)

    def field(self, name: str) -> Field:
        """The field of that name."""
        return next(one for one in self.fields if one.name == name)


@dataclass(frozen=True, slots=True)
class Book:
    """One record book: which sites keep it (by category; empty for any), for how long, its tables."""

    book: str
    name: str
    site_categories: tuple[str, ...]
    keep: str
    tables: tuple[Table, ...]


@cache
def books() -> Mapping[str, Book]:
    """All books by id: hazardous waste and general industrial waste first."""
    common = read_document("declarations/book_fields.json")
    shared = {row["name"]: row for row in common["fields"]}
    order = ["hazardous", "industrial"]
    listed = sorted(names("declarations/books", ".json"), key=lambda name: (name not in order, name))
    return MappingProxyType({name: _read(name, shared, common["choices"]) for name in listed})


def _read(name: str, shared: Mapping[str, Any], choices: Mapping[str, Mapping[str, str]]) -> Book:
    raw = read_document(f"declarations/books/{name}.json")
    assert raw["book"] == name

    def field(row: str | Mapping[str, Any]) -> Mapping[str, Any]:
        if isinstance(row, str):
            return dict(shared[row])
        return {**shared[row["use"]], **{k: v for k, v in row.items() if k != "use"}} if "use" in row else row

    tables = tuple(
        Table(
            name,
            row["table"],
            row["name"],
            row.get("note", ""),
            tuple(raw["domains"]),
            row["prefix"],
            row["role"],
            row["post"],
            row.get("bucket", ""),
            row.get("code", ""),
            row.get("required", False),
            row.get("derived", ""),
            fields_of([field(one) for one in row["fields"]], choices),
        )
        for row in raw["tables"]
    )
    return Book(name, raw["name"], tuple(raw["site_categories"]), raw["keep"], tables)


@cache
def tables() -> Mapping[str, Table]:
    """All tables of all books by id."""
    return MappingProxyType({table.table: table for book in books().values() for table in book.tables})


def books_of(category: str) -> list[Book]:
    """The books that a site of this category keeps."""
    return [book for book in books().values() if not book.site_categories or category in book.site_categories]


def prefix_of(table: Table, values: Mapping[str, Any]) -> str:
    """The prefix of an entry's batch number."""
    if "any" in table.prefixes:
        return table.prefixes["any"]
    key = methods()[values["method"]].bucket
    return table.prefixes[f"{key}+abroad" if values.get("receiver_kind") == "abroad" else key]


def batch_number(prefix: str, on: date, serial: int) -> str | None:
    """The number of a batch, ``HWCS20211031001``; ``None`` where the day's serials are used up."""
    if serial >= 10**SERIAL_DIGITS:
        return None
    return f"{prefix}{on:%Y%m%d}{serial:0{SERIAL_DIGITS}}"


def check_entry(table: Table, values: Mapping[str, Any], *, now: datetime, line: int | None = None) -> list[Finding]:
    """What is wrong with an entry whose cells could all be read."""
    findings: list[Finding] = []

    def wrong(field: str, what: str, remedy: str, code: str) -> None:
        findings.append(Finding(line, field, what, remedy, code))

    if table.derived:
        wrong("", f"“{table.name}”由账本自动生成，不能填写。", "请在“申报”中生成。", "derived_table")
    for name in ("waste_code", "residue_code"):
        code = values.get(name)
        if name == "waste_code" and code is not None and domain_of(code) not in table.domains:
            allowed = "、".join(DOMAIN_NAMES[domain] for domain in table.domains)
            what = f"{code} 属于{DOMAIN_NAMES[domain_of(code)]}，“{table.name}”只记{allowed}。"
            wrong(name, what, "请换一本台账，或核对代码。", "wrong_domain")
    if table.post != "none" and values.get("mass_g") == 0:
        wrong("mass_g", "数量为 0。", "请填写大于 0 的数量。", "no_mass")
    at = datetime.fromisoformat(values["occurred_at"]) if "occurred_at" in values else None
    if at is not None and at > now:
        wrong(
            "occurred_at",
            f"{table.field('occurred_at').label} {at:%Y-%m-%d %H:%M} 在将来。",
            "请核对。",
            "time_in_future",
        )
    if at is not None and "finished_at" in values and datetime.fromisoformat(values["finished_at"]) < at:
        wrong("finished_at", "完毕时间早于开始时间。", "请核对两个时间。", "finished_before_begin")
    if table.bucket and "method" in values and methods()[values["method"]].bucket != table.bucket:
        word = "利用" if table.bucket == "utilised" else "处置"
        what = f"方式 {values['method']} 不是{word}方式。"
        wrong("method", what, f"“{table.name}”只用{word}类的方式代码。", "wrong_method")
    if ("residue_code" in values) != ("residue_g" in values):
        wrong("residue_g", "产出废物的代码与数量须同时填写。", "请补填，或都留空。", "residue_incomplete")
    return findings


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry is booked: the site's holder, its county's boundary, the receiver's holder if registered."""

    holder: str
    boundary: str
    receiver: str = ""


def movements_of(
    table: Table, values: Mapping[str, Any], place: Place, *, document: str, at: datetime, already_g: int = 0
) -> list[Movement]:
    """The movements that an entry posts; keys are ``document`` and a number. Empty where another document books it.

    ``already_g`` of its mass has been booked by packages; the rest alone is posted. Treatment is two movements
    tied by one document: the waste to utilised or disposed, and what comes out to store.
    """
    code, mass_g = values.get("waste_code", ""), values.get("mass_g", 0)
    basis, count = values.get("basis", "declared"), values.get("count")
    held = Account(place.holder, code, Bucket.STORED)

    def move(number: int, source: Account, target: Account, grams: int, kind: str, counted: int | None) -> Movement:
        return Movement(source, target, grams, at, kind, document, f"{document}:{number}", count=counted, basis=basis)

    if table.post == "none" or not mass_g or values.get("manifest_number"):
        return []
    mass_g = max(0, mass_g - already_g)
    count = None if already_g else count
    if table.post == "generate" and not mass_g:
        return []
    if table.post == "generate":
        return [move(1, Account(place.holder, code, Bucket.GENERATED), held, mass_g, "generate", count)]
    if table.post == "treat":
        method = methods()[values["method"]]
        end = Account(place.holder, code, Bucket(method.bucket), method.code)
        kind = "utilise" if method.bucket == "utilised" else "dispose"
        found = [move(1, held, end, mass_g, kind, count)] if mass_g else []
        if values.get("residue_g"):
            out = values["residue_code"]
            source, store = (Account(place.holder, out, bucket) for bucket in (Bucket.GENERATED, Bucket.STORED))
            found.append(move(2, source, store, values["residue_g"], "generate", None))
        return found
    if place.receiver:
        return [move(1, held, Account(place.receiver, code, Bucket.STORED), mass_g, "unload", count)]
    return [move(1, held, Account(place.boundary, code, Bucket.OUTSIDE), mass_g, "send", count)]


def reversal_of(posted: Sequence[Movement], *, document: str, at: datetime, reason: str) -> list[Movement]:
    """Movements that undo what an entry posted."""
    return [
        Movement(
            one.target, one.source, one.mass_g, at, "reverse", document, f"{one.key}:reverse",
            count=one.count, basis=one.basis, reverses=one.key, reason=reason[:200],
        )
        for one in posted
    ]  # fmt: skip


def as_posting(one: Movement) -> list[Any]:
    """A movement as it is kept with its entry."""
    ends = [[a.holder, a.waste_code, a.bucket.value, a.method] for a in (one.source, one.target)]
    return [*ends, one.mass_g, one.occurred_at.isoformat(), one.kind, one.document, one.key, one.count, one.basis]


def from_posting(raw: Sequence[Any]) -> Movement:
    """The inverse of ``as_posting``."""
    source, target = (Account(end[0], end[1], Bucket(end[2]), end[3]) for end in raw[:2])
    mass_g, at, kind, document, key, count, basis = raw[2:]
    return Movement(source, target, mass_g, datetime.fromisoformat(at), kind, document, key, count=count, basis=basis)
