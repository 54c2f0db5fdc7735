"""Factories for the ledger's tests: a factory, a plant, a truck and the boundary of 安吉."""

from datetime import UTC, datetime, timedelta

import pytest

from wufei.apps.ledger import services
from wufei.core.ledger import SHANGHAI, Account, Bucket, Holder, Movement

STEEL = "900-001-S17"
AT = datetime(2022, 3, 1, 8, tzinfo=SHANGHAI)
NOW = datetime(2022, 12, 31, tzinfo=UTC)

HOLDERS = [
    Holder("site:A", "330523101", "industrial_enterprise", "甲厂"),
    Holder("site:B", "330523102", "incinerator", "乙焚烧厂"),
    Holder("vehicle:V", "330523", "vehicle", "浙E00001"),
    Holder("boundary:330523", "330523", "boundary", "安吉县界"),
]
SOURCE = Account("site:A", STEEL, Bucket.GENERATED)
STORE = Account("site:A", STEEL, Bucket.STORED)
TRUCK = Account("vehicle:V", STEEL, Bucket.IN_TRANSIT)
PLANT = Account("site:B", STEEL, Bucket.STORED)
USED = Account("site:B", STEEL, Bucket.UTILISED)
BURNT = Account("site:B", STEEL, Bucket.DISPOSED)
OUTSIDE = Account("boundary:330523", STEEL, Bucket.OUTSIDE)
LOST = Account("vehicle:V", STEEL, Bucket.UNEXPLAINED)


def move(source, target, mass_g, kind, key, *, days=0, **more):
    """A movement on 2022-03-01 and ``days`` on."""
    document = more.pop("document", "weighing:1")
    return Movement(source, target, mass_g, AT + timedelta(days=days), kind, document, key, **more)


def trip(prefix="t", mass_g=1000, *, days=0):
    """Generated, loaded, unloaded, used: four movements that leave nothing behind."""
    return [
        move(SOURCE, STORE, mass_g, "generate", f"{prefix}1", days=days),
        move(STORE, TRUCK, mass_g, "load", f"{prefix}2", days=days),
        move(TRUCK, PLANT, mass_g, "unload", f"{prefix}3", days=days),
        move(PLANT, USED, mass_g, "utilise", f"{prefix}4", days=days),
    ]


@pytest.fixture
def post(db):
    """Books movements as the tester, with the holders registered."""
    services.register_holders(HOLDERS)
    return lambda *movements: services.post(movements, actor="tester", recorded_at=NOW)
