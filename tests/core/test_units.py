"""The table of units."""

from decimal import Decimal

from wufei.core.indicators import elements, indicators
from wufei.core.reference import read_table
from wufei.core.units import allowed_mass_units, grams_of, limits, narrow, unit_name
from wufei.core.value_rows import convert


def test_each_spelling_means_one_unit():
    spellings = [
        spelling.lower()
        for row in read_table("units/mass.csv")
        for spelling in {row["unit"], row["name"], *row["aliases"].split(";")}
    ]
    assert len(spellings) == len(set(spellings))


def test_units_in_grams():
    assert [grams_of(unit) for unit in ("万吨", "吨", "公斤", "斤", "克")] == [10**10, 10**6, 1000, 500, 1]
    assert grams_of("升") is None
    assert allowed_mass_units() == "万吨、吨、千克、斤、克"


def test_narrow_turns_full_width_forms_and_leaves_superscripts():
    assert narrow("　ＡＢ１２，．－ ") == "AB12,.-"
    assert narrow("10²") == "10²"


def test_limits_agree_with_each_other():
    held = limits()
    assert held.mass_g_max < 2**63  # a column of eight bytes holds it
    assert held.serial_min < held.serial_max


def test_a_unit_is_named_in_chinese():
    assert [unit_name(unit) for unit in ("t", "万t", "t/万元", "t/d", "%", "家")] == [
        "吨", "万吨", "吨/万元", "吨/天", "%", "家",
    ]  # fmt: skip


def test_a_figure_may_be_handed_in_with_the_unit_as_it_is_shown():
    units = {row.unit for row in (*elements().values(), *indicators().values())}
    assert {"t", "t/d", "km2", "tCO2"} <= units
    for unit in units:
        assert unit_name(unit) == unit or convert(Decimal(1), unit_name(unit), unit) == 1, unit
