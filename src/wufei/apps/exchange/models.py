"""Whom news is sent to. Invariant: an address gets the facts in the order of their numbers, each until it took it."""

from django.conf import settings
from django.db import models


class WebhookEndpoint(models.Model):
    """An address (推送地址) of one person: what they may see is sent there, signed with ``secret``."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=500)
    secret = models.CharField(max_length=80)  # both sides sign with it, so it is kept as it is
    verbs = models.JSONField(default=list)  # of data/facts/verbs.csv; empty means all
    cursor = models.BigIntegerField(default=0)  # the number of the last fact that was taken or did not concern
    failures = models.PositiveIntegerField(default=0)  # in a row
    next_try_at = models.DateTimeField(null=True)  # null: at once
    leased_until = models.DateTimeField(null=True)  # a deliverer is at work
    last_error = models.CharField(max_length=200, blank=True)
    delivered_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "url"], name="webhook_once_a_person"),
            models.CheckConstraint(condition=models.Q(cursor__gte=0), name="webhook_cursor_not_negative"),
        ]
        indexes = [models.Index(fields=["next_try_at", "id"], name="webhook_by_turn")]
        ordering = ["id"]

    def __str__(self) -> str:
        return self.url
