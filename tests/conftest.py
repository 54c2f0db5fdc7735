"""Shared by all tests: warnings are errors, the clock and the seed are given by argument."""

import pytest
from django.db import connection


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Let the tests empty their own tables: on SQLite the ledger's triggers refuse that. Its tests put them up."""
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            from wufei.apps.ledger import guards

            guards.remove(connection)
