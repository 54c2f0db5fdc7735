from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("amendments", "0002_lists_in_turn")]

    operations = [
        migrations.AddField(model_name="amendmentrecord", name="effects", field=models.JSONField(default=dict)),
    ]
