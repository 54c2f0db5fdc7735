"""A reader's lists of one kind, of a rare end and of what is open run along indexes of the sights alone."""

from django.db import migrations, models
from django.db.models import Case, F, OuterRef, Q, Subquery, When

RARE = ("partly_accepted", "refused", "void")


def fill(apps, schema_editor):
    """Give each sight what its manifest says."""
    manifests = apps.get_model("manifests", "Manifest").objects.filter(pk=OuterRef("manifest_id"))
    rare_end = manifests.annotate(rare_end=Case(When(status__in=RARE, then=F("status")), default=None))
    apps.get_model("manifests", "ManifestSight").objects.update(
        profile=Subquery(manifests.values("profile")[:1]), rare_end=Subquery(rare_end.values("rare_end")[:1])
    )


class Migration(migrations.Migration):
    dependencies = [("manifests", "0006_drawn_up_once")]

    operations = [
        migrations.AddField(
            "manifestsight", "profile", models.CharField(default="", max_length=20), preserve_default=False
        ),
        migrations.AddField("manifestsight", "rare_end", models.CharField(max_length=16, null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
        migrations.RemoveIndex("manifest", "manifest_profile"),
        migrations.RemoveIndex("manifest", "manifest_rare"),
        migrations.AddIndex(
            "manifestsight", models.Index(fields=["scope", "profile", "manifest"], name="manifest_kind_sight")
        ),
        migrations.AddIndex(
            "manifestsight",
            models.Index(
                condition=Q(rare_end__isnull=False),
                fields=["scope", "rare_end", "manifest"],
                name="manifest_rare_sight",
            ),
        ),
        migrations.AddIndex(
            "manifestsight",
            models.Index(fields=["scope", "profile", "updated_at", "manifest"], name="manifest_kind_changed"),
        ),
        migrations.AddIndex(
            "manifestsight",
            models.Index(
                condition=Q(is_open=True), fields=["scope", "updated_at", "manifest"], name="manifest_open_changed"
            ),
        ),
    ]
