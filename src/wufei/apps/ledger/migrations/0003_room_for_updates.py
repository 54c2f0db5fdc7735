from django.db import migrations

# Balances, heads and sums of the day change in place: room on the page spares PostgreSQL a new index entry each time.
ROOM = {"ledger_account": 70, "ledger_holder": 70, "ledger_flow": 80}

# Keys are compared byte by byte, not by the rules of a language. Nobody asks for their beginnings, so the second index
# that Django makes for LIKE goes.
BYTEWISE = {"ledger_movement": ("key", 200), "ledger_account": ("name", 160), "ledger_holder": ("key", 80)}


def make_room(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for table, filled in ROOM.items():
        schema_editor.execute(f"ALTER TABLE {table} SET (fillfactor = {filled})")
    with schema_editor.connection.cursor() as cursor:
        for table, (column, length) in BYTEWISE.items():
            cursor.execute(
                "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND tablename = %s "
                "AND indexdef LIKE '%%pattern_ops%%'",
                [table],
            )
            for (index,) in cursor.fetchall():
                if f"_{column}_" in index:
                    schema_editor.execute(f'DROP INDEX "{index}"')
            schema_editor.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE varchar({length}) COLLATE "C"')


def take_room(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in ROOM:
            schema_editor.execute(f"ALTER TABLE {table} RESET (fillfactor)")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_guards")]
    operations = [migrations.RunPython(make_room, take_room)]
