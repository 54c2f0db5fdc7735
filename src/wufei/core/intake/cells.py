"""Cells to exact numbers, masses and instants."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

from wufei.core.intake.errors import BadValue, shown
from wufei.core.units import allowed_mass_units, grams_of, limits, narrow

SHANGHAI = ZoneInfo("Asia/Shanghai")

# --- Cells to values ----------------------------------------------------------------------------------------------

_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_SCIENTIFIC = re.compile(r"[+-]?[0-9.]+[eE][+-]?[0-9]+")
_WITH_UNIT = re.compile(r"([+-]?[0-9.,]+)\s*([^0-9.,+\s-].*)", re.DOTALL)


def parse_decimal(text: str) -> Decimal:
    """Return the exact number that ``text`` writes; full-width digits and thousands separators are read.

    Refused are blanks, words, scientific notation (Excel has dropped digits when it shows 1.2E+11) and a comma that
    is no thousands separator (``12,5``).
    """
    text_shown, plain = shown(text), narrow(text)
    if not plain:
        raise BadValue("数值是空的。", "请填写数字；没有数据时请删去这一行。", "blank_number")
    if len(plain) > limits().number_length_max:
        raise BadValue(
            f"数值 {text_shown} 有 {len(plain)} 个字符，最多 {limits().number_length_max} 个。",
            "请核对数字。",
            "number_too_long",
        )
    if _GROUPED.fullmatch(plain):
        return Decimal(plain.replace(",", ""))
    if _PLAIN.fullmatch(plain):
        return Decimal(plain)
    if _SCIENTIFIC.fullmatch(plain):
        raise BadValue(
            f"数值 {text_shown} 是科学记数，可能已丢失数字。",
            "请把单元格格式改为“数值”后重新导出。",
            "scientific_notation",
        )
    if "," in plain:
        raise BadValue(
            f"数值 {text_shown} 中的逗号不是千分位。", "请写成 1234.5 或 1,234.5；小数点用“.”。", "ambiguous_comma"
        )
    raise BadValue(f"{text_shown} 不是数字。", "请只填写数字，例如 12.5。", "not_a_number")


def parse_mass(text: str, unit: str) -> int:
    """Return the exact grams of ``text`` in ``unit`` (t, 吨, 万吨, kg, 公斤, 千克, 斤, g, 克).

    The value may carry its own unit (``12吨``); ``unit`` may then be empty, and must mean the same when it is not.
    Zero is a mass. Refused are negative values, values finer than one gram (rounding would make mass vanish) and
    values above ``data/units/limits.json``.
    """
    plain = narrow(text)
    unit_given = narrow(unit)
    own = _WITH_UNIT.fullmatch(plain) if not _SCIENTIFIC.fullmatch(plain) else None
    if own:
        own_unit = own[2]
        own_grams = _grams_or_refuse(own_unit)
        if unit_given and _grams_or_refuse(unit_given) != own_grams:
            raise BadValue(
                f"数值 {shown(text)} 带的单位与单位栏“{unit_given[:20]}”不一致。",
                "请删去其中一个单位。",
                "unit_conflict",
            )
        plain, unit_given = own[1], own_unit
    number = parse_decimal(plain)
    factor = _grams_or_refuse(unit_given)
    if number.is_signed() and number:
        raise BadValue(
            f"重量 {shown(text)} 是负数，应不小于 0。", "请填写正数；要更正已入账的记录请用冲销。", "negative_mass"
        )
    # In integers: the decimal context would round a product at 28 digits.
    numerator, denominator = number.as_integer_ratio()
    whole, rest = divmod(numerator * factor, denominator)
    if rest:
        raise BadValue(
            f"重量 {shown(text)}（{unit_given}）细于 1 克。", "请四舍五入到整克后再填。", "finer_than_gram"
        )
    if whole > limits().mass_g_max:
        tonnes = limits().mass_g_max // 1_000_000
        raise BadValue(
            f"重量 {shown(text)}（{unit_given}）过大，一行最多 {tonnes} 吨。",
            "请核对单位，常见错误是把千克写成了吨。",
            "mass_too_large",
        )
    return whole


def _grams_or_refuse(unit: str) -> int:
    grams = grams_of(unit)
    if grams is None:
        text_shown = f"单位 {shown(unit)} 不是重量单位。" if unit else "没有写单位。"
        raise BadValue(text_shown, f"可用的单位：{allowed_mass_units()}。", "unknown_unit")
    return grams


_DATE = (
    "([0-9]{4})(?:"
    + "|".join(
        f"{sep}([0-9]{{1,2}}){sep2}([0-9]{{1,2}}){end}"
        for sep, sep2, end in [("-", "-", ""), ("/", "/", ""), (r"\.", r"\.", ""), ("年", "月", "日?")]
    )
    + ")"
)
_TIME = r"([0-9]{1,2})(?::|时|点)(?:([0-9]{1,2})(?:(?::|分)(?:([0-9]{1,2})(?:\.([0-9]{1,9}))?)?秒?)?)?"
_ZONE = r"(Z|z|[+-][0-9]{2}:?[0-9]{2})"
_WRITTEN = re.compile(rf"{_DATE}(?:(?:[Tt]|\s*){_TIME}\s*{_ZONE}?)?")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:[Tt ]?([0-9]{2})([0-9]{2})([0-9]{2})?)?")
_SERIAL = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")
_DATE_REMEDY = "请写成 2022-03-01 或 2022-03-01 08:30。"


def parse_instant(value: str | int | float | Decimal) -> datetime:
    """Return the aware instant; what carries no zone is Asia/Shanghai.

    Read are ISO 8601, 2022/3/1, 2022.3.1, 2022年3月1日, each with a time or without, 20220301, 20220301083000 and
    Excel day numbers (44621, 44621.354), as number or as text. Excel's fractions are rounded to the second.
    Refused is what could be two days, such as 03/01/2022.
    """
    plain = _number_as_text(value) if not isinstance(value, str) else narrow(value)
    text_shown = shown(plain)
    if not plain:
        raise BadValue("日期是空的。", _DATE_REMEDY, "blank_instant")
    if len(plain) > limits().number_length_max:
        raise BadValue(f"日期 {text_shown} 过长。", _DATE_REMEDY, "bad_instant")
    if _SERIAL.fullmatch(plain):
        return _from_serial(Decimal(plain), text_shown)
    written, compact = _WRITTEN.fullmatch(plain), _COMPACT.fullmatch(plain)
    if written:
        groups = written.groups()
        day = [int(text) for text in groups[:9] if text]
        clock = [int(text or 0) for text in groups[9:12]]
        fraction = int((groups[12] or "")[:6].ljust(6, "0"))
        return _instant(day, [*clock, fraction], groups[13] or "", text_shown)
    if compact:
        numbers = [int(text or 0) for text in compact.groups()]
        return _instant(numbers[:3], [*numbers[3:], 0], "", text_shown)
    raise BadValue(f"{text_shown} 不是能确定的日期。", _DATE_REMEDY, "bad_instant")


def parse_date(value: str | int | float | Decimal) -> date:
    """Return the day of ``parse_instant`` in Asia/Shanghai."""
    return parse_instant(value).astimezone(SHANGHAI).date()


def _number_as_text(value: int | float | Decimal) -> str:
    try:
        return format(Decimal(repr(value)) if isinstance(value, float) else Decimal(value), "f")
    except (ArithmeticError, ValueError):
        raise BadValue(f"{shown(str(value))} 不是能确定的日期。", _DATE_REMEDY, "bad_instant") from None


def _from_serial(serial: Decimal, text_shown: str) -> datetime:
    bounds = limits()
    if not bounds.serial_min <= serial < bounds.serial_max + 1:
        raise BadValue(f"{text_shown} 不是能确定的日期。", _DATE_REMEDY, "bad_instant")
    numerator, denominator = serial.as_integer_ratio()
    # Day 1 is 1900-01-01, and Excel counts a 29 February 1900 that never was: hence 30 December.
    seconds = (numerator * 86400 * 2 + denominator) // (denominator * 2)
    naive = datetime(1899, 12, 30) + timedelta(seconds=seconds)  # noqa: DTZ001 - a wall clock, zoned below
    return naive.replace(tzinfo=SHANGHAI)


def _instant(day: list[int], clock: list[int], zone: str, text_shown: str) -> datetime:
    """The instant of [year, month, day] and [hour, minute, second, microsecond] in ``zone``."""
    bounds = limits()
    if not bounds.year_min <= day[0] <= bounds.year_max:
        what = f"日期 {text_shown} 的年份不在 {bounds.year_min}—{bounds.year_max} 之间。"
        raise BadValue(what, "请核对年份。", "year_out_of_range")
    try:
        naive = datetime(day[0], day[1], day[2], clock[0], clock[1], clock[2], clock[3])  # noqa: DTZ001 - zoned below
    except ValueError:
        raise BadValue(f"日期 {text_shown} 不存在。", "请核对月、日和时间。", "no_such_instant") from None
    if not zone:
        return naive.replace(tzinfo=SHANGHAI)
    if zone in {"Z", "z"}:
        return naive.replace(tzinfo=UTC)
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 14 or minutes > 59:
        raise BadValue(f"日期 {text_shown} 的时区不存在。", "北京时间请写 +08:00 或不写。", "bad_instant")
    offset = timedelta(hours=hours, minutes=minutes)
    return naive.replace(tzinfo=timezone(-offset if zone[0] == "-" else offset))
