"""Files of a manifest (监测报告): kept by their SHA-256, which stands in the document and is sealed with it.

Invariant: a document names only files that the firm which writes them in has brought itself.
"""

import hashlib
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from wufei.apps.facts.services import record_fact
from wufei.apps.manifests.acts import Act
from wufei.apps.manifests.models import ManifestFile
from wufei.apps.transactions import in_transaction
from wufei.core.findings import Finding, Refused
from wufei.core.manifest_document import places
from wufei.core.manifest_profiles import fields

LARGEST = 20 * 1024 * 1024
HEADS: Mapping[bytes, str] = {b"%PDF-": ".pdf", b"\xff\xd8\xff": ".jpg", b"\x89PNG\r\n\x1a\n": ".png"}


def file_path(digest: str) -> Path:
    """Where the file with this digest is kept."""
    return Path(settings.HOME) / "manifest_files" / digest[:2] / digest


def keep_file(name: str, raw: bytes, *, act: Act, field: str = "") -> ManifestFile:
    """Keep a file of the person's firm; the same one is kept once. ``field`` is where a finding points to."""
    firm = act.person.organisation
    found = []
    if firm is None:
        what = "文件由联单上的单位上传，您的账号不属于单位。"
        found.append(Finding(None, field, what, "请用单位账号。", "not_authorised"))
    if not raw.startswith(tuple(HEADS)):
        what = f"文件“{name[:60]}”不是 PDF、JPG 或 PNG。"
        found.append(Finding(None, field, what, "请转成 PDF、JPG 或 PNG 后上传。", "wrong_file_kind"))
    if len(raw) > LARGEST:
        what = f"文件“{name[:60]}”有 {len(raw) / 1024**2:.1f} MB，最多 {LARGEST // 1024**2} MB。"
        found.append(Finding(None, field, what, "请压缩后再上传。", "wrong_file_size"))
    if found or firm is None:
        raise Refused(found)
    digest = hashlib.sha256(raw).hexdigest()
    _write(file_path(digest), raw)
    title = name.replace("\0", "")[-200:] or "文件"

    def work() -> ManifestFile:
        made, is_new = ManifestFile.objects.get_or_create(
            organisation=firm,
            digest=digest,
            defaults={"name": title, "size": len(raw), "created_by": act.actor, "created_at": act.server_at},
        )
        if is_new:
            record_fact(
                at=act.server_at,
                actor=act.actor,
                verb="keep_manifest_file",
                subject=f"manifest_file:{digest}",
                division=firm.division_id,
                after={"name": title, "size": len(raw)},
            )
        return made

    return in_transaction(work)


def _write(path: Path, raw: bytes) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_bytes(raw)
    part.replace(path)


def suffix_of(path: Path) -> str:
    """The ending of a kept file's name, by its first bytes."""
    with path.open("rb") as file:
        start = file.read(8)
    return next(suffix for head, suffix in HEADS.items() if start.startswith(head))


def files_of(document: Mapping[str, Any]) -> dict[str, str]:
    """The files that a document names: pointer -> digest."""
    patterns = [field.pointer for field in fields() if field.type == "file"]
    return {at: str(value) for pattern in patterns for at, value in places(document, pattern) if value is not None}


def strange_files(
    before: Mapping[str, Any], after: Mapping[str, Any], firms: Collection[int | None]
) -> list[Finding]:
    """A finding for each file that is written in and that none of ``firms`` has brought; a query at most."""
    held = files_of(before)
    named = {at: digest for at, digest in files_of(after).items() if held.get(at) != digest}
    if not named:
        return []
    brought = ManifestFile.objects.filter(organisation__in=firms, digest__in=named.values())
    known = set(brought.values_list("digest", flat=True))
    what, remedy = "没有这个文件，或不是本单位上传的。", "请先上传文件，再填它的 SHA-256。"
    return [Finding(None, at, what, remedy, "unknown_file") for at, digest in named.items() if digest not in known]
