"""Who may change what on a manifest that is not sealed yet, and when something may be said to have happened.

Each field names the slot that fills it. Invariant: a party changes the fields of its own slot alone; in a draft the
sender writes the carriers' part ahead, and whoever loads states what was loaded. Limits: ``manifests/limits.json``.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from wufei.core.findings import Finding, Level
from wufei.core.kilograms import kilograms_text
from wufei.core.manifest import Event, Status
from wufei.core.manifest_document import changes, pattern_of
from wufei.core.manifest_profiles import Field, fields, stage_index
from wufei.core.reference import read_document

SLOT_NAMES = {"generator": "移出单位", "carrier": "承运单位", "receiver": "接受单位"}
LISTS = {"wastes": "废物", "carriers": "承运单位"}
MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """``future_s`` that a clock may be ahead, ``oldest_days`` after which nothing is handed in late any more."""

    future_s: int
    oldest_days: int


@cache
def limits() -> Limits:
    """The limits of ``limits.json``."""
    raw = read_document("manifests/limits.json")
    return Limits(raw["future_s"], raw["oldest_days"])


def foreign_changes(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    slots: Collection[str],
    status: Status,
    *,
    event: Event | None = None,
    is_round: bool = False,
) -> list[Finding]:
    """A finding for each changed field that is another party's to fill.

    Args:
        slots: those in which whoever changes acts (``generator``, ``carrier:1`` …).
        event: the step that it is changed with, or ``None`` for a change of its own.
        is_round: whether the collector draws it up for the senders: then the first carrier writes their part.
    """
    by_pointer = {field.pointer: field for field in fields()}
    is_draft = status is Status.DRAFT
    writes = "generator" in slots or (is_round and "carrier:1" in slots)
    found = []
    if before.get("profile") not in {None, after.get("profile")}:
        what = "联单类型在开具后不能改。"
        found.append(Finding(None, "/profile", what, "请作废后按正确的类型另开一份。", "profile_fixed"))
    if not is_draft:
        found += _longer(before, after)
    for pointer, _, _ in changes(before, after):
        field = by_pointer.get(pattern_of(pointer))
        if pointer == "/profile" or _may_fill(field, pointer, slots, writes, is_draft, event, status):
            continue
        label = field.label if field else pointer
        owner = SLOT_NAMES.get(field.filled_by, "移出单位") if field else "移出单位"
        what = f"“{label}”由{owner}填写，您不能改。"
        if field and field.filled_by == "receiver" and "receiver" in slots:
            what = f"“{label}”在货物送达后才能填写。"
        remedy = "请由该单位填写；对方没有账号的，请对方凭一次性签名码办理。"
        found.append(Finding(None, pointer, what, remedy, "not_your_field"))
    return found[:MOST_TOLD]


def _longer(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Finding]:
    """Lists that have grown after the first signature."""
    found = []
    for name, words in LISTS.items():
        old, new = len(before.get(name) or []), len(after.get(name) or [])
        if new > old:
            what = f"“{words}”有 {old} 项，提交后不能增加到 {new} 项。"
            found.append(Finding(None, f"/{name}", what, "请作废后重开，或另开一份联单。", "list_sealed"))
    return found


def may_fill(
    pointer: str, slots: Collection[str], status: Status, *, event: Event | None = None, is_round: bool = False
) -> bool:
    """Whether who acts in ``slots`` may fill the field at a pointer, as far as it is not sealed."""
    field = {field.pointer: field for field in fields()}.get(pattern_of(pointer))
    writes = "generator" in slots or (is_round and "carrier:1" in slots)
    return _may_fill(field, pointer, slots, writes, status is Status.DRAFT, event, status)


def _may_fill(
    field: Field | None,
    pointer: str,
    slots: Collection[str],
    writes: bool,
    is_draft: bool,
    event: Event | None,
    status: Status,
) -> bool:
    if field is None:  # a list or an object as a whole
        return writes and is_draft
    if field.filled_by == "generator":
        loads = field.is_measured and event is Event.DEPART and any(slot.startswith("carrier") for slot in slots)
        return writes or loads
    if field.filled_by == "carrier":
        return f"carrier:{int(pointer.split('/')[2]) + 1}" in slots or (writes and is_draft)
    if field.filled_by == "receiver":
        is_there = status is Status.DELIVERED or not pointer.startswith("/receipt")
        return "receiver" in slots and is_there
    return False


def sealed_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], stage: str, *, leg: int | None = None
) -> list[Finding]:
    """A finding for each changed field that a signature up to ``stage`` has sealed.

    Args:
        leg: position (from 1) of the carrier who has the waste: what a later one seals at departure is still open.
    """
    by_pointer = {field.pointer: field for field in fields()}
    reached = stage_index(stage)
    found = []
    for pointer, _, _ in changes(before, after):
        field = by_pointer.get(pattern_of(pointer))
        is_sealed = field is None or stage_index(field.sealed_from) <= reached
        if is_sealed and field and leg is not None and field.sealed_from == Event.DEPART and _is_later(pointer, leg):
            continue
        if is_sealed and reached > 0:
            label = field.label if field else pointer
            what = f"“{label}”已由签字封存，不能直接改。"
            found.append(Finding(None, pointer, what, "请申请更正，相关各方同意后生效。", "sealed"))
    return found


def _is_later(pointer: str, leg: int) -> bool:
    """Whether a place is that of a carrier after the ``leg``-th, who has not taken over yet."""
    match = re.match(r"/carriers/([0-9]+)/", pointer)
    return match is not None and int(match[1]) >= leg


def restated_masses(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Finding]:
    """An alert for each mass that the carrier stated otherwise than the sender when it was loaded."""
    found = []
    for pointer, old, new in changes(before, after):
        if pattern_of(pointer) == "/wastes/*/mass_g" and old is not None:
            what = f"起运时移出量由 {kilograms_text(old)} 千克改为 {kilograms_text(new)} 千克，由承运单位填写。"
            remedy = "请移出单位核对；不同意的请申请更正。"
            found.append(Finding(None, pointer, what, remedy, "mass_restated", Level.WARN))
    return found


def time_findings(claimed_at: datetime, server_at: datetime) -> list[Finding]:
    """Why a claimed time is refused: it lies ahead of the clock, or too far back to be a late record."""
    latest = server_at + timedelta(seconds=limits().future_s)
    earliest = server_at - timedelta(days=limits().oldest_days)
    if earliest <= claimed_at <= latest:
        return []
    span = f"{earliest:%Y-%m-%d %H:%M} 到 {latest:%Y-%m-%d %H:%M}"
    what = f"发生时间 {claimed_at.isoformat()[:40]} 应在 {span} 之间。"
    remedy = f"请核对时间和时区；超过 {limits().oldest_days} 天的补录请联系主管部门。"
    return [Finding(None, "/claimed_at", what, remedy, "time_out_of_bounds")]


def order_findings(claimed_at: datetime, previous_at: datetime | None) -> list[Finding]:
    """An alert where a step is said to have happened before the one before it."""
    if previous_at is None or previous_at <= claimed_at:
        return []
    what = "发生时间早于上一步的发生时间。"
    remedy = "请核对两步的时间；确有误的请申请更正。"
    return [Finding(None, "/claimed_at", what, remedy, "claimed_before_previous", Level.WARN)]
