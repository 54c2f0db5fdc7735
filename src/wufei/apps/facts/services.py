"""Writes of the fact log."""

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
    assert connection.in_atomic_block, "A fact is written in the transaction of what it tells."
    return Fact.objects.create(
        recorded_at=at,
        actor=actor,
        verb=verb,
        subject=subject,
        division=division,
        document=document,
        before=before,
        after=after,
    )
