"""What a manifest carried may stand in the use of a contract."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("declarations", "0006_contract_use"),
        ("manifests", "0008_template_changes"),
        ("registry", "0005_transfer_due"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="manifestuse",
            name="manifest_use_of_one",
        ),
        migrations.AddField(
            model_name="manifestuse",
            name="contract",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="manifests",
                to="declarations.contractuse",
            ),
        ),
        migrations.AddConstraint(
            model_name="manifestuse",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("approval", None), ("contract", None), ("permit", None), ("plan__isnull", False)),
                    models.Q(("approval__isnull", False), ("contract", None), ("permit", None), ("plan", None)),
                    models.Q(("approval", None), ("contract", None), ("permit__isnull", False), ("plan", None)),
                    models.Q(("approval", None), ("contract__isnull", False), ("permit", None), ("plan", None)),
                    _connector="OR",
                ),
                name="manifest_use_of_one",
            ),
        ),
    ]
