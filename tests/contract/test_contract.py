"""The interface keeps to its own OpenAPI document; ``python -m benchmarks.contract --minutes 10`` asks for longer."""

import pytest
from benchmarks.contract import probe
from django.core.wsgi import get_wsgi_application
from django.utils import timezone
from tests.apps.registry.conftest import anji, make_user  # noqa: F401 - fixtures

from wufei.apps.rest.services import create_token

SECONDS = 20


@pytest.mark.django_db
@pytest.mark.long
def test_no_answer_is_a_500_or_undocumented_or_leaves_one_helpless(make_user):  # noqa: F811
    _, token = create_token(
        username=make_user().username, scopes_wanted=["*:read", "*:write"], days=1, name="", actor="console",
        at=timezone.now(),
    )  # fmt: skip
    failures, asked = probe(get_wsgi_application(), "/api/v1/openapi.json", token, SECONDS)
    assert failures == {}
    assert asked > 20


@pytest.mark.django_db
def test_the_probe_finds_a_broken_promise(make_user, settings, monkeypatch):  # noqa: F811
    from wufei.apps.rest import api

    monkeypatch.setattr(api, "problem_kinds", lambda: 1 / 0)
    _, token = create_token(
        username=make_user().username, scopes_wanted=["*:read"], days=1, name="", actor="console", at=timezone.now()
    )
    failures, _ = probe(get_wsgi_application(), "/api/v1/openapi.json", token, 60, stop_at_first=True)
    assert any("problems" in label and "ServerError" in label for label in failures)
