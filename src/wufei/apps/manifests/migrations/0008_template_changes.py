"""A template says when it was last changed, so that a reader may ask for what changed since."""

from django.db import migrations, models
from django.db.models import F


def fill(apps, schema_editor):
    """A template that was never changed changed last when it was made."""
    apps.get_model("manifests", "ManifestTemplate").objects.update(updated_at=F("created_at"))


class Migration(migrations.Migration):
    dependencies = [("manifests", "0007_kinds_of_sights")]

    operations = [
        migrations.AddField("manifesttemplate", "updated_at", models.DateTimeField(null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
        migrations.AlterField("manifesttemplate", "updated_at", models.DateTimeField()),
    ]
