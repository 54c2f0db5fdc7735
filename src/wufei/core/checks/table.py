"""The table of the checks, ``data/manifests/checks.csv``, and the two small ones beside it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType

from wufei.core.catalogue import DOMAINS
from wufei.core.reference import read_document, read_table

STAGES: Mapping[str, str] = MappingProxyType(
    {"submit": "提交", "depart": "起运", "arrive": "到达", "confirm": "确认"}
)
CURERS: Mapping[str, str] = MappingProxyType(
    {"generator": "移出单位", "carrier": "承运单位", "receiver": "接受单位", "office": "主管部门"}
)


@dataclass(frozen=True, slots=True)
class CheckRule:
    """One check.

    Attributes:
        code: its stable name; ``name`` the Chinese one.
        stage: the event from which on it binds; ``again`` later ones at which it is made once more, for what they
            may restate; ``pointer`` the pattern of the field, ``*`` for a place in a list.
        curer: who can put it right.
        level: ``alert`` (recorded and told) or ``block`` (refused) unless a profile says otherwise.
        applies: domains or profiles to which it applies; ``*`` is all.
        lifted_by: the stage of an exemption that lifts it; ``method`` = 利用 or 处置, as the line's method is.
        sources: clauses as ``register/clause``.
        what, remedy: sentences with ``{names}`` of the facts.
    """

    code: str
    name: str
    stage: str
    pointer: str
    curer: str
    level: str
    applies: frozenset[str]
    lifted_by: str
    sources: tuple[str, ...]
    valid_from: date
    valid_to: date | None
    confidence: str
    what: str
    remedy: str
    again: tuple[str, ...] = ()

    def is_in_force(self, day: date) -> bool:
        """Whether it judges what was made on ``day``."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def applies_to(self, domain: str, profile: str) -> bool:
        """Whether a line of ``domain`` on a manifest of ``profile`` is meant.

        A name that is both means the domain: spoil on a hazardous manifest is no hazardous waste.
        """
        return "*" in self.applies or domain in self.applies or (profile in self.applies and profile not in DOMAINS)

    def matches(self, pointer: str) -> bool:
        """Whether ``pointer`` is of the pattern."""
        return re.fullmatch(self.pointer.replace("*", "[0-9]+"), pointer) is not None


@cache
def rules() -> Mapping[str, CheckRule]:
    """All checks by code, in the order of the table."""
    found = {
        row["code"]: CheckRule(
            code=row["code"],
            name=row["name"],
            stage=row["stage"].split(";")[0],
            again=tuple(row["stage"].split(";")[1:]),
            pointer=row["pointer"],
            curer=row["curer"],
            level=row["level"],
            applies=frozenset(row["applies"].split(";")),
            lifted_by=row["lifted_by"],
            sources=tuple(filter(None, row["sources"].split(";"))),
            valid_from=date.fromisoformat(row["valid_from"]),
            valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            confidence=row["confidence"],
            what=row["what"],
            remedy=row["remedy"],
        )
        for row in read_table("manifests/checks.csv")
    }
    return MappingProxyType(found)


def rules_on(day: date) -> Mapping[str, CheckRule]:
    """The checks in force on ``day``."""
    return MappingProxyType({code: rule for code, rule in rules().items() if rule.is_in_force(day)})


@cache
def mass_tolerance() -> tuple[int, int]:
    """How far packages may lie from what is said of their mass: parts in a million, and grams that never count."""
    raw = read_document("manifests/limits.json")["package_mass"]
    return raw["tolerance_ppm"], raw["least_g"]


@dataclass(frozen=True, slots=True)
class Mixture:
    """Two wastes that may not travel together. A side is ``domain:…``, ``category:…``, ``hazard:…`` or ``*``."""

    id: str
    check: str
    left: str
    right: str
    says: str


@cache
def mixtures() -> tuple[Mixture, ...]:
    """The rows of ``mixtures.csv``."""
    return tuple(
        Mixture(row["id"], row["check"], row["left"], row["right"], row["says"])
        for row in read_table("manifests/mixtures.csv")
    )


@cache
def goods_classes(hazard: str, form: str) -> frozenset[str]:
    """The classes of dangerous goods that waste of a hazard and form may be of, after ``dangerous_goods.csv``."""
    return frozenset(
        name
        for row in read_table("manifests/dangerous_goods.csv")
        if row["hazard"] == hazard and row["form"] in {"", form}
        for name in row["classes"].split(";")
    )


@dataclass(frozen=True, slots=True)
class NeededLicence:
    """A kind of licence that the carrier of a domain's waste needs, with a word its scope must hold."""

    domain: str
    kind: str
    name: str
    scope: str


@cache
def needed_licences() -> tuple[NeededLicence, ...]:
    """The rows of ``carrier_licences.csv`` that name a domain."""
    return tuple(
        NeededLicence(row["domain"], row["kind"], row["name"], row["scope"])
        for row in read_table("manifests/carrier_licences.csv")
        if row["domain"]
    )


@cache
def licence_names() -> Mapping[str, str]:
    """Chinese name of a carrier's licence by its kind."""
    return MappingProxyType({row["kind"]: row["name"] for row in read_table("manifests/carrier_licences.csv")})
