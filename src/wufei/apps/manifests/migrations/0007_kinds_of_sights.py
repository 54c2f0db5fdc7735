"""A reader's lists of one kind or status run along indexes of the sights alone."""

from django.db import migrations, models
from django.db.models import Case, F, OuterRef, Q, Subquery, When


def fill(apps, schema_editor):
    """Give each sight what its manifest says."""
    manifests = apps.get_model("manifests", "Manifest").objects.filter(pk=OuterRef("manifest_id"))
    status = manifests.annotate(unless=Case(When(~Q(status="confirmed"), then=F("status")), default=None))
    apps.get_model("manifests", "ManifestSight").objects.update(
        profile=Subquery(manifests.values("profile")[:1]), unless_confirmed=Subquery(status.values("unless")[:1])
    )


class Migration(migrations.Migration):
    dependencies = [("manifests", "0006_drawn_up_once")]

    operations = [
        migrations.AddField(
            "manifestsight", "profile", models.CharField(default="", max_length=20), preserve_default=False
        ),
        migrations.AddField("manifestsight", "unless_confirmed", models.CharField(max_length=16, null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
        migrations.RemoveIndex("manifest", "manifest_profile"),
        migrations.RemoveIndex("manifest", "manifest_rare"),
        migrations.AddIndex(
            "manifestsight", models.Index(fields=["scope", "profile", "manifest"], name="manifest_kind_sight")
        ),
        migrations.AddIndex(
            "manifestsight",
            models.Index(
                condition=Q(unless_confirmed__isnull=False),
                fields=["scope", "unless_confirmed", "manifest"],
                name="manifest_status_sight",
            ),
        ),
        migrations.AddIndex(
            "manifestsight",
            models.Index(fields=["scope", "profile", "updated_at", "manifest"], name="manifest_kind_changed"),
        ),
        migrations.AddIndex(
            "manifestsight",
            models.Index(
                condition=Q(unless_confirmed__isnull=False),
                fields=["scope", "unless_confirmed", "updated_at", "manifest"],
                name="manifest_status_changed",
            ),
        ),
    ]
