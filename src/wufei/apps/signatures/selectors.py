"""Reads of the signatures, and the one place that decides which of them a person may see.

Who sees the signatures of a document is decided by the app of the document, which calls ``signature_rows``. What
stands here: one's own keys, the delegations of one's firm, and who may read the personal data behind a signature.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from wufei.apps.registry.models import Role, User
from wufei.apps.registry.selectors import FIRM_ROLES, NOTHING, scope
from wufei.apps.signatures.models import Delegation, Method, OneTimeCode, Signature, SigningKey
from wufei.apps.signatures.reference import limits, slot_name, slot_of
from wufei.apps.signatures.signing import held_delegations, organisation_ref
from wufei.apps.signatures.verification import check_row
from wufei.core.catalogue import DOMAIN_NAMES
from wufei.core.signature import BadSignature

Person = User | AnonymousUser
REVEAL_ROLES = frozenset({Role.PROGRAMME_OFFICE, Role.ENFORCEMENT})
PAGE_SIZE = 50
Delegated = list[tuple[int, tuple[str, ...]]]  # the firm that gave it, the domains (none: all)


def visible_keys(user: Person) -> QuerySet[SigningKey]:
    """One's own keys."""
    return SigningKey.objects.filter(user=user) if isinstance(user, User) else SigningKey.objects.none()


def visible_delegations(user: Person) -> QuerySet[Delegation]:
    """Those that one's firm gave or was given, those given to oneself; for the place's office, of its firms."""
    if not isinstance(user, User) or not user.is_active:
        return Delegation.objects.none()
    seen = scope(user)
    mine = Q(receiver_person=user)
    if seen.organisation_id:
        mine |= Q(giver=seen.organisation_id) | Q(receiver_organisation=seen.organisation_id)
    elif user.role in REVEAL_ROLES and seen.sees_all_domains:
        mine |= Q(giver__division__code__startswith=seen.prefix)
    return Delegation.objects.filter(mine)


def delegated_by(user: Person, *, today: date) -> Delegated:
    """The firms that let a person sign for them on a day, with the domains (none: all); one query."""
    if not isinstance(user, User):
        return []
    rows = held_delegations(user, on=today)
    return [(row.giver_id, tuple(row.profiles)) for row in rows.only("giver_id", "profiles").order_by("id")]


def may_delegate(user: Person) -> bool:
    """Whether the person may give a delegation: people of a firm, for their firm."""
    return isinstance(user, User) and user.role in FIRM_ROLES and user.organisation_id is not None


def visible_signatures(user: Person) -> QuerySet[Signature]:
    """Signatures whose personal data the person may read: enforcement and the office, of their division."""
    seen = scope(user)
    if not isinstance(user, User) or user.role not in REVEAL_ROLES or seen.prefix == NOTHING:
        return Signature.objects.none()
    if not seen.sees_all_domains:
        return Signature.objects.none()
    return Signature.objects.filter(division__startswith=seen.prefix)


def visible_codes(user: Person) -> QuerySet[OneTimeCode]:
    """One-time codes that the person issued."""
    return OneTimeCode.objects.filter(issued_by=user) if isinstance(user, User) else OneTimeCode.objects.none()


# --- Signatures of a document -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignatureRow:
    """One signature for the page of its document."""

    pk: int
    sequence: int
    slot: str
    event: str
    username: str  # empty where somebody without an account signed
    person: str
    organisation: str
    method: str
    claimed_at: datetime
    device_at: datetime | None
    server_at: datetime
    clock_note: str
    content_hash: str
    key: str
    device: str
    on_delegation: bool
    in_round: bool
    holds: bool
    address: str  # masked
    may_reveal: bool


def masked_address(address: str) -> str:
    """A network address without its last half: 192.168.*.*."""
    parts = address.split(".")
    if len(parts) == 4:
        return ".".join(parts[:2]) + ".*.*"
    return ":".join(address.split(":")[:2]) + ":…" if ":" in address else ""


def _clock_note(row: Signature) -> str:
    tolerance = limits()["clock_tolerance_s"]
    at = row.device_at or row.claimed_at
    ahead = (at - row.server_at).total_seconds()
    if ahead > tolerance:
        return f"比服务器收到时快 {ahead / 60:.0f} 分钟，请核对设备时钟"
    late = (row.server_at - row.claimed_at).total_seconds()
    return f"签后 {_span(late)}才上传" if late > tolerance else ""


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} 分钟"
    return f"{minutes // 60} 小时" if minutes < 60 * 48 else f"{minutes // (60 * 24)} 天"


def signatures_of(subject: str) -> QuerySet[Signature]:
    """The signatures of a document. Ask only for a document that the reader may see."""
    return Signature.objects.filter(subject=subject).select_related("key", "organisation")


def signature_rows(
    subject: str, *, user: Person, contents: Mapping[str, Any] | None = None
) -> tuple[SignatureRow, ...]:
    """The signatures of a document in their order; one query. Ask only for a document that ``user`` may see.

    ``contents`` are all versions of the document by their hash, where the caller has read them: else each signature
    asks for its own.
    """
    rows = Signature.objects.filter(subject=subject)
    seen = scope(user)
    reveals = isinstance(user, User) and user.role in REVEAL_ROLES and seen.sees_all_domains
    return tuple(
        _row(row, contents, may_reveal=reveals and bool(row.division) and seen.covers(row.division))
        for row in rows.select_related("key", "organisation", "person").order_by("sequence")
    )


def _holds(row: Signature, contents: Mapping[str, Any] | None) -> bool:
    try:
        check_row(row, contents)
    except BadSignature:
        return False
    return True


def _row(row: Signature, contents: Mapping[str, Any] | None, *, may_reveal: bool) -> SignatureRow:
    return SignatureRow(
        pk=row.pk,
        sequence=row.sequence,
        slot=slot_name(row.slot),
        event=row.event,
        username=row.person.username if row.person else "",
        person=row.person_name,
        organisation=row.organisation.name if row.organisation else "—",
        method=Method(row.method).label,
        claimed_at=row.claimed_at,
        device_at=row.device_at,
        server_at=row.server_at,
        clock_note=_clock_note(row),
        content_hash=row.content_hash,
        key=row.key.key_id,
        device=row.key.device,
        on_delegation=row.delegation_id is not None,
        in_round=row.round_path is not None,
        holds=_holds(row, contents),
        address=masked_address(str(row.evidence.get("address", ""))),
        may_reveal=may_reveal,
    )


# --- Keys and delegations -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key of mine."""

    pk: int
    device: str
    is_device: bool
    algorithm: str
    key_id: str
    created_at: datetime
    revoked_at: datetime | None


ALGORITHMS = {"ed25519": "Ed25519", "ecdsa-p256": "ECDSA P-256"}


def key_rows(user: Person) -> tuple[KeyRow, ...]:
    """My keys, living ones first; one query."""
    rows = sorted(visible_keys(user), key=lambda row: (row.revoked_at is not None, -row.pk))
    return tuple(
        KeyRow(
            row.pk,
            row.device or "服务器保管",
            bool(row.device),
            ALGORITHMS.get(row.algorithm, row.algorithm),
            row.key_id,
            row.created_at,
            row.revoked_at,
        )
        for row in rows
    )


def identity(user: User) -> dict[str, object]:
    """How the person stands in a statement, and the keys of their devices: what a device needs to sign offline."""
    return {
        "person": user.username,
        "name": str(user),
        "organisation": organisation_ref(user.organisation),
        "keys": [
            {"id": row.key_id, "device": row.device, "algorithm": row.algorithm}
            for row in visible_keys(user).filter(revoked_at=None).exclude(device="")
        ],
    }


@dataclass(frozen=True, slots=True)
class DelegationRow:
    """One delegation for the list."""

    pk: int
    giver: str
    receiver: str
    slots: str
    profiles: str
    valid_from: date
    valid_until: date
    state: str
    css: str
    evidence_name: str
    may_revoke: bool


def delegation_rows(user: Person, *, today: date, after: int = 0) -> tuple[tuple[DelegationRow, ...], int]:
    """A page of delegations, the newest first, and the key behind which the next begins (0: none); one query."""
    own = user.organisation_id if isinstance(user, User) and may_delegate(user) else None
    rows = visible_delegations(user).select_related("giver", "receiver_person", "receiver_organisation", "evidence")
    rows = rows.defer("evidence__content").order_by("-pk")
    held = list((rows.filter(pk__lt=after) if after else rows)[: PAGE_SIZE + 1])
    shown = held[:PAGE_SIZE]
    made = tuple(_delegation(row, today, may_revoke=own is not None and row.giver_id == own) for row in shown)
    return made, shown[-1].pk if len(held) > PAGE_SIZE else 0


def _delegation(row: Delegation, today: date, *, may_revoke: bool) -> DelegationRow:
    state, css = ("有效", "bg-green-lt")
    if row.revoked_at is not None:
        state, css = "已收回", "bg-secondary-lt"
    elif today > row.valid_until:
        state, css = "已到期", "bg-secondary-lt"
    elif row.receiver_person and row.receiver_person.organisation_id != row.receiver_firm_id:
        state, css = "受托人已离开原单位", "bg-secondary-lt"
    elif today < row.valid_from:
        state, css = "未生效", "bg-azure-lt"
    return DelegationRow(
        row.pk,
        row.giver.name,
        str(row.receiver_organisation or row.receiver_person),
        "、".join(slot_of(slot).name for slot in row.slots) or "全部",
        "、".join(DOMAIN_NAMES.get(domain, domain) for domain in row.profiles) or "全部",
        row.valid_from,
        row.valid_until,
        state,
        css,
        row.evidence.name,
        may_revoke and row.revoked_at is None,
    )
