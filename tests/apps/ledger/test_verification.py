"""Whatever is changed, added or dropped behind the ledger's back is found, and the first broken movement is named."""

import json
from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.apps.ledger.conftest import BURNT, HOLDERS, NOW, OUTSIDE, PLANT, STORE, move, trip

from wufei.apps.ledger import services
from wufei.apps.ledger.checkpoints import NoProof, prove, take_checkpoint, trusted_key
from wufei.apps.ledger.guards import GUARDS
from wufei.apps.ledger.models import (
    AccountRecord,
    BatchRecord,
    CheckpointRecord,
    FlowRecord,
    HolderRecord,
    LinkRecord,
    MovementRecord,
    PeriodCloseRecord,
    YearChangeRecord,
)
from wufei.apps.ledger.verification import verify
from wufei.core.chain import BATCH_FIELDS, FIELDS, BadProof, check_proof, digest_fields, public_key_of


@pytest.fixture(autouse=True)
def _home_of_the_test(settings, tmp_path, _own_home):
    settings.HOME = tmp_path


@pytest.fixture
def booked(post):
    """Three batches, a checkpoint after the second, every column filled somewhere; the guards are down."""
    post(move(OUTSIDE, STORE, 500, "opening", "o", days=-90), *trip("a", 1000))
    post(
        move(OUTSIDE, PLANT, 70, "receive", "b1", count=3, package="PK-1", basis_ref="scale:7", uncertainty_ppm=500),
        move(PLANT, BURNT, 20, "dispose", "b2", package="PK-1", reason="x"),
        move(PLANT, OUTSIDE, 70, "reverse", "b3", reverses="b1"),
        move(OUTSIDE, PLANT, 20, "receive", "b4"),
    )
    take_checkpoint(actor="tester", at=NOW)
    post(*trip("c", 30, days=2))
    services.close_period("site:B", through=date(2021, 12, 31), actor="tester", at=NOW)
    GUARDS.remove(connection)
    assert verify(public_key=trusted_key()).problems == []


def problems():
    return verify(public_key=trusted_key()).problems


COLUMNS = [f.name for f in MovementRecord._meta.concrete_fields]


@pytest.mark.parametrize("column", COLUMNS)
def test_a_change_in_any_column_of_a_movement_is_found_and_the_movement_is_named(booked, column):
    victim = MovementRecord.objects.get(key="b1")
    value = getattr(victim, column)
    if column == "digest":
        changed = bytes([bytes(value)[0] ^ 1]) + bytes(value)[1:]
    elif isinstance(value, str):
        changed = value + "x"
    else:
        changed = value + (1 << 40) if column == "id" else value + 1
    MovementRecord.objects.filter(key="b1").update(**{column: changed})
    found = problems()
    assert found
    name = "b1x" if column == "key" else "b1"
    assert column == "id" or f"编号“{name}”" in found[0]


@pytest.mark.django_db
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_one_flipped_bit_in_any_stored_field_of_any_movement_is_found(data):
    with transaction.atomic():
        services.register_holders(HOLDERS)
        movements = [*trip("a", 1000), move(OUTSIDE, PLANT, 9, "receive", "长编号", count=2, package="包装")]
        services.post(movements, actor="tester", recorded_at=NOW)
        GUARDS.remove(connection)
        keys = [m.key for m in movements]
        key = data.draw(st.sampled_from(keys))
        column = data.draw(st.sampled_from([c for c in COLUMNS if c != "id"]))
        victim = MovementRecord.objects.get(key=key)
        value = getattr(victim, column)
        if value is None or value == "":
            changed = 0 if value is None else "\x01"
        elif isinstance(value, int):
            changed = value ^ (1 << data.draw(st.integers(0, 20)))
        else:
            raw = bytearray(value.encode() if isinstance(value, str) else bytes(value))
            place = data.draw(st.integers(0, len(raw) - 1))
            raw[place] ^= 1 << data.draw(st.integers(0, 6))
            changed = bytes(raw)
            if isinstance(value, str):
                changed = changed.decode("utf-8", "replace")
        if column == "mass_g" and changed <= 0:
            changed = value + 1
        # A key that another movement has cannot be written at all: the unique index stands.
        if changed != value and "\x00" not in str(changed) and changed not in keys:
            with connection.cursor() as cursor:
                sql = f"UPDATE ledger_movement SET {column} = %s WHERE key = %s"  # noqa: S608
                cursor.execute(sql, [changed, key])
            found = verify().problems
            assert found
            assert column == "key" or f"编号“{key}”" in found[0]
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    "tamper",
    [
        lambda: MovementRecord.objects.filter(key="b2").delete(),
        lambda: MovementRecord.objects.filter(key__startswith="c").delete(),
        lambda: BatchRecord.objects.order_by("-id").first().delete(),
        lambda: BatchRecord.objects.order_by("id").update(actor="another"),
        lambda: BatchRecord.objects.order_by("id").update(recorded_us=F("recorded_us") + 1),
        lambda: BatchRecord.objects.order_by("id").update(movements=F("movements") + 1),
        lambda: LinkRecord.objects.order_by("batch_id").last().delete(),
        lambda: LinkRecord.objects.update(seq=F("seq") + 1),
        lambda: LinkRecord.objects.update(head=bytes(32)),
        lambda: LinkRecord.objects.update(digest=bytes(32)),
        lambda: LinkRecord.objects.update(members=bytes(4)),
        lambda: HolderRecord.objects.filter(key="site:A").update(head=bytes(32)),
        lambda: HolderRecord.objects.filter(key="site:A").update(links=9),
        lambda: HolderRecord.objects.filter(key="site:A").update(key="site:Z"),
        lambda: AccountRecord.objects.filter(name__contains="disposed").update(balance_g=21),
        lambda: AccountRecord.objects.filter(name__contains="disposed").update(method="D1"),
        lambda: AccountRecord.objects.filter(name__contains="disposed").update(waste_code="900-002-S17"),
        lambda: FlowRecord.objects.filter(kind="dispose").update(mass_g=21),
        lambda: FlowRecord.objects.filter(kind="receive").update(count=F("count") + 1),
        lambda: FlowRecord.objects.filter(kind="receive").update(movements=9),
        lambda: FlowRecord.objects.filter(kind="dispose").update(day=20220302),
        lambda: FlowRecord.objects.filter(kind="dispose").delete(),
        lambda: FlowRecord.objects.create(
            day=20220101, source_id=1, target_id=2, kind="load", mass_g=1, count=0, movements=1
        ),
        lambda: CheckpointRecord.objects.update(root=bytes(32)),
        lambda: CheckpointRecord.objects.update(signature=bytes(64)),
        lambda: CheckpointRecord.objects.update(at="2022-01-01T00:00:00+08:00"),
        lambda: CheckpointRecord.objects.update(id=2),
        lambda: CheckpointRecord.objects.update(previous=b"\x01" * 32),
        lambda: CheckpointRecord.objects.update(public_key=public_key_of(bytes(32))),
    ],
)
def test_any_other_tampering_is_found(booked, tamper):
    tamper()
    assert problems()


def swap(model, column, one, other):
    """Exchange what two rows hold in a column."""
    a, b = (model.objects.filter(**chosen) for chosen in (one, other))
    first, second = a.values_list(column, flat=True).get(), b.values_list(column, flat=True).get()
    assert first != second
    a.update(**{column: second})
    b.update(**{column: first})


@pytest.mark.parametrize(
    ("tamper", "told"),
    [
        (lambda: HolderRecord.objects.filter(key="site:A").update(division="330523102"), "site:A"),
        (lambda: HolderRecord.objects.filter(key="site:A").update(category="hospital"), "site:A"),
        (lambda: HolderRecord.objects.filter(key="site:A").update(name="丙厂"), "site:A"),
        (lambda: HolderRecord.objects.filter(key="site:A").update(is_simulated=True), "site:A"),
        (lambda: HolderRecord.objects.filter(key="site:A").update(stated=bytes(32)), "site:A"),
        (lambda: HolderRecord.objects.filter(key="site:A").update(closed_through=20220101), "site:A"),
        (
            lambda: HolderRecord.objects.create(key="site:N", division="330523101", category="store", name="N"),
            "site:N",
        ),
        (lambda: PeriodCloseRecord.objects.all().delete(), "site:B"),
        (lambda: PeriodCloseRecord.objects.update(through=20211130), "site:B"),
        (
            lambda: AccountRecord.objects.create(
                holder=HolderRecord.objects.get(key="site:A"),
                waste_code="900-002-S17",
                bucket="stored",
                name="site:A|900-002-S17|stored|",
            ),
            "site:A|900-002-S17|stored|",
        ),
        (lambda: YearChangeRecord.objects.filter(change_g__gte=500).update(change_g=1), "年的变动"),
        (lambda: YearChangeRecord.objects.update(year=2019), "2019 年的变动"),
        (lambda: YearChangeRecord.objects.all().delete(), "年的变动"),
        (lambda: YearChangeRecord.objects.create(year=2020, account_id=1, change_g=0), "2020 年的变动"),
        (lambda: BatchRecord.objects.create(id=9_999, recorded_us=1, actor="x", movements=0), "批次 9999"),
        (lambda: CheckpointRecord.objects.all().delete(), "检查点 1"),
        (lambda: swap(MovementRecord, "mass_g", {"key": "a1"}, {"key": "b2"}), "a1"),
        (lambda: swap(MovementRecord, "digest", {"key": "a1"}, {"key": "a2"}), "a1"),
        (lambda: swap(MovementRecord, "source_id", {"key": "a1"}, {"key": "a2"}), "a1"),
        (lambda: swap(AccountRecord, "balance_g", {"bucket": "generated"}, {"bucket": "disposed"}), "generated"),
        (lambda: swap(FlowRecord, "mass_g", {"kind": "dispose"}, {"kind": "opening"}), "日流量"),
        (lambda: swap(HolderRecord, "name", {"key": "site:A"}, {"key": "site:B"}), "site:A"),
    ],
)
def test_what_no_digest_of_a_movement_covers_is_found_too(booked, tamper, told):
    tamper()
    assert told in problems()[0]


def test_a_tail_that_is_cut_off_behind_the_last_checkpoint_is_missed_by_the_fact_log(booked):
    """Nothing signed covers the last batch, and all sums are made to fit; yet the log has seen it."""
    last = BatchRecord.objects.latest("id").id
    for link in LinkRecord.objects.filter(batch_id=last):
        before = LinkRecord.objects.filter(holder_id=link.holder_id, batch_id__lt=last).order_by("-batch_id").first()
        HolderRecord.objects.filter(id=link.holder_id).update(
            head=before.head if before else None, links=before.seq if before else 0
        )
    for row in MovementRecord.objects.filter(key__startswith="c").order_by("-id"):
        AccountRecord.objects.filter(id=row.source_id).update(balance_g=F("balance_g") + row.mass_g)
        AccountRecord.objects.filter(id=row.target_id).update(balance_g=F("balance_g") - row.mass_g)
        FlowRecord.objects.filter(day=row.day, source_id=row.source_id, target_id=row.target_id).delete()
    MovementRecord.objects.filter(key__startswith="c").delete()
    LinkRecord.objects.filter(batch_id=last).delete()
    BatchRecord.objects.filter(id=last).delete()
    assert f"批次 {last}" in problems()[0]
    assert len(problems()) == 1


def test_balances_and_flows_that_are_rebuilt_to_fit_a_changed_mass_do_not_hide_it(booked):
    row = MovementRecord.objects.get(key="c1")
    MovementRecord.objects.filter(key="c1").update(mass_g=row.mass_g + 5)
    AccountRecord.objects.filter(id=row.source_id).update(balance_g=F("balance_g") - 5)
    AccountRecord.objects.filter(id=row.target_id).update(balance_g=F("balance_g") + 5)
    FlowRecord.objects.filter(day=row.day, source_id=row.source_id).update(mass_g=F("mass_g") + 5)
    assert "编号“c1”" in problems()[0]
    changed = MovementRecord.objects.get(key="c1")
    names = dict(AccountRecord.objects.values_list("id", "name"))
    batch = BatchRecord.objects.get(id=changed.id >> 24)
    fields = [names[v] if f in {"source", "target"} else v for f, v in zip(FIELDS, row_values(changed), strict=True)]
    tail = (batch.recorded_us, batch.actor)
    digest = digest_fields(dict(zip((*FIELDS, *BATCH_FIELDS), (*fields, *tail), strict=True)))
    MovementRecord.objects.filter(key="c1").update(digest=digest)
    assert "site:A" in problems()[0]
    assert "编号“c1”" in problems()[0]


def row_values(row):
    return [getattr(row, {"source": "source_id", "target": "target_id"}.get(name, name)) for name in FIELDS]


def test_an_inserted_movement_is_found(booked):
    forged = MovementRecord.objects.get(key="a1")
    forged.id, forged.key = forged.id + 5, "forged"
    MovementRecord.objects.bulk_create([forged])
    assert "forged" in problems()[0]


def test_a_forger_who_rewrites_the_whole_chain_is_found_by_the_signature(booked):
    """Everything before the checkpoint is rebuilt consistently, as one with the database but not the key could."""
    victim = MovementRecord.objects.get(key="b2")
    rebuilt = [
        move(OUTSIDE, PLANT, 70, "receive", "b1", count=3, package="PK-1", basis_ref="scale:7", uncertainty_ppm=500),
        move(PLANT, BURNT, 19, "dispose", "b2", package="PK-1", reason="x"),
        move(PLANT, OUTSIDE, 70, "reverse", "b3", reverses="b1"),
        move(OUTSIDE, PLANT, 20, "receive", "b4"),
    ]
    assert victim.mass_g == 20
    for model in (MovementRecord, LinkRecord, BatchRecord, FlowRecord, AccountRecord):
        model.objects.all().delete()
    HolderRecord.objects.update(head=None, links=0)
    first = [move(OUTSIDE, STORE, 500, "opening", "o", days=-90), *trip("a", 1000)]
    start = 0
    for batch in (first, rebuilt, trip("c", 30, days=2)):
        start += services.post(batch, actor="tester", recorded_at=NOW).booked
    assert start == 13
    CheckpointRecord.objects.update(upto_batch=BatchRecord.objects.order_by("id")[1].id)
    assert any("检查点" in problem for problem in problems())


def test_checkpoints_hang_together_so_none_can_be_dropped(booked):
    take_checkpoint(actor="tester", at=NOW + timedelta(days=1))
    take_checkpoint(actor="tester", at=NOW + timedelta(days=2))
    assert problems() == []
    CheckpointRecord.objects.filter(id=2).delete()
    assert "检查点 3 与前一个检查点不衔接" in problems()[0]


# --- Proofs -------------------------------------------------------------------------------------------------------


def test_a_movement_and_each_movement_of_a_package_have_a_proof_that_needs_no_database(booked):
    for code, keys in (("b2", ["b2"]), ("PK-1", ["b1", "b2"])):
        proofs = json.loads(json.dumps(prove(code)))
        assert [proof["movement"]["key"] for proof in proofs] == keys
        for proof in proofs:
            check_proof(proof, public_key=trusted_key())
            proof["movement"]["mass_g"] += 1
            with pytest.raises(BadProof):
                check_proof(proof, public_key=trusted_key())


def test_a_proof_can_be_made_for_an_old_movement_by_a_later_checkpoint(booked):
    CheckpointRecord.objects.all().delete()
    take_checkpoint(actor="tester", at=NOW)
    for code in ("o", "a1", "a4", "b3", "c1", "c4"):
        check_proof(prove(code)[0], public_key=trusted_key())


def test_what_no_checkpoint_covers_has_no_proof_yet_and_the_answer_says_so(booked):
    with pytest.raises(NoProof, match="checkpoint"):
        prove("c1")
    with pytest.raises(NoProof, match="没有编号"):
        prove("nothing")
