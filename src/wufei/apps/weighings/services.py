"""Writes of the weighings: tickets recorded, and undone, each with what it books, in one transaction.

Invariant: what is refused leaves nothing behind; the same ticket handed in again books nothing and says so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import IntegrityError

from wufei.apps.facts.services import record_fact
from wufei.apps.ledger.services import post, post_batch
from wufei.apps.registry.models import Site, User
from wufei.apps.transactions import in_transaction
from wufei.apps.weighings.booking import Accounts, Booked, movement_of, reversal_of
from wufei.apps.weighings.models import TicketImport, WeighingRecord
from wufei.apps.weighings.rows import PART, write_records
from wufei.apps.weighings.selectors import recordable_sites
from wufei.apps.weighings.sources import Source, SourceFinder
from wufei.core.findings import Finding, Level, Refused
from wufei.core.intake import BadValue
from wufei.core.ledger_rules import Batch, field_names
from wufei.core.weighing import Outcome, Weighing, check_weighing, normal, outcome_of, stage_of
from wufei.core.weighing_file import Defaults, read_ticket

Progress = Callable[[int, int], None]  # steps done, steps in all


def silent(done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of tickets that were handed in.

    Attributes:
        new: records of this call; ``already`` counts those that had been recorded before, alike.
        movements: booked by it, ``net_g`` their grams.
        notes: what is worth telling and hinders nothing.
    """

    new: tuple[WeighingRecord, ...]
    already: int
    movements: int
    net_g: int
    notes: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Proven:
    """Tickets that can be recorded: with their line, site and source."""

    rows: tuple[tuple[int, Weighing, Site, Source | None, int], ...]  # …, revision
    already: int
    notes: tuple[Finding, ...]
    findings: tuple[Finding, ...]


def prove(user: User, tickets: Sequence[tuple[int, Weighing]], *, now: datetime) -> Proven:
    """Look at (line, ticket) without writing: what is wrong, what is there already, what would be new."""
    tickets = [(line, normal(weighing)) for line, weighing in tickets]
    sites = _sites(user, {weighing.site for _, weighing in tickets})
    finders = {
        site.code: SourceFinder({w.source for _, w in tickets if w.site == site.code}, site.division_id)
        for site in sites.values()
    }
    known = _known({site.pk for site in sites.values()}, [weighing.ticket for _, weighing in tickets])
    findings: list[Finding] = []
    rows: list[tuple[int, Weighing, Site, Source | None, int]] = []
    first: dict[str, tuple[int, str]] = {}
    already = 0
    for line, given in tickets:
        site = sites.get(given.site)
        if site is None:
            what = f"没有可以登记磅单的场所“{given.site[:40]}”。" if given.site else "没有写过磅的场所。"
            findings.append(Finding(line, "site", what, "请核对场所编号。", "unknown_site"))
            findings += check_weighing(given, "", now=now, line=line)
            continue
        source, weighing = None, given
        try:
            source = finders[site.code].find(given.source)
            weighing = replace(given, source=source.holder) if source else given
        except BadValue as error:
            findings.append(error.finding(line, "source"))
        if source and source.site_id == site.pk and weighing.direction == "in":
            what = "来源就是过磅的场所。"
            findings.append(Finding(line, "source", what, "请填写废物从哪里来。", "source_is_site"))
        found = check_weighing(weighing, stage_of(site.category), now=now, line=line)
        findings += found
        content = weighing.content
        if first.setdefault(weighing.key, (line, content))[0] != line:
            earlier, same = first[weighing.key]
            already += same == content
            if same != content:
                what = f"磅单号 {weighing.ticket[:40]} 与第 {earlier} 行重复，但内容不同。"
                findings.append(Finding(line, "ticket", what, "请删去其中一行，或改正磅单号。", "duplicate_ticket"))
            continue
        in_force, undone = known.get((site.pk, weighing.device, weighing.ticket), ("", 0))
        if in_force == content:
            already += 1
        elif in_force and not any(f.level is Level.ERROR for f in found):
            what = f"磅单 {weighing.ticket[:40]} 已经登记，但内容与本次不同。"
            remedy = "请核对磅单号；要更正已登记的，请先撤销原磅单或原导入，再登记。"
            findings.append(Finding(line, "ticket", what, remedy, "ticket_differs"))
        else:
            rows.append((line, weighing, site, source, undone))
    wrong = tuple(f for f in findings if f.level is Level.ERROR)
    return Proven(tuple(rows), already, tuple(f for f in findings if f.level is not Level.ERROR), wrong)


def _sites(user: User, codes: set[str]) -> dict[str, Site]:
    """The sites among ``codes`` for whose scales the person may record."""
    wanted = sorted(code for code in codes if code and "\0" not in code)
    found: dict[str, Site] = {}
    for start in range(0, len(wanted), PART):
        rows = recordable_sites(user).filter(code__in=wanted[start : start + PART])
        found |= {site.code: site for site in rows}
    return found


def _known(sites: set[int], numbers: Sequence[str]) -> dict[tuple[int, str, str], tuple[str, int]]:
    """(content of the ticket in force, how many were undone) by site, device and number."""
    found: dict[tuple[int, str, str], tuple[str, int]] = {}
    asked = sorted({number for number in numbers if "\0" not in number})
    for start in range(0, len(asked), PART):
        rows = WeighingRecord.objects.filter(site__in=sites, ticket__in=asked[start : start + PART]).order_by()
        for site, device, ticket, content, gone in rows.values_list(
            "site_id", "device", "ticket", "content", "is_undone"
        ):
            in_force, undone = found.get((site, device, ticket), ("", 0))
            found[site, device, ticket] = (in_force, undone + 1) if gone else (content, undone)
    return found


def record_weighing(*, user: User, weighing: Weighing, at: datetime) -> tuple[WeighingRecord, Kept]:
    """Record one ticket, and book what it stands for; returns the record in force, new or not. Raises ``Refused``."""
    kept = record_weighings(user=user, tickets=[(1, weighing)], at=at)
    if kept.new:
        return kept.new[0], kept
    plain = normal(weighing)
    rows = WeighingRecord.objects.filter(site__in=recordable_sites(user), site__code=plain.site, is_undone=False)
    return rows.get(device=plain.device, ticket=plain.ticket), kept


def record_typed(*, user: User, values: Mapping[str, str], at: datetime) -> tuple[Kept, WeighingRecord]:
    """Record one ticket as it was typed into the page, and book what it stands for.

    Args:
        values: ``site`` and the columns of ``data/weighings/columns.csv`` -> text; masses in kilograms.

    Raises:
        Refused: with all that cannot be read and all that is wrong, each with its column as ``field``.
    """
    cells = {name: text.strip() for name, text in values.items() if name != "site"}
    weighing, findings = read_ticket(cells, Defaults(values.get("site", "").strip(), "", "", unit="kg"))
    wrong = [found for found in findings if found.level is Level.ERROR]
    if wrong:
        told = {found.field for found in wrong}
        proven = prove(user, [(1, weighing)], now=at)
        raise Refused(wrong + [replace(f, line=None) for f in proven.findings if f.field not in told])
    try:
        row, kept = record_weighing(user=user, weighing=weighing, at=at)
    except Refused as refused:
        raise Refused([replace(found, line=None) for found in refused.findings]) from None
    return kept, row


def record_weighings(
    *,
    user: User,
    tickets: Sequence[tuple[int, Weighing]],
    at: datetime,
    dry_run: bool = False,
    progress: Progress = silent,
) -> Kept:
    """Record tickets, all or none, each with its line; raises ``Refused`` with all findings."""

    def work() -> Kept:
        proven = prove(user, tickets, now=at)
        if proven.findings:
            raise Refused(list(proven.findings))
        if dry_run:
            return Kept((), proven.already, 0, 0, proven.notes)
        kept = keep(user, proven, at=at, progress=progress)
        for site in {row.site_id: row.site for row in kept.new}.values():
            own = [row for row in kept.new if row.site_id == site.pk]
            one = own[0] if len(own) == 1 else None
            record_fact(
                at=at,
                actor=user.get_username(),
                verb="record_weighing",
                subject=f"weighing:{site.code}/{one.device}/{one.ticket}" if one else f"site:{site.code}",
                division=site.division_id,
                document=f"manifest:{one.manifest}" if one and one.manifest else "",
                after={"tickets": len(own), "net_g": sum(row.net_g for row in own)},
            )
        return kept

    return together(work)


def together(work: Callable[[], Kept]) -> Kept:
    """Run a write in its transaction; somebody else's ticket of the same number refuses it."""
    try:
        return in_transaction(work)
    except IntegrityError:
        what = "登记时有另一人登记了同号的磅单。"
        raise Refused([Finding(None, "ticket", what, "没有登记任何一张，请重新提交。", "ticket_differs")]) from None


def keep(
    user: User, proven: Proven, *, at: datetime, brought_by: TicketImport | None = None, progress: Progress = silent
) -> Kept:
    """Write proven tickets and book what they stand for, in the caller's transaction."""
    made, booked, lines = [], [], []
    accounts = Accounts()
    for line, weighing, site, source, undone in proven.rows:
        record = _record(weighing, site, source, undone, user, at)
        record.ticket_import, record.line = brought_by, line if brought_by else None
        made.append(record)
        if record.outcome == Outcome.GENERATE:
            booked.append(movement_of(Booked(site.code, record), accounts))
            lines.append(line)
    total = len(made) + len(booked)
    for start in range(0, len(made), PART):
        write_records(made[start : start + PART])
        progress(min(start + PART, len(made)), total)
    if booked:
        batch = Batch.of(booked, lines=lines)
        try:
            post_batch(batch, actor=user.get_username(), recorded_at=at)
        except Refused as refused:
            raise Refused(_in_words(refused.findings)) from None
    progress(total, total)
    return Kept(tuple(made), proven.already, len(booked), sum(m.mass_g for m in booked), proven.notes)


def _record(
    weighing: Weighing, site: Site, source: Source | None, undone: int, user: User, at: datetime
) -> WeighingRecord:
    return WeighingRecord(
        site=site,
        device=weighing.device,
        ticket=weighing.ticket,
        direction=weighing.direction,
        waste_code=weighing.waste_code,
        net_g=weighing.net_g,
        gross_g=weighing.gross_g,
        tare_g=weighing.tare_g,
        weighed_at=weighing.weighed_at,
        plate=weighing.plate,
        source=weighing.source,
        source_site_id=source.site_id if source else None,
        manifest=weighing.manifest,
        package=weighing.package,
        count=weighing.count,
        photo_digest=weighing.photo_digest,
        basis=weighing.basis,
        uncertainty_ppm=weighing.uncertainty_ppm,
        note=weighing.note,
        outcome=outcome_of(weighing, stage_of(site.category)),
        content=weighing.content,
        revision=undone,
        recorded_at=at,
        recorded_by=user.get_username(),
    )


def _in_words(findings: list[Finding]) -> list[Finding]:
    """What the ledger says of its fields, under their Chinese names."""
    return [replace(finding, field=field_names().get(finding.field, finding.field)) for finding in findings]


def undo(user: User, records: Sequence[WeighingRecord], *, reason: str, at: datetime) -> int:
    """Mark tickets as undone and take back what they booked, in the caller's transaction; returns the movements."""
    accounts = Accounts()
    booked = [Booked(row.site.code, row) for row in records if row.outcome == Outcome.GENERATE]
    if booked:
        movements = [reversal_of(one, accounts, reason=reason) for one in booked]
        try:
            post(movements, actor=user.get_username(), recorded_at=at)
        except Refused as refused:
            raise Refused([_overdrawn(finding) for finding in _in_words(refused.findings)]) from None
    keys = [row.pk for row in records]
    for start in range(0, len(keys), PART):
        WeighingRecord.objects.filter(pk__in=keys[start : start + PART]).update(is_undone=True)
    return len(booked)


def _overdrawn(finding: Finding) -> Finding:
    if finding.code != "overdrawn":
        return finding
    remedy = "这些废物已经转出或处理：请先冲销其后的转出、利用或处置，再撤销磅单。"
    return replace(finding, remedy=remedy)


def check_reason(reason: str) -> str:
    """The reason without blanks around it; raises ``Refused`` where there is none."""
    plain = " ".join(reason.split())
    if not plain:
        raise Refused([Finding(None, "reason", "没有写撤销原因。", "请写明为什么撤销。", "blank_reason")])
    if len(plain) > 200:
        what = f"撤销原因有 {len(plain)} 个字，最多 200 个。"
        raise Refused([Finding(None, "reason", what, "请缩短。", "text_too_long")])
    return plain


def undo_weighing(*, user: User, pk: int, reason: str, at: datetime) -> WeighingRecord:
    """Undo one ticket with a reason. Raises ``WeighingRecord.DoesNotExist`` where it is not the person's to undo."""

    def work() -> Kept:
        rows = WeighingRecord.objects.select_for_update(of=("self",)).select_related("site")
        row = rows.get(pk=pk, site__in=recordable_sites(user).values("pk"))
        why = check_reason(reason)
        if row.is_undone:
            raise Refused([Finding(None, "", f"磅单 {row.ticket} 已经撤销。", "不必再撤销。", "already_undone")])
        movements = undo(user, [row], reason=why, at=at)
        record_fact(
            at=at,
            actor=user.get_username(),
            verb="undo_weighing",
            subject=f"weighing:{row.site.code}/{row.device}/{row.ticket}",
            division=row.site.division_id,
            before={"net_g": row.net_g, "outcome": row.outcome},
            after={"reason": why, "movements": movements},
        )
        return Kept((row,), 0, movements, row.net_g, ())

    return together(work).new[0]
