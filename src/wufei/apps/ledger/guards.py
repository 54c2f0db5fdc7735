"""Triggers that refuse to change or delete what is booked, on both databases.

A migration that rebuilds one of these tables on SQLite drops its triggers: end such a migration with ``install``.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

GUARDED = ("ledger_movement", "ledger_batch", "ledger_link", "ledger_checkpoint")
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
        f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION ledger_append_only()"
        for table in GUARDED
    ]


def removals(vendor: str) -> list[str]:
    """The statements that take the guards away."""
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {table}_no_{event}" for table in GUARDED for event in ("update", "delete")]
    return [f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}" for table in GUARDED]


def _run(connection: BaseDatabaseWrapper, lines: list[str]) -> None:
    with connection.cursor() as cursor:
        for line in lines:
            cursor.execute(line)


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the guards up."""
    _run(connection, statements(connection.vendor))


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the guards away: for a test that tampers, or one that empties its own tables."""
    _run(connection, removals(connection.vendor))
