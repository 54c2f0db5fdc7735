"""Writes a batch to PostgreSQL: COPY for movements, arrays for the rest, one statement each.

Writers that share no holder run side by side: the rows of the holders are the locks, taken in the order of their ids.
The batch number is drawn after the locks, so a holder's links are in the order of their batches.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper

from wufei.apps.ledger.engines.base import BOOKED, MOVEMENT_COLUMNS, REVERSED_BY, AccountRow, HolderRow, Written

# Columns go as one text each, split by the server: psycopg writes a list item by item, ten times slower.
_SPLIT = r"string_to_array(%s, E'\x1f')"
_GIVEN = f"= ANY({_SPLIT})"
_HOLDERS = (
    f"SELECT id, key, head, links, closed_through, division FROM ledger_holder WHERE key {_GIVEN} "  # noqa: S608
    "ORDER BY id FOR NO KEY UPDATE"
)
_ACCOUNTS = f"SELECT id, name, balance_g FROM ledger_account WHERE name {_GIVEN}"  # noqa: S608
_NEW_ACCOUNTS = (
    "INSERT INTO ledger_account (holder_id, waste_code, bucket, method, name, balance_g) "
    "SELECT h, c, b, m, n, 0 FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[]) "
    "AS given (h, c, b, m, n)"
)
_BATCH = "INSERT INTO ledger_batch (id, recorded_us, actor, movements) VALUES (%s, %s, %s, %s)"
_LINKS = (
    "INSERT INTO ledger_link (batch_id, holder_id, seq, digest, head, members) "  # noqa: S608
    "SELECT b, h, s, decode(d, 'hex'), decode(n, 'hex'), decode(m, 'hex') FROM "
    f"unnest({_SPLIT}::bigint[], {_SPLIT}::bigint[], {_SPLIT}::int[], {_SPLIT}, {_SPLIT}, {_SPLIT}) "
    "AS given (b, h, s, d, n, m)"
)
_HEADS = (
    "UPDATE ledger_holder SET head = decode(given.head, 'hex'), links = given.links FROM "  # noqa: S608
    f"unnest({_SPLIT}, {_SPLIT}::int[], {_SPLIT}::bigint[]) AS given (head, links, id) "
    "WHERE ledger_holder.id = given.id"
)
_BALANCES = (
    "UPDATE ledger_account SET balance_g = balance_g + given.change "  # noqa: S608
    f"FROM unnest({_SPLIT}::bigint[], {_SPLIT}::bigint[]) AS given (change, id) "
    "WHERE ledger_account.id = given.id"
)
_YEARS = (
    "INSERT INTO ledger_year_change AS y (year, account_id, change_g) SELECT * FROM "  # noqa: S608
    f"unnest({_SPLIT}::int[], {_SPLIT}::bigint[], {_SPLIT}::bigint[]) "
    "ON CONFLICT (year, account_id) DO UPDATE SET change_g = y.change_g + excluded.change_g"
)
_FLOWS = (
    "INSERT INTO ledger_flow AS f (day, source_id, target_id, kind, mass_g, count, movements) SELECT * FROM "  # noqa: S608
    f"unnest({_SPLIT}::int[], {_SPLIT}::bigint[], {_SPLIT}::bigint[], {_SPLIT}, "
    f"{_SPLIT}::bigint[], {_SPLIT}::bigint[], {_SPLIT}::bigint[]) "
    "ON CONFLICT (day, source_id, target_id, kind) DO UPDATE SET mass_g = f.mass_g + excluded.mass_g, "
    "count = f.count + excluded.count, movements = f.movements + excluded.movements"
)
# CSV without quotes: U+001F between fields, U+0002 for NULL; the rules refuse fields with such characters.
_COPY = (
    f"COPY ledger_movement ({MOVEMENT_COLUMNS}) FROM STDIN "
    r"(FORMAT csv, DELIMITER E'\x1f', QUOTE E'\x01', NULL E'\x02')"
)
_NULL = "\x02"
_CHECKPOINT_LOCK = 7_308_331  # any fixed number: writers share it, a checkpoint has it alone


def _joined(column: Iterable[Any]) -> str:
    """A column as the text that ``_SPLIT`` splits; bytes as hexadecimal digits. No item is empty or has U+001F."""
    return "\x1f".join([item.hex() if isinstance(item, bytes) else str(item) for item in column])


def _texts(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    return [_joined(column) for column in zip(*rows, strict=True)]


def _copy_text(rows: Iterable[tuple[Any, ...]]) -> str:
    """Rows as the text of COPY. No field holds a control character, so none needs quoting."""
    return "".join(
        [
            f"{n}\x1f{s}\x1f{t}\x1f{g}\x1f{us}\x1f{day}\x1f{kind}\x1f{doc}\x1f{key}\x1f"
            f"{_NULL if count is None else count}\x1f{package}\x1f{basis}\x1f{ref}\x1f"
            f"{_NULL if ppm is None else ppm}\x1f{reverses}\x1f{reason}\x1f\\x{digest.hex()}\n"
            for n, s, t, g, us, day, kind, doc, key, count, package, basis, ref, ppm, reverses, reason, digest in rows
        ]
    )


class PostgresEngine:
    """See ``Engine``."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        connection.ensure_connection()
        self._connection = connection
        # Not Django's cursor: that one writes the values into the text of the statement.
        self._cursor = psycopg.Cursor(connection.connection)

    def _all(self, sql: str, keys: Sequence[str]) -> list[tuple[Any, ...]]:
        with self._connection.wrap_database_errors:
            found: list[tuple[Any, ...]] = self._cursor.execute(sql, (_joined(keys),)).fetchall()
        return found

    def _number(self, sql: str) -> int:
        row = self._cursor.execute(sql).fetchone()
        assert row is not None, sql
        return int(row[0])

    def lock_holders(self, keys: Sequence[str]) -> list[HolderRow]:
        self._cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", (_CHECKPOINT_LOCK,))
        return [HolderRow(*row) for row in self._all(_HOLDERS, keys)]

    def read_accounts(self, names: Sequence[str]) -> list[AccountRow]:
        return [AccountRow(*row) for row in self._all(_ACCOUNTS, names)]

    def create_accounts(self, rows: Sequence[tuple[int, str, str, str, str]]) -> None:
        if rows:
            # As lists: the method is often empty, which a joined text could not say of a single account.
            with self._connection.wrap_database_errors:
                self._cursor.execute(_NEW_ACCOUNTS, [list(column) for column in zip(*rows, strict=True)])

    def next_batch(self) -> int:
        return self._number("SELECT nextval('ledger_batch_number')")

    def write_movements(self, parts: Iterable[Iterable[tuple[Any, ...]]]) -> None:
        with self._connection.wrap_database_errors, self._cursor.copy(_COPY) as copy:
            for rows in parts:
                copy.write(_copy_text(rows))

    def write(self, rows: Written) -> None:
        cursor = self._cursor
        with self._connection.wrap_database_errors:
            cursor.execute(_BATCH, rows.batch)
            cursor.execute(_LINKS, _texts(rows.links))
            cursor.execute(_HEADS, _texts(rows.heads))
            if rows.balances:  # none changes where a batch undoes itself
                cursor.execute(_BALANCES, _texts(rows.balances))
            if rows.years:
                cursor.execute(_YEARS, _texts(rows.years))
            cursor.execute(_FLOWS, _texts(rows.flows))

    def booked(self, keys: Sequence[str]) -> list[tuple[Any, ...]]:
        return self._all(BOOKED.format(given=_GIVEN), keys)

    def reversed_by(self, keys: Sequence[str]) -> dict[str, str]:
        return dict(self._all(REVERSED_BY.format(given=_GIVEN), keys))

    def lock_checkpoint(self) -> int:
        self._cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_CHECKPOINT_LOCK,))
        return self._number("SELECT coalesce(max(id), 0) FROM ledger_batch")
