"""What a manifest does to packages: reserve, load, hand over, unload, release. It is known by its number alone.

The manifest posts to the ledger; here only the packages move. Invariant: a package stands on one open manifest at
most.
"""

from collections.abc import Sequence

from wufei.apps.packages.actions import Act, Taken, change, perform, take, write_fact, write_steps
from wufei.apps.packages.models import Package, PackageAction
from wufei.apps.registry.models import Site, Vehicle
from wufei.core.findings import Finding, Refused
from wufei.core.package import Event, Status


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


def reserve(*, codes: Sequence[str], act: Act) -> list[str]:
    """Put packages at a site on ``act.manifest``, which is submitted: no other manifest can take them."""

    def work(action: PackageAction) -> list[str]:
        taken = take(codes, Event.RESERVE, act, open_on=("", act.manifest))
        taken.refuse()
        every = taken.all()
        change(every, open_manifest=act.manifest, updated_at=act.recorded_at)
        return _finish(action, every, taken)

    return perform(_on_manifest(act), Event.RESERVE, {"codes": list(codes)}, work)


def load(*, codes: Sequence[str], plate: str, act: Act, taken_over_from: str = "") -> list[str]:
    """Load packages on a vehicle under ``act.manifest``; or hand them over to the vehicle of the next carrier.

    Args:
        taken_over_from: the manifest on which they may still stand: that of a load which was refused and goes back.
    """

    def work(action: PackageAction) -> list[str]:
        taken = take(codes, Event.LOAD, act, open_on={"", act.manifest, taken_over_from})
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


def unload(*, site: Site, act: Act, codes: Sequence[str] | None = None) -> list[str]:
    """Unload packages of ``act.manifest`` at a site; ``codes`` ``None``: all that are on the vehicle."""

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
        change(
            every, status=Status.RECEIVED, site_id=site.id, plate="", holder_id=site.organisation_id,
            holder_division=site.division_id, updated_at=act.recorded_at,
        )  # fmt: skip
        return _finish(action, every, taken, site=site.code)

    return perform(_on_manifest(act), Event.UNLOAD, {"codes": codes and list(codes), "site": site.code}, work)


def leave(*, codes: Sequence[str], act: Act) -> list[str]:
    """Let packages of ``act.manifest`` leave the region: whoever accepted them is not here, and their codes end."""

    def work(action: PackageAction) -> list[str]:
        taken = take(codes, Event.UNLOAD, act, open_on=(act.manifest,))
        taken.refuse()
        every = taken.all()
        change(every, status=Status.RETIRED, site_id=None, plate="", holder_id=None, updated_at=act.recorded_at)
        return _finish(action, every, taken, outside=True)

    return perform(_on_manifest(act), Event.UNLOAD, {"codes": list(codes), "outside": True}, work)


def release(*, act: Act) -> list[str]:
    """Take all packages off ``act.manifest``, which is done or void; those still on a vehicle are refused."""

    def work(action: PackageAction) -> list[str]:
        rows = list(Package.objects.select_for_update().filter(open_manifest=act.manifest).order_by("id"))
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
        codes = [package.code for package in rows]
        write_fact(action, codes, rows[0].holder_division)
        return codes

    return perform(_on_manifest(act), Event.RELEASE, {}, work)


def _on_manifest(act: Act) -> Act:
    assert act.manifest, "A manifest moves packages under its number."
    return act


def _finish(action: PackageAction, changed: Sequence[Package], taken: Taken, **after: object) -> list[str]:
    write_steps(action, changed)
    write_fact(action, [package.code for package in taken.named], taken.named[0].holder_division, **after)
    return [package.code for package in changed]
