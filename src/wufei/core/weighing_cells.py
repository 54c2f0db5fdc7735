"""Cells of a ticket sheet to values (磅单单元格): what printers, scales and people write for one thing in many ways.

Raises ``BadValue`` and nothing else. Each reader is remembered: a sheet says the same few things again and again.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from wufei.core.catalogue import UnknownWasteCode, normal_code, waste_code, waste_codes
from wufei.core.intake import BadValue, parse_decimal, parse_mass
from wufei.core.ledger_rules import bases
from wufei.core.reference import read_table
from wufei.core.units import narrow

_OWN_UNIT = re.compile(r"[0-9.,\s]+([^0-9.,\s+-].*)", re.DOTALL)
CLOCK = re.compile(r"([0-9]{1,2})[:时点]([0-9]{1,2})(?:[:分]([0-9]{1,2})秒?|分)?")
FRACTION = re.compile(r"0?\.[0-9]+|0")
_CODE_IN_TEXT = re.compile(
    r"[0-9]{3}-?[0-9]{3}-?(?:[0-9]{2}|[Ss][0-9]{2})(?![0-9])|(?<![A-Za-z0-9])R[0-9]{2}(?![0-9])"
)


@lru_cache(maxsize=65536)
def read_mass(text: str, unit: str) -> int:
    """The grams of a cell; a unit of its own goes before ``unit``."""
    return parse_mass(text, "" if _OWN_UNIT.fullmatch(narrow(text)) else unit)


@lru_cache(maxsize=4096)
def read_clock(text: str) -> tuple[int, int, int]:
    plain = narrow(text)
    match = CLOCK.fullmatch(plain)
    if match:
        return int(match[1]), int(match[2]), int(match[3] or 0)
    if FRACTION.fullmatch(plain):  # Excel keeps a clock as a part of a day
        seconds = round(parse_decimal(plain if plain[0] != "." else f"0{plain}") * 86400)
        return seconds // 3600, seconds // 60 % 60, seconds % 60
    raise BadValue(f"“{text[:20]}”不是时间。", "请写成 14:20 或 14:20:05。", "bad_instant")


@cache
def _words(kind: str) -> tuple[str, ...]:
    return tuple(row["word"] for row in read_table("weighings/words.csv") if row["kind"] == kind)


@lru_cache(maxsize=1024)
def starts(text: str, kind: str) -> bool:
    plain = "".join(narrow(text).split()).replace(":", "：")
    return plain.startswith(tuple(word.replace(":", "：") for word in _words(kind)))


@cache
def _codes_by_name() -> Mapping[str, tuple[str, ...]]:
    """Codes by what a sheet may call a waste: the names of the catalogue, then those of ``goods.csv``."""
    found: dict[str, tuple[str, ...]] = {}
    for code, row in waste_codes().items():
        found[row.name] = (*found.get(row.name, ()), code)
    for row_of_goods in read_table("weighings/goods.csv"):
        found.setdefault(row_of_goods["name"], (row_of_goods["code"],))
    return found


@lru_cache(maxsize=4096)
def read_waste(text: str) -> str:
    """The code that a cell names: by code, by the catalogue's name, or by what weighbridges call it."""
    plain = "".join(narrow(text).split())
    if not plain:
        raise BadValue("没有写货名。", "请填写废物代码或名称，例如“900-002-S61”或“餐厨垃圾”。", "blank_waste")
    code = _CODE_IN_TEXT.search(plain)
    if code:
        try:
            return waste_code(normal_code(code[0])).code
        except UnknownWasteCode as error:
            raise BadValue(error.what, error.remedy, error.code) from None
    codes = _codes_by_name().get(plain, ())
    if len(codes) == 1:
        return codes[0]
    if codes:
        remedy = f"请改写代码：{'、'.join(codes[:5])}{' 等' if len(codes) > 5 else ''}。"
        raise BadValue(f"“{plain[:30]}”对应 {len(codes)} 个代码。", remedy, "ambiguous_waste")
    near = [f"{c}（{row.name}）" for c, row in waste_codes().items() if plain in row.name or row.name in plain][:4]
    remedy = f"请改写代码，相近的有：{'、'.join(near)}。" if near else "请填写废物代码，例如 900-099-S64。"
    raise BadValue(f"货名“{plain[:30]}”不在名录中。", remedy, "unknown_waste_code")


@lru_cache(maxsize=256)
def read_direction(text: str) -> str:
    plain = "".join(narrow(text).split()).lower()
    for kind in ("in", "out"):
        if plain in _words(kind):
            return kind
    if plain:
        raise BadValue(f"进出“{plain[:20]}”不认识。", "请写“进”或“出”。", "unknown_direction")
    return ""


@lru_cache(maxsize=256)
def read_basis(text: str) -> str:
    plain = narrow(text)
    for basis, name in bases().items():
        if plain in {basis, name}:
            return basis
    if plain:
        raise BadValue(f"计量方式“{plain[:20]}”不认识。", f"可选：{'、'.join(bases().values())}。", "unknown_basis")
    return ""


@lru_cache(maxsize=1024)
def read_count(text: str) -> int | None:
    if not narrow(text):
        return None
    number = parse_decimal(text)
    if number != number.to_integral_value():
        raise BadValue(f"件数“{text[:20]}”不是整数。", "请填写整数，或留空。", "not_whole")
    return int(number)
