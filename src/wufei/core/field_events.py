"""What a phone can report, and what each report must hold to be understood (外业记录的内容).

The checks are of sense only: whether a code is known, a permit valid or a mass plausible is judged where the manifest
is, after the fact is stored.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from wufei.core.findings import Finding

LONGEST_TEXT = 200
LARGEST_MASS_G = 200_000_000  # 200 t: more is on no vehicle
MOST_WASTES = 50
MOST_CODES = 500
_DIGEST = re.compile(r"[0-9a-f]{64}")


class EventType(StrEnum):
    """What happened."""

    PICKUP = "pickup"  # 收运：装车并签字
    NOTHING = "nothing"  # 到点未收
    ARRIVE = "arrive"  # 到达
    RECEIVE = "receive"  # 接收：接受、部分接受或拒收
    SPOIL = "spoil"  # 作废号码
    RETURN = "return"  # 退回余号
    CORRECT = "correct"  # 更正重量


EVENT_NAMES: Mapping[EventType, str] = {
    EventType.PICKUP: "收运",
    EventType.NOTHING: "未收",
    EventType.ARRIVE: "到达",
    EventType.RECEIVE: "接收",
    EventType.SPOIL: "作废号码",
    EventType.RETURN: "退回余号",
    EventType.CORRECT: "更正重量",
}
DECISIONS: Mapping[str, str] = {"accept": "接受", "partly": "部分接受", "refuse": "拒收"}
_AGAIN = "请在“待处理”中按实际情况更正后重新处理。"


def _finding(field: str, what: str, code: str = "unreadable") -> Finding:
    return Finding(None, field, what, _AGAIN, code)


class _Reader:
    """Reads one payload and collects what is wrong with it."""

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self.payload = payload
        self.findings: list[Finding] = []

    def say(self, field: str, what: str, code: str = "unreadable") -> None:
        self.findings.append(_finding(field, what, code))

    def text(self, holder: Mapping[str, Any], name: str, where: str, *, label: str, needed: bool = False) -> None:
        value = holder.get(name, "")
        if value is None and not needed:
            return
        if not isinstance(value, str) or len(value) > LONGEST_TEXT:
            self.say(where, f"{label}“{str(value)[:40]}”不是 {LONGEST_TEXT} 字以内的文字。")
        elif needed and not value.strip():
            self.say(where, f"没有{label}。", "missing")

    def mass(self, holder: Mapping[str, Any], name: str, where: str, *, label: str, least: int) -> None:
        value = holder.get(name)
        if type(value) is not int:
            self.say(where, f"{label}是“{str(value)[:40]}”，应为整数克。", "bad_mass")
        elif not least <= value <= LARGEST_MASS_G:
            low = f"{least} 至 " if least else "0 至 "
            self.say(where, f"{label}是 {value} 克，允许 {low}{LARGEST_MASS_G} 克。", "bad_mass")

    def codes(self, value: object, where: str, *, label: str, digests: bool = False) -> None:
        fits = isinstance(value, list) and len(value) <= MOST_CODES
        if not fits or not all(
            isinstance(code, str)
            and 0 < len(code) <= LONGEST_TEXT
            and (not digests or _DIGEST.fullmatch(code) is not None)
            for code in value  # type: ignore[attr-defined]
        ):
            self.say(where, f"{label}应是最多 {MOST_CODES} 项的清单。")

    def rows(self, name: str, *, label: str) -> list[tuple[int, Mapping[str, Any]]]:
        value = self.payload.get(name)
        if not isinstance(value, list) or not 1 <= len(value) <= MOST_WASTES:
            self.say(name, f"{label}应有 1 至 {MOST_WASTES} 行。", "missing")
            return []
        good: list[tuple[int, Mapping[str, Any]]] = [
            (place, row) for place, row in enumerate(value) if isinstance(row, dict)
        ]
        if len(good) != len(value):
            self.say(name, f"{label}中有不是一组字段的行。")
        return good


def _pickup(reader: _Reader) -> None:
    payload = reader.payload
    reader.text(payload, "number", "number", label="联单号")
    reader.text(payload, "trip", "trip", label="车次")
    reader.text(payload, "site", "site", label="场所编号", needed=True)
    stop = payload.get("stop")
    if stop is not None and (type(stop) is not int or not 0 < stop < 10_000):
        reader.say("stop", f"站点序号是“{str(stop)[:40]}”，应为正整数。")
    for place, row in reader.rows("wastes", label="废物"):
        where = f"wastes/{place}"
        reader.text(row, "code", f"{where}/code", label="废物代码", needed=True)
        reader.text(row, "name", f"{where}/name", label="废物名称")
        reader.mass(row, "mass_g", f"{where}/mass_g", label="重量", least=1)
        reader.codes(row.get("packages", []), f"{where}/packages", label="包装编码")
    handler = payload.get("handler")
    if not isinstance(handler, dict):
        reader.say("handler", "没有移出方经办人。", "missing")
    else:
        reader.text(handler, "name", "handler/name", label="经办人姓名", needed=True)
        reader.text(handler, "code", "handler/code", label="一次性验证码")
        reader.text(handler, "drawing", "handler/drawing", label="手写签名")
        if not handler.get("code") and not handler.get("drawing"):
            reader.say("handler", "移出方没有签字：既没有验证码，也没有手写签名。", "not_signed")
    reader.codes(payload.get("photos", []), "photos", label="照片摘要", digests=True)


def _nothing(reader: _Reader) -> None:
    reader.text(reader.payload, "trip", "trip", label="车次", needed=True)
    if type(reader.payload.get("stop")) is not int:
        reader.say("stop", "没有站点序号。", "missing")
    reader.text(reader.payload, "reason", "reason", label="未收的原因", needed=True)


def _arrive(reader: _Reader) -> None:
    reader.text(reader.payload, "number", "number", label="联单号", needed=True)


PARTS_OF_RECEIPT: Mapping[str, str] = {"accepted_g": "接受量", "refused_g": "拒收量", "lost_g": "损失量"}


def _received(reader: _Reader, row: Mapping[str, Any], place: int) -> None:
    """What became of one waste; where the phone says what came in all, its parts are all of it."""
    for name, label in PARTS_OF_RECEIPT.items():
        reader.mass(row, name, f"wastes/{place}/{name}", label=label, least=0)
    if "received_g" not in row:
        return
    parts = [row.get(name) for name in PARTS_OF_RECEIPT]
    if all(type(part) is int for part in parts) and row["received_g"] != sum(part for part in parts if part):
        told = "、".join(f"{label} {row[name]} 克" for name, label in PARTS_OF_RECEIPT.items())
        what = f"第 {place + 1} 种废物共 {str(row['received_g'])[:20]} 克，{told}，加起来不等。"
        reader.say(f"wastes/{place}/received_g", what, "not_conserved")


def _receive(reader: _Reader) -> None:
    payload = reader.payload
    reader.text(payload, "number", "number", label="联单号", needed=True)
    decision = payload.get("decision")
    if not isinstance(decision, str) or decision not in DECISIONS:
        reader.say("decision", f"处理意见是“{str(decision)[:40]}”，应为接受、部分接受或拒收。")
    rows = reader.rows("wastes", label="废物")
    for place, row in rows:
        _received(reader, row, place)
    is_short = decision in ["partly", "refuse"] or any(row.get("lost_g") for _, row in rows)
    reader.text(payload, "reason", "reason", label="理由", needed=is_short)
    reader.codes(payload.get("photos", []), "photos", label="照片摘要", digests=True)


def _spoil(reader: _Reader) -> None:
    reader.text(reader.payload, "number", "number", label="联单号", needed=True)
    reader.text(reader.payload, "reason", "reason", label="作废的理由", needed=True)


def _return(reader: _Reader) -> None:
    reader.codes(reader.payload.get("numbers"), "numbers", label="退回的号码")


def _correct(reader: _Reader) -> None:
    """The masses of an event of this phone anew, all of them: what was loaded, or the parts of a receipt."""
    payload = reader.payload
    of = payload.get("of")
    if not isinstance(of, str) or not _DIGEST.fullmatch(of):
        reader.say("of", "没有写更正的是哪一条记录。", "missing")
    reader.text(payload, "number", "number", label="联单号")
    for place, row in reader.rows("wastes", label="废物"):
        if "mass_g" in row:
            reader.mass(row, "mass_g", f"wastes/{place}/mass_g", label="重量", least=1)
        else:
            _received(reader, row, place)
    reader.text(payload, "reason", "reason", label="更正的理由", needed=True)
    reader.codes(payload.get("photos"), "photos", label="照片摘要", digests=True)
    if payload.get("photos") == []:
        reader.say("photos", "没有拍过磅单或秤的照片。", "missing")


_CHECKS: Mapping[EventType, Callable[[_Reader], None]] = {
    EventType.PICKUP: _pickup,
    EventType.NOTHING: _nothing,
    EventType.ARRIVE: _arrive,
    EventType.RECEIVE: _receive,
    EventType.SPOIL: _spoil,
    EventType.RETURN: _return,
    EventType.CORRECT: _correct,
}


def check_payload(kind: str, payload: Mapping[str, Any]) -> list[Finding]:
    """What is wrong with the content of an event, all at once; empty where it can be understood."""
    try:
        known = EventType(kind)
    except ValueError:
        names = "、".join(EVENT_NAMES.values())
        return [_finding("type", f"记录的类型“{kind[:40]}”不认识，可以是{names}。", "unknown_type")]
    reader = _Reader(payload)
    _CHECKS[known](reader)
    return reader.findings


def numbers_of(kind: str, payload: Mapping[str, Any]) -> list[str]:
    """The numbers of a block that an event uses, spoils or returns."""
    if kind in (EventType.PICKUP, EventType.SPOIL):
        number = payload.get("number")
        return [number] if isinstance(number, str) and number else []
    if kind == EventType.RETURN:
        numbers = payload.get("numbers")
        return list(dict.fromkeys(n for n in numbers if isinstance(n, str))) if isinstance(numbers, list) else []
    return []


def photos_of(payload: Mapping[str, Any]) -> list[str]:
    """The digests of all pictures that an event names: photos and a drawn signature."""
    photos = payload.get("photos")
    named = list(photos) if isinstance(photos, list) else []
    handler = payload.get("handler")
    if isinstance(handler, dict):
        named.append(handler.get("drawing"))
    return [digest for digest in named if isinstance(digest, str) and _DIGEST.fullmatch(digest)]
