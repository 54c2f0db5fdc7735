"""The values of a manifest's fields: each kind read strictly, with what is wrong and what to do."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from unicodedata import normalize

from wufei.core.catalogue import UnknownWasteCode, methods, normal_code, waste_code
from wufei.core.kilograms import Kilograms, no_mass
from wufei.core.ledger_rules import CONTROL, limits
from wufei.core.manifest_profiles import choices

MOST_PACKAGES = 2_000


class BadField(ValueError):
    """A value that the field cannot take: what and remedy."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


def _text(raw: object, most: int = 120) -> str | None:
    if isinstance(raw, int) and not isinstance(raw, bool):
        raw = str(raw) if abs(raw) < 10**30 else "…"
    if not isinstance(raw, str):
        raise BadField("应是文字。", "请填写文字。")
    text = re.sub(r"[\r\n\t]+", " ", raw).strip()
    if not text.isprintable() and CONTROL.search(text):
        raise BadField("含有不可见字符。", "请删除不可见字符后重新键入。")
    text = normalize("NFC", text)
    if len(text) > most:
        raise BadField(f"有 {len(text)} 个字，最多 {most} 个。", "请缩短。")
    return text or None


def _whole(raw: object, most: int, thing: str) -> int | None:
    if isinstance(raw, str):
        text = raw.strip()
        if not text:
            return None
        if not re.fullmatch(r"[0-9]{1,18}", text):
            raise BadField(f"“{text[:20]}”不是{thing}。", f"请填写 0 到 {most} 的整数。")
        raw = int(text)
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise BadField(f"应是{thing}（整数）。", f"请填写 0 到 {most} 的整数。")
    if not 0 <= raw <= most:
        raise BadField(f"为 {str(raw)[:20]}，超出范围。", f"请填写 0 到 {most} 的整数。")
    return raw


def _mass(raw: object) -> int | None:
    if isinstance(raw, Kilograms):
        raise BadField(*no_mass(raw))
    return _whole(raw, limits().movement_max_g, "克数")


def _waste_code(raw: object) -> str | None:
    text = _text(raw, 20)
    if text is None:
        return None
    try:
        return waste_code(normal_code(text)).code
    except UnknownWasteCode as error:
        raise BadField(error.what, error.remedy) from None


def _hazards(raw: object) -> str | None:
    text = _text(raw, 20)
    if text is not None and not re.fullmatch(r"(?:T|C|I|R|In)(?:[,/](?:T|C|I|R|In))*", text):
        raise BadField(f"“{text}”不是危险特性。", "写 T、C、I、R、In，多个用逗号或斜杠隔开。")
    return text


def _phone(raw: object) -> str | None:
    text = _text(raw, 24)
    if text is not None and not re.fullmatch(r"\+?[0-9][0-9 \-]{4,22}", text):
        raise BadField("不是电话号码。", "写手机号，或区号-号码。")
    return text


def _plate(raw: object) -> str | None:
    text = _text(raw, 12)
    return text.upper().replace(" ", "").replace("·", "") if text else None


def _choice(name: str) -> Callable[[object], str | None]:
    def read(raw: object) -> str | None:
        text = _text(raw, 40)
        known = choices(name)
        if text is None or text in known:
            return text
        by_name = {word: code for code, word in known.items()}
        if text in by_name:
            return by_name[text]
        raise BadField(f"“{text}”不在可选项中。", f"请选：{'、'.join(f'{c}（{w}）' for c, w in known.items())}。")

    return read


def _method(raw: object) -> str | None:
    text = _text(raw, 10)
    if text is not None and text not in methods():
        raise BadField(f"“{text}”不是利用处置方式代码。", "请用方式代码，如 R9、D10、C1、O14。")
    return text


def _packages(raw: object) -> list[str] | None:
    if isinstance(raw, str):
        raw = raw.split()
    if not isinstance(raw, list):
        raise BadField("应是包装码的列表。", "一行一个包装码。")
    if len(raw) > MOST_PACKAGES:
        raise BadField(f"有 {len(raw)} 个，最多 {MOST_PACKAGES} 个。", "请分开几份联单。")
    found = [code for item in raw if (code := _text(item, 60))]
    if len(set(found)) != len(found):
        twice = sorted({code for code in found if found.count(code) > 1})[:3]
        raise BadField(f"包装码重复：{'、'.join(twice)}。", "每个码只写一次。")
    return found or None


def _bool(raw: object) -> bool | None:
    if isinstance(raw, bool) or raw is None:
        return raw
    words = {"是": True, "否": False, "true": True, "false": False, "1": True, "0": False, "on": True, "": None}
    if isinstance(raw, str) and raw.strip().lower() in words:
        return words[raw.strip().lower()]
    raise BadField("应是“是”或“否”。", "请选是或否。")


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _date(raw: object) -> str | None:
    text = _text(raw, 10)
    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise BadField(f"“{text}”不是日期。", "请写成 2026-11-25 的样子。") from None


def _file(raw: object) -> str | None:
    text = _text(raw, 64)
    if text is not None and not re.fullmatch(r"[0-9a-f]{64}", text):
        raise BadField("不是文件的 SHA-256（64 位十六进制）。", "请先上传文件。")
    return text


def _decimal(raw: object) -> str | None:
    text = _text(raw, 24)
    if text is None:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise BadField(f"“{text}”不是数字。", "请填写数字。") from None
    if not number.is_finite() or number.is_signed() or number >= Decimal(10) ** 15 or _decimals(number) > 6:
        raise BadField(f"为 {text}，超出范围。", "请填写不小于 0、最多六位小数的数。")
    return format(number, "f")


READERS: Mapping[str, Callable[[object], Any]] = {
    "waste_code": _waste_code,
    "hazards": _hazards,
    "mass": _mass,
    "count": lambda raw: _whole(raw, 1_000_000, "件数"),
    "phone": _phone,
    "person": lambda raw: _text(raw, 40),
    "licence": lambda raw: _text(raw, 60),
    "site": lambda raw: _text(raw, 40),
    "organisation": lambda raw: _text(raw, 18),
    "plate": _plate,
    "method": _method,
    "packages": _packages,
    "bool": _bool,
    "decimal": _decimal,
    "date": _date,
    "file": _file,
}


def reader_of(kind: str) -> Callable[[object], Any]:
    """What reads a value of a kind: ``text:80``, ``choice:form`` or one of ``READERS``; raises ``BadField``."""
    name, _, rest = kind.partition(":")
    if name == "text":
        return lambda raw: _text(raw, int(rest))
    return _choice(rest) if name == "choice" else READERS[kind]
