"""Manifests from a spreadsheet: by row and column, all or nothing, each file once."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from wufei.apps.manifests.importing import SheetFile, check_file, import_file, template_workbook
from wufei.apps.manifests.models import Manifest, ManifestImport, ManifestImportRow
from wufei.core.findings import Refused

GOOD = {
    "移出场所": "S-maker", "移出经办人": "张三", "应急联系电话": "0572-5000000",
    "废物代码": "900-214-08", "形态": "液态",
    "包装方式": "桶（200 L）", "包装数量": 10, "移出量（千克）": 1800.5,
    "拟利用处置方式": "R9", "接受场所": "S-plant",
}  # fmt: skip


@pytest.fixture
def workbook(world):
    """The template of a profile, filled with rows; returns bytes."""

    def fill(*rows, profile="hazardous"):
        book = load_workbook(io.BytesIO(template_workbook(profile)))
        sheet = book.active
        heads = [cell.value for cell in sheet[1]]
        for row in rows:
            full = {"承运单位": world.code("carrier"), **row}
            assert set(full) <= set(heads), set(full) - set(heads)
            sheet.append([full.get(head) for head in heads])
        kept = io.BytesIO()
        book.save(kept)
        return kept.getvalue()

    return fill


def file(raw, **more):
    return SheetFile("联单.xlsx", raw, "hazardous", **more)


def test_the_template_filled_in_makes_drafts_once(world, workbook):
    raw = workbook(GOOD, {**GOOD, "同单标记": "A"}, {**GOOD, "同单标记": "A", "废物代码": "900-252-12"})
    act = world.act("maker")
    assert check_file(file(raw), act=act) == 2
    assert Manifest.objects.count() == 0
    kept = import_file(file(raw), act=act)
    assert import_file(file(raw), act=world.act("maker", hours=1)) == kept
    made = list(Manifest.objects.order_by("number"))
    assert [(m.status, m.mass_g, len(m.document["wastes"])) for m in made] == [
        ("draft", 1_800_500, 1), ("draft", 3_601_000, 2),
    ]  # fmt: skip
    assert list(ManifestImportRow.objects.values_list("line", "manifest__number")) == [
        (3, made[0].number), (4, made[1].number),
    ]  # fmt: skip
    assert made[0].document["wastes"][0]["packing"] == "drum"


def test_every_fault_is_told_by_row_and_column_and_nothing_is_kept(world, workbook):
    raw = workbook(
        GOOD,
        {**GOOD, "废物代码": "999-999-99", "移出量（千克）": "一吨"},
        {**GOOD, "移出场所": "S-nowhere", "形态": "液体"},
    )
    with pytest.raises(Refused) as caught:
        import_file(file(raw), act=world.act("maker"))
    assert [(f.line, f.field, f.code) for f in caught.value.findings] == [
        (4, "废物代码", "bad_waste_code"), (4, "移出量（千克）", "bad_mass"), (5, "形态", "bad_choice"),
    ]  # fmt: skip
    assert (Manifest.objects.count(), ManifestImport.objects.count()) == (0, 0)
    with pytest.raises(Refused) as caught:
        import_file(file(workbook({**GOOD, "移出场所": "S-nowhere"})), act=world.act("maker"))
    assert [(f.line, f.field, f.code) for f in caught.value.findings][:1] == [(3, "移出场所", "unknown_party")]


def test_submitted_at_once_what_lacks_is_told_and_all_are_signed_or_none(world, workbook):
    raw = workbook(GOOD, {**GOOD, "移出经办人": None})
    with pytest.raises(Refused) as caught:
        import_file(file(raw, submits=True), act=world.act("maker"))
    assert [(f.line, f.field, f.code) for f in caught.value.findings] == [(4, "移出经办人", "required")]
    assert Manifest.objects.count() == 0
    import_file(file(workbook(GOOD), submits=True), act=world.act("maker"))
    assert Manifest.objects.get().status == "submitted"


def test_a_file_is_submitted_with_two_hundred_manifests_at_most_as_by_lines(world, workbook):
    rows = [{**GOOD, "形态": "液体"}] * 201  # none of them is sound, so that a file that is short enough ends soon
    two_of_one = [{**row, "同单标记": "A"} for row in rows[:2]]

    def told(*rows, submits):
        with pytest.raises(Refused) as caught:
            import_file(file(workbook(*rows), submits=submits), act=world.act("maker"))
        return {finding.code for finding in caught.value.findings}, caught.value.findings[0]

    codes, finding = told(*rows, submits=True)
    assert (codes, finding.what) == ({"too_many_manifests"}, "文件有 201 份联单，最多 200 份。")
    assert "草稿" in finding.remedy
    with pytest.raises(Refused) as caught:
        check_file(file(workbook(*rows), submits=True), act=world.act("maker"))
    assert [f.code for f in caught.value.findings] == ["too_many_manifests"]
    assert told(*rows, submits=False)[0] == {"bad_choice"}
    assert told(*rows[2:], *two_of_one, submits=True)[0] == {"bad_choice"}  # 201 rows, 200 manifests


def test_the_pages_of_the_import(client, world, workbook):
    client.force_login(world.people["maker"])
    blank = client.get("/manifests/import/hazardous.xlsx")
    assert load_workbook(io.BytesIO(blank.content)).active["A2"].value.startswith("（说明）")

    def send(raw, **more):
        upload = SimpleUploadedFile("联单.xlsx", raw)
        return client.post("/manifests/import/", {"profile": "hazardous", "file": upload, **more})

    assert "可以导入 1 份" in send(workbook(GOOD), check="1").content.decode()
    bad = send(workbook({**GOOD, "废物代码": "999-999-99"}))
    assert bad.status_code == 422
    assert "废物代码" in bad.content.decode()
    assert send(b"no workbook").status_code == 422
    assert client.post("/manifests/import/", {}).status_code == 422
    assert Manifest.objects.count() == 0
    assert send(workbook(GOOD)).status_code == 302
    number = Manifest.objects.get().number
    assert number in client.get("/manifests/import/").content.decode()
    client.force_login(world.people["stranger"])
    assert number not in client.get("/manifests/import/").content.decode()
    client.force_login(world.people["office"])
    assert client.get("/manifests/import/").status_code == 404
