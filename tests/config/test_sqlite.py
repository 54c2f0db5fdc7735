"""The connection to SQLite: who waits gets in, who waits in vain is told, and no setting is left behind."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest
from django.db.utils import ConnectionHandler, OperationalError
from pytest_django import DjangoDbBlocker

from wufei.config.settings import _database


@pytest.fixture
def two(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[ConnectionHandler]:
    """Two connections to one file; each waits a tenth of a second at most."""
    settings = _database(f"sqlite:///{tmp_path}/two.sqlite3")
    settings["OPTIONS"] = settings["OPTIONS"] | {"timeout": 0.1}  # type: ignore[operator]
    handler = ConnectionHandler({"default": settings, "other": dict(settings)})
    with django_db_blocker.unblock():
        for name in handler:
            handler[name].ensure_connection()
        yield handler
        handler.close_all()


def begin(handler: ConnectionHandler, name: str) -> None:
    handler[name].set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def test_who_waits_in_vain_is_told_and_may_try_again(two: ConnectionHandler) -> None:
    begin(two, "default")
    with pytest.raises(OperationalError, match="database is locked"):
        begin(two, "other")
    two["default"].rollback()
    begin(two, "other")
    assert two["other"].connection.in_transaction


def test_who_waits_gets_in_when_the_other_is_done(tmp_path: Path, two: ConnectionHandler) -> None:
    two["other"].settings_dict["OPTIONS"]["timeout"] = 60
    holder = sqlite3.connect(tmp_path / "two.sqlite3", isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    release = Timer(0.05, holder.rollback)
    release.start()
    begin(two, "other")
    assert two["other"].connection.in_transaction
    release.join()
    holder.close()


def test_single_statements_wait_as_long_as_before(two: ConnectionHandler) -> None:
    begin(two, "default")
    two["default"].rollback()
    assert two["default"].connection.execute("PRAGMA busy_timeout").fetchone() == (100,)
