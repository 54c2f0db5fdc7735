"""What happened cannot be changed or deleted, not even by hand in the database."""

from django.db import migrations

from wufei.apps.facts.guards import GUARDS


def put_up(apps, schema_editor):
    GUARDS.install(schema_editor.connection)


def take_down(apps, schema_editor):
    GUARDS.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("facts", "0001_initial")]
    operations = [migrations.RunPython(put_up, take_down)]
