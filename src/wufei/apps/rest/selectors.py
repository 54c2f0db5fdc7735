"""Reads of tokens."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from wufei.apps.registry.models import User
from wufei.apps.rest.models import ApiToken

PREFIX = "wf_"
VALID = "有效"


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One token for the list."""

    id: int
    username: str
    name: str
    scopes: tuple[str, ...]
    expires_at: datetime
    last_used: str
    state: str
    is_valid: bool


def digest_of(secret: str) -> str:
    """What is kept of a secret. It has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def token_of(secret: str) -> ApiToken | None:
    """The token with this secret, its person and what decides their sight; one query."""
    return (
        ApiToken.objects.select_related("user", "user__division", "user__department", "user__organisation")
        .filter(digest=digest_of(secret))
        .first()
    )


def visible_tokens(user: User | AnonymousUser) -> QuerySet[ApiToken]:
    """One's own; nobody sees another's."""
    return ApiToken.objects.filter(user=user) if isinstance(user, User) else ApiToken.objects.none()


def token_rows(*, at: datetime, username: str = "") -> list[TokenRow]:
    """All tokens, of one person where ``username`` is given, the latest last; one query. For the console."""
    rows = ApiToken.objects.select_related("user").order_by("pk")
    if username:
        rows = rows.filter(user__username=username)
    return [
        TokenRow(
            row.pk,
            row.user.username,
            row.name,
            tuple(row.scopes),
            row.expires_at,
            row.last_used_on.isoformat() if row.last_used_on else "",
            state_of(row, at),
            state_of(row, at) == VALID,
        )
        for row in rows
    ]


def state_of(token: ApiToken, at: datetime) -> str:
    """The Chinese word for how a token stands: 有效, 已到期, 已吊销 or 账号停用."""
    if token.revoked_at is not None:
        return "已吊销"
    if token.expires_at <= at:
        return "已到期"
    return VALID if token.user.is_active else "账号停用"
