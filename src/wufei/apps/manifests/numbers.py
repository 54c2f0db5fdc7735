"""Running numbers of manifests: one statement takes them, two writers never get the same, none is taken back."""

from django.db import connection

from wufei.core.findings import Finding, Refused
from wufei.core.manifest_number import NumbersUsedUp, format_number, serial_key

_TAKE = (
    "INSERT INTO manifests_manifestserial (key, last) VALUES (%s, %s) "
    "ON CONFLICT (key) DO UPDATE SET last = manifests_manifestserial.last + excluded.last RETURNING last"
)


def take_numbers(series: str, year: int, division: str, count: int = 1) -> list[str]:
    """The next ``count`` numbers of a series, year and place; inside the caller's transaction.

    Raises:
        Refused: the series has no number left in this year.
    """
    key = serial_key(series, year, division)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [key, count])
        last = int(cursor.fetchone()[0])
    try:
        return [format_number(key, serial) for serial in range(last - count + 1, last + 1)]
    except NumbersUsedUp:
        what = f"编号系列 {key} 本年的号码已经用完。"
        raise Refused([Finding(None, "", what, "请联系主管部门调整编号规则。", "numbers_used_up")]) from None
