"""The pages of the signatures, as a browser without scripts uses them."""

import re
from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from wufei.apps.facts.models import Fact
from wufei.apps.signatures import selectors, services
from wufei.apps.signatures.models import Delegation, OneTimeCode, Signature, SigningKey

from .conftest import AT

pytestmark = pytest.mark.django_db
ISSUE = "?subject=note:1&slot=carrier:1&event=depart"


@pytest.fixture
def zhang(make_firm, make_user):
    return make_user("zhang", make_firm(1))


def p256():
    private = ec.generate_private_key(ec.SECP256R1())
    return private.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


# --- Keys


def test_a_device_is_registered_renamed_and_revoked(client, zhang):
    client.force_login(zhang)
    assert "还没有密钥" in client.get(reverse("signatures:keys")).content.decode()
    sent = {"device": "地磅手机", "algorithm": "ecdsa-p256", "public_key": p256().hex()}
    made = client.post(reverse("signatures:register-key"), sent)
    key = SigningKey.objects.get()
    assert (made.status_code, made.json()["id"]) == (201, key.key_id)
    assert client.get(reverse("signatures:identity")).json() == {
        "person": "zhang", "name": "姓名zhang", "organisation": zhang.organisation.credit_code,
        "keys": [{"id": key.key_id, "device": "地磅手机", "algorithm": "ecdsa-p256"}],
    }  # fmt: skip
    change = reverse("signatures:change-key", args=[key.pk])
    client.post(change, {"action": "rename", "device": "门卫手机"})
    assert "门卫手机" in client.get(reverse("signatures:keys")).content.decode()
    client.post(change, {"action": "revoke"})
    assert "已吊销" in client.get(reverse("signatures:keys")).content.decode()
    assert [fact.verb for fact in Fact.objects.order_by("pk")] == ["register_key", "rename_key", "revoke_key"]


@pytest.mark.parametrize("wrong", [{"public_key": "zz"}, {"algorithm": "rsa"}, {"device": ""}, {"device": "x" * 61}])
def test_a_device_that_cannot_be_registered_is_told_why(client, zhang, wrong):
    client.force_login(zhang)
    sent = {"device": "手机", "algorithm": "ecdsa-p256", "public_key": p256().hex()} | wrong
    answer = client.post(reverse("signatures:register-key"), sent)
    assert answer.status_code == 422
    assert answer.json()["findings"][0]["remedy"]
    assert not SigningKey.objects.exists()


def test_nobody_changes_the_key_of_another(client, zhang, make_user):
    services.register_device_key(user=zhang, device="手机", algorithm="ecdsa-p256", public_key=p256(), at=AT)
    client.force_login(make_user("li", zhang.organisation))
    change = reverse("signatures:change-key", args=[SigningKey.objects.get().pk])
    assert client.post(change, {"action": "revoke"}).status_code == 404
    assert SigningKey.objects.get().revoked_at is None


# --- Delegations


def test_a_delegation_is_given_with_its_file_seen_by_both_and_taken_back(client, zhang, make_firm, make_user):
    other = make_user("li", make_firm(2))
    client.force_login(zhang)
    today = timezone.localdate()
    sent = {
        "receiver": other.organisation.credit_code, "slots": ["generator"], "valid_from": today,
        "valid_until": today + timedelta(days=30), "evidence": SimpleUploadedFile("委托书.pdf", b"%PDF-1.7"),
    }  # fmt: skip
    assert client.post(reverse("signatures:give-delegation"), sent).status_code == 302
    row = Delegation.objects.get()
    file = client.get(reverse("signatures:delegation-evidence", args=[row.pk]))
    assert (file.content, file["Content-Type"]) == (b"%PDF-1.7", "application/pdf")
    theirs = Client()
    theirs.force_login(other)
    shown = theirs.get(reverse("signatures:delegations")).content.decode()
    assert "单位1" in shown
    assert "收回" not in shown
    revoke = reverse("signatures:revoke-delegation", args=[row.pk])
    assert theirs.post(revoke).status_code == 404
    assert client.post(revoke).status_code == 302
    assert "已收回" in client.get(reverse("signatures:delegations")).content.decode()


def test_what_is_wrong_with_a_delegation_stands_on_the_page(client, zhang):
    client.force_login(zhang)
    sent = {"receiver": "谁", "valid_from": "2026-01-02", "valid_until": "2026-01-01"}
    answer = client.post(reverse("signatures:give-delegation"), sent)
    assert answer.status_code == 422
    for told in ("没有上传凭证文件", "没有找到受托人“谁”", "早于起期"):
        assert told in answer.content.decode()
    assert not Delegation.objects.exists()


def test_queries_do_not_grow_with_delegations_and_pages_go_by_key(client, zhang, django_assert_num_queries):
    file = services.keep_evidence(services.Evidence("x.pdf", b"%PDF-"), at=AT)

    def give(count):
        for _ in range(count):
            Delegation.objects.create(
                giver=zhang.organisation, receiver_person=zhang, valid_from=date(2026, 1, 1), evidence=file,
                valid_until=date(2026, 12, 31), created_by=zhang, created_at=AT,
            )  # fmt: skip

    give(2)
    with django_assert_num_queries(1):
        selectors.delegation_rows(zhang, today=date(2026, 11, 25))
    give(60)
    with django_assert_num_queries(1):
        rows, more = selectors.delegation_rows(zhang, today=date(2026, 11, 25))
    rest, end = selectors.delegation_rows(zhang, today=date(2026, 11, 25), after=more)
    assert (len(rows), len(rest), end) == (50, 12, 0)
    assert len({row.pk for row in (*rows, *rest)}) == 62


# --- One-time codes


@pytest.fixture
def host(notes, zhang, make_firm):
    notes.host, notes.owner = "zhang", make_firm(2, "carrier")
    notes.write("note:1", "一吨")
    return zhang


def test_host_and_party_sign_on_two_screens(client, notes, host):
    client.force_login(host)
    address = reverse("signatures:issue-code") + ISSUE
    assert "一吨" in client.get(address).content.decode()
    shown = client.post(address, {"party_name": "王司机", "phone": "13812345678"}).content.decode()
    code = re.search(r"data-code>(\d{6})<", shown)[1]
    link = re.search(r"http://testserver(/sign/[\w-]+/)", shown)[1]
    assert "<svg" in shown
    phone = Client(REMOTE_ADDR="10.20.30.40", HTTP_USER_AGENT="手机浏览器")
    page = phone.get(link).content.decode()
    assert "一吨" in page
    assert code not in page
    wrong = f"{(int(code) + 1) % 10**6:06}"
    answer = phone.post(link, {"code": wrong, "name": "王司机", "agreed": "on"})
    assert (answer.status_code, "还可以试 4 次" in answer.content.decode()) == (422, True)
    assert phone.post(link, {"code": code, "name": "王司机"}).status_code == 422  # not agreed
    done = phone.post(link, {"code": code, "name": "王司机", "agreed": "on"}, follow=True)
    assert "王司机于" in done.content.decode()
    row = Signature.objects.get()
    assert row.evidence["address"] == "10.20.30.40"
    assert (row.evidence["screen"], row.evidence["host"]) == ("own", "zhang")
    assert "已签名" in phone.get(link).content.decode()


def test_a_party_without_a_phone_signs_on_the_screen_of_the_host(client, host):
    client.force_login(host)
    shown = client.post(reverse("signatures:issue-code") + ISSUE).content.decode()
    code, link = re.search(r"data-code>(\d{6})<", shown)[1], re.search(r"http://testserver(/sign/[\w-]+/)", shown)[1]
    assert "在出示方的屏幕上签" in client.get(link).content.decode()
    client.post(link, {"code": code, "name": "王司机", "agreed": "on"})
    assert Signature.objects.get().evidence["screen"] == "host"


def test_a_dead_or_guessed_link_says_so_and_signs_nothing(client, host):
    issued = services.issue_one_time_code(subject="note:1", slot="carrier:1", event="depart", host=host, at=AT)
    link = reverse("signing:by-code", args=[issued.token])
    OneTimeCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = client.post(link, {"code": issued.code, "name": "王司机", "agreed": "on"})
    assert (answer.status_code, "失效了" in answer.content.decode()) == (410, True)
    assert client.get(reverse("signing:by-code", args=["guessed"])).status_code == 404
    assert not Signature.objects.exists()


def test_only_a_host_gets_the_page(client, host, make_user):
    client.force_login(make_user("other", host.organisation))
    address = reverse("signatures:issue-code") + ISSUE
    assert client.get(address).status_code == client.post(address).status_code == 404
    assert not OneTimeCode.objects.exists()


# --- Signatures of a document


def sign(notes, person, count=1):
    for _ in range(count):
        content = notes.write("note:1", f"{len(notes.versions.get('note:1', []))} 吨")
        services.sign(
            subject="note:1", slot="generator", event="submit", content=content, person=person,
            claimed_at=AT - timedelta(hours=5), device_at=AT + timedelta(minutes=30), server_at=AT,
            evidence={"address": "10.20.30.40", "agent": "手机浏览器"},
        )  # fmt: skip


def test_the_list_shows_three_times_and_masks_the_address(notes, zhang, django_assert_num_queries):
    sign(notes, zhang, 5)
    with django_assert_num_queries(1):
        rows = selectors.signature_rows("note:1", user=zhang)
    assert [row.sequence for row in rows] == [1, 2, 3, 4, 5]
    first = rows[0]
    assert (first.slot, first.person, first.holds, first.address) == ("移出人", "姓名zhang", True, "10.20.*.*")
    assert first.clock_note == "比服务器收到时快 30 分钟，请核对设备时钟"
    assert not first.may_reveal
    notes.versions["note:1"] = notes.versions["note:1"][1:]
    assert [row.holds for row in selectors.signature_rows("note:1", user=zhang)] == [False, True, True, True, True]


def test_reading_an_address_in_full_is_for_the_office_and_leaves_a_fact(client, notes, zhang, make_user):
    sign(notes, zhang)
    address = reverse("signatures:reveal", args=[Signature.objects.get().pk])
    client.force_login(zhang)
    assert client.post(address).status_code == 404
    assert not Fact.objects.filter(verb="reveal_evidence").exists()
    office = make_user("office", role="programme_office")
    client.force_login(office)
    assert selectors.signature_rows("note:1", user=office)[0].may_reveal
    assert "10.20.30.40" in client.post(address).content.decode()
    assert Fact.objects.get(verb="reveal_evidence").actor == "office"
