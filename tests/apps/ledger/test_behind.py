"""The movements behind a figure: the same by every way of finding them, each once, page by page."""

from datetime import date

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.apps.ledger.conftest import AT, HOLDERS, NOW, OUTSIDE, PLANT, STORE, move
from tests.apps.ledger.test_posting import WAYS

from wufei.apps.ledger import behind, services
from wufei.apps.ledger.behind import Between
from wufei.apps.ledger.models import AccountRecord, MovementRecord
from wufei.core.findings import Refused
from wufei.core.ledger_rules import kinds

STEPS = (behind._LOOKED_THROUGH, behind._LINKS_AT_ONCE, behind._BATCHES)
MEANT = [
    Between(),
    Between(kinds=["generate"]),
    Between(kinds=["dump"]),
    Between(kinds=["adjust", "send"], source_buckets=["stored", "in_transit"]),
    Between(source_buckets=["outside"]),
    Between(target_buckets=["utilised", "disposed"]),
    Between(target_categories=["incinerator"]),
    Between(source_categories=["vehicle"], target_buckets=["stored"]),
    Between(codes=["900-002-S17"]),
    Between(methods=["D10"]),
]


def naive(place, first, last, between):
    """Every movement, looked at one by one."""
    accounts = {a.id: a for a in AccountRecord.objects.select_related("holder")}
    found = []
    for row in MovementRecord.objects.filter(day__gte=first, day__lte=last).order_by("id"):
        source, target = accounts[row.source_id], accounts[row.target_id]
        if not (source.holder.division.startswith(place) or target.holder.division.startswith(place)):
            continue
        if row.kind == "reverse":
            source, target = target, source
        rules = [kinds()[kind] for kind in between.kinds]
        fits = (
            (not between.codes or source.waste_code in between.codes)
            and (not rules or any(source.bucket in r.sources and target.bucket in r.targets for r in rules))
            and (not rules or row.kind in {*between.kinds, "reverse"})
            and (not between.source_buckets or source.bucket in between.source_buckets)
            and (not between.target_buckets or target.bucket in between.target_buckets)
            and (not between.source_categories or source.holder.category in between.source_categories)
            and (not between.target_categories or target.holder.category in between.target_categories)
            and (not between.methods or target.method in between.methods)
        )
        if fits:
            found.append(row.id)
    return found


def paged(place, days, meant, limit):
    numbers, after = [], 0
    while True:
        page = behind.movements_between(place, *days, meant, after=after, limit=limit)
        assert len(page.rows) <= limit
        numbers += [row.id for row in page.rows]
        if page.next_after is None:
            return numbers
        after = page.next_after


@pytest.mark.django_db
@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(WAYS), st.integers(1, 40), st.integers(-80, 80)), min_size=1, max_size=20),
    st.sampled_from(MEANT),
    st.sampled_from(["330523", "330523101", "330523102"]),
    st.sampled_from([STEPS, (2, 0, 1), (2, 10**9, 1), (1, 0, 20)]),
)
def test_each_way_of_finding_them_gives_all_once_in_order(steps, between, place, way):
    behind._LOOKED_THROUGH, behind._LINKS_AT_ONCE, behind._BATCHES = way
    try:
        with transaction.atomic():
            services.register_holders(HOLDERS)
            services.post([move(OUTSIDE, STORE, 900, "opening", "o", days=-90)], actor="t", recorded_at=AT)
            services.post([move(OUTSIDE, PLANT, 9, "receive", "r")], actor="t", recorded_at=NOW)
            services.post([move(PLANT, OUTSIDE, 9, "reverse", "v", reverses="r")], actor="t", recorded_at=NOW)
            for n, ((source, target, kind), mass_g, days) in enumerate(steps):
                try:
                    services.post(
                        [move(source, target, mass_g, kind, f"k{n}", days=days)], actor="t", recorded_at=NOW
                    )
                except Refused:
                    continue
            days = (date(2022, 2, 1), date(2022, 4, 30))
            assert paged(place, days, [between], 3) == naive(place, 20220201, 20220430, between)
            transaction.set_rollback(True)
    finally:
        behind._LOOKED_THROUGH, behind._LINKS_AT_ONCE, behind._BATCHES = STEPS


def test_nothing_meant_and_nothing_booked_give_an_empty_page(post):
    assert behind.movements_between("330523", date(2022, 1, 1), date(2022, 12, 31), []).rows == ()
    assert behind.movements_between("330523", date(2022, 1, 1), date(2022, 12, 31), [Between()]).rows == ()
