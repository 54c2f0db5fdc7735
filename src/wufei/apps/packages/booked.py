"""What the books know of packages that another document names: where they are, and which movements booked them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from wufei.apps.ledger.models import MovementRecord
from wufei.apps.ledger.services import booked_movements
from wufei.apps.packages.actions import plain_code
from wufei.apps.packages.models import Package, PackageStep
from wufei.apps.packages.services import generation_key
from wufei.apps.registry.models import Site
from wufei.core.ledger import Movement
from wufei.core.package import Event, Status


def retirement_key(code: str) -> str:
    """The key of the movement that booked a package's end."""
    return f"package:{code}:{Event.RETIRE.value}"


@dataclass(frozen=True, slots=True)
class Known:
    """One package with all that lies inside it.

    Attributes:
        is_here: it stands at the site; ``was_here`` it stood there at some time.
        masses_g: grams of it and of those inside it, by code.
        generated, retired: the movements that booked those at the site.
    """

    code: str
    waste_code: str
    status: Status
    is_here: bool
    was_here: bool
    masses_g: Mapping[str, int]
    generated: tuple[Movement, ...] = field(default=())
    retired: tuple[Movement, ...] = field(default=())

    @property
    def mass_g(self) -> int:
        """Grams of it with all that lies inside."""
        return sum(self.masses_g.values())


def known_packages(codes: Collection[str], site: Site) -> dict[str, Known]:
    """The packages of ``codes`` as written, our own or external; unknown ones are left out. Six queries at most."""
    wanted = {plain_code(text): text for text in codes}
    keys = [key for key in wanted if key.isprintable() and len(key) <= 80]
    if not keys:
        return {}
    rows = list(Package.objects.filter(Q(code__in=keys) | Q(external_code__in=keys)))
    inner = _inside(rows)
    every = {row.id: row for row in [*rows, *(one for some in inner.values() for one in some)]}
    been = set(PackageStep.objects.filter(package__in=rows, site=site).values_list("package_id", flat=True))
    holder = f"site:{site.code}"
    found = booked_movements(
        [key for row in every.values() for key in (generation_key(row.code), retirement_key(row.code))]
    )
    by_key = {one.key: one for one in found if one.source.holder == holder}
    known: dict[str, Known] = {}
    for row in rows:
        tree = [row, *inner[row.id]]
        one = Known(
            row.code,
            row.waste_code,
            Status(row.status),
            row.site_id == site.pk,
            row.site_id == site.pk or row.id in been,
            {p.code: p.mass_g for p in tree if p.mass_g},
            tuple(by_key[k] for p in tree if (k := generation_key(p.code)) in by_key),
            tuple(by_key[k] for p in tree if (k := retirement_key(p.code)) in by_key),
        )
        known |= {wanted[key]: one for key in (row.code, row.external_code or "") if key in wanted}
    return known


def _inside(rows: Sequence[Package]) -> dict[int, list[Package]]:
    """What lies in each of ``rows``, however deep."""
    below: dict[int, list[Package]] = {row.id: [] for row in rows}
    tops = {row.top or row.id for row in rows}
    others = list(Package.objects.filter(top__in=tops))
    for row in rows:
        seen = [row.id]
        while seen:
            at = seen.pop()
            children = [one for one in others if one.parent_id == at]
            below[row.id] += children
            seen += [one.id for one in children]
    return below


def booked_on(site: Site, waste_code: str, on: date) -> QuerySet[Package]:
    """Packages of a waste that arose at a site on a day and were booked as they got their codes."""
    key = Concat(Value("package:"), OuterRef("code"), Value(":generate"))  # as ``generation_key`` has it
    return Package.objects.filter(
        Exists(MovementRecord.objects.filter(key=key)),
        organisation=site.organisation_id,
        waste_code=waste_code,
        generated_on=on,
        is_booked=True,
        site=site,
    ).exclude(status=Status.VOID)
