"""Contaminated soil with its monitoring at both ends: what is asked, sealed, kept, shown and printed."""

import base64
import hashlib
import io
import json

import pypdfium2 as pdfium
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from openpyxl import load_workbook

from wufei.apps.manifests.files import file_path, keep_file
from wufei.apps.manifests.importing import SheetFile, import_file, template_workbook
from wufei.apps.manifests.models import Manifest, ManifestFile
from wufei.apps.manifests.services import advance, create_and_submit, create_manifest
from wufei.apps.rest.services import create_token
from wufei.core.findings import Refused
from wufei.core.manifest import Event

EARTH = "900-001-S70"
REPORT = b"%PDF-1.7 monitoring"
DIGEST = hashlib.sha256(REPORT).hexdigest()
LEAD = {"item": "lead", "value": "812.5", "unit": "mg_kg", "limit": "800", "basis": "GB 36600 第二类用地"}
LACKING = {
    "report", "laboratory", "sampled_on", "samples", "file", "items",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _home_of_each_test(settings, tmp_path):
    settings.HOME = tmp_path


@pytest.fixture
def report(world):
    """A monitoring report of a firm, with its file."""

    def make(who, *items):
        keep_file("报告.pdf", REPORT, act=world.act(who))
        return {
            "report": f"JC-{who}", "laboratory": "浙江某检测有限公司", "sampled_on": "2026-10-20", "samples": 12,
            "file": DIGEST, "items": list(items or [LEAD]),
        }  # fmt: skip

    return make


@pytest.fixture
def soil(world, document, report):
    """A whole document of contaminated soil."""
    return {
        "profile": "soil",
        "generator": {"site": "S-maker", "handler": "张三", "handler_phone": "13800000000"},
        "wastes": [{"code": EARTH, "mass_g": 30_000_000}],
        "carriers": [{"organisation": world.code("carrier"), "vehicle": "浙E00002", "driver": "李四"}],
        "receiver": {"site": "S-plant"},
        "soil": {"source": report("maker")},
    }  # fmt: skip


def receipt(target=None, **line):
    lines = [{"accepted_g": 30_000_000} | line]
    told = {"receipt": {"has_major_difference": False, "lines": lines}, "receiver": {"handler": "赵六"}}
    return told | ({"soil": {"target": target}} if target else {})


def refused(work):
    with pytest.raises(Refused) as caught:
        work()
    return {(f.field, f.code) for f in caught.value.findings}


def delivered(world, soil):
    manifest = create_and_submit(soil, act=world.act("maker"))
    advance(manifest.number, Event.DEPART, {}, act=world.act("carrier", hours=1))
    return advance(manifest.number, Event.ARRIVE, {}, act=world.act("carrier", hours=2))


def test_the_sender_submits_with_a_whole_report_alone(world, soil):
    bare = {name: part for name, part in soil.items() if name != "soil"}
    asked = refused(lambda: create_and_submit(bare, act=world.act("maker")))
    assert {(f"/soil/source/{name}", "required") for name in LACKING} <= asked
    half = soil | {"soil": {"source": soil["soil"]["source"] | {"items": [{"item": "lead"}, {"item": "other"}]}}}
    assert refused(lambda: create_and_submit(half, act=world.act("maker"))) == {
        (f"/soil/source/items/{i}/{name}", "required") for i in (0, 1) for name in ("value", "unit", "limit")
    } | {("/soil/source/items/1/other", "required")}
    assert Manifest.objects.count() == 0
    assert create_and_submit(soil, act=world.act("maker")).status == "submitted"


def test_what_cannot_be_read_is_told(world, soil):
    source = soil["soil"]["source"] | {
        "sampled_on": "十月", "samples": -1, "file": "报告.pdf", "items": [LEAD | {"item": "金", "value": "多"}],
    }  # fmt: skip
    assert refused(lambda: create_manifest(soil | {"soil": {"source": source}}, act=world.act("maker"))) == {
        ("/soil/source/sampled_on", "bad_date"), ("/soil/source/samples", "bad_count"),
        ("/soil/source/file", "bad_file"), ("/soil/source/items/0/item", "bad_choice"),
        ("/soil/source/items/0/value", "bad_decimal"),
    }  # fmt: skip


def test_the_receiver_confirms_with_its_own_report_and_each_is_sealed(world, soil, report):
    manifest = delivered(world, soil)
    asked = refused(lambda: advance(manifest.number, Event.CONFIRM, receipt(), act=world.act("plant", hours=3)))
    assert asked == {(f"/soil/target/{name}", "required") for name in LACKING}
    changed = receipt(report("plant")) | {"soil": {"source": {"samples": 13}, "target": report("plant")}}
    asked = refused(lambda: advance(manifest.number, Event.CONFIRM, changed, act=world.act("plant", hours=3)))
    assert asked == {("/soil/source/samples", "sealed")}
    done = advance(manifest.number, Event.CONFIRM, receipt(report("plant")), act=world.act("plant", hours=3))
    assert done.status == "confirmed"
    assert done.document["soil"]["target"]["report"] == "JC-plant"


def test_what_is_refused_needs_no_report_of_the_receiver_and_goes_back(world, soil):
    manifest = delivered(world, soil)
    back = receipt(accepted_g=0, refused_g=30_000_000) | {}
    done = advance(manifest.number, Event.REFUSE, back, act=world.act("plant", hours=3))
    assert done.status == "refused"
    returning = Manifest.objects.get(returns=manifest)
    advance(returning.number, Event.ARRIVE, {}, act=world.act("carrier", hours=4))
    home = receipt() | {"receiver": {"handler": "张三"}}
    assert advance(returning.number, Event.CONFIRM, home, act=world.act("maker", hours=5)).status == "confirmed"


def test_only_a_file_that_the_firm_brought_is_named(world, soil):
    source = soil["soil"]["source"]
    strange = soil | {"soil": {"source": source | {"file": "0" * 64}}}
    unknown = {("/soil/source/file", "unknown_file")}
    assert refused(lambda: create_manifest(strange, act=world.act("maker"))) == unknown
    other = b"%PDF-1.7 of another"
    keep_file("x.pdf", other, act=world.act("plant"))
    theirs = soil | {"soil": {"source": source | {"file": hashlib.sha256(other).hexdigest()}}}
    assert refused(lambda: create_manifest(theirs, act=world.act("maker"))) == unknown
    for raw, code in ((b"MZ", "wrong_file_kind"), (b"%PDF-" + bytes(20 * 1024 * 1024), "wrong_file_size")):
        assert refused(lambda raw=raw: keep_file("a", raw, act=world.act("maker"), field="/f")) == {("/f", code)}
    assert file_path(DIGEST).read_bytes() == REPORT


def test_the_interface_takes_the_file_and_the_document(client, world, soil):
    _, secret = create_token(
        username="plant", scopes_wanted=["manifests:write"], days=1, name="t", actor="t", at=timezone.now()
    )
    body = {"name": "接受地.pdf", "content": base64.b64encode(REPORT).decode()}
    for _ in range(2):  # the same file is kept once
        told = client.post(
            "/api/v1/manifests/files/", json.dumps(body), content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )  # fmt: skip
        assert (told.status_code, told.json()) == (
            201, {"digest": DIGEST, "name": "接受地.pdf", "size": len(REPORT)}
        )  # fmt: skip
    assert ManifestFile.objects.filter(organisation=world.firms["plant"]).count() == 1


def test_the_page_shows_both_reports_and_gives_the_file_to_who_sees_the_manifest(client, world, soil, report):
    manifest = delivered(world, soil)
    target = report("plant", LEAD | {"value": "80"}, {"item": "other", "other": "锑", "value": "1", "unit": "mg_kg",
                                                      "limit": "180"})  # fmt: skip
    advance(manifest.number, Event.CONFIRM, receipt(target), act=world.act("plant", hours=3))
    address = f"/manifests/{manifest.number}/files/{DIGEST}/"
    for who in ("maker", "plant", "carrier", "office"):
        client.force_login(world.people[who])
        page = client.get(f"/manifests/{manifest.number}/").content.decode()
        missing = [t for t in ("JC-maker", "JC-plant", "812.5", "超过限值", "锑", "180", address) if t not in page]
        assert missing == [], who
        assert page.count("超过限值") == 1
        got = client.get(address)
        assert (got.status_code, got.content) == (200, REPORT)
        assert "attachment" in got["Content-Disposition"]
    assert client.get(f"/manifests/{manifest.number}/files/{'0' * 64}/").status_code == 404
    client.force_login(world.people["stranger"])
    assert client.get(address).status_code == 404
    client.force_login(world.people["office"])
    paper = pdfium.PdfDocument(client.get(f"/manifests/{manifest.number}/paper.pdf").content)
    text = "".join(page.get_textpage().get_text_bounded() for page in paper)
    missing = [
        t for t in ("移出地土壤监测", "接受地土壤监测", "JC-plant", "812.5", "超过限值", "锑") if t not in text
    ]
    assert missing == []


def test_a_file_is_uploaded_on_the_form_and_not_lost_when_the_form_comes_back(client, world, soil):
    ManifestFile.objects.all().delete()
    client.force_login(world.people["maker"])
    said = {
        "/generator/site": "S-maker", "/generator/handler": "张三", "/generator/handler_phone": "13800000000",
        "/wastes/0/code": EARTH, "/wastes/0/mass_g": "30000", "/receiver/site": "S-plant",
        "/carriers/0/organisation": world.code("carrier"), "/soil/source/report": "JC-1",
        "/soil/source/laboratory": "某检测公司", "/soil/source/sampled_on": "2026-10-20",
        "/soil/source/samples": "12",
        "/soil/source/items/0/item": "lead", "/soil/source/items/0/value": "812.5",
        "/soil/source/items/0/unit": "mg_kg", "/soil/source/items/0/limit": "800",
    }  # fmt: skip
    address = "/manifests/new/soil/"
    blank = client.get(address).content.decode()
    assert blank.count('name="/soil/source/items/') == 6
    more = client.post(address, said | {"add": "items"}).content.decode()
    assert more.count('name="/soil/source/items/') == 12
    bad = client.post(address, said | {"/soil/source/file": SimpleUploadedFile("a.exe", b"MZ"), "submit": "1"})
    assert (bad.status_code, "不是 PDF、JPG 或 PNG" in bad.content.decode()) == (422, True)
    lacking = said | {"/soil/source/samples": "", "/soil/source/file": SimpleUploadedFile("a.pdf", REPORT)}
    back = client.post(address, lacking | {"submit": "1"})
    assert (back.status_code, f'value="{DIGEST}"' in back.content.decode()) == (422, True)
    assert Manifest.objects.count() == 0
    done = client.post(address, said | {"/soil/source/file": DIGEST, "submit": "1"})
    assert done.status_code == 302, done.content.decode()
    assert Manifest.objects.get().document["soil"]["source"]["file"] == DIGEST


def test_a_sheet_says_a_measured_item_a_row(world, soil):
    book = load_workbook(io.BytesIO(template_workbook("soil")))
    sheet = book.active
    heads = [cell.value for cell in sheet[1]]
    assert "移出地监测报告文件" not in heads  # a file is uploaded on the page
    common = {
        "同单标记": "A", "移出场所": "S-maker", "移出经办人": "张三", "接受场所": "S-plant",
        "承运单位": world.code("carrier"), "移出地监测报告编号": "JC-1", "移出地检测单位": "某检测公司",
        "移出地采样日期": "2026-10-20", "移出地样品数": 12,
    }  # fmt: skip
    rows = [
        common | {"废物代码": EARTH, "移出量（千克）": 30_000, "移出地检测项目": "铅", "移出地检测值": "812.5",
                  "移出地单位": "mg/kg", "移出地限值": 800},
        common | {"移出地检测项目": "苯并[a]芘", "移出地检测值": "x", "移出地单位": "mg/kg", "移出地限值": "1.5"},
    ]  # fmt: skip

    def file():
        for row in rows:
            assert set(row) <= set(heads), set(row) - set(heads)
            sheet.append([row.get(head) for head in heads])
        kept = io.BytesIO()
        book.save(kept)
        sheet.delete_rows(3, 2)
        return SheetFile("土.xlsx", kept.getvalue(), "soil")

    with pytest.raises(Refused) as caught:
        import_file(file(), act=world.act("maker"))
    assert [(f.line, f.field, f.code) for f in caught.value.findings] == [(4, "移出地检测值", "bad_decimal")]
    rows[1]["移出地检测值"] = "0.4"
    import_file(file(), act=world.act("maker"))
    made = Manifest.objects.get()
    assert [w["code"] for w in made.document["wastes"]] == [EARTH]
    assert [(i["item"], i["value"], i["limit"]) for i in made.document["soil"]["source"]["items"]] == [
        ("lead", "812.5", "800"), ("benzo_a_pyrene", "0.4", "1.5"),
    ]  # fmt: skip
