"""Two firms of 安吉, their people, an office, and a plan that can be filed."""

from datetime import datetime

import pytest

from wufei.apps.declarations import plans, selectors
from wufei.apps.registry.models import Department, Division, Organisation, Site, User
from wufei.core.credit_code import make_credit_code
from wufei.core.ledger import SHANGHAI

AT = datetime(2026, 3, 1, 9, tzinfo=SHANGHAI)
OIL = "900-249-08"
TONNE = 1_000_000


@pytest.fixture
def anji(db):
    """安吉 with two townships."""
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
def make_site(anji):
    def make(number=1, division="330523001", domain="industrial", category="industrial_enterprise", kind="generator"):
        firm = Organisation.objects.create(
            credit_code=make_credit_code("330523", number), name=f"单位{number:04}", division_id=division, kind=kind
        )
        return Site.objects.create(
            code=f"S{number:04}", name=f"{firm.name}厂区", organisation=firm, division_id=division, category=category,
            domain=domain,
        )  # fmt: skip

    return make


@pytest.fixture
def site(make_site):
    return make_site()


@pytest.fixture
def receiver(make_site):
    return make_site(2, category="treatment_plant", kind="facility")


@pytest.fixture
def owner(site, make_user):
    return make_user("firm", "generator", organisation=site.organisation)


def tables(receiver, planned_g=5 * TONNE):
    """What a small generator fills in."""
    return {
        "basis": [{
            "operating_since": "2020-01-01", "generated_1_g": 6 * TONNE, "own_facility": "no", "has_permit": "no",
        }],
        "A1": [{
            "name": "单位", "credit_code": make_credit_code("330523", 1), "address": "递铺", "industry": "机械",
            "manager": "王小明", "manager_phone": "13812345678",
        }],
        "A3": [{"waste_code": OIL, "form": "L", "planned_g": planned_g}],
        "A7": [{
            "transfer": "province", "waste_code": OIL, "planned_g": planned_g, "method": "R9",
            "receiver_kind": "permit",
            "receiver": receiver.organisation.name, "receiver_code": receiver.organisation.credit_code,
        }],
    }  # fmt: skip


@pytest.fixture
def draft(site, owner, receiver):
    plan = plans.start_plan(site=site, year=2026, actor="firm", at=AT)
    return plans.save_plan(selectors.own_plans(owner), pk=plan.pk, rows=tables(receiver), actor="firm", at=AT)


@pytest.fixture
def filed(draft, owner):
    return plans.file_plan(selectors.own_plans(owner), pk=draft.pk, actor="firm", at=AT)
