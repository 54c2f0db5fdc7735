"""The two ways to write a batch: prepared statements on SQLite, arrays and COPY on PostgreSQL. No rule lives here."""

from django.db import connection

from wufei.apps.ledger.engines.base import Engine
from wufei.apps.ledger.engines.postgres import PostgresEngine
from wufei.apps.ledger.engines.sqlite import SqliteEngine


def engine() -> Engine:
    """The engine of the database in use."""
    return SqliteEngine(connection) if connection.vendor == "sqlite" else PostgresEngine(connection)
