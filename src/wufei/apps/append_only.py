"""Triggers that refuse to change or delete rows of append-only tables, on both databases.

An app names its tables in ``guards.py`` (``GUARDS = Guards(...)``), imports that in its ``apps.py`` and puts them up
in a migration. A migration that rebuilds such a table on SQLite drops its triggers: end it with ``GUARDS.install``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

_KNOWN: dict[str, "Guards"] = {}


@dataclass(frozen=True, slots=True)
class Guards:
    """The guards of one app. ``message``: what the database says to whoever tries; it holds no quote."""

    app: str
    tables: tuple[str, ...]
    message: str

    def __post_init__(self) -> None:
        _KNOWN[self.app] = self

    @property
    def function(self) -> str:
        """The name of the function that refuses, on PostgreSQL."""
        return f"{self.app}_append_only"

    def statements(self, vendor: str) -> list[str]:
        """The statements that put the guards up; each can be repeated."""
        if vendor == "sqlite":
            return [
                f"CREATE TRIGGER IF NOT EXISTS {table}_no_{event.lower()} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{self.message}'); END"
                for table in self.tables
                for event in ("UPDATE", "DELETE")
            ]
        function = (
            f"CREATE OR REPLACE FUNCTION {self.function}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{self.message}'; END $$"
        )
        return [function] + [
            f"CREATE OR REPLACE TRIGGER {table}_{name} BEFORE {events} EXECUTE FUNCTION {self.function}()"
            for table in self.tables
            for name, events in (
                ("append_only", f"UPDATE OR DELETE ON {table} FOR EACH ROW"),
                ("no_truncate", f"TRUNCATE ON {table} FOR EACH STATEMENT"),
            )
        ]

    def removals(self, vendor: str) -> list[str]:
        """The statements that take the guards away."""
        if vendor == "sqlite":
            return [f"DROP TRIGGER IF EXISTS {table}_no_{e}" for table in self.tables for e in ("update", "delete")]
        return [
            f"DROP TRIGGER IF EXISTS {table}_{name} ON {table}"
            for table in self.tables
            for name in ("append_only", "no_truncate")
        ]

    def install(self, connection: BaseDatabaseWrapper) -> None:
        """Put the guards up."""
        _run(connection, self.statements(connection.vendor))

    def remove(self, connection: BaseDatabaseWrapper) -> None:
        """Take the guards away: for a test that tampers, or one that empties its own tables."""
        _run(connection, self.removals(connection.vendor))

    def missing(self, connection: BaseDatabaseWrapper) -> list[str]:
        """The tables that lack a guard, or have one that does not do its work any more."""
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'")
                there = {sql.casefold() for (sql,) in cursor.fetchall()}
                wanted = [line.replace("IF NOT EXISTS ", "").casefold() for line in self.statements("sqlite")]
                lost = {w for w in wanted if w not in there}
                return [table for table in self.tables if any(f" on {table} " in w for w in lost)]
            cursor.execute(_WORKING, [self.function])
            working = dict(cursor.fetchall())
            return [table for table in self.tables if working.get(table) != 2]


_WORKING = """
SELECT c.relname, count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE t.tgname IN (c.relname || '_append_only', c.relname || '_no_truncate') AND t.tgenabled IN ('O', 'A')
  AND t.tgqual IS NULL AND p.proname = %s AND btrim(p.prosrc) LIKE 'BEGIN RAISE EXCEPTION%%'
  AND c.relnamespace = current_schema()::regnamespace
GROUP BY 1
"""


def every() -> Sequence[Guards]:
    """The guards of all apps, by app."""
    return [_KNOWN[app] for app in sorted(_KNOWN)]


def _run(connection: BaseDatabaseWrapper, lines: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for line in lines:
            cursor.execute(line)
