"""The ends of a manifest: whether it crosses the province, by what approval, and what compensation is due for it.

Invariant: what departs is counted once against the approvals that fit it; no rate of a compensation is invented.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from wufei.apps.manifests.acts import Act
from wufei.apps.manifests.models import Manifest, ManifestEvent
from wufei.apps.manifests.parties import Parties
from wufei.apps.registry.transfer_reads import GrantedLine, compensation_terms, granted_lines
from wufei.core.agreements import shares
from wufei.core.findings import Finding, Level
from wufei.core.ledger import local_day
from wufei.core.manifest import Event
from wufei.core.manifest_document import Document
from wufei.core.region_transfer import compensation_due, division_of, is_other_province

NOT_SET = "未定"


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where both ends lie (six digits and more, empty where not known), and what is held for the way."""

    sender: str
    receiver: str
    crosses: bool  # the province
    is_unstated: bool  # an end lies outside the region and nobody wrote where
    lines: tuple[GrantedLine, ...]


def crossing_of(document: Mapping[str, Any], parties: Parties) -> Crossing:
    """How a manifest crosses the province; one query where it may, none where both ends lie in one."""
    region = document.get("region") or {}
    stated = str(region.get("division") or "")
    outside = division_of(stated) if stated else ""
    sender = parties.generator.division_id if parties.generator else outside
    receiver = parties.receiver.division_id if parties.receiver else outside
    is_inside = parties.generator is not None and parties.receiver is not None
    if is_inside and not is_other_province(sender, receiver):
        return Crossing(sender, receiver, crosses=False, is_unstated=False, lines=())
    lines = _lines(region, document, parties)
    if not is_inside and not outside:
        known = {line.other_division for line in lines if not line.approval.is_for_another}
        outside = known.pop() if len(known) == 1 and not stated else ""
        sender, receiver = (sender or outside, receiver or outside)
    if sender and receiver:
        crosses = is_other_province(sender, receiver)
    else:
        crosses = bool(stated) or region.get("kind") in {"out", "in"}
    is_unstated = not is_inside and not outside and not stated
    return Crossing(sender, receiver, crosses, is_unstated, lines if crosses else ())


def _lines(region: Mapping[str, Any], document: Mapping[str, Any], parties: Parties) -> tuple[GrantedLine, ...]:
    own, other = (parties.generator, parties.receiver) if parties.generator else (parties.receiver, None)
    assert own is not None
    end = "receiver" if parties.generator else "generator"
    names = {str((document.get(end) or {}).get("outside") or "")} - {""}
    if other is not None:
        names |= {other.name, other.organisation.name}
    direction = "out" if parties.generator else "in"
    number = str(region.get("approval") or "")
    return granted_lines(site_id=own.pk, direction=direction, number=number, other_names=names)


def approval_shares(
    document: Mapping[str, Any], parties: Parties, day: date
) -> list[tuple[int, Mapping[str, Any], int, int]]:
    """What departs by the approvals that it crosses the province by: place of the waste, waste, line, grams."""
    lines = crossing_of(document, parties).lines
    return [
        (position, waste, line_id, share_g)
        for position, waste in enumerate(document["wastes"], 1)
        for line_id, share_g in shares(
            [(line.line_id, line.approval.remaining_g) for line in lines if _fits(line, waste, day)], waste["mass_g"]
        )
    ]


def _fits(line: GrantedLine, waste: Mapping[str, Any], day: date) -> bool:
    held, method = line.approval, waste.get("method")
    same_method = not held.methods or not method or method in held.methods
    return waste["code"] in held.codes and same_method and held.holds_on(day) and not held.is_for_another


# --- Ecological compensation ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Compensation:
    """What is due under a place's rule: ``yuan`` is ``None`` while the place has set no rate."""

    name: str
    yuan: Decimal | None
    yuan_per_t: Decimal | None
    source: str


def compensation_of(
    document: Mapping[str, Any], parties: Parties, domain: str, day: date, *, crossing: Crossing | None = None
) -> Compensation | None:
    """The compensation for what a document sends from one county to another; ``None`` where no rule applies."""
    crossing = crossing or crossing_of(document, parties)
    terms = compensation_terms(crossing.sender, crossing.receiver, domain, day)
    if terms is None:
        return None
    mass_g = sum(waste.get("mass_g") or 0 for waste in document.get("wastes") or [])
    yuan = compensation_due(terms.rule, mass_g, terms.yuan_per_t)
    return Compensation(terms.rule.name, yuan, terms.yuan_per_t, terms.source)


def with_compensation(manifest: Manifest, document: Document, parties: Parties, day: date) -> Document:
    """The document with the compensation due, where none was written or the mass changed since it was reckoned."""
    due = compensation_of(document, parties, manifest.domain, day)
    if due is None or due.yuan is None:
        return document
    region = document.get("region") or {}
    written = region.get("compensation_yuan")
    if written is not None:
        before = compensation_of(manifest.document, parties, manifest.domain, day)
        if before is None or before.yuan is None or Decimal(written) != before.yuan:
            return document  # somebody wrote another amount: it stays, and is alerted
    return {**document, "region": {**region, "compensation_yuan": format(due.yuan, "f")}}


def judge_compensation(manifest: Manifest, row: ManifestEvent, parties: Parties, act: Act) -> Sequence[Finding]:
    """An alert where the amount written differs from what is due, or no rate is set."""
    if row.event not in (Event.SUBMIT, Event.DEPART) or manifest.returns_id:
        return []
    due = compensation_of(manifest.document, parties, manifest.domain, local_day(act.claimed_at))
    if due is None:
        return []
    at = "/region/compensation_yuan"
    if due.yuan is None:
        what = f"适用“{due.name}”，当地还没有登记标准，应缴金额{NOT_SET}。"
        return [Finding(None, at, what, "请主管部门登记标准和依据。", "compensation_unset", Level.INFO)]
    written = (manifest.document.get("region") or {}).get("compensation_yuan")
    if written is not None and Decimal(written) == due.yuan:
        return []
    what = f"应缴生态补偿写的是 {written or '空'} 元，按 {due.yuan_per_t} 元/吨应为 {due.yuan} 元。"
    return [Finding(None, at, what, "请按应缴金额更正，或核对移出量。", "compensation_differs", Level.WARN)]
