"""What manifests have used of a contract, by waste."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("declarations", "0005_entries_once"),
    ]

    operations = [
        migrations.CreateModel(
            name="ContractUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("waste_code", models.CharField(max_length=20)),
                ("used_g", models.BigIntegerField(default=0)),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="uses", to="declarations.contract"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("contract", "waste_code"), name="contract_use_once")],
            },
        ),
    ]
