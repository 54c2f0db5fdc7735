"""Webhooks: signed, in order, never given up, only what the owner may see, only where the keeper allows."""

import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from django.db import transaction
from django.utils import timezone
from tests.apps.registry.conftest import anji, make_firm, make_user  # noqa: F401 - fixtures

from wufei.apps.exchange import addresses, audience, delivery, webhooks
from wufei.apps.exchange.commands_webhooks import webhooks as command
from wufei.apps.exchange.models import WebhookEndpoint
from wufei.apps.facts.models import Fact
from wufei.apps.facts.services import record_fact
from wufei.apps.rest import services as tokens
from wufei.core.findings import Refused

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 25, 8, tzinfo=UTC)


class Receiver:
    """A real server on this machine; ``answers`` says with what it answers next, then 204."""

    def __init__(self):
        self.taken, self.answers = [], []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.answers.pop(0) if receiver.answers else 204
                receiver.taken.append((status, dict(self.headers), body))
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:1/")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                """Keep the output of the tests quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def sequences(self, status=204):
        return [json.loads(body)["sequence"] for answered, _, body in self.taken if answered == status]


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_HOSTS = ["127.0.0.0/8"]
    made = Receiver()
    yield made
    made.close()


def fact(subject="plan:330523", verb="load_plan", division="330523", **more):
    with transaction.atomic():
        return record_fact(at=AT, actor="office", verb=verb, subject=subject, division=division, **more).pk


def register(user, receiver, **more):
    given = {"url": receiver.url, "verbs": [], "after": None} | more
    return webhooks.create_webhook(user=user, actor=user.username, at=AT, **given)


def deliver(at=AT + timedelta(hours=1)):
    return delivery.deliver_due(lambda: at)


def test_facts_arrive_in_order_signed_over_time_and_body(make_user, receiver):  # noqa: F811
    fact()
    webhook = register(make_user(), receiver)  # its own registration is the first news
    numbers = [fact(after={"n": n}, verb="load_plan") for n in range(5)]
    assert deliver() == delivery.Delivered(sent=6, failed=0)
    assert receiver.sequences()[1:] == numbers
    _, headers, body = receiver.taken[-1]
    payload = json.loads(body)
    assert payload["event_name"] == "载入方案"
    assert payload["after"] == {"n": 4}
    assert payload["recorded_at"] == "2026-11-25T16:00:00+08:00"
    seconds, given = (part.split("=")[1] for part in headers["Wufei-Signature"].split(","))
    assert int(seconds) == (AT + timedelta(hours=1)).timestamp()
    made = hmac.new(webhook.secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(made, given)
    assert deliver() == delivery.Delivered(sent=0, failed=0)


def test_a_failure_holds_the_line_waits_longer_and_is_never_given_up(make_user, receiver):  # noqa: F811
    webhook = register(make_user(), receiver, verbs=["load_plan"])
    first, second = fact(), fact()
    receiver.answers = [500] * 30
    at, waits = AT + timedelta(minutes=5), []
    for _ in range(30):
        assert deliver(at) == delivery.Delivered(sent=0, failed=1)
        webhook.refresh_from_db()
        waits.append(int((webhook.next_try_at - at).total_seconds()))
        assert deliver(webhook.next_try_at - timedelta(seconds=1)) == delivery.Delivered(sent=0, failed=0)
        at = webhook.next_try_at
    assert waits[:4] == [30, 60, 120, 240]
    assert waits[-1] == 6 * 3600
    assert (webhook.failures, webhook.last_error) == (30, "对方答复 500，应是 2xx。请检查对方的服务。")
    assert set(receiver.sequences(500)) == {first}
    assert deliver(at) == delivery.Delivered(sent=2, failed=0)
    assert receiver.sequences() == [first, second]
    webhook.refresh_from_db()
    assert (webhook.failures, webhook.last_error, webhook.next_try_at) == (0, "", None)


def test_a_redirect_is_not_followed_and_a_closed_door_is_a_failure(make_user, receiver):  # noqa: F811
    webhook = register(make_user(), receiver, verbs=["load_plan"])
    fact()
    receiver.answers = [302]
    assert deliver() == delivery.Delivered(sent=0, failed=1)
    webhook.refresh_from_db()
    assert "302" in webhook.last_error
    WebhookEndpoint.objects.update(url="http://127.0.0.1:1/", next_try_at=None)
    assert deliver() == delivery.Delivered(sent=0, failed=1)
    webhook.refresh_from_db()
    assert webhook.last_error.startswith("连不上")


def test_replay_sends_everything_behind_a_number_once_more(make_user, receiver):  # noqa: F811
    webhook = register(make_user(), receiver, verbs=["load_plan"])
    numbers = [fact() for _ in range(4)]
    deliver()
    shown = CliRunner().invoke(command, ["replay", str(webhook.pk), "--after", str(numbers[1])])
    assert shown.exit_code == 0
    deliver()
    assert receiver.sequences() == numbers + numbers[2:]
    assert Fact.objects.filter(verb="replay_webhook").count() == 1
    with pytest.raises(Refused, match="不在 0 至"):
        webhooks.replay_webhook(webhook, after=10**9, actor="office", at=AT)


def test_a_replay_during_delivery_is_not_overrun(make_user, receiver):  # noqa: F811
    webhook = register(make_user(), receiver, verbs=["load_plan"])
    numbers = [fact() for _ in range(3)]
    replayed = []

    def send(row, body, headers):
        if not replayed:
            webhooks.replay_webhook(webhook, after=numbers[0] - 1, actor="office", at=AT)
        replayed.append(json.loads(body)["sequence"])

    delivery.deliver_due(lambda: AT + timedelta(hours=1), send)
    webhook.refresh_from_db()
    assert webhook.cursor == numbers[0] - 1
    delivery.deliver_due(lambda: AT + timedelta(hours=1), send)
    assert replayed == [numbers[0], *numbers]


def test_one_deliverer_at_a_time_has_an_address_and_a_dead_one_loses_it(make_user, receiver):  # noqa: F811
    register(make_user(), receiver, verbs=["load_plan"])
    fact()
    now = AT + timedelta(hours=1)
    WebhookEndpoint.objects.update(leased_until=now + timedelta(seconds=5))
    assert deliver(now) == delivery.Delivered(sent=0, failed=0)
    assert deliver(now + timedelta(seconds=6)) == delivery.Delivered(sent=1, failed=0)


def test_only_what_the_owner_may_see_is_sent(make_user, make_firm, receiver):  # noqa: F811
    own, other = make_firm(1), make_firm(2)
    firm = make_user("firm", role="generator", organisation=own)
    webhook = register(firm, receiver)
    fact()
    mine = fact(subject=f"organisation:{own.pk}", verb="register_organisation")
    fact(subject=f"organisation:{other.pk}", verb="register_organisation")
    fact(subject="organisation:x", verb="register_organisation")
    fact(subject="value:1", verb="submit_values")
    newest = fact(subject="manifest:20263305230001", verb="create_manifest")
    assert deliver() == delivery.Delivered(sent=1, failed=0)
    assert receiver.sequences() == [mine]
    webhook.refresh_from_db()
    assert webhook.cursor == newest


def test_an_account_that_is_closed_gets_nothing_more(make_user, receiver):  # noqa: F811
    user = make_user()
    register(user, receiver)
    user.is_active = False
    user.save()
    fact()
    assert deliver() == delivery.Delivered(sent=0, failed=0)
    assert receiver.taken == []


def test_what_is_told_costs_the_same_for_few_and_many_facts(make_user, django_assert_num_queries):  # noqa: F811
    user = make_user()
    facts = [Fact.objects.get(pk=fact(subject=f"organisation:{n}")) for n in range(50)]
    facts.append(Fact.objects.get(pk=fact()))
    with django_assert_num_queries(2):
        audience.told_to(user, facts)


@pytest.mark.parametrize(
    ("url", "resolved", "hosts", "fine"),
    [
        ("http://10.20.0.5/x", ["10.20.0.5"], ["10.20.0.0/16"], True),
        ("http://10.21.0.5/x", ["10.21.0.5"], ["10.20.0.0/16"], False),
        ("https://hooks.example.cn:8443/x", ["203.0.113.9"], ["hooks.example.cn"], True),
        ("https://a.example.cn/", ["203.0.113.9"], [".example.cn"], True),
        ("https://aexample.cn/", ["203.0.113.9"], [".example.cn"], False),
        ("https://hooks.example.cn.evil.cn/", ["203.0.113.9"], ["hooks.example.cn"], False),
        ("http://rebound.cn/", ["10.20.0.5", "127.0.0.1"], ["10.20.0.0/16"], False),
        ("http://[::ffff:127.0.0.1]/", ["::ffff:127.0.0.1"], ["10.20.0.0/16"], False),
        ("http://[::ffff:10.20.0.5]/", ["::ffff:10.20.0.5"], ["10.20.0.0/16"], True),
        ("http://own.example.cn/", ["127.0.0.1"], [".example.cn"], False),
        ("http://meta.example.cn/", ["203.0.113.9", "169.254.169.254"], [".example.cn"], False),
        ("http://v6.example.cn/", ["::ffff:127.0.0.1"], [".example.cn"], False),
        ("http://zero.example.cn/", ["::"], [".example.cn"], False),
        ("http://own.example.cn/", ["127.0.0.1"], ["own.example.cn"], True),
        ("http://own.example.cn/", ["127.0.0.1"], [".example.cn", "127.0.0.0/8"], True),
        ("http://10.20.0.5@evil.cn/", ["203.0.113.9"], ["10.20.0.0/16"], False),
        ("ftp://10.20.0.5/", ["10.20.0.5"], ["10.20.0.0/16"], False),
        ("http://10.20.0.5:99999/", ["10.20.0.5"], ["10.20.0.0/16"], False),
        ("http:///x", [], ["10.20.0.0/16"], False),
        ("http://10.20.0.5/x", ["10.20.0.5"], [], False),
    ],
)
def test_only_hosts_and_networks_that_are_named_are_called(settings, url, resolved, hosts, fine):
    settings.WEBHOOK_HOSTS = hosts
    finding = addresses.finding_of(url, lambda host, port: resolved)
    assert (finding is None) is fine
    if finding:
        assert finding.what.endswith("。")
        assert finding.remedy.endswith("。")


def test_an_address_that_leads_elsewhere_by_now_is_not_called(make_user, receiver, settings):  # noqa: F811
    register(make_user(), receiver, verbs=["load_plan"])
    fact()
    settings.WEBHOOK_HOSTS = ["10.20.0.0/16"]
    assert deliver() == delivery.Delivered(sent=0, failed=1)
    assert receiver.taken == []


@pytest.mark.parametrize(("vendor", "rest_s"), [("postgresql", 60), ("sqlite", 0)])
def test_on_postgresql_a_fact_rests_a_minute(make_user, receiver, monkeypatch, vendor, rest_s):  # noqa: F811
    register(make_user(), receiver, verbs=["load_plan"])
    monkeypatch.setattr(delivery, "connection", SimpleNamespace(vendor=vendor))
    fact()
    if rest_s:
        assert deliver(AT + timedelta(seconds=rest_s - 1)) == delivery.Delivered(sent=0, failed=0)
    assert deliver(AT + timedelta(seconds=rest_s)) == delivery.Delivered(sent=1, failed=0)


@pytest.fixture
def call(client, make_user):  # noqa: F811
    user = make_user()
    _, secret = tokens.create_token(
        username=user.username, scopes_wanted=["webhooks:read", "webhooks:write"], days=9, name="", actor="console",
        at=timezone.now(),
    )  # fmt: skip

    def call(method, address="", data=None):
        extra = {} if data is None else {"data": json.dumps(data), "content_type": "application/json"}
        headers = {"Authorization": f"Bearer {secret}"}
        return client.generic(method, f"/api/v1/webhooks/{address}", headers=headers, **extra)

    return call


def test_the_whole_life_through_the_interface(call, receiver):
    made = call("POST", "", {"url": receiver.url, "verbs": ["load_plan"]})
    assert made.status_code == 201
    key = made.json()["id"]
    assert made.json()["secret"].startswith("whsec_")
    assert "secret" not in call("GET", f"{key}/").json()
    assert [row["id"] for row in call("GET").json()["items"]] == [key]
    number = fact()
    deliver()
    assert call("GET", f"{key}/").json()["cursor"] == number
    assert call("POST", f"{key}/replay/", {"after": 0}).json()["cursor"] == 0
    assert call("DELETE", f"{key}/").status_code == 204
    assert call("GET", f"{key}/").status_code == 404
    verbs = list(Fact.objects.filter(subject=f"webhook:{key}").order_by("pk").values_list("verb", flat=True))
    assert verbs == ["create_webhook", "replay_webhook", "delete_webhook"]


def test_a_session_alone_registers_nothing(client, make_user, receiver):  # noqa: F811
    client.force_login(make_user())
    answer = client.post("/api/v1/webhooks/", {"url": receiver.url, "verbs": []}, content_type="application/json")
    assert answer.status_code == 401
    assert "密码" in answer.json()["detail"]
    assert not WebhookEndpoint.objects.exists()


def test_everything_wrong_with_a_registration_is_told_at_once(call, settings):
    settings.WEBHOOK_HOSTS = []
    answer = call("POST", "", {"url": "http://127.0.0.1:9/", "verbs": ["no_such"], "after": 10**9})
    assert answer.status_code == 422
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"/url", "/verbs", "/after"}
    assert "WUFEI_WEBHOOK_HOSTS" in answer.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_nobody_reaches_the_address_of_another(call, make_user, receiver):  # noqa: F811
    webhook = register(make_user("other"), receiver)
    assert call("GET").json()["items"] == []
    for method, address, data in [("GET", "", None), ("DELETE", "", None), ("POST", "replay/", {"after": 0})]:
        assert call(method, f"{webhook.pk}/{address}", data).status_code == 404
    assert WebhookEndpoint.objects.filter(pk=webhook.pk).exists()


def test_the_console_lists_delivers_and_removes(make_user, receiver):  # noqa: F811
    webhook = register(make_user(), receiver)
    assert receiver.url in CliRunner().invoke(command, ["list"]).stdout
    assert "发出" in CliRunner().invoke(command, ["deliver", "--once"]).stdout
    assert CliRunner().invoke(command, ["remove", str(webhook.pk)]).exit_code == 0
    assert not WebhookEndpoint.objects.exists()
    assert CliRunner().invoke(command, ["remove", "7"]).exit_code == 1
