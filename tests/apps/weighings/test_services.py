"""Tickets recorded one by one or together, booked, undone."""

import pytest

from wufei.apps.facts.models import Fact
from wufei.apps.ledger.models import AccountRecord, MovementRecord
from wufei.apps.ledger.selectors import mass_balance
from wufei.apps.ledger.services import post
from wufei.apps.ledger.verification import verify
from wufei.apps.weighings import selectors, services
from wufei.apps.weighings.models import WeighingRecord
from wufei.core.findings import Refused
from wufei.core.ledger import Account, Bucket, Movement

from .conftest import AT, NOW, ticket

KITCHEN = "900-002-S61"
STORE = f"site:F1|{KITCHEN}|stored|"


def record(user, *tickets, **more):
    return services.record_weighings(user=user, tickets=list(enumerate(tickets, 1)), at=NOW, **more)


def refused(user, *tickets):
    """Codes of the refusal, after which nothing has changed."""
    before = WeighingRecord.objects.count(), MovementRecord.objects.count(), Fact.objects.count()
    with pytest.raises(Refused) as caught:
        record(user, *tickets)
    assert (WeighingRecord.objects.count(), MovementRecord.objects.count(), Fact.objects.count()) == before
    assert all(f.what.endswith("。") and f.remedy.endswith("。") for f in caught.value.findings)
    return [(f.line, f.code) for f in caught.value.findings]


def balance(name):
    return AccountRecord.objects.get(name=name).balance_g


def test_a_kitchen_waste_ticket_books_from_the_township_into_the_store(plant):
    kept = record(plant, ticket())
    assert (len(kept.new), kept.movements, kept.net_g) == (1, 1, 7_000_000)
    assert balance(STORE) == 7_000_000
    assert balance(f"boundary:330523105|{KITCHEN}|generated|") == -7_000_000
    movement = MovementRecord.objects.get()
    assert (movement.kind, movement.document) == ("generate", "weighing:F1/1号磅/0001")
    assert movement.uncertainty_ppm == 3689  # by hand in tests/core/test_weighing.py
    assert verify().holds
    balances = mass_balance("330523", year=2026)
    assert (balances.total.generated_g, balances.total.closing_g, balances.total.residual_g) == (
        7_000_000,
        7_000_000,
        0,
    )


@pytest.mark.parametrize("written", ["site:C1", "C1", "第一食堂", " Ｃ１ "])
def test_a_source_site_is_named_by_code_or_name(plant, places, written):
    record(plant, ticket(source=written))
    row = WeighingRecord.objects.get()
    assert (row.source, row.source_site_id) == ("site:C1", places["C1"].pk)
    assert balance(f"site:C1|{KITCHEN}|generated|") == -7_000_000


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"manifest": "M1"}, "attached"),
        ({"direction": "out"}, "evidence"),
        ({"waste_code": "900-099-S07"}, "evidence"),
        ({"waste_code": "900-214-08"}, "evidence"),
    ],
)
def test_what_a_manifest_or_record_book_books_is_not_booked_twice(plant, change, outcome):
    assert record(plant, ticket(**change)).movements == 0
    assert WeighingRecord.objects.get().outcome == outcome
    assert MovementRecord.objects.count() == 0


def test_the_same_ticket_again_books_nothing_and_says_so(plant):
    record(plant, ticket())
    kept = record(plant, ticket(note="重打"), ticket("0002"))
    assert ([row.ticket for row in kept.new], kept.already) == (["0002"], 1)
    assert balance(STORE) == 14_000_000
    row, again = services.record_weighing(user=plant, weighing=ticket(), at=NOW)
    assert (row.ticket, again.already) == ("0001", 1)


def test_the_same_number_with_other_content_is_a_fault_and_on_another_scale_another_ticket(plant):
    record(plant, ticket())
    assert refused(plant, ticket(net_g=7_020_000)) == [(1, "ticket_differs")]
    assert len(record(plant, ticket(device="2号磅", net_g=7_020_000)).new) == 1


def test_one_number_twice_in_one_delivery(plant):
    assert refused(plant, ticket(), ticket(plate="浙E54321")) == [(2, "duplicate_ticket")]
    kept = record(plant, ticket(), ticket())
    assert (len(kept.new), kept.already) == (1, 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"source": "火星"}, "unknown_source"),
        ({"source": ""}, "blank_source"),
        ({"source": "F1"}, "source_is_site"),
        ({"site": "F2"}, "unknown_site"),
        ({"site": "nowhere"}, "unknown_site"),
        ({"net_g": 6_000_000}, "gross_minus_tare"),
        ({"waste_code": "1"}, "unknown_waste_code"),
        ({"ticket": "1\0"}, "control_character"),
    ],
)
def test_every_fault_refuses_all_and_leaves_nothing(plant, change, code):
    assert (2, code) in refused(plant, ticket(), ticket("0002", **{"ticket": "0002"} | change))


def test_a_trial_run_says_the_same_and_writes_nothing(plant):
    kept = record(plant, ticket(), dry_run=True)
    assert (kept.new, WeighingRecord.objects.count(), Fact.objects.count()) == ((), 0, 0)
    with pytest.raises(Refused):
        record(plant, ticket(net_g=1), dry_run=True)


def test_an_undone_ticket_is_taken_back_and_its_number_may_be_recorded_anew(plant):
    (row,) = record(plant, ticket()).new
    services.undo_weighing(user=plant, pk=row.pk, reason="货名写错", at=NOW)
    assert balance(STORE) == 0
    kept = record(plant, ticket(net_g=6_980_000))
    assert (kept.new[0].revision, balance(STORE)) == (1, 6_980_000)
    with pytest.raises(Refused, match="已经撤销"):
        services.undo_weighing(user=plant, pk=row.pk, reason="再来", at=NOW)
    assert [f.verb for f in Fact.objects.filter(verb__contains="weighing")] == [
        "record_weighing", "undo_weighing", "record_weighing",
    ]  # fmt: skip
    assert verify().holds


def test_what_has_been_treated_since_is_not_undone(plant):
    (row,) = record(plant, ticket()).new
    store, used = Account("site:F1", KITCHEN, Bucket.STORED), Account("site:F1", KITCHEN, Bucket.UTILISED)
    post([Movement(store, used, 1_000_000, AT, "utilise", "book:1", "u1")], actor="plant", recorded_at=NOW)
    with pytest.raises(Refused, match="先冲销其后的"):
        services.undo_weighing(user=plant, pk=row.pk, reason="货名写错", at=NOW)
    row.refresh_from_db()
    assert not row.is_undone


def test_others_can_neither_record_nor_undo(plant, other, canteen):
    (row,) = record(plant, ticket(source="C1")).new
    assert refused(other, ticket("0009")) == [(1, "unknown_site")]
    for user in (other, canteen):
        with pytest.raises(WeighingRecord.DoesNotExist):
            services.undo_weighing(user=user, pk=row.pk, reason="x", at=NOW)


def test_who_sees_a_ticket(plant, other, canteen, office):
    record(plant, ticket(source="C1"))
    assert [selectors.visible_weighings(user).count() for user in (plant, canteen, office, other)] == [1, 1, 1, 0]


def test_both_ends_of_a_manifest_are_compared(plant, canteen):
    # 7000 kg ± 3689 ppm at both ends: 25.82 kg each, joint 36.52, twice 73.04; 3 % is 210 kg, at most 100: 173 kg
    out = {"site": "C1", "direction": "out", "manifest": "M1", "source": ""}
    record(canteen, ticket(**out))
    record(plant, ticket(manifest="M1", net_g=6_840_000, gross_g=14_840_000))
    found = selectors.two_ends(plant, "M1", KITCHEN)
    assert found is None  # the plant does not see the canteen's ticket
    rows = list(WeighingRecord.objects.all())
    both = selectors.compare_tickets(rows)
    assert (both.difference_g, both.is_within) == (-160_000, True)
    assert selectors.compare_tickets(rows[:1]) is None


def test_sql_does_not_grow_with_tickets(plant, django_assert_max_num_queries):
    record(plant, ticket("warm"))
    with django_assert_max_num_queries(60):
        record(plant, *[ticket(f"{n:05}") for n in range(1000)])
