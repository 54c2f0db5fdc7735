"""Triggers that refuse to change or delete what a phone sent, on both databases.

A migration that rebuilds the table on SQLite drops its triggers: end such a migration with ``install``.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

GUARDED = ("field_fieldevent",)
MESSAGE = "What a phone sent is append only: settle it by its outcome."


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
        "CREATE OR REPLACE FUNCTION field_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$"
    )
    return [function] + [
        f"CREATE OR REPLACE TRIGGER {table}_{name} BEFORE {events} EXECUTE FUNCTION field_append_only()"
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


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the guards away: for a test that tampers, or one that empties its own tables."""
    _run(connection, removals(connection.vendor))
