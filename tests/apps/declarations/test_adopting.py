"""What the ledger has and the book has not: entered as links, so that following the remedy closes the gap."""

import pytest
from django.urls import reverse

from wufei.apps.declarations import selectors, services
from wufei.apps.declarations.models import BookEntry
from wufei.apps.packages.treating import retire

from .conftest import AT, OIL
from .test_book import enter, held
from .test_book_packages import KG, act, drums  # noqa: F401
from .test_periodic import APRIL, make

pytestmark = pytest.mark.django_db


def differs(row):
    return [one["field"] for one in row.findings if one["code"] == "book_differs"]


def test_following_the_remedy_closes_the_gap_and_books_nothing(client, site, owner, drums):  # noqa: F811
    row = make(site)
    assert differs(row) == [OIL]
    before = held(site)
    client.force_login(owner)
    page = client.get(reverse("declarations:declaration", args=[row.pk])).content.decode()
    assert "补入台账" in page
    assert client.post(reverse("declarations:declaration-adopt", args=[row.pk])).status_code == 302
    row.refresh_from_db()
    entry = BookEntry.objects.get()
    assert (entry.table, entry.mass_g, entry.postings) == ("hw-generate", 200 * KG, [])
    assert sorted(entry.package_codes) == sorted(drums)
    assert held(site) == before
    assert differs(row) == []
    client.post(reverse("declarations:declaration-adopt", args=[row.pk]))
    assert BookEntry.objects.count() == 1


def test_what_was_booked_twice_closes_after_the_entry_is_reversed(site, owner, drums):  # noqa: F811
    entry = enter(site, mass_g="0.2")
    assert differs(make(site)) == [OIL]
    services.reverse_entry(selectors.own_entries(owner), pk=entry.pk, reason="记了两次", actor="firm", at=AT)
    own = selectors.own_declarations(owner)
    row, made = services.adopt(own, pk=make(site).pk, actor="firm", at=APRIL)
    assert (made, differs(row)) == (1, [])
    assert held(site)["stored"] == 200 * KG


def test_treatment_of_packages_is_adopted_with_its_method(site, owner, drums):  # noqa: F811
    retire(codes=drums, method="R9", act=act(site))
    own = selectors.own_declarations(owner)
    row, made = services.adopt(own, pk=make(site).pk, actor="firm", at=APRIL)
    assert (made, differs(row)) == (2, [])
    found = BookEntry.objects.get(table="hw-own")
    assert (found.method, found.mass_g, found.batch_no[:6]) == ("R9", 200 * KG, "HWZXLY")


def test_others_cannot_adopt(client, site, make_user, drums):  # noqa: F811
    row = make(site)
    client.force_login(make_user())
    assert client.post(reverse("declarations:declaration-adopt", args=[row.pk])).status_code == 404
    assert not BookEntry.objects.exists()
