"""Reads of the weighings, and the one place that decides who sees which."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from wufei.apps.registry.models import Role, Site, User
from wufei.apps.registry.selectors import NOTHING, scope, visible_sites, visible_vehicles
from wufei.apps.weighings.models import ImportState, TicketImport, WeighingRecord
from wufei.core.catalogue import domain_of
from wufei.core.weighing import Comparison, Weighed, compare, joint, tolerance_for


def visible_weighings(user: User | AnonymousUser) -> QuerySet[WeighingRecord]:
    """Tickets of visible sites, and of loads that came from one; a firm also sees those of its vehicles."""
    sites = visible_sites(user).values("pk")
    wanted = Q(site__in=sites) | Q(source_site__in=sites)
    if scope(user).organisation_id:
        wanted |= Q(plate__in=visible_vehicles(user).values("plate"))
    return WeighingRecord.objects.filter(wanted)


def recordable_sites(user: User | AnonymousUser) -> QuerySet[Site]:
    """The sites for whose scales the person may record: a firm its own, the programme office those of its place."""
    seen = scope(user)
    if seen.organisation_id is not None:
        return visible_sites(user)
    if isinstance(user, User) and user.role == Role.PROGRAMME_OFFICE and seen.prefix != NOTHING:
        return visible_sites(user)
    return Site.objects.none()


def may_record(user: User | AnonymousUser) -> bool:
    """Whether the person may record weighings at all."""
    seen = scope(user)
    return isinstance(user, User) and (
        seen.organisation_id is not None or (user.role == Role.PROGRAMME_OFFICE and seen.prefix != NOTHING)
    )


def visible_imports(user: User | AnonymousUser) -> QuerySet[TicketImport]:
    """Files of tickets for the sites whose scales the person may record."""
    return TicketImport.objects.filter(site__in=recordable_sites(user).values("pk"))


def booked_imports(user: User | AnonymousUser) -> QuerySet[TicketImport]:
    """Those of them that booked something, undone or not."""
    return visible_imports(user).exclude(state=ImportState.CHECKED)


def site_choices(user: User | AnonymousUser, q: str = "", limit: int = 50) -> list[tuple[str, str]]:
    """(code, name) of sites for whose scales the person may record, by name."""
    sites = recordable_sites(user)
    if q:
        sites = sites.filter(Q(name__icontains=q) | Q(code__icontains=q))
    return list(sites.order_by("name", "pk").values_list("code", "name")[:limit])


def two_ends(user: User | AnonymousUser, manifest: str, waste_code: str) -> Comparison | None:
    """Sent and received of one waste of a manifest by the tickets in sight; ``None`` where an end has none."""
    rows = visible_weighings(user).filter(manifest=manifest, waste_code=waste_code, is_undone=False)
    return compare_tickets(list(rows)) if manifest else None


def compare_tickets(rows: list[WeighingRecord]) -> Comparison | None:
    """All that went out against all that came in of one waste; ``None`` where an end has no ticket."""
    sent = [row for row in rows if row.direction == "out"]
    received = [row for row in rows if row.direction == "in"]
    if not sent or not received:
        return None
    domain_code, on = sent[0].waste_code, received[0].weighed_at.date()
    return compare(_joint(sent), _joint(received), tolerance_for(domain_of(domain_code), on))


def _joint(rows: list[WeighingRecord]) -> Weighed:
    return joint([Weighed(row.net_g, row.uncertainty_ppm or 0) for row in rows])
