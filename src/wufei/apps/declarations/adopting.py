"""Entries that stand for what other documents booked (补入台账): linked to their movements, never booked again.

A declaration compares the ledger with the record book. What packages, manifests and weighings book stands in the
ledger alone until an entry names it; entering it by hand would book it twice. Invariant: an entry made here posts
nothing, so that the book comes nearer to the ledger and the ledger stays as it is.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from wufei.apps.declarations import book
from wufei.apps.declarations.entry_packages import links_of
from wufei.apps.declarations.models import BookEntry, BookLink, EntryStatus
from wufei.apps.declarations.selectors import span_of
from wufei.apps.ledger.of_holder import movements_of, reversed_keys
from wufei.apps.registry.models import Site
from wufei.core.declaration import Form, Period
from wufei.core.ledger import SHANGHAI, Bucket, Movement, local_day
from wufei.core.record_book import Table, books_of, tables

Details = Callable[[Collection[str]], Mapping[tuple[str, str], Mapping[str, str]]]
_DETAILS: dict[str, Details] = {}
ROLES = ("generate", "own", "store_out", "outsource")
LEAVING = ("store_out", "outsource")


def register_details(kind: str, reader: Details) -> None:
    """Let documents of a kind say what their entries show: (number, waste code) -> cells by field."""
    assert kind not in _DETAILS, kind
    _DETAILS[kind] = reader


@dataclass(frozen=True, slots=True)
class _Group:
    """What makes movements one entry."""

    role: str
    document: str
    waste_code: str
    on: object
    method: str


@transaction.atomic
def adopt(
    *, site: Site, form: Form, period: Period, actor: str, at: datetime, roles: Sequence[str] = ROLES, kind: str = ""
) -> list[BookEntry]:
    """Enter what the ledger has of a site and period and the book has not, linked and not booked again.

    Args:
        kind: of the documents (``manifest``); empty for all.
    """
    Site.objects.select_for_update().get(pk=site.pk)
    _take_back(site, period, actor=actor, at=at)
    groups: dict[_Group, list[Movement]] = {}
    for one in movements_of(f"site:{site.code}", period.first, period.last):
        if form.takes(one.source.waste_code) and _is_of(one.document, kind):
            for role in _roles_of(one, f"site:{site.code}"):
                if role in roles:
                    way = one.target.method
                    group = _Group(role, one.document, one.source.waste_code, local_day(one.occurred_at), way)
                    groups.setdefault(group, []).append(one)
    groups = _unlinked(groups)
    groups = _joined(site, period, groups)
    details = _details_of(groups)
    return [
        _enter(site, table, group, found, details, actor=actor, at=at)
        for group, found in groups.items()
        if (table := _table_of(site, group)) is not None
    ]


def _is_of(document: str, kind: str) -> bool:
    return not document.startswith("book:") and (not kind or document.startswith(f"{kind}:"))


def _roles_of(one: Movement, here: str) -> list[str]:
    """What a movement of the site is in its book."""
    roles = []
    if one.source.holder == here and one.source.bucket == Bucket.GENERATED:
        roles.append("generate")
    if one.source.holder == here and one.target.holder == here and one.target.bucket in _TREATED:
        roles.append("own")
    if one.source.holder == here and one.target.holder != here:
        roles += [*(["store_out"] if one.source.bucket == Bucket.STORED else []), "outsource"]
    return roles


_TREATED = frozenset({Bucket.UTILISED, Bucket.DISPOSED})


def _unlinked(groups: Mapping[_Group, list[Movement]]) -> dict[_Group, list[Movement]]:
    keys = {one.key for found in groups.values() for one in found}
    pairs = set(BookLink.objects.filter(key__in=keys, is_live=True).values_list("role", "key"))
    left = {group: [m for m in found if (group.role, m.key) not in pairs] for group, found in groups.items()}
    return {group: found for group, found in left.items() if found}


def _joined(site: Site, period: Period, groups: Mapping[_Group, list[Movement]]) -> dict[_Group, list[Movement]]:
    """Link what a hand-written entry already says by its manifest number; returns the rest."""
    first, behind = span_of(period.first, period.last)
    written = BookEntry.objects.filter(
        site=site, status=EntryStatus.BOOKED, occurred_at__gte=first, occurred_at__lt=behind
    ).exclude(manifest_number="")
    by_number = {(one.manifest_number, one.waste_code, _role(one.table)): one for one in written}
    rest = {}
    for group, found in groups.items():
        entry = by_number.get((group.document.partition(":")[2], group.waste_code, group.role))
        if entry is None:
            rest[group] = found
        else:
            BookLink.objects.bulk_create(links_of(entry, group.role, found))
    return rest


def _role(table: str) -> str:
    found = tables().get(table)
    return found.role if found else ""


def _table_of(site: Site, group: _Group) -> Table | None:
    """The table of the site's books for a role and waste."""
    roles = {"generate": {"generate", "collect"}}.get(group.role, {group.role})
    for kept in books_of(site.category):
        for table in kept.tables:
            if table.role in roles and not table.derived and book.fits(table, group.waste_code, group.method):
                return table
    return None


def _details_of(groups: Iterable[_Group]) -> dict[tuple[str, str], Mapping[str, str]]:
    """What the documents say of themselves, by document and waste code."""
    found: dict[tuple[str, str], Mapping[str, str]] = {}
    for kind, reader in _DETAILS.items():
        numbers = {g.document.partition(":")[2] for g in groups if g.document.startswith(f"{kind}:")}
        if numbers:
            found |= {(f"{kind}:{number}", code): cells for (number, code), cells in reader(numbers).items()}
    return found


def _enter(
    site: Site,
    table: Table,
    group: _Group,
    found: Sequence[Movement],
    details: Mapping[tuple[str, str], Mapping[str, str]],
    *,
    actor: str,
    at: datetime,
) -> BookEntry:
    """One entry for the movements of a document."""
    occurred = min(one.occurred_at for one in found)
    told = details.get((group.document, group.waste_code), {})
    cells: dict[str, Any] = {
        "occurred_at": occurred.astimezone(SHANGHAI).isoformat(),
        "waste_code": group.waste_code,
        "mass_g": sum(one.mass_g for one in found),
        "basis": found[0].basis,
        "package_codes": [one.package for one in found if one.package][:200],
        **({"method": group.method} if group.method else {}),
        **told,
    }
    content = {one.name: cells[one.name] for one in table.fields if cells.get(one.name)}
    number = group.document.partition(":")[2] if group.document.startswith("manifest:") else ""
    entry = BookEntry(
        site=site, table=table.table, batch_no=book.number_of(site, table, content, occurred), occurred_at=occurred,
        waste_code=group.waste_code, mass_g=cells["mass_g"], method=content.get("method", ""),
        manifest_number=number, package_codes=content.get("package_codes", []), content=content, actor=actor,
        recorded_at=at,
    )  # fmt: skip
    entry.save()
    BookLink.objects.bulk_create(links_of(entry, group.role, found))
    book.record(entry, "adopt_entry", actor=actor, at=at, document_behind=group.document)
    return entry


def _take_back(site: Site, period: Period, *, actor: str, at: datetime) -> None:
    """Reverse the entries of which a movement was undone since: by an amendment, say. The rest is entered anew."""
    first, behind = span_of(period.first, period.last)
    links = BookLink.objects.filter(
        entry__site=site, entry__occurred_at__gte=first, entry__occurred_at__lt=behind, is_live=True
    )
    pairs = dict(links.values_list("key", "entry_id"))
    gone = {pairs[key] for key in reversed_keys(list(pairs))}
    rows = BookEntry.objects.filter(site=site, postings=[], status=EntryStatus.BOOKED)
    for pk in rows.filter(pk__in=gone).order_by("pk").values_list("pk", flat=True):
        book.reverse_entry(rows, pk=pk, reason="所依据的单据已更正", actor=actor, at=at)
