"""Who signs for whom, what is kept, and that nothing of it can be changed unseen."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from django.db import DatabaseError, connection, transaction

from wufei.apps.facts.models import Fact
from wufei.apps.signatures import selectors, services
from wufei.apps.signatures.commands import signatures as command
from wufei.apps.signatures.guards import GUARDS
from wufei.apps.signatures.models import Delegation, EvidenceFile, Signature, SigningKey
from wufei.apps.signatures.vault import SealBroken, seal, unseal
from wufei.apps.signatures.verification import check_row, signed_of, verify
from wufei.core.findings import Refused
from wufei.core.signature import (
    Statement,
    check_signature,
    content_hash,
    key_id,
    round_leaf,
    round_root,
    round_statement,
)

from .conftest import AT

pytestmark = pytest.mark.django_db
PDF = services.Evidence("委托书.pdf", b"%PDF-1.7 ...")


def sign(notes, person, subject="note:1", text="一吨", **more):
    content = notes.write(subject, text)
    values = {"slot": "generator", "event": "submit", "claimed_at": AT, "server_at": AT} | more
    return services.sign(subject=subject, content=content, person=person, **values)


@pytest.fixture
def zhang(make_firm, make_user):
    return make_user("zhang", make_firm(1))


# --- By the server's key


def test_a_signature_holds_what_was_stated_and_checks_from_its_own_row(notes, zhang):
    row = sign(notes, zhang, claimed_at=AT - timedelta(minutes=3), device_at=AT - timedelta(minutes=4))
    row = Signature.objects.get(pk=row.pk)
    assert (row.subject, row.slot, row.event, row.sequence) == ("note:1", "generator", "submit", 1)
    assert row.content_hash == content_hash({"text": "一吨"})
    assert (row.person, row.person_ref, row.person_name) == (zhang, "zhang", "姓名zhang")
    assert row.organisation_ref == zhang.organisation.credit_code
    assert (row.method, row.division) == ("session", "330523001")
    assert (AT - row.claimed_at, AT - row.device_at, row.server_at) == (
        timedelta(minutes=3), timedelta(minutes=4), AT,
    )  # fmt: skip
    check_signature(signed_of(row), content={"text": "一吨"})
    fact = Fact.objects.get(verb="sign_document")
    assert (fact.subject, fact.actor, fact.division) == ("note:1", "zhang", "330523001")


def test_the_private_key_is_sealed_and_one_a_person(notes, zhang):
    sign(notes, zhang)
    sign(notes, zhang, text="二吨")
    (key,) = SigningKey.objects.all()
    assert (key.user, key.device, key.algorithm) == (zhang, "", "ed25519")
    opened = unseal(bytes(key.private_key_sealed), bound_to=bytes(key.public_key))
    assert len(opened) == 32
    assert opened not in bytes(key.private_key_sealed)


def test_a_sealed_key_opens_with_its_own_secret_and_public_key_alone(settings, tmp_path):
    sealed = seal(b"s" * 32, bound_to=b"one")
    assert unseal(sealed, bound_to=b"one") == b"s" * 32
    with pytest.raises(SealBroken):
        unseal(sealed, bound_to=b"other")
    settings.HOME = tmp_path
    with pytest.raises(SealBroken, match="signing-secret"):
        unseal(sealed, bound_to=b"one")
    assert (tmp_path / "signing-secret").stat().st_mode & 0o777 == 0o600


def test_signing_the_same_again_gives_the_one_there_is(notes, zhang):
    first = sign(notes, zhang)
    again = sign(notes, zhang, server_at=AT + timedelta(hours=1))
    assert again.pk == first.pk
    assert Signature.objects.count() == 1
    assert Fact.objects.filter(verb="sign_document").count() == 1


def test_another_person_does_not_sign_the_same_a_second_time(notes, zhang, make_user):
    sign(notes, zhang)
    with pytest.raises(Refused, match="已由姓名zhang签名"):
        sign(notes, make_user("li", zhang.organisation))
    assert Signature.objects.count() == 1


def test_signatures_of_a_document_are_numbered_in_their_order(notes, zhang):
    made = [sign(notes, zhang, event=event).sequence for event in ("submit", "amend", "confirm")]
    assert made == [1, 2, 3]
    assert sign(notes, zhang, subject="note:2").sequence == 1


def test_signing_costs_the_same_few_statements_each_time(notes, zhang, django_assert_num_queries):
    sign(notes, zhang)
    with django_assert_num_queries(8):  # two savepoints and their releases; key, signatures so far, the row, the fact
        sign(notes, zhang, text="二吨")


# --- Authority


@pytest.mark.parametrize(("role", "slot", "code"), [
    ("citizen", "generator", "wrong_role"), ("generator", "office", "wrong_role"),
    ("department", "receiver", "wrong_role"),
])  # fmt: skip
def test_a_role_that_does_not_fit_the_slot_is_refused_and_nothing_is_kept(
    notes, make_firm, make_user, role, slot, code
):
    with pytest.raises(Refused) as caught:
        sign(notes, make_user("wang", make_firm(2), role=role), slot=slot)
    assert [finding.code for finding in caught.value.findings] == [code]
    assert not Signature.objects.exists()
    assert not SigningKey.objects.exists()


def test_someone_of_another_firm_needs_a_delegation(notes, zhang, make_firm, make_user):
    giver = make_firm(2)
    with pytest.raises(Refused, match="“单位2”签名，您不属于该单位") as caught:
        sign(notes, zhang, organisation=giver)
    assert "上传委托书" in caught.value.findings[0].remedy
    assert not Signature.objects.exists()


def delegate(giver, receiver, by, **more):
    values = {"slots": (), "profiles": (), "valid_from": date(2026, 11, 1), "valid_until": date(2026, 11, 30)} | more
    new = services.NewDelegation(receiver=receiver, **values)
    return services.give_delegation(giver=giver, new=new, evidence=PDF, by=by, at=AT)


@pytest.mark.parametrize("to", ["person", "organisation"])
def test_a_delegation_with_evidence_lets_sign_for_another_firm(notes, zhang, make_firm, make_user, to):
    giver = make_firm(2)
    receiver = "zhang" if to == "person" else zhang.organisation.credit_code
    held = delegate(giver, receiver, make_user("boss", giver))
    row = sign(notes, zhang, organisation=giver)
    assert (row.delegation, row.organisation, row.organisation_ref) == (held, giver, giver.credit_code)
    check_row(row)


@pytest.mark.parametrize("limit", [
    {"slots": ("carrier",)}, {"profiles": ("hazardous",)}, {"valid_until": date(2026, 11, 24)},
    {"valid_from": date(2026, 11, 26)}, "revoked",
])  # fmt: skip
def test_a_delegation_covers_its_slots_domains_and_days_only(notes, zhang, make_firm, make_user, limit):
    giver = make_firm(2)
    boss = make_user("boss", giver)
    held = delegate(giver, "zhang", boss, **(limit if isinstance(limit, dict) else {}))
    if limit == "revoked":
        services.revoke_delegation(held, by=boss, at=AT)
    with pytest.raises(Refused):
        sign(notes, zhang, organisation=giver, profile="industrial")
    assert not Signature.objects.exists()


def test_a_delegation_to_a_person_is_not_taken_along_to_another_firm(notes, zhang, make_firm, make_user):
    giver, day = make_firm(2), AT.date()
    delegate(giver, "zhang", make_user("boss", giver))
    assert selectors.delegated_by(zhang, today=day) == [(giver.pk, ())]
    zhang.organisation = make_firm(3)
    zhang.save()
    assert selectors.delegated_by(zhang, today=day) == []
    assert [row.state for row in selectors.delegation_rows(zhang, today=day)[0]] == ["受托人已离开原单位"]
    with pytest.raises(Refused) as caught:
        sign(notes, zhang, organisation=giver)
    assert [finding.code for finding in caught.value.findings] == ["no_authority"]
    assert not Signature.objects.exists()


@pytest.mark.parametrize("role", ["department", "citizen"])
def test_who_becomes_no_person_of_a_firm_signs_for_none(notes, zhang, make_firm, make_user, role):
    giver = make_firm(2)
    delegate(giver, "zhang", make_user("boss", giver))
    zhang.role = role
    zhang.save()
    with pytest.raises(Refused) as caught:
        sign(notes, zhang, organisation=giver)
    assert [finding.code for finding in caught.value.findings] == ["no_authority"]
    assert not Signature.objects.exists()


@pytest.mark.parametrize(
    ("role", "own", "code"),
    [("generator", True, "own_person"), ("department", False, "no_firm_person"), ("leader", False, "no_firm_person")],
)
def test_neither_ones_own_people_nor_offices_are_let_sign_by_a_delegation(make_firm, make_user, role, own, code):
    giver = make_firm(2)
    boss = make_user("boss", giver)
    make_user("li", giver if own else None, role=role)
    with pytest.raises(Refused) as caught:
        delegate(giver, "li", boss)
    assert [finding.code for finding in caught.value.findings] == [code]
    assert not Delegation.objects.exists()


def test_all_that_is_wrong_with_a_delegation_is_said_at_once(make_firm, make_user):
    giver = make_firm(1)
    new = services.NewDelegation("谁", ("queen",), ("gold",), date(2026, 2, 1), date(2026, 1, 1))
    with pytest.raises(Refused) as caught:
        services.give_delegation(
            giver=giver, new=new, evidence=services.Evidence("x.exe", b"MZ"), by=make_user("boss", giver), at=AT
        )
    assert {finding.code for finding in caught.value.findings} == {
        "evidence_kind", "unknown_receiver", "unknown_slot", "unknown_profile", "dates_reversed",
    }  # fmt: skip
    assert not Delegation.objects.exists()
    assert not EvidenceFile.objects.exists()


# --- Devices


def device(person, at=AT):
    """A browser's key: WebCrypto's ECDSA P-256, made here by the library."""
    private = ec.generate_private_key(ec.SECP256R1())
    raw = private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    services.register_device_key(user=person, device="地磅手机", algorithm="ecdsa-p256", public_key=raw, at=at)
    return private, raw


def signed_by(private, statement):
    r, s = decode_dss_signature(private.sign(statement.as_bytes(), ec.ECDSA(hashes.SHA256())))
    return services.DeviceSignature(statement.key, r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def stated(person, raw, content, subject="note:1"):
    return Statement(
        subject, "generator", "submit", content_hash(content), person.username, person.organisation.credit_code,
        AT - timedelta(hours=5), AT - timedelta(hours=5), key_id(raw),
    )  # fmt: skip


TIMES = {"claimed_at": AT - timedelta(hours=5), "device_at": AT - timedelta(hours=5)}


def test_a_device_signs_offline_and_the_server_keeps_its_signature(notes, zhang):
    private, raw = device(zhang)
    given = signed_by(private, stated(zhang, raw, {"text": "一吨"}))
    row = sign(notes, zhang, device_signature=given, **TIMES)
    assert (row.method, row.key.device, bytes(row.signature)) == ("device", "地磅手机", given.signature)
    check_row(row)
    assert sign(notes, zhang, device_signature=given, **TIMES).pk == row.pk  # the queue is sent twice


@pytest.mark.parametrize("wrong", ["content", "time", "revoked", "another's"])
def test_a_device_signature_that_does_not_fit_is_refused(notes, zhang, make_user, wrong):
    li = make_user("li", zhang.organisation)
    private, raw = device(li if wrong == "another's" else zhang)
    given = signed_by(private, stated(zhang, raw, {"text": "二吨" if wrong == "content" else "一吨"}))
    if wrong == "revoked":
        services.revoke_key(SigningKey.objects.get(), actor="zhang", at=AT - timedelta(minutes=1))
    times = TIMES | ({"claimed_at": AT} if wrong == "time" else {})
    with pytest.raises(Refused):
        sign(notes, zhang, device_signature=given, **times)
    assert not Signature.objects.exists()


def test_a_device_key_is_registered_once_and_never_taken_over(zhang, make_user):
    _, raw = device(zhang)
    again = services.register_device_key(user=zhang, device="又一次", algorithm="ecdsa-p256", public_key=raw, at=AT)
    assert (again.device, SigningKey.objects.count()) == ("地磅手机", 1)
    with pytest.raises(Refused, match="登记在别人名下"):
        services.register_device_key(
            user=make_user("li", zhang.organisation), device="我的", algorithm="ecdsa-p256", public_key=raw, at=AT
        )
    for algorithm, key, name in [("rsa", raw, "x"), ("ed25519", raw, "x"), ("ecdsa-p256", raw, " ")]:
        with pytest.raises(Refused):
            services.register_device_key(user=zhang, device=name, algorithm=algorithm, public_key=key, at=AT)
    assert SigningKey.objects.count() == 1


# --- Rounds


def parts(notes, count, slot="generator"):
    return [
        services.Part(f"note:{n}", slot, "submit", notes.write(f"note:{n}", f"{n} 吨")) for n in range(1, count + 1)
    ]


def test_one_act_signs_every_document_of_a_round(notes, zhang):
    rows = services.sign_many(parts=parts(notes, 10), person=zhang, claimed_at=AT, server_at=AT)
    assert [row.subject for row in rows] == [f"note:{n}" for n in range(1, 11)]
    assert len({bytes(row.signature) for row in rows}) == 1
    for row in rows:
        check_row(row)
    with pytest.raises(ValueError, match="does not fit"):
        check_signature(replace(signed_of(rows[0]), path=signed_of(rows[1]).path))


def test_a_device_signs_a_round(notes, zhang):
    private, raw = device(zhang)
    made = parts(notes, 3)
    leaves = [round_leaf(p.subject, p.slot, p.event, content_hash(p.content)) for p in made]
    whole = round_statement(stated(zhang, raw, {}), round_root(leaves))
    rows = services.sign_many(
        parts=made, person=zhang, server_at=AT, device_signature=signed_by(private, whole), **TIMES
    )
    for row in rows:
        check_row(row)


def test_a_round_is_signed_whole_or_not_at_all(notes, zhang):
    made = parts(notes, 2)
    made.append(services.Part("note:9", "office", "submit", notes.write("note:9", "x")))
    with pytest.raises(Refused):
        services.sign_many(parts=made, person=zhang, claimed_at=AT, server_at=AT)
    assert not Signature.objects.exists()


# --- Verification


def test_the_walk_checks_signatures_and_contents(notes, zhang):
    assert "还没有签名" in CliRunner().invoke(command, ["verify"]).output
    sign(notes, zhang)
    services.sign_many(parts=parts(notes, 3), person=zhang, claimed_at=AT, server_at=AT)
    done = CliRunner().invoke(command, ["verify"])
    assert (done.exit_code, done.output.strip()) == (0, "4 条签名全部相符，其中 4 条连同所签内容一并核对。")


@pytest.mark.parametrize("tamper", ["content", "claimed_at", "slot", "signature", "person_ref", "deleted", "key"])
def test_the_walk_names_the_first_signature_that_was_tampered_with(notes, zhang, make_user, tamper):
    rows = [sign(notes, zhang, event=event) for event in ("submit", "amend", "confirm")]
    target = Signature.objects.filter(pk=rows[1].pk)
    if tamper == "content":
        notes.versions["note:1"] = [{"text": "九吨"}]
    elif tamper == "deleted":
        target.delete()
    elif tamper == "key":
        sign(notes, make_user("li", zhang.organisation), subject="note:2")
        target.update(key=SigningKey.objects.get(user__username="li"))
    else:
        value = {"claimed_at": AT + timedelta(days=1), "signature": bytes(64)}.get(tamper, "other")
        target.update(**{tamper: value})
    done = CliRunner().invoke(command, ["verify", "--subject", "note:1"])
    broken = {"content": rows[0], "deleted": rows[2]}.get(tamper, rows[1])
    assert done.exit_code == 1
    assert f"signature:{broken.pk} note:1" in done.output


def test_what_was_signed_before_a_key_was_revoked_still_holds(notes, zhang):
    sign(notes, zhang)
    services.revoke_key(SigningKey.objects.get(), actor="zhang", at=AT + timedelta(days=1))
    assert verify().broken == ""
    sign(notes, zhang, text="二吨", server_at=AT + timedelta(days=2))  # a new key is made
    assert (verify().checked, SigningKey.objects.count()) == (2, 2)
    Signature.objects.filter(sequence=1).update(server_at=AT + timedelta(days=3))
    assert "had been revoked" in verify().why


def test_the_database_refuses_to_change_or_delete_a_signature(notes, zhang):
    sign(notes, zhang)
    GUARDS.install(connection)
    try:
        for change in (lambda rows: rows.update(slot="x"), lambda rows: rows.delete()):
            with pytest.raises(DatabaseError, match="append only"), transaction.atomic():
                change(Signature.objects.all())
    finally:
        GUARDS.remove(connection)
    assert Signature.objects.get().slot == "generator"
