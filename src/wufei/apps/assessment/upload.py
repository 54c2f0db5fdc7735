"""An uploaded file of figures: read it whole, keep all of it or nothing, and show every row back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from wufei.apps.assessment.files import file_rows
from wufei.apps.assessment.services import Receipt, submit_values
from wufei.core.findings import Finding, Refused
from wufei.core.intake import BadFile
from wufei.core.value_rows import read_values


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One row of the file as typed, with what is wrong in it."""

    line: int
    cells: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UploadResult:
    """What became of a file: a receipt, or findings with the rows as they were typed."""

    receipt: Receipt | None
    findings: tuple[Finding, ...]
    header: tuple[str, ...]
    rows: tuple[ShownRow, ...]


def upload_values(division: str, name: str, raw: bytes, *, actor: str, at: datetime) -> UploadResult:
    """Submit the figures of a file. Nothing is kept where anything is wrong, and nothing typed is lost."""
    try:
        rows = file_rows(name, raw)
    except BadFile as error:
        return UploadResult(None, tuple(error.findings), (), ())
    read = read_values(rows)
    findings = [finding for row in read for finding in row.findings]
    if not findings:
        values = [(row.line, row.value, row.evidence) for row in read if row.value is not None]
        try:
            return UploadResult(
                submit_values(division, values, actor=actor, at=at, document=name.replace("\0", "")[:200]), (), (), ()
            )
        except Refused as error:
            findings = error.findings
    return UploadResult(None, tuple(findings), tuple(rows[0][1]), _shown(rows, findings))


def _shown(rows: list[tuple[int, dict[str, str]]], findings: list[Finding]) -> tuple[ShownRow, ...]:
    by_line: Mapping[int, list[str]] = {line: [] for line, _ in rows}
    for finding in findings:
        if finding.line is not None and finding.line in by_line:
            by_line[finding.line].append(f"{finding.field}：{finding.what}{finding.remedy}")
    header = list(rows[0][1])
    return tuple(
        ShownRow(line, tuple(cells.get(column, "") for column in header), tuple(by_line[line]))
        for line, cells in rows
    )
