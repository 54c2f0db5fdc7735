"""Signs: checks who may sign for whom, makes or checks the signature, keeps it once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Q, QuerySet
from django.utils.timezone import localdate

from wufei.apps.facts.services import record_fact
from wufei.apps.registry.models import Organisation, User
from wufei.apps.registry.selectors import FIRM_ROLES
from wufei.apps.signatures.keys import kept_key, sign_with
from wufei.apps.signatures.models import Delegation, Method, Signature, SigningKey
from wufei.apps.signatures.reference import base_of, limits, slot_name, slot_of
from wufei.core.findings import Finding, Refused
from wufei.core.signature import (
    Algorithm,
    Path,
    Statement,
    content_hash,
    holds,
    round_leaf,
    round_path,
    round_root,
    round_statement,
    whole_milliseconds,
)

ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class DeviceSignature:
    """A signature made on a person's device: which key, and 64 bytes over the statement."""

    key_id: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """One document of a round."""

    subject: str
    slot: str
    event: str
    content: Any
    profile: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """What all signatures of one act have in common."""

    person: User | None
    person_ref: str
    person_name: str
    organisation: Organisation | None
    method: str
    claimed_at: datetime
    device_at: datetime | None
    server_at: datetime
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def statement(self, part: Part, hashed: str, key: str) -> Statement:
        """What is signed of one document."""
        return Statement(
            part.subject,
            part.slot,
            part.event,
            hashed,
            self.person_ref,
            organisation_ref(self.organisation),
            self.claimed_at,
            self.device_at,
            key,
        )


def organisation_ref(organisation: Organisation | None) -> str:
    """An organisation as the statement names it: by credit code, else by its number here."""
    if organisation is None:
        return ""
    return organisation.credit_code or f"organisation:{organisation.pk}"


# --- Who may sign for whom ----------------------------------------------------------------------------------------


def authority(
    person: User, *, slot: str, organisation: Organisation | None, profile: str, at: datetime
) -> Delegation | None:
    """The delegation on which ``person`` may sign in ``slot`` for ``organisation``; ``None``: by their own right.

    Raises:
        Refused: neither their own organisation with a fitting role, nor a delegation that is valid on the day.
    """
    name = slot_name(slot)
    if not person.is_active:
        raise _refused(f"账号“{person.username}”已停用，不能签名。", "请联系无废办恢复账号。", "inactive_person")
    own = organisation.pk if organisation else None
    if person.organisation_id == own:
        if person.role in slot_of(slot).roles:
            return None
        what = f"您的角色是“{person.get_role_display()}”，不能作为“{name}”签名。"
        raise _refused(what, "请由有相应角色的人员签名，或请无废办调整角色。", "wrong_role")
    if organisation is None:
        what = f"“{name}”由主管部门签名，您的账号属于单位“{person.organisation}”。"
        raise _refused(what, "请由主管部门的人员签名。", "wrong_organisation")
    found = valid_delegation(person, slot=slot, organisation=organisation, profile=profile, at=at)
    if found is None:
        what = f"“{name}”应由“{organisation.name}”签名，您不属于该单位，也没有当日有效的委托。"
        remedy = f"请“{organisation.name}”在“签名委托”页上传委托书，委托您或您的单位，或由其人员签名。"
        raise _refused(what, remedy, "no_authority")
    return found


def held_delegations(person: User, *, on: date) -> QuerySet[Delegation]:
    """Those that let a person sign on a day: given to their firm, or to them while they are of that firm."""
    firm = person.organisation_id
    if not person.is_active or person.role not in FIRM_ROLES or firm is None:
        return Delegation.objects.none()
    to = Q(receiver_person=person, receiver_firm=firm) | Q(receiver_organisation=firm)
    return Delegation.objects.filter(to, revoked_at=None, valid_from__lte=on, valid_until__gte=on)


def valid_delegation(
    person: User, *, slot: str, organisation: Organisation, profile: str, at: datetime
) -> Delegation | None:
    """The oldest delegation by ``organisation`` that covers the person, the slot, the domain and the day."""
    rows = held_delegations(person, on=localdate(at)).filter(giver=organisation).order_by("id")
    for row in rows:
        covers_slot = not row.slots or base_of(slot) in row.slots
        if covers_slot and (not row.profiles or profile in row.profiles):
            return row
    return None


def _refused(what: str, remedy: str, code: str) -> Refused:
    return Refused([Finding(None, "", what, remedy, code)])


# --- Signing ------------------------------------------------------------------------------------------------------


def sign(
    *,
    subject: str,
    slot: str,
    event: str,
    content: Any,
    person: User,
    claimed_at: datetime,
    server_at: datetime,
    organisation: Organisation | None = None,
    device_at: datetime | None = None,
    device_signature: DeviceSignature | None = None,
    profile: str = "",
    evidence: Mapping[str, Any] | None = None,
) -> Signature:
    """Sign one document. Signing the same content again in the same slot at the same event gives the one there is.

    Args:
        organisation: for whom; the person's own where ``None``.
        device_signature: made on the person's device over the statement; without it the server's key signs.
        profile: the domain of the document, for delegations that are limited to some.
        evidence: personal data about the act (address, user agent), shown masked.

    Raises:
        Refused: no authority, or the device's key or signature does not hold. Nothing is kept.
        core.signature.NotCanonical: the content has no canonical form (a mistake of the caller).
    """
    part = Part(subject, slot, event, content, profile)
    return sign_many(
        parts=[part],
        person=person,
        claimed_at=claimed_at,
        server_at=server_at,
        organisation=organisation,
        device_at=device_at,
        device_signature=device_signature,
        evidence=evidence,
    )[0]


@transaction.atomic
def sign_many(
    *,
    parts: Sequence[Part],
    person: User,
    claimed_at: datetime,
    server_at: datetime,
    organisation: Organisation | None = None,
    device_at: datetime | None = None,
    device_signature: DeviceSignature | None = None,
    evidence: Mapping[str, Any] | None = None,
) -> list[Signature]:
    """Sign several documents in one act: the root over all of them is signed once, each keeps its way to the root.

    One document alone is signed as such. Raises as ``sign``.
    """
    assert parts
    if len(parts) > limits()["round_documents"]:
        what = f"一次签了 {len(parts)} 份文件，最多 {limits()['round_documents']} 份。"
        raise _refused(what, "请分几次签名。", "too_many_documents")
    organisation = organisation or person.organisation
    granted = {
        (part.slot, part.profile): authority(
            person, slot=part.slot, organisation=organisation, profile=part.profile, at=server_at
        )
        for part in {(part.slot, part.profile): part for part in parts}.values()
    }
    act = Act(
        person,
        person.username,
        str(person),
        organisation,
        Method.DEVICE if device_signature else Method.SESSION,
        whole_milliseconds(claimed_at),
        whole_milliseconds(device_at) if device_at else None,
        server_at,
        evidence or {},
    )
    key = _device_key(person, device_signature) if device_signature else kept_key(person, at=server_at)
    return keep(act, parts, key, device_signature, granted)


def keep(
    act: Act,
    parts: Sequence[Part],
    key: SigningKey,
    device_signature: DeviceSignature | None,
    granted: Mapping[tuple[str, str], Delegation | None],
) -> list[Signature]:
    """Make or check the signature of an act and keep one row a document. Authority was checked before."""
    hashes = [content_hash(part.content) for part in parts]
    whole = act.statement(parts[0], hashes[0], key.key_id)
    paths: list[Path | None] = [None]
    if len(parts) > 1:
        leaves = [round_leaf(p.subject, p.slot, p.event, h) for p, h in zip(parts, hashes, strict=True)]
        paths = [round_path(leaves, n) for n in range(len(leaves))]
        whole = round_statement(whole, round_root(leaves))
    message = whole.as_bytes()
    signed = device_signature.signature if device_signature else None
    if signed is not None and not holds(
        message, signed, algorithm=Algorithm(key.algorithm), public_key=bytes(key.public_key)
    ):
        what = "设备上的签名与文件内容、时间或签名人不符。"
        raise _refused(what, "请在设备上刷新文件后重新签名。", "bad_device_signature")
    there = _there(parts)
    kept = []
    for part, hashed, path in zip(parts, hashes, paths, strict=True):
        of_subject = there.setdefault(part.subject, [])
        row = next(
            (r for r in of_subject if (r.slot, r.event, r.content_hash) == (part.slot, part.event, hashed)), None
        )
        if row is None:
            signed = signed or sign_with(key, message)
            sequence = of_subject[-1].sequence + 1 if of_subject else 1
            row = _create(act, part, hashed, key, signed, path, granted.get((part.slot, part.profile)), sequence)
            of_subject.append(row)
        elif row.person_ref != act.person_ref:
            what = f"这份文件的“{slot_name(part.slot)}”已由{row.person_name}签名。"
            raise _refused(what, "不必再签；如要更正，请申请更正。", "signed_by_another")
        kept.append(row)
    return kept


def _there(parts: Sequence[Part]) -> dict[str, list[Signature]]:
    """The signatures that the documents have already, by subject, in their order; one query."""
    found: dict[str, list[Signature]] = {}
    for row in Signature.objects.filter(subject__in={part.subject for part in parts}).order_by("sequence"):
        found.setdefault(row.subject, []).append(row)
    return found


def _create(
    act: Act,
    part: Part,
    hashed: str,
    key: SigningKey,
    signed: bytes,
    path: Path | None,
    delegation: Delegation | None,
    sequence: int,
) -> Signature:
    division = act.organisation.division_id if act.organisation else ""
    if not division and act.person:
        division = act.person.division_id or ""
    row = Signature(
        subject=part.subject,
        slot=part.slot,
        event=part.event,
        sequence=sequence,
        content_hash=hashed,
        person=act.person,
        person_ref=act.person_ref,
        person_name=act.person_name,
        organisation=act.organisation,
        organisation_ref=organisation_ref(act.organisation),
        division=division,
        method=act.method,
        claimed_at=act.claimed_at,
        device_at=act.device_at,
        server_at=act.server_at,
        key=key,
        signature=signed,
        round_path=None if path is None else [list(step) for step in path],
        delegation=delegation,
        evidence=dict(act.evidence),
    )
    _number(row)
    record_fact(
        at=act.server_at,
        actor=act.person.username if act.person else act.method,
        verb="sign_document",
        subject=part.subject,
        division=division,
        document=f"signature:{row.pk}",
        after={"slot": part.slot, "event": part.event, "content_hash": hashed, "key": key.key_id},
    )
    return row


def _number(row: Signature) -> None:
    """Save ``row`` with its number of the subject, or with the next where another process took that first."""
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                row.save(force_insert=True)
                return
        except IntegrityError:
            last = Signature.objects.filter(subject=row.subject).aggregate(last=Max("sequence"))["last"] or 0
            if attempt == ATTEMPTS - 1 or last < row.sequence:
                raise
            row.sequence = last + 1


def _device_key(person: User, given: DeviceSignature) -> SigningKey:
    key = SigningKey.objects.filter(key_id=given.key_id, user=person).exclude(device="").first()
    if key is None:
        what = "签名所用的设备密钥没有登记在您名下。"
        raise _refused(what, "请在“我的签名密钥”页登记这台设备，然后重新签名。", "unknown_key")
    if key.revoked_at is not None:
        what = f"设备“{key.device}”的密钥已于 {localdate(key.revoked_at):%Y-%m-%d} 吊销。"
        raise _refused(what, "请在该设备上重新生成密钥并登记，然后重新签名。", "revoked_key")
    return key
