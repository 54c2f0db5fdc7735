"""The packages of a manifest: which may travel on it, and whether they weigh what its lines and receipt say."""

from collections import Counter
from collections.abc import Iterator, Mapping

from wufei.core.checks.case import Case, Line
from wufei.core.checks.registry import Hit, look
from wufei.core.checks.table import mass_tolerance
from wufei.core.checks.values import PackageRecord
from wufei.core.kilograms import kilograms_text


@look(
    "package_missing",
    "package_twice",
    "package_unknown",
    "package_retired",
    "package_aboard",
    "package_boxed",
    "package_waste",
    "package_elsewhere",
    "package_open_elsewhere",
)
def packages(case: Case) -> Iterator[Hit]:
    """Each package is known, alive, holds what the line says and is on this manifest alone; no code, no receipt."""
    for line in case.lines_of("package_missing"):
        if not line.packages:
            yield Hit("package_missing", line.at("packages"), {"code": line.code})
    seen: Counter[str] = Counter()
    known = case.dossier.packages
    for line in case.lines:
        for place, code in enumerate(line.packages):
            at, facts = f"{line.at('packages')}/{place}", {"package": code[:40]}
            seen[code] += 1
            if seen[code] > 1:
                yield Hit("package_twice", at, facts)
            elif known is not None:
                yield from _standing(case, line, known.get(code), at, facts)


def _standing(case: Case, line: Line, held: PackageRecord | None, at: str, facts: Mapping[str, str]) -> Iterator[Hit]:
    number = case.dossier.number
    if held is None or not (held.is_held or (number and held.open_manifest == number)):
        yield Hit("package_unknown", at, facts)
        return
    if held.is_retired:
        yield Hit("package_retired", at, facts)
    if line.waste and held.waste_code != line.code:
        yield Hit("package_waste", at, {**facts, "held": held.waste_code, "code": line.code})
    if held.site and case.sender and held.site != case.sender:
        yield Hit("package_elsewhere", at, facts)
    if held.box and held.box not in _named(case):
        yield Hit("package_boxed", at, {**facts, "box": held.box})
    if held.open_manifest and held.open_manifest != number:
        yield Hit("package_open_elsewhere", at, {**facts, "other": held.open_manifest})
    elif held.is_aboard and not held.open_manifest:
        yield Hit("package_aboard", at, facts)


def _named(case: Case) -> set[str]:
    known = case.dossier.packages or {}
    return {known[code].code for line in case.lines for code in line.packages if code in known}


@look("package_unweighed", "package_mass_line")
def loaded(case: Case) -> Iterator[Hit]:
    """What a line weighs is what its packages weigh together."""
    for line in case.lines:
        records = _records(case, line)
        for place, code in enumerate(line.packages):
            if code in records and records[code].is_unweighed:
                yield Hit("package_unweighed", f"{line.at('packages')}/{place}", {"package": code[:40]})
        if not records or line.mass_g <= 0:
            continue
        is_whole = set(records) == set(line.packages) and not any(r.is_unweighed for r in records.values())
        if (is_whole or sum(map(_mass, records.values())) > line.mass_g) and (
            facts := _differs(line.mass_g, tuple(records.values()))
        ):
            yield Hit("package_mass_line", line.at("mass_g"), facts | {"code": line.code})


AT_RECEIPT = frozenset({"package_mass_accepted", "package_mass_refused", "refused_package_unnamed"})


@look("package_mass_accepted", "package_mass_refused", "refused_package_unnamed")
def received(case: Case) -> Iterator[Hit]:
    """What was accepted and refused of a line is what the packages weigh that were accepted and refused."""
    for line in case.lines:
        receipt, records = case.receipt_of(line.index), _records(case, line)
        weighed = len(records) == len(set(line.packages)) and not any(r.is_unweighed for r in records.values())
        if receipt is None or not records or not weighed:
            continue
        accepted_g, refused_g, named = receipt
        back = {c: r for c, r in records.items() if c in named or (refused_g and not accepted_g)}
        taken = {c: r for c, r in records.items() if c not in back}
        at = f"/receipt/lines/{line.index}"
        if refused_g and not back:
            yield Hit("refused_package_unnamed", f"{at}/refused_packages", {"mass": _kilograms(refused_g)})
            continue
        if facts := _differs(accepted_g, tuple(taken.values())):
            yield Hit("package_mass_accepted", f"{at}/accepted_g", facts | {"code": line.code})
        if back and (facts := _differs(refused_g, tuple(back.values()))):
            yield Hit("package_mass_refused", f"{at}/refused_g", facts | {"code": line.code})


def _records(case: Case, line: Line) -> dict[str, PackageRecord]:
    """The line's packages whose mass may be told: the sender's, or those that travel on this manifest."""
    known, number = case.dossier.packages or {}, case.dossier.number
    return {
        code: record
        for code in line.packages
        if (record := known.get(code)) is not None
        and (record.is_held or (number and record.open_manifest == number))
        and (record.mass_g is not None or record.is_unweighed)
    }


def _mass(record: PackageRecord) -> int:
    return record.mass_g or 0


def _differs(mass_g: int, records: tuple[PackageRecord, ...]) -> dict[str, str]:
    """The facts where a mass and that of the packages are further apart than the tolerance; else empty."""
    total_g = sum(map(_mass, records))
    ppm, least_g = mass_tolerance()
    gap_g = abs(total_g - mass_g)
    if gap_g <= least_g or gap_g * 1_000_000 <= max(total_g, mass_g) * ppm:
        return {}
    masses = {"mass": mass_g, "packages": total_g, "gap": gap_g}
    return {**{name: _kilograms(grams) for name, grams in masses.items()}, "count": str(len(records))}


def _kilograms(mass_g: int) -> str:
    """A mass as the page of the manifest says it."""
    return f"{kilograms_text(mass_g)} 千克"
