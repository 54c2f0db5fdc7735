"""What the pages of transfers across the province show: list, export, one application, ready for the templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.urls import reverse

from wufei.apps.manifests.models import ManifestUse
from wufei.apps.manifests.regions import NOT_SET
from wufei.apps.manifests.selectors import visible_manifests
from wufei.apps.registry.actors import actor_names
from wufei.apps.registry.listing import Cell, Column, Filter, Listing, shown_time
from wufei.apps.registry.models import CompensationRate, RegionTransfer, RegionTransferEvent, RegionTransferLine
from wufei.apps.registry.transfer_reads import (
    Person,
    Standing,
    compensation_terms,
    history_of,
    side_of,
    standing_of,
    visible_transfers,
)
from wufei.core.catalogue import DOMAIN_NAMES, methods, waste_codes
from wufei.core.form_fields import shown_value, tonnes_text
from wufei.core.region_transfer import compensation_due
from wufei.core.transfer_life import (
    CLOSED,
    DECISIONS,
    STATES,
    WORDS,
    Move,
    Words,
    event_name,
    head_fields,
    leave_name,
    state_name,
)

DIRECTIONS = {"out": "移出本区域", "in": "移入本区域"}
KINDS = {"approval": "审批", "filing": "备案"}
DUE = {"open": "在办", "late": "已逾期", "week": "七日内到期", "ending": "三十日内失效"}
MOST_MANIFESTS = 50
SIDES = {"firm": "申请单位", "office": "主管部门"}


# --- The list -------------------------------------------------------------------------------------------------------


def transfer_filters(asked: Mapping[str, str]) -> tuple[Filter, ...]:
    """The filters above the list."""
    return (
        Filter("direction", "方向", asked.get("direction", "")[:8], tuple(DIRECTIONS.items())),
        Filter("kind", "种类", asked.get("kind", "")[:12], tuple(KINDS.items())),
        Filter("status", "状态", asked.get("status", "")[:12], tuple(STATES.items())),
        Filter("due", "期限", asked.get("due", "")[:8], tuple(DUE.items())),
        Filter("code", "废物代码", asked.get("code", "").replace("\0", "").strip()[:20]),
    )


def chosen_transfers(user: Person, filters: Sequence[Filter], *, today: date) -> QuerySet[RegionTransfer]:
    """The applications in sight that the filters leave; what is no option of a filter is left out of account."""
    rows = visible_transfers(user)
    chosen = {one.name: one.value for one in filters if one.value}
    for one in filters[:3]:
        if one.value in dict(one.options):
            rows = rows.filter(**{one.name: one.value})
    if code := chosen.get("code"):
        wanted = RegionTransferLine.objects.filter(transfer=OuterRef("pk"), waste_code__startswith=code)
        rows = rows.filter(Exists(wanted))
    due = chosen.get("due")
    if due == "open":
        return rows.exclude(status__in=CLOSED)
    if due == "late":
        return rows.filter(due_on__lt=today)
    if due == "week":
        return rows.filter(due_on__range=(today, today + timedelta(days=7)))
    if due == "ending":
        return rows.filter(status="granted", valid_until__range=(today, today + timedelta(days=30)))
    return rows


def title_of(row: RegionTransfer) -> str:
    """What an application is called: its number once it has one."""
    return row.number or f"申请 {row.pk}"


def _codes(row: RegionTransfer) -> str:
    lines = list(row.lines.all())
    return "、".join(line.waste_code for line in lines[:3]) + ("…" if len(lines) > 3 else "")


def listing(today: date) -> Listing[RegionTransfer]:
    """The list as of a day: what was due before it is marked. The rows come with ``lines`` prefetched."""

    def cells(row: RegionTransfer) -> tuple[Cell, ...]:
        late = row.due_on is not None and row.due_on < today
        return (
            Cell(title_of(row), reverse("transfers:detail", args=[row.pk])),
            Cell(state_name(row.status, row.kind), css="nowrap"),
            Cell(KINDS[row.kind], css="nowrap"),
            Cell(DIRECTIONS[row.direction], css="nowrap"),
            Cell(row.site.name),
            Cell(row.other_name),
            Cell(_codes(row), css="nowrap"),
            Cell(row.due_on.isoformat() if row.due_on else "—", css="nowrap", badge="逾期" if late else ""),
            Cell(row.valid_until.isoformat() if row.valid_until else "—", css="nowrap"),
            Cell(shown_time(row.updated_at), css="nowrap"),
        )

    return Listing(
        "跨省转移",
        ("site",),
        (
            Column("编号"),
            Column("状态", "status"),
            Column("种类", "kind"),
            Column("方向", "direction"),
            Column("本区域场所", "site__name"),
            Column("区域外单位", "other_name"),
            Column("废物"),
            Column("待办期限"),
            Column("有效期至"),
            Column("最近变动", "updated_at"),
        ),
        ("number", "site__name", "site__organisation__name", "other_name"),
        cells,
        "没有跨省转移申请。固体废物移出、移入本省以前，由本区域的单位在这里申请。",
        default_sort="-updated_at",
    )


HEADER = (
    "编号", "状态", "种类", "方向", "单位", "场所", "区域外单位", "区域外所在地", "废物代码", "方式", "申请（吨）",
    "批准（吨）", "已用（吨）", "剩余（吨）", "拟转移自", "拟转移至", "决定日期", "有效期自", "有效期至", "待办期限",
)  # fmt: skip


def export_rows(row: RegionTransfer) -> list[tuple[str | date | Decimal | None, ...]]:
    """One application as rows of the workbook, one a waste; masses are numbers in tonnes."""
    head = (
        title_of(row), state_name(row.status, row.kind), KINDS[row.kind], DIRECTIONS[row.direction],
        row.site.organisation.name, row.site.name, row.other_name, str(row.content.get("other_place", "")),
    )  # fmt: skip
    days = (row.asked_from, row.asked_until, row.decided_on, row.valid_from, row.valid_until, row.due_on)
    return [
        (*head, line.waste_code, line.method, *(_tonnes(g) for g in _masses(line)), *days) for line in row.lines.all()
    ]


def _masses(line: RegionTransferLine) -> tuple[int, int | None, int, int | None]:
    """Grams asked for, granted, used, and left of what was granted (below 0 where it is overrun)."""
    return line.asked_g, line.granted_g, line.used_g, remaining_g(line)


def remaining_g(line: RegionTransferLine) -> int | None:
    """What is left of a line, below 0 where it is overrun; ``None`` before it is decided."""
    return None if line.granted_g is None else line.granted_g - line.used_g


def _tonnes(mass_g: int | None) -> Decimal | None:
    return None if mass_g is None else Decimal(mass_g) / 1_000_000


# --- One application ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LineRow:
    """One waste: tonnes as text."""

    code: str
    name: str
    method: str
    asked: str
    granted: str
    used: str
    left: str
    is_overrun: bool


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One thing that happened."""

    name: str
    on: date
    note: str
    actor: str
    recorded_at: str


@dataclass(frozen=True, slots=True)
class Charge:
    """The ecological compensation for the grams used at a day's rate; ``None`` where the place has entered none."""

    name: str
    yuan_per_t: Decimal | None
    yuan: Decimal | None
    used_g: int
    source: str

    @property
    def rate_text(self) -> str:
        """The rate in words."""
        return NOT_SET if self.yuan_per_t is None else f"{self.yuan_per_t} 元/吨"

    @property
    def yuan_text(self) -> str:
        """The amount in words."""
        return NOT_SET if self.yuan is None else f"{self.yuan:,} 元"

    @property
    def used_text(self) -> str:
        """Tonnes in words."""
        return tonnes_text(self.used_g)


@dataclass(frozen=True, slots=True)
class TransferPage:
    """One application: head, wastes, standing, history, use, and what the reader may do next."""

    pk: int
    title: str
    leave: str
    status: str
    words: Words
    colour: str
    domain: str
    direction: str
    head: Sequence[tuple[str, str]]
    lines: Sequence[LineRow]
    standing: Standing
    history: Sequence[HistoryRow]
    uses: Sequence[tuple[str, str, str]]  # manifest, waste code, tonnes
    manifests: int
    charge: Charge | None
    steps: Sequence[Move]
    may_decide: bool
    waits_for: str


COLOURS = {"granted": "green", "refused": "red", "revoked": "red", "withdrawn": "secondary", "incomplete": "orange"}


def transfer_page(user: Person, transfer: RegionTransfer, *, today: date) -> TransferPage:
    """Everything of one application for its page; six queries at most besides the application itself."""
    history = history_of(transfer)
    actors = actor_names(user, (row.actor for row in history))
    standing = standing_of(transfer, history, today=today)
    own = [move for move in standing.moves if move.by == side_of(user)]
    seen = uses_of(user, transfer)
    return TransferPage(
        pk=transfer.pk,
        title=title_of(transfer),
        leave=leave_name(transfer.kind),
        status=state_name(transfer.status, transfer.kind),
        words=WORDS[transfer.kind],
        colour=COLOURS.get(transfer.status, "azure"),
        domain=DOMAIN_NAMES.get(transfer.domain, transfer.domain),
        direction=DIRECTIONS[transfer.direction],
        head=[(one.label, shown_value(one, transfer.content.get(one.name))) for one in head_fields()],
        lines=[_line(line) for line in transfer.lines.all()],
        standing=standing,
        history=[_event(row, transfer.kind, actors[row.actor]) for row in history],
        uses=[
            (use.manifest.number, use.waste_code, tonnes_text(use.mass_g))
            for use in seen.select_related("manifest").order_by("-manifest_id", "position")[:MOST_MANIFESTS]
        ],
        manifests=seen.aggregate(count=Count("manifest_id", distinct=True))["count"],
        charge=charge_of(transfer, today),
        steps=[move for move in own if move.event not in DECISIONS],
        may_decide=any(move.event in DECISIONS for move in own),
        waits_for="、".join(
            sorted({SIDES[move.by] for move in standing.moves if move.event not in {"withdraw", "revoke"}})
        ),
    )


def uses_of(user: Person, transfer: RegionTransfer) -> QuerySet[ManifestUse]:
    """What the manifests in the person's sight used of an application."""
    return ManifestUse.objects.filter(approval__transfer=transfer, manifest__in=visible_manifests(user))


def _line(line: RegionTransferLine) -> LineRow:
    left = remaining_g(line)
    known, method = waste_codes().get(line.waste_code), methods().get(line.method)
    return LineRow(
        line.waste_code,
        known.name if known else "",
        f"{line.method} {method.name}" if method else "贮存",
        tonnes_text(line.asked_g),
        "—" if line.granted_g is None else tonnes_text(line.granted_g),
        tonnes_text(line.used_g),
        "—" if left is None else tonnes_text(left),
        left is not None and left < 0,
    )


def _event(row: RegionTransferEvent, kind: str, actor: str) -> HistoryRow:
    return HistoryRow(event_name(row.event, kind), row.happened_on, row.note, actor, shown_time(row.recorded_at))


def rate_rows(user: Person, rates: Sequence[CompensationRate]) -> list[tuple[CompensationRate, str, str]]:
    """Each rate with the name of its domain and of who entered it; one query."""
    names = actor_names(user, (row.entered_by for row in rates))
    return [(row, DOMAIN_NAMES.get(row.domain, row.domain), names[row.entered_by]) for row in rates]


def ends_of(transfer: RegionTransfer) -> tuple[str, str]:
    """The divisions of sender and receiver."""
    inside, outside = transfer.site.division_id, transfer.other_division
    return (inside, outside) if transfer.direction == "out" else (outside, inside)


def charge_of(transfer: RegionTransfer, today: date) -> Charge | None:
    """The compensation for what an application has used; ``None`` where no rule applies to its way."""
    terms = compensation_terms(*ends_of(transfer), transfer.domain, today)
    if terms is None:
        return None
    used_g = sum(line.used_g for line in transfer.lines.all())
    yuan = compensation_due(terms.rule, used_g, terms.yuan_per_t)
    return Charge(terms.rule.name, terms.yuan_per_t, yuan, used_g, terms.source)
