"""Lists of holders, accounts and movements, paged by key.

A list of movements walks the links of the holders it shows, newest or oldest batch first: the chain is the index, so
the table of movements needs none of its own, and a page costs what it shows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse

from wufei.apps.ledger.engines.base import MEMBERS_BITS
from wufei.apps.ledger.models import (
    AccountRecord,
    BatchRecord,
    FlowRecord,
    HolderRecord,
    LinkRecord,
    MovementRecord,
)
from wufei.apps.ledger.posting import unpack_members
from wufei.apps.ledger.reference import name_and_domain
from wufei.apps.registry.listing import Cell, Column, Listing
from wufei.core.catalogue import methods
from wufei.core.ledger import SHANGHAI
from wufei.core.ledger_rules import bases, bucket_names, day_number, from_us, kinds
from wufei.core.numbers import grouped_text
from wufei.core.reference import read_table

PAGE_SIZE = 50
_LAST_DAY = 99_999_999
_BATCHES = 20  # batches looked at together
_CHUNK = 400  # movements looked at together


@cache
def category_names() -> Mapping[str, str]:
    """Chinese names of the categories of holders."""
    names = {row["category"]: row["name"] for row in read_table("registry/site_categories.csv")}
    return {**names, "vehicle": "运输车辆", "boundary": "区域边界"}


def tonnes(mass_g: int) -> str:
    """Grams as exact tonnes with grouped thousands: 1234500000 → 1,234.5."""
    return grouped_text(Decimal(mass_g).scaleb(-6))


def holder_url(key: str) -> str:
    """Address of a holder's page."""
    return reverse("ledger:holder", args=[key])


def _holder_cells(row: HolderRecord) -> tuple[Cell, ...]:
    return (
        Cell(row.name, holder_url(row.key), badge="模拟" if row.is_simulated else ""),
        Cell(row.key, css="nowrap"),
        Cell(category_names().get(row.category, row.category)),
        Cell(row.division),
        Cell(str(row.links), css="number"),
    )


HOLDERS: Listing[HolderRecord] = Listing(
    title="持有者",
    joins=(),
    columns=(
        Column("名称", "name"),
        Column("编号", "key"),
        Column("类别", "category"),
        Column("行政区划", "division"),
        Column("入账批次", "links", "number"),
    ),
    search=("name", "key", "division"),
    cells=_holder_cells,
    empty="还没有登记持有者。",
    default_sort="key",
)


def _account_cells(row: AccountRecord) -> tuple[Cell, ...]:
    method = methods().get(row.method)
    return (
        Cell(row.holder.name, holder_url(row.holder.key), badge="模拟" if row.holder.is_simulated else ""),
        Cell(row.waste_code, css="nowrap"),
        Cell(name_and_domain(row.waste_code)[0]),
        Cell(bucket_names()[row.bucket]),
        Cell(method.name if method else row.method or "—"),
        Cell(tonnes(row.balance_g), css="number"),
    )


ACCOUNTS: Listing[AccountRecord] = Listing(
    title="账户余额",
    joins=("holder",),
    columns=(
        Column("持有者", "holder__name"),
        Column("代码", "waste_code"),
        Column("废物"),
        Column("账户", "bucket"),
        Column("方式"),
        Column("余额（吨）", "balance_g", "number"),
    ),
    search=("holder__name", "waste_code", "holder__key"),
    cells=_account_cells,
    empty="还没有余额。",
    default_sort="holder__name",
)


# --- Movements ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which movements the address asks for; empty admits everything. What it asks wrongly is left out of account."""

    kind: str = ""
    waste_code: str = ""
    first_day: int = 0
    last_day: int = _LAST_DAY
    oldest_first: bool = False
    after: int | None = None

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "Wanted":
        """Read the parameters of an address."""
        after = asked.get("after", "")
        kind = asked.get("kind", "")
        return cls(
            kind=kind if kind in kinds() else "",
            waste_code=asked.get("code", "").strip()[:20],
            first_day=_day(asked.get("from", ""), 0),
            last_day=_day(asked.get("to", ""), _LAST_DAY),
            oldest_first=asked.get("sort", "") == "oldest",
            after=int(after) if after.isascii() and after.isdigit() and len(after) <= 18 else None,
        )


def _day(text: str, otherwise: int) -> int:
    try:
        return day_number(date.fromisoformat(text))
    except ValueError:
        return otherwise


@dataclass(frozen=True, slots=True)
class MovementLine:
    """One movement as a list shows it."""

    id: int
    occurred_at: str
    day: str
    kind: str
    source: str
    source_bucket: str
    target: str
    target_bucket: str
    waste_code: str
    waste: str
    mass_g: int
    tonnes: str
    count: int | None
    document: str
    key: str
    package: str
    basis: str
    reverses: str
    reason: str
    recorded_at: str
    actor: str
    is_simulated: bool


@dataclass(frozen=True, slots=True)
class MovementList:
    """One page of movements."""

    rows: tuple[MovementLine, ...]
    next_url: str
    first_url: str


def movement_page(holders: QuerySet[HolderRecord], asked: Mapping[str, str], path: str) -> MovementList:
    """One page of the movements from or to ``holders``; the key is the movement's number."""
    wanted = Wanted.of(asked)
    found = []
    for row in movements(holders, wanted):
        found.append(row)
        if len(found) > PAGE_SIZE:
            break
    shown = found[:PAGE_SIZE]
    kept = {name: asked[name] for name in ("kind", "code", "from", "to", "sort") if asked.get(name)}
    next_url = ""
    if len(found) > PAGE_SIZE:
        next_url = f"{path}?{urlencode({**kept, 'after': shown[-1].id})}"
    first_url = (f"{path}?{urlencode(kept)}" if kept else path) if wanted.after is not None else ""
    return MovementList(tuple(shown), next_url, first_url)


def movements(holders: QuerySet[HolderRecord], wanted: Wanted) -> Iterator[MovementLine]:
    """The movements from or to ``holders`` that are wanted, in the order of booking, as a stream."""
    ids = _ids(_narrowed(holders, wanted), wanted)
    while chunk := [number for _, number in zip(range(_CHUNK), ids, strict=False)]:
        rows = MovementRecord.objects.filter(id__in=chunk, day__gte=wanted.first_day, day__lte=wanted.last_day)
        if wanted.kind:
            rows = rows.filter(kind=wanted.kind)
        yield from _lines(list(rows.order_by("id" if wanted.oldest_first else "-id")), wanted)


def holder_movements(holders: QuerySet[HolderRecord], wanted: Wanted) -> Iterator[list[str]]:
    """Keys of the movements of ``holders`` in the days that are wanted, some at a time."""
    ids = _ids(_narrowed(holders, wanted), wanted)
    while chunk := [number for _, number in zip(range(_CHUNK), ids, strict=False)]:
        rows = MovementRecord.objects.filter(id__in=chunk, day__gte=wanted.first_day, day__lte=wanted.last_day)
        yield list(rows.values_list("key", flat=True))


def _narrowed(holders: QuerySet[HolderRecord], wanted: Wanted) -> QuerySet[HolderRecord]:
    """Of ``holders`` those that can have what is wanted, by their accounts and the daily flows; spares long walks."""
    if wanted.waste_code:
        with_code = AccountRecord.objects.filter(waste_code=wanted.waste_code)
        holders = holders.filter(id__in=with_code.values("holder_id"))
    if wanted.kind or wanted.first_day or wanted.last_day < _LAST_DAY:
        flows = FlowRecord.objects.filter(day__gte=wanted.first_day, day__lte=wanted.last_day)
        if wanted.kind:
            flows = flows.filter(kind=wanted.kind)
        touched = Q(id__in=flows.values("source_id")) | Q(id__in=flows.values("target_id"))
        holders = holders.filter(id__in=AccountRecord.objects.filter(touched).values("holder_id"))
    return holders


def _ids(holders: QuerySet[HolderRecord], wanted: Wanted) -> Iterator[int]:
    """Numbers of the movements of ``holders`` behind the key, batch after batch."""
    links = LinkRecord.objects.filter(holder_id__in=holders.order_by().values("id"))
    order = "batch_id" if wanted.oldest_first else "-batch_id"
    edge = wanted.after
    reached = None if edge is None else edge >> MEMBERS_BITS
    while True:
        near = links
        if reached is not None:
            near = links.filter(**{"batch_id__gte" if wanted.oldest_first else "batch_id__lte": reached})
        batches = list(near.order_by(order).values_list("batch_id", flat=True).distinct()[:_BATCHES])
        places: dict[int, set[int]] = {batch: set() for batch in batches}
        for batch, members in near.filter(batch_id__in=batches).values_list("batch_id", "members"):
            places[batch].update(unpack_members(bytes(members)))
        for batch in batches:
            for place in sorted(places[batch], reverse=not wanted.oldest_first):
                number = (batch << MEMBERS_BITS) + place
                if edge is None or (number > edge if wanted.oldest_first else number < edge):
                    yield number
        if len(batches) < _BATCHES:
            return
        reached = batches[-1] + (1 if wanted.oldest_first else -1)


def _lines(rows: list[MovementRecord], wanted: Wanted) -> Iterator[MovementLine]:
    """Rows as lines; accounts and batches are read once for all of them."""
    ends = {number for row in rows for number in (row.source_id, row.target_id)}
    accounts = {a.id: a for a in AccountRecord.objects.filter(id__in=ends).select_related("holder")}
    batches = BatchRecord.objects.in_bulk({row.id >> MEMBERS_BITS for row in rows})
    for row in rows:
        source, target = accounts[row.source_id], accounts[row.target_id]
        if wanted.waste_code not in {"", source.waste_code}:
            continue
        batch = batches[row.id >> MEMBERS_BITS]
        yield MovementLine(
            id=row.id,
            occurred_at=f"{from_us(row.occurred_us).astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
            day=f"{row.day // 10_000}-{row.day // 100 % 100:02}-{row.day % 100:02}",
            kind=kinds()[row.kind].name,
            source=source.holder.name,
            source_bucket=bucket_names()[source.bucket],
            target=target.holder.name,
            target_bucket=bucket_names()[target.bucket],
            waste_code=source.waste_code,
            waste=name_and_domain(source.waste_code)[0],
            mass_g=row.mass_g,
            tonnes=tonnes(row.mass_g),
            count=row.count,
            document=row.document,
            key=row.key,
            package=row.package,
            basis=bases()[row.basis],
            reverses=row.reverses,
            reason=row.reason,
            recorded_at=f"{from_us(batch.recorded_us).astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
            actor=batch.actor,
            is_simulated=source.holder.is_simulated or target.holder.is_simulated,
        )


EXPORT_HEADER = tuple(
    "编号 发生时间 记账日 业务类型 转出方 转出账户 转入方 转入账户 废物代码 废物 重量（克） "
    "件数 单据 包装编码 计量方式 冲销编号 原因 录入时间 经办人 模拟数据".split()
)


def export_row(line: MovementLine) -> tuple[str | int | None, ...]:
    """A movement as a row of the exported workbook."""
    return (
        line.key,
        line.occurred_at,
        line.day,
        line.kind,
        line.source,
        line.source_bucket,
        line.target,
        line.target_bucket,
        line.waste_code,
        line.waste,
        line.mass_g,
        line.count,
        line.document,
        line.package,
        line.basis,
        line.reverses,
        line.reason,
        line.recorded_at,
        line.actor,
        "是" if line.is_simulated else "",
    )


def movements_export_url() -> str:
    """Address of the exported list."""
    return reverse("ledger:export")
