"""Triggers that refuse to change or delete what is booked, on both databases.

A migration that rebuilds one of these tables on SQLite drops its triggers: end such a migration with ``install``.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

GUARDED = ("ledger_movement", "ledger_batch", "ledger_link", "ledger_checkpoint", "ledger_period_close")
MESSAGE = "The ledger is append only: book a reversal instead."


def statements(vendor: str) -> list[str]:
    """The statements that put the guards up; each can be repeated."""
    if vendor == "sqlite":
        return [
            f"CREATE TRIGGER IF NOT EXISTS {table}_no_{event.lower()} BEFORE {event} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            for table in GUARDED
            for event in ("UPDATE", "DELETE")
        ]
    function = (
        "CREATE OR REPLACE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$"
    )
    return [function] + [
        f"CREATE OR REPLACE TRIGGER {table}_{name} BEFORE {events} EXECUTE FUNCTION ledger_append_only()"
        for table in GUARDED
        for name, events in (
            ("append_only", f"UPDATE OR DELETE ON {table} FOR EACH ROW"),
            ("no_truncate", f"TRUNCATE ON {table} FOR EACH STATEMENT"),
        )
    ]


def removals(vendor: str) -> list[str]:
    """The statements that take the guards away."""
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {table}_no_{event}" for table in GUARDED for event in ("update", "delete")]
    return [
        f"DROP TRIGGER IF EXISTS {table}_{name} ON {table}"
        for table in GUARDED
        for name in ("append_only", "no_truncate")
    ]


def _run(connection: BaseDatabaseWrapper, lines: list[str]) -> None:
    with connection.cursor() as cursor:
        for line in lines:
            cursor.execute(line)


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the guards up."""
    _run(connection, statements(connection.vendor))


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The tables that lack a guard, or have one that does not do its work any more."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'")
            there = {sql.casefold() for (sql,) in cursor.fetchall()}
            wanted = [(line.replace("IF NOT EXISTS ", "").casefold()) for line in statements("sqlite")]
            return [table for table in GUARDED if any(f" on {table} " in w and w not in there for w in wanted)]
        cursor.execute(_WORKING)
        working = dict(cursor.fetchall())
        return [table for table in GUARDED if working.get(table) != 2]


_WORKING = """
SELECT c.relname, count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE t.tgname IN (c.relname || '_append_only', c.relname || '_no_truncate') AND t.tgenabled IN ('O', 'A')
  AND t.tgqual IS NULL AND p.proname = 'ledger_append_only' AND btrim(p.prosrc) LIKE 'BEGIN RAISE EXCEPTION%'
  AND c.relnamespace = current_schema()::regnamespace
GROUP BY 1
"""


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the guards away: for a test that tampers, or one that empties its own tables."""
    _run(connection, removals(connection.vendor))
