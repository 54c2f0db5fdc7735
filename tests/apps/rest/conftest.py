"""Factories of the tests of the interface."""

import json
from datetime import UTC, datetime

import pytest
from tests.apps.registry.conftest import anji, make_firm, make_user  # noqa: F401 - fixtures

from wufei.apps.rest import services

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


@pytest.fixture
def site(settings):
    settings.ROOT_URLCONF = "tests.apps.rest.sample_site"


@pytest.fixture
def make_token(make_user):  # noqa: F811
    def make(*scopes, user=None, days=90):
        from django.utils import timezone

        user = user or make_user()
        return services.create_token(
            username=user.username, scopes_wanted=scopes, days=days, name="", actor="console", at=timezone.now()
        )

    return make


@pytest.fixture
def caller(client, make_token, site):
    """Someone with a token that may read and write manifests: ``caller("post", "things/", {...})``."""
    _, secret = make_token("manifests:read", "manifests:write")

    def call(method, address, data=None, *, raw=None, content_type="application/json", **headers):
        sent = json.dumps(data) if raw is None and data is not None else raw
        extra = {"data": sent, "content_type": content_type} if sent is not None else {}
        return client.generic(
            method.upper(), f"/api/v1/{address}", headers={"Authorization": f"Bearer {secret}"} | headers, **extra
        )

    return call
