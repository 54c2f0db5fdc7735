"""Shared by the tests of the apps."""

import pytest


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """A home of the tests' own: keys that they make never land in that of the developer."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _own_home(settings, home):
    settings.HOME = home


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    """Hash passwords cheaply: the strength of the hash is Django's matter, not ours."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def refuses_change():
    """Tries to change and to delete the rows of a guarded table that holds some; the database itself must refuse."""
    from django.db import DatabaseError, connection, transaction

    def check(guards, table):
        guards.install(connection)
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT COUNT(*) FROM {table}")  # noqa: S608
                assert cursor.fetchone()[0] > 0
                for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET actor = 'x'"):  # noqa: S608
                    with pytest.raises(DatabaseError, match="append only"), transaction.atomic():
                        cursor.execute(statement)
            assert guards.missing(connection) == []
        finally:
            guards.remove(connection)
        assert set(guards.missing(connection)) == set(guards.tables)

    return check
