"""The lists of the declarations: what each shows, how it is filtered, how it is exported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.timezone import localtime

from wufei.apps.declarations.models import ManagementPlan
from wufei.apps.registry.listing import Cell, Column, Listing, Page
from wufei.core.management_plan import STATUS_NAMES, grade_names


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter above a list; without ``options`` it is a text (or a month, where ``kind`` says so)."""

    name: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...] = ()
    kind: str = "text"


def with_filters(page: Page, filters: Sequence[Filter]) -> Page:
    """The page with its filters in every address of it."""
    chosen = {one.name: one.value for one in filters if one.value}
    if not chosen:
        return page

    def more(url: str) -> str:
        return f"{url}{'&' if '?' in url else '?'}{urlencode(chosen)}" if url else ""

    headings = tuple(replace(heading, url=more(heading.url)) for heading in page.headings)
    return replace(page, headings=headings, first_url=more(page.first_url), next_url=more(page.next_url))


def shown_time(at: datetime | None) -> str:
    """An instant for people."""
    return "—" if at is None else localtime(at).strftime("%Y-%m-%d %H:%M")


def _plan(row: ManagementPlan) -> tuple[Cell, ...]:
    return (
        Cell(row.site.name, reverse("declarations:plan", args=[row.pk])),
        Cell(row.site.organisation.name),
        Cell(str(row.year), css="nowrap"),
        Cell(grade_names()[row.grade], css="nowrap"),
        Cell(f"第 {row.version} 版", css="nowrap"),
        Cell(STATUS_NAMES[row.status], css="nowrap", badge="逾期备案" if row.is_late else ""),
        Cell(row.number or "—", css="nowrap"),
        Cell(shown_time(row.filed_at), css="nowrap"),
    )


PLANS: Listing[ManagementPlan] = Listing(
    "危险废物管理计划",
    ("site", "site__organisation"),
    (
        Column("场所", "site__name"),
        Column("单位", "site__organisation__name"),
        Column("年度", "year"),
        Column("管理类别", "grade"),
        Column("版本"),
        Column("状态", "status"),
        Column("备案号"),
        Column("备案时间"),
    ),
    ("site__name", "site__organisation__name", "number"),
    _plan,
    "还没有管理计划。产废单位的人员可在这里为本单位的场所建立。",
    default_sort="-year",
)
PLAN_HEADER = ("场所", "单位", "行政区划", "年度", "管理类别", "版本", "状态", "备案号", "备案时间", "逾期")


def plan_export(row: ManagementPlan) -> tuple[str | int, ...]:
    """One plan as a row of the workbook."""
    return (
        row.site.name,
        row.site.organisation.name,
        row.site.division_id,
        row.year,
        grade_names()[row.grade],
        row.version,
        STATUS_NAMES[row.status],
        row.number,
        shown_time(row.filed_at),
        "是" if row.is_late else "",
    )


def plan_filters(asked: Mapping[str, str], years: Sequence[int]) -> tuple[Filter, ...]:
    """The filters of the list of plans."""
    return (
        Filter("year", "年度", asked.get("year", "")[:4], tuple((str(y), str(y)) for y in years)),
        Filter("grade", "管理类别", asked.get("grade", "")[:12], tuple(grade_names().items())),
        Filter("status", "状态", asked.get("status", "")[:12], tuple(STATUS_NAMES.items())),
    )
