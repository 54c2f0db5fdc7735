"""The reference page of the interface, written by the server from the OpenAPI document: no script, no other host."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja.openapi.docs import DocsBase

from wufei.apps.rest.reference import problem_kinds, scopes

if TYPE_CHECKING:
    from ninja import NinjaAPI

_WORDS = {"string": "文本", "integer": "整数", "number": "数", "boolean": "是否", "object": "对象", "null": "空"}


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a body or an answer, or one parameter."""

    name: str
    kind: str
    link: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A named shape."""

    name: str
    description: str
    properties: tuple[Property, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of an operation."""

    status: str
    description: str
    kind: str
    link: str


@dataclass(frozen=True, slots=True)
class OperationRow:
    """One operation."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    scope: str
    parameters: tuple[Property, ...]
    body: Property | None
    answers: tuple[Answer, ...]


class ReferencePage(DocsBase):
    """Renders the page in the place of Swagger, whose scripts and styles the site's policy does not let run."""

    def render_page(self, request: HttpRequest, api: "NinjaAPI", **kwargs: Any) -> HttpResponse:
        document = api.get_openapi_schema()
        groups: dict[str, list[OperationRow]] = {}
        for path, methods in document["paths"].items():
            for method, told in methods.items():
                groups.setdefault((told.get("tags") or ["其他"])[0], []).append(_operation(method, path, told))
        shapes = [_shape(name, told) for name, told in sorted(document["components"]["schemas"].items())]
        context = {
            "title": document["info"]["title"],
            "groups": groups.items(),
            "shapes": shapes,
            "scopes": scopes().items(),
            "problems": problem_kinds().values(),
            "openapi_url": self.get_openapi_url(api, kwargs),
        }
        return render(request, "rest/reference.html", context)


def _operation(method: str, path: str, told: dict[str, Any]) -> OperationRow:
    body = None
    if "requestBody" in told:
        content = told["requestBody"]["content"]
        media = next(iter(content))
        schema = content[media].get("schema", {})
        body = Property("", f"{media} {kind_of(schema)}", link_of(schema), True, "")
    answers = []
    for status, answer in sorted(told["responses"].items(), key=lambda item: str(item[0])):
        schema = next(iter(answer.get("content", {"": {}}).values())).get("schema", {})
        answers.append(Answer(str(status), answer.get("description", ""), kind_of(schema), link_of(schema)))
    return OperationRow(
        told["operationId"],
        method.upper(),
        path,
        told.get("summary", ""),
        told.get("description", ""),
        told.get("x-scope", ""),
        tuple(
            Property(entry["name"], kind_of(entry["schema"]), "", entry["required"], entry.get("description", ""))
            for entry in told["parameters"]
        ),
        body,
        tuple(answers),
    )


def _shape(name: str, told: dict[str, Any]) -> Shape:
    required = told.get("required", [])
    properties = tuple(
        Property(field, kind_of(entry), link_of(entry), field in required, entry.get("description", ""))
        for field, entry in told.get("properties", {}).items()
    )
    return Shape(name, told.get("description", ""), properties)


def kind_of(schema: dict[str, Any]) -> str:
    """The kind of a value in a few Chinese words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " 或 ".join(kind_of(entry) for entry in schema[several])
    if "enum" in schema:
        return " / ".join(str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    kind = schema.get("type", "")
    if kind == "array":
        return f"{kind_of(schema.get('items', {}))} 的列表"
    if kind == "string" and schema.get("format"):
        return f"文本（{schema['format']}）"
    bounds = "".join(
        f"，{word} {schema[name]}"
        for name, word in [("minimum", "≥"), ("maximum", "≤"), ("exclusiveMinimum", ">"), ("maxLength", "长 ≤")]
        if name in schema
    )
    return _WORDS.get(kind, "任意") + bounds


def link_of(schema: dict[str, Any]) -> str:
    """The name of the shape that a value has, empty where it has none."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    inner = [schema.get("items", {}), *schema.get("anyOf", []), *schema.get("allOf", [])]
    return next((link for entry in inner if entry and (link := link_of(entry))), "")
