"""Writes of the record book: an entry with its batch number and movements, its reversal, a file of entries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404

from wufei.apps.declarations import selectors
from wufei.apps.declarations.models import BookEntry, EntryStatus
from wufei.apps.declarations.numbers import next_number
from wufei.apps.declarations.plans import reason_of
from wufei.apps.facts.services import record_fact
from wufei.apps.ledger import services as ledger
from wufei.apps.registry.models import Site
from wufei.apps.spreadsheets import read_upload
from wufei.core.divisions import place_of
from wufei.core.findings import Finding, Refused
from wufei.core.form_fields import read_values
from wufei.core.intake import BadFile
from wufei.core.ledger import local_day
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


def book(*, site: Site, table: str, values: Mapping[str, object], actor: str, at: datetime) -> BookEntry:
    """Book one entry: it gets its batch number and posts its movements.

    Args:
        values: cells by field name, as typed; a whole number for a mass is grams.

    Raises:
        Refused: all that is wrong with it; nothing was booked.
    """
    return book_rows(site=site, table=table, rows=[(None, values)], actor=actor, at=at)[0]


@transaction.atomic
def book_rows(
    *, site: Site, table: str, rows: Iterable[tuple[int | None, Mapping[str, object]]], actor: str, at: datetime
) -> list[BookEntry]:
    """Book several entries of one table, all or none; ``rows`` are (line of the file, cells)."""
    form = table_named(table)
    read, findings = _read_rows(site, form, rows, at)
    if findings:
        raise Refused(findings)
    place = Place(f"site:{site.code}", f"boundary:{place_of(site.division_id)}")
    receivers = selectors.sites_coded({v["receiver_site"] for _, v in read if "receiver_site" in v})
    entries, movements, lines = [], [], []
    for line, values in read:
        occurred = datetime.fromisoformat(values["occurred_at"])
        on = local_day(occurred)
        prefix = prefix_of(form, values)
        number = batch_number(prefix, on, next_number(f"book:{site.pk}:{prefix}:{on:%Y%m%d}"))
        if number is None:
            what = f"{on} 的 {prefix} 批次已满 999 个。"
            raise Refused([Finding(line, "occurred_at", what, "请把同类的记录合并为一条。", "serials_used_up")])
        there = values.get("receiver_site", "")
        where = replace(place, receiver=f"site:{there}") if there in receivers else place
        posted = movements_of(form, values, where, document=f"book:{site.code}:{number}", at=occurred)
        movements += posted
        lines += [line] * len(posted)
        entries.append(
            BookEntry(
                site=site,
                table=table,
                batch_no=number,
                occurred_at=occurred,
                waste_code=values.get("waste_code", ""),
                mass_g=values.get("mass_g", 0),
                count=values.get("count"),
                method=values.get("method", ""),
                manifest_number=values.get("manifest_number", ""),
                package_codes=values.get("package_codes", []),
                sources=values.get("sources", []),
                content=values,
                postings=[as_posting(one) for one in posted],
                actor=actor,
                recorded_at=at,
            )
        )
    if movements:
        try:
            ledger.post(movements, actor=actor, recorded_at=at)
        except Refused as error:
            raise Refused([_of_entry(finding, lines) for finding in error.findings]) from None
    BookEntry.objects.bulk_create(entries, batch_size=500)
    for entry in entries:
        _record(entry, "book_entry", actor=actor, at=at)
    return entries


def _of_entry(finding: Finding, lines: Sequence[int | None]) -> Finding:
    """A finding of the ledger with the line of the entry that it means."""
    known = finding.line is not None and finding.line <= len(lines)
    return replace(finding, line=lines[finding.line - 1] if known and finding.line else None)


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
    return read, sorted(findings, key=lambda f: f.line or 0)


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


def _record(entry: BookEntry, verb: str, *, actor: str, at: datetime, **after: object) -> None:
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
        ledger.post(undone, actor=actor, recorded_at=at)
        reversal.postings = [as_posting(one) for one in undone]
    reversal.save()
    entry.status = EntryStatus.REVERSED
    entry.save(update_fields=["status"])
    _record(reversal, "reverse_entry", actor=actor, at=at, reason=reason, reverses=entry.batch_no)
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
    read, findings = _read_rows(site, form, rows_of_file(form, name, raw), at)
    if findings:
        raise Refused(findings)
    return len(read)


def book_file(*, site: Site, table: str, name: str, raw: bytes, actor: str, at: datetime) -> int:
    """Book a file of entries, all or none."""
    form = table_named(table)
    return len(book_rows(site=site, table=table, rows=rows_of_file(form, name, raw), actor=actor, at=at))
