"""A browser signs as the server checks: the same canonical bytes, a key of its own, a statement that holds."""

import os
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import sync_playwright

from wufei.apps.registry.models import User
from wufei.apps.signatures import services
from wufei.apps.signatures.models import SigningKey
from wufei.apps.signatures.verification import check_row
from wufei.core.signature import canonical_json, content_hash, round_leaf, round_root

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
AT = datetime(2026, 11, 25, 0, 30, 0, 123000, tzinfo=UTC)
CONTENT = {
    "名称": "废机油\n\"桶\"", "e\u0301": "e\u0301", "mass_g": 1200, "list": [None, True, False, -5, 0, {}],
    "\u20ac": "鄣", "\U0001f600": "\u0000\u001f\u007f\u2028", "\ufb33": [],
}  # fmt: skip

SIGN = """async ({content, fields, user}) => {
  const s = window.wufeiSigning, key = await s.keyOf(user);
  const contentHash = await s.contentHash(content);
  const bytes = s.statement({...fields, contentHash, key: key.id});
  let leaves = null;
  try { await crypto.subtle.exportKey("pkcs8", key.privateKey); } catch (error) { leaves = error.name; }
  const signature = await s.signBytes(key, bytes);
  return {canonical: s.canonical(content), contentHash, key: key.id, signature, leaves};
}"""
ROUND = "async (parts) => window.wufeiSigning.roundRoot(parts)"


@pytest.fixture
def phone(live_server, client, tmp_path, settings):
    """A page of Chromium in which zhang has logged in."""
    settings.HOME = tmp_path
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright runs a loop in this thread
    user = User.objects.create(username="zhang", role="programme_office")
    client.force_login(user)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = chromium.new_context(locale="zh-CN", viewport={"width": 390, "height": 844})
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
        context.add_cookies([cookie])
        page = context.new_page()
        page.goto(live_server.url + reverse("signatures:keys"))
        yield page
        chromium.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def test_a_phone_makes_its_key_and_signs_offline_what_the_server_accepts(phone, client):
    user = User.objects.get()
    phone.get_by_label("设备名称").fill("地磅手机")
    phone.get_by_role("button", name="登记本机").click()
    phone.get_by_role("rowheader", name="地磅手机").wait_for()
    key = SigningKey.objects.get()
    phone.context.set_offline(True)
    claimed = AT - timedelta(hours=5)
    fields = {"subject": "thing:1", "slot": "office", "event": "approve", "person": "zhang", "organisation": "",
              "claimedAt": claimed.isoformat(), "deviceAt": AT.isoformat()}  # fmt: skip
    made = phone.evaluate(SIGN, {"content": CONTENT, "fields": fields, "user": "zhang"})
    assert made["canonical"].encode() == canonical_json(CONTENT)
    assert made["contentHash"] == content_hash(CONTENT)
    assert (made["key"], made["leaves"]) == (key.key_id, "InvalidAccessError")  # the private part cannot be taken out
    row = services.sign(
        subject="thing:1", slot="office", event="approve", content=CONTENT, person=user, claimed_at=claimed,
        device_at=AT, server_at=AT + timedelta(hours=1),
        device_signature=services.DeviceSignature(made["key"], bytes.fromhex(made["signature"])),
    )  # fmt: skip
    check_row(row)
    assert row.method == "device"


def test_a_phone_finds_the_same_root_of_a_round(phone):
    parts = [
        {"subject": f"thing:{n}", "slot": "carrier:1", "event": "depart", "contentHash": f"{n:064x}"}
        for n in range(7)
    ]
    for count in range(1, 8):
        leaves = [round_leaf(p["subject"], p["slot"], p["event"], p["contentHash"]) for p in parts[:count]]
        assert phone.evaluate(ROUND, parts[:count]) == round_root(leaves)
