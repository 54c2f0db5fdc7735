"""Writes of delegations: an organisation lets others sign for it, with a file that shows it."""

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from django.db import transaction

from wufei.apps.facts.services import record_fact
from wufei.apps.registry.models import Organisation, User
from wufei.apps.registry.selectors import FIRM_ROLES
from wufei.apps.signatures.models import Delegation, EvidenceFile
from wufei.apps.signatures.reference import limits, named_slots
from wufei.core.catalogue import DOMAINS
from wufei.core.findings import Finding, Refused

# The first bytes of what may be evidence: the name of a file says nothing.
KINDS = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """An uploaded file."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class NewDelegation:
    """What is asked: ``receiver`` is a user name, or a credit code or name of an organisation."""

    receiver: str
    slots: tuple[str, ...]
    profiles: tuple[str, ...]
    valid_from: date
    valid_until: date


def evidence_findings(evidence: Evidence | None) -> list[Finding]:
    """What is wrong with a file as evidence."""
    if evidence is None or not evidence.content:
        return [Finding(None, "evidence", "没有上传凭证文件。", "请上传 PDF、JPG 或 PNG 文件。", "no_evidence")]
    most = limits()["evidence_bytes"]
    if len(evidence.content) > most:
        what = f"凭证文件有 {len(evidence.content) / 1024**2:.1f} MB，最多 {most // 1024**2} MB。"
        return [Finding(None, "evidence", what, "请压缩或分页后上传。", "evidence_too_large")]
    if not any(evidence.content.startswith(head) for head in KINDS):
        what = f"凭证文件“{evidence.name}”不是 PDF、JPG 或 PNG。"
        return [Finding(None, "evidence", what, "请转成 PDF、JPG 或 PNG 后上传。", "evidence_kind")]
    return []


def keep_evidence(evidence: Evidence, *, at: datetime) -> EvidenceFile:
    """Keep a file once by its digest. Check it with ``evidence_findings`` before."""
    kind = next(kind for head, kind in KINDS.items() if evidence.content.startswith(head))
    row, _ = EvidenceFile.objects.get_or_create(
        digest=sha256(evidence.content).hexdigest(),
        defaults={
            "name": evidence.name[-200:],
            "content_type": kind,
            "content": evidence.content,
            "created_at": at,
        },
    )
    return row


@transaction.atomic
def give_delegation(
    *, giver: Organisation, new: NewDelegation, evidence: Evidence | None, by: User, at: datetime
) -> Delegation:
    """Let someone sign for ``giver``. Raises ``Refused`` with everything that is wrong."""
    findings = evidence_findings(evidence)
    person, organisation = _receiver(new.receiver.strip(), giver, findings)
    if unknown := sorted(set(new.slots) - {slot.slot for slot in named_slots()}):
        what = f"没有签名席位“{'、'.join(unknown)}”。"
        findings.append(Finding(None, "slots", what, "请从列表中选择。", "unknown_slot"))
    if unknown := sorted(set(new.profiles) - set(DOMAINS)):
        what = f"没有领域“{'、'.join(unknown)}”。"
        findings.append(Finding(None, "profiles", what, "请从列表中选择。", "unknown_profile"))
    if new.valid_until < new.valid_from:
        what = f"止期 {new.valid_until} 早于起期 {new.valid_from}。"
        findings.append(Finding(None, "valid_until", what, "请改正日期。", "dates_reversed"))
    if findings:
        raise Refused(findings)
    assert evidence is not None
    row = Delegation.objects.create(
        giver=giver,
        receiver_person=person,
        receiver_firm=person.organisation if person else None,
        receiver_organisation=organisation,
        slots=sorted(new.slots),
        profiles=sorted(new.profiles),
        valid_from=new.valid_from,
        valid_until=new.valid_until,
        evidence=keep_evidence(evidence, at=at),
        created_by=by,
        created_at=at,
    )
    after = {"receiver": person.username if person else f"organisation:{organisation.pk}" if organisation else ""}
    after |= {"until": new.valid_until.isoformat(), "evidence": row.evidence.digest}
    record_fact(
        at=at,
        actor=by.username,
        verb="give_delegation",
        subject=f"delegation:{row.pk}",
        division=giver.division_id,
        after=after,
    )
    return row


@transaction.atomic
def revoke_delegation(row: Delegation, *, by: User, at: datetime) -> None:
    """End a delegation: what was signed on it stays. Once is enough."""
    held = Delegation.objects.select_for_update(of=("self",)).select_related("giver").get(pk=row.pk)
    if held.revoked_at is not None:
        return
    held.revoked_at = at
    held.save(update_fields=["revoked_at"])
    record_fact(
        at=at,
        actor=by.username,
        verb="revoke_delegation",
        subject=f"delegation:{row.pk}",
        division=held.giver.division_id,
    )


def _receiver(text: str, giver: Organisation, findings: list[Finding]) -> tuple[User | None, Organisation | None]:
    person = (
        User.objects.filter(username=text, is_active=True).select_related("organisation").first() if text else None
    )
    if person is not None:
        if person.role not in FIRM_ROLES or person.organisation_id is None:
            what = f"受托人“{text}”不是单位的人员。"
            remedy = "主管部门和没有单位的账号不能受托签名，请委托单位或其人员。"
            findings.append(Finding(None, "receiver", what, remedy, "no_firm_person"))
        elif person.organisation_id == giver.pk:
            what = f"受托人“{text}”就是本单位的人员。"
            findings.append(Finding(None, "receiver", what, "本单位人员不需要委托即可签名。", "own_person"))
        return person, None
    rows = list(Organisation.objects.filter(credit_code=text)[:2]) if text else []
    rows = rows or (list(Organisation.objects.filter(name=text)[:2]) if text else [])
    if len(rows) != 1:
        what = f"没有找到受托人“{text}”，或有几家单位同名。"
        remedy = "请填写受托人的用户名，或受托单位的统一社会信用代码。"
        findings.append(Finding(None, "receiver", what, remedy, "unknown_receiver"))
        return None, None
    if rows[0].pk == giver.pk:
        what = "受托单位就是本单位。"
        findings.append(Finding(None, "receiver", what, "本单位人员不需要委托即可签名。", "own_organisation"))
    return None, rows[0]
