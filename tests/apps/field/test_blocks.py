"""Number blocks: given once, accounted for one by one, closed only when nothing is open; conflicts are settled."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from wufei.apps.facts.models import Fact
from wufei.apps.field import blocks, services
from wufei.apps.field.commands import field as commands
from wufei.apps.field.devices import is_revoked
from wufei.apps.field.models import FieldEvent, FieldOutcome, NumberBlock, NumberUse
from wufei.apps.field.selectors import block_rows
from wufei.apps.ledger.checkpoints import trusted_key
from wufei.apps.manifests.models import Manifest, ManifestSerial
from wufei.core.findings import Refused
from wufei.core.number_block import BadProof, check_proof

from .conftest import NOW, numbers_of


def run(*args):
    return CliRunner().invoke(commands, list(args))


def outcome_of(digest):
    return FieldOutcome.objects.get(event__digest=digest)


def test_asking_for_the_day_twice_gives_one_block_and_few_left_give_another(world):
    phone = world.phone()
    first = numbers_of(world.day(phone))
    assert numbers_of(world.day(phone)) == first
    assert len(first) == 20
    for number in first[:13]:
        phone.record("spoil", {"number": number, "reason": "试"})
    phone.sync()
    after = numbers_of(world.day(phone))
    assert after[:7] == first[13:]  # 7 left: fewer than 8
    assert len(after) == 27
    assert NumberBlock.objects.count() == 2


def test_two_phones_never_get_the_same_number(world):
    one, other = world.phone(), world.phone()
    assert not set(numbers_of(world.day(one))) & set(numbers_of(world.day(other)))


def test_a_block_is_signed_by_the_ledgers_key_and_closes_with_a_proof(world):
    phone = world.phone()
    numbers = numbers_of(world.day(phone))
    phone.record("pickup", world.pickup(1, numbers[0]))
    phone.record("spoil", {"number": numbers[1], "reason": "写错"})
    phone.sync()
    block = NumberBlock.objects.get()
    with pytest.raises(Refused) as refused:
        services.close_block(block, actor="office", at=NOW)
    assert [f.code for f in refused.value.findings] == ["number_open"]
    with pytest.raises(BadProof, match="18 numbers have no end yet"):
        check_proof(services.proof_of(block), public_key=trusted_key())
    phone.record("return", {"numbers": numbers[2:]})
    phone.sync()
    closed = services.close_block(block, actor="office", at=NOW)
    proof = json.loads(json.dumps(closed.proof))
    assert check_proof(proof, public_key=trusted_key()).last == 20
    assert [row["fate"] for row in proof["numbers"]] == ["used", "spoiled", *["returned"] * 18]
    # What stands in the proof is the digest of what the phone signed.
    assert proof["numbers"][0]["evidence"] == FieldEvent.objects.get(seq=1).digest


def test_a_skipped_number_is_a_gap(world):
    phone = world.phone()
    numbers = numbers_of(world.day(phone))
    phone.record("pickup", world.pickup(1, numbers[0]))
    phone.record("pickup", world.pickup(2, numbers[2]))
    phone.sync()
    assert block_rows(NumberBlock.objects.all())[0].gaps == numbers[1]
    told = run("blocks")
    assert told.exit_code == 1
    assert f"缺号：{numbers[1]}" in told.output


def twice(world):
    """Two pick-ups with one number, from a phone and its copy."""
    phone = world.phone()
    number = numbers_of(world.day(phone))[0]
    twin = phone.copy(mark=1)
    first = phone.record("pickup", world.pickup(1, number))
    second = twin.record("pickup", world.pickup(2, number, mass_g=40_000))
    phone.sync()
    twin.sync()
    return phone, number, first, second


def test_a_second_use_gets_a_new_number_and_keeps_the_old_one_on_record(world):
    _, number, first, second = twice(world)
    block = NumberBlock.objects.get()
    assert block_rows(NumberBlock.objects.all())[0].twice == number
    assert run("blocks").exit_code == 1
    before = json.loads(outcome_of(second).event.body)
    made = services.give_new_number(outcome_of(second), by=world.people["carrier"], at=NOW)
    assert made == "CC20263305230000021"  # 1 to 20 are the phone's block
    settled = outcome_of(second)
    assert (settled.state, settled.number, settled.claimed_number, settled.settled_by) == (
        "applied", made, number, "carrier",
    )  # fmt: skip
    assert json.loads(settled.event.body) == before
    assert {m.number: m.mass_g for m in Manifest.objects.all()} == {number: 86_000, made: 40_000}
    assert block_rows(NumberBlock.objects.all())[0].twice == ""
    assert run("blocks").exit_code == 0
    assert outcome_of(first).number == number
    with pytest.raises(Refused, match="不用再处理"):
        services.give_new_number(settled, by=world.people["carrier"], at=NOW)
    assert block.uses.count() == 2


def test_a_second_use_cannot_keep_the_number(world):
    _, _, _, second = twice(world)
    with pytest.raises(Refused, match="已属于另一条记录"):
        services.try_again(outcome_of(second), by=world.people["carrier"], at=NOW)
    assert Manifest.objects.count() == 1


def test_a_new_number_is_not_spent_where_a_rule_still_stands_against_it(world):
    phone = world.phone()
    numbers = numbers_of(world.day(phone))
    wrong = world.pickup(1, numbers[0]) | {"wastes": [{"code": "900-214-08", "mass_g": 5}]}
    digest = phone.record("pickup", wrong)
    phone.sync()
    before = ManifestSerial.objects.get().last
    with pytest.raises(Refused) as refused:
        services.give_new_number(outcome_of(digest), by=world.people["carrier"], at=NOW)
    assert [f.code for f in refused.value.findings] == ["wrong_profile"]
    assert ManifestSerial.objects.get().last == before
    assert outcome_of(digest).state == "refused"


def test_setting_aside_needs_a_reason_and_settles_the_second_use(world):
    _, number, _, second = twice(world)
    with pytest.raises(Refused, match="理由"):
        services.set_aside(outcome_of(second), reason=" ", by=world.people["office"], at=NOW)
    services.set_aside(outcome_of(second), reason="同一桶录了两次", by=world.people["office"], at=NOW)
    assert (outcome_of(second).state, outcome_of(second).reason) == ("set_aside", "同一桶录了两次")
    assert block_rows(NumberBlock.objects.all())[0].twice == ""
    assert Manifest.objects.count() == 1


def test_a_lost_phone_ends_its_numbers_and_turning_up_later_is_a_conflict(world):
    phone = world.phone()
    numbers = numbers_of(world.day(phone))
    block = NumberBlock.objects.get()
    with pytest.raises(Refused, match="理由"):
        services.declare_lost(block, reason="", actor="office", at=NOW)
    assert services.declare_lost(block, reason="手机掉进池子", actor="office", at=NOW) == 20
    services.close_block(block, actor="office", at=NOW)
    digest = phone.record("pickup", world.pickup(1, numbers[0]))
    phone.sync()
    assert [f["code"] for f in outcome_of(digest).findings] == ["number_used_twice"]
    made = services.give_new_number(outcome_of(digest), by=world.people["office"], at=NOW)
    assert Manifest.objects.get().number == made


def test_a_revoked_phone_still_hands_in_what_it_has_and_nothing_is_done_with_it(world):
    phone = world.phone()
    number = numbers_of(world.day(phone))[0]
    digest = phone.record("pickup", world.pickup(1, number))
    services.revoke_device(phone.known(), by=world.people["carrier"], reason="丢失", at=NOW)
    assert is_revoked(phone.known())
    assert phone.sync()["acked"] == 1
    assert ([f["code"] for f in outcome_of(digest).findings], Manifest.objects.count()) == (["device_revoked"], 0)
    assert services.try_again(outcome_of(digest), by=world.people["carrier"], at=NOW) == number


def test_a_person_who_left_is_as_a_revoked_phone(world):
    phone = world.phone()
    world.people["driver"].is_active = False
    world.people["driver"].save()
    digest = phone.record("pickup", world.pickup(1, None))
    phone.sync()
    assert outcome_of(digest).state == "refused"


def test_who_goes_to_another_firm_takes_neither_phone_nor_what_it_holds_along(world):
    phone = world.phone()
    digest = phone.record("pickup", world.pickup(1, None))
    world.people["driver"].organisation = world.firms["stranger"]
    world.people["driver"].save()
    assert is_revoked(phone.known())
    phone.sync()
    assert [f["code"] for f in outcome_of(digest).findings] == ["device_revoked"]
    with pytest.raises(Refused) as refused:  # else the firm of the phone would act by the right of the other firm
        services.try_again(outcome_of(digest), by=world.people["carrier"], at=NOW)
    assert [f.code for f in refused.value.findings] == ["person_left"]
    assert not Manifest.objects.exists()


# --- Codes of the generator's handlers ------------------------------------------------------------------------------


def with_code(world, code, stop=1):
    return world.pickup(stop, None, handler={"name": "王五", "code": code})


def test_a_handlers_code_signs_once_for_its_own_firm(world):
    made = services.make_codes(user=world.people["canteen"], name="王五", count=3, at=NOW)
    assert len({code.code for code in made}) == 3
    phone = world.phone()
    phone.record("pickup", with_code(world, made[0].code))
    other = phone.record("pickup", with_code(world, made[1].code, stop=2))  # the code of the canteen at the school
    again = phone.record("pickup", with_code(world, made[0].code) | {"trip": None, "stop": None})
    phone.sync()
    assert [row.state for row in FieldOutcome.objects.order_by("pk")] == ["applied", "refused", "refused"]
    assert [f["code"] for f in outcome_of(other).findings] == ["wrong_code"]
    assert [f["code"] for f in outcome_of(again).findings] == ["code_used"]


def test_a_firm_that_guesses_codes_is_no_longer_answered_for_a_day(world):
    right = services.make_codes(user=world.people["canteen"], name="王五", count=1, at=NOW)[0].code
    phone, second = world.phone(), world.phone("carrier")
    for n in range(30):
        phone.record("pickup", with_code(world, f"guess{n}"))
    phone.sync()
    assert FieldOutcome.objects.filter(state="refused").count() == 30
    late = second.record("pickup", with_code(world, right))  # another phone of the firm guesses no further
    second.sync()
    assert [f["code"] for f in outcome_of(late).findings] == ["too_many_codes"]
    assert not Manifest.objects.exists()
    services.try_again(outcome_of(late), by=world.people["carrier"], at=NOW + timedelta(hours=26))
    assert outcome_of(late).state == "applied"


def test_a_code_used_by_an_event_that_was_refused_is_free_again(world):
    code = services.make_codes(user=world.people["canteen"], name="王五", count=1, at=NOW)[0].code
    phone = world.phone()
    wrong = with_code(world, code) | {"wastes": [{"code": "900-214-08", "mass_g": 5}]}
    phone.record("pickup", wrong)
    phone.record("pickup", with_code(world, code))
    phone.sync()
    assert [row.state for row in FieldOutcome.objects.order_by("pk")] == ["refused", "applied"]


@pytest.mark.parametrize(
    ("who", "name", "count"), [("citizen", "王五", 1), ("canteen", " ", 1), ("canteen", "王", 51)]
)
def test_codes_that_may_not_be_made(world, who, name, count):
    before = Fact.objects.count()
    with pytest.raises(Refused):
        services.make_codes(user=world.people[who], name=name, count=count, at=NOW)
    assert Fact.objects.count() == before


# --- The command line -----------------------------------------------------------------------------------------------


def test_the_proof_is_checked_by_the_command_line_without_the_database(world, tmp_path):
    phone = world.phone()
    numbers = numbers_of(world.day(phone))
    phone.record("return", {"numbers": numbers})
    phone.sync()
    file = tmp_path / "proof.json"
    file.write_text(run("proof", numbers[3]).output)
    told = run("check-proof", str(file))
    assert (told.exit_code, told.output[:3]) == (0, "成立：")
    file.write_text(file.read_text().replace('"returned"', '"lost"', 1))
    assert run("check-proof", str(file)).exit_code == 1
    assert run("proof", "1").exit_code == 1


def test_the_command_line_lists_what_is_to_be_cured_and_applies_what_waits(world):
    assert run("cures").output == "没有要处理的记录。\n"
    assert run("blocks").output == "没有未结清的号段。\n"
    phone = world.phone()
    phone.record("arrive", {"number": "CC20263305230000001"})
    phone.sync()
    assert "还没有联单" in run("cures").output
    assert json.loads(run("cures", "--json").output)[0]["state"] == "waiting"
    assert run("apply").output == "处理了 0 条记录。\n"


def test_a_use_counts_once_even_if_the_check_before_is_passed_by(world):
    """The database itself holds the rule: two uses of one number cannot both count."""
    from django.db import IntegrityError, transaction

    phone = world.phone()
    world.day(phone)
    block = NumberBlock.objects.get()
    NumberUse.objects.create(block=block, serial=1, fate="used", evidence="a")
    with pytest.raises(IntegrityError), transaction.atomic():
        NumberUse.objects.create(block=block, serial=1, fate="used", evidence="b")
    assert blocks.SIZE == 20
