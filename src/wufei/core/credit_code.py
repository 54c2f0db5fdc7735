"""The unified social credit code (统一社会信用代码) of GB 32100: 18 characters, the last a check character.

registrar 1 · kind 1 · division 6 · subject 9 · check 1, from 31 characters without I, O, S, V and Z.
Weights 3^i mod 31. The tests prove the rules on codes that firms print in public.
"""

from wufei.core.units import narrow

CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_LENGTH = 18
_SUBJECT_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714


class BadCreditCode(ValueError):
    """A code that breaks the standard; ``what`` and ``remedy`` are Chinese sentences."""

    def __init__(self, what: str, remedy: str, code: str) -> None:
        super().__init__(what + remedy)
        self.what, self.remedy, self.code = what, remedy, code


def check_character(head: str) -> str:
    """Return the check character of the first 17 characters: ``31 - sum(value * 3^i) mod 31``."""
    assert len(head) == _LENGTH - 1, head
    total = sum(CHARACTERS.index(char) * pow(3, i, 31) for i, char in enumerate(head))
    return CHARACTERS[-total % 31]


def parse_credit_code(text: str) -> str:
    """Return the code in upper case and half width, proven by its check character.

    Raises:
        BadCreditCode: wrong length, a character outside the set, or a broken check character (names the right one).
    """
    code = narrow(text).upper().replace(" ", "").replace("-", "")
    if not code:
        raise BadCreditCode("没有写统一社会信用代码。", "请填写营业执照上的 18 位代码。", "blank_credit_code")
    if len(code) != _LENGTH:
        shown = code if len(code) <= 30 else code[:30] + "…"
        raise BadCreditCode(
            f"统一社会信用代码“{shown}”有 {len(code)} 位，应为 18 位。",
            "请对照营业执照核对；在 Excel 中请把这一列设为文本。",
            "credit_code_length",
        )
    strange = [char for char in code if char not in CHARACTERS]
    if strange:
        raise BadCreditCode(
            f"统一社会信用代码“{code}”含有不可用的字符“{strange[0]}”。",
            "代码只用数字和除 I、O、S、V、Z 外的大写字母，常见错误是把 0 写成 O、把 1 写成 I。",
            "credit_code_character",
        )
    expected = check_character(code[:-1])
    if code[-1] != expected:
        raise BadCreditCode(
            f"统一社会信用代码“{code}”的校验位是“{code[-1]}”，按前 17 位应为“{expected}”。",
            "请对照营业执照核对每一位。",
            "credit_code_check",
        )
    return code


def make_credit_code(division: str, number: int) -> str:
    """Return the code of a place's ``number``-th *simulated* organisation, 0 … 999999.

    Both check characters hold, but it lies in a range that no register issues: registrar and kind ``Y1``, and a
    subject that begins with ``MN`` (模拟) and ends with the check character of GB 11714.
    """
    assert len(division) == 6, division
    assert 0 <= number <= 999_999, number
    body = f"MN{number:06}"
    total = sum(int(char, 36) * weight for char, weight in zip(body, _SUBJECT_WEIGHTS, strict=True))
    head = f"Y1{division}{body}{'0123456789X0'[11 - total % 11]}"
    return head + check_character(head)
