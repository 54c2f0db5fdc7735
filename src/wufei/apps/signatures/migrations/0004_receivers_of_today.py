"""What was given to a person before holds for the firm that they are of at this moment."""

from django.db import migrations
from django.db.models import OuterRef, Subquery


def set_firms(apps, schema_editor):
    users = apps.get_model("registry", "User").objects.filter(pk=OuterRef("receiver_person"))
    given = apps.get_model("signatures", "Delegation").objects.exclude(receiver_person=None)
    given.update(receiver_firm=Subquery(users.values("organisation")[:1]))


class Migration(migrations.Migration):
    dependencies = [("signatures", "0003_receivers_of_a_firm"), ("registry", "0001_initial")]

    operations = [migrations.RunPython(set_firms, migrations.RunPython.noop)]
