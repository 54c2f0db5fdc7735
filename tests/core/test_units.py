"""The table of units."""

from wufei.core.reference import read_table
from wufei.core.units import allowed_mass_units, grams_of, limits, narrow


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
