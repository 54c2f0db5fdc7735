"""Running numbers of manifests: one statement takes them, two writers never get the same, none is taken back."""

from django.db import connection

from wufei.apps.manifests.models import Manifest, ManifestSerial
from wufei.core.findings import Finding, Refused
from wufei.core.manifest_number import NumbersUsedUp, format_number, parse_number, serial_digits, serial_key

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


def claim_number(number: str) -> list[Finding]:
    """What stands against using a number that was issued before; its series is locked until the transaction ends.

    A number that was never issued would one day be issued to another.
    """
    parsed = parse_number(number)
    serial = None
    if parsed is not None:
        key = number[: -serial_digits(parsed.series)]
        serial = ManifestSerial.objects.select_for_update().filter(key=key).first()
    if parsed is None or serial is None or parsed.serial > serial.last:
        what = f"编号 {number[:40]} 没有发放过。"
        return [Finding(None, "/number", what, "请用号段中的编号，或不写编号。", "number_not_issued")]
    if Manifest.objects.filter(number=number).exists():
        what = f"编号 {number} 已有联单。"
        return [Finding(None, "/number", what, "请换一个未用的编号。", "number_used")]
    return []
