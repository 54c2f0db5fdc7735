"""Tickets as pages and workbooks show them; lists page by time and key."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.timezone import localtime

from wufei.apps.ledger.listing import holder_url
from wufei.apps.ledger.reference import name_and_domain
from wufei.apps.registry.models import Division, Site, User
from wufei.apps.registry.selectors import visible_sites, visible_vehicles
from wufei.apps.web import AddressFilters, address
from wufei.apps.weighings.models import TicketImport, WeighingRecord
from wufei.apps.weighings.selectors import compare_tickets
from wufei.core.ledger import SHANGHAI
from wufei.core.ledger_rules import bases
from wufei.core.weighing import DIRECTION_NAMES, OUTCOME_NAMES, kilograms

PAGE_SIZE = 50
EXPORT_MOST = 100_000
EXPORT_HEADER = (
    "过磅时间",
    "场所编号",
    "场所",
    "磅号",
    "磅单号",
    "进出",
    "车牌号",
    "废物代码",
    "废物",
    "毛重(kg)",
    "皮重(kg)",
    "净重(kg)",
    "来源",
    "联单号",
    "包装码",
    "件数",
    "计量方式",
    "不确定度ppm",
    "记账",
    "状态",
    "备注",
)


@dataclass(frozen=True, slots=True)
class Filters(AddressFilters):
    """What a reader chose of the tickets."""

    site: str = ""
    day: str = ""
    plate: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class TicketLine:
    """One ticket as a list shows it; masses in kilograms."""

    pk: int
    url: str
    at: str
    site_code: str
    site: str
    device: str
    ticket: str
    direction: str
    plate: str
    waste_code: str
    waste: str
    gross: str
    tare: str
    net: str
    source: str
    manifest: str
    package: str
    count: int | None
    basis: str
    uncertainty_ppm: int | None
    outcome: str
    outcome_name: str
    is_undone: bool
    note: str
    is_simulated: bool


@dataclass(frozen=True, slots=True)
class TicketPage:
    """One page of tickets; ``next_after`` is the key of the following page."""

    rows: tuple[TicketLine, ...]
    filters: Filters
    next_after: str


def matching(rows: QuerySet[WeighingRecord], filters: Filters) -> QuerySet[WeighingRecord]:
    """The tickets that the reader asked for, the latest first; what is asked wrongly finds nothing."""
    if filters.site:
        rows = rows.filter(site__code=filters.site)
    if filters.plate:
        rows = rows.filter(plate__icontains=filters.plate.replace(" ", "").replace("·", "").upper())
    if filters.code:
        rows = rows.filter(waste_code__startswith=filters.code)
    if filters.q:
        rows = rows.filter(Q(ticket__icontains=filters.q) | Q(manifest=filters.q) | Q(package=filters.q))
    if filters.day:
        try:
            begin = datetime.combine(date.fromisoformat(filters.day), time(), tzinfo=SHANGHAI)
            rows = rows.filter(weighed_at__gte=begin, weighed_at__lt=begin + timedelta(days=1))
        except (ValueError, OverflowError):
            return rows.none()
    return rows.order_by("-weighed_at", "-pk")


def ticket_page(rows: QuerySet[WeighingRecord], filters: Filters) -> TicketPage:
    """One page; one query for the tickets and one for where to go on."""
    found = matching(rows, filters)
    if filters.after.isascii() and filters.after.isdigit() and len(filters.after) <= 18:
        last = rows.filter(pk=int(filters.after)).values_list("weighed_at", flat=True).first()
        if last is not None:
            found = found.filter(Q(weighed_at__lt=last) | Q(weighed_at=last, pk__lt=int(filters.after)))
    held = list(found.select_related("site")[: PAGE_SIZE + 1])
    shown = held[:PAGE_SIZE]
    names = _source_names(shown)
    lines = tuple(ticket_line(row, names) for row in shown)
    return TicketPage(lines, filters, str(shown[-1].pk) if len(held) > PAGE_SIZE else "")


def _source_names(rows: list[WeighingRecord]) -> dict[str, str]:
    """Names of the sources that the tickets of a page name, by holder; at most two queries."""
    keys = {row.source for row in rows if row.source}
    codes = {kind: [k.partition(":")[2] for k in keys if k.startswith(kind)] for kind in ("site:", "boundary:")}
    names: dict[str, str] = {}
    if codes["site:"]:
        names |= {f"site:{c}": n for c, n in Site.objects.filter(code__in=codes["site:"]).values_list("code", "name")}
    if codes["boundary:"]:
        found = Division.objects.filter(code__in=codes["boundary:"]).values_list("code", "name")
        names |= {f"boundary:{code}": name for code, name in found}
    return names


def ticket_line(row: WeighingRecord, names: dict[str, str]) -> TicketLine:
    """A ticket as pages show it; its site must be loaded with it."""
    return TicketLine(
        pk=row.pk,
        url=reverse("weighings:ticket", args=[row.pk]),
        at=f"{localtime(row.weighed_at):%Y-%m-%d %H:%M}",
        site_code=row.site.code,
        site=row.site.name,
        device=row.device,
        ticket=row.ticket,
        direction=DIRECTION_NAMES[row.direction],
        plate=row.plate,
        waste_code=row.waste_code,
        waste=name_and_domain(row.waste_code)[0],
        gross=_kilograms(row.gross_g),
        tare=_kilograms(row.tare_g),
        net=_kilograms(row.net_g),
        source=names.get(row.source, row.source.partition(":")[2]),
        manifest=row.manifest,
        package=row.package,
        count=row.count,
        basis=bases().get(row.basis, row.basis),
        uncertainty_ppm=row.uncertainty_ppm,
        outcome=row.outcome,
        outcome_name=OUTCOME_NAMES[row.outcome],
        is_undone=row.is_undone,
        note=row.note,
        is_simulated=row.site.is_simulated,
    )


def _kilograms(mass_g: int | None) -> str:
    if mass_g is None:
        return ""
    whole, _, rest = kilograms(mass_g).partition(".")
    return f"{int(whole):,}" + (f".{rest}" if rest else "")


def export_rows(rows: QuerySet[WeighingRecord], filters: Filters) -> Iterator[tuple[str | int | None, ...]]:
    """The tickets that the reader asked for, as rows of a workbook."""
    found = matching(rows, filters).select_related("site")[: EXPORT_MOST + 1]
    chunk: list[WeighingRecord] = []
    told = 0
    for row in found.iterator(chunk_size=1000):
        if told + len(chunk) == EXPORT_MOST:
            yield from _exported(chunk)
            yield (f"只导出了前 {EXPORT_MOST} 张，后面还有：请用日期等条件筛选，分几次导出。",)
            return
        chunk.append(row)
        if len(chunk) == 500:
            yield from _exported(chunk)
            told, chunk = told + 500, []
    yield from _exported(chunk)


def _exported(rows: list[WeighingRecord]) -> Iterator[tuple[str | int | None, ...]]:
    names = _source_names(rows)
    for row in rows:
        line = ticket_line(row, names)
        yield (
            line.at, line.site_code, line.site, line.device, line.ticket, line.direction, line.plate, line.waste_code,
            line.waste, line.gross.replace(",", ""), line.tare.replace(",", ""), line.net.replace(",", ""),
            line.source, line.manifest, line.package, line.count, line.basis, line.uncertainty_ppm, line.outcome_name,
            "已撤销" if line.is_undone else "有效", line.note,
        )  # fmt: skip


# --- One ticket ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TicketStory:
    """One ticket with where it came from, what it booked and how the other end weighed the load."""

    line: TicketLine
    fields: tuple[tuple[str, str, str], ...]  # name, text, address where it leads
    others: tuple[TicketLine, ...]
    difference: str
    allowed: str
    is_within: bool
    may_undo: bool
    again_url: str  # the form of another ticket of the same scale and waste


def ticket_story(visible: QuerySet[WeighingRecord], pk: int, *, may_undo: bool) -> TicketStory | None:
    """The story of a ticket in sight, else ``None``."""
    row = visible.select_related("site", "ticket_import").filter(pk=pk).first()
    if row is None:
        return None
    others = []
    if row.manifest:
        same = visible.filter(manifest=row.manifest, waste_code=row.waste_code, is_undone=False).exclude(pk=row.pk)
        others = list(same.select_related("site").order_by("weighed_at", "pk")[:20])
    names = _source_names([row, *others])
    line = ticket_line(row, names)
    both = compare_tickets([row, *others]) if not row.is_undone else None
    return TicketStory(
        line,
        tuple(_fields(row, line, may_undo)),
        tuple(ticket_line(other, names) for other in others),
        _signed(both.difference_g) if both else "",
        _kilograms(both.allowed_g) if both else "",
        both.is_within if both else True,
        may_undo and not row.is_undone,
        address(reverse("weighings:ticket-new"), {
            "site": line.site_code, "device": row.device, "direction": row.direction, "waste": row.waste_code,
        }),
    )  # fmt: skip


def _signed(mass_g: int) -> str:
    return ("−" if mass_g < 0 else "+") + _kilograms(abs(mass_g))


def _fields(row: WeighingRecord, line: TicketLine, may_record: bool) -> Iterator[tuple[str, str, str]]:
    yield "磅单号", line.ticket, ""
    yield "场所、磅号", f"{line.site}（{line.site_code}） {line.device}", ""
    yield "过磅时间", line.at, ""
    yield "进出", line.direction, ""
    yield "车牌号", line.plate or "—", ""
    yield "废物", f"{line.waste}（{line.waste_code}）", ""
    yield "毛重 / 皮重", f"{line.gross or '—'} / {line.tare or '—'} 千克", ""
    yield "净重", f"{line.net} 千克", ""
    if line.uncertainty_ppm is not None:
        share = row.net_g * line.uncertainty_ppm // 1_000_000
        yield "标准不确定度", f"±{_kilograms(share)} 千克（{line.uncertainty_ppm} ppm）", ""
    yield "来源", line.source or "—", holder_url(row.source) if row.source_site_id else ""
    yield "联单号", line.manifest or "—", ""
    if line.package:
        yield "包装码", line.package, f"/q/{line.package}"
    if line.count is not None:
        yield "件数", str(line.count), ""
    yield "计量方式", line.basis, ""
    if row.photo_digest:
        yield "照片摘要", row.photo_digest, ""
    yield "记账", line.outcome_name, ""
    yield "备注", line.note or "—", ""
    if row.ticket_import_id and may_record:
        brought = row.ticket_import
        assert brought is not None
        yield "导入", f"{brought.file_name} 第 {row.line} 行", reverse("weighings:import", args=[brought.pk])
    yield "登记", f"{localtime(row.recorded_at):%Y-%m-%d %H:%M} {row.recorded_by}", ""


# --- Imports ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ImportLine:
    """One import as a list shows it."""

    pk: int
    url: str
    file_name: str
    site: str
    state: str
    state_name: str
    tickets: int
    already: int
    movements: int
    net: str
    at: str
    by: str
    digest: str
    undone: str
    reason: str


def import_line(row: TicketImport) -> ImportLine:
    """An import as pages show it; its site must be loaded with it."""
    at, by = (row.booked_at, row.booked_by) if row.booked_at else (row.created_at, row.created_by)
    undone = f"{localtime(row.undone_at):%Y-%m-%d %H:%M} {row.undone_by}" if row.undone_at else ""
    return ImportLine(
        row.pk, reverse("weighings:import", args=[row.pk]), row.file_name, row.site.name, row.state,
        row.get_state_display(), row.tickets, row.already, row.movements, _kilograms(row.net_g),
        f"{localtime(at):%Y-%m-%d %H:%M}", by, row.digest, undone, row.reason,
    )  # fmt: skip


def import_page(rows: QuerySet[TicketImport], after: str) -> tuple[list[ImportLine], str]:
    """One page of imports, the latest first, and the key of the following page."""
    found = rows.select_related("site").order_by("-pk")
    if after.isascii() and after.isdigit() and len(after) <= 18:
        found = found.filter(pk__lt=int(after))
    held = list(found[: PAGE_SIZE + 1])
    lines = [import_line(row) for row in held[:PAGE_SIZE]]
    return lines, str(lines[-1].pk) if len(held) > PAGE_SIZE else ""


def visible_site_choices(user: object) -> list[tuple[str, str]]:
    """(code, name) of the sites in sight that have tickets, for the filter."""
    sites = visible_sites(user).filter(weighings__isnull=False)  # type: ignore[arg-type]
    return list(sites.order_by("name", "pk").values_list("code", "name").distinct()[:200])


def plates_of(user: User) -> list[str]:
    """Plates that a form of a ticket proposes: those of vehicles in sight; one query."""
    return list(visible_vehicles(user).order_by("plate").values_list("plate", flat=True)[:200])
