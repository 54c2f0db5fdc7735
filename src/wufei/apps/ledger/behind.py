"""The movements behind a figure (数字背后的逐笔记录): those between two kinds of accounts, a page at a time.

Invariant: pages follow the key (the movement's id), so a page shows each movement once, also while others are booked.

Three steps, so that the cost depends on what is shown: the next few thousand movements are looked through, which
suffices for what is frequent; else the accounts, and where these are many the daily flows, say whose chain to walk.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from wufei.apps.ledger.engines.base import MEMBERS_BITS
from wufei.apps.ledger.models import AccountRecord
from wufei.apps.ledger.posting import unpack_members
from wufei.apps.ledger.reference import name_and_domain
from wufei.core.divisions import prefix_of
from wufei.core.ledger import EPOCH, SHANGHAI
from wufei.core.ledger_rules import DAY_US, ZONE_US, bucket_names, day_number, kinds

_MOVEMENTS = """
SELECT m.id, m.occurred_us, m.kind, m.mass_g, m.count, m.document, m.basis, m.reverses,
       s.waste_code, s.bucket, t.bucket, hs.name, ht.name, hs.is_simulated, ht.is_simulated
FROM ledger_movement m
JOIN ledger_account s ON s.id = m.source_id JOIN ledger_holder hs ON hs.id = s.holder_id
JOIN ledger_account t ON t.id = m.target_id JOIN ledger_holder ht ON ht.id = t.holder_id
WHERE {which} AND m.day BETWEEN %s AND %s AND (hs.division LIKE %s OR ht.division LIKE %s) AND {between}
ORDER BY m.id LIMIT %s
"""
_FLOWS_BETWEEN = """
SELECT DISTINCT m.source_id, m.target_id
FROM (SELECT DISTINCT source_id, target_id, kind FROM ledger_flow WHERE day BETWEEN %s AND %s) m
JOIN ledger_account s ON s.id = m.source_id JOIN ledger_holder hs ON hs.id = s.holder_id
JOIN ledger_account t ON t.id = m.target_id JOIN ledger_holder ht ON ht.id = t.holder_id
WHERE (hs.division LIKE %s OR ht.division LIKE %s) AND {between}
"""
_LOOKED_THROUGH = 4_000  # movements: a few milliseconds
_LINKS_AT_ONCE = 5_000  # of a holder's chain; more, and the daily flows are asked who it can be
_BATCHES = 20


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


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked, as SQL over ``m``, ``s``, ``hs``, ``t``, ``ht``."""

    meant: tuple[Between, ...]
    days: tuple[int, int]
    below: str
    between: str
    values: tuple[str, ...]

    def rows(self, which: str, given: Sequence[object], limit: int) -> list[tuple[object, ...]]:
        """The movements that are wanted among ``which``, in the order of their numbers."""
        sql = _MOVEMENTS.format(which=which, between=self.between)
        return _query(sql, [*given, *self.days, self.below, self.below, *self.values, limit])


def movements_between(
    division: str, first_day: date, last_day: date, meant: Iterable[Between], *, after: int = 0, limit: int = 20
) -> MovementPage:
    """The movements of a region in a span of days that ``meant`` admits, a reversal with its ends exchanged."""
    clauses: list[str] = []
    values: list[str] = []
    possible = tuple(between for between in map(_with_buckets, meant) if between is not None)
    for between in possible:
        for is_reversal, ends in enumerate([("s", "hs", "t", "ht"), ("t", "ht", "s", "hs")]):
            clause, given = _clause(between, ends, is_reversal=bool(is_reversal))
            clauses.append(clause)
            values += given
    if not clauses:
        return MovementPage(())
    days = (day_number(first_day), day_number(last_day))
    below = prefix_of(division) + "%"
    asked = _Asked(possible, days, below, f"({' OR '.join(clauses)})", tuple(values))
    found: list[tuple[object, ...]] = []
    for rows in _found(asked, max(after, _before(first_day)), limit + 1):
        found += rows
        if len(found) > limit:
            break
    shown = tuple(_row(row) for row in found[:limit])
    return MovementPage(shown, shown[-1].id if len(found) > limit else None)


def _before(first_day: date) -> int:
    """A number below those of all movements booked on or after a day: nothing is recorded before it happens."""
    us = (first_day - EPOCH.date()).days * DAY_US - ZONE_US - DAY_US
    found = _query("SELECT id FROM ledger_batch WHERE recorded_us >= %s ORDER BY id LIMIT 1", [us])
    return (int(str(found[0][0])) << MEMBERS_BITS) - 1 if found else 1 << 62


def _found(asked: _Asked, after: int, most: int) -> Iterator[list[tuple[object, ...]]]:
    """The movements that are wanted behind a number, some at a time, at most ``most`` of each step."""
    near = [
        int(str(n))
        for (n,) in _query(
            "SELECT id FROM ledger_movement WHERE id > %s ORDER BY id LIMIT %s", [after, _LOOKED_THROUGH]
        )
    ]
    if not near:
        return
    yield asked.rows("m.id > %s AND m.id <= %s", [after, near[-1]], most)
    if len(near) == _LOOKED_THROUGH:
        for numbers in _walk(_holders(asked), near[-1]):
            which, given = _among("m.id", numbers)
            yield asked.rows(which, [given], most)


def _holders(asked: _Asked) -> list[int]:
    """Holders of whom each wanted movement has one at an end: by the accounts, or by the flows if many."""
    sides: list[dict[int, int]] = [{}, {}]
    for between in asked.meant:
        for side, (buckets, categories, methods) in enumerate(
            (
                (between.source_buckets, between.source_categories, ()),
                (between.target_buckets, between.target_categories, between.methods),
            )
        ):
            sides[side] |= _holders_with(between.codes, buckets, categories, methods)
    fewer = min(sides, key=lambda links: sum(links.values()))
    if sum(fewer.values()) <= _LINKS_AT_ONCE:
        return list(fewer)
    sql = _FLOWS_BETWEEN.format(between=asked.between)
    pairs = _query(sql, [*asked.days, asked.below, asked.below, *asked.values])
    holder_of = dict(AccountRecord.objects.values_list("id", "holder_id"))
    ends = [{holder_of[int(str(pair[end]))] for pair in pairs} for end in (0, 1)]
    return sorted(ends[0] if len(ends[0]) <= len(ends[1]) else ends[1])


def _holders_with(*allowed: Collection[str]) -> dict[int, int]:
    """Holders of accounts with these codes, buckets, categories and methods, and how many links each has."""
    rows = AccountRecord.objects.order_by()
    for column, values in zip(("waste_code", "bucket", "holder__category", "method"), allowed, strict=True):
        if values:
            rows = rows.filter(**{f"{column}__in": list(values)})
    return dict(rows.values_list("holder_id", "holder__links"))


def _walk(holders: list[int], after: int) -> Iterator[list[int]]:
    """Numbers of the movements of holders behind one, in order, some batches at a time."""
    which, given = _among("holder_id", holders)
    at_least = after >> MEMBERS_BITS
    while True:
        sql = f"SELECT DISTINCT batch_id FROM ledger_link WHERE {which} AND batch_id >= %s ORDER BY 1 LIMIT %s"  # noqa: S608
        batches = [int(str(n)) for (n,) in _query(sql, [given, at_least, _BATCHES])]
        if not batches:
            return
        sql = f"SELECT batch_id, members FROM ledger_link WHERE {which} AND batch_id BETWEEN %s AND %s"  # noqa: S608
        numbers = {
            (int(str(batch)) << MEMBERS_BITS) + place
            for batch, members in _query(sql, [given, batches[0], batches[-1]])
            for place in unpack_members(bytes(members))  # type: ignore[call-overload]
        }
        yield sorted(number for number in numbers if number > after)
        at_least = batches[-1] + 1


def _among(column: str, numbers: Sequence[int]) -> tuple[str, object]:
    """That a column has one of many values, and the one parameter that lists them."""
    if connection.vendor == "sqlite":
        return f"{column} IN (SELECT value FROM json_each(%s))", json.dumps(list(numbers))  # noqa: S608
    return f"{column} = ANY(%s)", list(numbers)


def _query(sql: str, given: Sequence[Any]) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(given))
        found: list[tuple[object, ...]] = cursor.fetchall()
    return found


def _with_buckets(between: Between) -> Between | None:
    """The same with the buckets that its kinds leave; ``None`` where nothing can be meant."""
    if not between.kinds:
        return between
    rules = [kinds()[kind] for kind in between.kinds if kind in kinds()]
    sources = {bucket.value for rule in rules for bucket in rule.sources}
    targets = {bucket.value for rule in rules for bucket in rule.targets}
    sources &= set(between.source_buckets) or sources
    targets &= set(between.target_buckets) or targets
    return replace(between, source_buckets=sources, target_buckets=targets) if sources and targets else None


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
