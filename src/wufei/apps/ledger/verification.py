"""Walks the whole ledger and says what does not hold (核验): digests, chains, heads, balances, flows, checkpoints.

Invariant: whoever changes, adds or drops a row of the ledger without the signing key leaves at least one problem.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError
from django.db.models import Sum

from wufei.apps.ledger.engines.base import MEMBERS_BITS, MOVEMENT_COLUMNS
from wufei.apps.ledger.models import BatchRecord
from wufei.apps.ledger.posting import pack_members
from wufei.apps.ledger.stream import snapshot, stream, tolerant_text
from wufei.apps.ledger.witnesses import check_holders, compare_facts
from wufei.core.chain import (
    NO_CHECKPOINT,
    Checkpoint,
    batch_tail,
    digest_rows,
    first_head,
    is_signed,
    leaf,
    link_digest,
    merkle_root,
    next_head,
)
from wufei.core.ledger import HELD

_REMEDY = "请停止入账，另存现在的数据库备查，再用备份核对并恢复这一处。"
_PLACE = (1 << MEMBERS_BITS) - 1
_MOST = 100  # problems told; the walk goes on to count movements, not to list every consequence of one break


@dataclass(slots=True)
class Verdict:
    """What the walk found. ``problems`` are Chinese sentences, the first broken movement first."""

    movements: int = 0
    holders: int = 0
    checkpoints: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    @property
    def first(self) -> str:
        """The first problem, with what to do."""
        return self.problems[0] if "请" in self.problems[0] else self.problems[0] + _REMEDY


@dataclass(slots=True)
class _Holder:
    key: str
    stored_head: bytes | None
    stored_links: int
    head: bytes
    links: int = 0


@dataclass(slots=True)
class _Walk:
    verdict: Verdict
    holders: dict[int, _Holder]
    names: dict[int, str]
    owner: dict[int, int]
    balance: dict[int, int]
    held: set[int]
    flows: dict[tuple[Any, ...], tuple[int, int, int]] = field(default_factory=dict)

    def problem(self, text: str) -> None:
        if len(self.verdict.problems) < _MOST:
            self.verdict.problems.append(text)


def verify(*, public_key: bytes | None = None, progress: Callable[[int], None] = lambda walked: None) -> Verdict:
    """Check everything that is stored.

    Args:
        public_key: the key that must have signed the checkpoints; ``None`` takes the one stored with the first.
        progress: told how many movements have been walked.
    """
    verdict = Verdict()
    try:
        with tolerant_text(), snapshot():
            _walk_all(verdict, public_key, progress)
    except DatabaseError as error:
        verdict.problems.append(f"读到第 {verdict.movements + 1} 笔时，数据库文件已损坏：{error}。请用备份恢复。")
    except (TypeError, ValueError, AttributeError) as error:  # a column of another type than any engine writes
        verdict.problems.append(f"读过 {verdict.movements} 笔之后，有字段的类型被更改：{error}。")
    return verdict


def number_of_movements() -> int:
    """How many movements the batches say there are: what a walk will pass."""
    return int(BatchRecord.objects.aggregate(total=Sum("movements"))["total"] or 0)


def _walk_all(verdict: Verdict, public_key: bytes | None, progress: Callable[[int], None]) -> None:
    walk = _start(verdict)
    checkpoints = list(stream("SELECT * FROM ledger_checkpoint ORDER BY id"))
    batches = _batches()
    _walk_batches(walk, batches, _Seals(checkpoints, public_key), progress)
    _compare_sums(walk)
    compare_facts(walk.problem, {batch[0] for batch in batches}, {row[0] for row in checkpoints})
    verdict.holders = sum(1 for holder in walk.holders.values() if holder.links)
    verdict.checkpoints = len(checkpoints)


def _start(verdict: Verdict) -> _Walk:
    """Read holders and accounts; an account's name must say what its columns say, for the digests cover the name."""
    holders = {
        number: _Holder(key, head, links, first_head(key))
        for number, key, head, links in stream("SELECT id, key, head, links FROM ledger_holder ORDER BY id")
    }
    walk = _Walk(verdict, holders, {}, {}, {}, set())
    check_holders(walk.problem)
    sql = "SELECT id, holder_id, waste_code, bucket, method, name, balance_g FROM ledger_account ORDER BY id"
    for number, holder, code, bucket, method, name, balance_g in stream(sql):
        key = holders[holder].key if holder in holders else "?"
        if f"{key}|{code}|{bucket}|{method}" != name:
            walk.problem(f"账户 {number} 的字段与其名称“{name}”不符。")
        if bucket in HELD and balance_g < 0:
            walk.problem(f"账户“{name}”的余额为负（{balance_g} 克）。")
        if bucket in HELD:
            walk.held.add(number)
        walk.names[number], walk.owner[number], walk.balance[number] = name, holder, balance_g
    return walk


@dataclass(slots=True)
class _Seals:
    """The checkpoints, checked one by one as the walk passes the batch they stand at."""

    rows: list[tuple[Any, ...]]
    public_key: bytes | None
    previous: bytes = NO_CHECKPOINT
    passed: int = 0

    def check_before(self, batch: int, walk: _Walk) -> None:
        """Check the checkpoints that stand before a batch."""
        while self.passed < len(self.rows) and self.rows[self.passed][2] < batch:
            self._check(self.rows[self.passed], walk)
            self.passed += 1

    def _check(self, row: tuple[Any, ...], walk: _Walk) -> None:
        number, at, upto, holders, root, previous, signature, public_key = row
        stated = Checkpoint(number, at, upto, holders, root, previous)
        heads = sorted((h.key, h.links, h.head) for h in walk.holders.values() if h.links)
        expected_key = self.public_key if self.public_key is not None else public_key
        self.public_key = expected_key
        if number != self.passed + 1 or previous != self.previous:
            walk.problem(f"检查点 {number} 与前一个检查点不衔接（有检查点被删除或更改）。")
        if public_key != expected_key or not is_signed(stated, signature, expected_key):
            walk.problem(f"检查点 {number} 的签名不成立。")
        if holders != len(heads) or root != merkle_root([leaf(*head) for head in heads]):
            walk.problem(f"检查点 {number} 签名的总账根与批次 {upto} 之前的记录不符。")
        self.previous = stated.digest(signature)


def _walk_batches(
    walk: _Walk, batches: list[tuple[Any, ...]], seals: _Seals, progress: Callable[[int], None]
) -> None:
    movements = _Groups(f"SELECT {MOVEMENT_COLUMNS} FROM ledger_movement ORDER BY id", MEMBERS_BITS)  # noqa: S608
    links = _Groups("SELECT batch_id, holder_id, seq, digest, head, members FROM ledger_link ORDER BY 1, 2", 0)
    for number, recorded_us, actor, size in batches:
        seals.check_before(number, walk)
        for stray, rows in (*movements.before(number), *links.before(number)):
            walk.problem(f"批次 {stray} 没有登记，却有 {len(rows)} 行记录（{_shown(rows[0])}）。")
        rows, stored_links = movements.take(number), links.take(number)
        _check_batch(walk, number, size, rows, stored_links, batch_tail(recorded_us, actor))
        walk.verdict.movements += len(rows)
        progress(walk.verdict.movements)
    for stray, rows in (*movements.before(None), *links.before(None)):
        walk.problem(f"批次 {stray} 没有登记，却有 {len(rows)} 行记录（{_shown(rows[0])}）。")
    seals.check_before(1 << 62, walk)


def _batches() -> list[tuple[Any, ...]]:
    return list(stream("SELECT id, recorded_us, actor, movements FROM ledger_batch ORDER BY id"))


class _Groups:
    """A sorted stream of rows, handed out batch by batch."""

    def __init__(self, sql: str, bits: int) -> None:
        self._stream, self._bits = stream(sql), bits
        self._next: tuple[Any, ...] | None = next(self._stream, None)

    def _batch_of(self, row: tuple[Any, ...]) -> int:
        number: int = row[0] >> self._bits
        return number

    def take(self, batch: int) -> list[tuple[Any, ...]]:
        """The rows of a batch."""
        rows = []
        row, limit = self._next, (batch + 1) << self._bits
        while row is not None and row[0] < limit:
            rows.append(row)
            row = next(self._stream, None)
        self._next = row
        return rows

    def before(self, batch: int | None) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
        """The groups that stand before a batch (``None``: all that are left)."""
        while self._next is not None and (batch is None or self._batch_of(self._next) < batch):
            stray = self._batch_of(self._next)
            yield stray, self.take(stray)


def _shown(row: tuple[Any, ...]) -> str:
    """A movement as the verdict names it: its number and its key."""
    return f"第 {row[0]} 号，编号“{row[8]}”" if len(row) > 10 else f"持有者 {row[1]} 的链"


def _check_batch(
    walk: _Walk,
    number: int,
    size: int,
    rows: list[tuple[Any, ...]],
    stored_links: list[tuple[Any, ...]],
    tail: str,
) -> None:
    if size < 1:
        walk.problem(f"批次 {number} 没有任何记录，入账时不会有这样的批次。")
    first = number << MEMBERS_BITS
    places = [row[0] - first for row in rows]
    if places != list(range(size)):
        _tell_gap(walk, number, size, rows, places)
    digests = _digests(walk, rows, tail)
    members: dict[int, list[int]] = defaultdict(list)
    owner, flows, none = walk.owner, walk.flows, (0, 0, 0)
    for i, (row, digest) in enumerate(zip(rows, digests, strict=True)):
        _, source_id, target_id, mass_g, _, day, kind, _, _, counted, _, _, _, _, _, _, stored = row
        source, target = owner.get(source_id, 0), owner.get(target_id, 0)
        members[source].append(i)
        if source != target:
            members[target].append(i)
        if stored != digest:
            walk.problem(f"记录与其摘要不符：{_shown(row)}。")
            continue
        flow = (day, source_id, target_id, kind)
        sums = flows.get(flow, none)
        flows[flow] = (sums[0] + mass_g, sums[1] + (counted or 0), sums[2] + 1)
    _check_links(walk, number, rows, digests, members, {link[1]: link for link in stored_links})


def _tell_gap(walk: _Walk, number: int, size: int, rows: list[tuple[Any, ...]], places: list[int]) -> None:
    missing = next((place for place in range(size) if place not in set(places)), None)
    if missing is not None:
        walk.problem(f"缺少第 {(number << MEMBERS_BITS) + missing} 号记录（批次 {number} 的第 {missing + 1} 笔）。")
    else:
        extra = next(row for row, place in zip(rows, places, strict=True) if place >= size)
        walk.problem(f"多出记录：{_shown(extra)}（批次 {number} 只有 {size} 笔）。")


def _digests(walk: _Walk, rows: list[tuple[Any, ...]], tail: str) -> list[bytes]:
    try:
        return digest_rows((row[:16] for row in rows), walk.names, tail)
    except KeyError:  # an account number that does not exist: name it as such, so that the digest cannot fit
        names = {n: walk.names.get(n, f"?{n}") for row in rows for n in row[1:3]}
        return digest_rows((row[:16] for row in rows), names, tail)


def _check_links(
    walk: _Walk,
    number: int,
    rows: list[tuple[Any, ...]],
    digests: list[bytes],
    members: dict[int, list[int]],
    stored: dict[int, tuple[Any, ...]],
) -> None:
    for holder_id, chosen in members.items():
        holder = walk.holders.get(holder_id)
        if holder is None:
            walk.problem(f"记录的账户不存在：{_shown(rows[chosen[0]])}。")
            continue
        digest = link_digest([digests[i] for i in chosen])
        holder.head, holder.links = next_head(holder.head, digest), holder.links + 1
        places = pack_members([rows[i][0] & _PLACE for i in chosen])
        link = stored.pop(holder_id, None)
        if link != (number, holder_id, holder.links, digest, holder.head, places):
            whole = f"{_shown(rows[chosen[0]])}" + (f"等 {len(chosen)} 笔" if len(chosen) > 1 else "")
            walk.problem(f"“{holder.key}”的链在批次 {number} 断开：{whole}。")
            if link is not None:  # go on from what is stored, or each later link would be told as broken too
                holder.head, holder.links = link[4], link[2]
    for holder_id in stored:
        walk.problem(f"批次 {number} 多出持有者 {holder_id} 的链节。")


def _compare_sums(walk: _Walk) -> None:
    """Heads, daily flows and balances must be what the movements sum to."""
    for holder in walk.holders.values():
        head = holder.head if holder.links else None
        if (holder.stored_head, holder.stored_links) != (head, holder.links):
            walk.problem(f"“{holder.key}”的链尾与其记录不符（有记录被删除或更改）。")
    balance: dict[int, int] = defaultdict(int)
    years: dict[tuple[int, int], int] = defaultdict(int)
    for (day, source, target, _), (mass_g, _, _) in walk.flows.items():
        balance[source] -= mass_g
        balance[target] += mass_g
        years[day // 10_000, source] -= mass_g
        years[day // 10_000, target] += mass_g
    for year, account, change_g in stream(
        "SELECT year, account_id, change_g FROM ledger_year_change ORDER BY year, account_id"
    ):
        if account not in walk.held or years.pop((year, account), None) != change_g:
            walk.problem(f"账户“{walk.names.get(account, account)}”{year} 年的变动 {change_g} 克不等于其记录之和。")
    for (year, account), change_g in years.items():
        if account in walk.held and change_g:
            walk.problem(f"缺少账户“{walk.names[account]}”{year} 年的变动（{change_g} 克）。")
    for account, held_g in walk.balance.items():
        if account not in balance:
            walk.problem(f"账户“{walk.names[account]}”没有任何记录，入账时不会有这样的账户。")
        if balance.pop(account, 0) != held_g:
            walk.problem(f"账户“{walk.names[account]}”的余额 {held_g} 克不等于其记录之和。")
    for day, source, target, kind, *sums in stream(
        "SELECT day, source_id, target_id, kind, mass_g, count, movements FROM ledger_flow "
        "ORDER BY day, source_id, target_id, kind"
    ):
        if walk.flows.pop((day, source, target, kind), None) != tuple(sums):
            names = (walk.names.get(source, source), walk.names.get(target, target))
            walk.problem(f"{day} 从“{names[0]}”到“{names[1]}”的日流量（{kind}）不等于其记录之和。")
    for day, source, target, kind in walk.flows:
        names = (walk.names.get(source, source), walk.names.get(target, target))
        walk.problem(f"缺少 {day} 从“{names[0]}”到“{names[1]}”的日流量（{kind}）。")
    if sum(walk.balance.values()):
        walk.problem(f"全部账户余额之和为 {sum(walk.balance.values())} 克，应为 0。")
