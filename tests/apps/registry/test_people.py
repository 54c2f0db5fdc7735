"""Accounts: made with a role and a place, and demo accounts only in demo mode."""

import pytest
from click.testing import CliRunner
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from wufei.apps.facts.models import Fact
from wufei.apps.registry.commands import user as user_command
from wufei.apps.registry.demo import create_demo_accounts
from wufei.apps.registry.models import Role, User
from wufei.apps.registry.people import NewUser, create_user, set_password
from wufei.apps.registry.selectors import NOTHING, scope
from wufei.apps.registry.services import load_reference
from wufei.apps.rest.services import create_token
from wufei.core.findings import Refused

pytestmark = pytest.mark.django_db
GOOD = "zhu-hai-lu-88"


@pytest.fixture
def demo(settings):
    settings.DEMO = True
    load_reference()
    return {name: (password, role) for name, password, role, _ in create_demo_accounts()}


def log_in(client, name, password):
    return client.post(reverse("account_login"), {"login": name, "password": password})


def test_there_is_a_demo_account_for_every_role_of_people(demo):
    roles = set(User.objects.values_list("role", flat=True))
    assert roles == set(Role) - {Role.DEVICE, Role.OTHER_SYSTEM}
    assert all(user.is_demo for user in User.objects.all())


def test_demo_accounts_are_made_once(demo):
    before = User.objects.count(), Fact.objects.count()
    assert len(create_demo_accounts()) == before[0]
    assert (User.objects.count(), Fact.objects.count()) == before


def test_demo_account_logs_in_in_demo_mode(client, demo):
    assert log_in(client, "office", demo["office"][0]).status_code == 302
    assert client.session["_auth_user_id"]


def test_demo_account_is_refused_outside_demo_mode(client, demo, settings):
    settings.DEMO = False
    answer = log_in(client, "office", demo["office"][0])
    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session


def test_session_of_a_demo_account_ends_with_demo_mode(client, demo, settings):
    log_in(client, "office", demo["office"][0])
    settings.DEMO = False
    answer = client.get(reverse("registry:index"))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_login"))


def test_demo_accounts_are_not_made_outside_demo_mode(settings):
    settings.DEMO = False
    with pytest.raises(AssertionError):
        create_demo_accounts()
    assert not User.objects.exists()


def test_everything_wrong_with_an_account_is_said_at_once_and_nothing_kept():
    load_reference()
    with pytest.raises(Refused) as caught:
        create_user(NewUser("a b", "123", "mayor", "999999", "某局"), actor="test")
    fields = {finding.field for finding in caught.value.findings}
    assert fields == {"username", "password", "role", "division"}
    assert not User.objects.exists()


@pytest.mark.parametrize(("new", "field"), [
    (NewUser("li", GOOD, "township"), "division"),
    (NewUser("li", GOOD, "department", "330523"), "department"),
    (NewUser("li", GOOD, "department", "330523", "火星局"), "department"),
    (NewUser("li", GOOD, "generator", "330523"), "organisation"),
    (NewUser("li", GOOD, "generator", "330523", "", "无此单位"), "organisation"),
])  # fmt: skip
def test_a_role_asks_for_what_it_needs(new, field):
    load_reference()
    with pytest.raises(Refused) as caught:
        create_user(new, actor="test")
    assert [finding.field for finding in caught.value.findings] == [field]
    assert not User.objects.exists()


def test_accounts_are_made_listed_and_changed_on_the_command_line():
    load_reference()
    args = ["create", "li", "--role", "department", "--division", "330523", "--department", "农业农村局"]
    made = CliRunner().invoke(user_command, [*args, "--password", GOOD])
    assert (made.exit_code, made.output) == (0, "已开通账号“li”（部门）。\n")
    assert "li\t部门\t安吉县\t农业农村局\t" in CliRunner().invoke(user_command, ["list"]).output
    changed = CliRunner().invoke(user_command, ["password", "li", "--password", GOOD + "9"])
    assert changed.exit_code == 0
    assert User.objects.get(username="li").check_password(GOOD + "9")
    again = CliRunner().invoke(user_command, [*args, "--password", GOOD])
    assert again.exit_code == 1
    assert "已有账号“li”" in again.output


def test_a_stopped_account_acts_no_more_by_session_or_token_until_it_is_let_in_again(client):
    load_reference()
    user = create_user(NewUser("li", GOOD, "leader", "330523"), actor="test")
    _, secret = create_token(
        username="li", scopes_wanted=["*:read"], days=1, name="", actor="test", at=timezone.now()
    )  # fmt: skip
    token = {"Authorization": f"Bearer {secret}"}
    client.force_login(user)

    def doors():
        return client.get("/registry/organisations/").status_code, Client().get(
            "/api/v1/me/", headers=token
        ).status_code

    assert doors() == (200, 200)
    stopped = CliRunner().invoke(user_command, ["stop", "li", "--reason", "离职"])
    assert (stopped.exit_code, stopped.output) == (0, "已停用账号“li”。\n")
    assert doors() == (302, 401)
    assert "［停用］" in CliRunner().invoke(user_command, ["list"]).output
    assert CliRunner().invoke(user_command, ["stop", "li"]).exit_code == 1  # stopped already
    assert CliRunner().invoke(user_command, ["resume", "li"]).exit_code == 0
    assert doors() == (200, 200)
    facts = Fact.objects.filter(subject="user:li").order_by("pk")
    assert [fact.verb for fact in facts] == ["create_user", "stop_user", "resume_user"]
    assert facts[1].after == {"reason": "离职"}
    assert CliRunner().invoke(user_command, ["stop", "nobody"]).exit_code == 1


def test_a_password_stands_in_no_fact():
    load_reference()
    create_user(NewUser("li", GOOD, "leader", "330523"), actor="test")
    set_password("li", GOOD + "x", actor="test")
    assert [fact.verb for fact in Fact.objects.filter(subject="user:li")] == ["create_user", "set_password"]
    assert not [fact for fact in Fact.objects.all() if GOOD in f"{fact.before}{fact.after}"]


def test_scope_of_each_role(demo):
    seen = {user.username: scope(user) for user in User.objects.all()}
    assert (seen["office"].prefix, seen["office"].place_prefix, seen["office"].sees_place) == (
        "330523",
        "330523",
        True,
    )
    assert (seen["huzhou"].prefix, seen["huzhou"].place_prefix) == ("3305", "3305")
    assert (seen["dipu"].prefix, seen["dipu"].place_prefix) == ("330523001", "330523")
    assert [seen[name].sees_figures_of("330523") for name in ("office", "huzhou", "dipu", "grid", "firm")] == [
        True, True, False, False, False,
    ]  # fmt: skip
    assert seen["agriculture"].domains == {"agricultural", "household"}
    assert seen["enforcement"].domains == {"household", "construction"}
    assert (seen["firm"].prefix, seen["firm"].sees_place) == (NOTHING, False)
    assert seen["firm"].organisation_id != seen["firm2"].organisation_id
    assert seen["citizen"] == scope(User(username="nobody", role="leader"))


def test_an_inactive_person_and_a_nobody_see_nothing(demo):
    office = User.objects.get(username="office")
    office.is_active = False
    assert scope(office).prefix == NOTHING
    assert not scope(User(username="x", role="generator")).organisation_id
