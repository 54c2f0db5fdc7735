"""Small texts that several parts of the page share."""

import re
from fractions import Fraction

from wufei.apps.cockpit.figures import NOTHING, decimal_text, rounded_text
from wufei.core.numbers import PLACES
from wufei.core.plan import readable, with_comparator
from wufei.core.scoring import Found
from wufei.core.units import unit_name

ELEMENT_ID = re.compile(r"（[\w:.\[\]]+，(\d{4}) ?年）")
MADE = {"computed", "ledger"}  # how a figure came about that nobody printed


def goal_text(text: str, unit: str, comparator: str = "") -> str:
    """A target as a reader writes it: ``98`` that is to be reached, in %: ``≥98 %``; words stay as they are."""
    return readable(with_comparator(text, comparator), f"\u00a0{unit_name(unit)}" if unit else "")


def gap_text(gap: Fraction | None, unit: str, *, exact: bool = False) -> str:
    """How far a figure is from its target, in words: ``低 16 个百分点``; rounded as in a table unless ``exact``."""
    if gap is None:
        return NOTHING
    if not gap:
        return "持平"
    measure = "个百分点" if unit == "%" else unit_name(unit)
    size = decimal_text(abs(gap), PLACES) if exact else rounded_text(abs(gap))
    return f"{'高' if gap > 0 else '低'} {size} {measure}".rstrip()


def figure_text(found: Found) -> str:
    """A figure as a table shows it: as it is printed, or in two decimals where it was computed; empty for none."""
    if found.value is None:
        return ""
    return rounded_text(found.value) if found.basis in MADE else decimal_text(found.text)


def exact_text(found: Found) -> str:
    """The same to the last of its decimals."""
    return decimal_text(found.text) if found.value is not None else ""


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
