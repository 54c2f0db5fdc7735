"""Manifests as rows of a sheet, and the page of the fields."""

from pathlib import Path

from wufei.core.findings import Finding
from wufei.core.manifest_document import read_document
from wufei.core.manifest_page import page
from wufei.core.manifest_profiles import manifest_profiles
from wufei.core.manifest_sheet import MARK, SheetManifest, at_row, read_sheet, sheet_columns

ROW = {"移出场所": "S-1", "废物代码": "900-214-08", "移出量（千克）": "1,250.5", "形态": "液态", "承运单位": "9133"}


def test_the_page_of_the_documents_is_made_from_the_table():
    written = (Path(__file__).parents[2] / "docs/manifest-fields.md").read_text(encoding="utf-8")
    assert written == page(), "python -m wufei.core.manifest_page > docs/manifest-fields.md"


def test_a_row_is_a_manifest_and_kilograms_become_grams():
    sheet = read_sheet("hazardous", [(3, ROW)])
    assert sheet.findings == []
    assert sheet.manifests == [
        SheetManifest(
            (3,),
            {
                "profile": "hazardous", "generator": {"site": "S-1"}, "carriers": [{"organisation": "9133"}],
                "wastes": [{"code": "900-214-08", "mass_g": 1_250_500, "form": "液态"}],
            },
        )
    ]  # fmt: skip
    document, found = read_document(sheet.manifests[0].document)
    assert (found, document["wastes"][0]["form"]) == ([], "L")


def test_rows_with_the_same_mark_are_the_wastes_of_one_manifest():
    second = {MARK: "1", "废物代码": "900-252-12", "移出量（千克）": "5", "形态": "半固态（泥态）"}
    sheet = read_sheet("hazardous", [(3, {MARK: "1", **ROW}), (4, {MARK: "", **ROW}), (5, second)])
    assert [m.lines for m in sheet.manifests] == [(3, 5), (4,)]
    assert [w["code"] for w in sheet.manifests[0].document["wastes"]] == ["900-214-08", "900-252-12"]
    other = read_sheet("hazardous", [(3, {MARK: "1", **ROW}), (4, {MARK: "1", **ROW, "承运单位": "9999"})])
    assert [(f.line, f.field, f.code) for f in other.findings] == [(4, "承运单位", "differs_in_manifest")]


def test_what_is_wrong_is_told_at_its_row_and_column():
    manifest = SheetManifest((3, 7), {})
    of_waste = Finding(None, "/wastes/1/mass_g", "", "", "bad_mass")
    assert (at_row(of_waste, manifest, "hazardous").line, at_row(of_waste, manifest, "hazardous").field) == (
        7, "移出量（千克）",
    )  # fmt: skip
    carrier = at_row(Finding(None, "/carriers/0/organisation", "", "", "x"), manifest, "hazardous")
    assert (carrier.line, carrier.field) == (3, "承运单位")


def test_headings_that_are_not_of_the_table_and_the_row_of_help():
    odd = {**ROW, "颜色": "红"}
    sheet = read_sheet("hazardous", [(2, {MARK: "（说明）本行不导入", **odd}), (3, {MARK: "", **odd})])
    assert [(f.field, f.code) for f in sheet.findings] == [("颜色", "unknown_column")]
    assert len(sheet.manifests) == 1
    assert [f.code for f in read_sheet("hazardous", [(2, {MARK: "（说明）", **ROW})]).findings] == ["no_rows"]
    bare = read_sheet("hazardous", [(2, {"形态": "液态"})])
    assert [f.field for f in bare.findings] == ["移出场所", "废物代码"]


def test_each_kind_has_columns_of_its_own_with_different_headings():
    for profile in manifest_profiles():
        headings = [column.heading for column in sheet_columns(profile)]
        assert len(set(headings)) == len(headings) >= 30
        assert ("畜禽种类" in headings) == (profile == "livestock")
        assert not any(column.pointer.startswith("/receipt") for column in sheet_columns(profile))
