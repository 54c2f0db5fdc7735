"""Writes of the record book: an entry with its batch number and movements, its reversal, a file of entries."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from wufei.apps.declarations import selectors
from wufei.apps.declarations.entry_packages import Named, alerts_of, links_of, named_packages, retire_named
from wufei.apps.declarations.models import BookEntry, BookImport, BookLink, EntryStatus
from wufei.apps.declarations.numbers import next_number
from wufei.apps.declarations.plans import reason_of
from wufei.apps.facts.services import record_fact
from wufei.apps.ledger import services as ledger
from wufei.apps.registry.models import Site
from wufei.apps.spreadsheets import read_upload
from wufei.core.book_shortfall import Taking, shortfalls, stores_of
from wufei.core.catalogue import domain_of, methods
from wufei.core.divisions import place_of
from wufei.core.findings import Finding, Refused
from wufei.core.form_fields import read_values, tonnes_text
from wufei.core.intake import BadFile
from wufei.core.ledger import Movement, local_day
from wufei.core.record_book import (
    Place,
    Table,
    as_posting,
    batch_number,
    check_entry,
    from_posting,
    movements_of,
    prefix_of,
    reversal_of,
    tables,
)

ROWS_MAX = 5_000  # entries of one file


def table_named(name: str) -> Table:
    """The table, or a refusal that lists those there are."""
    table = tables().get(name)
    if table is None:
        remedy = f"可用的表：{'、'.join(tables())}。"
        raise Refused([Finding(None, "table", f"没有台账表“{name[:40]}”。", remedy, "unknown_table")])
    return table


def book(
    *, site: Site, table: str, values: Mapping[str, object], actor: str, at: datetime, key: str = ""
) -> BookEntry:
    """Book one entry: it gets its batch number and posts its movements.

    Args:
        values: cells by field name, as typed; a whole number for a mass is grams.
        key: what makes that handing it in twice books it once.

    Raises:
        Refused: all that is wrong with it; nothing was booked.
    """
    return book_rows(site=site, table=table, rows=[(None, values)], actor=actor, at=at, key=key)[0]


@dataclass(slots=True)
class _Draft:
    """An entry on its way into the book."""

    line: int | None
    entry: BookEntry
    named: Named
    posted: list[Movement]

    @property
    def document(self) -> str:
        return f"book:{self.entry.site.code}:{self.entry.batch_no}"

    def taking(self, site: Site) -> Taking:
        return Taking(self.document, self.entry.occurred_at, self.posted, self.named.takes(site))


@transaction.atomic
def book_rows(
    *,
    site: Site,
    table: str,
    rows: Iterable[tuple[int | None, Mapping[str, object]]],
    actor: str,
    at: datetime,
    key: str = "",
    file: BookImport | None = None,
) -> list[BookEntry]:
    """Book several entries of one table, all or none; ``rows`` are (line of the file, cells)."""
    form = table_named(table)
    rows = list(rows)
    Site.objects.select_for_update().get(pk=site.pk)  # two at once would both find a key or a package free
    digest = _digest(table, [values for _, values in rows])
    if key and (before := BookEntry.objects.filter(site=site, key=key[:200]).select_related("site").first()):
        return [_same(before, digest)]
    read, findings = _read_rows(site, form, rows, at)
    named, wrong = named_packages(form, site, read)
    findings += wrong
    if findings:
        raise Refused(sorted(findings, key=lambda f: f.line or 0))
    drafts = _drafts(site, form, read, named)
    _post(site, drafts, actor=actor, at=at)
    for draft in drafts:
        entry = draft.entry
        method, occurred = entry.method, entry.occurred_at
        retire_named(
            draft.named, method=method, site=site, document=draft.document, actor=actor, at=at, occurred=occurred
        )
        entry.alerts += alerts_of(form, entry.content, draft.named, site, occurred)
        entry.postings = [as_posting(one) for one in draft.posted]
        entry.actor, entry.recorded_at, entry.file = actor, at, file
        if key:
            entry.key, entry.digest = key[:200], digest
    entries = [draft.entry for draft in drafts]
    BookEntry.objects.bulk_create(entries, batch_size=500)
    links = [link for draft in drafts for link in links_of(draft.entry, form.role, draft.named.linked)]
    BookLink.objects.bulk_create(links, batch_size=500)
    for entry in entries:
        told = {"alerts": [one["what"] for one in entry.alerts]} if entry.alerts else {}
        record(entry, "book_entry", actor=actor, at=at, **told)
    return entries


def _digest(table: str, rows: Sequence[Mapping[str, object]]) -> str:
    """What rows say, however their file was saved."""
    said = [{name: str(value) for name, value in row.items() if value not in (None, "")} for row in rows]
    return hashlib.sha256(json.dumps([table, said], sort_keys=True).encode()).hexdigest()


def _same(before: BookEntry, digest: str) -> BookEntry:
    if before.digest != digest:
        what = f"这张表单已登记为批次 {before.batch_no}，内容不同。"
        raise Refused([Finding(None, "key", what, "请重新打开登记页，再填写另一条。", "key_with_other_content")])
    return before


def _drafts(
    site: Site, form: Table, read: Sequence[tuple[int | None, dict[str, Any]]], named: Sequence[Named]
) -> list[_Draft]:
    """The entries with their numbers and movements."""
    place = Place(f"site:{site.code}", f"boundary:{place_of(site.division_id)}")
    receivers = selectors.sites_coded({v["receiver_site"] for _, v in read if "receiver_site" in v})
    drafts = []
    for (line, values), packages in zip(read, named, strict=True):
        occurred = datetime.fromisoformat(values["occurred_at"])
        entry = BookEntry(
            site=site,
            table=form.table,
            batch_no=_number(site, prefix_of(form, values), occurred, line),
            occurred_at=occurred,
            waste_code=values.get("waste_code", ""),
            mass_g=values.get("mass_g", 0),
            count=values.get("count"),
            method=values.get("method", ""),
            manifest_number=values.get("manifest_number", ""),
            package_codes=values.get("package_codes", []),
            sources=values.get("sources", []),
            content=values,
        )
        draft = _Draft(line, entry, packages, [])
        there = values.get("receiver_site", "")
        where = replace(place, receiver=f"site:{there}") if there in receivers else place
        draft.posted = movements_of(
            form, values, where, document=draft.document, at=occurred, already_g=packages.already_g
        )
        drafts.append(draft)
    return drafts


def fits(table: Table, code: str, method: str) -> bool:
    """Whether a waste, and a method where one is known, belongs in a table."""
    if domain_of(code) not in table.domains or table.code not in {"", code}:
        return False
    return not (table.bucket and method) or methods()[method].bucket == table.bucket


def number_of(site: Site, table: Table, values: Mapping[str, Any], occurred: datetime) -> str:
    """The next batch number of a table; without a method that of the first of its prefixes."""
    known = "any" in table.prefixes or values.get("method") in methods()
    prefix = prefix_of(table, values) if known else next(iter(table.prefixes.values()))
    return _number(site, prefix, occurred, None)


def _number(site: Site, prefix: str, occurred: datetime, line: int | None) -> str:
    on = local_day(occurred)
    number = batch_number(prefix, on, next_number(f"book:{site.pk}:{prefix}:{on:%Y%m%d}"))
    if number is None:
        what = f"{on} 的 {prefix} 批次已满 999 个。"
        raise Refused([Finding(line, "occurred_at", what, "请把同类的记录合并为一条。", "serials_used_up")])
    return number


def _post(site: Site, drafts: Sequence[_Draft], *, actor: str, at: datetime) -> None:
    """Post the movements of the entries, with what their stores lack; an entry that lacks is told."""
    takings = [draft.taking(site) for draft in drafts]
    lacking = shortfalls(takings, ledger.hold_accounts(stores_of(takings)))
    lines: list[int | None] = []
    for draft, short in zip(drafts, lacking, strict=True):
        draft.posted = short + draft.posted
        lines += [draft.line] * len(draft.posted)
        for one in short:
            what = f"{one.target.waste_code} 的账上贮存少 {tonnes_text(one.mass_g)} 吨，已按未申报的库存记入差异。"
            remedy = "请补记产生或收入；确是盘点差异的，请报平台管理员记盘点调整（wufei ledger post）。"
            draft.entry.alerts.append({"code": "undeclared_stock", "what": what, "remedy": remedy})
    movements = [one for draft in drafts for one in draft.posted]
    if not movements:
        return
    try:
        ledger.post(movements, actor=actor, recorded_at=at)
    except Refused as error:
        raise Refused([_of_entry(finding, lines) for finding in error.findings]) from None


_CELLS = {"mass": "mass_g", "at": "occurred_at", "occurred_at": "occurred_at", "waste_code": "waste_code"}


def _of_entry(finding: Finding, lines: Sequence[int | None]) -> Finding:
    """A finding of the ledger with the line and the cell of the entry that it means."""
    known = finding.line is not None and finding.line <= len(lines)
    line = lines[finding.line - 1] if known and finding.line else None
    return replace(finding, line=line, field=_CELLS.get(finding.field, ""))


def _read_rows(
    site: Site, form: Table, rows: Iterable[tuple[int | None, Mapping[str, object]]], at: datetime
) -> tuple[list[tuple[int | None, dict[str, Any]]], list[Finding]]:
    read: list[tuple[int | None, dict[str, Any]]] = []
    findings: list[Finding] = []
    for line, raw in rows:
        values, found = read_values(form.fields, raw, line=line)
        findings += found + check_entry(form, values, now=at, line=line)
        read.append((line, values))
    known = selectors.batches_of(site, {batch for _, v in read for batch in v.get("sources", [])})
    receivers = selectors.sites_coded({v["receiver_site"] for _, v in read if "receiver_site" in v})
    for line, values in read:
        for batch in values.get("sources", []):
            findings += _wrong_source(form, values, batch, known.get(batch), line)
        if "receiver_site" in values and values["receiver_site"] not in receivers:
            what = f"没有编号为“{values['receiver_site'][:40]}”的场所。"
            remedy = "请核对编号；接收单位没有登记的请留空。"
            findings.append(Finding(line, "receiver_site", what, remedy, "unknown_site"))
        if values.get("receiver_site") == site.code:
            what = "接收场所就是本场所。"
            findings.append(Finding(line, "receiver_site", what, "请填写接收单位的场所编号。", "own_site"))
    return read, findings


def _wrong_source(
    form: Table, values: Mapping[str, Any], batch: str, source: BookEntry | None, line: int | None
) -> list[Finding]:
    label = form.field("sources").label
    if source is None:
        what = f"{label}“{batch}”不在本场所的台账中，或已被冲销。"
        return [Finding(line, "sources", what, "请核对批次编码。", "unknown_batch")]
    if "waste_code" in values and source.waste_code != values["waste_code"]:
        what = f"{label}“{batch}”的废物代码是 {source.waste_code}，与本条的 {values['waste_code']} 不同。"
        return [Finding(line, "sources", what, "请核对批次编码或废物代码。", "other_waste")]
    return []


def record(entry: BookEntry, verb: str, *, actor: str, at: datetime, **after: object) -> None:
    record_fact(
        at=at,
        actor=actor,
        verb=verb,
        subject=f"book_entry:{entry.pk}",
        division=entry.site.division_id,
        document=entry.batch_no,
        after={
            "site": entry.site.code, "table": entry.table, "waste_code": entry.waste_code, "mass_g": entry.mass_g,
            **after,
        },
    )  # fmt: skip


@transaction.atomic
def reverse_entry(visible: QuerySet[BookEntry], *, pk: int, reason: str, actor: str, at: datetime) -> BookEntry:
    """Undo an entry: its movements are reversed, and a row of the reversal joins the book. Then enter it anew.

    Raises:
        Refused: it was reversed already, is a reversal itself, or another entry takes from it.
    """
    entry = visible.select_for_update(of=("self",)).select_related("site").filter(pk=pk).first()
    if entry is None:
        raise Http404
    reason = reason_of(reason, "冲销")
    if entry.status != EntryStatus.BOOKED:
        what = f"{entry.batch_no} {EntryStatus(entry.status).label}，不能再冲销。"
        raise Refused([Finding(None, "status", what, "请重新记一条。", "not_booked")])
    users = selectors.users_of(entry)
    if users:
        what = f"{entry.batch_no} 是 {'、'.join(users[:5])} 的来源批次。"
        raise Refused([Finding(None, "sources", what, "请先冲销这些记录。", "batch_in_use")])
    reversal = BookEntry(
        site=entry.site, table=entry.table, batch_no=f"{entry.batch_no}-CX", occurred_at=at,
        waste_code=entry.waste_code, mass_g=entry.mass_g, count=entry.count, method=entry.method,
        status=EntryStatus.REVERSAL, reverses=entry, reason=reason, actor=actor, recorded_at=at,
    )  # fmt: skip
    posted = [from_posting(raw) for raw in entry.postings]
    if posted:
        document = f"book:{entry.site.code}:{reversal.batch_no}"
        undone = reversal_of(posted, document=document, at=at, reason=reason)
        try:
            ledger.post(undone, actor=actor, recorded_at=at)
        except Refused as error:
            raise Refused([replace(f, line=None, field="") for f in error.findings]) from None
        reversal.postings = [as_posting(one) for one in undone]
    reversal.save()
    BookLink.objects.filter(entry=entry).update(is_live=False)
    entry.status = EntryStatus.REVERSED
    entry.save(update_fields=["status"])
    record(reversal, "reverse_entry", actor=actor, at=at, reason=reason, reverses=entry.batch_no)
    return reversal


def rows_of_file(form: Table, name: str, raw: bytes) -> list[tuple[int | None, dict[str, object]]]:
    """The rows of an uploaded table by field name; a head is a field's label or name.

    Raises:
        Refused: the file cannot be read, or has a head that the table does not know.
    """
    heads = {one.label: one.name for one in form.fields} | {one.name: one.name for one in form.fields}
    rows: list[tuple[int | None, dict[str, object]]] = []
    unknown: set[str] = set()
    try:
        for line, cells in read_upload(name, raw):
            unknown |= set(cells) - set(heads)
            rows.append((line, {heads[head]: text for head, text in cells.items() if head in heads}))
    except BadFile as error:
        raise Refused(error.findings) from None
    findings = [
        Finding(
            None,
            head,
            f"“{form.name}”没有“{head[:40]}”这一列。",
            "请按模板的列名改正，或删去该列。",
            "unknown_column",
        )
        for head in sorted(unknown)
    ]
    if not rows:
        findings.append(Finding(None, "", "文件里没有记录。", "请在表头下填写记录。", "empty_file"))
    if len(rows) > ROWS_MAX:
        what = f"文件有 {len(rows)} 条记录，最多 {ROWS_MAX} 条。"
        findings.append(Finding(None, "", what, "请拆成几个文件。", "too_many_rows"))
    if findings:
        raise Refused(findings)
    return rows


def check_file(*, site: Site, table: str, name: str, raw: bytes, at: datetime) -> int:
    """Check a file without booking: the number of its entries; raises ``Refused`` with all findings."""
    form = table_named(table)
    rows = rows_of_file(form, name, raw)
    _refuse_again(site, table, _digest(table, [values for _, values in rows]))
    read, findings = _read_rows(site, form, rows, at)
    findings += named_packages(form, site, read)[1]
    if findings:
        raise Refused(sorted(findings, key=lambda f: f.line or 0))
    return len(read)


@transaction.atomic
def book_file(*, site: Site, table: str, name: str, raw: bytes, actor: str, at: datetime) -> int:
    """Book a file of entries, all or none, and once: it comes again when all of it was reversed."""
    form = table_named(table)
    rows = rows_of_file(form, name, raw)
    Site.objects.select_for_update().get(pk=site.pk)
    digest = _digest(table, [values for _, values in rows])
    _refuse_again(site, table, digest)
    file = BookImport.objects.create(
        site=site, table=table, digest=digest, name=name.replace("\0", "")[-200:], rows=len(rows), created_at=at,
        created_by=actor,
    )  # fmt: skip
    return len(book_rows(site=site, table=table, rows=rows, actor=actor, at=at, file=file))


def _refuse_again(site: Site, table: str, digest: str) -> None:
    """Refuse rows that a file has brought before, unless all of them were reversed."""
    before = BookImport.objects.filter(
        site=site, table=table, digest=digest, entries__status=EntryStatus.BOOKED
    ).order_by("-pk").first()  # fmt: skip
    if before is not None:
        what = (
            f"这些记录已于 {timezone.localtime(before.created_at):%Y-%m-%d %H:%M} 由 {before.created_by}"
            f"从“{before.name}”导入，共 {before.rows} 条。"
        )
        remedy = "无需再导入；确要重新登记，请先冲销那一次的记录，或只留下新的行。"
        raise Refused([Finding(None, "file", what, remedy, "imported_before")])
