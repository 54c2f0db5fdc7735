"""Reads of the ledger that name holders: who gave which waste, and whether a region holds anything simulated."""

from datetime import date

from django.db import connection

from wufei.apps.ledger.models import HolderRecord
from wufei.apps.ledger.reference import name_and_domain
from wufei.core.divisions import prefix_of
from wufei.core.ledger import Bucket
from wufei.core.ledger_elements import Giver
from wufei.core.ledger_rules import day_number

_GIVERS = """
SELECT DISTINCT h.key, h.category, s.waste_code, s.bucket, t.bucket
FROM ledger_flow f
JOIN ledger_account s ON s.id = f.source_id JOIN ledger_holder h ON h.id = s.holder_id
JOIN ledger_account t ON t.id = f.target_id
WHERE f.day BETWEEN %s AND %s AND h.division LIKE %s AND f.kind <> 'reverse'
"""


def givers(division: str, first_day: date, last_day: date) -> list[Giver]:
    """Which holders of a region gave which waste away, or brought it into the books, in a span of days."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVERS, [day_number(first_day), day_number(last_day), prefix_of(division) + "%"])
        rows = cursor.fetchall()
    return [
        Giver(holder, category, code, name_and_domain(code)[1], Bucket(source), Bucket(target))
        for holder, category, code, source, target in rows
    ]


def is_simulated(division: str) -> bool:
    """Whether any holder of the region was made by simulation."""
    return HolderRecord.objects.filter(division__startswith=prefix_of(division), is_simulated=True).exists()
