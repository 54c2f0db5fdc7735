"""Plan packs: target values, deadlines, the reader and its findings, and the packs that the package brings."""

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wufei.core import plan
from wufei.core.findings import Level, Refused

HEAD = """{"division": "330825", "place": "龙游县", "title": "方案", "years": [2021], "baseline_year": 2019,
"legend": {"必选": "required"}, "rule_set": null, "notes": []}"""
TARGETS = "key,no,group,name,mark,indicator,scope,unit,baseline_year,baseline,targets,departments,source,note\n"
PARTS = "key,part,baseline,targets,departments,source\n"
TASKS = "key,no,group,title,lead,cooperating,deadline,source,note\n"
PROJECTS = "key,no,type,name,content,builder,investment_wan_yuan,completion,source,note\n"
TARGET = "T1,1,组,指标,required,,,%,2019,99.5,2021=>=97,县住建局,附件1（原文第3行）,\n"
TASK = "1,1,组,任务,县住建局,县经信局,2021-06,附件2（原文第9行）,\n"
PROJECT = "1,1,,项目,,县住建局,42957.73,2021-05,附件3（原文第9行）,\n"


def codes(**files: str) -> list[str]:
    """The codes of the errors of a pack with these CSV files."""
    texts = {"pack.json": HEAD} | {f"{name}.csv": text for name, text in files.items()}
    pack, findings = plan.parse_pack(texts)
    errors = [finding.code for finding in findings if finding.level is Level.ERROR]
    assert (pack is None) == bool(errors)
    return errors


# --- Values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "value", "unit"),
    [
        ("97%", "97", "%"),
        ("97%以上", ">=97", "%"),
        ("1%以内", "<=1", "%"),
        ("2个以上", ">=2", "个"),
        ("-3.67%", "-3.67", "%"),
        ("≥90%", ">=90", "%"),
        ("不低于45%", ">=45", "%"),
        ("负增长", "负增长", ""),
        ("完成省下达的年度目标", "完成省下达的年度目标", ""),
        ("90%左右", "90%左右", ""),
    ],
)
def test_a_printed_cell_becomes_comparator_number_and_unit(printed, value, unit):
    assert plan.normalise_printed(printed) == (value, unit)


def test_a_target_value_is_exact():
    value = plan.parse_target_value(">=95.76")
    assert (value.comparator, value.number) == (">=", Decimal("95.76"))


@pytest.mark.parametrize("text", ["97%以上", "≥90", "2个", " 97", ""])
def test_a_number_with_unit_or_words_is_refused_as_a_target_value(text):
    with pytest.raises(plan.BadTargetValue):
        plan.parse_target_value(text)


@pytest.mark.parametrize(
    ("words", "bound"), [("负增长", ("<", Decimal(0))), ("零增长", ("<=", Decimal(0))), ("逐年提高", None)]
)
def test_words_keep_their_text_and_some_mean_a_bound(words, bound):
    value = plan.parse_target_value(words)
    assert (value.text, value.number, value.bound) == (words, None, bound)


@given(st.sampled_from(["", ">=", "<=", ">", "<", "="]), st.decimals(allow_nan=False, allow_infinity=False, places=4))
def test_every_canonical_number_is_read_back_exactly(comparator, number):
    value = plan.parse_target_value(f"{comparator}{number:f}")
    assert (value.comparator, value.number) == (comparator, number)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2021-06", date(2021, 6, 30)),
        ("2020-02", date(2020, 2, 29)),
        ("2023", date(2023, 12, 31)),
        ("2023-05-17", date(2023, 5, 17)),
        ("2020-2021", date(2021, 12, 31)),
        ("2020年启动，2021年底编制完成", date(2021, 12, 31)),
        ("一期2020-09至2021-12；二期2021-09至2023-09", date(2023, 9, 30)),
        ("持续推进", None),
        ("", None),
    ],
)
def test_a_deadline_ends_on_the_last_day_it_allows(text, day):
    assert plan.due_date(text) == day


@given(st.text(alphabet="0123456789-年月至；。", max_size=20))
def test_a_deadline_of_any_text_gives_a_day_or_none(text):
    day = plan.due_date(text)
    assert day is None or 2000 <= day.year <= 2099


def test_a_list_in_brackets_belongs_to_its_name():
    text = "市发改委、市住建局，各县（市、区）政府"
    assert plan.split_names(text) == ("市发改委", "市住建局", "各县（市、区）政府")


# --- The reader -----------------------------------------------------------------------------------------------------


def test_a_sound_pack_has_no_finding():
    assert codes(targets=TARGETS + TARGET, tasks=TASKS + TASK, projects=PROJECTS + PROJECT) == []


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"targets": TARGETS + TARGET.replace("required", "必选")}, "unknown_mark"),
        ({"targets": TARGETS + TARGET + TARGET}, "duplicate_key"),
        ({"targets": TARGETS + TARGET.replace("T1", "", 1)}, "missing_key"),
        ({"targets": TARGETS + TARGET.replace("县住建局", "县住建局、县经信局")}, "department_not_split"),
        ({"targets": TARGETS + TARGET.replace("县住建局", "县住建局牵头")}, "department_not_split"),
        ({"targets": TARGETS + TARGET.replace("县住建局", "县住建局等")}, "department_not_split"),
        ({"targets": TARGETS + TARGET.replace("县住建局", "县住建局;;县经信局")}, "empty_department"),
        ({"targets": TARGETS + TARGET.replace("县住建局", "县住建局;县住建局")}, "duplicate_department"),
        ({"targets": TARGETS + TARGET.replace("附件1（原文第3行）", "")}, "missing_source"),
        ({"targets": TARGETS + TARGET.replace("附件1（原文第3行）", "附件1")}, "bad_source"),
        ({"targets": TARGETS + TARGET.replace("2021=>=97", "2021=97%以上")}, "bad_target"),
        ({"targets": TARGETS + TARGET.replace("2021=>=97", ">=97")}, "bad_target"),
        ({"targets": TARGETS + TARGET.replace("2021=>=97", "2035=>=97")}, "unknown_year"),
        ({"targets": TARGETS + TARGET.replace("2021=>=97", "2021=97|2021=98")}, "duplicate_year"),
        ({"targets": TARGETS + TARGET.replace("99.5", "99.5%")}, "bad_baseline"),
        ({"targets": TARGETS + TARGET.replace("2019", "去年")}, "bad_year"),
        ({"targets": TARGETS + TARGET.replace("指标,", " 指标,")}, "outer_space"),
        ({"targets": TARGETS + TARGET.replace("指标,", ",")}, "missing_text"),
        ({"targets": TARGETS + TARGET.replace(",\n", "\n")}, "cell_count"),
        ({"targets": TARGETS.replace("unit,", "") + TARGET}, "missing_column"),
        ({"targets": TARGETS.replace("note", "note,weight") + TARGET.replace("\n", ",1\n")}, "unknown_column"),
        (
            {"targets": TARGETS + TARGET, "target_parts": PARTS + "T9,城镇,1,2021=1,,附件1（原文第3行）\n"},
            "unknown_key",
        ),
        (
            {"targets": TARGETS + TARGET, "target_parts": PARTS + "T1,城镇,1,2021=1,,附件1（原文第3行）\n" * 2},
            "duplicate_part",
        ),
        ({"tasks": TASKS + TASK.replace("2021-06", "2021.06")}, "bad_date"),
        ({"tasks": TASKS + TASK.replace("2021-06", "2021年6月")}, "bad_date"),
        ({"projects": PROJECTS + PROJECT.replace("42957.73", '"42,957.73"')}, "bad_decimal"),
        ({"projects": PROJECTS + PROJECT.replace("42957.73", "4.3万")}, "bad_decimal"),
    ],
)
def test_a_fault_is_found_and_the_pack_refused(files, code):
    assert codes(**files) == [code]


def test_all_faults_come_out_at_once_with_line_and_remedy():
    broken = TARGETS + TARGET.replace("required", "必选").replace("99.5", "99.5%") + TARGET
    _, findings = plan.parse_pack({"pack.json": HEAD, "targets.csv": broken})
    assert sorted((finding.line, finding.code) for finding in findings) == [
        (2, "bad_baseline"),
        (2, "unknown_mark"),
        (3, "duplicate_key"),
    ]
    assert all(finding.what.startswith("targets.csv 第") and finding.remedy for finding in findings)


def test_a_count_that_differs_from_the_document_is_found():
    head = HEAD.replace('"notes"', '"expected": {"projects": 2, "investment_wan_yuan": "42957.7"}, "notes"')
    _, findings = plan.parse_pack({"pack.json": head, "projects.csv": PROJECTS + PROJECT})
    assert [finding.what for finding in findings] == [
        "项目数是 1，应为 2。",
        "项目投资合计（万元）是 42957.73，应为 42957.7。",
    ]


@pytest.mark.parametrize(
    "head",
    [None, "{", "[]", "{}", HEAD.replace('"required"', '"必选"'), HEAD.replace("2021", '"2021"'),
     HEAD.replace('"notes"', '"expected": {"rows": 1}, "notes"')],
)  # fmt: skip
def test_a_broken_head_is_told_and_not_a_crash(head):
    texts = {} if head is None else {"pack.json": head}
    pack, findings = plan.parse_pack(texts)
    assert pack is None
    assert {finding.code for finding in findings} == {"bad_pack"}


@given(st.text(alphabet='T1,;|=>.%"\n年县局牵头、（）', max_size=80))
def test_any_text_in_a_list_gives_findings_and_never_a_crash(text):
    plan.parse_pack({"pack.json": HEAD, "targets.csv": TARGETS + text, "tasks.csv": TASKS + text})


def test_reading_a_place_without_a_pack_is_refused():
    with pytest.raises(Refused, match="没有这个文件"):
        plan.read_pack("999999")


# --- The packs of the package ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("division", plan.pack_divisions())
def test_every_pack_of_the_package_has_no_error(division):
    errors = [finding for finding in plan.check_pack(division) if finding.level is Level.ERROR]
    assert errors == []


@pytest.mark.parametrize("division", plan.pack_divisions())
def test_every_source_ends_with_a_line_of_the_document(division):
    pack = plan.read_pack(division)
    rows = [*pack.targets, *pack.text_targets, *pack.tasks, *pack.projects, *pack.responsibilities]
    assert [row.key for row in rows if not re.search(r"原文第\d+", row.source)] == []


# The counts and sums that the documents (and the issue) state.
@pytest.mark.parametrize(
    ("division", "targets", "required", "tasks", "projects", "investment", "responsibilities"),
    [
        ("330825", 33, 28, 85, 16, Decimal("516917.73"), 44),
        ("330800", 0, 0, 117, 28, Decimal(0), 0),
    ],
)
def test_the_lists_have_as_many_rows_as_the_document(
    division, targets, required, tasks, projects, investment, responsibilities
):
    pack = plan.read_pack(division)
    assert (len(pack.targets), sum(t.mark is plan.Mark.REQUIRED for t in pack.targets)) == (targets, required)
    assert (len(pack.tasks), len(pack.projects), pack.investment_wan_yuan) == (tasks, projects, investment)
    assert len(pack.responsibilities) == responsibilities


def by_key(rows):
    return {row.key: row for row in rows}


def test_the_groups_of_longyou_have_the_rows_of_its_tables():
    # Counted by hand in the gazette: group one has 29 numbers and one row without; group two jumps over 14 and 17.
    pack = plan.read_pack("330825")
    assert [sum(t.group == g for t in pack.tasks) for g in dict.fromkeys(t.group for t in pack.tasks)] == [
        30, 20, 4, 17, 9, 5,
    ]  # fmt: skip
    groups = dict.fromkeys(r.group for r in pack.responsibilities)
    assert [sum(r.group == g for r in pack.responsibilities) for g in groups] == [1, 8, 3, 7, 4, 3, 3, 3, 3, 6, 2, 1]
    assert [r.key for r in pack.responsibilities if r.no is None] == ["R4.5b", "R6.1b", "R7.1b", "R8.1b", "R9.1b"]


def test_the_targets_of_longyou_that_lost_their_number_stand_where_they_stood():
    targets = plan.read_pack("330825").targets
    lost = [index for index, target in enumerate(targets, 1) if target.no is None]
    assert lost == [22, 23]
    assert [targets[21].name, targets[22].name] == ["医疗废物收集处置体系覆盖率", "实验室废弃物集中统一收运覆盖率"]
    assert targets[22].departments == ("县生态环境局", "县教育局", "县科技局", "县市监局", "县卫生健康局")


def test_the_awkward_targets_of_longyou():
    targets = by_key(plan.read_pack("330825").targets)
    assert targets["T10"].baseline == "95.76"
    assert targets["T10"].targets[2021].number == Decimal(95)  # weaker than its baseline, as printed
    film = targets["T15"].parts[1]
    assert (film.baseline, film.targets[2021].text, film.departments) == ("19.25", ">=90", ("县农业农村局",))
    assert targets["T25"].departments == ("县生态环境局", "其他各成员小组")
    assert targets["T29"].all_departments == (
        "县治水办", "各乡镇（街道）", "经济开发区", "县生态环境局", "县住建局",
    )  # fmt: skip


def test_the_awkward_tasks_of_longyou():
    tasks = by_key(plan.read_pack("330825").tasks)
    laboratory = tasks["1-9b"]
    assert laboratory.no is None
    assert laboratory.lead == ("县教育局", "县科技局", "县生态环境局", "县卫健委", "县市监局")
    assert laboratory.deadline == "2021-06"
    assert tasks["1-10"].lead == ("县交通运输局", "县公安局")
    assert tasks["1-10"].cooperating == ("县生态环境局",)
    # Printed 市邮政管理局统一牵头，县邮政公司、…配合
    assert tasks["2-6"].lead == ("市邮政管理局",)
    assert tasks["2-6"].cooperating[0] == "县邮政公司"
    assert len(tasks["2-6"].cooperating) == 7
    assert tasks["6-1"].deadline == "根据上级部门要求按时完成"


def test_the_awkward_projects_and_responsibilities_of_longyou():
    pack = plan.read_pack("330825")
    projects, duties = by_key(pack.projects), by_key(pack.responsibilities)
    assert projects["P02"].investment_wan_yuan == Decimal("42957.73")
    assert projects["P09"].builder == "浙江金励环保纸业有限公司"  # split over two lines in the cell
    assert plan.due_date(projects["P11"].completion) == date(2023, 9, 30)
    assert duties["R1.1"].lead == ("龙游县人民政府",)
    assert duties["R5.3"].participating == ("县经信局", "县市监局")  # 县经信局 leads as well, as printed
    assert len(duties["R7.3"].participating) == 8


def test_the_awkward_rows_of_quzhou():
    pack = plan.read_pack("330800")
    tasks, projects = by_key(pack.tasks), by_key(pack.projects)
    assert [task.no for task in pack.tasks] == [str(number) for number in range(1, 118)]
    assert len(tasks["19"].lead) == 5  # lead and cooperating share one cell
    assert tasks["57"].cooperating == ("市农业农村局", "市生态环境局")  # two lines without a comma
    assert tasks["104"].lead == ("市生态环境局", "市公安局", "市检察院", "市法院")
    assert tasks["98"].cooperating == ("市级相关部门", "各县（市、区）政府")
    assert tasks["13"].cooperating == ("市经信局", "市住建局")  # printed 市经信局、市住建局等
    assert projects["P14"].name.startswith("污水处理厂清洁排放项目")  # the cell is merged with row 13
    assert projects["P18"].completion == "2020"
    assert projects["P15"].completion == "2022"


def test_the_plain_form_has_the_keys_that_other_programs_rely_on():
    plain = plan.pack_as_dict(plan.read_pack("330825"))
    assert plain["place"] == "330825"
    assert plain["investment_wan_yuan"] == "516917.73"
    promised = {
        "targets": "no name mark unit baseline targets departments source",
        "tasks": "no group title lead cooperating deadline source",
        "projects": "no name builder investment_wan_yuan completion source",
        "responsibilities": "no group title lead participating source",
    }
    for name, keys in promised.items():
        assert all(set(keys.split()) <= set(row) for row in plain[name])
    # 序号4 has a row for towns and one for villages: baselines differ, the target is the same.
    assert plain["targets"][3]["baseline"] == "城镇 <=1；农村 -3.67"
    assert plain["targets"][3]["targets"] == {"2021": "负增长"}
    assert [part["part"] for part in plain["targets"][3]["parts"]] == ["城镇", "农村"]
    assert plain["targets"][11]["targets"] == {"2021": ">=99"}
    assert plain["projects"][1]["investment_wan_yuan"] == "42957.73"
