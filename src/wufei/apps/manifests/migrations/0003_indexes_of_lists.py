"""Indexes for lists that cost the same among a thousand manifests and among a million."""

import django.utils.timezone
from django.db import migrations, models
from django.db.models import OuterRef, Q, Subquery


def fill(apps, schema_editor):
    """Give each sight the time of the last change of its manifest."""
    manifests = apps.get_model("manifests", "Manifest").objects.filter(pk=OuterRef("manifest_id"))
    sights = apps.get_model("manifests", "ManifestSight").objects
    sights.update(updated_at=Subquery(manifests.values("updated_at")[:1]))


class Migration(migrations.Migration):
    dependencies = [("manifests", "0002_trips_and_files")]

    operations = [
        migrations.AddField(
            "manifestsight",
            "updated_at",
            models.DateTimeField(default=django.utils.timezone.now),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
        migrations.RemoveIndex("manifest", "manifest_updated"),
        migrations.AlterField("manifest", "updated_at", models.DateTimeField()),
        migrations.AlterField("manifestleg", "vehicle", models.CharField(blank=True, max_length=12)),
        migrations.AddIndex("manifest", models.Index(fields=["profile", "id"], name="manifest_profile")),
        migrations.AddIndex(
            "manifest",
            models.Index(
                fields=["status", "id"],
                name="manifest_rare",
                condition=Q(status__in=("partly_accepted", "refused", "void")),
            ),
        ),
        migrations.AddIndex("manifestleg", models.Index(fields=["vehicle", "manifest"], name="manifest_of_vehicle")),
        migrations.AddIndex(
            "manifestwaste", models.Index(fields=["waste_code", "manifest"], name="manifest_of_code")
        ),
        migrations.AddIndex(
            "manifestsight",
            models.Index(fields=["scope", "updated_at", "manifest"], name="manifest_changed_sight"),
        ),
    ]
