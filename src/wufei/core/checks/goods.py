"""The waste itself: catalogue, hazards, exemptions claimed, what may not travel together."""

from collections.abc import Iterator
from itertools import combinations

from wufei.core.catalogue import UnknownWasteCode, WasteCode, exemptions, waste_code
from wufei.core.checks.case import Case, Line
from wufei.core.checks.registry import Hit, look
from wufei.core.checks.table import Mixture, mixtures, rules


@look("waste_code_unknown", "waste_code_not_in_force")
def catalogue(case: Case) -> Iterator[Hit]:
    """The code stands in the list that is in force on the day the manifest was made."""
    day = case.dossier.rules_day
    for line in case.lines:
        if line.waste is None:
            yield Hit("waste_code_unknown", line.at("code"), {"code": line.code[:40]})
        elif not line.waste.is_in_force(day):
            facts = {"code": line.code, "day": f"{day}", "version": line.waste.version}
            yield Hit("waste_code_not_in_force", line.at("code"), facts)


@look("hazards_differ")
def hazards(case: Case) -> Iterator[Hit]:
    """The letters are those of the list: the first of ``T,I`` always, of ``T/C`` at least one, and no other."""
    for line in case.lines_of("hazards_differ"):
        assert line.waste
        listed, given = set(line.waste.hazards), set(line.hazards)
        if not listed:
            continue
        must = set() if "/" in line.waste.hazard else set(line.waste.hazards[:1])
        if not given or given - listed or must - given:
            facts = {"code": line.code, "given": "、".join(sorted(given)) or "没有填", "listed": line.waste.hazard}
            yield Hit("hazards_differ", line.at("hazards"), facts)


@look("exemption_unfounded")
def claims(case: Case) -> Iterator[Hit]:
    """A claimed exemption is in the list for one of the codes at one of the stages claimed."""
    for claim in case.claims:
        granted = any(
            {line.waste.code, line.waste.category, "*"} & set(item.subjects)
            and ("全部" in item.stages or claim.stages & set(item.stages))
            for line in case.lines
            if line.waste
            for item in exemptions()
            if item.no == claim.no
        )
        if not granted and case.lines:
            facts = {"no": claim.no[:20], "stages": "、".join(sorted(claim.stages)) or "没有填"}
            yield Hit("exemption_unfounded", "/exemption/no", facts)


def _is_of(side: str, waste: WasteCode, letters: tuple[str, ...]) -> bool:
    kind, _, value = side.partition(":")
    return {
        "*": True,
        "domain": waste.domain == value,
        "category": waste.category == value,
        "hazard": value in letters,
    }[kind]


def _clash(
    mixture: Mixture, one: tuple[WasteCode, tuple[str, ...]], other: tuple[WasteCode, tuple[str, ...]]
) -> bool:
    """Whether two wastes make the mixture. ``*`` is whatever is not of the left side."""
    for a, b in ((one, other), (other, one)):
        right = not _is_of(mixture.left, *b) if mixture.right == "*" else _is_of(mixture.right, *b)
        if _is_of(mixture.left, *a) and right:
            return True
    return False


def _letters(line: Line) -> tuple[str, ...]:
    assert line.waste
    return line.hazards or line.waste.hazards


@look("forbidden_mixture", "hazards_incompatible", "vehicle_mixture")
def together(case: Case) -> Iterator[Hit]:
    """What may not be on one manifest, or on one vehicle with what other open manifests have on it."""
    lines = [(line.waste, _letters(line)) for line in case.lines if line.waste]
    for mixture in mixtures():
        pairs = {
            tuple(sorted((a[0].code, b[0].code)))
            for a, b in combinations(lines, 2)
            if a[0].code != b[0].code and _clash(mixture, a, b)
        }
        if pairs:
            shown = "、".join(f"{one} 与 {other}" for one, other in sorted(pairs))
            yield Hit(mixture.check, "/wastes", {"pairs": shown, "says": mixture.says})
    for carrier in case.carriers:
        vehicle = case.dossier.vehicles.get(carrier.vehicle)
        aboard = [(waste, waste.hazards) for waste in map(_listed, vehicle.aboard if vehicle else ()) if waste]
        clashes = {
            (mixture.says, a[0].code, b[0].code)
            for mixture in mixtures()
            if mixture.check == "forbidden_mixture"
            for a in lines
            for b in aboard
            if _clash(mixture, a, b)
        }
        if clashes:
            shown = "、".join(f"{one} 与车上的 {other}" for _, one, other in sorted(clashes))
            says = "".join(sorted({says for says, _, _ in clashes}))
            yield Hit("vehicle_mixture", carrier.at("vehicle"), {"pairs": shown, "says": says})


def _listed(code: str) -> WasteCode | None:
    try:
        return waste_code(code)
    except UnknownWasteCode:
        return None


assert all(mixture.check in rules() for mixture in mixtures())
