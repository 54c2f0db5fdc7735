"""The register of regulations (法规): each clause with the days it is in force, from ``data/regulations``.

Law is dated data: no article, limit or rate of a law stands in a Python file. Invariant: a clause asked for on a day
outside its dates is not found; nothing falls back to an older law silently.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType

from wufei.core.reference import names, read_document


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: ``key`` is ``register/clause``; ``value`` is text as the clause states it, ``None`` for none."""

    key: str
    title: str
    article: str
    says: str
    value: str | None
    unit: str
    valid_from: date
    valid_to: date | None
    confidence: str
    note: str

    def is_in_force(self, day: date) -> bool:
        """Whether the clause applies to what happens on ``day``."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@cache
def clauses() -> Mapping[str, Clause]:
    """All clauses by key."""
    found: dict[str, Clause] = {}
    for name in names("regulations", ".json"):
        raw = read_document(f"regulations/{name}.json")
        assert raw["id"] == name
        for clause in raw["clauses"]:
            key = f"{name}/{clause['id']}"
            assert key not in found, key
            found[key] = Clause(
                key=key,
                title=raw["title"],
                article=clause["article"],
                says=clause["says"],
                value=clause["value"],
                unit=clause["unit"],
                valid_from=date.fromisoformat(clause["valid_from"]),
                valid_to=date.fromisoformat(clause["valid_to"]) if clause["valid_to"] else None,
                confidence=clause["confidence"],
                note=clause.get("note", ""),
            )
    return MappingProxyType(found)


def clause_on(key: str, day: date) -> Clause | None:
    """The clause ``key`` if it is in force on ``day``, else ``None``."""
    clause = clauses()[key]
    return clause if clause.is_in_force(day) else None


def clause_value(key: str, day: date) -> str:
    """The value of a clause that must be in force on ``day``: a rule that rests on it cannot do without."""
    clause = clause_on(key, day)
    assert clause is not None, (key, day)
    assert clause.value is not None, key
    return clause.value
