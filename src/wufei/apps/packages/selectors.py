"""Reads of packages, and the one place that decides who may see and who may act on them."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.urls import reverse

from wufei.apps.packages.models import Package, PackageAction, PackageScan, PackageStep
from wufei.apps.registry.models import Division, Site, User
from wufei.apps.registry.selectors import FIRM_ROLES, scope, visible_sites
from wufei.core.catalogue import categories, waste_code
from wufei.core.package import Event, Label, event_names, form_names, rules, status_names

Person = User | AnonymousUser
STEPS_SHOWN = 100


def visible_packages(user: Person) -> QuerySet[Package]:
    """Packages of the person's firm: arisen there, held or refused by it; or those of a division and below."""
    seen = scope(user)
    if firm := seen.organisation_id:
        refused = PackageStep.objects.filter(kind=Event.REFUSE.value, site__organisation=firm).values("package")
        return Package.objects.filter(Q(organisation_id=firm) | Q(holder_id=firm) | Q(id__in=refused))
    rows = Package.objects.filter(Q(division__startswith=seen.prefix) | Q(holder_division__startswith=seen.prefix))
    return rows if seen.sees_all_domains else rows.filter(domain__in=seen.domains)


def visible_steps(user: Person) -> QuerySet[PackageStep]:
    """What was done to packages that the person sees."""
    return PackageStep.objects.filter(package__in=visible_packages(user))


def acting_firm(user: Person) -> int | None:
    """The firm for which the person may assign codes and act on packages that it holds; ``None``: for none."""
    return user.organisation_id if isinstance(user, User) and user.is_active and user.role in FIRM_ROLES else None


def may_scan(user: Person) -> bool:
    """Whether the person's scans are kept: whoever has an account and a place or a firm."""
    seen = scope(user)
    return isinstance(user, User) and (bool(seen.organisation_id) or seen.prefix != "-")


def own_sites(user: Person) -> QuerySet[Site]:
    """The sites at which the person's firm may assign codes."""
    return (
        visible_sites(user).filter(organisation_id=acting_firm(user) or 0).select_related("organisation", "division")
    )


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step for the page: when, what, where, how much."""

    at: datetime
    kind: str
    place: str
    division: str
    mass_g: int | None
    manifest: str
    document: str
    actor: str
    method: str
    reason: str


def steps_of(package: Package, *, most: int = STEPS_SHOWN) -> list[StepRow]:
    """The last steps of a package, the oldest first; two queries."""
    rows = list(PackageStep.objects.filter(package=package).select_related("action", "site").order_by("-id")[:most])[
        ::-1
    ]
    names = dict(Division.objects.filter(code__in={row.division for row in rows}).values_list("code", "name"))
    words = event_names()
    return [
        StepRow(
            row.action.at,
            words[row.kind],
            row.site.name if row.site else row.plate,
            names.get(row.division, row.division),
            row.mass_g,
            row.action.manifest,
            row.action.document,
            row.action.actor,
            row.action.method,
            row.action.reason,
        )
        for row in rows
    ]


def scans_of(package: Package, *, most: int = 20) -> list[PackageScan]:
    """The newest scans of a package; one query."""
    return list(PackageScan.objects.filter(package=package).order_by("-id")[:most])


def children_of(package: Package, *, most: int = 200) -> list[Package]:
    """What lies directly in a package; one query."""
    return list(Package.objects.filter(parent=package).order_by("id")[:most])


def place_of(package: Package) -> str:
    """Where a package is, for people; ``site`` must be loaded with it."""
    return package.site.name if package.site else package.plate


def status_word(package: Package) -> str:
    """The Chinese word of its status."""
    return status_names()[package.status]


def category_words(code: str) -> str:
    """``HW08 废矿物油与含矿物油废物``."""
    category = waste_code(code).category
    found = categories().get(category)
    return f"{category} {found.name}" if found else category


def label_of(package: Package, *, mass_g: int | None, base_url: str) -> Label:
    """The label of a package; ``organisation`` must be loaded with it.

    Args:
        mass_g: what it weighs with all inside; see ``transport.package_masses``.
        base_url: ``https://host`` of this installation.
    """
    return Label(
        code=package.code,
        waste_name=package.waste_name,
        category=category_words(package.waste_code),
        waste_code=package.waste_code,
        form=form_names().get(package.form, ""),
        hazards=tuple(letter for letter in package.hazards.split(",") if letter),
        main_components=package.main_components,
        harmful_components=package.harmful_components,
        precautions=package.precautions,
        organisation=package.organisation.name,
        contact=package.contact,
        phone=package.phone,
        generated_on=package.generated_on,
        mass_g=mass_g,
        remark=package.remark,
        qr_url=f"{base_url}{reverse('package-public', args=[package.code])}",
        domain=package.domain,
        is_simulated=package.is_simulated,
    )


def action_of(key: str) -> int:
    """The number of the action with this key."""
    return int(PackageAction.objects.values_list("id", flat=True).get(key=key))


# --- For everyone -------------------------------------------------------------------------------------------------


def public_package(code: str) -> Package | None:
    """The package with this code, whoever asks; the public page shows its label only. One query."""
    return Package.objects.select_related("organisation").filter(code=code).first()


def boxes_around(package: Package) -> list[Package]:
    """The boxes that a package lies in, from the inside out; a query each, and they nest a few deep only."""
    found: list[Package] = []
    at = package.parent_id
    while at is not None and len(found) < rules().depth_max:
        found.append(Package.objects.get(pk=at))
        at = found[-1].parent_id
    return found


@dataclass(frozen=True, slots=True)
class PublicStep:
    """One step as everyone may see it: when, what, and in which division."""

    at: datetime
    kind: str
    division: str


def public_steps(package: Package, *, most: int) -> list[PublicStep]:
    """The last steps of a package, the oldest first, without places, people and masses; two queries."""
    return [PublicStep(row.at, row.kind, row.division) for row in steps_of(package, most=most)]
