"""The sample whose addresses ``test_access`` walks, each record with the mark of its firm.

Firm A in 递铺 (industrial), firm B in 孝丰 (agricultural), both 安吉; firm C in 龙游. Department A (经信局) has the
duty of industry, department B (农业农村局) of agriculture.
"""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

from django.db import transaction
from tests.apps.access_rules import AT, FIGURES, MANIFESTS, MARKS, PEOPLE, TRIPS

from wufei.apps.amendments.models import AmendmentParty, AmendmentRecord, CorrectionRequest
from wufei.apps.assessment.models import ElementValue, ValueStatus
from wufei.apps.declarations.models import BookEntry, Contract, Declaration, HandlingPlan, ManagementPlan
from wufei.apps.facts.services import record_fact
from wufei.apps.field.models import FieldDevice, FieldEvent, FieldOutcome, NumberBlock
from wufei.apps.ledger import services as ledger
from wufei.apps.manifests import services as manifests
from wufei.apps.manifests.models import ManifestSerial, Trip, TripSight, TripStop
from wufei.apps.manifests.trip_selectors import trip_scopes
from wufei.apps.packages import services as packages
from wufei.apps.plans.services import load_pack
from wufei.apps.registry.models import (
    CarrierLicence,
    Department,
    Facility,
    Organisation,
    Permit,
    RegionTransfer,
    RegionTransferLine,
    Site,
    TransportPerson,
    User,
    Vehicle,
)
from wufei.apps.registry.services import load_reference
from wufei.apps.signatures.models import Delegation, EvidenceFile, SigningKey
from wufei.apps.weighings.models import TicketFile, TicketImport, WeighingRecord
from wufei.core import plan
from wufei.core.credit_code import make_credit_code
from wufei.core.ledger import Account, Bucket, Holder, Movement
from wufei.core.manifest import Event


def make_world():
    """The sample; returns the keys that the addresses of ``PAGES`` name."""
    load_reference()
    keys = {}
    for number, (mark, division, domain, place) in enumerate(
        [("A", "330523001", "industrial", "330523"), ("B", "330523105", "agricultural", "330523"),
         ("C", "330825001", "industrial", "330825")], 1
    ):  # fmt: skip
        keys |= make_firm(number, mark, division, domain, place)
    for place, note in FIGURES.items():
        load_pack(plan.read_pack(place))
        row = ElementValue.objects.create(
            division_id=place, element="giw_generated", period="2022", value=Decimal(5), state="number", unit="t",
            note=note, status=ValueStatus.APPROVED, reporter="office", reported_at=AT, approver="office",
            approved_at=AT, from_pack=True,
        )  # fmt: skip
        keys[f"{place}.figure"] = row.pk
    keys |= make_delegations(keys)
    for name, person in PEOPLE.items():
        department = None
        if person.department:
            department = Department.objects.get(division_id=person.division, name=person.department)
        User.objects.create(
            username=name, role=person.role, division_id=person.division, department=department,
            organisation_id=keys[f"{person.firm}.organisation"] if person.firm else None,
        )  # fmt: skip
    for mark in MARKS:
        keys |= make_phone(mark, keys[f"{mark}.organisation"])
    return keys


def make_phone(mark, organisation):
    """A phone of a firm with one event that is to be cured, and a number block."""
    name = MARKS[mark]
    key = SigningKey.objects.create(
        user_id=User.objects.get(username="delegate").pk, device=f"{name}手机", algorithm="ed25519",
        public_key=mark.encode() * 32, key_id=mark * 32, created_at=AT,
    )  # fmt: skip
    device = FieldDevice.objects.create(
        code=f"D{mark}", user=key.user, organisation_id=organisation, name=f"{name}手机", key=key, created_at=AT,
        seen_at=AT, head="0" * 64,
    )  # fmt: skip
    body = json.dumps({"payload": {"reason": f"{name}理由"}}, ensure_ascii=False)
    event = FieldEvent.objects.create(
        device=device, seq=1, digest=mark * 64, previous="0" * 64, key=mark, type="arrive", device_at=AT, body=body,
        signature="", received_at=AT,
    )  # fmt: skip
    FieldOutcome.objects.create(event=event, state="refused", number=f"{name}号")
    block = NumberBlock.objects.create(
        device=device, series="GY", year=2022, key=f"GY2022{mark}", digits=7, first=1, last=3, issued_at=AT,
        expires_at=AT, signature="", public_key="",
    )  # fmt: skip
    return {
        f"{mark}.field_event": event.pk, f"{mark}.number_block": block.pk, f"{mark}.field_device": device.pk,
    }  # fmt: skip


def make_firm(number, mark, division, domain, place):
    """One firm with everything that hangs on a firm, all of it named by its mark."""
    name = MARKS[mark]
    firm = Organisation.objects.create(
        credit_code=make_credit_code(place, number), name=f"{name}单位", division_id=division, kind="facility"
    )
    site = Site.objects.create(
        code=f"{name}-S", name=f"{name}厂区", organisation=firm, division_id=division,
        category="industrial_enterprise", domain=domain, longitude=Decimal("119.6"), latitude=Decimal("30.6"),
    )  # fmt: skip
    Facility.objects.create(code=f"{name}-F", name=f"{name}设施", site=site, capacity_t_per_year=Decimal(100))
    Permit.objects.create(
        number=f"{name}-P", organisation=firm, categories=["HW08"], capacity_t_per_year=Decimal(100), mode="收集",
        valid_until=date(2027, 1, 1), source=f"{name}出处",
    )  # fmt: skip
    vehicle = Vehicle.objects.create(plate=f"{name}12", organisation=firm)
    person = TransportPerson.objects.create(
        organisation=firm, kind="driver", name=f"{name}司机", certificate=f"{name}证"
    )
    CarrierLicence.objects.create(organisation=firm, kind="dangerous_transport", number=f"{name}-L")
    code = "030-001-S82" if domain == "agricultural" else "900-001-S17"
    holder = f"site:{site.code}"
    ledger.register_holders([Holder(holder, division, site.category, site.name)])
    source, store = Account(holder, code, Bucket.GENERATED), Account(holder, code, Bucket.STORED)
    movement = Movement(source, store, 5_000_000 + number, AT, "generate", f"{name}单据", f"{mark}1")
    ledger.post([movement], actor="office", recorded_at=datetime(2022, 12, 31, tzinfo=UTC))
    more = declarations(site, name)
    make_manifest(mark, firm, code)
    make_trip(mark, site)
    package = packages.assign_packages(
        site=site, what=packages.What(code, date(2022, 6, 1), remark=f"{name}备注"), external_codes=[f"{name}外码"],
        act=packages.Act(f"sample-{mark}", AT, AT, "office"),
    )  # fmt: skip
    with transaction.atomic():
        record_fact(
            at=AT, actor="office", verb="register_organisation", subject=f"organisation:{firm.pk}", division=division,
            document=f"{name}文件",
        )  # fmt: skip
    more |= make_ticket(site, name, code)
    keys = {"organisation": firm.pk, "site": site.pk, "vehicle": vehicle.pk, "person": person.pk}
    keys |= {"package": package[0], **more}
    return {f"{mark}.{key}": value for key, value in keys.items()}


def declarations(site, name):
    """A filed management plan and a draft of the next year."""
    common = {"site": site, "version": 1, "grade": "registered", "created_at": AT, "created_by": "office"}
    content = {"A1": [{"name": f"{name}计划"}], "A7": []}
    filed = ManagementPlan.objects.create(
        year=2026, status="filed", number=f"{name}备案号", filed_at=AT, content=content, **common
    )
    draft = ManagementPlan.objects.create(year=2027, status="draft", content=content, **common)
    entry = BookEntry.objects.create(
        site=site, table="hw-generate", batch_no="HWCS20220601001", occurred_at=AT, waste_code="900-249-08",
        actor="office", recorded_at=AT, content={"own_name": f"{name}废油"},
    )  # fmt: skip
    declared = Declaration.objects.create(
        site=site, form="hazardous", period="2022-06", version=1, status="confirmed", generated_at=AT,
        generated_by="office", note=f"{name}说明",
    )  # fmt: skip
    contract = Contract.objects.create(
        generator=site.organisation, receiver_name=f"{name}接收", number=f"{name}合同", valid_from=date(2022, 1, 1),
        valid_to=date(2022, 12, 31), created_at=AT, created_by="office",
    )  # fmt: skip
    handling = HandlingPlan.objects.create(
        site=site, version=1, number=f"{name}方案", status="submitted", project=f"{name}工程", submitted_at=AT,
        begins_on=date(2022, 1, 1), ends_on=date(2022, 12, 31), submitted_by="office",
    )  # fmt: skip
    transfer = RegionTransfer.objects.create(
        direction="out", kind="filing", status="accepted", domain=site.domain, site=site,
        other_name=f"{name}省外单位", other_division="340000", asked_from=date(2022, 1, 1),
        asked_until=date(2022, 12, 31), created_at=AT, updated_at=AT, created_by="office",
    )  # fmt: skip
    RegionTransferLine.objects.create(transfer=transfer, waste_code="900-001-S17", method="R4", asked_g=1_000_000)
    keys = {"management_plan": filed, "plan_draft": draft, "book_entry": entry, "declaration": declared}
    keys |= {"contract": contract, "handling_plan": handling, "transfer": transfer}
    return {name: row.pk for name, row in keys.items()}


def make_ticket(site, name, code):
    """A ticket of the site's scale, and the file that brought it."""
    brought = TicketImport.objects.create(
        site=site, file_name=f"{name}过磅.xlsx", digest="0" * 64, state="booked", tickets=1, created_at=AT,
        created_by="office", booked_at=AT, booked_by="office",
    )  # fmt: skip
    TicketFile.objects.create(ticket_import=brought, content=f"{name}原件".encode())
    ticket = WeighingRecord.objects.create(
        site=site, ticket=f"{name}0001", direction="out", waste_code=code, net_g=1000, weighed_at=AT,
        outcome="evidence", content="0" * 64, ticket_import=brought, line=2, recorded_at=AT, recorded_by="office",
    )  # fmt: skip
    return {"weighing": ticket.pk, "ticket_import": brought.pk}


def make_delegations(keys):
    """Firms A and C each let someone sign who is none of the people that walk."""
    other = User.objects.create(username="delegate")
    evidence = EvidenceFile.objects.create(
        digest="0" * 64, name="委托书.pdf", content_type="application/pdf", content=b"%PDF-", created_at=AT
    )
    made = {
        mark: Delegation.objects.create(
            giver_id=keys[f"{mark}.organisation"], receiver_person=other, valid_from=AT, valid_until=AT,
            evidence=evidence, created_by=other, created_at=AT,
        )
        for mark in "AC"
    }  # fmt: skip
    return {f"{mark}.delegation": row.pk for mark, row in made.items()} | make_amendments(keys, other, evidence)


def make_amendments(keys, user, evidence):
    """Firm A (and C) is asked to agree to a change, and to correct something."""
    found = {}
    for mark, division in (("A", "330523001"), ("C", "330825001")):
        firm = keys[f"{mark}.organisation"]
        common = {"subject": f"nothing:{mark}", "title": f"{MARKS[mark]}文件", "division": division, "created_at": AT}
        row = AmendmentRecord.objects.create(
            **common, version=1, slot="receiver", requested_by=user, evidence=evidence, on_silence="reject",
            status="open", due_at=datetime(2099, 1, 1, tzinfo=UTC),
            changes=[{"pointer": "/note", "before": "", "after": f"{MARKS[mark]}备注"}],
        )  # fmt: skip
        AmendmentParty.objects.create(amendment=row, slot="generator", organisation_id=firm, must_agree=True)
        asked = CorrectionRequest.objects.create(
            **common, organisation_id=firm, requested_by=user, due_at=datetime(2099, 1, 1, tzinfo=UTC),
            items=[{"pointer": "/note", "comment": f"{MARKS[mark]}说明"}],
        )  # fmt: skip
        found |= {f"{mark}.amendment": row.pk, f"{mark}.correction": asked.pk}
    return found


def make_trip(mark, site):
    """A planned trip of the firm, which stops at its own site and brings to it."""
    trip = Trip.objects.create(
        number=TRIPS[mark], profile="kitchen", carrier=site.organisation, vehicle=f"{MARKS[mark]}12", receiver=site,
        driver=f"{MARKS[mark]}司机", on=date(2026, 11, 2), created_by="office", created_at=AT, updated_at=AT,
    )  # fmt: skip
    TripStop.objects.create(trip=trip, position=1, site=site)
    for scope in trip_scopes(site.organisation, site, [site], site.domain):
        TripSight.objects.create(scope=scope, trip=trip, on=trip.on)


def make_manifest(mark, firm, code):
    """A submitted manifest of the firm, which is its own carrier, to somewhere outside."""
    name = MARKS[mark]
    writer = User.objects.create(username=f"writer_{mark}", role="generator", organisation=firm)
    act = manifests.Act(writer, claimed_at=AT, server_at=AT)
    document = {
        "profile": "agricultural" if code.endswith("S82") else "industrial",
        "generator": {"site": f"{name}-S", "handler": f"{name}经办人"},
        "wastes": [{"code": code, "mass_g": 1_000_000}],
        "carriers": [{"organisation": firm.credit_code}],
        "receiver": {"outside": f"{name}接收方"},
    }
    ManifestSerial.objects.create(key=MANIFESTS[mark][:-7], last=int(MANIFESTS[mark][-7:]))  # as if it were issued
    manifests.create_manifest(document, act=act, number=MANIFESTS[mark])
    manifests.advance(MANIFESTS[mark], Event.SUBMIT, {}, act=act)
