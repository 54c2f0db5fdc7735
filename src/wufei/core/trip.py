"""The trip (车次): one vehicle on one round with many stops; its life in one table, and how a weighing is shared out.

A trip keeps no mass of its own: each stop makes a manifest, and these hold what was collected. Invariant: what a
whole trip weighed at the receiver is the sum of what its manifests accept, to the gram.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from wufei.core.findings import Finding
from wufei.core.manifest import RuleError
from wufei.core.trace import apportion

SERIES = "SY"  # letters of the trips' own running numbers; no profile of manifests may take them
MOST_STOPS = 200


class TripStatus(StrEnum):
    """The stage of a trip."""

    PLANNED = "planned"  # 已排班
    RUNNING = "running"  # 收运中
    FINISHED = "finished"  # 已结束
    CANCELLED = "cancelled"  # 已取消


class TripEvent(StrEnum):
    """What happens to a trip."""

    START = "start"  # 出车
    VISIT = "visit"  # 收运
    SKIP = "skip"  # 跳过
    ARRIVE = "arrive"  # 到达
    CONFIRM = "confirm"  # 确认接受
    FINISH = "finish"  # 结束
    CANCEL = "cancel"  # 取消


TRIP_STATUS_NAMES: Mapping[TripStatus, str] = {
    TripStatus.PLANNED: "已排班",
    TripStatus.RUNNING: "收运中",
    TripStatus.FINISHED: "已结束",
    TripStatus.CANCELLED: "已取消",
}
TRIP_EVENT_NAMES: Mapping[TripEvent, str] = {
    TripEvent.START: "出车",
    TripEvent.VISIT: "收运",
    TripEvent.SKIP: "跳过停靠点",
    TripEvent.ARRIVE: "到达",
    TripEvent.CONFIRM: "确认接受",
    TripEvent.FINISH: "结束车次",
    TripEvent.CANCEL: "取消车次",
}
OPEN_TRIPS = frozenset({TripStatus.PLANNED, TripStatus.RUNNING})

# The whole life in one table. A receiver may confirm after the driver has gone home.
TRIP_LIFE: Mapping[tuple[TripStatus, TripEvent], TripStatus] = {
    (TripStatus.PLANNED, TripEvent.START): TripStatus.RUNNING,
    (TripStatus.PLANNED, TripEvent.CANCEL): TripStatus.CANCELLED,
    (TripStatus.RUNNING, TripEvent.VISIT): TripStatus.RUNNING,
    (TripStatus.RUNNING, TripEvent.SKIP): TripStatus.RUNNING,
    (TripStatus.RUNNING, TripEvent.ARRIVE): TripStatus.RUNNING,
    (TripStatus.RUNNING, TripEvent.CONFIRM): TripStatus.RUNNING,
    (TripStatus.RUNNING, TripEvent.FINISH): TripStatus.FINISHED,
    (TripStatus.RUNNING, TripEvent.CANCEL): TripStatus.CANCELLED,
    (TripStatus.FINISHED, TripEvent.CONFIRM): TripStatus.FINISHED,
}


def trip_events(status: TripStatus) -> list[TripEvent]:
    """What may happen next, in the order of ``TripEvent``."""
    return [event for event in TripEvent if (status, event) in TRIP_LIFE]


def next_trip_status(number: str, status: TripStatus, event: TripEvent) -> TripStatus:
    """The status after ``event``.

    Raises:
        RuleError: the table has no such move; names what is allowed.
    """
    target = TRIP_LIFE.get((status, event))
    if target is None:
        names = "、".join(TRIP_EVENT_NAMES[e] for e in trip_events(status))
        raise RuleError(
            "illegal_transition",
            f"车次 {number} 处于“{TRIP_STATUS_NAMES[status]}”，不能{TRIP_EVENT_NAMES[event]}。",
            f"此时可以：{names}。" if names else "车次已经结束，请另排一趟。",
            number=number,
            status=status.value,
            event=event.value,
        )
    return target


@dataclass(frozen=True, slots=True)
class StopState:
    """What of a stop decides whether a trip may end: ``manifest`` is the stage of what it made, empty for none."""

    position: int
    is_done: bool
    manifest: str = ""


UNDER_WAY = frozenset({"draft", "submitted", "in_transit"})


def ending_findings(stops: Sequence[StopState]) -> list[Finding]:
    """What keeps a trip from finishing: stops not dealt with, loads that have not arrived."""
    found = []
    left = [str(s.position) for s in stops if not s.is_done]
    if left:
        what = f"第 {'、'.join(left)} 站还没有收运。"
        found.append(Finding(None, "/stops", what, "请收运，或写明原因后跳过。", "stops_left"))
    loaded = [str(s.position) for s in stops if s.manifest in UNDER_WAY]
    if loaded:
        what = f"第 {'、'.join(loaded)} 站的联单还没有到达。"
        found.append(Finding(None, "/stops", what, "请先办理到达；没有起运的请作废。", "loads_under_way"))
    return found


def cancelling_findings(stops: Sequence[StopState]) -> list[Finding]:
    """What keeps a trip from being cancelled: manifests that it made and that stand."""
    made = [str(s.position) for s in stops if s.manifest not in ("", "void")]
    if not made:
        return []
    what = f"第 {'、'.join(made)} 站已有联单。"
    return [Finding(None, "/stops", what, "收了运的车次请到达后结束；没有起运的联单请先作废。", "stops_collected")]


def share_out(total_g: int, sent_g: Sequence[int]) -> list[int]:
    """Grams of a weighed total for each load, in proportion to what was sent; they sum to the total exactly.

    Loads of which nothing is known to be sent share alike.
    """
    assert sent_g
    return apportion(total_g, list(sent_g) if sum(sent_g) else [1] * len(sent_g))
