"""The catalogue against the counts that the lists themselves publish (facts: standards 1 and 2)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core import catalogue
from wufei.core.catalogue import UnknownWasteCode, domain_of, find_waste, parse_hazard, waste_code
from wufei.core.reference import read_document, read_table


def codes_of(version):
    return [row for row in catalogue.waste_codes().values() if row.version == version]


def test_hazardous_list_of_2021_has_467_codes_in_46_categories_and_32_exemptions_in_35_rows():
    assert len(codes_of("hw-2021")) == 467
    hazardous = {code for code in catalogue.categories() if code.startswith("HW")}
    assert hazardous == {f"HW{n:02}" for n in [*range(1, 41), *range(45, 51)]}
    assert len(hazardous) == 46
    assert {row.category for row in codes_of("hw-2021")} == hazardous
    assert len(catalogue.exemptions()) == 35
    assert {row.no for row in catalogue.exemptions()} == {str(n) for n in range(1, 33)}


def test_catalogue_of_2024_holds_34_of_35_categories_and_says_which_codes_are_uncertain():
    assert len(codes_of("sw-2024")) == 85
    solid = [row for row in catalogue.categories().values() if row.code.startswith("SW")]
    assert len(solid) == 34
    counts = {c: sum(row.confidence == c for row in codes_of("sw-2024")) for c in ("high", "medium", "low")}
    assert counts == {"high": 14, "medium": 29, "low": 42}
    versions = {row["id"]: row for row in read_document("catalogue/versions.json")["lists"]}
    assert not versions["hw-2025"]["included"]
    assert versions["sw-2024"]["published_categories"] - versions["sw-2024"]["included_categories"] == 1


def test_there_are_27_national_methods_each_ending_in_one_bucket():
    national = [m for m in catalogue.methods().values() if not m.is_own]
    assert len(national) == 27
    assert {m.bucket for m in catalogue.methods().values()} == {"utilised", "disposed"}
    assert (catalogue.methods()["D10"].bucket, catalogue.methods()["R9"].bucket) == ("disposed", "utilised")


@pytest.mark.parametrize("table", [
    "hazardous_waste_codes", "hazardous_waste_categories", "exemptions", "waste_categories", "waste_codes",
    "methods", "own_methods", "own_codes",
])  # fmt: skip
def test_every_row_says_its_source_day_and_confidence(table):
    for row in read_table(f"catalogue/{table}.csv"):
        assert row["source"], row
        assert row["retrieved"] == "2026-11-22", row
        assert row["confidence"] in {"high", "medium", "low", "own"}, row


@pytest.mark.parametrize(("code", "domain"), [
    ("900-214-08", "hazardous"), ("841-001-01", "hazardous"), ("900-001-S17", "industrial"),
    ("900-009-S59", "industrial"), ("900-001-S92", "industrial"), ("900-001-S61", "household"),
    ("462-001-S90", "household"), ("900-001-S74", "construction"), ("900-001-S91", "construction"),
    ("010-001-S80", "agricultural"), ("040-001-S83", "agricultural"), ("R01", "recyclables"), ("R10", "recyclables"),
])  # fmt: skip
def test_the_form_of_a_code_decides_its_domain(code, domain):
    assert domain_of(code) == domain


@pytest.mark.parametrize("code", [
    "900-001-41", "900-001-44", "900-001-00", "900-001-51", "900-001-S08", "900-001-S65", "900-001-S99", "R00", "R11",
    "S17", "900-001-R01", "", "900-214-08 ", "９００-214-08",
])  # fmt: skip
def test_what_is_no_code_has_no_domain(code):
    with pytest.raises(UnknownWasteCode, match="不是固体废物代码.*写作 900-214-08"):
        domain_of(code)


def test_known_codes_carry_what_the_list_prints():
    oil = waste_code("900-214-08")
    assert (oil.category, oil.hazards, oil.confidence, oil.version) == ("HW08", ("T", "I"), "high", "hw-2021")
    assert oil.confidence_on(date(2024, 12, 31)) == "high"
    assert oil.confidence_on(date(2025, 1, 1)) == "medium"  # the 2025 list was not verified
    assert waste_code("900-047-49").hazards == ("T", "C", "I", "R")
    assert waste_code("900-001-S17").name == "废钢铁"
    assert waste_code("R04").name == "废纸"
    assert not waste_code("900-001-S17").is_in_force(date(2023, 12, 31))


def test_codes_are_read_as_people_type_them():
    assert waste_code("90021408").code == "900-214-08"
    assert waste_code(" ９００-２１４-０８ ").code == "900-214-08"
    assert waste_code("900-001-s17").code == "900-001-S17"


def test_identified_waste_takes_the_code_of_its_category():
    assert waste_code("900-000-49").category == "HW49"


def test_an_unknown_code_names_listed_ones_of_its_kind():
    with pytest.raises(UnknownWasteCode, match="代码 900-998-08 不在目录中。同类的代码有 .*-08"):
        waste_code("900-998-08")


def test_comma_and_slash_mean_different_things():
    assert parse_hazard("T,I").certain == ("T",)
    assert parse_hazard("T,I").possible == ("I",)
    assert parse_hazard("T,I").meaning == "毒性，还可能具有：易燃性"
    assert parse_hazard("T/C/I/R").certain == ()
    assert parse_hazard("T/In").meaning == "具有下列一种或多种：毒性、感染性"
    assert parse_hazard("In").meaning == "感染性"


def test_every_hazard_letter_is_known():
    letters = {row["letter"] for row in read_table("catalogue/hazards.csv")}
    assert {letter for row in codes_of("hw-2021") for letter in row.hazards} == letters == {"T", "C", "I", "R", "In"}
    assert all(row.hazards for row in codes_of("hw-2021"))


def test_exemptions_are_found_by_code_and_by_category():
    assert [(e.no, e.stages) for e in catalogue.exemptions_of("900-052-31")] == [("18", ("运输",))]
    # numbers 2 (HW01, three rows) and 3 (841-001-01)
    assert [e.no for e in catalogue.exemptions_of("841-001-01")] == ["2", "2", "2", "3"]


def test_waste_is_found_by_code_name_and_category():
    assert find_waste("900-214")[0].code == "900-214-08"
    assert "900-052-31" in [row.code for row in find_waste("铅蓄电池")]
    assert {row.category for row in find_waste("HW31")} == {"HW31"}
    assert find_waste("") == []


@given(st.text(max_size=14) | st.from_regex(r"[0-9]{3}-[0-9]{3}-S?[0-9]{2}", fullmatch=True))
def test_any_text_has_one_domain_or_is_refused(text):
    try:
        assert domain_of(text) in catalogue.DOMAINS
    except UnknownWasteCode:
        pass


def test_every_listed_code_is_in_the_domain_of_its_category():
    for row in catalogue.waste_codes().values():
        if row.domain != "recyclables":
            assert catalogue.categories()[row.category].domain == row.domain
