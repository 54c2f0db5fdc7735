"""Codes of administrative divisions (行政区划代码): 6 digits to county level, 9 for townships, 12 for villages.

Invariant: a division's prefix begins the code of everything below it, and of nothing else.
"""

import re
from collections.abc import Collection
from os.path import commonprefix

_CODE = re.compile(r"[0-9]{6}(?:[0-9]{3}){0,2}")


def is_division_code(text: str) -> bool:
    """Whether ``text`` has the form of a division code."""
    return _CODE.fullmatch(text) is not None


def prefix_of(code: str) -> str:
    """Return the part of ``code`` that everything below shares: 330000 -> 33, 330600 -> 3306, 330523 -> 330523."""
    assert is_division_code(code), code
    if len(code) > 6:
        return code
    if code.endswith("0000"):
        return code[:2]
    return code[:4] if code.endswith("00") else code


def level_of(code: str) -> int:
    """Return 1 province, 2 city, 3 county, 4 township, 5 village."""
    return {2: 1, 4: 2, 6: 3, 9: 4, 12: 5}[len(prefix_of(code))]


def place_of(code: str) -> str:
    """The county, city or province whose plan governs ``code``; a township or village answers to its county."""
    assert is_division_code(code), code
    return code[:6]


def common_division(codes: Collection[str]) -> str:
    """The code of the smallest division that holds all of ``codes``; empty where they share no province."""
    shared = len(commonprefix([prefix_of(code) for code in codes]))
    length = max((whole for whole in (2, 4, 6, 9, 12) if whole <= shared), default=0)
    return f"{next(iter(codes))[:length]:0<6}" if length else ""


def parent_code(code: str) -> str | None:
    """Return the code one level up, or ``None`` for a province."""
    prefix = prefix_of(code)
    if len(prefix) > 6:
        return prefix[:-3]
    return f"{prefix[:-2]:0<6}" if len(prefix) > 2 else None
