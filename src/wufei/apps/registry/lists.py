"""The lists of the registry: organisations, sites, facilities, permits, transport, facts. A row is one list."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.timezone import localdate, localtime

from wufei.apps.facts.models import Fact
from wufei.apps.facts.selectors import verb_names
from wufei.apps.registry import selectors
from wufei.apps.registry.listing import Cell, Column, Listing
from wufei.apps.registry.lists_transport import (
    LICENCES,
    PERSONS,
    VEHICLES,
    licence_cells,
    organisation_url,
    person_cells,
    until,
    vehicle_cells,
)
from wufei.apps.registry.models import Facility, Kind, Organisation, Permit, Site, User
from wufei.apps.spreadsheets import Cell as SheetCell
from wufei.core.catalogue import DOMAIN_NAMES, methods
from wufei.core.numbers import grouped_text
from wufei.core.reference import read_table

SIMULATED = "模拟"


@cache
def site_category_names() -> Mapping[str, str]:
    """Chinese name of a site's category by its code."""
    return {row["category"]: row["name"] for row in read_table("registry/site_categories.csv")}


def tonnes(mass_t: Decimal | None) -> str:
    """A capacity or load for people."""
    return "—" if mass_t is None else grouped_text(mass_t)


def _name(row: Organisation | Site, url: str) -> Cell:
    return Cell(row.name, url, badge=SIMULATED if row.is_simulated else "")


def site_url(pk: int) -> str:
    """Address of a site's page."""
    return reverse("registry:site", args=[pk])


def _organisation(row: Organisation) -> tuple[Cell, ...]:
    return (
        _name(row, organisation_url(row.pk)),
        Cell(row.credit_code or "—", css="nowrap"),
        Cell(row.division.name),
        Cell(Kind(row.kind).label),
        Cell(row.source or "—"),
    )


def _site(row: Site) -> tuple[Cell, ...]:
    return (
        _name(row, site_url(row.pk)),
        Cell(row.code, css="nowrap"),
        Cell(row.organisation.name, organisation_url(row.organisation_id)),
        Cell(row.division.name),
        Cell(site_category_names().get(row.category, row.category)),
        Cell(DOMAIN_NAMES.get(row.domain, row.domain)),
    )


def _facility(row: Facility) -> tuple[Cell, ...]:
    ways = "、".join(methods()[code].name if code in methods() else code for code in row.methods)
    return (
        Cell(row.name, site_url(row.site_id), badge=SIMULATED if row.site.is_simulated else ""),
        Cell(row.code, css="nowrap"),
        Cell(row.site.division.name),
        Cell(tonnes(row.capacity_t_per_year), css="number"),
        Cell(ways or "—"),
        Cell(row.source or "—"),
    )


def _permit(row: Permit) -> tuple[Cell, ...]:
    return (
        Cell(row.number, css="nowrap"),
        Cell(row.organisation.name, organisation_url(row.organisation_id)),
        Cell("、".join(row.categories)),
        Cell(tonnes(row.capacity_t_per_year), css="number"),
        Cell(tonnes(_used_t(row)), css="number"),
        Cell(permit_kind_names().get(row.kind, row.kind)),
        Cell(row.mode),
        until(row.valid_until),
        Cell(row.source),
    )


def _used_t(row: Permit) -> Decimal | None:
    """What was used of the permit this year, where the rows bring it."""
    used_g = getattr(row, "used_g", None)
    return None if used_g is None else Decimal(used_g) / 1_000_000


@cache
def permit_kind_names() -> Mapping[str, str]:
    """Chinese name of a permit's kind by its code."""
    return {row["kind"]: row["name"] for row in read_table("registry/permit_kinds.csv")}


def _permits_this_year(user: User | AnonymousUser) -> QuerySet[Permit]:
    return selectors.with_use(selectors.visible_permits(user), localdate().year)


def everybody(user: User | AnonymousUser) -> bool:
    """The list is there for everyone who is logged in; its rows are those in sight."""
    return True


@dataclass(frozen=True, slots=True)
class RegistryList:
    """One list: who sees which rows, how they are shown, how they are exported, and for whom the list is there."""

    visible: Callable[[User | AnonymousUser], QuerySet[Any]]
    listing: Listing[Any]
    export_header: tuple[str, ...]
    export_row: Callable[[Any], tuple[SheetCell, ...]]
    is_for: Callable[[User | AnonymousUser], bool] = everybody


def _shown_at(row: Fact) -> str:
    return localtime(row.recorded_at).strftime("%Y-%m-%d %H:%M:%S")


def _fact(row: Fact) -> tuple[Cell, ...]:
    return (
        Cell(_shown_at(row), css="nowrap"),
        Cell(row.actor),
        Cell(verb_names().get(row.verb, row.verb)),
        Cell(row.subject),
        Cell(row.division),
        Cell(row.document or "—"),
    )


def _day(value: date) -> str:
    return value.isoformat()


LISTS: Mapping[str, RegistryList] = {
    "organisations": RegistryList(
        selectors.visible_organisations,
        Listing(
            "单位",
            ("division",),
            (
                Column("名称", "name"),
                Column("统一社会信用代码"),
                Column("行政区划", "division_id"),
                Column("类型", "kind"),
                Column("出处"),
            ),
            ("name", "credit_code", "division__name"),
            _organisation,
            "还没有单位。可由无废办或生态环境部门导入单位名录。",
        ),
        ("单位名称", "统一社会信用代码", "行政区划代码", "行政区划", "类型", "出处", "模拟"),
        lambda row: (
            row.name,
            row.credit_code or "",
            row.division_id,
            row.division.name,
            Kind(row.kind).label,
            row.source,
            SIMULATED if row.is_simulated else "",
        ),
    ),
    "sites": RegistryList(
        selectors.visible_sites,
        Listing(
            "场所",
            ("division", "organisation"),
            (
                Column("名称", "name"),
                Column("编号", "code"),
                Column("单位"),
                Column("行政区划", "division_id"),
                Column("类别", "category"),
                Column("领域", "domain"),
            ),
            ("name", "code", "organisation__name", "division__name"),
            _site,
            "还没有场所。",
        ),
        ("场所名称", "编号", "单位名称", "行政区划代码", "行政区划", "类别", "领域", "模拟"),
        lambda row: (
            row.name,
            row.code,
            row.organisation.name,
            row.division_id,
            row.division.name,
            site_category_names().get(row.category, row.category),
            DOMAIN_NAMES.get(row.domain, row.domain),
            SIMULATED if row.is_simulated else "",
        ),
    ),
    "facilities": RegistryList(
        selectors.visible_facilities,
        Listing(
            "设施",
            ("site__division",),
            (
                Column("名称", "name"),
                Column("编号", "code"),
                Column("行政区划", "site__division_id"),
                Column("能力（吨/年）", css="number"),
                Column("利用处置方式"),
                Column("出处"),
            ),
            ("name", "code", "site__division__name"),
            _facility,
            "还没有利用处置设施。",
        ),
        ("设施名称", "编号", "行政区划", "能力（吨/年）", "方式代码", "出处", "模拟"),
        lambda row: (
            row.name,
            row.code,
            row.site.division.name,
            row.capacity_t_per_year,
            "、".join(row.methods),
            row.source,
            SIMULATED if row.site.is_simulated else "",
        ),
    ),
    "permits": RegistryList(
        _permits_this_year,
        Listing(
            "危险废物经营许可证",
            ("organisation",),
            (
                Column("许可证号", "number"),
                Column("单位", "organisation__name"),
                Column("类别"),
                Column("规模（吨/年）", "capacity_t_per_year", "number"),
                Column("本年已用（吨）", css="number"),
                Column("种类", "kind"),
                Column("经营方式"),
                Column("有效期至", "valid_until"),
                Column("出处"),
            ),
            ("number", "organisation__name", "mode"),
            _permit,
            "还没有许可证。",
        ),
        ("许可证号", "单位名称", "类别", "规模（吨/年）", "本年已用（吨）", "种类", "经营方式", "有效期至", "出处"),
        lambda row: (
            row.number,
            row.organisation.name,
            "、".join(row.categories),
            row.capacity_t_per_year,
            _used_t(row),
            permit_kind_names().get(row.kind, row.kind),
            row.mode,
            _day(row.valid_until),
            row.source,
        ),
    ),
    "vehicles": RegistryList(
        selectors.visible_vehicles,
        VEHICLES,
        ("车牌号", "单位名称", "核定载重（吨）", "道路运输证号", "有效期至", "类别项别", "模拟"),
        vehicle_cells,
    ),
    "persons": RegistryList(
        selectors.visible_persons,
        PERSONS,
        ("姓名", "类型", "单位名称", "从业资格证号", "有效期至", "类别项别", "模拟"),
        person_cells,
    ),
    "licences": RegistryList(
        selectors.visible_licences,
        LICENCES,
        ("证号", "类型", "单位名称", "范围", "有效期自", "有效期至", "模拟"),
        licence_cells,
    ),
    "facts": RegistryList(
        selectors.visible_facts,
        Listing(
            "操作记录",
            (),
            (
                Column("时间", "recorded_at"),
                Column("谁"),
                Column("做了什么"),
                Column("对象"),
                Column("行政区划"),
                Column("文件"),
            ),
            ("actor", "subject", "document"),
            _fact,
            "还没有操作记录。",
            default_sort="-recorded_at",
        ),
        ("编号", "时间", "谁", "动作", "对象", "行政区划", "文件"),
        lambda row: (row.pk, _shown_at(row), row.actor, row.verb, row.subject, row.division, row.document),
        selectors.may_audit,
    ),
}


def tabs_of(user: User | AnonymousUser) -> list[tuple[str, str]]:
    """Name and title of the lists that the person may open, in their order."""
    return [(name, entry.listing.title) for name, entry in LISTS.items() if entry.is_for(user)]
