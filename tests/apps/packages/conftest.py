"""A generator with a store, a facility and a carrier, and acts on their packages."""

from datetime import date, datetime, timedelta
from itertools import count

import pytest

from wufei.apps.ledger.models import AccountRecord, MovementRecord
from wufei.apps.packages.actions import Act
from wufei.apps.packages.making import What
from wufei.apps.packages.models import Package
from wufei.apps.packages.services import assign_packages
from wufei.apps.registry.models import Division, Organisation, Site, User, Vehicle
from wufei.core.credit_code import make_credit_code
from wufei.core.ledger import SHANGHAI

NOW = datetime(2026, 11, 25, 10, tzinfo=SHANGHAI)
TODAY = date(2026, 11, 25)
OIL = "900-214-08"
ASH = "772-003-18"
_keys = count(1)


@pytest.fixture
def anji(db):
    rows = [
        ("330000", "33", "浙江省", 1, None),
        ("330500", "3305", "湖州市", 2, "330000"),
        ("330523", "330523", "安吉县", 3, "330500"),
        ("330523001", "330523001", "递铺街道", 4, "330523"),
        ("330523105", "330523105", "孝丰镇", 4, "330523"),
    ]
    for code, prefix, name, level, parent in rows:
        Division.objects.create(code=code, prefix=prefix, name=name, level=level, parent_id=parent)
    return Division.objects.get(pk="330523")


def _site(number, name, kind, division, domain="hazardous"):
    firm = Organisation.objects.create(
        credit_code=make_credit_code("330523", number), name=f"{name}有限公司", division_id=division, kind=kind
    )
    return Site.objects.create(
        code=f"S{number:04}", name=f"{name}厂区", organisation=firm, division_id=division,
        category="industrial_enterprise", domain=domain,
    )  # fmt: skip


@pytest.fixture
def shop(anji):
    """The site where waste arises."""
    return _site(1, "汽修", "generator", "330523001")


@pytest.fixture
def plant(anji):
    """The site where waste ends."""
    return _site(2, "处置", "facility", "330523105")


@pytest.fixture
def truck(anji):
    firm = Organisation.objects.create(name="运输有限公司", division_id="330523001", kind="carrier")
    return Vehicle.objects.create(plate="浙E12345", organisation=firm)


@pytest.fixture
def make_user(anji):
    def make(username="office", role="programme_office", division="330523", **more):
        return User.objects.create_user(username, password="x", role=role, division_id=division, **more)

    return make


def act(site=None, *, key="", at=NOW, **more):
    """An act of the firm of ``site``, under a key of its own."""
    firm = {"firm_id": site.organisation_id} if site is not None else {}
    return Act(
        key=key or f"key-{next(_keys)}", at=at, recorded_at=NOW + timedelta(minutes=1), actor="tester", **firm, **more
    )


def what(code=OIL, **more):
    return What(**{"waste_code": code, "generated_on": TODAY, **more})


def assign(site, masses_g=(1000,), code=OIL, *, book=False, key="", **more):
    """Codes of new packages of these masses."""
    return assign_packages(
        site=site, what=what(code, **more), act=act(site, key=key), count=len(masses_g), masses_g=masses_g, book=book
    )


def get(code):
    return Package.objects.get(code=code)


def balance(site, bucket, code=OIL):
    """Grams of all accounts of a site, bucket and waste code."""
    rows = AccountRecord.objects.filter(holder__key=f"site:{site.code}", bucket=bucket, waste_code=code)
    return sum(rows.values_list("balance_g", flat=True))


def movements(code):
    """(kind, grams) of a package's movements, in order."""
    return list(MovementRecord.objects.filter(package=code).order_by("id").values_list("kind", "mass_g"))
