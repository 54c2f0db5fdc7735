import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0002_organisations_from_documents"),
    ]

    operations = [
        migrations.AddField(
            model_name="permit",
            name="codes",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="permit",
            name="kind",
            field=models.CharField(default="general", max_length=20),
        ),
        migrations.AddField(
            model_name="permit",
            name="methods",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="permit",
            name="valid_from",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="vehicle",
            name="hazard_classes",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="vehicle",
            name="transport_permit",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="vehicle",
            name="valid_until",
            field=models.DateField(null=True),
        ),
        migrations.CreateModel(
            name="CarrierLicence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                ("number", models.CharField(max_length=60)),
                ("scope", models.CharField(blank=True, max_length=200)),
                ("valid_from", models.DateField(null=True)),
                ("valid_until", models.DateField(null=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="carrier_licences",
                        to="registry.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "number"), name="carrier_licence_once_a_kind")
                ],
            },
        ),
        migrations.CreateModel(
            name="PermitUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("year", models.PositiveSmallIntegerField()),
                ("waste_code", models.CharField(blank=True, max_length=12)),
                ("used_g", models.BigIntegerField(default=0)),
                (
                    "permit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="uses", to="registry.permit"
                    ),
                ),
            ],
            options={
                "ordering": ["permit_id", "year", "waste_code"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("permit", "year", "waste_code"), name="permit_use_once_a_year_and_code"
                    ),
                    models.CheckConstraint(condition=models.Q(("used_g__gte", 0)), name="permit_use_not_below_zero"),
                ],
            },
        ),
        migrations.CreateModel(
            name="TransportPerson",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("driver", "驾驶员"), ("escort", "押运员"), ("loader", "装卸管理人员")],
                        max_length=10,
                    ),
                ),
                ("name", models.CharField(max_length=40)),
                ("certificate", models.CharField(max_length=40)),
                ("valid_until", models.DateField(null=True)),
                ("hazard_classes", models.JSONField(default=list)),
                ("is_simulated", models.BooleanField(default=False)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transport_persons",
                        to="registry.organisation",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="transport_persons",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["name", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "certificate"), name="certificate_once_a_kind")
                ],
            },
        ),
    ]
