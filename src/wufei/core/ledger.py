"""The double-entry mass ledger of all waste (产废一本账), as values and rules.

A movement takes ``mass_g`` from one account and gives it to another, so the books always balance: the sum over all
accounts is 0 at every moment. Only boundary accounts (where mass enters or leaves what can be held) go below zero.

A batch counts as one moment: what matters is the balance *after* it. So a file may list its lines in any order, and
clocks of scales may differ by minutes. When an account ends below zero, the batch is replayed in the order of
``occurred_at`` (then of lines), and each line that takes more than the account then holds is named.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")  # no summer time since 1992; ledger days are local days
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Bucket(StrEnum):
    """Where mass is, within one holder and one waste code."""

    GENERATED = "generated"  # 产生: source, goes negative
    STORED = "stored"  # 贮存
    IN_TRANSIT = "in_transit"  # 运输中
    UTILISED = "utilised"  # 利用
    DISPOSED = "disposed"  # 处置
    DUMPED = "dumped"  # 倾倒丢弃
    OUTSIDE = "outside"  # 区域外
    UNEXPLAINED = "unexplained"  # 差异


HELD = frozenset({Bucket.STORED, Bucket.IN_TRANSIT})
BOUNDARY = frozenset(Bucket) - HELD
WITH_METHOD = frozenset({Bucket.UTILISED, Bucket.DISPOSED})


@dataclass(frozen=True, slots=True)
class Account:
    """Holder × waste code × bucket (× method of treatment).

    Attributes:
        holder: ``site:<code>``, ``vehicle:<plate>`` or ``boundary:<division>``.
        method: a code of the treatment methods; only for ``utilised`` and ``disposed``, else empty.
    """

    holder: str
    waste_code: str
    bucket: Bucket
    method: str = ""

    def __post_init__(self) -> None:
        assert not self.method or self.bucket in WITH_METHOD, self


@dataclass(frozen=True, slots=True)
class Movement:
    """One amount moved from one account to another (记账一笔).

    Attributes:
        mass_g: grams, > 0.
        occurred_at: the instant claimed by who hands it in; aware.
        document: what stands behind it: ``manifest:…``, ``declaration:…``, ``weighing:…``.
        key: idempotency key, unique in the ledger; the same key with the same content is booked once.
        count: boxes, heads, lamps …; ``None`` when not counted.
        basis: how the mass was known: weighed, converted, estimated, declared; ``basis_ref`` names scale or factor.
        uncertainty_ppm: relative standard uncertainty of the mass, parts per million; ``None`` when not stated.
        reverses: key of the movement that this one undoes: equal mass, accounts swapped, once.
        reason: why it comes late, when its day lies in a closed period.
    """

    source: Account
    target: Account
    mass_g: int
    occurred_at: datetime
    kind: str
    document: str
    key: str
    count: int | None = None
    package: str = ""
    basis: str = "weighed"
    basis_ref: str = ""
    uncertainty_ppm: int | None = None
    reverses: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        # Programming errors, not user input: whoever reads a file has checked both before we get here.
        assert self.mass_g > 0, self
        assert self.source.waste_code == self.target.waste_code, self
        assert self.source != self.target, self


@dataclass(frozen=True, slots=True)
class Holder:
    """Who can hold accounts: a site, a vehicle or a boundary, with where and what it is."""

    key: str
    division: str
    category: str
    name: str
    is_simulated: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch.

    Attributes:
        batch: number of the batch; ``None`` when every movement had been booked before.
        booked: movements booked by this call.
        already: movements that had been booked before under the same key with the same content.
        late: of the booked ones, those whose day lay in a closed period and moved to the open one.
        mass_g: sum of the booked masses.
        division: the smallest division that holds everyone whom the booked movements touch; empty where none does.
    """

    batch: int | None
    booked: int
    already: int
    late: int
    mass_g: int
    division: str = ""


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """The balance identity of one waste code in one region and period, in grams.

    opening + generated + received = utilised + disposed + dumped + sent + closing + unexplained + residual;
    ``unexplained_g`` is > 0 for mass that went missing, < 0 for mass that was found. ``residual_g`` is 0.
    """

    waste_code: str
    name: str
    domain: str
    opening_g: int
    generated_g: int
    received_g: int
    utilised_g: int
    disposed_g: int
    dumped_g: int
    sent_g: int
    closing_g: int
    unexplained_g: int

    @property
    def residual_g(self) -> int:
        """What the identity leaves over; anything but 0 is a fault of the books."""
        income = self.opening_g + self.generated_g + self.received_g
        outcome = self.utilised_g + self.disposed_g + self.dumped_g + self.sent_g + self.closing_g
        return income - outcome - self.unexplained_g


@dataclass(frozen=True, slots=True)
class MassBalance:
    """The balance identity of a region and year, a line per waste code."""

    place: str
    year: int
    domain: str | None
    is_simulated: bool
    codes: tuple[BalanceLine, ...]
    total: BalanceLine


@dataclass(frozen=True, slots=True)
class FlowRow:
    """What moved in a period between two kinds of accounts, summed from the daily flows.

    ``month`` is 0 where the rows are not split by month, else ``YYYYMM``. ``movements`` counts movements.
    """

    waste_code: str
    domain: str
    source_bucket: Bucket
    target_bucket: Bucket
    source_category: str
    target_category: str
    source_division: str
    target_division: str
    method: str
    kind: str
    mass_g: int
    count: int
    movements: int
    month: int = 0


Balances = Mapping[Account, int]  # grams held; an absent account holds 0


def local_day(at: datetime) -> date:
    """The ledger day of an instant: the calendar day in Asia/Shanghai."""
    return at.astimezone(SHANGHAI).date()


def fold(movements: Iterable[Movement]) -> dict[Account, int]:
    """Net change per account of a batch, in grams; the values sum to 0."""
    net: dict[Account, int] = {}
    for m in movements:
        net[m.source] = net.get(m.source, 0) - m.mass_g
        net[m.target] = net.get(m.target, 0) + m.mass_g
    return net


def overdrawn(balances: Balances, movements: Sequence[Movement]) -> list[int]:
    """Indexes of the movements that take more than is there, when the batch leaves an account below zero."""
    net = fold(movements)
    short = {a for a, change in net.items() if a.bucket in HELD and balances.get(a, 0) + change < 0}
    if not short:
        return []
    held = {account: balances.get(account, 0) for account in short}
    offending = []
    for i in sorted(range(len(movements)), key=lambda i: movements[i].occurred_at):
        m = movements[i]
        if m.source in short and held[m.source] < m.mass_g:
            offending.append(i)
            continue
        if m.source in short:
            held[m.source] -= m.mass_g
        if m.target in short:
            held[m.target] += m.mass_g
    return sorted(offending)


class Overdrawn(ValueError):
    """A batch would leave a real holder below zero; ``lines`` are the indexes of the movements that take too much."""

    def __init__(self, lines: list[int]) -> None:
        super().__init__(f"Movements {lines} take more than their accounts hold. Book what came in first.")
        self.lines = lines


def post(balances: Balances, movements: Sequence[Movement]) -> dict[Account, int]:
    """Return new balances with the batch applied; ``balances`` is left as it was.

    Raises:
        Overdrawn: an account that can hold mass would end below zero.
    """
    lines = overdrawn(balances, movements)
    if lines:
        raise Overdrawn(lines)
    after = dict(balances)
    for account, change in fold(movements).items():
        after[account] = after.get(account, 0) + change
    return after
