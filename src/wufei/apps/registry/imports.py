"""The imports of the registry: organisations, vehicles, persons, licences. One table; a row is one kind of file."""

from collections.abc import Mapping

from django.utils import timezone

from wufei.apps.facts.services import record_fact
from wufei.apps.registry.import_file import (
    FINDINGS_SHOWN,
    Import,
    ImportColumn,
    Preview,
    Upload,
    bring_file,
    check_file,
    columns_of,
    preview_of,
)
from wufei.apps.registry.import_rows import OrganisationRow, RowReader
from wufei.apps.registry.import_transport import FLEET_IMPORTS
from wufei.apps.registry.models import Organisation, Permit, Site, User
from wufei.apps.registry.selectors import may_import, visible_divisions
from wufei.core.divisions import is_division_code
from wufei.core.findings import Finding

__all__ = ["FINDINGS_SHOWN", "IMPORTS", "ImportColumn", "Preview", "Upload", "bring", "check", "columns", "preview"]


def columns(name: str = "organisations") -> tuple[ImportColumn, ...]:
    """The columns of a kind of file."""
    return columns_of(name)


def check(upload: Upload, user: User, name: str = "organisations") -> list[OrganisationRow]:
    """The rows of a file, proven. Raises ``Refused`` with all findings; writes nothing."""
    return check_file(IMPORTS[name], upload, user)


def bring(upload: Upload, user: User, name: str = "organisations") -> int:
    """Keep all rows of a file, each with its fact; return how many. Raises ``Refused``: then nothing is kept."""
    return bring_file(IMPORTS[name], upload, user)


def preview(rows: list[OrganisationRow], name: str = "organisations") -> Preview:
    """The first rows as they would be kept."""
    return preview_of(IMPORTS[name], rows)


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


def _keep(rows: list[OrganisationRow], source: str, user: User) -> None:
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


def _read(
    line: int, cells: Mapping[str, str], divisions: _DivisionFinder
) -> tuple[OrganisationRow | None, list[Finding]]:
    reader = RowReader(line, cells, divisions)
    return reader.read(), reader.findings


def _cells(row: OrganisationRow) -> tuple[str, ...]:
    permit = row.permit.number if row.permit else ""
    return (str(row.line), row.name, row.credit_code, row.division, row.kind, row.site_name, permit)


_ORGANISATIONS = Import(
    name="organisations",
    title="单位或许可证",
    unit="家单位",
    list_name="organisations",
    lookup=_DivisionFinder,
    read=_read,
    clashes=_duplicates,
    keep=_keep,
    headings=("行", "单位名称", "统一社会信用代码", "行政区划", "类型", "场所", "许可证"),
    cells=_cells,
    is_for=may_import,
)
IMPORTS: Mapping[str, Import] = {kind.name: kind for kind in (_ORGANISATIONS, *FLEET_IMPORTS)}
