"""Shared by all tests: warnings are errors, the clock and the seed are given by argument."""

import pytest
from hypothesis import settings

# No deadline: a busy machine is not a fault of the code. Speed is measured in benchmarks/.
settings.register_profile("wufei", deadline=None)
settings.load_profile("wufei")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Let the tests empty their own tables: triggers refuse that. The tests of the triggers put them up."""
    from django.db import connection

    from wufei.apps import append_only

    with django_db_blocker.unblock():
        for guards in append_only.every():
            guards.remove(connection)
