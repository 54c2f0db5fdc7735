"""What holds for every page: no answer 500 to odd addresses, no mail, nothing kept in shared caches."""

import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection

from wufei.apps.web import client_address

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/ledger/holders/%00/", "/plans/3305%0023/tasks/", "/nix%00"])
def test_there_is_no_page_with_a_nul_in_its_address(admin_client, address):
    assert admin_client.get(address).status_code == 404


@pytest.mark.parametrize("path", ["/ledger/movements/?code=", "/ledger/?q=", "/registry/organisations/?q=", "/?q="])
def test_a_nul_in_a_query_is_left_out_of_account(admin_client, path):
    answer = admin_client.get(path + "%00a%00b")
    assert answer.status_code in {200, 302}
    assert answer.wsgi_request.GET.dict().popitem()[1] == "ab"


@pytest.mark.parametrize("address", ["/accounts/password/reset/", "/accounts/email/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_pages_that_would_send_mail_send_people_to_the_office(client, admin_client, address, method):
    for browser in (client, admin_client):
        answer = getattr(browser, method)(address, {"email": "a@example.org", "action_add": ""})
        assert answer.status_code == (200 if method == "get" else 405)
        assert method == "post" or "联系本地无废办" in answer.content.decode()


def test_no_mail_is_sent_by_any_way(settings):
    from wufei.config import settings as ours  # the test runner puts its own backend into django's

    assert get_connection(ours.EMAIL_BACKEND).send_messages([object()]) == 1


def test_pages_stay_out_of_caches_and_files_do_not(client):
    for page in ("/accounts/login/", "/nix/"):
        assert "no-store" in client.get(page).headers["Cache-Control"]
    file = client.get("/static/css/wufei.css")
    assert file.status_code == 200
    assert "no-store" not in file.headers.get("Cache-Control", "")
    file.close()


def test_a_short_password_is_refused_in_chinese(client, admin_client):
    given = {"oldpassword": "password", "password1": "kurz", "password2": "kurz"}
    answer = admin_client.post("/accounts/password/change/", given).content.decode()
    assert "密码太短，至少 10 个字符。" in answer
    assert "This password" not in answer


def test_a_session_cookie_is_out_of_reach_of_scripts_and_other_sites(client, django_user_model):
    django_user_model.objects.create_user("a", password="long-enough-11")
    client.post("/accounts/login/", {"login": "a", "password": "long-enough-11"})
    assert client.cookies["sessionid"]["httponly"]
    assert client.cookies["sessionid"]["samesite"] == "Lax"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_login_leads_to_no_other_site(client, django_user_model, target):
    django_user_model.objects.create_user("a", password="long-enough-11")
    given = {"login": "a", "password": "long-enough-11", "next": target}
    assert client.post("/accounts/login/", given).headers["Location"] == "/"


def test_login_says_the_same_of_a_wrong_name_and_a_wrong_password(client, django_user_model):
    django_user_model.objects.create_user("a", password="long-enough-11")
    answers = [client.post("/accounts/login/", {"login": name, "password": "x"}) for name in ("a", "nobody")]
    told = [list(answer.context["form"].non_field_errors()) for answer in answers]
    assert told == [["您提供的用户名或密码不正确。"]] * 2


@pytest.mark.parametrize("address", ["/", "/registry/organisations/", "/plans/", "/ledger/"])
def test_a_deactivated_person_is_out_at_once(client, django_user_model, address):
    person = django_user_model.objects.create_user("a", password="x")
    client.force_login(person)
    django_user_model.objects.update(is_active=False)
    assert client.get(address).headers["Location"].startswith("/accounts/login/")


def test_a_person_without_role_and_place_is_told_that_there_is_nothing(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("a", password="x", role=""))
    assert client.get("/").status_code == 200
    for address in ("/places/330523/", "/plans/", "/assessment/", "/ledger/upload/", "/registry/import/"):
        assert client.get(address).status_code == 404


# --- Behind a proxy -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxies", "told", "address"),
    [
        (0, "10.1.1.1", "10.9.9.9"),  # nobody of ours has written the header: it is not believed
        (1, "", "10.9.9.9"),
        (1, "10.1.1.1", "10.1.1.1"),
        (1, "6.6.6.6, 10.1.1.1", "10.1.1.1"),  # what the client itself wrote stands before
        (2, "6.6.6.6, 10.1.1.1, 10.2.2.2", "10.1.1.1"),
    ],
)
def test_the_address_of_who_asks_is_what_our_own_proxies_saw(rf, settings, proxies, told, address):
    settings.PROXIES = proxies
    assert client_address(rf.get("/", headers={"X-Forwarded-For": told}, REMOTE_ADDR="10.9.9.9")) == address


def log_in(client, password, address):
    given = {"login": "a", "password": password}
    return client.post("/accounts/login/", given, headers={"X-Forwarded-For": address}, REMOTE_ADDR="127.0.0.1")


@pytest.mark.parametrize(("proxies", "status"), [(0, 200), (1, 302)])
def test_who_guesses_passwords_behind_the_proxy_shuts_out_nobody_else(
    client, django_user_model, settings, proxies, status
):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    django_user_model.objects.create_user("a", password="long-enough-11")
    cache.clear()
    for n in range(12):
        guess = {"login": f"b{n}", "password": "wrong"}
        client.post("/accounts/login/", guess, headers={"X-Forwarded-For": "10.6.6.6"}, REMOTE_ADDR="127.0.0.1")
    assert log_in(client, "long-enough-11", "10.6.6.6").status_code == 200  # this one has to wait
    assert log_in(client, "long-enough-11", "10.1.1.1").status_code == status
    cache.clear()


@pytest.mark.parametrize("text", ["", "ja", "-1", "10", "²"])
def test_a_number_of_proxies_that_is_none_stops_the_start(text):
    from wufei.config.settings import _proxies

    with pytest.raises(ImproperlyConfigured, match="WUFEI_PROXIES"):
        _proxies(text)
    assert _proxies("2") == 2
