from django.db import migrations

TABLE = "field_fieldevent"
MESSAGE = "What a phone sent is append only: settle it by its outcome."


def put_up(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for event in ("update", "delete"):
            schema_editor.execute(
                f"CREATE TRIGGER IF NOT EXISTS {TABLE}_no_{event} BEFORE {event} ON {TABLE} "
                f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            )
        return
    schema_editor.execute(
        "CREATE OR REPLACE FUNCTION field_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$"
    )
    for name, events in (
        ("append_only", f"UPDATE OR DELETE ON {TABLE} FOR EACH ROW"),
        ("no_truncate", f"TRUNCATE ON {TABLE} FOR EACH STATEMENT"),
    ):
        schema_editor.execute(
            f"CREATE OR REPLACE TRIGGER {TABLE}_{name} BEFORE {events} EXECUTE FUNCTION field_append_only()"
        )


def take_down(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for event in ("update", "delete"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_no_{event}")
        return
    for name in ("append_only", "no_truncate"):
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_{name} ON {TABLE}")
    schema_editor.execute("DROP FUNCTION IF EXISTS field_append_only()")


class Migration(migrations.Migration):
    dependencies = [("field", "0001_tables")]
    operations = [migrations.RunPython(put_up, take_down)]
