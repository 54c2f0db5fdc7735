"""Indexes in whose order the interface pages amendments and correction requests."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("amendments", "0001_tables")]

    operations = [
        migrations.AddIndex("amendmentrecord", models.Index(fields=["created_at", "id"], name="amendment_in_turn")),
        migrations.AddIndex(
            "correctionrequest", models.Index(fields=["created_at", "id"], name="correction_in_turn")
        ),
    ]
