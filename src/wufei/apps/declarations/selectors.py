"""Reads of the declarations and who may see, write and review them.

A document of a site is seen by whoever sees the site; it is written by the site's own people, reviewed by departments
of its duty and the programme office.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from wufei.apps.declarations.models import (
    BookEntry,
    Contract,
    Declaration,
    EntryStatus,
    HandlingPlan,
    ManagementPlan,
    PlanTransfer,
    PlanUse,
)
from wufei.apps.ledger.models import AccountRecord, FlowRecord
from wufei.apps.registry.models import Organisation, Permit, Role, Site, User
from wufei.apps.registry.selectors import FIRM_ROLES, scope, visible_organisations, visible_sites
from wufei.core.agreements import ContractLine, contract_lines
from wufei.core.catalogue import domain_of
from wufei.core.declaration import Form, Period, parse_period
from wufei.core.ledger import SHANGHAI, Bucket
from wufei.core.management_plan import grade_rules

Person = User | AnonymousUser
REVIEW_ROLES = frozenset({Role.PROGRAMME_OFFICE, Role.DEPARTMENT, Role.ENFORCEMENT})


def own_sites(user: Person) -> QuerySet[Site]:
    """The sites whose documents the person writes: those of their own firm."""
    seen = scope(user)
    if not isinstance(user, User) or user.role not in FIRM_ROLES or seen.organisation_id is None:
        return Site.objects.none()
    return Site.objects.filter(organisation_id=seen.organisation_id)


def may_write(user: Person, site: Site) -> bool:
    """Whether the site is the person's own."""
    return (
        isinstance(user, User)
        and user.is_active
        and user.role in FIRM_ROLES
        and user.organisation_id is not None
        and user.organisation_id == site.organisation_id
    )


def reviews(user: Person, domain: str) -> bool:
    """Whether the person may return or approve documents of a domain that they see."""
    return isinstance(user, User) and user.role in REVIEW_ROLES and domain in scope(user).domains


def visible_plans(user: Person) -> QuerySet[ManagementPlan]:
    """Management plans of visible sites; a draft is seen by the site's own people alone."""
    drafts_of = own_sites(user)
    return ManagementPlan.objects.filter(site__in=visible_sites(user)).filter(
        ~Q(status="draft") | Q(site__in=drafts_of)
    )


def own_plans(user: Person) -> QuerySet[ManagementPlan]:
    """The plans that the person writes."""
    return ManagementPlan.objects.filter(site__in=own_sites(user))


def reviewable_plans(user: Person) -> QuerySet[ManagementPlan]:
    """The plans that the person may return."""
    return visible_plans(user) if reviews(user, "hazardous") else ManagementPlan.objects.none()


def versions_of(user: Person, plan: ManagementPlan) -> list[ManagementPlan]:
    """The versions of a plan's year that the person sees, the newest first."""
    return list(visible_plans(user).filter(site_id=plan.site_id, year=plan.year).order_by("-version")[:50])


def receiver_key(receiver_id: int | None, name: str = "") -> str:
    """How a receiver is named in what was used of a plan."""
    return f"organisation:{receiver_id}" if receiver_id is not None else f"name:{name}"


@dataclass(frozen=True, slots=True)
class TransferRow:
    """A planned transfer with what is left of it; ``remaining_g`` < 0 is overrun."""

    plan_number: str
    waste_code: str
    receiver_id: int | None
    receiver_name: str
    method: str
    planned_g: int
    used_g: int

    @property
    def remaining_g(self) -> int:
        """What may still go."""
        return self.planned_g - self.used_g


def plan_in_force(site_id: int, on: date) -> ManagementPlan | None:
    """The filed version for the year of ``on``, else ``None``."""
    return ManagementPlan.objects.filter(site_id=site_id, year=on.year, status="filed").first()


def plan_transfers_of(site_id: int, on: date) -> list[TransferRow]:
    """The planned transfers of a site on a day, with what is left of each; empty where no plan is filed. Two queries.

    What was used without having been planned follows as rows with nothing planned.
    """
    rows = list(
        PlanTransfer.objects.filter(plan__site_id=site_id, plan__year=on.year, plan__status="filed").select_related(
            "plan"
        )
    )
    return _with_use(rows, site_id, on.year) if rows else []


def transfers_of_plan(plan: ManagementPlan) -> list[TransferRow]:
    """The planned transfers of one version, with what the year has used of each."""
    rows = list(PlanTransfer.objects.filter(plan=plan).select_related("plan"))
    return _with_use(rows, plan.site_id, plan.year)


def _with_use(rows: list[PlanTransfer], site_id: int, year: int) -> list[TransferRow]:
    used: dict[tuple[str, str], int] = {
        (use.waste_code, use.receiver_key): use.used_g for use in PlanUse.objects.filter(site_id=site_id, year=year)
    }
    found = [
        TransferRow(
            row.plan.number,
            row.waste_code,
            row.receiver_id,
            row.receiver_name,
            row.method,
            row.planned_mass_g,
            used.pop((row.waste_code, receiver_key(row.receiver_id, row.receiver_name)), 0),
        )
        for row in rows
    ]
    number = rows[0].plan.number if rows else ""
    ids = [int(key.partition(":")[2]) for _, key in used if key.startswith("organisation:")]
    names = dict(Organisation.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}
    for (code, key), used_g in sorted(used.items()):
        kind, _, rest = key.partition(":")
        receiver = int(rest) if kind == "organisation" else None
        found.append(TransferRow(number, code, receiver, names.get(receiver or 0, rest), "", 0, used_g))
    return found


def hazardous_by_year(site: Site, years: range) -> dict[int, int]:
    """Grams of hazardous waste that the ledger says arose at a site, by year; years without any are left out."""
    accounts = [
        account.pk
        for account in AccountRecord.objects.filter(holder__key=f"site:{site.code}", bucket=Bucket.GENERATED)
        if domain_of(account.waste_code) == "hazardous"
    ]
    if not accounts:
        return {}
    flows = FlowRecord.objects.filter(day__gte=years.start * 10_000, day__lt=years.stop * 10_000)
    sums: dict[int, int] = defaultdict(int)
    for day, mass_g in flows.filter(source_id__in=accounts).values_list("day", "mass_g"):
        sums[day // 10_000] += mass_g
    for day, mass_g in flows.filter(target_id__in=accounts).values_list("day", "mass_g"):  # reversals
        sums[day // 10_000] -= mass_g
    return dict(sums)


def holds_permit(organisation_id: int, on: date) -> bool:
    """Whether the organisation has a permit for hazardous waste that is valid on the day."""
    return Permit.objects.filter(organisation_id=organisation_id, valid_until__gte=on).exists()


def draft_content(site: Site, on: date) -> dict[str, list[dict[str, str]]]:
    """What a new plan begins with: what the registry knows of the site and its organisation."""
    facility = getattr(site, "facility", None)
    return {
        "basis": [
            {
                "own_facility": "yes" if facility is not None else "no",
                "has_permit": "yes" if holds_permit(site.organisation_id, on) else "no",
            }
        ],
        "A1": [
            {
                key: value
                for key, value in {
                    "name": site.organisation.name,
                    "credit_code": site.organisation.credit_code or "",
                    "address": f"{site.division.name}{site.name}",
                }.items()
                if value
            }
        ],
    }


def plan_years(today: date) -> list[int]:
    """The years for which a plan may be begun: this one and the next."""
    return [today.year, today.year + 1]


def organisations_named(
    codes: set[str], names: set[str]
) -> tuple[Mapping[str, Organisation], Mapping[str, Organisation]]:
    """Organisations by credit code and by name, for the receivers that a plan writes down; one query."""
    rows = Organisation.objects.filter(Q(credit_code__in=codes) | Q(name__in=names)).order_by("pk")
    by_code = {row.credit_code: row for row in rows if row.credit_code}
    by_name: dict[str, Organisation] = {}
    for row in rows:
        by_name.setdefault(row.name, row)
    return by_code, by_name


# --- Record book --------------------------------------------------------------------------------------------------


def visible_entries(user: Person) -> QuerySet[BookEntry]:
    """Entries of the record books of visible sites."""
    return BookEntry.objects.filter(site__in=visible_sites(user))


def own_entries(user: Person) -> QuerySet[BookEntry]:
    """The entries that the person may reverse."""
    return BookEntry.objects.filter(site__in=own_sites(user))


def batches_of(site: Site, numbers: set[str]) -> dict[str, BookEntry]:
    """Booked entries of a site by batch number."""
    if not numbers:
        return {}
    rows = BookEntry.objects.filter(site=site, batch_no__in=numbers, status=EntryStatus.BOOKED)
    return {row.batch_no: row for row in rows}


def sites_coded(codes: set[str]) -> set[str]:
    """Which of the codes are those of registered sites."""
    return set(Site.objects.filter(code__in=codes).values_list("code", flat=True)) if codes else set()


def users_of(entry: BookEntry) -> list[str]:
    """Batch numbers of the booked entries that take from this one."""
    later = BookEntry.objects.filter(
        site_id=entry.site_id, status=EntryStatus.BOOKED, waste_code=entry.waste_code, pk__gt=entry.pk
    )
    return [no for no, sources in later.values_list("batch_no", "sources") if entry.batch_no in sources]


def span_of(first: date, last: date) -> tuple[datetime, datetime]:
    """The instants from which and before which the days lie, in local time."""
    behind = last + timedelta(days=1)
    return tuple(datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) for day in (first, behind))  # type: ignore[return-value]


def chosen_entries(user: Person, chosen: Mapping[str, str]) -> QuerySet[BookEntry]:
    """Visible entries as the filters of the list say: ``site`` (code), ``table``, ``code``, ``month``, ``status``."""
    rows = visible_entries(user)
    exact = {"site": "site__code", "table": "table", "code": "waste_code", "status": "status"}
    for name, path in exact.items():
        if chosen.get(name):
            rows = rows.filter(**{path: chosen[name]})
    period = parse_period(chosen.get("month", ""))
    if period is None:
        return rows
    first, behind = span_of(period.first, period.last)
    return rows.filter(occurred_at__gte=first, occurred_at__lt=behind)


def entries_by_number(entry: BookEntry, user: Person) -> list[BookEntry]:
    """The source entries of an entry, as far as they are in sight."""
    if not entry.sources:
        return []
    return list(visible_entries(user).filter(site_id=entry.site_id, batch_no__in=entry.sources).order_by("pk"))


# --- Periodic declarations ----------------------------------------------------------------------------------------


def visible_declarations(user: Person) -> QuerySet[Declaration]:
    """Periodic declarations of visible sites; what is not confirmed is seen by the site's own people alone."""
    own = own_sites(user)
    return Declaration.objects.filter(site__in=visible_sites(user)).filter(~Q(status="generated") | Q(site__in=own))


def own_declarations(user: Person) -> QuerySet[Declaration]:
    """The declarations that the person confirms."""
    return Declaration.objects.filter(site__in=own_sites(user))


def chosen_declarations(user: Person, chosen: Mapping[str, str]) -> QuerySet[Declaration]:
    """Visible declarations as the filters of the list say: ``form``, ``period``, ``status``."""
    wanted = {name: chosen[name] for name in ("form", "period", "status") if chosen.get(name)}
    return visible_declarations(user).filter(**wanted)


def declaration_versions(user: Person, row: Declaration) -> list[Declaration]:
    """The versions of a declaration that the person sees, the newest first."""
    same = visible_declarations(user).filter(site_id=row.site_id, form=row.form, period=row.period)
    return list(same.order_by("-version")[:50])


def sites_owing(form: Form, period: Period) -> list[Site]:
    """The sites that owe a form for a period.

    Hazardous waste: those whose filed plan has a grade that declares by this kind of period. Else those whose record
    book has entries of the period in the form's wastes.
    """
    if form.plan:
        grades = [rule.grade.value for rule in grade_rules() if period.kind in rule.forms]
        plans = ManagementPlan.objects.filter(year=period.first.year, status="filed", grade__in=grades)
        return list(Site.objects.filter(pk__in=plans.values("site_id")).order_by("code"))
    first, behind = span_of(period.first, period.last)
    found = BookEntry.objects.filter(status=EntryStatus.BOOKED, occurred_at__gte=first, occurred_at__lt=behind)
    pairs = found.values_list("site_id", "waste_code").distinct().order_by()
    ids = {site_id for site_id, code in pairs if code and form.takes(code)}
    return list(Site.objects.filter(pk__in=ids).order_by("code"))


def sites_named(code: str) -> list[Site]:
    """The site of that code, in a list; empty where there is none."""
    return list(Site.objects.filter(code=code))


# --- Contracts and handling plans ---------------------------------------------------------------------------------


def visible_contracts(user: Person) -> QuerySet[Contract]:
    """Contracts of which either party is a visible organisation."""
    seen = visible_organisations(user)
    return Contract.objects.filter(Q(generator__in=seen) | Q(receiver__in=seen))


def own_contracts(user: Person) -> QuerySet[Contract]:
    """The contracts that the person's own firm gave."""
    firm = own_organisation(user)
    return Contract.objects.filter(generator=firm) if firm else Contract.objects.none()


def own_organisation(user: Person) -> Organisation | None:
    """The firm for which the person writes."""
    is_firm = isinstance(user, User) and user.is_active and user.role in FIRM_ROLES
    return user.organisation if is_firm and isinstance(user, User) else None


def contract_covering(generator_id: int, receiver_id: int, waste_code: str, on: date) -> Contract | None:
    """The contract between two organisations that covers a waste on a day, the newest where several do; one query."""
    rows = Contract.objects.filter(
        generator_id=generator_id, receiver_id=receiver_id, valid_from__lte=on, valid_to__gte=on
    ).filter(Q(ended_on=None) | Q(ended_on__gte=on))
    return next(
        (row for row in rows.order_by("-pk") if any(item["waste_code"] == waste_code for item in row.items)), None
    )


def contracts_between(generator_id: int, receiver_id: int | None, receiver_name: str) -> list[Contract]:
    """All contracts of a generator with a receiver, by registration or else by name, newest first; two queries."""
    party = Q(receiver_id=receiver_id) if receiver_id is not None else Q(receiver=None, receiver_name=receiver_name)
    rows = Contract.objects.filter(party, generator_id=generator_id).prefetch_related("uses")
    return list(rows.order_by("-pk")[:100])


def contract_lines_of(contract: Contract) -> tuple[ContractLine, ...]:
    """What a contract agrees of each waste, with what is used and left of it; prefetch ``uses`` of many."""
    return contract_lines(contract.items, {use.waste_code: use.used_g for use in contract.uses.all()})


def visible_handling_plans(user: Person) -> QuerySet[HandlingPlan]:
    """Handling plans of visible sites."""
    return HandlingPlan.objects.filter(site__in=visible_sites(user))


def decidable_handling_plans(user: Person) -> QuerySet[HandlingPlan]:
    """The handling plans that the person may approve or return: of the duty of construction."""
    return visible_handling_plans(user) if reviews(user, "construction") else HandlingPlan.objects.none()


def handling_plan_of(site_id: int, on: date) -> HandlingPlan | None:
    """The handling plan of a building site for a day: the approved one, else the one that waits; ``None`` without.

    ``status``, ``is_late``, ``content`` (head, wastes, carriers, receivers) tell the caller what it needs to judge.
    """
    rows = HandlingPlan.objects.filter(site_id=site_id, begins_on__lte=on, ends_on__gte=on)
    found = {row.status: row for row in rows.filter(status__in=["approved", "submitted"]).order_by("pk")}
    return found.get("approved") or found.get("submitted")


def handling_versions(user: Person, plan: HandlingPlan) -> list[HandlingPlan]:
    """The versions of a site's handling plan, the newest first."""
    return list(visible_handling_plans(user).filter(site_id=plan.site_id).order_by("-version")[:50])


def newest_handling_plan(site: Site) -> HandlingPlan | None:
    """The newest version of a site's handling plan."""
    return HandlingPlan.objects.filter(site=site).order_by("-version").first()


def building_sites(user: Person) -> list[Site]:
    """The own sites that are building sites."""
    return list(own_sites(user).filter(category="construction_site").order_by("name")[:50])
