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

# The flows of the holders' own accounts are folded to pairs of accounts first: freshly loaded tables have no
# statistics yet, and PostgreSQL would else walk all flows once for each holder.
_GIVERS = """
WITH own AS MATERIALIZED (
    SELECT a.id, a.waste_code, a.bucket, h.key, h.category
    FROM ledger_account a JOIN ledger_holder h ON h.id = a.holder_id
    WHERE h.division LIKE %s AND h.category IN ({categories})
), pairs AS MATERIALIZED (
    SELECT DISTINCT source_id, target_id FROM ledger_flow
    WHERE day BETWEEN %s AND %s AND kind <> 'reverse' AND source_id IN (SELECT id FROM own)
)
SELECT DISTINCT own.key, own.category, own.waste_code, own.bucket, t.bucket
FROM pairs JOIN own ON own.id = pairs.source_id JOIN ledger_account t ON t.id = pairs.target_id
"""  # {categories}: a mark for each value


def givers(division: str, first_day: date, last_day: date, *, categories: Collection[str]) -> list[Giver]:
    """Which holders of some categories gave which waste away, or brought it into the books, in a span of days."""
    sql = _GIVERS.format(categories=", ".join(["%s"] * len(categories)))
    days = [day_number(first_day), day_number(last_day)]
    with connection.cursor() as cursor:
        cursor.execute(sql, [prefix_of(division) + "%", *sorted(categories), *days])
        rows = cursor.fetchall()
    return [
        Giver(holder, category, code, name_and_domain(code)[1], Bucket(source), Bucket(target))
        for holder, category, code, source, target in rows
    ]


def is_simulated(division: str) -> bool:
    """Whether any holder of the region was made by simulation."""
    return HolderRecord.objects.filter(division__startswith=prefix_of(division), is_simulated=True).exists()
