"""Writes of keys: the one that the server keeps for a person, and those of a person's devices."""

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import IntegrityError, transaction

from wufei.apps.facts.services import record_fact
from wufei.apps.registry.models import User
from wufei.apps.signatures.models import SigningKey
from wufei.apps.signatures.vault import seal, unseal
from wufei.core.chain import public_key_of
from wufei.core.findings import Finding, Refused
from wufei.core.signature import Algorithm, is_public_key, key_id, sign_bytes

LONGEST_NAME = 60
MOST_DEVICES = 20  # living keys of one person: more is a mistake of a program
INSTALLATION = "installation"


def _actor(user: User | None) -> str:
    return user.username if user else INSTALLATION


def kept_key(user: User | None, *, at: datetime) -> SigningKey:
    """The living key that the server keeps for ``user`` (for the installation where ``None``), made on first use."""
    found = SigningKey.objects.filter(user=user, revoked_at=None, private_key_sealed__isnull=False).first()
    if found is not None:
        return found
    private = Ed25519PrivateKey.generate().private_bytes_raw()
    public = public_key_of(private)
    try:
        with transaction.atomic():
            made = SigningKey.objects.create(
                user=user,
                algorithm=Algorithm.ED25519,
                public_key=public,
                key_id=key_id(public),
                private_key_sealed=seal(private, bound_to=public),
                created_at=at,
            )
            _tell("register_key", made, user, at)
    except IntegrityError:  # another process was first
        return SigningKey.objects.get(user=user, revoked_at=None, private_key_sealed__isnull=False)
    return made


def sign_with(key: SigningKey, message: bytes) -> bytes:
    """Sign with a key that the server keeps. Raises ``vault.SealBroken``."""
    assert key.private_key_sealed is not None, key
    return sign_bytes(message, unseal(bytes(key.private_key_sealed), bound_to=bytes(key.public_key)))


@transaction.atomic
def register_device_key(*, user: User, device: str, algorithm: str, public_key: bytes, at: datetime) -> SigningKey:
    """Make the public key of a person's device known. The same key again is answered with the one there is.

    Raises:
        Refused: no name, no key of this kind, the key of someone else or a revoked one, or too many devices.
    """
    device = device.strip()
    if algorithm not in set(Algorithm) or not is_public_key(Algorithm(algorithm), public_key):
        what = "设备送来的公钥读不懂：应为 Ed25519（32 字节）或 P-256（65 字节）。"
        raise Refused([Finding(None, "public_key", what, "请在该设备上重新生成密钥。", "bad_public_key")])
    if not device or len(device) > LONGEST_NAME:
        what = f"设备名称有 {len(device)} 个字，应为 1 至 {LONGEST_NAME} 个。"
        raise Refused(
            [Finding(None, "device", what, "请给设备起一个认得出的名称，如“地磅手机”。", "bad_device_name")]
        )
    known = SigningKey.objects.filter(key_id=key_id(public_key)).first()
    if known is not None:
        if known.user_id != user.pk or known.revoked_at:
            what = "这把密钥已登记在别人名下，或已吊销。"
            raise Refused([Finding(None, "public_key", what, "请在该设备上重新生成密钥。", "key_taken")])
        return known
    if SigningKey.objects.filter(user=user, revoked_at=None).exclude(device="").count() >= MOST_DEVICES:
        what = f"您已有 {MOST_DEVICES} 台设备的密钥。"
        raise Refused([Finding(None, "device", what, "请先吊销不用的设备。", "too_many_devices")])
    made = SigningKey.objects.create(
        user=user,
        device=device,
        algorithm=algorithm,
        public_key=public_key,
        key_id=key_id(public_key),
        created_at=at,
    )
    _tell("register_key", made, user, at)
    return made


@transaction.atomic
def rename_device(key: SigningKey, *, device: str, at: datetime) -> None:
    """Give a device another name. Raises ``Refused``."""
    device = device.strip()
    if not key.device or not device or len(device) > LONGEST_NAME:
        what = f"设备名称应为 1 至 {LONGEST_NAME} 个字；服务器保管的密钥没有设备名称。"
        raise Refused([Finding(None, "device", what, "请改写名称。", "bad_device_name")])
    before = key.device
    key.device = device
    key.save(update_fields=["device"])
    _tell("rename_key", key, key.user, at, before={"device": before}, after={"device": device})


@transaction.atomic
def revoke_key(key: SigningKey, *, actor: str, at: datetime) -> None:
    """End a key: what it signed stays valid, and it signs nothing any more. Once is enough."""
    held = SigningKey.objects.select_for_update().get(pk=key.pk)
    if held.revoked_at is None:
        held.revoked_at = at
        held.save(update_fields=["revoked_at"])
        _tell("revoke_key", held, held.user, at, actor=actor)


def _tell(
    verb: str,
    key: SigningKey,
    user: User | None,
    at: datetime,
    *,
    actor: str = "",
    before: object = None,
    after: object = None,
) -> None:
    record_fact(
        at=at,
        actor=actor or _actor(user),
        verb=verb,
        subject=f"signing_key:{key.key_id}",
        division=(user.division_id or "") if user else "",
        before=before,
        after=after or {"device": key.device, "algorithm": str(key.algorithm)},
    )
