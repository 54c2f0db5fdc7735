"""Asking for a change on the page: the document's own inputs, what it does, who must agree, older versions."""

import pypdfium2 as pdfium
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.apps.manifests.test_life import ALL

from wufei.apps.amendments.models import AmendmentRecord
from wufei.apps.manifests.models import Manifest
from wufei.apps.registry.models import CarrierLicence, Division

TICKET = ("磅单.pdf", b"%PDF-1.7")


@pytest.fixture
def signed(drive, document):
    """Two wastes, of the first 1,800 kg were sent and accepted."""
    return drive(document, *ALL)


@pytest.fixture
def ask(client, world, signed):
    """Open the form, or send it: ``typed`` by pointer, ``more`` the rest of the form."""

    def send(who, typed=None, **more):
        client.force_login(world.people[who])
        address = f"/amendments/new/?subject=manifest:{signed.number}"
        answer = (
            client.get(address) if typed is None and not more else client.post(address, {**(typed or {}), **more})
        )
        return answer.status_code, answer.content.decode()

    return send


def test_the_form_has_kilograms_choices_by_name_and_one_code_a_line(ask):
    _, shown = ask("maker")
    assert 'name="/wastes/0/mass_g" value="1800"' in shown
    assert "现在：1,800 千克" in shown
    assert '<option value="L" selected>液态' in shown
    assert '<textarea class="form-control" rows="2" id="f-wastes-0-packages"' in shown
    assert "（克）" not in shown


def test_what_nobody_filled_in_can_be_added(ask):
    _, shown = ask("carrier")
    assert 'name="/carriers/0/waybill"' in shown
    assert 'name="/external/number"' in shown
    assert 'name="/generator/note"' not in shown  # for which a carrier may not ask
    assert ask("carrier", {"/carriers/0/waybill": "YD1"}, preview="1")[0] == 200
    assert ask("carrier", {"/carriers/0/waybill": "YD1"})[0] == 302
    changes = [{"pointer": "/carriers/0/waybill", "after": "YD1"}]
    assert AmendmentRecord.objects.get().changes == changes
    assert ask("carrier", {"/external/number": "W1"})[0] == 302
    assert Manifest.objects.get().document["external"] == {"number": "W1"}


def test_a_preview_says_what_changes_and_keeps_nothing(ask):
    status, shown = ask("maker", {"/wastes/0/mass_g": "210"}, preview="1")
    assert status == 200
    assert "<del>1,800 千克</del>" in shown
    assert "<ins>210 千克</ins>" in shown
    assert "<td>2,440 千克</td><td>850 千克</td>" in shown.replace("\n", "")  # 1,800 + 640, 210 + 640
    assert "<td>0 千克</td><td>-1,590 千克</td>" in shown  # 210 kg sent, 1,800 kg accepted
    assert "废物 1 移出 210 千克，接受、拒收和损耗合计 1,800 千克，属于重大差异。" in shown
    assert "须接受人同意" in shown
    manifest = Manifest.objects.get()
    assert (manifest.events, manifest.mass_g, AmendmentRecord.objects.count()) == (6, 2_440_000, 0)


def test_a_slip_in_the_unit_is_told(ask):
    shown = ask("maker", {"/wastes/0/mass_g": "0.21"}, preview="1")[1]
    assert "“废物 1 移出量”由1,800 千克改为0.21 千克，相差 10 倍以上。" in shown


def test_the_findings_are_shown_to_who_must_agree_and_kept_with_the_event(ask, client, world):
    ticket = SimpleUploadedFile(*TICKET)
    assert ask("maker", {"/wastes/0/mass_g": "210"}, reason="笔误", evidence=ticket)[0] == 302
    row = AmendmentRecord.objects.get()
    assert row.changes == [{"pointer": "/wastes/0/mass_g", "before": 1_800_000, "after": 210_000}]
    client.force_login(world.people["plant"])
    shown = client.get(f"/amendments/{row.pk}/").content.decode()
    assert "属于重大差异" in shown
    assert "<ins>210 千克</ins>" in shown
    assert "移出场所账面差异" not in shown  # the sender's own books
    client.post(f"/amendments/{row.pk}/", {"action": "agree"})
    manifest = Manifest.objects.get()
    codes = {f["code"] for f in manifest.history.get(event="amend").findings}
    assert {"major_difference"} <= codes
    assert manifest.alerts == sum(len(event.findings) for event in manifest.history.all())


def test_what_cannot_be_read_stands_beside_its_input(ask):
    status, shown = ask("maker", {"/wastes/0/mass_g": "很多", "/wastes/0/form": "Z"}, preview="1")
    assert status == 422
    assert 'value="很多"' in shown
    assert "“很多”不是千克数" in shown
    assert not AmendmentRecord.objects.exists()


@pytest.fixture
def amended(ask, client, world, signed):
    """The first waste amended from 1,800 kg to 1,700 kg: asked by the maker, agreed by the plant."""
    ticket = SimpleUploadedFile(*TICKET)
    assert ask("maker", {"/wastes/0/mass_g": "1700"}, reason="笔误", evidence=ticket)[0] == 302
    client.force_login(world.people["plant"])
    client.post(f"/amendments/{AmendmentRecord.objects.get().pk}/", {"action": "agree"})
    return signed.number


def test_every_version_can_be_read_with_what_it_changed(amended, client):
    seventh = client.get(f"/manifests/{amended}/versions/7/").content.decode()
    assert "<del>1,800 千克</del>" in seventh
    assert "<ins>1,700 千克</ins>" in seventh
    sixth = client.get(f"/manifests/{amended}/versions/6/").content.decode()
    assert '<dd class="col-7 col-sm-8">1,800 千克</dd>' in sixth
    assert f'href="/manifests/{amended}/versions/6/"' in client.get(f"/manifests/{amended}/").content.decode()
    assert client.get(f"/manifests/{amended}/versions/8/").status_code == 404


def test_a_version_shortens_a_persons_numbers_for_who_is_no_party(amended, client, world):
    assert "13800000000" in client.get(f"/manifests/{amended}/versions/1/").content.decode()
    client.force_login(world.people["office"])
    shown = client.get(f"/manifests/{amended}/versions/1/").content.decode()
    assert "138****00" in shown
    assert "13800000000" not in shown


def test_the_history_names_who_asked_and_who_agreed(amended, client):
    shown = client.get(f"/manifests/{amended}/").content.decode()
    assert "maker（maker 公司）申请；" in shown


def test_the_paper_says_what_was_signed_where_a_firm_lies_and_what_an_amendment_changed(amended, client, world):
    CarrierLicence.objects.create(
        organisation=world.firms["carrier"], kind="dangerous_transport", number="浙交运 330500001"
    )
    answer = client.get(f"/manifests/{amended}/paper.pdf")
    pages = pdfium.PdfDocument(answer.content)
    text = "".join(page.get_textpage().get_text_range() for page in pages).replace("\r\n", "")
    lies_in = Division.objects.filter(prefix__in=["33", "3305", "330523", "330523001"]).order_by("prefix")
    place = "".join(lies_in.values_list("name", flat=True))
    assert place.startswith("浙江省湖州市安吉县")
    for told in ("承运人 1 起运", "承运人 2 到达", place, "浙交运 330500001", "1,800 千克 → 1,700 千克"):
        assert told in text, told


def test_the_office_finds_the_way_to_ask_for_a_correction(signed, client, world):
    link = f"/amendments/corrections/new/?subject=manifest:{signed.number}"
    for who, is_there in (("office", True), ("maker", False)):
        client.force_login(world.people[who])
        assert (link in client.get(f"/manifests/{signed.number}/").content.decode()) is is_there


def test_what_waits_stands_on_the_first_page_and_on_the_document(ask, signed, client, world):
    ticket = SimpleUploadedFile(*TICKET)
    ask("maker", {"/wastes/0/mass_g": "1700"}, reason="笔误", evidence=ticket)
    link = f'href="/amendments/{AmendmentRecord.objects.get().pk}/"'
    client.force_login(world.people["plant"])
    assert link in client.get("/own/").content.decode()
    assert link in client.get(f"/manifests/{signed.number}/").content.decode()
    client.post(f"/amendments/{AmendmentRecord.objects.get().pk}/", {"action": "agree"})
    assert link not in client.get("/own/").content.decode()
    client.force_login(world.people["carrier"])
    assert link not in client.get("/own/").content.decode()
