from django.db import migrations, models

FILL = """
INSERT INTO ledger_year_change (year, account_id, change_g)
SELECT f.year, f.account_id, SUM(f.change_g)
FROM (SELECT day / 10000 AS year, target_id AS account_id, mass_g AS change_g FROM ledger_flow
      UNION ALL SELECT day / 10000, source_id, -mass_g FROM ledger_flow) f
JOIN ledger_account a ON a.id = f.account_id
WHERE a.bucket IN ('stored', 'in_transit')
GROUP BY 1, 2
HAVING SUM(f.change_g) <> 0
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_more_guards")]
    operations = [
        migrations.CreateModel(
            name="YearChangeRecord",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "year", "account_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("year", models.IntegerField()),
                ("account_id", models.BigIntegerField()),
                ("change_g", models.BigIntegerField()),
            ],
            options={"db_table": "ledger_year_change"},
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
