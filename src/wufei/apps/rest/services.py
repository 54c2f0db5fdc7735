"""Writes of tokens and of kept answers."""

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from wufei.apps.facts.services import record_fact
from wufei.apps.registry.models import User
from wufei.apps.rest.models import ApiToken, IdempotencyRecord
from wufei.apps.rest.reference import limits, scopes
from wufei.apps.rest.selectors import PREFIX, digest_of
from wufei.core.findings import Finding, Refused


@transaction.atomic
def create_token(
    *, username: str, scopes_wanted: Sequence[str], days: int, name: str, actor: str, at: datetime
) -> tuple[ApiToken, str]:
    """Sign a token; returns it with its secret, which is shown once. Raises ``Refused`` with all that is wrong."""
    findings: list[Finding] = []
    user = User.objects.filter(username=username).first()
    if user is None:
        what = f"没有账号“{username}”。"
        findings.append(Finding(None, "username", what, "用 wufei user list 查看账号。", "unknown_user"))
    elif not user.is_active:
        what = f"账号“{username}”已停用。"
        findings.append(Finding(None, "username", what, "请用在用的账号。", "inactive_user"))
    if not scopes_wanted:
        findings.append(Finding(None, "scope", "没有写权限。", f"可用：{'、'.join(scopes())}。", "no_scope"))
    for scope in scopes_wanted:
        if scope not in scopes():
            findings.append(
                Finding(None, "scope", f"没有权限“{scope}”。", f"可用：{'、'.join(scopes())}。", "unknown_scope")
            )
    most = limits().token_days_max
    if not 1 <= days <= most:
        what = f"有效期 {days} 天，应在 1 至 {most} 天之间。"
        findings.append(Finding(None, "days", what, f"请写 1 至 {most}。", "token_days"))
    if findings:
        raise Refused(findings)
    assert user is not None
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name[:60],
        scopes=sorted(set(scopes_wanted)),
        digest=digest_of(secret),
        created_at=at,
        expires_at=at + timedelta(days=days),
    )
    record_fact(
        at=at,
        actor=actor,
        verb="create_token",
        subject=f"token:{token.pk}",
        division=user.division_id or "",
        after={"user": user.username, "scopes": token.scopes, "expires_at": token.expires_at.isoformat()},
    )
    return token, secret


@transaction.atomic
def revoke_token(token_id: int, *, actor: str, at: datetime) -> ApiToken:
    """End a token at once. Raises ``Refused`` where there is none, or it was revoked before."""
    token = ApiToken.objects.select_for_update(of=("self",)).select_related("user").filter(pk=token_id).first()
    if token is None:
        what = f"没有编号为 {token_id} 的令牌。"
        raise Refused([Finding(None, "id", what, "用 wufei token list 查看编号。", "unknown_token")])
    if token.revoked_at is not None:
        what = f"令牌 {token_id} 已于 {token.revoked_at:%Y-%m-%d} 吊销。"
        raise Refused([Finding(None, "id", what, "不必再吊销。", "revoked_token")])
    token.revoked_at = at
    token.save(update_fields=["revoked_at"])
    record_fact(
        at=at,
        actor=actor,
        verb="revoke_token",
        subject=f"token:{token.pk}",
        division=token.user.division_id or "",
        after={"user": token.user.username},
    )
    return token


def mark_used(token: ApiToken, *, on: date) -> None:
    """Note the day a token was used: one write a day, so that reading costs none."""
    if token.last_used_on != on:
        rows = ApiToken.objects.filter(pk=token.pk).filter(Q(last_used_on=None) | Q(last_used_on__lt=on))
        rows.update(last_used_on=on)


@transaction.atomic
def forget_answers(*, actor: str, at: datetime) -> int:
    """Drop the kept answers that are older than the days of ``limits.json``; returns how many."""
    before = at - timedelta(days=limits().idempotency_days)
    count, _ = IdempotencyRecord.objects.filter(created_at__lt=before).delete()
    if count:
        record_fact(at=at, actor=actor, verb="forget_answers", subject="idempotency", after={"count": count})
    return count
