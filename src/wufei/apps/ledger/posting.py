"""Books a batch: asks the core what is wrong, reads what the books hold, and hands the rows to the engine.

Invariant: inside the caller's transaction either every row of the batch is written (movements, links, heads,
balances, daily flows) or none.
"""

from array import array
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.db import IntegrityError, transaction

from wufei.apps.ledger.engines import engine
from wufei.apps.ledger.engines.base import MEMBERS_BITS, Engine, HolderRow, Written
from wufei.apps.ledger.holders import holders_of_registry, register_holders
from wufei.apps.ledger.models import HolderRecord
from wufei.apps.ledger.reference import is_known, is_method
from wufei.core.chain import batch_tail, digest_rows, first_head, link_digest, next_head
from wufei.core.divisions import common_division
from wufei.core.findings import Finding, Refused
from wufei.core.ledger import Receipt
from wufei.core.ledger_rules import (
    CONTROL,
    Batch,
    account_name,
    check,
    day_date,
    days_of,
    fold_flows,
    net_changes,
    next_day,
    overdrawn_findings,
    overflowing_findings,
    year_changes,
)

PART = 2_000  # movements that are hashed and handed over together


def book(batch: Batch, *, actor: str, recorded_us: int) -> Receipt:
    """Book a batch inside an open transaction; raises ``Refused`` with all findings and leaves nothing behind."""
    assert len(batch) < 1 << MEMBERS_BITS, "Book so many movements in several batches."
    if not len(batch):
        return Receipt(None, 0, 0, 0, 0)
    findings = check(batch, now_us=recorded_us)
    books = engine()
    holders = _lock_holders(books, _holder_keys(batch))
    findings += _unknown(batch, holders)
    if findings:
        raise Refused(_in_order(findings))
    try:
        with transaction.atomic():
            return _book_new(books, batch, holders, actor=actor, recorded_us=recorded_us)
    except (IntegrityError, Refused) as error:
        # The usual batch is all new, so keys are not asked for beforehand: the unique index tells, or a balance that
        # the first delivery has used up.
        new, clashes = _compare_with_booked(books, batch)
        already = len(batch) - len(new) - len(clashes)
        if clashes:
            raise Refused(clashes) from None
        if not already and isinstance(error, Refused):
            raise Refused(_in_order(error.findings)) from None
        if not already:
            raise
    if not new:
        return Receipt(None, 0, already, 0, 0)
    with transaction.atomic():
        receipt = _book_new(books, batch.take(new), holders, actor=actor, recorded_us=recorded_us)
    return replace(receipt, already=already)


def _holder_keys(batch: Batch) -> list[str]:
    """The holders that a batch names; a database cannot be asked for one with control characters, which none has."""
    return sorted({account.holder for account in batch.accounts if not CONTROL.search(account.holder)})


def _lock_holders(books: Engine, keys: list[str]) -> dict[str, HolderRow]:
    """The holders by key, locked; those that only the registry knows are entered first."""
    holders = {row.key: row for row in books.lock_holders(keys)}
    fresh = holders_of_registry(key for key in keys if key not in holders)
    if fresh:
        register_holders(fresh)
        holders |= {row.key: row for row in books.lock_holders(sorted(h.key for h in fresh))}
    return holders


def _in_order(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda f: f.line or 0)


def _compare_with_booked(books: Engine, batch: Batch) -> tuple[list[int], list[Finding]]:
    """Indexes of the movements that are not booked yet, and a finding for each key booked with other content."""
    known = {row[8]: row for row in books.booked(batch.key)}
    new, clashes = [], []
    for i, key in enumerate(batch.key):
        row = known.get(key)
        if row is None:
            new.append(i)
        elif batch.content(i) != (*row[1:5], *row[6:8], *row[9:15]):
            clashes.append(
                Finding(
                    batch.line(i),
                    "key",
                    f"编号“{key}”已经入账，但内容与本次不同。",
                    "请换一个编号；要更正已入账的内容，请先冲销再重记。",
                    "key_with_other_content",
                )
            )
    return new, clashes


def _book_new(books: Engine, batch: Batch, holders: dict[str, HolderRow], *, actor: str, recorded_us: int) -> Receipt:
    findings = _wrong_reversals(books, batch)
    ids, held_g = _accounts(books, batch, holders)
    days, late = days_of(batch.occurred_us), 0
    if any(row.closed_through for row in holders.values()):
        late = _move_to_open_period(batch, days, holders)
    flows = fold_flows(batch, days)
    net = net_changes(flows)
    findings += overdrawn_findings(batch, held_g, net) + overflowing_findings(batch, held_g, net)
    if findings:
        raise Refused(findings)
    number = books.next_batch()
    source, target = [ids[i] for i in batch.source], [ids[i] for i in batch.target]
    first = number << MEMBERS_BITS
    columns: tuple[Sequence[Any], ...] = (
        range(first, first + len(batch)),
        source,
        target,
        batch.mass_g,
        batch.occurred_us,
        days,
        batch.kind,
        batch.document,
        batch.key,
        batch.count,
        batch.package,
        batch.basis,
        batch.basis_ref,
        batch.uncertainty_ppm,
        batch.reverses,
        batch.reason,
    )
    names = {ids[i]: account_name(account) for i, account in enumerate(batch.accounts)}
    digests: list[bytes] = []
    books.write_movements(_with_digests(columns, names, batch_tail(recorded_us, actor), digests))
    links = _links(batch, number, digests, holders)
    books.write(
        Written(
            batch=(number, recorded_us, actor, len(batch)),
            links=links,
            heads=[(link[4], link[2], link[1]) for link in links],
            balances=[(change, ids[i]) for i, change in net.items() if change],
            years=[(year, ids[i], change) for (year, i), change in year_changes(batch, flows).items()],
            flows=[(day, ids[s], ids[t], kind, *sums) for (day, s, t, kind), sums in flows.items()],
        )
    )
    division_of = {row.id: row.division for row in holders.values()}
    division = common_division({division_of[link[1]] for link in links})
    return Receipt(number, len(batch), 0, late, sum(batch.mass_g), division)


def _with_digests(
    columns: tuple[Sequence[Any], ...], names: dict[int, str], tail: str, digests: list[bytes]
) -> Iterator[Iterator[tuple[Any, ...]]]:
    """The rows of the movements, part by part; a part's digests join ``digests`` before its rows are handed out."""
    for start in range(0, len(columns[0]), PART):
        part = [column[start : start + PART] for column in columns]
        made = digest_rows(zip(*part, strict=True), names, tail)
        digests += made
        yield zip(*part, made, strict=True)


def unknown_names(batch: Batch) -> list[Finding]:
    """A finding for each line that names a holder or a waste code nobody knows; takes no lock."""
    keys = _holder_keys(batch)
    known: set[str] = set()
    for start in range(0, len(keys), 500):  # SQLite bounds the values of one statement
        part = HolderRecord.objects.filter(key__in=keys[start : start + 500])
        known.update(part.values_list("key", flat=True))
    known.update(holder.key for holder in holders_of_registry(key for key in keys if key not in known))
    return _unknown(batch, known)


def clashes(batch: Batch) -> list[Finding]:
    """A finding for each line whose key is booked with other content; takes no lock."""
    if any(CONTROL.search(key) for key in batch.key):
        return []  # the rules tell; a database cannot even be asked for such a key
    return _compare_with_booked(engine(), batch)[1]


def _unknown(batch: Batch, holders: Container[str]) -> list[Finding]:
    """A finding for each line that names a holder, a waste code or a method nobody knows."""
    strange = {i for i, account in enumerate(batch.accounts) if account.holder not in holders}
    uncoded = {i for i, account in enumerate(batch.accounts) if not is_known(account.waste_code)}
    strange_methods = {i for i, account in enumerate(batch.accounts) if not is_method(account.method)}
    if not strange and not uncoded and not strange_methods:
        return []
    findings = []
    for i, (source, target) in enumerate(zip(batch.source, batch.target, strict=True)):
        for field, end in (("source_holder", source), ("target_holder", target)):
            if end in strange:
                what = f"没有登记“{batch.accounts[end].holder}”。"
                remedy = "请先登记该场所、车辆或边界，或核对编号。"
                findings.append(Finding(batch.line(i), field, what, remedy, "unknown_holder"))
        for end in sorted({source, target} & uncoded)[:1]:
            what = f"废物代码“{batch.accounts[end].waste_code}”不在名录中。"
            remedy = "请核对代码（危险废物形如 900-214-08，其他形如 900-001-S17）。"
            findings.append(Finding(batch.line(i), "waste_code", what, remedy, "unknown_waste_code"))
        for end in sorted({source, target} & strange_methods)[:1]:
            what = f"利用处置方式“{batch.accounts[end].method}”不在名录中。"
            remedy = "请核对方式代码（如 R4、D10），或留空表示没有写明。"
            findings.append(Finding(batch.line(i), "method", what, remedy, "unknown_method"))
    return findings


def _wrong_reversals(books: Engine, batch: Batch) -> list[Finding]:
    """A finding for each reversal that does not undo exactly one booked movement, once."""
    if not any(batch.reverses):
        return []
    asked = [key for key in batch.reverses if key]
    booked: dict[str, tuple[Any, ...]] = {row[8]: (*row[1:4], row[6]) for row in books.booked(asked)}
    inside = {key: i for i, key in enumerate(batch.key)}
    undone = books.reversed_by(asked)
    findings = []

    def wrong(i: int, what: str, remedy: str, code: str) -> None:
        findings.append(Finding(batch.line(i), "reverses", what, remedy, code))

    for i, key in enumerate(batch.reverses):
        if not key:
            continue
        content = batch.content(i)
        original = booked.get(key)
        if original is None and key in inside:
            claimed = batch.content(inside[key])
            original = (claimed[0], claimed[1], claimed[2], claimed[4])
        by = undone.setdefault(key, batch.key[i])
        if original is None:
            wrong(i, f"没有编号为“{key}”的记录可以冲销。", "请核对被冲销编号。", "reversal_of_nothing")
        elif by != batch.key[i]:
            wrong(i, f"“{key}”已被“{by}”冲销过。", "一笔只能冲销一次，请删除本行。", "reversed_twice")
        elif original[3] == "reverse":
            wrong(i, f"“{key}”本身是冲销。", "冲销不能再冲销，请重新记账。", "reversal_of_reversal")
        elif (original[1], original[0], original[2]) != content[:3]:
            what = f"冲销与原记录不符：原记录从 {original[0]} 到 {original[1]}，{original[2]} 克。"
            wrong(i, what, "冲销的重量须相等，转出、转入账户须互换。", "reversal_differs")
    return findings


def _accounts(books: Engine, batch: Batch, holders: dict[str, HolderRow]) -> tuple[list[int], list[int]]:
    """Ids and balances of the batch's accounts, by index; creates those that are new."""
    names = [account_name(account) for account in batch.accounts]
    known = {row.name: row for row in books.read_accounts(names)}
    assert len(set(names)) == len(names), "A batch names each account once."
    missing = [
        (holders[a.holder].id, a.waste_code, a.bucket.value, a.method, name)
        for a, name in zip(batch.accounts, names, strict=True)
        if name not in known
    ]
    if missing:
        books.create_accounts(missing)
        known |= {row.name: row for row in books.read_accounts([row[4] for row in missing])}
    return [known[name].id for name in names], [known[name].balance_g for name in names]


def _move_to_open_period(batch: Batch, days: list[int], holders: dict[str, HolderRow]) -> int:
    """Move days that lie in a closed period to the first open day, with the reason; returns how many moved."""
    closed = [holders[account.holder].closed_through or 0 for account in batch.accounts]
    reasons, late = list(batch.reason), 0
    for i, (source, target) in enumerate(zip(batch.source, batch.target, strict=True)):
        through = max(closed[source], closed[target])
        if days[i] <= through:
            days[i] = next_day(through)
            reasons[i] = reasons[i] or f"所属期间已结账至 {day_date(through)}"
            late += 1
    batch.reason = reasons
    return late


def _links(
    batch: Batch, number: int, digests: list[bytes], holders: dict[str, HolderRow]
) -> list[tuple[int, int, int, bytes, bytes, bytes]]:
    """The links that a batch adds to the chains of its holders: batch, holder, seq, digest, head, members."""
    keys = sorted({account.holder for account in batch.accounts})
    place = {key: i for i, key in enumerate(keys)}
    owner = [place[account.holder] for account in batch.accounts]
    members: list[list[int]] = [[] for _ in keys]
    for i, (source, target) in enumerate(
        zip([owner[s] for s in batch.source], [owner[t] for t in batch.target], strict=True)
    ):
        members[source].append(i)
        if source != target:
            members[target].append(i)
    links = []
    for key, chosen in zip(keys, members, strict=True):
        if not chosen:
            continue
        holder = holders[key]
        digest = link_digest([digests[i] for i in chosen])
        head = next_head(holder.head if holder.head is not None else first_head(key), digest)
        links.append((number, holder.id, holder.links + 1, digest, head, pack_members(chosen)))
    return links


def pack_members(chosen: Sequence[int]) -> bytes:
    """Places in a batch as uint32, little-endian."""
    packed = array("I", chosen)
    assert packed.itemsize == 4
    if _BIG_ENDIAN:
        packed.byteswap()
    return packed.tobytes()


def unpack_members(raw: bytes) -> list[int]:
    """The inverse of ``pack_members``."""
    packed = array("I", bytes(raw))
    if _BIG_ENDIAN:
        packed.byteswap()
    return packed.tolist()


_BIG_ENDIAN = array("H", b"\x00\x01")[0] == 1
