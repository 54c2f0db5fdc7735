"""Writes tickets in bulk: one prepared statement for all of a part, where the ORM would take one for forty."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from wufei.apps.weighings.models import WeighingRecord

PART = 500  # tickets that are asked for or written together; SQLite bounds a statement's values
FEW = 30  # so many are written by the ORM, which then knows their keys


def write_records(records: Sequence[WeighingRecord]) -> None:
    """Insert new records; their keys are known afterwards where there are at most ``FEW``."""
    if len(records) <= FEW:
        WeighingRecord.objects.bulk_create(records)
        return
    fields = [field for field in WeighingRecord._meta.concrete_fields if not field.primary_key]
    names = ", ".join(connection.ops.quote_name(field.column or "") for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    table = connection.ops.quote_name(WeighingRecord._meta.db_table)
    attributes = [field.attname for field in fields]
    adapt = connection.ops.adapt_datetimefield_value

    def plain(value: Any) -> Any:
        return adapt(value) if isinstance(value, datetime) else value

    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 - names of our own columns
            [[plain(getattr(record, name)) for name in attributes] for record in records],
        )
