"""Import of ticket sheets: read and prove all of it, show it, then book all of it or nothing; undo it as a whole."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.db import transaction

from wufei.apps.facts.services import record_fact
from wufei.apps.registry.models import Site, User
from wufei.apps.spreadsheets import read_tables
from wufei.apps.weighings.models import ImportState, TicketFile, TicketImport, WeighingRecord
from wufei.apps.weighings.selectors import recordable_sites, visible_imports
from wufei.apps.weighings.services import Kept, Progress, Proven, check_reason, keep, prove, silent, together, undo
from wufei.core.findings import Finding, Level, Refused
from wufei.core.intake import BadFile
from wufei.core.reference import read_document
from wufei.core.weighing import Outcome, default_direction, outcome_of, stage_of
from wufei.core.weighing_file import Defaults, SheetTickets, Ticket, day_totals, read_tickets, without_repeats
from wufei.core.weighing_heads import column_names

PASSED_NAMES = {"blank": "空行", "head": "表头", "title": "标题", "total": "合计行", "footer": "表尾"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was handed in, with what its sheets may leave out."""

    name: str
    raw: bytes
    site: str
    device: str = ""
    direction: str = ""
    unit: str = ""
    source: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return sha256(self.raw).hexdigest()


@dataclass(frozen=True, slots=True)
class Checked:
    """What an import would bring, and everything that is wrong with it or worth telling."""

    site: Site
    read: SheetTickets
    tickets: tuple[Ticket, ...]
    proven: Proven
    findings: tuple[Finding, ...]
    notes: tuple[Finding, ...]

    def outcomes(self) -> dict[str, int]:
        """How many of the new tickets do what in the ledger."""
        counts = Counter(outcome_of(row[1], stage_of(self.site.category)) for row in self.proven.rows)
        return {outcome: counts[outcome] for outcome in Outcome if counts[outcome]}

    def totals(self) -> dict[tuple[str, date], tuple[int, int]]:
        """Tickets and grams by waste code and day, of all tickets of the file."""
        return day_totals(self.tickets)


def check_tickets(*, user: User, upload: Upload, now: datetime, progress: Progress = silent) -> Checked:
    """Read a file and prove every row; writes nothing. Raises ``Refused`` where the file cannot be read at all."""
    site = recordable_sites(user).filter(code=upload.site).first() if "\0" not in upload.site else None
    if site is None:
        what = f"没有可以登记磅单的场所“{upload.site[:40]}”。"
        raise Refused([Finding(None, "场所", what, "请选择一个场所。", "unknown_site")])
    try:
        tables = read_tables(upload.name, upload.raw)
    except BadFile as error:
        raise Refused(error.findings) from None
    progress(1, 4)
    direction = upload.direction or default_direction(stage_of(site.category))
    defaults = Defaults(site.code, upload.device, direction, upload.unit, upload.source)
    read = read_tickets(((table.name, table.rows) for table in tables), defaults)
    progress(2, 4)
    tickets, repeats = without_repeats(read.tickets)
    sheets = {ticket.sheet for ticket in tickets}
    faults = [
        finding
        for table in tables
        if table.name in sheets and table.faults
        for lines in [{t.line for t in tickets if t.sheet == table.name}]
        for finding in table.faults
        if finding.line in lines
    ]
    proven = _prove(user, tickets, now=now, several=len(read.sheets) > 1)
    progress(3, 4)
    every = [*read.findings, *repeats, *faults, *proven.findings, *proven.notes]
    # One cell may be named twice: by the reader of the file and by the rules; the first says it better.
    ordered = sorted(dict.fromkeys(every), key=lambda finding: finding.line or 0)
    return Checked(
        site,
        read,
        tuple(tickets),
        proven,
        tuple(f for f in ordered if f.level is Level.ERROR),
        tuple(f for f in ordered if f.level is not Level.ERROR),
    )


def _prove(user: User, tickets: Sequence[Ticket], *, now: datetime, several: bool) -> Proven:
    """Prove by place in the list: two sheets may have the same line."""
    proven = prove(user, [(place, ticket.weighing) for place, ticket in enumerate(tickets)], now=now)
    names = column_names()

    def placed(finding: Finding) -> Finding:
        if finding.line is None:
            return finding
        ticket = tickets[finding.line]
        what = f"工作表“{ticket.sheet[:31]}”：{finding.what}" if several else finding.what
        return replace(finding, line=ticket.line, field=names.get(finding.field, finding.field), what=what)

    return Proven(
        tuple((tickets[row[0]].line, *row[1:]) for row in proven.rows),
        proven.already,
        tuple(map(placed, proven.notes)),
        tuple(map(placed, proven.findings)),
    )


def propose_import(*, user: User, upload: Upload, now: datetime) -> tuple[TicketImport | None, Checked]:
    """Check a file and, where nothing is wrong, keep it so that it can be accepted."""
    checked = check_tickets(user=user, upload=upload, now=now)
    if checked.findings:
        return None, checked
    kept: list[TicketImport] = []

    def work() -> Kept:
        kept[:] = [_keep_file(user, upload, checked.site, now)]
        return Kept((), 0, 0, 0, ())

    together(work)
    return kept[0], checked


def _keep_file(user: User, upload: Upload, site: Site, now: datetime) -> TicketImport:
    row = TicketImport.objects.create(
        site=site,
        file_name=upload.name[-200:],
        digest=upload.digest,
        defaults={
            "device": upload.device,
            "direction": upload.direction,
            "unit": upload.unit,
            "source": upload.source,
        },
        created_at=now,
        created_by=user.get_username(),
    )
    TicketFile.objects.create(ticket_import=row, content=upload.raw)
    record_fact(
        at=now,
        actor=user.get_username(),
        verb="check_tickets",
        subject=f"ticket_import:{row.pk}",
        division=site.division_id,
        document=row.file_name,
        after={"digest": row.digest, "site": site.code},
    )
    return row


def import_tickets(*, user: User, upload: Upload, at: datetime, progress: Progress = silent) -> TicketImport:
    """Check and book a file in one go, all or nothing. Raises ``Refused`` with all findings."""

    def choose(site: Site) -> TicketImport:
        return _keep_file(user, upload, site, at)

    return _book(user, upload, choose, at=at, progress=progress)


def accept_import(*, user: User, pk: int, at: datetime, progress: Progress = silent) -> TicketImport:
    """Book a file that was checked and kept. Raises ``TicketImport.DoesNotExist`` where it is not in sight."""
    row = visible_imports(user).select_related("site", "file").get(pk=pk)
    upload = Upload(row.file_name, bytes(row.file.content), row.site.code, **row.defaults)

    def choose(site: Site) -> TicketImport:
        locked = TicketImport.objects.select_for_update().get(pk=pk)
        if locked.state != ImportState.CHECKED:
            what = f"“{locked.file_name}”{ImportState(locked.state).label}。"
            raise Refused([Finding(None, "", what, "不必再次入账；要更正请先撤销，再重新导入。", "not_waiting")])
        return locked

    return _book(user, upload, choose, at=at, progress=progress)


def _book(
    user: User,
    upload: Upload,
    choose: Callable[[Site], TicketImport],
    *,
    at: datetime,
    progress: Progress,
) -> TicketImport:
    done: list[TicketImport] = []

    # Reading takes seconds and writes nothing: the writer's lock is not held meanwhile. Tickets that another person
    # brings in between are refused by the unique number.
    checked = check_tickets(user=user, upload=upload, now=at, progress=progress)
    if checked.findings:
        raise Refused(list(checked.findings))

    def work() -> Kept:
        row = choose(checked.site)
        kept = keep(user, checked.proven, at=at, brought_by=row)
        row.state, row.booked_at, row.booked_by = ImportState.BOOKED, at, user.get_username()
        row.tickets, row.already = len(kept.new), len(checked.tickets) - len(kept.new)
        row.movements, row.net_g = kept.movements, sum(record.net_g for record in kept.new)
        row.save()
        record_fact(
            at=at,
            actor=user.get_username(),
            verb="import_tickets",
            subject=f"ticket_import:{row.pk}",
            division=checked.site.division_id,
            document=row.file_name,
            after={
                "site": checked.site.code,
                "digest": row.digest,
                "tickets": row.tickets,
                "already": row.already,
                "movements": row.movements,
                "net_g": row.net_g,
            },
        )
        done[:] = [row]
        progress(4, 4)
        return kept

    together(work)
    return done[0]


@transaction.atomic
def forget_unaccepted(*, actor: str, at: datetime) -> int:
    """Drop the files that were checked and never booked within the days of ``limits.json``; returns how many."""
    before = at - timedelta(days=read_document("weighings/limits.json")["unaccepted_days"])
    rows = TicketImport.objects.filter(state=ImportState.CHECKED, created_at__lt=before).select_for_update()
    held = list(rows.values_list("pk", flat=True))
    for start in range(0, len(held), 500):
        TicketImport.objects.filter(pk__in=held[start : start + 500]).delete()
    if held:
        record_fact(
            at=at, actor=actor, verb="forget_files", subject="ticket_imports", after={"count": len(held)}
        )  # fmt: skip
    return len(held)


def undo_import(*, user: User, pk: int, reason: str, at: datetime) -> TicketImport:
    """Undo all tickets of an import that are still in force. Raises ``TicketImport.DoesNotExist``, ``Refused``."""
    own = visible_imports(user).get(pk=pk)
    why = check_reason(reason)
    done: list[TicketImport] = []

    def work() -> Kept:
        row = TicketImport.objects.select_for_update(of=("self",)).select_related("site").get(pk=own.pk)
        if row.state != ImportState.BOOKED:
            what = f"“{row.file_name}”{ImportState(row.state).label}，不能撤销。"
            raise Refused([Finding(None, "", what, "只有已入账的导入可以撤销。", "not_booked")])
        records = list(WeighingRecord.objects.filter(ticket_import=row, is_undone=False).select_related("site"))
        movements = undo(user, records, reason=why, at=at)
        row.state, row.undone_at, row.undone_by, row.reason = ImportState.UNDONE, at, user.get_username(), why
        row.save()
        record_fact(
            at=at,
            actor=user.get_username(),
            verb="undo_import",
            subject=f"ticket_import:{row.pk}",
            division=row.site.division_id,
            document=row.file_name,
            before={"tickets": row.tickets, "net_g": row.net_g},
            after={"reason": why, "tickets": len(records), "movements": movements},
        )
        done[:] = [row]
        return Kept((), 0, movements, 0, ())

    together(work)
    return done[0]
