"""A dossier laid out for the checks: its lines with what the catalogue says of them, and who is exempt from what.

A document may be half written: a part that lacks or has the wrong shape is read as empty, never as a fault here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from wufei.core.catalogue import Exemption, UnknownWasteCode, WasteCode, exemptions, methods, waste_code
from wufei.core.checks.table import CheckRule, rules
from wufei.core.checks.values import ClaimedExemption, Dossier, PermitRecord
from wufei.core.numbers import decimal_text

STAGE_OF_BUCKET = {"utilised": "利用", "disposed": "处置"}
EVERY_STAGE = "全部"


def tonnes(mass_g: int) -> str:
    """A mass for a sentence."""
    return f"{decimal_text(Decimal(mass_g) / 1_000_000)} 吨"


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name)
    return value if isinstance(value, Mapping) else {}


def _rows(document: Mapping[str, Any], name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    value = document.get(name)
    if isinstance(value, list | tuple):
        yield from ((i, row) for i, row in enumerate(value) if isinstance(row, Mapping))


def _words(value: object) -> tuple[str, ...]:
    """A list of words, given as a list or as text with separators."""
    if isinstance(value, str):
        for separator in "、，,;/":
            value = value.replace(separator, " ")
        return tuple(value.split())
    return tuple(filter(None, map(_text, value))) if isinstance(value, list | tuple) else ()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of waste. ``waste`` is ``None`` where the catalogue does not hold the code."""

    index: int
    code: str
    waste: WasteCode | None
    hazards: tuple[str, ...]
    form: str
    mass_g: int
    method: str
    packages: tuple[str, ...]

    @property
    def domain(self) -> str:
        """Its domain; empty where the code is unknown."""
        return self.waste.domain if self.waste else ""

    def at(self, name: str) -> str:
        """The JSON pointer of one of its fields."""
        return f"/wastes/{self.index}/{name}"


@dataclass(frozen=True, slots=True)
class Carrier:
    """One carrier of the manifest."""

    index: int
    organisation: str
    vehicle: str
    driver: str
    driver_licence: str
    escort: str
    escort_licence: str
    waybill: str

    def at(self, name: str) -> str:
        """The JSON pointer of one of its fields."""
        return f"/carriers/{self.index}/{name}"


def _grams(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _line(index: int, row: Mapping[str, Any]) -> Line:
    code = _text(row.get("code"))
    try:
        waste = waste_code(code) if code else None
    except UnknownWasteCode:
        waste = None
    return Line(
        index=index,
        code=waste.code if waste else code,
        waste=waste,
        hazards=_words(row.get("hazards")),
        form=_text(row.get("form")),
        mass_g=_grams(row.get("mass_g")),
        method=_text(row.get("method")),
        packages=_words(row.get("packages")),
    )


class Case:
    """What the check functions read."""

    def __init__(self, dossier: Dossier) -> None:
        self.dossier = dossier

    @property
    def day(self) -> date:
        return self.dossier.day

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The lines that name a code."""
        found = (_line(i, row) for i, row in _rows(self.dossier.document, "wastes"))
        return tuple(line for line in found if line.code)

    def receipt_of(self, index: int) -> tuple[int, int, frozenset[str]] | None:
        """Grams accepted and refused of a line and the packages refused by name; ``None`` before its receipt."""
        row = dict(_rows(_part(self.dossier.document, "receipt"), "lines")).get(index)
        if row is None:
            return None
        accepted, refused = (_grams(row.get(name)) for name in ("accepted_g", "refused_g"))
        return accepted, refused, frozenset(_words(row.get("refused_packages")))

    @cached_property
    def carriers(self) -> tuple[Carrier, ...]:
        names = ("organisation", "vehicle", "driver", "driver_licence", "escort", "escort_licence", "waybill")
        return tuple(
            Carrier(i, **{name: _text(row.get(name)) for name in names})
            for i, row in _rows(self.dossier.document, "carriers")
        )

    @property
    def sender(self) -> str:
        return _text(_part(self.dossier.document, "generator").get("site"))

    @property
    def receiver(self) -> str:
        return _text(_part(self.dossier.document, "receiver").get("site"))

    @cached_property
    def claims(self) -> tuple[ClaimedExemption, ...]:
        """What the sender claims, in the document and beside it."""
        written = _part(self.dossier.document, "exemption")
        number, stages = _text(written.get("no")), frozenset(_words(written.get("stages")))
        own = (ClaimedExemption(number, stages),) if number else ()
        return own + self.dossier.exemptions

    def exempt_stages(self, line: Line) -> frozenset[str]:
        """The stages at which a line is exempt: claimed, and in the list for its code at that stage."""
        if line.waste is None:
            return frozenset()
        granted = [
            frozenset(item.stages) & claim.stages if EVERY_STAGE not in item.stages else frozenset(item.stages)
            for claim in self.claims
            for item in exemptions()
            if item.no == claim.no and is_subject(item, line)
        ]
        return frozenset[str]().union(*granted)

    def is_lifted(self, rule: CheckRule, line: Line) -> bool:
        """Whether an exemption lifts the check for the line."""
        stages = self.exempt_stages(line)
        wanted = rule.lifted_by
        if wanted == "method":
            method = methods().get(line.method)
            wanted = STAGE_OF_BUCKET.get(method.bucket, "") if method else ""
        return bool(rule.lifted_by) and (wanted in stages or EVERY_STAGE in stages)

    def lines_of(self, code: str) -> tuple[Line, ...]:
        """The lines to which a check applies: by profile or domain, listed in the catalogue, not exempt."""
        rule, profile = rules()[code], self.dossier.profile
        return tuple(
            line
            for line in self.lines
            if line.waste and rule.applies_to(line.domain, profile) and not self.is_lifted(rule, line)
        )


def is_subject(item: Exemption, line: Line) -> bool:
    """Whether an entry of the list is for the waste of a line; one that names its subject in words is for none."""
    return line.waste is not None and bool({line.waste.code, line.waste.category, "*"} & set(item.subjects))


def by_code(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """The lines by waste code."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.code, []).append(line)
    return found


def receiving_permits(dossier: Dossier) -> Mapping[int, PermitRecord]:
    """The permit on which each line is received, by the line's place in ``wastes``: what ``use_permit`` is told.

    Of the permits valid on the day that cover the code, those that name the method come first, then the one with
    most left. Lines that no permit covers, that need none or are exempt are absent.
    """
    case = Case(dossier)
    chosen = ((line, permit_of(case, line)) for line in case.lines_of("permit_remaining"))
    return {line.index: permit for line, permit in chosen if permit is not None}


def permit_of(case: Case, line: Line) -> PermitRecord | None:
    """The permit on which one line is received."""
    assert line.waste
    covering = [p for p in case.dossier.permits if p.holds_on(case.day) and p.covers(line.code, line.waste.category)]
    return min(
        covering,
        key=lambda p: (not allows_method(p, line), -p.remaining_g, p.number),
        default=None,
    )


def allows_method(permit: PermitRecord, line: Line) -> bool:
    """Whether the permit names the line's method; one that prints no methods, or a line without, is not compared."""
    return not permit.methods or not line.method or line.method in permit.methods
