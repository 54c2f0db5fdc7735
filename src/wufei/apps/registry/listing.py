"""Lists that are searched, sorted and paged by key: what a page shows costs the same on page 1 and page 1000."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, Q, QuerySet
from django.utils.timezone import localtime

from wufei.apps.web import address

PAGE_SIZE = 50
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``sort`` is the ORM path it sorts by (never null), or empty."""

    label: str
    sort: str = ""
    css: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell, with a link where it leads somewhere; ``label`` is its column's heading."""

    text: str
    url: str = ""
    css: str = ""
    badge: str = ""
    badge_css: str = "bg-yellow-lt"
    label: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter above a list; without ``options`` it is a text (or a month, or hidden, where ``kind`` says so)."""

    name: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...] = ()
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Heading:
    """A column heading as the page shows it."""

    label: str
    css: str
    url: str
    aria: str


@dataclass(frozen=True, slots=True)
class Listing(Generic[M]):
    """What a list of one model shows: its joins, columns, searched fields and how a row becomes cells."""

    title: str
    joins: tuple[str, ...]
    columns: tuple[Column, ...]
    search: tuple[str, ...]
    cells: Callable[[M], tuple[Cell, ...]]
    empty: str
    default_sort: str = ""
    hint: str = ""  # what to do where the list is empty

    def sorts(self) -> list[str]:
        """The sort keys that the address may ask for."""
        return [column.sort for column in self.columns if column.sort]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, ready for the template."""

    title: str
    headings: tuple[Heading, ...]
    rows: tuple[tuple[Cell, ...], ...]
    q: str
    sort: str
    first_url: str
    next_url: str
    empty: str
    hint: str
    is_narrowed: bool


def searched(rows: QuerySet[M], listing: Listing[M], q: str) -> QuerySet[M]:
    """The rows of which a searched field holds ``q``."""
    words = q.replace("\0", "").strip()[:100]
    wanted = Q()
    for path in listing.search:
        wanted |= Q(**{f"{path}__icontains": words})
    return rows.filter(wanted) if words else rows


def page_of(rows: QuerySet[M], listing: Listing[M], asked: Mapping[str, str], path: str) -> Page:
    """One page of ``rows`` as the address asks: ``q``, ``sort`` (``-`` in front for descending), ``after`` (a key).

    Two queries, whatever the number of rows. What the address asks wrongly is left out of account.
    """
    q = asked.get("q", "").replace("\0", "").strip()[:100]
    wanted = asked.get("sort", "")
    if wanted.removeprefix("-") not in listing.sorts():
        wanted = listing.default_sort or listing.sorts()[0]
    field, down = wanted.removeprefix("-"), wanted.startswith("-")
    found = searched(rows, listing, q).order_by(f"-{field}" if down else field, "-pk" if down else "pk")
    after = asked.get("after", "")
    if after.isdecimal() and len(after) <= 18:
        found = _behind(rows, found, field, int(after), down=down)
    held = list(found.select_related(*listing.joins)[: PAGE_SIZE + 1])
    shown, more = held[:PAGE_SIZE], len(held) > PAGE_SIZE
    sort = f"-{field}" if down else field
    return Page(
        listing.title,
        tuple(_heading(column, sort, q, path) for column in listing.columns),
        tuple(_labelled(listing, row) for row in shown),
        q,
        sort,
        _address(path, q=q, sort=sort) if after else "",
        _address(path, q=q, sort=sort, after=str(shown[-1].pk)) if more else "",
        listing.empty,
        listing.hint,
        bool(q),
    )


def with_filters(page: Page, filters: Sequence[Filter]) -> Page:
    """The page with its filters in every address of it."""
    chosen = {one.name: one.value for one in filters if one.value}
    if not chosen:
        return page

    def more(url: str) -> str:
        return f"{url}{'&' if '?' in url else '?'}{urlencode(chosen)}" if url else ""

    headings = tuple(replace(heading, url=more(heading.url)) for heading in page.headings)
    narrows = any(one.value for one in filters if one.kind != "hidden")
    return replace(
        page,
        headings=headings,
        first_url=more(page.first_url),
        next_url=more(page.next_url),
        is_narrowed=page.is_narrowed or narrows,
    )


def shown_time(at: datetime | None) -> str:
    """An instant for people."""
    return "—" if at is None else localtime(at).strftime("%Y-%m-%d %H:%M")


def _labelled(listing: Listing[M], row: M) -> tuple[Cell, ...]:
    cells = listing.cells(row)
    return tuple(replace(cell, label=column.label) for cell, column in zip(cells, listing.columns, strict=True))


def _behind(rows: QuerySet[M], found: QuerySet[M], field: str, after: int, *, down: bool) -> QuerySet[M]:
    """The rows behind the one with the key ``after``; all of them where that one is not in sight."""
    values = rows.filter(pk=after).values_list(field, flat=True)[:1]
    if not values:
        return found
    step = "lt" if down else "gt"
    return found.filter(Q(**{f"{field}__{step}": values[0]}) | Q(**{field: values[0], f"pk__{step}": after}))


def _address(path: str, **query: str) -> str:
    return address(path, {name: value for name, value in query.items() if value})


def _heading(column: Column, sort: str, q: str, path: str) -> Heading:
    if not column.sort:
        return Heading(column.label, column.css, "", "")
    if column.sort != sort.removeprefix("-"):
        return Heading(column.label, column.css, _address(path, q=q, sort=column.sort), "")
    down = sort.startswith("-")
    turned = column.sort if down else f"-{column.sort}"
    return Heading(column.label, column.css, _address(path, q=q, sort=turned), "descending" if down else "ascending")
