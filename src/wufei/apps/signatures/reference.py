"""Slots and limits of signing, from ``data/signatures``."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from wufei.core.reference import read_document, read_table


@dataclass(frozen=True, slots=True)
class Slot:
    """A part that is played on a document: its Chinese word and the roles that may sign there."""

    slot: str
    name: str
    roles: frozenset[str]


@cache
def _slots() -> Mapping[str, Slot]:
    rows = read_table("signatures/slots.csv")
    return {row["slot"]: Slot(row["slot"], row["name"], frozenset(row["roles"].split(";"))) for row in rows}


def base_of(slot: str) -> str:
    """``carrier`` of ``carrier:2``."""
    return slot.partition(":")[0]


def slot_of(slot: str) -> Slot:
    """The entry of a slot; that of ``*`` where it has none."""
    found = _slots()
    return found.get(base_of(slot), found["*"])


def named_slots() -> tuple[Slot, ...]:
    """The slots that have a name of their own."""
    return tuple(slot for key, slot in _slots().items() if key != "*")


def slot_name(slot: str) -> str:
    """The Chinese word of a slot: 承运人 2."""
    number = slot.partition(":")[2]
    return f"{slot_of(slot).name} {number}" if number else slot_of(slot).name


@cache
def limits() -> Mapping[str, int]:
    """``limits.json``."""
    found: dict[str, int] = read_document("signatures/limits.json")
    return found
