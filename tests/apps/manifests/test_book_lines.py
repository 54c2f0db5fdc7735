"""Departed manifests in the sender's record book: linked lines, so that 委外 agrees with the ledger."""

import pytest
from tests.apps.manifests.conftest import NOW
from tests.apps.manifests.test_life import ALL

from wufei.apps.declarations import services
from wufei.apps.declarations.models import BookEntry
from wufei.apps.ledger.models import MovementRecord

pytestmark = pytest.mark.django_db


def test_a_departed_manifest_fills_out_of_store_and_outsourcing(drive, document):
    manifest = drive(document, *ALL)
    site, booked = manifest.generator_site, MovementRecord.objects.count()
    period = f"{NOW:%Y-%m}"
    row = services.generate(site=site, form="hazardous", period=period, actor="t", at=NOW)
    assert MovementRecord.objects.count() == booked
    lines = {one["waste_code"]: one["outsourced_g"] for one in row.lines if one["outsourced_g"]}
    for table in ("hw-out", "hw-entrust"):
        entries = BookEntry.objects.filter(site=site, table=table)
        assert {one.waste_code: one.mass_g for one in entries} == lines
        assert {one.manifest_number for one in entries} == {manifest.number}
        assert {one.postings == [] for one in entries} == {True}
    entrusted = BookEntry.objects.filter(table="hw-entrust").first()
    assert entrusted.content["receiver"] == manifest.receiver_name
    assert entrusted.method
    assert not [f for f in row.findings if f["code"] == "book_differs" and "委外" in f["what"]]
    services.generate(site=site, form="hazardous", period=period, actor="t", at=NOW)
    assert BookEntry.objects.filter(site=site).count() == 2 * len(lines)
