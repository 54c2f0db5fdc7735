"""The number of queries of a page is bounded and does not follow the ledger's history."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.apps.cockpit.conftest import client_of, county

PAGES = [
    "/places/330523/",
    "/places/330523/?values=ledger",
    "/places/330523/items/1.2.2/?values=ledger",
    "/places/330523/mass/generated/",
    "/places/330523/elements/giw_generated/",
    "/places/330523/flows.json",
    "/places/330523/map.json",
]


@pytest.mark.django_db
def test_queries_do_not_grow_with_the_ledger():
    def count() -> list[int]:
        client = client_of("office")
        counts = []
        for address in PAGES:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            counts.append(len(captured))
        return counts

    with county():
        few = count()
    with county(scale=3):
        many = count()
    assert few == many
    assert max(few) <= 24
