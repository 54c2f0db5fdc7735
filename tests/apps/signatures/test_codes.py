"""One-time codes: a party without account signs once, what was shown to it, within minutes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from wufei.apps.facts.models import Fact
from wufei.apps.signatures import services, subjects
from wufei.apps.signatures.codes import masked_phone
from wufei.apps.signatures.models import OneTimeCode, Signature
from wufei.apps.signatures.verification import check_row, verify
from wufei.core.findings import Refused

from .conftest import AT

pytestmark = pytest.mark.django_db
SOON = AT + timedelta(minutes=2)


@pytest.fixture
def host(notes, make_firm, make_user):
    notes.host, notes.owner = "host", make_firm(2, "carrier")
    notes.write("note:1", "一吨")
    return make_user("host", make_firm(1))


def issue(host, **more):
    values = {"slot": "carrier:1", "event": "depart", "at": AT} | more
    return services.issue_one_time_code(subject="note:1", host=host, **values)


def codes_of(refused):
    return [finding.code for finding in refused.value.findings]


def test_the_party_signs_by_code_and_the_owner_of_the_document_is_told(notes, host):
    made = issue(host, party_name="王司机", phone="138 1234 5678", payload={"vehicle": "浙E12345"})
    row = services.redeem_one_time_code(made.token, made.code, name=" 王  司机 ", at=SOON, evidence={"agent": "x"})
    assert (row.method, row.person, row.person_ref, row.person_name) == (
        "one_time_code", None, "name:王 司机", "王 司机",
    )  # fmt: skip
    assert (row.organisation, row.key.user, row.evidence["host"]) == (notes.owner, None, "host")
    assert notes.after == [("note:1", {"vehicle": "浙E12345"})]
    check_row(row)
    assert verify().broken == ""
    kept = OneTimeCode.objects.get()
    assert (kept.signature, kept.used_at, kept.phone_masked) == (row, SOON, "138****5678")


def test_neither_link_nor_code_is_kept(host):
    made = issue(host)
    stored = str(OneTimeCode.objects.values().get())
    assert made.token not in stored
    assert made.code not in stored.replace(made.row.code_digest, "").replace(made.row.token_digest, "").replace(
        made.row.content_hash, ""
    )


def test_a_wrong_code_is_counted_and_the_last_try_ends_it(notes, host):
    made = issue(host)
    wrong = f"{(int(made.code) + 1) % 10**6:06}"
    for left in (4, 3, 2, 1):
        with pytest.raises(Refused, match=f"还可以试 {left} 次"):
            services.redeem_one_time_code(made.token, wrong, name="王司机", at=SOON)
    with pytest.raises(Refused, match="失效了"):
        services.redeem_one_time_code(made.token, wrong, name="王司机", at=SOON)
    with pytest.raises(Refused) as caught:
        services.redeem_one_time_code(made.token, made.code, name="王司机", at=SOON)
    assert codes_of(caught) == ["code_worn_out"]
    assert not Signature.objects.exists()
    assert Fact.objects.filter(verb="mistype_code").count() == 5


def test_a_code_signs_once(host):
    made = issue(host)
    services.redeem_one_time_code(made.token, made.code, name="王司机", at=SOON)
    with pytest.raises(Refused) as caught:
        services.redeem_one_time_code(made.token, made.code, name="李司机", at=SOON)
    assert codes_of(caught) == ["code_used"]
    assert Signature.objects.count() == 1


def test_a_code_ends_after_ten_minutes(host):
    made = issue(host)
    with pytest.raises(Refused) as caught:
        services.redeem_one_time_code(made.token, made.code, name="王司机", at=AT + timedelta(minutes=10))
    assert codes_of(caught) == ["code_expired"]
    services.redeem_one_time_code(made.token, made.code, name="王司机", at=AT + timedelta(minutes=9, seconds=59))


def test_a_document_that_changed_voids_the_code(notes, host):
    made = issue(host)
    notes.write("note:1", "二吨")
    with pytest.raises(Refused) as caught:
        services.redeem_one_time_code(made.token, made.code, name="王司机", at=SOON)
    assert codes_of(caught) == ["content_changed"]
    notes.write("note:1", "一吨")
    with pytest.raises(Refused) as caught:
        services.redeem_one_time_code(made.token, made.code, name="王司机", at=SOON)
    assert codes_of(caught) == ["code_void"]
    assert not Signature.objects.exists()


def test_a_new_code_voids_the_one_before(host):
    first, second = issue(host), issue(host)
    with pytest.raises(Refused) as caught:
        services.redeem_one_time_code(first.token, first.code, name="王司机", at=SOON)
    assert codes_of(caught) == ["code_void"]
    services.redeem_one_time_code(second.token, second.code, name="王司机", at=SOON)


def test_the_code_of_another_link_does_not_serve(host):
    first = issue(host, event="depart")
    second = issue(host, event="arrive")
    if first.code != second.code:
        with pytest.raises(Refused) as caught:
            services.redeem_one_time_code(second.token, first.code, name="王司机", at=SOON)
        assert codes_of(caught) == ["wrong_code"]
    with pytest.raises(Refused) as caught:
        services.redeem_one_time_code("guessed", first.code, name="王司机", at=SOON)
    assert codes_of(caught) == ["unknown_link"]


def test_what_the_owner_refuses_leaves_the_code_unused(notes, host):
    made = issue(host)

    def refuse(signature, asked, at):
        services.sign(
            subject="note:2", slot="office", event="x", content={}, person=host, claimed_at=at, server_at=at
        )

    kind = subjects.kind_of("note:1")
    subjects.unregister_subject("note")
    subjects.register_subject("note", replace(kind, on_signed=refuse))
    with pytest.raises(Refused):
        services.redeem_one_time_code(made.token, made.code, name="王司机", at=SOON)
    assert not Signature.objects.exists()
    assert OneTimeCode.objects.get().used_at is None


def test_only_the_host_of_a_document_with_something_to_sign_gets_a_code(notes, host, make_user):
    with pytest.raises(Refused) as caught:
        issue(make_user("other", host.organisation))
    assert codes_of(caught) == ["no_host"]
    notes.versions.clear()
    with pytest.raises(Refused) as caught:
        issue(host)
    assert codes_of(caught) == ["nothing_to_sign"]
    with pytest.raises(Refused):
        services.issue_one_time_code(subject="nothing:1", slot="x", event="x", host=host, at=AT)
    assert not OneTimeCode.objects.exists()


@pytest.mark.parametrize(("phone", "kept"), [
    ("138 1234 5678", "138****5678"), ("0572-5123456", "057****3456"), ("123", "****"), ("", ""),
])  # fmt: skip
def test_a_phone_is_kept_masked(phone, kept):
    assert masked_phone(phone) == kept
