"""The checks at submission: each speaks for its own defect alone, in any order, and a clean dossier has none."""

import random
from copy import deepcopy
from dataclasses import replace
from datetime import date
from itertools import zip_longest
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.checks.defects import CLEAN, DAY, DEFECTS, FILTER, OIL, TONNE, clean_hazardous, dossier, permit

from wufei.core import checks
from wufei.core.checks.page import page
from wufei.core.checks.registry import spoken_for
from wufei.core.checks.table import goods_classes, mixtures
from wufei.core.regulations import clauses


def found(values, **more):
    return [(f.code, f.pointer) for f in checks.check(dossier(values), **more)]


def spoilt(base, codes):
    values = deepcopy(CLEAN[base]())
    for code in codes:
        DEFECTS[code].spoil(values)
    return values


@pytest.mark.parametrize("base", CLEAN)
def test_a_clean_dossier_has_no_finding(base):
    assert found(CLEAN[base]()) == []


@pytest.mark.parametrize("code", checks.rules())
def test_each_check_of_the_table_speaks_for_its_defect_alone(code):
    defect = DEFECTS[code]
    assert found(spoilt(defect.base, [code])) == [(code, defect.pointer)]


def test_the_table_is_whole():
    rules = checks.rules()
    assert set(rules) == set(DEFECTS) == spoken_for()
    for rule in rules.values():
        assert rule.stage in checks.STAGES
        assert rule.curer in checks.CURERS
        assert rule.level in {"alert", "block"}
        assert rule.lifted_by in {"", "method", "收集", "运输", "利用", "处置"}
        assert set(rule.sources) <= set(clauses()), rule.code
        assert rule.confidence in {"high", "medium", "low", "own"}
    assert {mixture.check for mixture in mixtures()} <= set(rules)


def test_a_sentence_names_thing_value_and_limit():
    (finding,) = checks.check(dossier(spoilt("hazardous", ["permit_remaining"])))
    assert finding.what == "本次 3 吨，许可证 浙危1 本年已用 98 吨，规模 100 吨，余量 2 吨。"
    assert finding.remedy == "请减少转移量，或改选接受单位。"
    assert (finding.stage, finding.curer, finding.is_block) == ("submit", "receiver", False)
    assert finding.as_dict()["pointer"] == "/receiver/site"


def test_a_sentence_on_a_certificate_tells_no_name_that_the_manifest_does_not():
    values = spoilt("hazardous", ["driver_expired"])
    for typed, told in (("赵六", "驾驶员 赵六 的"), ("", "驾驶员 （证号尾号 *0001） 的")):
        values["document"]["carriers"][0]["driver"] = typed
        findings = {f.code: f.what for f in checks.check(dossier(values))}
        assert set(findings) == {"driver_expired"} | ({"driver_name"} if typed else set())
        assert findings["driver_expired"].startswith(told)
        name = values["persons"]["driver", "D0001"].name
        assert [what for what in findings.values() if name in what.replace(typed or "-", "")] == []


@st.composite
def several(draw):
    """A base, and defects of it of which no two are of one group."""
    base = draw(st.sampled_from(sorted(CLEAN)))
    own = sorted(code for code, defect in DEFECTS.items() if defect.base == base)
    picked = {DEFECTS[code].group: code for code in draw(st.permutations(own))[: draw(st.integers(1, 12))]}
    return base, sorted(picked.values())


@given(several())
def test_adding_a_defect_adds_exactly_its_finding(sample):
    base, codes = sample
    before = []
    for number, code in enumerate(codes, 1):
        after = found(spoilt(base, codes[:number]))
        assert sorted(after) == sorted([*before, (code, DEFECTS[code].pointer)])
        before = after


@given(several(), st.randoms(use_true_random=False))
def test_findings_do_not_depend_on_the_order_of_what_is_handed_in(sample, rng: random.Random):
    values = spoilt(*sample)
    expected = checks.check(dossier(values))
    shuffled = deepcopy(values)
    for name, value in values.items():
        if isinstance(value, list):
            shuffled[name] = rng.sample(value, len(value))
        elif isinstance(value, dict) and name != "document":
            shuffled[name] = dict(rng.sample(list(value.items()), len(value)))
    shuffled["document"] = dict(rng.sample(list(values["document"].items()), len(values["document"])))
    assert checks.check(dossier(shuffled)) == expected


@given(several(), st.randoms(use_true_random=False))
def test_the_kinds_found_do_not_depend_on_the_order_of_the_lines(sample, rng: random.Random):
    values = spoilt(*sample)
    expected = sorted(f.code for f in checks.check(dossier(values)))
    document = values["document"]
    wastes, lines = document["wastes"], document.get("receipt", {}).get("lines", [])
    pairs = list(zip_longest(wastes, lines))
    rng.shuffle(pairs)
    wastes[:], lines[:] = [waste for waste, _ in pairs], [line for _, line in pairs]
    assert sorted(f.code for f in checks.check(dossier(values))) == expected


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([OIL, "S1", "浙E00001"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["code", "mass_g", "hazards", "packages", "site", "vehicle", "driver", "method", "form", "no", "stages"]
    ), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["wastes", "carriers", "generator", "receiver", "exemption"]), json_like))
def test_a_half_written_or_misshapen_document_is_judged_without_breaking(document):
    values = clean_hazardous()
    values["document"] = values["document"] | document
    for finding in checks.check(dossier(values)):
        assert checks.rules()[finding.code].matches(finding.pointer)


def test_an_empty_document_has_no_finding():
    assert checks.check(checks.Dossier({}, "hazardous", "hazardous", DAY)) == []


@pytest.mark.parametrize(("stage", "codes"), [
    ("submit", ["plan_missing"]),
    ("depart", ["plan_missing", "waybill_missing"]),
    ("arrive", ["plan_missing", "waybill_missing"]),
    ("confirm", ["plan_missing", "waybill_missing", "package_missing"]),
])  # fmt: skip
def test_a_stage_is_asked_for_what_binds_up_to_it(stage, codes):
    values = spoilt("hazardous", ["package_missing", "waybill_missing", "plan_missing"])
    assert [code for code, _ in found(values, up_to=stage)] == codes


def test_a_profile_may_block_what_the_table_only_tells():
    values = spoilt("hazardous", ["permit_missing", "waybill_missing"])
    levels = {f.code: f.is_block for f in checks.check(dossier(values), blocks={"permit_missing"})}
    assert levels == {"permit_missing": True, "waybill_missing": False}


def test_only_what_makes_no_sense_is_refused_by_the_table():
    refused = {code for code, rule in checks.rules().items() if rule.level == "block"}
    # Nobody can ship a package that is not there for them: check, submission and departure say the same.
    packages = {f"package_{what}" for what in ("twice", "unknown", "retired", "boxed", "aboard", "open_elsewhere")}
    assert refused == {"receiver_is_sender", "waste_code_unknown", "exemption_unknown"} | packages


def test_a_manifest_is_judged_by_the_rules_of_the_day_it_was_made():
    """No code, no receipt rests on HJ 1276, in force from 2023-07-01."""
    values = spoilt("hazardous", ["package_missing"])
    assert found(values | {"created_on": date(2023, 6, 30)}) == []
    assert found(values | {"created_on": date(2023, 7, 1)}) == [("package_missing", "/wastes/1/packages")]


def exempted(values, no, stages):
    values["document"]["exemption"] = {"no": no, "stages": stages}
    return values


def lead_battery():
    """Unbroken lead batteries (900-052-31): exempt in transport by number 18 of the list of exemptions."""
    values = clean_hazardous()
    line = {
        "code": "900-052-31",
        "hazards": ["T", "C"],
        "mass_g": TONNE,
        "packages": ["P1"],
        "form": "S",
        "method": "R4",
    }
    values["document"]["wastes"] = [line]
    values["document"]["carriers"][0].update(driver_licence="", driver="", escort="", escort_licence="", waybill="")
    values["packages"]["P1"] = checks.PackageRecord("P1", "900-052-31")
    return values | {
        "vehicles": {}, "licences": {}, "plan_filed": None, "stock_g": None, "contracts": None,
        "permits": [permit(categories=frozenset({"HW31"}), methods=frozenset({"R4"}))],
    }  # fmt: skip


def test_an_exemption_at_transport_lifts_the_checks_of_transport_alone():
    lifted = {"vehicle_unknown", "escort_missing", "waybill_missing", "carrier_licence_missing"}
    assert {code for code, _ in found(lead_battery())} == lifted
    assert found(exempted(lead_battery(), "18", "运输")) == []
    unpermitted = exempted(lead_battery(), "18", "运输") | {"permits": []}
    assert [code for code, _ in found(unpermitted)] == ["permit_missing"]


def test_an_exemption_at_use_lifts_the_permit_for_use_and_not_for_disposal():
    """Aluminium dross (321-026-48, number 22): exempt where aluminium is recovered from it (利用)."""
    values = lead_battery() | {"permits": []}
    values["document"]["wastes"][0].update(code="321-026-48", hazards=["R"], method="R4")
    values["packages"]["P1"] = checks.PackageRecord("P1", "321-026-48")
    codes = {code for code, _ in found(exempted(values, "22", "利用"))}
    assert "permit_missing" not in codes
    assert "waybill_missing" in codes
    values["document"]["wastes"][0]["method"] = "D1"
    assert "permit_missing" in {code for code, _ in found(values)}


def test_a_claim_beyond_the_list_lifts_nothing_and_is_told():
    codes = [code for code, _ in found(exempted(lead_battery(), "18", "利用"))]
    assert "exemption_stage" in codes
    assert "waybill_missing" in codes
    codes = {f.code: f.is_block for f in checks.check(dossier(exempted(lead_battery(), "999", "全部")))}
    assert codes["exemption_unknown"]  # no such entry: refused
    assert "waybill_missing" in codes


def test_twenty_per_cent_over_is_the_limit_of_the_permit_measures():
    """100 t a year: 117 t + 3 t are 120 t, not more than 20 % over; a gram more is."""
    values = clean_hazardous() | {"permits": [permit(used_g=117 * TONNE)]}
    assert [code for code, _ in found(values)] == ["permit_remaining"]
    values["permits"] = [replace(values["permits"][0], used_g=117 * TONNE + 1)]
    assert [code for code, _ in found(values)] == ["permit_over_capacity"]


def test_lines_on_one_permit_are_summed_and_the_permit_is_named_for_booking():
    values = clean_hazardous() | {
        "permits": [permit("甲", id=7, used_g=97 * TONNE), permit("乙", id=8, codes=frozenset({FILTER}))]
    }
    chosen = checks.receiving_permits(dossier(values))
    assert {line: held.id for line, held in chosen.items()} == {0: 7, 1: 8}
    assert found(values) == []


@pytest.mark.parametrize(("first", "second", "code"), [
    ("900-001-S70", OIL, "forbidden_mixture"),
    ("900-001-S70", "900-001-S61", "forbidden_mixture"),
    ("841-001-01", OIL, "forbidden_mixture"),
    ("841-001-01", "900-001-S70", "forbidden_mixture"),
    ("841-001-01", "841-002-01", None),
    (OIL, FILTER, None),
])  # fmt: skip
def test_what_may_not_travel_together(first, second, code):
    document = {"wastes": [{"code": first}, {"code": second}]}
    values = checks.Dossier(document, "hazardous", "hazardous", DAY)
    codes = {f.code for f in checks.check(values) if f.pointer == "/wastes"}
    assert codes == ({code} if code else set())


def test_infectious_waste_is_class_6_2_and_a_whole_class_covers_its_divisions():
    """standards 3.7: In → 6.2, C → 8, T → 6.1."""
    assert goods_classes("In", "S") == {"6.2"}
    assert goods_classes("C", "L") == {"8"}
    assert "6.1" in goods_classes("T", "S")
    values = clean_hazardous()
    values["vehicles"]["浙E00001"] = replace(values["vehicles"]["浙E00001"], hazard_classes=frozenset({"6"}))
    assert found(values) == []


def test_the_page_of_the_documents_is_made_from_the_table():
    written = (Path(__file__).parents[3] / "docs/checks.md").read_text(encoding="utf-8")
    assert written == page(), "python -m wufei.core.checks.page > docs/checks.md"
