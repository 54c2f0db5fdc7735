"""Pages of a list by key: a page costs the same at the start and after a million rows.

A list runs in the order of (``by``, key). ``next`` of an answer is an opaque cursor that says where it stopped; a
reader who comes back with ``updated_since`` gets what has changed from that instant on.
"""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import DateField, Field, IntegerField, Model, Q, QuerySet
from django.utils.timezone import is_naive
from ninja import Schema
from pydantic import Field as Described

from wufei.apps.rest.problems import Problem
from wufei.apps.rest.reference import limits
from wufei.apps.rest.schemas import WrittenInstant

M = TypeVar("M", bound=Model)
T = TypeVar("T")
Keys = Callable[[datetime | None, tuple[object, object] | None, int], Any]
_LONGEST = 600  # characters of a cursor


class PageQuery(Schema):
    """What a reader asks of a list; take it as ``asked: Query[PageQuery]``."""

    limit: int = Described(limits().page_default, ge=1, le=limits().page_max, description="一页几条。")
    cursor: str = Described("", max_length=_LONGEST, description="上一页答复里的 next，原样；第一页不写。")
    updated_since: WrittenInstant | None = Described(None, description="只要从这一时间起有变化的，带时区。")


class Page(Schema, Generic[T]):
    """One page: ``next`` is the cursor of the following one, null on the last."""

    items: list[T]
    next: str | None


@dataclass(frozen=True, slots=True)
class Taken(Generic[M]):
    """The rows of one page and the cursor behind them."""

    rows: list[M]
    next: str | None


def take(rows: QuerySet[M], asked: PageQuery, *, by: str = "updated_at", keys: Keys | None = None) -> Taken[M]:
    """Read the page of ``rows`` that is asked for, in the order of (``by``, key); one query.

    Args:
        by: a column that is never null, with an index on (``by``, key). ``updated_since`` filters on it.
        keys: gives the keys of the page itself from (``updated_since``, (value, key) of the row before, how many),
            where an index of another table holds what this reader sees in this order.
    """
    column = rows.model._meta.get_field(by)
    assert isinstance(column, Field)
    assert not column.null, f"{by} may be null: a row without it would be on no page"
    found = rows.order_by(by, "pk")
    if keys is not None:
        behind = _read(asked.cursor, rows, column) if asked.cursor else None
        found = found.filter(pk__in=keys(asked.updated_since, behind, asked.limit + 1))
    elif asked.updated_since is not None:
        assert isinstance(column, DateField), f"{by} is no instant: leave updated_since out of the query"
        found = found.filter(**{f"{by}__gte": asked.updated_since})
    if asked.cursor and keys is None:
        value, key = _read(asked.cursor, rows, column)
        # the first condition is implied by the second, and lets the database begin in the index
        found = found.filter(**{f"{by}__gte": value}).filter(Q(**{f"{by}__gt": value}) | Q(pk__gt=key))
    held = list(found[: asked.limit + 1])
    shown = held[: asked.limit]
    more = len(held) > asked.limit
    return Taken(shown, _write(getattr(shown[-1], column.attname), shown[-1].pk, by) if more else None)


def page_of(
    rows: QuerySet[M],
    asked: PageQuery,
    shape: Callable[[M], Any],
    *,
    by: str = "updated_at",
    keys: Keys | None = None,
) -> dict[str, object]:
    """The page of ``rows`` as an answer: each row by ``shape``."""
    taken = take(rows, asked, by=by, keys=keys)
    return {"items": [shape(row) for row in taken.rows], "next": taken.next}


def _write(value: object, key: object, by: str) -> str:
    told = value.isoformat() if hasattr(value, "isoformat") else value
    raw = json.dumps([by, told, key], ensure_ascii=False, separators=(",", ":"), default=str)
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def _read(cursor: str, rows: QuerySet[M], column: "Field[Any, Any]") -> tuple[object, object]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        by, value, key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True).decode("utf-8"))
        if by != column.name:
            raise ValueError(by)
        return _value(column, value), _value(rows.model._meta.pk, key)
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error, ValidationError):
        raise Problem("bad_cursor") from None


def _value(column: Any, value: object) -> object:
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise TypeError(value)
    if isinstance(value, str) and ("\0" in value or not value.isprintable()):
        raise ValueError(value)
    read = column.to_python(value)
    if isinstance(read, int) and (not isinstance(column, IntegerField) or not -(2**63) <= read < 2**63):
        raise ValueError(value)
    if isinstance(read, datetime) and is_naive(read):
        raise ValueError(value)
    return read
