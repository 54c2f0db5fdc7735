"""Scans (扫码): somebody read a label somewhere. A scan is a fact: kept whatever was read, and never refused."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q

from wufei.apps.facts.services import record_fact
from wufei.apps.packages.models import Package
from wufei.apps.transactions import in_transaction
from wufei.core.findings import Refused
from wufei.core.package_code import read_scan


@dataclass(frozen=True, slots=True)
class Scan:
    """One reading. ``text`` is what the scanner read; ``key`` makes that it is kept once."""

    key: str
    text: str
    at: datetime
    place: str = ""
    device: str = ""
    manifest: str = ""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What became of a scan: the code understood and whether there is such a package; ``advice`` where not."""

    key: str
    code: str
    is_known: bool
    is_new: bool
    advice: str = ""


def record_scans(scans: Sequence[Scan], *, actor: str, recorded_at: datetime, division: str = "") -> list[ScanResult]:
    """Keep scans, each once by its key; three statements, whatever their number."""
    read = [_understood(scan.text) for scan in scans]

    def work() -> list[ScanResult]:
        codes = {code for code, _ in read if code}
        texts = {s.text for (code, _), s in zip(read, scans, strict=True) if not code and s.text.isprintable()}
        known_rows = Package.objects.filter(Q(code__in=codes) | Q(external_code__in=texts))
        found = list(known_rows.values_list("code", "external_code", "id"))
        ids = {code: key for code, _, key in found}
        outside = {external: code for code, external, _ in found if external}
        rows = []
        for scan, (code, _) in zip(scans, read, strict=True):
            known = code or outside.get(scan.text, "")
            rows.append((scan, known, ids.get(known)))
        new = _insert(rows, actor, recorded_at)
        if new:
            record_fact(
                at=recorded_at, actor=actor, verb="record_scans", subject=f"scan:{rows[0][0].key}"[:200],
                division=division,
                after={"count": len(new), "codes": sorted({code for scan, code, _ in rows if scan.key in new})[:100]},
            )  # fmt: skip
        return [
            ScanResult(
                scan.key, code, package is not None, scan.key in new,
                "" if package is not None else advice or f"没有编码为 {code} 的包装，请核对标签；扫码已记录。",
            )
            for (scan, code, package), (_, advice) in zip(rows, read, strict=True)
        ]  # fmt: skip

    return in_transaction(work) if scans else []


def _understood(text: str) -> tuple[str, str]:
    try:
        return read_scan(text), ""
    except Refused as refused:
        return "", f"{refused.findings[0].what}{refused.findings[0].remedy}"


_COLUMNS = "key, text, code, package_id, at, recorded_at, actor, place, device, manifest"


def _insert(rows: Sequence[tuple[Scan, str, int | None]], actor: str, recorded_at: datetime) -> set[str]:
    """Insert the scans that are not there yet; returns their keys. One statement."""
    adapt = connection.ops.adapt_datetimefield_value
    given = [
        [
            scan.key[:200], _plain(scan.text)[:500], code, package, str(adapt(scan.at)), str(adapt(recorded_at)),
            actor[:150], _plain(scan.place)[:120], _plain(scan.device)[:80], _plain(scan.manifest)[:40],
        ]
        for scan, code, package in rows
    ]  # fmt: skip
    if connection.vendor == "sqlite":
        picked = ", ".join(f"json_extract(value, '$[{i}]')" for i in range(10))
        source = "json_each(%s) WHERE true"
    else:
        kinds = ["text", "text", "text", "bigint", "timestamptz", "timestamptz", "text", "text", "text", "text"]
        picked = ", ".join(f"(value->>{i})::{kind}" for i, kind in enumerate(kinds))
        source = "json_array_elements(%s::json)"
    sql = (
        f"INSERT INTO package_scan ({_COLUMNS}) SELECT {picked} FROM {source} "  # noqa: S608 - own names only
        "ON CONFLICT (key) DO NOTHING RETURNING key"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [json.dumps(given, ensure_ascii=False)])
        return {row[0] for row in cursor.fetchall()}


def _plain(text: str) -> str:
    """Text that a table can hold: NUL and half characters are shown as what they are."""
    return text.replace("\0", "␀").encode("utf-8", "replace").decode()
