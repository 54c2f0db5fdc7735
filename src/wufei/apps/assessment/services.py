"""Writes of reported figures: load from the packs, submit, approve, return. Nothing is overwritten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from wufei.apps.assessment.models import ElementValue, ValueStatus
from wufei.apps.facts.services import record_fact
from wufei.apps.registry.models import Division
from wufei.core.findings import Finding, Refused
from wufei.core.numbers import decimal_text
from wufei.core.published import pack_divisions_with_values, pack_values
from wufei.core.values import Value

SYSTEM = "system"
_COMPARED = ("value", "state", "unit", "printed", "source", "note")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a submission did: rows kept, rows that said what is approved, rows that said what already waits for it."""

    submitted: int
    unchanged: int
    pending: int = 0


def load_packs() -> None:
    """Bring the published figures of all packs into the tables, approved, with the document as their source."""
    known = set(Division.objects.filter(code__in=pack_divisions_with_values()).values_list("code", flat=True))
    for division in pack_divisions_with_values():
        if division in known:
            load_pack_values(division, pack_values(division), at=timezone.now())


@transaction.atomic
def load_pack_values(division: str, values: Sequence[Value], *, at: datetime) -> int:
    """Add what a pack says and the tables do not yet say; return how many rows were added.

    A figure that a pack states anew supersedes its older row, unless somebody has restated it in the meantime.
    """
    held = _latest_from_pack(division)
    fresh = [value for value in values if not _says_the_same(held.get(value.key), value)]
    gone = set(held) - {value.key for value in values}
    if not fresh and not gone:
        return 0
    rows = ElementValue.objects.bulk_create(
        [_row(division, value, status=ValueStatus.DRAFT, actor=SYSTEM, at=at, from_pack=True) for value in fresh]
    )
    current = {_key(row): row for row in _current(division)}
    for row in rows:
        before = current.get(_key(row))
        if before is not None and not before.from_pack:
            row.superseded_by = before  # somebody has restated it: the document's new figure is history at once
        elif before is not None:
            before.superseded_by = row
            before.save(update_fields=["superseded_by"])
        row.status, row.approver, row.approved_at = ValueStatus.APPROVED, SYSTEM, at
    ElementValue.objects.bulk_update(rows, ["status", "approver", "approved_at", "superseded_by"])
    for key in gone:
        ElementValue.objects.filter(pk=held[key].pk, superseded_by=None).update(
            status=ValueStatus.RETURNED, note="方案数据中已没有这一条。"
        )
    record_fact(
        at=at,
        actor=SYSTEM,
        verb="load_values",
        subject=f"values:{division}",
        division=division,
        document=f"data/plans/{division}/values.csv",
        after={"added": len(rows), "removed": len(gone)},
    )
    return len(rows)


def _latest_from_pack(division: str) -> dict[tuple[str, str, str], ElementValue]:
    rows = ElementValue.objects.filter(division_id=division, from_pack=True).exclude(status=ValueStatus.RETURNED)
    return {_key(row): row for row in rows.order_by("id")}


def _current(division: str) -> QuerySet[ElementValue]:
    return ElementValue.objects.filter(division_id=division, status=ValueStatus.APPROVED, superseded_by=None)


def _key(row: ElementValue) -> tuple[str, str, str]:
    return row.element, row.period, row.scope


def _says_the_same(row: ElementValue | None, value: Value) -> bool:
    return row is not None and all(getattr(row, name) == getattr(value, name) for name in _COMPARED)


def _row(
    division: str, value: Value, *, status: str, actor: str, at: datetime, evidence: str = "", from_pack: bool = False
) -> ElementValue:
    return ElementValue(
        division_id=division,
        element=value.element,
        scope=value.scope,
        period=value.period,
        value=value.value,
        state=str(value.state),
        unit=value.unit,
        printed=value.printed,
        source=value.source,
        note=value.note,
        evidence=evidence,
        status=status,
        origin=str(value.origin),
        from_pack=from_pack,
        is_simulated=value.is_simulated,
        reporter=actor,
        reported_at=at,
    )


@transaction.atomic
def submit_values(
    division: str, values: Sequence[tuple[int, Value, str]], *, actor: str, at: datetime, document: str
) -> Receipt:
    """Keep figures as submitted; all or nothing. Each is (line of the file, value, evidence).

    Raises:
        Refused: a restatement of an approved figure gives no reason; nothing was kept.
    """
    _one_at_a_time(division)
    current = {_key(row): row for row in _current(division)}
    submitted = ElementValue.objects.filter(division_id=division, status=ValueStatus.SUBMITTED)
    waiting = {_content(row) for row in submitted}
    findings, rows, unchanged, pending = [], [], 0, 0
    for line, value, evidence in values:
        before = current.get(value.key)
        if before is not None and before.value == value.value and before.state == value.state:
            unchanged += 1
        elif before is not None and not value.note:
            shown = before.printed or decimal_text(before.value) or before.state
            what = f"{value.element} {value.period} 已有审核过的数 {shown}，本次为 {value.printed}，没有写更正原因。"
            findings.append(Finding(line, "备注", what, "在“备注”栏写明更正原因。", "restated_without_reason"))
        else:
            row = _row(division, value, status=ValueStatus.SUBMITTED, actor=actor, at=at, evidence=evidence)
            if _content(row) in waiting:  # the same file once more, or a button pressed twice
                pending += 1
            else:
                rows.append(row)
    if findings:
        raise Refused(findings)
    ElementValue.objects.bulk_create(rows)
    if rows:
        record_fact(
            at=at,
            actor=actor,
            verb="submit_values",
            subject=f"values:{division}",
            division=division,
            document=document,
            after={"submitted": len(rows), "unchanged": unchanged, "pending": pending},
        )
    return Receipt(len(rows), unchanged, pending)


def _content(row: ElementValue) -> tuple[object, ...]:
    """What a submitted row says: equal where it says the same of the same figure."""
    return (*_key(row), *(getattr(row, name) for name in _COMPARED), row.evidence)


def _one_at_a_time(division: str) -> None:
    """Let figures of a place be written by one transaction at a time, so that each sees what the others did."""
    list(Division.objects.select_for_update(no_key=True).filter(pk=division))


@transaction.atomic
def approve_value(pk: int, *, actor: str, at: datetime) -> ElementValue:
    """Make a submitted figure the current one; the one before it stays on record and names its successor."""
    _one_at_a_time(ElementValue.objects.values_list("division_id", flat=True).get(pk=pk))
    row = ElementValue.objects.select_for_update().get(pk=pk)
    _must_be_submitted(row)
    before = _current(row.division_id).filter(element=row.element, scope=row.scope, period=row.period).first()
    if before is not None:
        before.superseded_by = row
        before.save(update_fields=["superseded_by"])
    row.status, row.approver, row.approved_at = ValueStatus.APPROVED, actor, at
    row.save(update_fields=["status", "approver", "approved_at"])
    _record(row, "approve_value", actor, at, before)
    return row


@transaction.atomic
def return_value(pk: int, *, actor: str, at: datetime, reason: str) -> ElementValue:
    """Send a submitted figure back with a reason; it stays on record."""
    row = ElementValue.objects.select_for_update().get(pk=pk)
    _must_be_submitted(row)
    if not reason.strip():
        raise Refused([Finding(None, "reason", "没有写退回原因。", "写明退回原因。", "no_reason")])
    row.status, row.approver, row.approved_at = ValueStatus.RETURNED, actor, at
    row.note = f"{row.note} 退回：{reason.strip()}".strip()[:500]
    row.save(update_fields=["status", "approver", "approved_at", "note"])
    _record(row, "return_value", actor, at, None)
    return row


def _must_be_submitted(row: ElementValue) -> None:
    if row.status != ValueStatus.SUBMITTED:
        what = f"这个数是“{row.get_status_display()}”，不能审核。"
        raise Refused([Finding(None, "status", what, "只有“已报送”的数可以审核或退回。", "not_submitted")])


def _record(row: ElementValue, verb: str, actor: str, at: datetime, before: ElementValue | None) -> None:
    record_fact(
        at=at,
        actor=actor,
        verb=verb,
        subject=f"value:{row.pk}",
        division=row.division_id,
        before={"id": before.pk, "value": str(before.value)} if before else None,
        after={"value": str(row.value), "state": row.state, "status": str(row.status), "note": row.note},
    )
