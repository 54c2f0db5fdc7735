"""Scoring: every shape against a second evaluator, hand calculations, and what is unknown never counts 0."""

import math
from decimal import ROUND_CEILING, ROUND_DOWN, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core import scoring
from wufei.core.scoring import ItemStatus, PartialStep, shapes
from wufei.core.scoring.shapes import Case
from wufei.core.values import Value, ValueSet

STEPS = list(PartialStep)
# Percentages as reports print them: up to two decimals, also below 0 and above 100.
FIGURES = st.decimals("-150", "150", places=2)
POINTS = st.sampled_from([Decimal(x) for x in ("1", "2", "3", "4", "0.5")])
# (per, deduct) of facts: all pairs that 安吉's annex 1 uses.
PAIRS = st.sampled_from(
    [("5", "0.5"), ("1", "0.1"), ("1", "0.2"), ("0.5", "0.2"), ("0.5", "1"), ("1", "0.5"), ("5", "1"), ("1", "1")]
)


def second_deduction(off: Decimal, per: Decimal, deduct: Decimal, most: Decimal, step: str) -> Decimal:
    """Walks down step by step in decimals; knows nothing of fractions, ceilings or floors."""
    left, rest = most, off
    while rest >= per and left > 0:
        left, rest = left - deduct, rest - per
    if rest > 0 and left > 0:
        if step == "ceil":
            left -= deduct
        elif step == "linear":
            left -= deduct * rest / per
    return max(left, Decimal(0))


@given(FIGURES, FIGURES, PAIRS, POINTS, st.sampled_from(STEPS))
def test_minus_x_per_y_short_agrees_with_counting_down_step_by_step(value, target, pair, most, step):
    per, deduct = map(Decimal, pair)
    shape = shapes.Shortfall(Fraction(per), Fraction(deduct))
    got = shape.points(Case(Fraction(value), Fraction(most), Fraction(target), step=step))
    assert got == Fraction(second_deduction(max(target - value, Decimal(0)), per, deduct, most, step.value))


@given(FIGURES, FIGURES, PAIRS, POINTS, st.sampled_from(STEPS))
def test_minus_x_per_y_over_agrees_with_counting_down_step_by_step(value, target, pair, most, step):
    per, deduct = map(Decimal, pair)
    shape = shapes.Excess(Fraction(per), Fraction(deduct))
    got = shape.points(Case(Fraction(value), Fraction(most), Fraction(target), step=step))
    assert got == Fraction(second_deduction(max(value - target, Decimal(0)), per, deduct, most, step.value))


@given(FIGURES, FIGURES, FIGURES, PAIRS, POINTS, st.sampled_from(STEPS))
def test_a_better_figure_never_earns_less_and_points_stay_within_full_marks(one, two, target, pair, most, step):
    worse, better = sorted((Fraction(one), Fraction(two)))
    goal, top = Fraction(target), Fraction(most)
    per, deduct = map(Fraction, pair)
    for shape in (shapes.Shortfall(per, deduct), shapes.PassFail(">="), shapes.PassFail(">")):
        low, high = (shape.points(Case(v, top, goal, step=step)) for v in (worse, better))
        assert 0 <= low <= high <= top
    for shape in (shapes.Excess(per, deduct), shapes.PassFail("<="), shapes.PassFail("<")):
        high, low = (shape.points(Case(v, top, goal, step=step)) for v in (worse, better))
        assert 0 <= low <= high <= top
    if goal > 0:
        low, high = (shapes.Proportional().points(Case(v, top, goal)) for v in (worse, better))
        assert 0 <= low <= high <= top


@given(FIGURES, FIGURES, PAIRS, POINTS)
def test_ceil_is_never_above_linear_and_linear_never_above_floor(value, target, pair, most):
    shape = shapes.Shortfall(*map(Fraction, pair))
    ceil, floor, linear = (
        shape.points(Case(Fraction(value), Fraction(most), Fraction(target), step=PartialStep(s)))
        for s in ("ceil", "floor", "linear")
    )
    assert ceil <= linear <= floor


@given(FIGURES, FIGURES, PAIRS, POINTS, st.sampled_from(STEPS), st.sampled_from(STEPS))
def test_a_step_that_the_rule_states_wins_over_the_parameter(value, target, pair, most, stated, parameter):
    free = shapes.Shortfall(*map(Fraction, pair))
    bound = shapes.Shortfall(*map(Fraction, pair), step=stated)
    case = (Fraction(value), Fraction(most), Fraction(target))
    assert bound.points(Case(*case, step=parameter)) == free.points(Case(*case, step=stated))


@pytest.mark.parametrize(
    ("value", "target", "per", "deduct", "most", "step", "points"),
    [
        # 1.2.2: 80 - 64.0 = 16 points short, 16 steps of 0.5 = 8, more than 4.
        ("64.0", "80", "1", "0.5", "4", "ceil", "0"),
        # 1.2.2 at 77.3: 2.7 short; three begun steps 1.5, two whole ones 1, linear 1.35.
        ("77.3", "80", "1", "0.5", "4", "ceil", "2.5"),
        ("77.3", "80", "1", "0.5", "4", "floor", "3"),
        ("77.3", "80", "1", "0.5", "4", "linear", "2.65"),
        # 1.2.11: 90 - 75.40 = 14.6; 14.6/5 = 2.92.
        ("75.40", "90", "5", "1", "3", "ceil", "0"),
        ("75.40", "90", "5", "1", "3", "floor", "1"),
        ("75.40", "90", "5", "1", "3", "linear", "0.08"),
        # Exactly three steps of 0.1, where floats would see 2.9999999999999996.
        ("34.7", "35", "0.1", "0.1", "2", "floor", "1.7"),
        ("34.7", "35", "0.1", "0.1", "2", "ceil", "1.7"),
    ],
)
def test_shortfalls_calculated_by_hand(value, target, per, deduct, most, step, points):
    shape = shapes.Shortfall(Fraction(per), Fraction(deduct))
    case = Case(Fraction(value), Fraction(most), Fraction(target), step=PartialStep(step))
    assert shape.points(case) == Fraction(points)


@pytest.mark.parametrize(
    ("value", "points"), [("5", "4"), ("5.01", "3.5"), ("10", "3.5"), ("10.01", "3"), ("45", "0"), ("100", "0")]
)
def test_landfill_rate_loses_half_a_point_for_each_begun_five_over_five(value, points):
    shape = shapes.Excess(Fraction(5), Fraction("0.5"), PartialStep.CEIL)
    assert shape.points(Case(Fraction(value), Fraction(4), Fraction(5), step=PartialStep.FLOOR)) == Fraction(points)


TIERS = shapes.RankTiers(
    tuple(shapes.Tier(a, b, Fraction(p)) for a, b, p in [(1, 3, "2"), (4, 6, "1.5"), (7, 9, "1"), (10, 11, "0.5")]),
    11,
)


@pytest.mark.parametrize(
    ("rank", "points"),
    [(1, "2"), (3, "2"), (4, "1.5"), (6, "1.5"), (7, "1"), (9, "1"), (10, "0.5"), (11, "0.5"), ("3.5", "1.5")],
)
def test_ranks_earn_what_their_tier_says_and_a_mean_rank_goes_with_the_worse(rank, points):
    assert TIERS.points(Case(Fraction(rank), Fraction(2))) == Fraction(points)


def test_where_two_tiers_name_a_rank_the_first_counts():
    overlapping = shapes.RankTiers((shapes.Tier(3, 6, Fraction(1)), shapes.Tier(6, 11, Fraction(0))), 11)
    assert overlapping.points(Case(Fraction(6), Fraction(2))) == 1
    assert overlapping.points(Case(Fraction(7), Fraction(2))) == 0


@pytest.mark.parametrize("rank", ["0", "12", "-1", "11.5", "0.5"])
def test_a_rank_that_cannot_be_is_refused(rank):
    for shape in (TIERS, shapes.RankSteps(11, 10)):
        with pytest.raises(shapes.OutOfRange, match="名次应在 1 到 11 之间"):
            shape.points(Case(Fraction(rank), Fraction(2)))


def test_ten_equal_steps_lead_from_two_points_to_none():
    shape = shapes.RankSteps(11, 10)
    earned = [shape.points(Case(Fraction(rank), Fraction(2))) for rank in range(1, 12)]
    assert earned == [Fraction(x) for x in "2 1.8 1.6 1.4 1.2 1 0.8 0.6 0.4 0.2 0".split()]


@pytest.mark.parametrize(
    ("last", "rank", "points"), [(8, 2, "0.6"), (3, 2, "0.1"), (2, 2, "0"), (1, 9, "0"), (11, 1, "1")]
)
def test_a_gain_in_rank_earns_a_tenth_a_place_and_a_loss_nothing(last, rank, points):
    shape = shapes.RankGain(Fraction("0.1"), 11)
    assert shape.points(Case(Fraction(rank), Fraction(1), last=Fraction(last))) == Fraction(points)


@given(st.integers(0, 40), st.sampled_from(["0.5", "1"]), POINTS)
def test_counts_stop_at_their_cap(number, each, cap):
    second = sum([Fraction(each)] * number, Fraction(0))
    got = shapes.Count(Fraction(each)).points(Case(Fraction(number), Fraction(cap)))
    assert got == (second if second < Fraction(cap) else Fraction(cap))


@given(st.integers(0, 40), st.sampled_from(["0", "1", "2"]), st.sampled_from(["1", "2", None]))
def test_events_take_from_the_base_down_to_their_limit(number, base, limit):
    shape = shapes.Events(Fraction("0.5"), None if limit is None else Fraction(limit), Fraction(base))
    left = Fraction(base)
    for _ in range(number):
        if limit is None or left > Fraction(base) - Fraction(limit):
            left -= Fraction("0.5")
    assert shape.points(Case(Fraction(number), Fraction(base))) == left


@pytest.mark.parametrize("count", ["-1", "0.5"])
def test_half_or_negative_events_are_refused(count):
    with pytest.raises(shapes.OutOfRange, match="整数"):
        shapes.Count(Fraction(1)).points(Case(Fraction(count), Fraction(4)))


@given(st.fractions(min_value=-1000, max_value=1000, max_denominator=10_000))
def test_fraction_text_is_exact_or_rounded_half_to_even_at_the_sixth_place(number):
    text = scoring.fraction_text(number)
    assert abs(Fraction(text) - number) <= Fraction(1, 2_000_000)
    assert "e" not in text.lower()
    with localcontext() as context:
        context.prec = 50
        exact = Decimal(number.numerator) / number.denominator
        low, high = (exact.quantize(Decimal("0.000001"), rounding=r) for r in (ROUND_DOWN, ROUND_CEILING))
    assert Decimal(text) in {low, high, low - Decimal("0.000001")}


# --- Items: what is unknown, not set, not applicable or to be judged ---------------------------------------------


def value(element, number, *, period="2022", note="", state="number", origin="reported"):
    figure = None if number is None else Decimal(number)
    return Value(element, "", period, figure, state, "", str(number), "测试", origin, note)


def scored(*values, item, year=2022, step=None, **options):
    rule_set = scoring.read_rule_set("330523")
    assessment = scoring.assess(rule_set, ValueSet.of("330523", values), year, partial_step=step, **options)
    everything = (*assessment.items, *assessment.adjustments)
    return next(score for score in everything if score.item.id == item)


def test_without_any_figure_no_item_has_points_and_nothing_is_in_the_scored_full_marks():
    rule_set = scoring.read_rule_set("330523")
    assessment = scoring.assess(rule_set, ValueSet.of("330523", []), 2022)
    assert [i.item.id for i in assessment.items if i.points is not None] == []
    totals = assessment.totals_of()
    assert (totals.points, totals.scored_max_points, totals.max_points) == (0, 0, 145)
    assert all(i.reason for i in (*assessment.items, *assessment.adjustments))


def test_every_unscored_item_names_the_data_element_or_the_judgement_that_lacks():
    rule_set = scoring.read_rule_set("330523")
    for score in scoring.assess(rule_set, ValueSet.of("330523", []), 2022).items:
        if score.status is ItemStatus.JUDGED:
            assert "需" in score.reason, score.item.id
        else:
            assert score.missing, score.item.id


def test_a_published_rate_counts_before_the_one_recomputed_from_rounded_parts():
    figures = [
        value("ihw_generated", 23100),
        value("ihw_utilised", 14770),
        value("indicator:ihw_utilisation_rate", "64.0"),
    ]
    published = scored(*figures, item="1.2.2").parts[0]
    assert (published.value, published.value_text, published.found.basis) == (Fraction(64), "64.0", "published")
    assert published.found.computed == Fraction(14770 * 100, 23100)
    recomputed = scored(*figures, item="1.2.2", prefer_published=False).parts[0]
    assert recomputed.value == Fraction(14770 * 100, 23100)


def test_a_target_that_is_not_set_is_pending_and_scored_once_it_is():
    rate = value("indicator:network_rate", "97")
    pending = scored(rate, item="3.4.1")
    assert (pending.status, pending.points, pending.scored_max_points) == (ItemStatus.PENDING, None, 0)
    assert [m.element for m in pending.missing] == ["target:3.4.1"]
    assert scored(rate, value("target:3.4.1", "95"), item="3.4.1").points == 2
    assert scored(rate, value("target:3.4.1", "98"), item="3.4.1").points == 0


def test_a_zero_denominator_is_not_applicable_and_counts_neither_way():
    none = scored(value("criminal_cases_filed", 0), value("criminal_cases_qualified", 0), item="3.4.3")
    assert (none.status, none.points, none.scored_max_points) == (ItemStatus.NOT_APPLICABLE, None, 0)
    all_filed = scored(value("criminal_cases_filed", 2), value("criminal_cases_qualified", 2), item="3.4.3")
    assert (all_filed.status, all_filed.points) == (ItemStatus.SCORED, 1)


def test_blank_and_zero_are_different():
    blank = value("hw_operators_insured", None, state="blank")
    total = value("hw_operators_total", 5)
    assert scored(blank, total, item="3.2.5").status is ItemStatus.NO_DATA
    zero = scored(value("hw_operators_insured", 0), total, item="3.2.5")
    assert (zero.status, zero.points) == (ItemStatus.SCORED, 0)
    # 4 of 5 insured: 80 % of one point.
    assert scored(value("hw_operators_insured", 4), total, item="3.2.5").points == Fraction(4, 5)


def test_a_known_part_is_told_but_the_item_is_scored_only_with_all_its_parts():
    coverage = value("indicator:med_system_coverage", "100")
    half = scored(coverage, item="1.3.2")
    assert (half.status, half.points, half.scored_max_points) == (ItemStatus.NO_DATA, None, 0)
    assert (half.known_points, half.known_max_points) == (1, 1)
    assert [m.element for m in half.missing] == ["epidemic_waste_index"]
    # 1 point for 100 % and 81/90 of one point.
    whole = scored(coverage, value("epidemic_waste_index", 81), item="1.3.2")
    assert (whole.status, whole.points, whole.scored_max_points) == (ItemStatus.SCORED, Fraction("1.9"), 2)


def test_a_judgement_needs_a_reason_and_stays_within_full_marks():
    reported = [value("count:2.2.1", 1), value("count:2.2.2", 3)]
    assert scored(*reported, item="2.2").status is ItemStatus.JUDGED
    assert scored(*reported, value("judgement:2.2.3", "1.5"), item="2.2").status is ItemStatus.JUDGED
    assert (
        scored(*reported, value("judgement:2.2.3", "2.5", note="赋码率80%"), item="2.2").status is ItemStatus.JUDGED
    )
    # 2 - 0.5 for one late filing, two scenes at most 2, 1.5 judged.
    judged = scored(*reported, value("judgement:2.2.3", "1.5", note="赋码率80%"), item="2.2")
    assert (judged.status, judged.points) == (ItemStatus.SCORED, 5)
    assert "赋码率80%" in judged.reason


def test_full_marks_of_five_classes_need_no_judgement_and_fewer_do():
    assert scored(value("policy_classes_covered", 5), item="3.1.1").points == 3
    four = value("policy_classes_covered", 4)
    assert scored(four, item="3.1.1").status is ItemStatus.JUDGED
    assert scored(four, value("judgement:3.1.1", 2, note="缺农业"), item="3.1.1").points == 2


def test_missed_dispatches_take_at_most_one_of_the_four_points():
    held = [value(f"fact:2.1.{n}", 1) for n in range(1, 5)]
    for missed, points in [(0, "4"), (1, "3.5"), (2, "3"), (9, "3")]:
        assert scored(*held, value("count:2.1.5", missed), item="2.1").points == Fraction(points)
    nothing = [value(f"fact:2.1.{n}", 0) for n in range(1, 5)]
    assert scored(*nothing, value("count:2.1.5", 5), item="2.1").points == 0


def test_publicity_is_capped_at_four_and_half_of_it_goes_to_the_parent_city():
    report = [value("count:2.4.1", 2), value("count:2.4.2", 3), value("judgement:2.4.3", 2, note="活动12场")]
    score = scored(*report, item="2.4")  # 2 + 1.5 + 2 = 5.5, at most 4
    assert (score.points, score.rolled_up) == (4, 2)


def test_the_index_sums_four_parts_with_the_rank_of_two_years():
    ranks = [value("index_rank_year", 3), value("index_rank_year", 7, period="2021")]
    given_ = [value("index_data_online_rate", 90), value("index_rank_avg", "3.5"), *ranks]
    # 0.9 online + 1.5 for mean rank 3.5 (as rank 4) + 2 - 2 x 0.2 for rank 3 + 4 places x 0.1 = 4.4
    assert scored(*given_, item="4.1").points == Fraction("4.4")
    first_year = scored(*given_[:3], item="4.1")
    assert (first_year.status, [m.year for m in first_year.missing]) == (ItemStatus.NO_DATA, [2021])


def test_bonus_stops_at_five_and_a_deduction_lowers_the_sum_but_not_below_zero():
    wins = [value(f"count:bonus.{n}", 2) for n in range(1, 5)]
    assert scored(*wins, item="bonus").points == 5
    losses = [value(f"count:deduction.{n}", 1) for n in range(1, 8)]
    assert scored(*losses, item="deduction").points == -7
    assessment = scoring.assess(scoring.read_rule_set("330523"), ValueSet.of("330523", losses), 2022)
    assert assessment.final_points == 0


@pytest.mark.parametrize(("element", "number"), [("rank:2.5", "0"), ("rank:2.5", "12"), ("rank:3.2.2", "-1")])
def test_a_figure_that_cannot_be_is_told_and_not_scored(element, number):
    score = scored(value(element, number), item=element.removeprefix("rank:"))
    assert (score.status, score.points) == (ItemStatus.NO_DATA, None)
    assert "不能用" in score.reason


@given(
    st.dictionaries(
        st.sampled_from([f"indicator:{i.indicator}" for i in scoring.read_rule_set("330523").items if i.indicator]),
        FIGURES,
    ),
    st.sampled_from(STEPS),
)
def test_whatever_is_published_items_stay_within_their_full_marks_and_sums_hold(figures, step):
    rule_set = scoring.read_rule_set("330523")
    values = ValueSet.of("330523", [value(name, number) for name, number in figures.items()])
    assessment = scoring.assess(rule_set, values, 2022, partial_step=step)
    known = [i for i in assessment.items if i.points is not None]
    assert all(0 <= i.points <= i.scored_max_points <= i.item.max_points for i in known)
    totals = assessment.totals_of()
    assert totals.points == sum(i.points for i in known)
    assert totals.scored_max_points == sum(i.item.max_points for i in known)
    assert {(i.status is ItemStatus.SCORED) == (i.points is not None) for i in assessment.items} == {True}
    sections = [assessment.totals_of(section.id).points for section in rule_set.sections]
    assert math.fsum(map(float, sections)) == pytest.approx(float(totals.points))


# --- The reader of rule sets ---------------------------------------------------------------------------------------


def document(**changes):
    item = {
        "id": "1", "name": "甲", "section": "1", "group": "", "max_points": "2", "source": "测试",
        "rule": {"shape": "pass_fail", "input": {"element": "x"}, "comparator": ">=", "target": "1"},
    }  # fmt: skip
    return {
        "id": "t", "version": "1", "division": "000000", "title": "", "source": "", "default_step": "ceil",
        "default_step_reason": "", "sections": [{"id": "1", "name": "", "points": "2", "bonus": "0"}],
        "items": [{**item, **changes}], "adjustments": [], "inputs": [], "defects": [],
    }  # fmt: skip


def test_a_sound_rule_set_is_read():
    assert scoring.parse_rule_set(document()).max_points == 2


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"max_points": "3"}, "合计 3，应为 2"),
        ({"max_points": 2}, "应写成字符串"),
        ({"rule": {"shape": "guess"}}, "不认识的评分方法“guess”"),
        ({"rule": {"shape": "shortfall", "input": {"element": "x"}, "target": "1", "per": "1"}}, "deduct"),
    ],
)
def test_a_rule_set_that_cannot_be_used_is_refused_with_the_item(changes, told):
    with pytest.raises(scoring.BadRuleSet, match=told):
        scoring.parse_rule_set(document(**changes))
