"""The fact log: kept with what it tells, read by cursor, shown to those who answer for the place."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.db import transaction
from django.urls import reverse

from wufei.apps.facts.commands import facts
from wufei.apps.facts.guards import GUARDS
from wufei.apps.facts.models import Fact
from wufei.apps.facts.selectors import facts_after
from wufei.apps.facts.services import record_fact
from wufei.apps.registry.models import Division, User
from wufei.core.reference import read_table

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
APPS = Path(__file__).resolve().parents[3] / "src/wufei/apps"


def fact(number, division="330523", verb="load_plan", at=AT):
    with transaction.atomic():
        return record_fact(at=at, actor="office", verb=verb, subject=f"plan:{number}", division=division)


@pytest.mark.django_db
def test_the_database_itself_refuses_to_change_the_log(refuses_change):
    fact(1)
    refuses_change(GUARDS, "facts_fact")


@pytest.mark.django_db(transaction=True)
def test_a_fact_outside_a_transaction_is_our_own_mistake():
    with pytest.raises(AssertionError):
        record_fact(at=AT, actor="office", verb="load_plan", subject="plan:1")
    assert not Fact.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_fact_goes_with_the_transaction_that_fails():
    def write_and_fail():
        with transaction.atomic():
            record_fact(at=AT, actor="office", verb="load_plan", subject="plan:1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert not Fact.objects.exists()


@pytest.mark.django_db
def test_a_reader_with_a_cursor_gets_every_fact_once():
    made = [fact(number).pk for number in range(10)]
    cursor, seen = 0, []
    while rows := facts_after(cursor, until=AT, limit=3):
        seen += [row.pk for row in rows]
        cursor = rows[-1].pk
    assert seen == made


@pytest.mark.django_db
def test_what_may_still_be_overtaken_is_left_for_the_next_time():
    early, late = fact(1), fact(2, at=AT + timedelta(minutes=5))
    assert [row.pk for row in facts_after(0, until=AT)] == [early.pk]
    assert [row.pk for row in facts_after(early.pk, until=AT + timedelta(minutes=5))] == [late.pk]
    assert facts_after(0, until=AT, verbs=["create_user"]) == []


def test_every_verb_in_the_code_has_a_chinese_word():
    verbs = {
        verb
        for path in APPS.rglob("*.py")
        for verb in re.findall(r"""verb=["'](\w+)["']""", path.read_text(encoding="utf-8"))
    }
    assert sorted(verbs - {row["verb"] for row in read_table("facts/verbs.csv")}) == []


@pytest.fixture
def places():
    for code, prefix, parent in [("330523", "330523", None), ("330825", "330825", None)]:
        Division.objects.create(code=code, prefix=prefix, name=code, level=3, parent_id=parent)


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "status"), [
    ("programme_office", 200), ("leader", 200), ("parent_region", 404), ("department", 404), ("township", 404),
    ("generator", 404), ("citizen", 404),
])  # fmt: skip
def test_the_audit_page_is_there_for_the_programme_office_and_leaders(client, places, role, status):
    fact(1)
    client.force_login(User.objects.create(username="u", role=role, division_id="330523"))
    for name in ("list", "export"):
        assert client.get(reverse(f"registry:{name}", args=["facts"])).status_code == status


@pytest.mark.django_db
def test_the_audit_page_shows_the_facts_of_the_place_newest_first(client, places):
    fact(1), fact(2, at=AT + timedelta(hours=1)), fact(3, division="330825"), fact(4, division="")
    client.force_login(User.objects.create(username="u", role="programme_office", division_id="330523"))
    seen = client.get(reverse("registry:list", args=["facts"])).content.decode()
    assert re.findall(r"plan:\d", seen) == ["plan:2", "plan:1"]
    assert "2026-11-22 16:00:00" in seen  # 08:00 UTC is 16:00 in 安吉
    assert "载入方案" in seen


@pytest.mark.django_db
def test_the_keeper_reads_on_the_console_what_belongs_to_no_place():
    fact(1), fact(2, division="", verb="take_checkpoint")
    lines = CliRunner().invoke(facts).output.splitlines()
    assert [line.split("\t")[3:6] for line in lines] == [
        ["载入方案", "plan:1", "330523"], ["签发检查点", "plan:2", "-"],
    ]  # fmt: skip
    (told,) = CliRunner().invoke(facts, ["--verb", "take_checkpoint", "--json"]).output.splitlines()
    assert json.loads(told)["recorded_at"] == "2026-11-22T16:00:00+08:00"
    assert json.loads(told)["division"] == ""
