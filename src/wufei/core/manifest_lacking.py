"""What a manifest lacks at a stage of its life: fields, carriers, witnesses, what was measured in soil.

Invariant: what is asked for, and from which stage on, stands in the table of fields and in the profile.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from wufei.core.findings import Finding
from wufei.core.manifest_document import get, places
from wufei.core.manifest_profiles import Field, choices, fields, fields_of, manifest_profiles, stage_index
from wufei.core.soil import takes_nothing, unmeasured

ENDS = {  # in place of the named field, where the other end lies outside the region
    "/generator/site": "/generator/outside",
    "/receiver/site": "/receiver/outside",
}


def lacking(
    document: Mapping[str, Any], stage: str, *, leg: int | None = None, since: str = "draft"
) -> list[Finding]:
    """A finding for each field that must be there at ``stage`` and is not.

    Args:
        leg: position (from 1) of the carrier who acts: only that one's fields are asked for.
        since: fields required before this stage are not asked for (a return shipment has never been submitted).
    """
    reached, least = stage_index(stage), stage_index(since)
    found = []
    for field in fields_of(str(document["profile"])):
        if not field.required_from or not least <= stage_index(field.required_from) <= reached:
            continue
        if field.pointer.startswith("/soil/target") and (since != "draft" or takes_nothing(document)):
            continue
        for pointer, value in places(document, field.pointer):
            other = ENDS.get(field.pointer)
            if value is not None or (other and get(document, other) is not None):
                continue
            if (
                leg is not None
                and pointer.startswith("/carriers/")
                and not pointer.startswith(f"/carriers/{leg - 1}/")
            ):
                continue
            place = next((int(name) + 1 for name in pointer.split("/") if name.isdecimal()), 0)
            where = f"第 {place} 项" if place and "/lines/" not in pointer else ""
            what = f"没有填写{where}“{field.label}”。"
            found.append(Finding(None, pointer, what, how_to_fill(field), "required"))
    if not document.get("wastes"):
        found.append(Finding(None, "/wastes", "没有写废物。", "至少写一种废物。", "required"))
    if not document.get("carriers") and reached >= stage_index("submit"):
        found.append(Finding(None, "/carriers", "没有写承运单位。", "至少写一家承运单位。", "required"))
    if reached >= stage_index("submit"):
        found += _unnamed_witnesses(document) + _massless(document)
    return found + unmeasured(document, reached, [f.field for f in found])


def _massless(document: Mapping[str, Any]) -> list[Finding]:
    """Wastes of 0 g: what weighs nothing is not handed over."""
    return [
        Finding(
            None,
            f"/wastes/{place}/mass_g",
            f"第 {place + 1} 项“移出量”为 0，应大于 0。",
            "请填写称得的重量；没有移出的废物请从联单中删去。",
            "no_mass",
        )
        for place, waste in enumerate(document.get("wastes") or [])
        if waste.get("mass_g") == 0
    ]


def how_to_fill(field: Field) -> str:
    """What to do where a field is blank: one sentence, by the kind of value."""
    kind, _, rest = field.type.partition(":")
    if kind == "choice":
        return f"请选择：{'、'.join(choices(rest).values())}。"
    return _HOW_TO_FILL.get(kind, f"请填写{field.label}。")


_HOW_TO_FILL = {
    "waste_code": "请填写名录或分类目录中的代码。",
    "hazards": "请填写危险特性：T、C、I、R、In，多个用逗号或斜杠隔开。",
    "mass": "请填写称得的重量。",
    "count": "请填写件数（整数）。",
    "phone": "请填写手机号，或区号-号码。",
    "person": "请填写姓名。",
    "site": "请填写登记的场所编号；在本区域以外的，请在区域外单位一栏填写名称。",
    "organisation": "请填写登记单位的统一社会信用代码。",
    "plate": "请填写车牌号，如 浙E12345。",
    "method": "请填写利用处置方式代码，如 R9、D10、O14。",
    "packages": "请填写包装码，一行一个。",
    "bool": "请选择是或否。",
    "date": "请填写日期，如 2026-11-25。",
    "file": "请上传文件。",
}


def _unnamed_witnesses(document: Mapping[str, Any]) -> list[Finding]:
    """Parties that will have to sign and that nobody has named, and a waiver beside what it waives."""
    labels = {field.pointer: field.label for field in fields()}
    found = []
    for witness in manifest_profiles()[str(document["profile"])].witnesses:
        party, when, unless = witness.party, witness.when, witness.unless
        if witness.is_needed(partial(get, document)) and party and get(document, party) is None:
            what = f"填写了“{labels[when]}”，没有填写“{labels[party]}”。"
            remedy = "确认接受以前须由其见证签字，请填写其统一社会信用代码。"
            if unless and get(document, when) is None:
                what = f"没有填写“{labels[when]}”和“{labels[party]}”，也没有写“{labels[unless]}”。"
                remedy = f"{remedy[:-1]}；没有的请在“{labels[unless]}”选“是”。"
            found.append(Finding(None, party, what, remedy, "witness_unnamed"))
        elif unless and get(document, unless) is True and get(document, when) is not None:
            what = f"“{labels[unless]}”选了“是”，又填写了“{labels[when]}”。"
            found.append(Finding(None, unless, what, "请改正其中一项。", "witness_waived"))
    return found
