from django.db import migrations

GUARDED = ("ledger_movement", "ledger_batch", "ledger_link", "ledger_checkpoint")
MESSAGE = "The ledger is append only: book a reversal instead."


def put_up(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for table in GUARDED:
            for event in ("update", "delete"):
                schema_editor.execute(
                    f"CREATE TRIGGER IF NOT EXISTS {table}_no_{event} BEFORE {event} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
                )
        return
    schema_editor.execute("CREATE SEQUENCE ledger_batch_number")
    schema_editor.execute(
        "CREATE OR REPLACE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$"
    )
    for table in GUARDED:
        schema_editor.execute(
            f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION ledger_append_only()"
        )


def take_down(apps, schema_editor):
    for table in GUARDED:
        if schema_editor.connection.vendor == "sqlite":
            for event in ("update", "delete"):
                schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{event}")
        else:
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}")
    if schema_editor.connection.vendor != "sqlite":
        schema_editor.execute("DROP SEQUENCE ledger_batch_number")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_tables")]
    operations = [migrations.RunPython(put_up, take_down)]
