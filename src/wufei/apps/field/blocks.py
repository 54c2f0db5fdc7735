"""Number blocks: issue them to phones, keep account of each number, close them with a proof.

Invariant: a number is given to one device once (``take_numbers``), and at most one use of it counts; a second use is
kept beside it until a person settles it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from wufei.apps.facts.services import record_fact
from wufei.apps.field.models import FieldDevice, FieldEvent, NumberBlock, NumberUse, block_of
from wufei.apps.ledger.checkpoints import signing_key
from wufei.apps.manifests.numbers import take_numbers
from wufei.core.chain import public_key_of
from wufei.core.field_events import EventType, numbers_of
from wufei.core.findings import Finding, Refused
from wufei.core.ledger import SHANGHAI, local_day
from wufei.core.manifest_number import parse_number, serial_digits, serial_key
from wufei.core.number_block import Account, Block, Fate, Use, account, closing_problems, make_proof
from wufei.core.signature import sign_bytes

SIZE = 20  # numbers of a block: a long round, and few to account for when a phone is lost
LOW = 8  # a phone with fewer left gets another block
VALID_DAYS = 90


def issue_block(device: FieldDevice, *, series: str, division: str, at: datetime) -> NumberBlock:
    """Give the device the next ``SIZE`` numbers of a series, signed; inside the caller's transaction."""
    year = local_day(at).year
    numbers = take_numbers(series, year, division, SIZE)
    first, last = (parse_number(number) for number in (numbers[0], numbers[-1]))
    assert first is not None
    assert last is not None
    issued = at.astimezone(SHANGHAI).replace(microsecond=0)
    end_of_year = datetime(year, 12, 31, 23, 59, 59, tzinfo=SHANGHAI)
    private = signing_key()
    record = NumberBlock(
        device=device,
        series=series,
        year=year,
        key=serial_key(series, year, division),
        digits=serial_digits(series),
        first=first.serial,
        last=last.serial,
        issued_at=issued,
        expires_at=min(issued + timedelta(days=VALID_DAYS), end_of_year),
        public_key=public_key_of(private).hex(),
    )
    record.signature = sign_bytes(block_of(record).statement(), private).hex()
    record.save()
    record_fact(
        at=at,
        actor=device.user.username,
        verb="issue_number_block",
        subject=f"number_block:{record.pk}",
        division=device.organisation.division_id,
        document=f"field_device:{device.code}",
        after={"first": numbers[0], "last": numbers[-1]},
    )
    return record


def top_up(device: FieldDevice, wanted: Iterable[tuple[str, str]], *, at: datetime) -> list[NumberBlock]:
    """The open blocks of a device; a series (with its place) of which few numbers are left gets another one first."""
    with transaction.atomic():
        # Locked: a phone that asks twice at once gets one block.
        locked = (
            FieldDevice.objects.select_for_update(of=("self",))
            .select_related("user", "organisation")
            .get(pk=device.pk)
        )
        held = list(NumberBlock.objects.filter(device=locked, closed_at=None, expires_at__gt=at).order_by("id"))
        told: dict[int, int] = {}
        for block_id in NumberUse.objects.filter(block__in=held, counts=True).values_list("block_id", flat=True):
            told[block_id] = told.get(block_id, 0) + 1
        for series, division in dict.fromkeys(wanted):
            key = serial_key(series, local_day(at).year, division)
            left = sum(b.last - b.first + 1 - told.get(b.pk, 0) for b in held if b.key == key)
            if left < LOW:
                held.append(issue_block(locked, series=series, division=division, at=at))
        return held


# --- What became of the numbers -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claim:
    """What an event says of a number: the use that was recorded, or a finding that stands against it."""

    number: str
    use: NumberUse | None
    finding: Finding | None


_FATES = {EventType.PICKUP: Fate.USED, EventType.SPOIL: Fate.SPOILED, EventType.RETURN: Fate.RETURNED}


def claim_numbers(event: FieldEvent, payload: Mapping[str, object]) -> list[Claim]:
    """Record what an event says of numbers, in the transaction that stores it: facts are kept whatever they say."""
    reason = str(payload.get("reason") or "")[:200]
    return [_claim(event, number, reason) for number in numbers_of(event.type, payload)]


def _claim(event: FieldEvent, number: str, reason: str) -> Claim:
    block, serial = find_block(number)
    if block is None or serial is None:
        what = f"号码 {number} 不属于任何已发的号段。"
        return Claim(number, None, _conflict(what, "number_foreign"))
    first = NumberUse.objects.filter(block=block, serial=serial, counts=True).first()
    fate = _FATES[EventType(event.type)]
    use, _ = NumberUse.objects.get_or_create(
        block=block,
        serial=serial,
        evidence=event.digest,
        defaults={
            "fate": fate.value,
            "reason": reason,
            "counts": first is None and block.device_id == event.device_id and block.closed_at is None,
        },
    )
    if first is not None and first.evidence != event.digest:
        what = f"号码 {number} 已有去向（{first.get_fate_display()}），这是第二次使用。两次的内容都已保存。"
        return Claim(number, use, _conflict(what, "number_used_twice"))
    if block.device_id != event.device_id:
        what = f"号码 {number} 发给了另一部手机（{block.device.code}）。"
        return Claim(number, use, _conflict(what, "number_of_other_device"))
    if block.closed_at is not None:
        what = f"号码 {number} 所在的号段已经结清。"
        return Claim(number, use, _conflict(what, "number_block_closed"))
    return Claim(number, use, None)


def _conflict(what: str, code: str) -> Finding:
    return Finding(None, "number", what, "请在“待处理”中给这一次换发新号码，原号码会留在记录上。", code)


def find_block(number: str) -> tuple[NumberBlock | None, int | None]:
    """The block that a number was given out in, with its serial."""
    parsed = parse_number(number)
    if parsed is None:
        return None, None
    key = serial_key(parsed.series, parsed.year, parsed.place)
    found = (
        NumberBlock.objects.filter(key=key, first__lte=parsed.serial, last__gte=parsed.serial)
        .select_related("device")
        .first()
    )
    return found, parsed.serial if found else None


def accounts_of(records: Sequence[NumberBlock]) -> list[tuple[NumberBlock, Block, Account]]:
    """Each block with what became of its numbers; one query for all uses."""
    uses: dict[int, list[Use]] = {record.pk: [] for record in records}
    for row in NumberUse.objects.filter(block__in=records, settled=False).order_by("-counts", "id"):
        uses[row.block_id].append(Use(row.serial, Fate(row.fate), row.evidence, row.reason))
    return [(record, block := block_of(record), account(block, uses[record.pk])) for record in records]


def proof_of(record: NumberBlock) -> dict[str, object]:
    """The proof of a block as it stands; that of a closed one is the one made then."""
    if record.proof is not None:
        kept: dict[str, object] = record.proof
        return kept
    _, block, state = accounts_of([record])[0]
    return make_proof(
        block, state, signature=bytes.fromhex(record.signature), public_key=bytes.fromhex(record.public_key)
    )


@transaction.atomic
def close_block(record: NumberBlock, *, actor: str, at: datetime) -> NumberBlock:
    """Close a block of which each number ended once; keeps the proof. Raises ``Refused`` with all that is open."""
    locked = (
        NumberBlock.objects.select_for_update(of=("self",)).select_related("device__organisation").get(pk=record.pk)
    )
    if locked.closed_at is not None:
        return locked
    _, block, state = accounts_of([locked])[0]
    problems = closing_problems(block, state)
    if not problems and NumberUse.objects.filter(block=locked, counts=False, settled=False).exists():
        what = "号段中有号码被另一部手机用过，还没有处理。"
        problems = [Finding(None, "number", what, "请先在“待处理”中处理。", "number_of_other_device")]
    if problems:
        raise Refused(problems)
    locked.proof = proof_of(locked)
    locked.closed_at = at
    locked.save(update_fields=["proof", "closed_at"])
    _tell(locked, "close_number_block", actor, at, {"hash": locked.proof["hash"]})
    return locked


@transaction.atomic
def declare_lost(record: NumberBlock, *, reason: str, actor: str, at: datetime) -> int:
    """Say that the open numbers of a block will never be used (the phone is lost); returns how many.

    A phone that turns up later and did use one is kept as a second use, and a person settles it.
    """
    if not reason.strip():
        raise Refused([Finding(None, "reason", "没有写报失的理由。", "请写明手机怎样丢失。", "reason_missing")])
    locked = (
        NumberBlock.objects.select_for_update(of=("self",)).select_related("device__organisation").get(pk=record.pk)
    )
    _, _, state = accounts_of([locked])[0]
    fact = _tell(locked, "lose_numbers", actor, at, {"numbers": len(state.open), "reason": reason})
    NumberUse.objects.bulk_create(
        NumberUse(block=locked, serial=serial, fate=Fate.LOST, evidence=f"fact:{fact}", reason=reason[:200])
        for serial in state.open
    )
    return len(state.open)


def _tell(record: NumberBlock, verb: str, actor: str, at: datetime, after: object) -> int:
    return record_fact(
        at=at,
        actor=actor,
        verb=verb,
        subject=f"number_block:{record.pk}",
        division=record.device.organisation.division_id,
        document=f"field_device:{record.device.code}",
        after=after,
    ).pk
