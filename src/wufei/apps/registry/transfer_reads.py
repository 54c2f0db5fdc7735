"""Reads of transfers across the province: who sees which, who may act, what a manifest is held against."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from wufei.apps.registry.models import (
    CompensationRate,
    Division,
    RegionTransfer,
    RegionTransferEvent,
    RegionTransferLine,
    Role,
    Site,
    User,
)
from wufei.apps.registry.selectors import FIRM_ROLES, scope, visible_sites
from wufei.core.checks import RegionApproval
from wufei.core.divisions import prefix_of
from wufei.core.region_transfer import Compensation, compensation_rule, compensations
from wufei.core.transfer_life import Due, Move, allowed_moves, deemed_accepted, due_step
from wufei.core.working_days import package_calendar

Person = User | AnonymousUser
DECIDERS = frozenset({Role.PROGRAMME_OFFICE, Role.DEPARTMENT})


def visible_transfers(user: Person) -> QuerySet[RegionTransfer]:
    """The applications of the person's firm, or of sites below their division in the domains of their duty."""
    seen = scope(user)
    if seen.organisation_id:
        return RegionTransfer.objects.filter(site__organisation_id=seen.organisation_id)
    rows = RegionTransfer.objects.filter(site__division__code__startswith=seen.prefix)
    return rows if seen.sees_all_domains else rows.filter(domain__in=seen.domains)


def side_of(user: Person) -> str:
    """As who a person acts on what they see: ``firm``, ``office`` (programme office or department), or nobody."""
    if not isinstance(user, User) or not user.is_active:
        return ""
    if user.role in FIRM_ROLES:
        return "firm" if user.organisation_id else ""
    return "office" if user.role in DECIDERS else ""


def decidable_transfers(user: Person) -> QuerySet[RegionTransfer]:
    """Those that the person may advance and decide as the office: programme office, or department with the duty."""
    return visible_transfers(user) if side_of(user) == "office" else RegionTransfer.objects.none()


def own_transfers(user: Person) -> QuerySet[RegionTransfer]:
    """Those that the person completes or withdraws for their firm."""
    return visible_transfers(user) if side_of(user) == "firm" else RegionTransfer.objects.none()


def acted_transfers(user: Person) -> QuerySet[RegionTransfer]:
    """Those on which the person takes steps as ``side_of`` says."""
    return visible_transfers(user) if side_of(user) else RegionTransfer.objects.none()


def applying_sites(user: Person) -> list[Site]:
    """The sites for which the person may apply; those of a carrier apply too where it has any."""
    if side_of(user) != "firm":
        return []
    return list(visible_sites(user).select_related("division").order_by("code")[:200])


def history_of(transfer: RegionTransfer) -> list[RegionTransferEvent]:
    """All that happened, oldest first; no query where the rows were prefetched."""
    return sorted(transfer.history.all(), key=lambda row: row.sequence)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an application stands: who is due until when, what may be done, and by whom."""

    due: Due | None
    accepted_by_silence: date | None
    moves: Sequence[Move]


def standing_of(transfer: RegionTransfer, history: Sequence[RegionTransferEvent], *, today: date) -> Standing:
    """What is due next; working days by the package's calendar."""
    begun = {"apply": "applied", "complete": "applied", "accept": "accepted", "first_review": "first_review"}
    happened = {begun.get(row.event, row.event): row.happened_on for row in history}
    calendar = package_calendar()
    was_asked = any(row.event == "request_completion" for row in history)
    silent = deemed_accepted(transfer.status, happened, today=today, calendar=calendar)
    status = transfer.status
    if silent is not None:
        status, happened = "accepted", {**happened, "accepted": silent}
    return Standing(
        due_step(status, transfer.kind, happened, today=today, calendar=calendar),
        silent,
        allowed_moves(transfer.status, transfer.kind, was_asked=was_asked),
    )


# --- What a manifest is held against, in nobody's sight but the program's -------------------------------------------


@dataclass(frozen=True, slots=True)
class GrantedLine:
    """One line of a granted transfer, with what the checks need to know of it."""

    line_id: int
    used_g: int
    other_division: str
    approval: RegionApproval


def granted_lines(
    *, site_id: int, direction: str, number: str, other_names: Collection[str]
) -> tuple[GrantedLine, ...]:
    """The lines of a site's approvals: of the one with ``number``, else of those with the other end; one query.

    An approval of that number that is for somebody else is given as such: the party changed, so it has to be renewed.
    """
    rows = RegionTransferLine.objects.filter(
        transfer__site_id=site_id, transfer__direction=direction, transfer__status="granted", granted_g__gt=0
    )
    wanted = {"transfer__number": number} if number else {"transfer__other_name__in": list(other_names)}
    found = rows.filter(**wanted).select_related("transfer").order_by("transfer__valid_until", "pk")[:200]
    return tuple(
        GrantedLine(
            line.pk,
            line.used_g,
            line.transfer.other_division,
            RegionApproval(
                kind=line.transfer.kind,
                number=line.transfer.number,
                remaining_g=(line.granted_g or 0) - line.used_g,
                codes=frozenset({line.waste_code}),
                methods=frozenset({line.method} if line.method else ()),
                valid_from=line.transfer.valid_from,
                valid_until=line.transfer.valid_until,
                is_for_another=bool(other_names) and line.transfer.other_name not in other_names,
            ),
        )
        for line in found
    )


@dataclass(frozen=True, slots=True)
class CompensationTerms:
    """The rule that applies, with the rate that the place entered; ``yuan_per_t`` is ``None`` while it is not set."""

    rule: Compensation
    yuan_per_t: Decimal | None
    source: str


def compensation_terms(sender: str, receiver: str, domain: str, day: date) -> CompensationTerms | None:
    """The terms of what goes from one division to another on a day; one query where a rule applies, else none."""
    if not sender or not receiver:
        return None
    rule = compensation_rule(sender, receiver, domain, day)
    if rule is None:
        return None
    rows = CompensationRate.objects.filter(division_id=rule.place, domain=domain, valid_from__lte=day)
    rate = rows.order_by("-valid_from", "-pk").first()
    if rate is None:
        return CompensationTerms(rule, rule.yuan_per_t, rule.source)
    return CompensationTerms(rule, rate.yuan_per_t, rate.source)


def rate_places(user: Person) -> list[Division]:
    """The places with a rule of compensation whose rate the person may enter: the programme office above them."""
    seen = scope(user)
    if not isinstance(user, User) or user.role != Role.PROGRAMME_OFFICE:
        return []
    codes = [rule.place for rule in compensations() if prefix_of(rule.place).startswith(seen.prefix)]
    return list(Division.objects.filter(code__in=codes))


def rates_of(places: Sequence[Division]) -> list[CompensationRate]:
    """All rates that were entered for the places, the newest first."""
    return list(CompensationRate.objects.filter(division__in=places).select_related("division")[:100])
