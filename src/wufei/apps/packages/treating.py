"""Writes that end packages: split, merge, retire at final treatment (销码).

Invariant: to the gram, what goes into new packages is what was in the old ones; at a treatment the rest is booked as
utilised or disposed of, and what comes out as newly generated, tied by one document.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wufei.apps.ledger.services import post
from wufei.apps.packages.actions import Act, Taken, change, perform, take, write_fact, write_steps
from wufei.apps.packages.making import Blank, What, check_blanks, checked, make_packages
from wufei.apps.packages.models import Package, PackageAction, PackageEdge
from wufei.apps.packages.rows import insert_rows
from wufei.apps.packages.services import book_generation
from wufei.apps.registry.models import Site
from wufei.core.catalogue import Method, WasteCode, methods, waste_code
from wufei.core.findings import Finding, Refused
from wufei.core.ledger import Account, Bucket, Movement, local_day
from wufei.core.package import Event, Status, rules
from wufei.core.profiles import profiles
from wufei.core.trace import allocate


@dataclass(frozen=True, slots=True)
class Residue:
    """What comes out of a treatment: one package of it, with grams."""

    what: What
    mass_g: int


def split(*, code: str, parts_g: Sequence[int], act: Act) -> list[str]:
    """Split a package into parts, whose grams sum to its own; returns the codes of the parts."""
    findings = []
    most = rules().parts_max
    if not 2 <= len(parts_g) <= most:
        what = f"拆成 {len(parts_g)} 份，应为 2—{most} 份。"
        findings.append(Finding(None, "/parts_g", what, "请更正份数。", "number_of_parts"))
    findings += [
        Finding(i + 1, f"/parts_g/{i}", f"第 {i + 1} 份为 {part} 克，应大于 0。", "请填写正数。", "mass_range")
        for i, part in enumerate(parts_g)
        if part <= 0
    ]
    if findings:
        raise Refused(findings)

    def work(action: PackageAction) -> list[str]:
        taken = take([code], Event.SPLIT, act)
        _need_mass(taken)
        taken.refuse()
        old = taken.named[0]
        if sum(parts_g) != old.mass_g:
            gap = sum(parts_g) - (old.mass_g or 0)
            what = f"各份之和为 {sum(parts_g)} 克，包装 {old.code} 为 {old.mass_g} 克，相差 {gap} 克。"
            raise Refused([Finding(None, "/parts_g", what, "各份之和须等于原重量，一克不差。", "parts_do_not_sum")])
        site = _site(taken)
        made = make_packages(
            [Blank(What.of(old), part) for part in parts_g], waste_code(old.waste_code), site, act,
            code_on=local_day(act.recorded_at), status=Status(old.status), origin=old, is_booked=old.is_booked,
        )  # fmt: skip
        _link(action, "split", [(old.id, new.id, new.mass_g or 0) for new in made])
        change([old], status=Status.SPLIT, updated_at=act.recorded_at)
        return _end(action, taken, made, mass_g=old.mass_g)

    return perform(act, Event.SPLIT, {"code": code, "parts": list(parts_g)}, work)


def merge(*, codes: Sequence[str], act: Act, into: What | None = None, method: str = "") -> list[str]:
    """Merge packages into one new one, whose mass is their sum; returns its code.

    Args:
        into: what is in the new package; needed where the codes of the old ones differ, which the rules of the domain
            must allow and which is a treatment by ``method``. Else it is what was in the first.
    """

    def work(action: PackageAction) -> list[str]:
        taken = take(codes, Event.MERGE, act)
        if len(taken.named) < 2 and not taken.findings:
            taken.wrong(None, "合并至少要两个包装。", "请再扫一个。", "number_of_codes")
        _need_mass(taken)
        site = _site(taken)
        taken.refuse()
        first = taken.named[0]
        kinds = {package.waste_code for package in taken.named}
        target, listed = What.of(first), waste_code(first.waste_code)
        is_treatment = len(kinds) > 1
        if is_treatment:
            target, listed = _mixed(taken, kinds, into, site, act)
            book_treatment(taken.named, _method(method, first.domain), site, act, action)
        elif into is not None:
            target = replace(into, waste_code=first.waste_code)
        total_g = sum(package.mass_g or 0 for package in taken.named)
        status = Status.STORED if any(p.status == Status.STORED for p in taken.named) else Status(first.status)
        firms = {package.organisation_id for package in taken.named}
        made = make_packages(
            [Blank(target, total_g)], listed, site, act, code_on=local_day(act.recorded_at), status=status,
            origin=first if len(firms) == 1 else None, is_booked=all(p.is_booked for p in taken.named),
        )  # fmt: skip
        if is_treatment:
            book_generation(made, site, act, action)
        _link(action, "treat" if is_treatment else "merge", [(p.id, made[0].id, p.mass_g or 0) for p in taken.named])
        change(taken.named, status=Status.MERGED, updated_at=act.recorded_at)
        return _end(action, taken, made, mass_g=total_g)

    asked = {"codes": list(codes), "into": into and [getattr(into, n) for n in What.__dataclass_fields__]}
    return perform(act, Event.MERGE, asked | {"method": method}, work, method=method)


def _mixed(taken: Taken, kinds: set[str], into: What | None, site: Site, act: Act) -> tuple[What, WasteCode]:
    """What several waste codes may become, or all that forbids it."""
    first = taken.named[0]
    said = "、".join(sorted(kinds))
    if len({package.domain for package in taken.named}) > 1:
        taken.wrong(None, f"{said} 属于不同的领域，不能合并。", "请按领域分开包装。", "other_domain")
    elif not rules().merge_of_codes[first.domain]:
        remedy = "请按废物代码分开包装；确需混合处理的，请在处理时分别销码。"
        taken.wrong(None, f"{said} 代码不同，{profiles()[first.domain].name}不能合并。", remedy, "other_waste_code")
    elif into is None:
        remedy = "请给出合并后的废物代码和处理方式。"
        taken.wrong(None, f"{said} 代码不同，合并属于处理，须说明合并后是什么。", remedy, "merge_into_what")
    taken.refuse()
    assert into is not None
    whole, listed, findings = checked(into, site, act, "/into")
    if listed is not None and listed.domain != first.domain:
        what = f"合并后的代码 {listed.code} 不属于{profiles()[first.domain].name}。"
        findings.append(Finding(None, "/into/waste_code", what, "请改为同一领域的代码。", "other_domain"))
    if findings or listed is None:
        raise Refused(findings)
    return whole, listed


def retire(*, codes: Sequence[str], method: str, act: Act, outputs: Sequence[Residue] = ()) -> list[str]:
    """Retire packages at their final treatment, with all that lies inside; returns the codes of the residues.

    The mass of each is booked from the site's stock as utilised or disposed of by ``method``; residues get packages
    and are booked as generated there, all under one document.
    """

    def work(action: PackageAction) -> list[str]:
        taken = take(codes, Event.RETIRE, act)
        every = taken.all()
        content = [p for p in every if p.mass_g or not _holds(p, every)]
        for package in content:
            if package.mass_g is None:
                taken.wrong(package, f"包装 {package.code} 没有重量。", "请先称重。", "mass_unknown")
        site = _site(taken)
        taken.refuse()
        way = _method(method, *sorted({package.domain for package in every}))
        residues, findings = _residues(outputs, site, act)
        if findings:
            raise Refused(findings)
        content = [package for package in content if package.mass_g]
        book_treatment(content, way, site, act, action)
        made: list[Package] = []
        for blanks, listed in residues:
            made += make_packages(blanks, listed, site, act, status=Status.STORED)
        book_generation(made, site, act, action)
        table = allocate([p.mass_g or 0 for p in content], [p.mass_g or 0 for p in made])
        _link(
            action,
            "treat",
            [
                (old.id, new.id, grams)
                for old, row in zip(content, table, strict=True)
                for new, grams in zip(made, row, strict=True)
                if grams
            ],
        )
        change(every, status=Status.RETIRED, updated_at=act.recorded_at)
        return _end(action, taken, made, mass_g=sum(p.mass_g or 0 for p in content), method=method)

    asked = {
        "codes": list(codes), "method": method,
        "outputs": [[*(getattr(r.what, n) for n in What.__dataclass_fields__), r.mass_g] for r in outputs],
    }  # fmt: skip
    return perform(act, Event.RETIRE, asked, work, method=method)


def _holds(package: Package, every: Sequence[Package]) -> bool:
    return any(other.parent_id == package.id for other in every)


def _residues(
    outputs: Sequence[Residue], site: Site, act: Act
) -> tuple[list[tuple[list[Blank], WasteCode]], list[Finding]]:
    """The residues by waste code and day, for each has a series of its own; and all that is wrong with them."""
    found: dict[tuple[str, object], tuple[list[Blank], WasteCode]] = {}
    findings: list[Finding] = []
    if len(outputs) > rules().parts_max:
        what = f"残余物有 {len(outputs)} 项，最多 {rules().parts_max} 项。"
        findings.append(Finding(None, "/outputs", what, "请合并同类残余物。", "number_of_parts"))
    for i, residue in enumerate(outputs):
        whole, listed, wrong = checked(residue.what, site, act, f"/outputs/{i}")
        findings += wrong
        blank = Blank(whole, residue.mass_g)
        findings += [replace(f, line=i + 1, field=f"/outputs/{i}/mass_g") for f in check_blanks([blank])]
        if listed is not None:
            found.setdefault((listed.code, whole.generated_on), ([], listed))[0].append(blank)
    return list(found.values()), findings


def _method(code: str, *domains: str) -> Method:
    """The method of treatment, which the profile of each domain must know."""
    found = methods().get(code)
    for domain in domains:
        profile = profiles()[domain]
        if found is None or code not in profile.methods:
            what = f"利用处置方式“{code[:20]}”不适用于{profile.name}。" if code else "没有写利用处置方式。"
            allowed = "、".join(f"{m} {methods()[m].name}" for m in profile.methods)
            raise Refused([Finding(None, "/method", what, f"请改为下列之一：{allowed}。", "unknown_method")])
    assert found is not None
    return found


def book_treatment(content: Sequence[Package], way: Method, site: Site, act: Act, action: PackageAction) -> None:
    """Book the end of each package's mass, from the site's stock, with its code."""
    holder, document = f"site:{site.code}", act.document or f"package_action:{action.id}"
    bucket = Bucket(way.bucket)
    kind = "utilise" if bucket is Bucket.UTILISED else "dispose"
    accounts = {
        code: (Account(holder, code, Bucket.STORED), Account(holder, code, bucket, way.code))
        for code in {package.waste_code for package in content}
    }
    movements = [
        Movement(
            *accounts[p.waste_code], p.mass_g or 0, act.at, kind, document, f"package:{p.code}:{action.kind}",
            package=p.code,
        )
        for p in content
    ]  # fmt: skip
    if movements:
        post(movements, actor=act.actor, recorded_at=act.recorded_at)


def _need_mass(taken: Taken) -> None:
    for package in taken.named:
        if package.mass_g is None:
            taken.wrong(package, f"包装 {package.code} 没有重量。", "请先称重。", "mass_unknown")
        if taken.inside.get(package.id):
            taken.wrong(package, f"包装 {package.code} 里面还有包装。", "请先把里面的出箱。", "not_empty")


def _site(taken: Taken) -> Site:
    """The one site where all packages are; another is noted."""
    places = {package.site_id for package in taken.named} - {None}
    if len(places) > 1:
        taken.wrong(None, "这些包装不在同一场所。", "请按场所分别办理。", "other_place")
    taken.refuse()
    return Site.objects.select_related("organisation").get(pk=places.pop() or 0)


def _link(action: PackageAction, kind: str, links: Sequence[tuple[int, int, int]]) -> None:
    insert_rows(
        PackageEdge,
        ["source_id", "target_id", "action_id", "mass_g", "kind"],
        [(source, target, action.id, grams, kind) for source, target, grams in links],
    )


def _end(action: PackageAction, taken: Taken, made: Sequence[Package], **after: object) -> list[str]:
    write_steps(action, taken.all())
    write_steps(action, made, is_result=True, kind=Event.ASSIGN.value)
    codes = [package.code for package in made]
    write_fact(action, [p.code for p in taken.named], taken.named[0].holder_division, made=codes, **after)
    return codes
