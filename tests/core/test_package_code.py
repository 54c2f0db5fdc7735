"""Codes of packages: HJ 1276 by its parts, the own series by ISO 7064, and what scanners hand over."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core.catalogue import DOMAINS
from wufei.core.findings import Refused
from wufei.core.package_code import (
    DIGITS,
    HJ1276,
    OWN,
    check_character,
    check_code,
    hj1276_code,
    own_code,
    parse_code,
    printed,
    read_scan,
)

# A credit code that a company prints in public, a code of the list, the day and serial of standards' example.
UNIT = "91330100799655058B"
PRINTED = UNIT + "90004149" + "20261122" + "001"
DAY = date(2026, 11, 22)
own_codes = st.builds(
    own_code,
    domain=st.sampled_from(DOMAINS),
    on=st.dates(date(2024, 1, 1), date(2099, 12, 31)),
    serial=st.integers(0, 32**4 - 1),
    salt=st.integers(0, 32**3 - 1),
)


def codes_of(text):
    return {finding.code for finding in check_code(text)[1]}


# --- HJ 1276 -------------------------------------------------------------------------------------------------------


def test_identification_code_is_unit_waste_day_serial():
    assert hj1276_code(credit_code=UNIT, waste_code="900-041-49", on=DAY, serial=1) == PRINTED
    read = parse_code(PRINTED)
    assert (read.series, read.domain, read.credit_code, read.waste_code) == (HJ1276, "hazardous", UNIT, "900-041-49")
    assert (read.on, read.serial) == (DAY, 1)


def test_all_that_is_wrong_is_said_at_once():
    text = "91330100799655058A" + "99999999" + "20260230" + "000"
    assert codes_of(text) == {"credit_code_check", "unknown_waste_code", "package_code_day", "package_code_serial"}
    assert all(finding.remedy for finding in check_code(text)[1])


@pytest.mark.parametrize("text", ["", "1", PRINTED[:-1], PRINTED + "1", "W" * 15])
def test_other_lengths_are_no_codes(text):
    assert codes_of(text) == {"package_code_length"}


# --- Own series ----------------------------------------------------------------------------------------------------


def test_check_character_is_that_of_iso_7064():
    # Printed example of ISO 7064 MOD 37-2 as ISBT 128 (donation numbers) uses it: G1234 98 654321 has check H.
    assert check_character("G123498654321") == "H"


def test_own_code_has_sixteen_characters_and_reads_back():
    code = own_code(domain="industrial", on=date(2026, 11, 25), serial=1, salt=5)
    assert code.startswith("WG2611250001")
    assert len(code) == 16
    read = parse_code(code)
    assert (read.series, read.domain, read.on, read.serial) == (OWN, "industrial", date(2026, 11, 25), 1)


@given(own_codes)
def test_every_issued_code_is_typable_and_proves_itself(code):
    assert parse_code(code).code == code
    assert set(code[8:]) <= set(DIGITS)
    assert codes_of(printed(code).lower()) == set()


@given(own_codes, st.integers(0, 15), st.sampled_from(DIGITS))
def test_every_single_wrong_character_is_found(code, place, char):
    wrong = code[:place] + char + code[place + 1 :]
    assert wrong == code or check_code(wrong)[0] is None


@given(own_codes, st.integers(0, 14))
def test_every_swap_of_neighbours_is_found(code, place):
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert wrong == code or check_code(wrong)[0] is None


@given(own_codes)
def test_letters_that_look_like_digits_are_read_as_such(code):
    assert parse_code(code[:2] + code[2:].replace("0", "o").replace("1", "l")).code == code


@given(own_codes)
def test_the_two_series_are_never_taken_for_each_other(code):
    assert len(code) != 37
    assert parse_code(code).series == OWN


# --- Scans ---------------------------------------------------------------------------------------------------------

OWN_CODE = own_code(domain="recyclables", on=DAY, serial=77, salt=123)
WIDE = {c: c + 0xFEE0 for c in range(0x21, 0x7F)}


@pytest.mark.parametrize("code", [PRINTED, OWN_CODE])
@pytest.mark.parametrize(
    "shape",
    [
        "{code}",
        " {code}\r\n",
        "https://wufei.example.cn/q/{code}",
        "http://10.1.2.3:8000/q/{code}/?from=label#x",
        "(01)06901234567892(21){code}",
        "]d2010690123456789221{code}",
        "\x1d21{code}\x1d10ABC",
        "https://id.gs1.org/01/06901234567892/21/{code}",
        "危险废物 编码：{code}。",
    ],
)
def test_what_a_scanner_reads_is_understood(code, shape):
    for text in (shape.format(code=code), shape.format(code=code.lower()), shape.format(code=printed(code))):
        assert read_scan(text) == code
        assert read_scan(text.translate(WIDE)) == code


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "package_code_length"),
        ("https://example.cn/", "package_code_length"),
        (f"https://example.cn/q/{OWN_CODE[:-1]}!", "package_code_character"),
        (
            f"https://example.cn/q/{OWN_CODE[:9]}{'7' if OWN_CODE[9] != '7' else '8'}{OWN_CODE[10:]}",
            "package_code_check",
        ),
        (f"https://example.cn/q/91330100799655058A{PRINTED[18:]}", "credit_code_check"),
        (f"{PRINTED} {OWN_CODE}", "several_codes"),
    ],
)
def test_a_scan_without_one_good_code_says_what_is_wrong(text, fault):
    with pytest.raises(Refused) as caught:
        read_scan(text)
    assert fault in {finding.code for finding in caught.value.findings}


@given(st.text(max_size=600))
def test_any_text_is_read_or_refused_with_a_remedy(text):
    try:
        read, findings = read_scan(text), []
    except Refused as refused:
        read, findings = "", refused.findings
    assert len(read) in {16, 37} or findings
    assert all(finding.remedy for finding in findings)
