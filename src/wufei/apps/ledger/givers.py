"""Reads of the ledger that name holders: who gave which waste, and whether a region holds anything simulated."""

from collections.abc import Collection
from datetime import date

from django.db import connection

from wufei.apps.ledger.models import HolderRecord
from wufei.apps.ledger.reference import name_and_domain
from wufei.core.divisions import prefix_of
from wufei.core.ledger import Bucket
from wufei.core.ledger_elements import Giver
from wufei.core.ledger_rules import day_number

# The flows are folded to pairs of accounts first: freshly loaded tables have no statistics yet, and PostgreSQL would
# else walk all flows once for each holder.
_GIVERS = """
WITH pairs AS MATERIALIZED (
    SELECT DISTINCT source_id, target_id FROM ledger_flow WHERE day BETWEEN %s AND %s AND kind <> 'reverse'
)
SELECT DISTINCT h.key, h.category, s.waste_code, s.bucket, t.bucket
FROM pairs
JOIN ledger_account s ON s.id = pairs.source_id JOIN ledger_holder h ON h.id = s.holder_id
JOIN ledger_account t ON t.id = pairs.target_id
WHERE h.division LIKE %s AND h.category IN ({categories})
"""  # {categories}: a mark for each value


def givers(division: str, first_day: date, last_day: date, *, categories: Collection[str]) -> list[Giver]:
    """Which holders of some categories gave which waste away, or brought it into the books, in a span of days."""
    sql = _GIVERS.format(categories=", ".join(["%s"] * len(categories)))
    days = [day_number(first_day), day_number(last_day)]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*days, prefix_of(division) + "%", *sorted(categories)])
        rows = cursor.fetchall()
    return [
        Giver(holder, category, code, name_and_domain(code)[1], Bucket(source), Bucket(target))
        for holder, category, code, source, target in rows
    ]


def is_simulated(division: str) -> bool:
    """Whether any holder of the region was made by simulation."""
    return HolderRecord.objects.filter(division__startswith=prefix_of(division), is_simulated=True).exists()
