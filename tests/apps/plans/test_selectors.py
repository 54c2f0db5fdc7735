"""Who sees which plan, and how a place is named."""

import pytest

from wufei.apps.plans import selectors, services
from wufei.apps.registry.models import Role
from wufei.core import plan as core

pytestmark = pytest.mark.django_db


@pytest.fixture
def three_plans(make_division, make_pack):
    for division in ["330825", "330800", "330523"]:
        make_division(division)
        services.load_pack(make_pack(division))


@pytest.mark.parametrize(
    ("role", "division", "seen"),
    [
        (Role.PROGRAMME_OFFICE, "330825", ["330825"]),
        (Role.LEADER, "330825", ["330825"]),
        (Role.DEPARTMENT, "330825", ["330825"]),
        (Role.ENFORCEMENT, "330825", ["330825"]),
        (Role.TOWNSHIP, "330825101", ["330825"]),  # the published plan of its county
        (Role.GRID_OFFICER, "330825101", ["330825"]),
        (Role.PARENT_REGION, "330800", ["330800", "330825"]),
        (Role.PROGRAMME_OFFICE, "330523", ["330523"]),
        (Role.GENERATOR, "330825", []),
        (Role.CARRIER, "330825", []),
        (Role.FACILITY, "330825", []),
        (Role.CITIZEN, "330825", []),
        (Role.DEVICE, "330825", []),
        (Role.OTHER_SYSTEM, "330825", []),
    ],
)
def test_a_person_sees_the_plans_of_the_place_and_below(three_plans, make_user, role, division, seen):
    user = make_user(role, division)
    assert sorted(plan.division_id for plan in selectors.visible_plans(user)) == sorted(seen)
    assert sorted(task.plan.division_id for task in selectors.visible_tasks(user)) == sorted(seen)


def test_text_targets_are_in_sight_but_not_counted_with_the_numbered(make_division, make_user):
    make_division("371525")
    services.load_pack(core.read_pack("371525"))
    user = make_user(division="371525")
    assert selectors.visible_targets(user).count() == 48  # the document's annex
    assert selectors.visible_text_targets(user).count() == len(core.read_pack("371525").text_targets)


@pytest.mark.parametrize(
    ("text", "division"),
    [("330825", "330825"), ("龙游县", "330825"), ("龙游", "330825"), (" 衢州 ", "330800"), ("龙", None), ("", None)],
)
def test_a_place_is_found_by_code_name_and_short_name(three_plans, text, division):
    assert selectors.find_division(text) == division
