"""Leave to take waste out of the province (跨省转移): what needs approval or filing, until when, by which deadlines.

Storage and disposal need approval (审批), utilisation of general waste needs filing (备案), hazardous waste needs
approval for all; the rows are dated data in ``data/region_transfer``. Invariant: a leave never outlives the permit of
the receiver nor the months of the measures, and no rate of a compensation stands where no document prints one.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from types import MappingProxyType

from wufei.core.catalogue import methods
from wufei.core.divisions import prefix_of
from wufei.core.reference import read_document, read_table
from wufei.core.regulations import clause_on
from wufei.core.working_days import Calendar, last_day

LEAVES: Mapping[str, str] = MappingProxyType({"approval": "跨省转移批准", "filing": "跨省利用备案"})
PURPOSES: Mapping[str, str] = MappingProxyType({"utilisation": "利用", "disposal": "处置", "storage": "贮存"})


@dataclass(frozen=True, slots=True)
class Leave:
    """What a transfer out of the province needs. ``kind`` is approval or filing; ``sources`` are clauses."""

    domain: str
    purpose: str
    kind: str
    valid_from: date
    valid_to: date | None
    sources: tuple[str, ...]
    confidence: str

    @property
    def name(self) -> str:
        """Its Chinese name."""
        return LEAVES[self.kind]

    def is_in_force(self, day: date) -> bool:
        """Whether the row holds on ``day``."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@cache
def leaves() -> tuple[Leave, ...]:
    """All rows of ``leaves.csv``."""
    return tuple(
        Leave(
            row["domain"],
            row["purpose"],
            row["kind"],
            date.fromisoformat(row["valid_from"]),
            _day(row["valid_to"]),
            tuple(row["sources"].split(";")),
            row["confidence"],
        )
        for row in read_table("region_transfer/leaves.csv")
    )


def purpose_of(method: str) -> str:
    """What is done with the waste, by the method's code: utilisation or disposal; storage where there is none."""
    known = methods().get(method)
    if known is None:
        return "storage"
    return "utilisation" if known.bucket == "utilised" else "disposal"


def needed_leave(domain: str, method: str, day: date) -> Leave | None:
    """What waste of a domain needs on ``day`` to leave the province for ``method``; ``None`` where no row holds."""
    return needed_for(domain, purpose_of(method), day)


def needed_for(domain: str, purpose: str, day: date) -> Leave | None:
    """The same by purpose: utilisation, disposal or storage. A row of the domain goes before one for all."""
    fitting = [
        row for row in leaves() if row.domain in {domain, "*"} and row.purpose == purpose and row.is_in_force(day)
    ]
    return min(fitting, key=lambda row: row.domain == "*", default=None)


def last_valid_day(decided_on: date, asked_until: date | None, permit_until: date | None) -> date:
    """The last day of a leave: twelve months from the decision, never beyond what was asked nor the permit.

    Source: transfer-2021/approval-valid.
    """
    clause = clause_on("transfer-2021/approval-valid", decided_on)
    assert clause is not None, decided_on
    assert clause.value is not None
    longest = _months_later(decided_on, int(clause.value)) - timedelta(days=1)
    return min(day for day in (longest, asked_until, permit_until) if day is not None)


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last: 31 January and one month is 28 February."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an approval. Its time begins the working day after ``after`` happened."""

    step: str
    name: str
    after: str
    clause: str
    by: str  # who does it: sender or receiver, the department in charge at that end
    note: str


@cache
def steps() -> tuple[Step, ...]:
    """The steps with a deadline, in their order."""
    return tuple(Step(**row) for row in read_table("region_transfer/steps.csv"))


def due_dates(happened: Mapping[str, date], calendar: Calendar | None = None) -> dict[str, date]:
    """By when each step is due, for the steps whose beginning (``applied``, ``accepted``, another step) happened."""
    found: dict[str, date] = {}
    for row in steps():
        begun = happened.get(row.after)
        clause = clause_on(row.clause, begun) if begun else None
        if begun and clause and clause.value:
            found[row.step] = last_day(begun, int(clause.value), clause.unit, calendar or Calendar())
    return found


@dataclass(frozen=True, slots=True)
class Compensation:
    """A place's rule for waste disposed of elsewhere (生态补偿); ``yuan_per_t`` is ``None`` while not set."""

    place: str
    name: str
    crosses: str
    domains: frozenset[str]
    yuan_per_t: Decimal | None
    valid_from: date
    valid_to: date | None
    confidence: str
    source: str


@cache
def compensations() -> tuple[Compensation, ...]:
    """The rules of ``compensation.json``."""
    return tuple(
        Compensation(
            raw["place"],
            raw["name"],
            raw["crosses"],
            frozenset(raw["domains"]),
            Decimal(raw["yuan_per_t"]) if raw["yuan_per_t"] is not None else None,
            date.fromisoformat(raw["valid_from"]),
            _day(raw["valid_to"]),
            raw["confidence"],
            raw["source"],
        )
        for raw in read_document("region_transfer/compensation.json")["rules"]
    )


def compensation_rule(sender: str, receiver: str, domain: str, day: date) -> Compensation | None:
    """The rule under which waste of ``domain`` goes from one division to another; ``None`` where none applies.

    It applies to what leaves one county for another while the sender's county lies in the rule's place.
    """
    from_county, to_county = sender[:6], receiver[:6]
    for rule in compensations():
        in_force = rule.valid_from <= day and (rule.valid_to is None or day <= rule.valid_to)
        if in_force and from_county.startswith(prefix_of(rule.place)) and from_county != to_county:
            return rule if domain in rule.domains else None
    return None


def compensation_due(rule: Compensation, mass_g: int, yuan_per_t: Decimal | None = None) -> Decimal | None:
    """The yuan due, to the fen, half up; ``None`` while neither the rule nor the place states a rate."""
    rate = rule.yuan_per_t if yuan_per_t is None else yuan_per_t
    if rate is None:
        return None
    return (rate * mass_g / 1_000_000).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


# --- Where the other end lies --------------------------------------------------------------------------------------


@cache
def _places() -> tuple[tuple[str, str], ...]:
    """(name, code) of the divisions that the package knows, down to counties; longest names first."""
    rows = [(row["name"], row["code"]) for row in read_table("registry/divisions.csv") if int(row["level"]) <= 3]
    return tuple(sorted(rows, key=lambda row: (-len(row[0]), row[1])))


@cache
def _provinces() -> Mapping[str, str]:
    return MappingProxyType({row["name"]: row["prefix"] for row in read_table("region_transfer/provinces.csv")})


def division_of(text: str) -> str:
    """The six digits of the place that a text (省、市、县, or a code in front) names; empty where it is not known.

    A place of which only the province is known is that province: 安徽省宣城市广德市 is 340000.
    """
    text = "".join(text.split())
    if len(text) >= 6 and text[:6].isdecimal():
        return text[:6]
    for name, prefix in _provinces().items():
        if not text.startswith(name[:2]):
            continue
        rest = text.removeprefix(name)
        inside = [code for place, code in _places() if code.startswith(prefix) and rest.endswith(place)]
        return inside[0] if inside else f"{prefix}0000"
    known = {code for place, code in _places() if text and text.endswith(place)}
    return known.pop() if len(known) == 1 else ""


def is_other_province(one: str, other: str) -> bool:
    """Whether two division codes lie in different provinces."""
    return one[:2] != other[:2]
