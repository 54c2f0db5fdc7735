"""Bytes of a request body to values: strict JSON, bounded in size and depth, nothing that no table could hold."""

import json
import math
from collections import Counter
from typing import Any, NoReturn

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError
from ninja.parser import Parser

from wufei.apps.rest.problems import Problem
from wufei.apps.rest.reference import limits

_INTEGER = 2**63  # the largest whole number that both databases hold is one less


class StrictParser(Parser):
    """Reads JSON bodies. Whatever is wrong with one is a ``Problem``."""

    def parse_body(self, request: HttpRequest) -> Any:
        kind = request.content_type or "application/json"
        if kind != "application/json" and not kind.endswith("+json"):
            raise Problem("unsupported_type")
        try:
            raw = request.body
        except RequestDataTooBig:
            raise Problem("too_large") from None
        except UnreadablePostError:
            raise Problem("bad_request") from None
        return parse(raw)


def parse(raw: bytes) -> Any:
    """The value of a JSON text; raises ``Problem`` that says what is wrong."""
    if len(raw) > limits().body_bytes:
        raise Problem("too_large", f"内容有 {len(raw)} 字节，最多 {limits().body_bytes} 字节。请拆成几次发送。")
    try:
        value = json.loads(
            raw.decode("utf-8"),
            parse_constant=_no_constant,
            parse_int=_whole,
            parse_float=_finite,
            object_pairs_hook=_distinct,
        )
    except UnicodeDecodeError as error:
        raise Problem("bad_json", f"内容的第 {error.start + 1} 个字节不是 UTF-8。请改用 UTF-8 编码。") from None
    except json.JSONDecodeError as error:
        line = f"第 {error.lineno} 行" if b"\n" in raw else ""
        raise Problem("bad_json", f"{line}第 {error.colno} 个字符处不是 JSON。请改正后再发。") from None
    except RecursionError:
        raise Problem("bad_json", "内容嵌套太深。请减少层数。") from None
    _check(value)
    return value


def _check(value: object) -> None:
    """Walk all values: what stands against each of them costs many times what it weighs in the text."""
    count, row = 0, [(value, 0)]
    while row:
        here, depth = row.pop()
        if depth > limits().json_depth:
            raise Problem("bad_json", f"内容嵌套超过 {limits().json_depth} 层。请减少层数。")
        if isinstance(here, str):
            _check_text(here)
        inside = here if isinstance(here, list) else list(here.values()) if isinstance(here, dict) else []
        count += len(inside)
        if count > limits().json_values:
            raise Problem("too_large", f"内容里的值超过 {limits().json_values} 个。请拆成几次发送。")
        for name in here if isinstance(here, dict) else ():
            _check_text(name)
        row += [(item, depth + 1) for item in inside]


def _check_text(text: str) -> None:
    if "\0" in text:
        raise Problem("bad_json", f"文本“{text[:20]}”里有 NUL 字符。请删去。")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise Problem("bad_json", "文本里有不成对的代理字符（\\ud800 至 \\udfff）。请删去。")


def _no_constant(name: str) -> NoReturn:
    raise Problem("bad_json", f"内容里有 {name}，JSON 没有这样的数。请写有限的数或 null。")


def _whole(text: str) -> int:
    if len(text) > 20 or not -_INTEGER <= (number := int(text)) < _INTEGER:
        raise Problem("bad_json", f"整数 {text[:24]} 超过 64 位。请核对数值。")
    return number


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise Problem("bad_json", f"数 {text[:24]} 太大。请核对数值。")
    return number


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise Problem("bad_json", f"同一对象里“{twice[:20]}”写了不止一次。请只留一处。")
    return found
