"""The movements behind a figure (数字背后的逐笔记录): those between two kinds of accounts, a page at a time.

Invariant: pages follow the key (the movement's id), so a page shows each movement once, also while others are booked.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import connection

from wufei.apps.ledger.models import AccountRecord
from wufei.apps.ledger.reference import name_and_domain
from wufei.core.divisions import prefix_of
from wufei.core.ledger import EPOCH, SHANGHAI
from wufei.core.ledger_rules import bucket_names, day_number

_MOVEMENTS = """
SELECT m.id, m.occurred_us, m.kind, m.mass_g, m.count, m.document, m.basis, m.reverses,
       s.waste_code, s.bucket, t.bucket, hs.name, ht.name, hs.is_simulated, ht.is_simulated
FROM ledger_movement m
JOIN ledger_account s ON s.id = m.source_id JOIN ledger_holder hs ON hs.id = s.holder_id
JOIN ledger_account t ON t.id = m.target_id JOIN ledger_holder ht ON ht.id = t.holder_id
WHERE m.id > %s AND m.day BETWEEN %s AND %s AND (hs.division LIKE %s OR ht.division LIKE %s) AND {between}
ORDER BY m.id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Between:
    """Which movements are meant, by their two ends; an empty collection admits everything."""

    codes: Collection[str] = ()
    kinds: Collection[str] = ()
    source_buckets: Collection[str] = ()
    target_buckets: Collection[str] = ()
    source_categories: Collection[str] = ()
    target_categories: Collection[str] = ()
    methods: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class MovementRow:
    """One movement as a page shows it."""

    id: int
    at: datetime
    kind: str
    mass_g: int
    count: int | None
    document: str
    basis: str
    is_reversal: bool
    waste_code: str
    waste_name: str
    source: str
    target: str
    is_simulated: bool


@dataclass(frozen=True, slots=True)
class MovementPage:
    """Some movements, and the key to go on from; ``None`` where there are no more."""

    rows: tuple[MovementRow, ...]
    next_after: int | None = field(default=None)


def used_codes() -> list[str]:
    """The waste codes that the ledger holds accounts of."""
    return list(AccountRecord.objects.order_by("waste_code").values_list("waste_code", flat=True).distinct())


def movements_between(
    division: str, first_day: date, last_day: date, meant: Iterable[Between], *, after: int = 0, limit: int = 20
) -> MovementPage:
    """The movements of a region in a span of days that ``meant`` admits, a reversal with its ends exchanged."""
    clauses: list[str] = []
    values: list[str] = []
    for between in meant:
        for is_reversal, ends in enumerate([("s", "hs", "t", "ht"), ("t", "ht", "s", "hs")]):
            clause, given = _clause(between, ends, is_reversal=bool(is_reversal))
            clauses.append(clause)
            values += given
    if not clauses:
        return MovementPage(())
    below = prefix_of(division) + "%"
    sql = _MOVEMENTS.format(between=f"({' OR '.join(clauses)})")
    params: list[int | str] = [after, day_number(first_day), day_number(last_day), below, below, *values, limit + 1]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found = cursor.fetchall()
    rows = tuple(_row(row) for row in found[:limit])
    return MovementPage(rows, rows[-1].id if len(found) > limit else None)


def _clause(between: Between, ends: tuple[str, str, str, str], *, is_reversal: bool) -> tuple[str, list[str]]:
    """The SQL of one kind of movement; all words of it are constants, what is asked for goes by parameter."""
    source, giver, target, taker = ends
    parts = ["m.kind = 'reverse'" if is_reversal else "m.kind <> 'reverse'"]
    values: list[str] = []
    for column, allowed in (
        (f"{source}.waste_code", between.codes),
        ("m.kind", () if is_reversal else between.kinds),
        (f"{source}.bucket", between.source_buckets),
        (f"{target}.bucket", between.target_buckets),
        (f"{giver}.category", between.source_categories),
        (f"{taker}.category", between.target_categories),
        (f"{target}.method", between.methods),
    ):
        if allowed:
            parts.append(f"{column} IN ({', '.join(['%s'] * len(allowed))})")
            values += sorted(allowed)
    return f"({' AND '.join(parts)})", values


def _row(row: tuple[object, ...]) -> MovementRow:
    (number, occurred_us, kind, mass_g, count, document, basis, reverses, code, source_bucket, target_bucket,
     source, target, source_is_simulated, target_is_simulated) = row  # fmt: skip
    names = bucket_names()
    at = (EPOCH + timedelta(microseconds=int(str(occurred_us)))).astimezone(SHANGHAI)
    return MovementRow(
        id=int(str(number)),
        at=at,
        kind=str(kind),
        mass_g=int(str(mass_g)),
        count=None if count is None else int(str(count)),
        document=str(document),
        basis=str(basis),
        is_reversal=bool(reverses),
        waste_code=str(code),
        waste_name=name_and_domain(str(code))[0],
        source=f"{source}（{names[str(source_bucket)]}）",
        target=f"{target}（{names[str(target_bucket)]}）",
        is_simulated=bool(source_is_simulated or target_is_simulated),
    )
