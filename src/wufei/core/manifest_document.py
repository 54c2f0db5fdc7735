"""The document of a manifest: read strictly against the table of fields, compared, and asked what it lacks.

Invariant: whoever hands a document in (API, page, import, phone) is judged by the same table and told all at once, by
JSON pointer.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any

from wufei.core.catalogue import waste_code
from wufei.core.findings import Finding
from wufei.core.manifest_profiles import Field, fields, manifest_profiles
from wufei.core.manifest_values import BadField, reader_of

Document = dict[str, Any]
MOST_CARRIERS = 10
MOST_TOLD = 100  # faults of one document; who mends them is told the rest
MOST_MEASURED = 60
LISTS = {"wastes": 20, "carriers": MOST_CARRIERS, "lines": 20, "items": MOST_MEASURED}


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


_LISTED = MappingProxyType(  # one place of each list
    {"wastes": "废物", "carriers": "承运单位", "lines": "接受情况", "items": "检测项目"}
)


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


OF_CATALOGUE = ("name", "hazards")  # of a waste: what its code tells


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
            for name, value in zip(OF_CATALOGUE, (told.name, told.hazard), strict=True):
                if filled.get(name) == value:
                    filled.pop(name, None)
        if listed:
            filled.setdefault("name", listed.name)
            if listed.hazard:
                filled.setdefault("hazards", listed.hazard)
        wastes.append(filled)
    return {**document, "wastes": wastes} if wastes else document
