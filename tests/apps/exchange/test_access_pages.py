"""The pages of one's own tokens and webhooks: shown once, one's own alone, and how delivery stands."""

import pytest
from django.utils import timezone
from tests.apps.registry.conftest import anji, make_user  # noqa: F401 - fixtures

from wufei.apps.exchange.models import WebhookEndpoint
from wufei.apps.rest.models import ApiToken

pytestmark = pytest.mark.django_db
TOKENS, HOOKS = "/access/tokens/", "/access/webhooks/"
PASSWORD = "地磅和令牌-2026"


@pytest.fixture
def me(client, make_user, settings):  # noqa: F811
    settings.WEBHOOK_HOSTS = ["127.0.0.0/8"]
    user = make_user("me")
    user.set_password(PASSWORD)
    user.save()
    log_in(client)
    return user


def log_in(client):
    """Log in and say once more who one is, as the pages ask before they hand out a key."""
    client.post("/accounts/login/", {"login": "me", "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


def test_a_token_is_signed_for_oneself_works_and_its_secret_is_shown_once(client, me):
    answer = client.post(TOKENS, {"scope": ["manifests:read"], "days": "30", "name": "西区地磅", "user": "other"})
    secret = answer.context["secret"]
    assert secret in answer.content.decode()
    token = ApiToken.objects.get()
    assert (token.user, token.scopes, token.name) == (me, ["manifests:read"], "西区地磅")
    shown = client.get(TOKENS).content.decode()
    assert "西区地磅" in shown
    assert secret not in shown
    client.logout()
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/me/", headers=headers).json()["username"] == "me"
    client.force_login(me)  # to end a token nobody is asked again
    assert client.post(f"{TOKENS}{token.pk}/revoke/").status_code == 302
    client.logout()
    assert client.get("/api/v1/me/", headers=headers).status_code == 401


def test_a_wrong_token_says_everything_and_keeps_what_was_typed(client, me):
    answer = client.post(TOKENS, {"days": "soon", "name": "磅", "scope": ["manifests:read"]})
    assert answer.status_code == 422
    assert "不是天数" in answer.content.decode()
    assert 'value="manifests:read" checked' in answer.content.decode()
    assert client.post(TOKENS, {"days": "30"}).status_code == 422
    assert not ApiToken.objects.exists()


def test_nobody_sees_or_ends_what_is_anothers(client, me, make_user):  # noqa: F811
    client.post(TOKENS, {"scope": ["manifests:read"], "days": "30", "name": "西区地磅"})
    client.post(HOOKS, {"url": "http://127.0.0.1:9/hook"})
    token, hook = ApiToken.objects.get(), WebhookEndpoint.objects.get()
    client.force_login(make_user("other"))
    assert "西区地磅" not in client.get(TOKENS).content.decode()
    assert "127.0.0.1" not in client.get(HOOKS).content.decode()
    assert client.post(f"{TOKENS}{token.pk}/revoke/").status_code == 404
    assert client.post(f"{HOOKS}{hook.pk}/", {"action": "remove"}).status_code == 404
    assert WebhookEndpoint.objects.exists()
    assert ApiToken.objects.get().revoked_at is None


def test_a_webhook_is_registered_shows_its_failures_is_replayed_and_removed(client, me):
    answer = client.post(HOOKS, {"url": "http://127.0.0.1:9/hook", "verbs": "submit_manifest  confirm_manifest"})
    hook = WebhookEndpoint.objects.get()
    assert hook.verbs == ["confirm_manifest", "submit_manifest"]
    assert hook.secret in answer.content.decode()
    WebhookEndpoint.objects.update(failures=3, last_error="对方答复 500。", next_try_at=timezone.now())
    shown = client.get(HOOKS).content.decode()
    assert "连续失败 3 次" in shown
    assert "对方答复 500。" in shown
    assert hook.secret not in shown
    client.post(f"{HOOKS}{hook.pk}/", {"action": "replay", "after": "x"})
    assert WebhookEndpoint.objects.get().failures == 3
    client.post(f"{HOOKS}{hook.pk}/", {"action": "replay", "after": "0"})
    hook.refresh_from_db()
    assert (hook.cursor, hook.failures, hook.next_try_at) == (0, 0, None)
    assert client.post(f"{HOOKS}{hook.pk}/", {"action": "explode"}).status_code == 404
    client.post(f"{HOOKS}{hook.pk}/", {"action": "remove"})
    assert not WebhookEndpoint.objects.exists()
    assert client.post(HOOKS, {"url": "ftp://x"}).status_code == 422


@pytest.mark.parametrize(
    ("page", "typed", "made"),
    [
        (TOKENS, {"scope": ["manifests:read"], "days": "30", "name": "磅"}, ApiToken),
        (HOOKS, {"url": "http://127.0.0.1:9/hook"}, WebhookEndpoint),
    ],
)
def test_after_a_while_the_password_is_asked_again_and_nothing_typed_is_lost(client, me, page, typed, made):
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 301  # five minutes are over
    session.save()
    assert client.get(page).status_code == 200
    asked = client.post(page, typed)
    assert (asked.status_code, asked.url.partition("?")[0]) == (302, "/accounts/reauthenticate/")
    assert not made.objects.exists()
    assert "确认是您本人" in client.get(asked.url).content.decode()
    assert "确认是您本人" in client.post(asked.url, {"password": "wrong", "next": page}).content.decode()
    assert not made.objects.exists()
    answer = client.post(asked.url, {"password": PASSWORD, "next": page})
    assert answer.status_code == 200
    assert made.objects.get().user == me
