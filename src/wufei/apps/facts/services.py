"""Writes of the fact log."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from wufei.apps.facts.models import Fact


def record_fact(
    *,
    at: datetime,
    actor: str,
    verb: str,
    subject: str,
    division: str = "",
    document: str = "",
    before: object = None,
    after: object = None,
) -> Fact:
    """Append one fact. Call it inside the transaction that does the thing, so that neither is kept alone."""
    fact = Fact(
        recorded_at=at,
        actor=actor,
        verb=verb,
        subject=subject,
        division=division,
        document=document,
        before=before,
        after=after,
    )
    record_facts([fact])
    return fact


def record_facts(facts: Iterable[Fact]) -> None:
    """Append several facts, in their order, by one statement. Call it like ``record_fact``."""
    assert connection.in_atomic_block, "A fact is written in the transaction of what it tells."
    Fact.objects.bulk_create(facts)
