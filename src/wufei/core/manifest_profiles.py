"""Profiles of manifests: which wastes, who signs what, which fields each stage needs. All of it data.

``data/manifests/profiles/<id>.json`` says it; ``data/manifests/fields.csv`` is the one table of fields that drives
the API, the pages, the import and the documentation. No profile has code of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from wufei.core.catalogue import WasteCode, domain_of, waste_codes
from wufei.core.manifest import STAGES
from wufei.core.reference import names, read_document, read_table


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the manifest document.

    Attributes:
        pointer: JSON pointer, ``*`` for any place in a list.
        part: 1 generator, 2 carrier, 3 receiver.
        type: see ``core.manifest_document.READERS``.
        filled_by: the slot that fills it.
        required_from: stage from which it must be there; empty where it may stay away.
        sealed_from: stage from whose signature on it changes only by an amendment.
        is_copied: whether a copy of the manifest takes it over.
        is_measured: whether whoever loads may state it at departure, beside the sender.
    """

    pointer: str
    label: str
    part: int
    type: str
    filled_by: str
    required_from: str
    sealed_from: str
    is_copied: bool
    is_measured: bool
    help: str


@dataclass(frozen=True, slots=True)
class Witness:
    """A further party that signs: before which event it must have signed, and when it is needed at all.

    Attributes:
        when: pointer that must be filled for the signature to be needed; empty for always.
        party: pointer that names the party: it must be filled where the signature is needed.
        unless: pointer of a yes or no; the signature is needed unless it says yes, and ``when`` must be filled then.
    """

    slot: str
    required_before: str
    when: str
    party: str = ""
    unless: str = ""

    def is_needed(self, value_at: Callable[[str], object]) -> bool:
        """Whether a document, of which ``value_at`` gives the value at a pointer, needs the signature."""
        if self.unless:
            return value_at(self.unless) is not True
        return not self.when or value_at(self.when) is not None


@dataclass(frozen=True, slots=True)
class ManifestProfile:
    """What applies to one kind of manifest.

    Attributes:
        id: ``hazardous``, ``medical``, … ; ``title`` is what the paper is called.
        categories: beginnings of category codes (``HW``, ``SW7``, ``R``); ``codes`` single codes beside them.
        series: ``national`` or two letters, see ``core.manifest_number``.
        from_stock: whether waste is taken from the generator's declared stock, or arises on the vehicle.
        signs: event -> slots of which one acts; ``carrier`` stands for the carrier who is due.
        required: pointer -> stage, in place of the table's.
        blocks: codes of checks that refuse instead of alerting.
        packages: required, expected or optional.
        is_round: whether it is collected on rounds of many stops.
        confirm_within: number, unit (working_day or day), clause.
    """

    id: str
    name: str
    title: str
    domain: str
    categories: tuple[str, ...]
    codes: tuple[str, ...]
    series: str
    from_stock: bool
    signs: Mapping[str, tuple[str, ...]]
    witnesses: tuple[Witness, ...]
    required: Mapping[str, str]
    blocks: frozenset[str]
    packages: str
    most_wastes: int
    is_round: bool
    confirm_within: tuple[int, str, str]
    tolerance_ppm: int
    tolerance_least_g: int
    note: str
    confidence: str

    def covers(self, waste: WasteCode) -> bool:
        """Whether the profile is for this waste."""
        return waste.code in self.codes or waste.category.startswith(self.categories)


@cache
def manifest_profiles() -> Mapping[str, ManifestProfile]:
    """All profiles by id."""
    return MappingProxyType({name: _read(name) for name in names("manifests/profiles", ".json")})


@cache
def domains_of_profile(profile: str) -> frozenset[str]:
    """The domains that a manifest of a kind can belong to: those of the wastes that it is for."""
    chosen = manifest_profiles()[profile]
    return frozenset(domain_of(waste.code) for waste in waste_codes().values() if chosen.covers(waste))


def domains_with_code(code: str) -> frozenset[str]:
    """The domains that a manifest with this waste on it can belong to; empty where no kind is for it."""
    return frozenset[str]().union(*map(domains_of_profile, profiles_for(code)))


def _read(name: str) -> ManifestProfile:
    raw = read_document(f"manifests/profiles/{name}.json")
    assert raw["id"] == name
    pointers = {field.pointer for field in fields()}
    assert set(raw["required"]) <= pointers, (name, set(raw["required"]) - pointers)
    assert set(raw["required"].values()) <= {"", *STAGES}, name
    within = raw["confirm_within"]
    return ManifestProfile(
        id=name,
        name=raw["name"],
        title=raw["title"],
        domain=raw["domain"],
        categories=tuple(raw["categories"]),
        codes=tuple(raw["codes"]),
        series=raw["series"],
        from_stock=raw["source"] == "stock",
        signs={event: tuple(slots) for event, slots in raw["signs"].items()},
        witnesses=tuple(
            Witness(slot, rule["required_before"], rule["when"], rule["party"], rule.get("unless", ""))
            for slot, rule in raw["witnesses"].items()
        ),
        required=raw["required"],
        blocks=frozenset(raw["blocks"]),
        packages=raw["packages"],
        most_wastes=raw["most_wastes"],
        is_round=raw["round"],
        confirm_within=(within["value"], within["unit"], within["clause"]),
        tolerance_ppm=raw["tolerance_ppm"],
        tolerance_least_g=raw["tolerance_least_g"],
        note=raw["note"],
        confidence=raw["confidence"],
    )


@cache
def fields() -> tuple[Field, ...]:
    """The table of fields, in the order of the paper."""
    return tuple(
        Field(
            row["pointer"],
            row["label"],
            int(row["part"]),
            row["type"],
            row["filled_by"],
            row["required_from"],
            row["sealed_from"],
            row["copied"] == "yes",
            row["measured"] == "yes",
            row["help"],
        )
        for row in read_table("manifests/fields.csv")
    )


@cache
def fields_of(profile: str) -> tuple[Field, ...]:
    """The fields of a profile, with the stage from which it requires each."""
    chosen = manifest_profiles()[profile]
    return tuple(
        Field(
            f.pointer,
            f.label,
            f.part,
            f.type,
            f.filled_by,
            chosen.required.get(f.pointer, f.required_from),
            f.sealed_from,
            f.is_copied,
            f.is_measured,
            f.help,
        )
        for f in fields()
    )


@cache
def choices(name: str) -> Mapping[str, str]:
    """Code -> Chinese word of a list of choices (``forms``, ``packings`` …)."""
    rows = read_table("manifests/choices.csv")
    return MappingProxyType({row["code"]: row["name"] for row in rows if row["list"] == name})


def profiles_for(code: str) -> list[str]:
    """Ids of the profiles that are for a waste code; empty where the code is not listed."""
    waste = waste_codes().get(code)
    return [p.id for p in manifest_profiles().values() if waste and p.covers(waste)]


def stage_index(stage: str) -> int:
    """The place of a stage in the order of signatures; one that never comes is beyond all."""
    return STAGES.index(stage) if stage in STAGES else len(STAGES)
