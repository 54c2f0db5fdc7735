"""Reported figures: loading, restating, reading, and who may see and do what."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from wufei.apps.assessment import figures, selectors, services
from wufei.apps.assessment.models import ElementValue, ValueStatus
from wufei.apps.facts.models import Fact
from wufei.apps.registry.models import Role
from wufei.core.findings import Refused
from wufei.core.published import pack_values
from wufei.core.values import State

pytestmark = pytest.mark.django_db


def queries(action):
    with CaptureQueriesContext(connection) as captured:
        action()
    return len(captured)


def test_the_figures_of_anji_load_once_with_their_place_in_the_document(make_division):
    make_division("330523")
    services.load_packs()
    services.load_packs()
    assert ElementValue.objects.count() == len(pack_values("330523")) == 238
    film = ElementValue.objects.get(element="film_recovered")
    assert (film.value, film.printed, film.status) == (Decimal("0.041"), "0.041吨", ValueStatus.APPROVED)
    assert "原文第233行" in film.source
    assert Fact.objects.filter(verb="load_values").count() == 1


def test_loading_again_costs_a_query_a_place(make_division):
    make_division("330523")
    services.load_packs()
    assert queries(services.load_packs) <= 5


def test_a_pack_that_states_a_figure_anew_keeps_the_old_one(approved, make_value, now):
    approved(make_value(number="440"))
    services.load_pack_values("330523", [make_value(number="450")], at=now)
    old, new = ElementValue.objects.order_by("pk")
    assert (old.value, old.superseded_by_id) == (440, new.pk)
    assert selectors.value_set("330523", 2022).get("film_used", "2022").value == 450


def test_a_restatement_by_a_person_outlives_the_pack(approved, make_value, now):
    approved(make_value(number="440"))
    services.submit_values(
        "330523", [(2, make_value(number="441", note="更正"), "")], actor="li", at=now, document="a"
    )
    services.approve_value(ElementValue.objects.latest("pk").pk, actor="wang", at=now)
    services.load_pack_values("330523", [make_value(number="450")], at=now)
    assert selectors.value_set("330523", 2022).get("film_used", "2022").value == 441
    assert ElementValue.objects.count() == 3


def test_reading_all_figures_of_a_place_is_one_query_however_many_there_are(approved, make_value, make_division):
    approved(make_value())
    assert queries(lambda: selectors.value_set("330523", 2022)) == 1
    services.load_packs()
    assert queries(lambda: selectors.value_set("330523", 2022)) == 1
    assert len(selectors.value_set("330523", 2022)) > 200


def test_figures_come_back_exactly_as_they_went_in(make_division):
    make_division("330523")
    services.load_packs()
    values = selectors.value_set("330523", 2022)
    for stated in pack_values("330523"):
        kept = values.get(*stated.key)
        assert (kept.value, kept.state, kept.printed, kept.source) == (
            stated.value,
            stated.state,
            stated.printed,
            stated.source,
        )


def test_years_are_told_latest_first(make_division):
    make_division("330523")
    services.load_packs()
    assert selectors.years("330523") == (2022, 2021, 2020, 2019, 2018)


def test_blank_slash_not_applicable_and_zero_stay_apart(approved, make_value):
    approved(
        make_value("film_used", "0"),
        make_value("giw_dumped", state=State.SLASH),
        make_value("giw_stored", state=State.BLANK),
        make_value("ihw_stored", state=State.NOT_APPLICABLE),
    )
    values = selectors.value_set("330523", 2022)
    states = [values.get(e, "2022").state for e in ("film_used", "giw_dumped", "giw_stored", "ihw_stored")]
    assert states == ["number", "slash", "blank", "not_applicable"]
    assert values.get("film_used", "2022").value == 0


def test_the_database_itself_refuses_a_second_current_figure(approved, make_value):
    approved(make_value())
    row = ElementValue.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_restatement_without_a_reason_is_refused_and_nothing_is_kept(approved, make_value, now):
    approved(make_value(number="440"))
    rows = [(2, make_value(number="441"), ""), (3, make_value("film_recovered", "410"), "")]
    with pytest.raises(Refused) as refused:
        services.submit_values("330523", rows, actor="li", at=now, document="a.csv")
    assert [f.code for f in refused.value.findings] == ["restated_without_reason"]
    assert ElementValue.objects.count() == 1


def test_approving_twice_is_refused_and_changes_nothing(approved, make_value, now):
    approved(make_value(number="440"))
    pk = ElementValue.objects.get().pk
    with pytest.raises(Refused):
        services.approve_value(pk, actor="wang", at=now)
    with pytest.raises(Refused):
        services.return_value(pk, actor="wang", at=now, reason="不对")
    assert ElementValue.objects.get().status == ValueStatus.APPROVED


def test_a_returned_figure_stays_on_record_and_out_of_the_assessment(make_division, make_value, now):
    make_division()
    services.submit_values("330523", [(2, make_value(), "")], actor="li", at=now, document="a.csv")
    row = ElementValue.objects.get()
    with pytest.raises(Refused):
        services.return_value(row.pk, actor="wang", at=now, reason=" ")
    services.return_value(row.pk, actor="wang", at=now, reason="单位不对")
    row.refresh_from_db()
    assert (row.status, "单位不对" in row.note) == (ValueStatus.RETURNED, True)
    assert len(selectors.value_set("330523", 2022)) == 0


@pytest.mark.parametrize(
    ("role", "division", "sees"),
    [
        (Role.PROGRAMME_OFFICE, "330523", True),
        (Role.LEADER, "330523", True),
        (Role.PROGRAMME_OFFICE, "330825", False),
        (Role.TOWNSHIP, "330523103", False),
        (Role.GENERATOR, "330523", False),
        (Role.CITIZEN, "330523", False),
    ],
)
def test_figures_are_seen_below_ones_own_division_only(client, approved, make_user, role, division, sees):
    approved()
    user = make_user(role, division)
    assert selectors.visible_values(user).exists() is sees
    client.force_login(user)
    pk = ElementValue.objects.get().pk
    for path in ["/assessment/330523/", "/assessment/330523/export.xlsx", f"/assessment/figure/{pk}/"]:
        assert client.get(path).status_code == (200 if sees else 404), path


def test_pages_ask_the_same_number_of_queries_for_1_and_many_figures(client, approved, make_user):
    approved()
    client.force_login(make_user())
    client.get("/assessment/330523/")
    few = queries(lambda: client.get("/assessment/330523/"))
    services.load_packs()
    assert queries(lambda: client.get("/assessment/330523/")) == few
    assert queries(lambda: client.get("/assessment/330523/export.xlsx")) <= few


def test_the_list_filters_searches_and_pages_by_key(client, make_division, make_user):
    make_division("330523")
    services.load_packs()
    user = make_user()
    page = figures.figure_page(user, make_division("330523"), figures.Filters(year="2022"))
    seen = [row.pk for row in page.rows]
    while page.next_after:
        filters = figures.Filters(year="2022", after=page.next_after)
        page = figures.figure_page(user, make_division("330523"), filters)
        seen += [row.pk for row in page.rows]
    assert len(seen) == len(set(seen)) == ElementValue.objects.filter(period="2022").count()
    client.force_login(user)
    body = client.get("/assessment/330523/", {"q": "农膜"}).content.decode()
    assert "0.041吨" in body
    assert "秸秆" not in body
    for odd in ({"after": "x"}, {"after": "9" * 40}, {"year": "\0"}, {"domain": "nowhere"}):
        assert client.get("/assessment/330523/", odd).status_code == 200


def test_one_figure_tells_its_source_and_its_history(client, approved, make_value, make_user, now):
    approved(make_value(number="440"))
    services.submit_values(
        "330523", [(2, make_value(number="441", note="更正"), "台账")], actor="li", at=now, document="a"
    )
    new = ElementValue.objects.latest("pk")
    client.force_login(make_user())
    body = client.get(f"/assessment/figure/{new.pk}/").content.decode()
    for text in ("441", "440t", "更正", "台账", "农膜回收率", "审核通过"):
        assert text in body
    client.post(f"/assessment/figure/{new.pk}/review/", {"decision": "approve"})
    assert selectors.value_set("330523", 2022).get("film_used", "2022").value == 441
    assert ElementValue.objects.get(value=440).superseded_by_id == new.pk


def test_a_department_reports_but_does_not_approve(client, make_division, make_value, make_user, now):
    make_division()
    services.submit_values("330523", [(2, make_value(), "")], actor="li", at=now, document="a.csv")
    row = ElementValue.objects.get()
    client.force_login(make_user(Role.DEPARTMENT))
    assert client.get("/assessment/330523/upload/").status_code == 200
    assert client.post(f"/assessment/figure/{row.pk}/review/", {"decision": "approve"}).status_code == 404
    row.refresh_from_db()
    assert row.status == ValueStatus.SUBMITTED
