"""A county to look at: the five plans, the published figures, a thin simulated year and the demo accounts."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.test import Client, override_settings

from wufei.apps.assessment.services import load_packs as load_figures
from wufei.apps.exchange.simulate import simulate
from wufei.apps.plans.services import load_packs as load_plans
from wufei.apps.registry.demo import create_demo_accounts
from wufei.apps.registry.models import User
from wufei.apps.registry.reference import load_reference
from wufei.core.simulation import load_scenario, thinned

AT = datetime(2026, 11, 22, tzinfo=UTC)


@contextmanager
def county(*, scale: int = 1) -> Iterator[None]:
    """The county for as long as the context lasts; all of it is rolled back at the end."""
    # A test without the mark django_db would otherwise work on the developer's own database.
    assert re.search("memorydb|test_", str(connection.settings_dict["NAME"])), "mark the module with django_db"
    quick = override_settings(DEMO=True, PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
    with quick, transaction.atomic():
        load_reference()
        load_plans()
        load_figures()
        simulate(thinned(load_scenario("330523", 2022), 60), seed=1, scale=scale, actor="test", at=AT)
        create_demo_accounts()
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def _county(django_db_setup, django_db_blocker):
    """One county for all tests of a module, which only read."""
    with django_db_blocker.unblock(), county():
        yield


def client_of(username: str) -> Client:
    """A browser in which a demo account is logged in."""
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client
