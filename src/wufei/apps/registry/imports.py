"""Import of organisations from a file: all rows or none, and everything that is wrong said at once."""

from collections import Counter
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from wufei.apps.facts.services import record_fact
from wufei.apps.registry.import_rows import OrganisationRow, RowReader, columns
from wufei.apps.registry.models import Organisation, Permit, Site, User
from wufei.apps.registry.selectors import visible_divisions
from wufei.apps.spreadsheets import read_upload
from wufei.core.divisions import is_division_code
from wufei.core.findings import Finding, Refused
from wufei.core.intake import BadFile
from wufei.core.reference import read_document

__all__ = ["FINDINGS_SHOWN", "Preview", "Upload", "bring", "check", "columns", "preview"]
FINDINGS_SHOWN = 500
PREVIEW_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was handed in."""

    name: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would bring."""

    count: int
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def preview(rows: list[OrganisationRow]) -> Preview:
    """The first rows as they would be kept."""
    return Preview(
        len(rows),
        ("行", "单位名称", "统一社会信用代码", "行政区划", "类型", "场所", "许可证"),
        tuple(
            (str(r.line), r.name, r.credit_code, r.division, r.kind, r.site_name, r.permit.number if r.permit else "")
            for r in rows[:PREVIEW_SHOWN]
        ),
    )


def check(upload: Upload, user: User) -> list[OrganisationRow]:
    """The rows of a file, proven. Raises ``Refused`` with all findings; writes nothing."""
    findings: list[Finding] = []
    rows: list[OrganisationRow] = []
    fields: dict[str, str] | None = None
    divisions = _DivisionFinder(user)
    try:
        for line, cells in read_upload(upload.name, upload.raw):
            if fields is None:
                fields = _fields_of(list(cells))
            reader = RowReader(
                line, {fields[name]: cell for name, cell in cells.items() if name in fields}, divisions
            )
            row = reader.read()
            findings += reader.findings
            if row is not None:
                rows.append(row)
    except BadFile as error:
        findings += error.findings
    if fields is None and not findings:
        findings.append(Finding(None, "", "文件里只有表头，没有数据行。", "请填写后再导入。", "no_rows"))
    findings += _duplicates(rows)
    if findings:
        raise Refused(sorted(findings, key=lambda finding: finding.line or 0))
    return rows


def _fields_of(headings: list[str]) -> dict[str, str]:
    """Field by the heading of the file. Raises ``Refused`` for columns that lack or that nobody knows."""
    known = {name: column.field for column in columns() for name in (column.heading, *column.aliases)}
    ignored = read_document("registry/import_organisations.json")["ignored"]
    allowed = "、".join(column.heading for column in columns())
    findings = [
        Finding(1, name, f"不认识列“{name[:40]}”。", f"可用的列：{allowed}。不需要的列请删去。", "unknown_column")
        for name in headings
        if name not in known and name not in ignored
    ]
    found = Counter(known[name] for name in headings if name in known)
    for column in columns():
        if column.is_required and not found[column.field]:
            what = f"缺少列“{column.heading}”。"
            findings.append(Finding(1, column.heading, what, "请补上这一列，可下载模板对照。", "missing_column"))
        if found[column.field] > 1:
            what = f"有两列都表示“{column.heading}”。"
            findings.append(Finding(1, column.heading, what, "请只留一列。", "duplicate_column"))
    if findings:
        raise Refused(findings)
    return {name: known[name] for name in headings if name in known}


class _DivisionFinder:
    """Finds divisions in the person's sight by code or name; one query for the whole file."""

    def __init__(self, user: User) -> None:
        self.by_name: dict[str, list[str]] = {}
        self.codes: set[str] = set()
        for code, name in visible_divisions(user).order_by("code").values_list("code", "name"):
            self.codes.add(code)
            self.by_name.setdefault(name, []).append(code)

    def __call__(self, wanted: str) -> list[str]:
        if is_division_code(wanted):
            return [wanted] if wanted in self.codes else []
        return self.by_name.get(wanted, [])


def _duplicates(rows: list[OrganisationRow]) -> list[Finding]:
    """What a file says twice, and what the registry has already."""
    findings: list[Finding] = []
    held_codes = _held(Organisation, "credit_code", [row.credit_code for row in rows])
    held_permits = _held(Permit, "number", [row.permit.number for row in rows if row.permit])
    first_code: dict[str, int] = {}
    first_permit: dict[str, int] = {}
    for row in rows:
        if row.credit_code in first_code:
            what = f"统一社会信用代码 {row.credit_code} 与第 {first_code[row.credit_code]} 行重复。"
            findings.append(Finding(row.line, "统一社会信用代码", what, "请删去其中一行。", "duplicate_in_file"))
        elif row.credit_code in held_codes:
            what = f"统一社会信用代码 {row.credit_code} 已经登记。"
            findings.append(
                Finding(row.line, "统一社会信用代码", what, "请从文件中删去这一行。", "already_registered")
            )
        first_code.setdefault(row.credit_code, row.line)
        if row.permit is None:
            continue
        number = row.permit.number
        if number in first_permit:
            what = f"许可证号 {number} 与第 {first_permit[number]} 行重复。"
            findings.append(Finding(row.line, "许可证号", what, "请删去其中一行。", "duplicate_in_file"))
        elif number in held_permits:
            what = f"许可证号 {number} 已经登记。"
            findings.append(Finding(row.line, "许可证号", what, "请清空这一行的许可证各列。", "already_registered"))
        first_permit.setdefault(number, row.line)
    return findings


def _held(model: type[Organisation] | type[Permit], field: str, values: list[str]) -> set[str]:
    """Those of ``values`` that the registry holds, asked in batches below the databases' limit of parameters."""
    found: set[str] = set()
    for start in range(0, len(values), 500):
        batch = values[start : start + 500]
        found.update(model._default_manager.filter(**{f"{field}__in": batch}).values_list(field, flat=True))
    return found


def bring(upload: Upload, user: User) -> int:
    """Keep all rows of a file, each with its fact; return how many. Raises ``Refused``: then nothing is kept."""
    rows = check(upload, user)
    try:
        with transaction.atomic():
            _keep(rows, upload.name, user)
    except IntegrityError:
        what = "导入时有另一人登记了同一单位或许可证。"
        raise Refused(
            [Finding(None, "", what, "没有导入任何一行，请重新检查后再导入。", "already_registered")]
        ) from None
    return len(rows)


def _keep(rows: list[OrganisationRow], file_name: str, user: User) -> None:
    source = f"导入：{file_name}"[:200]
    organisations = Organisation.objects.bulk_create(
        [
            Organisation(
                credit_code=row.credit_code, name=row.name, division_id=row.division, kind=row.kind, source=source
            )
            for row in rows
        ],
        batch_size=500,
    )
    pairs = list(zip(rows, organisations, strict=True))
    Site.objects.bulk_create(
        [
            Site(
                code=f"{row.credit_code}-01",
                name=row.site_name,
                organisation=organisation,
                division_id=row.division,
                category=row.site_category,
                domain=row.domain,
            )
            for row, organisation in pairs
            if row.site_name
        ],
        batch_size=500,
    )
    Permit.objects.bulk_create(
        [
            Permit(
                number=row.permit.number,
                organisation=organisation,
                categories=list(row.permit.categories),
                capacity_t_per_year=row.permit.capacity_t_per_year,
                mode=row.permit.mode,
                valid_until=row.permit.valid_until,
                source=source,
            )
            for row, organisation in pairs
            if row.permit
        ],
        batch_size=500,
    )
    at = timezone.now()
    for row, organisation in pairs:
        record_fact(
            at=at,
            actor=user.username,
            verb="register_organisation",
            subject=f"organisation:{organisation.pk}",
            division=row.division,
            document=source,
            after={"name": row.name, "credit_code": row.credit_code, "kind": row.kind},
        )
