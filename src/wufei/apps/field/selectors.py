"""Reads of the field, and the one place that decides whose phones a person sees: those of visible firms."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from wufei.apps.field.blocks import accounts_of
from wufei.apps.field.models import (
    OPEN_STATES,
    FieldDevice,
    FieldEvent,
    FieldOutcome,
    FieldPhoto,
    HandlerCode,
    NumberBlock,
    NumberUse,
    State,
)
from wufei.apps.registry.models import Role, User
from wufei.apps.registry.selectors import FIRM_ROLES, visible_organisations
from wufei.core.field_events import PARTS_OF_RECEIPT
from wufei.core.field_sync import first_break
from wufei.core.number_block import FATE_NAMES, Fate, numbers_text

Person = User | AnonymousUser


def visible_devices(user: Person) -> QuerySet[FieldDevice]:
    """The phones of the firms that the person sees."""
    return FieldDevice.objects.filter(organisation__in=visible_organisations(user))


def visible_outcomes(user: Person) -> QuerySet[FieldOutcome]:
    """What came from those phones, with what became of it."""
    return FieldOutcome.objects.filter(event__device__in=visible_devices(user))


def cures(user: Person) -> QuerySet[FieldOutcome]:
    """Of those, what a person has to settle or what waits for an earlier step."""
    return visible_outcomes(user).filter(state__in=OPEN_STATES)


def visible_blocks(user: Person) -> QuerySet[NumberBlock]:
    """The number blocks of visible phones."""
    return NumberBlock.objects.filter(device__in=visible_devices(user))


def visible_codes(user: Person) -> QuerySet[HandlerCode]:
    """The handler codes of the person's own firm."""
    if not isinstance(user, User) or user.role not in FIRM_ROLES or user.organisation_id is None:
        return HandlerCode.objects.none()
    return HandlerCode.objects.filter(organisation=user.organisation_id)


def may_settle(user: Person, device: FieldDevice) -> bool:
    """Whether the person may settle what came from a phone: its firm, and the programme office that sees it."""
    if not isinstance(user, User):
        return False
    own = user.role in FIRM_ROLES and user.organisation_id == device.organisation_id
    return own or (user.role == Role.PROGRAMME_OFFICE and visible_devices(user).filter(pk=device.pk).exists())


# --- One event ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EventView:
    """One event for its page; ``others`` are those that claim the same number or the same place in the line."""

    outcome: FieldOutcome
    payload: Mapping[str, Any]
    pretty: str
    photos: tuple[FieldPhoto, ...]
    others: tuple["EventView", ...] = ()

    @property
    def lines(self) -> list[tuple[str, str]]:
        """What a person wants to compare, in words."""
        given = self.payload
        told = given.get("wastes")
        wastes = told if isinstance(told, list) else []
        masses = "、".join(text for w in wastes if isinstance(w, dict) and (text := _masses_of(w)))
        handler = given.get("handler")
        name = handler.get("name", "") if isinstance(handler, dict) else str(handler or "")
        rows = [
            ("号码", given.get("number")),
            ("联单", given.get("manifest")),
            ("车次", given.get("trip")),
            ("站", given.get("stop")),
            ("场所", given.get("site")),
            ("废物", masses),
            ("经办人", name),
            ("处理意见", given.get("decision")),
            ("理由", given.get("reason")),
        ]
        return [(label, str(value)[:200]) for label, value in rows if value]


def _masses_of(waste: Mapping[str, Any]) -> str:
    """What an event says of one waste: what was loaded, or what was accepted, refused and lost."""
    names = {"mass_g": "", **{name: f"{label} " for name, label in PARTS_OF_RECEIPT.items()}}
    told = [f"{label}{waste[n] / 1000:g} 千克" for n, label in names.items() if isinstance(waste.get(n), int)]
    return f"{waste.get('name') or waste.get('code') or ''} {'，'.join(told)}".strip() if told else ""


def _view(outcome: FieldOutcome, others: tuple[EventView, ...] = ()) -> EventView:
    payload = json.loads(outcome.event.body)["payload"]
    pretty = json.dumps(payload, ensure_ascii=False, indent=1)
    return EventView(outcome, payload, pretty, tuple(outcome.event.photos.all()), others)


def event_view(user: Person, pk: int) -> EventView | None:
    """One event in sight with its rivals, or ``None``."""
    rows = FieldOutcome.objects.select_related("event__device__organisation", "event__device__user").prefetch_related(
        "event__photos"
    )
    found = rows.filter(pk__in=visible_outcomes(user).filter(pk=pk).values("pk")).first()
    if found is None:
        return None
    event = found.event
    told = NumberUse.objects.filter(evidence=event.digest).values("block_id", "serial")
    digests: set[str] = set()
    for use in told[:20]:
        rivals = NumberUse.objects.filter(block_id=use["block_id"], serial=use["serial"])
        digests |= set(rivals.values_list("evidence", flat=True))
    same_place = FieldEvent.objects.filter(device=event.device, seq=event.seq).values_list("digest", flat=True)
    others = rows.filter(
        event__digest__in=(digests | set(same_place)) - {event.digest}, event__device__in=visible_devices(user)
    )
    return _view(found, tuple(_view(other) for other in others.order_by("pk")[:10]))


def photo_in_sight(user: Person, event_id: int, digest: str) -> bool:
    """Whether the person may see this picture: it is whole, and of an event in sight."""
    seen = visible_outcomes(user).filter(pk=event_id).values("pk")
    return FieldPhoto.objects.filter(event__in=seen, digest=digest).exclude(completed_at=None).exists()


# --- Blocks and lines ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BlockRow:
    """What became of the numbers of one block."""

    pk: int
    first: str
    last: str
    device: str
    device_code: str
    issued_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    size: int
    used: int
    spoiled: int
    returned: int
    lost: int
    open: int
    gaps: str
    twice: str
    open_numbers: str

    @property
    def state(self) -> str:
        """The state in Chinese."""
        if self.closed_at:
            return "已结清"
        if self.twice:
            return "有重号"
        if self.gaps:
            return "有缺号"
        return "使用中" if self.open else "可结清"


def block_rows(rows: QuerySet[NumberBlock]) -> list[BlockRow]:
    """Blocks with what became of their numbers; two queries."""
    found = []
    for record, block, state in accounts_of(list(rows.select_related("device"))):
        counts = {fate: state.count(fate) for fate in Fate}
        found.append(
            BlockRow(
                record.pk, block.number(block.first), block.number(block.last), record.device.name,
                record.device.code, record.issued_at, record.expires_at, record.closed_at, len(block.serials()),
                counts[Fate.USED], counts[Fate.SPOILED], counts[Fate.RETURNED], counts[Fate.LOST], len(state.open),
                numbers_text(block, state.gaps), numbers_text(block, state.twice), numbers_text(block, state.open),
            )
        )  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class NumberRow:
    """One number of a block and what became of it."""

    number: str
    fate: str
    events: tuple[tuple[int, str], ...]  # key of the event, what it is
    reason: str


def number_rows(record: NumberBlock) -> list[NumberRow]:
    """Each number of a block; three queries."""
    _, block, _ = accounts_of([record])[0]
    uses: dict[int, list[NumberUse]] = {}
    for use in NumberUse.objects.filter(block=record).order_by("-counts", "id"):
        uses.setdefault(use.serial, []).append(use)
    digests = [use.evidence for held in uses.values() for use in held]
    events = {e.digest: e for e in FieldEvent.objects.filter(digest__in=digests)}
    rows = []
    for serial in block.serials():
        held = uses.get(serial, [])
        fate = FATE_NAMES[Fate(held[0].fate)] if held else "没有去向"
        told = tuple((e.pk, f"{e.type_name} {e.seq}") for use in held if (e := events.get(use.evidence)))
        rows.append(NumberRow(block.number(serial), fate, told, held[0].reason if held else ""))
    return rows


def line_break(device: FieldDevice) -> int | None:
    """The seq at which the stored line of a phone is not whole, or ``None``: walks all of it."""
    line = FieldEvent.objects.filter(device=device, is_fork=False).order_by("seq").values_list("seq", "body")
    return first_break(device.code, line.iterator(chunk_size=500))


def state_counts(device: FieldDevice) -> dict[str, int]:
    """How many events of a phone are in which state, by the Chinese word."""
    counts: dict[str, int] = {}
    for state in FieldOutcome.objects.filter(event__device=device).values_list("state", flat=True):
        counts[State(state).label] = counts.get(State(state).label, 0) + 1
    return counts
