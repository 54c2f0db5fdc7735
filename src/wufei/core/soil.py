"""What was measured in contaminated soil (污染土壤监测) at an end of its way: items with value, unit and limit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from wufei.core.findings import Finding
from wufei.core.manifest_profiles import choices, stage_index

END_NAMES: Mapping[str, str] = {"source": "移出地", "target": "接受地"}
MONITORED: Mapping[str, str] = {"source": "submit", "target": "confirm"}  # end, and by which stage it reports


@dataclass(frozen=True, slots=True)
class Measured:
    """One item. ``is_over``: the value lies above its limit; a range such as that of pH is not judged."""

    name: str
    value: str
    unit: str
    limit: str
    basis: str
    is_over: bool


def measured(document: Mapping[str, Any], end: str) -> list[Measured]:
    """The items of the monitoring report of an end (``source`` or ``target``), in its order."""
    return [_measured(item) for item in _report(document, end).get("items") or []]


def _report(document: Mapping[str, Any], end: str) -> Mapping[str, Any]:
    report: Mapping[str, Any] = (document.get("soil") or {}).get(end) or {}
    return report


def _measured(item: Mapping[str, Any]) -> Measured:
    code, value, limit = item.get("item", ""), item.get("value"), item.get("limit")
    name = item.get("other") if code == "other" else choices("contaminants").get(code, code)
    is_over = code != "ph" and value is not None and limit is not None and Decimal(value) > Decimal(limit)
    unit = choices("soil_units").get(item.get("unit", ""), "")
    return Measured(name or "", value or "", unit, limit or "", item.get("basis") or "", is_over)


def takes_nothing(document: Mapping[str, Any]) -> bool:
    """Whether a receipt refuses all: then nothing comes to rest at the receiver's, and nothing is measured there."""
    lines = (document.get("receipt") or {}).get("lines") or []
    return any(line.get("refused_g") for line in lines) and not any(line.get("accepted_g") for line in lines)


def unmeasured(document: Mapping[str, Any], reached: int, lacking_at: Sequence[str]) -> list[Finding]:
    """A report that measured nothing, and items that nobody named.

    Args:
        reached: the stage, by its place in the order of signatures.
        lacking_at: places that are found lacking already; a report that lacks whole lacks its items too.
    """
    found = []
    for end in (end for end, stage in MONITORED.items() if reached >= stage_index(stage)):
        at, report = f"/soil/{end}", _report(document, end)
        items = report.get("items") or []
        if not items and (f"{at}/report" in lacking_at or report.get("report")):
            what = "监测报告没有写检测项目。"
            found.append(Finding(None, f"{at}/items", what, "至少写一个项目的检测值和限值。", "required"))
        found += [
            Finding(None, f"{at}/items/{i}/other", "检测项目选了“其他”，没有写名称。", "请写名称。", "required")
            for i, item in enumerate(items)
            if item.get("item") == "other" and not item.get("other")
        ]
    return found
