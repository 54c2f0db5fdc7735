"""One row of an organisation file: cells to values, with every fault of the row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from wufei.apps.registry.import_file import CellReader
from wufei.apps.registry.models import Kind
from wufei.core.catalogue import DOMAIN_NAMES, UnknownWasteCode, expand_categories
from wufei.core.credit_code import BadCreditCode, parse_credit_code
from wufei.core.intake import BadValue, parse_mass
from wufei.core.reference import read_table
from wufei.core.units import narrow


@dataclass(frozen=True, slots=True)
class PermitCells:
    """The permit of a row."""

    number: str
    categories: tuple[str, ...]
    capacity_t_per_year: Decimal
    mode: str
    valid_until: date


@dataclass(frozen=True, slots=True)
class OrganisationRow:
    """One organisation of a file, proven in form; ``division`` is a code."""

    line: int
    name: str
    credit_code: str
    division: str
    kind: str
    site_name: str
    site_category: str
    domain: str
    permit: PermitCells | None


@cache
def _choices(field: str) -> Mapping[str, str]:
    """Code by what a person may write, for the fields with a fixed choice."""
    if field == "kind":
        pairs = [(label, value) for value, label in Kind.choices]
    elif field == "domain":
        pairs = [(label, value) for value, label in DOMAIN_NAMES.items()]
    else:
        pairs = [(row["name"], row["category"]) for row in read_table("registry/site_categories.csv")]
    return dict(pairs) | {value: value for _, value in pairs}


class RowReader(CellReader):
    """Reads the cells of one organisation."""

    kind = "organisations"
    nameless = ("没有写单位名称。", "请填写营业执照上的全称。")

    def __init__(self, line: int, cells: Mapping[str, str], divisions: Callable[[str], list[str]]) -> None:
        super().__init__(line, cells)
        self.divisions = divisions

    def read(self) -> OrganisationRow | None:
        """The row, or ``None`` when something is wrong with it."""
        row = OrganisationRow(
            self.line,
            self.text("name"),
            self.credit_code(),
            self.division(),
            self.choice("kind"),
            self.text("site_name"),
            self.choice("site_category"),
            self.choice("domain"),
            self.permit(),
        )
        if row.site_name and not (row.site_category and row.domain):
            missing = "、".join(
                self.heading(f) for f in ("site_category", "domain") if not self.cells.get(f, "").strip()
            )
            if missing:
                self.add(
                    "site_name", f"填了场所名称，没有填{missing}。", "请补上，或清空场所名称。", "incomplete_site"
                )
        return None if self.findings else row

    def credit_code(self) -> str:
        try:
            return parse_credit_code(self.cells.get("credit_code", ""))
        except BadCreditCode as error:
            self.add("credit_code", error.what, error.remedy, error.code)
            return ""

    def division(self) -> str:
        wanted = narrow(self.cells.get("division", ""))
        if not wanted:
            self.add("division", "没有写行政区划。", "请填写代码或乡镇（街道）名称。", "blank_division")
            return ""
        found = self.divisions(wanted)
        if len(found) == 1:
            return found[0]
        if found:
            what = f"行政区划“{wanted[:40]}”有 {len(found)} 处同名。"
            self.add("division", what, f"请改填代码，例如 {found[0]}。", "ambiguous_division")
        else:
            what = f"行政区划“{wanted[:40]}”不存在，或不在您的管辖范围内。"
            self.add("division", what, "请填写本地的 6、9 或 12 位代码，或乡镇（街道）名称。", "unknown_division")
        return ""

    def choice(self, field: str) -> str:
        return self.choice_of(field, _choices(field), needed=field == "kind")

    def permit(self) -> PermitCells | None:
        number = self.text("permit_number", 60)
        fields = ("permit_categories", "permit_capacity", "permit_mode", "permit_valid_until")
        given = [field for field in fields if self.cells.get(field, "").strip()]
        if not number:
            if given:
                what = f"填了{self.heading(given[0])}，没有填许可证号。"
                self.add("permit_number", what, "请补上许可证号，或清空许可证各列。", "incomplete_permit")
            return None
        before = len(self.findings)
        for field in fields:
            if field not in given:
                what = f"填了许可证号，没有填{self.heading(field)}。"
                self.add(field, what, "请补上，或清空许可证各列。", "incomplete_permit")
        categories, capacity, until = self.categories(), self.capacity(), self.day("permit_valid_until")
        if len(self.findings) > before or until is None:
            return None
        return PermitCells(number, categories, capacity, self.text("permit_mode", 60), until)

    def categories(self) -> tuple[str, ...]:
        try:
            return tuple(expand_categories(self.cells.get("permit_categories", "")))
        except UnknownWasteCode as error:
            self.add("permit_categories", error.what, error.remedy, "unknown_category")
            return ()

    def capacity(self) -> Decimal:
        """Tonnes a year, exact; a value without a unit is in tonnes."""
        text = narrow(self.cells.get("permit_capacity", "")).removesuffix("/年").removesuffix("/a")
        if not text:
            return Decimal(0)
        unit = "" if text[-1].isalpha() else "t"
        try:
            return Decimal(parse_mass(text, unit)) / 1_000_000
        except BadValue as error:
            self.add("permit_capacity", error.what, error.remedy, error.code)
            return Decimal(0)
