"""Import of vehicles, transport persons and carriers' licences; what is registered already is brought up to date.

A row names its firm by credit code or full name, among the firms in the person's sight. What is registered with
another firm is never taken over.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone

from wufei.apps.facts.services import record_fact
from wufei.apps.registry.import_file import CellReader, Import
from wufei.apps.registry.models import CarrierLicence, PersonKind, TransportPerson, User, Vehicle
from wufei.apps.registry.selectors import may_import_fleet, visible_organisations
from wufei.core.checks.table import licence_names
from wufei.core.findings import Finding
from wufei.core.intake import BadValue, parse_mass
from wufei.core.units import narrow

Model = Any  # the class Vehicle, TransportPerson or CarrierLicence
_CLASS = re.compile(r"[1-9](?:\.[1-6])?")
_PLATE = re.compile(r"[\u4e00-\u9fff][A-Z][A-Z0-9]{5,6}|模拟[0-9]{4,6}")


@dataclass(frozen=True, slots=True)
class FleetRow:
    """One record of a file: ``key`` finds it, ``values`` are its other columns."""

    line: int
    organisation: int
    key: tuple[tuple[str, str], ...]
    values: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What the record is called in a finding."""
        return self.key[-1][1]


class FirmFinder:
    """Finds firms in the person's sight by credit code or full name; one query for the whole file."""

    def __init__(self, user: User) -> None:
        self.by_word: dict[str, list[int]] = {}
        for pk, code, name in visible_organisations(user).order_by("pk").values_list("pk", "credit_code", "name"):
            for word in filter(None, {code, name}):
                self.by_word.setdefault(word, []).append(pk)

    def __call__(self, wanted: str) -> list[int]:
        return self.by_word.get(wanted, [])


class FleetReader(CellReader):
    """Reads what the three kinds of rows share."""

    def __init__(self, line: int, cells: Mapping[str, str], firms: FirmFinder) -> None:
        super().__init__(line, cells)
        self.firms = firms

    def organisation(self) -> int:
        wanted = self.needed("organisation", 120)
        found = self.firms(wanted) or self.firms(narrow(wanted).upper())
        if len(found) == 1:
            return found[0]
        if found:
            what = f"单位“{wanted[:40]}”有 {len(found)} 家同名。"
            self.add("organisation", what, "请改填统一社会信用代码。", "ambiguous_organisation")
        elif wanted:
            what = f"单位“{wanted[:40]}”没有登记，或不在您的管辖范围内。"
            self.add("organisation", what, "请先登记单位，或填写统一社会信用代码。", "unknown_organisation")
        return 0

    def classes(self) -> list[str]:
        """Hazard classes: 3、6.1、8类."""
        parts = [p for p in re.split(r"[;,、，；/\s]+", narrow(self.cells.get("hazard_classes", ""))) if p]
        found = [re.sub(r"[类项第]", "", part) for part in parts]
        for part, value in zip(parts, found, strict=True):
            if not _CLASS.fullmatch(value):
                what = f"“{part[:20]}”不是危货类别项别。"
                self.add("hazard_classes", what, "请写作 3、6.1、8，用顿号隔开。", "unknown_hazard_class")
        return sorted(set(found))

    def load_limit(self) -> Decimal | None:
        text = narrow(self.cells.get("load_limit", ""))
        if not text:
            return None
        try:
            return Decimal(parse_mass(text, "" if text[-1].isalpha() else "t")) / 1_000_000
        except BadValue as error:
            self.add("load_limit", error.what, error.remedy, error.code)
            return None

    def row(self, key: tuple[tuple[str, str], ...], **values: Any) -> FleetRow:
        return FleetRow(self.line, self.organisation(), key, values)


class VehicleReader(FleetReader):
    """One vehicle."""

    kind = "vehicles"

    def read(self) -> FleetRow:
        plate = narrow(self.needed("plate", 12)).upper().replace("·", "")
        if plate and not _PLATE.fullmatch(plate):
            self.add("plate", f"“{plate}”不是车牌号。", "请写作 浙E12345 或 浙ED12345。", "bad_plate")
        return self.row(
            (("plate", plate),),
            load_limit_t=self.load_limit(),
            transport_permit=self.text("transport_permit", 40),
            valid_until=self.day("valid_until"),
            hazard_classes=self.classes(),
        )


class PersonReader(FleetReader):
    """One driver, escort or loading manager."""

    kind = "persons"
    nameless = ("没有写姓名。", "请填写证件上的姓名。")

    def read(self) -> FleetRow:
        choices = {label: value for value, label in PersonKind.choices} | {v: v for v in PersonKind.values}
        kind, certificate = self.choice_of("kind", choices, needed=True), self.needed("certificate", 40)
        return self.row(
            (("kind", kind), ("certificate", certificate)),
            name=self.text("name", 40),
            valid_until=self.day("valid_until"),
            hazard_classes=self.classes(),
        )


class LicenceReader(FleetReader):
    """One licence of a carrier."""

    kind = "licences"

    def read(self) -> FleetRow:
        choices = {name: kind for kind, name in licence_names().items()} | {kind: kind for kind in licence_names()}
        kind, number = self.choice_of("kind", choices, needed=True), self.needed("number", 60)
        return self.row(
            (("kind", kind), ("number", number)),
            scope=self.text("scope", 200),
            valid_from=self.day("valid_from"),
            valid_until=self.day("valid_until"),
        )


Reader = type[VehicleReader] | type[PersonReader] | type[LicenceReader]


def _reading(reader: Reader) -> Callable[[int, Mapping[str, str], FirmFinder], tuple[FleetRow | None, list[Finding]]]:
    def read(line: int, cells: Mapping[str, str], firms: FirmFinder) -> tuple[FleetRow | None, list[Finding]]:
        one = reader(line, cells, firms)
        row = one.read()
        return (None if one.findings else row), one.findings

    return read


def _held(model: Model, rows: list[FleetRow]) -> dict[tuple[tuple[str, str], ...], Any]:
    """What the registry has of the rows, by key; asked in batches below the databases' limit of parameters."""
    found: dict[tuple[tuple[str, str], ...], Any] = {}
    for start in range(0, len(rows), 500):
        part = rows[start : start + 500]
        field = part[0].key[-1][0]
        for held in model._default_manager.filter(**{f"{field}__in": [row.name for row in part]}):
            found[tuple((name, getattr(held, name)) for name, _ in part[0].key)] = held
    return found


def _clashing(model: Model, title: str) -> Callable[[list[FleetRow]], list[Finding]]:
    def clashes(rows: list[FleetRow]) -> list[Finding]:
        held, findings = _held(model, rows), []
        count = Counter(row.key for row in rows)
        seen: set[tuple[tuple[str, str], ...]] = set()
        for row in rows:
            if count[row.key] > 1 and row.key in seen:
                what = f"{title} {row.name} 在文件中出现 {count[row.key]} 次。"
                findings.append(Finding(row.line, title, what, "请只留一行。", "duplicate_in_file"))
            elif row.key in held and held[row.key].organisation_id != row.organisation:
                what = f"{title} {row.name} 已由另一家单位登记。"
                remedy = "请核对；单位变更的请联系无废办。"
                findings.append(Finding(row.line, title, what, remedy, "registered_elsewhere"))
            seen.add(row.key)
        return findings

    return clashes


def _keeping(model: Model, verb: str) -> Callable[[list[FleetRow], str, User], None]:
    def keep(rows: list[FleetRow], source: str, user: User) -> None:
        held, at = _held(model, rows), timezone.now()
        fields = sorted(rows[0].values)
        changed = [row for row in rows if row.key in held]
        before = {row.key: {f: _plain(getattr(held[row.key], f)) for f in fields} for row in changed}
        for row in changed:
            for name, value in row.values.items():
                setattr(held[row.key], name, value)
        model._default_manager.bulk_update([held[row.key] for row in changed], fields, batch_size=500)
        fresh = [row for row in rows if row.key not in held]
        made = model._default_manager.bulk_create(
            [model(organisation_id=row.organisation, **dict(row.key), **row.values) for row in fresh], batch_size=500
        )
        held |= {row.key: record for row, record in zip(fresh, made, strict=True)}
        divisions = dict(
            visible_organisations(user)
            .filter(pk__in={row.organisation for row in rows})
            .values_list("pk", "division_id")
        )
        for row in rows:
            record_fact(
                at=at,
                actor=user.username,
                verb=verb,
                subject=f"{verb.removeprefix('update_')}:{held[row.key].pk}",
                division=divisions.get(row.organisation, ""),
                document=source,
                before=before.get(row.key),
                after={name: _plain(value) for name, value in row.values.items()},
            )

    return keep


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, date | Decimal) else value


def _cells(row: FleetRow) -> tuple[str, ...]:
    values = ["、".join(v) if isinstance(v, list) else "" if v is None else str(v) for v in row.values.values()]
    return (str(row.line), *(value for _, value in row.key), *values)


def _fleet_import(
    name: str, title: str, unit: str, model: Model, verb: str, reader: Reader, headings: tuple[str, ...]
) -> Import:
    return Import(
        name=name,
        title=title,
        unit=unit,
        list_name=name,
        lookup=FirmFinder,
        read=_reading(reader),
        clashes=_clashing(model, title),
        keep=_keeping(model, verb),
        headings=("行", *headings),
        cells=_cells,
        is_for=may_import_fleet,
    )


FLEET_IMPORTS = (
    _fleet_import(
        "vehicles", "车辆", "辆车", Vehicle, "update_vehicle", VehicleReader,
        ("车牌号", "核定载重（吨）", "道路运输证号", "有效期至", "类别项别"),
    ),
    _fleet_import(
        "persons", "驾押人员", "名驾押人员", TransportPerson, "update_person", PersonReader,
        ("类型", "从业资格证号", "姓名", "有效期至", "类别项别"),
    ),
    _fleet_import(
        "licences", "承运资质", "项承运资质", CarrierLicence, "update_licence", LicenceReader,
        ("类型", "证号", "范围", "有效期自", "有效期至"),
    ),
)  # fmt: skip
