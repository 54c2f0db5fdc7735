"""What a race is, and the scene on which it is set: through the same services as everyone."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any


@dataclass(frozen=True)
class Act:
    """What one of the two does: a request of the interface, or (``call``) a function of ``CALLS``."""

    who: str
    path: str
    body: Any = None
    method: str = "POST"
    key: str = ""
    call: str = ""


@dataclass(frozen=True)
class Race:
    """Two acts; how many of them may win; what else must hold, told by what the two were answered."""

    acts: tuple[Act, Act]
    wins: frozenset[int] = frozenset({1})
    check: Callable[[list[dict[str, Any]]], str] = lambda _: ""


BOTH, EITHER = frozenset({2}), frozenset({1, 2})
RACES: dict[str, Callable[["Stage"], Race]] = {}


def race(work: Callable[["Stage"], Race]) -> Callable[["Stage"], Race]:
    """Enter a race under its name."""
    assert work.__name__ not in RACES
    RACES[work.__name__] = work
    return work


@dataclass
class Stage:
    """Sets the scene of each race, through the same services as everyone."""

    world: Any
    chance: random.Random
    numbers: Any = field(default_factory=lambda: count(1))

    def at(self) -> datetime:
        """A moment ago."""
        from django.utils import timezone

        return timezone.now() - timedelta(minutes=1)

    def act(self, who: str) -> Any:
        """What a person does now."""
        from wufei.apps.manifests.services import Act as ManifestAct

        at = self.at()
        return ManifestAct(self.world.people[who], claimed_at=at, server_at=at)

    def manifest(self, status: str, *wastes: dict[str, Any], carriers: tuple[str, ...] = ("carrier",)) -> str:
        """A manifest in a stage; 600 kg of oil unless told otherwise."""
        from benchmarks.day_world import document, drums
        from wufei.apps.manifests.services import advance, create_manifest
        from wufei.core.manifest import Event

        written = document(self.world, *(wastes or (drums(OIL, 600_000),)), carriers=carriers)
        made = create_manifest(written, act=self.act("maker"))
        steps = (("maker", "submit"), ("carrier", "depart"), (carriers[-1], "arrive"))
        for who, event in steps[: ("draft", "submitted", "in_transit", "delivered").index(status)]:
            if event == "arrive" and len(carriers) > 1:
                advance(made.number, Event.HAND_OVER, {}, act=self.act(who))
            advance(made.number, Event(event), {}, act=self.act(who))
        return made.number

    def packages(self, *masses_g: int) -> list[str]:
        """Drums of oil at the maker's."""
        from wufei.apps.packages.actions import Act as PackageAct
        from wufei.apps.packages.making import What
        from wufei.apps.packages.services import assign_packages

        at, site = self.at(), self.world.sites["maker"]
        act = PackageAct(f"race-{next(self.numbers)}", at, at, "maker", site.organisation_id)
        what = What(waste_code=OIL, generated_on=at.date(), form="L", container="drum")
        return assign_packages(site=site, what=what, act=act, count=len(masses_g), masses_g=masses_g, book=True)

    def amendment(self, number: str, pointer: str, after: Any) -> int:
        """What the maker asks for."""
        from wufei.apps.amendments.services import NewAmendment, request_amendment
        from wufei.apps.manifests.models import Manifest
        from wufei.apps.signatures.services import Evidence
        from wufei.core.amendment import Change
        from wufei.core.pointers import value_at

        before = value_at(Manifest.objects.get(number=number).document, pointer)
        asked = NewAmendment(
            f"manifest:{number}", [Change(pointer, before, after)], reason="笔误",
            evidence=Evidence("a.pdf", b"%PDF-1.7"),
        )  # fmt: skip
        return int(request_amendment(asked, user=self.world.people["maker"], at=self.at()).pk)

    def food(self) -> str:
        """Food waste that the first shop has submitted itself."""
        from benchmarks.day_world import document
        from wufei.apps.manifests.services import create_and_submit

        written = document(self.world, {"code": FOOD, "mass_g": 30_000}) | {"profile": "kitchen"}
        written["generator"] = {"site": "S-shop1", "handler": "掌柜"}
        return create_and_submit(written, act=self.act("shop1")).number

    def trip(self) -> str:
        """A round that is planned."""
        from wufei.apps.manifests.trip_planning import StopPlan, TripPlan, plan_trip

        plan = TripPlan(
            profile="kitchen", vehicle="浙E00002", on=self.at().date(), receiver="S-plant", driver="李四",
            driver_licence="330500001", stops=[StopPlan("S-shop1"), StopPlan("S-shop2")],
        )  # fmt: skip
        return plan_trip(plan, act=self.act("carrier")).number

    def collected(self) -> tuple[str, str]:
        """A round that has collected at its first stop: its number and that of the manifest."""
        from wufei.apps.manifests.models import Manifest
        from wufei.apps.manifests.trips import visit_stop

        number = self.trip()
        visit_stop(number, 1, VISIT["payload"], act=self.act("carrier"))
        return number, Manifest.objects.get(trip__number=number).number

    def transfer(self) -> tuple[int, str]:
        """An application to leave the province that the office has accepted, and a number for its approval."""
        from wufei.apps.registry import transfers
        from wufei.apps.registry.models import RegionTransfer
        from wufei.core.ledger import local_day

        day = local_day(self.at())
        head = {
            "direction": "out", "other_name": "广德某利用公司", "other_place": "安徽省宣城市广德市",
            "asked_from": str(day), "asked_until": str(day + timedelta(days=200)),
            "other_permit_until": str(day + timedelta(days=200)),
        }  # fmt: skip
        wastes = [{"waste_code": OIL, "method": "R9", "mass_g": "100"}]
        site = self.world.sites["maker"]
        made = transfers.apply_transfer(site=site, head=head, wastes=wastes, actor="maker", at=self.at())
        for event in ("accept", "first_review", "reply"):
            transfers.advance_transfer(
                RegionTransfer.objects.all(), pk=made.pk, event=event, by="office", on="", note="同意",
                actor="bureau", at=self.at(),
            )  # fmt: skip
        return made.pk, f"皖环转〔2026〕{next(self.numbers)}号"


OIL = "900-214-08"
FOOD = "900-002-S61"
VISIT = {"payload": {"generator": {"handler": "掌柜"}, "wastes": [{"code": FOOD, "mass_g": 30_000}]}}
ALL = {"payload": {"receipt": {"lines": [{"accepted_g": 600_000}]}, "receiver": {"handler": "赵六"}}}
NONE = {
    "payload": {
        "receipt": {
            "has_major_difference": True, "difference_note": "含水", "opinion": "退回",
            "lines": [{"accepted_g": 0, "refused_g": 600_000}],
        },
        "receiver": {"handler": "赵六"},
    }
}  # fmt: skip


def step(who: str, number: str, event: str, body: Any = None, key: str = "") -> Act:
    """A step of a manifest."""
    return Act(who, f"manifests/{number}/{event}/", body or {}, key=key)
