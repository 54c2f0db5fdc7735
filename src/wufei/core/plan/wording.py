"""Figures of a plan as people read them: signs in place of comparators, each figure with its unit."""

import re

_FIGURE = re.compile(r"(?<![^ ])((?:>=|<=|>|<|=)?-?\d+(?:\.\d+)?)(?=；|$)")
_BARE = re.compile(r"-?\d+(?:\.\d+)?")
_SIGNS = {">=": "≥", "<=": "≤", ">": "＞", "<": "＜"}


def readable(text: str, unit: str = "") -> str:
    """``>=97`` with ``%`` as ≥97%; words carry no unit, and each part of ``城镇 <=1；农村 -3.67`` carries its own."""
    shown = _FIGURE.sub(lambda found: found[1] + unit, text)
    for sign, read in _SIGNS.items():
        shown = shown.replace(sign, read)
    return shown.removeprefix("=")


def with_comparator(text: str, comparator: str) -> str:
    """A bare number with the comparator by which it is read (``98`` as ``>=98``); anything else stays."""
    return comparator + text if _BARE.fullmatch(text) else text
