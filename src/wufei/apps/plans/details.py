"""One row of a list opened: all it says, and its place in the source document."""

from dataclasses import dataclass
from functools import partial

from django.contrib.auth.models import AnonymousUser

from wufei.apps.plans import labels
from wufei.apps.plans.conversion import VALUE_OF
from wufei.apps.plans.lists import GROUP, TITLE, VISIBLE
from wufei.apps.registry.models import User
from wufei.core import plan as core
from wufei.core.numbers import decimal_text
from wufei.core.plan import readable
from wufei.core.units import unit_name


@dataclass(frozen=True, slots=True)
class RowDetail:
    """All that the panel shows of a row; ``fields`` are label and text, ``parts`` the sub rows of a target."""

    division: str
    place: str
    document: str
    name: str
    label: str
    title: str
    group: str
    no: str
    fields: tuple[tuple[str, str], ...]
    parts: tuple[tuple[str, str, str, str, str], ...]
    source: str
    note: str


def row_detail(user: User | AnonymousUser, division: str, name: str, key: str) -> RowDetail | None:
    """One row by its key, or ``None`` where it is not in sight. One query."""
    row = VISIBLE[name](user).filter(plan__division_id=division, key=key).select_related("plan").first()
    if row is None:
        return None
    fields, parts = _fields(VALUE_OF[name](row))
    return RowDetail(
        division=division,
        place=row.plan.place,
        document=row.plan.title,
        name=name,
        label=labels.PAGES[name],
        title=getattr(row, TITLE[name]),
        group=getattr(row, GROUP[name]),
        no=row.no or "",
        fields=tuple((label, text) for label, text in fields if text),
        parts=parts,
        source=row.source,
        note=row.note,
    )


def _fields(
    value: core.Target | core.Task | core.Project | core.Responsibility,
) -> tuple[list[tuple[str, str]], tuple[tuple[str, str, str, str, str], ...]]:
    """Labels and texts of a row, and the sub rows of a target."""
    if isinstance(value, core.Target):
        shown = partial(readable, unit=unit_name(value.unit))
        years = [(f"{year}年目标", shown(text)) for year, text in sorted(value.shown_targets().items())]
        year = f"（{value.baseline_year}年）" if value.baseline_year else ""
        parts = tuple(
            (
                part.part,
                shown(part.baseline),
                "；".join(f"{year}年 {shown(target.text)}" for year, target in sorted(part.targets.items())),
                "、".join(part.departments),
                part.source,
            )
            for part in value.parts
        )
        fields = [
            ("类型", labels.MARKS[value.mark]),
            ("单位", unit_name(value.unit)),
            (f"基准值{year}", shown(value.shown_baseline())),
            *years,
            ("责任单位", "、".join(value.all_departments)),
        ]
        return fields, parts
    if isinstance(value, core.Task):
        cooperating = "、".join(value.cooperating)
        return [("牵头单位", "、".join(value.lead)), ("配合单位", cooperating), ("完成时限", value.deadline)], ()
    if isinstance(value, core.Project):
        money = decimal_text(value.investment_wan_yuan)
        return [
            ("内容", value.content),
            ("建设（责任）单位", value.builder),
            ("投资", f"{money} 万元" if money else ""),
            ("完成年限", value.completion),
        ], ()
    return [("牵头部门", "、".join(value.lead)), ("参与部门", "、".join(value.participating))], ()
