# The four lists.

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("registry", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Plan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.CharField(max_length=60)),
                ("title", models.CharField(max_length=200)),
                ("years", models.JSONField(default=list)),
                ("baseline_year", models.PositiveSmallIntegerField(null=True)),
                ("legend", models.JSONField(default=dict)),
                ("rule_set", models.CharField(max_length=60, null=True)),
                ("notes", models.JSONField(default=list)),
                ("digest", models.CharField(max_length=64)),
                (
                    "division",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="plan", to="registry.division"
                    ),
                ),
            ],
            options={
                "ordering": ["division_id"],
            },
        ),
        migrations.CreateModel(
            name="Project",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("key", models.CharField(max_length=40)),
                ("no", models.CharField(max_length=20, null=True)),
                ("source", models.CharField(max_length=200)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("departments_index", models.TextField(blank=True)),
                ("type", models.CharField(blank=True, max_length=100)),
                ("name", models.CharField(max_length=200)),
                ("content", models.TextField(blank=True)),
                ("builder", models.CharField(blank=True, max_length=300)),
                ("investment_wan_yuan", models.DecimalField(decimal_places=6, max_digits=15, null=True)),
                ("completion", models.CharField(blank=True, max_length=100)),
                ("due", models.DateField(db_index=True, null=True)),
                ("plan", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="plans.plan")),
            ],
            options={
                "ordering": ["plan_id", "position"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("plan", "key"), name="project_key_once_a_plan"),
                    models.UniqueConstraint(fields=("plan", "position"), name="project_position_once_a_plan"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("investment_wan_yuan__isnull", True), ("investment_wan_yuan__gte", 0), _connector="OR"
                        ),
                        name="project_investment_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Responsibility",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("key", models.CharField(max_length=40)),
                ("no", models.CharField(max_length=20, null=True)),
                ("source", models.CharField(max_length=200)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("departments_index", models.TextField(blank=True)),
                ("group", models.CharField(blank=True, max_length=100)),
                ("title", models.CharField(max_length=200)),
                ("lead", models.JSONField(default=list)),
                ("participating", models.JSONField(default=list)),
                ("plan", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="plans.plan")),
            ],
            options={
                "ordering": ["plan_id", "position"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("plan", "key"), name="responsibility_key_once_a_plan"),
                    models.UniqueConstraint(fields=("plan", "position"), name="responsibility_position_once_a_plan"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Target",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("key", models.CharField(max_length=40)),
                ("no", models.CharField(max_length=20, null=True)),
                ("source", models.CharField(max_length=200)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("departments_index", models.TextField(blank=True)),
                ("group", models.CharField(blank=True, max_length=100)),
                ("name", models.CharField(max_length=200)),
                ("mark", models.CharField(max_length=12)),
                ("indicator", models.CharField(blank=True, max_length=80)),
                ("scope", models.CharField(blank=True, max_length=40)),
                ("unit", models.CharField(blank=True, max_length=40)),
                ("baseline_year", models.PositiveSmallIntegerField(null=True)),
                ("baseline", models.CharField(blank=True, max_length=200)),
                ("targets", models.JSONField(default=dict)),
                ("departments", models.JSONField(default=list)),
                ("parts", models.JSONField(default=list)),
                ("plan", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="plans.plan")),
            ],
            options={
                "ordering": ["plan_id", "position"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("plan", "key"), name="target_key_once_a_plan"),
                    models.UniqueConstraint(fields=("plan", "position"), name="target_position_once_a_plan"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("mark__in", ["required", "optional", "substitute", "provincial", "reference"])
                        ),
                        name="target_mark_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Task",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("key", models.CharField(max_length=40)),
                ("no", models.CharField(max_length=20, null=True)),
                ("source", models.CharField(max_length=200)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("departments_index", models.TextField(blank=True)),
                ("group", models.CharField(blank=True, max_length=100)),
                ("title", models.CharField(max_length=200)),
                ("lead", models.JSONField(default=list)),
                ("cooperating", models.JSONField(default=list)),
                ("deadline", models.CharField(blank=True, max_length=100)),
                ("due", models.DateField(db_index=True, null=True)),
                ("plan", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="plans.plan")),
            ],
            options={
                "ordering": ["plan_id", "position"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("plan", "key"), name="task_key_once_a_plan"),
                    models.UniqueConstraint(fields=("plan", "position"), name="task_position_once_a_plan"),
                ],
            },
        ),
    ]
