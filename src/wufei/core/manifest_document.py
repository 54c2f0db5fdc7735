"""The document of a manifest: read strictly against the table of fields, compared, and asked what it lacks.

Invariant: whoever hands a document in (API, page, import, phone) is judged by the same table and told all at once, by
JSON pointer.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from types import MappingProxyType
from typing import Any

from wufei.core.catalogue import waste_code
from wufei.core.findings import Finding
from wufei.core.manifest import Event
from wufei.core.manifest_profiles import Field, choices, fields, fields_of, manifest_profiles, stage_index
from wufei.core.manifest_values import BadField, reader_of

Document = dict[str, Any]
MOST_CARRIERS = 10
MOST_TOLD = 100  # faults of one document; who mends them is told the rest
LISTS = {"wastes": 20, "carriers": MOST_CARRIERS, "lines": 20}


@cache
def _tree() -> Mapping[str, Any]:
    """The table of fields as a tree: names -> subtree or field; ``*`` for list places."""
    root: dict[str, Any] = {}
    for field in fields():
        node = root
        *way, last = field.pointer.strip("/").split("/")
        for name in way:
            node = node.setdefault(name, {})
        node[last] = field
    return root


def read_document(raw: object) -> tuple[Document, list[Finding]]:
    """The clean document of what was handed in, and everything that is wrong with it, by JSON pointer.

    Blank fields are left out; wrong ones are left out and told. Lists keep their places.
    """
    found: list[Finding] = []
    if not isinstance(raw, dict):
        return {}, [Finding(None, "", "联单内容应是一个对象。", "请按字段表提交。", "not_an_object")]
    rest = dict(raw)
    profile = rest.pop("profile", None)
    document: Document = {}
    if isinstance(profile, str) and profile in manifest_profiles():
        document["profile"] = profile
    else:
        known = "、".join(f"{p.id}（{p.name}）" for p in manifest_profiles().values())
        shown = str(profile)[:40] if profile is not None else "空"
        found.append(Finding(None, "/profile", f"联单类型为“{shown}”。", f"请选：{known}。", "unknown_profile"))
    document.update(_read_object(rest, _tree(), "", found))
    return document, found[:MOST_TOLD]


def _read_object(raw: Mapping[str, Any], tree: Mapping[str, Any], at: str, found: list[Finding]) -> Document:
    clean: Document = {}
    for name, value in raw.items():
        pointer = f"{at}/{_escape(name)}"
        node = tree.get(name) if isinstance(name, str) else None
        if node is None or name == "*":
            found.append(Finding(None, pointer, "没有这个字段。", "请对照字段表删去或改名。", "unknown_field"))
        elif isinstance(node, Field):
            read = _read_value(value, node, pointer, found)
            if read is not None:
                clean[name] = read
        elif value is None:
            continue
        elif "*" in node:
            clean[name] = _read_list(value, name, node["*"], pointer, found)
        elif isinstance(value, dict):
            part = _read_object(value, node, pointer, found)
            if part:
                clean[name] = part
        else:
            found.append(Finding(None, pointer, "应是一个对象。", "请按字段表提交。", "not_an_object"))
    return clean


def _read_list(raw: object, name: str, tree: Mapping[str, Any], at: str, found: list[Finding]) -> list[Document]:
    if not isinstance(raw, list):
        found.append(Finding(None, at, "应是一个列表。", "请按字段表提交。", "not_a_list"))
        return []
    if len(raw) > LISTS[name]:
        what = f"有 {len(raw)} 项，最多 {LISTS[name]} 项。"
        found.append(Finding(None, at, what, "请分开几份联单。", "list_too_long"))
        return []
    clean = []
    for i, item in enumerate(raw):
        if isinstance(item, dict):
            clean.append(_read_object(item, tree, f"{at}/{i}", found))
        else:
            found.append(Finding(None, f"{at}/{i}", "应是一个对象。", "请按字段表提交。", "not_an_object"))
            clean.append({})
    return clean


def _read_value(raw: object, field: Field, pointer: str, found: list[Finding]) -> Any:
    if raw is None:
        return None
    try:
        return reader_of(field.type)(raw)
    except BadField as bad:
        found.append(
            Finding(None, pointer, f"“{field.label}”{bad.what}", bad.remedy, f"bad_{field.type.split(':')[0]}")
        )
        return None


def _escape(name: object) -> str:
    text = str(name)[:60].replace("~", "~0").replace("/", "~1")
    return text.encode("utf-8", "replace").decode()


# --- Asking a document --------------------------------------------------------------------------------------------


def places(document: Mapping[str, Any], pattern: str) -> Iterator[tuple[str, Any]]:
    """Each place (pointer, value or ``None``) of the document that a pattern names; ``*`` runs over list places."""

    def walk(node: Any, way: Sequence[str], at: str) -> Iterator[tuple[str, Any]]:
        if not way:
            yield at, node
        elif way[0] == "*":
            for i, item in enumerate(node if isinstance(node, list) else []):
                yield from walk(item, way[1:], f"{at}/{i}")
        else:
            yield from walk(node.get(way[0]) if isinstance(node, dict) else None, way[1:], f"{at}/{way[0]}")

    yield from walk(document, pattern.strip("/").split("/"), "")


def get(document: Mapping[str, Any], pointer: str) -> Any:
    """The value at a pointer, or ``None``."""
    node: Any = document
    for name in pointer.strip("/").split("/"):
        if isinstance(node, list):
            node = node[int(name)] if name.isdecimal() and int(name) < len(node) else None
        else:
            node = node.get(name) if isinstance(node, dict) else None
    return node


def pattern_of(pointer: str) -> str:
    """The pattern of a place: numbers become ``*``."""
    return re.sub(r"/[0-9]+(?=/|$)", "/*", pointer)


ENDS = {  # in place of the named field, where the other end lies outside the region
    "/generator/site": "/generator/outside",
    "/receiver/site": "/receiver/outside",
}


_LISTED = MappingProxyType({"wastes": "废物", "carriers": "承运单位", "lines": "接受情况"})  # one place of each list


def place_name(pointer: str, units: Mapping[str, str] = MappingProxyType({})) -> str:
    """A place of the document in words: 废物 1 移出量; a pointer that no field and no list has stays as it is.

    Args:
        units: type of a field -> what is told behind its label, in place of what the label itself says.
    """
    pattern, way = pattern_of(pointer), pointer.strip("/").split("/")
    if pattern.endswith("/packages/*"):
        return f"{place_name(pointer.rpartition('/')[0], units)} {int(way[-1]) + 1}"
    labels = {field.pointer: _label(field, units) for field in fields()}
    words = labels.get(pattern) or ({"claimed_at": "发生时间"} | _LISTED).get(way[-1], "")
    for name, place in zip(way, way[1:], strict=False):
        if name in _LISTED and place.isdecimal():
            return f"{_LISTED[name]} {int(place) + 1} {words}".strip()
    return words or pointer


def _label(field: Field, units: Mapping[str, str]) -> str:
    return field.label.removesuffix("（元）") + units.get(field.type, "") if units else field.label


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
            where = (
                f"第 {int(pointer.split('/')[2]) + 1} 项" if "*" in field.pointer and "/lines/" not in pointer else ""
            )
            what = f"没有填写{where}“{field.label}”。"
            found.append(Finding(None, pointer, what, how_to_fill(field), "required"))
    if not document.get("wastes"):
        found.append(Finding(None, "/wastes", "没有写废物。", "至少写一种废物。", "required"))
    if not document.get("carriers") and reached >= stage_index("submit"):
        found.append(Finding(None, "/carriers", "没有写承运单位。", "至少写一家承运单位。", "required"))
    if reached >= stage_index("submit"):
        found += _unnamed_witnesses(document) + _massless(document)
    return found


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


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """(pointer, before, after) of each value that differs, in the order of pointers."""
    flat_before, flat_after = dict(_flat(before, "")), dict(_flat(after, ""))
    return [
        (pointer, flat_before.get(pointer), flat_after.get(pointer))
        for pointer in sorted(flat_before.keys() | flat_after.keys())
        if flat_before.get(pointer) != flat_after.get(pointer)
    ]


def _flat(node: Any, at: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _flat(value, f"{at}/{name}")
    elif isinstance(node, list) and any(isinstance(item, dict) for item in node):
        for i, item in enumerate(node):
            yield from _flat(item, f"{at}/{i}")
    else:
        yield at, node


def sealed_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], stage: str, *, leg: int | None = None
) -> list[Finding]:
    """A finding for each changed field that a signature up to ``stage`` has sealed.

    Args:
        leg: position (from 1) of the carrier who has the waste: what a later one seals at departure is still open.
    """
    by_pointer = {field.pointer: field for field in fields()}
    reached = stage_index(stage)
    found = []
    for pointer, _, _ in changes(before, after):
        field = by_pointer.get(pattern_of(pointer))
        is_sealed = field is None or stage_index(field.sealed_from) <= reached
        if is_sealed and field and leg is not None and field.sealed_from == Event.DEPART and _is_later(pointer, leg):
            continue
        if is_sealed and reached > 0:
            label = field.label if field else pointer
            what = f"“{label}”已由签字封存，不能直接改。"
            found.append(Finding(None, pointer, what, "请申请更正，相关各方同意后生效。", "sealed"))
    return found


def _is_later(pointer: str, leg: int) -> bool:
    """Whether a place is that of a carrier after the ``leg``-th, who has not taken over yet."""
    match = re.match(r"/carriers/([0-9]+)/", pointer)
    return match is not None and int(match[1]) >= leg


def profile_findings(document: Mapping[str, Any]) -> list[Finding]:
    """Wastes that the profile is not for, and lists that do not fit it."""
    profile = manifest_profiles()[str(document["profile"])]
    found = []
    for i, waste in enumerate(document.get("wastes") or []):
        code = waste.get("code")
        if code and not profile.covers(waste_code(code)):
            what = f"{code} 不属于“{profile.name}”。"
            found.append(Finding(None, f"/wastes/{i}/code", what, "请换联单类型或更正代码。", "wrong_profile"))
    return found


def merge(document: Mapping[str, Any], patch: Mapping[str, Any]) -> Document:
    """The document with a patch laid over it: objects key by key, lists of objects place by place, the rest replaced.

    A value of ``None`` takes a field away. A patch that is no object is left for ``read_document`` to refuse.
    """
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(document)
    for name, value in patch.items():
        old = merged.get(name)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            merged[name] = merge(old, value)
        elif isinstance(value, list) and isinstance(old, list) and any(isinstance(item, dict) for item in value):
            pairs = [merge(o, v) if isinstance(v, Mapping) else v for o, v in zip(old, value, strict=False)]
            merged[name] = pairs + value[len(old) :] + old[len(value) :]
        else:
            merged[name] = value
    return merged


def without_blank_places(document: Document) -> Document:
    """The document without the last wastes and carriers that hold nothing: how a form takes a card away."""
    kept = dict(document)
    for name in ("wastes", "carriers"):
        items = list(kept.get(name) or [])
        while items and not items[-1]:
            items.pop()
        if name in kept:
            kept[name] = items
    return kept


def with_defaults(document: Document, before: Mapping[str, Any] | None = None) -> Document:
    """The document with what the catalogue tells: names and hazards of the wastes.

    Where ``before`` has another code in the same place, a name and hazards that are the catalogue's for that code
    follow the new code; what somebody wrote themselves stays.
    """
    wastes = []
    held = (before or {}).get("wastes") or []
    for place, waste in enumerate(document.get("wastes") or []):
        listed = waste_code(waste["code"]) if waste.get("code") else None
        filled = dict(waste)
        old = held[place].get("code") if place < len(held) else None
        if listed and old and old != listed.code:
            told = waste_code(old)
            for name, value in (("name", told.name), ("hazards", told.hazard)):
                if filled.get(name) == value:
                    filled.pop(name, None)
        if listed:
            filled.setdefault("name", listed.name)
            if listed.hazard:
                filled.setdefault("hazards", listed.hazard)
        wastes.append(filled)
    return {**document, "wastes": wastes} if wastes else document
