"""The fact log (留痕): one row for each thing that happened, written in the transaction that did it. Append only."""

from django.db import models


class Fact(models.Model):
    """Who did what to what, when, with which document, before and after. Read by cursor (the id)."""

    recorded_at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=150)
    verb = models.CharField(max_length=60)
    subject = models.CharField(max_length=200, db_index=True)
    division = models.CharField(max_length=12, blank=True)
    document = models.CharField(max_length=200, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.subject}"
