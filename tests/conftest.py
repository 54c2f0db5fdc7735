"""Shared by all tests: warnings are errors, the clock and the seed are given by argument."""

import pytest
from hypothesis import settings

# No deadline: a busy machine is not a fault of the code. Speed is measured in benchmarks/.
settings.register_profile("wufei", deadline=None)
settings.load_profile("wufei")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Let the tests empty their own tables: the ledger's triggers refuse that. Its tests put them up."""
    from django.db import connection

    from wufei.apps.field import guards as field_guards
    from wufei.apps.ledger import guards
    from wufei.apps.signatures import guards as signature_guards

    with django_db_blocker.unblock():
        guards.remove(connection)
        signature_guards.remove(connection)
        field_guards.remove(connection)
