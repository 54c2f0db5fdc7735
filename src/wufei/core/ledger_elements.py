"""Data elements that the ledger answers (由台账推算的数据元): sums over its flows, one definition an element.

The definitions are ``data/indicators/ledger_elements.json``. Invariants: a sum is exact; a reversal takes back what
it reverses; and where the ledger holds nothing of a kind of waste the element is unknown, which is not 0.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

from wufei.core.divisions import prefix_of
from wufei.core.ledger import Bucket, FlowRow
from wufei.core.reference import read_document

GRAMS_PER_TONNE = 1_000_000


class Measure(StrEnum):
    """What is summed: tonnes, the counts of movements (heads), or the holders that gave."""

    MASS = "mass"
    COUNT = "count"
    HOLDERS = "holders"


@dataclass(frozen=True, slots=True)
class Giver:
    """A holder that moved a waste from one of its accounts in a period, and into what kind of account."""

    holder: str
    category: str
    waste_code: str
    domain: str
    source_bucket: Bucket
    target_bucket: Bucket


@dataclass(frozen=True, slots=True)
class Filter:
    """Which flows count. An empty set admits everything.

    Attributes:
        groups: what a waste code ends with after its last hyphen: ``S64``, ``S07``, ``01`` (HW01).
        kinds: only where the buckets do not tell (from stock); a reversal cannot be told by these.
    """

    domains: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    not_codes: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    not_groups: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    source_buckets: frozenset[str] = frozenset()
    target_buckets: frozenset[str] = frozenset()
    source_categories: frozenset[str] = frozenset()
    target_categories: frozenset[str] = frozenset()

    def admits_waste(self, code: str, domain: str) -> bool:
        """Whether the waste itself is meant."""
        group = code.rsplit("-", 1)[-1]
        return (
            _in(domain, self.domains)
            and _in(code, self.codes)
            and _in(group, self.groups)
            and code not in self.not_codes
            and group not in self.not_groups
        )

    def admits(self, row: FlowRow, *, reversed_: bool) -> bool:
        """Whether the row counts; for a reversal (``reversed_``) with its ends exchanged."""
        ends = [(row.source_bucket, row.source_category), (row.target_bucket, row.target_category)]
        if reversed_:
            ends.reverse()
        (gives, giver), (takes, taker) = ends
        return (
            self.admits_waste(row.waste_code, row.domain)
            and _in(row.kind, self.kinds)
            and _in(gives, self.source_buckets)
            and _in(takes, self.target_buckets)
            and _in(giver, self.source_categories)
            and _in(taker, self.target_categories)
        )

    def admits_giver(self, giver: Giver) -> bool:
        """Whether the holder counts."""
        return (
            self.admits_waste(giver.waste_code, giver.domain)
            and _in(giver.source_bucket, self.source_buckets)
            and _in(giver.target_bucket, self.target_buckets)
            and _in(giver.category, self.source_categories)
        )


def _in(value: str, allowed: frozenset[str]) -> bool:
    return not allowed or value in allowed


@dataclass(frozen=True, slots=True)
class LedgerElement:
    """How one element (and scope) is read from the ledger: the sum of ``terms``, each with its sign.

    ``known_if``: a flow that must be there, in whatever direction, for the ledger to know the element at all.
    """

    element: str
    scope: str
    measure: Measure
    terms: tuple[tuple[int, Filter], ...]
    known_if: Filter
    note: str


@cache
def ledger_elements() -> tuple[LedgerElement, ...]:
    """All definitions, in the order of the file."""
    return tuple(_element(row) for row in read_document("indicators/ledger_elements.json")["elements"])


def _element(row: Mapping[str, Any]) -> LedgerElement:
    terms = tuple((term.get("sign", 1), _filter(term)) for term in row["terms"])
    first = terms[0][1]
    waste = Filter(first.domains, first.codes, first.not_codes, first.groups, first.not_groups)
    return LedgerElement(
        element=row["element"],
        scope=row.get("scope", ""),
        measure=Measure(row.get("measure", "mass")),
        terms=terms,
        known_if=_filter(row["known_if"]) if "known_if" in row else waste,
        note=row.get("note", ""),
    )


def _filter(row: Mapping[str, Any]) -> Filter:
    known = {field.name for field in fields(Filter)}
    assert set(row) <= known | {"sign"}, row
    assert set(row.get("source_buckets", ())) | set(row.get("target_buckets", ())) <= set(Bucket), row
    return Filter(**{name: frozenset(values) for name, values in row.items() if name in known})


@cache
def giver_categories() -> frozenset[str]:
    """The categories of the holders that some element counts; each such element names them."""
    terms = [term for element in ledger_elements() if element.measure == Measure.HOLDERS for _, term in element.terms]
    assert all(term.source_categories for term in terms), terms
    return frozenset[str]().union(*(term.source_categories for term in terms))


def folded(division: str, flows: Iterable[FlowRow]) -> list[FlowRow]:
    """The flows that count for a region, summed over all that no filter looks at: fewer rows, the same measures."""
    prefix = prefix_of(division)
    sums: dict[tuple[str, str, Bucket, Bucket, str, str, str], list[int]] = {}
    for row in flows:
        if _home(row).startswith(prefix):
            ends = (row.source_bucket, row.target_bucket, row.source_category, row.target_category)
            total = sums.setdefault((row.waste_code, row.domain, *ends, row.kind), [0, 0, 0])
            for at, amount in enumerate((row.mass_g, row.count, row.movements)):
                total[at] += amount
    return [FlowRow(*key[:6], division, division, "", key[6], *total) for key, total in sums.items()]


def by_waste(flows: Iterable[FlowRow]) -> dict[tuple[str, str], list[FlowRow]]:
    """Flows by waste code and domain, so that an element looks only at those of its own wastes."""
    found: dict[tuple[str, str], list[FlowRow]] = {}
    for row in flows:
        found.setdefault((row.waste_code, row.domain), []).append(row)
    return found


def about(element: LedgerElement, flows: Mapping[tuple[str, str], list[FlowRow]]) -> list[FlowRow]:
    """Of flows ``by_waste`` those that can count for an element, or tell that it is known."""
    filters = (element.known_if, *(term for _, term in element.terms))
    wastes = [waste for waste in flows if any(one.admits_waste(*waste) for one in filters)]
    return [row for waste in wastes for row in flows[waste]]


def measured(
    element: LedgerElement, division: str, flows: Iterable[FlowRow], givers: Iterable[Giver] = ()
) -> Decimal | None:
    """What the ledger says of the element: tonnes or a count, exact; ``None`` where it knows nothing of it.

    A flow counts for the region of its giver (for a reversal: of the one who takes back).
    """
    prefix = prefix_of(division)
    rows = [row for row in flows if _home(row).startswith(prefix)]
    if not any(element.known_if.admits(row, reversed_=False) for row in rows):
        return None
    if element.measure == Measure.HOLDERS:
        gave = list(givers)
        return Decimal(len({g.holder for g in gave for _, term in element.terms if term.admits_giver(g)}))
    total = 0
    for row in rows:
        is_reversal = row.kind == "reverse"
        amount = row.mass_g if element.measure == Measure.MASS else row.count
        for sign, term in element.terms:
            if term.admits(row, reversed_=is_reversal):
                total += -sign * amount if is_reversal else sign * amount
    return Decimal(total) / GRAMS_PER_TONNE if element.measure == Measure.MASS else Decimal(total)


def _home(row: FlowRow) -> str:
    return row.target_division if row.kind == "reverse" else row.source_division
