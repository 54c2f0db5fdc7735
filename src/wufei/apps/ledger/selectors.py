"""Reads of the ledger: balances, daily flows, the balance identity.

Nothing here reads movements: the cost depends on the accounts and days that are shown, not on the history.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Concat

from wufei.apps.ledger.models import AccountRecord, HolderRecord, MovementRecord
from wufei.apps.ledger.reference import name_and_domain
from wufei.apps.registry.models import Division, Role, User
from wufei.apps.registry.selectors import NOTHING, scope, visible_sites, visible_vehicles
from wufei.core.divisions import prefix_of
from wufei.core.ledger import HELD, BalanceLine, Bucket, FlowRow, MassBalance
from wufei.core.ledger_rules import bucket_names, day_number

_FLOWS = """
SELECT s.waste_code, s.bucket, t.bucket, hs.category, ht.category, hs.division, ht.division,
       CASE WHEN t.method <> '' THEN t.method ELSE s.method END AS method, f.kind, f.month,
       SUM(f.mass_g), SUM(f.count), SUM(f.movements)
FROM (SELECT source_id, target_id, kind, {month} AS month, SUM(mass_g) AS mass_g, SUM(count) AS count,
             SUM(movements) AS movements
      FROM ledger_flow WHERE day BETWEEN %s AND %s GROUP BY 1, 2, 3, 4) f
JOIN ledger_account s ON s.id = f.source_id JOIN ledger_holder hs ON hs.id = s.holder_id
JOIN ledger_account t ON t.id = f.target_id JOIN ledger_holder ht ON ht.id = t.holder_id
WHERE hs.division LIKE %s OR ht.division LIKE %s
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
"""  # {month} is one of two constants below; days are summed before the joins, which halves the time

# What other years (-1 before, 1 after) changed in what is held in a region.
_AROUND = """
SELECT a.waste_code, y.phase, SUM(y.change_g)
FROM (SELECT account_id, CASE WHEN year < %s THEN -1 ELSE 1 END AS phase, SUM(change_g) AS change_g
      FROM ledger_year_change WHERE year <> %s AND change_g <> 0 GROUP BY 1, 2) y
JOIN ledger_account a ON a.id = y.account_id JOIN ledger_holder h ON h.id = a.holder_id
WHERE h.division LIKE %s
GROUP BY 1, 2
"""

_HELD = """
SELECT a.waste_code, SUM(a.balance_g) FROM ledger_account a JOIN ledger_holder h ON h.id = a.holder_id
WHERE h.division LIKE %s AND a.bucket IN ('stored', 'in_transit') GROUP BY 1
"""


def _rows(sql: str, params: Iterable[int | str]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params))
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _read_flows(division: str, first_day: date, last_day: date, *, by_month: bool) -> list[FlowRow]:
    below = prefix_of(division) + "%"
    sql = _FLOWS.format(month="day / 100" if by_month else "0")
    return [
        FlowRow(
            waste_code=code,
            domain=name_and_domain(code)[1],
            source_bucket=Bucket(source),
            target_bucket=Bucket(target),
            source_category=source_category,
            target_category=target_category,
            source_division=source_division,
            target_division=target_division,
            method=method,
            kind=kind,
            mass_g=int(mass_g),
            count=int(count),
            movements=int(movements),
            month=month,
        )
        for (
            code,
            source,
            target,
            source_category,
            target_category,
            source_division,
            target_division,
            method,
            kind,
            month,
            mass_g,
            count,
            movements,
        ) in _rows(sql, (day_number(first_day), day_number(last_day), below, below))
    ]


def flows(division: str, first_day: date, last_day: date) -> list[FlowRow]:
    """What moved from, to or within a region in a span of days (both ends included).

    A movement across the edge of the region is among the rows; ``source_division`` and ``target_division`` tell.
    """
    return _read_flows(division, first_day, last_day, by_month=False)


def monthly_flows(division: str, first_day: date, last_day: date) -> list[FlowRow]:
    """The same, split by month (``FlowRow.month`` = ``YYYYMM``)."""
    return _read_flows(division, first_day, last_day, by_month=True)


# Where a boundary account counts in the identity, and the sign of what flows *into* it.
_TERMS = {
    Bucket.GENERATED: ("generated_g", -1),
    Bucket.UTILISED: ("utilised_g", 1),
    Bucket.DISPOSED: ("disposed_g", 1),
    Bucket.DUMPED: ("dumped_g", 1),
    Bucket.UNEXPLAINED: ("unexplained_g", 1),
}


def year_flows(division: str, year: int) -> list[FlowRow]:
    """The flows of a whole year."""
    return flows(division, date(year, 1, 1), date(year, 12, 31))


def mass_balance(
    division: str, year: int, domain: str | None = None, *, flows: Sequence[FlowRow] | None = None
) -> MassBalance:
    """The balance identity of a region and a year per waste code.

    ``flows`` are the region's ``year_flows``, where the caller has read them already.

    The opening is what the years before changed, the closing the balances of this moment less what the years after
    changed, the rest comes from the daily flows of the year: readings of different rows, so a residual of 0 says
    something.
    An ``outside`` account is beyond every region, wherever its holder is registered.
    """
    prefix = prefix_of(division)
    below = prefix + "%"
    terms: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for code, held_g in _rows(_HELD, [below]):
        terms[code]["closing_g"] += int(held_g)
    for code, phase, change_g in _rows(_AROUND, [year, year, below]):
        terms[code]["opening_g" if phase < 0 else "closing_g"] -= phase * int(change_g)
    for row in year_flows(division, year) if flows is None else flows:
        s_in = row.source_bucket is not Bucket.OUTSIDE and row.source_division.startswith(prefix)
        t_in = row.target_bucket is not Bucket.OUTSIDE and row.target_division.startswith(prefix)
        _add_flow(terms[row.waste_code], row.source_bucket, row.target_bucket, row.kind, s_in, t_in, row.mass_g)
    lines = []
    for code in sorted(terms):
        name, its_domain = name_and_domain(code)
        if domain in {None, its_domain} and any(terms[code].values()):
            lines.append(_line(code, name, its_domain, terms[code]))
    sums = {field: sum(getattr(line, field) for line in lines) for field in _SUMS}
    total = _line("", "合计", domain or "", sums)
    return MassBalance(division, year, domain, _is_simulated(below), tuple(lines), total)


def _add_flow(
    term: dict[str, int], source: Bucket, target: Bucket, kind: str, s_in: bool, t_in: bool, mass_g: int
) -> None:
    """Add one sum of the year's flows to the terms of its code."""
    for bucket, is_in, sign in ((source, s_in, -1), (target, t_in, 1)):
        if is_in and bucket not in HELD:
            field, into = _TERMS[bucket]
            term[field] += sign * into * mass_g
    if s_in != t_in:
        # A reversal takes back what crossed the other way, so that sent and received stay what really crossed.
        if kind == "reverse":
            term["sent_g" if t_in else "received_g"] -= mass_g
        else:
            term["received_g" if t_in else "sent_g"] += mass_g


_SUMS = (
    "opening_g",
    "generated_g",
    "received_g",
    "utilised_g",
    "disposed_g",
    "dumped_g",
    "sent_g",
    "closing_g",
    "unexplained_g",
)


def _line(code: str, name: str, domain: str, term: dict[str, int]) -> BalanceLine:
    return BalanceLine(code, name, domain, **{field: term.get(field, 0) for field in _SUMS})


# --- What a person may see ----------------------------------------------------------------------------------------


def visible_holders(user: User | AnonymousUser) -> QuerySet[HolderRecord]:
    """Holders below the person's division; for a firm, or where duty limits the domains, those of visible sites.

    A firm also sees its vehicles. Boundaries are nobody's record: they are seen with the place.
    """
    seen = scope(user)
    if seen.sees_all_domains and not seen.organisation_id:
        return HolderRecord.objects.filter(division__startswith=seen.prefix)
    site_key = visible_sites(user).values(key=Concat(Value("site:"), "code"))
    wanted = Q(key__in=site_key)
    if seen.organisation_id:
        wanted |= Q(key__in=visible_vehicles(user).values(key=Concat(Value("vehicle:"), "plate")))
    return HolderRecord.objects.filter(wanted)


def visible_accounts(user: User | AnonymousUser) -> QuerySet[AccountRecord]:
    """Accounts of visible holders."""
    return AccountRecord.objects.filter(holder__in=visible_holders(user))


def visible_movements(user: User | AnonymousUser) -> QuerySet[MovementRecord]:
    """Movements from or to a visible holder. Lists walk the chain's links instead (``listing``)."""
    accounts = visible_accounts(user).values("id")
    return MovementRecord.objects.filter(Q(source_id__in=accounts) | Q(target_id__in=accounts))


def may_post(user: User | AnonymousUser) -> bool:
    """Whether the person may hand in ledger files: the programme office for its place, a firm for what it holds."""
    seen = scope(user)
    return isinstance(user, User) and (
        seen.organisation_id is not None or (user.role == Role.PROGRAMME_OFFICE and seen.prefix != NOTHING)
    )


# --- Balances -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """One account and what it holds."""

    holder: str
    holder_name: str
    division: str
    waste_code: str
    waste_name: str
    domain: str
    bucket: str
    bucket_name: str
    method: str
    balance_g: int
    is_simulated: bool


def is_known_place(division: str) -> bool:
    """Whether the region is in the registry, or a holder lies in it."""
    below = HolderRecord.objects.filter(division__startswith=prefix_of(division))
    return Division.objects.filter(pk=division).exists() or below.exists()


def balances(*, holder: str | None = None, division: str | None = None) -> list[BalanceRow]:
    """What the accounts of a holder, or of all holders of a region, hold now; accounts at 0 are left out."""
    rows = AccountRecord.objects.exclude(balance_g=0).select_related("holder")
    if holder is not None:
        rows = rows.filter(holder__key=holder)
    if division is not None:
        rows = rows.filter(holder__division__startswith=prefix_of(division))
    return [balance_row(row) for row in rows.order_by("name")]


def balances_of(holders: Iterable[str]) -> list[BalanceRow]:
    """What the accounts of some holders hold now, in one query; accounts at 0 are left out."""
    rows = AccountRecord.objects.exclude(balance_g=0).select_related("holder")
    return [balance_row(row) for row in rows.filter(holder__key__in=list(holders)).order_by("name")]


def balance_row(row: AccountRecord) -> BalanceRow:
    """An account as pages and the command line show it; its holder must be loaded with it."""
    name, domain = name_and_domain(row.waste_code)
    return BalanceRow(
        holder=row.holder.key,
        holder_name=row.holder.name,
        division=row.holder.division,
        waste_code=row.waste_code,
        waste_name=name,
        domain=domain,
        bucket=row.bucket,
        bucket_name=bucket_names()[row.bucket],
        method=row.method,
        balance_g=row.balance_g,
        is_simulated=row.holder.is_simulated,
    )


def _is_simulated(below: str) -> bool:
    """Whether any holder of the region was made by simulation."""
    sql = "SELECT 1 FROM ledger_holder WHERE division LIKE %s AND is_simulated LIMIT 1"
    return bool(_rows(sql, [below]))
