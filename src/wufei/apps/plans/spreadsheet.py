"""The four lists as an Excel workbook: one sheet a list, one row a row, figures as numbers."""

import io
from collections.abc import Sequence
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from wufei.apps.plans import labels
from wufei.core.plan import Pack
from wufei.core.units import unit_name

Cell = str | Decimal | None
WIDEST_COLUMN = 60


def table(pack: Pack, name: str) -> tuple[list[str], list[list[Cell]]]:
    """Header and rows of one list; ``name`` is one of ``labels.LISTS``."""
    if name in {"targets", "text_targets"}:
        targets = pack.targets if name == "targets" else pack.text_targets
        years = sorted({year for target in targets for year in target.shown_targets()})
        header = ["序号", "分组", "指标", "类型", "单位", "基准年", "基准值", *[f"{year}年目标" for year in years]]
        rows: list[list[Cell]] = []
        for target in targets:
            shown = target.shown_targets()
            row: list[Cell] = [target.no, target.group, target.name, labels.MARKS[target.mark]]
            row += [unit_name(target.unit), str(target.baseline_year or ""), target.shown_baseline()]
            row += [shown.get(year, "") for year in years]
            row += ["、".join(target.all_departments), target.source, target.note]
            rows.append(row)
        return [*header, "责任单位", "出处", "备注"], rows
    if name == "tasks":
        return ["序号", "分组", "任务", "牵头单位", "配合单位", "完成时限", "出处", "备注"], [
            [t.no, t.group, t.title, "、".join(t.lead), "、".join(t.cooperating), t.deadline, t.source, t.note]
            for t in pack.tasks
        ]
    if name == "projects":
        header = ["序号", "类型", "项目", "内容", "建设（责任）单位", "投资（万元）", "完成年限", "出处", "备注"]
        return header, [
            [p.no, p.type, p.name, p.content, p.builder, p.investment_wan_yuan, p.completion, p.source, p.note]
            for p in pack.projects
        ]
    assert name == "responsibilities"
    return ["序号", "分组", "责任", "牵头部门", "参与部门", "出处", "备注"], [
        [r.no, r.group, r.title, "、".join(r.lead), "、".join(r.participating), r.source, r.note]
        for r in pack.responsibilities
    ]


def workbook_bytes(pack: Pack, names: Sequence[str] = ()) -> bytes:
    """An ``.xlsx`` file of the named lists; without names, of the four lists and what text targets there are."""
    book = Workbook()
    book.remove(book.active)
    for name in names or [*labels.LISTS, *(labels.TEXT_TARGETS if pack.text_targets else [])]:
        header, rows = table(pack, name)
        _write(book.create_sheet(labels.PAGES[name]), header, rows)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _write(sheet: Worksheet, header: list[str], rows: list[list[Cell]]) -> None:
    sheet.append(header)
    for row in rows:
        sheet.append(["" if cell is None else cell for cell in row])
    for cells in sheet.iter_rows():
        for cell in cells:
            # A text that begins with = is a text here, never a formula: it came from a document.
            if cell.data_type == "f":
                cell.data_type = "s"
            cell.alignment = Alignment(vertical="top", wrap_text=True)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for number, column in enumerate(sheet.iter_cols(), 1):
        longest = max((len(str(cell.value or "")) for cell in column), default=0)
        sheet.column_dimensions[get_column_letter(number)].width = min(WIDEST_COLUMN, 2 * longest + 2)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
