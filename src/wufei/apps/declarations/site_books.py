"""What the ledger and the record book say of one site and period: the readings behind a declaration."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from django.db.models import Q, Sum

from wufei.apps.declarations.models import BookEntry, EntryStatus, ManagementPlan
from wufei.apps.declarations.selectors import span_of
from wufei.apps.ledger.models import AccountRecord, FlowRecord
from wufei.apps.registry.models import Site
from wufei.core.declaration import Form, Line, Period, SiteFlow, lines_of
from wufei.core.ledger import HELD, Bucket
from wufei.core.ledger_rules import day_number
from wufei.core.record_book import tables


def period_lines(site: Site, form: Form, period: Period) -> list[Line]:
    """The lines of a site's period from the ledger; three queries, whatever the number of codes."""
    holder = f"site:{site.code}"
    own = {row.pk: row for row in AccountRecord.objects.filter(holder__key=holder) if form.takes(row.waste_code)}
    held_g: dict[str, int] = defaultdict(int)
    for account in own.values():
        if Bucket(account.bucket) in HELD:
            held_g[account.waste_code] += account.balance_g
    return lines_of(_flows(own, period.first, period.last), held_g)


def _flows(own: Mapping[int, AccountRecord], first: date, last: date) -> list[SiteFlow]:
    ids = list(own)
    if not ids:
        return []
    rows = FlowRecord.objects.filter(day__gte=day_number(first)).filter(Q(source_id__in=ids) | Q(target_id__in=ids))
    until = day_number(last)
    read = list(rows.values_list("day", "source_id", "target_id", "kind", "mass_g"))
    others = {end for _, source, target, _, _ in read for end in (source, target) if end not in own}
    buckets = dict(AccountRecord.objects.filter(pk__in=others).values_list("pk", "bucket")) if others else {}

    def bucket(pk: int) -> Bucket:
        return Bucket(own[pk].bucket if pk in own else buckets[pk])

    return [
        SiteFlow(
            own[source if source in own else target].waste_code,
            source in own,
            bucket(source),
            target in own,
            bucket(target),
            kind,
            mass_g,
            day > until,
        )
        for day, source, target, kind, mass_g in read
    ]


def booked(site: Site, form: Form, period: Period) -> dict[tuple[str, str], int]:
    """Grams of the record book by (waste code, role) in a period; reversed entries do not count."""
    first, behind = span_of(period.first, period.last)
    rows = (
        BookEntry.objects.filter(site=site, status=EntryStatus.BOOKED, occurred_at__gte=first, occurred_at__lt=behind)
        .values("table", "waste_code")
        .annotate(mass=Sum("mass_g"))
        .order_by()
    )
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        table = tables().get(row["table"])
        if table is not None and form.takes(row["waste_code"]):
            sums[row["waste_code"], table.role] += row["mass"]
    sums.update(_residues(site, form, first, behind, sums))
    return {key: mass for key, mass in sums.items() if key[1] in {"generate", "collect", "own", "outsource"}}


def _residues(
    site: Site, form: Form, first: object, behind: object, sums: Mapping[tuple[str, str], int]
) -> dict[tuple[str, str], int]:
    """What came out of own treatment: generated too, though it stands in the row of what was treated."""
    treating = [name for name, table in tables().items() if table.has("residue_g")]
    found: dict[tuple[str, str], int] = {}
    rows = BookEntry.objects.filter(
        site=site, status=EntryStatus.BOOKED, table__in=treating, occurred_at__gte=first, occurred_at__lt=behind
    )
    for content in rows.values_list("content", flat=True):
        code = content.get("residue_code")
        if code and form.takes(code):
            key = (code, "generate")
            found[key] = found.get(key, sums.get(key, 0)) + content["residue_g"]
    return found


def planned_codes(site: Site, form: Form, period: Period) -> set[str] | None:
    """The waste codes of the plan in force for the period's year; ``None`` where the form knows no plan."""
    if not form.plan:
        return None
    plan = ManagementPlan.objects.filter(site=site, year=period.first.year, status="filed").first()
    return {row["waste_code"] for row in plan.content.get("A3", [])} if plan else set()
