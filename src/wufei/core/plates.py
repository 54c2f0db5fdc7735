"""Plates of vehicles (车牌号): one spelling for what people and printers write in many."""

import re
from functools import lru_cache

from wufei.core.units import narrow

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(rf"[{_PROVINCES}][A-Z][A-Z0-9]{{5,6}}|[{_PROVINCES}][A-Z][A-Z0-9]{{4}}[挂学警港澳试超领]")
_INSIDE = re.compile(r"[\s·•.．・\-－—_]+")


@lru_cache(maxsize=4096)
def normal_plate(text: str) -> str:
    """``浙 e·12345`` is ``浙E12345``: upper case, half width, without blanks, dots and hyphens."""
    return _INSIDE.sub("", narrow(text)).upper()


@lru_cache(maxsize=4096)
def is_plate(text: str) -> bool:
    """Whether ``text``, as ``normal_plate`` gives it, has the form of a plate of GA 36."""
    return _PLATE.fullmatch(text) is not None
