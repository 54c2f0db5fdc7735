"""GB 32100: the check character, on codes that firms print in public."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core.credit_code import (
    CHARACTERS,
    BadCreditCode,
    check_character,
    make_credit_code,
    parse_credit_code,
)

# Codes that three well-known companies print on their public pages.
PRINTED = ["91440300708461136T", "914403001922038216", "91330100799655058B"]


def second_implementation(head):
    """The recipe of the standard, step by step with its table of weights."""
    weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
    rest = 31 - sum(w * CHARACTERS.index(c) for w, c in zip(weights, head, strict=True)) % 31
    return CHARACTERS[0 if rest == 31 else rest]


def test_the_set_has_31_characters_without_i_o_s_v_z():
    assert len(set(CHARACTERS)) == 31
    assert not set("IOSVZ") & set(CHARACTERS)


@pytest.mark.parametrize("code", PRINTED)
def test_printed_codes_hold(code):
    assert parse_credit_code(code) == code


@given(st.text(CHARACTERS, min_size=17, max_size=17))
def test_check_character_agrees_with_the_recipe_of_the_standard(head):
    assert check_character(head) == second_implementation(head)


def test_a_broken_check_character_names_thing_value_and_the_right_one():
    with pytest.raises(BadCreditCode, match="“914403007084611360”的校验位是“0”，按前 17 位应为“T”") as caught:
        parse_credit_code("914403007084611360")
    assert caught.value.code == "credit_code_check"


@pytest.mark.parametrize(("text", "message"), [
    ("9144030070846113", "有 16 位，应为 18 位"),
    ("", "没有写统一社会信用代码"),
    ("9144O300708461136T", "含有不可用的字符“O”.*把 0 写成 O"),
    ("91440300708461136中", "含有不可用的字符“中”"),
])  # fmt: skip
def test_what_is_no_code_says_why(text, message):
    with pytest.raises(BadCreditCode, match=message):
        parse_credit_code(text)


def test_lower_case_full_width_and_blanks_are_read():
    assert parse_credit_code(" ９1440300 70846113 6t ") == "91440300708461136T"


@given(st.sampled_from(PRINTED), st.integers(0, 17), st.sampled_from(CHARACTERS))
def test_any_one_wrong_character_is_found(code, place, char):
    wrong = code[:place] + char + code[place + 1 :]
    if wrong != code:
        with pytest.raises(BadCreditCode):
            parse_credit_code(wrong)


@given(st.integers(0, 999_999))
def test_simulated_codes_are_valid_and_known_as_such(number):
    code = make_credit_code("330523", number)
    assert parse_credit_code(code) == code
    assert re.fullmatch(r"Y1330523MN[0-9]{6}[0-9X][0-9A-Y]", code)


def test_no_printed_code_lies_in_the_simulated_range():
    assert not any(code.startswith("Y1") or code[8:10] == "MN" for code in PRINTED)


@given(st.text(max_size=24))
def test_any_text_is_a_code_or_refused(text):
    try:
        code = parse_credit_code(text)
    except BadCreditCode:
        return
    assert parse_credit_code(code) == code
