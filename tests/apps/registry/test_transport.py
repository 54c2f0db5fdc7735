"""What the checks of a manifest are given: permits with their use, vehicles, persons, licences."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from wufei.apps.facts.models import Fact
from wufei.apps.registry import selectors, services
from wufei.apps.registry.models import CarrierLicence, Permit, PermitUse, TransportPerson, Vehicle
from wufei.core.checks import LicenceRecord, PersonRecord, VehicleRecord
from wufei.core.findings import Refused

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 25, 3, tzinfo=UTC)
TONNE = 1_000_000


@pytest.fixture
def make_permit(make_firm):
    def make(number="浙危1", firm=None, **more):
        values = {"categories": ["HW08"], "capacity_t_per_year": Decimal("100.5"), "mode": "收集", "source": "测试"}
        values |= {"valid_until": date(2027, 1, 1)}
        return Permit.objects.create(number=number, organisation=firm or make_firm(1), **(values | more))

    return make


def use(permit, mass_g, code="900-214-08", year=2026):
    return services.use_permit(permit_id=permit.pk, year=year, mass_g=mass_g, actor="甲", at=AT, waste_code=code)


def test_use_of_a_permit_is_summed_over_codes_and_kept_apart_by_year(make_permit):
    permit = make_permit()
    assert use(permit, 40 * TONNE) == 60_500_000
    assert use(permit, 30 * TONNE, "900-217-08") == 30_500_000
    assert use(permit, TONNE, year=2027) == 99_500_000
    (record,) = selectors.permits_of([permit.organisation_id], year=2026)[permit.organisation_id]
    assert (record.id, record.capacity_g, record.used_g, record.remaining_g) == (
        permit.pk, 100_500_000, 70_000_000, 30_500_000,
    )  # fmt: skip
    assert Fact.objects.filter(verb="use_permit", subject=f"permit:{permit.pk}").count() == 3


def test_beyond_capacity_is_a_fact_and_what_was_not_used_cannot_be_given_back(make_permit):
    permit = make_permit()
    assert use(permit, 101 * TONNE) == -500_000
    assert use(permit, -TONNE) == 500_000
    before = Fact.objects.count()
    with pytest.raises(Refused) as caught, transaction.atomic():
        use(permit, -100 * TONNE - 1)
    assert caught.value.findings[0].code == "permit_use_below_zero"
    assert PermitUse.objects.get().used_g == 100 * TONNE
    assert Fact.objects.count() == before


def test_registers_are_read_as_the_values_of_the_checks(make_firm, make_permit, django_assert_num_queries):
    firm = make_firm(1, kind="carrier")
    make_permit(firm=firm, codes=["900-214-08"], methods=["R9"], valid_from=date(2024, 1, 1), kind="collection")
    Vehicle.objects.create(
        plate="浙E12345", organisation=firm, load_limit_t=Decimal("9.5"), transport_permit="330500001",
        valid_until=date(2027, 1, 1), hazard_classes=["3", "6.1"],
    )  # fmt: skip
    Vehicle.objects.create(plate="浙E99999", organisation=firm)
    TransportPerson.objects.create(
        organisation=firm, kind="driver", name="张某", certificate="D1", valid_until=date(2026, 12, 1),
        hazard_classes=["3"],
    )  # fmt: skip
    TransportPerson.objects.create(organisation=firm, kind="escort", name="张某", certificate="D1")
    CarrierLicence.objects.create(organisation=firm, kind="dangerous_transport", number="L1", scope="危险货物")
    with django_assert_num_queries(4):
        permits = selectors.permits_of([firm.pk], year=2026)
        vehicles = selectors.vehicles_by_plate(["浙E12345", "浙E99999", "浙E00000"])
        persons = selectors.persons_by_certificate(["D1", ""])
        licences = selectors.licences_of([firm.pk])
    (permit,) = permits[firm.pk]
    assert (permit.codes, permit.methods, permit.kind) == (frozenset({"900-214-08"}), frozenset({"R9"}), "collection")
    assert vehicles == {
        "浙E12345": VehicleRecord("浙E12345", "330500001", date(2027, 1, 1), frozenset({"3", "6.1"}), 9_500_000),
        "浙E99999": VehicleRecord("浙E99999"),
    }
    assert persons == {
        ("driver", "D1"): PersonRecord("driver", "D1", "张某", date(2026, 12, 1), frozenset({"3"})),
        ("escort", "D1"): PersonRecord("escort", "D1", "张某"),
    }
    assert licences == {firm.pk: (LicenceRecord("dangerous_transport", "L1", "危险货物"),)}


def test_a_certificate_stands_once_a_kind(make_firm):
    firm = make_firm(1)
    TransportPerson.objects.create(organisation=firm, kind="driver", name="甲", certificate="D1")
    with pytest.raises(IntegrityError), transaction.atomic():
        TransportPerson.objects.create(organisation=firm, kind="driver", name="乙", certificate="D1")
