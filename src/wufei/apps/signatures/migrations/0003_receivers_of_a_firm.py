"""A delegation to a person holds while the person is of the firm that they were of when it was given."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("signatures", "0002_guards"), ("registry", "0001_initial")]

    operations = [
        migrations.AddField(
            "delegation",
            "receiver_firm",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry.organisation"
            ),
        ),
    ]
