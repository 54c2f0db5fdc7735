"""Loading packs into the tables: exact, once, all or nothing, with its fact."""

import pytest

from wufei.apps.facts.models import Fact
from wufei.apps.plans import models, selectors, services
from wufei.core import plan as core
from wufei.core.findings import Refused

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("division", core.pack_divisions())
def test_a_loaded_pack_comes_back_as_it_was(make_division, division):
    make_division(division)
    pack = core.read_pack(division)
    services.load_pack(pack)
    assert selectors.pack(division) == pack


def test_loading_twice_writes_nothing_the_second_time(longyou):
    before = list(models.Task.objects.values_list("pk", flat=True))
    services.load_pack(core.read_pack("330825"))
    assert list(models.Task.objects.values_list("pk", flat=True)) == before
    assert Fact.objects.filter(verb="load_plan").count() == 1


def test_a_changed_pack_replaces_the_rows_and_tells_before_and_after(make_division, make_pack):
    make_division("330825")
    services.load_pack(make_pack(tasks=2))
    services.load_pack(make_pack(tasks=3))
    assert models.Task.objects.count() == 3
    fact = Fact.objects.latest("id")
    assert (fact.before["tasks"], fact.after["tasks"]) == (2, 3)
    assert (fact.subject, fact.division) == ("plan:330825", "330825")


def test_a_pack_of_an_unknown_place_is_refused_and_nothing_is_kept(db, make_pack):
    with pytest.raises(Refused, match="330825 不在登记的行政区划中"):
        services.load_pack(make_pack())
    assert (models.Plan.objects.count(), models.Task.objects.count(), Fact.objects.count()) == (0, 0, 0)


def test_all_packs_of_the_package_load(make_division):
    for division in core.pack_divisions():
        make_division(division)
    services.load_packs()
    assert [code for code, _, _ in selectors.places()] == list(core.pack_divisions())
