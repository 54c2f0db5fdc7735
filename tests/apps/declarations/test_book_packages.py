"""Packages and the record book: one event, one movement, whichever of the two comes first."""

import itertools

import pytest
from django.urls import reverse

from wufei.apps.declarations import selectors, services
from wufei.apps.declarations.models import BookEntry
from wufei.apps.packages.actions import Act
from wufei.apps.packages.models import Package
from wufei.apps.packages.services import What, assign_packages
from wufei.apps.packages.treating import retire
from wufei.core.findings import Refused
from wufei.core.ledger import local_day

from .conftest import AT, OIL
from .test_book import codes, enter, held

pytestmark = pytest.mark.django_db
KEYS = itertools.count()
KG = 1000


def act(site):
    return Act(f"t{next(KEYS)}", AT, AT, "firm", site.organisation_id)


@pytest.fixture
def drums(site):
    """Two drums of 100 kg each, booked as they got their codes."""
    what = What(waste_code=OIL, generated_on=local_day(AT))
    return assign_packages(site=site, what=what, count=2, masses_g=[100 * KG] * 2, book=True, act=act(site))


def own(site, **more):
    return enter(site, "hw-own", **{"method": "R9", "facility_code": "MF0001", "mass_g": 200 * KG, **more})


def test_what_packages_booked_is_linked_and_not_booked_again(client, site, drums, owner):
    assert held(site)["stored"] == 200 * KG
    entry = enter(site, mass_g="0.2", package_codes="、".join(drums))
    assert held(site) == {"generated": -200 * KG, "stored": 200 * KG}
    assert (entry.postings, entry.alerts) == ([], [])
    assert [(one.package, one.mass_g) for one in entry.links.all()] == [(code, 100 * KG) for code in drums]
    client.force_login(owner)
    page = client.get(reverse("declarations:entry", args=[entry.pk])).content.decode()
    assert all(reverse("packages:detail", args=[code]) in page for code in drums)
    with pytest.raises(Refused) as error:
        enter(site, mass_g="0.1", package_codes=drums[0])
    assert codes(error) == ["package_in_book"]
    assert BookEntry.objects.count() == 1


def test_the_difference_alone_is_booked(site, drums):
    entry = enter(site, mass_g="0.25", package_codes=drums)
    assert held(site)["stored"] == 250 * KG
    assert len(entry.postings) == 1
    less = enter(site, mass_g="0.05", package_codes=[])
    assert less.alerts == []  # the drums stand in an entry already


def test_less_than_the_packages_is_told(site, drums):
    entry = enter(site, mass_g="0.15", package_codes=drums)
    assert [one["code"] for one in entry.alerts] == ["less_than_packages"]
    assert held(site)["stored"] == 200 * KG


def test_an_entry_without_codes_is_told_which_packages_were_booked(site, drums):
    entry = enter(site, mass_g="0.2")
    (alert,) = entry.alerts
    assert alert["code"] == "packages_booked"
    assert all(code in alert["what"] for code in drums)
    assert enter(site, mass_g="0.2", occurred_at="2026-02-28 08:00").alerts == []
    assert enter(site, mass_g="0.2", waste_code="900-039-49").alerts == []


@pytest.mark.parametrize("table", ["hw-generate", "hw-in", "hw-own"])
def test_codes_must_exist_and_be_of_the_waste_and_the_site(site, receiver, drums, table):
    more = {"method": "R9"} if table == "hw-own" else {}
    if table != "hw-generate":
        more["facility_code"] = "TS001"
    for at, code, waste in ((site, "NOSUCH", OIL), (site, drums[0], "900-039-49"), (receiver, drums[0], OIL)):
        with pytest.raises(Refused) as error:
            enter(at, table, waste_code=waste, mass_g="0.1", package_codes=code, **more)
        assert {f.field for f in error.value.findings} == {"package_codes"}
    assert BookEntry.objects.count() == 0


def test_treating_packages_retires_them_under_the_entry(site, drums):
    entry = own(site, package_codes=drums)
    assert held(site) == {"generated": -200 * KG, "utilised": 200 * KG}
    assert set(Package.objects.values_list("status", flat=True)) == {"retired"}
    assert {one.document for one in entry.links.all()} == {f"book:{site.code}:{entry.batch_no}"}
    with pytest.raises(Refused):
        retire(codes=drums[:1], method="R9", act=act(site))
    with pytest.raises(Refused) as error:
        own(site, package_codes=drums)
    assert codes(error) == ["package_in_book", "package_in_book"]
    assert held(site)["utilised"] == 200 * KG


def test_packages_retired_before_are_linked_by_the_same_method_alone(site, drums):
    retire(codes=drums, method="R9", act=act(site))
    with pytest.raises(Refused) as error:
        own(site, package_codes=drums, method="D10")
    assert codes(error) == ["package_ended", "package_ended"]
    own(site, package_codes=drums)
    assert held(site)["utilised"] == 200 * KG


def test_less_than_the_packages_cannot_be_treated(site, drums):
    with pytest.raises(Refused) as error:
        own(site, package_codes=drums, mass_g=150 * KG)
    assert codes(error) == ["less_than_packages"]
    assert set(Package.objects.values_list("status", flat=True)) == {"assigned"}


def test_a_reversed_entry_lets_its_packages_be_entered_anew(site, drums, owner):
    entry = enter(site, mass_g="0.2", package_codes=drums)
    services.reverse_entry(selectors.own_entries(owner), pk=entry.pk, reason="写错", actor="firm", at=AT)
    assert held(site)["stored"] == 200 * KG
    assert enter(site, mass_g="0.2", package_codes=drums).links.count() == 2
