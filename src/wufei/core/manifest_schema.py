"""The JSON schema of a manifest document, made from the table of fields; the OpenAPI document shows it."""

from typing import Any

from wufei.core.manifest_document import LISTS
from wufei.core.manifest_profiles import Field, choices, fields, manifest_profiles
from wufei.core.manifest_values import MOST_PACKAGES

Schema = dict[str, Any]
_TEXTS = {"person": 40, "licence": 60, "site": 40, "organisation": 18, "plate": 12, "method": 10, "waste_code": 20}


def document_schema(*, patch: bool = False, half_written: bool = False) -> Schema:
    """The schema of a whole document, of one ``half_written``, or of a patch laid over one (``null`` takes away)."""
    root: Schema = {"type": "object", "additionalProperties": False, "properties": {}}
    if not patch:
        known = {p.id: p.name for p in manifest_profiles().values()}
        root["properties"]["profile"] = {
            "type": "string",
            "enum": list(known),
            "description": "联单类型：" + "、".join(f"{key} {name}" for key, name in known.items()),
        }
        root["required"] = ["profile"] if half_written else ["profile", "wastes"]
    for field in fields():
        _put(root, field.pointer.strip("/").split("/"), _value(field, patch=patch))
    return root


def _put(node: Schema, way: list[str], value: Schema) -> None:
    name, rest = way[0], way[1:]
    if not rest:
        node["properties"][name] = value
    elif rest[0] == "*":
        empty: Schema = {"type": "object", "additionalProperties": False, "properties": {}}
        listed = node["properties"].setdefault(name, {"type": "array", "maxItems": LISTS[name], "items": empty})
        _put(listed["items"], rest[1:], value)
    else:
        inner = node["properties"].setdefault(
            name, {"type": "object", "additionalProperties": False, "properties": {}}
        )
        _put(inner, rest, value)


def _value(field: Field, *, patch: bool) -> Schema:
    kind, _, rest = field.type.partition(":")
    told: Schema
    if kind == "mass":
        told = {"type": "integer", "minimum": 0, "maximum": 10**12}
    elif kind == "count":
        told = {"type": "integer", "minimum": 0, "maximum": 1_000_000}
    elif kind == "bool":
        told = {"type": "boolean"}
    elif kind == "packages":
        items = {"type": "string", "maxLength": 60}
        told = {"type": "array", "items": items, "maxItems": MOST_PACKAGES, "uniqueItems": True}
    elif kind == "date":
        told = {"type": "string", "format": "date"}
    elif kind == "file":
        told = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    elif kind == "choice":
        told = {"type": "string", "enum": list(choices(rest))}
    elif kind == "text":
        told = {"type": "string", "maxLength": int(rest)}
    else:
        told = {"type": "string", "maxLength": _TEXTS.get(kind, 24)}
    words = f"{field.label}。{field.help}".rstrip("。") + "。"
    if kind == "mass":
        words += "单位：克。"
    if field.required_from:
        words += f"必填自：{field.required_from}。"
    words += f"封存自：{field.sealed_from}。"
    if patch:
        told = {"anyOf": [told, {"type": "null"}]}
    return {**told, "description": words}
