"""Codes that a generator's handlers get beforehand, to sign on a driver's phone without signal (经办验证码).

Invariant: a code signs once, for its firm alone, before it expires; only its digest is kept. The phone cannot tell
whether a code is right (it would have to carry what lets a thief try them all): the server does when the phone syncs.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import TextField
from django.db.models.functions import Cast

from wufei.apps.facts.services import record_fact
from wufei.apps.field.devices import may_register
from wufei.apps.field.models import FieldEvent, FieldOutcome, HandlerCode, State
from wufei.apps.registry.models import Organisation, User
from wufei.apps.signatures.vault import keyed_digest
from wufei.core.findings import Finding, Refused

DIGITS = 8
MOST = 50  # codes made in one go
VALID_DAYS = 30
MOST_WRONG = 30  # wrong codes of one firm's phones in a day: whoever types more is guessing


@dataclass(frozen=True, slots=True)
class MadeCode:
    """A code as it is shown once, when it is made."""

    name: str
    code: str
    expires_at: datetime


def _digest(organisation_id: int, code: str) -> str:
    return keyed_digest(f"{organisation_id}\n{code}", purpose="handler-code")


@transaction.atomic
def make_codes(*, user: User, name: str, count: int, at: datetime) -> list[MadeCode]:
    """Make codes for a handler of the person's own firm; they are shown once and cannot be read again."""
    name = name.strip()
    found = []
    if not may_register(user):
        what = "经办验证码由产废单位的人员发放。"
        found.append(Finding(None, "", what, "请用本单位的账号登录。", "not_authorised"))
    if not 1 <= len(name) <= 60:
        found.append(Finding(None, "name", "没有经办人姓名，或超过 60 个字。", "请填写姓名。", "name_missing"))
    if not 1 <= count <= MOST:
        what = f"要发 {count} 个，一次可发 1 至 {MOST} 个。"
        found.append(Finding(None, "count", what, "请改正个数。", "count_out_of_range"))
    if found:
        raise Refused(found)
    assert user.organisation is not None
    expires = at + timedelta(days=VALID_DAYS)
    codes = [f"{secrets.randbelow(10**DIGITS):0{DIGITS}}" for _ in range(count)]
    HandlerCode.objects.bulk_create(
        [
            HandlerCode(
                organisation=user.organisation,
                name=name,
                digest=_digest(user.organisation.pk, code),
                issued_by=user,
                issued_at=at,
                expires_at=expires,
            )
            for code in codes
        ],
        ignore_conflicts=True,  # the same digits twice: one code less, nobody signs with another's
    )
    record_fact(
        at=at,
        actor=user.username,
        verb="make_handler_codes",
        subject=f"organisation:{user.organisation.pk}",
        division=user.organisation.division_id,
        after={"name": name, "count": count},
    )
    return [MadeCode(name, code, expires) for code in codes]


def _wrong_today(event: FieldEvent, at: datetime) -> int:
    """How many events of the firm's phones were refused for a wrong code in the day before ``at``; one query."""
    others = FieldOutcome.objects.filter(
        event__device__organisation=event.device.organisation_id,
        event__received_at__gt=at - timedelta(days=1),
        state__in=[State.REFUSED, State.CONFLICT],
    ).exclude(event=event)
    told = others.annotate(told=Cast("findings", TextField())).filter(told__contains='"wrong_code"')
    return told.count()


def use_code(
    organisation: Organisation, code: str, *, event: FieldEvent, at: datetime
) -> tuple[HandlerCode | None, Finding | None]:
    """Use up a code for an event, inside its transaction; the same event again is answered with the same code."""
    if _wrong_today(event, at) >= MOST_WRONG:
        what = f"贵单位的手机一天内送来的错误验证码已达 {MOST_WRONG} 个，今天不再核对验证码。"
        remedy = "请移出单位在网页上补签这份联单，或明天重新处理。"
        return None, Finding(None, "handler/code", what, remedy, "too_many_codes")
    row = HandlerCode.objects.select_for_update().filter(digest=_digest(organisation.pk, code.strip())).first()
    again = "请移出单位在网页上补签这份联单，或换一个没有用过的验证码，然后重新处理。"
    if row is None:
        what = f"经办验证码不是“{organisation.name}”发放的。"
        return None, Finding(None, "handler/code", what, again, "wrong_code")
    if row.used_by_id not in (None, event.pk):
        return None, Finding(None, "handler/code", "经办验证码已经用过一次。", again, "code_used")
    # The day of the act, as far as it can be believed: a code may expire while the phone has no signal.
    if min(event.device_at, event.received_at) > row.expires_at:
        return None, Finding(None, "handler/code", "经办验证码在记录之前已经过期。", again, "code_expired")
    row.used_by = event
    row.save(update_fields=["used_by"])
    return row, None
