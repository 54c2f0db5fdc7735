"""Rows of tables of fields (``core.form_fields``) as shapes of the interface: what each field takes, by its type.

Invariant: a mass is whole grams as a number; text, which pages and files read in tonnes, is refused. What the rules
of a table say beyond that (dates, codes, unknown names) is told by the table itself, with everything else at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, create_model
from pydantic_core import PydanticCustomError

from wufei.apps.rest.schemas import LongText, Text, Whole
from wufei.core import form_fields

Cell = Text | LongText | Whole | list[Text] | None
_CLOSED: dict[str, Any] = {"additionalProperties": False}  # what the tables refuse themselves


def _only_grams(value: Any) -> Any:
    """A mass written as text could be grams, kilograms or tonnes."""
    if isinstance(value, str | bool):
        raise PydanticCustomError("grams_type", "not whole grams")
    return value


GramsCell = Annotated[
    Annotated[int | None, Field(ge=-(2**63), lt=2**63)],
    BeforeValidator(_only_grams),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]}),
]
_TYPES: Mapping[str, Any] = {
    "mass": GramsCell,
    "count": Whole | Text | None,
    "decimal": Whole | Text | None,
    "codes": list[Text] | LongText | None,
}
_SAID: Mapping[str, str] = {
    "mass": "整克",
    "count": "整数",
    "decimal": "数，写成文字",
    "codes": "编码的列表",
    "instant": "时间，ISO 8601",
    "date": "日期，2026-11-25",
    "waste_code": "废物代码",
    "method": "利用处置方式代码",
    "credit_code": "统一社会信用代码",
}


class Cells(BaseModel):
    """One row; what the table does not know is told by the table, which lists what it knows."""

    model_config = ConfigDict(extra="allow", json_schema_extra=_CLOSED)
    __pydantic_extra__: dict[str, Cell]

    def values(self) -> dict[str, Any]:
        """The cells that were sent, by name."""
        return self.model_dump(exclude_unset=True)


class Tables(BaseModel):
    """Rows by table."""

    model_config = ConfigDict(extra="allow", json_schema_extra=_CLOSED)
    __pydantic_extra__: dict[str, list[Cells]]

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """The rows of the tables that were sent."""
        return {
            name: [row.values() for row in getattr(self, name) or ()] for name in self.model_dump(exclude_unset=True)
        }


def cells_of(name: str, fields: Iterable[form_fields.Field]) -> type[Cells]:
    """The shape of a row of these fields. Of several tables that know a field, the first one's says what it is."""
    known: dict[str, form_fields.Field] = {}
    for one in fields:
        known.setdefault(one.name, one)
    parts: dict[str, Any] = {key: _definition(one) for key, one in known.items()}
    return create_model(name, __base__=Cells, **parts)


def tables_of(name: str, tables: Mapping[str, tuple[str, type[BaseModel]]]) -> type[Tables]:
    """The shape of some tables: what each is called, and the shape of its rows."""
    parts: dict[str, Any] = {
        table: (list[row] | None, Field(None, description=called))  # type: ignore[valid-type]
        for table, (called, row) in tables.items()
    }
    return create_model(name, __base__=Tables, **parts)


def _definition(one: form_fields.Field) -> tuple[Any, Any]:
    said = [one.label, *([_SAID[one.type]] if one.type in _SAID else []), *([one.help] if one.type != "mass" else [])]
    if one.choices:
        said.append("、".join(f"{code} {word}" for code, word in one.choices.items()))
    told = "；".join(part.replace("（吨）", "") for part in said if part)
    return _TYPES.get(one.type, LongText | None), Field(None, description=told + ("。" if told else ""))


def plain(rows: Sequence[Cells]) -> list[dict[str, Any]]:
    """Rows as the services take them."""
    return [row.values() for row in rows]
