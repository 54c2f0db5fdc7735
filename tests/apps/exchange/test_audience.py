"""News of each kind of thing goes to those who may see it, and of two firms neither hears of the other's."""

from datetime import date

import pytest
from django.db import transaction
from tests.apps.manifests.conftest import NOW, OIL, document, drive, world  # noqa: F401 - fixtures
from tests.apps.packages.conftest import assign

from wufei.apps.amendments.corrections import Item, request_correction
from wufei.apps.amendments.services import NewAmendment, request_amendment
from wufei.apps.declarations.models import BookEntry, Contract, Declaration, HandlingPlan
from wufei.apps.exchange.audience import told_to
from wufei.apps.facts.models import Fact
from wufei.apps.facts.services import record_fact
from wufei.apps.packages.models import PackageStep
from wufei.apps.weighings.models import TicketImport
from wufei.apps.weighings.services import record_weighing, record_weighings
from wufei.core.amendment import Change
from wufei.core.weighing import Weighing

pytestmark = pytest.mark.django_db


def heard(user):
    """What a person is told of everything that happened: (kind, name) of the matter, by fact."""
    return {fact.pk: fact for fact in told_to(user, list(Fact.objects.order_by("pk")))}


def tell(subject, verb="load_plan", **more):
    with transaction.atomic():
        return record_fact(at=NOW, actor="x", verb=verb, subject=subject, division="330523001", **more).pk


def ticket(number, site, **more):
    return Weighing(
        site=site, device="2号磅", ticket=number, direction="out", waste_code=OIL, net_g=7_000_000, weighed_at=NOW,
        **more,
    )  # fmt: skip


def things(world, name):  # noqa: F811
    """The subject of one thing of each kind that belongs to a firm."""
    site, firm = world.sites[name], world.firms[name]
    person = world.people[name]
    entry = BookEntry.objects.create(
        site=site, table="generate", batch_no="HWCS20261102001", occurred_at=NOW, actor=name, recorded_at=NOW
    )
    declared = Declaration.objects.create(
        site=site, form="hazardous_month", period="2026-10", version=1, status="generated", generated_at=NOW,
        generated_by=name,
    )  # fmt: skip
    contract = Contract.objects.create(
        generator=firm, receiver_name="区外", number="1", valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31),
        created_at=NOW, created_by=name,
    )  # fmt: skip
    plan = HandlingPlan.objects.create(
        site=site, version=1, number=f"H{name}", status="submitted", project="厂房", begins_on=date(2026, 1, 1),
        ends_on=date(2026, 12, 31), submitted_at=NOW, submitted_by=name,
    )  # fmt: skip
    file = TicketImport.objects.create(site=site, file_name="a.xlsx", digest="0", created_at=NOW, created_by=name)
    record_weighing(user=person, weighing=ticket(f"T{name}", site.code), at=NOW)
    record_weighings(user=person, tickets=[(n, ticket(f"{n}", site.code)) for n in (1, 2)], at=NOW)
    (code,) = assign(site)
    return {
        f"book_entry:{entry.pk}", f"declaration:{declared.pk}", f"contract:{contract.pk}", f"handling_plan:{plan.pk}",
        f"ticket_import:{file.pk}", f"weighing:{site.code}/2号磅/T{name}", f"site:{site.code}", f"package:{code}",
        f"organisation:{firm.pk}",
    }  # fmt: skip


def test_of_two_firms_neither_hears_of_the_others_and_the_office_of_all_it_may_see(world):  # noqa: F811
    own, others = things(world, "maker"), things(world, "stranger")
    for subject in own | others:
        if not subject.startswith(("weighing:", "site:", "package:")):  # these were told by what was done
            tell(subject)
    assert {fact.subject for fact in heard(world.people["maker"]).values()} == own
    assert {fact.subject for fact in heard(world.people["stranger"]).values()} == others
    office = {fact.subject for fact in heard(world.people["office"]).values()}
    assert {s for s in own | others if not s.startswith("declaration:")} <= office  # these are not confirmed yet
    assert heard(world.people["longyou"]) == {}


def test_of_an_act_on_packages_of_several_firms_each_hears_its_own(world):  # noqa: F811
    ours, theirs = assign(world.sites["maker"], (1000, 2000)), assign(world.sites["stranger"], (500,))
    action = PackageStep.objects.filter(package__code=ours[0]).get().action
    for code in theirs:
        PackageStep.objects.create(
            package_id=PackageStep.objects.filter(package__code=code).get().package_id, action=action, kind="retire"
        )
    both = tell(f"packages:{action.pk}", after={"count": 3, "codes": [*ours, *theirs], "mass_g": 3500})
    assert heard(world.people["maker"])[both].after == {"count": 2, "codes": list(ours)}
    assert heard(world.people["stranger"])[both].after == {"count": 1, "codes": list(theirs)}
    assert heard(world.people["office"])[both].after["mass_g"] == 3500
    assert both not in heard(world.people["plant"])
    assert Fact.objects.get(pk=both).after["count"] == 3


def test_amendments_are_told_to_the_parties_and_a_correction_only_to_the_firm_that_is_asked(
    world,  # noqa: F811
    drive,  # noqa: F811
    document,  # noqa: F811
):
    manifest = drive(document, ("maker", "submit", {}), ("carrier", "depart", {}))
    change = Change("/generator/emergency_phone", "0572-5000000", "0572-5000001")
    asked = request_amendment(
        NewAmendment(f"manifest:{manifest.number}", [change]), user=world.people["maker"], at=NOW
    )
    due = NOW.replace(day=20)
    wanted = request_correction(
        subject=f"manifest:{manifest.number}", slot="receiver", items=[Item("", "请核对。")], due_at=due,
        user=world.people["office"], at=NOW,
    )  # fmt: skip
    by_document = {
        name: {fact.document for fact in heard(world.people[name]).values()}
        for name in ("maker", "carrier", "plant", "stranger", "office")
    }
    amendment, correction = f"amendment:{asked.pk}", f"correction_request:{wanted.pk}"
    assert {name for name, told in by_document.items() if amendment in told} == {
        "maker",
        "carrier",
        "plant",
        "office",
    }
    assert {name for name, told in by_document.items() if correction in told} == {"plant", "office"}


def test_news_of_a_manifest_carry_its_state(world, drive, document):  # noqa: F811
    manifest = drive(document, ("maker", "submit", {}))
    news = [fact for fact in heard(world.people["maker"]).values() if fact.subject == f"manifest:{manifest.number}"]
    assert news[-1].verb == "submit_manifest" or news[-2].verb == "submit_manifest"
    state = next(fact for fact in news if fact.verb == "submit_manifest").after
    assert state == {"status": "submitted", "sequence": 2, "content_hash": manifest.content_hash}


def test_what_is_told_costs_the_same_for_few_and_many(world, django_assert_num_queries):  # noqa: F811
    user, facts = world.people["office"], []
    for number in range(30):
        facts += [Fact.objects.get(pk=tell(f"package:P{number}", after={"codes": [f"P{number}"], "count": 1}))]
        facts += [Fact.objects.get(pk=tell(f"weighing:S/1/{number}"))]
    with django_assert_num_queries(2):
        told_to(user, facts)


def test_who_looked_at_the_evidence_of_a_signature_is_told_to_auditors_alone(world, drive, document):  # noqa: F811
    manifest = drive(document, ("maker", "submit", {}))
    seen = tell(f"manifest:{manifest.number}", verb="reveal_evidence")
    assert seen in heard(world.people["office"])
    assert seen not in heard(world.people["maker"])
    assert seen not in heard(world.people["carrier"])
