"""The list of packages: filters, search by code, pages by key; the rows of its export."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.urls import reverse

from wufei.apps.packages.actions import plain_code
from wufei.apps.packages.models import Package
from wufei.apps.packages.selectors import place_of, status_word
from wufei.apps.packages.transport import package_masses
from wufei.apps.registry.models import Site
from wufei.apps.web import AddressFilters, address
from wufei.core.package import Status, status_names
from wufei.core.package_code import printed

PAGE_SIZE = 50
EXPORT_MOST = 100_000
EXPORT_HEADER = (
    "编码", "外部编码", "废物代码", "废物名称", "产生单位", "产生日期", "状态", "所在", "净重（千克）", "外箱",
    "联单",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PackageFilters(AddressFilters):
    """What a reader chose: site code, status, the action that gave the codes."""

    site: str = ""
    status: str = ""
    action: str = ""

    def apply(self, rows: QuerySet[Package]) -> QuerySet[Package]:
        """The rows that fit, the newest first."""
        if self.site:
            rows = rows.filter(site__code=self.site)
        if self.status in set(Status):
            rows = rows.filter(status=self.status)
        if self.action.isdecimal() and len(self.action) <= 18:
            rows = rows.filter(steps__action=int(self.action), steps__is_result=True)
        if self.q:
            key = plain_code(self.q)
            rows = rows.filter(
                Q(code__startswith=key.upper())
                | Q(external_code=key)
                | Q(waste_code=key)
                | Q(waste_name__contains=key)
            )
        return rows.order_by("-id")


@dataclass(frozen=True, slots=True)
class PackageRow:
    """One package in the list."""

    code: str
    shown: str
    url: str
    external_code: str
    waste_code: str
    waste_name: str
    organisation: str
    generated_on: str
    status: str
    status_name: str
    place: str
    kilograms: str
    box: str
    open_manifest: str
    is_simulated: bool


@dataclass(frozen=True, slots=True)
class PackagePage:
    """One page of the list."""

    rows: tuple[PackageRow, ...]
    filters: PackageFilters
    statuses: tuple[tuple[str, str], ...]
    sites: tuple[tuple[str, str], ...]
    first_url: str
    next_url: str
    export_url: str
    labels_url: str


def kilograms(mass_g: int | None) -> str:
    """Grams as kilograms to the gram, without needless zeros; empty where not weighed."""
    if mass_g is None:
        return ""
    return f"{mass_g // 1000:,}.{mass_g % 1000:03}".rstrip("0").rstrip(".")


def package_page(
    visible: QuerySet[Package], filters: PackageFilters, path: str, *, sites: QuerySet[Site] | None = None
) -> PackagePage:
    """One page of the packages in sight: five statements, whatever their number."""
    rows = filters.apply(visible)
    if filters.after.isdecimal() and len(filters.after) <= 18:
        rows = rows.filter(id__lt=int(filters.after))
    held = list(rows.select_related("organisation", "site", "parent")[: PAGE_SIZE + 1])
    shown = held[:PAGE_SIZE]
    masses = package_masses([row.code for row in shown])
    chosen = filters.chosen()
    more = {**chosen, "after": str(shown[-1].id)} if len(held) > PAGE_SIZE else {}
    return PackagePage(
        tuple(_row(row, masses) for row in shown),
        filters,
        tuple((status.value, status_names()[status]) for status in Status),
        tuple(sites.order_by("code").values_list("code", "name")[:200]) if sites is not None else (),
        address(path, chosen) if filters.after else "",
        address(path, more) if more else "",
        address(reverse("packages:export"), chosen),
        address(reverse("packages:labels"), {"action": filters.action}) if filters.action else "",
    )


def _row(row: Package, masses: dict[str, int]) -> PackageRow:
    known = row.mass_g is not None or masses.get(row.code, 0) > 0
    return PackageRow(
        row.code,
        printed(row.code),
        reverse("packages:detail", args=[row.code]),
        row.external_code or "",
        row.waste_code,
        row.waste_name,
        row.organisation.name,
        row.generated_on.isoformat(),
        row.status,
        status_word(row),
        place_of(row),
        kilograms(masses[row.code]) if known else "",
        row.parent.code if row.parent else "",
        row.open_manifest,
        row.is_simulated,
    )


def export_rows(visible: QuerySet[Package], filters: PackageFilters) -> Iterator[tuple[str | int | None, ...]]:
    """The rows of the workbook."""
    rows = filters.apply(visible).select_related("organisation", "site", "parent")[:EXPORT_MOST]
    for row in rows.iterator(chunk_size=2000):
        yield (
            row.code, row.external_code, row.waste_code, row.waste_name, row.organisation.name,
            row.generated_on.isoformat(), status_word(row), place_of(row), kilograms(row.mass_g),
            row.parent.code if row.parent else "", row.open_manifest,
        )  # fmt: skip
