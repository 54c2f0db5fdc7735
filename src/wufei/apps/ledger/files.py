"""Books a ledger file, all or nothing: first everything is checked, then everything is booked in one transaction.

A file of more than ``PART`` lines is booked in parts, in the order of its lines; within a part the order does not
matter (``core.ledger``).
"""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from wufei.apps.facts.services import record_fact
from wufei.apps.ledger.posting import book, clashes, unknown_names
from wufei.core.findings import Finding, Refused
from wufei.core.intake import BadFile, read_rows
from wufei.core.ledger import Receipt
from wufei.core.ledger_file import read_batches
from wufei.core.ledger_rules import check, to_us

PART = 100_000
MOST_FINDINGS = 1_000  # a wrong column would give one for each line of a long file; the rest is counted


def post_file(
    name: str,
    raw: bytes,
    *,
    actor: str,
    recorded_at: datetime,
    progress: Callable[[int], None] = lambda done: None,
) -> Receipt:
    """Book a CSV or JSON-lines file.

    Args:
        name: the file's name; its suffix says how it is read.
        progress: told how many lines are done, of twice as many as the file has.

    Raises:
        Refused: all findings; nothing was booked.
    """
    now_us = to_us(recorded_at)
    try:
        done = _check_all(name, raw, now_us, progress)
    except BadFile as error:
        raise Refused(error.findings) from None
    booked = already = late = mass_g = 0
    first: int | None = None
    with transaction.atomic():
        for batch, _ in read_batches(read_rows(name, raw), PART):
            receipt = book(batch, actor=actor, recorded_us=now_us)
            booked, already = booked + receipt.booked, already + receipt.already
            late, mass_g = late + receipt.late, mass_g + receipt.mass_g
            first = first if first is not None else receipt.batch
            progress(done := done + len(batch))
        if booked:
            after = {"movements": booked, "mass_g": mass_g, "late": late, "already": already}
            subject = f"ledger_batch:{first}"
            record_fact(
                at=recorded_at, actor=actor, verb="post_file", subject=subject, document=name[-200:], after=after
            )
    return Receipt(first, booked, already, late, mass_g)


def _check_all(name: str, raw: bytes, now_us: int, progress: Callable[[int], None]) -> int:
    """Check every line without booking any; returns the number of lines."""
    findings: list[Finding] = []
    first_line: dict[str, int] = {}
    done = 0
    for batch, wrong in read_batches(read_rows(name, raw), PART):
        findings += wrong + check(batch, now_us=now_us) + unknown_names(batch) + clashes(batch)
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


def shorten(findings: list[Finding]) -> list[Finding]:
    """The findings that are told, with one more that counts those that are not."""
    rest = len(findings) - MOST_FINDINGS
    if rest <= 0:
        return findings
    what = f"另有 {rest} 处问题没有列出。"
    return [*findings[:MOST_FINDINGS], Finding(None, "", what, "请先改正已列出的问题再提交。", "more_findings")]
