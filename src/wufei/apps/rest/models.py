"""Who may call the interface, and what was answered to a request that may be sent again.

Invariant: the secret of a token is nowhere kept; an idempotency key and the work it stands for are kept together or
not at all.
"""

from django.conf import settings
from django.db import models


class ApiToken(models.Model):
    """A token (令牌) of one person: only the digest of its secret is kept. It always expires."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=60)
    scopes = models.JSONField()  # of data/rest/scopes.csv
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of the secret, in hex
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_on = models.DateField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("created_at")), name="token_expires_later"
            ),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.pk} {self.name}"


class IdempotencyRecord(models.Model):
    """What was answered to a request with this key (幂等键): the same request gets the same answer again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=220)
    digest = models.CharField(max_length=64)  # of method, address and body
    status = models.PositiveSmallIntegerField()
    body = models.TextField()
    content_type = models.CharField(max_length=60)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return self.key
