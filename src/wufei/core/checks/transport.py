"""Who carries it: the vehicle, its permit, class and load, the driver, the escort, the licence, the waybill."""

from collections.abc import Iterator

from wufei.core.checks.case import Carrier, Case, Line, tonnes
from wufei.core.checks.registry import Hit, look
from wufei.core.checks.table import goods_classes, needed_licences

OTHER_CLASS = "9"  # what has none of the letters that name a class


def candidate_classes(line: Line) -> frozenset[str]:
    """The classes of dangerous goods of which a line may be. Which of them it is, only an expert's reading tells."""
    letters = line.hazards or (line.waste.hazards if line.waste else ())
    found = frozenset[str]().union(*(goods_classes(letter, line.form) for letter in letters))
    return found or frozenset({OTHER_CLASS})


def may_carry(held: frozenset[str], line: Line) -> bool:
    """Whether one of the line's possible classes is held; ``6`` covers ``6.1``, and ``4`` asks for any 4.x."""
    return any(
        mine == wanted or wanted.startswith(f"{mine}.") or mine.startswith(f"{wanted}.")
        for wanted in candidate_classes(line)
        for mine in held
    )


def _unfit(held: frozenset[str], lines: tuple[Line, ...]) -> dict[str, str]:
    """The facts of the lines whose class is not held; empty where all are."""
    lacking = [line for line in lines if not may_carry(held, line)]
    if not lacking:
        return {}
    classes = frozenset[str]().union(*(candidate_classes(line) for line in lacking))
    return {
        "codes": "、".join(sorted({line.code for line in lacking})),
        "classes": "、".join(sorted(classes)),
        "held": "、".join(sorted(held)) or "没有登记",
    }


@look(
    "vehicle_unknown",
    "vehicle_permit_missing",
    "vehicle_permit_expired",
    "vehicle_hazard_class",
    "vehicle_overload",
)
def vehicle(case: Case) -> Iterator[Hit]:
    """The vehicle is registered, its load fits; for dangerous goods its permit holds and names the class."""
    dangerous, carried = case.lines_of("vehicle_permit_missing"), case.lines_of("vehicle_unknown")
    for carrier in case.carriers:
        if not carrier.vehicle or not carried:
            continue
        held, at = case.dossier.vehicles.get(carrier.vehicle), carrier.at("vehicle")
        facts = {"plate": carrier.vehicle[:20], "day": f"{case.day}"}
        if held is None:
            yield Hit("vehicle_unknown", at, facts)
            continue
        load_g = sum(line.mass_g for line in case.lines)
        if held.load_limit_g is not None and load_g > held.load_limit_g:
            weights = {"load": tonnes(load_g), "limit": tonnes(held.load_limit_g)}
            yield Hit("vehicle_overload", at, facts | weights)
        if not dangerous:
            continue
        if not held.transport_permit:
            yield Hit("vehicle_permit_missing", at, facts)
            continue
        if held.valid_until is not None and held.valid_until < case.day:
            yield Hit("vehicle_permit_expired", at, facts | {"until": f"{held.valid_until}"})
        if lacking := _unfit(held.hazard_classes, dangerous):
            yield Hit("vehicle_hazard_class", at, facts | lacking)


@look("driver_unknown", "driver_name", "driver_expired", "driver_hazard_class")
def driver(case: Case) -> Iterator[Hit]:
    """The driver's certificate for dangerous goods."""
    dangerous = case.lines_of("driver_unknown")
    for carrier in case.carriers if dangerous else ():
        if carrier.driver or carrier.driver_licence:
            yield from _certificate(case, carrier, "driver", carrier.driver, carrier.driver_licence, dangerous)


@look("escort_missing", "escort_unknown", "escort_name", "escort_expired", "escort_hazard_class")
def escort(case: Case) -> Iterator[Hit]:
    """Dangerous goods travel with an escort who has a certificate."""
    dangerous = case.lines_of("escort_unknown")
    for carrier in case.carriers if dangerous else ():
        if carrier.escort or carrier.escort_licence:
            yield from _certificate(case, carrier, "escort", carrier.escort, carrier.escort_licence, dangerous)
        elif carrier.vehicle:
            yield Hit("escort_missing", carrier.at("escort"))


def _certificate(
    case: Case, carrier: Carrier, kind: str, name: str, number: str, dangerous: tuple[Line, ...]
) -> Iterator[Hit]:
    held, at = case.dossier.persons.get((kind, number)), carrier.at(f"{kind}_licence")
    facts = {"day": f"{case.day}"}
    if held is None:
        yield Hit(f"{kind}_unknown", at, facts | {"number": _masked(number) or "没有填"})
        return
    # As the manifest calls them: a name out of the register would tell whoever types in numbers whose they are.
    facts["name"] = name or f"（证号尾号 {_masked(number)}）"
    if name and "".join(name.split()) != "".join(held.name.split()):
        yield Hit(f"{kind}_name", carrier.at(kind), {"name": name[:40], "number": _masked(number)})
    if held.valid_until is not None and held.valid_until < case.day:
        yield Hit(f"{kind}_expired", at, facts | {"until": f"{held.valid_until}"})
    if held.hazard_classes and (lacking := _unfit(held.hazard_classes, dangerous)):
        yield Hit(f"{kind}_hazard_class", at, facts | lacking)


def _masked(number: str) -> str:
    """A certificate number as a sentence may show it: it is personal data."""
    return f"{'*' * max(0, len(number) - 4)}{number[-4:]}" if len(number) > 4 else "*" * len(number)


@look("carrier_licence_missing", "carrier_licence_expired")
def licence(case: Case) -> Iterator[Hit]:
    """The carrier has the licence that the waste calls for, valid on the day."""
    domains = {line.domain for line in case.lines_of("carrier_licence_missing")}
    for carrier in case.carriers:
        if not carrier.organisation:
            continue
        held = case.dossier.licences.get(carrier.organisation, ())
        for needed in needed_licences():
            if needed.domain not in domains:
                continue
            fitting = [r for r in held if r.kind == needed.kind and needed.scope in r.scope]
            facts = {"needed": needed.name, "scope": needed.scope, "day": f"{case.day}"}
            at = carrier.at("organisation")
            if not fitting:
                yield Hit("carrier_licence_missing", at, facts)
            elif not any(r.holds_on(case.day) for r in fitting):
                yield Hit("carrier_licence_expired", at, facts)


@look("waybill_missing")
def waybill(case: Case) -> Iterator[Hit]:
    """Dangerous goods have their waybill."""
    if case.lines_of("waybill_missing"):
        for carrier in case.carriers:
            if carrier.vehicle and not carrier.waybill:
                yield Hit("waybill_missing", carrier.at("waybill"))
