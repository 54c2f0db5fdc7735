from django.db import migrations, models

from wufei.apps.ledger.guards import GUARDS
from wufei.core.chain import stated_digest


def put_up(apps, schema_editor):
    GUARDS.install(schema_editor.connection)


def state_holders(apps, schema_editor):
    holders = apps.get_model("ledger", "HolderRecord").objects
    rows = list(holders.only("key", "division", "category", "name", "is_simulated"))
    for row in rows:
        row.stated = stated_digest(row.key, row.division, row.category, row.name, is_simulated=row.is_simulated)
    holders.bulk_update(rows, ["stated"], batch_size=200)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_room_for_updates")]
    operations = [
        migrations.AddField("HolderRecord", "stated", models.BinaryField(null=True)),
        migrations.RunPython(state_holders, migrations.RunPython.noop),
        migrations.RunPython(put_up, migrations.RunPython.noop),
    ]
