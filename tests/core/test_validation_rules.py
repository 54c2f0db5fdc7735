"""Each rule on figures made for it: it speaks where it should, and is silent where rounding explains all."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from wufei.core import validation
from wufei.core.plan import parse_target_value
from wufei.core.validation import Case, Statement, TargetRow, read_relation, registered
from wufei.core.values import Origin, State, Value, ValueSet

SOURCE = "测试（原文第1行）"


def figure(element, number, printed=None, period="2022", scope="", state=State.NUMBER, unit="t"):
    value = Decimal(number) if number is not None else None
    shown = str(number) if printed is None else printed
    return Value(element, scope, period, value, state, unit, shown, SOURCE)


def case(*values, relations=(), targets=(), statements=(), ledger=None):
    rows = [
        {"id": "T", "rule": rule, "expression": text, "what": "测试关系", "source": SOURCE}
        for rule, text in relations
    ]
    return Case("000000", 2022, ValueSet.of("000000", values), [read_relation(row) for row in rows], list(targets),
                list(statements), ledger)  # fmt: skip


def rules(a_case):
    return [issue.rule for issue in validation.run(a_case)]


def target(text, indicator="film_recovery_rate", baseline="", **changes):
    row = TargetRow("T1", "1", "", "农膜回收率", indicator, "", "%", 2021, baseline,
                    {2025: parse_target_value(text)}, SOURCE)  # fmt: skip
    return replace(row, **changes)


BALANCE = "giw_generated = giw_utilised - giw_utilised_from_stock + giw_stored"
STOCK = "giw_stock_opening = prev(giw_stock_closing)"


@pytest.mark.parametrize(("stored", "expected"), [("100", []), ("96", []), ("90", ["V01"])])
def test_v01_the_balance_closes_within_half_a_per_cent_or_a_tonne(stored, expected):
    values = [figure("giw_generated", "1000"), figure("giw_utilised", "920"), figure("giw_utilised_from_stock", "20"),
              figure("giw_stored", stored)]  # fmt: skip
    assert rules(case(*values, relations=[("V01", BALANCE)])) == expected


def test_v02_this_year_opens_with_what_last_year_closed():
    last = figure("giw_stock_closing", "50", period="2021")
    assert rules(case(last, figure("giw_stock_opening", "50"), relations=[("V02", STOCK)])) == []
    assert rules(case(last, figure("giw_stock_opening", "60"), relations=[("V02", STOCK)])) == ["V02"]


def test_v03_a_share_over_100_is_an_error_printed_or_computed():
    assert rules(case(figure("indicator:film_recovery_rate", "104", "104%"))) == ["V03"]
    over = case(figure("film_used", "100"), figure("film_recovered", "120"))
    assert rules(over) == ["V03"]
    assert rules(case(figure("film_used", "100"), figure("film_recovered", "100"))) == []


def test_v03_no_share_is_asked_to_exceed_the_whole():
    assert rules(case(targets=[target(">=100")])) == ["V03"]
    assert rules(case(targets=[target("100")])) == []
    assert rules(case(targets=[target(">=100", indicator="policy_count")])) == []


def test_v04_says_total_parts_sum_and_difference():
    values = [figure("manure_generated", "100.0"), figure("manure_generated", "60.0", scope="scale_farms"),
              figure("manure_generated", "39.5", scope="below_scale")]  # fmt: skip
    sums = [("V04", "manure_generated = manure_generated[scale_farms] + manure_generated[below_scale]")]
    (issue,) = validation.run(case(*values, relations=sums))
    assert (issue.rule, issue.level) == ("V04", "error")
    for number in ("100.0", "60.0", "39.5", "99.5", "0.5"):
        assert number in issue.message


def test_v05_a_figure_ten_thousand_times_last_years_is_a_slip():
    (issue,) = validation.run(case(figure("film_used", "0.044"), figure("film_used", "435", period="2021")))
    assert (issue.rule, "10 的 4 次方" in issue.message) == ("V05", True)


def test_v06_a_jump_of_more_than_30_per_cent_asks_for_a_reason():
    assert rules(case(figure("film_used", "131"), figure("film_used", "100", period="2021"))) == ["V06"]
    assert rules(case(figure("film_used", "129"), figure("film_used", "100", period="2021"))) == []


@pytest.mark.parametrize(("rate", "expected"), [("90", []), ("60", ["V06"])])
def test_v06_a_rate_far_from_its_peers_asks_for_a_reason(rate, expected):
    # Median 91, median absolute deviation 2: beyond 85 … 97 is far.
    peers = {"indicator:film_recovery_rate": tuple(map(Fraction, (88, 89, 91, 93, 94)))}
    values = ValueSet.of("000000", [figure("indicator:film_recovery_rate", rate, f"{rate}%")])
    assert rules(Case("000000", 2022, values, peers=peers)) == expected
    few = {"indicator:film_recovery_rate": peers["indicator:film_recovery_rate"][:3]}
    assert rules(Case("000000", 2022, values, peers=few)) == []


def test_v07_a_rate_that_does_not_recompute_is_told():
    values = [figure("film_used", "440"), figure("film_recovered", "410")]
    assert rules(case(*values, figure("indicator:film_recovery_rate", "95.00", "95.00%"))) == ["V07"]
    assert rules(case(*values, figure("indicator:film_recovery_rate", "93.18", "93.18%"))) == []


def test_v09_a_drop_asked_to_be_negative_points_the_wrong_way():
    wrong = target("负增长或零增长", indicator="pesticide_drop")
    assert rules(case(targets=[wrong])) == ["V09"]
    assert rules(case(targets=[target("负增长", indicator="msw_growth")])) == []


def test_v10_a_target_below_its_baseline_is_told_by_direction():
    assert rules(case(targets=[target(">=85", baseline="93.18")])) == ["V10"]
    assert rules(case(targets=[target(">=95", baseline="93.18")])) == []
    assert rules(case(targets=[target("6.5", indicator="msw_collected_amount", baseline="5.27")])) == ["V10"]
    assert rules(case(targets=[target("3", indicator="fertiliser_drop", baseline="5.13")])) == []


def test_v10_text_and_list_are_one():
    said = Statement("S1", "target", "1", "", "film_recovery_rate", "2025", ">=90", "%", "农膜", SOURCE)
    assert rules(case(targets=[target(">=85")], statements=[said])) == ["V10"]
    assert rules(case(targets=[target(">=90")], statements=[said])) == []


def test_v12_the_ledger_and_the_report_agree():
    booked = ValueSet.of("000000", [replace(figure("film_used", "400", ""), origin=Origin.LEDGER)])
    assert rules(case(figure("film_used", "440"), ledger=booked)) == ["V12"]
    assert rules(case(figure("film_used", "400"), ledger=booked)) == []
    simulated = ValueSet.of("000000", [replace(value, is_simulated=True) for value in booked])
    (issue,) = validation.run(case(figure("film_used", "440"), ledger=simulated))
    assert "模拟数据" in issue.message


def test_v13_waste_a_head_is_plausible():
    # 安吉: 18.62万吨 over 58.6万人 and 365 days is 0.87 kg.
    people = figure("population_resident", "586000", "58.6万人")
    assert rules(case(figure("msw_generated", "186200", "18.62万吨"), people)) == []
    assert rules(case(figure("msw_generated", "1862000", "186.2万吨"), people)) == ["V13"]


def test_v14_twelve_months_make_the_year():
    months = [figure("film_recovered", "10", period=f"2022-{m:02d}") for m in range(1, 13)]
    assert rules(case(figure("film_recovered", "120"), *months)) == []
    assert rules(case(figure("film_recovered", "150"), *months)) == ["V14"]
    assert rules(case(figure("film_recovered", "150"), *months[:5])) == []
    assert rules(case(figure("film_recovered", "30"), *months[:5])) == ["V14"]


def test_v15_whole_hundreds_and_values_that_never_move_are_info():
    hundred = validation.run(case(figure("indicator:film_recovery_rate", "100", "100%")))
    assert [(i.rule, i.level) for i in hundred] == [("V15", "info")]
    still = [figure("film_used", "440", period=str(year)) for year in (2020, 2021, 2022)]
    assert rules(case(*still)) == ["V15"]
    assert rules(case(*still[1:])) == []


@pytest.mark.parametrize(
    ("number", "printed", "state"),
    [("0", "/", State.NUMBER), ("0", "12", State.NUMBER), (None, "/", State.BLANK)],
)
def test_v16_absence_is_not_zero(number, printed, state):
    assert rules(case(figure("film_used", number, printed, state=state))) == ["V16"]


def test_v16_is_silent_on_a_true_zero_and_a_slash_kept_as_one():
    assert rules(case(figure("film_used", "0", "0吨"), figure("giw_dumped", None, "/", state=State.SLASH))) == []


def test_v17_the_same_mass_in_two_classes_is_told():
    same = [figure("industrial_sludge_generated", "812.5"), figure("sewage_sludge_generated", "812.5")]
    assert rules(case(*same)) == ["V17"]
    assert rules(case(same[0], figure("sewage_sludge_generated", "813"))) == []


def test_v18_a_share_of_units_under_the_name_of_mass_is_told():
    values = [figure("vet_units_covered", "19", unit="家"), figure("vet_units_total", "35", unit="家"),
              figure("indicator:vet_waste_rate", "54.3", "54.3%")]  # fmt: skip
    assert rules(case(*values)) == ["V18"]
    mass = [figure("vet_waste_generated", "10"), figure("vet_waste_harmless", "5.43")]
    assert rules(case(*values, *mass)) == []


def test_all_eighteen_rules_are_registered():
    numbers = {number for name in registered() for number in name.partition(":")[0].split("+")}
    assert numbers == set(validation.RULES) == {f"V{n:02d}" for n in range(1, 19)}


def test_a_rule_that_breaks_is_told_and_stops_no_other(caplog):
    def breaks(_):
        raise ZeroDivisionError

    checks = {"V01:breaks": breaks, **registered()}
    issues = validation.run(case(figure("indicator:film_recovery_rate", "104", "104%")), checks)
    assert {i.rule for i in issues} == {"V01", "V03"}


amounts = st.integers(100, 10**8).map(lambda n: Decimal(n) / 1000)


def rounded(element, exact, scope=""):
    """A figure as a document prints it: in 万吨 with two decimals, or in t with two."""
    if exact >= 1000:
        shown = (exact / 10000).quantize(Decimal("0.01"))
        return figure(element, shown * 10000, f"{shown}万吨", scope=scope, unit="万吨")
    shown = exact.quantize(Decimal("0.01"))
    return figure(element, shown, f"{shown}吨", scope=scope)


SUM = ("V04", "manure_generated = manure_generated[scale_farms] + manure_generated[below_scale]")


@given(amounts, amounts)
def test_parts_that_add_up_raise_nothing_after_rounding(a, b):
    values = [rounded("manure_generated", a + b), rounded("manure_generated", a, "scale_farms"),
              rounded("manure_generated", b, "below_scale")]  # fmt: skip
    assert rules(case(*values, relations=[SUM])) == []


@given(amounts, amounts, st.sampled_from(["0.02", "0.1", "0.2", "-0.05"]))
def test_parts_off_by_more_than_rounding_are_told(a, b, share):
    total = (a + b) * (1 + Decimal(share))
    values = [rounded("manure_generated", total), rounded("manure_generated", a, "scale_farms"),
              rounded("manure_generated", b, "below_scale")]  # fmt: skip
    # Beyond what two printed decimals of three figures can hide: 3 * 50 t, or 3 * 0.005 t.
    assume(abs(total - a - b) > (Decimal(200) if max(a, b, total) >= 1000 else Decimal("0.03")))
    assert "V04" in rules(case(*values, relations=[SUM]))


@given(amounts, st.decimals("0.05", "0.999", places=3))
def test_rates_that_recompute_raise_nothing_after_rounding(whole, share):
    part = whole * share
    printed = (share * 100).quantize(Decimal("0.01"))
    values = [rounded("cdw_generated", whole), rounded("cdw_utilised", part),
              figure("indicator:cdw_utilisation_rate", printed, f"{printed}%")]  # fmt: skip
    assert not {"V07", "V05"} & set(rules(case(*values)))


@given(st.integers(10_000, 10**7), st.decimals("0.2", "0.8", places=3), st.sampled_from([3, 5, -4]))
def test_rates_off_by_points_are_told(whole, share, points):
    printed = (share * 100 + points).quantize(Decimal("0.01"))
    part = (whole * share).quantize(Decimal("0.01"))
    values = [figure("cdw_generated", f"{whole}.00"), figure("cdw_utilised", part),
              figure("indicator:cdw_utilisation_rate", printed, f"{printed}%")]  # fmt: skip
    assert "V07" in rules(case(*values))


@given(st.integers(1000, 10**6), st.decimals("0.2", "0.95", places=3), st.integers(2, 4))
def test_a_unit_slip_of_an_input_is_found_with_the_mended_figure(whole, share, k):
    part = (whole * share).quantize(Decimal("0.001"))
    slipped = part / Decimal(10) ** k
    printed = (share * 100).quantize(Decimal("0.01"))
    values = [figure("film_used", f"{whole}.000"), figure("film_recovered", slipped, f"{slipped}吨"),
              figure("indicator:film_recovery_rate", printed, f"{printed}%")]  # fmt: skip
    issues = validation.run(case(*values))
    slips = [i for i in issues if i.rule == "V05"]
    assert len(slips) == 1
    assert f"10 的 {k} 次方" in slips[0].message
    assert Fraction(0) < share
