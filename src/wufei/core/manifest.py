"""The transfer manifest (转移联单): its life in one table, who acts, and how received mass is split.

Stage, custody and paperwork are three axes: ``Status`` is the stage, the legs say whose custody, signatures the
paperwork. Invariant: accepted + refused + lost = received for each waste; what was sent and did not arrive is named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """The stage of a manifest."""

    DRAFT = "draft"  # 草稿
    SUBMITTED = "submitted"  # 已提交
    IN_TRANSIT = "in_transit"  # 运输中
    DELIVERED = "delivered"  # 已送达
    CONFIRMED = "confirmed"  # 已确认
    PARTLY_ACCEPTED = "partly_accepted"  # 部分接受
    REFUSED = "refused"  # 已拒收
    VOID = "void"  # 已作废


class Event(StrEnum):
    """What happens to a manifest."""

    SUBMIT = "submit"  # 提交
    DEPART = "depart"  # 起运
    HAND_OVER = "hand_over"  # 换车交接
    ARRIVE = "arrive"  # 到达
    CONFIRM = "confirm"  # 确认接受
    REFUSE = "refuse"  # 拒收
    VOID = "void"  # 作废
    WITNESS = "witness"  # 见证签字
    AMEND = "amend"  # 更正


STATUS_NAMES: Mapping[Status, str] = {
    Status.DRAFT: "草稿",
    Status.SUBMITTED: "已提交",
    Status.IN_TRANSIT: "运输中",
    Status.DELIVERED: "已送达",
    Status.CONFIRMED: "已确认",
    Status.PARTLY_ACCEPTED: "部分接受",
    Status.REFUSED: "已拒收",
    Status.VOID: "已作废",
}
EVENT_NAMES: Mapping[Event, str] = {
    Event.SUBMIT: "提交",
    Event.DEPART: "起运",
    Event.HAND_OVER: "换车交接",
    Event.ARRIVE: "到达",
    Event.CONFIRM: "确认接受",
    Event.REFUSE: "拒收",
    Event.VOID: "作废",
    Event.WITNESS: "见证签字",
    Event.AMEND: "更正",
}

SIGNED = (
    Status.SUBMITTED,
    Status.IN_TRANSIT,
    Status.DELIVERED,
    Status.CONFIRMED,
    Status.PARTLY_ACCEPTED,
    Status.REFUSED,
)
CLOSED = frozenset({Status.CONFIRMED, Status.PARTLY_ACCEPTED, Status.REFUSED, Status.VOID})

# The whole life in one table; the last two ends of a receipt are told apart by what was accepted (``outcome``).
LIFE: Mapping[tuple[Status, Event], Status] = {
    (Status.DRAFT, Event.SUBMIT): Status.SUBMITTED,
    (Status.DRAFT, Event.VOID): Status.VOID,
    (Status.SUBMITTED, Event.VOID): Status.VOID,
    (Status.SUBMITTED, Event.DEPART): Status.IN_TRANSIT,
    (Status.IN_TRANSIT, Event.HAND_OVER): Status.IN_TRANSIT,
    (Status.IN_TRANSIT, Event.ARRIVE): Status.DELIVERED,
    (Status.DELIVERED, Event.CONFIRM): Status.CONFIRMED,
    (Status.DELIVERED, Event.REFUSE): Status.REFUSED,
    **{(status, Event.WITNESS): status for status in (Status.SUBMITTED, Status.IN_TRANSIT, Status.DELIVERED)},
    **{(status, Event.AMEND): status for status in SIGNED},
}

# Stages in the order in which they are signed; a field is required and sealed from one of them on.
STAGES = ("draft", Event.SUBMIT.value, Event.DEPART.value, Event.ARRIVE.value, Event.CONFIRM.value)
REACHED: Mapping[Status, str] = {
    Status.DRAFT: "draft",
    Status.SUBMITTED: "submit",
    Status.IN_TRANSIT: "depart",
    Status.DELIVERED: "arrive",
    Status.CONFIRMED: "confirm",
    Status.PARTLY_ACCEPTED: "confirm",
    Status.REFUSED: "confirm",
    Status.VOID: "confirm",
}


class RuleError(ValueError):
    """A rule of the manifest is broken; ``code`` is stable, the text is a Chinese sentence that says what to do."""

    def __init__(self, code: str, what: str, remedy: str, pointer: str = "", **facts: object) -> None:
        super().__init__(what + remedy)
        self.code, self.what, self.remedy, self.pointer, self.facts = code, what, remedy, pointer, facts


class IllegalTransition(RuleError):
    """``LIFE`` has no such move."""


def allowed_events(status: Status) -> list[Event]:
    """What may happen next, in the order of ``Event``."""
    return [event for event in Event if (status, event) in LIFE]


def next_status(number: str, status: Status, event: Event) -> Status:
    """The status after ``event``.

    Raises:
        IllegalTransition: the table has no such move; names what is allowed.
    """
    target = LIFE.get((status, event))
    if target is None:
        names = "、".join(EVENT_NAMES[e] for e in allowed_events(status))
        raise IllegalTransition(
            "illegal_transition",
            f"联单 {number} 处于“{STATUS_NAMES[status]}”，不能{EVENT_NAMES[event]}。",
            f"此时可以：{names}。" if names else "联单已经办结，不能再变。",
            number=number,
            status=status.value,
            event=event.value,
            allowed=[e.value for e in allowed_events(status)],
        )
    return target


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one waste at the receiver, grams (≥ 0).

    ``sent_g`` left the generator; ``received_g`` arrived; of it ``accepted_g`` + ``refused_g`` + ``lost_g``.
    """

    sent_g: int
    accepted_g: int
    refused_g: int = 0
    lost_g: int = 0

    @property
    def received_g(self) -> int:
        """What arrived: accepted + refused + lost, always."""
        return self.accepted_g + self.refused_g + self.lost_g

    @property
    def missing_g(self) -> int:
        """What was sent but did not arrive; below 0 where more arrived than was sent."""
        return self.sent_g - self.received_g


def outcome_status(outcomes: Sequence[Outcome]) -> Status:
    """Confirmed, partly accepted or refused, by what was accepted and refused over all wastes."""
    if not any(o.refused_g for o in outcomes):
        return Status.CONFIRMED
    return Status.PARTLY_ACCEPTED if any(o.accepted_g for o in outcomes) else Status.REFUSED


def is_major_difference(outcome: Outcome, *, tolerance_ppm: int, least_g: int) -> bool:
    """Whether the difference of a waste exceeds the tolerance (ppm of what was sent) and ``least_g``."""
    gap = abs(outcome.missing_g)
    return gap > least_g and gap * 1_000_000 > outcome.sent_g * tolerance_ppm


def is_far_off(before_g: int | None, after_g: int | None) -> bool:
    """Whether a mass is ten times what it was or more, or a tenth or less: kilograms written where grams belong."""
    if not before_g or after_g is None:
        return False
    return after_g >= 10 * before_g or 10 * after_g <= before_g


def slot_of_carrier(position: int) -> str:
    """The slot of the carrier at a position (from 1): ``carrier:1``."""
    return f"carrier:{position}"


def acting_slot(
    event: Event, leg: int, profile_slots: Mapping[str, Sequence[str]], *, is_own_draft: bool = False
) -> list[str]:
    """The slots of which one must act for ``event``: carriers are named by the leg that is due.

    Args:
        leg: position (from 1) of the carrier who has the waste; 0 before departure.
        profile_slots: event -> slots, as the profile says; ``carrier`` stands for the carrier who is due.
        is_own_draft: whether the collector of a round drew it up and nobody has signed it: then it may take it back.
    """
    due = leg + 1 if event in (Event.DEPART, Event.HAND_OVER) else max(leg, 1)
    slots = [slot_of_carrier(due) if slot == "carrier" else slot for slot in profile_slots.get(event.value, ())]
    return [*slots, slot_of_carrier(1)] if event is Event.VOID and is_own_draft else slots


def summary_of(document: Mapping[str, Any]) -> tuple[str, int]:
    """A short text of the wastes and the sum of their grams, for lists."""
    wastes = document.get("wastes") or []
    names = [f"{waste.get('name') or ''} {waste.get('code') or ''}".strip() for waste in wastes[:3]]
    more = f" 等 {len(wastes)} 种" if len(wastes) > 3 else ""
    return "；".join(filter(None, names)) + more, sum(int(waste.get("mass_g") or 0) for waste in wastes)
