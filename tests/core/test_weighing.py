"""What a weighing says, how well it is known, what it books."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core import weighing as w
from wufei.core.catalogue import DOMAINS, domain_of, waste_code
from wufei.core.findings import Level
from wufei.core.ledger import SHANGHAI
from wufei.core.plates import is_plate, normal_plate
from wufei.core.reference import read_table
from wufei.core.weighing_heads import known_heads

AT = datetime(2026, 3, 5, 14, 20, tzinfo=SHANGHAI)
KITCHEN, OIL = "900-002-S61", "900-214-08"
TICKET = w.Weighing(
    site="F1", device="1", ticket="0001", direction="in", waste_code=KITCHEN, net_g=7_000_000, weighed_at=AT,
    gross_g=15_000_000, tare_g=8_000_000, plate="浙E12345", source="boundary:330523105",
)  # fmt: skip


def codes(weighing, stage="treatment", now=AT):
    return [finding.code for finding in w.check_weighing(weighing, stage, now=now)]


def test_a_sound_ticket_has_no_findings():
    assert codes(TICKET) == []


# --- Uncertainty: class III, interval 20 kg. 15 t is 750 intervals: ±40 kg in service; 8 t is 400: ±20 kg.


@pytest.mark.parametrize(
    ("mass_g", "error_g"),
    # OIML R 76-1 table 6, class III: up to 500 e ±0.5 e, to 2000 e ±1 e, above ±1.5 e; in service twice that
    [(10_000_000, 20_000), (10_000_001, 40_000), (40_000_000, 40_000), (40_000_001, 60_000)],
)
def test_the_error_in_service_follows_the_steps_of_the_class(mass_g, error_g):
    truck = next(scale for scale in w.scales() if scale.kind == "truck")
    assert w.error_in_service_g(mass_g, truck) == error_g


def test_uncertainty_joins_gross_and_tare():
    # sqrt((40² + 20²) / 3) = 25.8199 kg of 7000 kg = 3688.56 ppm
    assert w.uncertainty_ppm(7_000_000, 15_000_000, 8_000_000) == 3689


def test_uncertainty_of_a_load_weighed_alone():
    # 12 kg on a table scale, interval 20 g: 600 intervals, ±40 g; 40 / √3 = 23.094 g of 12 000 g = 1924.5 ppm
    assert w.uncertainty_ppm(12_000, None, None) == 1925


def test_what_was_not_weighed_states_no_uncertainty():
    assert replace(TICKET, basis="estimated").uncertainty_ppm is None


# --- Two ends


def test_a_difference_within_scales_and_tolerance_is_explained():
    tolerance = w.Tolerance(share_ppm=30_000, most_g=100_000, coverage_percent=200)
    # joint: sqrt(20² + 19.7²) = 28.0730 kg, twice = 56.146 kg; 3 % of what was sent is 300 kg, but at most 100 kg
    result = w.compare(w.Weighed(10_000_000, 2_000), w.Weighed(9_850_000, 2_000), tolerance)
    assert result.difference_g == -150_000
    assert result.allowed_g == 156_145
    assert result.is_within
    assert not w.compare(w.Weighed(10_000_000, 2_000), w.Weighed(9_843_000, 2_000), tolerance).is_within


def test_two_loads_as_one_join_their_errors_in_squares():
    # 3 t ± 40 kg and 1 t ± 30 kg: 4 t ± 50 kg, 12 500 ppm
    both = w.joint([w.Weighed(3_000_000, 13_333), w.Weighed(1_000_000, 30_000)])
    assert both.mass_g == 4_000_000
    assert both.uncertainty_ppm == 12_500


masses = st.integers(1, 10**11)
shares = st.integers(0, 100_000)


@given(masses, masses, shares, shares)
def test_equal_weighings_agree_and_more_uncertainty_never_turns_agreement_into_difference(sent, received, one, two):
    tolerance = w.tolerance_for("household", date(2026, 1, 1))
    assert w.compare(w.Weighed(sent, one), w.Weighed(sent, two), tolerance).is_within
    low, high = sorted((one, two))
    if w.compare(w.Weighed(sent, low), w.Weighed(received, low), tolerance).is_within:
        assert w.compare(w.Weighed(sent, high), w.Weighed(received, high), tolerance).is_within


@given(st.integers(1, 10**8), st.integers(0, 10**8))
def test_uncertainty_is_positive_and_falls_with_nothing_but_the_scale(net_g, tare_g):
    assert w.uncertainty_ppm(net_g, net_g + tare_g, tare_g) > 0


# --- Checks


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"net_g": 6_979_999}, "gross_minus_tare"),
        ({"net_g": 0, "gross_g": None, "tare_g": None}, "mass_not_positive"),
        ({"gross_g": 8_000_000, "tare_g": 15_000_000, "net_g": -7_000_000}, "mass_not_positive"),
        ({"net_g": 10**12 + 1, "gross_g": None}, "mass_too_large"),
        ({"ticket": ""}, "blank_ticket"),
        ({"ticket": "1\u200b2"}, "control_character"),
        ({"note": "长" * 201}, "text_too_long"),
        ({"plate": "自卸车3"}, "odd_plate"),
        ({"direction": "sideways"}, "unknown_direction"),
        ({"device": "1/2"}, "slash_in_device"),
        ({"basis": "guessed"}, "unknown_basis"),
        ({"count": -1}, "count_out_of_range"),
        ({"photo_digest": "abc"}, "bad_digest"),
        ({"weighed_at": AT + timedelta(minutes=6)}, "time_in_future"),
        ({"weighed_at": datetime(1999, 12, 31, tzinfo=SHANGHAI)}, "time_too_early"),
        ({"waste_code": "999-999-99"}, "unknown_waste_code"),
        ({"source": ""}, "blank_source"),
        ({"waste_code": OIL}, "no_manifest"),
    ],
)
def test_each_fault_is_named(change, code):
    assert codes(replace(TICKET, **change)) == [code]


def test_net_within_one_interval_of_gross_minus_tare_is_sound():
    assert codes(replace(TICKET, net_g=6_980_000)) == []


def test_a_hazardous_load_without_manifest_is_a_fact_with_a_warning():
    (finding,) = w.check_weighing(replace(TICKET, waste_code=OIL), "treatment", now=AT)
    assert finding.level is Level.WARN


# --- What it books


@pytest.mark.parametrize(
    ("code", "direction", "stage", "manifest", "outcome"),
    [
        (KITCHEN, "in", "treatment", "", "generate"),
        ("900-001-S70", "in", "treatment", "", "generate"),
        ("010-001-S80", "in", "storage", "", "generate"),
        (KITCHEN, "in", "treatment", "M1", "attached"),
        (KITCHEN, "in", "generation", "", "evidence"),
        (KITCHEN, "out", "treatment", "", "evidence"),
        ("900-099-S07", "in", "treatment", "", "evidence"),
        (OIL, "in", "treatment", "", "evidence"),
        (OIL, "out", "generation", "2026330500000001", "attached"),
    ],
)
def test_what_a_ticket_books(code, direction, stage, manifest, outcome):
    ticket = replace(TICKET, waste_code=code, direction=direction, manifest=manifest)
    assert w.outcome_of(ticket, stage) == outcome


def test_the_same_ticket_has_the_same_content_and_the_remark_is_no_part_of_it():
    assert replace(TICKET, note="雨天").content == TICKET.content
    assert replace(TICKET, net_g=7_000_001).content != TICKET.content


# --- Data


def test_every_domain_direction_and_stage_has_a_rule():
    stages = {row["stage"] for row in read_table("registry/site_categories.csv")}
    assert all(w._rule_outcome(d, way, stage) for d in DOMAINS for way in ("in", "out") for stage in stages)


def test_goods_lead_to_codes_of_the_catalogue():
    rows = read_table("weighings/goods.csv")
    assert all(waste_code(row["code"]).code == row["code"] for row in rows)
    assert len({row["name"] for row in rows}) == len(rows)


def test_no_head_names_two_columns():
    assert known_heads()["净重"] == "net"


def test_every_domain_has_a_tolerance_today():
    assert all(w.tolerance_for(domain_of(KITCHEN), date(2026, 11, 25)).most_g for _ in DOMAINS)


@pytest.mark.parametrize(
    ("written", "plate"),
    [("浙 e·12345", "浙E12345"), ("浙Ｅ12345 ", "浙E12345"), ("浙ED12345", "浙ED12345"), ("浙e1234挂", "浙E1234挂")],
)
def test_plates_have_one_spelling(written, plate):
    assert normal_plate(written) == plate
    assert is_plate(plate)


@pytest.mark.parametrize("text", ["", "E12345", "浙12345", "自卸车3", "浙E1234567"])
def test_what_is_no_plate(text):
    assert not is_plate(normal_plate(text))
