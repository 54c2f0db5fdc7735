"""The waste itself: catalogue, hazards, exemptions claimed, what may not travel together."""

from collections.abc import Iterable, Iterator
from itertools import chain, combinations

from wufei.core.catalogue import UnknownWasteCode, WasteCode, exemptions, waste_code
from wufei.core.checks.case import EVERY_STAGE, Case, Line, is_subject
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


@look("exemption_unknown", "exemption_unfounded", "exemption_stage")
def claims(case: Case) -> Iterator[Hit]:
    """A claimed exemption stands in the list, for the codes on the manifest, and at the stages claimed."""
    for claim in case.claims:
        entries = [item for item in exemptions() if item.no == claim.no]
        facts = {"no": claim.no[:20]}
        if not entries:
            numbers = [item.no for item in exemptions()]
            yield Hit("exemption_unknown", "/exemption/no", facts | {"known": f"{numbers[0]}—{numbers[-1]}"})
            continue
        lines = [line for line in case.lines if line.waste]
        granted: dict[str, frozenset[str]] = {}
        for line in lines:
            if stages := [item.stages for item in entries if is_subject(item, line)]:
                granted[line.code] = frozenset[str]().union(*stages)
        if lines and not granted:
            subjects = "、".join(dict.fromkeys(name for item in entries for name in item.subjects))
            told = {"codes": _listing(line.code for line in lines), "subjects": subjects}
            yield Hit("exemption_unfounded", "/exemption/no", facts | told)
        beyond = {c: s for c, s in granted.items() if EVERY_STAGE not in s and (not claim.stages or claim.stages - s)}
        if beyond:
            told = {"granted": _listing(chain(*beyond.values())), "stages": _listing(claim.stages) or "没有填"}
            yield Hit("exemption_stage", "/exemption/stages", facts | told | {"codes": _listing(beyond)})


def _listing(words: Iterable[str]) -> str:
    return "、".join(sorted(set(words)))


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
