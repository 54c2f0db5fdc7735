"""Reads of the registry, and the one place that decides what a person may see.

``scope(user)`` turns a person into four limits; each ``visible_<things>(user)`` applies them to one model, and other
apps build theirs on the same scope. What is not in the result does not exist for that person: 404.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from wufei.apps.facts.models import Fact
from wufei.apps.registry.models import (
    CarrierLicence,
    Division,
    Facility,
    Organisation,
    Permit,
    PermitUse,
    Role,
    Site,
    TransportPerson,
    User,
    Vehicle,
)
from wufei.core.catalogue import DOMAINS
from wufei.core.checks import LicenceRecord, PermitRecord, PersonRecord, VehicleRecord
from wufei.core.divisions import place_of, prefix_of
from wufei.core.reference import read_table

NOTHING = "-"  # a prefix that no division code begins with: a forgotten check shows nothing, not everything

# role -> (sees records below its division, only the domains of its department's duty, sees the place's plan,
#          sees the place's figures, scores and findings)
REACH: dict[str, tuple[bool, bool, bool, bool]] = {
    Role.PROGRAMME_OFFICE: (True, False, True, True),
    Role.LEADER: (True, False, True, True),
    Role.PARENT_REGION: (True, False, True, True),
    Role.DEPARTMENT: (True, True, True, True),
    Role.ENFORCEMENT: (True, True, True, True),
    Role.TOWNSHIP: (True, False, True, False),
    Role.GRID_OFFICER: (True, False, True, False),
    Role.GENERATOR: (False, False, False, False),
    Role.CARRIER: (False, False, False, False),
    Role.FACILITY: (False, False, False, False),
    Role.CITIZEN: (False, False, False, False),
    Role.DEVICE: (False, False, False, False),
    Role.OTHER_SYSTEM: (False, False, False, False),
}
FIRM_ROLES = frozenset({Role.GENERATOR, Role.CARRIER, Role.FACILITY})
AUDIT_ROLES = frozenset({Role.PROGRAMME_OFFICE, Role.LEADER})


@dataclass(frozen=True, slots=True)
class Scope:
    """What a person may see.

    Attributes:
        prefix: records whose division code begins with it; ``NOTHING`` where the person sees none by place.
        organisation_id: the firm whose own records the person sees, else ``None``.
        department_id: the person's department, else ``None``.
        sees_place: whether the published plan of the place is shown.
        place_prefix: plans whose division code begins with it: the county of a township's person; ``NOTHING`` where
            ``sees_place`` is false.
        figures_prefix: places whose code begins with it show their figures, scores and findings as well; ``NOTHING``
            for a township's person, who sees the plan of the county and not how it stands.
        domains: the waste domains of the person's duty, for firms' records; all six where duty sets no limit.
    """

    prefix: str
    organisation_id: int | None
    department_id: int | None
    sees_place: bool
    place_prefix: str = NOTHING
    figures_prefix: str = NOTHING
    domains: frozenset[str] = field(default_factory=frozenset)

    @property
    def sees_all_domains(self) -> bool:
        """Whether duty sets no limit."""
        return self.domains >= frozenset(DOMAINS)

    def covers(self, division: str) -> bool:
        """Whether records of the division with this code are in sight by place."""
        return division.startswith(self.prefix)

    def sees_figures_of(self, division: str) -> bool:
        """Whether the figures, scores and findings of the place with this code are in sight."""
        return division.startswith(self.figures_prefix)


@cache
def _duties() -> tuple[tuple[str, frozenset[str]], ...]:
    rows = read_table("registry/duties.csv")
    return tuple((row["fragment"], frozenset(row["domains"].split(";"))) for row in rows)


@cache
def duty_domains(department: str) -> frozenset[str]:
    """The domains of a department's duty by its name (``data/registry/duties.csv``); empty where it has none."""
    return frozenset[str]().union(*(domains for fragment, domains in _duties() if fragment in department))


def scope(user: User | AnonymousUser) -> Scope:
    """Return what ``user`` may see. Someone unknown, inactive or without a division sees nothing."""
    nothing = Scope(NOTHING, None, None, sees_place=False)
    if not isinstance(user, User) or not user.is_active:
        return nothing
    below, by_duty, sees_place, sees_figures = REACH.get(user.role, (False, False, False, False))
    if user.role in FIRM_ROLES:
        return Scope(NOTHING, user.organisation_id, None, sees_place=False, domains=frozenset(DOMAINS))
    if not below or not user.division_id:
        return nothing
    domains = frozenset(DOMAINS)
    if by_duty:
        domains = duty_domains(user.department.name) if user.department else frozenset()
    return Scope(
        prefix=prefix_of(user.division_id),
        organisation_id=None,
        department_id=user.department_id,
        sees_place=sees_place,
        place_prefix=prefix_of(place_of(user.division_id)),
        figures_prefix=prefix_of(user.division_id) if sees_figures else NOTHING,
        domains=domains,
    )


def visible_divisions(user: User | AnonymousUser) -> QuerySet[Division]:
    """Divisions at and below the person's own; for a firm, the one it is registered in."""
    seen = scope(user)
    return Division.objects.filter(
        Q(code__startswith=seen.prefix) | Q(organisations=seen.organisation_id)
        if seen.organisation_id
        else Q(code__startswith=seen.prefix)
    ).distinct()


def visible_sites(user: User | AnonymousUser) -> QuerySet[Site]:
    """Sites below the person's division in the domains of their duty, or their own firm's."""
    seen = scope(user)
    if seen.organisation_id:
        return Site.objects.filter(organisation_id=seen.organisation_id)
    rows = Site.objects.filter(division__code__startswith=seen.prefix)
    return rows if seen.sees_all_domains else rows.filter(domain__in=seen.domains)


def visible_organisations(user: User | AnonymousUser) -> QuerySet[Organisation]:
    """Firms registered below the person's division, or with a visible site there; or their own."""
    seen = scope(user)
    if seen.organisation_id:
        return Organisation.objects.filter(pk=seen.organisation_id)
    with_site = Q(pk__in=visible_sites(user).values("organisation_id"))
    if not seen.sees_all_domains:
        return Organisation.objects.filter(with_site)
    return Organisation.objects.filter(Q(division__code__startswith=seen.prefix) | with_site)


def visible_facilities(user: User | AnonymousUser) -> QuerySet[Facility]:
    """Facilities on visible sites."""
    return Facility.objects.filter(site__in=visible_sites(user))


def visible_permits(user: User | AnonymousUser) -> QuerySet[Permit]:
    """Permits of visible firms."""
    return Permit.objects.filter(organisation__in=visible_organisations(user))


def visible_vehicles(user: User | AnonymousUser) -> QuerySet[Vehicle]:
    """Vehicles of visible firms."""
    return Vehicle.objects.filter(organisation__in=visible_organisations(user))


def visible_persons(user: User | AnonymousUser) -> QuerySet[TransportPerson]:
    """Drivers, escorts and loading managers of visible firms."""
    return TransportPerson.objects.filter(organisation__in=visible_organisations(user))


def visible_licences(user: User | AnonymousUser) -> QuerySet[CarrierLicence]:
    """Carriers' licences of visible firms."""
    return CarrierLicence.objects.filter(organisation__in=visible_organisations(user))


def visible_facts(user: User | AnonymousUser) -> QuerySet[Fact]:
    """The fact log below the person's division, for the programme office and leaders; nobody else sees it."""
    seen = scope(user)
    if not isinstance(user, User) or user.role not in AUDIT_ROLES:
        return Fact.objects.none()
    return Fact.objects.filter(division__startswith=seen.prefix)


def may_audit(user: User | AnonymousUser) -> bool:
    """Whether the fact log is there for the person."""
    return isinstance(user, User) and user.role in AUDIT_ROLES and scope(user).prefix != NOTHING


@dataclass(frozen=True, slots=True)
class UserRow:
    """One account for the list."""

    username: str
    role: str
    division: str
    department: str
    organisation: str
    is_demo: bool
    is_active: bool


def user_rows() -> list[UserRow]:
    """All accounts, by user name; one query. For the console only."""
    rows = User.objects.select_related("division", "department", "organisation").order_by("username")
    return [
        UserRow(
            row.username,
            Role(row.role).label,
            str(row.division or ""),
            str(row.department or ""),
            str(row.organisation or ""),
            row.is_demo,
            row.is_active,
        )
        for row in rows
    ]


def may_import(user: User | AnonymousUser) -> bool:
    """Whether the person may bring organisations: the programme office, or a department whose duty is all domains."""
    seen = scope(user)
    return (
        isinstance(user, User)
        and (user.role == Role.PROGRAMME_OFFICE or (user.role == Role.DEPARTMENT and seen.sees_all_domains))
        and seen.prefix != NOTHING
    )


def may_import_fleet(user: User | AnonymousUser) -> bool:
    """Whether the person may bring vehicles, persons and licences: who may import, and a carrier for itself."""
    own = isinstance(user, User) and user.role == Role.CARRIER and scope(user).organisation_id is not None
    return own or may_import(user)


# --- What the checks of a manifest are given: of any firm, in nobody's sight but the program's ---------------------


def with_use(rows: QuerySet[Permit], year: int) -> QuerySet[Any]:
    """Permits with ``used_g``: the grams used of them in ``year``."""
    return rows.annotate(used_g=Coalesce(Sum("uses__used_g", filter=Q(uses__year=year)), 0))


def place_names(codes: Iterable[str]) -> dict[str, str]:
    """Whole names of divisions by code: 浙江省湖州市安吉县递铺街道; one query."""
    lengths, wanted = (2, 4, 6, 9, 12), set(codes)
    prefixes = {code: [code[:n] for n in lengths if n <= len(code)] for code in wanted}
    known = {prefix for found in prefixes.values() for prefix in found}
    names = dict(Division.objects.filter(prefix__in=known).values_list("prefix", "name"))
    return {code: "".join(names.get(prefix, "") for prefix in prefixes[code]) for code in wanted}


def used_of_permit(permit: Permit, year: int, waste_code: str) -> int:
    """Grams of a waste that were received on a permit in a year; one query."""
    rows = PermitUse.objects.filter(permit=permit, year=year, waste_code=waste_code)
    return rows.values_list("used_g", flat=True).first() or 0


def permits_of(organisation_ids: Iterable[int], *, year: int) -> dict[int, tuple[PermitRecord, ...]]:
    """The permits of organisations with what was used of them in ``year``, by organisation; one query."""
    found: dict[int, tuple[PermitRecord, ...]] = {}
    rows = Permit.objects.filter(organisation_id__in=set(organisation_ids))
    for row in with_use(rows, year).order_by("number"):
        record = PermitRecord(
            id=row.pk,
            number=row.number,
            categories=frozenset(row.categories),
            codes=frozenset(row.codes),
            methods=frozenset(row.methods),
            kind=row.kind,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            capacity_g=int(row.capacity_t_per_year * 1_000_000),
            used_g=row.used_g,
        )
        found[row.organisation_id] = (*found.get(row.organisation_id, ()), record)
    return found


def vehicles_by_plate(plates: Iterable[str]) -> dict[str, VehicleRecord]:
    """Vehicles with their transport permits, by plate; what other manifests have aboard is the caller's to add."""
    return {
        row.plate: VehicleRecord(
            plate=row.plate,
            transport_permit=row.transport_permit,
            valid_until=row.valid_until,
            hazard_classes=frozenset(row.hazard_classes),
            load_limit_g=None if row.load_limit_t is None else int(row.load_limit_t * 1_000_000),
        )
        for row in Vehicle.objects.filter(plate__in=set(plates))
    }


def persons_by_certificate(certificates: Iterable[str]) -> dict[tuple[str, str], PersonRecord]:
    """Drivers, escorts and loading managers by (kind, certificate number); one query."""
    return {
        (row.kind, row.certificate): PersonRecord(
            row.kind, row.certificate, row.name, row.valid_until, frozenset(row.hazard_classes)
        )
        for row in TransportPerson.objects.filter(certificate__in=set(certificates))
    }


def licences_of(organisation_ids: Iterable[int]) -> dict[int, tuple[LicenceRecord, ...]]:
    """Carriers' licences by organisation; one query."""
    found: dict[int, tuple[LicenceRecord, ...]] = {}
    for row in CarrierLicence.objects.filter(organisation_id__in=set(organisation_ids)).order_by("number"):
        record = LicenceRecord(row.kind, row.number, row.scope, row.valid_from, row.valid_until)
        found[row.organisation_id] = (*found.get(row.organisation_id, ()), record)
    return found
