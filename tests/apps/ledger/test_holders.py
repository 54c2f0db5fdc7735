"""A site, vehicle or division of the registry can be booked on without being entered a second time."""

import pytest
from tests.apps.ledger.conftest import NOW, OUTSIDE, SOURCE, STEEL, STORE, TRUCK, move

from wufei.apps.ledger import services
from wufei.apps.ledger.models import HolderRecord
from wufei.apps.registry.models import Division, Organisation, Site, Vehicle
from wufei.core.findings import Refused
from wufei.core.ledger import Account, Bucket

pytestmark = pytest.mark.django_db


@pytest.fixture
def registry():
    """Site A and vehicle V of one firm in 安吉."""
    county = Division.objects.create(code="330523", prefix="330523", name="安吉县", level=3)
    firm = Organisation.objects.create(name="甲厂", division=county, kind="generator", source="试验")
    Site.objects.create(
        code="A", name="甲厂一车间", organisation=firm, division=county, category="industrial_enterprise",
        domain="industrial", is_simulated=True,
    )  # fmt: skip
    Vehicle.objects.create(plate="V", organisation=firm)


def post(*movements):
    return services.post(movements, actor="tester", recorded_at=NOW)


@pytest.mark.usefixtures("registry")
def test_a_site_a_vehicle_and_a_division_of_the_registry_hold_mass_at_once():
    receipt = post(
        move(SOURCE, STORE, 1000, "generate", "1"),
        move(STORE, TRUCK, 400, "load", "2"),
        move(TRUCK, OUTSIDE, 400, "send", "3"),
    )
    assert receipt.booked == 3
    assert set(HolderRecord.objects.values_list("key", "division", "category", "name", "is_simulated")) == {
        ("site:A", "330523", "industrial_enterprise", "甲厂一车间", True),
        ("vehicle:V", "330523", "vehicle", "V", False),
        ("boundary:330523", "330523", "boundary", "安吉县区域外", False),
    }


@pytest.mark.usefixtures("registry")
def test_a_holder_that_the_registry_does_not_know_is_refused_and_nothing_is_entered():
    stranger = Account("site:Z", STEEL, Bucket.STORED)
    with pytest.raises(Refused) as caught:
        post(move(SOURCE, STORE, 1000, "generate", "1"), move(STORE, stranger, 1000, "unload", "2"))
    assert [(f.line, f.field, f.code) for f in caught.value.findings] == [(2, "target_holder", "unknown_holder")]
    assert not HolderRecord.objects.exists()
