"""Phones: make one known, know it again by its signature, take its key away."""

import base64
import binascii
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from wufei.apps.facts.services import record_fact
from wufei.apps.field.models import FieldDevice
from wufei.apps.registry.models import User
from wufei.apps.registry.selectors import FIRM_ROLES
from wufei.apps.signatures.services import register_device_key, revoke_key
from wufei.core.field_sync import first_previous, request_statement
from wufei.core.findings import Finding, Refused
from wufei.core.signature import Algorithm, holds

CLOCK_TOLERANCE = timedelta(minutes=15)  # between the clock of a phone and ours, for who asks (not for what happened)
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without what looks alike


class UnknownPhone(ValueError):
    """A request that no known phone has signed. ``code`` says to the phone what to do."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.code, self.what = code, what


@dataclass(frozen=True, slots=True)
class Registration:
    """What a phone sends to become known: its name, its public key, and a signature that shows it has the key."""

    name: str
    algorithm: str
    public_key: str  # base64
    signature: str  # base64, over ``registration_statement``


def unbase64(text: object) -> bytes:
    """The bytes of a base64 text; empty where it is none."""
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        return b""


def registration_statement(name: str, public_key: str) -> bytes:
    """The bytes that a phone signs to show that it has the key which it makes known."""
    return f"wufei-field-register-1\n{name}\n{public_key}\n".encode()


def may_register(user: User) -> bool:
    """Whether the person may collect or receive with a phone: people of a firm."""
    return user.is_active and user.role in FIRM_ROLES and user.organisation_id is not None


@transaction.atomic
def register_device(user: User, asked: Registration, *, at: datetime) -> FieldDevice:
    """Make a phone known. The same key again is answered with the device there is.

    Raises:
        Refused: the person has no firm, or the key cannot be read, is another's, or was not shown to be there.
    """
    if not may_register(user):
        what = "外业手机只给产废、运输、利用处置单位的人员登记。"
        raise Refused([Finding(None, "", what, "请用单位人员的账号登录。", "not_authorised")])
    public_key = unbase64(asked.public_key)
    key = register_device_key(user=user, device=asked.name, algorithm=asked.algorithm, public_key=public_key, at=at)
    statement = registration_statement(asked.name, asked.public_key)
    if not holds(statement, unbase64(asked.signature), algorithm=Algorithm(asked.algorithm), public_key=public_key):
        what = "登记的签名与公钥不符。"
        raise Refused([Finding(None, "signature", what, "请刷新页面后重新登记。", "bad_signature")])
    found = FieldDevice.objects.filter(key=key).first()
    if found is not None:
        return found
    code = "D" + "".join(secrets.choice(ALPHABET) for _ in range(9))
    assert user.organisation is not None
    device = FieldDevice.objects.create(
        code=code, user=user, organisation=user.organisation, name=key.device, key=key, created_at=at, seen_at=at,
        head=first_previous(code),
    )  # fmt: skip
    record_fact(
        at=at,
        actor=user.username,
        verb="register_field_device",
        subject=f"field_device:{code}",
        division=user.organisation.division_id,
        after={"key": key.key_id, "name": key.device},
    )
    return device


@transaction.atomic
def revoke_device(device: FieldDevice, *, by: User, reason: str, at: datetime) -> None:
    """Take away a phone's key. What it signed stays; what it still sends is kept apart until a person settles it."""
    if not reason.strip():
        raise Refused([Finding(None, "reason", "没有写停用的理由。", "请写明理由，如手机丢失。", "reason_missing")])
    revoke_key(device.key, actor=by.username, at=at)
    record_fact(
        at=at,
        actor=by.username,
        verb="revoke_field_device",
        subject=f"field_device:{device.code}",
        division=device.organisation.division_id,
        after={"reason": reason[:200]},
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """How a phone says who it is: its code, its clock, a signature over ``core.field_sync.request_statement``."""

    device: str
    at: str
    signature: str
    method: str
    path: str
    body: bytes


def known_phone(asked: Asked, *, at: datetime) -> FieldDevice:
    """The phone that signed a request. One whose key was taken away is still known: see ``is_revoked``.

    Raises:
        UnknownPhone: no such phone, a signature that does not hold, or a clock that is far off (we answer with ours).
    """
    device = (
        FieldDevice.objects.filter(code=asked.device[:16])
        .select_related("key", "user__organisation", "organisation")
        .first()
    )
    if device is None:
        raise UnknownPhone("unknown_device", "这部手机没有登记。请登录后登记。")
    statement = request_statement(asked.method, asked.path, asked.at, asked.body)
    if not holds(
        statement,
        unbase64(asked.signature),
        algorithm=Algorithm(device.key.algorithm),
        public_key=bytes(device.key.public_key),
    ):
        raise UnknownPhone("bad_signature", "请求的签名不符。请刷新页面后重试。")
    try:
        said = datetime.fromisoformat(asked.at)
        off = abs(said - at)
    except (ValueError, TypeError):
        off = CLOCK_TOLERANCE * 2
    if off > CLOCK_TOLERANCE:
        raise UnknownPhone("clock", "手机的时钟与服务器相差太多。")
    return device


def is_revoked(device: FieldDevice) -> bool:
    """Whether the phone's key was taken away, or its person is no longer here or of another firm."""
    is_of_another = device.organisation_id != device.user.organisation_id
    return device.key.revoked_at is not None or is_of_another or not may_register(device.user)
