"""Profiles of the six waste domains (领域): what applies to each, as data. No domain has code of its own.

``data/catalogue/profiles/<domain>.json`` says which categories, buckets, methods, record kinds, departments, limits
(keys of ``data/regulations``), indicators and colour a domain has. Invariant: a category belongs to one domain only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from wufei.core.catalogue import DOMAINS
from wufei.core.reference import read_document


@dataclass(frozen=True, slots=True)
class Profile:
    """What applies to one domain.

    Attributes:
        domain: its English name; ``name`` the Chinese one; ``colour`` of charts, ``#rrggbb``.
        categories: HW…, SW… or ``R``.
        buckets: buckets of the ledger that its accounts may have.
        methods: codes of ``methods.csv`` and ``own_methods.csv`` by which its waste may end.
        record_kinds: kinds of movements (``data/ledger/kinds.csv``).
        lead_departments: fragments of the names of departments that lead.
        limits: clauses as ``register/clause``, see ``core.regulations``.
        indicators: ids of ``data/indicators/indicators.csv``.
        manifest: national (14 digits), local, optional or none.
    """

    domain: str
    name: str
    colour: str
    categories: tuple[str, ...]
    buckets: tuple[str, ...]
    methods: tuple[str, ...]
    record_kinds: tuple[str, ...]
    lead_departments: tuple[str, ...]
    limits: tuple[str, ...]
    indicators: tuple[str, ...]
    manifest: str
    note: str


@cache
def profiles() -> Mapping[str, Profile]:
    """The six profiles by domain, in the order of ``DOMAINS``."""
    return MappingProxyType({domain: _read(domain) for domain in DOMAINS})


def _read(domain: str) -> Profile:
    raw = read_document(f"catalogue/profiles/{domain}.json")
    assert raw["domain"] == domain
    lists = ("categories", "buckets", "methods", "record_kinds", "lead_departments", "limits", "indicators")
    return Profile(
        domain=domain,
        name=raw["name"],
        colour=raw["colour"],
        manifest=raw["manifest"],
        note=raw["note"],
        **{name: tuple(raw[name]) for name in lists},
    )
