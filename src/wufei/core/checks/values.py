"""What the checks are given: the manifest's document and what the registers say on the day of travel. Values only.

Every field but the first four may be left out: what is not given is either empty (no permit, no contract) or, where
the description says "not looked at", leaves its checks silent. Masses are integer grams.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


def _holds(valid_from: date | None, valid_until: date | None, day: date) -> bool:
    return (valid_from is None or valid_from <= day) and (valid_until is None or day <= valid_until)


@dataclass(frozen=True, slots=True)
class PermitRecord:
    """A permit to handle hazardous waste (危险废物经营许可证) of the receiver.

    Attributes:
        id: the registry's key, for ``registry.services.use_permit``.
        categories: HW02 …; ``codes`` the waste codes within; no codes = all of the categories.
        methods: codes of the methods; none = the document prints none, so nothing is compared.
        kind: ``general`` (综合) or ``collection`` (收集).
        capacity_g: what it allows in a year; ``used_g`` what of it was taken in the year of travel.
    """

    id: int
    number: str
    categories: frozenset[str]
    codes: frozenset[str]
    methods: frozenset[str]
    kind: str
    valid_from: date | None
    valid_until: date
    capacity_g: int
    used_g: int

    @property
    def remaining_g(self) -> int:
        """What may still be taken this year; below 0 when it is overrun."""
        return self.capacity_g - self.used_g

    def holds_on(self, day: date) -> bool:
        """Whether it is valid on ``day``."""
        return _holds(self.valid_from, self.valid_until, day)

    def covers(self, code: str, category: str) -> bool:
        """Whether it allows the waste."""
        return code in self.codes if self.codes else category in self.categories


@dataclass(frozen=True, slots=True)
class PlannedTransfer:
    """One transfer of the filed management plan (管理计划 A.7); an empty ``receiver`` or ``method`` means any."""

    waste_code: str
    receiver: str
    remaining_g: int
    method: str = ""


@dataclass(frozen=True, slots=True)
class VehicleRecord:
    """A vehicle and its transport permit (道路运输证).

    Attributes:
        hazard_classes: classes of dangerous goods it may carry: ``6`` covers ``6.1`` and ``6.2``.
        load_limit_g: what it may carry; ``None`` = not known, not looked at.
        aboard: waste codes that other open manifests have on it.
    """

    plate: str
    transport_permit: str = ""
    valid_until: date | None = None
    hazard_classes: frozenset[str] = frozenset()
    load_limit_g: int | None = None
    aboard: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A certificate (从业资格证) of a driver (``driver``), escort (``escort``) or loading manager (``loader``)."""

    kind: str
    certificate: str
    name: str
    valid_until: date | None = None
    hazard_classes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LicenceRecord:
    """A licence of a carrier; ``kind`` is one of ``data/manifests/carrier_licences.csv``."""

    kind: str
    number: str
    scope: str = ""
    valid_from: date | None = None
    valid_until: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it is valid on ``day``."""
        return _holds(self.valid_from, self.valid_until, day)


@dataclass(frozen=True, slots=True)
class PackageRecord:
    """A package by its code: what is in it, whether it is retired, the open manifest that it is on ("" = none).

    Attributes:
        site: code of the site where it stands; empty where it is under way or not known.
        is_held: whether it is the sender's to ship; of another firm's package nothing is told.
        is_aboard: whether it is on a vehicle.
        box: code of the box in which it lies; empty where in none.
        mass_g: grams with all inside; ``None`` = not looked at. is_unweighed: nothing of it has been weighed.
    """

    code: str
    waste_code: str
    is_retired: bool = False
    open_manifest: str = ""
    site: str = ""
    is_held: bool = True
    is_aboard: bool = False
    box: str = ""
    mass_g: int | None = None
    is_unweighed: bool = False


@dataclass(frozen=True, slots=True)
class ContractRecord:
    """A contract between sender and receiver; no codes = all wastes.

    Attributes:
        remaining_g: what is left of each waste; a code that is not in it has no limit.
        id: the key of its record.
    """

    number: str
    codes: frozenset[str] = frozenset()
    valid_from: date | None = None
    valid_until: date | None = None
    remaining_g: Mapping[str, int] = field(default_factory=dict)
    id: int = 0

    def holds_on(self, day: date) -> bool:
        """Whether it is valid on ``day``."""
        return _holds(self.valid_from, self.valid_until, day)

    def covers(self, code: str) -> bool:
        """Whether it is for the waste."""
        return not self.codes or code in self.codes


@dataclass(frozen=True, slots=True)
class RegionApproval:
    """A granted approval or accepted filing to cross the province; ``codes``/``methods`` empty = all.

    ``kind`` is ``approval`` (审批) or ``filing`` (备案); ``is_for_another`` = it names another party.
    """

    kind: str
    number: str
    remaining_g: int
    codes: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()
    valid_from: date | None = None
    valid_until: date | None = None
    is_for_another: bool = False

    def holds_on(self, day: date) -> bool:
        """Whether it is valid on ``day``."""
        return _holds(self.valid_from, self.valid_until, day)


@dataclass(frozen=True, slots=True)
class HandlingPlan:
    """The handling plan of a building site (建筑垃圾处理方案)."""

    number: str
    is_approved: bool
    valid_from: date | None = None
    valid_until: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it is valid on ``day``."""
        return _holds(self.valid_from, self.valid_until, day)


@dataclass(frozen=True, slots=True)
class ClaimedExemption:
    """An exemption that the sender claims: ``no`` of 豁免管理清单, ``stages`` as 收集, 运输, 利用, 处置, 全部."""

    no: str
    stages: frozenset[str]


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is known of one manifest.

    Attributes:
        document: the manifest's document; parts that lack are parts that are not checked yet.
        profile: the manifest's profile (``medical``); ``domain`` the domain of the profile (``hazardous``).
        day: the day of travel: permits and certificates must be valid on it.
        created_on: the day the manifest was made: the rules and lists in force on it judge it; ``None`` = ``day``.
        number: its own number, so that its own packages are not found "on another manifest".
        permits: permits of the receiving organisation, valid or not.
        permit_needed: false where the receiver needs none (it is outside the region and checked there).
        plan_filed: whether the sender's management plan for the year of travel is filed; ``None`` = not looked at.
        plan_transfers: the transfers of that plan.
        stock_g: grams in store at the sender's site by waste code (absent = 0); ``None`` = not looked at.
        vehicles: by plate. persons: by (kind, certificate number). licences: by ``carriers/*/organisation``.
        packages: by code; ``None`` = not looked at.
        contracts: between these two parties; ``None`` = not looked at.
        leaves_province: whether the two ends lie in different provinces. approvals: what is held for it.
        region_unstated: whether an end lies outside the region and nobody wrote where.
        is_building_site: whether the sender's site needs a handling plan; ``handling_plan`` is what it has.
        exemptions: claims beside the one in ``document["exemption"]``.
    """

    document: Mapping[str, Any]
    profile: str
    domain: str
    day: date
    created_on: date | None = None
    number: str = ""
    permits: tuple[PermitRecord, ...] = ()
    permit_needed: bool = True
    plan_filed: bool | None = None
    plan_transfers: tuple[PlannedTransfer, ...] = ()
    stock_g: Mapping[str, int] | None = None
    vehicles: Mapping[str, VehicleRecord] = field(default_factory=dict)
    persons: Mapping[tuple[str, str], PersonRecord] = field(default_factory=dict)
    licences: Mapping[str, tuple[LicenceRecord, ...]] = field(default_factory=dict)
    packages: Mapping[str, PackageRecord] | None = None
    contracts: tuple[ContractRecord, ...] | None = None
    leaves_province: bool = False
    region_unstated: bool = False
    approvals: tuple[RegionApproval, ...] = ()
    is_building_site: bool = False
    handling_plan: HandlingPlan | None = None
    exemptions: tuple[ClaimedExemption, ...] = ()

    @property
    def rules_day(self) -> date:
        """The day whose rules judge the manifest."""
        return self.created_on or self.day
