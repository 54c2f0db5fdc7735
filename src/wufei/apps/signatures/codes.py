"""One-time codes (一次性签名码): a party without account signs on their own phone, with the code on another's screen.

The host (who has an account and may have this document signed) gets a link and a code of six digits; the party opens
the link, reads what is to be signed, types the code and their name. Invariant: a code signs once, only the content
for which it was made, within minutes, and dies after a few wrong tries. There is no lasting secret.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from wufei.apps.facts.services import record_fact
from wufei.apps.registry.models import User
from wufei.apps.signatures.keys import kept_key
from wufei.apps.signatures.models import Method, OneTimeCode, Signature
from wufei.apps.signatures.reference import limits, slot_name
from wufei.apps.signatures.signing import Act, Part, keep
from wufei.apps.signatures.subjects import Asked, kind_of
from wufei.apps.signatures.vault import is_same, keyed_digest
from wufei.core.findings import Finding, Refused
from wufei.core.signature import content_hash, whole_milliseconds

LONGEST_NAME = 30


@dataclass(frozen=True, slots=True)
class Issued:
    """What the host's screen shows, once: neither part can be read again later."""

    row: OneTimeCode
    token: str
    code: str


def _token_digest(token: str) -> str:
    return keyed_digest(token, purpose="one-time-link")


def _code_digest(token: str, code: str) -> str:
    return keyed_digest(f"{token}\n{code}", purpose="one-time-code")


def masked_phone(phone: str) -> str:
    """A phone as it is kept: 138****5678."""
    digits = "".join(c for c in phone if c.isascii() and c.isdigit())
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 8 else "****" if digits else ""


@transaction.atomic
def issue_one_time_code(
    *,
    subject: str,
    slot: str,
    event: str,
    host: User,
    at: datetime,
    party_name: str = "",
    phone: str = "",
    payload: Mapping[str, Any] | None = None,
) -> Issued:
    """Make a code for what the document would have signed at this moment; earlier ones for the same are void.

    Raises:
        Refused: the host may not have this signed, or there is nothing to sign.
    """
    asked = Asked(subject, slot, event, payload or {})
    kind = kind_of(subject)
    if kind is None or not kind.may_host(host, asked):
        what = f"您不能请别人在“{subject}”上签名。"
        raise Refused([Finding(None, "", what, "请由经办这份文件的单位发起。", "no_host")])
    content = kind.content(asked)
    if content is None:
        if found := kind.why_not(asked):
            raise Refused([replace(f, field="") for f in found])
        what = f"“{subject}”现在没有要由“{slot_name(slot)}”签的内容。"
        raise Refused([Finding(None, "", what, "请刷新文件，查看现在的状态。", "nothing_to_sign")])
    OneTimeCode.objects.filter(subject=subject, slot=slot, event=event, used_at=None, voided_at=None).update(
        voided_at=at
    )
    token = secrets.token_urlsafe(24)
    digits = limits()["code_digits"]
    code = f"{secrets.randbelow(10**digits):0{digits}}"
    row = OneTimeCode.objects.create(
        subject=subject,
        slot=slot,
        event=event,
        content_hash=content_hash(content),
        payload=dict(payload or {}),
        organisation=kind.party(asked),
        party_name=party_name.strip()[:LONGEST_NAME],
        phone_masked=masked_phone(phone),
        code_digest=_code_digest(token, code),
        token_digest=_token_digest(token),
        issued_by=host,
        issued_at=at,
        expires_at=at + timedelta(minutes=limits()["code_minutes"]),
    )
    _tell("issue_code", row, host.username, at)
    return Issued(row, token, code)


def find_code(token: str) -> OneTimeCode | None:
    """The code to which a link leads, or ``None``."""
    joined = OneTimeCode.objects.select_related("organisation", "issued_by", "signature")
    return joined.filter(token_digest=_token_digest(token)).first()


def why_dead(row: OneTimeCode, *, at: datetime) -> Finding | None:
    """Why the code signs nothing any more, or ``None``."""
    again = "请对方在其屏幕上重新出示签名码。"
    if row.used_at is not None:
        return Finding(None, "", "这个签名码已经用过。", "文件已签，不必再签。", "code_used")
    if row.voided_at is not None:
        return Finding(None, "", "这个签名码已经作废：文件有改动，或已出示新的签名码。", again, "code_void")
    if at >= row.expires_at:
        return Finding(None, "", f"这个签名码已超过 {limits()['code_minutes']} 分钟，失效了。", again, "code_expired")
    if row.attempts >= limits()["code_attempts"]:
        return Finding(None, "", f"签名码输错已达 {limits()['code_attempts']} 次，失效了。", again, "code_worn_out")
    return None


def redeem_one_time_code(
    token: str, code: str, *, name: str, at: datetime, evidence: Mapping[str, Any] | None = None
) -> Signature:
    """Sign by the code. Call it outside a transaction: a wrong try is counted even though it is refused.

    Raises:
        Refused: no such link, a dead code, no name, a wrong code, or a document that has changed since.
    """
    with transaction.atomic():
        row = _try(token, name, at)
    name = " ".join(name.split())
    if not is_same(row.code_digest, _code_digest(token, code.strip())):
        left = limits()["code_attempts"] - row.attempts
        with transaction.atomic():
            _tell("mistype_code", row, "one_time_code", at)
        what = f"签名码不对，还可以试 {left} 次。" if left else "签名码不对，这个签名码失效了。"
        raise Refused([Finding(None, "code", what, "请核对对方屏幕上的六位数字。", "wrong_code")])
    asked = Asked(row.subject, row.slot, row.event, row.payload)
    kind = kind_of(row.subject)
    content = kind.content(asked) if kind else None
    if kind is None or content is None or content_hash(content) != row.content_hash:
        with transaction.atomic():
            OneTimeCode.objects.filter(pk=row.pk).update(voided_at=at)
            _tell("void_code", row, "one_time_code", at)
        what = "出示签名码之后，文件内容有了改动，这个签名码作废。"
        raise Refused([Finding(None, "", what, "请对方重新出示签名码，核对内容后再签。", "content_changed")])
    with transaction.atomic():
        if not OneTimeCode.objects.filter(pk=row.pk, used_at=None, voided_at=None).update(used_at=at):
            raise Refused([Finding(None, "", "这个签名码已经用过。", "文件已签，不必再签。", "code_used")])
        act = Act(
            None,
            f"name:{name}",
            name,
            row.organisation,
            Method.ONE_TIME_CODE,
            whole_milliseconds(at),
            None,
            at,
            {"host": row.issued_by.username, "code": row.pk, **(evidence or {})},
        )
        part = Part(row.subject, row.slot, row.event, content)
        signature = keep(act, [part], kept_key(None, at=at), None, {})[0]
        OneTimeCode.objects.filter(pk=row.pk).update(signature=signature)
        kind.on_signed(signature, asked, at)
    return signature


def _try(token: str, name: str, at: datetime) -> OneTimeCode:
    """The living code of a link, with one more try counted."""
    row = find_code(token)
    if row is None:
        what = "没有这个签名链接。"
        raise Refused([Finding(None, "", what, "请对方重新出示签名码。", "unknown_link")])
    findings = []
    if dead := why_dead(row, at=at):
        findings.append(dead)
    if not 1 < len(" ".join(name.split())) <= LONGEST_NAME:
        what = f"姓名应为 2 至 {LONGEST_NAME} 个字。"
        findings.append(Finding(None, "name", what, "请填写您的真实姓名。", "bad_name"))
    if findings:
        raise Refused(findings)
    # Counted before the code is compared, and only while tries are left: two at once get no extra one.
    living = OneTimeCode.objects.filter(pk=row.pk, attempts__lt=limits()["code_attempts"])
    if not living.update(attempts=F("attempts") + 1):
        what = f"签名码输错已达 {limits()['code_attempts']} 次，失效了。"
        raise Refused([Finding(None, "", what, "请对方在其屏幕上重新出示签名码。", "code_worn_out")])
    row.refresh_from_db(fields=["attempts"])
    return row


def _tell(verb: str, row: OneTimeCode, actor: str, at: datetime) -> None:
    division = row.organisation.division_id if row.organisation else row.issued_by.division_id or ""
    record_fact(
        at=at,
        actor=actor,
        verb=verb,
        subject=row.subject,
        division=division,
        document=f"one_time_code:{row.pk}",
        after={"slot": row.slot, "event": row.event, "attempts": row.attempts},
    )
