"""Books a ledger file, all or nothing: first everything is checked, then everything is booked in one transaction.

A file of more than ``PART`` lines is booked in parts, in the order of its lines; within a part the order does not
matter (``core.ledger``).
"""

from collections.abc import Callable, Container
from datetime import datetime

from wufei.apps.facts.services import record_fact
from wufei.apps.ledger.posting import book, clashes, unknown_names
from wufei.apps.spreadsheets import read_upload
from wufei.apps.transactions import in_transaction
from wufei.core.divisions import common_division
from wufei.core.findings import Finding, Refused
from wufei.core.intake import BadFile
from wufei.core.ledger import Bucket, Receipt
from wufei.core.ledger_file import read_batches
from wufei.core.ledger_rules import Batch, check, to_us

PART = 100_000
MOST_FINDINGS = 1_000  # a wrong column would give one for each line of a long file; the rest is counted


def post_file(
    name: str,
    raw: bytes,
    *,
    actor: str,
    recorded_at: datetime,
    own: Container[str] | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Receipt:
    """Book a CSV, TSV, JSON-lines or Excel file.

    Args:
        name: the file's name; its suffix says how it is read.
        own: keys of the holders whose mass the sender may move; ``None`` sets no limit.
        progress: told how many lines are done, of twice as many as the file has.

    Raises:
        Refused: all findings; nothing was booked.
    """
    now_us = to_us(recorded_at)
    try:
        done = _check_all(name, raw, now_us, own, progress)
    except BadFile as error:
        raise Refused(error.findings) from None

    def work() -> Receipt:
        booked = already = late = mass_g = 0
        receipts: list[Receipt] = []
        booking = done
        for batch, _ in read_batches(read_upload(name, raw), PART):
            receipt = book(batch, actor=actor, recorded_us=now_us)
            booked, already = booked + receipt.booked, already + receipt.already
            late, mass_g = late + receipt.late, mass_g + receipt.mass_g
            receipts += [receipt] if receipt.batch is not None else []
            progress(booking := booking + len(batch))
        divisions = {receipt.division for receipt in receipts}
        division = "" if "" in divisions else common_division(divisions)
        if booked:
            after = {"movements": booked, "mass_g": mass_g, "late": late, "already": already}
            record_fact(
                at=recorded_at,
                actor=actor,
                verb="post_file",
                subject=f"ledger_batch:{receipts[0].batch}",
                division=division,
                document=name[-200:],
                after=after,
            )
        return Receipt(receipts[0].batch if receipts else None, booked, already, late, mass_g, division)

    return in_transaction(work)


def _check_all(
    name: str, raw: bytes, now_us: int, own: Container[str] | None, progress: Callable[[int], None]
) -> int:
    """Check every line without booking any; returns the number of lines."""
    findings: list[Finding] = []
    first_line: dict[str, int] = {}
    done = 0
    for batch, wrong in read_batches(read_upload(name, raw), PART):
        found = wrong + check(batch, now_us=now_us) + unknown_names(batch)
        if own is not None:
            strange = {finding.line for finding in found if finding.field == "source_holder"}
            found += [finding for finding in _foreign(batch, own) if finding.line not in strange]
        # A cell that could not be read stands for something harmless, which differs from what is booked.
        faulty = {finding.line for finding in found}
        findings += found + [finding for finding in clashes(batch) if finding.line not in faulty]
        for i, key in enumerate(batch.key):
            line = first_line.setdefault(key, batch.line(i))
            if line < batch.line(0):  # the rules see what is twice within a part
                what = f"编号“{key}”与第 {line} 行重复。"
                remedy = "请删除重复的行，或给它自己的编号。"
                findings.append(Finding(batch.line(i), "key", what, remedy, "duplicate_key"))
        progress(done := done + len(batch))
    if findings:
        raise Refused(shorten(sorted(findings, key=lambda f: f.line or 0)))
    return done


def _foreign(batch: Batch, own: Container[str]) -> list[Finding]:
    """A finding for each line whose mass is not the sender's to move: not from its own, nor off a vehicle to it."""
    findings = []
    for i, (source, target) in enumerate(zip(batch.source, batch.target, strict=True)):
        giver, taker = batch.accounts[source], batch.accounts[target]
        arrives = giver.bucket is Bucket.IN_TRANSIT and taker.holder in own
        if giver.holder not in own and not arrives:
            what = f"“{giver.holder}”不在您可以记账的范围内。"
            remedy = "只能记本单位转出的，或车辆送到本单位的。"
            findings.append(Finding(batch.line(i), "source_holder", what, remedy, "not_own_holder"))
    return findings


def shorten(findings: list[Finding]) -> list[Finding]:
    """The findings that are told, with one more that counts those that are not."""
    rest = len(findings) - MOST_FINDINGS
    if rest <= 0:
        return findings
    what = f"另有 {rest} 处问题没有列出。"
    return [*findings[:MOST_FINDINGS], Finding(None, "", what, "请先改正已列出的问题再提交。", "more_findings")]
