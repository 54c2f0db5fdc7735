"""A small town for the contract run: a firm of each kind, and a record of each kind that the interface names.

Made by the application's own services, so that what the probe reaches are real records; ``renew`` drives more
manifests to each stage, because the probe itself brings them on.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

OIL, PAINT, EARTH = "900-214-08", "900-252-12", "900-001-S70"
ACCEPT = {
    "receiver": {"handler": "赵六"},
    "receipt": {"has_major_difference": False, "lines": [{"accepted_g": 1_800_000}, {"accepted_g": 640_000}]},
}
REFUSE = {
    "receiver": {"handler": "赵六"},
    "receipt": {
        "has_major_difference": True, "difference_note": "混入", "opinion": "退回",
        "lines": [{"accepted_g": 0, "refused_g": 1_800_000}, {"accepted_g": 0, "refused_g": 640_000}],
    },
}  # fmt: skip
FILLED = {
    "wastes": [{"mass_g": 9, "package_count": 1}, {"mass_g": 8, "package_count": 1}],
    "carriers": [{"vehicle": "浙E00002"}],
}
STEPS = {
    "draft": [],
    "submitted": [("maker", "submit", {})],
    "in_transit": [("maker", "submit", {}), ("carrier", "depart", {})],
    "delivered": [("maker", "submit", {}), ("carrier", "depart", {}), ("carrier", "arrive", {})],
    "confirmed": [
        ("maker", "submit", {}), ("carrier", "depart", {}), ("carrier", "arrive", {}), ("plant", "confirm", ACCEPT),
    ],
    "refused": [
        ("maker", "submit", {}), ("carrier", "depart", {}), ("carrier", "arrive", {}), ("plant", "refuse", REFUSE),
    ],
    "void": [("maker", "submit", {}), ("maker", "void", {})],
}  # fmt: skip
FIRMS = {"maker": "generator", "carrier": "carrier", "plant": "facility", "builder": "generator"}


@dataclass
class World:
    """Who may ask, and what there is: values of path parameters, of fields in bodies, and whole bodies."""

    tokens: dict[str, str] = field(default_factory=dict)
    people: dict[str, Any] = field(default_factory=dict)
    sites: dict[str, Any] = field(default_factory=dict)
    firms: dict[str, Any] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)
    paths: dict[str, list[Any]] = field(default_factory=dict)  # beginning of the path -> its record's keys
    fields: dict[str, list[Any]] = field(default_factory=dict)  # name of a field -> values that mean something
    bodies: dict[str, list[Any]] = field(default_factory=dict)  # "POST /path" -> bodies that a firm would send

    def document(self) -> dict[str, Any]:
        """A whole manifest."""
        return {
            "profile": "hazardous",
            "generator": {
                "site": "S-maker", "handler": "张三", "handler_phone": "13800000000",
                "emergency_phone": "05725000000",
            },
            "wastes": [
                {"code": OIL, "form": "L", "packing": "drum", "package_count": 10, "mass_g": 1_800_000,
                 "method": "R9"},
                {"code": PAINT, "form": "SS", "packing": "drum", "package_count": 4, "mass_g": 640_000,
                 "method": "D10"},
            ],
            "carriers": [
                {"organisation": self.firms["carrier"].credit_code, "vehicle": "浙E00002", "driver": "李四",
                 "driver_licence": "330500001"},
            ],
            "receiver": {"site": "S-plant"},
        }  # fmt: skip

    def renew(self) -> None:
        """One more manifest in each stage."""
        from django.utils import timezone

        from wufei.apps.manifests.services import Act, advance, create_manifest
        from wufei.core.manifest import Event

        at = timezone.now() - timedelta(hours=1)
        for steps in STEPS.values():
            made = create_manifest(self.document(), act=Act(person=self.people["maker"], claimed_at=at, server_at=at))
            for who, event, payload in steps:
                act = Act(person=self.people[who], claimed_at=at, server_at=at)
                advance(made.number, Event(event), payload, act=act)
            self.numbers.append(made.number)
        del self.numbers[: -3 * len(STEPS)]
        subjects = [f"manifest:{number}" for number in self.numbers]
        self.paths["/api/v1/manifests/{number}"] = self.numbers
        self.fields |= {"subject": subjects, "manifest": self.numbers}

    def path_value(self, path: str, name: str, chance: random.Random) -> Any:
        """A value of a path parameter for which there is a record; ``None`` where none is kept for this path."""
        if name == "event" and path.startswith("/api/v1/transfers"):
            return chance.choice(["accept", "request_completion", "complete", "first_review", "reply", "withdraw"])
        if name == "event":
            return chance.choice(["submit", "depart", "arrive", "confirm", "refuse", "void", "hand_over"])
        found = [values for begin, values in self.paths.items() if path.startswith(begin) and values]
        return chance.choice(found[0]) if found else None

    def filled(self, body: Any, chance: random.Random) -> Any:
        """A body with some of its words replaced by such as mean something here."""
        if isinstance(body, Mapping):
            return {
                name: chance.choice(self.fields[name])
                if isinstance(part, str) and name in self.fields and chance.random() < 0.6
                else self.filled(part, chance)
                for name, part in body.items()
            }
        return [self.filled(part, chance) for part in body] if isinstance(body, list) else body


def settle(world: World, firms: Mapping[str, str]) -> None:
    """Found firms (name -> kind), each with a site and a person with a token; besides them a bureau and a citizen."""
    from django.utils import timezone

    from wufei.apps.registry.models import Division, Organisation, Site, User
    from wufei.apps.registry.services import load_reference
    from wufei.apps.rest.services import create_token
    from wufei.core.credit_code import make_credit_code

    if not Division.objects.filter(pk="330523001").exists():
        load_reference()
    for number, (name, kind) in enumerate(firms.items(), 1):
        firm = Organisation.objects.create(
            credit_code=make_credit_code("330523", 900 + number),
            name=f"{name} 公司",
            division_id="330523001",
            kind=kind,
        )
        world.firms[name] = firm
        domain = "construction" if name == "builder" else "hazardous"
        category = "building_site" if name == "builder" else "industrial_enterprise"
        world.sites[name] = Site.objects.create(
            code=f"S-{name}", name=f"{name} 厂区", organisation=firm, division_id="330523001", category=category,
            domain=domain,
        )  # fmt: skip
        world.people[name] = User.objects.create(username=name, role=kind, organisation=firm, division_id="330523")
    world.people["bureau"] = User.objects.create(username="bureau", role="programme_office", division_id="330523")
    world.people["citizen"] = User.objects.create(username="citizen", role="citizen", division_id="330523")
    for name in world.people:
        _, world.tokens[name] = create_token(
            username=name, scopes_wanted=["*:read", "*:write"], days=1, name="", actor="console", at=timezone.now()
        )


def make_world() -> World:
    """Fill the database."""
    from django.utils import timezone

    from wufei.apps.registry.models import Vehicle

    world, at = World(), timezone.now()
    settle(world, FIRMS)
    Vehicle.objects.create(plate="浙E00002", organisation=world.firms["carrier"])
    world.renew()
    _packages(world, at)
    _declarations(world, at)
    _papers(world, at)
    _transfers(world, at)
    world.fields |= {
        "site": [f"S-{name}" for name in FIRMS],
        "organisation": [firm.credit_code for firm in world.firms.values()],
        "receiver": [firm.name for firm in world.firms.values()],
        "waste_code": [OIL, PAINT, EARTH], "code": [OIL, PAINT, EARTH],
        "vehicle": ["浙E00002"], "plate": ["浙E00002", "浙E99999"],
        "slot": ["generator", "carrier:1", "receiver", "office", ""],
        "pointer": ["/wastes/0/mass_g", "/generator/handler_phone", "/carriers/0/waybill", "/x/0"],
        "event": ["depart", "confirm", "submit"], "period": ["2026-10", "2026-Q3", "2026"],
        "form": ["hazardous", "giw_flow", "bulk_industrial", "L", "S"],
        "table": ["hw-generate", "hw-store-in", "hw-store-out"],
        "profile": ["hazardous", "medical", "industrial", "kitchen"], "method": ["R9", "D10", "X9"],
    }  # fmt: skip
    return world


def _packages(world: World, at: Any) -> None:
    from wufei.apps.packages.actions import Act
    from wufei.apps.packages.making import What
    from wufei.apps.packages.services import assign_packages
    from wufei.core.ledger import local_day

    codes: list[str] = []
    for name in ("maker", "plant"):
        site = world.sites[name]
        act = Act(key=f"contract-{name}", at=at, recorded_at=at, actor=name, firm_id=site.organisation_id)
        codes += assign_packages(
            site=site, what=What(waste_code=OIL, generated_on=local_day(at)), act=act, count=6, masses_g=(1000,) * 6
        )
    world.paths["/api/v1/packages/{code}"] = codes
    world.fields |= {"box": codes, "package": codes, "into": codes}
    listed = [{"site": "S-maker", "waste_code": OIL, "count": 2, "generated_on": local_day(at).isoformat()}]
    world.bodies["POST /api/v1/packages/"] = listed
    world.bodies["POST /api/v1/packages/{code}/merge/"] = [{"codes": codes[:2]}]


def _declarations(world: World, at: Any) -> None:
    from wufei.apps.declarations import agreements, services
    from wufei.core.ledger import local_day

    maker, builder, year = world.sites["maker"], world.sites["builder"], local_day(at).year
    plan = services.start_plan(site=maker, year=year, actor="maker", at=at)
    cells = {
        "occurred_at": (at - timedelta(days=1)).isoformat(), "waste_code": OIL, "mass_g": 1_500_000,
        "handler": "王小明",
    }  # fmt: skip
    entry = services.book(site=maker, table="hw-generate", values=cells, actor="maker", at=at)
    row = services.generate(site=maker, form="hazardous", period=f"{year - 1}-12", actor="maker", at=at)
    contract = {
        "number": "HT-1", "receiver": world.firms["plant"].name, "valid_from": f"{year}-01-01",
        "valid_to": f"{year}-12-31",
    }  # fmt: skip
    items = [{"waste_code": OIL, "method": "R9", "mass_g": 5_000_000}]
    held = agreements.record_contract(
        generator=world.firms["maker"], head=contract, items=items, actor="maker", at=at
    )
    head = {
        "project": "新建厂房", "builder": "甲", "contractor": "乙", "begins_on": f"{year + 1}-01-01",
        "ends_on": f"{year + 1}-12-31", "manager": "王小明", "phone": "13812345678", "measures": "分类堆放",
    }  # fmt: skip
    tables = {
        "wastes": [{"waste_code": EARTH, "planned_g": 10_000_000, "on_site_g": 4_000_000}],
        "carriers": [{"name": "运输队"}],
        "receivers": [{"name": "消纳场", "kind": "landfill", "planned_g": 6_000_000}],
    }
    handling = agreements.submit_handling_plan(site=builder, head=head, tables=tables, actor="builder", at=at)
    below = "/api/v1/declarations"
    world.paths |= {
        f"{below}/book/{{pk}}": [entry.pk], f"{below}/plans/{{pk}}": [plan.pk], f"{below}/{{pk}}": [row.pk],
        f"{below}/contracts/{{pk}}": [held.pk], f"{below}/handling-plans/{{pk}}": [handling.pk],
    }  # fmt: skip
    world.bodies |= {
        f"POST {below}/": [{"site": "S-maker", "form": "hazardous", "period": f"{year}-01"}],
        f"POST {below}/book/": [{"site": "S-maker", "table": "hw-generate", "values": cells}],
        f"POST {below}/contracts/": [contract | {"items": items}, contract | {"items": items, "number": "HT-2"}],
        f"POST {below}/handling-plans/": [
            {"site": "S-builder", "head": head, "tables": tables, "reason": "变更"},
            {"site": "S-builder", "head": head, "tables": tables},
        ],
    }


def _transfers(world: World, at: Any) -> None:
    """Applications to leave the province, one of them accepted."""
    from wufei.apps.registry.models import RegionTransfer
    from wufei.apps.registry.transfers import advance_transfer, apply_transfer
    from wufei.core.ledger import local_day

    day = local_day(at)
    head = {
        "direction": "out", "other_name": "广德某公司", "other_place": "安徽省宣城市广德市",
        "asked_from": day.isoformat(), "asked_until": (day + timedelta(days=90)).isoformat(),
    }  # fmt: skip
    wastes = [{"waste_code": OIL, "method": "R9", "mass_g": 5_000_000}]
    made = [
        apply_transfer(site=world.sites["maker"], head=head, wastes=wastes, actor="maker", at=at) for _ in range(3)
    ]
    advance_transfer(
        RegionTransfer.objects.all(),
        pk=made[0].pk,
        event="accept",
        by="office",
        on="",
        note="",
        actor="bureau",
        at=at,
    )
    below = "/api/v1/transfers"
    world.paths[f"{below}/{{pk}}"] = [row.pk for row in made]
    world.bodies[f"POST {below}/"] = [{"site": "S-maker", "head": head, "wastes": wastes}]
    world.bodies[f"POST {below}/{{pk}}/decide/"] = [{"decision": "refuse", "note": "理由"}]


def _papers(world: World, at: Any) -> None:
    """Amendments, a correction request, a delegation, a code, a webhook, a ticket."""
    from wufei.apps.amendments.corrections import Item, request_correction
    from wufei.apps.amendments.services import NewAmendment, request_amendment
    from wufei.apps.exchange.models import WebhookEndpoint
    from wufei.apps.manifests.services import Act
    from wufei.apps.manifests.templating import template_from
    from wufei.apps.signatures.models import Delegation, EvidenceFile
    from wufei.apps.signatures.services import issue_one_time_code
    from wufei.apps.weighings.services import record_weighing
    from wufei.core.amendment import Change
    from wufei.core.pointers import ABSENT
    from wufei.core.weighing import Weighing

    number = dict(zip(STEPS, world.numbers, strict=True))
    people, subject = world.people, f"manifest:{number['in_transit']}"
    waybill = NewAmendment(subject, [Change("/carriers/0/waybill", ABSENT, "Y-1")], slot="carrier:1")
    amendment = request_amendment(waybill, user=people["carrier"], at=at)
    correction = request_correction(
        subject=f"manifest:{number['confirmed']}", slot="receiver", items=[Item("", "请核对。")],
        due_at=at + timedelta(days=7), user=people["bureau"], at=at,
    )  # fmt: skip
    file = EvidenceFile.objects.create(digest="0" * 64, name="a.pdf", content=b"%PDF", created_at=at)
    Delegation.objects.create(
        giver=world.firms["maker"], receiver_person=people["carrier"], valid_from="2026-01-01",
        valid_until="2030-12-31", evidence=file, created_by=people["maker"], created_at=at,
    )  # fmt: skip
    code = issue_one_time_code(
        subject=f"manifest:{number['submitted']}", slot="carrier:1", event="depart", host=people["maker"], at=at
    )
    hook = WebhookEndpoint.objects.create(user=people["maker"], url="https://x.cn/", secret="s", created_at=at)  # noqa: S106 - no secret of anyone
    ticket = Weighing(
        site="S-plant", device="1号磅", ticket="0001", direction="in", waste_code=OIL, net_g=7_000_000,
        weighed_at=at - timedelta(hours=2),
    )  # fmt: skip
    act = Act(person=people["maker"], claimed_at=at, server_at=at)
    template = template_from("每月废油", world.document(), act=act)
    weighed, _ = record_weighing(user=people["plant"], weighing=ticket, at=at)
    world.paths |= {
        "/api/v1/amendments/{pk}": [amendment.pk], "/api/v1/corrections/{pk}": [correction.pk],
        "/api/v1/signatures/codes/{pk}": [code.row.pk], "/api/v1/webhooks/{key}": [hook.pk],
        "/api/v1/weighings/{pk}": [weighed.pk], "/api/v1/manifest-templates/{key}": [template.pk],
        "/api/v1/manifests/fields/{profile}": ["hazardous", "kitchen"],
        "/api/v1/problems/{code}": ["invalid", "refused"],
    }  # fmt: skip
    asked = {"changes": [{"pointer": "/wastes/0/mass_g", "after": 1_900_000}], "reason": "过磅单为准"}
    phone = {"changes": [{"pointer": "/generator/handler_phone", "after": "13900000000"}]}
    world.bodies |= {
        "POST /api/v1/manifests/": [world.document()],
        "POST /api/v1/manifest-templates/": [
            {"name": "照内容", "document": world.document()},
            {"name": "照联单", "manifest": number["confirmed"]},
        ],
        "PATCH /api/v1/manifest-templates/{key}/": [
            {"name": "改名"},
            {"document": {"generator": {"handler": "钱七"}}},
        ],
        "POST /api/v1/manifest-templates/{key}/manifest/": [FILLED],
        "PATCH /api/v1/manifests/{number}/": [{"generator": {"handler": "钱七"}}, {"wastes": [{"mass_g": 1}]}],
        "POST /api/v1/manifests/{number}/amend/": [asked, phone],
        "POST /api/v1/manifests/{number}/{event}/": [{"payload": p} for p in ({}, ACCEPT, REFUSE)],
        "POST /api/v1/amendments/": [phone | {"subject": subject}],
        "POST /api/v1/amendments/{pk}/answer/": [{"choice": "agree"}],
        "POST /api/v1/signatures/codes/": [
            {"subject": f"manifest:{number['submitted']}", "slot": "carrier:1", "event": "depart"}
        ],
    }
