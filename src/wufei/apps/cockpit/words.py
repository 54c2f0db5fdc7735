"""Small texts that several parts of the page share."""

import re

ELEMENT_ID = re.compile(r"（[\w:.\[\]]+，(\d{4}) ?年）")


def target_text(text: str) -> str:
    """``>=98`` as a reader writes it: ``≥98``; words stay."""
    return text.replace(">=", "≥").replace("<=", "≤").replace(">", "＞").replace("<", "＜").removeprefix("=")


def unit_beside(unit: str, text: str) -> str:
    """The unit, where the text is a number."""
    bare = text.lstrip("<>=≥≤＞＜").lstrip("-").replace(".", "", 1)
    return unit if bare.isascii() and bare.isdigit() else ""


UNITS = {
    "t": "吨", "kg": "千克", "km2": "平方千米", "m2": "平方米", "m3": "立方米", "d": "日", "a": "年", "μg": "微克",
    "rank": "名", "score": "分", "unit": "个", "tCO2": "吨二氧化碳",
}  # fmt: skip


def unit_text(unit: str) -> str:
    """``t/万元`` → ``吨/万元``."""
    return "/".join(UNITS.get(part, part) for part in unit.split("/"))


def without_ids(text: str) -> str:
    """A reason for people: ``建成绿色矿山数（mines_green，2022年）`` → ``建成绿色矿山数（2022年）``."""
    return ELEMENT_ID.sub(r"（\1年）", text)


SYSTEMS = {
    "2019trial": "国家2019年试行版",
    "2021": "国家2021年版",
    "local": "本地指标",
    "zhejiang2022-25": "浙江省2022—2025年版",
}
READINGS = {"standard": "通用口径"}


def version_text(version: str) -> str:
    """``zhejiang2022-25/standard`` → ``浙江省2022—2025年版，通用口径``; a place's own reading is named as such."""
    system, _, reading = version.partition("/")
    return f"{SYSTEMS.get(system, system)}，{READINGS.get(reading, '本地口径')}"
