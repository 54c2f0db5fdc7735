"""Tokens: shown once, always end, only take away; and the session of our own pages."""

from datetime import timedelta

import pytest
from click.testing import CliRunner
from django.test import Client
from django.utils import timezone

from wufei.apps.facts.models import Fact
from wufei.apps.rest import services
from wufei.apps.rest.commands import token
from wufei.apps.rest.models import ApiToken
from wufei.core.findings import Refused

pytestmark = pytest.mark.django_db
THING = {"name": "一", "at": "2026-11-25T08:00:00+08:00"}


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def told(answer):
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"] == f"/api/v1/problems/{body['code']}"
    return body["code"]


def test_the_secret_is_shown_once_and_kept_nowhere(make_user):
    make_user("firm")
    shown = CliRunner().invoke(token, ["create", "firm", "--scope", "manifests:read", "--days", "30"])
    secret = shown.stdout.strip()
    assert secret.startswith("wf_")
    assert len(secret) == 46  # wf_ and 32 random bytes in base64 without padding: 43
    made = ApiToken.objects.get()
    assert secret not in repr(vars(made))
    assert made.expires_at - made.created_at == timedelta(days=30)
    fact = Fact.objects.get(verb="create_token")
    assert (fact.subject, fact.division) == (f"token:{made.pk}", "330523")
    assert secret not in repr(fact.after)
    listed = CliRunner().invoke(token, ["list"]).stdout
    assert "firm" in listed
    assert secret not in listed


def test_everything_wrong_with_a_token_is_told_at_once_and_nothing_is_kept(db):
    shown = CliRunner().invoke(token, ["create", "nobody", "--scope", "manifest:read", "--days", "4000"])
    assert shown.exit_code == 1
    for words in ("没有账号“nobody”", "没有权限“manifest:read”", "有效期 4000 天，应在 1 至 366 天之间"):
        assert words in shown.output
    assert not ApiToken.objects.exists()
    assert not Fact.objects.exists()


def test_a_token_lets_in_for_its_scope_only(client, site, make_token):
    _, secret = make_token("manifests:read")
    assert client.get("/api/v1/things/", headers=bearer(secret)).status_code == 200
    refused = client.post("/api/v1/things/", THING, content_type="application/json", headers=bearer(secret))
    assert told(refused) == "missing_scope"
    assert "manifests:write" in refused.json()["detail"]
    assert not Fact.objects.filter(verb="load_plan").exists()


def test_a_star_stands_for_every_noun_but_not_for_the_other_action(client, site, make_token):
    _, secret = make_token("*:read")
    assert client.get("/api/v1/things/", headers=bearer(secret)).status_code == 200
    assert told(client.post("/api/v1/things/", THING, content_type="application/json", headers=bearer(secret))) == (
        "missing_scope"
    )


@pytest.mark.parametrize(
    "header", ["Basic YTpi", "Bearer", "Bearer abc", "Bearer wf_", "Bearer wf_" + "x" * 5000, "bearer wf_密"]
)
def test_a_header_that_is_no_token_is_not_let_in(client, site, make_user, header):
    answer = client.get("/api/v1/things/", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert told(answer) in {"unauthenticated", "token_invalid"}


def test_without_token_or_session_it_says_how_to_get_one(client, site):
    answer = client.get("/api/v1/things/")
    assert told(answer) == "unauthenticated"
    assert "wufei token create" in answer.json()["detail"]


def test_a_token_ends_by_its_day_by_revoking_and_with_the_account(client, site, make_token, make_user):
    made, secret = make_token("manifests:read")

    def code():
        return told(client.get("/api/v1/things/", headers=bearer(secret)))

    ApiToken.objects.update(created_at=timezone.now() - timedelta(days=9), expires_at=timezone.now())
    assert code() == "token_invalid"
    ApiToken.objects.update(expires_at=timezone.now() + timedelta(days=9))
    made.user.is_active = False
    made.user.save()
    assert code() == "token_invalid"
    made.user.is_active = True
    made.user.save()
    assert client.get("/api/v1/things/", headers=bearer(secret)).status_code == 200
    assert CliRunner().invoke(token, ["revoke", str(made.pk)]).exit_code == 0
    assert code() == "token_invalid"
    assert Fact.objects.filter(verb="revoke_token", subject=f"token:{made.pk}").count() == 1
    with pytest.raises(Refused, match="吊销"):
        services.revoke_token(made.pk, actor="console", at=timezone.now())


def test_a_demo_account_has_no_way_in_outside_demo_mode(client, site, make_token, make_user, settings):
    _, secret = make_token("manifests:read", user=make_user("demo", is_demo=True))
    assert told(client.get("/api/v1/things/", headers=bearer(secret))) == "token_invalid"
    settings.DEMO = True
    assert client.get("/api/v1/things/", headers=bearer(secret)).status_code == 200


def test_reading_takes_one_statement_for_the_token_and_writes_its_day_once(
    client, site, make_token, django_assert_num_queries
):
    _, secret = make_token("manifests:read")
    client.get("/api/v1/things/", headers=bearer(secret))
    assert ApiToken.objects.get().last_used_on == timezone.localdate()
    with django_assert_num_queries(2):  # the token with its person, the page
        client.get("/api/v1/things/", headers=bearer(secret))


def test_our_own_pages_call_with_their_session_and_the_mark_against_forgery(site, make_user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())
    assert client.get("/api/v1/things/").status_code == 200
    assert told(client.post("/api/v1/things/", THING, content_type="application/json")) == "csrf"
    client.get("/accounts/login/")
    client.get("/")
    mark = client.cookies["csrftoken"].value
    answer = client.post("/api/v1/things/", THING, content_type="application/json", headers={"X-CSRFToken": mark})
    assert answer.status_code == 201


def test_me_says_who_calls_and_until_when(client, make_token):
    made, secret = make_token("weighings:write")
    me = client.get("/api/v1/me/", headers=bearer(secret)).json()
    assert me["username"] == "office"
    assert me["scopes"] == ["weighings:write"]
    assert me["division"] == "330523"
    assert me["expires_at"] == timezone.localtime(made.expires_at).isoformat()
