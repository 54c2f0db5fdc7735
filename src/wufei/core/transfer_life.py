"""An application to move waste across the province (跨省转移申请): its content, its life, and who is due until when.

The fields and the life are data (``data/region_transfer``). Invariant: what is granted never exceeds what was asked,
and completion is asked for once: what was not told in time counts as accepted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any

from wufei.core.catalogue import DOMAIN_NAMES, domain_of
from wufei.core.findings import Finding
from wufei.core.form_fields import Field, day_of, fields_of, read_values
from wufei.core.reference import read_document, read_table
from wufei.core.region_transfer import LEAVES, division_of, due_dates, is_other_province, needed_leave, steps
from wufei.core.working_days import Calendar

MOST_WASTES = 50
STATES: Mapping[str, str] = MappingProxyType({
    "applied": "已申请",
    "incomplete": "待补正",
    "completed": "已补正",
    "accepted": "已受理",
    "consulting": "商请中",
    "replied": "已复函",
    "granted": "已批准（备案）",
    "refused": "不予批准（备案）",
    "withdrawn": "已撤回",
    "revoked": "已撤销",
})  # fmt: skip
CLOSED = frozenset({"granted", "refused", "withdrawn", "revoked"})
REASONED = frozenset({"request_completion", "refuse", "revoke"})
DECISIONS = frozenset({"grant", "refuse"})  # recorded with number, days and masses, not as a mere step
OFFICES: Mapping[str, str] = MappingProxyType({"sender": "移出地主管部门", "receiver": "接受地主管部门"})


@dataclass(frozen=True, slots=True)
class Move:
    """What may happen: from which states, to which, for which kinds (approval, filing), by office or firm."""

    event: str
    name: str
    sources: frozenset[str]
    target: str
    kinds: frozenset[str]
    by: str


@cache
def moves() -> Mapping[str, Move]:
    """The rows of ``life.csv`` by event."""
    return MappingProxyType({
        row["event"]: Move(
            row["event"],
            row["name"],
            frozenset(row["from"].split(";")),
            row["to"],
            frozenset(row["kinds"].split(";")),
            row["by"],
        )
        for row in read_table("region_transfer/life.csv")
    })  # fmt: skip


def _raw() -> Any:
    return read_document("region_transfer/application.json")


@cache
def head_fields() -> tuple[Field, ...]:
    """The head of an application."""
    return fields_of(_raw()["head"], _raw()["choices"])


@cache
def waste_fields() -> tuple[Field, ...]:
    """One waste of an application."""
    return fields_of(_raw()["wastes"], _raw()["choices"])


@dataclass(frozen=True, slots=True)
class Application:
    """What is asked. ``kind`` is approval or filing, the stricter of what its wastes need; grams are asked."""

    values: Mapping[str, Any]
    wastes: tuple[Mapping[str, Any], ...]
    domain: str
    kind: str
    other_division: str


def read_application(
    head: Mapping[str, object], wastes: Sequence[Mapping[str, Any]], *, own_division: str, day: date
) -> tuple[Application | None, list[Finding]]:
    """The application, or all that is wrong with it. ``own_division`` is where the end inside the region lies."""
    values, found = read_values(head_fields(), head)
    rows: list[dict[str, Any]] = []
    if not 0 < len(wastes) <= MOST_WASTES:
        what = f"写了 {len(wastes)} 种废物，应为 1 到 {MOST_WASTES} 种。"
        found.append(Finding(None, "wastes", what, "请逐种写明代码、方式和数量。", "wrong_number_of_wastes"))
    else:
        read = [read_values(waste_fields(), row, line=i, at="wastes.") for i, row in enumerate(wastes, 1)]
        rows = [row for row, _ in read]
        found += [finding for _, some in read for finding in some]
    found += _span(values, day) + _lines(rows)
    other = division_of(values.get("other_place", ""))
    if values.get("other_place") and not other:
        what = f"看不出“{values['other_place'][:30]}”在哪个省。"
        found.append(Finding(None, "other_place", what, "请从省写起，如 安徽省宣城市广德市。", "unknown_place"))
    elif other and not is_other_province(own_division, other):
        what = "对方在本省，省内转移不办跨省手续。"
        found.append(
            Finding(None, "other_place", what, "请直接开联单；对方不在本省的，请从省写起。", "same_province")
        )
    if found:
        return None, found
    domain = domain_of(rows[0]["waste_code"])
    needed = [needed_leave(domain, row.get("method", ""), day) for row in rows]
    kinds = {leave.kind for leave in needed if leave}
    kind = "approval" if "approval" in kinds or not kinds else "filing"
    return Application(values, tuple(rows), domain, kind, other), []


def _span(values: Mapping[str, Any], day: date) -> list[Finding]:
    begin, end = day_of(values, "asked_from"), day_of(values, "asked_until")
    if begin is None or end is None:
        return []
    if end < begin:
        what = f"拟转移至 {end} 早于拟转移自 {begin}。"
        return [Finding(None, "asked_until", what, "请核对两个日期。", "ends_before_begin")]
    if end < day:
        return [Finding(None, "asked_until", f"拟转移至 {end} 已经过去。", "请写将来的日期。", "in_the_past")]
    return []


def _lines(rows: Sequence[Mapping[str, Any]]) -> list[Finding]:
    found = []
    seen: set[tuple[str, str]] = set()
    domains = {domain_of(row["waste_code"]) for row in rows if row.get("waste_code")}
    if len(domains) > 1:
        words = "、".join(sorted(DOMAIN_NAMES.get(name, name) for name in domains))
        what = f"一份申请里有几类废物：{words}。"
        found.append(Finding(None, "wastes", what, "每一类各办一份。", "several_domains"))
    for i, row in enumerate(rows, 1):
        key = (row.get("waste_code", ""), row.get("method", ""))
        if key in seen and key[0]:
            what = f"第 {i} 行的 {key[0]} {key[1]} 已经写过。"
            found.append(Finding(i, "wastes.waste_code", what, "同一代码同一方式合成一行。", "waste_twice"))
        seen.add(key)
        if row.get("mass_g") == 0:
            found.append(Finding(i, "wastes.mass_g", f"第 {i} 行的数量为 0。", "请写申请的数量。", "no_mass"))
    return found


def allowed_moves(status: str, kind: str, *, was_asked: bool) -> list[Move]:
    """What may happen next; completion is asked for once, and a filing is decided without a letter."""
    found = [move for move in moves().values() if status in move.sources and kind in move.kinds]
    if was_asked:
        found = [move for move in found if move.event != "request_completion"]
    if kind == "approval" and status == "accepted":
        found = [move for move in found if move.event != "grant"]
    return [replace(move, name=event_name(move.event, kind)) for move in found]


@dataclass(frozen=True, slots=True)
class Due:
    """The step that is due: its name, whose it is, the last day, and whether that day has passed."""

    step: str
    name: str
    by: str
    on: date
    is_late: bool


WAITS: Mapping[str, str] = MappingProxyType({  # state -> the step that it waits for
    "applied": "correction",
    "completed": "correction",
    "accepted": "first_review",
    "consulting": "reply",
    "replied": "decision",
})  # fmt: skip


def due_step(status: str, kind: str, happened: Mapping[str, date], *, today: date, calendar: Calendar) -> Due | None:
    """What is due; ``None`` where nobody owes anything by a day (the firm's completion, a filing that was accepted).

    Args:
        happened: day of ``applied`` (or of the completion), ``accepted``, ``first_review``, ``reply``.
    """
    step = WAITS.get(status, "")
    if not step or (kind == "filing" and step != "correction"):
        return None
    on = due_dates(happened, calendar).get(step)
    if on is None:
        return None
    row = next(row for row in steps() if row.step == step)
    return Due(step, row.name, OFFICES[row.by], on, today > on)


def deemed_accepted(status: str, happened: Mapping[str, date], *, today: date, calendar: Calendar) -> date | None:
    """The day from which an application counts as accepted because nobody asked for completion in time."""
    if status not in {"applied", "completed"}:
        return None
    on = due_dates(happened, calendar).get("correction")
    return on if on is not None and today > on else None


@dataclass(frozen=True, slots=True)
class Words:
    """What a decision is called: an approval is granted or not (批准), a filing is taken or not (备案)."""

    grant: str

    @property
    def refuse(self) -> str:
        """The refusal."""
        return f"不予{self.grant}"


WORDS: Mapping[str, Words] = MappingProxyType({"approval": Words("批准"), "filing": Words("备案")})


def event_name(event: str, kind: str) -> str:
    """The Chinese name of what happened to an application of a kind."""
    named = {"apply": "申请", "grant": WORDS[kind].grant, "refuse": WORDS[kind].refuse}
    return named.get(event) or moves()[event].name


def state_name(status: str, kind: str) -> str:
    """The Chinese name of where an application of a kind stands."""
    named = {"granted": f"已{WORDS[kind].grant}", "refused": WORDS[kind].refuse}
    return named.get(status) or STATES[status]


def leave_name(kind: str) -> str:
    """The Chinese name of what is asked for."""
    return LEAVES[kind]
