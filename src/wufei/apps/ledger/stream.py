"""Streams the stored rows for a walk: one state of the database, whatever is stored in its columns."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from typing import Any

import psycopg
from django.db import connection, transaction

_CHUNK = 20_000
_cursor_numbers = count(1)


@contextmanager
def snapshot() -> Iterator[None]:
    """One state of the database for the whole walk, without keeping writers out."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        # Not ``atomic``: settings make that one IMMEDIATE, which would hold the write lock.
        with closing(connection.connection.cursor()) as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


@contextmanager
def tolerant_text() -> Iterator[None]:
    """Let SQLite hand out text that is not UTF-8 any more: the digest tells, instead of an error of the reader."""
    connection.ensure_connection()
    if connection.vendor != "sqlite":
        yield
        return
    raw = connection.connection
    raw.text_factory = lambda stored: stored.decode("utf-8", "replace")
    try:
        yield
    finally:
        raw.text_factory = str


def stream(sql: str) -> Iterator[tuple[Any, ...]]:
    """Stream the rows of a statement; on PostgreSQL by a cursor on the server's side."""
    if connection.vendor == "sqlite":
        cursor = connection.connection.cursor()
    else:
        cursor = psycopg.ServerCursor(connection.connection, f"ledger_verify_{next(_cursor_numbers)}")
        cursor.itersize = _CHUNK
    with connection.wrap_database_errors, closing(cursor):
        cursor.execute(sql)
        while rows := cursor.fetchmany(_CHUNK):
            yield from rows
