"""Two clients at once: ``python -m benchmarks.races``. Each of two processes has a connection of its own.

A race is a state of affairs and two acts on it, let go at one moment, with a short random sleep before some of their
statements. Then as many must have won as the rules let win, whoever lost must have been told what to do (a problem
422 or 409, never a 5xx), and everything of ``day_world.invariants`` must hold. It makes a database of its own,
beside ``DATABASE_URL``. Options: ``--rounds N`` times each, ``--only NAME``, ``--seed``. One line of JSON;
exit 1 on a fault.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from benchmarks.disposable import Watch, stores

LONGEST_S = 60


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


# --- One manifest ---------------------------------------------------------------------------------------------------


@race
def one_step_twice_under_one_key(stage: Stage) -> Race:
    """The phone sent it twice: done once, both are told the same."""
    number = stage.manifest("draft")
    act = step("maker", number, "submit", key=f"twice-{number}")
    return Race((act, act), BOTH, lambda told: "" if told[0]["again"] != told[1]["again"] else "not once done")


@race
def one_step_twice_under_two_keys(stage: Stage) -> Race:
    """Two people of one firm."""
    number = stage.manifest("draft")
    return Race((step("maker", number, "submit"), step("maker", number, "submit")))


@race
def departing_twice(stage: Stage) -> Race:
    """The mass is loaded once."""
    number = stage.manifest("submitted")
    return Race((step("carrier", number, "depart"), step("carrier", number, "depart")))


@race
def confirming_and_refusing(stage: Stage) -> Race:
    """Two people of the receiver."""
    number = stage.manifest("delivered")
    return Race((step("plant", number, "confirm", ALL), step("plant", number, "refuse", NONE)))


@race
def refusing_twice(stage: Stage) -> Race:
    """One return shipment."""
    number = stage.manifest("delivered")
    return Race((step("plant", number, "refuse", NONE), step("plant", number, "refuse", NONE)))


@race
def voiding_and_departing(stage: Stage) -> Race:
    """The sender thinks better of it while the vehicle leaves."""
    number = stage.manifest("submitted")
    return Race((step("maker", number, "void"), step("carrier", number, "depart")))


@race
def voiding_and_submitting(stage: Stage) -> Race:
    """Submitted and then void is a way; void and then submitted is none."""
    number = stage.manifest("draft")
    return Race((step("maker", number, "void"), step("maker", number, "submit")), EITHER)


@race
def changing_and_submitting(stage: Stage) -> Race:
    """Either the signed document has the change, or it is refused as sealed."""
    number = stage.manifest("draft")
    change = Act("maker", f"manifests/{number}/", {"wastes": [{"form": "S"}]}, "PATCH")
    return Race((change, step("maker", number, "submit")), EITHER)


@race
def changing_two_places(stage: Stage) -> Race:
    """Neither change is lost."""
    from wufei.apps.manifests.models import Manifest

    number = stage.manifest("draft")

    def check(_: Any) -> str:
        written = Manifest.objects.get(number=number).document
        said = (written["wastes"][0]["form"], written["generator"]["handler"])
        return "" if said == ("S", "钱七") else f"a change was lost: {said}"

    path = f"manifests/{number}/"
    acts = (Act("maker", path, {"wastes": [{"form": "S"}]}, "PATCH"),
            Act("maker", path, {"generator": {"handler": "钱七"}}, "PATCH"))  # fmt: skip
    return Race(acts, BOTH, check)


@race
def arriving_and_handing_over(stage: Stage) -> Race:
    """The first carrier arrives while the second takes over."""
    number = stage.manifest("in_transit", carriers=("carrier", "second"))
    return Race((step("carrier", number, "arrive"), step("second", number, "hand_over")))


@race
def drawing_up_two(stage: Stage) -> Race:
    """Two manifests, two numbers."""
    from benchmarks.day_world import document, drums

    act = Act("maker", "manifests/", document(stage.world, drums(OIL, 600_000)))
    return Race((act, act), BOTH, lambda told: "" if len({t["body"]["number"] for t in told}) == 2 else "one number")


@race
def one_key_for_two_things(stage: Stage) -> Race:
    """The key of one request is taken for another."""
    one, other = stage.manifest("draft"), stage.manifest("draft")
    key = f"shared-{one}"
    return Race((step("maker", one, "submit", key=key), step("maker", other, "submit", key=key)))


# --- Amendments -----------------------------------------------------------------------------------------------------


@race
def a_note_and_the_confirmation(stage: Stage) -> Race:
    """A note of the sender needs nobody's leave."""
    number = stage.manifest("delivered")
    note = {"changes": [{"pointer": "/generator/note", "after": "桶有凹痕"}]}
    return Race((step("maker", number, "amend", note), step("plant", number, "confirm", ALL)), BOTH)


@race
def agreeing_and_the_confirmation(stage: Stage) -> Race:
    """The mass becomes 610 kg while 600 kg are accepted: 10 kg are missing, whoever was first."""
    from wufei.apps.manifests.models import Manifest

    number = stage.manifest("delivered")
    asked = stage.amendment(number, "/wastes/0/mass_g", 610_000)

    def check(_: Any) -> str:
        mass_g = Manifest.objects.get(number=number).mass_g
        return "" if mass_g == 610_000 else f"the mass is {mass_g} g"

    agree = Act("plant", f"amendments/{asked}/answer/", {"choice": "agree"})
    return Race((agree, step("plant", number, "confirm", ALL)), BOTH, check)


@race
def agreeing_and_withdrawing(stage: Stage) -> Race:
    """The asker takes it back in the moment of the answer."""
    asked = stage.amendment(stage.manifest("delivered"), "/wastes/0/mass_g", 610_000)
    acts = (Act("plant", f"amendments/{asked}/answer/", {"choice": "agree"}),
            Act("maker", f"amendments/{asked}/withdraw/", {}))  # fmt: skip
    return Race(acts)


@race
def agreeing_and_rejecting(stage: Stage) -> Race:
    """Two people of the receiver answer."""
    asked = stage.amendment(stage.manifest("in_transit"), "/wastes/0/mass_g", 610_000)
    acts = (Act("plant", f"amendments/{asked}/answer/", {"choice": "agree"}),
            Act("plant", f"amendments/{asked}/answer/", {"choice": "reject"}))  # fmt: skip
    return Race(acts)


@race
def asking_twice_for_one_place(stage: Stage) -> Race:
    """A second request for a place waits for the first."""
    number = stage.manifest("in_transit")
    acts = [
        step(
            "maker", number, "amend", {"changes": [{"pointer": "/generator/handler", "after": name}], "reason": "误"}
        )
        for name in ("钱七", "孙八")
    ]
    return Race((acts[0], acts[1]))


@race
def two_agree_to_one(stage: Stage) -> Race:
    """Receiver and office agree at once: it is applied once."""
    from wufei.apps.amendments.models import AmendmentRecord
    from wufei.apps.manifests.models import ManifestEvent

    number = stage.manifest("in_transit")
    asked = stage.amendment(number, "/wastes/0/code", "900-249-08")

    def check(_: Any) -> str:
        versions = ManifestEvent.objects.filter(manifest__number=number, event="amend").count()
        status = AmendmentRecord.objects.get(pk=asked).status
        return "" if (versions, status) == (1, "agreed") else f"{status}, {versions} versions"

    acts = [Act(who, f"amendments/{asked}/answer/", {"choice": "agree"}) for who in ("plant", "bureau")]
    return Race((acts[0], acts[1]), BOTH, check)


@race
def agreeing_as_the_time_runs_out(stage: Stage) -> Race:
    """An answer against silence, which here gives it to the office: the answer counts, or is refused."""
    from django.utils import timezone

    from wufei.apps.amendments.models import AmendmentRecord
    from wufei.apps.amendments.services import settle_due
    from wufei.apps.manifests.models import ManifestEvent

    number = stage.manifest("in_transit")
    asked = stage.amendment(number, "/wastes/0/mass_g", 610_000)
    due = timezone.now() + timedelta(milliseconds=stage.chance.randrange(60))
    AmendmentRecord.objects.filter(pk=asked).update(due_at=due)

    def check(told: list[dict[str, Any]]) -> str:
        settle_due(timezone.now() + timedelta(seconds=1))  # it came just before the time, the answer just after
        status = AmendmentRecord.objects.get(pk=asked).status
        versions = ManifestEvent.objects.filter(manifest__number=number, event="amend").count()
        fits = {"agreed": (True, 1), "escalated": (False, 0)}.get(status)
        return (
            "" if fits == (told[0]["won"], versions) else f"{status}, answer {told[0]['status']}, {versions} versions"
        )

    acts = (Act("plant", f"amendments/{asked}/answer/", {"choice": "agree"}), Act("", "", 80, call="silence"))
    return Race(acts, EITHER, check)


# --- Packages and stock ---------------------------------------------------------------------------------------------


@race
def one_package_on_two_manifests(stage: Stage) -> Race:
    """A package goes with one."""
    from benchmarks.day_world import drums

    codes = stage.packages(600_000)
    one, other = (stage.manifest("draft", drums(OIL, 600_000, packages=codes)) for _ in range(2))
    return Race((step("maker", one, "submit"), step("maker", other, "submit")))


@race
def two_packages_in_both_orders(stage: Stage) -> Race:
    """Named in opposite orders: nobody waits for the other for ever."""
    from benchmarks.day_world import drums

    codes = stage.packages(300_000, 300_000)
    one, other = (
        stage.manifest("draft", drums(OIL, 600_000, packages=order, package_count=2))
        for order in (codes, codes[::-1])
    )
    return Race((step("maker", one, "submit"), step("maker", other, "submit")))


@race
def submitting_and_voiding_its_package(stage: Stage) -> Race:
    """The code is taken back while it is put on a manifest."""
    from benchmarks.day_world import drums

    codes = stage.packages(600_000)
    number = stage.manifest("draft", drums(OIL, 600_000, packages=codes))
    void = Act("maker", f"packages/{codes[0]}/void/", {"reason": "贴错", "at": stage.at().isoformat()})
    return Race((step("maker", number, "submit"), void))


@race
def one_stock_for_two_manifests(stage: Stage) -> Race:
    """Both depart; the store never falls below 0, what it lacked is booked once as found."""
    numbers = [stage.manifest("submitted") for _ in range(2)]
    stage.packages(700_000)
    acts = [step("carrier", number, "depart") for number in numbers]
    return Race((acts[0], acts[1]), BOTH)


@race
def a_new_vehicle_for_two_manifests(stage: Stage) -> Race:
    """A vehicle that the books have never seen loads two at once."""
    from wufei.apps.manifests.services import update_manifest

    plate = f"浙F{next(stage.numbers):05}"
    numbers = [stage.manifest("submitted") for _ in range(2)]
    for number in numbers:
        update_manifest(number, {"carriers": [{"vehicle": plate}]}, act=stage.act("carrier"))
    acts = [step("carrier", number, "depart") for number in numbers]
    return Race((acts[0], acts[1]), BOTH)


@race
def two_receipts_into_one_store(stage: Stage) -> Race:
    """Two vehicles are confirmed at once."""
    acts = [step("plant", stage.manifest("delivered"), "confirm", ALL) for _ in range(2)]
    return Race((acts[0], acts[1]), BOTH)


@race
def codes_for_two_lots(stage: Stage) -> Race:
    """Two people print labels."""
    body = {
        "site": "S-maker", "waste_code": OIL, "form": "L", "container": "drum", "count": 3,
        "masses_g": [1000, 1000, 1000], "book": True, "generated_on": stage.at().date().isoformat(),
    }  # fmt: skip
    act = Act("maker", "packages/", body)

    def check(told: list[dict[str, Any]]) -> str:
        return "" if len({code for t in told for code in t["body"]["codes"]}) == 6 else "a code twice"

    return Race((act, act), BOTH, check)


# --- Number blocks --------------------------------------------------------------------------------------------------


@race
def one_issued_number_for_two(stage: Stage) -> Race:
    """A number of a block is used by two."""
    from benchmarks.day_world import document, drums
    from wufei.apps.manifests.numbers import take_numbers

    number = take_numbers("national", stage.at().year, "330523")[0]
    body = {"number": number, "document": document(stage.world, drums(OIL, 600_000))}
    return Race((Act("maker", "", body, call="draw_up"), Act("maker", "", body, call="draw_up")))


@race
def one_block_on_two_phones(stage: Stage) -> Race:
    """A phone and its restored backup use the same number at two stops: both are kept, one counts."""
    from wufei.apps.field.models import NumberUse
    from wufei.apps.manifests.models import Manifest

    device, number, bodies = _twin_phones(stage, stage.trip())

    def check(_: Any) -> str:
        uses = sorted(NumberUse.objects.filter(block__device=device).values_list("counts", flat=True))
        made = Manifest.objects.filter(number=number).count()
        return "" if (uses, made) == ([False, True], 1) else f"uses {uses}, {made} manifests"

    acts = [Act("", "", {"device": device, "events": [body]}, call="sync") for body in bodies]
    return Race((acts[0], acts[1]), BOTH, check)


@race
def two_phones_asking_for_numbers(stage: Stage) -> Race:
    """Blocks do not overlap."""
    devices = [_phone(stage)[0] for _ in range(2)]

    def check(told: list[dict[str, Any]]) -> str:
        return "" if len({n for t in told for n in t["body"]}) == 40 else "a number in two blocks"

    acts = [Act("", "", device, call="block") for device in devices]
    return Race((acts[0], acts[1]), BOTH, check)


def _phone(stage: Stage) -> tuple[int, Any]:
    """A registered phone of the carrier: its id and private key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from wufei.apps.field.devices import Registration, register_device, registration_statement

    private = Ed25519PrivateKey.generate()
    public = _text64(private.public_key().public_bytes_raw())
    name = f"手机{next(stage.numbers)}"
    signature = _text64(private.sign(registration_statement(name, public)))
    asked = Registration(name, "ed25519", public, signature)
    return register_device(stage.world.people["carrier"], asked, at=stage.at()).pk, private


def _twin_phones(stage: Stage, trip: str) -> tuple[int, str, list[dict[str, str]]]:
    from uuid import uuid4

    from wufei.apps.field.models import FieldDevice
    from wufei.core.field_sync import first_previous, signed_bytes

    pk, private = _phone(stage)
    number = CALLS["block"](stage.world, Act("", "", pk))[0]
    code = FieldDevice.objects.get(pk=pk).code
    events = []
    for stop in (1, 2):
        wastes = [{"code": FOOD, "mass_g": 30_000 * stop, "packages": []}]
        payload = {
            "trip": trip, "stop": stop, "site": f"S-shop{stop}", "number": number, "wastes": wastes,
            "handler": {"name": "张三", "drawing": "a" * 64}, "photos": [],
        }  # fmt: skip
        body = json.dumps(
            {"device": code, "seq": 1, "type": "pickup", "payload": payload, "previous": first_previous(code),
             "key": str(uuid4()), "at": stage.at().isoformat()}, ensure_ascii=False,
        )  # fmt: skip
        events.append({"body": body, "signature": _text64(private.sign(signed_bytes(body)))})
    return pk, number, events


def _text64(raw: bytes) -> str:
    import base64

    return base64.b64encode(raw).decode()


# --- Rounds ---------------------------------------------------------------------------------------------------------


@race
def one_manifest_for_two_trips(stage: Stage) -> Race:
    """Two rounds would take what the sender has submitted."""
    number, trips = stage.food(), [stage.trip(), stage.trip()]
    acts = [Act("carrier", f"trips/{trip}/stops/1/visit/", {"manifest": number, "payload": {}}) for trip in trips]
    return Race((acts[0], acts[1]))


@race
def one_stop_visited_twice(stage: Stage) -> Race:
    """Driver and dispatcher enter the same pickup."""
    act = Act("carrier", f"trips/{stage.trip()}/stops/1/visit/", VISIT)
    return Race((act, act))


@race
def visiting_and_skipping(stage: Stage) -> Race:
    """What was skipped may still be collected; what was collected is not skipped."""
    path = f"trips/{stage.trip()}/stops/1/"
    return Race((Act("carrier", f"{path}visit/", VISIT), Act("carrier", f"{path}skip/", {"reason": "歇业"})), EITHER)


@race
def two_stops_at_once(stage: Stage) -> Race:
    """Two helpers of one round at two stops."""
    path = f"trips/{stage.trip()}/stops"
    return Race((Act("carrier", f"{path}/1/visit/", VISIT), Act("carrier", f"{path}/2/visit/", VISIT)), BOTH)


@race
def visiting_and_cancelling(stage: Stage) -> Race:
    """The round is called off while the driver collects."""
    trip = stage.trip()
    acts = (Act("carrier", f"trips/{trip}/stops/1/visit/", VISIT),
            Act("carrier", f"trips/{trip}/cancel/", {"reason": "车坏了"}))  # fmt: skip
    return Race(acts)


@race
def collecting_and_voiding(stage: Stage) -> Race:
    """The sender voids what a round is about to take."""
    number, trip = stage.food(), stage.trip()
    visit = Act("carrier", f"trips/{trip}/stops/1/visit/", {"manifest": number, "payload": {}})
    return Race((visit, step("shop1", number, "void")))


@race
def arriving_with_the_round_and_alone(stage: Stage) -> Race:
    """The round arrives while one of its manifests does."""
    trip, number = stage.collected()
    return Race((Act("carrier", f"trips/{trip}/arrive/", {}), step("carrier", number, "arrive")))


@race
def confirming_the_round_and_one(stage: Stage) -> Race:
    """The receiver confirms the round on one screen and its manifest on another."""
    from wufei.apps.manifests.trips import arrive_trip

    trip, number = stage.collected()
    arrive_trip(trip, act=stage.act("carrier"))
    body = {"payload": {"receipt": {"lines": [{"accepted_g": 29_000}]}, "receiver": {"handler": "赵六"}}}
    whole = Act("plant", f"trips/{trip}/confirm/", {"weighed_g": 30_000, "handler": "赵六"})
    return Race((whole, step("plant", number, "confirm", body)))


# --- Across the province --------------------------------------------------------------------------------------------


@race
def two_decisions_on_one_transfer(stage: Stage) -> Race:
    """Granted by one, refused by another."""
    pk, number = stage.transfer()
    acts = [Act("bureau", "", {"pk": pk, "grant": grant, "number": number}, call="decide") for grant in (True, False)]
    return Race((acts[0], acts[1]))


@race
def one_number_for_two_transfers(stage: Stage) -> Race:
    """The number of an approval stands for one."""
    (one, number), (other, _) = stage.transfer(), stage.transfer()
    acts = [Act("bureau", "", {"pk": pk, "grant": True, "number": number}, call="decide") for pk in (one, other)]
    return Race((acts[0], acts[1]))


# --- What is called without the interface ---------------------------------------------------------------------------


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


# --- The runners ----------------------------------------------------------------------------------------------------


def perform(world: Any, act: Act) -> dict[str, Any]:
    """Do an act; what it was answered, whether it won, whether it had been done before."""
    from benchmarks.day_world import send
    from wufei.core.findings import Refused

    if act.call:
        try:
            return {"status": 200, "won": True, "again": False, "body": CALLS[act.call](world, act)}
        except Refused as refused:
            told = [{"detail": f.what, "remedy": f.remedy, "code": f.code} for f in refused.findings]
            return {"status": 422, "won": False, "again": False, "body": {"errors": told}}
        except Exception:  # noqa: BLE001 - whatever it is, the page would answer 500
            return {"status": 500, "won": False, "again": False, "body": {"detail": traceback.format_exc()}}
    key = act.key or f"race-{random.getrandbits(64)}"
    for _ in range(5):
        status, body, again = send(world, act.who, act.method, act.path, act.body, key)
        if not (status == 409 and body.get("code") == "busy"):
            break
        time.sleep(0.1)  # as the client does, under the same key
    return {"status": status, "won": status < 400, "again": again, "body": body}


class Runner:
    """One of the two processes; it waits for an act and a moment to begin it."""

    def __init__(self, world: Any, seed: str) -> None:
        asking, self.ask = os.pipe()
        self.answer, answering = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.ask)
            os.close(self.answer)
            try:
                self._serve(world, os.fdopen(asking), os.fdopen(answering, "w"), random.Random(seed))
            finally:
                os._exit(0)
        os.close(asking)
        os.close(answering)
        self.told = os.fdopen(self.answer)
        self.asked = os.fdopen(self.ask, "w")

    @staticmethod
    def _serve(world: Any, asked: Any, told: Any, chance: random.Random) -> None:
        random.seed(chance.random())

        def sometimes_sleep() -> None:
            if chance.random() < 0.15:
                time.sleep(chance.random() * 0.004)

        with Watch(sometimes_sleep):
            for line in asked:
                moment, act = json.loads(line)
                time.sleep(max(0.0, moment - time.time()))
                told.write(json.dumps(perform(world, Act(**act)), default=str, ensure_ascii=False) + "\n")
                told.flush()

    def begin(self, act: Act, moment: float) -> None:
        """Hand over an act."""
        self.asked.write(json.dumps([moment, act.__dict__], ensure_ascii=False) + "\n")
        self.asked.flush()

    def end(self) -> dict[str, Any]:
        """What came of it."""
        answer: dict[str, Any] = json.loads(self.told.readline())
        return answer

    def close(self) -> None:
        """Let the process end."""
        self.asked.close()
        self.told.close()
        os.waitpid(self.pid, 0)


def judge(name: str, told: list[dict[str, Any]], ran: Race) -> list[str]:
    """What is wrong with the answers of a race."""
    found = []
    shown = [(t["status"], str(t["body"])[-900:]) for t in told]
    wins = sum(t["won"] for t in told)
    if wins not in ran.wins:
        found.append(f"{name}: {wins} won: {shown}")
    for answer in told:
        if not answer["won"]:
            errors = answer["body"].get("errors") or [answer["body"]]
            is_helpful = all(error.get("remedy") or error.get("detail", "").endswith("。") for error in errors)
            if answer["status"] not in (409, 422) or not is_helpful:
                found.append(f"{name}: the loser was told {answer['status']} {str(answer['body'])[-1500:]}")
    if not found and (wrong := ran.check(told)):
        found.append(f"{name}: {wrong}")
    return found


def run(rounds: int, seed: int, only: str = "") -> dict[str, Any]:
    """Run all races ``rounds`` times; what was seen."""
    from django.db import connection

    from benchmarks.crash_day import in_parent
    from benchmarks.day_world import invariants, make_firms

    begin = time.perf_counter()
    faults: list[str] = []
    ways: dict[str, Counter[str]] = {}
    chosen = {name: made for name, made in RACES.items() if only in name}
    with stores() as databases:
        databases.create("races")
        databases.open("races")
        world = in_parent(lambda: _warm(make_firms()))
        runners = [Runner(world, f"{seed}-{n}") for n in range(2)]
        stage = Stage(world, random.Random(seed))
        try:
            for turn in range(rounds):
                for name, made in chosen.items():
                    ran = made(stage)
                    acts = ran.acts if turn % 2 == 0 else ran.acts[::-1]
                    moment = time.time() + 0.01
                    lead = stage.chance.choice([0.0, 0.0, 0.002, 0.01])
                    for n, (runner, act) in enumerate(zip(runners, acts, strict=True)):
                        runner.begin(act, moment + n * lead)
                    told = [runner.end() for runner in runners]
                    told = told if turn % 2 == 0 else told[::-1]
                    ways.setdefault(name, Counter())["".join("+" if t["won"] else "-" for t in told)] += 1
                    wrong = judge(name, told, ran) + [f"{name}: {fault}" for fault in invariants()]
                    for fault in wrong:
                        print(fault, file=sys.stderr, flush=True)
                    faults += wrong
                    if any("holds" in fault or "balance" in fault for fault in wrong):
                        raise AssertionError("the books are wrong; what follows would only say so again")
        except AssertionError as error:
            faults.append(str(error))
        for runner in reversed(runners):  # the later one has inherited the pipe to the earlier
            runner.close()
    return {
        "what": "races of two clients", "database": connection.vendor, "races": len(chosen), "rounds": rounds,
        "ways": {name: dict(sorted(seen.items())) for name, seen in ways.items()}, "faults": faults,
        "seconds": round(time.perf_counter() - begin, 1),
    }  # fmt: skip


def _warm(world: Any) -> Any:
    """Ask once in this process, so that both are born with what is read and imported once."""
    from benchmarks.day_world import send

    assert send(world, "maker", "GET", "me/", None, "")[0] == 200
    return world


def main() -> None:
    """Race and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="races whose names contain this")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wufei-races-") as home:
        os.environ["WUFEI_HOME"] = home
        os.environ.setdefault("WUFEI_LOG", "ERROR")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wufei.config.settings")
        import django

        django.setup()
        told = run(options.rounds, options.seed, options.only)
    print(json.dumps(told, ensure_ascii=False))
    sys.exit(1 if told["faults"] else 0)


if __name__ == "__main__":
    main()
