"""Periodic declarations: generated from the books, confirmed, corrected, printed."""

import io
from datetime import datetime, timedelta

import pypdfium2
import pytest
from click.testing import CliRunner
from django.urls import reverse
from python_calamine import CalamineWorkbook

from wufei.apps.declarations import selectors, services
from wufei.apps.declarations.commands import declarations as command
from wufei.apps.declarations.models import Declaration
from wufei.core.findings import Refused
from wufei.core.ledger import SHANGHAI

from .conftest import AT, OIL, TONNE

pytestmark = pytest.mark.django_db
APRIL = datetime(2026, 4, 10, 9, tzinfo=SHANGHAI)


def enter(site, table="hw-generate", mass="1.5", on="2026-03-05", at=APRIL, **more):
    cells = {"occurred_at": f"{on} 08:00", "waste_code": OIL, "mass_g": mass, "handler": "王小明", **more}
    return services.book(site=site, table=table, values=cells, actor="firm", at=at)


def make(site, at=APRIL, form="hazardous", period="2026-03"):
    return services.generate(site=site, form=form, period=period, actor="firm", at=at)


def codes(error):
    return [finding.code for finding in error.value.findings]


@pytest.fixture
def march(site, filed):
    enter(site, on="2026-02-10", mass="2")
    enter(site)
    enter(site, "hw-own", mass="1", method="D10", facility_code="MF1", residue_code="772-003-18", residue_g="0.1")
    enter(site, on="2026-04-02", mass="8")
    return make(site)


def test_a_month_is_made_from_the_books(march):
    lines = {row["waste_code"]: row for row in march.lines}
    oil = {name: lines[OIL][name] for name in ("opening_g", "generated_g", "disposed_g", "closing_g")}
    assert oil == {"opening_g": 2 * TONNE, "generated_g": 1_500_000, "disposed_g": TONNE, "closing_g": 2_500_000}
    assert lines["772-003-18"]["generated_g"] == 100_000
    assert [(f["field"], f["code"]) for f in march.findings] == [("772-003-18", "not_planned")]
    assert str(march.due) == "2026-04-15"


def test_an_outsourced_entry_without_a_manifest_is_told(site, filed):
    enter(site)
    enter(site, "hw-entrust", mass="1", method="R9", receiver_kind="permit", receiver="某厂")
    (finding,) = make(site).findings
    assert (finding["code"], "委外" in finding["what"]) == ("book_differs", True)


def test_confirming_wants_an_explanation_and_flags_what_is_late(march, owner):
    own = selectors.own_declarations(owner)
    with pytest.raises(Refused) as error:
        services.confirm(own, pk=march.pk, note="", actor="firm", at=APRIL)
    assert codes(error) == ["unexplained"]
    done = services.confirm(own, pk=march.pk, note="新增的废物", actor="firm", at=APRIL + timedelta(days=6))
    assert (done.status, done.is_late) == ("confirmed", True)
    with pytest.raises(Refused):
        services.confirm(own, pk=march.pk, note="再", actor="firm", at=APRIL)


def test_nothing_is_confirmed_before_its_period_ends_or_after_the_books_changed(site, owner, filed):
    enter(site, on="2026-03-01", at=AT + timedelta(days=3))
    row = make(site, at=AT + timedelta(days=3))
    enter(site, on="2026-03-02", at=AT + timedelta(days=3))
    with pytest.raises(Refused) as error:
        services.confirm(
            selectors.own_declarations(owner), pk=row.pk, note="", actor="firm", at=AT + timedelta(days=3)
        )
    assert codes(error) == ["period_not_ended", "books_changed"]


def test_a_correction_is_a_new_version_with_its_reason(march, owner, site):
    own = selectors.own_declarations(owner)
    services.confirm(own, pk=march.pk, note="说明", actor="firm", at=APRIL)
    enter(site, on="2026-03-20", mass="0.5")
    assert make(site).pk == march.pk  # a confirmed one is not touched
    new = services.correct(own, pk=march.pk, reason="漏记", actor="firm", at=APRIL)
    assert {row["waste_code"]: row["generated_g"] for row in new.lines}[OIL] == 2 * TONNE
    services.confirm(own, pk=new.pk, note="说明", actor="firm", at=APRIL)
    march.refresh_from_db()
    new.refresh_from_db()
    assert (march.status, new.status, new.version, new.reason) == ("superseded", "confirmed", 2, "漏记")
    assert {row["waste_code"]: row["generated_g"] for row in march.lines}[OIL] == 1_500_000


@pytest.mark.parametrize(("form", "period", "code"), [
    ("nothing", "2026-03", "unknown_form"), ("hazardous", "2026/3", "unknown_period"),
    ("hazardous", "2027", "period_in_future"), ("giw_flow", "2026-Q1", "wrong_kind_of_period"),
])  # fmt: skip
def test_what_cannot_be_declared_is_refused(site, form, period, code):
    with pytest.raises(Refused) as error:
        make(site, form=form, period=period)
    assert codes(error) == [code]


def test_who_owes_a_form(site, filed, receiver):
    # a registered generator declares yearly only
    def owing(form, period):
        return services.generate_all(form=form, period=period, actor="x", at=datetime(2027, 1, 5, tzinfo=SHANGHAI))

    assert owing("hazardous", "2026-11") == 0
    assert owing("hazardous", "2026") == 1
    enter(receiver, "giw-generate", waste_code="900-001-S02")
    assert (owing("giw_flow", "2026-03"), owing("bulk_industrial", "2026-03"), owing("giw_flow", "2026-02")) == (
        1,
        1,
        0,
    )


def test_the_command_makes_them(site, filed, march):
    ran = CliRunner().invoke(command, ["generate", "--period", "2026-03", "--site", site.code])
    assert ran.output == "2026-03 已生成 1 份申报。\n"
    nobody = CliRunner().invoke(command, ["generate", "--period", "2026-11"])
    assert nobody.output.startswith("2026-11 已生成 0 份申报。\n没有场所应报这张表")
    assert CliRunner().invoke(command, ["generate", "--period", "2026-03", "--site", "none"]).exit_code == 1
    assert "时期" in CliRunner().invoke(command, ["generate", "--period", "x"]).output


# --- Pages --------------------------------------------------------------------------------------------------------


def test_generated_and_confirmed_through_the_pages(client, site, owner, filed, make_user):
    enter(site)
    client.force_login(owner)
    asked = {"site": site.pk, "form": "hazardous", "period": "2026-03"}
    answer = client.post(reverse("declarations:declaration-new"), {**asked, "period": "三月"})
    assert answer.status_code == 422
    answer = client.post(reverse("declarations:declaration-new"), asked)
    row = Declaration.objects.get()
    page = client.get(answer.url).content.decode()
    assert "表 C.1 危险废物月度申报表" in page
    assert "平衡" in page
    office = make_user()
    client.force_login(office)
    assert client.get(answer.url).status_code == 404  # not confirmed yet
    client.force_login(owner)
    assert client.post(reverse("declarations:declaration-confirm", args=[row.pk])).status_code == 302
    enter(site, on="2026-03-21")
    assert "账目有变化" in client.get(answer.url).content.decode()
    answer = client.post(reverse("declarations:declaration-correct", args=[row.pk]), {"reason": "漏记"})
    assert "更正原因" in client.get(answer.url).content.decode()
    client.force_login(office)
    listed = client.get(reverse("declarations:declarations"), {"period": "2026-03"}).content.decode()
    assert "已确认" in listed
    assert "待确认</td>" not in listed


def test_excel_and_pdf_hold_the_lines(client, owner, march):
    client.force_login(owner)
    raw = client.get(reverse("declarations:declaration-export", args=[march.pk])).content
    rows = CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0).to_python()
    head = next(row for row in rows if "废物代码" in row)
    line = next(row for row in rows if OIL in row)
    assert dict(zip(head, line, strict=True))["产生（吨）"] == 1.5
    raw = client.get(reverse("declarations:declaration-pdf", args=[march.pk])).content
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(raw))
    assert "表 C.1 危险废物月度申报表" in text.replace("\r\n", "")
    assert OIL in text
    assert "2.5" in text
