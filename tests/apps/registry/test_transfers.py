"""Transfers across the province: asked for, advanced by working days, decided within bounds, counted, seen."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.http import Http404

from wufei.apps.facts.models import Fact
from wufei.apps.registry import transfer_reads as reads
from wufei.apps.registry import transfers
from wufei.apps.registry.models import Division, RegionTransfer, Site
from wufei.core.findings import Refused
from wufei.core.ledger import SHANGHAI

pytestmark = pytest.mark.django_db
OIL = "900-214-08"


def at(day):
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), tzinfo=SHANGHAI)


HEAD = {
    "direction": "out", "other_name": "广德某利用公司", "other_place": "安徽省宣城市广德市",
    "asked_from": "2026-12-01", "asked_until": "2027-06-30", "other_permit_until": "2027-03-31",
}  # fmt: skip
WASTES = [{"waste_code": OIL, "method": "R9", "mass_g": "100"}]


@pytest.fixture
def site(make_firm):
    return Site.objects.get(organisation=make_firm(1, domain="hazardous"))


@pytest.fixture
def ask(site):
    def run(**head):
        return transfers.apply_transfer(site=site, head=HEAD | head, wastes=WASTES, actor="firm", at=at("2026-11-25"))

    return run


def step(transfer, event, day, *, by="office", note=""):
    return transfers.advance_transfer(
        RegionTransfer.objects.all(), pk=transfer.pk, event=event, by=by, on=day, note=note, actor="office",
        at=at(day),
    )  # fmt: skip


def decide(transfer, day, *, grant=True, granted=None, **values):
    values = {"number": "皖环转〔2026〕8号", "decided_on": day} | values
    return transfers.decide_transfer(
        RegionTransfer.objects.all(), pk=transfer.pk, grant=grant, values=values, granted=granted or {},
        actor="office", at=at(day),
    )  # fmt: skip


def codes(call):
    with pytest.raises(Refused) as caught:
        call()
    return {f.code for f in caught.value.findings}


def test_an_approval_goes_its_way_by_working_days_and_is_bounded(ask):
    """25 November 2026 is a Wednesday: five working days on is 2 December; five from Friday 27th is 4 December …"""
    transfer = ask()
    assert (transfer.kind, transfer.status, transfer.other_division) == ("approval", "applied", "340000")

    def due(today):
        row = RegionTransfer.objects.get(pk=transfer.pk)
        found = reads.standing_of(row, reads.history_of(row), today=date.fromisoformat(today)).due
        return found and (found.step, found.by, found.on.isoformat(), found.is_late)

    assert due("2026-11-25") == ("correction", "移出地主管部门", "2026-12-02", False)
    step(transfer, "accept", "2026-11-27")
    assert due("2026-12-07") == ("first_review", "移出地主管部门", "2026-12-04", True)
    step(transfer, "first_review", "2026-12-04")
    assert due("2026-12-05") == ("reply", "接受地主管部门", "2026-12-18", False)
    step(transfer, "reply", "2026-12-18", note="同意接受")
    assert due("2026-12-18") == ("decision", "移出地主管部门", "2026-12-25", False)
    # Twelve months would be 23 December 2027, asked was until June, the receiver's permit ends on 31 March.
    row = decide(transfer, "2026-12-24")
    assert (row.status, row.valid_from, row.valid_until) == ("granted", date(2026, 12, 24), date(2027, 3, 31))
    assert due("2027-01-01") is None
    assert [e.event for e in reads.history_of(row)] == ["apply", "accept", "first_review", "reply", "grant"]
    verbs = list(Fact.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["apply_transfer", *["advance_transfer"] * 3, "decide_transfer"]


def test_completion_is_asked_for_once_and_silence_is_acceptance(ask):
    transfer = ask()
    assert codes(lambda: step(transfer, "request_completion", "2026-11-26")) == {"missing_reason"}
    step(transfer, "request_completion", "2026-11-26", note="缺合同")
    assert codes(lambda: step(transfer, "complete", "2026-11-30")) == {"illegal_move"}  # it is the firm's
    step(transfer, "complete", "2026-11-30", by="firm")
    assert codes(lambda: step(transfer, "request_completion", "2026-12-01", note="再补")) == {"illegal_move"}
    row = RegionTransfer.objects.get(pk=transfer.pk)
    found = reads.standing_of(row, reads.history_of(row), today=date(2026, 12, 8))
    # Completed on Monday 30 November: nobody said anything up to 7 December, so it counts as accepted.
    assert found.accepted_by_silence == date(2026, 12, 7)
    assert (found.due.step, found.due.on) == ("first_review", date(2026, 12, 14))


def test_a_decision_is_held_against_its_bounds_all_at_once(ask):
    transfer = ask()
    assert codes(lambda: decide(transfer, "2026-12-24")) == {"illegal_move"}
    for event, day in (("accept", "2026-11-27"), ("first_review", "2026-12-04"), ("reply", "2026-12-18")):
        step(transfer, event, day)
    line = transfer.lines.get()
    wrong = {line.pk: "100.5"}
    assert codes(lambda: decide(transfer, "2026-12-24", granted=wrong, number=" ", valid_until="2027-04-01")) == {
        "more_than_asked",
        "missing_number",
        "valid_too_long",
    }
    assert codes(lambda: decide(transfer, "2026-12-24", granted={line.pk: "0"})) == {"nothing_granted"}
    assert codes(lambda: decide(transfer, "2026-12-24", decided_on="2026-12-17")) >= {"wrong_day"}
    assert codes(lambda: decide(transfer, "2026-12-24", grant=False)) == {"missing_reason"}
    row = decide(transfer, "2026-12-24", granted={line.pk: "60"})
    assert row.lines.get().granted_g == 60_000_000
    assert codes(lambda: step(row, "withdraw", "2026-12-25", by="firm")) == {"illegal_move"}


def test_the_day_that_is_due_is_kept_for_the_list_and_no_step_decides(ask):
    """25 November 2026 is a Wednesday: correction until 2 December; after acceptance on the 27th until 4 December."""
    transfer = ask()
    assert transfer.due_on == date(2026, 12, 2)
    assert step(transfer, "accept", "2026-11-27").due_on == date(2026, 12, 4)
    for event in ("first_review", "reply"):
        step(transfer, event, "2026-11-30")
    for event in ("grant", "refuse"):
        assert codes(lambda event=event: step(transfer, event, "2026-12-01", note="x")) == {"needs_decision"}
    assert codes(lambda: decide(transfer, "2026-12-01", granted={0: "1"})) == {"unknown_line"}
    assert decide(transfer, "2026-12-01").due_on is None


def test_a_filing_needs_no_letter(site):
    """Utilisation of general industrial waste is filed; it is decided after its acceptance."""
    transfer = transfers.apply_transfer(
        site=site, head=HEAD, wastes=[{"waste_code": "900-001-S17", "method": "R4", "mass_g": 5_000_000}],
        actor="firm", at=at("2026-11-25"),
    )  # fmt: skip
    assert transfer.kind == "filing"
    step(transfer, "accept", "2026-11-26")
    assert codes(lambda: step(transfer, "first_review", "2026-11-27")) == {"illegal_move"}
    assert decide(transfer, "2026-11-30").status == "granted"


def test_what_is_wrong_with_an_application_is_told_at_once(site):
    head = {"direction": "up", "other_name": "", "other_place": "安吉县", "asked_from": "2026-12-01",
            "asked_until": "2026-11-01", "colour": "red"}  # fmt: skip
    wastes = [*WASTES, *WASTES, {"waste_code": "900-001-S17", "mass_g": 0}]

    def call():
        transfers.apply_transfer(site=site, head=head, wastes=wastes, actor="firm", at=at("2026-11-25"))

    assert codes(call) == {
        "unknown_choice", "missing_field", "same_province", "ends_before_begin", "unknown_field", "several_domains",
        "waste_twice", "no_mass",
    }  # fmt: skip
    assert not RegionTransfer.objects.exists()


def test_use_is_counted_and_an_overrun_is_a_fact(ask):
    line = ask().lines.get()
    use = {"line_id": line.pk, "document": "manifest:1", "actor": "x", "at": at("2026-12-30")}
    with transaction.atomic():
        assert transfers.use_transfer(**use, mass_g=70_000_000) == -70_000_000  # nothing is granted yet
        transfers.use_transfer(**use, mass_g=70_000_000)
    with pytest.raises(Refused), transaction.atomic():
        transfers.use_transfer(**use, mass_g=-150_000_000)
    line.refresh_from_db()
    assert line.used_g == 140_000_000
    assert Fact.objects.filter(verb="use_transfer").count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        type(line).objects.filter(pk=line.pk).update(granted_g=100_000_001)


def test_who_sees_and_who_may_decide(ask, make_user, make_firm, site):
    transfer = ask()
    people = {
        "office": make_user(), "ecology": make_user("ecology", "department", department="生态环境分局"),
        "farming": make_user("farming", "department", department="农业农村局"),
        "own": make_user("own", "generator", organisation=site.organisation),
        "other": make_user("other", "generator", organisation=make_firm(2)),
        "elsewhere": make_user("elsewhere", "township", "330523105"), "leader": make_user("leader", "leader"),
    }  # fmt: skip
    sees = {name for name, user in people.items() if reads.visible_transfers(user).exists()}
    assert sees == {"office", "ecology", "own", "leader"}
    assert {n for n, user in people.items() if reads.decidable_transfers(user).exists()} == {"office", "ecology"}
    assert {n for n, user in people.items() if reads.own_transfers(user).exists()} == {"own"}
    with pytest.raises(Http404):
        transfers.advance_transfer(
            reads.decidable_transfers(people["leader"]), pk=transfer.pk, event="accept", by="office", on="", note="",
            actor="leader", at=at("2026-11-26"),
        )  # fmt: skip


def test_the_rate_of_a_compensation_is_entered_with_its_source():
    division = Division.objects.create(code="330600", prefix="3306", name="绍兴市", level=2)
    given = {"division": division, "domain": "hazardous", "actor": "office", "at": at("2026-01-05")}
    other = given | {"domain": "kitchen", "yuan_per_t": "1", "valid_from": "2026-01-01", "source": "x"}
    assert codes(lambda: transfers.enter_rate(**other)) == {"no_such_rule"}
    assert codes(lambda: transfers.enter_rate(**given, yuan_per_t="-1", valid_from="someday", source=" ")) == {
        "bad_rate", "bad_instant", "missing_source",
    }  # fmt: skip
    assert reads.compensation_terms("330683001", "330604", "hazardous", date(2026, 2, 1)).yuan_per_t is None
    transfers.enter_rate(**given, yuan_per_t="80", valid_from="2026-01-01", source="绍环发〔2026〕1号")
    transfers.enter_rate(**given, yuan_per_t="90.50", valid_from="2026-07-01", source="绍环发〔2026〕9号")
    assert reads.compensation_terms("330683001", "330604", "hazardous", date(2026, 6, 30)).yuan_per_t == Decimal(80)
    assert reads.compensation_terms("330683001", "330604", "hazardous", date(2026, 7, 1)).yuan_per_t == Decimal(
        "90.5"
    )
    assert reads.compensation_terms("330683001", "330683002", "hazardous", date(2026, 7, 1)) is None
    repeat = {"yuan_per_t": "1", "valid_from": "2026-01-01", "source": "x"}
    assert codes(lambda: transfers.enter_rate(**given, **repeat)) == {"rate_exists"}
