"""Writes a batch to SQLite: a few prepared statements, each run once over all rows. The write lock is the order."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from wufei.apps.ledger.engines.base import BOOKED, MOVEMENT_COLUMNS, REVERSED_BY, AccountRow, HolderRow, Written

_GIVEN = "IN (SELECT value FROM json_each(?))"
_HOLDERS = f"SELECT id, key, head, links, closed_through, division FROM ledger_holder WHERE key {_GIVEN}"  # noqa: S608
_ACCOUNTS = f"SELECT id, name, balance_g FROM ledger_account WHERE name {_GIVEN}"  # noqa: S608
_NEW_ACCOUNT = (
    "INSERT INTO ledger_account (holder_id, waste_code, bucket, method, name, balance_g) VALUES (?, ?, ?, ?, ?, 0)"
)
_MOVEMENT = f"INSERT INTO ledger_movement ({MOVEMENT_COLUMNS}) VALUES ({','.join('?' * 17)})"  # noqa: S608
_BATCH = "INSERT INTO ledger_batch (id, recorded_us, actor, movements) VALUES (?, ?, ?, ?)"
_LINK = "INSERT INTO ledger_link (batch_id, holder_id, seq, digest, head, members) VALUES (?, ?, ?, ?, ?, ?)"
_HEAD = "UPDATE ledger_holder SET head = ?, links = ? WHERE id = ?"
_BALANCE = "UPDATE ledger_account SET balance_g = balance_g + ? WHERE id = ?"
_YEAR = (
    "INSERT INTO ledger_year_change (year, account_id, change_g) VALUES (?, ?, ?) "
    "ON CONFLICT (year, account_id) DO UPDATE SET change_g = change_g + excluded.change_g"
)
_FLOW = (
    "INSERT INTO ledger_flow (day, source_id, target_id, kind, mass_g, count, movements) "
    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (day, source_id, target_id, kind) DO UPDATE SET "
    "mass_g = mass_g + excluded.mass_g, count = count + excluded.count, movements = movements + excluded.movements"
)


class SqliteEngine:
    """See ``Engine``. The transaction is IMMEDIATE (settings), so there is one writer and nothing more to lock."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        connection.ensure_connection()
        self._connection = connection
        # The plain sqlite3 cursor: Django's would translate the placeholders of every statement anew.
        self._cursor = connection.connection.cursor()

    def _all(self, sql: str, keys: Sequence[str]) -> list[tuple[Any, ...]]:
        with self._connection.wrap_database_errors:
            found: list[tuple[Any, ...]] = self._cursor.execute(sql, (json.dumps(list(keys)),)).fetchall()
        return found

    def lock_holders(self, keys: Sequence[str]) -> list[HolderRow]:
        return [HolderRow(*row) for row in self._all(_HOLDERS, keys)]

    def read_accounts(self, names: Sequence[str]) -> list[AccountRow]:
        return [AccountRow(*row) for row in self._all(_ACCOUNTS, names)]

    def create_accounts(self, rows: Sequence[tuple[int, str, str, str, str]]) -> None:
        with self._connection.wrap_database_errors:
            self._cursor.executemany(_NEW_ACCOUNT, rows)

    def next_batch(self) -> int:
        number: int = self._cursor.execute("SELECT coalesce(max(id), 0) + 1 FROM ledger_batch").fetchone()[0]
        return number

    def write_movements(self, parts: Iterable[Iterable[tuple[Any, ...]]]) -> None:
        with self._connection.wrap_database_errors:
            for rows in parts:
                self._cursor.executemany(_MOVEMENT, rows)

    def write(self, rows: Written) -> None:
        cursor = self._cursor
        with self._connection.wrap_database_errors:
            cursor.execute(_BATCH, rows.batch)
            cursor.executemany(_LINK, rows.links)
            cursor.executemany(_HEAD, rows.heads)
            cursor.executemany(_BALANCE, rows.balances)
            cursor.executemany(_YEAR, rows.years)
            cursor.executemany(_FLOW, rows.flows)

    def booked(self, keys: Sequence[str]) -> list[tuple[Any, ...]]:
        return self._all(BOOKED.format(given=_GIVEN), keys)

    def reversed_by(self, keys: Sequence[str]) -> dict[str, str]:
        return dict(self._all(REVERSED_BY.format(given=_GIVEN), keys))

    def lock_checkpoint(self) -> int:
        return self.next_batch() - 1
