"""The secret of the installation and what is made from it: sealed private keys, digests of one-time codes.

The secret lies in ``WUFEI_HOME/signing-secret`` (readable by its owner only), made on first use. A copy of the
database without that file signs nothing and tells no code. Whoever has both can sign for everyone whose key the
server keeps: docs/signatures.md says so.
"""

import hmac
import os
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

NONCE = 12  # bytes


class SealBroken(ValueError):
    """A sealed key cannot be opened: it was sealed with another secret, or was changed. The text is Chinese."""


def _secret() -> bytes:
    path = Path(settings.HOME) / "signing-secret"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_name(f".signing-secret.{os.getpid()}")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(os.urandom(32).hex() + "\n")
            handle.flush()
            os.fsync(handle.fileno())
        try:
            os.link(made, path)  # whole or not at all, and the first of two processes wins
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return bytes.fromhex(path.read_text().strip())


def _derived(purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"wufei-{purpose}-1".encode()).derive(_secret())


def seal(private_key: bytes, *, bound_to: bytes) -> bytes:
    """Encrypt a private key so that it opens only together with the public key it belongs to."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(_derived("signing-key")).encrypt(nonce, private_key, bound_to)


def unseal(sealed: bytes, *, bound_to: bytes) -> bytes:
    """The private key. Raises ``SealBroken``."""
    try:
        return AESGCM(_derived("signing-key")).decrypt(sealed[:NONCE], sealed[NONCE:], bound_to)
    except InvalidTag:
        told = (
            "签名密钥打不开：WUFEI_HOME 里的 signing-secret 不是封存它的那一份。请恢复原文件，或吊销密钥后重新签名。"
        )
        raise SealBroken(told) from None


def keyed_digest(text: str, *, purpose: str) -> str:
    """A digest that cannot be reproduced, or tried out, without the secret."""
    return hmac.new(_derived(purpose), text.encode(), sha256).hexdigest()


def is_same(one: str, other: str) -> bool:
    """Whether two digests are the same, in a time that does not tell how far they agree."""
    return hmac.compare_digest(one, other)
