"""Loading the package's divisions, departments and printed permits."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from wufei.apps.facts.models import Fact
from wufei.apps.registry.models import Department, Division, Organisation, Permit
from wufei.apps.registry.reference import departments_of_pack
from wufei.apps.registry.services import load_reference

pytestmark = pytest.mark.django_db


def test_the_divisions_are_those_of_the_published_table():
    load_reference()
    # published: 256 to township level (安吉 15, 龙游 15, 冠县 18, 绍兴 103, 衢州 100 with 龙游),
    # and 858 villages of the three counties
    assert Division.objects.filter(level__lte=4).count() == 256
    assert Division.objects.filter(level=5).count() == 858
    for code, townships in [("330523", 15), ("330825", 15), ("371525", 18)]:
        assert Division.objects.filter(parent_id=code, level=4).count() == townships
    assert Division.objects.filter(prefix__startswith="3306", level=4).count() == 103
    assert Division.objects.filter(prefix__startswith="3308", level=4).count() == 100
    anji = Division.objects.get(pk="330523")
    assert (anji.name, anji.parent_id, anji.level, anji.prefix) == ("安吉县", "330500", 3, "330523")


def test_every_position_says_how_it_is_known():
    load_reference()
    assert not Division.objects.filter(longitude__isnull=False, position_basis="").exists()
    assert not Division.objects.filter(longitude__isnull=True).exclude(position_basis="").exists()


def test_the_departments_are_those_that_the_plans_name():
    load_reference()
    for place in ("330523", "330825"):
        names = set(Department.objects.filter(division_id=place).values_list("name", flat=True))
        assert names == departments_of_pack(place)
    assert Department.objects.filter(division_id="330825", name="县生态环境局").count() == 1


def test_the_five_permits_of_anji_stand_as_printed():
    load_reference()
    # table 3.5-1: number, capacity t/a, valid until, how many categories the print names
    expected = {
        "3305000125": (80000, date(2026, 12, 12), 22),  # 5 + 2 + 4 + 4 + 7
        "3305000278": (4000, date(2023, 3, 3), 2),
        "安危废经002号": (500, date(2025, 6, 14), 1),
        "安危废经003号": (600, date(2024, 11, 5), 1),
        "浙危废经第3305000175": (10000, date(2023, 7, 14), 1),
    }
    found = {p.number: (p.capacity_t_per_year, p.valid_until, len(p.categories)) for p in Permit.objects.all()}
    assert found == {n: (Decimal(c), d, k) for n, (c, d, k) in expected.items()}
    assert Permit.objects.get(number="3305000125").categories[:6] == ["HW02", "HW03", "HW04", "HW05", "HW06", "HW08"]


def test_firms_of_a_document_have_no_invented_credit_code():
    load_reference()
    firms = Organisation.objects.filter(permits__isnull=False)
    assert firms.count() == 5
    assert all(firm.credit_code is None and "表3.5-1" in firm.source and not firm.is_simulated for firm in firms)


def test_loading_again_changes_nothing_and_asks_little():
    load_reference()
    facts = Fact.objects.count()
    with CaptureQueriesContext(connection) as captured:
        load_reference()
    assert Fact.objects.count() == facts
    assert len(captured) < 20


def test_a_division_that_was_renamed_is_put_right():
    load_reference()
    Division.objects.filter(pk="330523001").update(name="别名")
    load_reference()
    assert Division.objects.get(pk="330523001").name == "递铺街道"
