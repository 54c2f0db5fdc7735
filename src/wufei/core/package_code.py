"""Codes of packages (包装编码): the 37-character identification code of HJ 1276, and this project's own series.

HJ 1276: unified credit code 18 · waste code 8 · day 8 · serial 3. It has no check character of its own; its
parts are proven instead (check character of GB 32100, calendar, catalogue).

Own series, 16 characters: ``W`` · mark of the domain 1 · day YYMMDD 6 · serial 4 · salt 3 · check 1.
Serial and salt use 32 characters without I, L, O and U. The check character is ISO 7064 MOD 37-2, the pure system:
it finds every single wrong character and every swap of neighbours (the hybrid MOD 37,36 misses some swaps). MOD 37-2
may call for ``*``; the salt is then moved on by one, so that no issued code has a check character outside the 32.
The salt makes codes of others hard to guess; the caller draws it. Source: hj1276-2022/code-parts.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType

from wufei.core.catalogue import UnknownWasteCode, waste_code
from wufei.core.credit_code import BadCreditCode, parse_credit_code
from wufei.core.findings import Finding, Refused
from wufei.core.reference import read_table
from wufei.core.units import narrow

HJ1276 = "hj1276"
OWN = "own"
HJ1276_LENGTH = 37
OWN_LENGTH = 16
SERIAL_MAX = {HJ1276: 999, OWN: 32**4 - 1}
SALTS = 32**3
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # 32, without I, L, O, U
_CHECKS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"  # values 0 … 36 of ISO 7064 MOD 37-2
_LOOKALIKE = str.maketrans("OIL", "011")
_HJ1276 = re.compile(r"(?=([0-9A-HJ-NPQRTUWXY]{18}[0-9]{19}))")
_OWN = re.compile(r"(?=(W[A-Z][0-9A-Z]{14}))")
_GAPS = re.compile(r"[\s\-_·\u2010-\u2015]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST_SCAN = 500


@dataclass(frozen=True, slots=True)
class PackageCode:
    """A code taken apart. ``credit_code`` and ``waste_code`` are empty in the own series."""

    code: str
    series: str
    domain: str
    on: date
    serial: int
    credit_code: str = ""
    waste_code: str = ""


@cache
def _marks() -> Mapping[str, str]:
    return MappingProxyType({row["domain"]: row["mark"] for row in read_table("packages/series.csv")})


def check_character(body: str) -> str:
    """The check character of ISO 7064 MOD 37-2 for ``body`` (0-9, A-Z); may be ``*``."""
    rest = 0
    for char in body:
        rest = (rest + _CHECKS.index(char)) * 2 % 37
    return _CHECKS[(1 - rest) % 37]


def hj1276_code(*, credit_code: str, waste_code: str, on: date, serial: int) -> str:
    """Return the identification code (数字识别码) of hazardous waste.

    Args:
        credit_code: of the unit that generates or collects, 18 characters.
        waste_code: ``900-214-08``.
        serial: 1 … 999 of that unit, code and day.
    """
    assert 1 <= serial <= SERIAL_MAX[HJ1276], serial
    code = f"{credit_code}{waste_code.replace('-', '')}{on:%Y%m%d}{serial:03}"
    assert len(code) == HJ1276_LENGTH, code
    return code


def own_code(*, domain: str, on: date, serial: int, salt: int) -> str:
    """Return a code of the own series. ``salt``: 0 … 32767, drawn at random by the caller."""
    assert 0 <= serial <= SERIAL_MAX[OWN], serial
    assert 0 <= salt < SALTS, salt
    head = f"W{_marks()[domain]}{on:%y%m%d}{_base32(serial, 4)}"
    while (check := check_character(body := head + _base32(salt, 3))) not in DIGITS:
        salt = (salt + 1) % SALTS
    return body + check


def _base32(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, rest = divmod(number, 32)
        digits = DIGITS[rest] + digits
    return digits


def printed(code: str) -> str:
    """The code as people read it: own series in fours, HJ 1276 by its parts."""
    if len(code) == OWN_LENGTH:
        return "-".join(code[i : i + 4] for i in range(0, OWN_LENGTH, 4))
    if len(code) == HJ1276_LENGTH:
        return f"{code[:18]} {code[18:26]} {code[26:34]} {code[34:]}"
    return code


def check_code(text: str) -> tuple[PackageCode | None, list[Finding]]:
    """Take ``text`` apart: the code, or all that is wrong with it. Case, width, blanks and hyphens do not matter."""
    bare = _GAPS.sub("", narrow(text)).upper()
    if len(bare) == HJ1276_LENGTH:
        return _check_hj1276(bare)
    if len(bare) == OWN_LENGTH and bare.startswith("W"):
        return _check_own(bare)
    shown = bare if len(bare) <= 40 else bare[:40] + "…"
    what = f"“{shown}”有 {len(bare)} 位，不是包装编码。" if bare else "没有写包装编码。"
    return None, [_bad(what, "危险废物编码为 37 位，其他为 W 开头的 16 位，请对照标签核对。", "package_code_length")]


def parse_code(text: str) -> PackageCode:
    """The same; raises ``Refused`` with all findings where something is wrong."""
    code, findings = check_code(text)
    if code is None:
        raise Refused(findings)
    return code


def _bad(what: str, remedy: str, code: str) -> Finding:
    return Finding(None, "code", what, remedy, code)


def _check_hj1276(bare: str) -> tuple[PackageCode | None, list[Finding]]:
    findings = []
    unit, waste, day, serial = bare[:18], bare[18:26], bare[26:34], bare[34:]
    try:
        parse_credit_code(unit)
    except BadCreditCode as error:
        findings.append(_bad(f"编码前 18 位：{error.what}", error.remedy, error.code))
    listed = None
    if not (waste.isascii() and waste.isdecimal()):
        what = f"编码第 19—26 位“{waste}”不是 8 位数字的废物代码。"
        findings.append(_bad(what, "请对照标签核对这 8 位。", "package_code_waste"))
    else:
        try:
            listed = waste_code(f"{waste[:3]}-{waste[3:6]}-{waste[6:]}")
        except UnknownWasteCode as error:
            findings.append(_bad(f"编码第 19—26 位：{error.what}", error.remedy, error.code))
    on = _day(day)
    if on is None:
        what = f"编码第 27—34 位“{day}”不是日期（年月日 8 位）。"
        findings.append(_bad(what, "请对照标签上的产生日期核对。", "package_code_day"))
    if not (serial.isascii() and serial.isdecimal() and int(serial)):
        what = f"编码末 3 位“{serial}”不是 001—999 的顺序号。"
        findings.append(_bad(what, "请对照标签核对末 3 位。", "package_code_serial"))
    if findings or listed is None or on is None:
        return None, findings
    return PackageCode(bare, HJ1276, listed.domain, on, int(serial), unit, listed.code), []


def _check_own(bare: str) -> tuple[PackageCode | None, list[Finding]]:
    bare = "W" + bare[1] + bare[2:].translate(_LOOKALIKE)
    findings = []
    domain = {mark: name for name, mark in _marks().items()}.get(bare[1])
    if domain is None:
        what = f"编码第 2 位“{bare[1]}”不是领域标识（{'、'.join(_marks().values())}）。"
        findings.append(_bad(what, "请对照标签核对第 2 位。", "package_code_domain"))
    on = _day("20" + bare[2:8])
    if on is None:
        what = f"编码第 3—8 位“{bare[2:8]}”不是日期（年月日 6 位）。"
        findings.append(_bad(what, "请对照标签核对这 6 位。", "package_code_day"))
    strange = [char for char in bare[8:] if char not in DIGITS]
    if strange:
        what = f"编码含有不可用的字符“{strange[0]}”。"
        findings.append(_bad(what, "编码只用数字和除 I、L、O、U 外的大写字母。", "package_code_character"))
    elif (expected := check_character(bare[:-1])) != bare[-1]:
        what = f"编码“{printed(bare)}”的校验位是“{bare[-1]}”，按前 15 位应为“{expected}”。"
        findings.append(_bad(what, "有一位抄错或相邻两位抄反，请对照标签逐位核对。", "package_code_check"))
    if findings or domain is None or on is None:
        return None, findings
    serial = 0
    for char in bare[8:12]:
        serial = serial * 32 + DIGITS.index(char)
    return PackageCode(bare, OWN, domain, on, serial), []


def _day(text: str) -> date | None:
    if not (text.isascii() and text.isdecimal()):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def read_scan(text: str) -> str:
    """Return the code in what a scanner or a person hands over.

    Understood: the bare code, an address ``https://host/q/<code>`` (with anything behind), GS1 element strings and
    digital links that carry it (``(21)…``, ``]d2…``, group separators), lower case, full width, blanks, hyphens.

    Raises:
        Refused: no code is in it, or several different ones, or the one there is wrong; the findings say what.
    """
    whole = narrow(text[:_LONGEST_SCAN]).upper()
    code, findings = check_code(whole)
    if code is not None:
        return code.code
    # Brackets and separators bound a code; blanks and hyphens may stand within one.
    plain = _GAPS.sub("", _CONTROLS.sub("/", re.sub(r"\([0-9]{2,4}\)", "/", whole)))
    near = [*_HJ1276.findall(plain), *(m for m in _OWN.findall(plain) if m[1] in _marks().values())]
    found = {read.code for candidate in near if (read := check_code(candidate)[0]) is not None}
    if len(found) == 1:
        return found.pop()
    if len(found) > 1:
        what = f"扫到的内容里有 {len(found)} 个不同的编码：{'、'.join(sorted(found))}。"
        raise Refused([_bad(what, "请一次只扫一个标签。", "several_codes")])
    looked_at = [part for part in re.split(r"[/?#&=;,，。]", plain) if len(part) in {OWN_LENGTH, HJ1276_LENGTH}]
    for part in looked_at:  # one that was meant to be a code: say what is wrong with it
        findings = check_code(part)[1]
        if findings:
            break
    raise Refused(findings)
