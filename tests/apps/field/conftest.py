"""A small world for the field: two canteens, a carrier with a kitchen round, a plant, a stranger, and phones."""

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wufei.apps.field import services
from wufei.apps.field.devices import Registration, registration_statement
from wufei.apps.field.models import FieldDevice
from wufei.apps.manifests.models import Trip, TripStop
from wufei.apps.registry.models import Organisation, Site, User, Vehicle
from wufei.apps.registry.services import load_reference
from wufei.core.credit_code import make_credit_code
from wufei.core.field_sync import event_digest, first_previous, request_statement, signed_bytes
from wufei.core.ledger import SHANGHAI

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=SHANGHAI)
FOOD = "900-002-S61"  # 餐厨垃圾
JOINS = ("key", "user__organisation", "organisation")


def text64(raw):
    return base64.b64encode(raw).decode()


@dataclass
class Phone:
    """What a phone does, in Python: keeps a chain of signed events and sends any part of it."""

    device: FieldDevice
    private: Ed25519PrivateKey
    events: list = field(default_factory=list)
    head: str = ""
    mark: int = 0  # tells two phones with one key apart

    def __post_init__(self):
        self.head = self.head or first_previous(self.device.code)

    def record(self, type_, payload, *, minutes=0):
        seq = len(self.events) + 1
        body = json.dumps(
            {
                "device": self.device.code, "seq": seq, "type": type_, "payload": payload, "previous": self.head,
                "key": str(UUID(int=self.device.pk * 10**9 + self.mark * 10**6 + seq)),
                "at": (NOW + timedelta(minutes=minutes)).isoformat(),
            },
            ensure_ascii=False,
        )  # fmt: skip
        self.events.append({"body": body, "signature": text64(self.private.sign(signed_bytes(body)))})
        self.head = event_digest(body)
        return self.head

    def copy(self, mark):
        """The same phone once more: a restored backup."""
        return Phone(self.device, self.private, list(self.events), self.head, mark)

    def known(self):
        return FieldDevice.objects.select_related(*JOINS).get(pk=self.device.pk)

    def sync(self, first=0, last=None, *, minutes=60):
        ask = [event_digest(event["body"]) for event in self.events if isinstance(event, dict)]
        return services.sync_phone(self.known(), self.events[first:last], ask, at=NOW + timedelta(minutes=minutes))

    def headers(self, method, path, body=b"", *, at=None):
        at = (at or datetime.now(tz=SHANGHAI)).isoformat()
        signature = self.private.sign(request_statement(method, path, at, body))
        return {"Field-Device": self.device.code, "Field-Time": at, "Field-Signature": text64(signature)}


@dataclass
class World:
    """Who there is, by name."""

    firms: dict
    sites: dict
    people: dict
    trip: Trip
    phones: int = 0

    def phone(self, who="driver"):
        self.phones += 1
        private = Ed25519PrivateKey.from_private_bytes(bytes([self.phones]) * 32)
        public = text64(private.public_key().public_bytes_raw())
        name = f"手机{self.phones}"
        signature = text64(private.sign(registration_statement(name, public)))
        asked = Registration(name, "ed25519", public, signature)
        return Phone(services.register_device(self.people[who], asked, at=NOW), private)

    def day(self, phone, *, minutes=0):
        return services.day_of(phone.known(), at=NOW + timedelta(minutes=minutes))

    def pickup(self, stop=1, number=None, *, mass_g=86_000, **more):
        site = TripStop.objects.get(trip=self.trip, position=stop).site.code
        return {
            "trip": self.trip.number, "stop": stop, "site": site, "number": number,
            "wastes": [{"code": FOOD, "mass_g": mass_g, "packages": []}],
            "handler": {"name": "张三", "drawing": "a" * 64}, "photos": [],
        } | more  # fmt: skip


def numbers_of(day):
    """The numbers that a phone may use, in order."""
    return [
        f"{block['key']}{serial:0{block['digits']}}"
        for block in day["blocks"]
        for serial in range(block["first"], block["last"] + 1)
        if serial not in block["told"]
    ]


@pytest.fixture(autouse=True)
def _home_of_each_test(settings, tmp_path):
    """Pictures lie in files: each test has its own."""
    settings.HOME = tmp_path


@pytest.fixture
def world(db):
    load_reference()
    firms, sites, people = {}, {}, {}
    rows = [
        ("canteen", "generator"), ("school", "generator"), ("carrier", "carrier"), ("plant", "facility"),
        ("stranger", "carrier"),
    ]  # fmt: skip
    for number, (name, kind) in enumerate(rows, 1):
        firms[name] = Organisation.objects.create(
            credit_code=make_credit_code("330523", number), name=f"{name}单位", division_id="330523001", kind=kind
        )
        if kind != "carrier":
            sites[name] = Site.objects.create(
                code=f"S-{name}", name=f"{name}场所", organisation=firms[name], division_id="330523001",
                category="canteen", domain="household",
            )  # fmt: skip
        people[name] = User.objects.create(username=name, role=kind, organisation=firms[name], division_id="330523")
    people["driver"] = User.objects.create(
        username="driver", role="carrier", organisation=firms["carrier"], division_id="330523", display_name="李四"
    )
    people["office"] = User.objects.create(username="office", role="programme_office", division_id="330523")
    people["longyou"] = User.objects.create(username="longyou", role="programme_office", division_id="330825")
    people["citizen"] = User.objects.create(username="citizen", role="citizen", division_id="330523")
    Vehicle.objects.create(plate="浙E00001", organisation=firms["carrier"])
    trip = Trip.objects.create(
        number="T20261125001", profile="kitchen", carrier=firms["carrier"], vehicle="浙E00001", driver="李四",
        driver_user=people["driver"], on=NOW.date(), receiver=sites["plant"],
    )  # fmt: skip
    for position, name in enumerate(("canteen", "school"), 1):
        TripStop.objects.create(trip=trip, position=position, site=sites[name], planned_at=NOW)
    return World(firms, sites, people, trip)
