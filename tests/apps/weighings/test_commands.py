"""Sheets by the command line: shown, tried, booked whole or not at all; files nobody accepted go after a month."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from django.utils import timezone

from wufei.apps.facts.models import Fact
from wufei.apps.weighings import imports
from wufei.apps.weighings.commands import weighings
from wufei.apps.weighings.models import ImportState, TicketFile, TicketImport, WeighingRecord

from .conftest import row, sheet

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(tmp_path):
    def call(raw, *options, answer=""):
        path = tmp_path / "磅单.xlsx"
        path.write_bytes(raw)
        return CliRunner().invoke(weighings, ["import", str(path), "--site", "F1", *options], input=answer)

    return call


def test_a_sheet_is_shown_and_booked_when_one_says_yes(run, plant):
    raw = sheet(row(1), row(2))
    shown = run(raw, "--by", "plant", answer="n\n")
    assert "磅单 2 张，新的 2 张" in shown.output
    assert "净重合计 14000 千克" in shown.output
    assert not WeighingRecord.objects.exists()
    assert "已入账" in run(raw, "--by", "plant", answer="y\n").output
    assert WeighingRecord.objects.count() == 2
    assert "新的 0 张，已登记过的 2 张" in run(raw, "--by", "plant", "--dry-run").output


def test_a_trial_keeps_nothing_and_a_program_gets_json(run, plant):
    raw = sheet(row(1))
    told = json.loads(run(raw, "--by", "plant", "--dry-run", "--json").stdout)
    assert (told["new"], told["net_g"], told["booked"]) == (1, 7_000_000, False)
    assert not TicketImport.objects.exists()
    told = json.loads(run(raw, "--by", "plant", "--yes", "--json").stdout)
    assert (told["booked"], told["import"]) == (True, TicketImport.objects.get().pk)
    assert run(raw, "--by", "plant", "--json").exit_code == 2


def test_one_fault_refuses_all_and_every_fault_is_told(run, plant):
    raw = sheet(row(1), row(2, **{"净重(kg)": "x"}), row(3, **{"净重(kg)": "y"}))
    shown = run(raw, "--by", "plant", "--yes")
    assert shown.exit_code == 1
    assert "2 处问题，一张也没有登记。" in shown.output
    assert json.loads(run(raw, "--by", "plant", "--yes", "--json").stdout)["findings"][0]["remedy"]
    assert not WeighingRecord.objects.exists()


def test_who_may_not_record_there_is_refused(run, plant, canteen):
    raw = sheet(row(1))
    assert "没有可以登记磅单的场所" in run(raw, "--by", "canteen", "--yes").output
    assert "wufei user list" in run(raw, "--by", "nobody", "--yes").output
    assert not WeighingRecord.objects.exists()


def test_files_that_nobody_accepted_go_after_thirty_days_and_booked_ones_stay(plant):
    at = timezone.now()
    for number, days in ((1, 31), (2, 29)):
        upload = imports.Upload("a.xlsx", sheet(row(number)), "F1", device="1号磅")
        kept, _ = imports.propose_import(user=plant, upload=upload, now=at - timedelta(days=days))
        assert kept is not None
    booked = imports.import_tickets(
        user=plant, upload=imports.Upload("b.xlsx", sheet(row(3)), "F1", device="1号磅"), at=at
    )
    TicketImport.objects.filter(pk=booked.pk).update(created_at=at - timedelta(days=400))
    assert "1 份" in CliRunner().invoke(weighings, ["forget-files"]).output
    assert set(TicketImport.objects.values_list("state", flat=True)) == {ImportState.CHECKED, ImportState.BOOKED}
    assert (TicketImport.objects.count(), TicketFile.objects.count()) == (2, 2)
    assert "0 份" in CliRunner().invoke(weighings, ["forget-files"]).output
    assert Fact.objects.filter(verb="forget_files").count() == 1
