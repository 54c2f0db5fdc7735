"""Webhooks: who gets news, registered, replayed and removed; limits of their delivery."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import QuerySet

from wufei.apps.exchange.addresses import finding_of
from wufei.apps.exchange.models import WebhookEndpoint
from wufei.apps.facts.selectors import newest_id, verb_names
from wufei.apps.facts.services import record_fact
from wufei.apps.registry.models import User
from wufei.core.findings import Finding, Refused
from wufei.core.reference import read_document


@dataclass(frozen=True, slots=True)
class Limits:
    """``data/webhooks/limits.json``."""

    endpoints_per_user: int
    batch: int
    facts_per_pass: int
    timeout_s: int
    first_wait_s: int
    longest_wait_s: int
    lease_s: int
    settle_s: int
    pause_s: int


@cache
def limits() -> Limits:
    """The limits of delivery."""
    return Limits(**read_document("webhooks/limits.json"))


def visible_webhooks(user: User | AnonymousUser) -> QuerySet[WebhookEndpoint]:
    """A person's own; nobody sees another's."""
    if not isinstance(user, User) or not user.is_active:
        return WebhookEndpoint.objects.none()
    return WebhookEndpoint.objects.filter(user=user)


def all_webhooks() -> QuerySet[WebhookEndpoint]:
    """Everyone's, with their persons. For the console only."""
    return WebhookEndpoint.objects.select_related("user").order_by("pk")


@transaction.atomic
def create_webhook(
    *, user: User, url: str, verbs: Sequence[str], after: int | None, actor: str, at: datetime
) -> WebhookEndpoint:
    """Register an address. ``after`` is the number of the last fact that is not wanted; ``None`` means from now on.

    Raises ``Refused`` with everything that is wrong.
    """
    findings = [
        Finding(None, "verbs", f"没有事件“{verb}”。", "可用的事件见 data/facts/verbs.csv。", "unknown_verb")
        for verb in verbs
        if verb not in verb_names()
    ]
    wrong = finding_of(url)
    if wrong:
        findings.append(wrong)
    User.objects.select_for_update().get(pk=user.pk)  # one registration of a person at a time
    held = list(WebhookEndpoint.objects.filter(user=user).values_list("url", flat=True))
    if url in held:
        findings.append(Finding(None, "url", "这个地址已登记。", "不必再登记，或先删除原来的。", "webhook_twice"))
    if len(held) >= limits().endpoints_per_user:
        what = f"已登记 {len(held)} 个地址，最多 {limits().endpoints_per_user} 个。"
        findings.append(Finding(None, "url", what, "请先删除不用的。", "too_many_webhooks"))
    newest = newest_id()
    if after is not None and not 0 <= after <= newest:
        findings.append(_bad_cursor(after, newest))
    if findings:
        raise Refused(findings)
    made = WebhookEndpoint.objects.create(
        user=user,
        url=url,
        secret=f"whsec_{secrets.token_urlsafe(32)}",
        verbs=sorted(set(verbs)),
        cursor=newest if after is None else after,
        created_at=at,
    )
    _record("create_webhook", made, user, actor, at, {"url": url, "verbs": made.verbs, "cursor": made.cursor})
    return made


@transaction.atomic
def delete_webhook(webhook: WebhookEndpoint, *, actor: str, at: datetime) -> None:
    """Remove an address; nothing more is sent there."""
    _record("delete_webhook", webhook, webhook.user, actor, at, {"url": webhook.url, "cursor": webhook.cursor})
    webhook.delete()


@transaction.atomic
def replay_webhook(webhook: WebhookEndpoint, *, after: int, actor: str, at: datetime) -> WebhookEndpoint:
    """Send everything behind the fact ``after`` once more, at once. Raises ``Refused``."""
    newest = newest_id()
    if not 0 <= after <= newest:
        raise Refused([_bad_cursor(after, newest)])
    row = WebhookEndpoint.objects.select_for_update(of=("self",)).select_related("user").get(pk=webhook.pk)
    before = row.cursor
    row.cursor, row.failures, row.next_try_at = after, 0, None
    # The deliverer at work sees that its lease is gone and leaves the cursor alone.
    row.leased_until = None
    row.save(update_fields=["cursor", "failures", "next_try_at", "leased_until"])
    _record("replay_webhook", row, row.user, actor, at, {"from": before, "after": after})
    return row


def _bad_cursor(after: int, newest: int) -> Finding:
    what = f"序号 {after} 不在 0 至 {newest} 之间。"
    return Finding(None, "after", what, "请写最后一个已处理事件的序号；0 表示从头。", "webhook_cursor")


def _record(verb: str, webhook: WebhookEndpoint, user: User, actor: str, at: datetime, after: object) -> None:
    record_fact(
        at=at, actor=actor, verb=verb, subject=f"webhook:{webhook.pk}", division=user.division_id or "", after=after
    )
