"""Checks of a manifest (联单检查): it is held against permits, plan, stock, certificates, package codes and law.

``check(dossier)`` returns everything that is wrong, at once, each finding with the stage at which it binds, the JSON
pointer of the field and who can cure it. ``data/manifests/checks.csv`` is the one table of the checks: the API, the
pages, the import and ``docs/checks.md`` are made from it. Invariant: a finding never depends on the order of what is
handed in, and no check stops another.

    from wufei.core import checks

    found = checks.check(checks.Dossier(document=..., profile="hazardous", domain="hazardous", day=...), blocks=...)
    refused = [finding for finding in found if finding.is_block]
"""

from wufei.core.checks.case import receiving_permits
from wufei.core.checks.run import CheckFinding, check, judged_at
from wufei.core.checks.table import CURERS, STAGES, CheckRule, rules, rules_on
from wufei.core.checks.values import (
    ClaimedExemption,
    ContractRecord,
    Dossier,
    HandlingPlan,
    LicenceRecord,
    PackageRecord,
    PermitRecord,
    PersonRecord,
    PlannedTransfer,
    RegionApproval,
    VehicleRecord,
)

__all__ = [
    "CURERS",
    "STAGES",
    "CheckFinding",
    "CheckRule",
    "ClaimedExemption",
    "ContractRecord",
    "Dossier",
    "HandlingPlan",
    "LicenceRecord",
    "PackageRecord",
    "PermitRecord",
    "PersonRecord",
    "PlannedTransfer",
    "RegionApproval",
    "VehicleRecord",
    "check",
    "judged_at",
    "receiving_permits",
    "rules",
    "rules_on",
]
