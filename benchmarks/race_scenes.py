"""The races, each entered in ``RACES`` under its name: a state of affairs, two acts on it, how many may win."""

import json
from datetime import timedelta
from typing import Any

from benchmarks.race_calls import CALLS
from benchmarks.race_stage import ALL, BOTH, EITHER, FOOD, NONE, OIL, VISIT, Act, Race, Stage, race, step

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
