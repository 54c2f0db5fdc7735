"""Values: what was printed, how far rounding reaches, four states, and rows of files."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core.interval import Interval, decimal_slip
from wufei.core.value_rows import convert, read_values
from wufei.core.values import State, Value, ValueSet, interval_of, printed_number


def figure(number, printed="", element="msw_generated", period="2022", scope="", state="number"):
    value = Decimal(number) if number is not None else None
    return Value(element, scope, period, value, state, "", printed, "测试（原文第1行）")


@pytest.mark.parametrize(
    ("number", "printed", "low", "high"),
    [
        ("186200", "18.62万吨", "186150", "186250"),  # half of 0.01 万t is 50 t
        ("156998.58", "156998.58吨", "156998.575", "156998.585"),
        ("-4.13", "-4.13%", "-4.135", "-4.125"),
        ("432", "432吨", "431.5", "432.5"),
        ("550000", "55万吨/年", "545000", "555000"),
        ("64.0", "64.0%", "63.95", "64.05"),
    ],
)
def test_a_printed_figure_stands_for_all_that_round_to_it(number, printed, low, high):
    found = interval_of(figure(number, printed), is_count=False)
    assert (found.low, found.high) == (Fraction(low), Fraction(high))


def test_counts_are_exact():
    found = interval_of(figure("7539", "7539个", "communities_total"), is_count=True)
    assert found.low == found.high == 7539


def test_a_value_without_a_number_says_which_of_three_kinds_it_is():
    for state in (State.BLANK, State.SLASH, State.NOT_APPLICABLE):
        assert figure(None, state=state).value is None
    with pytest.raises(AssertionError):
        figure("0", state=State.SLASH)


def test_a_figure_called_approximate_is_known_as_such():
    assert figure("60200", "6.02万余吨").is_rough
    assert not figure("60200", "6.02万吨").is_rough


def test_a_set_finds_by_element_period_and_scope():
    values = ValueSet.of("330523", [figure("1"), figure("2", scope="urban"), figure("3", period="2021")])
    assert values.get("msw_generated", "2022", "urban").value == 2
    assert values.get("msw_generated", "2020") is None
    assert [v.period for v in values.series("msw_generated")] == ["2021", "2022"]


decimals = st.decimals("0.01", "100000", places=4)


@given(decimals, decimals, decimals)
def test_interval_arithmetic_holds_the_exact_result(a, b, c):
    def rounded(number):
        printed = f"{number:.2f}"
        return interval_of(figure(printed, printed), is_count=False)

    x, y, z = Fraction(a), Fraction(b), Fraction(c)
    i, j, k = rounded(a), rounded(b), rounded(c)
    assert x + y in i + j
    assert x - y in i - j
    assert x * y in i * j
    assert -x in -i
    if k.low > 0:
        assert (x - y) / z in (i - j) / k


@given(st.decimals("1", "9999", places=2), st.integers(1, 4), st.sampled_from([1, -1]))
def test_a_slip_of_a_power_of_ten_is_told(number, k, sign):
    right = Interval(Fraction(number), Fraction(number))
    factor = Fraction(10) ** (k * sign)
    assert decimal_slip(Interval(right.low * factor, right.high * factor), right) == -k * sign
    assert decimal_slip(right, right) == 0


def test_thousands_separators_and_signs_are_read_from_what_is_printed():
    assert printed_number("7,539个") == 7539
    assert printed_number("下降−2.5%") == Decimal("-2.5")
    assert printed_number("全部") is None


def test_units_convert_exactly_within_their_kind_only():
    assert convert(Decimal("18.62"), "万吨", "t") == 186200
    assert convert(Decimal("2.5"), "亿元", "万元") == 25000
    assert convert(Decimal("0.5"), "kg", "t") == Decimal("0.0005")
    assert convert(Decimal("1"), "亩", "t") is None


def test_rows_keep_blank_slash_zero_and_not_applicable_apart():
    rows = [(n, {"数据元": "农膜使用量", "时期": str(2017 + n), "数值": text}) for n, text in
            enumerate(["", "/", "0", "不适用", "440"], 2)]  # fmt: skip
    assert [(row.value.state, row.value.value) for row in read_values(rows)] == [
        ("blank", None),
        ("slash", None),
        ("number", 0),
        ("not_applicable", None),
        ("number", 440),
    ]


def test_every_fault_of_every_row_is_told_at_once_with_what_to_do():
    good = {"数据元": "msw_generated", "时期": "2022", "数值": "18.62", "单位": "万吨"}
    rows = [
        good,
        {**good, "数据元": "没有这个", "时期": "去年"},
        {**good, "时期": "2021", "数值": "-5"},
        {**good, "时期": "2020", "单位": "亩"},
        {**good, "时期": "2019", "数值": "99999999999999"},
        {**good, "数据元": "farms_scale_total", "数值": "23.5", "单位": "家"},
        good,
    ]
    found = [f for row in read_values(list(enumerate(rows, 2))) for f in row.findings]
    assert [(f.line, f.code) for f in found] == [
        (3, "unknown_element"),
        (3, "bad_period"),
        (4, "negative"),
        (5, "wrong_unit"),
        (6, "too_large"),
        (7, "not_whole"),
        (8, "duplicate_row"),
    ]
    assert all(f.remedy.endswith("。") for f in found)


@given(st.dictionaries(st.sampled_from(["数据元", "时期", "数值", "单位", "范围", "x"]), st.text(max_size=20)))
def test_no_row_whatsoever_breaks_the_reader(cells):
    (row,) = read_values([(2, cells)])
    assert (row.value is None) == bool(row.findings)
