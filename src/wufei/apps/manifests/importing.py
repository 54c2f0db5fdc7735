"""Takes in manifests from a spreadsheet: all of a file or nothing, each file once, every fault by row and column.

The columns are ``core.manifest_sheet``, the same table of fields that drives page and interface.
"""

import hashlib
from dataclasses import dataclass

from django.db import IntegrityError

from wufei.apps.facts.services import record_fact
from wufei.apps.manifests.acts import Act
from wufei.apps.manifests.batches import create_manifests, most_of
from wufei.apps.manifests.models import Manifest, ManifestImport, ManifestImportRow
from wufei.apps.registry.models import Organisation, User
from wufei.apps.spreadsheets import read_upload, write_sheet
from wufei.apps.transactions import in_transaction
from wufei.core.findings import Finding, Refused
from wufei.core.intake import BadFile
from wufei.core.manifest_profiles import manifest_profiles
from wufei.core.manifest_sheet import MARK, MARK_HELP, Sheet, at_row, read_sheet, sheet_columns

MOST_ROWS = 1_000
SHOWN = 20


class _CheckedOnly(Exception):  # noqa: N818 - no error: ends the transaction of a check
    pass


@dataclass(frozen=True, slots=True)
class SheetFile:
    """A file that was handed in: which kind of manifest its rows are, and whether they are submitted at once."""

    name: str
    raw: bytes
    profile: str
    submits: bool = False


def template_workbook(profile: str) -> bytes:
    """A blank workbook of a profile: headings, and below each what it wants."""
    columns = sheet_columns(profile)
    head = [MARK, *(column.heading for column in columns)]
    return write_sheet(manifest_profiles()[profile].name, head, [[MARK_HELP, *(column.help for column in columns)]])


def _read(file: SheetFile) -> Sheet:
    try:
        rows = list(read_upload(file.name, file.raw))
    except BadFile as error:
        raise Refused(error.findings) from None
    if len(rows) > MOST_ROWS + 1:
        what = f"文件有 {len(rows)} 行，最多 {MOST_ROWS} 行。"
        raise Refused([Finding(None, "", what, "请拆成几个文件。", "too_many_rows")])
    sheet = read_sheet(file.profile, rows)
    count, most = len(sheet.manifests), most_of(submits=file.submits)
    if count > most:
        what, remedy = f"文件有 {count} 份联单，最多 {most} 份。", "请拆成几个文件"
        remedy += "，或先存为草稿再提交。" if file.submits else "。"
        raise Refused([Finding(None, "", what, remedy, "too_many_manifests")])
    return sheet


def check_file(file: SheetFile, *, act: Act) -> int:
    """How many manifests a file would make; raises ``Refused`` as the import would. Keeps nothing."""
    sheet = _read(file)

    def work() -> None:
        _make(sheet, file, act)
        raise _CheckedOnly

    try:
        in_transaction(work)
    except _CheckedOnly:
        pass
    return len(sheet.manifests)


def import_file(file: SheetFile, *, act: Act) -> ManifestImport:
    """Make the manifests of a file; the same file of the same firm again gives what it made before.

    Raises:
        Refused: every fault of every row, with line and heading; nothing is kept.
    """
    firm = act.person.organisation
    if firm is None:
        what = "联单由单位开具，您的账号不属于单位。"
        raise Refused([Finding(None, "", what, "请用单位账号导入。", "not_authorised")])
    digest = hashlib.sha256(file.raw).hexdigest()
    if before := _before(firm, digest):
        return before
    sheet = _read(file)

    def work() -> ManifestImport:
        kept = ManifestImport.objects.create(
            organisation=firm,
            digest=digest,
            name=file.name.replace("\0", "")[:200],
            profile=file.profile,
            rows=sum(len(m.lines) for m in sheet.manifests),
            is_submitted=file.submits,
            created_by=act.actor,
            created_at=act.server_at,
        )
        made = _make(sheet, file, act)
        ManifestImportRow.objects.bulk_create(
            ManifestImportRow(file=kept, line=lines[0], manifest=manifest) for lines, manifest in made
        )
        record_fact(
            at=act.server_at,
            actor=act.actor,
            verb="import_manifests",
            subject=f"manifest_import:{kept.pk}",
            division=firm.division_id,
            document=kept.name,
            after={"digest": digest, "manifests": len(made), "submitted": file.submits},
        )
        return kept

    try:
        return in_transaction(work)
    except IntegrityError:  # the same file came in by another way in this very moment
        if before := _before(firm, digest):
            return before
        raise


def _before(firm: Organisation, digest: str) -> ManifestImport | None:
    return ManifestImport.objects.filter(organisation=firm, digest=digest).first()


def _make(sheet: Sheet, file: SheetFile, act: Act) -> list[tuple[tuple[int, ...], Manifest]]:
    rows = sheet.manifests
    found = list(sheet.findings)
    made: list[Manifest] = []
    try:
        made = create_manifests(
            [row.document for row in rows],
            act=act,
            place=lambda at, finding: at_row(finding, rows[at], file.profile),
            submits=file.submits,
        )
    except Refused as refused:
        found += refused.findings
    if found:
        raise Refused(sorted(found, key=lambda f: (f.line or 0, f.field)))
    return [(row.lines, manifest) for row, manifest in zip(rows, made, strict=True)]


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A file that was taken in, for the page: the first of its manifests by number."""

    name: str
    profile_name: str
    manifests: int
    is_submitted: bool
    by: str
    file: ManifestImport
    numbers: list[str]


def import_rows(user: User) -> list[ImportRow]:
    """The newest files of the own firm with the numbers that they made; two queries."""
    if user.organisation_id is None:
        return []
    files = list(ManifestImport.objects.filter(organisation=user.organisation_id).order_by("-id")[:SHOWN])
    numbers: dict[int, list[str]] = {}
    lines = ManifestImportRow.objects.filter(file__in=files).order_by("line")
    for file_id, number in lines.values_list("file_id", "manifest__number"):
        numbers.setdefault(file_id, []).append(number)
    return [
        ImportRow(
            f.name,
            manifest_profiles()[f.profile].name,
            len(numbers.get(f.pk, [])),
            f.is_submitted,
            f.created_by,
            f,
            numbers.get(f.pk, [])[:10],
        )
        for f in files
    ]
