"""Writes of packages where they arise and rest: assign, weigh, store, nest, unnest, void.

Splitting, merging and retiring stand in ``treating``; what a manifest does in ``transport``; scans in ``scans``.
Each write is one transaction, done once by its key, with one step a package and one fact.
"""

from collections.abc import Mapping, Sequence

from wufei.apps.ledger.services import post
from wufei.apps.packages.actions import Act, Taken, change, perform, plain_code, take, write_fact, write_steps
from wufei.apps.packages.making import Blank, What, check_blanks, checked, make_packages, refuse_taken
from wufei.apps.packages.models import Package, PackageAction, PackageEdge, PackageStep
from wufei.apps.registry.models import Site
from wufei.core import package as core
from wufei.core.findings import Finding, Refused
from wufei.core.ledger import Account, Bucket, Movement
from wufei.core.package import Event, Status, rules

__all__ = ["Act", "What", "assign_packages", "nest", "store", "unnest", "void", "weigh"]


def assign_packages(
    *,
    site: Site,
    what: What,
    act: Act,
    count: int = 1,
    masses_g: Sequence[int | None] = (),
    external_codes: Sequence[str] = (),
    book: bool = False,
) -> list[str]:
    """Give 1 … 1000 packages their codes (赋码); returns the codes. As many statements for 1000 as for one.

    Args:
        site: with ``organisation`` loaded.
        masses_g: net grams of each; empty where none has been weighed.
        book: also book their generation into the site's stock, each with its code. Leave it out where the record
            book books it.
    """
    most = rules().assign_max
    findings = []
    if not 1 <= count <= most:
        what_is = f"数量为 {count}，一次应为 1—{most} 个。"
        findings.append(Finding(None, "/count", what_is, "请更正数量，多的分几次赋码。", "number_of_codes"))
    for name, given in (("masses_g", masses_g), ("external_codes", external_codes)):
        if given and len(given) != count:
            what_is = f"给了 {len(given)} 个，数量却是 {count}。"
            findings.append(Finding(None, f"/{name}", what_is, "请逐个给出，或都不给。", "number_of_values"))
    whole, listed, more = checked(what, site, act)
    findings += more
    blanks = []
    if not findings:
        masses, external = masses_g or [None] * count, external_codes or [""] * count
        blanks = [Blank(whole, mass_g, code or None) for mass_g, code in zip(masses, external, strict=True)]
        findings += check_blanks(blanks)
    if findings or listed is None:
        raise Refused(findings)

    def work(action: PackageAction) -> list[str]:
        refuse_taken(blanks)
        made = make_packages(blanks, listed, site, act)
        if book:
            book_generation(made, site, act, action)
        write_steps(action, made, is_result=True)
        codes = [package.code for package in made]
        write_fact(action, codes, site.division_id, site=site.code, waste_code=listed.code, mass_g=_sum(made))
        return codes

    asked = {
        "site": site.code, "what": [getattr(what, n) for n in What.__dataclass_fields__], "count": count,
        "masses": list(masses_g), "external": list(external_codes), "book": book,
    }  # fmt: skip
    return perform(act, Event.ASSIGN, asked, work)


def _sum(packages: Sequence[Package]) -> int:
    return sum(package.mass_g or 0 for package in packages)


def book_generation(made: Sequence[Package], site: Site, act: Act, action: PackageAction) -> None:
    """Book what arose, each package with its code, from ``generated`` into the site's stock."""
    weighed = [package for package in made if package.mass_g]
    if not weighed:
        return
    holder = f"site:{site.code}"
    document = act.document or f"package_action:{action.id}"
    accounts = {
        code: (Account(holder, code, Bucket.GENERATED), Account(holder, code, Bucket.STORED))
        for code in {package.waste_code for package in weighed}
    }
    movements = [
        Movement(
            *accounts[p.waste_code],
            p.mass_g or 0,
            act.at,
            "generate",
            document,
            generation_key(p.code),
            package=p.code,
        )
        for p in weighed
    ]
    post(movements, actor=act.actor, recorded_at=act.recorded_at)
    change(weighed, is_booked=True)


def generation_key(code: str) -> str:
    """The key of the movement that booked a package's generation."""
    return f"package:{code}:generate"


def weigh(*, masses_g: Mapping[str, int], act: Act) -> list[str]:
    """Say what packages weigh, net and without what lies in packages inside them."""

    def work(action: PackageAction) -> list[str]:
        taken = take(list(masses_g), Event.WEIGH, act, inner=True)
        mass_of = {plain_code(code): mass_g for code, mass_g in masses_g.items()}
        named = taken.named
        came = _came_from_others(named)
        for package in named:
            mass_g = _of(mass_of, package)
            if package in came:
                what = f"包装 {package.code} 由拆分、合并或处理得来，重量 {package.mass_g} 克已定。"
                taken.wrong(package, what, "差额请报平台管理员记盘点调整。", "came_from_others")
            if not 0 < mass_g <= 10**12:
                what = f"包装 {package.code} 的重量为 {mass_g} 克，应大于 0 且不超过 100 万吨。"
                taken.wrong(package, what, "请核对计量单位。", "mass_range")
            if package.is_booked:
                what = f"包装 {package.code} 的重量 {package.mass_g} 克已入账。"
                remedy = "产生时错的请作废后重新赋码，随联单接受的请更正联单；否则请报平台管理员记盘点调整。"
                taken.wrong(package, what, remedy, "mass_booked")
        taken.refuse()
        for package in named:
            package.mass_g = _of(mass_of, package)
            package.updated_at = act.recorded_at
        Package.objects.bulk_update(named, ["mass_g", "updated_at"])
        write_steps(action, named)
        codes = [package.code for package in named]
        write_fact(action, codes, named[0].holder_division, mass_g=_sum(named))
        return codes

    return perform(act, Event.WEIGH, {"masses": dict(masses_g)}, work)


def _came_from_others(packages: Sequence[Package]) -> list[Package]:
    """Those that came out of a split, a merger or a treatment: their mass is bound to that of others."""
    came = set(PackageEdge.objects.filter(target__in=packages).values_list("target_id", flat=True))
    return [package for package in packages if package.id in came]


def _arrived(packages: Sequence[Package]) -> list[Package]:
    """Those that were unloaded from a manifest: their mass stands where they came, not where they arose."""
    unloaded = PackageStep.objects.filter(package__in=packages, kind=Event.UNLOAD.value)
    came = set(unloaded.values_list("package_id", flat=True))
    return [package for package in packages if package.id in came]


def _of(mass_of: Mapping[str, int], package: Package) -> int:
    return mass_of[package.code] if package.code in mass_of else mass_of[package.external_code or ""]


def store(*, codes: Sequence[str], act: Act) -> list[str]:
    """Note that packages went into the store (入库)."""

    def work(action: PackageAction) -> list[str]:
        taken = take(codes, Event.STORE, act)
        taken.refuse()
        every = taken.all()
        change(every, status=Status.STORED, updated_at=act.recorded_at)
        return _finish(action, every, taken)

    return perform(act, Event.STORE, {"codes": list(codes)}, work)


def _finish(action: PackageAction, changed: Sequence[Package], taken: Taken, **after: object) -> list[str]:
    write_steps(action, changed)
    codes = [package.code for package in taken.named]
    write_fact(action, codes, taken.named[0].holder_division, **after)
    return [package.code for package in changed]


# --- Boxes --------------------------------------------------------------------------------------------------------


def nest(*, box: str, codes: Sequence[str], act: Act) -> list[str]:
    """Put packages into a box (小箱进大箱), with all that lies in them. The box may lie in another."""

    def work(action: PackageAction) -> list[str]:
        boxes = take([box], Event.NEST, act, inner=True)
        taken = take(codes, Event.NEST, act)
        for finding in boxes.findings:
            taken.findings.append(Finding(None, "/box", finding.what, finding.remedy, finding.code))
        taken.refuse()
        into = boxes.named[0]
        top = into.top or into.id
        tree = [into, *boxes.inside.get(into.id, ())]
        if into.top is not None:
            tree = list(Package.objects.select_for_update().filter(top=top)) + [Package.objects.get(pk=top)]
        _check_nesting(taken, into, tree)
        taken.refuse()
        change(taken.named, parent_id=into.id, top=top, updated_at=act.recorded_at)
        inner = [package for package in taken.all() if package.parent_id != into.id]
        if inner:
            change(inner, top=top)
        write_steps(action, [*taken.named, into])
        moved = [package.code for package in taken.named]
        write_fact(action, moved, into.holder_division, box=into.code)
        return moved

    return perform(act, Event.NEST, {"box": box, "codes": list(codes)}, work)


def _check_nesting(taken: Taken, into: Package, tree: Sequence[Package]) -> None:
    deepest = rules().depth_max
    level = core.depth(_boxes(tree), into.id)
    for package in taken.named:
        if package.id in {into.id, into.top}:
            taken.wrong(
                package, f"包装 {package.code} 不能装进自己或自己里面的包装。", "请改换外箱。", "box_in_itself"
            )
            continue
        if package.site_id != into.site_id:
            taken.wrong(package, f"包装 {package.code} 与外箱不在同一场所。", "请先移到同一场所。", "other_place")
        if package.domain != into.domain:
            taken.wrong(
                package, f"包装 {package.code} 与外箱不属同一领域。", "不同领域的废物请分箱。", "other_domain"
            )
        high = core.height(_boxes([package, *taken.inside.get(package.id, ())]), package.id)
        if level + high > deepest:
            what = f"装入包装 {package.code} 后共 {level + high} 层，最多 {deepest} 层。"
            taken.wrong(package, what, "请先出箱，减少层数。", "too_deep")


def _boxes(packages: Sequence[Package]) -> list[core.Box]:
    return [core.Box(package.id, package.parent_id, package.mass_g) for package in packages]


def unnest(*, codes: Sequence[str], act: Act) -> list[str]:
    """Take packages out of the boxes they lie in, with all that lies in them."""

    def work(action: PackageAction) -> list[str]:
        taken = take(codes, Event.UNNEST, act, inner=True)
        for package in taken.named:
            if package.parent_id is None:
                taken.wrong(package, f"包装 {package.code} 不在任何箱中。", "请核对编码。", "in_no_box")
        taken.refuse()
        tops = {package.top for package in taken.named}
        tree = list(Package.objects.select_for_update().filter(top__in=tops).order_by("id"))
        change(taken.named, parent_id=None, top=None, updated_at=act.recorded_at)
        out = {package.id for package in taken.named}
        for package in taken.named:
            inner = _below(package.id, tree, out)
            if inner:
                change(inner, top=package.id)
        return _finish(action, taken.named, taken)

    return perform(act, Event.UNNEST, {"codes": list(codes)}, work)


def _below(key: int, tree: Sequence[Package], out: set[int]) -> list[Package]:
    """The packages of ``tree`` that lie below ``key``, but for those that go out themselves."""
    found, row = [], [key]
    while row:
        at = row.pop()
        inner = [package for package in tree if package.parent_id == at and package.id not in out]
        found += inner
        row += [package.id for package in inner]
    return found


# --- Mistakes -----------------------------------------------------------------------------------------------------


def void(*, codes: Sequence[str], act: Act) -> list[str]:
    """Take back codes that were given by mistake (作废); their booked generation is reversed. A reason is needed."""
    if not act.reason.strip():
        raise Refused([Finding(None, "/reason", "没有写作废原因。", "请写明原因，如“标签打错”。", "no_reason")])

    def work(action: PackageAction) -> list[str]:
        taken = take(codes, Event.VOID, act)
        for package in taken.named:
            if taken.inside.get(package.id):
                taken.wrong(package, f"包装 {package.code} 里面还有包装。", "请先把里面的出箱。", "not_empty")
        for package in _arrived(taken.named):
            what = f"包装 {package.code} 已随联单转移过，作废会丢失重量。"
            taken.wrong(package, what, "请照常转移或销码；接受的重量有错请更正联单。", "came_by_manifest")
        for package in _came_from_others(taken.named):
            what = f"包装 {package.code} 由拆分、合并或处理得来，作废会丢失重量。"
            taken.wrong(package, what, "请照常转移或销码。", "came_from_others")
        taken.refuse()
        booked = [package for package in taken.named if package.is_booked]
        if booked:
            sites = dict(Site.objects.filter(id__in={p.site_id for p in booked}).values_list("id", "code"))
            reversals = [
                Movement(
                    Account(f"site:{sites[p.site_id or 0]}", p.waste_code, Bucket.STORED),
                    Account(f"site:{sites[p.site_id or 0]}", p.waste_code, Bucket.GENERATED),
                    p.mass_g or 0, act.at, "reverse", act.document or f"package_action:{action.id}",
                    f"package:{p.code}:void", package=p.code, reverses=generation_key(p.code),
                )
                for p in booked
            ]  # fmt: skip
            post(reversals, actor=act.actor, recorded_at=act.recorded_at)
        change(taken.named, status=Status.VOID, updated_at=act.recorded_at)
        return _finish(action, taken.named, taken, reason=act.reason)

    return perform(act, Event.VOID, {"codes": list(codes), "reason": act.reason}, work)
