"""What a race calls without the interface: of each act, what it would be answered."""

import random
import time
from collections.abc import Callable
from typing import Any

from benchmarks.race_stage import Act, Stage


def _silence(world: Any, act: Act) -> int:
    from django.utils import timezone

    from wufei.apps.amendments.services import settle_due

    time.sleep(random.random() * act.body / 1000)
    return settle_due(timezone.now())


def _draw_up(world: Any, act: Act) -> str:
    from wufei.apps.manifests.services import create_manifest

    made = create_manifest(
        act.body["document"], act=Stage(world, random.Random()).act(act.who), number=act.body["number"]
    )
    return made.number


def _sync(world: Any, act: Act) -> Any:
    from django.utils import timezone

    from wufei.apps.field.models import FieldDevice
    from wufei.apps.field.services import sync_phone

    device = FieldDevice.objects.select_related("key", "user__organisation", "organisation").get(
        pk=act.body["device"]
    )
    return sync_phone(device, act.body["events"], [], at=timezone.now())


def _block(world: Any, act: Act) -> list[str]:
    from django.utils import timezone

    from wufei.apps.field.blocks import top_up
    from wufei.apps.field.models import FieldDevice

    device = FieldDevice.objects.select_related("user", "organisation").get(pk=act.body)
    held = top_up(device, [("CC", "330523001")], at=timezone.now())
    return [f"{b.key}{serial:0{b.digits}}" for b in held for serial in range(b.first, b.last + 1)]


def _decide(world: Any, act: Act) -> str:
    from wufei.apps.registry.models import RegionTransfer
    from wufei.apps.registry.transfers import decide_transfer

    values = {"number": act.body["number"], "note": "理由"}
    made = decide_transfer(
        RegionTransfer.objects.all(), pk=act.body["pk"], grant=act.body["grant"], values=values, granted={},
        actor=act.who, at=Stage(world, random.Random()).at(),
    )  # fmt: skip
    return made.status


CALLS: dict[str, Callable[[Any, Act], Any]] = {
    "silence": _silence, "draw_up": _draw_up, "sync": _sync, "block": _block, "decide": _decide,
}  # fmt: skip
