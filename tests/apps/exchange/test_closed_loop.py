"""The documents of today in the demo: something in every stage, all of it marked, made once."""

from datetime import datetime

import pytest
from django.utils import timezone

from wufei.apps.amendments.selectors import waiting_for
from wufei.apps.exchange.closed_loop import make_closed_loop
from wufei.apps.ledger.models import MovementRecord
from wufei.apps.ledger.selectors import mass_balance
from wufei.apps.ledger.verification import verify
from wufei.apps.manifests.models import Manifest
from wufei.apps.manifests.selectors import visible_manifests
from wufei.apps.packages.models import Package
from wufei.apps.registry.demo import create_demo_accounts
from wufei.apps.registry.models import RegionTransfer, User, Vehicle
from wufei.apps.registry.services import load_reference
from wufei.apps.weighings.models import WeighingRecord
from wufei.core.ledger import SHANGHAI


@pytest.fixture
def demo(db, settings):
    settings.DEMO = True
    load_reference()
    create_demo_accounts()


def test_a_newcomer_finds_something_in_every_stage(demo):
    now = timezone.now()
    assert make_closed_loop(now=now)
    rows = Manifest.objects.order_by("id")
    assert [(m.profile, m.status) for m in rows] == [
        ("industrial", "confirmed"), ("hazardous", "confirmed"), ("industrial", "refused"),
        ("industrial", "in_transit"), ("hazardous", "delivered"), ("industrial", "in_transit"),
        ("hazardous", "submitted"), ("industrial", "draft"), ("industrial", "in_transit"),
    ]  # fmt: skip
    assert rows[3].returns == rows[2]
    assert all(m.is_simulated for m in rows)
    assert not Vehicle.objects.filter(is_simulated=False).exists()
    assert not Package.objects.filter(is_simulated=False).exists()
    # What anyone of them opens is not empty.
    for name, seen in {"firm": 5, "firm2": 4, "carrier": 8, "facility": 7, "office": 8}.items():
        assert visible_manifests(User.objects.get(username=name)).count() == seen, name
    assert waiting_for(User.objects.get(username="facility")).count() == 1
    assert WeighingRecord.objects.count() == 2
    granted, asked = RegionTransfer.objects.order_by("id")
    assert (granted.kind, granted.status, granted.lines.get().used_g) == ("filing", "granted", 3_000_000)
    assert (asked.kind, asked.status) == ("approval", "accepted")
    assert not {f["code"] for f in rows[8].history.get(event="submit").findings} & {"region_missing", "region_scope"}
    # The papers are there: of the firm that has plan and contract, nothing is alerted.
    assert [m.alerts for m in rows.filter(generator_name=rows[0].generator_name)] == [0, 0, 0, 0, 0]


def test_it_is_made_once_and_the_books_hold(demo):
    now = timezone.now()
    assert make_closed_loop(now=now)
    movements = MovementRecord.objects.count()
    assert not make_closed_loop(now=now)
    assert (MovementRecord.objects.count(), Manifest.objects.count()) == (movements, 9)
    year = datetime.now(tz=SHANGHAI).year
    assert {line.residual_g for line in mass_balance("330523", year).codes} == {0}
    assert verify().holds
