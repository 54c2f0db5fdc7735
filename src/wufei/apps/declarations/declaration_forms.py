"""A periodic declaration as its printed form: the cells of its lines, a workbook, a PDF."""

from wufei.apps.declarations.lists import period_name
from wufei.apps.declarations.models import Declaration, DeclarationStatus
from wufei.apps.declarations.workbooks import add_table, new_book, saved
from wufei.apps.documents.table_form import Column, Field, Section, TableForm, render_table_form
from wufei.apps.registry.listing import shown_time
from wufei.core.catalogue import UnknownWasteCode, waste_code
from wufei.core.declaration import TERM_NAMES, TERMS, Line, forms, from_rows, parse_period, total_of
from wufei.core.form_fields import tonnes_text

HEADS = ("废物名称", "废物代码", "类别", *(f"{TERM_NAMES[term]}（吨）" for term in TERMS))


def title_of(row: Declaration) -> str:
    """The printed name of the form."""
    period = parse_period(row.period)
    assert period is not None
    return forms()[row.form].titles[period.kind]


def cells_of(line: Line) -> tuple[str, ...]:
    """One line as texts."""
    try:
        found = waste_code(line.waste_code)
        name, category = found.name, found.category
    except UnknownWasteCode:
        name, category = "—", "—"
    return (name, line.waste_code, category, *(tonnes_text(getattr(line, term)) for term in TERMS))


def rows_of(row: Declaration) -> list[tuple[str, ...]]:
    """All lines as texts."""
    return [cells_of(line) for line in from_rows(row.lines)]


def total_cells(row: Declaration) -> tuple[str, ...]:
    """The sums as texts."""
    total = total_of(from_rows(row.lines))
    return ("合计", "", "", *(tonnes_text(getattr(total, term)) for term in TERMS))


def _state(row: Declaration) -> str:
    told = DeclarationStatus(row.status).label
    return f"{told}　{shown_time(row.confirmed_at)}　{row.confirmed_by}" if row.confirmed_at else told


def workbook_of(row: Declaration) -> bytes:
    """The form as Excel."""
    book = new_book()
    head = (
        f"{row.site.organisation.name}　{row.site.name}　{period_name(row.period)}　第 {row.version} 版",
        f"状态：{_state(row)}" + (f"　说明：{row.note}" if row.note else ""),
    )
    lines = [[*cells[:3], *(_number(line, term) for term in TERMS)] for cells, line in _pairs(row)]
    add_table(book, title_of(row), head, HEADS, lines)
    return saved(book)


def _pairs(row: Declaration) -> list[tuple[tuple[str, ...], Line]]:
    return [(cells_of(line), line) for line in from_rows(row.lines)]


def _number(line: Line, term: str) -> float:
    mass_g: int = getattr(line, term)
    return mass_g / 1_000_000  # Excel knows binary numbers only; 15 digits are exact to the gram


def pdf_of(row: Declaration, *, printed_at: str) -> bytes:
    """The form as PDF, A4 across."""
    columns = [Column("废物名称", 3), Column("废物代码", 2), Column("类别", 1)]
    columns += [Column(f"{TERM_NAMES[term]}（吨）", 2, "right") for term in TERMS]
    lines = [*rows_of(row), total_cells(row)] if row.lines else []
    notes = [str(finding["what"]) for finding in row.findings]
    return render_table_form(
        TableForm(
            title=title_of(row),
            subtitle=period_name(row.period),
            number=f"{row.site.code} {row.period} 第 {row.version} 版",
            fields=[
                Field("单位", row.site.organisation.name),
                Field("统一社会信用代码", row.site.organisation.credit_code or "—"),
                Field("场所", f"{row.site.name}（{row.site.code}）"),
                Field("状态", _state(row)),
            ],
            sections=[Section(columns, lines)],
            note="　".join([*notes, f"单位说明：{row.note}" if row.note else ""]).strip(),
            signatures=[("填表人", row.confirmed_by), ("负责人", "")],
            is_landscape=True,
            is_simulated=row.site.is_simulated,
            printed_at=printed_at,
        )
    )
