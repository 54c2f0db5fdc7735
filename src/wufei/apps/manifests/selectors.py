"""Reads of manifests, and the one place that decides who sees which.

``ManifestSight`` was written with each manifest: whom it concerns. What a person may see is what one of their scopes
names; a list walks that index, so a page costs the same among a thousand manifests and among a million.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.expressions import Combinable, RawSQL
from django.db.models.lookups import IsNull
from django.utils.timezone import localdate

from wufei.apps.manifests.models import (
    Manifest,
    ManifestEvent,
    ManifestLeg,
    ManifestSight,
    ManifestUse,
    ManifestWaste,
)
from wufei.apps.registry.models import User
from wufei.apps.registry.selectors import NOTHING, scope
from wufei.apps.signatures.selectors import Delegated, delegated_by
from wufei.core.manifest import CLOSED, STATUS_NAMES, Event, Status, allowed_events
from wufei.core.manifest_profiles import domains_of_profile, domains_with_code, manifest_profiles
from wufei.core.numbers import grouped_text

Person = User | AnonymousUser
Keys = Callable[[datetime | None, tuple[Any, Any] | None, int], Any]
Walk = tuple[str, frozenset[str]]  # a scope, and the domains to which it is limited (none: all)
PAGE_SIZE = 50
MUCH = 2_000  # manifests in sight from which on a filter's own index is walked
OPEN = frozenset({s.value for s in Status} - {s.value for s in CLOSED})
RARE = frozenset({s.value for s in CLOSED} - {Status.CONFIRMED.value})  # how few end


def sight_scopes(user: Person) -> list[str]:
    """The scopes by which a person sees manifests; empty for who sees none."""
    seen = scope(user)
    if seen.organisation_id:
        return [f"org:{seen.organisation_id}"]
    if seen.prefix == NOTHING:
        return []
    if seen.sees_all_domains:
        return [f"div:{seen.prefix}"]
    return [f"div:{seen.prefix}/{domain}" for domain in sorted(seen.domains)]


def reader_walks(user: Person, delegated: Delegated | None = None) -> list[Walk]:
    """The ways to what a person sees: their scopes, and the firms that let them sign, in the domains named."""
    if delegated is None:
        delegated = delegated_by(user, today=localdate())
    own = [(name, frozenset[str]()) for name in sight_scopes(user)]
    return own + [(f"org:{giver}", frozenset(domains)) for giver, domains in delegated]


def visible_manifests(user: Person, delegated: Delegated | None = None) -> QuerySet[Manifest]:
    """The manifests that a person may see: those of their firm, or of their division in the domains of their duty.

    Whoever signs by delegation sees the manifests of the firm that gave it, in the domains that it names.
    """
    return Manifest.objects.filter(_in_sight(reader_walks(user, delegated), "pk", ""))


def _in_sight(walks: Sequence[Walk], key: str, prefix: str) -> Q:
    """That one of the walks leads to the manifest."""
    # EXISTS, not IN: SQLite would first gather the million that an office sees to find the one that is asked for.
    seen = Q(pk__in=[])
    for domains in {domains for _, domains in walks}:
        names = [name for name, of in walks if of == domains]
        by_these = Q(Exists(ManifestSight.objects.filter(scope__in=names, manifest_id=OuterRef(key))))
        seen |= by_these & Q(**{f"{prefix}domain__in": sorted(domains)}) if domains else by_these
    return seen


@dataclass(frozen=True, slots=True)
class ManifestFilter:
    """What a reader chose for a list; empty means all. ``before`` is the id of the last row of the page before."""

    status: str = ""
    profile: str = ""
    q: str = ""  # beginning of a number
    plate: str = ""
    code: str = ""
    open_only: bool = False
    trip: int | None = None


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One manifest for a list."""

    pk: int
    number: str
    profile: str
    profile_name: str
    status: str
    status_name: str
    generator: str
    receiver: str
    wastes: str
    mass_g: int
    mass_kg: str
    created_at: datetime
    updated_at: datetime
    due_on: date | None
    alerts: int
    has_difference: bool
    is_return: bool
    is_simulated: bool


def row_of(m: Manifest) -> ManifestRow:
    """A manifest as a list shows it."""
    return ManifestRow(
        pk=m.pk,
        number=m.number,
        profile=m.profile,
        profile_name=manifest_profiles()[m.profile].name,
        status=m.status,
        status_name=STATUS_NAMES[Status(m.status)],
        generator=m.generator_name,
        receiver=m.receiver_name,
        wastes=m.wastes_text,
        mass_g=m.mass_g,
        mass_kg=grouped_text(Decimal(m.mass_g) / 1000),
        created_at=m.created_at,
        updated_at=m.updated_at,
        due_on=m.due_on,
        alerts=m.alerts,
        has_difference=m.has_difference,
        is_return=m.returns_id is not None,
        is_simulated=m.is_simulated,
    )


def outcomes_by_manifest(keys: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """Grams accepted, refused and lost of each manifest that was received; a query for each thousand."""
    found: dict[int, tuple[int, int, int]] = {}
    for at in range(0, len(keys), 1_000):
        received = ManifestWaste.objects.filter(manifest__in=keys[at : at + 1_000], accepted_g__isnull=False)
        rows = (
            received.order_by().values_list("manifest").annotate(Sum("accepted_g"), Sum("refused_g"), Sum("lost_g"))
        )
        found |= {key: (accepted, refused or 0, lost or 0) for key, accepted, refused, lost in rows}
    return found


_LIST_COLUMNS = (
    "number profile status generator_name receiver_name wastes_text mass_g created_at updated_at due_on alerts "
    "has_difference returns_id is_simulated"
).split()


def manifest_rows(
    user: Person, chosen: ManifestFilter, *, before: int | None = None, limit: int = PAGE_SIZE
) -> tuple[list[ManifestRow], int | None]:
    """One page of manifests, newest first, and the key of the next (``None`` at the end); three queries at most."""
    walks = _leading(reader_walks(user), chosen.profile, chosen.code)
    if not walks:
        return [], None
    keys = _keys(walks, chosen, before, limit + 1)
    found = list(Manifest.objects.filter(pk__in=keys).order_by("-pk").only(*_LIST_COLUMNS)[: limit + 1])
    return [row_of(m) for m in found[:limit]], (found[limit - 1].pk if len(found) > limit else None)


def _leading(walks: Sequence[Walk], profile: str, code: str) -> list[Walk]:
    """The walks on which a filter can find anything: a department need not walk another domain's manifests."""
    able = domains_of_profile(profile) if profile in manifest_profiles() else None
    if code:
        able = domains_with_code(code) if able is None else able & domains_with_code(code)
    if able is None:
        return list(walks)
    duties = {name: name.partition("/")[2] for name, _ in walks}
    return [(n, of) for n, of in walks if (not duties[n] or duties[n] in able) and (not of or of & able)]


def _keys(walks: Sequence[Walk], chosen: ManifestFilter, before: int | None, most: int) -> RawSQL:
    """The keys of a page. What walks far is chosen by hand: no database knows how much one reader sees.

    A reader's own sights lead along an index of their own to what is open, of one kind or not confirmed. By number,
    plate, code or trip one who sees much walks the index of the filter and asks of each whether it is in sight.
    """
    driver = _driver(chosen) if _is_selective(chosen) and _sees_much(walks) else None
    if driver is None:
        branches = []
        for sights in _sights(walks):
            sights = _of_kind(sights, chosen.status, chosen.profile)
            if chosen.open_only:
                sights = sights.filter(is_open=True)
            if before is not None:
                sights = sights.filter(manifest_id__lt=before)
            wanted = _wanted(replace(chosen, status="", profile=""), "manifest_id", "manifest__")
            branches.append(sights.filter(wanted).order_by("-manifest_id").values("manifest_id")[:most])
        return first_of(branches)
    rows, key, prefix = driver
    if before is not None:
        rows = rows.filter(**{f"{key}__lt": before})
    rows = rows.filter(_wanted(chosen, key, prefix), _in_sight(walks, key, prefix))
    return first_of([rows.order_by(f"-{key}").values(key).distinct()[:most]])


def _sights(walks: Sequence[Walk]) -> Iterator[QuerySet[ManifestSight]]:
    for name, domains in walks:
        sights = ManifestSight.objects.filter(scope=name)
        yield sights.filter(manifest__domain__in=sorted(domains)) if domains else sights


def _of_kind(sights: QuerySet[ManifestSight], status: str, profile: str) -> QuerySet[ManifestSight]:
    """The sights of one status and profile (empty: any), by their own columns."""
    if profile:
        sights = sights.filter(profile=profile)
    if status:
        sights = sights.filter(unless_confirmed=None if status == Status.CONFIRMED else status)
    return sights


def first_of(branches: Sequence[QuerySet[Any, Any]]) -> RawSQL:
    """The keys of several short lists as one subquery: SQLite takes no ORDER BY in a union's own parts."""
    parts = [branch.query.sql_with_params() for branch in branches]
    sql = " UNION ALL ".join(f"SELECT * FROM ({part}) AS part{n}" for n, (part, _) in enumerate(parts))  # noqa: S608
    return RawSQL(sql, [value for _, values in parts for value in values])  # noqa: S611 - made by the ORM itself


def _is_selective(chosen: ManifestFilter) -> bool:
    if chosen.open_only or chosen.status in OPEN:
        return False
    return bool(chosen.q or chosen.trip or ((chosen.plate or chosen.code) and chosen.status not in RARE))


def _sees_much(walks: Sequence[Walk]) -> bool:
    """Whether a reader sees so many manifests that their own sights are no way to the few that a filter leaves."""
    walked = [ManifestSight.objects.filter(scope=name).values("manifest_id")[:MUCH] for name, _ in walks]
    sql, values = walked[0].query.sql_with_params() if len(walked) == 1 else ("", ())
    if len(walked) > 1:
        union = first_of(walked)
        sql, values = union.sql, tuple(union.params)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({sql}) AS walked", list(values))  # noqa: S608 - made by the ORM itself
        return bool(cursor.fetchone()[0] >= MUCH)


def _driver(chosen: ManifestFilter) -> tuple[QuerySet[Any, Any], str, str]:
    """The index to walk for a filter: rows, the name of the manifest's key in them, and the way to its columns."""
    if chosen.plate:
        return ManifestLeg.objects.filter(vehicle=chosen.plate), "manifest_id", "manifest__"
    if chosen.code:
        return ManifestWaste.objects.filter(waste_code=chosen.code), "manifest_id", "manifest__"
    return Manifest.objects.all(), "pk", ""


def _wanted(chosen: ManifestFilter, key: str, prefix: str) -> Q:
    """What a filter asks of a manifest whose key is ``key`` and whose columns begin with ``prefix``."""
    wanted = Q()
    for column in ("status", "profile"):
        if value := getattr(chosen, column):
            wanted &= Q(**{f"{prefix}{column}": value})
    if chosen.q:
        wanted &= Q(**{f"{prefix}number__startswith": chosen.q})
        if connection.vendor == "sqlite":  # which has no index for LIKE; its text is ordered by bytes
            wanted &= Q(**{f"{prefix}number__gte": chosen.q, f"{prefix}number__lt": chosen.q + "\U0010ffff"})
    if chosen.trip is not None:
        wanted &= Q(**{f"{prefix}trip_id": chosen.trip})
    if chosen.plate:
        wanted &= _has(ManifestLeg.objects.filter(manifest_id=OuterRef(key), vehicle=chosen.plate))
    if chosen.code:
        wanted &= _has(ManifestWaste.objects.filter(manifest_id=OuterRef(key), waste_code=chosen.code))
    return wanted


def _has(parts: QuerySet[Any]) -> Q:
    """That there is one, asked row by row: of EXISTS PostgreSQL may make a join over all of a common code."""
    return Q(IsNull(Subquery(parts.values("pk")[:1]), False))


def changed_manifests(user: Person, narrow: Mapping[str, str]) -> tuple[QuerySet[Manifest], Keys]:
    """What the pages of the interface run along: rows, of which ``keys`` finds those in sight as they changed."""

    def keys(since: datetime | None, behind: tuple[Any, Any] | None, most: int) -> Any:
        branches = []
        for sights in _sights(_leading(reader_walks(user), narrow.get("profile", ""), "")):
            rows = _of_kind(sights, narrow.get("status", ""), narrow.get("profile", ""))
            if since is not None:
                rows = rows.filter(updated_at__gte=since)
            if behind is not None:
                value, key = behind
                later = Q(updated_at__gt=value) | Q(manifest_id__gt=key)
                rows = rows.filter(later, updated_at__gte=value)
            branches.append(rows.order_by("updated_at", "manifest_id").values("manifest_id")[:most])
        return first_of(branches) if branches else ()

    return Manifest.objects.select_related("returns", "trip"), keys


def manifest_of(
    user: Person, number: str, delegated: Delegated | None = None, **asked: Combinable
) -> Manifest | None:
    """One manifest with what its page joins, or ``None`` where it is not in sight; one query.

    Args:
        asked: what else the same query shall tell, by the name of the attribute.
    """
    return (
        visible_manifests(user, delegated)
        .annotate(**asked)
        .filter(number=number)
        .select_related("generator_site__organisation", "receiver_site__organisation", "returns", "trip")
        .first()
    )


def history_of(manifest: Manifest) -> Sequence[ManifestEvent]:
    """All versions of a manifest, oldest first; one query, none where this very object has just kept them all."""
    if len(manifest.written) == manifest.events:
        return manifest.written
    return list(ManifestEvent.objects.filter(manifest=manifest).order_by("sequence"))


def uses_of_contract(user: Person, contract_id: int, waste_code: str = "") -> QuerySet[ManifestUse]:
    """What the manifests in the person's sight carried under a contract, the newest first; with their manifests."""
    rows = ManifestUse.objects.filter(contract__contract=contract_id, manifest__in=visible_manifests(user))
    if waste_code:
        rows = rows.filter(waste_code=waste_code)
    return rows.select_related("manifest").order_by("-manifest_id", "position")


def returns_of(manifest: Manifest) -> list[str]:
    """The numbers of the return shipments that a refusal made; one query, none where nothing was refused."""
    if Status(manifest.status) not in (Status.PARTLY_ACCEPTED, Status.REFUSED):
        return []
    return list(Manifest.objects.filter(returns=manifest).order_by("pk").values_list("number", flat=True))


def next_events(manifest: Manifest) -> list[Event]:
    """What may happen next to a manifest by its stage and carriers, whoever asks."""
    events = allowed_events(Status(manifest.status))
    if Event.HAND_OVER in events and manifest.leg >= len(manifest.document.get("carriers") or []):
        events.remove(Event.HAND_OVER)
    if Event.WITNESS in events and not manifest_profiles()[manifest.profile].witnesses:
        events.remove(Event.WITNESS)
    return events


def is_closed(status: str) -> bool:
    """Whether nothing but an amendment can happen any more."""
    return Status(status) in CLOSED
