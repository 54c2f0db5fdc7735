"""Vehicles, drivers, escorts and licences: brought from a file, listed masked, read in full only with a fact."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from wufei.apps.facts.models import Fact
from wufei.apps.registry.imports import Upload, bring
from wufei.apps.registry.models import CarrierLicence, TransportPerson, Vehicle
from wufei.core.findings import Refused

pytestmark = pytest.mark.django_db
VEHICLES = "单位,车牌号,核定载重,道路运输证号,有效期至,类别项别"
PERSONS = "单位,类型,姓名,从业资格证号,有效期至,类别项别"
LICENCES = "单位,类型,证号,范围,有效期至"


def csv_of(*lines):
    return Upload("车队.csv", "\n".join(lines).encode())


def text(answer):
    return answer.content.decode()


@pytest.fixture
def carrier(make_firm):
    return make_firm(1, name="甲运输公司", kind="carrier")


def test_vehicles_are_brought_by_credit_code_or_name_and_the_next_file_brings_them_up_to_date(make_user, carrier):
    first = "甲运输公司,浙E12345,9.5,330500001,2026年12月1日,3类、6.1项"
    lines = [first, f"{carrier.credit_code},浙ED12345,9500kg,,,"]
    assert bring(csv_of(VEHICLES, *lines), make_user(), "vehicles") == 2
    one, other = Vehicle.objects.order_by("plate")
    assert (one.load_limit_t, one.transport_permit, one.valid_until, one.hazard_classes) == (
        Decimal("9.5"), "330500001", date(2026, 12, 1), ["3", "6.1"],
    )  # fmt: skip
    assert (other.plate, other.load_limit_t, other.organisation) == ("浙ED12345", Decimal("9.5"), carrier)
    renewed = "甲运输公司,浙E12345,9.5,330500001,2027-12-01,3"
    assert bring(csv_of(VEHICLES, renewed), make_user("two"), "vehicles") == 1
    one.refresh_from_db()
    assert (one.valid_until, one.hazard_classes, Vehicle.objects.count()) == (date(2027, 12, 1), ["3"], 2)
    last = Fact.objects.filter(verb="update_vehicle").last()
    assert (last.before["valid_until"], last.after["valid_until"]) == ("2026-12-01", "2027-12-01")
    assert (last.subject, last.division) == (f"vehicle:{one.pk}", "330523001")


def test_persons_and_licences_are_brought(make_user, carrier):
    person = "甲运输公司,驾驶员,张三,330500198001011234,2027-01-01,3、6"
    same_person = "甲运输公司,押运员,张三,330500198001011234,,"
    assert bring(csv_of(PERSONS, person, same_person), make_user(), "persons") == 2
    assert list(TransportPerson.objects.order_by("kind").values_list("kind", "name", "hazard_classes")) == [
        ("driver", "张三", ["3", "6"]), ("escort", "张三", []),
    ]  # fmt: skip
    licence = "甲运输公司,道路危险货物运输许可,浙交运0001,危险货物运输（3类）,2028-01-01"
    assert bring(csv_of(LICENCES, licence), make_user("two"), "licences") == 1
    assert CarrierLicence.objects.get().kind == "dangerous_transport"


@pytest.mark.parametrize(("row", "field", "code"), [
    ("乙公司,浙E12345,,,,", "单位", "unknown_organisation"),
    ("甲运输公司,12345,,,,", "车牌号", "bad_plate"),
    ("甲运输公司,,,,,", "车牌号", "blank_plate"),
    ("甲运输公司,浙E12345,9升,,,", "核定载重", "unknown_unit"),
    ("甲运输公司,浙E12345,,,2026-02-30,", "有效期至", "no_such_instant"),
    ("甲运输公司,浙E12345,,,,危险品", "类别项别", "unknown_hazard_class"),
])  # fmt: skip
def test_each_bad_cell_gets_its_message_and_nothing_is_kept(make_user, carrier, row, field, code):
    with pytest.raises(Refused) as caught:
        bring(csv_of(VEHICLES, row), make_user(), "vehicles")
    assert [(f.line, f.field) for f in caught.value.findings] == [(2, field)]
    assert caught.value.findings[0].code == code
    assert not Vehicle.objects.exists()
    assert not Fact.objects.exists()


def test_a_vehicle_of_another_firm_is_not_taken_over_and_none_stands_twice(make_user, make_firm, carrier):
    Vehicle.objects.create(plate="浙E00001", organisation=make_firm(2, name="乙运输公司"))
    lines = ["甲运输公司,浙E00001,,,,", "甲运输公司,浙E00002,,,,", "甲运输公司,浙E00002,,,,"]
    with pytest.raises(Refused) as caught:
        bring(csv_of(VEHICLES, *lines), make_user(), "vehicles")
    codes = [(f.line, f.code) for f in caught.value.findings]
    assert codes == [(2, "registered_elsewhere"), (4, "duplicate_in_file")]
    assert Vehicle.objects.count() == 1


def test_a_carrier_brings_its_own_and_nobody_elses(client, make_user, make_firm, carrier):
    make_firm(2, name="乙运输公司")
    client.force_login(make_user("jia", "carrier", organisation=carrier))
    url = reverse("registry:import-fleet", args=["vehicles"])

    def send(line):
        raw = "\n".join([VEHICLES, line]).encode()
        return client.post(url, {"file": SimpleUploadedFile("车辆.csv", raw)})

    assert "导入车辆" in text(client.get(reverse("registry:list", args=["vehicles"])))
    assert send("乙运输公司,浙E00001,,,,").status_code == 422
    assert send("甲运输公司,浙E00001,,,,").status_code == 302
    assert Vehicle.objects.get().organisation == carrier
    assert client.get(reverse("registry:import")).status_code == 404


def test_a_certificate_is_masked_everywhere_and_read_in_full_with_a_fact(client, make_user, carrier):
    row = TransportPerson.objects.create(
        organisation=carrier, kind="driver", name="张三", certificate="330500198001011234", hazard_classes=["3"]
    )
    client.force_login(make_user())
    for url in [
        reverse("registry:list", args=["persons"]),
        reverse("registry:person", args=[row.pk]),
        reverse("registry:organisation", args=[carrier.pk]),
    ]:
        shown = text(client.get(url))
        assert "1234" in shown
        assert "330500198001011234" not in shown
    assert not Fact.objects.exists()
    answer = client.post(reverse("registry:reveal", args=["persons", row.pk]))
    assert "330500198001011234" in text(answer)
    assert answer["Cache-Control"] == "no-store"
    fact = Fact.objects.get()
    assert (fact.actor, fact.verb, fact.subject, fact.division) == (
        "office", "read_personal_data", f"person:{row.pk}", "330523001",
    )  # fmt: skip


def test_what_is_past_is_marked(client, make_user, carrier):
    Vehicle.objects.create(plate="浙E00001", organisation=carrier, valid_until=date(2020, 1, 1))
    client.force_login(make_user())
    assert "已过期" in text(client.get(reverse("registry:list", args=["vehicles"])))
