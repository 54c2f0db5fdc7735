"""Reading files and cells: exact where it can be understood, one clear refusal where not."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core.intake import (
    BadFile,
    BadValue,
    decode_text,
    parse_date,
    parse_decimal,
    parse_instant,
    parse_mass,
    read_rows,
)
from wufei.core.units import limits, mass_units

BEIJING = timezone(timedelta(hours=8))


@pytest.mark.parametrize(("text", "unit", "grams"), [
    ("1", "t", 1_000_000), ("1", "吨", 1_000_000), ("1", "万吨", 10_000_000_000), ("1", "kg", 1000),
    ("1", "公斤", 1000), ("1", "千克", 1000), ("1", "斤", 500), ("1", "g", 1), ("1", "克", 1),
    ("0", "t", 0), ("0.000001", "t", 1),
    ("1,234.5", "吨", 1_234_500_000), ("１２．５", "Ｔ", 12_500_000), ("12吨", "", 12_000_000),
    ("12 吨", "t", 12_000_000), ("12.5万吨", "万吨", 125_000_000_000), (" 3 ", " KG ", 3000),
    ("+2", "g", 2), ("0.1", "万吨", 1_000_000_000),
    ("18.215", "万吨", 182_150_000_000), ("-0", "t", 0), (".5", "kg", 500), ("3㎏", "", 3000),
    ("0.041", "吨", 41_000), ("9999999.999999", "t", 9_999_999_999_999),
])  # fmt: skip
def test_masses_are_exact_grams(text, unit, grams):
    assert parse_mass(text, unit) == grams


@pytest.mark.parametrize(("text", "unit", "code", "says"), [
    ("12", "升", "unknown_unit", "“升” 不是重量单位。可用的单位：万吨、吨、千克、斤、克"),
    ("12", "", "unknown_unit", "没有写单位。可用的单位"),
    ("12立方米", "t", "unknown_unit", "“立方米” 不是重量单位"),
    ("12吨", "kg", "unit_conflict", "与单位栏“kg”不一致"),
    ("-3", "t", "negative_mass", "是负数，应不小于 0.*冲销"),
    ("10000001", "t", "mass_too_large", "最多 10000000 吨.*把千克写成了吨"),
    ("99999999999999999999", "万吨", "mass_too_large", "过大"),
    ("0.0000001", "t", "finer_than_gram", "细于 1 克"),
    ("0.5", "g", "finer_than_gram", "四舍五入到整克"),
    ("", "t", "blank_number", "是空的"), ("  ", "t", "blank_number", "是空的"),
    ("十二", "t", "not_a_number", "不是数字"), ("12,5", "t", "ambiguous_comma", "不是千分位"),
    ("1,23,456", "t", "ambiguous_comma", "不是千分位"), ("1.2E+11", "t", "scientific_notation", "科学记数"),
    ("nan", "t", "not_a_number", "不是数字"), ("inf", "t", "not_a_number", "不是数字"),
    ("10²", "t", "unknown_unit", "不是重量单位"), ("٣", "t", "not_a_number", "不是数字"),
    ("1" * 41, "t", "number_too_long", "最多 40 个"), ("1-2", "t", "not_a_number", "不是数字"),
    ("/", "t", "not_a_number", "不是数字"), ("1.2.3", "t", "not_a_number", "不是数字"),
])  # fmt: skip
def test_what_is_no_mass_is_refused_with_what_to_do(text, unit, code, says):
    with pytest.raises(BadValue, match=says) as caught:
        parse_mass(text, unit)
    assert caught.value.code == code
    finding = caught.value.finding(7, "重量")
    assert (finding.line, finding.field, finding.what, finding.code) == (7, "重量", caught.value.what, code)


def test_decimals_keep_their_digits():
    assert str(parse_decimal("1,234.50")) == "1234.50"
    assert parse_decimal("-2.4") == Decimal("-2.4")
    assert str(parse_decimal("0.1000000000000000055511151231257827")) == "0.1000000000000000055511151231257827"


@given(st.integers(0, 10**13), st.sampled_from([("g", 0), ("kg", 3), ("t", 6), ("万吨", 10)]))
def test_grams_written_in_any_unit_come_back(grams, unit):
    symbol, digits = unit
    text = f"{grams // 10**digits}.{grams % 10**digits:0{digits}}" if digits else str(grams)
    assert parse_mass(text, symbol) == grams


NOON = datetime(2022, 3, 1, 12, 0, tzinfo=BEIJING)
DAY = datetime(2022, 3, 1, tzinfo=BEIJING)
MORNING = datetime(2022, 3, 1, 8, 30, tzinfo=BEIJING)


@pytest.mark.parametrize(("value", "instant"), [
    ("2022-03-01", DAY), ("2022-3-1", DAY), ("2022/3/1", DAY), ("2022/03/01", DAY), ("2022.3.1", DAY),
    ("2022年3月1日", DAY), ("2022年03月01日", DAY), ("2022年3月1", DAY), ("20220301", DAY), (20220301, DAY),
    ("44621", DAY), (44621, DAY), (44621.5, NOON), ("44621.5", NOON), ("44621.3541666667", MORNING),
    (44621.354166666664, MORNING), (Decimal("44621.0"), DAY), ("２０２２－０３－０１", DAY),
    ("2022-03-01 08:30", MORNING), ("2022-03-01T08:30:00", MORNING), ("2022/3/1 8:30", MORNING),
    ("2022年3月1日8时30分", MORNING), ("2022年3月1日 8点30分0秒", MORNING), ("20220301083000", MORNING),
    ("202203010830", MORNING), ("2022-03-01T00:30:00Z", MORNING), ("2022-03-01T08:30+08:00", MORNING),
    ("2022-03-01T08:30:00.250+0800", MORNING + timedelta(milliseconds=250)),
    ("2022年3月1日8时", MORNING.replace(minute=0)),
])  # fmt: skip
def test_instants_as_people_and_excel_write_them(value, instant):
    assert parse_instant(value) == instant
    assert parse_instant(value).tzinfo is not None


def test_what_carries_no_zone_is_shanghai():
    assert parse_instant("2022-03-01").utcoffset() == timedelta(hours=8)
    assert parse_date("2022-03-01T20:00:00Z") == date(2022, 3, 2)


# Excel itself: day 44621 is 2022-03-01, day 43831 is 2020-01-01, day 36526 is 2000-01-01.
@pytest.mark.parametrize(("serial", "day"), [(44621, (2022, 3, 1)), (43831, (2020, 1, 1)), (36526, (2000, 1, 1))])
def test_excel_day_numbers(serial, day):
    assert parse_date(serial) == parse_date(str(serial)) == date(*day)


@pytest.mark.parametrize(("value", "code"), [
    ("", "blank_instant"), ("03/01/2022", "bad_instant"), ("1/3/22", "bad_instant"), ("2022", "bad_instant"),
    ("2022-02-30", "no_such_instant"), ("20221301", "no_such_instant"), ("2022-03-01 25:00", "no_such_instant"),
    ("1899-12-31", "year_out_of_range"), ("2101-01-01", "year_out_of_range"), ("昨天", "bad_instant"),
    (1, "bad_instant"), (99999, "bad_instant"), (-44621, "bad_instant"), (float("nan"), "bad_instant"),
    (float("inf"), "bad_instant"), (1e300, "bad_instant"), ("2022-03-01T08:30+99:00", "bad_instant"),
    ("2022-03/01", "bad_instant"), ("9" * 50, "bad_instant"), ("4462١", "bad_instant"),
])  # fmt: skip
def test_what_is_no_certain_instant_is_refused(value, code):
    with pytest.raises(BadValue) as caught:
        parse_instant(value)
    assert caught.value.code == code
    assert caught.value.remedy


@given(st.datetimes(datetime(1992, 1, 1), datetime(2100, 12, 31)))  # noqa: DTZ001 - hypothesis takes naive bounds
def test_an_iso_instant_comes_back(naive):
    assert parse_instant(naive.isoformat()) == naive.replace(tzinfo=BEIJING)
    assert parse_instant(naive.replace(tzinfo=UTC).isoformat()) == naive.replace(tzinfo=UTC)


CHINESE = "单位,重量,备注\n安吉纸业,１２吨,“鄣吴镇”\n"


@pytest.mark.parametrize(("raw", "encoding"), [
    (CHINESE.encode(), "utf-8"), (CHINESE.encode("utf-8-sig"), "utf-8-sig"), (CHINESE.encode("utf-16"), "utf-16"),
    (b"\xfe\xff" + CHINESE.encode("utf-16-be"), "utf-16"), (CHINESE.encode("gb18030"), "gb18030"),
    (b"plain,ascii\n", "utf-8"),
])  # fmt: skip
def test_encodings_that_are_common_are_read(raw, encoding):
    text, found = decode_text(raw)
    assert found == encoding
    assert text in {CHINESE, "plain,ascii\n"}


@pytest.mark.parametrize(("raw", "code"), [
    (b"", "empty_file"), (b"PK\x03\x04\x14", "binary_file"), (b"\xd0\xcf\x11\xe0\xa1", "binary_file"),
    (b"%PDF-1.7", "binary_file"), (b"\x89PNG\r\n", "binary_file"), (b"a,b\n1,\x002", "nul_byte"),
    (b"a,b\n1,\x1b[0m", "binary_file"), (bytes(range(128, 256)) * 4, "unknown_encoding"),
    ("一二三四五六七八九十".encode() + b"\xff", "broken_text"),
    ("名称,量\n纸厂,1".encode("utf-16")[:-1], "unknown_encoding"),
    ("價格變動說明".encode("big5") * 3, "unknown_encoding"),
])  # fmt: skip
def test_what_is_no_text_is_refused(raw, code):
    with pytest.raises(BadFile) as caught:
        decode_text(raw)
    assert caught.value.code == code
    assert caught.value.remedy


def rows(text, name="a.csv"):
    return list(read_rows(name, text.encode()))


def test_rows_carry_the_line_where_they_begin():
    text = '名称,备注\n甲,"第一行\n第二行"\n\n  \n乙,好\n'
    assert rows(text) == [(2, {"名称": "甲", "备注": "第一行\n第二行"}), (6, {"名称": "乙", "备注": "好"})]


@pytest.mark.parametrize(("name", "text"), [
    ("a.csv", "名称,量\n甲,1\n"), ("a.tsv", "名称\t量\n甲\t1\n"), ("a.csv", "名称;量\n甲;1\n"),
    ("a.txt", "名称\t量\n甲\t1"),
    ("a.CSV", "\ufeff名称 ,量,\r\n甲, 1 ,,,\r\n"), ("a.jsonl", '{"名称": "甲", "量": 1}\n'),
    ("a.csv", "名称,量\r甲,1\r"),
])  # fmt: skip
def test_tables_as_programs_write_them(name, text):
    assert rows(text, name) == [(2 if not name.endswith("l") else 1, {"名称": "甲", "量": "1"})]


def test_json_numbers_keep_their_digits():
    text = '{"a": 0.10, "b": 12345678901234567890123, "c": null, "d": true, "e": "x"}'
    assert rows(text, "a.jsonl") == [
        (1, {"a": "0.10", "b": "12345678901234567890123", "c": "", "d": "true", "e": "x"})
    ]


def collect(name, text):
    good, bad = [], []
    try:
        for row in read_rows(name, text.encode()):
            good.append(row)
    except BadFile as error:
        bad = [(f.line, f.code) for f in error.findings]
    return good, bad


def test_ragged_rows_are_all_reported_after_the_good_ones():
    good, bad = collect("a.csv", "a,b\n1\n1,2\n1,2,3\n")
    assert good == [(3, {"a": "1", "b": "2"})]
    assert bad == [(2, "ragged_row"), (4, "ragged_row")]


@pytest.mark.parametrize(("name", "text", "bad"), [
    ("a.csv", "a,a\n1,2\n", [(1, "duplicate_column")]), ("a.csv", "a,,b\n1,2,3\n", [(1, "unnamed_column")]),
    ("a.csv", "\n\n", [(None, "no_header")]), ("a.csv", 'a,b\n1,"2\n', [(2, "broken_table")]),
    ("a.csv", f"a,b\n1,{'x' * 200_000}\n", [(2, "broken_table")]), ("a.docx", "x", [(None, "unknown_format")]),
    ("noname", "x", [(None, "unknown_format")]),
    ("a.jsonl", '{"a": 1}\n[1]\n{"a": {}}\n{"a": NaN}\n{"a"}\n{"a":1,"a":2}\n',
     [(2, "broken_json"), (3, "broken_json"), (4, "broken_json"), (5, "broken_json"), (6, "broken_json")]),
    ("a.jsonl", "[" * 100_000, [(1, "broken_json")]), ("a.jsonl", r'{"a": "\ud800"}', [(1, "broken_json")]),
    ("a.jsonl", r'{"a": "\u0000"}', [(1, "broken_json")]),
])  # fmt: skip
def test_tables_that_cannot_be_read_name_the_lines(name, text, bad):
    assert collect(name, text)[1] == bad


TEXTS = st.text(max_size=80)
RAW = st.binary(max_size=200) | TEXTS.map(str.encode) | TEXTS.map(lambda text: text.encode("gb18030", "ignore"))


@given(RAW, st.sampled_from(["a.csv", "a.tsv", "a.jsonl", "a.txt", "a.xls"]))
def test_any_bytes_are_rows_or_a_bad_file(raw, name):
    try:
        found = list(read_rows(name, raw))
    except BadFile as error:
        assert error.findings[0].remedy  # noqa: PT017 - the refusal itself is what is tested
        return
    assert all(isinstance(cell, str) for _, row in found for cell in row.values())


NEARLY = st.text("0123456789.,+-年月日:/ ETkg吨万斤１２－．", max_size=20)


@given(st.text(max_size=30) | NEARLY, st.sampled_from([*mass_units(), "", "升", "吨吨"]))
def test_any_text_is_a_mass_within_the_limit_or_a_bad_value(text, unit):
    try:
        assert 0 <= parse_mass(text, unit) <= limits().mass_g_max
    except BadValue:
        pass


@given(st.text(max_size=30) | NEARLY | st.integers() | st.floats() | st.decimals())
def test_anything_is_an_instant_in_range_or_a_bad_value(value):
    try:
        assert 1990 <= parse_instant(value).year <= 2100
    except BadValue:
        pass
