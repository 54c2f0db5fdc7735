"""Factories of the registry's tests."""

import pytest

from wufei.apps.registry.models import Department, Division, Organisation, Site, User
from wufei.core.credit_code import make_credit_code


@pytest.fixture
def anji():
    """安吉 with two townships, as the published table has them."""
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


@pytest.fixture
def make_user(anji):
    def make(username="office", role="programme_office", division="330523", department="", **more):
        held = Department.objects.get_or_create(division_id=division, name=department)[0] if department else None
        return User.objects.create_user(
            username, password="x", role=role, division_id=division, department=held, **more
        )

    return make


@pytest.fixture
def make_firm(anji):
    def make(number, division="330523001", name="", domain="industrial", kind="generator"):
        firm = Organisation.objects.create(
            credit_code=make_credit_code("330523", number),
            name=name or f"单位{number:04}",
            division_id=division,
            kind=kind,
        )
        Site.objects.create(
            code=f"S{number:04}",
            name=f"{firm.name}厂区",
            organisation=firm,
            division_id=division,
            category="industrial_enterprise",
            domain=domain,
        )
        return firm

    return make
