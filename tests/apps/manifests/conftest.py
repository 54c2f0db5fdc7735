"""A small world for manifests: a generator, two carriers, two facilities, a township, and people of each."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from wufei.apps.manifests.services import Act, advance, create_manifest
from wufei.apps.registry.models import Organisation, Site, User, Vehicle
from wufei.apps.registry.services import load_reference
from wufei.core.credit_code import make_credit_code
from wufei.core.ledger import SHANGHAI
from wufei.core.manifest import Event

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=SHANGHAI)
OIL, PAINT, SOIL = "900-214-08", "900-252-12", "900-001-S70"


@dataclass
class World:
    """Who there is. ``firms`` by name; ``people`` by the firm's name, besides ``office``."""

    firms: dict
    sites: dict
    people: dict

    def act(self, who, *, hours=0, **more):
        """What a person does some hours after nine."""
        at = NOW + timedelta(hours=hours)
        return Act(person=self.people[who], claimed_at=at, server_at=at, **more)

    def code(self, name):
        """The credit code of a firm."""
        return self.firms[name].credit_code


@pytest.fixture
def world(db):
    load_reference()
    firms, sites, people = {}, {}, {}
    for number, (name, kind, role) in enumerate(
        [("maker", "generator", "generator"), ("carrier", "carrier", "carrier"), ("second", "carrier", "carrier"),
         ("plant", "facility", "facility"), ("other", "facility", "facility"),
         ("stranger", "generator", "generator")], 1
    ):  # fmt: skip
        firm = Organisation.objects.create(
            credit_code=make_credit_code("330523", number), name=f"{name} 公司", division_id="330523001", kind=kind
        )
        firms[name] = firm
        if kind == "carrier":
            Vehicle.objects.create(plate=f"浙E0000{number}", organisation=firm)
        else:
            sites[name] = Site.objects.create(
                code=f"S-{name}", name=f"{name} 厂区", organisation=firm, division_id="330523001",
                category="industrial_enterprise", domain="hazardous",
            )  # fmt: skip
        people[name] = User.objects.create(username=name, role=role, organisation=firm, division_id="330523")
    people["office"] = User.objects.create(username="office", role="programme_office", division_id="330523")
    people["longyou"] = User.objects.create(username="longyou", role="programme_office", division_id="330825")
    return World(firms, sites, people)


@pytest.fixture
def document(world):
    """A whole document of two hazardous wastes and two carriers."""
    return {
        "profile": "hazardous",
        "generator": {
            "site": "S-maker", "handler": "张三", "handler_phone": "13800000000", "emergency_phone": "0572-5000000",
        },
        "wastes": [
            {"code": OIL, "form": "L", "packing": "drum", "package_count": 10, "mass_g": 1_800_000, "method": "R9"},
            {"code": PAINT, "form": "SS", "packing": "drum", "package_count": 4, "mass_g": 640_000, "method": "D10"},
        ],
        "carriers": [
            {"organisation": world.code("carrier"), "vehicle": "浙E00002", "driver": "李四",
             "driver_licence": "330500001"},
            {"organisation": world.code("second"), "vehicle": "浙E00003", "driver": "王五",
             "driver_licence": "330500002"},
        ],
        "receiver": {"site": "S-plant"},
    }  # fmt: skip


@pytest.fixture
def drive(world):
    """Drive a new manifest through (person, event, payload) steps; returns it."""

    def run(document, *steps):
        manifest = create_manifest(document, act=world.act("maker"))
        for hours, (who, event, payload) in enumerate(steps, 1):
            manifest = advance(manifest.number, Event(event), payload, act=world.act(who, hours=hours))
        return manifest

    return run
