"""Forms drawn from tables of fields (``core.form_fields``): what a page shows, and what it sends back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from wufei.core.form_fields import LONGEST, Field, typed_value

ROWS_POSTED = 300
INPUT_TYPES = {"date": "date", "instant": "datetime-local", "phone": "tel"}


@dataclass(frozen=True, slots=True)
class Input:
    """One field as a page draws it."""

    id: str
    field: Field
    value: str
    kind: str  # of the input element; "select" and "textarea" too
    datalist: str = ""  # id of the list it suggests from

    @property
    def options(self) -> list[tuple[str, str]]:
        """Choices of a select."""
        return list(self.field.choices.items())

    @property
    def longest(self) -> int:
        """Characters that fit."""
        return LONGEST.get(self.field.type, 200)


@dataclass(frozen=True, slots=True)
class InputRow:
    """One row of inputs; ``number`` from 1."""

    number: int
    inputs: tuple[Input, ...]


def inputs(fields: Sequence[Field], values: Mapping[str, Any], prefix: str = "") -> tuple[Input, ...]:
    """The inputs of one row."""
    kinds = {"note": "textarea", "choice": "select"} | INPUT_TYPES
    lists = {"waste_code": "waste-codes", "method": "methods"}
    return tuple(
        Input(
            f"{prefix}{one.name}",
            one,
            typed_value(one, values.get(one.name)),
            kinds.get(one.type, "text"),
            lists.get(one.type, ""),
        )
        for one in fields
    )


def input_rows(
    fields: Sequence[Field], rows: Sequence[Mapping[str, Any]], blank: int, start: str = "r"
) -> tuple[InputRow, ...]:
    """The rows of a table with ``blank`` empty ones behind them; ``start`` begins the names of its inputs."""
    shown = [*rows, *({} for _ in range(blank))]
    return tuple(InputRow(i, inputs(fields, row, f"{start}{i}-")) for i, row in enumerate(shown, 1))


def posted(fields: Sequence[Field], data: QueryDict, prefix: str = "") -> dict[str, str]:
    """One row as it was typed; blanks are left out."""
    return {one.name: text for one in fields if (text := data.get(f"{prefix}{one.name}", "").strip())}


def posted_rows(fields: Sequence[Field], data: QueryDict, start: str = "r") -> list[dict[str, str]]:
    """The rows of a table as they were typed; rows without a word are left out."""
    numbers = {name[len(start) :].partition("-")[0] for name in data if name.startswith(start) and "-" in name}
    wanted = sorted({int(n) for n in numbers if n.isascii() and n.isdecimal() and len(n) < 4})[:ROWS_POSTED]
    rows = (posted(fields, data, f"{start}{number}-") for number in wanted)
    return [row for row in rows if row]
