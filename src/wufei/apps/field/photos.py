"""Pictures from phones: they come in parts, after the events that name them, and can go on where they stopped.

Invariant: a picture counts as here only when the bytes have the digest that the event signed. Files lie in
``WUFEI_HOME/field_photos/``; what is half there ends in ``.part``.
"""

import os
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.db import transaction

from wufei.apps.facts.services import record_fact
from wufei.apps.field.models import FieldDevice, FieldPhoto
from wufei.core.findings import Finding, Refused

LARGEST = 5 * 1024 * 1024  # bytes; a phone sends about 200 kB
HEADS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


def _folder(digest: str) -> Path:
    return Path(settings.HOME) / "field_photos" / digest[:2]


def photo_file(digest: str) -> Path:
    """Where the whole picture lies."""
    return _folder(digest) / digest


def _part(digest: str) -> Path:
    return _folder(digest) / f"{digest}.part"


def wanted_photos(device: FieldDevice) -> list[str]:
    """Digests of the pictures that the device's events name and that are not here."""
    rows = FieldPhoto.objects.filter(event__device=device, completed_at=None).order_by("id")
    return list(dict.fromkeys(rows.values_list("digest", flat=True)))


def received_bytes(digest: str) -> int:
    """How much of a picture is here."""
    for path in (photo_file(digest), _part(digest)):
        if path.exists():
            return path.stat().st_size
    return 0


def add_part(device: FieldDevice, digest: str, *, offset: int, content: bytes, is_last: bool, at: datetime) -> int:
    """Take the bytes of a picture from ``offset`` on; returns how many are here.

    Raises:
        Refused: no event of the device names it, it is too large, or the whole has another digest (it begins anew).
    """
    rows = FieldPhoto.objects.filter(event__device=device, digest=digest)
    if not rows.exists():
        what = "没有记录提到这张照片。"
        raise Refused([Finding(None, "digest", what, "请先同步记录，再上传照片。", "photo_unknown")])
    if photo_file(digest).exists():
        _complete(device, digest, photo_file(digest).stat().st_size, at)
        return photo_file(digest).stat().st_size
    if not 0 <= offset <= LARGEST - len(content):
        what = f"照片超过 {LARGEST // 1024**2} MB。"
        raise Refused([Finding(None, "size", what, "请重新拍照，页面会缩小照片。", "photo_too_large")])
    held = received_bytes(digest)
    if offset > held:
        return held  # the phone goes on from there
    _folder(digest).mkdir(parents=True, exist_ok=True)
    with _part(digest).open("r+b" if _part(digest).exists() else "w+b") as file:
        file.seek(offset)
        file.write(content)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
    if is_last:
        _finish(device, digest, at)
    return offset + len(content)


def _finish(device: FieldDevice, digest: str, at: datetime) -> None:
    part = _part(digest)
    content = part.read_bytes()
    if sha256(content).hexdigest() != digest or not any(content.startswith(head) for head in HEADS):
        part.unlink()
        what = "照片的内容与记录中的摘要不符，或不是 JPEG、PNG。"
        raise Refused([Finding(None, "digest", what, "请从头重新上传。", "photo_differs")])
    part.replace(photo_file(digest))
    _sync_folder(_folder(digest))
    _complete(device, digest, len(content), at)


def _sync_folder(folder: Path) -> None:
    """Let the new name outlast a power cut, before the row says that the picture is here."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@transaction.atomic
def _complete(device: FieldDevice, digest: str, size: int, at: datetime) -> None:
    changed = FieldPhoto.objects.filter(event__device=device, digest=digest, completed_at=None).update(
        size=size, completed_at=at
    )
    if changed:
        record_fact(
            at=at,
            actor=device.user.username,
            verb="receive_field_photo",
            subject=f"field_photo:{digest}",
            division=device.organisation.division_id,
            after={"size": size},
        )


def content_type(digest: str) -> str:
    """The kind of a picture by its first bytes."""
    with photo_file(digest).open("rb") as file:
        start = file.read(8)
    return next(kind for head, kind in HEADS.items() if start.startswith(head))
