"""The machine's own ceiling: finished rows into a table like the ledger's, by the fastest way the database has."""

from typing import Any

import psycopg
from django.db import connection

from wufei.apps.ledger.engines import postgres, sqlite
from wufei.apps.ledger.engines.base import MEMBERS_BITS, MOVEMENT_COLUMNS

TABLE = "ceiling_movement"


class Ceiling:
    """A copy of ``ledger_movement`` with its indexes."""

    def __init__(self) -> None:
        connection.ensure_connection()
        self._raw = connection.connection
        self._is_sqlite = connection.vendor == "sqlite"
        if self._is_sqlite:
            cursor = self._raw.cursor()
            made = cursor.execute(
                "SELECT sql FROM sqlite_master WHERE tbl_name = 'ledger_movement' AND sql IS NOT NULL "
                "AND type IN ('table', 'index') ORDER BY type DESC"
            ).fetchall()
            for (sql,) in made:
                cursor.execute(sql.replace("ledger_", "ceiling_"))
        else:
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE TABLE {TABLE} (LIKE ledger_movement INCLUDING ALL)")

    def prepare(self, batch: int) -> Any:
        """The rows of a booked batch, finished for ``insert``."""
        cursor = self._raw.cursor() if self._is_sqlite else psycopg.Cursor(self._raw)
        first = batch << MEMBERS_BITS
        sql = f"SELECT {MOVEMENT_COLUMNS} FROM ledger_movement WHERE id >= {first} AND id < {first + 2**24}"  # noqa: S608
        rows = cursor.execute(sql).fetchall()
        return rows if self._is_sqlite else postgres._copy_text(rows)

    def insert(self, rows: Any) -> None:
        """One durable transaction."""
        if self._is_sqlite:
            cursor = self._raw.cursor()
            cursor.execute("BEGIN IMMEDIATE")
            cursor.executemany(sqlite._MOVEMENT.replace("ledger_movement", TABLE), rows)
            cursor.execute("COMMIT")
        else:
            with psycopg.Cursor(self._raw).copy(postgres._COPY.replace("ledger_movement", TABLE)) as copy:
                copy.write(rows)  # autocommit: the statement is the transaction
