"""安吉's pack and rule set against figures counted and copied by hand from the document."""

from collections import Counter
from decimal import Decimal
from fractions import Fraction

import pytest

from wufei.core import indicators, plan, scoring
from wufei.core.reference import read_document
from wufei.core.scoring import ItemStatus, PartialStep
from wufei.core.scoring.shapes import Excess, Shortfall
from wufei.core.value_rows import read_values
from wufei.core.values import Value, ValueSet

PACK = plan.read_pack("330523")
RULES = scoring.read_rule_set("330523")

# The 分值 column of annex 1, read down the page.
POINTS = {
    "1.1": "3 4 2 2 2 2 3 2 2 1 1 1 1 1 1", "1.2": "4 4 1 1 2 1 2 1 1 1 3 3 3 2", "1.3": "4 2 2 4 2 1 4 4 1 1 3",
    "2": "4 6 4 4 2", "3.1": "3 4 2", "3.2": "1 3 1 1 1", "3.3": "1", "3.4": "2 2 1 2 1", "4": "6 3 3 3",
}  # fmt: skip


def test_items_and_points_are_those_printed_in_annex_1():
    printed = {f"{head}.{n}": p for head, row in POINTS.items() for n, p in enumerate(row.split(), 1)}
    assert len(printed) == 63
    assert {item.id: str(item.max_points) for item in RULES.items} == printed
    assert [(s.id, s.points, s.bonus) for s in RULES.sections] == [
        ("1", 85, 0),
        ("2", 20, 0),
        ("3", 25, 0),
        ("4", 20, 5),
    ]
    assert RULES.max_points == 145  # 85 + 20 + 25 + 15; with the bonus 150


def test_targets_carry_the_marks_of_the_legend():
    # ★ 16, ※ 19 and the two * that the legend lacks, ▲ 12, ☆ 14: counted in the document.
    assert Counter(str(t.mark) for t in PACK.targets) == {
        "required": 16, "substitute": 21, "provincial": 12, "optional": 14,
    }  # fmt: skip
    assert [t.no for t in PACK.targets] == [item.id for item in RULES.items]


def test_items_and_targets_tell_the_same_names_indicators_and_places():
    targets = {t.no: t for t in PACK.targets}
    for item in RULES.items:
        target = targets[item.id]
        assert (item.name, item.indicator, item.source) == (target.name, target.indicator, target.source), item.id


def test_scoring_targets_are_the_numbers_of_the_target_column():
    """Where the annex prints a number as 目标值, the rule uses it, whatever the text beside it says (1.2.14)."""
    for target, item in zip(PACK.targets, RULES.items, strict=True):
        number = target.targets[2025].number if 2025 in target.targets else None
        if number is not None:
            assert item.parts[0].rule.target == Fraction(number), item.id


@pytest.mark.parametrize(
    ("per", "deduct", "items"),
    [
        ("5", "0.5", "1.1.7 1.3.3 1.3.9 1.3.1"), ("1", "0.1", "1.1.8"), ("1", "0.2", "1.1.10 1.1.12"),
        ("0.5", "0.2", "1.1.11"), ("0.5", "1", "1.2.1 1.2.14 1.3.4"), ("1", "0.5", "1.2.2 1.2.12"),
        ("5", "1", "1.2.11"), ("1", "1", "1.1.1 1.1.2"),
    ],
)  # fmt: skip
def test_steps_are_those_printed(per, deduct, items):
    found = {
        item.id
        for item in RULES.items
        for part in item.parts
        if isinstance(part.rule.shape, Shortfall | Excess)
        and (part.rule.shape.per, part.rule.shape.deduct) == (Fraction(per), Fraction(deduct))
    }
    assert found == set(items.split())


def test_only_four_rules_say_what_a_begun_step_counts():
    stated = {i.id for i in RULES.items for p in i.parts if getattr(p.rule.shape, "step", None) is PartialStep.CEIL}
    assert stated == {"1.1.1", "1.1.2", "1.2.2", "1.3.1"}


def test_every_input_of_a_rule_has_a_name_and_unit():
    for item in (*RULES.items, *RULES.adjustments):
        for part in item.parts:
            wanted = part.rule.input
            names = [wanted.element] if wanted.element else []
            names += [part.rule.target_element] if part.rule.target_element else []
            names += [r.element for r in indicators.parsed(wanted.formula).references(2022)] if wanted.formula else []
            for name in names:
                assert name in RULES.inputs or indicators.element(name).name, part.id
            assert not wanted.indicator or indicators.indicator(wanted.indicator).name, part.id
            assert sum(map(bool, (wanted.indicator, wanted.element, wanted.formula))) == 1, part.id


def test_what_only_the_rules_ask_for_can_be_handed_in_like_any_figure():
    header = ("数据元", "时期", "数值", "备注")
    rows = [
        ("rank:2.5", "2022", "4", ""),
        ("judgement:2.2.3", "2022", "1.5", "赋码率80%"),
        ("target:3.4.1", "2022", "95", ""),
    ]
    read = read_values((n, dict(zip(header, row, strict=True))) for n, row in enumerate(rows, 2))
    assert [row.findings for row in read] == [(), (), ()]
    assessment = scoring.assess(RULES, ValueSet.of("330523", [row.value for row in read]), 2022)
    parts = {part.id: part.points for item in assessment.items for part in item.parts}
    assert (parts["2.5"], parts["2.2.3"]) == (1, Fraction("1.5"))
    assert len({row.name for row in RULES.inputs.values()}) == len(RULES.inputs)


def test_every_defect_names_items_and_says_what_is_read_and_why():
    ids = {item.id for item in (*RULES.items, *RULES.adjustments)}
    assert all(set(d.items) <= ids and d.what and d.reading and d.why for d in RULES.defects)
    for item in "1.2.14 2.5 1.3.7 1.3.8 1.1.3 3.2.4 1.3.9 1.3.4 1.2.12 1.1.14 1.2.5 1.2.9".split():
        assert RULES.defects_of(item), item


def test_no_number_of_the_rule_set_is_a_float():
    def floats(node):
        if isinstance(node, dict):
            return [f for child in node.values() for f in floats(child)]
        if isinstance(node, list):
            return [f for child in node for f in floats(child)]
        return [node] if isinstance(node, float) else []

    assert floats(read_document("plans/330523/scoring.json")) == []


def test_tasks_and_projects_are_those_of_annexes_2_and_3():
    assert (len(PACK.tasks), len(PACK.projects), len(PACK.responsibilities)) == (34, 13, 34)
    assert PACK.investment_wan_yuan == Decimal(702229)
    by_no = {task.no: task for task in PACK.tasks}
    assert by_no["11"].lead == ("发改局", "生态环境分局", "商务局", "市场监管局")
    assert by_no["11"].deadline == "2025-12"
    assert by_no["23"].cooperating == (
        "大数据局", "住建局", "商务局", "农业农村局", "卫健局", "交通运输局", "公安局",
    )  # fmt: skip
    first = PACK.projects[0]
    assert (first.investment_wan_yuan, first.completion, first.builder) == (60000, "2025-12", "综合执法局")
    assert "74000" in first.note
    assert not any("批注" in p.name + p.builder + p.content for p in PACK.projects)


def test_each_responsibility_is_the_task_of_the_same_number():
    for task, duty in zip(PACK.tasks, PACK.responsibilities, strict=True):
        assert (duty.no, duty.title, duty.lead, duty.participating) == (
            task.no,
            task.title,
            task.lead,
            task.cooperating,
        )


# What chapters 2 and 3 print of 2022, and the points that follow by hand.
PRINTED_2022 = {
    "giw_intensity_growth": "-4.8", "ihw_intensity_growth": "-35.6", "ihw_utilisation_rate": "64.0",
    "cdw_utilisation_rate": "75.40", "msw_recycling_rate": "43.39", "food_waste_share": "22.56",
    "urban_sorting_coverage": "100", "rural_sorting_coverage": "100", "straw_system_coverage": "100",
    "farm_equipment_rate": "100", "straw_utilisation_rate": "97.71", "manure_use_harmless_rate": "99.44",
    "film_recovery_rate": "93.18", "pesticide_pkg_recovery": "100", "pesticide_drop": "6.67",
    "med_recyclable_rate": "100", "dead_livestock_rate": "100", "msw_harmless_rate": "100",
    "vet_waste_rate": "54.3", "med_safe_disposal_rate": "100", "med_system_coverage": "100",
}  # fmt: skip
BY_HAND = {
    "1.1.1": "3",  # -4.8 is no growth
    "1.1.2": "4",  # -35.6 neither
    "1.1.10": "1",  # 22.56 against 20
    "1.1.11": "1",
    "1.1.12": "1",
    "1.2.2": "0",  # 80 - 64.0 = 16 steps x 0.5 = 8 > 4
    "1.2.3": "1",
    "1.2.4": "1",
    "1.2.5": "2",  # 97.71 against 96
    "1.2.6": "1",  # 99.44 against 92
    "1.2.7": "2",  # 93.18 against 85
    "1.2.8": "1",
    "1.2.9": "1",  # 0.098 kg/亩 after 0.105
    "1.2.11": "0",  # 90 - 75.40 = 14.6, three begun steps of 5
    "1.2.12": "3",  # 43.39 against 35
    "1.2.14": "2",
    "1.3.6": "1",
    "1.3.7": "4",
    "1.3.9": "0",  # 100 - 54.3 = 45.7, ten begun steps of 5 x 0.5
    "1.3.10": "1",
}


@pytest.mark.parametrize(
    ("step", "construction", "points"), [("ceil", "0", "30"), ("floor", "1", "31"), ("linear", "0.08", "30.08")]
)
def test_the_published_figures_of_2022_score_as_calculated_by_hand(step, construction, points):
    values = [
        Value(f"indicator:{name}", "", "2022", Decimal(v), "number", "%", f"{v}%", "第三章")
        for name, v in PRINTED_2022.items()
    ]
    assessment = scoring.assess(RULES, ValueSet.of("330523", values), 2022, partial_step=PartialStep(step))
    earned = {i.item.id: i.points for i in assessment.items if i.status is ItemStatus.SCORED}
    assert earned == {k: Fraction(v) for k, v in {**BY_HAND, "1.2.11": construction}.items()}
    totals = assessment.totals_of()
    # Full marks of those 20 items: 3+4+1+1+1+4+1+1+2+1+2+1+1+3+3+2+1+4+1+1 = 38.
    assert (totals.points, totals.scored_max_points, totals.max_points) == (Fraction(points), 38, 145)


def test_each_target_says_on_which_side_of_it_full_marks_lie():
    # Annex 1: 负增长或零增长 is at most 0, landfilled hazardous waste at most 5 %; the other rates are to be reached.
    rule_set = scoring.read_rule_set("330523")
    found = scoring.assess(rule_set, ValueSet.of("330523", []), 2022)
    parts = [part for score in found.items for part in score.parts if part.target is not None]
    aims = {part.id: plan.with_comparator(part.target_text, part.comparator) for part in parts}
    assert {name: aim for name, aim in aims.items() if aim.startswith("<")} == {
        "1.1.1": "<=0", "1.1.2": "<=0", "1.3.1": "<=5",
    }  # fmt: skip
    assert (aims["1.2.1"], aims["1.2.13"], aims["2.1.1"]) == (">=98", ">0", "是")
