"""Delivery of webhooks: the fact log read by cursor, each fact signed and sent until it is taken.

One deliverer at a time holds an address (a lease), sends in the order of the facts' numbers and moves the cursor
behind each that was answered with 2xx. A crash between the two sends that one again: the receiver knows it
by ``sequence``. Failures wait longer each time, up to the longest wait, and never switch an address off.
"""

import hashlib
import hmac
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from django.db import connection
from django.db.models import Q
from django.utils.timezone import localtime

from wufei.apps.exchange.addresses import NotAllowed, target_of
from wufei.apps.exchange.audience import told_to
from wufei.apps.exchange.models import WebhookEndpoint
from wufei.apps.exchange.webhooks import limits
from wufei.apps.facts.models import Fact
from wufei.apps.facts.selectors import facts_after, verb_names
from wufei.apps.registry.accounts import is_let_in

log = logging.getLogger(__name__)
Clock = Callable[[], datetime]
Send = Callable[[WebhookEndpoint, bytes, dict[str, str]], None]


class NotTaken(Exception):
    """An address did not take a fact; the message is a Chinese sentence."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one pass over all addresses did."""

    sent: int
    failed: int


def deliver_due(clock: Clock, send: Send | None = None) -> Delivered:
    """Send what is due to every address once; at most ``facts_per_pass`` facts to each."""
    sent = failed = 0
    due = WebhookEndpoint.objects.filter(Q(next_try_at=None) | Q(next_try_at__lte=clock()))
    for key in list(due.order_by("next_try_at", "pk").values_list("pk", flat=True)):
        count, ended_well = _deliver(key, clock, send or send_by_http)
        sent, failed = sent + count, failed + (not ended_well)
    return Delivered(sent, failed)


def _deliver(key: int, clock: Clock, send: Send) -> tuple[int, bool]:
    """Send to one address; how many facts it took, and whether it took all that were offered."""
    until = _lease(key, clock())
    webhook = WebhookEndpoint.objects.select_related("user").filter(pk=key).first() if until else None
    if until is None or webhook is None or not webhook.user.is_active or not is_let_in(webhook.user):
        _release(key, until)
        return 0, True
    count = 0
    while count < limits().facts_per_pass:
        facts = facts_after(webhook.cursor, until=_settled(clock()), limit=limits().batch)
        if not facts:
            break
        told = told_to(webhook.user, [fact for fact in facts if not webhook.verbs or fact.verb in webhook.verbs])
        for fact in told:
            try:
                send(webhook, *signed(webhook, fact, clock()))
            except NotTaken as error:
                _put_off(webhook, until, str(error), clock())
                return count, False
            count += 1
            webhook.cursor = fact.pk
            until = _advance(webhook, until, clock(), delivered=True)
            if until is None:  # replayed or removed meanwhile
                return count, True
        webhook.cursor = facts[-1].pk
        until = _advance(webhook, until, clock(), delivered=False)
        if until is None:
            return count, True
    _release(key, until)
    return count, True


def _settled(at: datetime) -> datetime:
    """Before this instant no fact is still being written; SQLite has one writer, so its numbers come in order."""
    return at if connection.vendor == "sqlite" else at - timedelta(seconds=limits().settle_s)


def _lease(key: int, at: datetime) -> datetime | None:
    until = at + timedelta(seconds=limits().lease_s)
    free = WebhookEndpoint.objects.filter(pk=key).filter(Q(leased_until=None) | Q(leased_until__lt=at))
    return until if free.update(leased_until=until) else None


def _advance(webhook: WebhookEndpoint, until: datetime, at: datetime, *, delivered: bool) -> datetime | None:
    """Move the cursor and hold the address longer; ``None`` where another has it by now."""
    longer = at + timedelta(seconds=limits().lease_s)
    news = {"delivered_at": at, "failures": 0, "next_try_at": None, "last_error": ""} if delivered else {}
    own = WebhookEndpoint.objects.filter(pk=webhook.pk, leased_until=until)
    return longer if own.update(cursor=webhook.cursor, leased_until=longer, **news) else None


def _put_off(webhook: WebhookEndpoint, until: datetime, error: str, at: datetime) -> None:
    failures = webhook.failures + 1
    next_try_at = at + timedelta(seconds=wait_s(failures))
    WebhookEndpoint.objects.filter(pk=webhook.pk, leased_until=until).update(
        failures=failures, next_try_at=next_try_at, last_error=error[:200], leased_until=None
    )
    log.warning("webhook %s: %s; next try at %s", webhook.pk, error, localtime(next_try_at).isoformat())


def _release(key: int, until: datetime | None) -> None:
    if until is not None:
        WebhookEndpoint.objects.filter(pk=key, leased_until=until).update(leased_until=None)


def wait_s(failures: int) -> int:
    """Seconds to wait after ``failures`` in a row: doubled with each, up to the longest."""
    doubled: int = limits().first_wait_s << min(failures - 1, 40)
    return min(doubled, limits().longest_wait_s)


def signed(webhook: WebhookEndpoint, fact: Fact, at: datetime) -> tuple[bytes, dict[str, str]]:
    """The body of a delivery and its headers. The signature covers the time of sending and the body."""
    kind, _, name = fact.subject.partition(":")
    payload = {
        "sequence": fact.pk,
        "event": fact.verb,
        "event_name": verb_names().get(fact.verb, fact.verb),
        "kind": kind,
        "number": name,
        "division": fact.division,
        "document": fact.document,
        "recorded_at": localtime(fact.recorded_at).isoformat(),
        "before": fact.before,
        "after": fact.after,
    }
    body = json.dumps(payload, ensure_ascii=False).encode()
    seconds = int(at.timestamp())
    return body, {
        "Content-Type": "application/json",
        "User-Agent": "wufei",
        "Wufei-Sequence": str(fact.pk),
        "Wufei-Signature": f"t={seconds},v1={signature(webhook.secret, seconds, body)}",
    }


def signature(secret: str, seconds: int, body: bytes) -> str:
    """HMAC-SHA256 over ``<seconds>.<body>``, in hex."""
    return hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()


def send_by_http(webhook: WebhookEndpoint, body: bytes, headers: dict[str, str]) -> None:
    """Post one delivery to the address that was checked; no redirect is followed, and the answer is not read."""
    try:
        target = target_of(webhook.url)
        url = httpx.URL(webhook.url)
        host = url.netloc.decode()
        request = httpx.Request(
            "POST",
            url.copy_with(host=target.address),
            headers=headers | {"Host": host},
            content=body,
            extensions={"sni_hostname": target.host},
        )
        with httpx.Client(timeout=limits().timeout_s, trust_env=False, follow_redirects=False) as client:
            answer = client.send(request, stream=True)
            answer.close()
    except NotAllowed as error:
        raise NotTaken(str(error)) from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise NotTaken(f"连不上：{type(error).__name__}。请检查对方的服务。") from error
    if not 200 <= answer.status_code < 300:
        raise NotTaken(f"对方答复 {answer.status_code}，应是 2xx。请检查对方的服务。")
