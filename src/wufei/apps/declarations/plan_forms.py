"""The management plan as PDF: its tables under their printed names."""

from collections.abc import Mapping, Sequence

from wufei.apps.declarations.models import ManagementPlan
from wufei.apps.declarations.workbooks import cell_text
from wufei.apps.documents.table_form import Column, Section, TableForm, render_table_form
from wufei.apps.documents.table_form import Field as Pair
from wufei.core.management_plan import STATUS_NAMES, Table, grade_names, tables_of


def plan_pdf(plan: ManagementPlan, *, unmask: bool, printed_at: str) -> bytes:
    """The tables A.1–A.7 that the plan's grade fills, on A4 across; ``unmask`` shows names and phones in full."""
    return render_table_form(
        TableForm(
            title="危险废物管理计划",
            subtitle=f"{plan.year} 年",
            number=f"{plan.number or plan.site.code} 第 {plan.version} 版",
            fields=[
                Pair("单位", plan.site.organisation.name),
                Pair("统一社会信用代码", plan.site.organisation.credit_code or "—"),
                Pair("场所", f"{plan.site.name}（{plan.site.code}）"),
                Pair("管理等级", grade_names()[plan.grade]),
                Pair("备案号", plan.number or "未备案"),
                Pair("状态", STATUS_NAMES[plan.status]),
            ],
            sections=[
                _section(table, plan.content.get(table.table, []), unmask=unmask) for table in tables_of(plan.grade)
            ],
            signatures=[("填表人", ""), ("负责人", "")],
            is_landscape=True,
            is_simulated=plan.site.is_simulated,
            printed_at=printed_at,
            no_rows="无",
        )
    )


def _section(table: Table, rows: Sequence[Mapping[str, object]], *, unmask: bool) -> Section:
    """A table with many rows across; one with a single row as pairs below each other."""
    if table.repeats:
        cells = [[cell_text(one, row.get(one.name), unmask=unmask) for one in table.fields] for row in rows]
        return Section([Column(one.label) for one in table.fields], cells, table.name)
    row = rows[0] if rows else {}
    pairs = [[one.label, cell_text(one, row.get(one.name), unmask=unmask)] for one in table.fields]
    return Section([Column("项目", 1), Column("内容", 3)], pairs, table.name)
