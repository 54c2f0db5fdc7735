"""What a manifest does to packages: reserve, load, hand over, unload, release. It is known by its number alone.

The manifest posts to the ledger; here only the packages move. Invariant: a package stands on one open manifest at
most.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from django.db.models import Q

from wufei.apps.packages.actions import (
    Act,
    Taken,
    change,
    perform,
    plain_code,
    take,
    write_fact,
    write_steps,
)
from wufei.apps.packages.models import Package, PackageAction, PackageStep
from wufei.apps.registry.models import Site, Vehicle
from wufei.core.findings import Finding, Refused
from wufei.core.package import Event, Status
from wufei.core.trace import apportion


def package_masses(codes: Sequence[str]) -> dict[str, int]:
    """Grams of packages by code, each with all that lies inside it; one that has not been weighed counts 0.

    Two statements, whatever their number. Unknown codes are left out.
    """
    named = list(Package.objects.filter(code__in=list(codes)).values_list("id", "code", "mass_g", "parent_id", "top"))
    tops = {top or key for key, _, _, _, top in named}
    inside = Package.objects.filter(top__in=tops).values_list("id", "mass_g", "parent_id")
    below: dict[int, list[tuple[int, int]]] = {}
    for key, mass_g, parent in inside:
        below.setdefault(parent or 0, []).append((key, mass_g or 0))
    totals = {}
    for key, code, mass_g, _, _ in named:
        total, row = mass_g or 0, [key]
        while row:
            for child, grams in below.get(row.pop(), ()):
                total += grams
                row.append(child)
        totals[code] = total
    return totals


@dataclass(frozen=True, slots=True)
class Content:
    """What is known of a package that a manifest names.

    Attributes:
        code: ours, also where the manifest names an external one.
        mass_g: grams with all inside; ``None`` where nothing has been weighed.
        booked_g: what of it stands in the ledger under codes of packages.
    """

    code: str
    mass_g: int | None = None
    booked_g: int = 0


Part = tuple[int | None, bool | None]  # grams, whether they are booked


def _content(code: str, parts: Iterable[Part]) -> Content:
    known = [(grams, is_booked) for grams, is_booked in parts if grams is not None]
    mass_g = sum(grams for grams, _ in known) if known else None
    return Content(code, mass_g, sum(grams for grams, is_booked in known if is_booked))


def contents(codes: Sequence[str]) -> dict[str, Content]:
    """What lies in packages now, by the codes as given; two statements. Unknown codes are left out."""
    rows = packages_by_code(codes)
    inside: dict[int, list[Part]] = {}
    boxed = Package.objects.filter(top__in=[row.id for row in rows.values()])
    for top, grams, is_booked in boxed.values_list("top", "mass_g", "is_booked"):
        inside.setdefault(top or 0, []).append((grams, is_booked))
    return {
        text: _content(row.code, [(row.mass_g, row.is_booked), *inside.get(row.id, ())]) for text, row in rows.items()
    }


def contents_loaded(codes: Sequence[str], manifest: str) -> dict[str, Content]:
    """What lay in packages when they were loaded under a manifest, whatever became of them; three statements.

    Those whose steps do not tell (not loaded yet, or written before steps told it) are as they are now.
    """
    rows = packages_by_code(codes)
    kinds = (Event.LOAD.value, Event.SEND_BACK.value)
    ids = [row.id for row in rows.values()]
    steps = PackageStep.objects.filter(action__manifest=manifest, kind__in=kinds)
    steps = steps.filter(Q(package__in=ids) | Q(top__in=ids)).exclude(is_booked=None).order_by("id")
    first: dict[int, tuple[int, Part]] = {}
    for package, top, grams, is_booked in steps.values_list("package_id", "top", "mass_g", "is_booked"):
        first.setdefault(package, (top or package, (grams, is_booked)))
    trees: dict[int, list[Part]] = {}
    for top, part in first.values():
        trees.setdefault(top, []).append(part)
    told = {text: _content(row.code, trees[row.id]) for text, row in rows.items() if row.id in trees}
    lacking = [text for text in rows if text not in told]
    return told | (contents(lacking) if lacking else {})


def packages_by_code(codes: Sequence[str]) -> dict[str, Package]:
    """The packages by the codes as given, ours or external."""
    wanted = {text: plain_code(text) for text in codes}
    keys = [key for key in wanted.values() if key.isprintable() and len(key) <= 80]
    rows = Package.objects.filter(Q(code__in=keys) | Q(external_code__in=keys)).select_related("site", "parent")
    by_key = {key: row for row in rows for key in (row.external_code, row.code) if key}
    return {text: by_key[key] for text, key in wanted.items() if key in by_key}


def reserve(*, codes: Sequence[str], act: Act) -> list[str]:
    """Put packages at a site on ``act.manifest``, which is submitted: no other manifest can take them."""

    def work(action: PackageAction) -> list[str]:
        taken = take(codes, Event.RESERVE, act, open_on=("", act.manifest))
        taken.refuse()
        every = taken.all()
        change(every, open_manifest=act.manifest, updated_at=act.recorded_at)
        return _finish(action, every, taken)

    return perform(_on_manifest(act), Event.RESERVE, {"codes": list(codes)}, work)


def load(*, codes: Sequence[str], plate: str, act: Act) -> list[str]:
    """Load packages on a vehicle under ``act.manifest``; or hand them over to the vehicle of the next carrier."""

    def work(action: PackageAction) -> list[str]:
        taken = take(codes, Event.LOAD, act, open_on={"", act.manifest})
        for package in taken.all():
            if package.status == Status.IN_TRANSIT and not package.open_manifest:
                taken.wrong(package, f"包装 {package.code} 在运输中但没有联单。", "请先卸货。", "in_transit_unknown")
        taken.refuse()
        every = taken.all()
        carrier = Vehicle.objects.filter(plate=plate).values_list("organisation_id", flat=True).first()
        change(
            every, status=Status.IN_TRANSIT, site_id=None, plate=plate[:12], holder_id=carrier,
            open_manifest=act.manifest, updated_at=act.recorded_at,
        )  # fmt: skip
        return _finish(action, every, taken, plate=plate)

    return perform(_on_manifest(act), Event.LOAD, {"codes": list(codes), "plate": plate}, work)


def send_back(*, codes: Sequence[str], refused_on: str, act: Act) -> list[str]:
    """Send refused packages back under ``act.manifest``, on the vehicle on which they are (退运)."""

    def work(action: PackageAction) -> list[str]:
        taken = take(codes, Event.SEND_BACK, act, open_on=(refused_on,))
        taken.refuse()
        every = taken.all()
        change(every, open_manifest=act.manifest, updated_at=act.recorded_at)
        return _finish(action, every, taken, refused_on=refused_on)

    return perform(_on_manifest(act), Event.SEND_BACK, {"codes": list(codes), "refused_on": refused_on}, work)


def refuse(*, site: Site | None, codes: Sequence[str], masses_g: Mapping[str, int], act: Act) -> list[str]:
    """Note that a receiver does not take packages of ``act.manifest`` (拒收); they stay on the vehicle.

    Args:
        site: where they were refused; ``None`` outside the region. It is told of the step, not of the package.
        masses_g: what the receipt says of each, by our codes.
    """

    def work(action: PackageAction) -> list[str]:
        taken = take(codes, Event.REFUSE, act, open_on=(act.manifest,))
        taken.refuse()
        every = taken.all()
        told = _restate(taken, masses_g)
        change(every, updated_at=act.recorded_at)
        return _finish(action, every, taken, told, site_id=site.id if site else None)

    asked = {"codes": list(codes), "site": site.code if site else None, "masses_g": dict(masses_g)}
    return perform(_on_manifest(act), Event.REFUSE, asked, work)


def correct(*, masses_g: Mapping[str, int], act: Act) -> list[str]:
    """Bring packages that came under ``act.manifest`` to what its amended receipt says of each, by our codes."""

    def work(action: PackageAction) -> list[str]:
        taken = take(list(masses_g), Event.CORRECT, act)
        taken.refuse()
        every = taken.all()
        told = _restate(taken, masses_g)
        if not told:
            return []
        change(every, updated_at=act.recorded_at)
        return _finish(action, every, taken, told)

    return perform(_on_manifest(act), Event.CORRECT, {"masses_g": dict(masses_g)}, work)


def moved_on(codes: Sequence[str], manifest: str) -> list[str]:
    """Those of a manifest's packages with which something was done after it that bears on their mass."""
    ids = [row.id for row in packages_by_code(codes).values()]
    steps = PackageStep.objects.filter(Q(package__in=ids) | Q(top__in=ids))
    last = steps.filter(action__manifest=manifest).order_by("-id").values_list("id", flat=True).first()
    if last is None:
        return []
    later = steps.filter(id__gt=last).exclude(kind=Event.STORE.value)
    return sorted(set(later.values_list("package__code", flat=True)))


def _restate(taken: Taken, masses_g: Mapping[str, int]) -> dict[str, object]:
    """Let packages weigh what the ledger holds for each, all inside in proportion; what changed, for the fact."""
    told, rows = {}, []
    for package in taken.named:
        if package.code not in masses_g:
            continue
        tree = [package, *taken.inside.get(package.id, ())]
        weights, after = [p.mass_g or 0 for p in tree], masses_g[package.code]
        before = sum(weights) if any(p.mass_g is not None for p in tree) else None
        if before is None and not after:
            continue
        if before != after:
            told[package.code] = [before, after]
        parts = apportion(after, weights) if any(weights) else [after] + [0] * (len(tree) - 1)
        for row, grams in zip(tree, parts, strict=True):
            is_weighed = row.mass_g is not None or grams > 0
            if is_weighed and (row.mass_g, row.is_booked) != (grams, True):
                row.mass_g, row.is_booked = grams, True
                rows.append(row)
    if rows:
        Package.objects.bulk_update(rows, ["mass_g", "is_booked"])
    return {"masses_g": told} if told else {}


def unload(
    *, site: Site, act: Act, codes: Sequence[str] | None = None, masses_g: Mapping[str, int] | None = None
) -> list[str]:
    """Unload packages of ``act.manifest`` at a site.

    Args:
        codes: ``None`` for all that are on the vehicle.
        masses_g: what the receipt says of each, by our codes; without it they weigh what they weighed.
    """

    def work(action: PackageAction) -> list[str]:
        wanted = codes
        if wanted is None:
            on_it = Package.objects.filter(open_manifest=act.manifest, status=Status.IN_TRANSIT, top=None)
            wanted = list(on_it.order_by("id").values_list("code", flat=True))
            if not wanted:
                return []
        taken = take(wanted, Event.UNLOAD, act, open_on=(act.manifest,))
        taken.refuse()
        every = taken.all()
        told = _restate(taken, masses_g or {})
        change(
            every, status=Status.RECEIVED, site_id=site.id, plate="", holder_id=site.organisation_id,
            holder_division=site.division_id, updated_at=act.recorded_at,
        )  # fmt: skip
        return _finish(action, every, taken, told, site=site.code)

    asked = {"codes": codes and list(codes), "site": site.code, "masses_g": dict(masses_g or {})}
    return perform(_on_manifest(act), Event.UNLOAD, asked, work)


def leave(*, codes: Sequence[str], act: Act) -> list[str]:
    """Let packages of ``act.manifest`` leave the region: whoever accepted them is not here, and their codes end."""

    def work(action: PackageAction) -> list[str]:
        taken = take(codes, Event.UNLOAD, act, open_on=(act.manifest,))
        taken.refuse()
        every = taken.all()
        change(every, status=Status.RETIRED, site_id=None, plate="", holder_id=None, updated_at=act.recorded_at)
        return _finish(action, every, taken, outside=True)

    return perform(_on_manifest(act), Event.UNLOAD, {"codes": list(codes), "outside": True}, work)


def release(*, act: Act, codes: Sequence[str] | None = None) -> list[str]:
    """Take packages off ``act.manifest``, which is done or void; those still on a vehicle are refused.

    Args:
        codes: those named and all inside them; ``None`` for all that stand on it.
    """

    def work(action: PackageAction) -> list[str]:
        standing = Package.objects.select_for_update().filter(open_manifest=act.manifest).order_by("id")
        if codes is not None:
            ids = [row.id for row in packages_by_code(codes).values()]
            standing = standing.filter(Q(id__in=ids) | Q(top__in=ids))
        rows = list(standing)
        moving = [package for package in rows if package.status == Status.IN_TRANSIT]
        if moving:
            raise Refused(
                [
                    Finding(
                        None, "/codes", f"包装 {p.code} 还在车上，不能移出联单 {act.manifest}。",
                        "请先卸货，或用退运联单接运。", "still_in_transit",
                    )
                    for p in moving
                ]
            )  # fmt: skip
        if not rows:
            return []
        change(rows, open_manifest="", updated_at=act.recorded_at)
        write_steps(action, rows)
        released = [package.code for package in rows]
        write_fact(action, released, rows[0].holder_division)
        return released

    return perform(_on_manifest(act), Event.RELEASE, {} if codes is None else {"codes": list(codes)}, work)


def _on_manifest(act: Act) -> Act:
    assert act.manifest, "A manifest moves packages under its number."
    return act


def _finish(
    action: PackageAction,
    changed: Sequence[Package],
    taken: Taken,
    told: Mapping[str, object] = MappingProxyType({}),
    *,
    site_id: int | None = None,
    **after: object,
) -> list[str]:
    write_steps(action, changed, site_id=site_id)
    write_fact(action, [package.code for package in taken.named], taken.named[0].holder_division, **after, **told)
    return [package.code for package in changed]
