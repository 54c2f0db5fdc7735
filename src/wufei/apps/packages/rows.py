"""Many rows in one statement, whatever their number: the database takes them apart itself.

The ORM would send a thousand packages to SQLite in forty statements; here it is one, on both databases.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[int]:
    """Insert ``rows`` and return their ids in the order given. ``columns`` are attribute names (``site_id``)."""
    if not rows:
        return []
    fields = {field.attname: field for field in model._meta.concrete_fields}
    chosen = [fields[name] for name in columns]
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in chosen)
    table = connection.ops.quote_name(model._meta.db_table)
    if connection.vendor == "sqlite":
        picked = ", ".join(f"json_extract(value, '$[{i}]')" for i in range(len(chosen)))
        source = "json_each(%s) ORDER BY key"
    else:
        types = [_cast(field) for field in chosen]
        picked = ", ".join(f"(value->>{i})::{kind}" for i, kind in enumerate(types))
        source = "json_array_elements(%s::json) WITH ORDINALITY AS given (value, place) ORDER BY place"
    sql = f"INSERT INTO {table} ({names}) SELECT {picked} FROM {source} RETURNING id"  # noqa: S608 - own names only
    given = json.dumps([[_plain(value) for value in row] for row in rows], ensure_ascii=False)
    with connection.cursor() as cursor:
        cursor.execute(sql, [given])
        # Ids are given in the order of insertion; the order in which they are returned is not promised.
        return sorted(row[0] for row in cursor.fetchall())


def _cast(field: Any) -> str:
    kind: str = (
        field.rel_db_type(connection) if not field.remote_field else field.target_field.rel_db_type(connection)
    )
    return kind


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return str(connection.ops.adapt_datetimefield_value(value))
    return value if value is None or isinstance(value, str | int) else str(value)
