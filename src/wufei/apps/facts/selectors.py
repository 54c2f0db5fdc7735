"""Reads of the fact log, by cursor: each reader keeps the last id it has seen and goes on from there."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache

from wufei.apps.facts.models import Fact
from wufei.core.reference import read_table


@cache
def verb_names() -> Mapping[str, str]:
    """Chinese word of a fact's verb."""
    return {row["verb"]: row["name"] for row in read_table("facts/verbs.csv")}


def facts_after(cursor: int, *, until: datetime, limit: int = 1000, verbs: Sequence[str] = ()) -> list[Fact]:
    """Return the facts with an id above ``cursor``, oldest first, at most ``limit``; one query.

    On PostgreSQL two transactions may commit their ids out of order. ``until`` therefore leaves out what was recorded
    later: give an instant that is older than the longest write (a minute), and no fact is ever skipped.
    """
    rows = Fact.objects.filter(pk__gt=cursor, recorded_at__lte=until)
    if verbs:
        rows = rows.filter(verb__in=verbs)
    return list(rows.order_by("pk")[:limit])


def newest_id() -> int:
    """The number of the newest fact, 0 where there is none; one query."""
    return Fact.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
