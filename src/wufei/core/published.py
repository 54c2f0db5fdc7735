"""The published figures that plan packs bring: ``data/plans/<division>/values.csv``, as values."""

from decimal import Decimal

from wufei.core.reference import exists, folders, read_table
from wufei.core.values import State, Value

_STATES = {"": State.BLANK, "/": State.SLASH, "不适用": State.NOT_APPLICABLE}


def pack_divisions_with_values() -> list[str]:
    """The divisions whose pack has published figures, sorted."""
    return [name for name in folders("plans") if exists(f"plans/{name}/values.csv")]


def pack_values(division: str) -> list[Value]:
    """The published figures of one pack, in the order of the file; what is no number keeps its own state."""
    values = []
    for row in read_table(f"plans/{division}/values.csv"):
        number = Decimal(row["value"]) if row["value"] else None
        state = State.NUMBER if number is not None else _STATES.get(row["printed"], State.BLANK)
        values.append(
            Value(
                element=row["element"],
                scope=row["scope"],
                period=row["period"],
                value=number,
                state=state,
                unit=row["unit"],
                printed=row["printed"],
                source=row["source"],
                note=row["note"],
            )
        )
    return values
